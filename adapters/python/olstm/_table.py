"""Base class of Streams and Batcher: opening, closing and the state of each stream."""
from __future__ import annotations

import contextlib
import ctypes as C
import operator
from typing import Any, ContextManager, Dict, Iterator, NamedTuple, NoReturn, Optional

from . import _library as L
from ._core import Core
from ._handles import Handle
from ._state import Call, State, save_state


class StreamsInfo(NamedTuple):
    """Properties of a table of streams."""
    capacity: int
    open_count: int
    # Most rows that are computed at once: 1 where rows cannot be computed together.
    max_batch: int
    # "", or why rows are computed one by one.
    reason: str
    # Bytes that the table takes for each stream, and for plans and all else.
    stream_bytes: int
    shared_bytes: int


def handle_number(stream: Any) -> int:
    """A stream's handle for C. Errors: TypeError; olstm.Error for what is no handle of any table."""
    number = operator.index(stream)
    if not 0 < number < 2**64:
        raise L.Error(L.Status.INVALID_ARGUMENT, "stream %d is not open in this table" % number)
    return number


class Table:
    """Streams, by their handles: integers, of which none is given twice. Each call is whole for itself, and any thread may make
    it: calls take turns. An olstm.Error with status INVALID_ARGUMENT refuses a handle that is closed or another table's; nothing
    has changed then.
    """
    _core: Core
    _table: Handle

    def _access(self, stream: int = 0) -> ContextManager[None]:
        """Locks the table. stream: its steps that were submitted before are waited for."""
        raise NotImplementedError

    @contextlib.contextmanager
    def _stream(self, stream: int) -> Iterator[Call]:
        """Locks the table, and gives the function that calls C for this stream."""
        number = handle_number(stream)
        with self._access(number):
            yield lambda verb, *arguments: L.call("olstm_streams_" + verb, self._table, number, *arguments)

    def open(self) -> int:
        """Opens a stream in its initial state: its handle. Errors: LIMIT_EXCEEDED (the table is full)."""
        stream = C.c_uint64()
        with self._access():
            L.call("olstm_streams_open", self._table, C.byref(stream))
        return stream.value

    def close(self, stream: int) -> None:
        """Closes a stream: its handle is refused from then on, and another stream may take its entry."""
        with self._stream(stream) as call:
            call("close")

    def __contains__(self, stream: object) -> bool:
        try:
            number = handle_number(stream)
        except (TypeError, L.Error):
            return False
        with self._access():
            return bool(L.library.olstm_streams_is_open(self._table, number))

    def reset(self, stream: int) -> None:
        """Resets a stream to its initial state."""
        with self._stream(stream) as call:
            call("reset")

    def clone(self, stream: int) -> int:
        """Opens a stream with the state of another one: its handle. Errors: LIMIT_EXCEEDED (the table is full)."""
        copy = C.c_uint64()
        with self._stream(stream) as call:
            call("clone", C.byref(copy))
        return copy.value

    def state(self, stream: int) -> State:
        """The state slots of a stream, with a batch of 1: a live mapping of name to array, as Context.state."""
        number = handle_number(stream)
        return State(self._core.slot_count, lambda: self._stream(number))

    def save(self, stream: int) -> bytes:
        """All slots of a stream as bytes: those of a context with a batch of 1. A stream that never ran can be saved as well."""
        with self._stream(stream) as call:
            return save_state(call, lambda data, count: L.library.olstm_streams_free_blob(self._table, data, count))

    def load(self, stream: int, blob: bytes) -> None:
        """Reads back what save, or a context's save_state, gave, of the same model. What is damaged changes nothing."""
        with self._stream(stream) as call:
            call("load_state", bytes(blob), len(blob))

    @property
    def info(self) -> StreamsInfo:
        """Properties of the table, and how many streams are open."""
        info = L.StreamsInfo()
        with self._access():
            L.library.olstm_streams_get_info_sized(self._table, C.byref(info), C.sizeof(info))
            reason = info.reason.decode("utf-8", "replace")
        return StreamsInfo(info.capacity, info.open_count, info.largest_batch, reason, info.stream_bytes, info.shared_bytes)

    def _axes(self, kind: str, names: Dict[str, Any]) -> Dict[str, Optional[int]]:
        get = getattr(L.library, "olstm_streams_%s_axis" % kind)
        axes = {name: int(get(self._table, index)) for index, name in enumerate(names)}
        return {name: axis if axis >= 0 else None for name, axis in axes.items()}

    @property
    def input_axes(self) -> Dict[str, Optional[int]]:
        """{name: batch axis}; None for an input that has none: all streams of a run share it, or run apart."""
        return self._axes("input", self._core.inputs)

    @property
    def output_axes(self) -> Dict[str, Optional[int]]:
        """{name: batch axis}."""
        return self._axes("output", self._core.outputs)

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("an olstm.%s is not copied or pickled, since handles are of one table alone: save(h) each stream, and load "
                        "it into one of another table" % type(self).__name__)
