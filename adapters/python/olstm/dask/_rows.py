"""Rows of tables and elements of bags, as arrays for a model and back."""
from __future__ import annotations

import contextlib
from typing import Any, Callable, Dict, Hashable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from .._arrays import from_numbers, unmasked
from .._core import Core, check_input_names
from .._library import Error
from ._layout import Array, Dims, Layout

# One column of sequences, or a list of columns that make one.
Columns = Union[Hashable, List[Hashable]]


def row_dims(core: Core, name: str, *axes: Optional[int]) -> Dims:
    """What the model declares of an input, but for some axes; None for what varies."""
    shape = core.inputs[name].shape
    if shape is None:
        raise ValueError("the model does not say what dimensions input '%s' has: take map_blocks or scan_blocks" % name)
    gone = {axis % len(shape) for axis in axes if axis is not None and -len(shape) <= axis < len(shape)}
    return tuple(dim if isinstance(dim, int) else None for d, dim in enumerate(shape) if d not in gone)


def fitted(dims: Dims, shape: Sequence[int], what: str) -> Tuple[int, ...]:
    """The shape that a row of this shape takes: its own where it has as many dimensions as it should, else by its elements."""
    if len(dims) == len(shape):
        return tuple(shape)
    count, known = int(np.prod(shape, dtype=np.int64)), int(np.prod([d for d in dims if d is not None], dtype=np.int64))
    unknown = dims.count(None)
    if unknown > 1 or known == 0 or count % known or unknown == 0 and count != known:
        raise ValueError("%s has rows of shape %s, which make no %s" % tuple([what] + [
            "[%s]" % ",".join("?" if dim is None else str(dim) for dim in each) for each in (shape, dims)]))
    return tuple(count // known if dim is None else dim for dim in dims)


class Source(NamedTuple):
    """Where an input's rows come from: columns (None: the row itself), what the model wants of a row."""
    columns: Optional[Columns]
    dims: Dims
    dtype: int
    what: str

    def array(self, frame: Any) -> Array:
        """Rows first; of one dtype and shape, or objects."""
        chosen = frame if self.columns is None else frame[self.columns]
        values = np.asarray(chosen)
        return self._numbers(chosen) if values.dtype == object and values.ndim == 2 else values

    def _numbers(self, frame: Any) -> Array:
        """Columns that numpy takes for objects: pandas' own integers, floats and booleans; which may be missing."""
        columns = [(label, column) for label, column in frame.items()]
        for label, column in columns:
            if getattr(column.dtype, "kind", "O") not in "biuf":
                raise TypeError("%s: column '%s' of dtype %s holds no numbers (a column of sequences is named alone, not in a list)" % (
                    self.what, label, column.dtype))
            if column.isna().any() and getattr(column.dtype, "numpy_dtype", None) is not None:
                raise ValueError("%s: column '%s' has missing values, the first at row %s: fill them in first, with .fillna(VALUE)" % (
                    self.what, label, column.index[column.isna()][0]))
        return np.stack([np.asarray(column, getattr(column.dtype, "numpy_dtype", column.dtype)) for _, column in columns], axis=1)

    def rows(self, values: Array) -> Array:
        """Rows of one shape, as the model wants them."""
        array = from_numbers(values, self.dtype, self.what)
        return array.reshape((len(array),) + fitted(self.dims, array.shape[1:], self.what))


def choose_columns(core: Core, frame: Any, columns: Any, without: Sequence[Hashable] = ()) -> Dict[str, Optional[Columns]]:
    """{input: columns} of what a user gave for columns. frame: what there is, a Series or DataFrame."""
    if isinstance(columns, Mapping):
        chosen = dict(columns)
    elif len(core.inputs) == 1:
        chosen = {next(iter(core.inputs)): columns}
    else:
        raise ValueError("the model has the inputs %s: give a dict of columns" % ", ".join(core.inputs))
    check_input_names(chosen, core.inputs)
    if frame.ndim == 1:
        if any(labels is not None for labels in chosen.values()):
            raise ValueError("a Series has no columns to choose from")
        return chosen
    found = list(frame.columns)
    for name, labels in chosen.items():
        if labels is None:
            chosen[name] = [label for label in found if label not in without]
        elif not isinstance(labels, list):
            chosen[name] = labels if isinstance(labels, Hashable) and labels in found else list(labels)
        for label in chosen[name] if isinstance(chosen[name], list) else [chosen[name]]:
            if label not in found:
                raise ValueError("no column '%s'; the columns are %s" % (label, ", ".join(map(str, found))))
    return chosen


def meta_dims(source: Source, meta: Any) -> Dims:
    """Dimensions of a row as far as they are known before there are any. meta: an empty frame."""
    values = meta if source.columns is None else meta[source.columns]
    kinds = [values.dtype] if values.ndim == 1 else list(values.dtypes)
    if any(getattr(kind, "kind", "O") not in "biufO" for kind in kinds):
        raise TypeError("%s: columns of dtype %s hold no numbers" % (source.what, ", ".join(sorted({str(kind) for kind in kinds}))))
    if values.ndim == 2:
        return fitted(source.dims, (len(kinds),), source.what)
    return source.dims if kinds[0] == object else fitted(source.dims, (), source.what)


@contextlib.contextmanager
def located(labels: Sequence[Any], positions: Sequence[int]) -> Iterator[None]:
    """Errors say which rows they are about. labels: of all rows; positions: of those."""
    try:
        yield
    except (Error, TypeError, ValueError) as error:
        more = len(positions) - 1
        text = "%s (row %s%s)" % (error, labels[positions[0]], " and %d more of its shape" % more if more else "")
        raise Error(int(error.status), text) if isinstance(error, Error) else type(error)(text) from error


def alike(sources: Mapping[str, Source], columns: Mapping[str, Array], labels: Sequence[Any],
          run: Callable[[Array, Dict[str, Array]], None]) -> None:
    """Calls run(positions, {input: rows first}) for rows whose sequences have the same shapes. labels: the rows' names in errors."""
    count = len(next(iter(columns.values())))
    objects = {name: [np.asarray(unmasked(value, sources[name].what)) for value in column] for name, column in columns.items()
               if column.dtype == object and column.ndim == 1}
    if not objects and count:
        run(np.arange(count), {name: source.rows(columns[name]) for name, source in sources.items()})
        return
    groups: Dict[Any, List[int]] = {}
    for position in range(count):
        groups.setdefault(tuple(values[position].shape for values in objects.values()), []).append(position)
    for group in groups.values():
        positions = np.array(group)
        with located(labels, group):
            run(positions, {name: source.rows(np.stack([objects[name][p] for p in group]) if name in objects
                                              else columns[name][positions]) for name, source in sources.items()})


class Column(NamedTuple):
    """A column of a result: an element of an output's rows, or all of a row as an object."""
    label: str
    output: str
    element: Optional[int]
    dtype: Any

    def values(self, rows: Any) -> Array:
        if self.dtype == object:
            column = np.empty(len(rows), object)
            for position, row in enumerate(rows):
                column[position] = row
            return column
        return np.asarray(rows).reshape(len(rows), -1)[:, self.element or 0]


def result_columns(layout: Layout) -> List[Column]:
    """Scalars make one column, vectors of known length one for each element; anything else a column of arrays."""
    columns = []
    for name, place in layout.outputs.items():
        dtype = layout.dtypes[name]
        if place.dims in ((), (1,)):
            columns.append(Column(name, name, None, dtype))
        elif len(place.dims) == 1 and place.dims[0] is not None:
            columns += [Column("%s_%d" % (name, element), name, element, dtype) for element in range(place.dims[0])]
        else:
            columns.append(Column(name, name, None, np.dtype(object)))
    return columns


def table(columns: Sequence[Column], outputs: Mapping[str, Any], index: Any) -> Any:
    """A Series of one column, a DataFrame of several. outputs: {output: rows first}; {} for no rows."""
    import pandas as pd
    series = {column.label: column.values(outputs[column.output]) if column.output in outputs else np.empty(0, column.dtype)
              for column in columns}
    if len(series) == 1:
        (label, values), = series.items()
        return pd.Series(values, index=index, name=label)
    return pd.DataFrame(series, index=index)


class Gathered:
    """Outputs of rows that come group by group: arrays of one dtype and shape, or objects where shapes vary."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.outputs: Dict[str, Any] = {}

    def put(self, positions: Array, outputs: Mapping[str, Array]) -> None:
        for name, value in outputs.items():
            whole = self.outputs.get(name)
            if whole is None:
                whole = np.empty((self._count,) + value.shape[1:], value.dtype)
            if whole.dtype != object and whole.shape[1:] != value.shape[1:]:
                objects = np.empty(self._count, object)
                objects[:] = list(whole)
                whole = objects
            if whole.dtype == object:
                for position, row in zip(positions, value):
                    whole[position] = row
            else:
                whole[positions] = value
            self.outputs[name] = whole
