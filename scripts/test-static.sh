#!/usr/bin/env bash
# What make dist has made, on systems that have nothing: the deb in a clean Debian bullseye, the rpm
# by rpm into an empty root, the tar.gz with busybox alone; installed, run, and removed without a
# trace. Root.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${CROSS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/xelpack-cross}
[ "$(id -u)" = 0 ] || { echo "test-static: must be root: it installs into folders of its own (chroot)" >&2; exit 1; }
scripts/setup.sh debootstrap rpm busybox-static
deb=$(ls dist/*_amd64.deb) rpm=$(ls dist/*.x86_64.rpm) tar=$(ls dist/*-linux-amd64.tar.gz)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
list() { (cd "$1" && find . -path ./var -prune -o -path ./tmp -prune -o -path ./etc/ld.so.cache -prune -o -print | sort); }
flight() { # ROOT PROGRAM
  mkdir -p "$1/tmp"
  HOME=/tmp chroot "$1" "$2" version
  HOME=/tmp chroot "$1" "$2" build --bbox 7.1,43.6,7.2,43.65 --provider sample -o /tmp/a.mbtiles
  HOME=/tmp chroot "$1" "$2" verify /tmp/a.mbtiles
  rm -rf "$1"/tmp/* "$1"/tmp/.[a-z]*
}

bullseye=$cache/bullseye
if [ ! -e "$bullseye/.is-there" ]; then
  rm -rf "$bullseye"
  debootstrap --variant=minbase bullseye "$bullseye" http://deb.debian.org/debian >/dev/null
  touch "$bullseye/.is-there"
fi
list "$bullseye" >"$work/before"
cp "$deb" "$bullseye/tmp/xelpack.deb"
chroot "$bullseye" dpkg -i /tmp/xelpack.deb
[ -s "$bullseye/usr/lib/systemd/user/xelpack@.service" ] || { echo "test-static: the deb has no unit" >&2; exit 1; }
grep -q '^ExecStart=/usr/bin/xelpack ' "$bullseye/usr/lib/systemd/user/xelpack@.service"
flight "$bullseye" /usr/bin/xelpack
chroot "$bullseye" dpkg -P xelpack
list "$bullseye" >"$work/after"
diff "$work/before" "$work/after"
echo "test-static: the deb runs on bullseye, and leaves nothing behind"

mkdir -p "$work/rpm/tmp" "$work/rpm/dev"
rpm --root "$work/rpm" --initdb
rpm --root "$work/rpm" --nodeps --noscripts -i "$rpm"
HOME=/tmp chroot "$work/rpm" /usr/bin/xelpack version
rpm --root "$work/rpm" -e xelpack
left=$(find "$work/rpm" -name '*xelpack*')
[ -z "$left" ] || { echo "test-static: the rpm left $left" >&2; exit 1; }
echo "test-static: the rpm runs in an empty root, and leaves nothing behind"

mkdir -p "$work/busybox"/{bin,tmp}
cp /bin/busybox "$work/busybox/bin/"
tar xzf "$tar" -C "$work/busybox"
flight "$work/busybox" "/$(basename "$tar" .tar.gz)/xelpack"
echo "test-static: the tar.gz runs beside busybox alone"
mkdir -p "$work/scenery/textures" "$work/mnt"
"$work/busybox/$(basename "$tar" .tar.gz)/xelpack" build --bbox 7.1,43.6,7.2,43.65 --provider sample -o "$work/a.mbtiles"
"$work/busybox/$(basename "$tar" .tar.gz)/xelpack" mount --daemon "$work/a.mbtiles" --live off "$work/mnt"
ls "$work/mnt/textures" | grep -q '\.dds$'
"$work/busybox/$(basename "$tar" .tar.gz)/xelpack" umount "$work/mnt"
echo "test-static: the static program mounts"
