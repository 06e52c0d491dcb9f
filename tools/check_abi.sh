#!/usr/bin/env bash
# usage: check_abi.sh [--update] [BUILD]
# Compares libolstm's functions and public structs with those of the last version, as tests/abi/libolstm.abi keeps them (abidw
# of Debian's abigail-tools): what programs rely on may grow, not change. --update writes the file anew, for a version that
# is not compatible. Builds libolstm for it, with debugging information, as BUILD is configured.
set -euo pipefail
source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
update=
if [ "${1:-}" = --update ]; then update=1; shift; fi
build=${1:-$source_dir/build/quickstart}
kept=$source_dir/tests/abi/libolstm.abi
for tool in abidw abidiff; do
  command -v $tool >/dev/null || { echo "abi: skipped, $tool (abigail-tools) is not installed"; exit 77; }
done
cache() { sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt" 2>/dev/null; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The ABI is that of the functions, so nothing is optimised; the version 1 to 4 of DWARF that every abidw reads.
cmake -S "$source_dir" -B "$work" -G "$(cache CMAKE_GENERATOR || echo Ninja)" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS=-gdwarf-4 \
  -DOLSTM_BUILD_TOOLS=OFF -DOLSTM_BUILD_TESTS=OFF -DOLSTM_BUILD_ADAPTERS=OFF -DOLSTM_BUILD_STATIC=OFF \
  "-DCMAKE_C_COMPILER_LAUNCHER=$(cache CMAKE_C_COMPILER_LAUNCHER)" >"$work/log" 2>&1 &&
  cmake --build "$work" --target olstm_shared -j "$(nproc)" >"$work/log" 2>&1 || { tail -n 40 "$work/log"; exit 1; }
abidw --headers-dir "$source_dir/include/olstm" --drop-private-types --exported-interfaces-only --no-show-locs --no-corpus-path \
  --no-comp-dir-path --out-file "$work/now.abi" "$work/libolstm.so"
# Where the sources lie is this machine's own.
sed -i -E "s#path='[^']*/((base|onnx_proto|op|runtime)/[^']*)'#path='\1'#" "$work/now.abi"
if [ -n "$update" ]; then
  cp "$work/now.abi" "$kept"
  echo "abi: $kept written"
  exit 0
fi
result=0
abidiff --no-show-locs "$kept" "$work/now.abi" >"$work/changes" 2>&1 || result=$?
# Functions and constants may be added, and fields appended to structs; what was there stays as and where it is.
changed='[1-9][0-9]* Removed|offset changed|data member (deletion|change)|enumerator (deletion|change)|return type changed|parameter [0-9]+ of type .* (changed|was (added|removed))|type name changed'
if [ $((result & 11)) -ne 0 ] || grep -qE "$changed" "$work/changes"; then
  cat "$work/changes"
  echo "abi: not compatible with the kept one. A new minor version (a new major one from 1.0 on) may be: check_abi.sh --update"
  exit 1
fi
echo "abi: compatible"
