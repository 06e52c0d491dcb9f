#!/usr/bin/python3
"""Writes tests/data/loops/*.onnx: recurrent layers as the Loop nodes that tf2onnx writes for them, unrolled ones as tf2onnx and PyTorch do, and
what is almost such.

Names say what the test expects: lstm_*, gru_*, rnn_* and chain_lstm_*, chain_gru_*, chain_rnn_* are recognised, almost_* are not. Weights are
random from a fixed seed.
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


def lstm_step_by_gates(g, x, h, c, act, rec):
    """Keras' implementation=1: a product for each gate, with parts of the weights."""
    ws, bs = g.node("Split", ["W"], 4, axis=1), g.node("Split", ["b"], 4, axis=0)
    sums = []
    for k in range(4):
        r = g.node("Slice", ["R", "at%d" % (k * H), "at%d" % ((k + 1) * H), "at1"])
        sums.append(g.node("Add", [g.node("Add", [g.node("MatMul", [x, ws[k]]), bs[k]]), g.node("MatMul", [h, r])]))
    i, f, cc, o = sums
    new_c = g.node("Add", [g.node("Mul", [activate(g, rec, f), c]), g.node("Mul", [activate(g, rec, i), activate(g, act, cc)])])
    return g.node("Mul", [activate(g, rec, o), activate(g, act, new_c)]), new_c


def lstm_step_of_one_row(g, x, h, c, act, rec):
    """What tf2onnx writes for a static batch of 1."""
    squeezed = g.node("Squeeze", [g.node("MatMul", [h, "R"])])
    total = g.node("Add", [g.node("Gemm", [x, "W", squeezed]), "b"])
    i, f, cc, o = g.node("Split", [total], 4, axis=1)
    new_c = g.node("Add", [g.node("Mul", [activate(g, rec, f), c]), g.node("Mul", [activate(g, rec, i), activate(g, act, cc)])])
    return g.node("Mul", [activate(g, rec, o), activate(g, act, new_c)]), new_c


def gru_step_reset_before(g, x, h, act, rec):
    xs = g.node("Split", [g.node("Add", [g.node("MatMul", [x, "W"]), "b"])], 3, axis=1)
    zr = [g.node("Slice", ["R", "at%d" % (k * H), "at%d" % ((k + 1) * H), "at1"]) for k in range(3)]
    z = activate(g, rec, g.node("Add", [xs[0], g.node("MatMul", [h, zr[0]])]))
    r = activate(g, rec, g.node("Add", [xs[1], g.node("MatMul", [h, zr[1]])]))
    hh = activate(g, act, g.node("Add", [xs[2], g.node("MatMul", [g.node("Mul", [r, h]), zr[2]])]))
    return g.node("Add", [g.node("Mul", [z, h]), g.node("Mul", [g.node("Sub", ["c1", z]), hh])])


def gru_step(g, x, h, act, rec):
    xs = g.node("Split", [g.node("Add", [g.node("MatMul", [x, "W"]), "b"])], 3, axis=1)
    rs = g.node("Split", [g.node("Add", [g.node("MatMul", [h, "R"]), "b2"])], 3, axis=1)
    z = activate(g, rec, g.node("Add", [xs[0], rs[0]]))
    r = activate(g, rec, g.node("Add", [xs[1], rs[1]]))
    hh = activate(g, act, g.node("Add", [xs[2], g.node("Mul", [r, rs[2]])]))
    return g.node("Add", [g.node("Mul", [z, h]), g.node("Mul", [g.node("Sub", ["c1", z]), hh])])


def weigh_candidate(g, new_h):
    """The same step with z for the candidate, not for h, as people write it."""
    total = next(node for node in g.nodes if node.output[0] == new_h)
    of_h, of_candidate = (next(node for node in g.nodes if node.output[0] == name) for name in total.input)
    of_h.input[1], of_candidate.input[1] = of_candidate.input[1], of_h.input[1]
    return new_h


def gru_step_of_candidate(g, x, h, act, rec):
    return weigh_candidate(g, gru_step(g, x, h, act, rec))


def gru_step_of_candidate_reset_before(g, x, h, act, rec):
    return weigh_candidate(g, gru_step_reset_before(g, x, h, act, rec))


def rnn_step(g, x, h, act):
    return activate(g, act, g.node("Add", [g.node("Add", [g.node("MatMul", [x, "W"]), "b"]), g.node("MatMul", [h, "R"])]))


STEPS = {"lstm_by_gates": lstm_step_by_gates, "lstm_of_one_row": lstm_step_of_one_row, "gru_reset_before": gru_step_reset_before,
         "gru_of_candidate": gru_step_of_candidate, "gru_of_candidate_reset_before": gru_step_of_candidate_reset_before}


