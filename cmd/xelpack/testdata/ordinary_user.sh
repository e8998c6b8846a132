# What an ordinary user does with a mount, run by TestOrdinaryUser as one: xelpack, flight.mbtiles, out/ (its textures) and scenery/ are in the current folder.
set -eu
fail() { echo "FAILED: $*" >&2; exit 1; }
mounted() { grep -q " $PWD/mnt " /proc/self/mountinfo; }
await() { i=0; until "$@"; do i=$((i+1)); [ $i -lt 6000 ] || fail "waited 5 minutes for: $*"; sleep 0.05; done; }
compare() { for f in out/*.dds; do cmp "$f" "mnt/textures/${f##*/}" || fail "$f differs"; done; }
mkdir -p mnt
[ "$(id -u)" -ne 0 ] || fail "this is root"

echo "== foreground, Ctrl-C"
./xelpack mount flight.mbtiles --scenery scenery --live off mnt 2>said & server=$!
await test -d mnt/textures
compare
cmp "scenery/Earth nav data/+40+000/+43+005.dsf" "mnt/Earth nav data/+40+000/+43+005.dsf" || fail "a passed-through file differs"
if touch mnt/new 2>/dev/null; then fail "the mount can be written"; fi
kill -INT $server; wait $server || fail "Ctrl-C: exit code $?"
if mounted; then fail "still mounted after Ctrl-C"; fi
grep -q unmounted said || fail "nothing said: $(cat said)"

echo "== daemon, umount"
./xelpack mount --daemon flight.mbtiles mnt
compare
./xelpack umount mnt
if mounted; then fail "still mounted after umount"; fi
[ -z "$(find .local -name '*.pid')" ] || fail "the daemon has not ended"

echo "== in use"
./xelpack mount --daemon flight.mbtiles mnt
first=$(ls out | head -n 1)
exec 3<"mnt/textures/$first"
if ./xelpack umount mnt 2>said; then fail "unmounted in use"; fi
grep -q "held by sh (" said || fail "who holds it is not said: $(cat said)"
pid=$(cat .local/state/xelpack/mnt-*.pid)
kill -TERM "$pid"
await sh -c "! grep -q ' $PWD/mnt ' /proc/self/mountinfo"
cmp - "out/$first" <&3 || fail "what was open is not served after the mount was detached"
exec 3<&-
await sh -c "! kill -0 $pid 2>/dev/null"

echo "== killed, and mounted anew over what that left"
./xelpack mount flight.mbtiles mnt 2>said & server=$!
await test -d mnt/textures
kill -KILL $server; wait $server || true
if ls mnt 2>/dev/null; then fail "a dead mount lists"; fi
./xelpack mount --daemon flight.mbtiles mnt
compare
./xelpack umount mnt

echo "== over the package itself, whose name has a blank; killed, it is back"
mv scenery "sce nery"; ln -s "sce nery" scenery
./xelpack mount --daemon flight.mbtiles --scenery scenery --live off
for f in out/*.dds; do cmp "$f" "sce nery/textures/${f##*/}" || fail "$f differs"; done
./xelpack umount scenery
if [ -e "sce nery/textures/$first" ]; then fail "the package is not as before"; fi
./xelpack mount flight.mbtiles --scenery scenery --live off 2>said & server=$!
await test -e "sce nery/textures/$first"
kill -KILL $server; wait $server || true
await test -d "sce nery/terrain"
if [ -e "sce nery/textures/$first" ]; then fail "the package is not as before after a kill"; fi
rm scenery; mv "sce nery" scenery

echo "== doctor"
./xelpack doctor --offline flight.mbtiles --scenery scenery >said || fail "the doctor finds: $(cat said)"
grep -q '^ok *FUSE .*trial mount works' said || fail "the doctor finds: $(cat said)"
# A mount of somebody else's, here of root, was called dead.
grep -q "^skipped *mounts *$PWD/root's belongs to another user and does not allow others" said || fail "the doctor finds: $(cat said)"

echo "== --allow-other"
if ! grep -q '^ *user_allow_other' /etc/fuse.conf 2>/dev/null; then
  if ./xelpack mount --allow-other flight.mbtiles mnt 2>said; then fail "other users were let in"; fi
  grep -q user_allow_other said || fail "no remedy said: $(cat said)"
fi
echo "== done"
