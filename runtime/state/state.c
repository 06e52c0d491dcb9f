#include "runtime/state/state.h"

#include <string.h>

#include "base/tensor_size.h"
#include "runtime/host/shape_hint.h"

// ---------------------------------------------------------------- buffers

/// Makes room for `bytes`; the old content is lost if the buffer is reallocated.
static olstm_status make_room(const olstm__states* states, const char* name,
                              void** buffer, size_t* capacity, size_t bytes,
                              olstm_error* error) {
  if (bytes <= *capacity) return OLSTM_STATUS_OK;
  void* fresh = olstm_allocate(&states->allocator, bytes, 1);
  if (!fresh) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY,
                      "state '%s': no memory for %zu bytes", name, bytes);
  }
  olstm_release(&states->allocator, *buffer, *capacity, 1);
  *buffer = fresh;
  *capacity = bytes;
  return OLSTM_STATUS_OK;
}

static olstm_status count_bytes(const char* name, const olstm_tensor_desc* desc,
                                size_t* out_bytes, olstm_error* error) {
  if (olstm_tensor_desc_bytes(desc, out_bytes)) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_LIMIT_EXCEEDED,
                    "state '%s': %s of shape %s is too large", name,
                    olstm_dtype_name(desc->dtype), olstm_shape_text(desc).text);
}

static void swap_buffers(olstm__state_slot* slot) {
  void* buffer = slot->current;
  const size_t capacity = slot->current_capacity;
  slot->current = slot->next;
  slot->current_capacity = slot->next_capacity;
  slot->next = buffer;
  slot->next_capacity = capacity;
}

void olstm__state_slot_take_next(olstm__state_slot* slot) {
  swap_buffers(slot);
  slot->desc = slot->next_desc;
  slot->has_desc = true;
  slot->is_set = true;
  slot->is_committed = false;
}

static olstm__state_slot* flags_of(const olstm__states* states,
                                   const olstm__state_slot* slot) {
  return &states->slots[slot - states->slots + 1];
}

// ---------------------------------------------------------------- start values

/// Whether the constant start value can be used for a value of that shape.
static bool start_fits(const olstm__states* states, const olstm__state_slot* slot,
                       const olstm_tensor_desc* desc) {
  const olstm_tensor* initial = slot->meta->initial;
  if (!initial || olstm_tensor_desc_same_shape(&initial->desc, desc)) return true;
  const int32_t axis = slot->meta->row_axis;
  if (!states->broadcast || initial->desc.rank != desc->rank || axis < 0) return false;
  for (int32_t d = 0; d < desc->rank; d++) {
    if (initial->desc.dims[d] != (d == axis ? 1 : desc->dims[d])) return false;
  }
  return true;
}

/// The layout of a value around its row axis: `outer` blocks of `row_count` rows of
/// `row_bytes`.
typedef struct row_layout {
  size_t outer;
  size_t row_count;
  size_t row_bytes;
} row_layout;

static row_layout lay_out_rows(const olstm_tensor_desc* desc, int32_t axis) {
  row_layout layout = {1, (size_t)desc->dims[axis], olstm_dtype_size(desc->dtype)};
  for (int32_t d = 0; d < axis; d++) layout.outer *= (size_t)desc->dims[d];
  for (int32_t d = axis + 1; d < desc->rank; d++) {
    layout.row_bytes *= (size_t)desc->dims[d];
  }
  return layout;
}

/// Writes the start value of one row. The start value fits the slot's desc.
static void start_row(const olstm__state_slot* slot, size_t row) {
  const row_layout layout = lay_out_rows(&slot->desc, slot->meta->row_axis);
  const olstm_tensor* initial = slot->meta->initial;
  for (size_t o = 0; o < layout.outer && layout.row_bytes; o++) {
    char* to = (char*)slot->current + (o * layout.row_count + row) * layout.row_bytes;
    if (!initial) {
      memset(to, 0, layout.row_bytes);
      continue;
    }
    const row_layout from = lay_out_rows(&initial->desc, slot->meta->row_axis);
    const size_t from_row = from.row_count == 1 ? 0 : row;
    memcpy(
        to,
        (const char*)initial->data + (o * from.row_count + from_row) * layout.row_bytes,
        layout.row_bytes);
  }
}

