"""The C session behind Python's objects: what it was made of, and the contexts in which runs without state take place."""
from __future__ import annotations

import collections
import ctypes as C
import hashlib
import operator
import os
import pickle
import threading
from typing import Any, Deque, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from . import _library as L
from ._arrays import to_array, to_tensor
from ._handles import Handle

_PRECISIONS = {"f32": 0, "bf16": 1, "int8": 2}

# The most idle contexts that are kept for stateless runs: twice the processors, since no more run at the same time.
_MAX_IDLE = 2 * (os.cpu_count() or 1)

Shape = Optional[Tuple[Union[int, str, None], ...]]


class Info(NamedTuple):
    """One input or output: ONNX's dtype; shape with names or None for symbolic dimensions, None when it is unknown."""
    name: str
    dtype: int
    shape: Shape


def checked_integer(value: Any, what: str, least: int, most: int) -> int:
    """An integer for C. Errors: TypeError, or ValueError, with its name."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError("%s is %s: expected an integer" % (what, type(value).__name__)) from None
    if not least <= number <= most:
        raise ValueError("%s=%d is not in %d..%d" % (what, number, least, most))
    return number


def absolute_path(path: Any, what: str) -> str:
    """Makes a path absolute, so that it means the same in another process."""
    return os.path.abspath(os.fsdecode(L.c_string(path, what)))


class Definition:
    """What a session is made of: enough to make it again, in another process as well.

    model: the bytes of a model, or an absolute path. external_data: None, an absolute path, or bytes by location.
    """

    def __init__(self, model: Any, external_data: Any, options: Dict[str, Any]) -> None:
        if hasattr(model, "SerializeToString"):
            model = model.SerializeToString()
        if isinstance(model, (bytes, bytearray, memoryview)):
            self.model: Union[bytes, str] = bytes(model)
        elif isinstance(model, (str, os.PathLike)):
            self.model = absolute_path(model, "model")
        else:
            raise TypeError("model is %s: expected a path, bytes or an onnx.ModelProto" % type(model).__name__)
        self.external_data: Union[None, str, Dict[str, bytes]] = None
        if isinstance(external_data, collections.abc.Mapping):
            self.external_data = {location: bytes(content) for location, content in external_data.items()}
        elif external_data is not None:
            self.external_data = absolute_path(external_data, "external_data")
        self.options = options
        self._seen = self._stamp()
        self._digest: Optional[str] = None

    def _stamp(self) -> Tuple[int, ...]:
        if isinstance(self.model, bytes) or not os.path.exists(self.model):
            return ()
        status = os.stat(self.model)
        return status.st_ino, status.st_size, status.st_mtime_ns

    def digest(self) -> str:
        """SHA-256 of the model's bytes; of a file, as it was when the session was made. Errors: ValueError if it has changed."""
        if self._digest is None:
            data = self.model
            if isinstance(data, str):
                with open(data, "rb") as file:
                    content = file.read()
                if self._stamp() != self._seen:
                    raise ValueError("%s was written after this session had been made of it: make the session anew" % data)
                data = content
            digest = hashlib.sha256(data)
            if isinstance(self.external_data, dict):
                for location, content in sorted(self.external_data.items()):
                    digest.update(b"%d %d %s" % (len(location), len(content), location.encode("utf-8", "surrogateescape")))
                    digest.update(content)
            self._digest = digest.hexdigest()
        return self._digest

    def token(self) -> Tuple[str, str]:
        """What tells two definitions apart."""
        paths = [path for path in (self.model, self.external_data) if isinstance(path, str)]
        return self.digest(), repr((paths, sorted(self.options.items())))

    def recipe(self) -> Tuple[Any, ...]:
        """What `remade` takes: plain values, which can go to another process."""
        return self.model, self.external_data, self.options, self.digest()

    def __reduce__(self) -> Any:
        return remade, self.recipe()

    def load(self) -> Handle:
        """An olstm_model."""
        options = L.ModelOptions()
        L.library.olstm_model_options_init_sized(C.byref(options), C.sizeof(options))
        if isinstance(self.external_data, str):
            options.external_data_folder = os.fsencode(self.external_data)
        elif self.external_data:
            files = [L.ExternalFile(L.c_string(location, "external_data"), content, len(content))
                     for location, content in self.external_data.items()]
            options.external_file_count, options.external_files = len(files), (L.ExternalFile * len(files))(*files)
        if isinstance(self.model, bytes):
            return Handle("olstm_model_destroy", "olstm_model_load_memory", self.model, len(self.model), C.byref(options))
        return Handle("olstm_model_destroy", "olstm_model_load_file", os.fsencode(self.model), C.byref(options))


