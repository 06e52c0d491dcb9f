"""ONNX's backend interface (onnx.backend.base) over olstm, as ONNX's own backend tests drive it.

What olstm does not have is refused with BackendIsNotSupposedToImplementIt, which those tests count as skipped.
"""
from __future__ import annotations

from typing import Any, Callable, TypeVar

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.backend.base import Backend, BackendRep, Device, DeviceType, namedtupledict
from onnx.backend.test.runner import BackendIsNotSupposedToImplementIt

try:
    import ml_dtypes as _ml_dtypes
except ImportError:
    _ml_dtypes = None

from ._arrays import BFLOAT16, to_bfloat16
from ._core import Info
from ._library import Error, Status
from .session import Session

Array = np.ndarray[Any, Any]
_Result = TypeVar("_Result")


def _supported(call: Callable[..., _Result], *arguments: Any, **options: Any) -> _Result:
    try:
        return call(*arguments, **options)
    except Error as error:
        if error.status == Status.UNSUPPORTED:
            raise BackendIsNotSupposedToImplementIt(str(error)) from error
        raise


def _to_bfloat16(array: Array) -> Array:
    """Bits of bfloat16: rounded to nearest even from float, or taken as they are from a dtype of 16 bits."""
    array = np.ascontiguousarray(array)
    if array.dtype.itemsize == 2 and array.dtype != np.float16:
        return array.view(np.uint16)
    return to_bfloat16(array)


def _from_bfloat16(bits: Array) -> Array:
    """As this version of onnx holds bfloat16: the dtype of ml_dtypes where that is installed, else its bits."""
    return bits if _ml_dtypes is None else bits.view(_ml_dtypes.bfloat16)


def _check_feed(name: str, value: Any, info: Info) -> Array:
    """Refuses what is no tensor that olstm runs, and what contradicts the model's own declaration."""
    if isinstance(value, list) or value is None:
        raise BackendIsNotSupposedToImplementIt("input '%s' is a sequence or optional" % name)
    array = np.asarray(value)
    if array.dtype.kind in "OSUc":
        raise BackendIsNotSupposedToImplementIt("input '%s' has dtype %s" % (name, array.dtype))
    declared = info.shape
    if declared is not None and (array.ndim != len(declared) or any(
            isinstance(d, int) and d != n for d, n in zip(declared, array.shape))):
        raise BackendIsNotSupposedToImplementIt("input '%s' has shape %s, the model declares %s" % (
            name, list(array.shape), list(declared)))
    return array


class OlstmBackendRep(BackendRep):  # type: ignore[misc]
    """A prepared model. Inputs in the graph's order, or a dict by name."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def run(self, inputs: Any, **kwargs: Any) -> Any:
        core = self._session._core
        infos = core.inputs
        if not isinstance(inputs, dict):
            if isinstance(inputs, np.ndarray):
                inputs = [inputs]
            if len(inputs) > len(infos):
                raise ValueError("%d inputs given, the model takes %s" % (len(inputs), ", ".join(infos) or "none"))
            inputs = dict(zip(infos, inputs))
        feeds = {}
        for name, value in inputs.items():
            feeds[name] = value
            if name in infos:
                array = _check_feed(name, value, infos[name])
                feeds[name] = _to_bfloat16(array) if infos[name].dtype == BFLOAT16 else array
        outputs = _supported(self._session.run, feeds)
        values = [_from_bfloat16(value) if core.outputs[name].dtype == BFLOAT16 else value
                  for name, value in outputs.items()]
        return namedtupledict("Outputs", list(outputs))(*values)


class OlstmBackend(Backend):  # type: ignore[misc]
    """The class; the module's functions of the same names are its class methods."""

    @classmethod
    def supports_device(cls, device: str) -> bool:
        return bool(Device(device).type == DeviceType.CPU)

    @classmethod
    def is_compatible(cls, model: Any, device: str = "CPU", **kwargs: Any) -> bool:
        try:
            cls.prepare(model, device, **kwargs)
        except (BackendIsNotSupposedToImplementIt, Error):
            return False
        return True

    @classmethod
    def prepare(cls, model: Any, device: str = "CPU", **kwargs: Any) -> OlstmBackendRep:
        """kwargs go to olstm.Session."""
        if not cls.supports_device(device):
            raise BackendIsNotSupposedToImplementIt("device '%s'" % device)
        return OlstmBackendRep(_supported(Session, model, **kwargs))

    @classmethod
    def run_model(cls, model: Any, inputs: Any, device: str = "CPU", **kwargs: Any) -> Any:
        return cls.prepare(model, device, **kwargs).run(inputs)

    @classmethod
    def run_node(cls, node: Any, inputs: Any, device: str = "CPU", outputs_info: Any = None, **kwargs: Any) -> Any:
        """Runs one node, of the newest opset that the installed onnx knows (or kwargs' opset_version)."""
        opset = kwargs.pop("opset_version", onnx.defs.onnx_opset_version())
        arrays = [np.asarray(value) for value in inputs]
        names = [name for name in node.input if name]
        graph_inputs = [helper.make_tensor_value_info(name, numpy_helper.from_array(array).data_type, array.shape)
                        for name, array in zip(names, arrays)]
        graph_outputs = [helper.make_empty_tensor_value_info(name) for name in node.output if name]
        graph = helper.make_graph([node], "node", graph_inputs, graph_outputs)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid(node.domain, opset)])
        return cls.prepare(model, device, **kwargs).run(dict(zip(names, arrays)))


is_compatible = OlstmBackend.is_compatible
prepare = OlstmBackend.prepare
run_model = OlstmBackend.run_model
run_node = OlstmBackend.run_node
supports_device = OlstmBackend.supports_device
