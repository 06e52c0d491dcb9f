// The state that a context carries from run to run: the values of its graph's state
// slots. Two buffers a slot: what the run reads, and what it writes; a run that fails
// never commits. Knows nothing of graphs or plans.
//
// The life of a run:
//   olstm__states_describe   what is known of the slots, for finding a plan
//   olstm__states_begin      the plan's shapes are checked; unset slots get their start
//   olstm__states_reserve    where the run may write a slot's next value
//   olstm__states_store      or: takes a copy of the next value
//   olstm__states_commit     all next values become the slots' own
// From then on, until somebody sets, resets or loads a slot, a run of the same plan needs
// olstm__states_lend and olstm__states_advance alone.
#ifndef OLSTM_RUNTIME_STATE_STATE_H_
#define OLSTM_RUNTIME_STATE_STATE_H_

#include "olstm/runtime.h"
#include "runtime/graph/graph.h"

/// One slot.
typedef struct olstm__state_slot {
  /// Borrowed from the graph.
  const olstm__graph_state* meta;
  bool is_set;
  /// Whether desc is known: of the value, or of the start value that `current` then
  /// holds.
  bool has_desc;
  olstm_tensor_desc desc;
  olstm_tensor_desc next_desc;
  /// Whether a run has committed to it and nobody changed it since: both buffers have
  /// room for `settled_bytes`, which is what the value has.
  bool is_committed;
  size_t settled_bytes;
  /// Bytes that each buffer has room for.
  void* current;
  size_t current_capacity;
  void* next;
  size_t next_capacity;
} olstm__state_slot;

typedef struct olstm__states {
  olstm_allocator allocator;
  /// Whether a constant start with a batch of 1 serves every batch.
  bool broadcast;
  /// Hidden ones included.
  size_t slot_count;
  olstm__state_slot* slots;
} olstm__states;

/// All slots unset. The graph must outlive it; `states` is zeroed on failure.
olstm_status olstm__states_init(olstm__states* states, const olstm__graph* graph,
                                const olstm_allocator* allocator, bool broadcast,
                                olstm_error* error);
/// Zeroed states are legal.
void olstm__states_deinit(olstm__states* states);

/// Gives `to`, which was made for the same graph, the values of `from`.
/// Errors: OUT_OF_MEMORY; `to` is as before then.
olstm_status olstm__states_copy(olstm__states* to, const olstm__states* from,
                                olstm_error* error);

/// One for each slot: the desc that a plan is made for, dtype UNDEFINED where it follows
/// from other inputs or nothing is known yet. data is NULL.
void olstm__states_describe(const olstm__states* states, olstm_tensor* out_inputs);

/// Takes the shapes that the plan gives the slots, and lends what the run reads.
/// Errors: SHAPE_MISMATCH (a slot has a value of another batch; a constant start of batch
/// 1 that may not be broadcast), OUT_OF_MEMORY. Allocates only when a slot grows.
olstm_status olstm__states_begin(olstm__states* states, const olstm_tensor_desc* descs,
                                 olstm_tensor* out_inputs, olstm_error* error);

/// Lends room for a slot's next value of that shape; NULL for no elements.
olstm_status olstm__states_reserve(olstm__states* states, size_t index,
                                   const olstm_tensor_desc* desc, void** out_data,
                                   olstm_error* error);

/// Copies a slot's next value, unless it lies in the room that was lent already.
olstm_status olstm__states_store(olstm__states* states, size_t index,
                                 const olstm_tensor* value, olstm_error* error);

/// Every slot has been given a next value since begin: they are the values now.
void olstm__states_commit(olstm__states* states);

/// Whether every slot holds what the last run committed.
bool olstm__states_are_committed(const olstm__states* states);

/// Where settled slots are read, and where a run of the same plan writes them. Sets data
/// alone; NULL for no elements.
void olstm__states_lend(const olstm__states* states, olstm_tensor* inputs,
                        olstm_tensor* outputs);

/// Settled slots were written where olstm__states_lend said: those are the values now.
void olstm__states_advance(olstm__states* states);

// ---------------------------------------------------------------- for the user

/// The slots that a user sees: index below olstm__states_visible_count.
size_t olstm__states_visible_count(const olstm__states* states);
olstm_status olstm__states_get_info(const olstm__states* states, size_t index,
                                    olstm_state_info* out_info, olstm_error* error);

/// As the functions of olstm/runtime.h say.
olstm_status olstm__states_get(const olstm__states* states, const char* name,
                               olstm_tensor* out_tensor, olstm_error* error);
olstm_status olstm__states_set(olstm__states* states, const char* name,
                               const olstm_tensor* value, olstm_error* error);
void olstm__states_reset(olstm__states* states);
olstm_status olstm__states_reset_one(olstm__states* states, const char* name,
                                     olstm_error* error);
olstm_status olstm__states_reset_row(olstm__states* states, int64_t row,
                                     olstm_error* error);

/// Checks a value for a slot; desc is made [1,N,H] of [N,H]. SHAPE_MISMATCH,
/// DTYPE_MISMATCH.
olstm_status olstm__state_slot_check(const olstm__state_slot* slot,
                                     const olstm_tensor_desc* given,
                                     olstm_tensor_desc* out_desc, olstm_error* error);

/// What the slot's next buffer holds, of next_desc, becomes its value.
void olstm__state_slot_take_next(olstm__state_slot* slot);

/// Back to the start value.
void olstm__state_slot_reset(const olstm__states* states, olstm__state_slot* slot);

// ---------------------------------------------------------------- as bytes

/// runtime/state/state_blob.c. Memory: *out_bytes is from the states' allocator.
olstm_status olstm__states_save(const olstm__states* states, void** out_bytes,
                                size_t* out_byte_count, olstm_error* error);
olstm_status olstm__states_load(olstm__states* states, const void* bytes,
                                size_t byte_count, olstm_error* error);

#endif  // OLSTM_RUNTIME_STATE_STATE_H_
