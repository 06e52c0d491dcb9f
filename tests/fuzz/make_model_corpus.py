#!/usr/bin/env python3
"""Writes the seeds of corpus/model, small models that reach every part of the loader, and
models/lstm_every_input.onnx.

usage: make_model_corpus.py tests/fuzz     needs the onnx package (1.12 or newer)
"""
import os
import sys

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, helper, numpy_helper

OPSETS = [helper.make_opsetid("", 17)]


def value(name, dtype=TensorProto.FLOAT, shape=("N", 2)):
    return helper.make_tensor_value_info(name, dtype, shape)


def model(nodes, inputs, outputs, initializers=(), opsets=OPSETS, functions=(), ir=8):
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(initializers))
    return helper.make_model(graph, opset_imports=opsets, functions=list(functions),
                             ir_version=ir, producer_name="seed")


def lstm():
    w = numpy_helper.from_array(np.ones((1, 8, 2), np.float32), "W")
    r = numpy_helper.from_array(np.ones((1, 8, 2), np.float32), "R")
    node = helper.make_node("LSTM", ["X", "W", "R", "", "", "h"], ["Y", "", "Y_c"],
                            hidden_size=2, activations=["Sigmoid", "Tanh", "Relu"],
                            clip=3.0)
    result = model([node], [value("X", shape=("T", "N", 2)), value("h", shape=None)],
                   [value("Y", shape=None), value("Y_c", shape=None)], [w, r])
    helper.set_model_props(result, {"key": "value", "other": ""})
    return result


def lstm_every_input():
    """Not a seed: what fuzz_inputs runs. All optional inputs are the caller's."""
    shape = {"X": ("T", "N", 3), "lens": ("N",), "h": (2, "N", 4), "c": (2, "N", 4), "P": (2, 12)}
    inputs = [value(n, TensorProto.INT32 if n == "lens" else TensorProto.FLOAT, s)
              for n, s in shape.items()]
    ramp = (np.arange(2 * 16 * 4, dtype=np.float32) % 7 - 3) / 8
    weights = [numpy_helper.from_array(ramp[:2 * 16 * 3].reshape(2, 16, 3), "W"),
               numpy_helper.from_array(ramp.reshape(2, 16, 4), "R"),
               numpy_helper.from_array(ramp[:2 * 32].reshape(2, 32), "B")]
    node = helper.make_node("LSTM", ["X", "W", "R", "B", "lens", "h", "c", "P"],
                            ["Y", "Y_h", "Y_c"], hidden_size=4, direction="bidirectional",
                            clip=2.0)
    return model([node], inputs, [value(n, shape=None) for n in ("Y", "Y_h", "Y_c")], weights)


def typed_fields():
    kinds = [TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16,
             TensorProto.INT8, TensorProto.UINT8, TensorProto.INT16, TensorProto.UINT16,
             TensorProto.INT32, TensorProto.INT64, TensorProto.UINT32, TensorProto.UINT64,
             TensorProto.BOOL]
    tensors = [helper.make_tensor(f"t{k}", k, [2, 1], [0, 1]) for k in kinds]
    tensors.append(helper.make_tensor("s", TensorProto.STRING, [2], [b"a", b"bc"]))
    tensors.append(helper.make_tensor("c", TensorProto.COMPLEX64, [1], [1 + 2j]))
    return model([helper.make_node("Identity", ["t1"], ["y"])], [], [value("y")], tensors)


def constants():
    forms = [("value_float", 1.5), ("value_floats", [1.0, 2.0]), ("value_int", 3),
             ("value_ints", [4, 5]), ("value_string", "s"), ("value_strings", ["a", "b"]),
             ("value", numpy_helper.from_array(np.arange(3, dtype=np.int64)))]
    nodes = [helper.make_node("Constant", [], [f"c{i}"], **{n: v})
             for i, (n, v) in enumerate(forms)]
    nodes.append(helper.make_node("Add", ["x", "c0"], ["y"]))
    return model(nodes, [value("x")], [value("y")])


