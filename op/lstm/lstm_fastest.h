// Which kernel is the fastest on this machine, by timing those that can do a problem.
#ifndef OLSTM_OP_LSTM_LSTM_FASTEST_H_
#define OLSTM_OP_LSTM_LSTM_FASTEST_H_

#include "op/lstm/lstm_choose.h"

enum { OLSTM__LSTM_MAX_KERNELS = 8 };

/// What was measured of one problem.
typedef struct olstm__lstm_timing {
  /// The steps of the timed runs: fewer than the problem's where those would take long.
  int64_t steps;
  /// The least time of a run in nanoseconds, by olstm__lstm_kernel_at's index; 0 for
  /// kernels that were not timed.
  double ns[OLSTM__LSTM_MAX_KERNELS];
} olstm__lstm_timing;

/// What a timing depends on: problems with the same key share it. Zeroed first, so that
/// its bytes can be compared.
typedef struct olstm__lstm_timing_key {
  olstm__lstm_spec spec;
  olstm_dtype dtype;
  int32_t precision, thread_count;
  /// Steps are rounded up to a power of two, so that sequences of any length need few.
  int64_t steps, batch, input_size, hidden_size;
  bool has_bias, has_lens, has_initial_h, has_initial_c, has_peepholes;
  bool wants_y, wants_y_h, wants_y_c;
} olstm__lstm_timing_key;

olstm__lstm_timing_key olstm__lstm_timing_key_of(const olstm__lstm_problem* problem);

/// Times every kernel but the reference that does not decline, for a few milliseconds
/// each, on made-up tensors and one thread; where a kernel would split the work among
/// threads, its time is scaled by what it estimates to gain. Nothing is timed where fewer
/// than two kernels can. Kernels that fail, or get no memory, are left out.
void olstm__lstm_time_kernels(const olstm__lstm_problem* problem,
                              const olstm_allocator* allocator,
                              olstm__lstm_timing* out_timing);

/// Chooses by a timing. Where there is none, as olstm__lstm_choose does without a name;
/// its errors.
olstm_status olstm__lstm_choose_fastest(const olstm__lstm_problem* problem,
                                        const olstm__lstm_timing* timing,
                                        olstm__lstm_choice* out_choice,
                                        olstm_error* error);

#endif  // OLSTM_OP_LSTM_LSTM_FASTEST_H_
