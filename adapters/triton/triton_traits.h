// What a backend has to know of a model and its file does not say: which axis of each
// input, output and state slot is the batch, whether rows of a batch are computed
// independently of each other, and what state slots start from. Found out by running the
// session on a few small inputs when the model is loaded.
#ifndef OLSTM_ADAPTERS_TRITON_TRITON_TRAITS_H_
#define OLSTM_ADAPTERS_TRITON_TRITON_TRAITS_H_

#include "olstm/runtime.h"

/// An input, an output or a state slot.
typedef struct olstm__triton_tensor {
  /// Borrowed from the session; of slots, the traits' own.
  const char* name;
  olstm_dtype dtype;
  /// -1 when it is unknown.
  int32_t rank;
  /// -1 where it may differ from run to run.
  int64_t dims[OLSTM_MAX_RANK];
  /// -1 unless the traits are `stackable`.
  int32_t batch_axis;
  /// Of inputs: names of symbolic dimensions, else NULL.
  const char* dim_params[OLSTM_MAX_RANK];
  /// Of slots of stackable traits: what a row starts from, `start_bytes` of it.
  void* start;
  size_t start_bytes;
  char* slot_name;
} olstm__triton_tensor;

typedef struct olstm__triton_traits {
  size_t input_count;
  olstm__triton_tensor* inputs;
  size_t output_count;
  olstm__triton_tensor* outputs;
  size_t slot_count;
  olstm__triton_tensor* slots;
  /// Whether rows of several callers may be run together: every tensor has one batch
  /// axis, a row of a batch gives what it gives alone, and slots have one shape and a
  /// start value that is known.
  bool stackable;
  /// Why they may not; "" otherwise.
  olstm_error why_not;
  /// Whether some trial run worked, and what the last one that did not said.
  bool has_run;
  olstm_error trial_error;
} olstm__triton_traits;

/// exact: whether the session promises a row the same bits whatever the batch; otherwise
/// results must only be close.
/// Memory: borrows from the session; olstm__triton_traits_deinit, which takes zeroed
/// traits too.   Errors: OUT_OF_MEMORY; UNSUPPORTED (a dtype that Triton does not have).
olstm_status olstm__triton_traits_init(olstm__triton_traits* traits,
                                       olstm_session* session, bool exact,
                                       olstm_error* error);
void olstm__triton_traits_deinit(olstm__triton_traits* traits);

/// Gives up running rows of several callers together, and says why.
void olstm__triton_traits_unstack(olstm__triton_traits* traits, const char* why);

#endif  // OLSTM_ADAPTERS_TRITON_TRITON_TRAITS_H_
