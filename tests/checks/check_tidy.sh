#!/usr/bin/env bash
# usage: check_tidy.sh SOURCE BUILD [--analyze]
# clang-tidy 14 finds nothing. Without --analyze the path-sensitive analyzer is left out: it takes seconds a file.
# A file that passed is not read again until it, a header of it or the rules change (stamps in BUILD/tidy).
set -euo pipefail
source_dir=$1
build_dir=$2
analyze=${3:-}
cd "$source_dir"
tool=""
for candidate in clang-tidy-14 clang-tidy; do
  if command -v $candidate >/dev/null && $candidate --version | grep -q 'version 14\.'; then tool=$candidate; break; fi
done
if [ -z "$tool" ]; then
  echo "tidy: skipped, clang-tidy 14 is not installed"
  exit 77
fi
[ -f "$build_dir/compile_commands.json" ] || { echo "tidy: $build_dir has no compile_commands.json"; exit 1; }
stamps=$build_dir/tidy$analyze
mkdir -p "$stamps"
# An option that clang refuses; it ignores others of gcc.
sed 's/ -fsched-pressure\b//g' "$build_dir/compile_commands.json" >"$stamps/compile_commands.json"

# One file: a stamp is the sum of what the compiler would read.
tidy_one() {
  local file=$1 sum stamp checks=()
  [ "$analyze" ] || checks=(--checks='-clang-analyzer-*')
  sum=$( { cat .clang-tidy; cat "$file"; cc -std=c11 -D_GNU_SOURCE -E -P -I. -Iinclude -I"$build_dir/onnx_proto" "$file" 2>/dev/null || true; } | sha1sum | cut -c1-40)
  stamp=$stamps/$(echo "$file" | tr / _)
  [ "$(cat "$stamp" 2>/dev/null)" != "$sum" ] || return 0
  "$tool" -p "$stamps" --extra-arg=-Wno-ignored-optimization-argument --quiet "${checks[@]}" "$file" 2>/dev/null && echo "$sum" > "$stamp"
}
export -f tidy_one
export build_dir analyze stamps tool

# Only what this build compiles: a file of a part that is switched off has no flags.
grep -oE '"file": "[^"]*"' "$build_dir/compile_commands.json" | cut -d'"' -f4 | sort -u |
  while IFS= read -r file; do
    case $file in
      "$build_dir"/*) ;;
      "$source_dir"/*) echo "${file#"$source_dir"/}" ;;
    esac
  done | xargs -P "$(nproc)" -I{} bash -c 'tidy_one {}'
