#!/usr/bin/python3
"""Writes tests/data/onnxruntime/*.onnx: small recurrent models, in pairs that must agree.

cpu_*: what ONNX Runtime's own CPU provider can run. The others are the same layers with layout=1, in double, or as
custom operators of domain olstm. Weights are random from a fixed seed.
"""
import os

import numpy as np
import onnx
from onnx import helper, numpy_helper

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "onnxruntime")
I, H = 3, 5


def weights(gates, directions, dtype, seed):
    random = np.random.default_rng(seed)
    shapes = {"W": (directions, gates * H, I), "R": (directions, gates * H, H), "B": (directions, 2 * gates * H)}
    return {k: random.uniform(-0.6, 0.6, s).astype(np.float32).astype(dtype) for k, s in shapes.items()}


def save(name, op_type, domain="", dtype=np.float32, directions=1, gates=4, layout=0, inputs=(), outputs=("Y", "Y_h", "Y_c"),
         extra_inputs=(), **attributes):
    tensor = helper.np_dtype_to_tensor_dtype(np.dtype(dtype)) if hasattr(helper, "np_dtype_to_tensor_dtype") else \
        onnx.mapping.NP_TYPE_TO_TENSOR_TYPE[np.dtype(dtype)]
    if layout:
        attributes["layout"] = layout
    if directions == 2:
        attributes["direction"] = "bidirectional"
    node = helper.make_node(op_type, ["X", "W", "R", "B", *inputs], list(outputs), name="layer", domain=domain, hidden_size=H,
                            **attributes)
    graph_inputs = [helper.make_tensor_value_info("X", tensor, [None, None, I])] + list(extra_inputs)
    graph_inputs += [helper.make_tensor_value_info(n, tensor, None) for n in inputs if n.startswith("initial")]
    graph = helper.make_graph([node], name, graph_inputs, [helper.make_tensor_value_info(n, tensor, None) for n in outputs],
                              [numpy_helper.from_array(v, k) for k, v in weights(gates, directions, dtype, 7).items()])
    opsets = [helper.make_opsetid("", 14), helper.make_opsetid("olstm", 1)]
    model = helper.make_model(graph, opset_imports=opsets, producer_name="make_onnxruntime_models", ir_version=8)
    with open(os.path.join(OUT, name + ".onnx"), "wb") as file:
        file.write(model.SerializeToString(deterministic=True))


os.makedirs(OUT, exist_ok=True)
save("cpu_lstm", "LSTM")
save("cpu_lstm_bidirectional", "LSTM", directions=2)
save("cpu_lstm_states", "LSTM", inputs=("", "initial_h", "initial_c"), outputs=("Y", "Y_h", "Y_c"))
save("cpu_gru", "GRU", gates=3, outputs=("Y", "Y_h"))
save("cpu_rnn", "RNN", gates=1, outputs=("Y", "Y_h"))
save("layout1_lstm", "LSTM", layout=1)
save("double_lstm", "LSTM", dtype=np.float64)
save("custom_lstm", "LSTM", domain="olstm")
save("custom_lstm_activations", "LSTM", domain="olstm", activations="Sigmoid,Tanh,Tanh")
save("custom_lstm_list", "LSTM", domain="olstm", activations=["Sigmoid", "Tanh", "Tanh"])
save("custom_stateful", "StatefulLSTM", domain="olstm", inputs=("", "", "", "", "reset"),
     extra_inputs=[helper.make_tensor_value_info("reset", onnx.TensorProto.BOOL, [1])])
