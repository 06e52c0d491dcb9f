"""Batches of the steps that threads and coroutines bring to the streams of a table."""
from __future__ import annotations

import asyncio
import atexit
import collections
import contextlib
import ctypes as C
import itertools
import os
import threading
import weakref
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Callable, Deque, Dict, Iterator, Mapping, NamedTuple, Optional, Set, Tuple

import numpy as np

from . import _library as L
from ._arrays import to_array
from ._core import checked_integer
from ._handles import Handle, destroy
from ._table import Table, handle_number

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .streams import Streams

    Outputs = Dict[str, np.ndarray[Any, Any]]

_DRAIN, _CANCEL = 0, 1


class BatcherInfo(NamedTuple):
    """What a batcher has done so far."""
    # Steps that are waiting or being computed.
    queued_count: int
    # Since it was made: steps that were taken, and how they ended.
    submitted_count: int
    done_count: int
    failed_count: int
    cancelled_count: int
    batch_count: int


# ---------------------------------------------------------------- the batcher's thread

# The steps that were submitted to C, by the number that C passes back: their batcher, which is thereby kept alive, and the function
# that takes the outputs or the error.
_pending: Dict[int, Tuple["Batcher", Callable[[Optional["Outputs"], Optional[BaseException]], None]]] = {}
_numbers = itertools.count(1)

# Ids of running batcher threads. Such a thread cannot destroy its own batcher when it drops the last reference.
_threads: Set[int] = set()


class _Thread:
    """The thread of a batcher, known once it has called back."""
    ident: Optional[int] = None


def _read_result(batcher: "Batcher", status: int, outputs: Any, error: Any) -> Tuple[Optional["Outputs"], Optional[BaseException]]:
    if status != L.Status.OK:
        return None, L.Error(status, error.contents.message.decode("utf-8", "replace"))
    try:
        return batcher._core.read_outputs(outputs), None
    except BaseException as failure:  # such as MemoryError: passed on to the caller that waits
        return None, failure


def _call_back(number: int, status: int, outputs: Any, _count: int, error: Any) -> None:
    batcher, tell = _pending.pop(number)
    if batcher._thread.ident is None:
        batcher._thread.ident = threading.get_ident()
        _threads.add(batcher._thread.ident)
    tell(*_read_result(batcher, status, outputs, error))


# The callback of all batchers: it must live as long as any of their threads.
_callback = L.StepCallback(_call_back)


def _destroy(thread: _Thread, process: int) -> Callable[[str, int, Optional[Handle]], None]:
    def destroy_batcher(function: str, address: int, needs: Optional[Handle]) -> None:
        if process != _process:
            return  # a forked child has no thread of it to wait for
        if threading.get_ident() not in _threads:
            _threads.discard(thread.ident or 0)
            destroy(function, address, needs)
            return
        try:
            threading.Thread(target=destroy_batcher, args=(function, address, needs), daemon=True).start()
        except RuntimeError:  # the interpreter shuts down: the system frees everything
            pass
    return destroy_batcher


# ---------------------------------------------------------------- the end of a process, and the beginning of another

_process = 0
_is_ending = False
_live: "weakref.WeakSet[Batcher]" = weakref.WeakSet()


def _shut_down_all() -> None:
    """Before the interpreter goes, no thread may be left that calls it."""
    global _is_ending
    _is_ending = True
    for batcher in list(_live):
        if batcher._process == _process:
            batcher.shutdown(cancel=True)


def _forget_all() -> None:
    """In a forked child, where there are no threads of batchers."""
    global _process
    _process += 1
    _pending.clear()
    _threads.clear()


atexit.register(_shut_down_all)
os.register_at_fork(after_in_child=_forget_all)


# ---------------------------------------------------------------- asyncio

