#!/usr/bin/env bash
# Runs every fuzz target of the tree, one after the other: scripts/fuzz.sh [TIME a target]
# [PACKAGE…]
set -euo pipefail
cd "$(dirname "$0")/.."

time=${1:-60s}
shift || true
for package in $(go list "${@:-./...}"); do
  for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
    echo "== $package $target"
    # Shrinking interesting inputs is cut short: left alone it would take the whole time for inputs
    # of some kilobytes.
    go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 1s "$package"
  done
done
