#!/usr/bin/env bash
# Keeps the direction of imports (docs/design.md): a package may import, of ours, only what stands behind its name here. Test files are free.
set -euo pipefail
cd "$(dirname "$0")/.."

module=$(go list -m)
declare -A may=(
  [tiles]=""
  [dds]=""
  [realpath]=""
  [route]="tiles"
  [scenery]="tiles"
  [scenery/scenerytest]="tiles dds"
  [mbtiles]="tiles dds realpath mbtiles/internal/blocks"
  [mbtiles/internal/blocks]=""
  [fetch]="tiles mbtiles fetch/internal/sample"
  [fetch/internal/sample]="tiles"
  [fetch/fetchtest]="fetch tiles"
  [pack]="fetch dds mbtiles tiles"
  [mount]="pack mbtiles scenery fetch tiles dds realpath"
  [trace]="tiles dds"
  [mount/mounttest]="mount mbtiles tiles dds"
)

bad=0
while read -r package imports; do
  name=${package#"$module"/pkg/}
  if [ -z "${may[$name]+known}" ]; then
    echo "imports: pkg/$name has no rule in scripts/imports.sh" >&2
    bad=1
    continue
  fi
  for import in $imports; do
    case $import in
      "$module"/cmd/* | "$module"/internal/*)
        echo "imports: pkg/$name imports ${import#"$module"/}" >&2
        bad=1 ;;
      "$module"/pkg/*)
        if [[ " ${may[$name]} " != *" ${import#"$module"/pkg/} "* ]]; then
          echo "imports: pkg/$name must not import pkg/${import#"$module"/pkg/}" >&2
          bad=1
        fi ;;
    esac
  done
done < <(go list -f '{{.ImportPath}} {{join .Imports " "}}' ./pkg/...)
exit $bad
