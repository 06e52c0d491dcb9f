"""libolstm.so through ctypes: the declarations of include/olstm, and errors as exceptions. Knows nothing of what the functions mean."""
from __future__ import annotations

import ctypes as C
import ctypes.util
import enum
import os
from typing import Any, Dict, List, Tuple

MAX_RANK = 8


class Status(enum.IntEnum):
    """Status codes of calls: those of olstm/status.h."""
    OK = 0
    INVALID_ARGUMENT = 1
    INVALID_MODEL = 2
    UNSUPPORTED = 3
    SHAPE_MISMATCH = 4
    DTYPE_MISMATCH = 5
    NOT_FOUND = 6
    OUT_OF_MEMORY = 7
    LIMIT_EXCEEDED = 8
    WRONG_STATE = 9
    IO_ERROR = 10
    BACKEND_ERROR = 11
    NEEDS_DATA = 12
    INVALID_VALUE = 13
    QUEUE_FULL = 14
    CANCELLED = 15


class Error(RuntimeError):
    """A call of libolstm failed. `status` is an olstm.Status (or the number of a newer library), the text says what was wrong."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status: int = Status(status) if status in _KNOWN else status

    def __reduce__(self) -> Any:
        return type(self), (int(self.status), str(self))


_KNOWN = frozenset(map(int, Status))


class ErrorText(C.Structure):
    _fields_ = [("message", C.c_char * 512)]


class TensorDesc(C.Structure):
    _fields_ = [("dtype", C.c_int32), ("rank", C.c_int32), ("dims", C.c_int64 * MAX_RANK)]


class Tensor(C.Structure):
    _fields_ = [("desc", TensorDesc), ("data", C.c_void_p)]


class ExternalFile(C.Structure):
    _fields_ = [("location", C.c_char_p), ("bytes", C.c_char_p), ("byte_count", C.c_size_t)]


class ModelOptions(C.Structure):
    _fields_ = [("struct_size", C.c_size_t), ("allocator", C.c_void_p), ("max_depth", C.c_uint32),
                ("max_memory", C.c_size_t), ("max_nodes", C.c_size_t), ("max_external_bytes", C.c_size_t),
                ("external_data_folder", C.c_char_p), ("external_file_count", C.c_size_t),
                ("external_files", C.POINTER(ExternalFile))]


class ValueInfo(C.Structure):
    _fields_ = [("name", C.c_char_p), ("dtype", C.c_int32), ("rank", C.c_int32),
                ("dims", C.c_int64 * MAX_RANK), ("dim_params", C.c_char_p * MAX_RANK)]


class Binding(C.Structure):
    _fields_ = [("output", C.c_char_p), ("input", C.c_char_p)]


class SessionOptions(C.Structure):
    _fields_ = [("struct_size", C.c_size_t), ("allocator", C.c_void_p), ("thread_count", C.c_int32),
                ("precision", C.c_int32), ("kernel", C.c_char_p), ("plan_cache_capacity", C.c_size_t),
                ("max_memory", C.c_size_t), ("fuse", C.c_bool), ("stateful_count", C.c_size_t),
                ("stateful", C.POINTER(C.c_char_p)), ("binding_count", C.c_size_t),
                ("bindings", C.POINTER(Binding)), ("broadcast_state", C.c_bool),
                ("max_work", C.c_uint64), ("given_input_count", C.c_size_t),
                ("given_inputs", C.POINTER(C.c_char_p)), ("has_seed", C.c_bool), ("seed", C.c_uint64)]


class StateInfo(C.Structure):
    _fields_ = [("struct_size", C.c_size_t), ("name", C.c_char_p), ("dtype", C.c_int32), ("rank", C.c_int32),
                ("dims", C.c_int64 * MAX_RANK), ("is_set", C.c_bool)]


class BatchAxis(C.Structure):
    _fields_ = [("name", C.c_char_p), ("axis", C.c_int32)]


class StreamsOptions(C.Structure):
    _fields_ = [("struct_size", C.c_size_t), ("capacity", C.c_size_t), ("largest_batch", C.c_size_t),
                ("step_count", C.c_size_t), ("steps", C.POINTER(TensorDesc)), ("step_capacity", C.c_size_t),
                ("batch_axis_count", C.c_size_t), ("batch_axes", C.POINTER(BatchAxis))]


class StreamsInfo(C.Structure):
    _fields_ = [("struct_size", C.c_size_t), ("capacity", C.c_size_t), ("open_count", C.c_size_t),
                ("largest_batch", C.c_size_t), ("reason", C.c_char_p), ("stream_bytes", C.c_size_t),
                ("shared_bytes", C.c_size_t)]


class StreamStep(C.Structure):
    _fields_ = [("stream", C.c_uint64), ("inputs", C.POINTER(Tensor)), ("outputs", C.POINTER(Tensor))]


class BatcherOptions(C.Structure):
    _fields_ = [("struct_size", C.c_size_t), ("max_batch", C.c_size_t), ("max_wait_us", C.c_uint64),
                ("queue_capacity", C.c_size_t)]


class BatcherInfo(C.Structure):
    _fields_ = [("struct_size", C.c_size_t), ("queued_count", C.c_size_t), ("submitted_count", C.c_uint64),
                ("done_count", C.c_uint64), ("failed_count", C.c_uint64), ("cancelled_count", C.c_uint64),
                ("batch_count", C.c_uint64)]


# user, status, outputs, output_count, error
StepCallback = C.CFUNCTYPE(None, C.c_void_p, C.c_int32, C.POINTER(Tensor), C.c_size_t, C.POINTER(ErrorText))

_POINTER = C.c_void_p
_STATUS_FUNCTIONS: Dict[str, List[Any]] = {
    "olstm_model_load_file": [C.c_char_p, C.POINTER(ModelOptions), C.POINTER(_POINTER)],
    "olstm_model_load_memory": [_POINTER, C.c_size_t, C.POINTER(ModelOptions), C.POINTER(_POINTER)],
    "olstm_session_create": [_POINTER, _POINTER, C.POINTER(SessionOptions), C.POINTER(_POINTER)],
    "olstm_context_create": [_POINTER, C.POINTER(_POINTER)],
    "olstm_context_clone": [_POINTER, C.POINTER(_POINTER)],
    "olstm_context_run": [_POINTER, C.POINTER(Tensor), C.c_size_t, C.POINTER(Tensor), C.c_size_t],
    "olstm_context_get_state_info_sized": [_POINTER, C.c_size_t, C.POINTER(StateInfo), C.c_size_t],
    "olstm_context_get_state": [_POINTER, C.c_char_p, C.POINTER(Tensor)],
    "olstm_context_set_state": [_POINTER, C.c_char_p, C.POINTER(Tensor)],
    "olstm_context_reset": [_POINTER],
    "olstm_context_reset_state": [_POINTER, C.c_char_p],
    "olstm_context_reset_row": [_POINTER, C.c_int64],
    "olstm_context_save_state": [_POINTER, C.POINTER(_POINTER), C.POINTER(C.c_size_t)],
    "olstm_context_load_state": [_POINTER, _POINTER, C.c_size_t],
    "olstm_streams_create": [_POINTER, C.POINTER(StreamsOptions), C.POINTER(_POINTER)],
    "olstm_streams_prepare": [_POINTER, C.POINTER(TensorDesc), C.c_size_t],
    "olstm_streams_open": [_POINTER, C.POINTER(C.c_uint64)],
    "olstm_streams_close": [_POINTER, C.c_uint64],
    "olstm_streams_clone": [_POINTER, C.c_uint64, C.POINTER(C.c_uint64)],
    "olstm_streams_reset": [_POINTER, C.c_uint64],
    "olstm_streams_reset_state": [_POINTER, C.c_uint64, C.c_char_p],
    "olstm_streams_run": [_POINTER, C.POINTER(C.c_uint64), C.c_size_t, C.POINTER(Tensor), C.c_size_t, C.POINTER(Tensor), C.c_size_t],
    "olstm_streams_run_each": [_POINTER, C.POINTER(StreamStep), C.c_size_t],
    "olstm_streams_get_state_info_sized": [_POINTER, C.c_uint64, C.c_size_t, C.POINTER(StateInfo), C.c_size_t],
    "olstm_streams_get_state": [_POINTER, C.c_uint64, C.c_char_p, C.POINTER(Tensor)],
    "olstm_streams_set_state": [_POINTER, C.c_uint64, C.c_char_p, C.POINTER(Tensor)],
    "olstm_streams_save_state": [_POINTER, C.c_uint64, C.POINTER(_POINTER), C.POINTER(C.c_size_t)],
    "olstm_streams_load_state": [_POINTER, C.c_uint64, _POINTER, C.c_size_t],
    "olstm_batcher_create": [_POINTER, C.POINTER(BatcherOptions), C.POINTER(_POINTER)],
    "olstm_batcher_shutdown": [_POINTER, C.c_int32, C.POINTER(C.c_size_t)],
    "olstm_batcher_submit": [_POINTER, C.c_uint64, C.POINTER(Tensor), C.c_size_t, StepCallback, _POINTER],
    "olstm_batcher_open_stream": [_POINTER, C.POINTER(C.c_uint64)],
    "olstm_batcher_borrow": [_POINTER, C.c_uint64, C.POINTER(_POINTER)],
    "olstm_registry_create": [_POINTER, C.POINTER(_POINTER)],
    "olstm_registry_load_plugin": [_POINTER, C.c_char_p],
}
_OTHER_FUNCTIONS: Dict[str, Tuple[Any, List[Any]]] = {
    "olstm_version_text": (C.c_char_p, []),
    "olstm_model_options_init_sized": (None, [C.POINTER(ModelOptions), C.c_size_t]),
    "olstm_model_destroy": (None, [_POINTER]),
    "olstm_session_options_init_sized": (None, [C.POINTER(SessionOptions), C.c_size_t]),
    "olstm_session_destroy": (None, [_POINTER]),
    "olstm_session_input_count": (C.c_size_t, [_POINTER]),
    "olstm_session_output_count": (C.c_size_t, [_POINTER]),
    "olstm_session_get_input": (C.POINTER(ValueInfo), [_POINTER, C.c_size_t]),
    "olstm_session_get_output": (C.POINTER(ValueInfo), [_POINTER, C.c_size_t]),
    "olstm_context_destroy": (None, [_POINTER]),
    "olstm_context_state_count": (C.c_size_t, [_POINTER]),
    "olstm_context_free_blob": (None, [_POINTER, _POINTER, C.c_size_t]),
    "olstm_streams_options_init_sized": (None, [C.POINTER(StreamsOptions), C.c_size_t]),
    "olstm_streams_destroy": (None, [_POINTER]),
    "olstm_streams_get_info_sized": (None, [_POINTER, C.POINTER(StreamsInfo), C.c_size_t]),
    "olstm_streams_input_axis": (C.c_int32, [_POINTER, C.c_size_t]),
    "olstm_streams_output_axis": (C.c_int32, [_POINTER, C.c_size_t]),
    "olstm_streams_is_open": (C.c_bool, [_POINTER, C.c_uint64]),
    "olstm_streams_free_blob": (None, [_POINTER, _POINTER, C.c_size_t]),
    "olstm_batcher_options_init_sized": (None, [C.POINTER(BatcherOptions), C.c_size_t]),
    "olstm_batcher_destroy": (None, [_POINTER]),
    "olstm_batcher_give_back": (None, [_POINTER]),
    "olstm_batcher_get_info_sized": (None, [_POINTER, C.POINTER(BatcherInfo), C.c_size_t]),
    "olstm_registry_destroy": (None, [_POINTER]),
}


# Functions so short that the interpreter's lock is kept: let go, a busy thread would not give it back for milliseconds. What they
# wait for must never want it.
_KEEP_LOCK = {"olstm_batcher_submit"}


def _open() -> Tuple[C.CDLL, C.PyDLL]:
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), "libolstm.so")
    path = (os.environ.get("OLSTM_LIBRARY") or (beside if os.path.exists(beside) else None) or
            ctypes.util.find_library("olstm") or "libolstm.so.0.2")
    try:
        library, keeping = C.CDLL(path), C.PyDLL(path)
    except OSError as error:
        raise ImportError("olstm needs its C library: %s. Install libolstm, or set OLSTM_LIBRARY to the path of libolstm.so"
                          % error) from None
    for name, arguments in _STATUS_FUNCTIONS.items():
        function = getattr(keeping if name in _KEEP_LOCK else library, name)
        function.restype = C.c_int32
        function.argtypes = arguments + [C.POINTER(ErrorText)]
    for name, (result, arguments) in _OTHER_FUNCTIONS.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    return library, keeping


library, _keeping = _open()
VERSION: str = library.olstm_version_text().decode()


def call(name: str, *arguments: Any) -> None:
    """Calls a function that returns an olstm_status; raises Error unless it is OK."""
    text = ErrorText()
    status = getattr(_keeping if name in _KEEP_LOCK else library, name)(*arguments, C.byref(text))
    if status != Status.OK:
        raise Error(status, text.message.decode("utf-8", "replace"))


def create(name: str, *arguments: Any) -> int:
    """Calls a function whose last argument before the error is the object it creates; returns the object's address."""
    handle = C.c_void_p()
    call(name, *arguments, C.byref(handle))
    assert handle.value is not None
    return handle.value


def c_string(value: str | os.PathLike[str], what: str) -> bytes:
    """A name or path for C. Refuses zero bytes, at which C would cut it."""
    data = os.fsencode(value) if isinstance(value, os.PathLike) else value.encode("utf-8", "surrogateescape")
    if b"\0" in data:
        raise ValueError("%s %r has a zero byte in it" % (what, value))
    return data