def body_graph(cell, masked, act, rec, keras3, steps, start_axis, order, one, step):
    """The loop's body: iteration, condition, time, [previous output], h, [c], [T], W, R, b, [b2]."""
    g = Graph()
    weights = ["W", "R", "b"] + (["b2"] if cell == "gru" else [])
    states = (["prev"] if masked else []) + ["h"] + (["c"] if cell == "lstm" else [])
    carried = ["time"] + states + ([] if keras3 else ["T"]) + weights
    next_time = g.node("Add", ["time", one])
    x = g.node("Gather", ["xt", "time"], **({"axis": start_axis} if start_axis else {}))
    if step:
        new = STEPS[step](g, x, "h", *(["c"] if cell == "lstm" else []), act, rec)
        new_h, new_c = new if cell == "lstm" else (new, None)
    elif cell == "lstm":
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
         one="one", use_time=False, step=None, batch="N", backwards=False, masking=None, state_rows=None):
    random = np.random.default_rng(11)
    G = GATES[cell]
    g = Graph()
    for value in (0.2, 0.5, 0, 1, 3, 6):
        g.constant("c%g" % value, np.float32(value))
    for value in [1] + [k * H for k in range(5)]:
        g.constant("at%d" % value, np.int64([value])) if step else None
    g.constant("one", np.int32(1)), g.constant("two", np.int32(2)), g.constant("zero", np.int32(0))
    for weight, shape in (("W0", (I, G * H)), ("R0", (H, G * H)), ("b0", (G * H,)), ("b20", (G * H,))):
        g.constant(weight, random.uniform(-0.7, 0.7, shape).astype(np.float32))
    time = 6 if keras3 else "T"
    minus1 = g.constant("minus1", np.int64([-1])) if masked else None
    x = "x"
    if masking is not None:
        differs = g.node("Cast", [g.node("Not", [g.node("Equal", ["x", g.constant("value", np.float32(masking))])])], to=P.FLOAT)
        kept = g.node("Greater", [g.node("ReduceSum", [differs, minus1], keepdims=1, noop_with_empty_axes=1), "c0"])
        x = g.node("Mul", ["x", g.node("Cast", [kept], to=P.FLOAT)])
        g.nodes.append(helper.make_node("Greater", [g.node("ReduceSum", [differs, minus1], keepdims=0, noop_with_empty_axes=1), "c0"], ["mask"],
                                        name="mask"))
    if backwards == "shorter":
        g.nodes.append(helper.make_node("Transpose", [x], ["xt"], perm=[1, 0, 2]))
        xt = g.node("Slice", ["xt"] + [g.constant(n, np.int64([v])) for n, v in (("first", 1), ("end", 2**31 - 1), ("axis0", 0))])
    elif backwards:
        g.nodes.append(helper.make_node("Transpose", [x], ["forwards"], perm=[1, 0, 2]))
        steps_back = [g.constant(n, np.int64([v])) for n, v in (("last", -1), ("before", -2**31), ("axis0", 0), ("back", -1))]
        g.nodes.append(helper.make_node("Slice", ["forwards"] + steps_back, ["xt"]))
        xt = "forwards"
    else:
        xt = g.nodes.append(helper.make_node("Transpose", [x], ["xt"], perm=[1, 0, 2])) or "xt"
    if masked:
        flat = g.node("Unsqueeze", ["mask", minus1])
        g.nodes.append(helper.make_node("Transpose", [flat], ["maskt"], perm=[1, 0, 2]))
    shape = g.node("Cast", [g.node("Shape", [xt])], to=P.INT32)
    axes = g.constant("axes0", np.int64([0]))
    length = g.node("Squeeze", [g.node("Slice", [shape, axes, g.constant("ends1", np.int64([1])), axes]), axes])
    steps = g.constant("steps", np.float32(6))
    bound = steps if keras3 else g.node("Cast", [length], to=P.FLOAT)
    start = g.node("Less", ["c0", bound])
    body, carried = body_graph(cell, masked, act, rec, keras3, "steps", start_axis, order, one, step)
    feeds = {"time": "zero", "prev": "prev0", "h": "h0", "c": "c0_state", "T": length, "W": "W0", "R": "R0", "b": "b0", "b2": "b20"}
    trip = g.constant("trip", np.int64(6)) if keras3 else ""
    outs = g.node("Loop", [trip, start] + [feeds[n] for n in carried], len(carried) + 1, body=body)
    finals = dict(zip(carried, outs))
    wanted = ["h"] + (["c"] if cell == "lstm" else []) + (["prev"] if masked else []) + (["time"] if use_time else [])
    y = g.node("Transpose", [outs[-1]], perm=[1, 0, 2])
    inputs = [helper.make_tensor_value_info("x", P.FLOAT, [batch, time, I])]
    if masked:
        if masking is None:
            inputs.append(helper.make_tensor_value_info("mask", P.BOOL, ["N", time]))
        inputs.append(helper.make_tensor_value_info("prev0", P.FLOAT, ["N", H]))
    inputs += [helper.make_tensor_value_info(n, P.FLOAT, [state_rows or batch, H]) for n in (["h0"] + (["c0_state"] if cell == "lstm" else []))]
    outputs = [helper.make_tensor_value_info(y, P.FLOAT, None)]
    outputs += [helper.make_tensor_value_info(finals[n], P.INT32 if n == "time" else P.FLOAT, None) for n in wanted]
    graph = helper.make_graph(g.nodes, name, inputs, outputs, g.initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="make_loop_models", ir_version=8)
    with open(os.path.join(OUT, name + ".onnx"), "wb") as file:
        file.write(model.SerializeToString(deterministic=True))


