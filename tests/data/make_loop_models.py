#!/usr/bin/python3
"""Writes tests/data/loops/*.onnx: recurrent Keras layers as the Loop nodes that tf2onnx writes for them, and loops that are almost such.

Names say what the test expects: lstm_*, gru_*, rnn_* are recognised, almost_* stay loops. Weights are random from a fixed seed.
"""
import os

import numpy as np
from onnx import TensorProto as P, helper, numpy_helper

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "loops")
I, H = 3, 4
GATES = {"lstm": 4, "gru": 3, "rnn": 1}


class Graph:
    """Nodes, initializers and made-up names."""

    def __init__(self):
        self.nodes, self.initializers, self.count = [], [], 0

    def node(self, op, inputs, outputs=1, **attributes):
        self.count += 1
        names = ["%s_%d:%d" % (op, self.count, k) for k in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, name="%s_%d" % (op, self.count), **attributes))
        return names[0] if outputs == 1 else names

    def constant(self, name, value):
        self.initializers.append(numpy_helper.from_array(np.asarray(value), name))
        return name


def activate(g, name, x):
    if name == "linear":
        return x
    if name == "hard_sigmoid_2":
        line = g.node("Add", [g.node("Mul", [x, "c0.2"]), "c0.5"])
        return g.node("Max", [g.node("Min", [line, "c1"]), "c0"])
    if name == "hard_sigmoid_3":
        return g.node("Div", [g.node("Clip", [g.node("Add", [x, "c3"]), "c0", "c6"]), "c6"])
    return g.node(name, [x], **({"alpha": 0.7} if name == "Elu" else {}))


def select(g, mask, new, old):
    kept = g.node("Mul", [old, g.node("Cast", [g.node("Not", [mask])], to=P.FLOAT)])
    return g.node("Add", [g.node("Mul", [g.node("Cast", [mask], to=P.FLOAT), new]), kept])


def lstm_step(g, x, h, c, act, rec, order=(0, 1, 2, 3)):
    total = g.node("Add", [g.node("Add", [g.node("MatMul", [x, "W"]), g.node("MatMul", [h, "R"])]), "b"])
    parts = g.node("Split", [total], 4, axis=1)
    i, f, cc, o = (parts[k] for k in order)
    new_c = g.node("Add", [g.node("Mul", [activate(g, rec, f), c]), g.node("Mul", [activate(g, rec, i), activate(g, act, cc)])])
    return g.node("Mul", [activate(g, rec, o), activate(g, act, new_c)]), new_c


def gru_step(g, x, h, act, rec):
    xs = g.node("Split", [g.node("Add", [g.node("MatMul", [x, "W"]), "b"])], 3, axis=1)
    rs = g.node("Split", [g.node("Add", [g.node("MatMul", [h, "R"]), "b2"])], 3, axis=1)
    z = activate(g, rec, g.node("Add", [xs[0], rs[0]]))
    r = activate(g, rec, g.node("Add", [xs[1], rs[1]]))
    hh = activate(g, act, g.node("Add", [xs[2], g.node("Mul", [r, rs[2]])]))
    return g.node("Add", [g.node("Mul", [z, h]), g.node("Mul", [g.node("Sub", ["c1", z]), hh])])


def rnn_step(g, x, h, act):
    return activate(g, act, g.node("Add", [g.node("Add", [g.node("MatMul", [x, "W"]), "b"]), g.node("MatMul", [h, "R"])]))


def body_graph(cell, masked, act, rec, keras3, steps, start_axis, order, one):
    """The loop's body: iteration, condition, time, [previous output], h, [c], [T], W, R, b, [b2]."""
    g = Graph()
    weights = ["W", "R", "b"] + (["b2"] if cell == "gru" else [])
    states = (["prev"] if masked else []) + ["h"] + (["c"] if cell == "lstm" else [])
    carried = ["time"] + states + ([] if keras3 else ["T"]) + weights
    next_time = g.node("Add", ["time", one])
    x = g.node("Gather", ["xt", "time"], **({"axis": start_axis} if start_axis else {}))
    if cell == "lstm":
        new_h, new_c = lstm_step(g, x, "h", "c", act, rec, order)
    else:
        new_h, new_c = (gru_step(g, x, "h", act, rec) if cell == "gru" else rnn_step(g, x, "h", act)), None
    output = new_h
    if masked:
        mask = g.node("Gather", ["maskt", "time"])
        output = select(g, mask, new_h, "prev")
        new_h = select(g, mask, new_h, "h")
        new_c = select(g, mask, new_c, "c") if new_c else None
    bound = steps if keras3 else g.node("Cast", ["T"], to=P.FLOAT)
    condition = g.node("Less", [g.node("Cast", [next_time], to=P.FLOAT), bound])
    if keras3:
        condition = g.node("And", [g.node("Less", [g.node("Cast", ["iteration"], to=P.FLOAT), bound]), condition])
    nexts = {"time": next_time, "prev": output, "h": new_h, "c": new_c, "T": "T", **{w: w for w in weights}}
    outputs = [condition] + [g.node("Identity", [nexts[n]]) for n in carried] + [g.node("Identity", [output])]
    kinds = {"time": P.INT32, "T": P.INT32}
    inputs = [helper.make_tensor_value_info("iteration", P.INT64, []), helper.make_tensor_value_info("cond", P.BOOL, [])]
    inputs += [helper.make_tensor_value_info(n, kinds.get(n, P.FLOAT), None) for n in carried]
    graph_outputs = [helper.make_tensor_value_info(outputs[0], P.BOOL, [])]
    graph_outputs += [helper.make_tensor_value_info(o, kinds.get(n, P.FLOAT), None) for o, n in zip(outputs[1:], carried)]
    graph_outputs.append(helper.make_tensor_value_info(outputs[-1], P.FLOAT, None))
    return helper.make_graph(g.nodes, "body", inputs, graph_outputs), carried


