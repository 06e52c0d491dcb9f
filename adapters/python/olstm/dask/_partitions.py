"""map_partitions and scan_partitions: models over Dask's dataframes and bags."""
from __future__ import annotations

import operator
from functools import partial
from typing import Any, Callable, Dict, Hashable, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np
from dask import delayed
from dask.base import tokenize
from dask.delayed import Delayed
from dask.highlevelgraph import HighLevelGraph
from dask.utils import is_dataframe_like, is_series_like

from .._core import Core
from ._layout import Array, Layout, Place, checked_outputs, probe
from ._model import Model, load_for
from ._rows import Column, Gathered, Source, alike, choose_columns, meta_dims, result_columns, row_dims, table
from ._runs import BATCH_SIZE, Stepper, run_rows
from ._streams import States, advance, bucket


def _is_frame(collection: Any) -> bool:
    return bool(is_dataframe_like(collection) or is_series_like(collection))


def _check_kind(function: str, collection: Any) -> None:
    if not (_is_frame(collection) or hasattr(collection, "to_delayed")) or not hasattr(collection, "npartitions") or (
            hasattr(collection, "chunks")):
        raise TypeError("%s takes a dask.dataframe or a dask.bag, not %s" % (function, type(collection).__name__))


def _sources(core: Core, chosen: Mapping[str, Any], *axes: Optional[int]) -> Dict[str, Source]:
    return {name: Source(columns, row_dims(core, name, *axes), core.inputs[name].dtype, "input '%s'" % name)
            for name, columns in chosen.items()}


def _layout(core: Core, sources: Mapping[str, Source], meta: Any, names: Sequence[str], batch_axis: int, axis: Optional[int],
            output_axis: Any) -> Layout:
    """What outputs a row gives. meta: an empty frame, or None for what has no columns."""
    places = {}
    for name, source in sources.items():
        rank = len(source.dims) + 1 + (axis is not None)
        places[name] = Place(batch_axis % rank, None if axis is None else axis % rank,
                             source.dims if meta is None else meta_dims(source, meta))
    return probe(core, places, {}, names, dict.fromkeys(names, output_axis) if isinstance(output_axis, int) else output_axis)


# ---------------------------------------------------------------- each row for itself


def _map_rows(layout: Layout, sources: Mapping[str, Source], batch_size: int, model: Model, columns: Mapping[str, Array],
              labels: Sequence[Any]) -> Any:
    """{output: rows first} of rows that may have several shapes. labels: their names in errors."""
    gathered = Gathered(len(labels))
    alike(sources, columns, labels, lambda positions, feeds: gathered.put(positions, run_rows(model.core, layout, feeds, {}, batch_size)))
    return gathered.outputs


def _map_frame(layout: Layout, sources: Mapping[str, Source], result: Sequence[Column], batch_size: int, frame: Any, model: Model) -> Any:
    """A task: the results of a partition's rows."""
    columns = {name: source.array(frame) for name, source in sources.items()}
    return table(result, _map_rows(layout, sources, batch_size, model, columns, frame.index), frame.index)


def _elements(outputs: Mapping[str, Any], count: int, single: Optional[str]) -> List[Any]:
    """What the elements of a bag become: an output's value where one was asked for, else a dict."""
    if single is not None:
        return [outputs[single][k] for k in range(count)]
    return [{name: value[k] for name, value in outputs.items()} for k in range(count)]


def _as_columns(names: Iterable[str], elements: Sequence[Any]) -> Dict[str, Array]:
    """{input: objects} of a bag's elements: values of the only input, or dicts."""
    columns = {name: np.empty(len(elements), object) for name in names}
    for position, element in enumerate(elements):
        if isinstance(element, Mapping):
            for name, column in columns.items():
                if name not in element:
                    raise ValueError("an element has the keys %s, and not '%s', which is an input of the model" % (
                        ", ".join(map(repr, element)) or "none", name))
                column[position] = element[name]
        elif len(columns) > 1:
            raise TypeError("an element is %s: the model has the inputs %s, an element must be a dict of them" % (
                type(element).__name__, ", ".join(columns)))
        else:
            next(iter(columns.values()))[position] = element
    return columns


