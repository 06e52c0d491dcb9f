#!/usr/bin/env python3
"""Makes the models of tests/data. Needs Debian's python3-onnx and python3-numpy.

usage: make_models.py [FOLDER]      (default: this script's folder)

keras_lstm/ is what tf2onnx makes of
    model = keras.Sequential([keras.Input((10, 3)), LSTM(30), Dense(1)])
trained (below, in NumPy) to tell the next value of a sine from the last ten of it and of two more signals. The other
models are broken each in its own way: what olstm says of them is checked word by word.
"""
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

UNITS, STEPS, FEATURES = 30, 10, 3


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


class KerasLSTM:
    """LSTM(UNITS) and Dense(1) as Keras has them: gates i f c o, kernel (I,4H), recurrent_kernel (H,4H), bias (4H)."""

    def __init__(self, rng):
        glorot = np.sqrt(6.0 / (FEATURES + 4 * UNITS))
        orthogonal = np.linalg.qr(rng.standard_normal((4 * UNITS, UNITS)))[0].T
        bias = np.zeros(4 * UNITS)
        bias[UNITS:2 * UNITS] = 1.0
        self.weights = [rng.uniform(-glorot, glorot, (FEATURES, 4 * UNITS)), orthogonal, bias,
                        rng.uniform(-0.4, 0.4, (UNITS, 1)), np.zeros(1)]

    def run(self, x, keep=None):
        kernel, recurrent, bias, dense, dense_bias = self.weights
        h = np.zeros((x.shape[0], UNITS))
        c = np.zeros_like(h)
        for t in range(x.shape[1]):
            z = x[:, t] @ kernel + h @ recurrent + bias
            i, f, o = (sigmoid(z[:, k * UNITS:(k + 1) * UNITS]) for k in (0, 1, 3))
            g = np.tanh(z[:, 2 * UNITS:3 * UNITS])
            previous = (h, c)
            c = f * c + i * g
            h = o * np.tanh(c)
            if keep is not None:
                keep.append((previous, i, f, g, o, c))
        if keep is not None:
            keep.append(h)
        return h @ dense + dense_bias

    def gradients(self, x, y):
        """Of the mean squared error, by backpropagation through time."""
        kernel, recurrent, _, dense, _ = self.weights
        keep = []
        d_out = 2.0 * (self.run(x, keep) - y) / len(x)
        h_last = keep.pop()
        grads = [np.zeros_like(w) for w in self.weights]
        grads[3], grads[4] = h_last.T @ d_out, d_out.sum(0)
        dh, dc = d_out @ dense.T, 0.0
        for t in reversed(range(x.shape[1])):
            (h0, c0), i, f, g, o, c = keep[t]
            tanh_c = np.tanh(c)
            dc = dc + dh * o * (1 - tanh_c ** 2)
            dz = np.concatenate([dc * g * i * (1 - i), dc * c0 * f * (1 - f), dc * i * (1 - g ** 2),
                                 dh * tanh_c * o * (1 - o)], axis=1)
            grads[0] += x[:, t].T @ dz
            grads[1] += h0.T @ dz
            grads[2] += dz.sum(0)
            dh, dc = dz @ recurrent.T, dc * f
        return grads

    def fit(self, rng, rounds):
        """Adam, with Keras' default settings but for a larger learning rate that falls."""
        m = [np.zeros_like(w) for w in self.weights]
        v = [np.zeros_like(w) for w in self.weights]
        for k in range(1, rounds + 1):
            x, y = make_series(rng, 64)
            rate = 0.01 * (1.0 - k / (rounds + 1))
            for w, g, a, b in zip(self.weights, self.gradients(x, y), m, v):
                a += 0.1 * (g - a)
                b += 0.001 * (g * g - b)
                w -= rate * (a / (1 - 0.9 ** k)) / (np.sqrt(b / (1 - 0.999 ** k)) + 1e-7)


