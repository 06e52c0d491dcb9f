"""Runs models with a Python backend for `olstm conform --runtime python:MODULE`.

Started as `python3 -c THIS MODULE`. Requests come through standard input and answers go to what was standard output, as
numbers of eight bytes, little endian, and texts after their length. Needs the module, onnx and numpy.
"""
import importlib
import os
import struct
import sys

BFLOAT16, UINT16 = 16, 4


class Unsupported(Exception):
    """What the backend says that it does not have."""


# ---------------------------------------------------------------- the pipe

requests = os.fdopen(os.dup(0), "rb")
answers = os.fdopen(os.dup(1), "wb")
# What a backend reads or prints is no part of the exchange.
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
os.dup2(2, 1)


def read_bytes(count):
    data = requests.read(count)
    if len(data) < count:
        sys.exit(0)
    return data


def read_number():
    return struct.unpack("<Q", read_bytes(8))[0]


def read_text():
    return read_bytes(read_number())


def write_text(data):
    data = data.encode("utf-8", "replace") if isinstance(data, str) else data
    answers.write(struct.pack("<Q", len(data)))
    answers.write(data)


def answer(kind, *texts):
    answers.write(kind)
    for text in texts:
        write_text(text)
    answers.flush()


def describe(error):
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:400] if text else type(error).__name__


# ---------------------------------------------------------------- backends

def find_module(name):
    """A module, or what a module has by that name: package.module.Backend."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        parent, _, last = name.rpartition(".")
        if not parent or error.name != name:
            raise
        return getattr(importlib.import_module(parent), last)


class Backend:
    """ONNX's backend interface (prepare, or run_model alone), or onnx.reference's evaluator."""

    def __init__(self, name):
        self.module = find_module(name)
        self.evaluator = getattr(self.module, "ReferenceEvaluator", None)
        if not any(hasattr(self.module, found) for found in ("prepare", "run_model", "ReferenceEvaluator")):
            raise AttributeError(f"{name} has neither prepare nor run_model: it is no backend")

    def version(self, name):
        package = sys.modules.get(name.split(".")[0])
        return str(getattr(self.module, "__version__", getattr(package, "__version__", "")))

    def load(self, model):
        self.model = model
        if hasattr(self.module, "is_compatible") and not self.module.is_compatible(model, "CPU"):
            raise Unsupported("is_compatible says no")
        self.prepared = None
        if hasattr(self.module, "prepare"):
            self.prepared = self.module.prepare(model, "CPU")
        elif self.evaluator:
            self.prepared = self.evaluator(model)

    def run(self, arrays):
        """arrays: pairs of a name and an array, in the order of the model's inputs."""
        if hasattr(self.module, "prepare"):
            return self.prepared.run([array for _, array in arrays])
        if self.evaluator:
            return self.prepared.run(None, dict(arrays))
        return self.module.run_model(self.model, [array for _, array in arrays], "CPU")


# ---------------------------------------------------------------- tensors

def tensor_type(value):
    if value.type.WhichOneof("value") != "tensor_type":
        raise Unsupported(f"'{value.name}' is no tensor: conform compares tensors alone")
    return value.type.tensor_type.elem_type


def array_of(data, declared):
    tensor = onnx.TensorProto()
    tensor.ParseFromString(data)
    if declared == BFLOAT16 and tensor.data_type == UINT16:
        tensor.data_type = BFLOAT16  # numpy has no bfloat16: ONNX's suite keeps its bits in uint16
    return onnx.numpy_helper.to_array(tensor)  # as onnx.backend.test does: of bfloat16, floats, or ml_dtypes' from 1.18 on


def bfloat16_bits(array):
    """The bits of float32 values rounded to bfloat16, as uint16."""
    bits = array.view(numpy.uint32).astype(numpy.uint64)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    return numpy.where(numpy.isnan(array), numpy.uint64(0x7FC0), rounded).astype(numpy.uint16)


def tensor_of(name, value, declared):
    if value is None or isinstance(value, (list, tuple, dict)):
        raise Unsupported(f"output '{name}' is no tensor")
    array = numpy.asarray(value, order="C")
    if declared == BFLOAT16 and array.dtype in (numpy.float32, numpy.uint16):
        # Backends without a dtype for it give its values as floats, or its bits.
        bits = bfloat16_bits(array) if array.dtype == numpy.float32 else array
        return onnx.TensorProto(dims=array.shape, data_type=BFLOAT16, name=name, raw_data=bits.tobytes())
    return onnx.numpy_helper.from_array(array, name)


# ---------------------------------------------------------------- requests

class Unreadable(Exception):
    """A model that onnx itself cannot read: nothing that the backend says."""


def read_model(path):
    try:
        return onnx.load(path)
    except Exception as error:
        raise Unreadable(describe(error)) from error


def load(backend, path):
    model = read_model(path)
    defaults = {tensor.name for tensor in model.graph.initializer}
    backend.inputs = [(value.name, tensor_type(value)) for value in model.graph.input]
    backend.required = [name for name, _ in backend.inputs if name not in defaults]
    backend.outputs = [(value.name, tensor_type(value)) for value in model.graph.output]
    backend.load(model)


def run(backend, files):
    names = [name for name, _ in files]
    declared = dict(backend.inputs)
    if any(name not in declared for name in names) or len(set(names)) < len(names):
        names = backend.required  # by position
        if len(names) != len(files):
            raise ValueError(f"the model takes {len(names)} inputs, the data set has {len(files)}")
    given = {name: array_of(data, declared[name]) for name, (_, data) in zip(names, files)}
    results = backend.run([(name, given[name]) for name, _ in backend.inputs if name in given])
    results = list(results) if isinstance(results, (list, tuple)) else [results]
    return [(name, tensor_of(name, value, elem_type)) for (name, elem_type), value in zip(backend.outputs, results)]


def is_refusal(error):
    return isinstance(error, (Unsupported, NotImplementedError)) or "NotSupposedToImplement" in type(error).__name__


def serve(backend):
    while True:
        kind = read_bytes(1)
        try:
            if kind == b"L":
                load(backend, os.fsdecode(read_text()))
                answer(b"K")
            else:
                files = [(read_text().decode("utf-8", "replace"), read_text()) for _ in range(read_number())]
                outputs = run(backend, files)
                answers.write(b"K" + struct.pack("<Q", len(outputs)))
                for name, tensor in outputs:
                    write_text(name)
                    write_text(tensor.SerializeToString())
                answers.flush()
        except Exception as error:
            # A model that cannot be prepared is one that the backend refuses, whatever it says.
            is_refused = is_refusal(error) or kind == b"L" and not isinstance(error, Unreadable)
            answer(b"U" if is_refused else b"E", describe(error))


if __name__ == "__main__":
    try:
        import numpy
        import onnx
        import onnx.numpy_helper
        chosen = Backend(sys.argv[1])
    except Exception as error:
        answer(b"E", describe(error))
        sys.exit(0)
    answer(b"K", sys.argv[1], chosen.version(sys.argv[1]))
    serve(chosen)
