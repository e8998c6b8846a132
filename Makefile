# `make demo` and `make test` do all the set-up they need. The rest is for those who work on xelpack.

.PHONY: all build demo test check bench fuzz clean setup

all: build

setup:
	@scripts/setup.sh

build: setup
	go build -o bin/xelpack ./cmd/xelpack

demo: build
	go run ./internal/demo

test: setup
	scripts/test.sh

# The quick part of make test: formatting, vet, staticcheck, imports.
check: setup
	scripts/check.sh

clean:
	rm -rf bin demo bench
