#!/usr/bin/env bash
# usage: check_faults.sh OLSTM FAULTY_PLUGIN OTHER_PLUGIN
# The matrix of conform names each fault of a plugin whose operators are olstm's but for it; what crashes, hangs or allocates
# without end is a result, and the cases behind it run.
set -u
olstm=$1
plugin=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
bad=0
complain() { echo "FAILED: $*"; bad=1; }

# make OPERATOR FEATURE...: each alone, and the pairs that end with it.
make() {
  local op=$1 filters=() feature
  shift
  for feature in forward reverse bidirectional "$@"; do filters+=(--filter "*_$feature"); done
  "$olstm" cases --op "$op" -o "$op" "${filters[@]}" >out.txt 2>&1 || complain "$(cat out.txt)"
}
make LSTM no_bias sequence_lens initial_h initial_c peepholes clip_all input_forget layout_1 alpha_and_beta_in_order y_alone
make GRU sequence_lens initial_h linear_before_reset layout_1

# judge FAULT FOLDER: the rows that are not right, as "feature state" lines.
judge() {
  OLSTM_FAULT=$1 "$olstm" conform --runtime "plugin:$plugin" --markdown matrix.md "$2" >out.txt 2>err.txt
  awk -F' *[|] *' '$2 == "operator" { on = 1 } on && $4 !~ /^(pass|open|---|plugin)/ { print $3, $4 }' matrix.md |
    sed 's, [0-9]*/[0-9]*$,,'
}

# expect FAULT FOLDER LINE...
expect() {
  local fault=$1 folder=$2 found
  shift 2
  found=$(judge "$fault" "$folder")
  [ "$found" = "$(printf '%s\n' "$@")" ] || complain "fault '$fault': the matrix says
$found
expected
$(printf '%s\n' "$@")"
}

for op in LSTM GRU; do
  [ -z "$(judge none "$op")" ] || complain "without a fault: $(judge none "$op")"
  tail -n 1 out.txt | grep -qE '^[0-9]+ passed, 0 failed, 0 skipped$' || complain "$(tail -n 1 out.txt)"
  grep -q "what a plugin prints" out.txt && complain "what a plugin prints is among the lines"
  grep -q "what a plugin prints" err.txt || complain "what a plugin prints is lost"
done
expect clip LSTM "clip_all wrong" "clip_some wrong"
expect sequence_lens LSTM "sequence_lens wrong" "sequence_lens_zero wrong" "sequence_lens_all_zero wrong"
expect reverse LSTM "sequence_lens wrong (reverse)" "sequence_lens_zero wrong (reverse)" "sequence_lens_all_zero wrong (reverse)"
expect peepholes LSTM "peepholes wrong"
expect y_h LSTM "bidirectional wrong"
expect layout LSTM "layout_1 wrong"
expect initial_c LSTM "initial_c wrong"
expect alpha LSTM "alpha_and_beta_in_order wrong" "alpha_for_some wrong"
expect input_forget LSTM "input_forget wrong"
expect linear_before_reset GRU "linear_before_reset wrong"

# limited FAULT LINE OPTION...: the first of two cases comes to LINE, a pattern, and so does the second.
limited() {
  local fault=$1 line=$2
  shift 2
  OLSTM_FAULT=$fault "$olstm" conform --runtime "plugin:$plugin" --filter lstm_forward --filter lstm_reverse "$@" LSTM >out.txt 2>err.txt &&
    complain "a plugin with the fault $fault: exit 0"
  [[ $(cat out.txt) =~ ^${line/NAME/lstm_forward}$'\n'${line/NAME/lstm_reverse}$'\n'"0 passed, 2 failed, 0 skipped"$ ]] ||
    complain "fault '$fault': $(cat out.txt)"
}
limited crash "CRASH NAME: (signal 11|exception 0xC0000005)"
limited hang "TIMEOUT NAME: no result within 1 s" --timeout 1
# Where the line of progress is shown, its timer interrupts the wait each second.
if command -v script >/dev/null && [[ $plugin == *.so ]]; then
  OLSTM_FAULT=hang timeout 60 script -qec "'$olstm' conform --runtime 'plugin:$plugin' --filter lstm_forward --timeout 2 LSTM >out.txt" /dev/null \
    </dev/null >err.txt 2>&1
  grep -qx "TIMEOUT lstm_forward: no result within 2 s" out.txt || complain "with a line of progress: $(cat out.txt err.txt)"
fi
# A sanitizer's malloc ends the process itself; on Windows abort exits, and conform ends what Wine lets grow.
limited allocate "CRASH NAME: (signal 6|its process exited with [13]|exception 0xC0000017)" --case-memory 300

# What the plugin has no operator for says nothing of it.
"$olstm" cases --op RNN -o RNN --filter rnn_forward >out.txt || complain "no case of RNN"
"$olstm" conform --runtime "plugin:$3" RNN >out.txt || complain "$(cat out.txt)"
grep -qx "SKIP rnn_forward: the plugin has no operator for any node (the first is RNN of opset 14)" out.txt || complain "$(cat out.txt)"
exit $bad
