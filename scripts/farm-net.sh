#!/usr/bin/env bash
# The two ways of docs/farm.md, each computer a network namespace of its own: two PCs in a house, and
# VOLUNTEERS (20) with a NATS server that has a token and TLS. Invented imagery; root.
#
#   scripts/farm-net.sh [PROGRAM]      default bin/xelpack
set -euo pipefail
cd "$(dirname "$0")/.."
program=$(realpath "${1:-bin/xelpack}")
PATH=$PATH:/usr/sbin
work=$(mktemp -d)
net=xf$$
bridge=$net-bridge
spaces=()
ended() {
  for s in "${spaces[@]}"; do
    ip netns pids "$s" | xargs -r kill -9
    ip netns delete "$s"
  done
  rm -rf "$work"
}
trap ended EXIT

# computer NAME ADDRESS: a namespace on one network with the others
computer() {
  ip netns add "$net-$1"
  spaces+=("$net-$1")
  ip -n "$net-$1" link set lo up
  [ "$1" = bridge ] && ip -n "$bridge" link add br0 type bridge && ip -n "$bridge" link set br0 up && return
  ip -n "$net-$1" link add eth0 type veth peer name "port$2" netns "$bridge"
  ip -n "$bridge" link set "port$2" master br0 up
  ip -n "$net-$1" addr add "10.77.0.$2/24" dev eth0
  ip -n "$net-$1" link set eth0 up
}
# on NAME COMMAND…
on() {
  local where=$net-$1
  shift
  ip netns exec "$where" "$@"
}
area=(--bbox "${AREA:-7.0,43.6,7.3,43.75}" --provider sample)
digest() { "$program" info --json "$1" | grep -o '"digest": *"[0-9a-f]*"'; }
same() {
  [ "$(digest "$work/plain.mbtiles")" = "$(digest "$1")" ] || { echo "$1: another digest" >&2; exit 1; }
}

"$program" build "${area[@]}" -o "$work/plain.mbtiles" 2>"$work/plain.log"
computer bridge

echo "== two PCs in a house"
computer study 1
computer lounge 2
on study nats-server -js -sd "$work/house" >"$work/nats.log" 2>&1 &
on lounge "$program" worker nats://10.77.0.1:4222 2>"$work/lounge.log" &
on study "$program" build "${area[@]}" --farm nats://127.0.0.1:4222 -o "$work/house.mbtiles" 2>"$work/house.log"
same "$work/house.mbtiles"
grep helping "$work/lounge.log"

echo "== volunteers with a server of their own"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=farm -addext subjectAltName=IP:10.77.0.10 \
  -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
sed -e "s|/var/lib/nats|$work/club|; /^# tls {/,/^# }/s/^# //; s|/etc/letsencrypt/live/HOST/fullchain.pem|$work/cert.pem|" \
  -e "s|/etc/letsencrypt/live/HOST/privkey.pem|$work/key.pem|" contrib/nats-server.conf >"$work/nats.conf"
computer server 10
computer owner 11
on server env FARM_TOKEN=secret nats-server -c "$work/nats.conf" >"$work/club.log" 2>&1 &
export XELPACK_FARM_TOKEN=secret
access=(tls://10.77.0.10:4222 --farm-ca "$work/cert.pem")
for n in $(seq "${VOLUNTEERS:-20}"); do
  computer "v$n" $((20 + n))
  on "v$n" "$program" worker "${access[@]}" --jobs 1 2>"$work/v$n.log" &
done
if XELPACK_FARM_TOKEN=wrong on owner "$program" worker "${access[@]}" 2>"$work/wrong.log"; then
  echo "a worker with a wrong token was let in" >&2
  exit 1
fi
grep refuses "$work/wrong.log"
on owner "$program" build "${area[@]}" --farm "${access[0]}" "${access[@]:1}" --audit 50% -o "$work/club.mbtiles" 2>"$work/owner.log" &
build=$!
until [ "$(on owner "$program" farm status "${access[@]}" | tee "$work/status.txt" | grep -c '^  worker')" -ge "${VOLUNTEERS:-20}" ] ||
  ! kill -0 $build 2>/dev/null; do sleep 1; done
head -5 "$work/status.txt"
grep -c '^  worker' "$work/status.txt"
wait $build
same "$work/club.mbtiles"
grep -l helping "$work"/v*.log | wc -l | sed 's/$/ volunteers helped/'