def _map_bag(layout: Layout, sources: Mapping[str, Source], single: Optional[str], batch_size: int, part: Iterable[Any], model: Model) -> Any:
    """A task: the results of a partition's elements."""
    elements = list(part)
    columns = _as_columns(sources, elements)
    outputs = _map_rows(layout, sources, batch_size, model, columns, range(len(elements))) if elements else {}
    return _elements(outputs, len(elements), single)


def _mapped(collection: Any, task: Callable[..., Any], loaded: Model, **options: Any) -> Any:
    """task(partition, model) of each partition."""
    if loaded.lies_in_tasks(collection.npartitions):
        return collection.map_partitions(partial(task, model=loaded), **options)
    return collection.map_partitions(task, loaded.delayed(), **options)


def _single(outputs: Union[None, str, Iterable[str]], names: Sequence[str]) -> Optional[str]:
    return names[0] if isinstance(outputs, str) or outputs is None and len(names) == 1 else None


def map_partitions(model: Any, collection: Any, columns: Any = None, *, batch_axis: int = 0,
                   outputs: Union[None, str, Iterable[str]] = None, output_axis: Union[None, int, Mapping[str, int]] = None,
                   batch_size: int = BATCH_SIZE, **options: Any) -> Any:
    """Runs a model over the rows of a dataframe, or the elements of a bag: a sequence each, and each for itself. Lazy.

    collection: a dask.dataframe (or a Series of it), or a dask.bag, whose elements are a sequence each, or a dict of inputs.
    columns: of a dataframe. A list: numbers that make the sequence, step by step, each with its features ([T,I] row by row). A
    name: a column of sequences: arrays or lists, of several lengths if need be. A dict of these by input, if there are several.
    None: all columns.
    outputs: a name, names, or None for all.
    batch_axis, output_axis, batch_size: as in map_blocks.

    Returns, of a dataframe, with its index and divisions: a Series for one number a row, a DataFrame of columns OUTPUT_0, OUTPUT_1,
    ... for a vector, and a column of arrays for anything else. Of a bag: a bag of arrays, or of dicts by output if there are several.
    """
    _check_kind("map_partitions", collection)
    loaded = load_for("map_partitions", model, options)
    core = loaded.core
    names = checked_outputs(core, outputs)
    if not _is_frame(collection):
        if columns is not None:
            raise ValueError("a bag has no columns: its elements are sequences, or dicts by input")
        sources = _sources(core, dict.fromkeys(core.inputs), batch_axis)
        layout = _layout(core, sources, None, names, batch_axis, None, output_axis)
        return _mapped(collection, partial(_map_bag, layout, sources, _single(outputs, names), batch_size), loaded)
    meta = collection._meta
    sources = _sources(core, choose_columns(core, meta, columns), batch_axis)
    layout = _layout(core, sources, meta, names, batch_axis, None, output_axis)
    result = result_columns(layout)
    return _mapped(collection, partial(_map_frame, layout, sources, result, batch_size), loaded, meta=table(result, {}, meta.index))


# ---------------------------------------------------------------- streams by key


class _Scan(NamedTuple):
    """What the tasks of a scan know."""
    layout: Layout
    sources: Dict[str, Source]
    key: Any
    single: Optional[str]
    result: List[Column]
    batch_size: int
    # A run for each step, since some output has no axis of steps and a row wants its value.
    each_step: bool