/// Writes the start value of all rows. The desc is known, and the start value fits it.
static void start_value(const olstm__state_slot* slot) {
  const size_t bytes = olstm__desc_bytes(&slot->desc);
  const olstm_tensor* initial = slot->meta->initial;
  if (bytes == 0) return;
  if (!initial) {
    memset(slot->current, 0, bytes);
  } else if (olstm_tensor_desc_same_shape(&initial->desc, &slot->desc)) {
    memcpy(slot->current, initial->data, bytes);
  } else {
    for (size_t row = 0; row < (size_t)slot->desc.dims[slot->meta->row_axis]; row++) {
      start_row(slot, row);
    }
  }
}

static olstm_status check_begin(const olstm__states* states,
                                const olstm__state_slot* slot,
                                const olstm_tensor_desc* desc, olstm_error* error) {
  if (slot->is_set) {
    if (olstm_tensor_desc_equal(&slot->desc, desc)) return OLSTM_STATUS_OK;
    return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                      "state '%s' has shape %s, this run needs %s: reset it before a run "
                      "with another batch",
                      slot->meta->name, olstm_shape_text(&slot->desc).text,
                      olstm_shape_text(desc).text);
  }
  if (start_fits(states, slot, desc)) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                    "state '%s' starts from a constant of shape %s, this run needs %s%s",
                    slot->meta->name, olstm_shape_text(&slot->meta->initial->desc).text,
                    olstm_shape_text(desc).text,
                    states->broadcast ? "" : OLSTM__BROADCAST_STATE_HINT);
}

static olstm_status begin_slot(olstm__states* states, olstm__state_slot* slot,
                               const olstm_tensor_desc* desc, olstm_error* error) {
  size_t bytes = 0;
  const bool is_ready = slot->has_desc && olstm_tensor_desc_equal(&slot->desc, desc);
  if (slot->is_set || is_ready) return OLSTM_STATUS_OK;
  slot->has_desc = false;
  OLSTM_RETURN_IF_ERROR(count_bytes(slot->meta->name, desc, &bytes, error));
  OLSTM_RETURN_IF_ERROR(make_room(states, slot->meta->name, &slot->current,
                                  &slot->current_capacity, bytes, error));
  slot->desc = *desc;
  slot->has_desc = true;
  start_value(slot);
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- life

olstm_status olstm__states_init(olstm__states* states, const olstm__graph* graph,
                                const olstm_allocator* allocator, bool broadcast,
                                olstm_error* error) {
  *states = (olstm__states){.allocator = *allocator, .broadcast = broadcast};
  olstm__state_slot* slots =
      olstm_allocate_zeroed(allocator, graph->state_count, sizeof *slots);
  if (!slots) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "state: no memory");
  }
  states->slots = slots;
  states->slot_count = graph->state_count;
  for (size_t s = 0; s < graph->state_count; s++) {
    slots[s].meta = &graph->states[s];
    states->visible_count += !graph->states[s].is_internal;
  }
  return OLSTM_STATUS_OK;
}

void olstm__states_deinit(olstm__states* states) {
  for (size_t s = 0; s < states->slot_count; s++) {
    olstm__state_slot* slot = &states->slots[s];
    olstm_release(&states->allocator, slot->current, slot->current_capacity, 1);
    olstm_release(&states->allocator, slot->next, slot->next_capacity, 1);
  }
  olstm_release(&states->allocator, states->slots, states->slot_count,
                sizeof *states->slots);
  *states = (olstm__states){.allocator = states->allocator};
}

