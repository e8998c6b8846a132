#!/usr/bin/env bash
# What needs no test to be seen: formatting, the linters, and the direction of imports.
set -euo pipefail
cd "$(dirname "$0")/.."

unformatted=$(gofmt -l cmd internal pkg)
if [ -n "$unformatted" ]; then
  echo "not gofmt-clean (run gofmt -w on them):" >&2
  echo "$unformatted" >&2
  exit 1
fi
# The linters, and why each.
go vet ./...                # what Go itself finds suspicious: formats, copied locks, lost contexts
# bugs, what is not used, what is written in a roundabout way (staticcheck.conf)
go tool staticcheck ./...
go tool nilness ./...       # pointers that are nil for certain, and comparisons that say nothing
go tool ineffassign ./...   # values that are assigned and never looked at: often a lost error
go tool unconvert ./...     # conversions to the type that it has already
# errors that are dropped without saying so
go tool errcheck -ignoretests -exclude scripts/errcheck.txt ./...
# Once more for the packages that have files of their own with the tag; that the rest can be built
# with it, the tests show.
mapfile -t tagged < <(grep -rlE '^//go:build .*purego' --include='*.go' cmd internal pkg | xargs -n1 dirname | sort -u)
go vet -tags purego "${tagged[@]/#/./}"
go tool staticcheck -tags purego "${tagged[@]/#/./}"
# What is portable compiles for the other systems too. The rest are tools and tests of a mount,
# which only Linux has.
mapfile -t portable < <(go list ./... | grep -vE '/internal/(demo|measure/beside|testing/(faultfs|mounttest|soak))$')
go run ./internal/testing/systems windows/amd64,darwin/amd64,linux/arm64 "${portable[@]}"
GOFLAGS=-tags=winfsp go run ./internal/testing/systems windows/amd64 ./pkg/mount
scripts/imports.sh
scripts/architecture.sh | cmp -s - docs/architecture.md || {
  echo "docs/architecture.md is not what scripts/imports.txt says: run make docs" >&2
  exit 1
}
echo "check: formatting, linters and imports are clean"
