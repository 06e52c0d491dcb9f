"""map_blocks and scan_blocks: models over Dask's arrays."""
from __future__ import annotations

import operator
from functools import partial
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

import dask.array as da
import numpy as np
from dask import delayed
from dask.base import tokenize
from dask.delayed import Delayed
from dask.highlevelgraph import HighLevelGraph

from .._arrays import to_tensor, unmasked
from .._core import Core, check_input_names
from ._layout import Array, Layout, Place, checked_outputs, probe
from ._model import Model, load_for
from ._runs import BATCH_SIZE, Stepper, run_rows

Arrays = Union[Any, Mapping[str, Any]]


class _Inputs:
    """What a user gave for arrays: Dask's, by input name, cut alike along their rows and steps; and the other inputs' values."""

    def __init__(self, core: Core, arrays: Arrays, batch_axis: int, axis: Optional[int]) -> None:
        if not isinstance(arrays, Mapping):
            if len(core.inputs) != 1:
                raise ValueError("the model has the inputs %s: give a dict of arrays" % ", ".join(core.inputs))
            arrays = {next(iter(core.inputs)): arrays}
        check_input_names(arrays, core.inputs)
        self.arrays = {name: array for name, array in arrays.items() if isinstance(array, da.Array)}
        self.constants = {name: array for name, array in arrays.items() if name not in self.arrays}
        if not self.arrays:
            raise TypeError("none of the inputs is a dask.array: %s" % ", ".join(
                "%s is %s" % (name, type(value).__name__) for name, value in arrays.items()))
        for name, array in self.arrays.items():
            if array.dtype != object:  # which says nothing of what is in it; a wrong dtype is told now, and not in some task
                to_tensor(np.zeros(1, array.dtype), core.inputs[name].dtype, "input '%s'" % name)
        self.places = {name: self._place(name, array, batch_axis, axis) for name, array in self.arrays.items()}
        self.rows = self._chunks(lambda place: place.rows, "rows")
        self.steps = self._chunks(lambda place: place.steps, "steps") if axis is not None else ((1,),)

    @staticmethod
    def _place(name: str, array: Any, batch_axis: int, axis: Optional[int]) -> Place:
        for given in (batch_axis,) if axis is None else (batch_axis, axis):
            if not -array.ndim <= given < array.ndim:
                raise ValueError("input '%s' of shape %s has no axis %d" % (name, array.shape, given))
        place = Place(batch_axis % array.ndim, None if axis is None else axis % array.ndim, ())
        others = [d for d in range(array.ndim) if d not in (place.rows, place.steps)]
        if place.rows == place.steps:
            raise ValueError("input '%s': axis and batch_axis are the same" % name)
        for d in others:
            if array.numblocks[d] != 1:
                raise ValueError("input '%s' is cut along axis %d: a sequence must lie in one block, by .rechunk({%d: -1})%s" % (
                    name, d, d, "; scan_blocks carries state from block to block" if axis is None else ""))
            if np.isnan(array.shape[d]):
                raise ValueError("input '%s': the length of axis %d is not known: find it by .compute_chunk_sizes()" % (name, d))
        return place._replace(dims=tuple(array.shape[d] for d in others))

    def _chunks(self, axis_of: Any, what: str) -> Tuple[Any, ...]:
        """The chunks along an axis, of the first input; the others are cut alike."""
        first, chunks = "", None
        for name, array in self.arrays.items():
            axis = axis_of(self.places[name])
            if chunks is None:
                first, chunks = name, array.chunks[axis]
            elif sum(array.chunks[axis]) != sum(chunks) and not np.isnan(sum(chunks)):
                raise ValueError("inputs '%s' and '%s' have %s and %s %s" % (first, name, sum(chunks), sum(array.chunks[axis]), what))
            elif array.chunks[axis] != chunks and not np.isnan(sum(chunks)):
                self.arrays[name] = array.rechunk({axis: chunks})
        assert chunks is not None
        return tuple(chunks)

    def keys(self, row: int, step: int) -> List[Any]:
        """The blocks of all inputs for a block of rows and of steps."""
        found = []
        for name, array in self.arrays.items():
            index = [0] * array.ndim
            for axis, block in zip(self.places[name].axes(), (row, step)):
                index[axis] = block
            found.append((array.name, *index))
        return found


def _outward(places: Mapping[str, Place], names: Sequence[str], blocks: Sequence[Any]) -> Dict[str, Array]:
    return {name: places[name].outward(np.asarray(unmasked(block, "input '%s'" % name))) for name, block in zip(names, blocks)}


# Tasks get their fixed arguments by functools.partial: as arguments of the task, Dask would take tensor names for keys of its graph.


def _map_block(layout: Layout, constants: Mapping[str, Any], batch_size: int, names: Sequence[str], model: Model,
               *blocks: Any) -> Dict[str, Array]:
    """A task: {output: as the model has it} of a block of rows."""
    outputs = run_rows(model.core, layout, _outward(layout.inputs, names, blocks), constants, batch_size)
    return {name: layout.outputs[name].inward(value) for name, value in outputs.items()}