def _split_frame(scan: _Scan, count: int, frame: Any) -> List[Tuple[Array, Any]]:
    """A task: for each group of keys, the positions of its rows, and the rows."""
    import pandas as pd
    codes, keys = pd.factorize(frame[scan.key])
    if (codes < 0).any():
        raise ValueError("column '%s', the key, has missing values" % scan.key)
    groups = np.array([bucket(key, count) for key in keys], np.int64)[codes] if len(keys) else np.zeros(0, np.int64)
    positions = [np.flatnonzero(groups == group) for group in range(count)]
    return [(where, frame.iloc[where]) for where in positions]


def _scan_frame(scan: _Scan, model: Model, states: States, part: Tuple[Array, Any]) -> Tuple[Any, States]:
    """A task: the results of some rows, and how far their streams have come."""
    import pandas as pd
    positions, frame = part
    codes, keys = pd.factorize(frame[scan.key])
    if not len(frame):
        return (positions, table(scan.result, {}, frame.index)), states
    columns = {}
    for name, source in scan.sources.items():
        values = source.array(frame)
        columns[name] = source.rows(np.stack([np.asarray(v) for v in values]) if values.dtype == object and values.ndim == 1 else values)
    order, counts = np.argsort(codes, kind="stable"), np.bincount(codes)
    starts = np.cumsum(counts) - counts
    gathered = Gathered(len(frame))

    def rows_of(chosen: Array, begin: int, end: int) -> Array:
        return order[starts[chosen][:, None] + np.arange(begin, end)]

    def pieces(chosen: Array, begin: int, end: int) -> Dict[str, Array]:
        return {name: value[rows_of(chosen, begin, end)] for name, value in columns.items()}

    def put(chosen: Array, begin: int, end: int, outputs: Mapping[str, Array]) -> None:
        rows = rows_of(chosen, begin, end).ravel()
        gathered.put(rows, {name: value.reshape((-1,) + value.shape[2:]) for name, value in outputs.items()})

    stepper = Stepper(model.core, scan.layout, {}, scan.batch_size, 1 if scan.each_step else None)
    states = advance(stepper, states, list(keys), counts, pieces, put)
    return (positions, table(scan.result, gathered.outputs, frame.index)), states


def _join_frames(parts: Sequence[Any]) -> Any:
    """A task: the rows of a partition in their own order."""
    import pandas as pd
    order = np.argsort(np.concatenate([positions for (positions, _), _ in parts]), kind="stable")
    return pd.concat([frame for (_, frame), _ in parts]).iloc[order]


def _split_bag(scan: _Scan, count: int, part: Iterable[Any]) -> List[List[Tuple[int, Hashable, Any]]]:
    """A task: for each group of keys, its elements with their positions."""
    groups: List[List[Tuple[int, Hashable, Any]]] = [[] for _ in range(count)]
    for position, element in enumerate(part):
        if not isinstance(element, (tuple, list)) or len(element) != 2:
            raise TypeError("an element is %s: to be scanned, it must be a pair (key, piece)" % type(element).__name__)
        key, value = element
        groups[bucket(key, count)].append((position, key, value))
    return groups


def _scan_bag(scan: _Scan, model: Model, states: States, part: Sequence[Tuple[int, Hashable, Any]]) -> Tuple[Any, States]:
    """A task: the results of some elements. A stream's first elements run together, then the second ones, and so on."""
    stepper = Stepper(model.core, scan.layout, {}, scan.batch_size, None)
    stepless = any(place.steps is None for place in scan.layout.inputs.values())
    rounds: List[List[int]] = []
    seen: Dict[Hashable, int] = {}
    for index, (_, key, _) in enumerate(part):
        turn = seen[key] = seen.get(key, -1) + 1
        rounds += [[]] * (turn == len(rounds))
        rounds[turn] = rounds[turn] + [index]
    results: List[Tuple[int, Any]] = []
    for turn_members in rounds:
        elements = [part[index] for index in turn_members]
        columns = _as_columns(scan.sources, [value for _, _, value in elements])

        def run(positions: Array, feeds: Dict[str, Array]) -> None:
            nonlocal states
            feeds = {name: value[:, None] if stepless else value for name, value in feeds.items()}
            keys = [elements[p][1] for p in positions]
            gathered = Gathered(len(keys))
            steps = next(iter(feeds.values())).shape[1]
            states = advance(stepper, states, keys, np.full(len(keys), steps),
                             lambda chosen, *_: {name: value[chosen] for name, value in feeds.items()},
                             lambda chosen, begin, end, outputs: gathered.put(chosen, outputs))
            outputs = {name: value[:, 0] if stepless else value for name, value in gathered.outputs.items()}
            for p, key, value in zip(positions, keys, _elements(outputs, len(keys), scan.single)):
                results.append((elements[p][0], (key, value)))

        alike(scan.sources, columns, [position for position, _, _ in elements], run)
    return results, states


