// Saves state to bytes, and loads it into a context of the same model on any machine.
//
// All numbers are little-endian:
//   8 bytes "OLSTMSTA", u32 version (1), u32 number of slots, u64 size of the whole
//   for each slot: u32 name bytes, name, i32 dtype, u32 is_set, u32 rank (0xffffffff when
//     not set), i64 dimensions, u64 data bytes, data
//   u64 CRC-64 of everything before it
#include <string.h>

#include "base/tensor_size.h"
#include "runtime/state/state.h"

static const char kMagic[8] = {'O', 'L', 'S', 'T', 'M', 'S', 'T', 'A'};
enum { kBlobVersion = 1, kHeaderBytes = 24, kChecksumBytes = 8 };
#define NO_RANK UINT32_C(0xffffffff)

/// CRC-64 with ECMA-182's polynomial, bits reflected.
static uint64_t checksum(const uint8_t* bytes, size_t count) {
  uint64_t table[256];
  uint64_t crc = ~UINT64_C(0);
  for (uint64_t i = 0; i < 256; i++) {
    uint64_t value = i;
    for (int bit = 0; bit < 8; bit++) {
      value = value & 1 ? (value >> 1) ^ UINT64_C(0xc96c5795d7870f42) : value >> 1;
    }
    table[i] = value;
  }
  for (size_t i = 0; i < count; i++) {
    crc = table[(crc ^ bytes[i]) & 0xff] ^ (crc >> 8);
  }
  return ~crc;
}

/// Copies elements between memory and blob, reversing their bytes on a big-endian
/// machine.
static void copy_elements(uint8_t* to, const uint8_t* from, size_t bytes, size_t size) {
  const uint16_t one = 1;
  uint8_t first = 0;
  if (bytes == 0 || size == 0) return;
  memcpy(&first, &one, 1);
  if (first == 1 || size == 1) {
    memcpy(to, from, bytes);
    return;
  }
  for (size_t i = 0; i < bytes; i++) to[i] = from[i / size * size + size - 1 - i % size];
}

// ---------------------------------------------------------------- writing

/// Only counts when bytes is NULL.
typedef struct blob_writer {
  uint8_t* bytes;
  size_t used;
} blob_writer;

static void write_number(blob_writer* writer, uint64_t value, size_t size) {
  for (size_t i = 0; i < size && writer->bytes; i++) {
    writer->bytes[writer->used + i] = (uint8_t)(value >> (8 * i));
  }
  writer->used += size;
}

static void write_bytes(blob_writer* writer, const void* bytes, size_t count,
                        size_t element_size) {
  if (writer->bytes) {
    copy_elements(writer->bytes + writer->used, bytes, count, element_size);
  }
  writer->used += count;
}

static void write_slot(blob_writer* writer, const olstm__state_slot* slot) {
  const olstm__graph_state* meta = slot->meta;
  const size_t name_bytes = strlen(meta->name);
  write_number(writer, name_bytes, 4);
  write_bytes(writer, meta->name, name_bytes, 1);
  write_number(writer, (uint64_t)meta->dtype, 4);
  write_number(writer, slot->is_set, 4);
  if (!slot->is_set) {
    write_number(writer, NO_RANK, 4);
    write_number(writer, 0, 8);
    return;
  }
  const size_t bytes = olstm__desc_bytes(&slot->desc);
  write_number(writer, (uint64_t)slot->desc.rank, 4);
  for (int32_t d = 0; d < slot->desc.rank; d++) {
    write_number(writer, (uint64_t)slot->desc.dims[d], 8);
  }
  write_number(writer, bytes, 8);
  write_bytes(writer, slot->current, bytes, olstm_dtype_size(meta->dtype));
}

static void write_all(blob_writer* writer, const olstm__states* states,
                      size_t total_bytes) {
  write_bytes(writer, kMagic, sizeof kMagic, 1);
  write_number(writer, kBlobVersion, 4);
  write_number(writer, states->slot_count, 4);
  write_number(writer, total_bytes, 8);
  for (size_t s = 0; s < states->slot_count; s++) write_slot(writer, &states->slots[s]);
}

