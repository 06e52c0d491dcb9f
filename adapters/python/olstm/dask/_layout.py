"""Where a model's inputs, outputs and state have their rows (sequences) and steps: found out by running it on zeros."""
from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from .._arrays import numpy_dtype
from .._core import Core
from .._library import Error
from ..session import Context

Array = np.ndarray[Any, Any]
Dims = Tuple[Optional[int], ...]


def checked_outputs(core: Core, outputs: Union[None, str, Iterable[str]]) -> List[str]:
    names = list(core.outputs) if outputs is None else [outputs] if isinstance(outputs, str) else list(outputs)
    for name in names:
        if name not in core.outputs:
            raise ValueError("no output '%s'; the model's outputs are %s" % (name, ", ".join(core.outputs)))
    return names


class Place(NamedTuple):
    """Where an input or output has its rows and time steps, and its other dimensions in order: None where they vary."""
    rows: int
    steps: Optional[int]
    dims: Dims

    def axes(self) -> List[int]:
        return [self.rows] if self.steps is None else [self.rows, self.steps]

    def shape(self, rows: int, steps: int, other: int = 1) -> Tuple[int, ...]:
        dims = [other if dim is None else dim for dim in self.dims]
        for axis, size in sorted(zip(self.axes(), (rows, steps))):
            dims.insert(axis, size)
        return tuple(dims)

    def outward(self, array: Array) -> Array:
        """As the model has it, to rows first, steps second."""
        return np.moveaxis(array, self.axes(), range(len(self.axes())))

    def inward(self, array: Array) -> Array:
        """Rows first, steps second, to what the model wants."""
        return np.moveaxis(array, range(len(self.axes())), self.axes())


class Layout(NamedTuple):
    """What probing a model came to. batch, window: rows and steps that a run must have, where the model says."""
    inputs: Dict[str, Place]
    outputs: Dict[str, Place]
    dtypes: Dict[str, Any]
    batch: Optional[int]
    window: Optional[int]
    # The axis of the rows in each state slot. None: the slot holds one row, so rows run one at a time.
    slots: Dict[str, Optional[int]]


def _declared(core: Core, name: str, axis: Optional[int]) -> Optional[int]:
    shape = core.inputs[name].shape
    size = shape[axis] if shape is not None and axis is not None and axis < len(shape) else None
    return size if isinstance(size, int) else None


def _common(core: Core, axes: Mapping[str, Optional[int]], what: str) -> Optional[int]:
    """The size that the model declares for an axis of each input, if it does."""
    sizes = {name: size for name, size in ((name, _declared(core, name, axis)) for name, axis in axes.items()) if size is not None}
    if len(set(sizes.values())) > 1:
        raise ValueError("inputs have different numbers of %s: %s" % (what, sizes))
    return next(iter(sizes.values()), None)


class _Trial:
    """Shapes that the model's outputs and state slots have for so many rows and steps of zeros."""

    def __init__(self, core: Core, inputs: Mapping[str, Place], constants: Mapping[str, Any]) -> None:
        self._core, self._inputs, self._constants = core, inputs, constants

    def run(self, rows: int, steps: int, other: int = 1) -> Tuple[Dict[str, Tuple[int, ...]], Dict[str, Tuple[int, ...]]]:
        feeds = dict(self._constants)
        for name, place in self._inputs.items():
            feeds[name] = np.zeros(place.shape(rows, steps, other), numpy_dtype(self._core.inputs[name].dtype))
        context = Context._of(self._core)
        outputs = {name: value.shape for name, value in context.run(feeds).items()}
        return outputs, {name: value.shape for name, value in context.state.items()}


def _grown_axis(small: Sequence[int], large: Sequence[int]) -> Optional[int]:
    """The axis that grew, if exactly one did."""
    grown = [axis for axis, (a, b) in enumerate(zip(small, large)) if a != b]
    return grown[0] if len(small) == len(large) and len(grown) == 1 else None


def _fixed_axis(name: str, shape: Sequence[int], size: int, like: int, given: Optional[int]) -> int:
    """The row axis of an output whose model fixes the rows: it cannot be found by trying."""
    candidates = [axis for axis, dim in enumerate(shape) if dim == size]
    if given is not None:
        return given
    if like == 0 and candidates[:1] == [0]:
        return 0
    if len(candidates) != 1:
        raise ValueError("output '%s' of shape %s: which axis has the %d rows that the model fixes is not clear: say output_axis" % (
            name, list(shape), size))
    return candidates[0]


def probe(core: Core, inputs: Mapping[str, Place], constants: Mapping[str, Any], names: Sequence[str],
          output_axis: Optional[Mapping[str, int]] = None) -> Layout:
    """Finds out where outputs and state slots have their rows and steps, by running on zeros."""
    trial = _Trial(core, inputs, constants)
    batch = _common(core, {name: place.rows for name, place in inputs.items()}, "rows")
    window = _common(core, {name: place.steps for name, place in inputs.items()}, "steps")
    has_steps = any(place.steps is not None for place in inputs.values())
    varies = any(dim is None for place in inputs.values() for dim in place.dims)
    rows, first_error = batch or 1, None
    # A model may want some steps, for a convolution, say.
    for steps in [window] if window else [1, 16, 128, 1024]:
        try:
            base, base_slots = trial.run(rows, steps, steps)
            longer = base if window or not has_steps else trial.run(rows, steps + 1, steps)[0]
            wider = base if not varies else trial.run(rows, steps, steps + 1)[0]
            break
        except Error as error:
            first_error = first_error or error
    else:
        assert first_error is not None
        raise first_error
    more, more_slots = (base, base_slots) if batch else trial.run(rows + 1, steps, steps)
    like = next(iter(inputs.values())).rows
    outputs = {}
    for name in names:
        axis: Optional[int] = (output_axis or {}).get(name)
        if axis is None:
            axis = _fixed_axis(name, base[name], batch, like, axis) if batch else _grown_axis(base[name], more[name])
        if axis is None or not -len(base[name]) <= axis < len(base[name]) or base[name][axis] != rows:
            raise ValueError("output '%s' has no axis with one element a row: %s for %d rows, %s for %d" % (
                name, list(base[name]), rows, list(more[name]), rows if batch else rows + 1))
        axis %= len(base[name])
        time = next((a for a in _step_axes(inputs) if base[name][a:a + 1] == (window,) and a != axis), None) if window else (
            _grown_axis(base[name], longer[name]))
        if time is not None and (base[name][time] != steps or longer[name][time] != (window or steps + 1)):
            raise ValueError("output '%s' has %d steps for %d of the input: only one for each, or none, can be joined" % (
                name, longer[name][time], steps + 1))
        dims = tuple(None if len(base[name]) != len(wider[name]) or size != wider[name][a] else size
                     for a, size in enumerate(base[name]) if a not in (axis, time))
        outputs[name] = Place(axis, time, dims)
    slots = {name: None if batch else _grown_axis(shape, more_slots[name]) for name, shape in base_slots.items()}
    if batch and batch > 1:
        slots = {name: _fixed_axis("state " + name, shape, batch, 1, None) for name, shape in base_slots.items()}
    return Layout(dict(inputs), outputs, {name: numpy_dtype(core.outputs[name].dtype) for name in names}, batch, window, slots)


def _step_axes(inputs: Mapping[str, Place]) -> List[int]:
    return [place.steps for place in inputs.values() if place.steps is not None]
