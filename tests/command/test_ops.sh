#!/usr/bin/env bash
# olstm ops lists operators; docs/operators.md holds just the table that it prints.
. "$(dirname "$0")/expect.sh"
expect 0 ops
grep -qE '^LSTM +ai\.onnx  1-6, 7-13, 14-21, 22\+? ' out.txt || complain "no line of LSTM: $(grep LSTM out.txt)"
expect 0 ops --markdown
awk '/^\| operator \| domain/ {inside = 1} !/^\|/ {inside = 0} inside' "$source_dir/docs/operators.md" > documented.txt
if ! diff documented.txt out.txt > difference.txt; then
  complain "docs/operators.md is not what olstm ops --markdown prints (tools/update_operators.sh mends it):"
  cat difference.txt
fi
exit $bad
