# `make demo` and `make test` do all the set-up they need. `make help` lists the rest.

.PHONY: all help build cross dist install demo test test-busy test-windows test-arm64 test-static test-winfsp check bench bench-encode bench-archive bench-mount bench-remote drill-archive drill-share drill-farm drill-fetch drill-follow soak fuzz docs clean setup

all: build

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup:
	@scripts/setup.sh

build: setup ## bin/xelpack
	go build -o bin/xelpack ./cmd/xelpack

cross: setup ## bin/cross: xelpack for Linux, Windows and macOS; TARGETS=windows/amd64 chooses
	scripts/cross.sh $(TARGETS)

dist: setup ## dist: packages for every system, with manual pages, licences, SBOM and sums; MINISIGN_KEY signs
	scripts/dist.sh

test-windows: setup ## portable packages and a whole flight under wine; root; PACKAGES=./pkg/tiles chooses
	scripts/test-windows.sh $(PACKAGES)

test-arm64: setup ## encoder, archive and a build under qemu; PACKAGES=./pkg/dds chooses
	scripts/test-arm64.sh $(PACKAGES)

test-static: ## what make dist made, in roots that have nothing; root
	scripts/test-static.sh

PREFIX ?= $(HOME)/.local
install: build ## bin/xelpack into ~/.local/bin; PREFIX=/usr/local for all users
	install -D -m 755 bin/xelpack $(DESTDIR)$(PREFIX)/bin/xelpack

demo: build ## a package, a server, a build and a mount of an invented country
	go run ./internal/demo

test: setup ## everything that needs no more than this machine
	scripts/test.sh

# ARGS are go test's, e.g.
#   make test-busy ARGS="-run '^TestDiskCache' -count 30 ./pkg/mount"
#   make test-busy ARGS='-count 5 ./pkg/mount'
test-busy: setup ## every package's tests while others take all processors; ARGS='-count 5 ./pkg/mount'
	scripts/busy.sh $(ARGS)

test-winfsp: setup ## the driver that mounts on Windows, over libfuse
	@scripts/setup.sh libfuse-dev
	go vet -tags winfsp ./pkg/mount
	go test -count 1 -tags winfsp -run 'TestThroughCgofuse' ./pkg/mount

check: setup ## the quick part of make test: formatting, linters, imports
	scripts/check.sh

# bench-encode and bench-archive write their tables into docs/benchmarks.md; set C is read from ../shared/imagery where it is present.
bench: bench-encode bench-archive ## figures beside the baselines, in one run
	go test -run '^$$' -bench . -benchtime 2s ./pkg/...

bench-encode: ## the encoder beside squish and others, into docs/benchmarks.md
	@scripts/setup.sh g++ libsquish-dev
	go run -tags squish ./internal/measure/beside -o docs/benchmarks.md encode

bench-archive: setup ## the archive beside other ways to keep textures, into docs/benchmarks.md
	go run ./internal/measure/beside -o docs/benchmarks.md archive

bench-mount: ## the mount beside bare go-fuse, squashfuse and its cgofuse driver, into docs/benchmarks.md; root, 4 GB in /tmp
	@scripts/setup.sh squashfuse squashfs-tools libfuse-dev
	go run ./internal/measure/beside -o docs/benchmarks.md mount

bench-remote: ## a flight out of an archive on a web server beside aria2c and pmtiles, into docs/benchmarks.md; 16 GB in /tmp
	@scripts/setup.sh aria2 nginx
	go run ./internal/measure/beside -o docs/benchmarks.md remote

DRILL ?= Drill
drill-fetch: setup ## what fetching must show, at full scale, some 70 minutes; DRILL=DrillTooMany chooses
	scripts/drill.sh '$(DRILL)' ./pkg/fetch ./internal/pack ./cmd/xelpack

CHAOS ?= 30m
drill-farm: setup ## what a farm must show, at full scale, some 90 minutes; DRILL=DrillBudget chooses, CHAOS=5m SEED=1
	@scripts/setup.sh nats-server
	XELPACK_TEST_CHAOS=$(CHAOS) XELPACK_TEST_SEED=$(SEED) scripts/drill.sh '$(DRILL)' ./internal/farm

drill-share: setup ## an archive on a web server: 10,000 faulty answers, an extract killed 20 times
	scripts/drill.sh 'TestFaultyAnswersDrill|TestKilledExtractsGoOn' ./internal/opener ./cmd/xelpack

drill-archive: setup ## a build killed, out of disk and out of power at every single step
	XELPACK_DRILL=1 go test -v -timeout 4h -run 'TestPowerCut|TestKilledAtEveryStep|TestFullAtEveryStep' ./pkg/mbtiles

drill-follow: setup ## what is made ahead of the aircraft: eighteen flights in imaginary time, 8 minutes
	XELPACK_DRILL=1 go test -count 1 -v -timeout 1h -run TestDrillFollow ./pkg/mount

FUZZTIME ?= 60s
fuzz: setup ## every fuzz target for FUZZTIME=60s
	scripts/fuzz.sh $(FUZZTIME)

SOAK ?= 30m
soak: setup ## a mount of 100,000 textures under X-Plane's kind of load for SOAK=30m
	XELPACK_SOAK=$(SOAK) go test -v -run '^TestMountUnderLoad$$/^soak$$' -timeout 0 ./cmd/xelpack

docs: ## what of docs/ is made by a script
	scripts/architecture.sh >docs/architecture.md

clean: ## remove what was built
	rm -rf bin demo bench dist
