// Which kernel computes which problem, and why. Knows the kernels by their table alone.
#ifndef OLSTM_OP_LSTM_LSTM_CHOOSE_H_
#define OLSTM_OP_LSTM_LSTM_CHOOSE_H_

#include "op/lstm/lstm_kernel.h"

enum { OLSTM__LSTM_REASON_CAPACITY = 192 };

/// A choice, and its reason in words.
typedef struct olstm__lstm_choice {
  const olstm__lstm_kernel* kernel;
  /// What the kernel computes in: the problem's precision, or F32 where no kernel has it.
  int32_t precision;
  char reason[OLSTM__LSTM_REASON_CAPACITY];
} olstm__lstm_choice;

/// The kernels there are, in order of preference; NULL at the end.
const olstm__lstm_kernel* olstm__lstm_kernel_at(size_t index);

/// Whether `name` is "fastest": kernels are timed (lstm_fastest.h).
bool olstm__lstm_is_fastest(const char* name);

/// Whether `name` is NULL, "auto", "fastest" or a kernel's name. *out_name is a static
/// copy of it, NULL for the first two.
bool olstm__lstm_kernel_find(const char* name, const char** out_name);

/// Chooses the kernel for a problem.
///
/// wanted: NULL or "auto" for the best, else the only kernel to take.
/// Errors: INVALID_ARGUMENT (no kernel of that name), UNSUPPORTED (it declines: the
/// message says why).
olstm_status olstm__lstm_choose(const olstm__lstm_problem* problem, const char* wanted,
                                olstm__lstm_choice* out_choice, olstm_error* error);

/// The best kernel that allocates nothing while it runs.
olstm_status olstm__lstm_choose_real_time(const olstm__lstm_problem* problem,
                                          olstm__lstm_choice* out_choice,
                                          olstm_error* error);

#endif  // OLSTM_OP_LSTM_LSTM_CHOOSE_H_
