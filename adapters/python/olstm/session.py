"""Sessions and contexts, with numpy arrays in and out."""
from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, Mapping, Optional, Sequence, Union

import numpy as np

from . import _library as L
from ._arrays import numpy_dtype
from ._core import Core, Definition, Shape, absolute_path
from ._handles import Handle
from ._state import Call, State, save_state
from .streams import Streams

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    Array = np.ndarray[Any, Any]
    Path = Union[str, "os.PathLike[str]"]


def _paths(paths: Union["Path", Iterable["Path"]]) -> list[str]:
    """A plugin that is named by a path is loaded from there wherever its session is made again."""
    given = [paths] if isinstance(paths, (str, os.PathLike)) else paths
    return [absolute_path(path, "plugin") if os.sep in os.fspath(path) else os.fspath(path) for path in given]


def _names(names: Union[str, Iterable[str], None], what: str) -> list[str]:
    try:
        return [names] if isinstance(names, str) else list(names or ())
    except TypeError:
        raise TypeError("%s is %s: expected names" % (what, type(names).__name__)) from None


class Session:
    """A model made ready to run. Any number of threads may use one at once.

    model: path of a .onnx file, its bytes, or an onnx.ModelProto.
    external_data: a folder whose files may be read as the model's external data, whatever links lead to them, or {location:
    bytes}. Not needed for a path whose data lies beside it.
    threads: threads that one run may use, the caller's included.
    kernel: "auto", "onednn", "native", "reference" or "fastest" (times them when it plans; last bits may depend on that). precision: "f32", "bf16" or "int8".
    stateful: recurrent nodes that keep their state (as Keras' stateful=True): True or "all", or their names.
    bindings: {output name: input name} of states that feed themselves.
    given_inputs: inputs with initializers that run() is given; those that are not named keep their initializers.
    broadcast_state: an initial state with a batch of 1 serves every row of a larger batch.
    fuse: whether node patterns become faster operators. max_memory (bytes), max_work (units of work): limits of a run, as
    olstm_session_options has them; 0 is their default.
    seed: where random operators without a seed of their own begin in every run; without it they draw anew each time.
    plugins: paths of operator plugin libraries; they are code that is run: only load what you trust.

    Arrays: float64 is taken where the model has float, int32 where it has int64, any byte order and memory layout; numbers
    and lists take the dtype that is expected. Other dtypes are a TypeError that names the input.
    Errors: olstm.Error; OSError and ValueError for arguments.

    A session pickles: as the bytes that it was made of, or the absolute path of the file, which must be there, unchanged, where
    it is unpickled (a model's external data is not looked at); with its options and, if it has any, its state. A process that
    unpickles the same session again shares one set of weights. Copies share them, too, and go on with a state of their own.
    """

    def __init__(self, model: Any, *, external_data: Union["Path", Mapping[str, bytes], None] = None, threads: int = 1,
                 kernel: str = "auto", precision: str = "f32", stateful: Union[bool, str, Iterable[str], None] = (),
                 bindings: Optional[Mapping[str, str]] = None, given_inputs: Union[str, Iterable[str]] = (),
                 broadcast_state: bool = False, fuse: bool = True, max_memory: int = 0, max_work: int = 0,
                 seed: Optional[int] = None, plugins: Union["Path", Iterable["Path"]] = ()) -> None:
        if isinstance(stateful, bool):
            stateful = ["all"] if stateful else []
        self._adopt(Core(Definition(model, external_data, {
            "threads": threads, "kernel": kernel, "precision": precision, "stateful": _names(stateful, "stateful"),
            "bindings": list((bindings or {}).items()), "given_inputs": _names(given_inputs, "given_inputs"), "seed": seed, "broadcast_state": bool(broadcast_state), "fuse": bool(fuse),
            "max_memory": max_memory, "max_work": max_work, "plugins": _paths(plugins)})))

    def _adopt(self, core: Core) -> None:
        self._core = core
        self._stream = Context(self) if core.slot_count else None

    @property
    def inputs(self) -> Dict[str, Shape]:
        """{name: shape}; a symbolic dimension is its name or None, an unknown shape None."""
        return {name: info.shape for name, info in self._core.inputs.items()}

    @property
    def outputs(self) -> Dict[str, Shape]:
        """As inputs."""
        return {name: info.shape for name, info in self._core.outputs.items()}

    @property
    def input_dtypes(self) -> Dict[str, "np.dtype[Any]"]:
        """{name: dtype}; bfloat16 is uint16, which holds its bits."""
        return {name: numpy_dtype(info.dtype) for name, info in self._core.inputs.items()}

    @property
    def output_dtypes(self) -> Dict[str, "np.dtype[Any]"]:
        """As input_dtypes."""
        return {name: numpy_dtype(info.dtype) for name, info in self._core.outputs.items()}

    def context(self) -> "Context":
        """A new context: its own state and workspace. It keeps what it needs of the session alive."""
        return Context(self)

    def streams(self, capacity: int = 1000, max_batch: int = 64, *, steps: Iterable[Mapping[str, Sequence[int]]] = (),
                step_capacity: Optional[int] = None, batch_axes: Optional[Mapping[str, Optional[int]]] = None) -> Streams:
        """A table for many sequences that are alive at once, computed together: see Streams."""
        return Streams(self, capacity, max_batch, steps=steps, step_capacity=step_capacity, batch_axes=batch_axes)

    def run(self, feeds: Mapping[str, "ArrayLike"]) -> Dict[str, "Array"]:
        """Runs the model once: {input name: array} to {output name: array}.

        Threads: any number at once. Without state (neither stateful nor bindings), each call is for itself, and they run side
        by side. With state, the session is one stream: each call goes on where the one before it stopped, until reset(); calls
        of several threads take turns, each as a whole, in the order in which they come. A call that fails changes nothing.
        Several streams are several contexts, or a table: see context() and streams().
        """
        return self._core.run(feeds) if self._stream is None else self._stream.run(feeds)

    def _own_stream(self) -> "Context":
        if self._stream is None:
            raise L.Error(L.Status.WRONG_STATE, "this session keeps no state: make it with stateful=True, or with bindings")
        return self._stream

    @property
    def state(self) -> "State":
        """State of the stream that run() goes on with; see Context.state. This, and what follows: an Error without state."""
        return self._own_stream().state

    def reset(self, row: Optional[int] = None) -> None:
        """The stream of run() back to its initial state; see Context.reset."""
        self._own_stream().reset(row)

    def save_state(self) -> bytes:
        """All slots of the stream of run() as bytes."""
        return self._own_stream().save_state()

    def load_state(self, blob: bytes) -> None:
        """Reads back what save_state gave."""
        self._own_stream().load_state(blob)

    def __copy__(self) -> "Session":
        copy = type(self).__new__(type(self))
        copy._core = self._core
        copy._stream = self._stream.clone() if self._stream else None
        return copy

    def __deepcopy__(self, memo: Any) -> "Session":
        return self.__copy__()

    def __reduce__(self) -> Any:
        return _unpickled_session, (type(self), self._core, self._stream.save_state() if self._stream else None)

    def __repr__(self) -> str:
        return "<olstm.Session of %s to %s>" % (self.inputs, self.outputs)


