// How every function of olstm reports failure: a small code, and one line of text in a
// buffer of the caller's.
//
// Nothing is to be freed, nothing is kept per thread, and both cross library boundaries
// as they are.
#ifndef OLSTM_STATUS_H_
#define OLSTM_STATUS_H_

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "olstm/export.h"
#include "olstm/shown_text.h"

#ifdef __cplusplus
extern "C" {
#endif

/// What a call came to: 0 is success. Codes are stable; new ones may be added at the end.
typedef int32_t olstm_status;

enum {
  /// It worked.
  OLSTM_STATUS_OK = 0,
  /// The caller broke the function's contract: NULL, an unknown name of an option, a
  /// count that is off.
  /// For tensors that do not fit use SHAPE_MISMATCH or DTYPE_MISMATCH.
  OLSTM_STATUS_INVALID_ARGUMENT = 1,
  /// The model breaks ONNX's or protobuf's rules. For legal ONNX that olstm lacks use
  /// UNSUPPORTED.
  OLSTM_STATUS_INVALID_MODEL = 2,
  /// Legal ONNX that olstm does not have: an operator, opset, attribute value, dtype,
  /// activation.
  OLSTM_STATUS_UNSUPPORTED = 3,
  /// A tensor has another shape than it must have.
  OLSTM_STATUS_SHAPE_MISMATCH = 4,
  /// A tensor has another dtype than it must have.
  OLSTM_STATUS_DTYPE_MISMATCH = 5,
  /// No input, output, state slot, node, kernel or file of that name.
  OLSTM_STATUS_NOT_FOUND = 6,
  /// The allocator said no. For a limit that olstm itself sets use LIMIT_EXCEEDED.
  OLSTM_STATUS_OUT_OF_MEMORY = 7,
  /// A limit on depth, counts or memory was reached before the work was done (see
  /// docs/security.md).
  OLSTM_STATUS_LIMIT_EXCEEDED = 8,
  /// The call came too early or too late: run before prepare, state of other shapes.
  OLSTM_STATUS_WRONG_STATE = 9,
  /// The operating system refused to open, read or write a file.
  OLSTM_STATUS_IO_ERROR = 10,
  /// oneDNN or another backend failed.
  OLSTM_STATUS_BACKEND_ERROR = 11,
  /// Only from an operator's infer: the output shapes depend on data that is not known
  /// yet.
  /// The host calls infer again when it is. Never reaches a user.
  OLSTM_STATUS_NEEDS_DATA = 12,
  /// A value in a tensor is outside what the operator allows: an index, a length, a
  /// divisor.
  OLSTM_STATUS_INVALID_VALUE = 13,
  /// A queue has no room for more work now: try again when a result has come. For a limit
  /// that stays use LIMIT_EXCEEDED.
  OLSTM_STATUS_QUEUE_FULL = 14,
  /// The work was given up before it began, because its owner shut down.
  OLSTM_STATUS_CANCELLED = 15
};

enum { OLSTM_ERROR_CAPACITY = 512 };

/// One line that says what was wrong. The caller's own; any function takes NULL instead.
typedef struct olstm_error {
  char message[OLSTM_ERROR_CAPACITY];
} olstm_error;

/// What olstm_fail writes, for functions that take arguments of their own.
OLSTM_INLINE_ void olstm_error_write(olstm_error* error, const char* format,
                                     va_list arguments) {
  if (!error) return;
  (void)vsnprintf(error->message, sizeof error->message, format, arguments);
  olstm_text_clean(error->message);
}

/// Writes the message (cut to fit; what does not show as itself, which names out of files
/// may have, becomes "?": see olstm/shown_text.h) and returns `code`, so that failing is
/// one statement: `return olstm_fail(error, OLSTM_STATUS_NOT_FOUND, "no input '%s'",
/// name);`
OLSTM_INLINE_ olstm_status olstm_fail(olstm_error* error, olstm_status code,
                                      const char* format, ...) OLSTM_PRINTF_(3, 4);

OLSTM_INLINE_ olstm_status olstm_fail(olstm_error* error, olstm_status code,
                                      const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  olstm_error_write(error, format, arguments);
  va_end(arguments);
  return code;
}

/// Hands a failure on to the caller.
#define OLSTM_RETURN_IF_ERROR(expression)                       \
  do {                                                          \
    const olstm_status olstm_status_ = (expression);            \
    if (olstm_status_ != OLSTM_STATUS_OK) return olstm_status_; \
  } while (0)

#ifdef __cplusplus
}
#endif

#endif  // OLSTM_STATUS_H_