def _collected(outputs: Union[None, str, Iterable[str]], arrays: Dict[str, Any]) -> Any:
    """One array where one was asked for, or the model has one output; else a dict."""
    return next(iter(arrays.values())) if isinstance(outputs, str) or len(arrays) == 1 and outputs is None else arrays


def map_blocks(model: Any, arrays: Arrays, *, batch_axis: int = 0, outputs: Union[None, str, Iterable[str]] = None,
               output_axis: Union[None, int, Mapping[str, int]] = None, batch_size: int = BATCH_SIZE, **options: Any) -> Any:
    """Runs a model over the sequences of arrays, each for itself. As dask.array.map_blocks: lazy, block by block.

    arrays: a dask.array, or a dict of input name to dask.array; what is no dask.array in it, every run gets as it is. They are
    cut along batch_axis; all else of a sequence lies in one block.
    batch_axis: the axis of the sequences, 0 as Keras has it; 1 for ONNX's LSTM as it is.
    outputs: a name: that output. Names, or None for all: a dict of them; of a model that has one output, that one.
    output_axis: the outputs' axis of the sequences, where it is not clear.
    batch_size: sequences that run at once. A model that fixes it gets that many, filled up with zeros at the end.

    Returns dask.arrays, cut as the input is. Errors: ValueError, olstm.Error.
    """
    loaded = load_for("map_blocks", model, options)
    names = checked_outputs(loaded.core, outputs)
    given = _Inputs(loaded.core, arrays, batch_axis, None)
    axes = dict.fromkeys(names, output_axis) if isinstance(output_axis, int) else output_axis
    layout = probe(loaded.core, given.places, given.constants, names, axes)
    token = tokenize("map", loaded, given.arrays, given.constants, layout, batch_size)
    name = "olstm-map-" + token
    task, first, values = loaded.bind(partial(_map_block, layout, given.constants, batch_size, list(given.arrays)), len(given.rows))
    tasks: Dict[Any, Any] = {(name, i): (task, *first, *given.keys(i, 0)) for i in range(len(given.rows))}
    graph = HighLevelGraph.from_collections(name, tasks, dependencies=[*values, *given.arrays.values()])
    return _collected(outputs, {output: _output(graph, name, output, layout.outputs[output], layout.dtypes[output], given.rows, None, token)
                                for output in names})


def _with_layer(graph: Any, name: str, tasks: Dict[Any, Any], source: str) -> Any:
    """The graph and one more layer, which depends on one of its."""
    return HighLevelGraph(dict(graph.layers, **{name: tasks}), dict(graph.dependencies, **{name: {source}}))


def _output(graph: Any, source: str, output: str, place: Place, dtype: Any, rows: Sequence[Any], steps: Optional[Sequence[Any]],
            token: str) -> Any:
    """The dask.array of one output, out of tasks (source, row block[, step block]) that give a dict. What has no steps is as it
    was after the last block of them."""
    name = "olstm-%s-%s" % (output, token)
    chunks: List[Tuple[Any, ...]] = [(dim,) for dim in place.dims]
    for axis, sizes in sorted(zip(place.axes(), (tuple(rows), tuple(steps or ())))):
        chunks.insert(axis, sizes)
    tasks = {}
    for index in np.ndindex(*[len(sizes) for sizes in chunks]):
        block: Tuple[Any, ...] = (source, index[place.rows])
        if steps is not None:
            block += (index[place.steps] if place.steps is not None else len(steps) - 1,)
        tasks[(name, *index)] = (operator.itemgetter(output), block)
    return da.Array(_with_layer(graph, name, tasks, source), name, tuple(chunks), dtype=dtype)


# The key of the state in a scanned block's result, beside the outputs' names.
_STATE = None


def _scan_block(layout: Layout, places: Mapping[str, Place], constants: Mapping[str, Any], batch_size: int,
                window: Optional[int], names: Sequence[str], model: Model, state: Optional[Mapping[str, Array]],
                *blocks: Any) -> Dict[Optional[str], Any]:
    """A task: outputs and state of a block, from the state of the block before."""
    stepper = Stepper(model.core, layout, constants, batch_size, window)
    outputs, next_state = stepper.step(state, _outward(layout.inputs, names, blocks))
    return {_STATE: next_state, **{name: places[name].inward(value) for name, value in outputs.items()}}


def _part_of_state(layout: Layout, count: Optional[int], start: int, stop: Optional[int], state: Mapping[str, Array]) -> Dict[str, Array]:
    """A task: what scan_blocks takes as initial_state, for some of its `count` rows, rows first."""
    if set(state) != set(layout.slots):
        raise ValueError("initial_state has the slots %s; the session has %s" % (", ".join(state), ", ".join(layout.slots)))
    slots = {name: np.moveaxis(np.asarray(state[name]), axis or 0, 0) for name, axis in layout.slots.items()}
    for name, value in slots.items():
        if count is not None and len(value) != count:
            raise ValueError("initial_state has %d rows in '%s'; the arrays have %d" % (len(value), name, count))
    return {name: value[start:stop] for name, value in slots.items()}


