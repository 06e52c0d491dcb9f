// Errors on their way between Triton and olstm: inside the backend they are olstm's, at
// its edges Triton's.
#ifndef OLSTM_ADAPTERS_TRITON_TRITON_ERROR_H_
#define OLSTM_ADAPTERS_TRITON_TRITON_ERROR_H_

#include "olstm/status.h"
#include "triton_api.h"

/// Takes Triton's error: OK for NULL, else BACKEND_ERROR with `what` and its message.
olstm_status olstm__triton_check(TRITONSERVER_Error* given, const char* what,
                                 olstm_error* error);

/// Converts olstm's error to Triton's: NULL for OK, else an error with the message, which
/// Triton deletes.
TRITONSERVER_Error* olstm__triton_error(olstm_status status, const olstm_error* error);

/// Writes a line to the server's log.
void olstm__triton_log(uint32_t level, const char* format, ...) OLSTM_PRINTF_(2, 3);

#endif  // OLSTM_ADAPTERS_TRITON_TRITON_ERROR_H_
