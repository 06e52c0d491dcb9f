#!/usr/bin/env bash
# olstm conform: filters by operator, options that do not go together, and --compare of reports.
. "$(dirname "$0")/expect.sh"
expect 0 cases --op LSTM -o cases --filter lstm_forward --filter lstm_forward_layout_1
expect 0 cases --op GRU -o cases --filter gru_forward
expect_error 1 "--filter leaves no case of RNN" cases --op RNN -o cases --filter 'gru*'

# Operators of a case's model.
expect 0 conform --op GRU cases
[ "$(cat out.txt)" = "PASS gru_forward
1 passed, 0 failed, 0 skipped" ] || complain "$(cat out.txt)"
expect 0 conform --op GRU --op LSTM --filter '*forward' cases
expect_line out.txt "2 passed, 0 failed, 0 skipped"
expect_error 1 "--op, --filter and --exclude leave no case" conform --op Conv cases

expect_error 2 "conform: --ep goes with --runtime and an ONNX Runtime library" conform --ep x.so cases
expect_error 2 "conform: --ep goes with --runtime and an ONNX Runtime library" conform --runtime olstm --ep x.so cases
expect_error 2 "conform: of olstm's options, other runtimes take --threads alone" conform --runtime python:x --kernel native cases
expect_error 2 "conform: --runtime is olstm, an ONNX Runtime library's path, plugin:FILE or python:MODULE, not 'plugin:'" conform --runtime plugin: cases
expect_error 2 "conform: --runtime is olstm, an ONNX Runtime library's path, plugin:FILE or python:MODULE, not ''" conform --runtime '' cases
expect 1 conform --runtime ./nix.so cases
grep -q "^olstm: --runtime './nix.so': " err.txt || complain "$(cat err.txt)"
expect 1 conform --runtime plugin:./nix.so cases
[ ! -s out.txt ] && [ "$(wc -l <err.txt)" -eq 1 ] && grep -q nix.so err.txt || complain "$(cat out.txt err.txt)"

# report FILE NAME=KIND...: a report as conform writes it.
report() {
  local file=$1 pair
  shift
  printf '{"runtime": "r", "version": "%s", "cases": [' "$file" >"$file"
  for pair in "$@"; do
    printf '{"name": "%s", "result": "x", "reason": "because", "kind": "%s", "operator": "LSTM"}' "${pair%=*}" "${pair#*=}"
    [ "$pair" = "${!#}" ] || printf ', '
  done >>"$file"
  printf ']}\n' >>"$file"
}
report a lstm_forward=pass b=wrong c=refused d=crash e=error f=pass g=open
report b lstm_forward=pass b=refused c=wrong d=timeout e=error g=crash h=pass
expect 1 conform --compare a b --markdown joint.md --json joint.json
[ "$(cat out.txt)" = "r a -> r b:
BETTER b: wrong -> refused: because
WORSE c: refused -> wrong: because
OTHER d: crash -> timeout: because
REMOVED f: pass: because
WORSE g: open -> crash: because
ADDED h: pass: because
1 better, 2 worse, 1 other, 1 added, 1 removed, 2 the same" ] || complain "$(cat out.txt)"
expect_line joint.md "| operator | feature | r a | r b |"
expect_line joint.md "| LSTM | forward | pass | pass |"
expect_line joint.md "| LSTM |  | partly 1/5 crash | partly 1/6 crash |"
expect 0 conform --compare a a
expect_line out.txt "0 better, 0 worse, 0 other, 0 added, 0 removed, 7 the same"
report better lstm_forward=pass b=pass c=pass d=pass e=pass f=pass g=open
expect 0 conform --compare a better
# The first beside each of the others; a report of several runtimes beside one of as many.
expect 1 conform --compare a better b
grep -c -- '->.*:$' out.txt | grep -qx 2 || complain "$(cat out.txt)"
expect 0 conform --compare joint.json joint.json
# What olstm itself writes; reports without kinds are those of older versions.
expect 0 conform --json own.json cases
sed 's/"kind": "[a-z]*", //g' own.json >old.json
expect 0 conform --compare old.json own.json
expect_line out.txt "0 better, 0 worse, 0 other, 0 added, 0 removed, 3 the same"

expect_error 2 "conform: --compare takes two files" conform --compare a
expect_error 2 "conform: --compare takes no runtimes and no filters" conform --compare --op LSTM a b
# Of another number of runtimes, those of the same name are compared.
expect 1 conform --compare a joint.json
grep -c '^r a -> r [ab]:$' out.txt | grep -qx 2 || complain "$(cat out.txt)"
expect 0 conform --compare own.json joint.json --markdown all.md
[ "$(cat out.txt)" = "r a: not in the first report
r b: not in the first report" ] || complain "$(cat out.txt)"
grep -q "^| operator | feature | olstm .* | r a | r b |$" all.md || complain "$(cat all.md)"
echo '{"runtime": "r", "cases": [{"name": "x", "kind": "fine"}]}' >no_report
expect_error 1 "'no_report' is no report that conform --json wrote" conform --compare no_report a
echo '{"runtime": }' >no_json
expect_error 1 "'no_json': no JSON: no value at byte 12" conform --compare a no_json
expect_error 1 "cannot write 'nix/x.html': No such file or directory" conform --html nix/x.html cases
exit $bad
