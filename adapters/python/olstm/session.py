"""Sessions and contexts: the runtime's two objects, with numpy arrays in and out."""
import collections.abc
import ctypes as C
import os

from . import _library as L
from ._arrays import to_array, to_tensor

_PRECISIONS = {"f32": 0, "bf16": 1, "int8": 2}


def _load_model(model):
    handle = C.c_void_p()
    if hasattr(model, "SerializeToString"):
        model = model.SerializeToString()
    if isinstance(model, (bytes, bytearray, memoryview)):
        data = bytes(model)
        L.call("olstm_model_load_memory", data, len(data), None, C.byref(handle))
    else:
        L.call("olstm_model_load_file", os.fsencode(model), None, C.byref(handle))
    return handle


def _load_registry(plugins):
    registry = C.c_void_p()
    if plugins:
        L.call("olstm_registry_create", None, C.byref(registry))
    for path in plugins:
        L.call("olstm_registry_load_plugin", registry, os.fsencode(path))
    return registry


class Session:
    """A model made ready to run. Immutable: use it from any number of threads, each with a context of its own.

    model: path of a .onnx file, its bytes, or an onnx.ModelProto.
    stateful: names of recurrent nodes that keep their state (Keras stateful=True), or "all".
    bindings: {output name: input name} of states that feed themselves.
    kernel: "auto", "onednn", "native" or "reference". precision: "f32", "bf16" or "int8".
    broadcast_state: an initial state with a batch of 1 serves every row of a larger batch.
    plugins: paths of operator plugin libraries; they are code that is run: only load what you trust.
    """

    def __init__(self, model, *, threads=1, kernel="auto", precision="f32", stateful=(), bindings=None,
                 broadcast_state=False, fuse=True, plugins=()):
        self._handle = None
        self._registry = None
        options = L.SessionOptions()
        L.library.olstm_session_options_init_sized(C.byref(options), C.sizeof(options))
        stateful = [stateful] if isinstance(stateful, str) else list(stateful)
        names = (C.c_char_p * max(1, len(stateful)))(*[name.encode() for name in stateful])
        pairs = [L.Binding(o.encode(), i.encode()) for o, i in (bindings or {}).items()]
        binding_array = (L.Binding * max(1, len(pairs)))(*pairs)
        options.thread_count = threads
        options.kernel = kernel.encode()
        if precision not in _PRECISIONS:
            raise ValueError("precision '%s' is unknown, expected %s" % (precision, ", ".join(_PRECISIONS)))
        options.precision = _PRECISIONS[precision]
        options.stateful_count, options.stateful = len(stateful), names
        options.binding_count, options.bindings = len(pairs), binding_array
        options.broadcast_state = broadcast_state
        options.fuse = fuse
        handle = C.c_void_p()
        model_handle = _load_model(model)
        try:
            self._registry = _load_registry(plugins)
            L.call("olstm_session_create", model_handle, self._registry, C.byref(options), C.byref(handle))
        finally:
            L.library.olstm_model_destroy(model_handle)
        self._handle = handle
        self._inputs = self._infos("input")
        self._outputs = self._infos("output")
        self._default_context = None

    def _infos(self, kind):
        count = getattr(L.library, "olstm_session_%s_count" % kind)(self._handle)
        get = getattr(L.library, "olstm_session_get_%s" % kind)
        infos = [get(self._handle, index).contents for index in range(count)]
        return {info.name.decode(): info for info in infos}

    @staticmethod
    def _shape(info):
        if info.rank < 0:
            return None
        return tuple(info.dims[d] if info.dims[d] >= 0 else (info.dim_params[d] or b"").decode() or None
                     for d in range(info.rank))

    @property
    def inputs(self):
        """{name: shape}; a symbolic dimension is its name or None, an unknown shape None."""
        return {name: self._shape(info) for name, info in self._inputs.items()}

    @property
    def outputs(self):
        """As inputs."""
        return {name: self._shape(info) for name, info in self._outputs.items()}

    def context(self):
        """A new context: its own state and workspace, for one thread at a time."""
        return Context(self)

    def run(self, feeds):
        """Runs once in a context of the session's own, which starts from the initial state every time."""
        if self._default_context is None:
            self._default_context = Context(self)
        self._default_context.reset()
        return self._default_context.run(feeds)

    def __del__(self):
        self._default_context = None
        if self._handle:
            L.library.olstm_session_destroy(self._handle)
        if self._registry:
            L.library.olstm_registry_destroy(self._registry)