def remade(model: Union[bytes, str], external_data: Any, options: Dict[str, Any], digest: str) -> Definition:
    """The definition of a recipe: a file must be there, and the one that it was."""
    definition = Definition(model, external_data, options)
    if isinstance(model, str):
        if not os.path.exists(model):
            raise FileNotFoundError("%s, of which a pickled session was made, is not here" % model)
        if definition.digest() != digest:
            raise pickle.UnpicklingError("%s is not the file of which a pickled session was made: its contents are others" % model)
    return definition


def _c_strings(names: Sequence[str], what: str) -> Any:
    return (C.c_char_p * max(1, len(names)))(*[L.c_string(name, what) for name in names])


def _fill_options(options: L.SessionOptions, given: Mapping[str, Any]) -> List[Any]:
    """Writes what Session was given to the C struct. Returns what that points to."""
    if given["precision"] not in _PRECISIONS:
        raise ValueError("precision '%s' is unknown, expected %s" % (given["precision"], ", ".join(_PRECISIONS)))
    options.precision = _PRECISIONS[given["precision"]]
    options.thread_count = checked_integer(given["threads"], "threads", 0, 2**31 - 1)
    options.max_memory = checked_integer(given["max_memory"], "max_memory", 0, 2**63 - 1)
    options.max_work = checked_integer(given["max_work"], "max_work", 0, 2**64 - 1)
    options.broadcast_state = given["broadcast_state"]
    options.fuse = given["fuse"]
    options.kernel = L.c_string(given["kernel"], "kernel")
    pairs = [L.Binding(L.c_string(o, "output"), L.c_string(i, "input")) for o, i in given["bindings"]]
    stateful = _c_strings(given["stateful"], "stateful")
    inputs = _c_strings(given["given_inputs"], "given_inputs")
    pair_array = (L.Binding * max(1, len(pairs)))(*pairs)
    options.stateful_count, options.stateful = len(given["stateful"]), stateful
    options.given_input_count, options.given_inputs = len(given["given_inputs"]), inputs
    options.binding_count, options.bindings = len(pairs), pair_array
    options.has_seed = given["seed"] is not None
    options.seed = checked_integer(given["seed"] or 0, "seed", 0, 2**64 - 1)
    return [stateful, inputs, pair_array]


def _load_registry(plugins: Sequence[str]) -> Optional[Handle]:
    if not plugins:
        return None
    registry = Handle("olstm_registry_destroy", "olstm_registry_create", None)
    for path in plugins:
        L.call("olstm_registry_load_plugin", registry, L.c_string(path, "plugin"))
    return registry


def check_input_names(given: Mapping[str, Any], inputs: Mapping[str, Info]) -> None:
    """ValueError, naming the input, unless just the model's inputs are given."""
    unknown = [name for name in given if name not in inputs]
    missing = [name for name in inputs if name not in given]
    if missing or unknown:
        raise ValueError("%s input '%s'; the model's inputs are %s%s" % (
            "unknown" if unknown else "missing", (unknown or missing)[0], ", ".join(inputs),
            " (and those with initializers that given_inputs names)" if unknown else ""))