olstm_status olstm__states_save(const olstm__states* states, void** out_bytes,
                                size_t* out_byte_count, olstm_error* error) {
  blob_writer writer = {NULL, 0};
  write_all(&writer, states, 0);
  const size_t total_bytes = writer.used + kChecksumBytes;
  writer = (blob_writer){olstm_allocate(&states->allocator, total_bytes, 1), 0};
  if (!writer.bytes) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "state: no memory for %zu bytes",
                      total_bytes);
  }
  write_all(&writer, states, total_bytes);
  write_number(&writer, checksum(writer.bytes, writer.used), 8);
  *out_bytes = writer.bytes;
  *out_byte_count = total_bytes;
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- reading

typedef struct blob_reader {
  const uint8_t* bytes;
  size_t left;
} blob_reader;

/// One slot of a blob; data points into the blob.
typedef struct blob_slot {
  bool is_set;
  olstm_tensor_desc desc;
  const uint8_t* data;
  size_t byte_count;
} blob_slot;

static olstm_status fail_damaged(olstm_error* error, const char* what) {
  return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "state blob: %s", what);
}

static bool read_number(blob_reader* reader, size_t size, uint64_t* out_value) {
  *out_value = 0;
  if (reader->left < size) return false;
  for (size_t i = 0; i < size; i++) *out_value |= (uint64_t)reader->bytes[i] << (8 * i);
  reader->bytes += size;
  reader->left -= size;
  return true;
}

static const uint8_t* read_bytes(blob_reader* reader, uint64_t count) {
  const uint8_t* bytes = reader->bytes;
  if (reader->left < count) return NULL;
  reader->bytes += count;
  reader->left -= (size_t)count;
  return bytes;
}

static olstm_status check_frame(const uint8_t* bytes, size_t byte_count,
                                const olstm__states* states, blob_reader* out_reader,
                                olstm_error* error) {
  blob_reader reader = {bytes, byte_count};
  uint64_t version = 0;
  uint64_t slot_count = 0;
  uint64_t total_bytes = 0;
  uint64_t crc = 0;
  if (!bytes || byte_count < kHeaderBytes + kChecksumBytes ||
      memcmp(read_bytes(&reader, sizeof kMagic), kMagic, sizeof kMagic) != 0) {
    return fail_damaged(error, "these are no saved states");
  }
  (void)read_number(&reader, 4, &version);
  (void)read_number(&reader, 4, &slot_count);
  (void)read_number(&reader, 8, &total_bytes);
  if (version != kBlobVersion) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "state blob: version is %u, expected %d", (unsigned)version,
                      (int)kBlobVersion);
  }
  if (total_bytes != byte_count) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "state blob: has %zu bytes, expected %" PRIu64, byte_count,
                      total_bytes);
  }
  blob_reader end = {bytes + byte_count - kChecksumBytes, kChecksumBytes};
  (void)read_number(&end, 8, &crc);
  if (crc != checksum(bytes, byte_count - kChecksumBytes)) {
    return fail_damaged(error, "its checksum is wrong");
  }
  if (slot_count != states->slot_count) {
    return fail_damaged(error, "it is of another model, or of other stateful nodes");
  }
  reader.left -= kChecksumBytes;
  *out_reader = reader;
  return OLSTM_STATUS_OK;
}

/// Reads name and dtype of a slot, which must be those of the session's slot.
static olstm_status read_name(blob_reader* reader, const olstm__graph_state* meta,
                              olstm_error* error) {
  uint64_t name_bytes = 0;
  uint64_t dtype = 0;
  if (!read_number(reader, 4, &name_bytes)) return fail_damaged(error, "it is cut off");
  const uint8_t* name = read_bytes(reader, name_bytes);
  if (!name || !read_number(reader, 4, &dtype)) {
    return fail_damaged(error, "it is cut off");
  }
  if (name_bytes != strlen(meta->name) || memcmp(name, meta->name, name_bytes) != 0) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "state blob: it is of another model: state '%.*s', expected '%s'",
                      (int)(name_bytes < 128 ? name_bytes : 128), (const char*)name,
                      meta->name);
  }
  if ((olstm_dtype)dtype == meta->dtype) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                    "state blob: state '%s' has dtype %s, expected %s", meta->name,
                    olstm_dtype_name((olstm_dtype)dtype), olstm_dtype_name(meta->dtype));
}

