#!/usr/bin/env bash
# A flight on Windows, by a batch file as a user would write it: build, verify, install, switch and
# uninstall in a made-up X-Plane, whose folder has a blank in its name. Linux builds the same
# textures, and its repack makes the same bytes of one archive.
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/cross.sh linux/amd64
work=$(mktemp -d /tmp/xelpack-windows-XXXXXX)
trap 'rm -rf "$work"' EXIT
cp bin/cross/windows-amd64/xelpack.exe "$work"
cat >"$work/flight.bat" <<'BAT'
@echo off
set XP=C:\X-Plane 12
if exist "%XP%" rmdir /s /q "%XP%"
mkdir "%XP%\Custom Scenery\zzXEL_test_ortho\textures"
echo mine> "%XP%\Custom Scenery\zzXEL_test_ortho\textures\mine.txt"
set XELPACK=xelpack.exe
%XELPACK% build --bbox 7.0,43.5,7.9,44.0 --provider sample -o one.mbtiles || exit /b 1
%XELPACK% build --bbox 7.91,43.5,8.0,43.8 --provider sample -o more.mbtiles || exit /b 1
%XELPACK% extract one.mbtiles --bbox 7.4,43.5,7.9,44.0 -o part.mbtiles || exit /b 1
%XELPACK% merge part.mbtiles more.mbtiles -o two.mbtiles || exit /b 1
%XELPACK% verify one.mbtiles || exit /b 1
%XELPACK% install one.mbtiles --scenery "%XP%\Custom Scenery\zzXEL_test_ortho" || exit /b 1
dir /b "%XP%\Custom Scenery\zzXEL_test_ortho\textures" > one.txt
%XELPACK% install --switch two.mbtiles --scenery "%XP%/Custom Scenery/zzXEL_test_ortho" || exit /b 1
dir /b "%XP%\Custom Scenery\zzXEL_test_ortho\textures" > two.txt
%XELPACK% uninstall --scenery "%XP%\Custom Scenery\zzXEL_test_ortho" || exit /b 1
dir /b "%XP%\Custom Scenery\zzXEL_test_ortho\textures" > none.txt
copy one.mbtiles packed.mbtiles > nul
%XELPACK% repack --compress best one.mbtiles || exit /b 1
BAT
(cd "$work" && "$OLDPWD/scripts/cross/wine" cmd /c flight.bat)
[ "$(tr -d '\r' <"$work/none.txt")" = mine.txt ] || { echo "flight-windows: uninstall left:" >&2; cat "$work/none.txt" >&2; exit 1; }
[ "$(wc -l <"$work/one.txt")" -ge 100 ] || { echo "flight-windows: too few textures were installed" >&2; exit 1; }
linux=$PWD/bin/cross/linux-amd64/xelpack
mkdir "$work/linux"
cp "$work/packed.mbtiles" "$work/linux/one.mbtiles"
(cd "$work/linux" && "$linux" build --bbox 7.0,43.5,7.9,44.0 --provider sample -o own.mbtiles && "$linux" repack --compress best one.mbtiles)
cmp "$work/one.mbtiles" "$work/linux/one.mbtiles"
"$linux" diff "$work/linux/own.mbtiles" "$work/one.mbtiles" | tee "$work/diff"
grep -q '^0 added, 0 removed, 0 changed' "$work/diff"
echo "flight-windows: $(wc -l <"$work/one.txt") names in textures/ when installed, all gone after; textures are those of Linux, and repack makes the same bytes"
