#!/usr/bin/env bash
# Prints how large the code is: lines with and without tests, the largest packages, and the names
# that packages outside cmd export.
set -euo pipefail
cd "$(dirname "$0")/.."

code=$(git ls-files '*.go' | grep -v '_test\.go$')
names='^(func (\([^)]*\) )?|type |var |const )[A-Z]'
echo "code: $(cat $code | wc -l) lines in $(echo "$code" | wc -l) files"
echo "tests: $(git ls-files '*_test.go' | xargs cat | wc -l) lines"
echo "exported names outside cmd: $(echo "$code" | grep -v '^cmd/' | xargs cat | grep -cE "$names")"
for dir in $(echo "$code" | xargs -n1 dirname | sort -u); do
  files=$(echo "$code" | grep -E "^$dir/[^/]+$")
  echo "$dir: $(cat $files | wc -l) lines, $(echo "$files" | wc -l) files, $(cat $files | grep -cE "$names" || true) names"
done | sort -t: -k2 -rn | head -12
