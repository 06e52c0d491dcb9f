#include "onnx_proto/encode.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/array.h"
#include "onnx_proto/memory_fail.h"
#include "onnx_proto/model_file.h"
#include "onnx_proto/tensor_data.h"

/// kPageBytes: where large tensors begin in external data, so that runtimes can map them.
enum {
  kLeastExternalBytes = 1 << 10,
  kPageBytes = 1 << 12,
  kLargeBytes = 1 << 16,
  kAlignment = 64,
  kEntries = 3,
  kNumberBytes = 24
};

/// A tensor that is out of the model while it is packed, as it was.
typedef struct moved_tensor {
  olstm__tensor_proto* proto;
  olstm__tensor_proto before;
} moved_tensor;

typedef struct encoder {
  olstm__encode_model* model;
  const olstm__encode_policy* policy;
  size_t least_bytes;
  olstm__encoding* encoding;
  uint64_t file_bytes;
  moved_tensor* moved;
  size_t moved_count, moved_capacity;
} encoder;

static olstm_status fail_memory(olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory to write the model");
}

// ---------------------------------------------------------------- tensors

/// Brings elements of typed fields into raw_data, as external data has them.
static olstm_status make_raw(const encoder* e, olstm__tensor_proto* proto,
                             const olstm_tensor_desc* desc, size_t bytes,
                             olstm_error* error) {
  const olstm__tensor_label label = {.tensor_name = proto->name};
  if (proto->has_raw_data) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(olstm__tensor_check_data(proto, &label, desc, bytes, error));
  void* elements = olstm__arena_allocate_data(&e->model->memory, bytes);
  if (!elements) return fail_memory(error);
  OLSTM_RETURN_IF_ERROR(
      olstm__tensor_copy_data(proto, &label, desc, bytes, elements, error));
  proto->n_float_data = proto->n_int32_data = proto->n_int64_data = 0;
  proto->n_double_data = proto->n_uint64_data = 0;
  proto->has_raw_data = true;
  proto->raw_data = (ProtobufCBinaryData){bytes, elements};
  return OLSTM_STATUS_OK;
}

/// An entry of external_data. NULL when there is no memory.
static Onnx__StringStringEntryProto* make_entry(olstm__arena* memory, const char* key,
                                                const char* value) {
  Onnx__StringStringEntryProto* entry = olstm__arena_allocate(memory, 1, sizeof *entry);
  if (!entry) return NULL;
  onnx__string_string_entry_proto__init(entry);
  entry->key = olstm__arena_copy(memory, key, strlen(key));
  entry->value = olstm__arena_copy(memory, value, strlen(value));
  return entry->key && entry->value ? entry : NULL;
}

static bool set_entries(const encoder* e, olstm__tensor_proto* proto,
                        const olstm__encode_segment* segment) {
  olstm__arena* memory = &e->model->memory;
  char numbers[kEntries][kNumberBytes];
  Onnx__StringStringEntryProto** entries =
      olstm__arena_allocate(memory, kEntries, sizeof(Onnx__StringStringEntryProto*));
  if (!entries) return false;
  (void)snprintf(numbers[0], kNumberBytes, "%zu", e->encoding->segment_count);
  (void)snprintf(numbers[1], kNumberBytes, "%" PRIu64, segment->offset);
  (void)snprintf(numbers[2], kNumberBytes, "%zu", segment->bytes);
  entries[0] = make_entry(memory, "location",
                          e->policy->location ? e->policy->location : numbers[0]);
  entries[1] = make_entry(memory, "offset", numbers[1]);
  entries[2] = make_entry(memory, "length", numbers[2]);
  proto->external_data = entries;
  proto->n_external_data = kEntries;
  return entries[0] && entries[1] && entries[2];
}

/// Where the next tensor begins in the file.
static uint64_t next_offset(const encoder* e, size_t bytes) {
  const uint64_t step = bytes >= kLargeBytes ? kPageBytes : kAlignment;
  if (!e->policy->location) return 0;
  return (e->file_bytes + step - 1) / step * step;
}

