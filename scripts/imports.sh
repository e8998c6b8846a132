#!/usr/bin/env bash
# Keeps the direction of imports: a package may import, of ours, only what stands behind its name in
# scripts/imports.txt. Test files are free.
set -euo pipefail
cd "$(dirname "$0")/.."

module=$(go list -m)
declare -A may
while IFS=: read -r package imports; do
  [[ $package == \#* ]] || may[$package]="$imports "
done <scripts/imports.txt

bad=0
while read -r package imports; do
  name=${package#"$module"/}
  if [ -z "${may[$name]+known}" ]; then
    echo "imports: $name has no line in scripts/imports.txt" >&2
    bad=1
    continue
  fi
  for import in $imports; do
    import=${import#"$module"/}
    case "${may[$name]}" in
      " * " | *" $import "*) ;;
      *)
        echo "imports: $name must not import $import" >&2
        bad=1 ;;
    esac
  done
  unset "may[$name]"
done < <(go list -f '{{.ImportPath}} {{range .Imports}}{{.}} {{end}}' ./... | awk -v own="$module/" '{
  line = $1
  for (i = 2; i <= NF; i++) if (index($i, own) == 1) line = line " " $i
  print line
}')
for name in "${!may[@]}"; do
  echo "imports: scripts/imports.txt has a line for $name, which is not there" >&2
  bad=1
done

# What users get links nothing that is there for tests.
for package in $(go list -deps ./cmd/xelpack); do
  case $package in
    testing | testing/* | go.uber.org/goleak* | "$module"/internal/testing/*)
      echo "imports: cmd/xelpack links $package (go list -deps ./cmd/xelpack; go mod why says through what)" >&2
      bad=1 ;;
  esac
done
exit $bad
