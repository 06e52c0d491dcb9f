#!/usr/bin/python3
"""Writes lstm_cases.h: recurrent layers as lines of text (tests/support/lstm_problems.h),
and what they compute, by a model of ONNX's equations in numpy, in double.

The model was written from the operators' pages alone. Where ONNX's own helper of the node
tests can do a case (one direction, default activations, no lengths), both must agree.

usage: make_lstm_cases.py > lstm_cases.h     (needs numpy and onnx)
"""
import sys

import numpy as np
from onnx.backend.test.case.node.gru import GRU_Helper
from onnx.backend.test.case.node.lstm import LSTM_Helper
from onnx.backend.test.case.node.rnn import RNN_Helper

CASES = [
    "LSTM T2 N2 I2 H3",
    "LSTM T3 N2 I3 H2 B",
    "LSTM T3 N1 I2 H2 B h0",
    "LSTM T3 N1 I2 H2 B c0",
    "LSTM T3 N2 I1 H2 B h0 c0",
    "LSTM T3 N2 I2 H2 B h0 c0 P",
    "LSTM T2 N2 I2 H2 B P layout=1",
    "LSTM T3 N2 I2 H2 reverse B h0 c0 P",
    "LSTM T3 N2 I2 H2 bidirectional B h0 c0 P",
    "LSTM T3 N2 I2 H2 bidirectional B h0 c0 P layout=1",
    "LSTM T4 N3 I2 H2 B h0 c0 lens=4,0,2",
    "LSTM T4 N3 I2 H2 reverse B h0 c0 lens=4,0,2",
    "LSTM T4 N3 I2 H2 bidirectional B h0 c0 P lens=1,3,4",
    "LSTM T4 N3 I2 H2 bidirectional B h0 c0 lens=1,3,4 layout=1",
    "LSTM T3 N2 I2 H2 B h0 c0 clip=0.25",
    "LSTM T3 N2 I2 H2 B h0 c0 P clip=0.125",
    "LSTM T4 N3 I2 H2 bidirectional B h0 c0 P lens=1,3,4 clip=0.2 input_forget=1",
    "LSTM T3 N2 I2 H2 B h0 c0 act=Sigmoid,Affine,Affine clip=0.5 alpha=2,3 beta=0.5",
    "LSTM T3 N2 I2 H2 B h0 c0 input_forget=1",
    "LSTM T3 N2 I2 H2 B h0 c0 P input_forget=1",
    "LSTM T3 N2 I2 H2 B act=HardSigmoid,Tanh,Tanh",
    "LSTM T3 N2 I2 H2 B act=HardSigmoid,Tanh,Tanh alpha=0.2 beta=0.5",
    "LSTM T3 N2 I2 H2 B act=HardSigmoid,ScaledTanh,Elu alpha=0.25,1.5,0.7 beta=0.4,0.6",
    "LSTM T3 N2 I2 H2 B act=Sigmoid,Relu,Relu",
    "LSTM T3 N2 I2 H2 B act=sigmoid,LEAKYRELU,softplus",
    "LSTM T3 N2 I2 H2 B act=Sigmoid,LeakyRelu,ThresholdedRelu alpha=0.3,0.1",
    "LSTM T3 N2 I2 H2 B act=Sigmoid,ThresholdedRelu,Softsign",
    "LSTM T3 N2 I2 H2 B act=Softsign,Softplus,Elu",
    "LSTM T3 N2 I2 H2 bidirectional B act=Sigmoid,Tanh,Tanh,HardSigmoid,LeakyRelu,Affine"
    " alpha=0.3,0.2,0.9 beta=0.1,0.2",
    "LSTM T3 N2 I2 H2 B dtype=double hidden_size=none",
    "LSTM T3 N2 I2 H2 B opset=1 output_sequence=1",
    "LSTM T3 N2 I2 H2 B opset=7",
    "LSTM T3 N2 I2 H2 B opset=22",
    "LSTM T1 N1 I1 H1 B h0 c0",
    "LSTM T3 N2 I2 H2 B h0 c0 -Y",
    "LSTM T3 N2 I2 H2 B h0 c0 -Yh -Yc",
    "GRU T3 N2 I2 H3",
    "GRU T3 N2 I2 H2 B h0",
    "GRU T3 N2 I2 H2 B h0 lbr=1",
    "GRU T3 N2 I2 H2 reverse B h0 lbr=1 layout=1",
    "GRU T4 N3 I2 H2 bidirectional B h0 lens=4,0,2",
    "GRU T4 N3 I2 H2 bidirectional B h0 lens=4,0,2 lbr=1 layout=1",
    "GRU T3 N2 I2 H2 B h0 clip=0.25",
    "GRU T3 N2 I2 H2 B h0 clip=0.25 lbr=1",
    "GRU T3 N2 I2 H2 B h0 act=HardSigmoid,Softsign",
    "GRU T3 N2 I2 H2 B h0 act=ScaledTanh,LeakyRelu alpha=0.5,0.3 beta=0.75 lbr=1",
    "GRU T3 N2 I2 H2 B opset=1",
    "GRU T3 N2 I2 H2 B opset=3 lbr=1",
    "GRU T3 N2 I2 H2 B dtype=double opset=22",
    "RNN T3 N2 I2 H3",
    "RNN T3 N2 I2 H2 B h0",
    "RNN T4 N3 I2 H2 bidirectional B h0 lens=4,0,2",
    "RNN T3 N2 I2 H2 reverse B h0 layout=1",
    "RNN T3 N2 I2 H2 B h0 clip=0.25 act=Affine alpha=1.5 beta=-0.25",
    "RNN T3 N2 I2 H2 bidirectional B h0 act=Relu,Sigmoid",
    "RNN T3 N2 I2 H2 B opset=1",
]

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
DEFAULT_ACTIVATIONS = {"LSTM": ["sigmoid", "tanh", "tanh"], "GRU": ["sigmoid", "tanh"], "RNN": ["tanh"]}
ALPHA = {"affine": 1, "leakyrelu": 0.01, "thresholdedrelu": 1, "scaledtanh": 1, "hardsigmoid": 0.2, "elu": 1}
BETA = {"affine": 0, "scaledtanh": 1, "hardsigmoid": 0.5}
INPUTS = {"X": 0, "W": 1, "R": 2, "B": 3, "h0": 5, "c0": 6, "P": 7}
MASK = (1 << 64) - 1