def control_flow():
    inner = helper.make_graph([helper.make_node("Add", ["x", "k"], ["z"])], "inner", [],
                              [value("z")])
    then = helper.make_graph([helper.make_node("If", ["c"], ["u"], then_branch=inner,
                                               else_branch=inner)], "then", [], [value("u")])
    other = helper.make_graph([helper.make_node("Neg", ["x"], ["u"])], "else", [], [value("u")])
    body = helper.make_graph(
        [helper.make_node("Identity", ["c_in"], ["c_out"]),
         helper.make_node("Add", ["v_in", "x"], ["v_out"])], "body",
        [value("i", TensorProto.INT64, []), value("c_in", TensorProto.BOOL, []), value("v_in")],
        [value("c_out", TensorProto.BOOL, []), value("v_out")])
    nodes = [helper.make_node("If", ["c"], ["y"], "pick", then_branch=then, else_branch=other),
             helper.make_node("Loop", ["n", "c", "x"], ["w"], "again", body=body)]
    k = numpy_helper.from_array(np.ones(2, np.float32), "k")
    n = numpy_helper.from_array(np.array(3, np.int64), "n")
    return model(nodes, [value("x"), value("c", TensorProto.BOOL, [])],
                 [value("y"), value("w")], [k, n])


def functions():
    imports = OPSETS + [helper.make_opsetid("own", 1)]
    alpha = helper.make_node("LeakyRelu", ["a"], ["t"])
    reference = AttributeProto()
    reference.name, reference.ref_attr_name = "alpha", "slope"
    reference.type = AttributeProto.FLOAT
    alpha.attribute.append(reference)
    leaf = helper.make_function("own", "Leaf", ["a", "b"], ["r"],
                                [alpha, helper.make_node("Add", ["t", "b"], ["r"])],
                                imports, ["slope"])
    outer = helper.make_function("own", "Outer", ["a"], ["p", "a"],
                                 [helper.make_node("Leaf", ["a", "a"], ["p"], domain="own",
                                                   slope=0.5)], imports, [])
    nodes = [helper.make_node("Outer", ["x"], ["y", "z"], "one", domain="own"),
             helper.make_node("Outer", ["y"], ["w"], "two", domain="own")]
    return model(nodes, [value("x")], [value("w"), value("z")], opsets=imports,
                 functions=[leaf, outer])


def unsorted_and_unnamed():
    nodes = [helper.make_node("Relu", ["b"], ["c"], "twin"),
             helper.make_node("Add", ["a", "k"], ["b"]),
             helper.make_node("Neg", ["x"], ["a"], "twin")]
    k = numpy_helper.from_array(np.ones(2, np.float32), "k")
    return model(nodes, [value("x"), value("k")], [value("c"), value("b")], [k], ir=3)


def external():
    tensor = TensorProto(name="W", data_type=TensorProto.FLOAT, dims=[2])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="w.bin")
    return model([helper.make_node("Add", ["x", "W"], ["y"])], [value("x")], [value("y")],
                 [tensor])


def cycle():
    nodes = [helper.make_node("Add", ["x", "b"], ["a"]), helper.make_node("Neg", ["a"], ["b"])]
    return model(nodes, [value("x")], [value("a")])


def sequence():
    kind = helper.make_tensor_sequence_value_info("x", TensorProto.FLOAT, None)
    return model([helper.make_node("Identity", ["x"], ["y"])], [kind], [kind])


def write(path, message):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(message.SerializeToString())


def main():
    folder = sys.argv[1]
    for make in (lstm, typed_fields, constants, control_flow, functions, unsorted_and_unnamed,
                 external, cycle, sequence):
        write(os.path.join(folder, "corpus", "model", f"{make.__name__}.onnx"), make())
    write(os.path.join(folder, "models", "lstm_every_input.onnx"), lstm_every_input())


if __name__ == "__main__":
    main()
