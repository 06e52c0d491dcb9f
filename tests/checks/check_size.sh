#!/usr/bin/env bash
# usage: check_size.sh LIBOLSTM
# libolstm, stripped, keeps to its budget: 1.1 MB by gcc 12, and what newer compilers make longer.
set -euo pipefail
command -v strip >/dev/null || { echo "size: skipped, strip (binutils) is not installed"; exit 77; }
budget=1130000
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
strip -o "$work/stripped" "$1"
bytes=$(wc -c <"$work/stripped")
[ "$bytes" -le "$budget" ] || { echo "size: $bytes bytes stripped, more than $budget"; exit 1; }
echo "size: $bytes bytes stripped"
