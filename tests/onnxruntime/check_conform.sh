#!/usr/bin/env bash
# usage: check_conform.sh OLSTM LIBRARY VERSION PROVIDER
# olstm conform with an ONNX Runtime: what it has passes, what it does not have is refused, and a provider out of a library is judged
# by itself.
set -u
olstm=$1
library=$2
version=$3
provider=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
bad=0
complain() { echo "FAILED: $*"; bad=1; }
expect_line() { grep -qxF -- "$2" "$1" || complain "$1 lacks '$2'; it is: $(cat "$1")"; }

"$olstm" cases --op LSTM -o cases --filter 'lstm_*_sequence_lens' --filter 'lstm_forward' --filter 'lstm_forward_float16' \
  --filter 'lstm_forward_layout_1' --filter lstm_forward_y_h_alone --filter lstm_forward_double >out.txt || complain "$(cat out.txt)"
"$olstm" conform --runtime "$library" --json report.json --markdown report.md cases >out.txt 2>err.txt || complain "$(cat out.txt err.txt)"
for name in forward forward_sequence_lens reverse_sequence_lens bidirectional_sequence_lens forward_y_h_alone forward_float16; do
  expect_line out.txt "PASS lstm_$name"
done
grep -q '^SKIP lstm_forward_layout_1: .*layout == 1. are not supported' out.txt || complain "$(cat out.txt)"
grep -q '^SKIP lstm_forward_double: .*does not support double' out.txt || complain "$(cat out.txt)"
expect_line report.md "| operator | feature | ONNX Runtime $version |"
expect_line report.md "| LSTM | layout_1 | refused (forward) 0/1 |"
grep -q "\"runtime\": \"ONNX Runtime\", \"version\": \"$version\"" report.json || complain "$(cat report.json)"

# Its provider takes what the CPU provider does not, and nothing but recurrent layers and what stands around them.
if [ "$(printf '%s\n' 1.23 "$version" | sort -V | head -n 1)" = 1.23 ]; then
  "$olstm" conform --runtime "$library" --ep "$provider" --markdown report.md cases >out.txt 2>err.txt || complain "$(cat out.txt err.txt)"
  tail -n 1 out.txt | grep -qx '11 passed, 0 failed, 0 skipped' || complain "$(cat out.txt)"
  expect_line report.md "| operator | feature | ONNX Runtime with OlstmExecutionProvider $version |"
else
  "$olstm" conform --runtime "$library" --ep "$provider" cases >out.txt 2>err.txt && complain "a provider for $version"
  [ "$(tail -n 1 err.txt)" = "olstm: ONNX Runtime $version: --ep needs 1.22 or later" ] || complain "$(cat err.txt)"
fi

# Of ONNX's node tests: what is drawn has no answer, and sequences are no tensors.
nodes=/usr/share/libonnx-testdata/data/node
if [ -d "$nodes" ]; then
  "$olstm" conform --runtime "$library" --filter test_bernoulli_seed --filter test_sequence_insert_at_back --filter test_abs "$nodes" \
    >out.txt 2>err.txt || complain "$(cat out.txt err.txt)"
  expect_line out.txt "PASS test_abs"
  expect_line out.txt "SKIP test_sequence_insert_at_back: 'sequence' is no tensor: conform compares tensors alone"
  grep -q "^SKIP test_bernoulli_seed: Bernoulli '.*' draws random numbers: there is no answer to compare with$" out.txt || complain "$(cat out.txt)"
fi

# Any other library is none, and says so once.
"$olstm" conform --runtime "$provider" cases >out.txt 2>err.txt && complain "any library is an ONNX Runtime"
[ "$(cat out.txt err.txt)" = "olstm: '$provider' is no ONNX Runtime: it has no OrtGetApiBase" ] || complain "$(cat out.txt err.txt)"
exit $bad
