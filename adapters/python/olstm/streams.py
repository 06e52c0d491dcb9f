"""Tables of streams: many sequences of one session, computed together and kept apart."""
from __future__ import annotations

import collections.abc
import contextlib
import ctypes as C
import threading
import weakref
from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, Union, overload

import numpy as np

from . import _library as L
from ._arrays import to_array
from ._core import Core, check_input_names, checked_integer
from ._handles import Handle
from ._table import StreamsInfo, Table, handle_number
from .batcher import Batcher, BatcherInfo

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .session import Session

    Array = np.ndarray[Any, Any]

__all__ = ["Batcher", "BatcherInfo", "Streams", "StreamsInfo"]


def _step_descs(steps: Iterable[Mapping[str, Sequence[int]]], core: Core) -> Tuple[int, Any]:
    """How many steps are described, and a desc for each input of each: {input name: shape}."""
    descs: List[L.TensorDesc] = []
    count = 0
    for count, step in enumerate(steps, 1):
        check_input_names(step, core.inputs)
        for name, info in core.inputs.items():
            shape = [checked_integer(dim, "a dimension of '%s'" % name, 0, 2**63 - 1) for dim in step[name]]
            if len(shape) > L.MAX_RANK:
                raise ValueError("input '%s' has %d dimensions: olstm's tensors have at most %d" % (name, len(shape), L.MAX_RANK))
            descs.append(L.TensorDesc(info.dtype, len(shape), (C.c_int64 * L.MAX_RANK)(*shape)))
    return count, (L.TensorDesc * max(1, len(descs)))(*descs)


