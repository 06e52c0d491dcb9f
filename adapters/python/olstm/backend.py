"""ONNX's backend interface (onnx.backend.base) over olstm, as ONNX's own backend tests drive it.

What olstm does not have is refused with BackendIsNotSupposedToImplementIt, which those tests count as skipped.
"""
import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.backend.base import Backend, BackendRep, Device, DeviceType, namedtupledict
from onnx.backend.test.runner import BackendIsNotSupposedToImplementIt

try:
    import ml_dtypes as _ml_dtypes
except ImportError:
    _ml_dtypes = None

from ._arrays import BFLOAT16
from ._library import UNSUPPORTED, Error
from .session import Session


def _supported(call, *arguments, **options):
    try:
        return call(*arguments, **options)
    except Error as error:
        if error.status == UNSUPPORTED:
            raise BackendIsNotSupposedToImplementIt(str(error)) from error
        raise


def _to_bfloat16(array):
    """Bits of bfloat16: rounded to nearest even from float, or taken as they are from a dtype of 16 bits."""
    array = np.ascontiguousarray(array)
    if array.dtype.itemsize == 2 and array.dtype != np.float16:
        return array.view(np.uint16)
    bits = array.astype(np.float32).view(np.uint32)
    rounded = bits + 0x7FFF + ((bits >> 16) & 1)
    return np.where(np.isnan(array), 0x7FC0, rounded >> 16).astype(np.uint16)


def _from_bfloat16(bits):
    """As this version of onnx holds bfloat16: the dtype of ml_dtypes where that is installed, else its bits."""
    return bits if _ml_dtypes is None else bits.view(_ml_dtypes.bfloat16)


def _check_feed(name, value, info):
    """Refuses what is no tensor that olstm runs, and what contradicts the model's own declaration."""
    if isinstance(value, list) or value is None:
        raise BackendIsNotSupposedToImplementIt("input '%s' is a sequence or optional" % name)
    array = np.asarray(value)
    if array.dtype.kind in "OSUc":
        raise BackendIsNotSupposedToImplementIt("input '%s' has dtype %s" % (name, array.dtype))
    declared = info.dims[:max(info.rank, 0)]
    if info.rank >= 0 and (array.ndim != info.rank or any(d >= 0 and d != n for d, n in zip(declared, array.shape))):
        raise BackendIsNotSupposedToImplementIt("input '%s' has shape %s, the model declares %s" % (
            name, list(array.shape), declared))
    return array


class OlstmBackendRep(BackendRep):
    """A prepared model. Inputs in the graph's order, or a dict by name."""

    def __init__(self, session):
        self._session = session

    def run(self, inputs, **kwargs):
        infos = self._session._inputs
        if not isinstance(inputs, dict):
            if isinstance(inputs, np.ndarray):
                inputs = [inputs]
            inputs = dict(zip(infos, inputs))
        feeds = {}
        for name, value in inputs.items():
            array = _check_feed(name, value, infos[name])
            feeds[name] = _to_bfloat16(array) if infos[name].dtype == BFLOAT16 else array
        outputs = _supported(self._session.run, feeds)
        values = [_from_bfloat16(value) if self._session._outputs[name].dtype == BFLOAT16 else value
                  for name, value in outputs.items()]
        return namedtupledict("Outputs", list(outputs))(*values)


class OlstmBackend(Backend):
    """The class; the module's functions of the same names are its class methods."""

    @classmethod
    def supports_device(cls, device):
        return Device(device).type == DeviceType.CPU

    @classmethod
    def is_compatible(cls, model, device="CPU", **kwargs):
        try:
            cls.prepare(model, device, **kwargs)
        except (BackendIsNotSupposedToImplementIt, Error):
            return False
        return True

    @classmethod
    def prepare(cls, model, device="CPU", **kwargs):
        """kwargs go to olstm.Session."""
        if not cls.supports_device(device):
            raise BackendIsNotSupposedToImplementIt("device '%s'" % device)
        return OlstmBackendRep(_supported(Session, model, **kwargs))

    @classmethod
    def run_model(cls, model, inputs, device="CPU", **kwargs):
        return cls.prepare(model, device, **kwargs).run(inputs)

    @classmethod
    def run_node(cls, node, inputs, device="CPU", outputs_info=None, **kwargs):
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
