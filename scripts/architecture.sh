#!/usr/bin/env bash
# Prints docs/architecture.md: the packages and what they import of ours, out of
# scripts/imports.txt. What follows from other arrows is left out, and so is what only tests,
# measurements and the demo are made of.
set -euo pipefail
cd "$(dirname "$0")/.."

cat <<'HEAD'
# Architecture

The packages of xelpack. An arrow leads from a package to one that it imports; one that follows from others
is left out. The whole table is [scripts/imports.txt](../scripts/imports.txt), which `make check` keeps; what
each package owns stands in [design.md](design.md). This page is made by `make docs`.

```mermaid
flowchart TD
HEAD
awk -F ': *' '
  /^#/ || /^internal\/(testing|measure|demo)/ { next }
  { name[++n] = $1; count = split($2, to, " "); for (i = 1; i <= count; i++) direct[$1, to[i]] = 1 }
  END {
    for (i = 1; i <= n; i++) for (j = 1; j <= n; j++) if (direct[name[i], name[j]]) { reach[i, j] = 1; used[j] = 1 }
    for (i = 1; i <= n; i++) if (direct[name[i], "*"]) for (j = 1; j <= n; j++) if (j != i && !used[j]) direct[name[i], name[j]] = reach[i, j] = 1
    for (k = 1; k <= n; k++) for (i = 1; i <= n; i++) if (reach[i, k]) for (j = 1; j <= n; j++) if (reach[k, j]) reach[i, j] = 1
    for (i = 1; i <= n; i++) {
      id = name[i]; gsub(/[^a-z]/, "_", id)
      printf "  %s[\"%s\"]\n", id, name[i]
    }
    for (i = 1; i <= n; i++) for (j = 1; j <= n; j++) {
      if (!direct[name[i], name[j]]) continue
      through = 0
      for (k = 1; k <= n; k++) if (k != j && direct[name[i], name[k]] && reach[k, j]) through = 1
      if (through) continue
      a = name[i]; b = name[j]; gsub(/[^a-z]/, "_", a); gsub(/[^a-z]/, "_", b)
      printf "  %s --> %s\n", a, b
    }
  }' scripts/imports.txt
echo '```'