def mix(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def values(seed, tensor, shape, scale=1.0):
    """The values that tests/support/lstm_problems.c gives a tensor, in layout 0."""
    stream = mix((mix(seed) + tensor) & MASK)
    count = int(np.prod(shape))
    flat = [(mix((stream + i) & MASK) >> 53) * 2.0**-10 - 1 for i in range(count)]
    return scale * np.array(flat).reshape(shape)


def single(text):
    """A float attribute: ONNX keeps single precision."""
    return float(np.float32(text))


def parse(line):
    words = line.split()
    case = {"op": words[0], "T": 3, "N": 2, "I": 3, "H": 4, "direction": "forward", "seed": 0, "has": set(),
            "layout": 0, "lens": None, "clip": None, "act": None, "alpha": [], "beta": [], "input_forget": 0,
            "lbr": 0, "dtype": "float", "without": set()}
    for word in words[1:]:
        key, _, value = word.partition("=")
        if word[0] in "TNIH" and word[1:].isdigit():
            case[word[0]] = int(word[1:])
        elif word in ("forward", "reverse", "bidirectional"):
            case["direction"] = word
        elif key == "lens":
            case["lens"] = [int(v) for v in value.split(",")]
        elif word in INPUTS:
            case["has"].add(word)
        elif word[0] == "-":
            case["without"].add(word[1:])
        elif key == "act":
            case["act"] = value.lower().split(",")
        elif key in ("alpha", "beta"):
            case[key] = [single(v) for v in value.split(",")]
        elif key == "clip":
            case["clip"] = single(value)
        elif key in ("layout", "seed", "input_forget", "lbr"):
            case[key] = int(value)
        elif key == "dtype":
            case["dtype"] = value
        elif key not in ("hidden_size", "opset", "output_sequence"):
            raise ValueError(line)
    return case


def activation(name, alpha, beta):
    table = {
        "relu": lambda x: np.maximum(x, 0),
        "tanh": np.tanh,
        "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
        "affine": lambda x: alpha * x + beta,
        "leakyrelu": lambda x: np.where(x >= 0, x, alpha * x),
        "thresholdedrelu": lambda x: np.where(x > alpha, x, 0),
        "scaledtanh": lambda x: alpha * np.tanh(beta * x),
        "hardsigmoid": lambda x: np.clip(alpha * x + beta, 0, 1),
        "elu": lambda x: np.where(x >= 0, x, alpha * (np.exp(x) - 1)),
        "softsign": lambda x: x / (1 + np.abs(x)),
        "softplus": lambda x: np.log1p(np.exp(x)),
    }
    return table[name]


def activations(case, directions):
    names = case["act"] or DEFAULT_ACTIVATIONS[case["op"]] * directions
    alphas, betas = list(case["alpha"]), list(case["beta"])
    functions = []
    for name in names:
        alpha = alphas.pop(0) if name in ALPHA and alphas else single(ALPHA.get(name, 0))
        beta = betas.pop(0) if name in BETA and betas else single(BETA.get(name, 0))
        function = activation(name, alpha, beta)
        clip = case["clip"]
        if clip is not None:
            function = (lambda inner: lambda x: inner(np.clip(x, -clip, clip)))(function)
        functions.append(function)
    count = len(functions) // directions
    return [functions[d * count:(d + 1) * count] for d in range(directions)]


def lstm_step(case, f, x, h, c, w, r, wb, rb, p):
    i, o, forget, g = np.split(x @ w.T + h @ r.T + wb + rb, 4)
    p_i, p_o, p_f = np.split(p, 3)
    i = f[0](i + p_i * c)
    forget = 1 - i if case["input_forget"] else f[0](forget + p_f * c)
    c = forget * c + i * f[1](g)
    return f[0](o + p_o * c) * f[2](c), c


def gru_step(case, f, x, h, c, w, r, wb, rb, p):
    wz, wr, wh = np.split(w, 3)
    rz, rr, rh = np.split(r, 3)
    bwz, bwr, bwh = np.split(wb, 3)
    brz, brr, brh = np.split(rb, 3)
    z = f[0](x @ wz.T + h @ rz.T + bwz + brz)
    reset = f[0](x @ wr.T + h @ rr.T + bwr + brr)
    if case["lbr"]:
        n = f[1](x @ wh.T + reset * (h @ rh.T + brh) + bwh)
    else:
        n = f[1](x @ wh.T + (reset * h) @ rh.T + brh + bwh)
    return (1 - z) * n + z * h, c


def rnn_step(case, f, x, h, c, w, r, wb, rb, p):
    return f[0](x @ w.T + h @ r.T + wb + rb), c


STEPS = {"LSTM": lstm_step, "GRU": gru_step, "RNN": rnn_step}


def tensors(case):
    t, n, i, h = (case[k] for k in "TNIH")
    d = 2 if case["direction"] == "bidirectional" else 1
    g = GATES[case["op"]]
    shapes = {"X": (t, n, i), "W": (d, g * h, i), "R": (d, g * h, h), "B": (d, 2 * g * h), "h0": (d, n, h),
              "c0": (d, n, h), "P": (d, 3 * h)}
    result = {}
    for name, shape in shapes.items():
        scale = 1.0
        if name in "WR":
            terms = i + 1 if name == "W" else h
            scale = 2.0**-np.floor(np.log2(terms) / 2)
        there = name in "XWR" or name in case["has"]
        result[name] = values(case["seed"], INPUTS[name], shape, scale) if there else np.zeros(shape)
    return result


def run(case):
    t, n, h = case["T"], case["N"], case["H"]
    data = tensors(case)
    d = data["W"].shape[0]
    y = np.zeros((t, d, n, h))
    y_h, y_c = data["h0"].copy(), data["c0"].copy()
    lens = case["lens"] or [t] * n
    functions = activations(case, d)
    for direction in range(d):
        backward = case["direction"] == "reverse" or direction == 1
        w, r, b, p = (data[k][direction] for k in ("W", "R", "B", "P"))
        wb, rb = np.split(b, 2)
        for row in range(n):
            order = range(lens[row])
            for step in reversed(order) if backward else order:
                state = STEPS[case["op"]](case, functions[direction], data["X"][step, row], y_h[direction, row],
                                          y_c[direction, row], w, r, wb, rb, p)
                y_h[direction, row], y_c[direction, row] = state
                y[step, direction, row] = state[0]
    return y, y_h, y_c


def check_against_onnx(case, y, y_h):
    helper = {"LSTM": LSTM_Helper, "GRU": GRU_Helper, "RNN": RNN_Helper}[case["op"]]
    plain = case["direction"] == "forward" and not (case["act"] or case["clip"] or case["lens"] or case["input_forget"])
    if not plain:
        return False
    data = tensors(case)
    given = {"X": data["X"], "W": data["W"], "R": data["R"], "B": data["B"], "initial_h": data["h0"]}
    if case["op"] == "LSTM":
        given.update({"initial_c": data["c0"], "P": data["P"]})
    if case["op"] == "GRU":
        given["linear_before_reset"] = np.array([case["lbr"]])
    their_y, their_y_h = helper(**given).step()
    np.testing.assert_allclose(y, their_y, rtol=1e-12)
    np.testing.assert_allclose(y_h, their_y_h.reshape(y_h.shape), rtol=1e-12)
    return True


def main():
    lines, numbers, checked = [], [], 0
    for line in CASES:
        case = parse(line)
        y, y_h, y_c = run(case)
        checked += check_against_onnx(case, y, y_h)
        if case["layout"] == 1:
            y = y.transpose(2, 0, 1, 3)
            y_h, y_c = y_h.transpose(1, 0, 2), y_c.transpose(1, 0, 2)
        outputs = [("Y", y), ("Yh", y_h)] + ([("Yc", y_c)] if case["op"] == "LSTM" else [])
        first = len(numbers)
        for name, output in outputs:
            if name not in case["without"]:
                numbers.extend(output.reshape(-1))
        lines.append(f'    {{"{line}", {first}, {len(numbers) - first}}},')
    print("// Written by make_lstm_cases.py: do not edit.")
    print("// clang-format off")
    print("typedef struct lstm_expectation {\n  const char* line;\n  int first, count;\n} lstm_expectation;\n")
    print("static const lstm_expectation kLstmExpectations[] = {")
    print("\n".join(lines))
    print("};\n\nstatic const float kLstmValues[] = {")
    for at in range(0, len(numbers), 10):
        print("    " + " ".join(f"{v:.8g}," for v in numbers[at:at + 10]))
    print("};")
    print(f"{len(CASES)} cases, {checked} checked against onnx's helpers, {len(numbers)} values", file=sys.stderr)


main()
