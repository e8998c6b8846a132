#!/usr/bin/env bash
# stubs.sh SYMBOLS DIR: text stubs that name the symbols which Go's net and crypto/x509 take from
# macOS: enough to link against, and nothing of Apple's.
set -euo pipefail
symbols=$1 dir=$2
stub() { # FILE INSTALL-NAME PATTERN
  mkdir -p "$dir/$(dirname "$1")"
  {
    echo "--- !tapi-tbd"
    echo "tbd-version: 4"
    echo "targets: [ x86_64-macos, arm64-macos ]"
    echo "install-name: '$2'"
    echo "current-version: 1"
    echo "exports:"
    echo "  - targets: [ x86_64-macos, arm64-macos ]"
    echo "    symbols: [ $(grep -E "$3" "$symbols" | paste -sd, | sed 's/,/, /g') ]"
    echo "..."
  } >"$dir/$1"
}
frameworks=/System/Library/Frameworks
stub CoreFoundation.framework/CoreFoundation.tbd $frameworks/CoreFoundation.framework/Versions/A/CoreFoundation '^_k?CF'
stub Security.framework/Security.tbd $frameworks/Security.framework/Versions/A/Security '^_k?Sec'
stub libresolv9.tbd /usr/lib/libresolv.9.dylib '^_res_'
