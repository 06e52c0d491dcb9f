#!/usr/bin/env bash
# olstm conform: lines, counts, exit codes, and cases that are broken in many ways.
. "$(dirname "$0")/expect.sh"
mkdir cases
cp -r "$data/keras_lstm" cases/good
cp -r "$data/keras_lstm" cases/wrong
cp -r "$data/keras_lstm" cases/no_model
rm cases/no_model/model.onnx
cp -r "$data/keras_lstm" cases/no_output
rm cases/no_output/test_data_set_0/output_0.pb
cp -r "$data/keras_lstm" cases/lfs
cp "$data/broken/lfs_pointer.onnx" cases/lfs/model.onnx
mkdir -p cases/no_data cases/unsupported/test_data_set_0
cp "$data/keras_lstm/model.onnx" cases/no_data
cp "$data/broken/unknown_operator.onnx" cases/unsupported/model.onnx
# The last float of the wrong case is another.
size=$(stat -c %s cases/wrong/test_data_set_0/output_0.pb)
printf '\100' | dd of=cases/wrong/test_data_set_0/output_0.pb bs=1 seek=$((size - 1)) conv=notrunc 2>/dev/null

expect 1 conform --json results.json cases
expect_line out.txt "PASS good"
expect_line out.txt "FAIL no_model: no model.onnx"
expect_line out.txt "FAIL no_data: no test_data_set_0"
expect_line out.txt "FAIL no_output: the model has 1 outputs, the data set 0"
expect_line out.txt "SKIP unsupported: Erfc 'encoder': no operator 'Erfc' in domain 'ai.onnx'"
grep -q "^FAIL wrong: output 'dense': 1 of 32 elements differ, most at \[31,0\]: expected " out.txt || complain "$(cat out.txt)"
grep -q "^FAIL lfs: not an ONNX model: it is a Git LFS pointer" out.txt || complain "$(cat out.txt)"
[ "$(tail -n 1 out.txt)" = "1 passed, 5 failed, 1 skipped" ] || complain "$(tail -n 1 out.txt)"
[ ! -s err.txt ] || complain "conform writes to stderr: $(cat err.txt)"
grep -q '"passed": 1, "failed": 5, "skipped": 1}' results.json || complain "$(cat results.json)"

# Reports.
expect 1 conform --json results.json --junit results.xml --markdown results.md cases
grep -q '"name": "good", "result": "PASS", "reason": "", "seconds": [0-9.e-]*, "data_sets": 1, "absolute_error": [0-9.e-]*, "relative_error": ' results.json ||
  complain "$(cat results.json)"
grep -q '^<testsuite name="olstm conform" tests="7" failures="5" errors="0" skipped="1" time="' results.xml || complain "$(cat results.xml)"
grep -q '<testcase classname="olstm.conform" name="no_data" time="[0-9.]*"><failure message="no test_data_set_0"/></testcase>' results.xml ||
  complain "$(cat results.xml)"
grep -q 'SKIP\|<skipped message="Erfc &#39;encoder&#39;: no operator &#39;Erfc&#39;' results.xml || complain "$(cat results.xml)"
grep -q '^1 passed, 5 failed, 1 skipped by olstm ' results.md || complain "$(cat results.md)"
grep -q '^| no_model | FAIL | no model.onnx |$' results.md || complain "$(cat results.md)"
grep -q '^| good ' results.md && complain "a passed case in the table: $(cat results.md)"
if command -v python3 >/dev/null; then
  python3 -c 'import json, xml.dom.minidom as x; json.load(open("results.json")); x.parse("results.xml")' || complain "reports that do not parse"
fi
expect_error 1 "cannot write 'nix/x.xml': No such file or directory" conform --junit nix/x.xml cases

# A case by itself, with a slash at the end or not; folders of folders; filters; strictness.
expect 0 conform cases/good
expect_line out.txt "PASS good"
expect 0 conform cases/good/
expect_line out.txt "PASS good"
expect 0 conform --filter 'g*d' .
[ "$(tail -n 1 out.txt)" = "1 passed, 0 failed, 0 skipped" ] || complain "$(tail -n 1 out.txt)"
expect_error 1 "no case matches 'x*'" conform --filter 'x*' cases
# Filters and exclusions add up.
expect 1 conform --filter good --filter 'no_*' cases
[ "$(tail -n 1 out.txt)" = "1 passed, 3 failed, 0 skipped" ] || complain "$(cat out.txt)"
expect 0 conform --exclude 'no_*' --exclude wrong --exclude lfs cases
[ "$(tail -n 1 out.txt)" = "1 passed, 0 failed, 1 skipped" ] || complain "$(cat out.txt)"
expect 0 conform --filter good --filter 'no_*' --exclude '*_*' cases
[ "$(tail -n 1 out.txt)" = "1 passed, 0 failed, 0 skipped" ] || complain "$(cat out.txt)"
expect_error 1 "--filter and --exclude leave no case" conform --exclude '*' cases

# A plugin that is not there is one error, not one a case.
"$olstm" conform --plugin ./nix.so cases >out.txt 2>err.txt && complain "a plugin that there is not, exit 0"
[ ! -s out.txt ] && [ "$(wc -l < err.txt)" -eq 1 ] && grep -q "nix.so" err.txt || complain "$(cat out.txt err.txt)"

# A report that cannot be written.
if [ -w /dev/full ]; then
  expect 1 conform --json /dev/full cases/good
  [ "$(cat err.txt)" = "olstm: cannot write '/dev/full'" ] || complain "$(cat err.txt)"
fi

# Cases that ONNX got wrong are known by their data, not by their name alone.
cp -r cases/wrong test_dft_inverse
expect 1 conform test_dft_inverse
grep -q '^FAIL test_dft_inverse: ' out.txt || complain "$(cat out.txt)"

expect 0 conform cases/unsupported
expect 1 conform --strict cases/unsupported

# A tolerance that lets nothing pass, and one that lets all pass.
expect 1 conform --rtol 0 --atol 0 cases/good
expect 0 conform --rtol 1e9 cases/wrong
exit $bad