olstm_status olstm__states_copy(olstm__states* to, const olstm__states* from,
                                olstm_error* error) {
  for (size_t s = 0; s < from->slot_count; s++) {
    if (!from->slots[s].has_desc) continue;
    OLSTM_RETURN_IF_ERROR(make_room(to, from->slots[s].meta->name, &to->slots[s].next,
                                    &to->slots[s].next_capacity,
                                    olstm__desc_bytes(&from->slots[s].desc), error));
  }
  for (size_t s = 0; s < from->slot_count; s++) {
    const olstm__state_slot* source = &from->slots[s];
    olstm__state_slot* slot = &to->slots[s];
    const size_t bytes = source->has_desc ? olstm__desc_bytes(&source->desc) : 0;
    if (bytes) memcpy(slot->next, source->current, bytes);
    slot->next_desc = source->desc;
    olstm__state_slot_take_next(slot);
    slot->has_desc = source->has_desc;
    slot->is_set = source->is_set;
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- a run

void olstm__states_describe(const olstm__states* states, olstm_tensor* out_inputs) {
  for (size_t s = 0; s < states->slot_count; s++) {
    const olstm__state_slot* slot = &states->slots[s];
    out_inputs[s] = (olstm_tensor){0};
    if (slot->is_set && slot->meta->batch_axis < 0) out_inputs[s].desc = slot->desc;
  }
}

olstm_status olstm__states_begin(olstm__states* states, const olstm_tensor_desc* descs,
                                 olstm_tensor* out_inputs, olstm_error* error) {
  for (size_t s = 0; s < states->slot_count; s++) {
    OLSTM_RETURN_IF_ERROR(check_begin(states, &states->slots[s], &descs[s], error));
  }
  for (size_t s = 0; s < states->slot_count; s++) {
    OLSTM_RETURN_IF_ERROR(begin_slot(states, &states->slots[s], &descs[s], error));
    out_inputs[s].desc = descs[s];
    out_inputs[s].data = olstm__desc_bytes(&descs[s]) ? states->slots[s].current : NULL;
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__states_reserve(olstm__states* states, size_t index,
                                   const olstm_tensor_desc* desc, void** out_data,
                                   olstm_error* error) {
  olstm__state_slot* slot = &states->slots[index];
  size_t bytes = 0;
  olstm_tensor_desc checked;
  *out_data = NULL;
  // A bound output must have a desc that its input accepts.
  OLSTM_RETURN_IF_ERROR(olstm__state_slot_check(slot, desc, &checked, error));
  OLSTM_RETURN_IF_ERROR(count_bytes(slot->meta->name, desc, &bytes, error));
  OLSTM_RETURN_IF_ERROR(make_room(states, slot->meta->name, &slot->next,
                                  &slot->next_capacity, bytes, error));
  slot->next_desc = *desc;
  if (bytes) *out_data = slot->next;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__states_store(olstm__states* states, size_t index,
                                 const olstm_tensor* value, olstm_error* error) {
  void* room = NULL;
  const bool is_there = value->data && value->data == states->slots[index].next;
  OLSTM_RETURN_IF_ERROR(olstm__states_reserve(states, index, &value->desc, &room, error));
  if (room && value->data && !is_there)
    memcpy(room, value->data, olstm__desc_bytes(&value->desc));
  return OLSTM_STATUS_OK;
}

/// Of an internal slot: sets the flags of all rows, unless the run computes them.
static void set_flags(const olstm__state_slot* slot) {
  if (slot->meta->is_internal && !slot->meta->is_flag_computed && slot->committed_bytes) {
    memset(slot->current, 1, slot->committed_bytes);
  }
}

/// Marks a slot whose node has not run as unset, although its value was passed through.
/// It is checked again after the next run.
static void unset_unflagged(const olstm__states* states, olstm__state_slot* slot) {
  olstm__state_slot* flags = flags_of(states, slot);
  const size_t rows = olstm__desc_bytes(&flags->desc);
  if (!flags->meta->is_flag_computed || rows == 0 || memchr(flags->current, 1, rows)) {
    return;
  }
  slot->is_set = flags->is_set = false;
  slot->is_committed = false;
}

void olstm__states_commit(olstm__states* states) {
  for (size_t s = 0; s < states->slot_count; s++) {
    olstm__state_slot* slot = &states->slots[s];
    olstm__state_slot_take_next(slot);
    slot->committed_bytes = olstm__desc_bytes(&slot->desc);
    slot->is_committed = slot->next_capacity >= slot->committed_bytes;
    set_flags(slot);
  }
  for (size_t s = 0; s < states->slot_count; s++) {
    if (states->slots[s].meta->has_start) unset_unflagged(states, &states->slots[s]);
  }
}

bool olstm__states_are_committed(const olstm__states* states) {
  for (size_t s = 0; s < states->slot_count; s++) {
    if (!states->slots[s].is_committed) return false;
  }
  return true;
}

void olstm__states_lend(const olstm__states* states, olstm_tensor* inputs,
                        olstm_tensor* outputs) {
  for (size_t s = 0; s < states->slot_count; s++) {
    const olstm__state_slot* slot = &states->slots[s];
    inputs[s].data = slot->committed_bytes ? slot->current : NULL;
    outputs[s].data = slot->committed_bytes ? slot->next : NULL;
  }
}

void olstm__states_advance(olstm__states* states) {
  for (size_t s = 0; s < states->slot_count; s++) {
    swap_buffers(&states->slots[s]);
    set_flags(&states->slots[s]);
  }
}

// ---------------------------------------------------------------- for the user

/// Finds a slot by name. NULL, and a message, when there is none (NOT_FOUND).
static olstm__state_slot* find_slot(const olstm__states* states, const char* name,
                                    olstm_error* error) {
  for (size_t s = 0; name && s < states->slot_count; s++) {
    if (states->slots[s].meta->is_internal) continue;
    if (strcmp(states->slots[s].meta->name, name) != 0) continue;
    return &states->slots[s];
  }
  (void)olstm_fail(error, OLSTM_STATUS_NOT_FOUND, "no state '%s'%s", name ? name : "",
                   states->slot_count ? ""
                                      : ": the session has no stateful node and no "
                                        "binding");
  return NULL;
}

size_t olstm__states_visible_count(const olstm__states* states) {
  return states->visible_count;
}

/// dtype and shape as far as known: rank and dimensions are -1 where they are not.
static olstm_tensor_desc known_desc(const olstm__states* states,
                                    const olstm__state_slot* slot) {
  const olstm__graph_state* meta = slot->meta;
  olstm_tensor_desc desc = {meta->dtype, meta->rank, {0}};
  if (slot->has_desc) return slot->desc;
  memcpy(desc.dims, meta->dims, sizeof desc.dims);
  if (meta->initial && !states->broadcast) return meta->initial->desc;
  return desc;
}

olstm_status olstm__states_get_info(const olstm__states* states, size_t index,
                                    olstm_state_info* out_info, olstm_error* error) {
  size_t left = index;
  for (size_t s = 0; s < states->slot_count; s++) {
    const olstm__state_slot* slot = &states->slots[s];
    if (slot->meta->is_internal || left-- > 0) continue;
    const olstm_tensor_desc desc = known_desc(states, slot);
    *out_info = (olstm_state_info){.name = slot->meta->name,
                                   .dtype = desc.dtype,
                                   .rank = desc.rank,
                                   .is_set = slot->is_set};
    memcpy(out_info->dims, desc.dims, sizeof desc.dims);
    return OLSTM_STATUS_OK;
  }
  return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                    "state index is %zu, there are %zu states", index,
                    states->visible_count);
}

olstm_status olstm__states_get(const olstm__states* states, const char* name,
                               olstm_tensor* out_tensor, olstm_error* error) {
  olstm__state_slot* slot = find_slot(states, name, error);
  if (!slot) return OLSTM_STATUS_NOT_FOUND;
  if (!slot->is_set && slot->meta->has_start) {
    return olstm_fail(error, OLSTM_STATUS_WRONG_STATE,
                      "state '%s' is not set: the next run starts from what the graph "
                      "computes",
                      name);
  }
  if (!slot->has_desc) {
    const olstm_tensor_desc desc = known_desc(states, slot);
    size_t bytes = 0;
    if (slot->meta->initial) {
      *out_tensor = *slot->meta->initial;
      return OLSTM_STATUS_OK;
    }
    if (desc.rank < 0 || !olstm_tensor_desc_bytes(&desc, &bytes)) {
      return olstm_fail(error, OLSTM_STATUS_WRONG_STATE,
                        "state '%s' is not set, and its shape not known before the first "
                        "prepare, run or set",
                        name);
    }
    OLSTM_RETURN_IF_ERROR(
        make_room(states, name, &slot->current, &slot->current_capacity, bytes, error));
    slot->desc = desc;
    slot->has_desc = true;
    start_value(slot);
  }
  *out_tensor =
      (olstm_tensor){slot->desc, olstm__desc_bytes(&slot->desc) ? slot->current : NULL};
  return OLSTM_STATUS_OK;
}

olstm_status olstm__state_slot_check(const olstm__state_slot* slot,
                                     const olstm_tensor_desc* given,
                                     olstm_tensor_desc* out_desc, olstm_error* error) {
  const olstm__graph_state* meta = slot->meta;
  olstm_tensor_desc expected = *given;
  *out_desc = *given;
  if (given->dtype != meta->dtype) {
    return olstm_fail(error, OLSTM_STATUS_DTYPE_MISMATCH,
                      "state '%s' has dtype %s, expected %s", meta->name,
                      olstm_dtype_name(given->dtype), olstm_dtype_name(meta->dtype));
  }
  if (meta->rank < 0) return OLSTM_STATUS_OK;
  if (given->rank == 2 && meta->rank == 3 && meta->dims[0] == 1) {
    out_desc->rank = 3;
    out_desc->dims[0] = 1;
    out_desc->dims[1] = given->dims[0];
    out_desc->dims[2] = given->dims[1];
  }
  bool fits = out_desc->rank == meta->rank;
  expected.rank = meta->rank;
  for (int32_t d = 0; d < meta->rank; d++) {
    const bool is_given = out_desc->rank == meta->rank;
    expected.dims[d] = meta->dims[d] < 0 && is_given ? out_desc->dims[d] : meta->dims[d];
    fits = fits && out_desc->dims[d] == expected.dims[d];
  }
  if (fits) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                    "state '%s' has shape %s, expected %s", meta->name,
                    olstm_shape_text(out_desc).text, olstm_shape_text(&expected).text);
}

olstm_status olstm__states_set(olstm__states* states, const char* name,
                               const olstm_tensor* value, olstm_error* error) {
  olstm__state_slot* slot = find_slot(states, name, error);
  olstm_tensor_desc desc;
  size_t bytes = 0;
  if (!slot) return OLSTM_STATUS_NOT_FOUND;
  OLSTM_RETURN_IF_ERROR(olstm__state_slot_check(slot, &value->desc, &desc, error));
  OLSTM_RETURN_IF_ERROR(count_bytes(name, &desc, &bytes, error));
  if (bytes && !value->data) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "state '%s': data is NULL",
                      name);
  }
  OLSTM_RETURN_IF_ERROR(
      make_room(states, name, &slot->next, &slot->next_capacity, bytes, error));
  if (slot->meta->has_start) {
    olstm__state_slot* flags = flags_of(states, slot);
    const size_t rows = (size_t)desc.dims[slot->meta->row_axis];
    OLSTM_RETURN_IF_ERROR(
        make_room(states, name, &flags->next, &flags->next_capacity, rows, error));
    if (rows) memset(flags->next, 1, rows);
    flags->next_desc = (olstm_tensor_desc){OLSTM_DTYPE_BOOL, 3, {1, (int64_t)rows, 1}};
    olstm__state_slot_take_next(flags);
  }
  if (bytes) memcpy(slot->next, value->data, bytes);
  slot->next_desc = desc;
  olstm__state_slot_take_next(slot);
  return OLSTM_STATUS_OK;
}

void olstm__state_slot_reset(const olstm__states* states, olstm__state_slot* slot) {
  slot->is_set = slot->is_committed = false;
  // A slot of a node keeps its desc, for inspection; other slots forget it.
  slot->has_desc = slot->has_desc && slot->meta->batch_axis >= 0 &&
                   start_fits(states, slot, &slot->desc);
  if (slot->has_desc) start_value(slot);
}

void olstm__states_reset(olstm__states* states) {
  for (size_t s = 0; s < states->slot_count; s++)
    olstm__state_slot_reset(states, &states->slots[s]);
}

olstm_status olstm__states_reset_one(olstm__states* states, const char* name,
                                     olstm_error* error) {
  olstm__state_slot* slot = find_slot(states, name, error);
  if (!slot) return OLSTM_STATUS_NOT_FOUND;
  olstm__state_slot_reset(states, slot);
  if (slot->meta->has_start) olstm__state_slot_reset(states, flags_of(states, slot));
  return OLSTM_STATUS_OK;
}

static olstm_status check_row(const olstm__states* states, const olstm__state_slot* slot,
                              int64_t row, olstm_error* error) {
  if (slot->meta->row_axis < 0) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "state '%s': no dimension of it is known to be the batch",
                      slot->meta->name);
  }
  if (row < 0 || row >= slot->desc.dims[slot->meta->row_axis]) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "state '%s' has shape %s, there is no row %" PRId64 " in it",
                      slot->meta->name, olstm_shape_text(&slot->desc).text, row);
  }
  if (start_fits(states, slot, &slot->desc)) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                    "state '%s' has shape %s, it starts from a constant of shape %s",
                    slot->meta->name, olstm_shape_text(&slot->desc).text,
                    olstm_shape_text(&slot->meta->initial->desc).text);
}

olstm_status olstm__states_reset_row(olstm__states* states, int64_t row,
                                     olstm_error* error) {
  size_t known_count = 0;
  for (size_t s = 0; s < states->slot_count; s++) {
    if (!states->slots[s].has_desc) continue;
    OLSTM_RETURN_IF_ERROR(check_row(states, &states->slots[s], row, error));
    known_count++;
  }
  if (known_count == 0) {
    return olstm_fail(error, OLSTM_STATUS_WRONG_STATE,
                      "row %" PRId64 " is not there: no state has a batch yet", row);
  }
  for (size_t s = 0; s < states->slot_count; s++) {
    if (states->slots[s].has_desc) start_row(&states->slots[s], (size_t)row);
  }
  return OLSTM_STATUS_OK;
}