static olstm_status read_slot(blob_reader* reader, const olstm__state_slot* slot,
                              blob_slot* out_slot, olstm_error* error) {
  uint64_t is_set = 0;
  uint64_t rank = 0;
  uint64_t byte_count = 0;
  size_t expected_bytes = 0;
  olstm_tensor_desc checked;
  *out_slot = (blob_slot){.desc = {.dtype = slot->meta->dtype}};
  OLSTM_RETURN_IF_ERROR(read_name(reader, slot->meta, error));
  if (!read_number(reader, 4, &is_set) || !read_number(reader, 4, &rank)) {
    return fail_damaged(error, "it is cut off");
  }
  const bool has_value = rank != NO_RANK;
  if (is_set != has_value || (has_value && rank > OLSTM_MAX_RANK)) {
    return fail_damaged(error, "a rank in it is wrong");
  }
  out_slot->desc.rank = has_value ? (int32_t)rank : 0;
  for (int32_t d = 0; d < out_slot->desc.rank; d++) {
    uint64_t dim = 0;
    if (!read_number(reader, 8, &dim)) return fail_damaged(error, "it is cut off");
    out_slot->desc.dims[d] = dim > INT64_MAX ? -1 : (int64_t)dim;
  }
  if (!read_number(reader, 8, &byte_count)) return fail_damaged(error, "it is cut off");
  if (has_value && !olstm_tensor_desc_bytes(&out_slot->desc, &expected_bytes)) {
    return fail_damaged(error, "a shape in it is wrong");
  }
  out_slot->data = read_bytes(reader, byte_count);
  if (byte_count != expected_bytes || !out_slot->data) {
    return fail_damaged(error, "a value in it has another size than its shape");
  }
  out_slot->byte_count = expected_bytes;
  out_slot->is_set = has_value;
  for (size_t i = 0; i < expected_bytes && slot->meta->dtype == OLSTM_DTYPE_BOOL; i++) {
    if (out_slot->data[i] > 1) return fail_damaged(error, "a bool in it is not 0 or 1");
  }
  if (!has_value) return OLSTM_STATUS_OK;
  return olstm__state_slot_check(slot, &out_slot->desc, &checked, error);
}

/// An internal slot must have one flag for each row of the slot before it.
static olstm_status check_flags(const blob_slot* value, const blob_slot* flags,
                                const olstm__state_slot* slot, olstm_error* error) {
  bool fits = value->is_set == flags->is_set;
  if (value->is_set && flags->is_set) {
    fits = flags->desc.dims[1] == value->desc.dims[slot->meta->row_axis];
  }
  return fits ? OLSTM_STATUS_OK : fail_damaged(error, "the flags of a state are wrong");
}

static olstm_status read_all(const olstm__states* states, blob_reader* reader,
                             blob_slot* slots, olstm_error* error) {
  for (size_t s = 0; s < states->slot_count; s++) {
    OLSTM_RETURN_IF_ERROR(read_slot(reader, &states->slots[s], &slots[s], error));
    if (!states->slots[s].meta->is_internal) continue;
    OLSTM_RETURN_IF_ERROR(
        check_flags(&slots[s - 1], &slots[s], &states->slots[s - 1], error));
  }
  return reader->left == 0 ? OLSTM_STATUS_OK
                           : fail_damaged(error, "there is more in it than its states");
}

/// Called after all checks: reserves all buffers, then sets all slots.
static olstm_status take_all(olstm__states* states, const blob_slot* slots,
                             olstm_error* error) {
  for (size_t s = 0; s < states->slot_count; s++) {
    void* room = NULL;
    if (!slots[s].is_set) continue;
    OLSTM_RETURN_IF_ERROR(olstm__states_reserve(states, s, &slots[s].desc, &room, error));
    const size_t size = olstm_dtype_size(slots[s].desc.dtype);
    if (room) copy_elements(room, slots[s].data, slots[s].byte_count, size);
  }
  for (size_t s = 0; s < states->slot_count; s++) {
    if (slots[s].is_set) {
      olstm__state_slot_take_next(&states->slots[s]);
    } else {
      olstm__state_slot_reset(states, &states->slots[s]);
    }
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__states_load(olstm__states* states, const void* bytes,
                                size_t byte_count, olstm_error* error) {
  blob_reader reader = {NULL, 0};
  OLSTM_RETURN_IF_ERROR(check_frame(bytes, byte_count, states, &reader, error));
  blob_slot* slots =
      olstm_allocate_zeroed(&states->allocator, states->slot_count, sizeof *slots);
  if (!slots) return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "state: no memory");
  olstm_status status = read_all(states, &reader, slots, error);
  if (status == OLSTM_STATUS_OK) status = take_all(states, slots, error);
  olstm_release(&states->allocator, slots, states->slot_count, sizeof *slots);
  return status;
}
