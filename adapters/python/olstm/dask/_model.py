"""The model as a value in Dask's graphs: its definition travels, and each process makes its session once."""
from __future__ import annotations

from functools import partial
from typing import Any, Callable, List, Mapping, Optional, Tuple

from dask import delayed
from dask.base import tokenize

from .._core import Core, Definition, remade, shared_core
from .._library import Error
from ..session import Session


# Bytes of models that a graph may hold in its tasks, and of the model of one.
_GRAPH_BYTES, _TASK_BYTES = 1 << 25, 1 << 18


class Model:
    """A session's definition, which is what travels, and its core, which each process makes when it needs it first."""

    def __init__(self, definition: Any, core: Optional[Core] = None) -> None:
        self._recipe = definition
        self._core = core

    @property
    def core(self) -> Core:
        if self._core is None:
            self._core = shared_core(remade(*self._recipe))
        return self._core

    def __reduce__(self) -> Any:
        return Model, (self._recipe,)

    def __dask_tokenize__(self) -> Any:
        return self.core.definition.token()

    def __sizeof__(self) -> int:
        return 1000 + (len(self._recipe[0]) if isinstance(self._recipe[0], bytes) else 0)

    def lies_in_tasks(self, count: int) -> bool:
        """Whether so many tasks hold the model themselves. They depend on nothing then that could be lost with a worker: Dask 2022.12
        gets stuck, or fails with a KeyError, when what many tasks share is lost with two workers one after the other."""
        size = self.__sizeof__()
        return size <= _TASK_BYTES and size * count <= _GRAPH_BYTES

    def bind(self, task: Callable[..., Any], count: int) -> Tuple[Callable[..., Any], Tuple[Any, ...], List[Any]]:
        """For `count` tasks of a graph that want the model first: what they call, what they give it first, and on what they depend."""
        if self.lies_in_tasks(count):
            return partial(task, self), (), []
        value = self.delayed()
        return task, (value.key,), [value]

    def delayed(self) -> Any:
        """For graphs: made once, fetched by each worker."""
        return delayed(self, name="olstm-model-" + tokenize(self), traverse=False)


def load_model(model: Any, options: Mapping[str, Any]) -> Model:
    """What a user passes as model. Files become bytes, unless their external data does not come along."""
    if isinstance(model, Session):
        if options:
            raise TypeError("a Session has its options already: %s" % ", ".join(options))
        core = model._core
    else:
        core = Session(model, **options)._core
    definition = core.definition
    if isinstance(definition.model, str):
        with open(definition.model, "rb") as file:
            content = Definition(file.read(), definition.external_data, definition.options)
        if content.digest() != definition.digest():
            raise ValueError("%s was written while it was read" % definition.model)
        try:
            core = Core(content)
        except Error:
            pass  # its external data lies beside the file
    return Model(core.definition.recipe(), core)


def load_for(function: str, model: Any, options: Mapping[str, Any]) -> Model:
    """As load_model, for a function of this name: map_..., which runs each sequence for itself, or scan_..., which carries state."""
    carries = function.startswith("scan_")
    if carries and not isinstance(model, Session) and "stateful" not in options and "bindings" not in options:
        options = dict(options, stateful=True)
    loaded = load_model(model, options)
    if loaded.core.slot_count and not carries:
        raise ValueError("%s runs each sequence for itself, and this session keeps state: that is what %s carries" % (
            function, function.replace("map_", "scan_")))
    if carries and not loaded.core.slot_count:
        raise ValueError("this session keeps no state for %s to carry: name layers by stateful, or states by bindings; or use %s" % (
            function, function.replace("scan_", "map_")))
    return loaded
