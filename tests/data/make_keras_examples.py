#!/usr/bin/python3
"""Writes tests/data/keras_examples/: five Keras models as tf2onnx exports them, with inputs and what Keras' own equations give.

a  LSTM(30), constant initial state tiled over a batch of 32, Dense(1)
b  LSTM(8) on (1,10,1): initial_state=[h_0,c_0] as inputs (b_inputs), and stateful, frozen into the file (b_stateful)
c  two LSTM(8) with return_sequences, TimeDistributed(Dense(2, softmax)), batch 10, 96 steps
d  return_sequences and return_state: y, h and c of two layers
e  Masking(0.), LSTM(16), Dense(2), sigmoid, by way of the Loop that a mask becomes

Each folder: model.onnx, and tensors as .pb, named as graph inputs and outputs are, with a step's number where there are several.
"""
import os

import numpy as np
from onnx import TensorProto as P, helper, numpy_helper

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "keras_examples")
RANDOM = np.random.default_rng(2024)


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


class Layer:
    """A Keras LSTM layer: weights in Keras' order, gates i f c o, and its equations."""

    def __init__(self, inputs, units):
        limit = 1 / np.sqrt(units)
        self.units = units
        self.kernel, self.recurrent, self.bias = (RANDOM.uniform(-limit, limit, s).astype("f4").astype("f8") for s in (
            (inputs, 4 * units), (units, 4 * units), (4 * units,)))

    def run(self, x, h, c, mask=None):
        """x [N,T,I] to y [N,T,H], h, c. A masked step carries the state over and repeats the output (zeros at first)."""
        y, last = [], np.zeros((x.shape[0], self.units))
        for t in range(x.shape[1]):
            i, f, g, o = np.split(x[:, t] @ self.kernel + h @ self.recurrent + self.bias, 4, axis=1)
            new_c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            new_h = sigmoid(o) * np.tanh(new_c)
            keep = np.ones((x.shape[0], 1), bool) if mask is None else mask[:, t:t + 1]
            h, c, last = np.where(keep, new_h, h), np.where(keep, new_c, c), np.where(keep, new_h, last)
            y.append(last)
        return np.stack(y, 1), h, c

    def onnx(self, prefix):
        """W, R, B as tf2onnx writes them: gates i o f c, the recurrent half of B zero."""
        order = lambda a: np.concatenate([np.split(a, 4, axis=-1)[k] for k in (0, 3, 1, 2)], axis=-1)
        values = {"W": order(self.kernel).T[None], "R": order(self.recurrent).T[None],
                  "B": np.concatenate([order(self.bias), np.zeros(4 * self.units)])[None]}
        return [numpy_helper.from_array(v.astype("f4"), prefix + k) for k, v in values.items()]


def dense(inputs, units):
    return RANDOM.uniform(-0.7, 0.7, (inputs, units)).astype("f4").astype("f8"), RANDOM.uniform(-0.3, 0.3, units).astype("f4").astype("f8")


def const(name, value, dtype):
    return numpy_helper.from_array(np.asarray(value, dtype), name)


def lstm_node(name, x, states, outputs, units, prefix):
    return helper.make_node("LSTM", [x, prefix + "W", prefix + "R", prefix + "B", "", *states], outputs, name=name, hidden_size=units,
                            direction="forward", activations=["Sigmoid", "Tanh", "Tanh"])


