// A model's configuration beside what the model is: completes what the user left out, and
// checks what the user wrote.
#ifndef OLSTM_ADAPTERS_TRITON_TRITON_CONFIG_H_
#define OLSTM_ADAPTERS_TRITON_TRITON_CONFIG_H_

#include "triton_json.h"
#include "triton_traits.h"

/// What sequences of a completed configuration are given, and how many requests run
/// together at most.
enum {
  OLSTM__TRITON_MAX_BATCH = 64,
  OLSTM__TRITON_MAX_SEQUENCES = 4096,
  OLSTM__TRITON_IDLE_MICROSECONDS = 10000000
};

/// Whether requests have a batch in front: the configuration says so, or it is left to
/// `completes`, the completion. Traits of a configuration that does not are to be
/// unstacked before it is completed or checked.
bool olstm__triton_config_wants_batches(const cJSON* config,
                                        const olstm__triton_traits* traits,
                                        bool completes);

/// Completes: max_batch_size, inputs, outputs and their missing fields, and the scheduler
/// with the states. What the user wrote stays. same_buffer: whether the states name the
/// option use_same_buffer_for_input_output, which older servers do not know.
/// Errors: UNSUPPORTED (the model does not say a rank), OUT_OF_MEMORY.
olstm_status olstm__triton_config_complete(cJSON* config,
                                           const olstm__triton_traits* traits,
                                           bool same_buffer, olstm_error* error);

/// How the configuration calls the state of a slot. Borrowed from the configuration.
typedef struct olstm__triton_state {
  const char* input_name;
  const char* output_name;
  /// Whether the server gives what it starts from.
  bool has_initial;
} olstm__triton_state;

/// What running needs of a configuration.
typedef struct olstm__triton_config {
  int64_t max_batch_size;
  /// Whether rows of several requests are run together, with the batch in front in
  /// Triton's tensors.
  bool stacks;
  /// Whether requests belong to sequences.
  bool has_sequences;
  /// One a slot.
  olstm__triton_state* states;
  /// Whether servers may give a slot the value of another, so that values are labelled
  /// (triton_states.h).
  bool labels;
} olstm__triton_config;

/// Checks a complete configuration against the model, and reads it.
/// Errors: INVALID_ARGUMENT, NOT_FOUND, SHAPE_MISMATCH, DTYPE_MISMATCH, UNSUPPORTED: what
/// is wrong, by name.   Memory: olstm__triton_config_deinit, which takes a zeroed one,
/// too; `config` is borrowed.
olstm_status olstm__triton_config_init(olstm__triton_config* result, const cJSON* config,
                                       const olstm__triton_traits* traits,
                                       olstm_error* error);
void olstm__triton_config_deinit(olstm__triton_config* config);

/// Whether the server itself fills an input, as a control_input of its scheduler.
bool olstm__triton_config_is_control(const cJSON* config, const char* name);

/// The dims that a configuration has for a tensor: without the batch when max_batch_size
/// is not 0; [1] for a scalar when it is.
void olstm__triton_config_dims(const olstm__triton_tensor* tensor,
                               const olstm__triton_traits* traits, int64_t max_batch_size,
                               int64_t* out_dims, int32_t* out_rank);
/// The same of a state slot.
void olstm__triton_config_slot_dims(const olstm__triton_tensor* slot, int64_t* out_dims,
                                    int32_t* out_rank);

#endif  // OLSTM_ADAPTERS_TRITON_TRITON_CONFIG_H_
