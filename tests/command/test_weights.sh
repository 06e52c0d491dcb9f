#!/usr/bin/env bash
# olstm weights gives back the arrays that make_models.py put in, in Keras' order.
. "$(dirname "$0")/expect.sh"
expect 0 weights "$data/keras_lstm/model.onnx" -o out
for name in kernel recurrent_kernel bias; do
  expect_same "out/lstm_LSTM.$name.npy" "$data/keras_lstm/$name.npy"
done
expect_line out.txt "out/lstm_LSTM.kernel.npy: float [3,120], gates i f c o (W, gates i o f c, transposed)"
expect_line out.txt "out/lstm_LSTM.bias.npy: float [120], gates i f c o (B, Wb + Rb, gates i o f c)"
expect_error 2 "weights: -o DIR is missing" weights "$data/keras_lstm/model.onnx"
expect_error 1 "the model has no LSTM, GRU or RNN node in its main graph" weights "$data/broken/unknown_operator.onnx" -o out
expect_error 1 "LSTM 'encoder': R has shape [1,16,5], which is none of 4 gates" weights "$data/broken/wrong_r_shape.onnx" -o out
exit $bad
