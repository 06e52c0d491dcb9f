"""What the tests of the Python package share: one LSTM node as a model, its equations in numpy, and inputs. Imported first: without what it
needs, the test is skipped."""
import os
import sys

try:
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper
except ImportError as error:
    print("skipped: %s" % error)
    sys.exit(77)

I, H = 2, 3
_random = np.random.default_rng(3)
W, R = _random.uniform(-0.8, 0.8, (1, 4 * H, I)), _random.uniform(-0.8, 0.8, (1, 4 * H, H))
B = _random.uniform(-0.5, 0.5, (1, 8 * H))
KINDS = {np.float32: TensorProto.FLOAT, np.float64: TensorProto.DOUBLE, np.float16: TensorProto.FLOAT16}

KERAS_MODEL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "keras_lstm", "model.onnx")


def make_model(nodes, inputs, outputs, constants=(), opset=14):
    """inputs, outputs: (name, ONNX dtype, shape or None). constants: (name, array)."""
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info(*i) for i in inputs],
                              [helper.make_tensor_value_info(*o) for o in outputs],
                              [numpy_helper.from_array(array, name) for name, array in constants])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def model(dtype=np.float32, with_states=False):
    """One LSTM node 'lstm': x [T,N,I] (and h0, c0) to y, h, c."""
    kind = KINDS[dtype]
    states = ["h0", "c0"] if with_states else []
    node = helper.make_node("LSTM", ["x", "W", "R", "B"] + ([""] + states if states else []), ["y", "h", "c"], name="lstm",
                            hidden_size=H)
    inputs = [("x", kind, ["T", "N", I])] + [(name, kind, [1, "N", H]) for name in states]
    return make_model([node], inputs, [(name, kind, None) for name in "yhc"],
                      [(name, a.astype(dtype)) for name, a in (("W", W), ("R", R), ("B", B))])


def identity(kind, rank=1):
    """x to y of one dtype, all of whose dimensions are symbolic."""
    shape = ["d%d" % d for d in range(rank)]
    return make_model([helper.make_node("Identity", ["x"], ["y"])], [("x", kind, shape)], [("y", kind, shape)])


def reference(x, h=None, c=None):
    sigmoid = lambda v: 1 / (1 + np.exp(-v))
    h = np.zeros((x.shape[1], H)) if h is None else h
    c = np.zeros((x.shape[1], H)) if c is None else c
    y = []
    for step in x:
        i, o, f, g = np.split(step @ W[0].T + h @ R[0].T + B[0, :4 * H] + B[0, 4 * H:], 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        y.append(h)
    return np.stack(y), h, c


def sequence(steps, rows, dtype=np.float32):
    return np.sin(np.arange(steps * rows * I, dtype=dtype)).reshape(steps, rows, I)


def model_with_external_data(location="weights/w.bin"):
    """The model above, and the bytes that its weights lie in."""
    result, content = model(), b""
    for tensor in result.graph.initializer:
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", location), ("offset", len(content)), ("length", len(tensor.raw_data))):
            tensor.external_data.add(key=key, value=str(value))
        content += tensor.raw_data
        tensor.ClearField("raw_data")
    return result, content


def sequence_model(batch="N", steps="T", outputs=("steps", "last")):
    """As Keras has it: x [N,T,I] to steps [N,T,2], one vector a step, and last [N,1], one number a sequence. One LSTM 'lstm'."""
    dense, single = _random_dense
    nodes = [helper.make_node("LSTM", ["x", "W", "R", "B"], ["y", "h"], name="lstm", hidden_size=H, layout=1),
             helper.make_node("Squeeze", ["y", "two"], ["y3"]), helper.make_node("MatMul", ["y3", "dense"], ["steps"]),
             helper.make_node("Squeeze", ["h", "one"], ["h2"]), helper.make_node("MatMul", ["h2", "single"], ["last"])]
    shapes = {"steps": [batch, steps, 2], "last": [batch, 1]}
    constants = [(name, a.astype(np.float32)) for name, a in (("W", W), ("R", R), ("B", B), ("dense", dense), ("single", single))]
    constants += [("two", np.array([2])), ("one", np.array([1]))]
    return make_model(nodes, [("x", TensorProto.FLOAT, [batch, steps, I])],
                      [(name, TensorProto.FLOAT, shapes[name]) for name in outputs], constants)


_random_dense = _random.uniform(-1, 1, (H, 2)), _random.uniform(-1, 1, (H, 1))