static olstm_status move_out(encoder* e, olstm__tensor_proto* proto, size_t bytes,
                             olstm_error* error) {
  olstm__encoding* encoding = e->encoding;
  moved_tensor* moved =
      olstm__array_reserve(&e->model->allocator, e->moved, e->moved_count, 1,
                           &e->moved_capacity, sizeof *moved);
  if (!moved) return fail_memory(error);
  e->moved = moved;
  olstm__encode_segment* segments = olstm__array_reserve(
      &encoding->allocator, encoding->segments, encoding->segment_count, 1,
      &encoding->segment_capacity, sizeof *segments);
  if (!segments) return fail_memory(error);
  encoding->segments = segments;
  const olstm__encode_segment segment = {next_offset(e, bytes), proto->raw_data.data,
                                         bytes};
  e->moved[e->moved_count++] = (moved_tensor){proto, *proto};
  if (!set_entries(e, proto, &segment)) return fail_memory(error);
  encoding->segments[encoding->segment_count++] = segment;
  e->file_bytes = segment.offset + bytes;
  proto->has_raw_data = false;
  proto->raw_data = (ProtobufCBinaryData){0, NULL};
  proto->has_data_location = true;
  proto->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
  return OLSTM_STATUS_OK;
}

static olstm_status visit_tensor(void* user, const olstm__encode_tensor* tensor,
                                 olstm_error* error) {
  encoder* e = user;
  olstm__tensor_proto* proto = tensor->proto;
  const olstm__tensor_label label = {.tensor_name = proto->name};
  const bool was_external = proto->n_external_data > 0;
  olstm_tensor_desc desc;
  size_t bytes = 0;
  // What olstm cannot read stays as it is.
  const bool is_known =
      olstm__tensor_describe(proto, &label, &desc, &bytes, NULL) == OLSTM_STATUS_OK &&
      desc.dtype != OLSTM_DTYPE_STRING && bytes > 0;
  const bool is_large =
      tensor->is_initializer && e->least_bytes > 0 && bytes >= e->least_bytes;
  const bool stays_external = was_external && e->policy->least_bytes == 0;
  if (is_known && (is_large || stays_external)) {
    OLSTM_RETURN_IF_ERROR(make_raw(e, proto, &desc, bytes, error));
    return move_out(e, proto, bytes, error);
  }
  proto->n_external_data = 0;
  return OLSTM_STATUS_OK;
}

static void move_back(encoder* e) {
  for (size_t i = 0; i < e->moved_count; i++) *e->moved[i].proto = e->moved[i].before;
  olstm_release(&e->model->allocator, e->moved, e->moved_capacity, sizeof *e->moved);
}

// ---------------------------------------------------------------- packing

static olstm_status pack(const encoder* e, olstm_error* error) {
  olstm__encoding* encoding = e->encoding;
  const size_t byte_count = onnx__model_proto__get_packed_size(e->model->proto);
  if (byte_count > OLSTM__MAX_FILE_BYTES) {
    return olstm_fail(error, OLSTM_STATUS_LIMIT_EXCEEDED,
                      "the model without external data has %zu bytes, at most 2 GB are "
                      "legal",
                      byte_count);
  }
  encoding->bytes = olstm_allocate(&encoding->allocator, byte_count, 1);
  if (!encoding->bytes) return fail_memory(error);
  encoding->byte_count = byte_count;
  (void)onnx__model_proto__pack(e->model->proto, encoding->bytes);
  return OLSTM_STATUS_OK;
}

static olstm_status encode_with(encoder* e, size_t least_bytes, olstm_error* error) {
  olstm__encoding_deinit(e->encoding);
  e->encoding->allocator = e->model->allocator;
  e->least_bytes = least_bytes;
  e->file_bytes = e->moved_count = e->moved_capacity = 0;
  e->moved = NULL;
  olstm_status status =
      olstm__encode_visit_tensors(e->model->proto, visit_tensor, e, error);
  if (status == OLSTM_STATUS_OK) status = pack(e, error);
  move_back(e);
  return status;
}

olstm_status olstm__encode(olstm__encode_model* model, const olstm__encode_policy* policy,
                           olstm__encoding* out_encoding, olstm_error* error) {
  encoder e = {.model = model, .policy = policy, .encoding = out_encoding};
  memset(out_encoding, 0, sizeof *out_encoding);
  const olstm_status status = encode_with(&e, policy->least_bytes, error);
  if (status != OLSTM_STATUS_LIMIT_EXCEEDED || policy->least_bytes > 0) return status;
  return encode_with(&e, kLeastExternalBytes, error);
}

void olstm__encoding_deinit(olstm__encoding* encoding) {
  olstm_release(&encoding->allocator, encoding->bytes, encoding->byte_count, 1);
  olstm_release(&encoding->allocator, encoding->segments, encoding->segment_capacity,
                sizeof *encoding->segments);
  memset(encoding, 0, sizeof *encoding);
}