def _join_bags(parts: Sequence[Any]) -> List[Any]:
    """A task: the elements of a partition in their own order."""
    return [pair for _, pair in sorted((result for results, _ in parts for result in results), key=operator.itemgetter(0))]


def _begin(slot_names: List[str], count: int, states: Mapping[Hashable, Any]) -> List[States]:
    """A task: what a user gave for initial_state, by group of keys."""
    groups: List[Dict[Hashable, Any]] = [{} for _ in range(count)]
    for key, slots in states.items():
        groups[bucket(key, count)][key] = slots
    return [States.from_dict(group, slot_names) for group in groups]


def _end(parts: Sequence[Tuple[Any, States]]) -> Dict[Hashable, Any]:
    """A task: the states of all streams."""
    return {key: slots for _, states in parts for key, slots in states.to_dict().items()}


def _scan_graph(scan: _Scan, loaded: Model, parts: List[Any], splits: int, initial_state: Any,
                tasks_of: Sequence[Callable[..., Any]]) -> Tuple[List[Any], Any]:
    """Delayed results of each partition, and of the states after the last. Groups of keys go from partition to partition for
    themselves, so that they run side by side."""
    split, run, join = tasks_of
    begin = delayed(initial_state) if initial_state is not None else None
    token = tokenize("scan", loaded, [part.key for part in parts], scan, splits, begin)
    split_name, run_name, name = "olstm-split-" + token, "olstm-scan-" + token, "olstm-join-" + token
    tasks: Dict[Any, Any] = {}
    step, with_model, values = loaded.bind(partial(run, scan), len(parts) * splits)
    first = "olstm-begin-" + token
    if begin is not None:
        tasks[first] = (partial(_begin, list(scan.layout.slots), splits), begin.key)
    for p, part in enumerate(parts):
        tasks[(split_name, p)] = (partial(split, scan, splits), part.key)
        for s in range(splits):
            tasks[(split_name, p, s)] = (operator.itemgetter(s), (split_name, p))
            state = (run_name, "state", p - 1, s)
            if p == 0:
                tasks[state] = (operator.itemgetter(s), first) if begin is not None else (States,)
            tasks[(run_name, p, s)] = (step, *with_model, state, (split_name, p, s))
            tasks[(run_name, "state", p, s)] = (operator.itemgetter(1), (run_name, p, s))
        tasks["%s-%d" % (name, p)] = (join, [(run_name, p, s) for s in range(splits)])
    last = "olstm-end-" + token
    tasks[last] = (_end, [(run_name, len(parts) - 1, s) for s in range(splits)])
    graph = HighLevelGraph.from_collections(name, tasks, dependencies=[*values, *parts] + ([begin] if begin is not None else []))
    return [Delayed("%s-%d" % (name, p), graph, layer=name) for p in range(len(parts))], Delayed(last, graph, layer=name)


