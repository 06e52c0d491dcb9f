#!/usr/bin/python3
"""Writes tests/data/soft_clip/: a model with the custom operator of docs/examples/soft_clip.c, and an input for it."""
import os

import numpy as np
from onnx import TensorProto, helper

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "soft_clip")
os.makedirs(OUT, exist_ok=True)
node = helper.make_node("SoftClip", ["x"], ["y"], name="clip", domain="com.example.audio", drive=2.0)
graph = helper.make_graph([node], "soft_clip", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N"])],
                          [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N"])])
opsets = [helper.make_opsetid("", 14), helper.make_opsetid("com.example.audio", 1)]
model = helper.make_model(graph, opset_imports=opsets, producer_name="make_soft_clip", ir_version=8)
with open(os.path.join(OUT, "model.onnx"), "wb") as file:
    file.write(model.SerializeToString(deterministic=True))
np.save(os.path.join(OUT, "x.npy"), np.float32([-1, -0.25, 0, 0.25, 1]))
