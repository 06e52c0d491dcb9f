#!/usr/bin/env bash
# usage: check_models.sh OLSTM FOLDER
# Exported models with their exporters' references: all of them pass.
set -euo pipefail
if [ ! -d "$2" ]; then
  echo "conformance: skipped, there is no $2"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$1" conform --rtol 1e-3 --atol 1e-5 "$2" > "$work/results.txt" || { grep -v '^PASS' "$work/results.txt"; exit 1; }
grep -v '^PASS' "$work/results.txt"