def value(name, shape, kind=P.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def save(folder, nodes, inputs, outputs, initializers, tensors):
    path = os.path.join(OUT, folder)
    os.makedirs(path, exist_ok=True)
    graph = helper.make_graph(nodes, folder, inputs, outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="make_keras_examples", ir_version=8)
    with open(os.path.join(path, "model.onnx"), "wb") as file:
        file.write(model.SerializeToString(deterministic=True))
    for name, array in tensors.items():
        with open(os.path.join(path, name + ".pb"), "wb") as file:
            file.write(numpy_helper.from_array(np.asarray(array, "f4"), name).SerializeToString())


AXES = [const("axis0", [0], np.int64), const("axis1", [1], np.int64), const("minus1", [-1], np.int64),
        const("last", [2147483647], np.int64)]


def last_step(y, out):
    return [helper.make_node("Squeeze", [y, "axis1"], ["steps"]), helper.make_node("Slice", ["steps", "minus1", "last", "axis0"], ["tail"]),
            helper.make_node("Squeeze", ["tail", "axis0"], [out])]


def sequences(y, out):
    return [helper.make_node("Squeeze", [y, "axis1"], [out + "_steps"]), helper.make_node("Transpose", [out + "_steps"], [out], perm=[1, 0, 2])]


def time_major(x, out):
    return helper.make_node("Transpose", [x], [out], perm=[1, 0, 2])


def example_a():
    layer, (k, b) = Layer(3, 30), dense(30, 1)
    h0, c0 = (np.tile(RANDOM.uniform(-0.5, 0.5, (1, 30)).astype("f4"), (32, 1)) for _ in range(2))
    x = RANDOM.normal(size=(32, 10, 3)).astype("f4")
    prediction = layer.run(x, h0, c0)[0][:, -1] @ k + b
    nodes = [time_major("x", "xt"), lstm_node("lstm", "xt", ["h0", "c0"], ["Y"], 30, "l/"), *last_step("Y", "h"),
             helper.make_node("Gemm", ["h", "kernel", "bias"], ["dense"])]
    save("a", nodes, [value("x", [32, 10, 3])], [value("dense", [32, 1])],
         layer.onnx("l/") + AXES + [const("h0", h0[None], "f4"), const("c0", c0[None], "f4"), const("kernel", k, "f4"), const("bias", b, "f4")],
         {"x": x, "dense": prediction})


def example_b():
    layer = Layer(1, 8)
    x = RANDOM.normal(size=(3, 1, 10, 1)).astype("f4")
    h0, c0 = (RANDOM.uniform(-0.8, 0.8, (1, 8)).astype("f4") for _ in range(2))
    zeros = np.zeros((1, 8))
    core = [time_major("x", "xt"), lstm_node("lstm", "xt", ["h_in", "c_in"], ["Y", "Yh", "Yc"], 8, "l/"), *sequences("Y", "y")]
    states = [helper.make_node("Unsqueeze", ["h_0", "axis0"], ["h_in"]), helper.make_node("Unsqueeze", ["c_0", "axis0"], ["c_in"])]
    finals = [helper.make_node("Squeeze", ["Yh", "axis0"], ["h"]), helper.make_node("Squeeze", ["Yc", "axis0"], ["c"])]
    y, h, c = layer.run(x[0], h0, c0)
    save("b_inputs", states + core + finals, [value("x", [1, 10, 1]), value("h_0", [1, 8]), value("c_0", [1, 8])],
         [value("y", [1, 10, 8]), value("h", [1, 8]), value("c", [1, 8])], layer.onnx("l/") + AXES,
         {"x": x[0], "h_0": h0, "c_0": c0, "y": y, "h": h, "c": c})
    tensors, h, c = {"h_0": h0, "c_0": c0}, zeros, zeros
    for call in range(3):
        y, h, c = layer.run(x[call], h, c)
        tensors.update({"x_%d" % call: x[call], "y_%d" % call: y, "h_%d_after" % call: h, "c_%d_after" % call: c})
    tensors["y_from_h_0"] = layer.run(x[0], h0, c0)[0]
    save("b_stateful", core, [value("x", [1, 10, 1])], [value("y", [1, 10, 8])],
         layer.onnx("l/") + AXES + [const("h_in", zeros[None], "f4"), const("c_in", zeros[None], "f4")], tensors)


def example_c():
    first, second, (k, b) = Layer(2, 8), Layer(8, 8), dense(8, 2)
    zero = const("z", np.zeros((1, 10, 8)), "f4")
    nodes = [time_major("x", "xt"), lstm_node("lstm", "xt", ["z", "z"], ["Y"], 8, "l/"), helper.make_node("Squeeze", ["Y", "axis1"], ["s1"]),
             lstm_node("lstm_1", "s1", ["z", "z"], ["Y1"], 8, "m/"), *sequences("Y1", "y2"),
             helper.make_node("Reshape", ["y2", "flat"], ["rows"]), helper.make_node("MatMul", ["rows", "kernel"], ["product"]),
             helper.make_node("Add", ["product", "bias"], ["sum"]), helper.make_node("Softmax", ["sum"], ["soft"]),
             helper.make_node("Reshape", ["soft", "back"], ["out"])]
    x = RANDOM.normal(size=(2, 10, 96, 2)).astype("f4")
    tensors = {}
    for batch in range(2):
        h1, c1, h2, c2 = (RANDOM.uniform(-0.9, 0.9, (10, 8)).astype("f4") for _ in range(4))
        y2 = second.run(first.run(x[batch], h1, c1)[0], h2, c2)[0]
        e = np.exp(y2 @ k + b)
        tensors.update({"x_%d" % batch: x[batch], "h1_%d" % batch: h1, "c1_%d" % batch: c1, "h2_%d" % batch: h2, "c2_%d" % batch: c2,
                        "out_%d" % batch: e / e.sum(-1, keepdims=True)})
    save("c", nodes, [value("x", [10, 96, 2])], [value("out", [10, 96, 2])],
         first.onnx("l/") + second.onnx("m/") + AXES + [zero, const("kernel", k, "f4"), const("bias", b, "f4"),
                                                        const("flat", [-1, 8], np.int64), const("back", [-1, 96, 2], np.int64)], tensors)


def example_d():
    first, second = Layer(3, 6), Layer(6, 4)
    x = RANDOM.normal(size=(5, 7, 3)).astype("f4")
    y1, h1, c1 = first.run(x, np.zeros((5, 6)), np.zeros((5, 6)))
    y2, h2, c2 = second.run(y1, np.zeros((5, 4)), np.zeros((5, 4)))
    nodes = [time_major("x", "xt"), lstm_node("lstm", "xt", ["", ""], ["Y", "Yh", "Yc"], 6, "l/"), *sequences("Y", "y1"),
             helper.make_node("Squeeze", ["Yh", "axis0"], ["h1"]), helper.make_node("Squeeze", ["Yc", "axis0"], ["c1"]),
             time_major("y1", "y1t"), lstm_node("lstm_1", "y1t", ["", ""], ["Z", "Zh", "Zc"], 4, "m/"), *sequences("Z", "y2"),
             helper.make_node("Squeeze", ["Zh", "axis0"], ["h2"]), helper.make_node("Squeeze", ["Zc", "axis0"], ["c2"])]
    wanted = {"y1": y1, "h1": h1, "c1": c1, "y2": y2, "h2": h2, "c2": c2}
    save("d", nodes, [value("x", ["N", "T", 3])], [value(n, None) for n in wanted], first.onnx("l/") + second.onnx("m/") + AXES,
         {"x": x, **wanted})


def keras_body():
    """One step of a masked LSTM(16), as tf2onnx writes it inside the Loop."""
    nodes, n = [], [0]

    def node(op, inputs, outputs=1, **attributes):
        n[0] += 1
        names = ["b%d_%d" % (n[0], k) for k in range(outputs)]
        nodes.append(helper.make_node(op, inputs, names, **attributes))
        return names[0] if outputs == 1 else names

    def select(new, old):
        kept = node("Mul", [old, node("Cast", [node("Not", [mask])], to=P.FLOAT)])
        return node("Add", [node("Mul", [node("Cast", [mask], to=P.FLOAT), new]), kept])

    time = node("Add", ["time", "one"])
    x, mask = node("Gather", ["xt", "time"]), node("Gather", ["maskt", "time"])
    total = node("Add", [node("Add", [node("MatMul", [x, "K"]), node("MatMul", ["h", "R"])]), "b"])
    i, f, g, o = node("Split", [total], 4, axis=1)
    new_c = node("Add", [node("Mul", [node("Sigmoid", [f]), "c"]), node("Mul", [node("Sigmoid", [i]), node("Tanh", [g])])])
    new_h = node("Mul", [node("Sigmoid", [o]), node("Tanh", [new_c])])
    output = select(new_h, "prev")
    go_on = node("Less", [node("Cast", [time], to=P.FLOAT), node("Cast", ["steps"], to=P.FLOAT)])
    outs = [go_on, time, node("Identity", [output]), select(new_h, "h"), select(new_c, "c"), "steps", "K", "R", "b", output]
    outs = [o if o not in ("steps", "K", "R", "b") else node("Identity", [o]) for o in outs]
    kinds = {"time": P.INT32, "steps": P.INT32}
    carried = ["time", "prev", "h", "c", "steps", "K", "R", "b"]
    return helper.make_graph(nodes, "body", [value("iteration", [], P.INT64), value("cond", [], P.BOOL)] +
                             [value(c, None, kinds.get(c, P.FLOAT)) for c in carried],
                             [value(outs[0], [], P.BOOL)] + [value(o, None, kinds.get(c, P.FLOAT)) for o, c in zip(outs[1:], carried + ["y"])])


def example_e():
    layer, (k, b) = Layer(4, 16), dense(16, 2)
    x = RANDOM.normal(size=(6, 9, 4)).astype("f4")
    x[1, 5:], x[2, 3], x[3], x[4, :2] = 0, 0, 0, 0  # padded; masked in the middle; fully masked; masked at the front
    mask = (x != 0).any(-1)
    zeros = np.zeros((6, 16))
    prediction = sigmoid(layer.run(x, zeros, zeros, mask)[0][:, -1] @ k + b)
    nodes = [
        helper.make_node("Equal", ["x", "zero"], ["is_zero"]), helper.make_node("Not", ["is_zero"], ["is_data"]),
        helper.make_node("Cast", ["is_data"], ["data"], to=P.FLOAT), helper.make_node("ReduceSum", ["data", "minus1"], ["any"], keepdims=0),
        helper.make_node("Greater", ["any", "zero"], ["mask"]), helper.make_node("Unsqueeze", ["mask", "minus1"], ["mask3"]),
        helper.make_node("Transpose", ["mask3"], ["maskt"], perm=[1, 0, 2]), time_major("x", "xt"),
        helper.make_node("Shape", ["xt"], ["shape"]), helper.make_node("Cast", ["shape"], ["shape32"], to=P.INT32),
        helper.make_node("Slice", ["shape32", "axis0", "axis1", "axis0"], ["steps1"]), helper.make_node("Squeeze", ["steps1", "axis0"], ["steps"]),
        helper.make_node("Slice", ["shape32", "axis1", "two", "axis0"], ["rows"]),
        helper.make_node("Concat", ["rows", "units"], ["state_shape32"], axis=0), helper.make_node("Cast", ["state_shape32"], ["state_shape"], to=P.INT64),
        helper.make_node("Expand", ["zero", "state_shape"], ["zeros"]), helper.make_node("Cast", ["steps"], ["steps_float"], to=P.FLOAT),
        helper.make_node("Less", ["zero", "steps_float"], ["start"]),
        helper.make_node("Loop", ["", "start", "time0", "zeros", "zeros", "zeros", "steps", "K0", "R0", "b0"],
                         ["o%d" % j for j in range(9)], name="lstm", body=keras_body()),
        helper.make_node("Slice", ["o8", "minus1", "last", "axis0"], ["tail"]), helper.make_node("Squeeze", ["tail", "axis0"], ["h_last"]),
        helper.make_node("MatMul", ["h_last", "kernel"], ["product"]), helper.make_node("Add", ["product", "bias"], ["sum"]),
        helper.make_node("Sigmoid", ["sum"], ["out"])]
    save("e", nodes, [value("x", ["N", "T", 4])], [value("out", ["N", 2])],
         AXES + [const("zero", 0, "f4"), const("time0", 0, np.int32), const("one", 1, np.int32), const("two", [2], np.int64),
                 const("units", [16], np.int32), const("K0", layer.kernel, "f4"), const("R0", layer.recurrent, "f4"),
                 const("b0", layer.bias, "f4"), const("kernel", k, "f4"), const("bias", b, "f4")], {"x": x, "out": prediction})


for example in (example_a, example_b, example_c, example_d, example_e):
    example()
