#!/usr/bin/env bash
# olstm weights gives back the arrays that make_models.py put in, in Keras' order.
. "$(dirname "$0")/expect.sh"
expect 0 weights "$data/keras_lstm/model.onnx" -o out
for name in kernel recurrent_kernel bias; do
  expect_same "out/lstm%2FLSTM.$name.npy" "$data/keras_lstm/$name.npy"
done
expect_line out.txt "out/lstm%2FLSTM.kernel.npy: float [3,120], gates i f c o (W, gates i o f c, transposed)"
expect_line out.txt "out/lstm%2FLSTM.bias.npy: float [120], gates i f c o (B, Wb + Rb, gates i o f c)"
# Layers that were a Loop, or one step after the other, have weights too.
expect 0 weights "$data/loops/lstm_masked.onnx" -o out
expect_line out.txt "out/Loop_8.kernel.npy: float [3,16], gates i f c o (W, gates i o f c, transposed)"
expect 0 inspect "$data/loops/chain_gru_keras.onnx" --weights
expect_line out.txt "weights GRU 'Add_110', forward: 4 units, input of 3"
expect_error 2 "weights: -o DIR is missing" weights "$data/keras_lstm/model.onnx"
expect_error 1 "the model has no LSTM, GRU or RNN node in its main graph" weights "$data/broken/unknown_operator.onnx" -o out
expect_error 1 "LSTM 'encoder': R has shape [1,16,5], which is none of 4 gates" weights "$data/broken/wrong_r_shape.onnx" -o out
exit $bad