def save(name, cell, masked=False, act="Tanh", rec="Sigmoid", keras3=False, use_states=True, start_axis=0, order=(0, 1, 2, 3),
         one="one", use_time=False):
    random = np.random.default_rng(11)
    G = GATES[cell]
    g = Graph()
    for value in (0.2, 0.5, 0, 1, 3, 6):
        g.constant("c%g" % value, np.float32(value))
    g.constant("one", np.int32(1)), g.constant("two", np.int32(2)), g.constant("zero", np.int32(0))
    for weight, shape in (("W0", (I, G * H)), ("R0", (H, G * H)), ("b0", (G * H,)), ("b20", (G * H,))):
        g.constant(weight, random.uniform(-0.7, 0.7, shape).astype(np.float32))
    time = 6 if keras3 else "T"
    xt = g.nodes.append(helper.make_node("Transpose", ["x"], ["xt"], perm=[1, 0, 2])) or "xt"
    if masked:
        flat = g.node("Unsqueeze", ["mask", g.constant("minus1", np.int64([-1]))])
        g.nodes.append(helper.make_node("Transpose", [flat], ["maskt"], perm=[1, 0, 2]))
    shape = g.node("Cast", [g.node("Shape", [xt])], to=P.INT32)
    axes = g.constant("axes0", np.int64([0]))
    length = g.node("Squeeze", [g.node("Slice", [shape, axes, g.constant("ends1", np.int64([1])), axes]), axes])
    steps = g.constant("steps", np.float32(6))
    bound = steps if keras3 else g.node("Cast", [length], to=P.FLOAT)
    start = g.node("Less", ["c0", bound])
    body, carried = body_graph(cell, masked, act, rec, keras3, "steps", start_axis, order, one)
    feeds = {"time": "zero", "prev": "prev0", "h": "h0", "c": "c0_state", "T": length, "W": "W0", "R": "R0", "b": "b0", "b2": "b20"}
    trip = g.constant("trip", np.int64(6)) if keras3 else ""
    outs = g.node("Loop", [trip, start] + [feeds[n] for n in carried], len(carried) + 1, body=body)
    finals = dict(zip(carried, outs))
    wanted = ["h"] + (["c"] if cell == "lstm" else []) + (["prev"] if masked else []) + (["time"] if use_time else [])
    y = g.node("Transpose", [outs[-1]], perm=[1, 0, 2])
    inputs = [helper.make_tensor_value_info("x", P.FLOAT, ["N", time, I])]
    if masked:
        inputs.append(helper.make_tensor_value_info("mask", P.BOOL, ["N", time]))
        inputs.append(helper.make_tensor_value_info("prev0", P.FLOAT, ["N", H]))
    inputs += [helper.make_tensor_value_info(n, P.FLOAT, ["N", H]) for n in (["h0"] + (["c0_state"] if cell == "lstm" else []))]
    outputs = [helper.make_tensor_value_info(y, P.FLOAT, None)]
    outputs += [helper.make_tensor_value_info(finals[n], P.INT32 if n == "time" else P.FLOAT, None) for n in wanted]
    graph = helper.make_graph(g.nodes, name, inputs, outputs, g.initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="make_loop_models", ir_version=8)
    with open(os.path.join(OUT, name + ".onnx"), "wb") as file:
        file.write(model.SerializeToString(deterministic=True))


os.makedirs(OUT, exist_ok=True)
save("lstm_plain", "lstm")
save("lstm_keras3", "lstm", keras3=True)
save("lstm_masked", "lstm", masked=True)
save("lstm_masked_keras3", "lstm", masked=True, keras3=True)
save("lstm_elu", "lstm", act="Elu")
save("lstm_linear", "lstm", act="linear")
save("lstm_hard_sigmoid_keras2", "lstm", rec="hard_sigmoid_2")
save("lstm_hard_sigmoid_keras3", "lstm", rec="hard_sigmoid_3")
save("lstm_sigmoid_both", "lstm", act="Sigmoid")
save("gru_plain", "gru")
save("gru_masked", "gru", masked=True)
save("rnn_plain", "rnn")
save("rnn_masked_relu", "rnn", masked=True, act="Relu")
save("lstm_gates_in_another_order", "lstm", order=(1, 0, 2, 3))
save("almost_selu", "lstm", act="Selu")
save("almost_every_second_step", "lstm", one="two")
save("almost_final_time_is_used", "lstm", use_time=True)
