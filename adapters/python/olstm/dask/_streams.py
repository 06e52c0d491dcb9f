"""Streams by key: which state each has come to, and how a piece of each takes it further."""
from __future__ import annotations

import datetime
import numbers
import uuid
import zlib
from typing import Any, Dict, Hashable, Iterable, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from ._layout import Array
from ._runs import Stepper


def bucket(key: Any, count: int) -> int:
    """Which of so many groups of streams a key belongs to, in every process alike. Keys that are equal are in the same."""
    return _hash(key) % count


def _hash(key: Any) -> int:
    if isinstance(key, np.generic):
        key = key.item()
    if type(key) is int:  # the most common; isinstance of numbers.Number is slow
        return hash(key)
    if isinstance(key, str):
        return zlib.crc32(key.encode("utf-8", "surrogatepass"))
    if isinstance(key, bytes):
        return zlib.crc32(key)
    if isinstance(key, numbers.Number) and key == key:
        return hash(key)
    if isinstance(key, tuple):
        return zlib.crc32(b",".join(b"%d" % _hash(part) for part in key))
    if isinstance(key, (datetime.date, uuid.UUID)) and key == key:
        return zlib.crc32(str(key).encode())
    raise TypeError("%r is no key of a stream: take strings, numbers, dates, or tuples of them" % (key,))


class States:
    """State slots of many streams: a row each. Not changed once made, as Dask wants its values."""

    def __init__(self, keys: Iterable[Hashable] = (), slots: Optional[Mapping[str, Array]] = None) -> None:
        self.rows = {key: row for row, key in enumerate(keys)}
        self.slots = dict(slots or {})

    def __reduce__(self) -> Any:
        return States, (list(self.rows), self.slots)

    def find(self, keys: Sequence[Hashable]) -> Array:
        """Each key's row, -1 for a stream that has not begun."""
        return np.array([self.rows.get(key, -1) for key in keys], np.int64)

    def advanced(self, keys: Sequence[Hashable], slots: Mapping[str, Array]) -> "States":
        """A copy in which these streams, all different, have come to this state."""
        rows = self.find(keys)
        begun = np.flatnonzero(rows < 0)
        rows[begun] = len(self.rows) + np.arange(len(begun))
        result = States(list(self.rows) + [keys[k] for k in begun])
        for name, value in slots.items():
            whole = np.empty((len(result.rows),) + value.shape[1:], value.dtype)
            if name in self.slots:
                whole[:len(self.rows)] = self.slots[name]
            whole[rows] = value
            result.slots[name] = whole
        return result

    def to_dict(self) -> Dict[Hashable, Dict[str, Array]]:
        """{key: {slot: array}}."""
        return {key: {name: value[row] for name, value in self.slots.items()} for key, row in self.rows.items()}

    @staticmethod
    def from_dict(states: Mapping[Hashable, Mapping[str, Any]], slot_names: Iterable[str]) -> "States":
        """What to_dict gave, or a user wrote."""
        names = set(slot_names)
        for key, slots in states.items():
            if set(slots) != names:
                raise ValueError("the state of %r has the slots %s; the session has %s" % (
                    key, ", ".join(slots) or "none", ", ".join(sorted(names))))
        return States(states, {name: np.stack([np.asarray(slots[name]) for slots in states.values()]) for name in names}
                      if states else {})


# Costs in units of one step of one row: the fixed cost of a step of a run, and that of moving a row to another run. Measured with 64 to
# 256 units.
_STEP_COST, _CHANGE_COST = 8, 1.2


def _cuts(counts: Array) -> List[Tuple[Array, int, int]]:
    """Runs for pieces of so many steps: (streams, first step, end). Either those of one length for themselves, or all together as far
    as the shortest goes, then those that are left: what costs less. Many short pieces and few long ones differ in that."""
    lengths, sizes = np.unique(counts, return_counts=True)
    begins = np.concatenate([[0], lengths[:-1]])
    left = sizes[::-1].cumsum()[::-1]
    apart = np.sum(lengths * (sizes + _STEP_COST))
    together = np.sum((lengths - begins) * (left + _STEP_COST)) + _CHANGE_COST * np.sum(left[1:])
    ends = [int(end) for end in lengths]
    if apart <= together:
        return [(counts == end, 0, end) for end in ends]
    return [(counts >= end, int(begin), end) for begin, end in zip(begins, ends)]


def advance(stepper: Stepper, states: States, keys: Sequence[Hashable], counts: Array, pieces: Any,
            put: Any) -> States:
    """Takes streams further, each by a piece of its own.

    counts: the pieces' steps. pieces(chosen, begin, end): {input: rows first, steps second} of these steps of some streams.
    put(chosen, begin, end, outputs): takes what came of them.
    """
    rows = states.find(keys)
    slots: Dict[str, Array] = {}
    for among, begin, end in _cuts(counts):
        groups = [(among & (rows < 0), None, None), (among & (rows >= 0), states.slots, rows)] if begin == 0 else [(among, slots, None)]
        for mask, known, where in groups:
            chosen = np.flatnonzero(mask)
            if not len(chosen):
                continue
            before = None if known is None else {
                name: value[chosen if where is None else where[chosen]] for name, value in known.items()}
            outputs, after = stepper.step(before, pieces(chosen, begin, end))
            put(chosen, begin, end, outputs)
            for name, value in after.items():
                slots.setdefault(name, np.empty((len(keys),) + value.shape[1:], value.dtype))[chosen] = value
    return states.advanced(keys, slots)