class Streams(Table):
    """Many sequences of one session that are alive at once, each with its own state, computed together: bit for bit what a
    context of its own would give each, whatever company it runs in.

        streams = session.streams(capacity=1000)
        a, b = streams.open(), streams.open()
        streams.run({a: {"x": x}, b: {"x": z}})          # {a: {"y": array}, b: {"y": array}}
        streams.run([b, a], {"x": np.concatenate([z, x])})["y"]

    session: one with state (stateful or bindings). It may go: the table keeps what it needs.
    capacity: most streams that are open at once; their memory is taken at once. max_batch: most that are computed at once;
    more are cut into several batches.
    steps: shapes of steps that will come, {input name: shape} with a batch of 1 each, which are planned now rather than when
    they come first. step_capacity: kinds of steps whose plans are kept.
    batch_axes: {input or output name: axis} where it cannot be told; None for an input that streams share.

    Arrays are taken as Session.run takes them. Outputs are new arrays.
    Errors: olstm.Error; UNSUPPORTED names the input whose batch is fixed, or the output without a batch. Where rows cannot be
    computed together bit for bit, each runs alone, and info.reason says why.
    Threads: calls take turns, each as a whole. Several tables, and contexts, may share a session. batcher() makes batches of what
    threads or coroutines bring, each for itself.
    Handles are integers: they hash, compare, and can be written down. A table is not copied or pickled: save() each stream.
    """

    def __init__(self, session: "Session", capacity: int = 1000, max_batch: int = 64, *,
                 steps: Iterable[Mapping[str, Sequence[int]]] = (), step_capacity: Optional[int] = None,
                 batch_axes: Optional[Mapping[str, Optional[int]]] = None) -> None:
        self._core = session._core
        options = L.StreamsOptions()
        L.library.olstm_streams_options_init_sized(C.byref(options), C.sizeof(options))
        options.capacity = checked_integer(capacity, "capacity", 1, 2**31 - 1)
        options.largest_batch = checked_integer(max_batch, "max_batch", 1, 4096)
        options.step_count, options.steps = _step_descs(steps, self._core)
        if step_capacity is not None:
            options.step_capacity = checked_integer(step_capacity, "step_capacity", 1, 2**31 - 1)
        axes = [L.BatchAxis(L.c_string(name, "batch_axes"), -1 if axis is None else checked_integer(axis, "batch_axes", 0, L.MAX_RANK))
                for name, axis in (batch_axes or {}).items()]
        options.batch_axis_count, options.batch_axes = len(axes), (L.BatchAxis * max(1, len(axes)))(*axes)
        self._table = Handle("olstm_streams_destroy", "olstm_streams_create", self._core.handle, C.byref(options),
                             needs=self._core.handle)
        self._lock: threading.Lock = threading.Lock()
        self._batcher: Optional["weakref.ref[Batcher]"] = None

    def batcher(self, max_batch: Optional[int] = None, max_wait_us: int = 1000, queue_capacity: int = 4096) -> Batcher:
        """Starts a batcher for this table: see Batcher. One at a time."""
        return Batcher(self, max_batch, max_wait_us, queue_capacity)

    def _find_batcher(self) -> Optional[Batcher]:
        """The one that has the table."""
        return None if self._batcher is None else self._batcher()

    @contextlib.contextmanager
    def _access(self, stream: int = 0) -> Iterator[None]:
        with self._lock:
            batcher = self._find_batcher()
            if batcher is None:
                yield
                return
        with batcher._access(stream):
            yield

    def prepare(self, step: Mapping[str, Sequence[int]]) -> None:
        """Plans for a kind of step: {input name: shape}, with a batch of 1."""
        _count, descs = _step_descs([step], self._core)
        with self._access():
            L.call("olstm_streams_prepare", self._table, descs, len(self._core.inputs))

    @overload
    def run(self, steps: Mapping[int, Mapping[str, "ArrayLike"]]) -> Dict[int, Dict[str, "Array"]]: ...

    @overload
    def run(self, steps: Iterable[int], feeds: Mapping[str, "ArrayLike"]) -> Dict[str, "Array"]: ...

    def run(self, steps: Union[Mapping[int, Mapping[str, "ArrayLike"]], Iterable[int]],
            feeds: Optional[Mapping[str, "ArrayLike"]] = None) -> Union[Dict[int, Dict[str, "Array"]], Dict[str, "Array"]]:
        """Runs the model once for each of some streams.

        run({h: {"x": array}, ...}): arrays of each stream's own, with a batch of 1; their shapes may differ. {h: {"y": array}}.
        run([h, ...], {"x": array}): one array for all, row i along its batch axis being that of stream i. {"y": array}, stacked
        likewise. No streams give {}.
        All or nothing: where one step is wrong no stream has changed.
        """
        if self._find_batcher() is not None:
            raise L.Error(L.Status.WRONG_STATE, "this table has a batcher: submit steps to it, or shut it down first")
        if feeds is not None:
            return self._run_stacked(steps, feeds)
        if not isinstance(steps, collections.abc.Mapping):
            raise TypeError("run takes a dict of handles to feeds, or a list of handles and stacked feeds, not %s alone"
                            % type(steps).__name__)
        return self._run_each(steps)

    def _run_stacked(self, streams: Iterable[int], feeds: Mapping[str, "ArrayLike"]) -> Dict[str, "Array"]:
        numbers = [handle_number(stream) for stream in streams]
        inputs, _kept = self._core.bind(feeds)
        outputs = (L.Tensor * max(1, len(self._core.outputs)))()
        if not numbers:
            return {}
        with self._access():
            L.call("olstm_streams_run", self._table, (C.c_uint64 * len(numbers))(*numbers), len(numbers), inputs,
                   len(self._core.inputs), outputs, len(self._core.outputs))
            return self._core.read_outputs(outputs)

    def _run_each(self, steps: Mapping[int, Mapping[str, "ArrayLike"]]) -> Dict[int, Dict[str, "Array"]]:
        kept, descriptions = [], (L.StreamStep * max(1, len(steps)))()
        for description, (stream, feeds) in zip(descriptions, steps.items()):
            description.stream = handle_number(stream)
            try:
                inputs, arrays = self._core.bind(feeds)
            except (TypeError, ValueError) as error:
                raise type(error)("stream %#x: %s" % (description.stream, error)) from None
            outputs = (L.Tensor * max(1, len(self._core.outputs)))()
            description.inputs, description.outputs = inputs, outputs
            kept.append((inputs, arrays, outputs))
        with self._access():
            L.call("olstm_streams_run_each", self._table, descriptions, len(steps))
            return {stream: self._core.read_outputs(outputs) for stream, (_, _, outputs) in zip(steps, kept)}

    def __repr__(self) -> str:
        return "<olstm.Streams, %d of %d open>" % (self.info.open_count, self.info.capacity)
