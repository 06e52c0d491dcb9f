"""What tasks do with their arrays: runs in batches, of sequences that are whole, and of streams that go on."""
from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Tuple

import numpy as np

from .._core import Core
from ..session import Context
from ._layout import Array, Layout

# Rows that run together. Results do not depend on it; with more, the work leaves the processor's caches.
BATCH_SIZE = 512


def _padded(array: Array, rows: Optional[int]) -> Array:
    """With rows of zeros up to what the model wants."""
    if rows is None or len(array) == rows:
        return array
    return np.concatenate([array, np.zeros((rows - len(array),) + array.shape[1:], array.dtype)])


def _row_of_zeros(feeds: Mapping[str, Array]) -> Dict[str, Array]:
    """In place of no rows, to see what shapes come of them."""
    return {name: np.zeros((1,) + value.shape[1:], value.dtype) for name, value in feeds.items()}


def _cut(arrays: Mapping[str, Array]) -> Dict[str, Array]:
    return {name: value[:0] for name, value in arrays.items()}


def run_rows(core: Core, layout: Layout, feeds: Mapping[str, Array], constants: Mapping[str, Any],
             batch_size: int) -> Dict[str, Array]:
    """Runs sequences that have nothing to do with each other: {input: rows first} to {output: rows first}."""
    count = len(next(iter(feeds.values())))
    if not count:
        return _cut(run_rows(core, layout, _row_of_zeros(feeds), constants, 1))
    size = layout.batch or max(1, batch_size)
    parts: Dict[str, List[Array]] = {name: [] for name in layout.outputs}
    for start in range(0, count, size):
        batch = {name: place.inward(_padded(feeds[name][start:start + size], layout.batch)) for name, place in layout.inputs.items()}
        outputs = core.run({**constants, **batch})
        for name, place in layout.outputs.items():
            parts[name].append(place.outward(outputs[name])[:count - start])
    return {name: np.concatenate(part) for name, part in parts.items()}


class Stepper:
    """Runs rows as streams: from their state to their next."""

    def __init__(self, core: Core, layout: Layout, constants: Mapping[str, Any], batch_size: int, window: Optional[int]) -> None:
        self._layout, self._constants = layout, constants
        self._context = Context._of(core)
        has_steps = all(place.steps is not None for place in layout.inputs.values())
        self._window = (layout.window or window) if has_steps else 1
        whole = any(axis is None for axis in layout.slots.values())
        self._size = layout.batch or (1 if whole else max(1, batch_size))

    def step(self, slots: Optional[Mapping[str, Array]], feeds: Mapping[str, Array]) -> Tuple[Dict[str, Array], Dict[str, Array]]:
        """Goes on with some streams of the same length.

        slots: {slot: rows first}, or None for streams that begin. feeds: {input: rows first, steps second}; inputs without an
        axis of steps get them one by one.
        Returns {output: rows first; steps second, if it has steps or there is a window} and the next slots.
        """
        count = len(next(iter(feeds.values())))
        if not count:
            none, begun = self.step(None, _row_of_zeros(feeds))
            return _cut(none), _cut(begun)
        outputs: Dict[str, List[Array]] = {name: [] for name in self._layout.outputs}
        states: Dict[str, List[Array]] = {name: [] for name in self._layout.slots}
        for start in range(0, count, self._size):
            part = slice(start, min(start + self._size, count))
            self._set_state({name: value[part] for name, value in slots.items()} if slots else None)
            for name, value in self._run({name: value[part] for name, value in feeds.items()}).items():
                outputs[name].append(value[:part.stop - start])
            for name, axis in self._layout.slots.items():
                value = self._context.state[name]
                states[name].append(value[None] if axis is None else np.moveaxis(value, axis, 0)[:part.stop - start])
        return ({name: np.concatenate(parts) for name, parts in outputs.items()},
                {name: np.concatenate(parts) for name, parts in states.items()})

    def _set_state(self, slots: Optional[Mapping[str, Array]]) -> None:
        self._context.reset()
        for name, value in (slots or {}).items():
            axis = self._layout.slots[name]
            self._context.state[name] = value[0] if axis is None else np.moveaxis(_padded(value, self._layout.batch), 0, axis)

    def _run(self, feeds: Mapping[str, Array]) -> Dict[str, Array]:
        places = self._layout.inputs
        steps = next(iter(feeds.values())).shape[1]
        window = self._window or max(steps, 1)
        if steps % window or self._window and not steps:
            raise ValueError("%d steps cannot be cut into runs of %d" % (steps, window))
        runs: Dict[str, List[Array]] = {name: [] for name in self._layout.outputs}
        for start in range(0, max(steps, 1), window):
            batch = {}
            for name, place in places.items():
                value = feeds[name][:, start:start + window] if place.steps is not None else feeds[name][:, start]
                batch[name] = place.inward(_padded(value, self._layout.batch))
            outputs = self._context.run({**self._constants, **batch})
            for name, place in self._layout.outputs.items():
                value = place.outward(outputs[name])
                runs[name].append(value[:, None] if place.steps is None and self._window else value)
        return {name: np.concatenate(parts, axis=1) if len(parts) > 1 else parts[0] for name, parts in runs.items()}
