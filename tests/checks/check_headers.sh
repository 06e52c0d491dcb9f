#!/usr/bin/env bash
# usage: check_headers.sh SOURCE
# Each public header compiles alone, as C11 and as C++11, under flags harsher than our own.
set -euo pipefail
include=$1/include
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0
common="-fsyntax-only -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wundef -Wcast-qual -Werror -DOLSTM_EXPERIMENTAL_STREAMS"
c_only="-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition"

check() {
  local compiler=$1 flags=$2 extension=$3 header
  if ! command -v "$compiler" >/dev/null; then
    echo "headers: no $compiler, not tried"
    return 0
  fi
  for header in "$include"/olstm/*.h; do
    printf '#include "olstm/%s"\n#include "olstm/%s"\nextern int olstm_alone;\n' "$(basename "$header")" "$(basename "$header")" > "$work/alone.$extension"
    # shellcheck disable=SC2086
    "$compiler" $flags $common -I"$include" "$work/alone.$extension" || { echo "headers: $compiler refuses $header"; bad=1; }
  done
}
check "${CC:-cc}" "-std=c11 $c_only" c
check "${CXX:-c++}" "-std=c++11 -Wno-old-style-cast" cpp
check clang "-std=c11 $c_only" c
# What may still change is refused to whom does not say that he knows.
for header in streams batcher; do
  printf '#include "olstm/%s.h"\n' $header > "$work/gated.c"
  "${CC:-cc}" -fsyntax-only -I"$include" "$work/gated.c" 2>"$work/said" && { echo "headers: $header.h has no gate"; bad=1; }
  grep -q 'define OLSTM_EXPERIMENTAL_STREAMS' "$work/said" || { echo "headers: $header.h does not say how to pass its gate"; bad=1; }
done
exit $bad
