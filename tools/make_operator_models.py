#!/usr/bin/env python3
"""Writes a model of one node for each line of a file: what compare_onnxruntime measures operators with.

usage: make_operator_models.py FOLDER [FILE]      (default: shapes/operators.txt beside this script)

Each becomes FOLDER/NAME/model.onnx with test_data_set_0/input_I.pb, as ONNX keeps its node tests. The file tells the
format of its lines. Data is made up and always the same. Needs Debian's python3-onnx and python3-numpy.
"""
import os
import re
import sys
import zlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

DTYPES = {"bf16": np.float32, "f32": np.float32, "f64": np.float64, "f16": np.float16, "i64": np.int64, "i32": np.int32, "i16": np.int16,
          "i8": np.int8, "u8": np.uint8, "u16": np.uint16, "u32": np.uint32, "u64": np.uint64, "bool": np.bool_}
DEFAULT_OPSET = 17


def read_lines(file):
    """The cases of a file: comments are left out, and a line with T=A,B is one for each dtype, which T: stands for in it."""
    for line in (text.split("#")[0].strip() for text in file):
        dtypes = re.search(r"\bT=(\S+)", line)
        if line and not dtypes:
            yield line
        for dtype in dtypes.group(1).split(",") if dtypes else []:
            name, rest = re.sub(r"\bT:", f"{dtype}:", line.replace(dtypes.group(0), "")).split(None, 1)
            yield f"{name}_{dtype} {rest}"


def parse_value(text):
    """An attribute's: integers, reals, lists of them in brackets, else text."""
    if text.startswith("["):
        return [parse_value(part) for part in text[1:-1].split(",")]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def make_data(dtype, dims, bounds, rng):
    """Elements between `bounds`: reals from -1 to 1 and integers 0 or 1 where there are none."""
    if np.issubdtype(dtype, np.floating):
        low, high = bounds or (-1.0, 1.0)
        return rng.uniform(low, high, dims).astype(dtype)
    low, high = bounds or (0, 2)
    return rng.integers(int(low), int(high), dims).astype(dtype)


class Input:
    """One input of a node: [const:][DTYPE:]DIMS[@LOW..HIGH], [DTYPE:]=V (a scalar) or =V,... (a list), - where it is absent."""

    def __init__(self, text, index, rng):
        self.is_absent = text == "-"
        self.name = "" if self.is_absent else f"x{index}"
        if self.is_absent:
            return
        parts = text.split(":")
        self.is_constant = parts[0] == "const" or parts[-1].startswith("=")
        dtype_name = next((part for part in parts if part in DTYPES), "f32")
        dtype = DTYPES[dtype_name]
        self.is_bfloat16 = dtype_name == "bf16"
        dims, _, bounds = parts[-1].partition("@")
        if dims.startswith("="):
            values = [parse_value(value) for value in dims[1:].split(",") if value]
            self.data = np.array(values if "," in dims else values[0], dtype)
            return
        shape = [int(dim) for dim in dims.split("x")] if dims != "scalar" else []
        self.data = make_data(dtype, shape, [float(bound) for bound in bounds.split("..")] if bounds else None, rng)

    def tensor(self, data=None):
        """All of its data, or what is given of it, as ONNX has it."""
        data = self.data if data is None else data
        if not self.is_bfloat16:
            return numpy_helper.from_array(np.asarray(data), self.name)
        bits = (np.ascontiguousarray(data).view(np.uint32) >> 16).astype(np.uint16)
        made = numpy_helper.from_array(bits, self.name)
        made.data_type = TensorProto.BFLOAT16
        return made

    def value_info(self, dims=None):
        dtype = helper.np_dtype_to_tensor_dtype(self.data.dtype) if hasattr(helper, "np_dtype_to_tensor_dtype") else \
            onnx.mapping.NP_TYPE_TO_TENSOR_TYPE[self.data.dtype]
        dims = self.data.shape if dims is None else dims
        return helper.make_tensor_value_info(self.name, TensorProto.BFLOAT16 if self.is_bfloat16 else dtype, dims)


