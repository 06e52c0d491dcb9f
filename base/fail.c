// olstm_fail, once for all of libolstm (see olstm/status.h).
#include "olstm/status.h"

olstm_status olstm_fail(olstm_error* error, olstm_status code, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  olstm_error_write(error, format, arguments);
  va_end(arguments);
  return code;
}
