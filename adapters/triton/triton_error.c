#include "triton_error.h"

#include <stdarg.h>
#include <stdio.h>

olstm_status olstm__triton_check(TRITONSERVER_Error* given, const char* what,
                                 olstm_error* error) {
  if (!given) return OLSTM_STATUS_OK;
  const olstm_status status = olstm_fail(error, OLSTM_STATUS_BACKEND_ERROR, "%s: %s",
                                         what, TRITONSERVER_ErrorMessage(given));
  TRITONSERVER_ErrorDelete(given);
  return status;
}

static uint32_t code_of(olstm_status status) {
  switch (status) {
    case OLSTM_STATUS_INVALID_ARGUMENT:
    case OLSTM_STATUS_INVALID_MODEL:
    case OLSTM_STATUS_SHAPE_MISMATCH:
    case OLSTM_STATUS_DTYPE_MISMATCH:
    case OLSTM_STATUS_INVALID_VALUE:
      return OLSTM__TRITON_ERROR_INVALID_ARG;
    case OLSTM_STATUS_UNSUPPORTED:
      return OLSTM__TRITON_ERROR_UNSUPPORTED;
    case OLSTM_STATUS_NOT_FOUND:
      return OLSTM__TRITON_ERROR_NOT_FOUND;
    case OLSTM_STATUS_OUT_OF_MEMORY:
    case OLSTM_STATUS_LIMIT_EXCEEDED:
      return OLSTM__TRITON_ERROR_UNAVAILABLE;
    default:
      return OLSTM__TRITON_ERROR_INTERNAL;
  }
}

TRITONSERVER_Error* olstm__triton_error(olstm_status status, const olstm_error* error) {
  char text[OLSTM_ERROR_CAPACITY + 16];
  if (status == OLSTM_STATUS_OK) return NULL;
  (void)snprintf(text, sizeof text, "olstm: %s", error->message);
  return TRITONSERVER_ErrorNew(code_of(status), text);
}

void olstm__triton_log(uint32_t level, const char* format, ...) {
  olstm_error line;
  va_list arguments;
  va_start(arguments, format);
  olstm_error_write(&line, format, arguments);
  va_end(arguments);
  TRITONSERVER_Error* failed = TRITONSERVER_LogMessage(level, "olstm", 0, line.message);
  if (failed) TRITONSERVER_ErrorDelete(failed);
}
