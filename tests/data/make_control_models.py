#!/usr/bin/env python3
"""Makes the models of tests/data/control and tests/data/state, for tests/unit/test_control_*.c and
test_context_state.c: If, Loop and Scan; recurrent layers whose state a context keeps.

usage: make_control_models.py [FOLDER]      (default: this script's folder)

Needs Debian's python3-onnx. What each model computes is in the tests; here is how it is written down, in ONNX's own text.
"""
import os
import sys

import numpy as np
import onnx
import onnx.parser
from onnx import numpy_helper

MODELS = {
    # y = x + M * step, all = what x was after each iteration.
    "loop_count": (13, """
        (int64 M, float[N] x, float[N] step) => (float[N] y, float[K, N] all) {
            y, all = Loop <body = b (int64 i, bool c_in, float[N] v) => (bool c_out, float[N] w, float[N] row) {
                c_out = Identity (c_in)
                w = Add (v, step)
                row = Identity (w)
            }> (M, "", x)
        }"""),
    # Doubles x until it is at least `limit`; says how often.
    "loop_while": (13, """
        (bool go, float x, float limit) => (float y, int64 count) {
            zero = Constant <value = int64 {0}> ()
            y, count = Loop <body = b (int64 i, bool c_in, float v, int64 n) => (bool c_out, float w, int64 m) {
                one = Constant <value = int64 {1}> ()
                w = Add (v, v)
                m = Add (n, one)
                c_out = Less (w, limit)
            }> ("", go, x, zero)
        }"""),
    # Appends x to an empty tensor M times; rows are [i].
    "loop_grow": (13, """
        (int64[1] M, float[A] x, float[B] start) => (float[C] y, int64[M] counts) {
            yes = Constant <value = bool {1}> ()
            y, counts = Loop <body = b (int64 i, bool c_in, float[D] v) => (bool c_in, float[E] w, int64 i) {
                w = Concat <axis = 0> (v, x)
            }> (M, yes, start)
        }"""),
    # A sum over i < M, j < i of x; both bodies take x from the main graph.
    "loop_nested": (13, """
        (int64 M, float[N] x) => (float[N] y, float[K, N] rows) {
            two = Constant <value = float {2}> ()
            zero = Sub (x, x)
            y, rows = Loop <body = outer (int64 i, bool c_in, float[N] v) => (bool c_in, float[N] w, float[N] w2) {
                w = Loop <body = inner (int64 j, bool d_in, float[N] u) => (bool d_in, float[N] t) {
                    t = Add (u, x)
                }> (i, "", v)
                w2 = Mul (w, two)
            }> (M, "", zero)
        }"""),
    # Stacks a capture and a constant; carries two values that change places.
    "loop_passing": (13, """
        (int64 M, float[2] x, float[2] y) => (float[2] a, float[2] b, float[M, 2] xs, float[M, 3] cs) {
            three = Constant <value = float[3] {1, 2, 3}> ()
            a, b, xs, cs = Loop <body = g (int64 i, bool c, float[2] p, float[2] q)
                    => (bool c, float[2] q, float[2] p, float[2] x, float[3] three) {
            }> (M, "", x, y)
        }"""),
    # Rows whose length is the iteration's number plus 1: no stack can be made of them.
    "loop_ragged": (13, """
        (int64 M, float[N] x) => (float[N] y, float[M, K] rows) {
            y, rows = Loop <body = g (int64 i, bool c, float[N] v) => (bool c, float[N] v2, float[K] row) {
                one = Constant <value = int64 {1}> ()
                first = Constant <value = int64[1] {0}> ()
                axis = Constant <value = int64[1] {0}> ()
                n = Add (i, one)
                end = Unsqueeze (n, axis)
                row = Slice (x, first, end)
                v2 = Identity (v)
            }> (M, "", x)
        }"""),
    # Never stops, and stacks x for ever.
    "loop_forever": (13, """
        (float[N] x) => (float[K, N] rows) {
            rows = Loop <body = g (int64 i, bool c) => (bool yes, float[N] row) {
                yes = Constant <value = bool {1}> ()
                row = Neg (x)
            }> ("", "")
        }"""),
    # Branches of other shapes; one takes a capture as it is.
    "if_shapes": (13, """
        (bool cond, float[N] x) => (float[K] y) {
            y = If <then_branch = t () => (float[N] a) { a = Neg (x) },
                    else_branch = e () => (float[M] b) { b = Concat <axis = 0> (x, x) }> (cond)
        }"""),
    "if_captures": (13, """
        (bool[1] cond, float[N] x) => (float[K] y, float[3] z) {
            three = Constant <value = float[3] {1, 2, 3}> ()
            y, z = If <then_branch = t () => (float[N] x, float[3] three) {},
                       else_branch = e () => (float[3] three, float[3] u) { u = Neg (three) }> (cond)
        }"""),
    # Collatz: how many iterations until x is 1.
    "if_in_loop": (13, """
        (int64 x) => (int64 y, int64[K] path) {
            y, path = Loop <body = g (int64 i, bool c, int64 v) => (bool go, int64 w, int64 w) {
                one = Constant <value = int64 {1}> ()
                two = Constant <value = int64 {2}> ()
                three = Constant <value = int64 {3}> ()
                half = Div (v, two)
                even = Mul (half, two)
                is_even = Equal (even, v)
                w = If <then_branch = t () => (int64 a) { a = Identity (half) },
                        else_branch = e () => (int64 b) { b1 = Mul (v, three) b = Add (b1, one) }> (is_even)
                go = Greater (w, one)
            }> ("", "", x)
        }"""),
    # Running sums: forward over axis 1 of p, backward over axis 0 of q.
    "scan_axes": (11, """
        (float[2] s, float[2, T] p, float[T, 2] q) => (float[2] last, float[2, T] sums, float[T, 2] products) {
            last, sums, products = Scan <num_scan_inputs = 2, scan_input_axes = [1, 0], scan_input_directions = [0, 1],
                                         scan_output_axes = [-1, 0], scan_output_directions = [0, 1],
                body = g (float[2] a, float[2] u, float[2] v) => (float[2] b, float[2] b2, float[2] c) {
                    b = Add (a, u)
                    b2 = Identity (b)
                    c = Mul (u, v)
                }> (s, p, q)
        }"""),
    # Opset 8: each row of the batch for its own number of steps.
    "scan_batch": (8, """
        (int64[B] lens, float[B, 1] s, float[B, T, 1] x) => (float[B, 1] last, float[B, T, 1] sums) {
            last, sums = Scan <num_scan_inputs = 1, directions = [1],
                body = g (float[1] a, float[1] u) => (float[1] b, float[1] b2) {
                    b = Add (a, u)
                    b2 = Identity (b)
                }> (lens, s, x)
        }"""),
}

