#!/usr/bin/env bash
# usage: check_kernel.sh OLSTM NODE_TESTS KERNEL
# The recurrent operators' node tests with one kernel forced. What a kernel cannot do is a SKIP; the reference does all.
set -euo pipefail
if [ ! -d "$2" ]; then
  echo "conformance: skipped, there is no $2 (libonnx-testdata)"
  exit 77
fi
strict=()
[ "$3" != reference ] || strict=(--strict)
for cases in 'test_lstm_*' 'test_gru_*' 'test_*rnn_*'; do
  "$1" conform --kernel "$3" "${strict[@]}" --filter "$cases" "$2"
done
