# `make demo` and `make test` do all the set-up they need. The rest is for those who work on xelpack.

.PHONY: all build demo test test-busy check bench bench-encode bench-archive bench-mount drill-archive drill-fetch soak fuzz clean setup

all: build

setup:
	@scripts/setup.sh

build: setup
	go build -o bin/xelpack ./cmd/xelpack

demo: build
	go run ./internal/demo

test: setup
	scripts/test.sh

# Every package's tests while others take all processors. ARGS are go test's, e.g.
#   make test-busy ARGS="-run '^TestDiskCache' -count 30 ./pkg/mount"
#   make test-busy ARGS='-count 5 ./pkg/mount'
test-busy: setup
	scripts/busy.sh $(ARGS)

# The quick part of make test: formatting, vet, staticcheck, imports.
check: setup
	scripts/check.sh

# Figures beside the baselines, in one run. bench-encode and bench-archive write their tables into docs/benchmarks.md; set C is read from
# ../shared/imagery where it is present.
bench: bench-encode bench-archive
	go test -run '^$$' -bench . -benchtime 2s ./pkg/...

bench-encode:
	@scripts/setup.sh g++ libsquish-dev
	go run -tags squish ./internal/benchencode -o docs/benchmarks.md

bench-archive: setup
	go run ./internal/bencharchive -o docs/benchmarks.md

# The mount beside a bare go-fuse file system and squashfuse; as root, some 4 GB in /tmp. The table goes into docs/benchmarks.md.
bench-mount:
	@scripts/setup.sh squashfuse squashfs-tools
	go run ./internal/benchmount -o docs/benchmarks.md

# What fetching must show (docs/benchmarks.md), at full scale over real sockets of this machine: some 40 minutes. DRILL chooses among the tests, e.g.
# make drill-fetch DRILL=DrillTooMany.
DRILL ?= Drill
drill-fetch: setup
	scripts/drill.sh '$(DRILL)'

# A small archive's build killed, out of disk and out of power at every single step; make test tries some of them.
drill-archive: setup
	XELPACK_DRILL=1 go test -v -timeout 4h -run 'TestPowerCut|TestKilledAtEveryStep|TestFullAtEveryStep' ./pkg/mbtiles

# Every fuzz target for FUZZTIME.
FUZZTIME ?= 60s
fuzz: setup
	scripts/fuzz.sh $(FUZZTIME)

# A mount of 100,000 textures under X-Plane's kind of load, with a provider that has faults, for SOAK; prints a report. A short one is among the tests.
SOAK ?= 30m
soak: setup
	XELPACK_SOAK=$(SOAK) go test -v -run '^TestMountUnderLoad$$/^soak$$' -timeout 0 ./cmd/xelpack

clean:
	rm -rf bin demo bench
