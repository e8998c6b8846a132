#!/usr/bin/env bash
# What needs no test to be seen: formatting, vet, staticcheck, and the direction of imports.
set -euo pipefail
cd "$(dirname "$0")/.."

unformatted=$(gofmt -l cmd internal pkg)
if [ -n "$unformatted" ]; then
  echo "not gofmt-clean (run gofmt -w on them):" >&2
  echo "$unformatted" >&2
  exit 1
fi
go vet ./...
go tool staticcheck ./...
# Once more for the packages that have files of their own with the tag; that the rest can be built with it, the tests show.
mapfile -t tagged < <(grep -rlE '^//go:build .*purego' --include='*.go' cmd internal pkg | xargs -n1 dirname | sort -u)
go vet -tags purego "${tagged[@]/#/./}"
go tool staticcheck -tags purego "${tagged[@]/#/./}"
scripts/imports.sh
scripts/architecture.sh | cmp -s - docs/architecture.md || {
  echo "docs/architecture.md is not what scripts/imports.txt says: run make docs" >&2
  exit 1
}
echo "check: formatting, vet, staticcheck and imports are clean"
