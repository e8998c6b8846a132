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
amd64=$PWD/bin/cross/linux-amd64/xelpack arm64=$PWD/bin/cross/linux-arm64/xelpack
cd "$work"
"$amd64" build --bbox 7.1,43.6,7.2,43.65 --provider sample -o amd64.mbtiles
qemu-aarch64-static "$arm64" build --bbox 7.1,43.6,7.2,43.65 --provider sample -o arm64.mbtiles
# An archive says when it was built: textures are compared, and what repack makes of one archive.
"$amd64" diff amd64.mbtiles arm64.mbtiles | tee diff
grep -q '^0 added, 0 removed, 0 changed' diff
mkdir here there
cp amd64.mbtiles here/a.mbtiles
cp amd64.mbtiles there/a.mbtiles
"$amd64" repack --compress best here/a.mbtiles
qemu-aarch64-static "$arm64" repack --compress best there/a.mbtiles
cmp here/a.mbtiles there/a.mbtiles
cd "$OLDPWD"
echo "test-arm64: a build has the same textures, and repack makes the same bytes"
printf '#!/bin/sh\nexec qemu-aarch64-static "$@"\n' >"$work/qemu"
chmod +x "$work/qemu"
[ $# -gt 0 ] || set -- ./pkg/dds ./pkg/tiles ./pkg/mbtiles/... ./internal/pack
eval "$settings"
# Tests that start themselves anew would need a kernel that knows ARM programs: they are left to the
# ordinary passes.
# With -trimpath what the program has is not compiled again.
go test -p 1 -vet=off -short -timeout 60m -trimpath -tags "$BUILD_TAGS" -ldflags "-linkmode external -extldflags -static" -exec "$work/qemu" \
  -skip 'Kill|Crash|Locked|LockedBy|SecondProcess|FileTooLarge|Drill' "$@"