def make_series(rng, count):
    """A sine of some frequency and phase, its cosine at half amplitude, and noise; and the sine's next value."""
    frequency = rng.uniform(0.2, 0.9, (count, 1))
    phase = rng.uniform(0, 2 * np.pi, (count, 1))
    t = np.arange(STEPS + 1)
    sine = np.sin(frequency * t + phase)
    x = np.stack([sine[:, :STEPS], 0.5 * np.cos(frequency * t + phase)[:, :STEPS],
                  0.1 * rng.standard_normal((count, STEPS))], axis=2)
    return x, sine[:, STEPS:]


def keras_to_onnx(kernel, recurrent, bias):
    """W [1,4H,I], R [1,4H,H], B [1,8H]: gates from i f c o to i o f c."""
    order = np.concatenate([np.arange(k * UNITS, (k + 1) * UNITS) for k in (0, 3, 1, 2)])
    return (kernel[:, order].T[None], recurrent[:, order].T[None],
            np.concatenate([bias[order], np.zeros_like(bias)])[None])


def keras_graph(weights):
    kernel, recurrent, bias, dense, dense_bias = weights
    w, r, b = keras_to_onnx(kernel, recurrent, bias)

    def constant(name, value, dtype):
        return numpy_helper.from_array(np.asarray(value, dtype), name)

    initializers = [
        constant("W0", w, np.float32), constant("R0", r, np.float32), constant("B0", b, np.float32),
        constant("dense/kernel", dense, np.float32), constant("dense/bias", dense_bias, np.float32),
        constant("zero", 0.0, np.float32), constant("units", [UNITS], np.int32),
        constant("zero_1", [0], np.int64), constant("one_1", [1], np.int64), constant("minus_one_1", [-1], np.int64),
        constant("int32_max_1", [2 ** 31 - 1], np.int64)]
    node = helper.make_node
    nodes = [
        node("Transpose", ["lstm_input"], ["x_t"], "lstm/transpose", perm=[1, 0, 2]),
        node("Shape", ["lstm_input"], ["shape"], "lstm/Shape"),
        node("Cast", ["shape"], ["shape_i"], "lstm/Shape__1", to=TensorProto.INT32),
        node("Slice", ["shape_i", "zero_1", "one_1", "zero_1"], ["batch"], "lstm/strided_slice"),
        node("Concat", ["batch", "units"], ["state_shape_i"], "lstm/zeros/packed", axis=0),
        node("Cast", ["state_shape_i"], ["state_shape"], "lstm/zeros/packed__2", to=TensorProto.INT64),
        node("Expand", ["zero", "state_shape"], ["zeros"], "lstm/zeros"),
        node("Unsqueeze", ["zeros", "zero_1"], ["state"], "lstm/zeros__3"),
        node("LSTM", ["x_t", "W0", "R0", "B0", "", "state", "state"], ["Y", "Y_h", "Y_c"], "lstm/LSTM",
             activations=["Sigmoid", "Tanh", "Tanh"], direction="forward", hidden_size=UNITS),
        node("Squeeze", ["Y", "one_1"], ["y"], "lstm/LSTM__4"),
        node("Slice", ["y", "minus_one_1", "int32_max_1", "zero_1"], ["y_last"], "lstm/strided_slice_2"),
        node("Squeeze", ["y_last", "zero_1"], ["h"], "lstm/strided_slice_2__5"),
        node("MatMul", ["h", "dense/kernel"], ["product"], "dense/MatMul"),
        node("Add", ["product", "dense/bias"], ["dense"], "dense/BiasAdd")]
    return helper.make_graph(
        nodes, "lstm_next_value", [helper.make_tensor_value_info("lstm_input", TensorProto.FLOAT, ["N", STEPS, FEATURES])],
        [helper.make_tensor_value_info("dense", TensorProto.FLOAT, ["N", 1])], initializers)


def save(model, *path):
    model.ir_version = 8
    model.producer_name = "make_models.py"
    file = os.path.join(*path)
    os.makedirs(os.path.dirname(file), exist_ok=True)
    with open(file, "wb") as out:
        out.write(model.SerializeToString())
    return file