def _whole_state(layout: Layout, parts: Sequence[Mapping[str, Array]]) -> Dict[str, Array]:
    """A task: the state of all rows, as _part_of_state takes it."""
    return {name: np.moveaxis(np.concatenate([part[name] for part in parts]), 0, axis or 0) for name, axis in layout.slots.items()}


def _scanned_place(place: Place, window: Optional[int], axis: int) -> Place:
    """Where an output lies when it has one value a window: those are joined along a new axis, where the input has its steps."""
    if place.steps is not None or window is None:
        return place
    at = min(axis, len(place.dims) + 1)
    return Place(place.rows + (place.rows >= at), at, place.dims)


def _windows(steps: Sequence[Any], window: Optional[int]) -> Tuple[Any, ...]:
    for count in steps:
        if count == 0 or window and count % window:
            raise ValueError("a block of %s steps: it must have some, in whole windows of %s: rechunk the axis" % (count, window or 1))
    return tuple(count / window if np.isnan(count) else count // window for count in steps) if window else tuple(steps)


def scan_blocks(model: Any, arrays: Arrays, *, axis: int = 1, batch_axis: int = 0, window: Optional[int] = None,
                outputs: Union[None, str, Iterable[str]] = None, output_axis: Union[None, int, Mapping[str, int]] = None,
                initial_state: Any = None, return_state: bool = False, batch_size: int = BATCH_SIZE, **options: Any) -> Any:
    """Runs a model over sequences that are cut in time: each block goes on with the state that the block before it left.

    Gives what one run over the whole arrays would: outputs with an axis of time are joined along it; one without is what it is
    after the last step. Blocks along batch_axis run side by side, those along axis one after the other.

    axis: the axis of time; batch_axis: of the sequences. 1 and 0 as Keras has it; 0 and 1 for ONNX's LSTM as it is.
    window: steps of one run, where it shall have a fixed number, as the model says, or you. Outputs without an axis of time
    then have one, with an element for each run.
    initial_state: {slot: array}, or what return_state gave, to go on from there; of whole windows as well.
    return_state: True: a pair of the outputs, and a dask.delayed of the state after the last step.
    options: stateful=True unless they say which layers, or `bindings`.
    The rest is as in map_blocks.
    """
    loaded = load_for("scan_blocks", model, options)
    names = checked_outputs(loaded.core, outputs)
    given = _Inputs(loaded.core, arrays, batch_axis, axis)
    axes = dict.fromkeys(names, output_axis) if isinstance(output_axis, int) else output_axis
    layout = probe(loaded.core, given.places, given.constants, names, axes)
    if window is not None and layout.window not in (None, window):
        raise ValueError("window=%s, and the model takes %s steps a run" % (window, layout.window))
    window = layout.window or window
    rows, steps = given.rows, _windows(given.steps, window)
    time = next(place.steps for place in given.places.values())
    places = {output: _scanned_place(place, window, time or 0) for output, place in layout.outputs.items()}
    start = delayed(initial_state) if initial_state is not None else None
    token = tokenize("scan", loaded, given.arrays, given.constants, layout, batch_size, window, start)
    name, state = "olstm-scan-" + token, "olstm-scan-state-" + token
    task, with_model, values = loaded.bind(
        partial(_scan_block, layout, places, given.constants, batch_size, window, list(given.arrays)), len(rows) * len(steps))
    tasks: Dict[Any, Any] = {}
    if start is not None and np.isnan(sum(rows)) and len(rows) > 1:
        raise ValueError("initial_state needs to know how many rows a block has: .compute_chunk_sizes()")
    for i in range(len(rows)):
        before = None
        if start is not None:
            first = sum(rows[:i])
            before = (state, i, -1)
            count, stop = (None, None) if np.isnan(sum(rows)) else (sum(rows), first + rows[i])
            tasks[before] = (partial(_part_of_state, layout, count, first, stop), start.key)
        for j in range(len(steps)):
            tasks[(name, i, j)] = (task, *with_model, before, *given.keys(i, j))
            before = (state, i, j)
            tasks[before] = (operator.itemgetter(_STATE), (name, i, j))
    graph = HighLevelGraph.from_collections(
        name, tasks, dependencies=[*values, *given.arrays.values()] + ([start] if start is not None else []))
    result = _collected(outputs, {
        output: _output(graph, name, output, places[output], layout.dtypes[output], rows,
                        steps if layout.outputs[output].steps is None else given.steps, token) for output in names})
    if not return_state:
        return result
    last = "olstm-scan-last-" + token
    merged = {last: (partial(_whole_state, layout), [(state, i, len(steps) - 1) for i in range(len(rows))])}
    return result, Delayed(last, _with_layer(graph, last, merged, name), layer=last)
