#!/usr/bin/env bash
# Inputs from files of many kinds: other dtypes with --cast, arrays of .npz, and what is refused by what it is.
. "$(dirname "$0")/expect.sh"
cp "$data"/broken/small_lstm.onnx "$data"/broken/x_*.npy "$data"/npz/*.npz .
expect 0 run small_lstm.onnx -i X=x_2x1x3.npy -o plain

# dtypes.
expect_error 1 "input 'X' has dtype double, expected float: --cast converts it" run small_lstm.onnx -i X=x_double.npy
expect 0 run small_lstm.onnx -i X=x_double.npy --cast -o cast
expect 0 run small_lstm.onnx -i X=x_2x1x3.npy --cast -o cast
expect_same plain/Y.npy cast/Y.npy
make_model int.onnx "input I int64[2]" "node Neg I -> J" "output J int64[2]"
npy() { printf '\x93NUMPY\x01\x00v\x00%-117s\n' "{'descr': '$1', 'fortran_order': False, 'shape': $2, }"; }
{ npy '<i4' '(2,)'; printf '\1\0\0\0\377\377\377\377'; } > int32.npy
expect_error 1 "input 'I' has dtype int32, expected int64: --cast converts it" run int.onnx -i I=int32.npy
expect 0 run int.onnx -i I=int32.npy --cast
expect_line out.txt "  [-1, 1]"
{ npy '<f4' '(2,)'; printf '\0\0\0\0\0\0\0\077'; } > half.npy
expect_error 1 "input 'I': element 1 is 0.5, which int64 cannot hold" run int.onnx -i I=half.npy --cast
# State as well.
{ npy '<f8' '(1, 4)'; head -c 32 /dev/zero; } > h.npy
expect_error 1 "state slot 'encoder/h' has dtype double, expected float: --cast converts it" \
  run small_lstm.onnx -i X=x_2x1x3.npy --stateful all --set-state encoder/h=h.npy
expect 0 run small_lstm.onnx -i X=x_2x1x3.npy --stateful all --set-state encoder/h=h.npy --cast -o cast
expect_same plain/Y.npy cast/Y.npy

# Archives: the only array, one by name, the one called as the input, all by name.
for input in X=stored.npz X=stored.npz:X stored.npz; do
  expect 0 run small_lstm.onnx -i $input -o npz
  expect_same plain/Y.npy npz/Y.npy
done
expect_error 1 "'stored.npz' has no array 'Y': it has 'X'" run small_lstm.onnx -i X=stored.npz:Y
expect_error 1 "input 'X' is given twice" run small_lstm.onnx -i stored.npz -i X=x_2x1x3.npy
cp x_2x1x3.npy fake.npz
expect 0 run small_lstm.onnx -i X=fake.npz
expect_error 1 "'fake.npz' is no archive: it has no array 'X'" run small_lstm.onnx -i X=fake.npz:X
expect_error 1 "'fake.npz' is no .npz archive: -i NAME=FILE says whose it is" run small_lstm.onnx -i fake.npz
head -c 200 stored.npz > cut.npz
expect_error 1 "'cut.npz': the zip archive is damaged: it has no list of what is in it (is the file cut short?)" \
  run small_lstm.onnx -i X=cut.npz
if "$olstm" run small_lstm.onnx -i X=deflated.npz:X -o npz >out.txt 2>err.txt; then
  expect_same plain/Y.npy npz/Y.npy
  expect 0 run small_lstm.onnx -i X=deflated.npz -o npz
  expect_same plain/Y.npy npz/Y.npy
  expect_error 1 "'deflated.npz' has an array 'other', which is no input: the model takes 'X'" run small_lstm.onnx -i deflated.npz
else
  grep -q "was built without zlib: save it with numpy.savez" err.txt || complain "$(cat err.txt)"
fi

# What is no tensor is refused by what it is.
refused() { printf '%b' "$2" > no_tensor; expect_error 1 "'no_tensor': neither .npy nor .npz: not a TensorProto: it is $1" run small_lstm.onnx -i X=no_tensor; }
refused "an HDF5 file (Keras .h5? tf2onnx makes ONNX of such a model)" '\211HDF\r\n\032\n\0\0'
refused "a Python pickle" '\200\004\225\020\0'
refused "a PNG picture" '\211PNG\r\n\032\n'
refused "text" '1.0, 2.0\n3.0, 4.0\n'
refused "text (JSON)" '[1, 2]'
refused "empty" ''
expect_error 1 "'$source_dir/tests/data/keras_lstm/model.onnx': neither .npy nor .npz: not a TensorProto: it is an ONNX model" \
  run small_lstm.onnx -i "X=$source_dir/tests/data/keras_lstm/model.onnx"
{ npy '|O' '(1,)'; printf '\200\004.'; } > objects.npy
expect_error 1 "'objects.npy': dtype '|O' is none that olstm reads: it holds Python objects, not numbers" \
  run small_lstm.onnx -i X=objects.npy
exit $bad
