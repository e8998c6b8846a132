#!/usr/bin/env bash
# Tests of encoder, codecs and archives, and one build, as a 64-bit ARM program under qemu: what
# they make equals what this machine's own make.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh qemu-user-static
scripts/cross.sh linux/amd64 linux/arm64
settings=$(scripts/cross.sh env linux/arm64)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for arch in amd64 arm64; do
  mkdir "$work/$arch"
  run=()
  [ $arch = amd64 ] || run=(qemu-aarch64-static)
  (cd "$work/$arch" && "${run[@]}" "$OLDPWD/bin/cross/linux-$arch/xelpack" build --bbox 7.1,43.6,7.2,43.65 --provider sample -o a.mbtiles &&
    "${run[@]}" "$OLDPWD/bin/cross/linux-$arch/xelpack" repack --compress best a.mbtiles)
done
cmp "$work/amd64/a.mbtiles" "$work/arm64/a.mbtiles"
echo "test-arm64: a build is the same after repack, byte for byte"
printf '#!/bin/sh\nexec qemu-aarch64-static "$@"\n' >"$work/qemu"
chmod +x "$work/qemu"
[ $# -gt 0 ] || set -- ./pkg/dds ./pkg/tiles ./pkg/mbtiles/... ./internal/pack
eval "$settings"
# Tests that start themselves anew would need a kernel that knows ARM programs: they are left to the
# ordinary passes.
go test -p 1 -vet=off -short -timeout 60m -tags "$BUILD_TAGS" -ldflags "-linkmode external -extldflags -static" -exec "$work/qemu" \
  -skip 'Kill|Crash|Locked|LockedBy|FileTooLarge|Drill' "$@"