def empty_infos(names):
    return [helper.make_empty_tensor_value_info(name) for name in names]


def put_in_body(node, inputs, kind, count):
    """The node in the body of a Loop or Scan of `count` trips, or in both branches of an If: that, and the constants and inputs it has."""
    first = next(given for given in inputs if not given.is_absent)
    if kind == "loop":
        keep = helper.make_node("Identity", ["keep_in"], ["keep"])
        node.input[0], node.output[0] = "carried", "carried_out"
        body = helper.make_graph([node, keep], "body", [
            helper.make_tensor_value_info("trip", TensorProto.INT64, []),
            helper.make_tensor_value_info("keep_in", TensorProto.BOOL, []),
            helper.make_empty_tensor_value_info("carried")], empty_infos(["keep", "carried_out"]))
        trips = numpy_helper.from_array(np.array(count, np.int64), "trips")
        return helper.make_node("Loop", ["trips", "", first.name], ["y0"], name=node.name + "_loop", body=body), [trips], []
    if kind == "scan":
        node.input[0] = "slice"
        body = helper.make_graph([node], "body", [first.value_info()], empty_infos(node.output))
        body.input[0].name = "slice"
        first.data = np.repeat(first.data[np.newaxis], count, axis=0)
        return helper.make_node("Scan", [first.name], list(node.output), name=node.name + "_scan", body=body,
                                num_scan_inputs=1), [], []
    bodies = {branch: helper.make_graph([node], branch, [], empty_infos(node.output))
              for branch in ("then_branch", "else_branch")}
    condition = Input("bool:scalar@1..2", "condition", np.random.default_rng(0))
    return helper.make_node("If", [condition.name], list(node.output), name=node.name + "_if", **bodies), [], [condition]


def make_case(line):
    """(name, model, the data of its inputs)"""
    name, op_type, *tokens = line.split()
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    attributes = dict(token.split("=", 1) for token in tokens if token[0].isalpha() and "=" in token and ":" not in token)
    texts = [token for token in tokens if token.split("=", 1)[0] not in attributes]
    inputs = [Input(text, index, rng) for index, text in enumerate(texts)]
    opset = int(attributes.pop("opset", DEFAULT_OPSET))
    domain = attributes.pop("domain", "")
    bodies = [(kind, int(attributes.pop(kind))) for kind in ("loop", "scan", "branch") if kind in attributes]
    outputs = [f"y{index}" for index in range(int(attributes.pop("outputs", 1)))]
    node = helper.make_node(op_type, [given.name for given in inputs], outputs, name=name, domain=domain,
                            **{key: parse_value(value) for key, value in attributes.items()})
    constants = []
    for kind, count in bodies:
        node, constants, more = put_in_body(node, inputs, kind, count)
        inputs += more
    fed = [given for given in inputs if not given.is_absent and not given.is_constant]
    constants += [given.tensor() for given in inputs if not given.is_absent and given.is_constant]
    graph = helper.make_graph([node], name, [given.value_info() for given in fed], empty_infos(outputs), constants)
    opsets = [helper.make_opsetid("", opset)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    return name, helper.make_model(graph, opset_imports=opsets, ir_version=8), fed


def write(folder, line):
    name, model, fed = make_case(line)
    data_folder = os.path.join(folder, name, "test_data_set_0")
    os.makedirs(data_folder, exist_ok=True)
    with open(os.path.join(folder, name, "model.onnx"), "wb") as file:
        file.write(model.SerializeToString())
    for index, given in enumerate(fed):
        with open(os.path.join(data_folder, f"input_{index}.pb"), "wb") as file:
            file.write(given.tensor().SerializeToString())


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    shapes = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shapes", "operators.txt")
    with open(sys.argv[2] if len(sys.argv) == 3 else shapes, encoding="utf-8") as file:
        for line in read_lines(file):
            write(sys.argv[1], line)


if __name__ == "__main__":
    main()