# With weights, drawn at random, for every input in capitals that has a shape here.
STATE_MODELS = {
    # h' = 2 h + x, to be bound from run to run.
    "carry": (13, {}, """
        (float[N, 2] x, float[N, 2] h) => (float[N, 2] y, float[N, 2] h_next) {
            two = Constant <value = float {2}> ()
            h2 = Mul (h, two)
            h_next = Add (h2, x)
            y = Neg (h_next)
        }"""),
    # Two LSTM layers over [T,N,3]: the first starts from nothing, the second from a constant of batch 2.
    "lstm_stack": (14, {"W0": (1, 16, 3), "R0": (1, 16, 4), "B0": (1, 32), "W1": (1, 20, 4), "R1": (1, 20, 5),
                        "B1": (1, 40), "START": (1, 2, 5)}, """
        (float[T, N, 3] x) => (float[T, 1, N, 5] y, float[1, N, 5] c) {
            axis = Constant <value = int64[1] {1}> ()
            y0 = LSTM <hidden_size = 4> (x, W0, R0, B0)
            y0s = Squeeze (y0, axis)
            y, y_h, c = LSTM <hidden_size = 5> (y0s, W1, R1, B1, "", START, START)
        }"""),
    # A GRU in batch-first layout, both directions, that starts from 2 h.
    "gru_start": (14, {"W": (2, 12, 3), "R": (2, 12, 4)}, """
        (float[N, T, 3] x, float[N, 2, 4] h) => (float[N, T, 2, 4] y, float[N, 2, 4] y_h) {
            two = Constant <value = float {2}> ()
            start = Mul (h, two)
            y, y_h = GRU <hidden_size = 4, layout = 1, direction = "bidirectional"> (x, W, R, "", "", start)
        }"""),
    # An LSTM whose frozen initial state has a batch of 1.
    "lstm_frozen": (14, {"W": (1, 16, 3), "R": (1, 16, 4), "H": (1, 1, 4), "C": (1, 1, 4)}, """
        (float[T, N, 3] x) => (float[T, 1, N, 4] y) {
            y = LSTM <hidden_size = 4> (x, W, R, "", "", H, C)
        }"""),
}


def make(name, opset, weights, text):
    rng = np.random.default_rng(sum(name.encode()))
    head = '<ir_version: 7, opset_import: ["" : %d]> %s ' % (opset, name)
    model = onnx.parser.parse_model(head + text.replace('""', "_absent_"))
    for weight, shape in weights.items():
        values = rng.uniform(-0.6, 0.6, shape).astype(np.float32)
        model.graph.initializer.append(numpy_helper.from_array(values, weight))
    for graph in graphs(model.graph):
        for node in graph.node:
            node.name = node.name or "%s_%s" % (node.op_type.lower(), node.output[0])
            for i, value in enumerate(node.input):
                if value == "_absent_":
                    node.input[i] = ""
    return model


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    models = {"control/" + name: make(name, opset, {}, text) for name, (opset, text) in MODELS.items()}
    models.update({"state/" + name: make(name, *parts) for name, parts in STATE_MODELS.items()})
    for name, model in models.items():
        path = os.path.join(folder, name + ".onnx")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(model.SerializeToString())


def graphs(graph):
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from graphs(attribute.g)


if __name__ == "__main__":
    main()