def scan_partitions(model: Any, collection: Any, key: Optional[Hashable] = None, columns: Any = None, *, axis: Optional[int] = None,
                    batch_axis: int = 0, outputs: Union[None, str, Iterable[str]] = None,
                    output_axis: Union[None, int, Mapping[str, int]] = None, splits: int = 4, initial_state: Any = None,
                    return_state: bool = False, batch_size: int = BATCH_SIZE, **options: Any) -> Any:
    """Runs a model over streams by key: what has the same key is one stream, whose state is carried from row to row and from
    partition to partition, in their order. Lazy.

    Of a dataframe each row is a step, and `key` the column that says of which stream; rows and partitions must be in order of
    time. columns: numbers that make a step's features, or a column of arrays; a dict by input; None for all but the key.
    Of a bag each element is a pair (key, piece), a piece being steps in a row ([T,I], or a dict by input).

    axis, batch_axis: the model's axes of steps and of sequences. 1 and 0 as Keras has it, which is taken for inputs with three
    dimensions and more; 0 and 1 for ONNX's LSTM as it is; axis None for models that take a step at a time.
    splits: groups of keys that run side by side: at most so many workers are busy with it.
    initial_state: {key: {slot: array}}, or what return_state gave, to go on from there.
    return_state: True: a pair of the results, and a dask.delayed of the states of all keys.
    options: stateful=True unless they say which layers, or `bindings`.

    Returns, of a dataframe, what the model gives at each row, as map_partitions does. Of a bag: pairs (key, result of the piece).
    Errors: a key that is missing, or no string, number, date or tuple of them.
    """
    _check_kind("scan_partitions", collection)
    loaded = load_for("scan_partitions", model, options)
    core = loaded.core
    names = checked_outputs(core, outputs)
    splits = max(1, operator.index(splits))
    if axis is None and all(info.shape is not None and len(info.shape) > 2 for info in core.inputs.values()):
        axis = 1
    is_frame = _is_frame(collection)
    meta: Any = collection._meta if is_frame else None
    if is_frame and (collection.ndim != 2 or key not in list(meta.columns)):
        raise ValueError("key: no column '%s'; %s" % (key, "a Series has none" if collection.ndim != 2 else
                                                      "the columns are " + ", ".join(map(str, meta.columns))))
    if not is_frame and (key is not None or columns is not None):
        raise ValueError("a bag has no columns: its elements are pairs of key and piece")
    chosen = choose_columns(core, meta, columns, without=(key,)) if is_frame else dict.fromkeys(core.inputs)
    sources = _sources(core, chosen, batch_axis, axis)
    layout = _layout(core, sources, meta, names, batch_axis, axis, output_axis)
    each_step = any(place.steps is None for place in layout.outputs.values())
    if is_frame and each_step and layout.window not in (None, 1):
        raise ValueError("the model takes %s steps a run, and %s: there is no value for each row" % (
            layout.window, ", ".join("output '%s' has none of them" % n for n, place in layout.outputs.items() if place.steps is None)))
    if not is_frame:
        # An element holds a whole piece: its arrays have one more dimension, the steps.
        sources = {name: source._replace(dims=_with_steps(core, name, source.dims, layout.inputs[name])) for name, source in sources.items()}
    scan = _Scan(layout, sources, key, _single(outputs, names), result_columns(layout) if is_frame else [], batch_size, each_step)
    parts = collection.to_delayed()
    tasks: Sequence[Any] = (_split_frame, _scan_frame, _join_frames) if is_frame else (_split_bag, _scan_bag, _join_bags)
    results, state = _scan_graph(scan, loaded, parts, splits, initial_state, tasks)
    scanned = _frame_of(results, table(scan.result, {}, meta.index), collection) if is_frame else _bag_of(results)
    return (scanned, state) if return_state else scanned


def _with_steps(core: Core, name: str, dims: Any, place: Place) -> Any:
    return dims if place.steps is None else (None,) + dims


def _frame_of(results: List[Any], meta: Any, like: Any) -> Any:
    import dask.dataframe as dd
    return dd.from_delayed(results, meta=meta, divisions=like.divisions, verify_meta=False)


def _bag_of(results: List[Any]) -> Any:
    import dask.bag as db
    return db.from_delayed(results)
