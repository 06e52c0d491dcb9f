#include "onnx_proto/wire_scan.h"

#include <inttypes.h>

#include "onnx_proto/budget.h"

enum {
  kMaxTagBytes = 5,
  kMaxVarintBytes = 10,
  /// Capacity of the set of fields that a message has had; ONNX's messages have below 30.
  kMaxKnownFields = 128
};

/// A message that is being scanned.
typedef struct scan_frame {
  const ProtobufCMessageDescriptor* descriptor;
  const uint8_t* end;
  /// The fields that have occurred, by index.
  uint64_t seen[kMaxKnownFields / 64];
} scan_frame;

typedef struct scanner {
  const uint8_t* start;
  const uint8_t* at;
  const olstm__wire_limits* limits;
  olstm__wire_counts counts;
  scan_frame* frames;
  /// The number of open frames.
  uint32_t depth;
  olstm_error* error;
} scanner;

/// The field that is being read.
typedef struct scan_field {
  uint32_t number;
  ProtobufCWireType wire_type;
  /// NULL for a field that the schema lacks.
  const ProtobufCFieldDescriptor* known;
  size_t known_index;
} scan_field;

static olstm_status fail_at(const scanner* scan, const scan_field* field,
                            olstm_status code, const char* what) {
  const size_t at = (size_t)(scan->at - scan->start);
  if (scan->depth == 0) return olstm_fail(scan->error, code, "byte %zu: %s", at, what);
  const scan_frame* frame = &scan->frames[scan->depth - 1];
  const char* message = frame->descriptor->short_name;
  if (field && field->known) {
    return olstm_fail(scan->error, code, "byte %zu: %s.%s: %s", at, message,
                      field->known->name, what);
  }
  if (field) {
    return olstm_fail(scan->error, code, "byte %zu: %s, field %" PRIu32 ": %s", at,
                      message, field->number, what);
  }
  return olstm_fail(scan->error, code, "byte %zu: %s: %s", at, message, what);
}

static olstm_status count_memory(scanner* scan, size_t bytes) {
  if (!olstm_size_add(scan->counts.memory, bytes, &scan->counts.memory)) {
    scan->counts.memory = SIZE_MAX;
  }
  if (scan->counts.memory <= scan->limits->max_memory) return OLSTM_STATUS_OK;
  return olstm_fail(scan->error, OLSTM_STATUS_LIMIT_EXCEEDED,
                    "unpacking takes more than max_memory=%zu bytes (counted up to byte "
                    "%zu)",
                    scan->limits->max_memory, (size_t)(scan->at - scan->start));
}

/// Reads a varint. False when it does not end before `end`, or is too long.
static bool read_varint(const uint8_t** at, const uint8_t* end, size_t max_bytes,
                        uint64_t* out_value) {
  uint64_t value = 0;
  for (size_t i = 0; i < max_bytes && *at + i < end; i++) {
    const uint8_t byte = (*at)[i];
    value |= (uint64_t)(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      *at += i + 1;
      *out_value = value;
      return true;
    }
  }
  return false;
}

static olstm_status read_tag(scanner* scan, scan_field* field) {
  const scan_frame* frame = &scan->frames[scan->depth - 1];
  uint64_t tag = 0;
  if (!read_varint(&scan->at, frame->end, kMaxTagBytes, &tag) || tag > UINT32_MAX) {
    return fail_at(scan, NULL, OLSTM_STATUS_INVALID_MODEL, "a field's tag is broken");
  }
  field->number = (uint32_t)(tag >> 3);
  field->wire_type = (ProtobufCWireType)(tag & 7);
  field->known = NULL;
  if (field->number == 0) {
    return fail_at(scan, NULL, OLSTM_STATUS_INVALID_MODEL, "a field has number 0");
  }
  field->known =
      protobuf_c_message_descriptor_get_field(frame->descriptor, field->number);
  if (field->known) {
    field->known_index = (size_t)(field->known - frame->descriptor->fields);
  }
  return OLSTM_STATUS_OK;
}

/// The wire type of single values of a known field.
static ProtobufCWireType wire_type_of(ProtobufCType type) {
  switch (type) {
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
      return PROTOBUF_C_WIRE_TYPE_32BIT;
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
      return PROTOBUF_C_WIRE_TYPE_64BIT;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
      return PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
    default:
      return PROTOBUF_C_WIRE_TYPE_VARINT;
  }
}

