"""State slots as a mapping, and state as bytes: the same for a context and for a stream of a table."""
from __future__ import annotations

import ctypes as C
from typing import TYPE_CHECKING, Any, Callable, ContextManager, Dict, Iterator, MutableMapping, NoReturn

import numpy as np

from . import _library as L
from ._arrays import to_array, to_tensor

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    Array = np.ndarray[Any, Any]

# Calls the C function of a verb ("get_state", "reset") on the context or stream that has the state.
Call = Callable[..., None]


def save_state(call: Call, free: Callable[[C.c_void_p, C.c_size_t], Any]) -> bytes:
    """All slots as bytes. free: gives the C library's own back."""
    data, count = C.c_void_p(), C.c_size_t()
    try:
        call("save_state", C.byref(data), C.byref(count))
        return C.string_at(data, count.value)
    finally:
        if data.value:
            free(data, count)


class State(MutableMapping[str, "np.ndarray[Any, Any]"]):
    """The slots of a context or a stream. Each call is atomic; another thread may replace what one has read."""

    def __init__(self, count: int, access: Callable[[], ContextManager[Call]]) -> None:
        """count: of the slots. access: a context manager that locks them, and gives the function that calls C."""
        self._count = count
        self._access = access

    def _infos(self) -> Dict[str, L.StateInfo]:
        infos = {}
        with self._access() as call:
            for index in range(self._count):
                info = L.StateInfo()
                call("get_state_info_sized", index, C.byref(info), C.sizeof(info))
                infos[info.name.decode("utf-8", "surrogateescape")] = info
        return infos

    def _slot(self, name: str) -> L.StateInfo:
        infos = self._infos()
        if name not in infos:
            raise KeyError("no state slot '%s'; the slots are %s" % (name, ", ".join(infos) or "none"))
        return infos[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._infos())

    def __len__(self) -> int:
        return self._count

    def __contains__(self, name: object) -> bool:
        return name in self._infos()

    def __getitem__(self, name: str) -> "Array":
        self._slot(name)
        tensor = L.Tensor()
        with self._access() as call:
            call("get_state", name.encode("utf-8", "surrogateescape"), C.byref(tensor))
            return to_array(tensor)

    def __setitem__(self, name: str, value: "ArrayLike") -> None:
        tensor, _kept = to_tensor(value, self._slot(name).dtype, "state '%s'" % name)
        with self._access() as call:
            call("set_state", name.encode("utf-8", "surrogateescape"), C.byref(tensor))

    def __delitem__(self, name: str) -> None:
        """Resets the slot to its initial state; it is not removed."""
        self._slot(name)
        with self._access() as call:
            call("reset_state", name.encode("utf-8", "surrogateescape"))

    def clear(self) -> None:
        """Resets all slots to their initial states."""
        with self._access() as call:
            call("reset")

    def popitem(self) -> NoReturn:
        raise TypeError("state slots stay: reset them with del state[name] or state.clear()")

    def __repr__(self) -> str:
        return "{%s}" % ", ".join("%r: %s" % (name, list(info.dims[:info.rank]) if info.is_set else "not set")
                                  for name, info in self._infos().items())
