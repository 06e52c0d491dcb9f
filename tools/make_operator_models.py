#!/usr/bin/env python3
"""Writes a model of one node for each line of a file: what compare_onnxruntime measures operators with.

usage: make_operator_models.py FOLDER [FILE]      (default: shapes/operators.txt beside this script)

Each becomes FOLDER/NAME/model.onnx with test_data_set_0/input_I.pb, as ONNX keeps its node tests. The file tells the
format of its lines. Data is made up and always the same. Needs Debian's python3-onnx and python3-numpy.
"""
import os
import sys
import zlib

import numpy as np
import onnx
from onnx import helper, numpy_helper

DTYPES = {"f32": np.float32, "f64": np.float64, "f16": np.float16, "i64": np.int64, "i32": np.int32, "i16": np.int16,
          "i8": np.int8, "u8": np.uint8, "u16": np.uint16, "u32": np.uint32, "u64": np.uint64, "bool": np.bool_}
DEFAULT_OPSET = 17


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
        dtype = DTYPES[next((part for part in parts if part in DTYPES), "f32")]
        dims, _, bounds = parts[-1].partition("@")
        if dims.startswith("="):
            values = [parse_value(value) for value in dims[1:].split(",") if value]
            self.data = np.array(values if "," in dims else values[0], dtype)
            return
        shape = [int(dim) for dim in dims.split("x")] if dims != "scalar" else []
        self.data = make_data(dtype, shape, [float(bound) for bound in bounds.split("..")] if bounds else None, rng)


def make_case(line):
    """(name, model, the data of its inputs)"""
    name, op_type, *tokens = line.split()
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    attributes = dict(token.split("=", 1) for token in tokens if token[0].isalpha() and "=" in token and ":" not in token)
    texts = [token for token in tokens if token.split("=", 1)[0] not in attributes]
    inputs = [Input(text, index, rng) for index, text in enumerate(texts)]
    opset = int(attributes.pop("opset", DEFAULT_OPSET))
    outputs = [f"y{index}" for index in range(int(attributes.pop("outputs", 1)))]
    node = helper.make_node(op_type, [given.name for given in inputs], outputs, name=name,
                            **{key: parse_value(value) for key, value in attributes.items()})
    fed = [given for given in inputs if not given.is_absent and not given.is_constant]
    graph = helper.make_graph(
        [node], name,
        [helper.make_tensor_value_info(given.name, onnx.helper.mapping.NP_TYPE_TO_TENSOR_TYPE[given.data.dtype],
                                       given.data.shape) for given in fed],
        [helper.make_empty_tensor_value_info(output) for output in outputs],
        [numpy_helper.from_array(given.data, given.name) for given in inputs
         if not given.is_absent and given.is_constant])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return name, model, fed


def write(folder, line):
    name, model, fed = make_case(line)
    data_folder = os.path.join(folder, name, "test_data_set_0")
    os.makedirs(data_folder, exist_ok=True)
    with open(os.path.join(folder, name, "model.onnx"), "wb") as file:
        file.write(model.SerializeToString())
    for index, given in enumerate(fed):
        with open(os.path.join(data_folder, f"input_{index}.pb"), "wb") as file:
            file.write(numpy_helper.from_array(given.data, given.name).SerializeToString())


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    shapes = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shapes", "operators.txt")
    with open(sys.argv[2] if len(sys.argv) == 3 else shapes, encoding="utf-8") as file:
        lines = [line.split("#")[0].strip() for line in file]
    for line in filter(None, lines):
        write(sys.argv[1], line)


if __name__ == "__main__":
    main()
