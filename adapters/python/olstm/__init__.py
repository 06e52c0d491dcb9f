"""Runs ONNX models with LSTM layers, and lets you read, set and keep their state.

    import olstm
    session = olstm.Session("model.onnx")
    outputs = session.run({"x": x})                       # without state; from any number of threads

    session = olstm.Session("model.onnx", stateful=True)  # or the names of the layers that keep their state
    session.run({"x": first_chunk})                       # one stream: the next run goes on from here
    session.reset()

    context = session.context()                           # a stream of its own; thousands may share a session
    context.run({"x": first_chunk})
    context.state["lstm/h"]                               # a numpy array
    context.state["lstm/h"] = h0
    context.reset()

    streams = session.streams(capacity=1000)              # thousands of streams, computed together
    h = streams.open()
    streams.run({h: {"x": first_chunk}})[h]["y"]
    with streams.batcher() as batcher:                    # makes the batches of what threads and coroutines bring
        batcher.run(h, {"x": next_chunk})

From Keras: `python -m tf2onnx.convert --saved-model DIR --output model.onnx` (or `--keras FILE`) makes the
model; docs/keras.md says what is lost on the way and how to get it back.

olstm.backend implements ONNX's backend interface, olstm.dask runs models over Dask's arrays, bags and dataframes.

Everything is in libolstm.so: the one beside this package, else the system's; OLSTM_LIBRARY names another.
"""
from ._library import VERSION as __version__, Error, Status
from .session import Context, Session
from .streams import Batcher, Streams

__all__ = ["Batcher", "Context", "Error", "Session", "Status", "Streams", "__version__"]
