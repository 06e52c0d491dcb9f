// The streams of a table: opening and closing, and the state of each, as a context with
// one row has it.
#include <inttypes.h>

#include "olstm/sized_struct.h"

#include "runtime/streams/stream_table.h"

// ---------------------------------------------------------------- handles

static olstm_stream handle_of(const olstm_streams* streams, size_t index) {
  return (uint64_t)streams->records[index].generation << 32 | index;
}

bool olstm_streams_is_open(const olstm_streams* streams, olstm_stream stream) {
  const size_t index = (size_t)(stream & UINT32_MAX);
  return index < streams->capacity && streams->records[index].is_open &&
         streams->records[index].generation == stream >> 32;
}

olstm_status olstm__stream_find(const olstm_streams* streams, olstm_stream stream,
                                size_t* out_index, olstm_error* error) {
  *out_index = (size_t)(stream & UINT32_MAX);
  if (olstm_streams_is_open(streams, stream)) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                    "stream %#" PRIx64 " is not open in this table", stream);
}

static void reset_all(olstm_streams* streams, size_t index) {
  memset(streams->is_set + index * streams->slot_count, 0, streams->slot_count);
}

olstm_status olstm_streams_open(olstm_streams* streams, olstm_stream* out_stream,
                                olstm_error* error) {
  const size_t index = streams->first_free;
  if (index == SIZE_MAX) {
    return olstm_fail(error, OLSTM_STATUS_LIMIT_EXCEEDED,
                      "the table is full: its capacity is %zu streams",
                      streams->capacity);
  }
  olstm__stream_record* record = &streams->records[index];
  streams->first_free = record->next_free;
  streams->open_count++;
  record->is_open = true;
  reset_all(streams, index);
  *out_stream = handle_of(streams, index);
  return OLSTM_STATUS_OK;
}

olstm_status olstm_streams_close(olstm_streams* streams, olstm_stream stream,
                                 olstm_error* error) {
  size_t index = 0;
  OLSTM_RETURN_IF_ERROR(olstm__stream_find(streams, stream, &index, error));
  olstm__stream_record* record = &streams->records[index];
  record->is_open = false;
  // 0 would make a handle of 0.
  if (++record->generation == 0) record->generation = 1;
  record->next_free = streams->first_free;
  streams->first_free = index;
  streams->open_count--;
  return OLSTM_STATUS_OK;
}

olstm_status olstm_streams_clone(olstm_streams* streams, olstm_stream stream,
                                 olstm_stream* out_stream, olstm_error* error) {
  size_t from = 0, to = 0;
  OLSTM_RETURN_IF_ERROR(olstm__stream_find(streams, stream, &from, error));
  OLSTM_RETURN_IF_ERROR(olstm_streams_open(streams, out_stream, error));
  OLSTM_RETURN_IF_ERROR(olstm__stream_find(streams, *out_stream, &to, error));
  if (streams->copy_bytes > 0) {
    memcpy(olstm__stream_copy(streams, to, false),
           olstm__stream_copy(streams, from, false), streams->copy_bytes);
  }
  memcpy(streams->is_set + to * streams->slot_count,
         streams->is_set + from * streams->slot_count, streams->slot_count);
  return OLSTM_STATUS_OK;
}