class _Mailbox:
    """Brings results to an event loop: it is woken once for all that come before it looks."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._letters: Deque[Tuple["asyncio.Future[Outputs]", Optional["Outputs"], Optional[BaseException]]] = collections.deque()

    def put(self, future: "asyncio.Future[Outputs]", outputs: Optional["Outputs"], error: Optional[BaseException]) -> None:
        self._letters.append((future, outputs, error))
        # With more than one, the loop was woken already and will deliver this one, too.
        if len(self._letters) == 1:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nothing awaits the future
                self.loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        while self._letters:
            future, outputs, error = self._letters.popleft()
            if not future.done():
                _settle(future, outputs, error)


def _settle(future: Any, outputs: Optional["Outputs"], error: Optional[BaseException]) -> None:
    if error is None:
        future.set_result(outputs)
    else:
        future.set_exception(error)


# ---------------------------------------------------------------- the batcher

class Batcher(Table):
    """Makes batches of the steps that any number of threads and coroutines bring to the streams of a table.

        with session.streams(capacity=1000).batcher(max_wait_us=1000) as batcher:
            h = batcher.open()
            batcher.run(h, {"x": x})                  # waits: {"y": array}
            future = batcher.submit(h, {"x": x})      # a concurrent.futures.Future of the same
            await batcher.arun(h, {"x": x})           # in a coroutine

    Made by Streams.batcher. A thread of its own computes a batch when max_batch steps have come (default: the table's), every open
    stream has one, or the oldest has waited max_wait_us. The steps of a stream are computed in the order in which they were submitted, one at a time,
    each with the bits that the stream alone would give. A step that is wrong fails alone.
    queue_capacity: steps that may wait or be computed; an olstm.Error with status QUEUE_FULL beyond: try again when a result has come.

    Streams are opened, closed, read, saved and so on here, or by the table's functions: that waits until the steps submitted for
    the stream before are done, and for the batch that is being computed, so that a coroutine does it by asyncio.to_thread where
    that takes long. The table's run is refused meanwhile.
    Threads: any number. Futures' callbacks run in the batcher's thread (or in the one that adds them, when the result is there
    already), which computes nothing meanwhile; they may submit and open streams, and what would have to wait for the batcher is an
    Error with status WRONG_STATE there.
    End: shutdown(), which a with statement calls, waits for all steps; then the table is used without it again. A batcher that
    nobody refers to any more goes when its steps are done. When the interpreter ends, steps that wait get CANCELLED. A forked child
    cannot use its parent's.
    """

    def __init__(self, streams: "Streams", max_batch: Optional[int] = None, max_wait_us: int = 1000,
                 queue_capacity: int = 4096) -> None:
        options = L.BatcherOptions()
        L.library.olstm_batcher_options_init_sized(C.byref(options), C.sizeof(options))
        options.max_batch = 0 if max_batch is None else checked_integer(max_batch, "max_batch", 1, 2**31 - 1)
        options.max_wait_us = checked_integer(max_wait_us, "max_wait_us", 0, 2**63 - 1)
        options.queue_capacity = checked_integer(queue_capacity, "queue_capacity", 1, 2**31 - 1)
        self._streams, self._core, self._table = streams, streams._core, streams._table
        self._thread, self._process = _Thread(), _process
        self._mailbox: Optional[_Mailbox] = None
        # Counts the callers that have borrowed the table from the C batcher, or wait for it. Shutdown admits no more, and waits for
        # those before the table is used without the batcher.
        self._borrowers = threading.Condition()
        self._borrower_count, self._is_shut, self._is_detached = 0, False, False
        with streams._lock:
            if streams._find_batcher() is not None:
                raise L.Error(L.Status.WRONG_STATE, "this table has a batcher already: shut that down first")
            if _is_ending:
                raise L.Error(L.Status.WRONG_STATE, "the interpreter is ending")
            self._handle = Handle("olstm_batcher_destroy", "olstm_batcher_create", self._table, C.byref(options), needs=self._table,
                                  destroy=_destroy(self._thread, self._process))
            streams._batcher = weakref.ref(self)
        _live.add(self)

    @property
    def streams(self) -> "Streams":
        """The table."""
        return self._streams

    def _check_process(self) -> None:
        if self._process != _process:
            raise L.Error(L.Status.WRONG_STATE, "this batcher is another process's: a forked child makes its own")

    def _check_thread(self) -> None:
        if self._thread.ident == threading.get_ident():
            raise L.Error(L.Status.WRONG_STATE, "a callback must not wait for its own batcher")

    # ------------------------------------------------------------ steps

    def _submit(self, stream: int, feeds: Mapping[str, "ArrayLike"],
                tell: Callable[[Optional["Outputs"], Optional[BaseException]], None]) -> None:
        """tell: gets outputs or an error, in the batcher's thread."""
        self._check_process()
        stream = handle_number(stream)
        inputs, _kept = self._core.bind(feeds)
        number = next(_numbers)
        _pending[number] = self, tell
        try:
            L.call("olstm_batcher_submit", self._handle, stream, inputs, len(self._core.inputs), _callback, number)
        except L.Error:
            del _pending[number]
            raise

    def submit(self, stream: int, feeds: Mapping[str, "ArrayLike"]) -> "Future[Outputs]":
        """Submits a step of a stream, {input name: array} with a batch of 1, and returns at once: a future of {output name: array}.

        The arrays are copied. A step that was submitted is not taken back: the future's cancel() says False.
        Errors: those of a run's arguments, QUEUE_FULL, and WRONG_STATE after shutdown, here; what fails later is the future's.
        """
        future: "Future[Outputs]" = Future()
        future.set_running_or_notify_cancel()
        self._submit(stream, feeds, lambda outputs, error: _settle(future, outputs, error))
        return future

    def run(self, stream: int, feeds: Mapping[str, "ArrayLike"]) -> "Outputs":
        """Submits a step of a stream and waits: {input name: array} to {output name: array}. Errors: as submit and its future."""
        self._check_thread()
        return self.submit(stream, feeds).result()

    async def arun(self, stream: int, feeds: Mapping[str, "ArrayLike"]) -> "Outputs":
        """As run, for coroutines. One that is cancelled does not get the result; the step is computed all the same."""
        loop = asyncio.get_running_loop()
        mailbox = self._mailbox
        if mailbox is None or mailbox.loop is not loop:
            mailbox = self._mailbox = _Mailbox(loop)
        box, future = mailbox, loop.create_future()
        self._submit(stream, feeds, lambda outputs, error: box.put(future, outputs, error))
        result: "Outputs" = await future
        return result

    # ------------------------------------------------------------ the table

    @contextlib.contextmanager
    def _access(self, stream: int = 0) -> Iterator[None]:
        self._check_process()
        self._check_thread()
        is_borrower, table = False, C.c_void_p()
        try:
            with self._borrowers:
                self._borrowers.wait_for(lambda: not self._is_shut or self._is_detached)
                if not self._is_detached:
                    self._borrower_count += 1
                    is_borrower = True
            if is_borrower:
                L.call("olstm_batcher_borrow", self._handle, stream, C.byref(table))
                yield
            else:
                with self._streams._access(stream):
                    yield
        finally:
            if table.value:
                L.library.olstm_batcher_give_back(self._handle)
            if is_borrower:
                with self._borrowers:
                    self._borrower_count -= 1
                    self._borrowers.notify_all()

    def open(self) -> int:
        if self._thread.ident != threading.get_ident():
            return super().open()
        stream = C.c_uint64()
        L.call("olstm_batcher_open_stream", self._handle, C.byref(stream))
        return stream.value

    open.__doc__ = Table.open.__doc__

    # ------------------------------------------------------------ end

    def shutdown(self, cancel: bool = False) -> int:
        """Takes no more steps, and returns when every one that was taken has its result: how many of them were cancelled.

        cancel: steps that wait get an olstm.Error with status CANCELLED; otherwise they are computed. A second call has nothing
        left to do. The table stays as it is, its streams open.
        """
        self._check_process()
        count = C.c_size_t()
        L.call("olstm_batcher_shutdown", self._handle, _CANCEL if cancel else _DRAIN, C.byref(count))
        with self._borrowers:
            self._is_shut = True
            self._borrowers.wait_for(lambda: self._borrower_count == 0)
            with self._streams._lock:
                if self._streams._find_batcher() is self:
                    self._streams._batcher = None
            self._is_detached = True
            self._borrowers.notify_all()
        return count.value

    @property
    def counts(self) -> BatcherInfo:
        """What the batcher has done so far."""
        self._check_process()
        info = L.BatcherInfo()
        L.library.olstm_batcher_get_info_sized(self._handle, C.byref(info), C.sizeof(info))
        return BatcherInfo(*(getattr(info, name) for name in BatcherInfo._fields))

    def __enter__(self) -> "Batcher":
        return self

    def __exit__(self, *unused: Any) -> None:
        self.shutdown()

    async def __aenter__(self) -> "Batcher":
        return self

    async def __aexit__(self, *unused: Any) -> None:
        await asyncio.to_thread(self.shutdown)

    def __repr__(self) -> str:
        return "<olstm.Batcher of %r>" % (self._streams,)
