"""Between numpy arrays and olstm_tensor. bfloat16, which numpy lacks, travels as its bits in uint16."""
from __future__ import annotations

import ctypes as C
from typing import Any, Dict, Tuple

import numpy as np

from ._library import MAX_RANK, Tensor, TensorDesc

FLOAT, UINT8, INT8, UINT16, INT16, INT32, INT64 = 1, 2, 3, 4, 5, 6, 7
BOOL, FLOAT16, DOUBLE, UINT32, UINT64, BFLOAT16 = 9, 10, 11, 12, 13, 16

_NUMPY: Dict[int, "np.dtype[Any]"] = {kind: np.dtype(name) for kind, name in (
    (FLOAT, "float32"), (UINT8, "uint8"), (INT8, "int8"), (UINT16, "uint16"), (INT16, "int16"), (INT32, "int32"),
    (INT64, "int64"), (BOOL, "bool"), (FLOAT16, "float16"), (DOUBLE, "float64"), (UINT32, "uint32"), (UINT64, "uint64"),
    (BFLOAT16, "uint16"))}

# Implicit conversions: numpy's default dtypes to those that models mostly have. Others are refused.
_ALWAYS_CAST = {(np.dtype(np.float64), FLOAT), (np.dtype(np.int32), INT64)}


def numpy_dtype(dtype: int) -> np.dtype[Any]:
    """The numpy dtype that arrays of an ONNX dtype have here."""
    if dtype not in _NUMPY:
        raise TypeError("ONNX's dtype %d has no counterpart in numpy that olstm runs" % dtype)
    return _NUMPY[dtype]


def to_bfloat16(numbers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The bits of bfloat16, rounded to nearest even."""
    bits = numbers.astype(np.float32).view(np.uint32)
    rounded = bits + 0x7FFF + ((bits >> 16) & 1)
    return np.where(np.isnan(numbers), 0x7FC0, rounded >> 16).astype(np.uint16)


def unmasked(value: Any, what: str) -> Any:
    """The value. Errors: TypeError for an array with masked elements, whose mask an array without one would lose."""
    if isinstance(value, np.ma.MaskedArray) and value.mask.any():
        raise TypeError("%s has masked elements: fill them in first, with .filled(VALUE)" % what)
    return value


def from_numbers(value: Any, dtype: int, what: str) -> np.ndarray[Any, Any]:
    """Numbers and lists of them have no dtype of their own: they take the expected one, where it can hold them."""
    expected = numpy_dtype(dtype)
    try:
        natural = np.asarray(value)
    except ValueError as error:
        raise ValueError("%s: %s" % (what, error)) from None
    if natural.dtype.kind not in "biuf":
        raise TypeError("%s: %s of %s, which are no numbers" % (what, type(value).__name__, natural.dtype))
    if dtype == BFLOAT16:
        return to_bfloat16(natural)
    with np.errstate(invalid="ignore"):
        array = natural.astype(expected, copy=False)
    if expected.kind != "f" and not np.array_equal(array, natural):
        raise TypeError("%s is %s in the model, which cannot hold all numbers given" % (what, expected))
    return array


def _refusal(array: np.ndarray[Any, Any], dtype: int, what: str) -> TypeError:
    if dtype == BFLOAT16:
        return TypeError("%s is bfloat16 in the model, given is %s: pass bfloat16 of ml_dtypes, or its bits as numpy.uint16"
                         % (what, array.dtype))
    expected = numpy_dtype(dtype)
    hint = ": convert it with .astype(numpy.%s)" % expected if array.dtype.kind in "biufc" else ""
    return TypeError("%s is %s in the model, given is %s%s" % (what, expected, array.dtype, hint))


def _cast(array: np.ndarray[Any, Any], dtype: int, what: str) -> np.ndarray[Any, Any]:
    """Converts an array to the model's dtype, if that conversion is implicit. Errors: TypeError."""
    native = array.dtype.newbyteorder("=")
    if native == numpy_dtype(dtype) or (native, dtype) in _ALWAYS_CAST:
        return array.astype(numpy_dtype(dtype))
    if dtype == BFLOAT16 and array.dtype.name == "bfloat16":
        return np.ascontiguousarray(array).view(np.uint16).reshape(array.shape)
    raise _refusal(array, dtype, what)


def to_tensor(value: Any, dtype: int, what: str) -> Tuple[Tensor, np.ndarray[Any, Any]]:
    """(Tensor, array that its data points into). The array must be kept as long as the tensor is used.

    dtype: what the model declares. Arrays of it are taken in any byte order and memory layout; float64 becomes float32,
    and int32 becomes int64, where the model has those; numbers and lists take the dtype that is expected.
    what: names the value in messages: "input 'x'".
    Errors: TypeError for other dtypes, and masked elements; ValueError for too many dimensions.
    """
    array = value
    if type(value) is not np.ndarray:
        unmasked(value, what)
        array = np.asarray(value) if hasattr(value, "dtype") else from_numbers(value, dtype, what)
    if array.dtype != numpy_dtype(dtype):
        array = _cast(array, dtype, what)
    flags = array.flags
    if not (flags.c_contiguous and flags.aligned):
        array = array.copy(order="C")
    if array.ndim > MAX_RANK:
        raise ValueError("%s has %d dimensions: olstm's tensors have at most %d" % (what, array.ndim, MAX_RANK))
    return Tensor(TensorDesc(dtype, array.ndim, array.shape), array.ctypes.data), array


def to_array(tensor: Tensor) -> np.ndarray[Any, Any]:
    """A copy of a tensor's elements."""
    desc = tensor.desc
    array = np.empty(desc.dims[:desc.rank], numpy_dtype(desc.dtype))
    if array.size:
        C.memmove(array.ctypes.data, tensor.data, array.nbytes)
    return array
