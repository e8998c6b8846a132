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
for tags in "" purego; do
  go vet -tags "$tags" ./...
  go tool staticcheck -tags "$tags" ./...
done
scripts/imports.sh
echo "check: formatting, vet, staticcheck and imports are clean"
