"""Runs ONNX models with LSTM layers, and lets you read, set and keep their state.

    import olstm
    session = olstm.Session("model.onnx")
    outputs = session.run({"x": x})                       # stateless

    session = olstm.Session("model.onnx", stateful=["lstm"])
    context = session.context()
    context.run({"x": first_chunk})
    context.state["lstm/h"]                               # a numpy array
    context.state["lstm/h"] = h0
    context.reset()

From Keras: `python -m tf2onnx.convert --saved-model DIR --output model.onnx` (or `--keras FILE`) makes the
model; docs/keras.md says what is lost on the way and how to get it back.

Everything is in libolstm.so, which is found by the system's loader or through OLSTM_LIBRARY.
"""
from ._library import Error
from .session import Context, Session

__all__ = ["Context", "Error", "Session"]
