#!/usr/bin/env bash
# usage: update_operators.sh OLSTM
# Puts what `olstm ops --markdown` prints into docs/operators.md, in place of the table there.
set -euo pipefail
file=$(dirname "$0")/../docs/operators.md
table=$(mktemp)
trap 'rm -f "$table"' EXIT
"$1" ops --markdown > "$table"
awk -v table="$table" '
  /^\| operator \| domain/ { while ((getline line < table) > 0) print line; skipping = 1; next }
  skipping && /^\|/ { next }
  { skipping = 0; print }
' "$file" > "$file.new"
mv "$file.new" "$file"
