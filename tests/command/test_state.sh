#!/usr/bin/env bash
# State through files: a sequence in two chunks gives what it gives in one run.
. "$(dirname "$0")/expect.sh"
model=$data/broken/small_lstm.onnx
input=$data/broken/x_2x1x3.npy

# The model runs two steps at a time; the same two, twice.
expect 0 run "$model" -i "X=$input" --stateful all --repeat 2 -o whole
expect 0 run "$model" -i "X=$input" --stateful all --save-state one.bin -o first
expect_line out.txt "$(grep '^state encoder/h: float \[1,1,4\]' out.txt)"
expect 0 run "$model" -i "X=$input" --stateful encoder --load-state one.bin --save-state two.bin -o second
expect_same whole/Y.npy second/Y.npy
! cmp -s first/Y.npy second/Y.npy || complain "the state had no effect"
! cmp -s one.bin two.bin || complain "the saved state did not change"

# Reset goes back to the start, after loading.
expect 0 run "$model" -i "X=$input" --stateful all --load-state one.bin --reset -o again
expect_same first/Y.npy again/Y.npy

# A slot set from a file; [N,H] is taken for [1,N,H]. Y is [T,D,N,H]: its last 4 floats are h.
make_npy() { printf '\x93NUMPY\x01\x00\x76\x00%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': $1, }"; cat; }
tail -c 16 first/Y.npy | make_npy '(1, 4)' > h.npy
tail -c 8 first/Y.npy | make_npy '(1, 2)' > h_short.npy
expect 0 run "$model" -i "X=$input" --stateful all --load-state one.bin --set-state encoder/h=h.npy -o third
expect_same third/Y.npy second/Y.npy
expect 1 run "$model" -i "X=$input" --stateful all --load-state one.bin --set-state encoder/h=h_short.npy
grep -q '1,2\]' err.txt && grep -q '\[1,1,4\]' err.txt || complain "a wrong shape is not named: $(cat err.txt)"

# Damaged and foreign blobs are refused.
head -c 20 one.bin > cut.bin
expect 1 run "$model" -i "X=$input" --stateful all --load-state cut.bin
expect 1 run "$data/keras_lstm/model.onnx" --random 1 --stateful all --load-state one.bin
exit $bad
