#!/usr/bin/env bash
# olstm run: what it prints and writes.
. "$(dirname "$0")/expect.sh"
model=$data/keras_lstm/model.onnx
input=$data/keras_lstm/lstm_input.npy

expect 0 run "$model" -i "lstm_input=$input" -o out
expect_line out.txt "input lstm_input: float [32,10,3], min -0.999994, max 0.999586"
grep -q '^output dense: float \[32,1\], min -0\.9639.*, max 0\.9999' out.txt || complain "$(cat out.txt)"
expect_line out.txt "  written to out/dense.npy"

# .pb in and out gives the same bytes as .npy in and out.
expect 0 run "$model" -i "lstm_input=$data/keras_lstm/test_data_set_0/input_0.pb" -o out --format pb
tail -c 128 out/dense.npy > npy.bytes
tail -c 128 out/dense.pb > pb.bytes
expect_same npy.bytes pb.bytes

# Made-up inputs depend on the seed alone, and dimensions are 1 unless --dim says otherwise.
expect 0 run "$model" --random 7 --dim N=3 -o a
expect_line out.txt "input lstm_input: float [3,10,3], min -0.97118, max 0.969939"
expect 0 run "$model" --random 7 --dim lstm_input:0=3 -o b
expect_same a/dense.npy b/dense.npy
expect 0 run "$model" --random 8 --dim N=3 -o b
! cmp -s a/dense.npy b/dense.npy || complain "another seed, the same inputs"
expect 0 run "$model" --random 7
grep -q 'float \[1,10,3\]' out.txt || complain "a dimension is not 1 by default"

# Threads, repetition and fusion change nothing.
for options in "--threads 2" "--repeat 3" "--no-fuse" "--broadcast-state"; do
  # shellcheck disable=SC2086
  expect 0 run "$model" --random 7 --dim N=3 -o b $options
  expect_same a/dense.npy b/dense.npy
done

# A picture.
expect 0 run "$model" -i "lstm_input=$input" --plot picture.svg --plot-output dense
expect_line out.txt "  drawn in picture.svg"
[ "$(grep -c '<path ' picture.svg)" -eq 1 ] || complain "no line in the picture: $(cat picture.svg)"
if command -v python3 >/dev/null; then
  python3 -c 'import xml.dom.minidom as x; x.parse("picture.svg")' || complain "the picture is no XML"
fi
expect_error 2 "run: --plot-output without --plot" run "$model" --plot-output dense
expect 1 run "$model" --random 1 --plot picture.svg --plot-output nix
[ "$(cat err.txt)" = "olstm: no output 'nix' to plot" ] || complain "$(cat err.txt)"
exit $bad