class Context:
    """One caller's state and workspace. `state` is a dict of arrays, by slot name ("NODE/h", "NODE/c")."""

    def __init__(self, session, handle=None):
        self._session = session
        self._handle = handle
        if handle is None:
            self._handle = C.c_void_p()
            L.call("olstm_context_create", session._handle, C.byref(self._handle))

    def run(self, feeds):
        """{input name: array} to {output name: array}."""
        infos = self._session._inputs
        if not isinstance(feeds, collections.abc.Mapping):
            raise TypeError("run takes a dict of input name to array, not %s; the model's inputs are %s" % (
                type(feeds).__name__, ", ".join(infos)))
        missing = [name for name in infos if name not in feeds]
        unknown = [name for name in feeds if name not in infos]
        if missing or unknown:
            raise ValueError("%s input '%s'; the model's inputs are %s" % (
                "unknown" if unknown else "missing", (unknown or missing)[0], ", ".join(infos)))
        pairs = [to_tensor(feeds[name], info.dtype) for name, info in infos.items()]
        inputs = (L.Tensor * max(1, len(pairs)))(*[tensor for tensor, _ in pairs])
        names = list(self._session._outputs)
        outputs = (L.Tensor * max(1, len(names)))()
        L.call("olstm_context_run", self._handle, inputs, len(pairs), outputs, len(names))
        return {name: to_array(outputs[index]) for index, name in enumerate(names)}

    @property
    def state(self):
        """The state slots: a live mapping of name to array. Assigning copies into the slot, and checks its shape."""
        return _State(self)

    def reset(self, row=None):
        """Back to the initial state: everything, or one row of the batch."""
        if row is None:
            L.call("olstm_context_reset", self._handle)
        else:
            L.call("olstm_context_reset_row", self._handle, row)

    def clone(self):
        """A second context with the same state."""
        handle = C.c_void_p()
        L.call("olstm_context_clone", self._handle, C.byref(handle))
        return Context(self._session, handle)

    def save_state(self):
        """All slots as bytes."""
        data, count = C.c_void_p(), C.c_size_t()
        L.call("olstm_context_save_state", self._handle, C.byref(data), C.byref(count))
        try:
            return C.string_at(data, count.value)
        finally:
            L.library.olstm_context_free_blob(self._handle, data, count)

    def load_state(self, blob):
        """Reads back what save_state gave."""
        L.call("olstm_context_load_state", self._handle, bytes(blob), len(blob))

    def __del__(self):
        if getattr(self, "_handle", None):
            L.library.olstm_context_destroy(self._handle)
            self._handle = None


class _State(collections.abc.MutableMapping):
    def __init__(self, context):
        self._context = context

    def _infos(self):
        handle = self._context._handle
        for index in range(L.library.olstm_context_state_count(handle)):
            info = L.StateInfo()
            L.call("olstm_context_get_state_info_sized", handle, index, C.byref(info), C.sizeof(info))
            yield info

    def __iter__(self):
        return (info.name.decode() for info in self._infos())

    def __len__(self):
        return L.library.olstm_context_state_count(self._context._handle)

    def __getitem__(self, name):
        if name not in list(self):
            raise KeyError(name)
        tensor = L.Tensor()
        L.call("olstm_context_get_state", self._context._handle, name.encode(), C.byref(tensor))
        return to_array(tensor)

    def __setitem__(self, name, value):
        dtypes = {info.name.decode(): info.dtype for info in self._infos()}
        tensor, _kept = to_tensor(value, dtypes.get(name))
        L.call("olstm_context_set_state", self._context._handle, name.encode(), C.byref(tensor))

    def __delitem__(self, name):
        """Back to the initial state: the slot stays."""
        L.call("olstm_context_reset_state", self._context._handle, name.encode())

    def clear(self):
        """All slots back to the initial state."""
        self._context.reset()

    def popitem(self):
        raise TypeError("state slots stay: reset them with del state[name] or state.clear()")

    def __repr__(self):
        return "{%s}" % ", ".join("%r: %s" % (info.name.decode(), list(info.dims[:info.rank]) if info.is_set else "not set")
                                  for info in self._infos())