/// Bytes of one element in the array that protobuf-c makes for a repeated field.
static size_t element_bytes(ProtobufCType type) {
  switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
      return 8;
    case PROTOBUF_C_TYPE_BYTES:
      return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
      return sizeof(void*);
    default:
      return 4;
  }
}

/// Checks a field's wire type against the schema, and that a field that is not repeated
/// occurs once.
static olstm_status check_field(scanner* scan, const scan_field* field) {
  scan_frame* frame = &scan->frames[scan->depth - 1];
  const ProtobufCFieldDescriptor* known = field->known;
  switch (field->wire_type) {
    case PROTOBUF_C_WIRE_TYPE_VARINT:
    case PROTOBUF_C_WIRE_TYPE_64BIT:
    case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
    case PROTOBUF_C_WIRE_TYPE_32BIT:
      break;
    default:
      return fail_at(scan, field, OLSTM_STATUS_INVALID_MODEL,
                     "has a wire type that does not exist");
  }
  if (!known) return OLSTM_STATUS_OK;
  const bool repeated = known->label == PROTOBUF_C_LABEL_REPEATED;
  if (field->wire_type != wire_type_of(known->type) &&
      !(repeated && field->wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)) {
    return fail_at(scan, field, OLSTM_STATUS_INVALID_MODEL,
                   "has the wire type of another kind of field");
  }
  if (repeated) return OLSTM_STATUS_OK;
  // The members of a oneof share storage: the first of them stands for all.
  size_t index = field->known_index;
  if ((known->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
    for (index = 0; frame->descriptor->fields[index].quantifier_offset !=
                    known->quantifier_offset;) {
      index++;
    }
  }
  if (index >= kMaxKnownFields) {
    return fail_at(scan, field, OLSTM_STATUS_LIMIT_EXCEEDED,
                   "the schema has too many fields");
  }
  const uint64_t bit = UINT64_C(1) << (index % 64);
  if ((frame->seen[index / 64] & bit) != 0) {
    return fail_at(scan, field, OLSTM_STATUS_INVALID_MODEL, "is given twice");
  }
  frame->seen[index / 64] |= bit;
  return OLSTM_STATUS_OK;
}

/// Counts the values of a packed field; the last one must be complete.
static olstm_status scan_packed(scanner* scan, const scan_field* field,
                                const uint8_t* end) {
  const ProtobufCWireType wire_type = wire_type_of(field->known->type);
  const size_t bytes = (size_t)(end - scan->at);
  size_t count = 0;
  if (wire_type == PROTOBUF_C_WIRE_TYPE_VARINT) {
    uint64_t value = 0;
    while (scan->at < end) {
      if (!read_varint(&scan->at, end, kMaxVarintBytes, &value)) {
        return fail_at(scan, field, OLSTM_STATUS_INVALID_MODEL, "a number is broken");
      }
      count++;
    }
  } else {
    const size_t size = wire_type == PROTOBUF_C_WIRE_TYPE_32BIT ? 4 : 8;
    if (bytes % size != 0) {
      return fail_at(scan, field, OLSTM_STATUS_INVALID_MODEL,
                     "the length is no multiple of its elements'");
    }
    count = bytes / size;
  }
  scan->at = end;
  // The count is below the number of bytes in memory, so the product fits.
  return count_memory(scan, count * element_bytes(field->known->type));
}

static olstm_status open_message(scanner* scan, const scan_field* field,
                                 const ProtobufCMessageDescriptor* descriptor,
                                 const uint8_t* end) {
  if (scan->depth >= scan->limits->max_depth) {
    return fail_at(scan, field, OLSTM_STATUS_LIMIT_EXCEEDED,
                   "messages are nested deeper than max_depth");
  }
  scan_frame* frame = &scan->frames[scan->depth++];
  memset(frame, 0, sizeof *frame);
  frame->descriptor = descriptor;
  frame->end = end;
  if (scan->depth > scan->counts.depth) scan->counts.depth = scan->depth;
  scan->counts.message_count++;
  return count_memory(scan, olstm__budget_cost(descriptor->sizeof_message));
}

static olstm_status scan_length_prefixed(scanner* scan, const scan_field* field) {
  const uint8_t* message_end = scan->frames[scan->depth - 1].end;
  const ProtobufCFieldDescriptor* known = field->known;
  uint64_t length = 0;
  if (!read_varint(&scan->at, message_end, kMaxTagBytes, &length)) {
    return fail_at(scan, field, OLSTM_STATUS_INVALID_MODEL, "its length is broken");
  }
  if (length > (uint64_t)(message_end - scan->at) || length > INT32_MAX) {
    return fail_at(scan, field, OLSTM_STATUS_INVALID_MODEL,
                   "its length runs past the end (is the file cut short?)");
  }
  const uint8_t* end = scan->at + length;
  if (!known || known->type == PROTOBUF_C_TYPE_STRING ||
      known->type == PROTOBUF_C_TYPE_BYTES) {
    if (known && known->type == PROTOBUF_C_TYPE_STRING && length > 0 &&
        memchr(scan->at, 0, length)) {
      return fail_at(scan, field, OLSTM_STATUS_INVALID_MODEL,
                     "is text with a zero byte in it");
    }
    scan->at = end;
    return count_memory(scan, olstm__budget_cost((size_t)length + kMaxTagBytes));
  }
  if (known->type == PROTOBUF_C_TYPE_MESSAGE) {
    return open_message(scan, field, known->descriptor, end);
  }
  return scan_packed(scan, field, end);
}

static olstm_status scan_field_value(scanner* scan, const scan_field* field) {
  const uint8_t* end = scan->frames[scan->depth - 1].end;
  uint64_t value = 0;
  scan->counts.field_count++;
  if (!field->known) {
    OLSTM_RETURN_IF_ERROR(
        count_memory(scan, sizeof(ProtobufCMessageUnknownField) + olstm__budget_cost(1)));
  } else if (field->known->label == PROTOBUF_C_LABEL_REPEATED) {
    OLSTM_RETURN_IF_ERROR(count_memory(scan, element_bytes(field->known->type)));
  }
  if (field->wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) {
    return scan_length_prefixed(scan, field);
  }
  if (field->wire_type == PROTOBUF_C_WIRE_TYPE_VARINT) {
    if (!read_varint(&scan->at, end, kMaxVarintBytes, &value)) {
      return fail_at(scan, field, OLSTM_STATUS_INVALID_MODEL, "a number is broken");
    }
    return OLSTM_STATUS_OK;
  }
  const size_t bytes = field->wire_type == PROTOBUF_C_WIRE_TYPE_32BIT ? 4 : 8;
  if ((size_t)(end - scan->at) < bytes) {
    return fail_at(scan, field, OLSTM_STATUS_INVALID_MODEL,
                   "a number runs past the end (is the file cut short?)");
  }
  scan->at += bytes;
  return OLSTM_STATUS_OK;
}

static olstm_status scan_all(scanner* scan, const ProtobufCMessageDescriptor* descriptor,
                             const uint8_t* end) {
  OLSTM_RETURN_IF_ERROR(open_message(scan, NULL, descriptor, end));
  while (scan->depth > 0) {
    scan_field field = {0};
    if (scan->at == scan->frames[scan->depth - 1].end) {
      scan->depth--;
      continue;
    }
    OLSTM_RETURN_IF_ERROR(read_tag(scan, &field));
    OLSTM_RETURN_IF_ERROR(check_field(scan, &field));
    OLSTM_RETURN_IF_ERROR(scan_field_value(scan, &field));
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__wire_scan(const ProtobufCMessageDescriptor* descriptor,
                              const uint8_t* bytes, size_t byte_count,
                              const olstm__wire_limits* limits,
                              const olstm_allocator* allocator,
                              olstm__wire_counts* out_counts, olstm_error* error) {
  scanner scan = {.start = bytes, .at = bytes, .limits = limits, .error = error};
  if (out_counts) memset(out_counts, 0, sizeof *out_counts);
  scan.frames = olstm_allocate(allocator, limits->max_depth, sizeof *scan.frames);
  if (!scan.frames) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory to check the bytes");
  }
  const olstm_status status = scan_all(&scan, descriptor, bytes + byte_count);
  olstm_release(allocator, scan.frames, limits->max_depth, sizeof *scan.frames);
  if (out_counts) *out_counts = scan.counts;
  return status;
}
