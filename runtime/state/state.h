// The state of a context: the values of its graph's state slots. A slot has two buffers:
// one that a run reads, and one that it writes; a failed run does not commit. Knows
// nothing of graphs or plans.
//
// A run calls:
//   olstm__states_describe   the known descs, for finding a plan
//   olstm__states_begin      checks the plan's descs; gives unset slots their start value
//   olstm__states_reserve    the buffer for a slot's next value, or
//   olstm__states_store      copies the next value
//   olstm__states_commit     the next values become the values
// Afterwards, until a slot is set, reset or loaded, a run of the same plan needs only
// olstm__states_lend and olstm__states_advance.
#ifndef OLSTM_RUNTIME_STATE_STATE_H_
#define OLSTM_RUNTIME_STATE_STATE_H_

#include "olstm/runtime.h"
#include "runtime/graph/graph.h"

/// One slot.
typedef struct olstm__state_slot {
  /// Borrowed from the graph.
  const olstm__graph_state* meta;
  bool is_set;
  /// Whether desc is known: that of the value, or of the start value that `current` then
  /// holds.
  bool has_desc;
  olstm_tensor_desc desc;
  olstm_tensor_desc next_desc;
  /// Whether the slot holds what the last run wrote. Then both buffers have at least
  /// `committed_bytes`, the size of the value.
  bool is_committed;
  size_t committed_bytes;
  /// The buffers and their capacities in bytes.
  void* current;
  size_t current_capacity;
  void* next;
  size_t next_capacity;
} olstm__state_slot;

typedef struct olstm__states {
  olstm_allocator allocator;
  /// Whether a constant start value with a batch of 1 is used for any batch (option
  /// broadcast_state).
  bool broadcast;
  /// Internal slots included, and without them.
  size_t slot_count, visible_count;
  olstm__state_slot* slots;
} olstm__states;

/// Makes all slots unset. The graph must outlive `states`, which is zeroed on failure.
olstm_status olstm__states_init(olstm__states* states, const olstm__graph* graph,
                                const olstm_allocator* allocator, bool broadcast,
                                olstm_error* error);
/// Zeroed states are legal.
void olstm__states_deinit(olstm__states* states);

/// Copies the values of `from` to `to`, which was made for the same graph. Errors:
/// OUT_OF_MEMORY; `to` is unchanged then.
olstm_status olstm__states_copy(olstm__states* to, const olstm__states* from,
                                olstm_error* error);

/// Sets the desc of each slot as part of the plan key: dtype UNDEFINED where it follows
/// from other inputs or is unknown. data is NULL.
void olstm__states_describe(const olstm__states* states, olstm_tensor* out_inputs);

/// Sets the descs that the plan inferred for the slots, and the buffers that the run
/// reads. Errors: SHAPE_MISMATCH (a slot has a value of another batch; a constant start
/// value of batch 1 that must not be broadcast), OUT_OF_MEMORY. Allocates only when a
/// slot grows.
olstm_status olstm__states_begin(olstm__states* states, const olstm_tensor_desc* descs,
                                 olstm_tensor* out_inputs, olstm_error* error);

/// Lends a buffer for the next value of a slot; NULL when it has no elements.
olstm_status olstm__states_reserve(olstm__states* states, size_t index,
                                   const olstm_tensor_desc* desc, void** out_data,
                                   olstm_error* error);

/// Copies the next value of a slot, unless it is in the lent buffer already.
olstm_status olstm__states_store(olstm__states* states, size_t index,
                                 const olstm_tensor* value, olstm_error* error);

/// Makes the next values the values. Every slot must have been given one since begin.
void olstm__states_commit(olstm__states* states);

/// Whether every slot holds what the last run wrote.
bool olstm__states_are_committed(const olstm__states* states);

/// The buffers of committed slots for a run of the same plan: sets data of inputs and
/// outputs; NULL for no elements.
void olstm__states_lend(const olstm__states* states, olstm_tensor* inputs,
                        olstm_tensor* outputs);

/// Called after a run that wrote to the buffers of olstm__states_lend: they become the
/// values.
void olstm__states_advance(olstm__states* states);

// ---------------------------------------------------------------- for the user

/// The number of slots that users see, without internal ones; the range of `index`.
size_t olstm__states_visible_count(const olstm__states* states);
olstm_status olstm__states_get_info(const olstm__states* states, size_t index,
                                    olstm_state_info* out_info, olstm_error* error);

/// See the functions of olstm/runtime.h.
olstm_status olstm__states_get(const olstm__states* states, const char* name,
                               olstm_tensor* out_tensor, olstm_error* error);
olstm_status olstm__states_set(olstm__states* states, const char* name,
                               const olstm_tensor* value, olstm_error* error);
void olstm__states_reset(olstm__states* states);
olstm_status olstm__states_reset_one(olstm__states* states, const char* name,
                                     olstm_error* error);
olstm_status olstm__states_reset_row(olstm__states* states, int64_t row,
                                     olstm_error* error);

/// Checks the desc of a value for a slot. *out_desc is the desc, with [N,H] turned into
/// [1,N,H]. Errors: SHAPE_MISMATCH, DTYPE_MISMATCH.
olstm_status olstm__state_slot_check(const olstm__state_slot* slot,
                                     const olstm_tensor_desc* given,
                                     olstm_tensor_desc* out_desc, olstm_error* error);

/// Makes the content of the slot's next buffer, of next_desc, its value.
void olstm__state_slot_take_next(olstm__state_slot* slot);

/// Resets a slot to its start value.
void olstm__state_slot_reset(const olstm__states* states, olstm__state_slot* slot);

// ---------------------------------------------------------------- as bytes

/// Defined in state_blob.c. Memory: *out_bytes comes from the states' allocator.
olstm_status olstm__states_save(const olstm__states* states, void** out_bytes,
                                size_t* out_byte_count, olstm_error* error);
olstm_status olstm__states_load(olstm__states* states, const void* bytes,
                                size_t byte_count, olstm_error* error);

#endif  // OLSTM_RUNTIME_STATE_STATE_H_
