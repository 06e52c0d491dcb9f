"""Between numpy arrays and olstm_tensor. bfloat16, which numpy lacks, travels as its bits in uint16."""
import ctypes as C

import numpy as np

from ._library import MAX_RANK, Tensor, TensorDesc

FLOAT, UINT8, INT8, UINT16, INT16, INT32, INT64 = 1, 2, 3, 4, 5, 6, 7
BOOL, FLOAT16, DOUBLE, UINT32, UINT64, BFLOAT16 = 9, 10, 11, 12, 13, 16

_NUMPY = {FLOAT: np.float32, UINT8: np.uint8, INT8: np.int8, UINT16: np.uint16, INT16: np.int16,
          INT32: np.int32, INT64: np.int64, BOOL: np.bool_, FLOAT16: np.float16, DOUBLE: np.float64,
          UINT32: np.uint32, UINT64: np.uint64, BFLOAT16: np.uint16}
_OLSTM = {np.dtype(v): k for k, v in _NUMPY.items() if k != BFLOAT16}


def to_tensor(array, expected_dtype=None):
    """(Tensor, array that its data points into). The array must be kept as long as the tensor is used.

    Numbers and lists, which have no dtype of their own, take the expected one.
    """
    array = np.asarray(array, None if hasattr(array, "dtype") else _NUMPY.get(expected_dtype))
    if not array.flags.c_contiguous:
        array = array.copy(order="C")
    if array.ndim > MAX_RANK:
        raise ValueError("an array of rank %d: olstm's tensors have at most %d" % (array.ndim, MAX_RANK))
    if array.dtype not in _OLSTM:
        raise TypeError("arrays of dtype %s have no counterpart in ONNX that olstm runs" % array.dtype)
    dtype = _OLSTM[array.dtype]
    if expected_dtype == BFLOAT16 and dtype == UINT16:
        dtype = BFLOAT16
    return Tensor(TensorDesc(dtype, array.ndim, array.shape), array.ctypes.data), array


def to_array(tensor):
    """A copy of a tensor's elements."""
    desc = tensor.desc
    shape = desc.dims[:desc.rank]
    array = np.empty(shape, _NUMPY[desc.dtype])
    if array.size:
        C.memmove(array.ctypes.data, tensor.data, array.nbytes)
    return array