def cell_of(g, kind, x, h, c, t):
    """One unrolled step, as tf2onnx (keras), torch.onnx.export (torch) or people (joined, torch_gru) write it; the new h and c."""
    if kind == "torch":
        total = g.node("Add", [g.node("Gemm", [h, "Rt", "b2"], transB=1), g.node("Gemm", [x, "Wt", "b"], transB=1)])
        i, f, cc, o = g.node("Split", [total, "fours"], 4, axis=1)
    elif kind == "joined":
        i, f, cc, o = g.node("Split", [g.node("Gemm", [g.node("Concat", [x, h], axis=1), "WR", "b"])], 4, axis=1)
    elif kind in ("keras", "keras_reset_before", "keras_rnn", "keras_gru"):
        act, rec = "Tanh", "Sigmoid"
        if kind == "keras":
            return lstm_step(g, x, h, c, act, rec)
        return {"keras_reset_before": gru_step_reset_before, "keras_gru": gru_step}[kind](g, x, h, act, rec) if kind != "keras_rnn" \
            else rnn_step(g, x, h, act), None
    elif kind in ("torch_gru", "torch_gru_of_candidate"):
        xs, hs = (g.node("Split", [g.node("Gemm", [v, w, b], transB=1)], 3, axis=1) for v, w, b in ((x, "Wt", "b"), (h, "Rt", "b2")))
        r, z = (g.node("Sigmoid", [g.node("Add", [xs[k], hs[k]])]) for k in (0, 1))
        n = g.node("Tanh", [g.node("Add", [xs[2], g.node("Mul", [hs[2], r])])])
        one, other = (h, n) if kind == "torch_gru" else (n, h)
        return g.node("Add", [g.node("Mul", [g.node("Sub", [one, other]), z]), other]), None
    new_c = g.node("Add", [g.node("Mul", [g.node("Sigmoid", [f]), c]), g.node("Mul", [g.node("Sigmoid", [i]), g.node("Tanh", [cc])])])
    return g.node("Mul", [g.node("Sigmoid", [o]), g.node("Tanh", [new_c])]), new_c


