#!/usr/bin/env bash
# Makes everything that a release consists of, under dist/: two runs of one commit make the same
# bytes.
#
#   scripts/dist.sh                       unsigned
#   MINISIGN_KEY=FILE scripts/dist.sh     SHA256SUMS signed with that secret key
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${CROSS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/xelpack-cross}
scripts/setup.sh jq zip
scripts/cross.sh

# Tools of other people, kept beside the compilers.
tool() { # NAME MODULE@VERSION
  [ -x "$cache/bin/$1" ] || GOBIN=$cache/bin GOFLAGS= go install "$2"
}
tool nfpm github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2
tool cyclonedx-gomod github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
[ -z "${MINISIGN_KEY:-}" ] || tool minisign aead.dev/minisign/cmd/minisign@v0.3.0

# As the binaries say it.
version=$(bin/cross/linux-amd64/xelpack version | sed 's/^xelpack \([^ ,]*\).*/\1/')
turbo=$(bin/cross/linux-amd64/xelpack version | sed 's/.*libjpeg-turbo \([^,]*\).*/\1/')
sqlite=$(bin/cross/linux-amd64/xelpack version | sed 's/.*SQLite \([^,]*\).*/\1/')
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH TZ=UTC LC_ALL=C

rm -rf dist
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p dist "$work"/{man,completions,licenses}
umask 022

( # with the flags of the program, so that nothing is compiled again
  eval "$(scripts/cross.sh env linux/amd64)"
  go run -trimpath -tags "man,$BUILD_TAGS" -ldflags "$BUILD_LDFLAGS" ./cmd/xelpack "$work/man"
)
gzip -9 -n "$work"/man/*
for shell in bash zsh fish powershell; do
  bin/cross/linux-amd64/xelpack completion $shell >"$work/completions/xelpack.$shell"
done
sed 's|%h/.local/bin/xelpack|/usr/bin/xelpack|; s|cp contrib/xelpack@.service ~/.config/systemd/user/|(the package has put it where systemd looks)|' \
  'contrib/xelpack@.service' >"$work/xelpack@.service"

# The licences of all that is linked on any system.
for system in linux windows darwin; do
  GOOS=$system CGO_ENABLED=1 go list -tags winfsp -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' ./cmd/xelpack
done | sort -u | while read -r path release dir; do
  found=
  for file in $(cd "$dir" && find . -maxdepth 1 -type f | grep -iE '^\./(licen[sc]e|copying|notice|unlicense)' | sort); do
    found=yes
    cp "$dir/$file" "$work/licenses/${path//\//_}@${release}_${file#./}"
  done
  [ -n "$found" ] || { echo "dist: no licence in $dir" >&2; exit 1; }
done
cp "$(go env GOROOT)/LICENSE" "$work/licenses/go_LICENSE"
cp "$cache"/libjpeg-turbo/source/LICENSE.md "$work/licenses/libjpeg-turbo@${turbo}_LICENSE.md"
echo "SQLite $sqlite is in the public domain: https://sqlite.org/copyright.html" >"$work/licenses/sqlite@$sqlite.txt"
chmod 644 "$work"/licenses/*

sbom() { # BINARY FILE
  "$cache/bin/cyclonedx-gomod" bin -json -std -noserial -version "v$version" "$1" 2>/dev/null |
    jq --arg turbo "$turbo" --arg sqlite "$sqlite" --arg cgofuse "$(go list -m -f '{{.Version}}' github.com/winfsp/cgofuse)" --arg time "$(date -u -d "@$SOURCE_DATE_EPOCH" +%FT%TZ)" '
      .metadata.timestamp = $time
      | .components += [
          {"bom-ref": "libjpeg-turbo", type: "library", name: "libjpeg-turbo", version: $turbo, purl: "pkg:generic/libjpeg-turbo@\($turbo)"},
          {"bom-ref": "sqlite", type: "library", name: "sqlite", version: $sqlite, purl: "pkg:generic/sqlite@\($sqlite)"}]
      # scripts/cross.sh builds it from a copy.
      | (.components[] | select(.name == "./bin/cross/cgofuse")) |= (.name = "github.com/winfsp/cgofuse" | .version = $cgofuse)
      | walk(if type == "string" then gsub("\\./bin/cross/cgofuse@\\(devel\\)"; "github.com/winfsp/cgofuse@\($cgofuse)") else . end)' >"$2"
  jq -e '.bomFormat == "CycloneDX" and (.components | length > 20)' "$2" >/dev/null || { echo "dist: no SBOM of $1" >&2; exit 1; }
}

for target in linux-amd64 linux-arm64 windows-amd64 darwin-amd64 darwin-arm64; do
  name=xelpack-$version-${target/darwin/macos}
  exe=xelpack
  [ $target != windows-amd64 ] || exe=xelpack.exe
  folder=$work/$name
  mkdir "$folder"
  sbom "bin/cross/$target/$exe" "dist/$name.cdx.json"
  cp "bin/cross/$target/$exe" LICENSE README.md CHANGELOG.md "$folder"
  cp "dist/$name.cdx.json" "$folder/sbom.cdx.json"
  cp -r "$work/completions" "$work/licenses" "$folder"
  [ $target = windows-amd64 ] || cp -r "$work/man" "$folder"
  [ "${target%-*}" != linux ] || cp 'contrib/xelpack@.service' "$folder"
  find "$folder" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  chmod -R u=rwX,go=rX "$folder"
  if [ $target = windows-amd64 ]; then
    (cd "$work" && find "$name" | sort | zip -qX -9 "$OLDPWD/dist/$name.zip" -@)
  else
    tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner -cf - "$name" | gzip -9 -n >"dist/$name.tar.gz"
  fi
done

find "$work" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} + # nfpm takes the times of folders, too
for arch in amd64 arm64; do
  for format in deb rpm archlinux; do
    as=$version schema=semver
    # Arch's versions have no hyphens, and 0.2.0rc.1 is older than 0.2.0. nfpm would leave rc.1 out.
    [ $format != archlinux ] || as=${version//-/} schema=none
    sed "s|@ARCH@|$arch|g; s|@VERSION@|$as|g; s|@SCHEMA@|$schema|g; s|@WORK@|$work|g; s|@TIME@|$(date -u -d "@$SOURCE_DATE_EPOCH" +%FT%TZ)|" contrib/nfpm.yaml >"$work/nfpm.yaml"
    "$cache/bin/nfpm" package -f "$work/nfpm.yaml" -p $format -t dist >/dev/null
  done
done

scripts/dist-recipes.sh "$version"
(cd dist && sha256sum -- * >"$work/SHA256SUMS" && mv "$work/SHA256SUMS" .)
if [ -n "${MINISIGN_KEY:-}" ]; then
  "$cache/bin/minisign" -S -s "$MINISIGN_KEY" -m dist/SHA256SUMS -x dist/SHA256SUMS.minisig -t "xelpack $version"
  echo "dist: SHA256SUMS is signed"
else
  echo "dist: SHA256SUMS is NOT signed: no MINISIGN_KEY"
fi
ls -l dist | awk 'NR > 1 { printf "%6.1f MB  %s\n", $5 / 1e6, $NF }'
echo "dist: xelpack $version in $SECONDS s"
