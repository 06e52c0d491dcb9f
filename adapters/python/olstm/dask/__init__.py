"""Models over Dask's arrays, bags and dataframes of sequences: lazily, on as many worker processes as there are.

    import olstm.dask as od
    y = od.map_blocks("model.onnx", x)                           # dask.array of sequences [N,T,I]: each for itself
    s = od.map_partitions("model.onnx", frame, columns=["x0", "x1", "x2"])   # a sequence a row
    b = od.map_partitions("model.onnx", bag)                     # a sequence an element

    y = od.scan_blocks("model.onnx", x)                          # the state is carried along axis 1, block to block
    s = od.scan_partitions("model.onnx", frame, key="machine", columns=["x0", "x1"])   # a step a row, a stream a key

`map_` runs sequences that have nothing to do with each other; `scan_` carries a recurrent layer's state from block to block and from
partition to partition, in order. Results are bit for bit those of one process, however the data is cut: one run over the whole. Nothing
is computed before Dask is asked to; only the shapes of outputs are found out, by running the model on a few zeros.

model: a path, bytes, an onnx.ModelProto or an olstm.Session; options are olstm.Session's. It goes along in the graph, as bytes (a path
whose external data lies beside it, as that path), so that workers need not have the file; each worker process makes its session once,
and keeps it.

Tasks have no side effects: one that is lost with its worker is computed again, from the state that the task before it gave.
"""
from ._blocks import map_blocks, scan_blocks
from ._partitions import map_partitions, scan_partitions

__all__ = ["map_blocks", "map_partitions", "scan_blocks", "scan_partitions"]
