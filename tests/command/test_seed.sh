#!/usr/bin/env bash
# Random operators: runs with a seed repeat, others do not; and conform has no verdict on them.
. "$(dirname "$0")/expect.sh"
"$write_model" random.onnx <<'TEXT'
node RandomNormal -> y shape=[8]
output y
TEXT
draw() { expect 0 run random.onnx -o "$1" "${@:2}"; }
draw a
draw b
! cmp -s a/y.npy b/y.npy || complain "two runs without a seed draw the same"
draw a --seed 5
draw b --seed 5
expect_same a/y.npy b/y.npy
draw b --seed 6
! cmp -s a/y.npy b/y.npy || complain "another seed, the same numbers"
expect 2 run random.onnx --seed -1
mkdir -p case/test_data_set_0
cp random.onnx case/model.onnx
draw case/test_data_set_0 --format pb
mv case/test_data_set_0/y.pb case/test_data_set_0/output_0.pb
expect 0 conform case
expect_line out.txt "SKIP case: RandomNormal 'y' draws random numbers: there is no answer to compare with"
exit $bad