def _unpickled_session(kind: type[Session], core: Core, blob: Optional[bytes]) -> Session:
    session = kind.__new__(kind)
    session._adopt(core)
    if blob is not None:
        session.load_state(blob)
    return session


class Context:
    """One stream: its state and workspace. `state` is a dict of arrays, by slot name ("NODE/h", "NODE/c").

    Threads: calls for one context take turns; contexts run side by side. copy.copy, copy.deepcopy and clone() make a second
    one with the same state; a context pickles, with its session's definition.
    """

    def __init__(self, session: Session) -> None:
        self._adopt(session._core, session._core.create_context())

    @classmethod
    def _of(cls, core: Core) -> "Context":
        context = cls.__new__(cls)
        context._adopt(core, core.create_context())
        return context

    def _adopt(self, core: Core, handle: Handle) -> None:
        self._core = core
        self._handle = handle
        self._lock = threading.Lock()

    def run(self, feeds: Mapping[str, "ArrayLike"]) -> Dict[str, "Array"]:
        """{input name: array} to {output name: array}. A run that fails leaves the state as it was."""
        inputs, _kept = self._core.bind(feeds)
        with self._lock:
            return self._core.run_in(self._handle, inputs)

    @property
    def state(self) -> "State":
        """The state slots: a live mapping of name to array. Assigning copies into the slot, and checks its shape."""
        return State(self._core.slot_count, self._access)

    @contextlib.contextmanager
    def _access(self) -> Iterator[Call]:
        """Nobody else uses the context meanwhile."""
        with self._lock:
            yield lambda verb, *arguments: L.call("olstm_context_" + verb, self._handle, *arguments)

    def reset(self, row: Optional[int] = None) -> None:
        """Back to the initial state: everything, or one row of the batch."""
        with self._access() as call:
            call("reset") if row is None else call("reset_row", row)

    def clone(self) -> "Context":
        """A second context with the same state."""
        with self._lock:
            handle = Handle("olstm_context_destroy", "olstm_context_clone", self._handle, needs=self._core.handle)
        clone = type(self).__new__(type(self))
        clone._adopt(self._core, handle)
        return clone

    def save_state(self) -> bytes:
        """All slots as bytes."""
        with self._access() as call:
            return save_state(call, lambda data, count: L.library.olstm_context_free_blob(self._handle, data, count))

    def load_state(self, blob: bytes) -> None:
        """Reads back what save_state gave, of any context of the same model. What is damaged changes nothing."""
        with self._access() as call:
            call("load_state", bytes(blob), len(blob))

    def __copy__(self) -> "Context":
        return self.clone()

    def __deepcopy__(self, memo: Any) -> "Context":
        return self.clone()

    def __reduce__(self) -> Any:
        return _unpickled_context, (type(self), self._core, self.save_state())

    def __repr__(self) -> str:
        return "<olstm.Context, state %r>" % self.state


def _unpickled_context(kind: type[Context], core: Core, blob: bytes) -> Context:
    context = kind._of(core)
    context.load_state(blob)
    return context