olstm_status olstm_streams_reset(olstm_streams* streams, olstm_stream stream,
                                 olstm_error* error) {
  size_t index = 0;
  OLSTM_RETURN_IF_ERROR(olstm__stream_find(streams, stream, &index, error));
  reset_all(streams, index);
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- as a context has it

/// Makes the scratch states those of a stream.
static olstm_status load_scratch(const olstm_streams* streams, olstm_stream stream,
                                 size_t* out_index, olstm_error* error) {
  olstm__states* scratch = (olstm__states*)&streams->scratch;
  OLSTM_RETURN_IF_ERROR(olstm__stream_find(streams, stream, out_index, error));
  const uint8_t* is_set = streams->is_set + *out_index * streams->slot_count;
  const char* copy = olstm__stream_copy(streams, *out_index, false);
  for (size_t s = 0; s < streams->slot_count; s++) {
    void* room = NULL;
    OLSTM_RETURN_IF_ERROR(
        olstm__states_reserve(scratch, s, &streams->slots[s], &room, error));
    const char* from = is_set[s] ? copy : streams->start;
    if (room) {
      memcpy(room, from + streams->slot_offsets[s],
             olstm__desc_bytes(&streams->slots[s]));
    }
    olstm__state_slot_take_next(&scratch->slots[s]);
    scratch->slots[s].is_set = is_set[s];
  }
  return OLSTM_STATUS_OK;
}

/// Makes a stream's state that of the scratch states. Errors: SHAPE_MISMATCH; nothing
/// changes then.
static olstm_status store_scratch(olstm_streams* streams, size_t index,
                                  olstm_error* error) {
  const olstm__state_slot* slots = streams->scratch.slots;
  char* copy = olstm__stream_copy(streams, index, false);
  for (size_t s = 0; s < streams->slot_count; s++) {
    if (!slots[s].is_set || olstm_tensor_desc_equal(&slots[s].desc, &streams->slots[s])) {
      continue;
    }
    return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                      "state '%s' has shape %s, expected %s of one stream",
                      slots[s].meta->name, olstm_shape_text(&slots[s].desc).text,
                      olstm_shape_text(&streams->slots[s]).text);
  }
  for (size_t s = 0; s < streams->slot_count; s++) {
    const size_t bytes = slots[s].is_set ? olstm__desc_bytes(&slots[s].desc) : 0;
    if (bytes) memcpy(copy + streams->slot_offsets[s], slots[s].current, bytes);
    streams->is_set[index * streams->slot_count + s] = slots[s].is_set;
  }
  return OLSTM_STATUS_OK;
}

size_t olstm_streams_state_count(const olstm_streams* streams) {
  return olstm__states_visible_count(&streams->scratch);
}

olstm_status olstm_streams_get_state_info_sized(const olstm_streams* streams,
                                                olstm_stream stream, size_t index,
                                                olstm_state_info* out_info,
                                                size_t struct_size, olstm_error* error) {
  size_t stream_index = 0;
  olstm_state_info known;
  OLSTM_RETURN_IF_ERROR(load_scratch(streams, stream, &stream_index, error));
  OLSTM_RETURN_IF_ERROR(olstm__states_get_info(&streams->scratch, index, &known, error));
  olstm_sized_struct_init(out_info, struct_size, &known, sizeof known);
  return OLSTM_STATUS_OK;
}

olstm_status olstm_streams_get_state(olstm_streams* streams, olstm_stream stream,
                                     const char* name, olstm_tensor* out_tensor,
                                     olstm_error* error) {
  size_t index = 0;
  OLSTM_RETURN_IF_ERROR(load_scratch(streams, stream, &index, error));
  return olstm__states_get(&streams->scratch, name, out_tensor, error);
}

olstm_status olstm_streams_set_state(olstm_streams* streams, olstm_stream stream,
                                     const char* name, const olstm_tensor* value,
                                     olstm_error* error) {
  size_t index = 0;
  OLSTM_RETURN_IF_ERROR(load_scratch(streams, stream, &index, error));
  OLSTM_RETURN_IF_ERROR(olstm__states_set(&streams->scratch, name, value, error));
  return store_scratch(streams, index, error);
}

olstm_status olstm_streams_reset_state(olstm_streams* streams, olstm_stream stream,
                                       const char* name, olstm_error* error) {
  size_t index = 0;
  OLSTM_RETURN_IF_ERROR(load_scratch(streams, stream, &index, error));
  OLSTM_RETURN_IF_ERROR(olstm__states_reset_one(&streams->scratch, name, error));
  return store_scratch(streams, index, error);
}

olstm_status olstm_streams_save_state(olstm_streams* streams, olstm_stream stream,
                                      void** out_bytes, size_t* out_byte_count,
                                      olstm_error* error) {
  size_t index = 0;
  OLSTM_RETURN_IF_ERROR(load_scratch(streams, stream, &index, error));
  return olstm__states_save(&streams->scratch, out_bytes, out_byte_count, error);
}

void olstm_streams_free_blob(const olstm_streams* streams, void* bytes,
                             size_t byte_count) {
  olstm_release(&streams->session->environment.allocator, bytes, byte_count, 1);
}

olstm_status olstm_streams_load_state(olstm_streams* streams, olstm_stream stream,
                                      const void* bytes, size_t byte_count,
                                      olstm_error* error) {
  size_t index = 0;
  OLSTM_RETURN_IF_ERROR(load_scratch(streams, stream, &index, error));
  OLSTM_RETURN_IF_ERROR(olstm__states_load(&streams->scratch, bytes, byte_count, error));
  return store_scratch(streams, index, error);
}
