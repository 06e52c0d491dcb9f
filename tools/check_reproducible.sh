#!/usr/bin/env bash
# usage: check_reproducible.sh [BUILD]
# Builds the tree a second time, from a copy in another folder, and compares the libraries and the command byte by byte with
# those of BUILD (default build/quickstart).
set -euo pipefail
source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${1:-$source_dir/build/quickstart}
cache() { sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"; }
[ -f "$build/CMakeCache.txt" ] || { echo "check_reproducible: $build is no build folder"; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/a/longer/way/to/the/source"
(cd "$source_dir" && tar -c --exclude=./build --exclude=./.git .) | tar -x -C "$work/a/longer/way/to/the/source"
options=(-DOLSTM_BUILD_TESTS=OFF)
for name in CMAKE_BUILD_TYPE CMAKE_C_COMPILER CMAKE_C_FLAGS CMAKE_C_COMPILER_LAUNCHER OLSTM_WITH_ONEDNN OLSTM_WERROR OLSTM_BUILD_SHARED \
            OLSTM_BUILD_STATIC OLSTM_BUILD_TOOLS OLSTM_ORT_CACHE; do
  value=$(cache "$name")
  [ -z "$value" ] || options+=("-D$name=$value")
done
CMAKE_GENERATOR=$(cache CMAKE_GENERATOR)
export CMAKE_GENERATOR
cmake -S "$work/a/longer/way/to/the/source" -B "$work/b" "${options[@]}" >"$work/log" 2>&1 &&
  cmake --build "$work/b" -j "$(nproc)" >"$work/log" 2>&1 || { tail -n 40 "$work/log"; exit 1; }
compared=0
bad=0
for file in libolstm.a libolstm_ops.so bin/olstm $(cd "$build" && find . -maxdepth 1 -name 'libolstm.so.*.*.*' -type f); do
  [ -f "$build/$file" ] || continue
  compared=$((compared + 1))
  cmp "$build/$file" "$work/b/$file" || bad=1
done
[ "$compared" -gt 0 ] || { echo "check_reproducible: $build holds no library"; exit 1; }
[ "$bad" = 0 ] && echo "check_reproducible: $compared files are the same byte for byte"
exit $bad