def save_chain(name, kind, gates, outputs=("last",), steps=range(6), axis=0, other_weights_at=None, layers=1, begin="inputs"):
    """An unrolled layer over x [N,6,I]. outputs: last, each, stacked, c_of_2. begin: where the states come from, inputs, constants (of one row)
    or a first step that is no cell, as is left of one whose constants were folded."""
    random = np.random.default_rng(13)
    g = Graph()
    for value in (0, 1):
        g.constant("c%g" % value, np.float32(value))
    for value in [1] + [k * H for k in range(5)]:
        g.constant("at%d" % value, np.int64([value]))
    draw = lambda *shape: random.uniform(-0.7, 0.7, shape).astype(np.float32)
    w, r = draw(H if layers > 1 else I, gates * H), draw(H, gates * H)
    for n, value in (("W", w), ("R", r), ("Wt", w.T), ("Rt", r.T), ("WR", np.concatenate([w, r])), ("b", draw(gates * H)), ("b2", draw(gates * H)),
                     ("W_other", draw(*w.shape))):
        g.constant(n, np.ascontiguousarray(value))
    g.constant("fours", np.int64([H] * gates)), g.constant("ones", np.int64([1] * 6)), g.constant("axes0", np.int64([0]))
    is_lstm = kind in ("keras", "torch", "joined")
    sequence = "x"
    if axis == 0:
        sequence = g.node("Transpose", ["x"], perm=[1, 0, 2])
    parts = g.node("Split", [sequence, "ones"], 6, axis=0) if axis == 0 else None
    states = [("h%d" % l, "c_%d" % l) for l in range(layers)]
    if begin == "constants":
        states = [(g.constant("h_begin", draw(1, H)), g.constant("c_begin", draw(1, H)))]
    if begin == "step":
        first = g.node("Tanh", [g.node("MatMul", [g.node("Squeeze", [parts[0], "axes0"]), g.constant("W_first", draw(I, H))])])
        states = [(first, g.node("Sigmoid", [first]))]
    hs, cs = [], []
    for t in steps:
        x = g.node("Squeeze", [parts[t], "axes0"]) if axis == 0 else g.node("Gather", [sequence, g.constant("t%d" % t, np.int64(t))], axis=1)
        for l in range(layers):
            h, c = states[l]
            states[l] = cell_of(g, kind, x, h, c, t)
            if t == other_weights_at:
                for node in g.nodes[-12:]:
                    node.input[:] = ["W_other" if i == "W" else i for i in node.input]
            x = states[l][0]
        hs.append(states[-1][0]), cs.append(states[-1][1])
    outs = [hs[-1]] if "last" in outputs else []
    outs += hs[:-1] if "each" in outputs else []
    outs += [cs[-1]] if is_lstm else []
    outs += [cs[2]] if "c_of_2" in outputs else []
    if "stacked" in outputs:
        ordered = hs if steps[0] < steps[-1] else hs[::-1]
        outs.append(g.node("Concat", [g.node("Unsqueeze", [h, "at1"]) for h in ordered], axis=1))
    inputs = [helper.make_tensor_value_info("x", P.FLOAT, ["N", 6, H if layers > 1 else I])]
    for l in range(layers if begin == "inputs" else 0):
        inputs += [helper.make_tensor_value_info(n % l, P.FLOAT, ["N", H]) for n in (["h%d", "c_%d"] if is_lstm else ["h%d"])]
    graph = helper.make_graph(g.nodes, name, inputs, [helper.make_tensor_value_info(o, P.FLOAT, None) for o in outs], g.initializers)
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
save("lstm_by_gates", "lstm", step="lstm_by_gates", rec="hard_sigmoid_2")
save("lstm_by_gates_masked", "lstm", step="lstm_by_gates", masked=True)
save("lstm_of_one_row", "lstm", step="lstm_of_one_row", keras3=True, batch=1)
save("lstm_backwards", "lstm", backwards=True)
save("lstm_masked_after_masking", "lstm", masked=True, masking=0.0)
save("gru_masked_after_masking", "gru", masked=True, masking=-1.0)
save("gru_reset_before", "gru", step="gru_reset_before")
save("gru_reset_before_masked", "gru", step="gru_reset_before", masked=True)
save("gru_of_candidate", "gru", step="gru_of_candidate", rec="hard_sigmoid_3")
save("gru_of_candidate_reset_before_masked", "gru", step="gru_of_candidate_reset_before", masked=True)
save("almost_gru_of_candidate", "gru", step="gru_of_candidate", rec="Tanh")
save_chain("chain_gru_of_candidate", "torch_gru_of_candidate", 3, axis=1)
save_chain("chain_lstm_keras", "keras", 4)
save_chain("chain_lstm_each_step", "keras", 4, outputs=("last", "each"))
save_chain("chain_lstm_stacked", "keras", 4, outputs=("stacked",))
save_chain("chain_lstm_backwards", "keras", 4, outputs=("last", "stacked", "each"), steps=range(5, -1, -1))
save_chain("chain_lstm_part", "torch", 4, axis=1, steps=range(1, 5))
save_chain("chain_lstm_torch", "torch", 4, axis=1, outputs=("stacked",))
save_chain("chain_lstm_joined", "joined", 4, axis=1)
save_chain("chain_lstm_two_layers", "keras", 4, layers=2)
save_chain("chain_gru_keras", "keras_gru", 3, outputs=("stacked",))
save_chain("chain_gru_reset_before", "keras_reset_before", 3)
save_chain("chain_gru_people", "torch_gru", 3, axis=1)
save_chain("chain_rnn_keras", "keras_rnn", 1, outputs=("last", "each"))
save_chain("chain_lstm_of_constants", "keras", 4, begin="constants")
save_chain("chain_lstm_torch_of_constants", "torch", 4, axis=1, outputs=("last", "stacked"), begin="constants")
save_chain("chain_gru_of_constants", "keras_gru", 3, begin="constants")
save_chain("chain_rnn_of_constants", "keras_rnn", 1, begin="constants")
save_chain("chain_lstm_last_of_torch", "torch", 4, axis=1)
save_chain("chain_gru_last", "keras_gru", 3)
save_chain("chain_lstm_behind_a_step", "keras", 4, steps=range(1, 6), begin="step")
save_chain("almost_chain_of_other_weights", "keras", 4, other_weights_at=5, steps=[0, 5])
save_chain("almost_chain_whose_c_is_used", "keras", 4, outputs=("last", "c_of_2"))
save_chain("almost_chain_that_skips_steps", "keras", 4, steps=[0, 2, 4])
save("almost_length_of_another_sequence", "lstm", backwards="shorter")
save("lstm_one_row_of_state", "lstm", state_rows=1)