class Core:
    """A C session, and what every Session and Context of Python that uses it needs to know. Immutable, for any thread."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        options = L.SessionOptions()
        L.library.olstm_session_options_init_sized(C.byref(options), C.sizeof(options))
        _pointed_to = _fill_options(options, definition.options)
        registry = _load_registry(definition.options["plugins"])
        self.handle = Handle("olstm_session_destroy", "olstm_session_create", definition.load(), registry, C.byref(options),
                             needs=registry)
        self._idle: Deque[Handle] = collections.deque()
        self.inputs = self._infos("input")
        self.outputs = self._infos("output")
        context = self.create_context()
        self._idle.append(context)
        # Runs with state never use an idle context. The first is created at once, to count its state slots.
        self.slot_count: int = L.library.olstm_context_state_count(context)

    def _infos(self, kind: str) -> Dict[str, Info]:
        count = getattr(L.library, "olstm_session_%s_count" % kind)(self.handle)
        get = getattr(L.library, "olstm_session_get_%s" % kind)
        infos = {}
        for index in range(count):
            info = get(self.handle, index).contents
            shape = None if info.rank < 0 else tuple(
                info.dims[d] if info.dims[d] >= 0 else (info.dim_params[d] or b"").decode("utf-8", "replace") or None
                for d in range(info.rank))
            name = info.name.decode("utf-8", "surrogateescape")
            infos[name] = Info(name, info.dtype, shape)
        return infos

    def create_context(self) -> Handle:
        """An olstm_context."""
        return Handle("olstm_context_destroy", "olstm_context_create", self.handle, needs=self.handle)

    def bind(self, feeds: Mapping[str, Any]) -> Tuple[Any, List[Any]]:
        """Inputs for C in the model's order, and what they point to. Errors: those of Session.run that are about names."""
        infos = self.inputs
        if not isinstance(feeds, collections.abc.Mapping):
            raise TypeError("run takes a dict of input name to array, not %s; the model's inputs are %s" % (
                type(feeds).__name__, ", ".join(infos)))
        check_input_names(feeds, infos)
        pairs = [to_tensor(feeds[name], info.dtype, "input '%s'" % name) for name, info in infos.items()]
        return (L.Tensor * max(1, len(pairs)))(*[tensor for tensor, _ in pairs]), [array for _, array in pairs]

    def run_in(self, context: Handle, inputs: Any) -> Dict[str, np.ndarray[Any, Any]]:
        """Runs in a context that the caller has exclusively."""
        outputs = (L.Tensor * max(1, len(self.outputs)))()
        L.call("olstm_context_run", context, inputs, len(self.inputs), outputs, len(self.outputs))
        return self.read_outputs(outputs)

    def read_outputs(self, outputs: Any) -> Dict[str, np.ndarray[Any, Any]]:
        """Copies of what C lends, by name."""
        return {name: to_array(outputs[index]) for index, name in enumerate(self.outputs)}

    def run(self, feeds: Mapping[str, Any]) -> Dict[str, np.ndarray[Any, Any]]:
        """Runs without state, in an idle context or a new one. A deque's pop and append are atomic: nothing is locked."""
        inputs, _kept = self.bind(feeds)
        try:
            context = self._idle.pop()
        except IndexError:
            context = self.create_context()
        try:
            return self.run_in(context, inputs)
        finally:
            if len(self._idle) < _MAX_IDLE:
                self._idle.append(context)

    def __reduce__(self) -> Any:
        return shared_core, (self.definition,)


# Cores that were unpickled, the most recently used at the end: a session that is unpickled for every task is loaded once.
_KEPT_COUNT = 8
_kept: "collections.OrderedDict[Tuple[str, str], Core]" = collections.OrderedDict()
_kept_lock = threading.Lock()


def _renew_lock() -> None:
    global _kept_lock
    _kept_lock = threading.Lock()


os.register_at_fork(after_in_child=_renew_lock)


def shared_core(definition: Definition) -> Core:
    """The process's core of this definition: the one that is there, or a new one."""
    token = definition.token()
    with _kept_lock:
        core = _kept.pop(token, None) or Core(definition)
        _kept[token] = core
        while len(_kept) > _KEPT_COUNT:
            _kept.popitem(last=False)
        return core