def make_model(graph, opset=13):
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


def write_tensor(array, name, *path):
    with open(os.path.join(*path), "wb") as out:
        out.write(numpy_helper.from_array(array, name).SerializeToString())


def make_keras_lstm(folder):
    rng = np.random.default_rng(1997)
    layers = KerasLSTM(rng)
    layers.fit(rng, 3000)
    weights = [w.astype(np.float32) for w in layers.weights]
    model = make_model(keras_graph(weights))
    onnx.checker.check_model(model)
    save(model, folder, "model.onnx")
    x, y = (a.astype(np.float32) for a in make_series(rng, 32))
    layers.weights = [w.astype(np.float64) for w in weights]
    prediction = layers.run(x.astype(np.float64)).astype(np.float32)
    print(f"keras_lstm: off by {np.sqrt(np.mean((prediction - y) ** 2)):.4f} (root mean square)")
    for name, weight in zip(("kernel", "recurrent_kernel", "bias"), weights):
        np.save(os.path.join(folder, name + ".npy"), np.ascontiguousarray(weight))
    np.save(os.path.join(folder, "lstm_input.npy"), x)
    np.save(os.path.join(folder, "next_value.npy"), y)
    data = os.path.join(folder, "test_data_set_0")
    os.makedirs(data, exist_ok=True)
    write_tensor(x, "lstm_input", data, "input_0.pb")
    write_tensor(prediction, "dense", data, "output_0.pb")


def small_lstm(hidden_size, r_shape, op_type="LSTM", **attributes):
    """One LSTM node with T=2, N=1, I=3."""
    rng = np.random.default_rng(7)
    w = rng.uniform(-1, 1, (1, 16, 3)).astype(np.float32)
    r = rng.uniform(-1, 1, r_shape).astype(np.float32)
    node = helper.make_node(op_type, ["X", "W", "R"], ["Y"], "encoder", hidden_size=hidden_size, **attributes)
    return make_model(helper.make_graph(
        [node], "small", [helper.make_tensor_value_info("X", TensorProto.FLOAT, [2, "N", 3])],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(w, "W"), numpy_helper.from_array(r, "R")]), 14)


def make_broken(folder):
    good = save(small_lstm(4, (1, 16, 4)), folder, "small_lstm.onnx")
    with open(good, "rb") as file:
        content = file.read()
    with open(os.path.join(folder, "truncated.onnx"), "wb") as file:
        file.write(content[:-100])
    save(small_lstm(4, (1, 16, 5)), folder, "wrong_r_shape.onnx")
    save(small_lstm(4, (1, 16, 4), op_type="Erfc"), folder, "unknown_operator.onnx")
    save(small_lstm(4, (1, 16, 4), activations=["Sigmoid", "Swish", "Tanh"]), folder, "unknown_activation.onnx")
    save(small_lstm(4, (1, 16, 4), color=3), folder, "unknown_attribute.onnx")
    with open(os.path.join(folder, "lfs_pointer.onnx"), "w", encoding="ascii") as file:
        file.write("version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 1234\n")
    np.save(os.path.join(folder, "x_2x1x3.npy"), np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 1, 3))
    np.save(os.path.join(folder, "x_2x1x4.npy"), np.zeros((2, 1, 4), np.float32))
    np.save(os.path.join(folder, "x_double.npy"), np.zeros((2, 1, 3)))


def make_archives(folder):
    """small_lstm.onnx's input as numpy.savez writes it, alone and beside another array."""
    os.makedirs(folder, exist_ok=True)
    x = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 1, 3)
    np.savez(os.path.join(folder, "stored.npz"), X=x)
    np.savez_compressed(os.path.join(folder, "deflated.npz"), X=x, other=np.zeros((40, 40)))


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    make_keras_lstm(os.path.join(folder, "keras_lstm"))
    make_broken(os.path.join(folder, "broken"))
    make_archives(os.path.join(folder, "npz"))


main()
