"""C objects owned from Python: each is destroyed once, and after what was made from it, whatever Python does."""
from __future__ import annotations

import weakref
from typing import Any, Callable, Optional

import numpy as np

from . import _library as L


def destroy(function: str, address: int, needs: Optional["Handle"]) -> None:
    """Destroys a C object; `needs` is there until that is done."""
    getattr(L.library, function)(address)


class Handle:
    """A C object. What it is destroyed with is a numpy array, for the sake of the garbage collector.

    Of a reference cycle, and all that only the cycle refers to, that finalises everything in any order, before any of it goes, so
    that a __del__ of the user's may still want what was finalised. But it does not know numpy's arrays: they go with the last
    reference, after all of that. And what a finalizer's arguments refer to, it does not take for garbage: so a context's session
    is there until the context was destroyed. Whoever runs holds a reference, too. When the interpreter ends, nothing is destroyed:
    a daemon thread may be in the middle of a run.
    """
    __slots__ = ("_as_parameter_", "_token")

    def __init__(self, destroyer: str, create: str, *arguments: Any, needs: Optional["Handle"] = None,
                 destroy: Callable[[str, int, Optional["Handle"]], None] = destroy) -> None:
        """Owns what the function `create` makes of these arguments, until the function `destroyer` is called by `destroy`.

        needs: what must not be destroyed before it.
        """
        self._as_parameter_ = L.create(create, *arguments)
        self._token = np.empty(0)
        weakref.finalize(self._token, destroy, destroyer, self._as_parameter_, needs).atexit = False
