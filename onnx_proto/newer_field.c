#include "onnx_proto/newer_field.h"

#include "onnx_proto/wire_scan.h"

/// The payload of an unknown length-delimited field.
static const uint8_t* payload(const ProtobufCMessageUnknownField* field,
                              size_t* out_count) {
  size_t prefix = 0;
  while (prefix < field->len && (field->data[prefix] & 0x80) != 0) prefix++;
  if (prefix < field->len) prefix++;
  *out_count = field->len - prefix;
  return field->data + prefix;
}

/// The next unknown field of that number, starting at *index, or NULL.
static const ProtobufCMessageUnknownField* next_unknown(const ProtobufCMessage* message,
                                                        uint32_t number,
                                                        unsigned* index) {
  while (*index < message->n_unknown_fields) {
    const ProtobufCMessageUnknownField* field = &message->unknown_fields[(*index)++];
    if (field->tag == number &&
        field->wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) {
      return field;
    }
  }
  return NULL;
}

olstm_status olstm__newer_string(olstm__decoder* decoder, const ProtobufCMessage* message,
                                 uint32_t number, const char** out_text) {
  const ProtobufCFieldDescriptor* known =
      protobuf_c_message_descriptor_get_field(message->descriptor, number);
  *out_text = "";
  if (known) {
    assert(known->type == PROTOBUF_C_TYPE_STRING);
    const char* text = NULL;
    memcpy(&text, (const char*)message + known->offset, sizeof text);
    *out_text = olstm__text(text);
    return OLSTM_STATUS_OK;
  }
  unsigned index = 0;
  const ProtobufCMessageUnknownField* field = next_unknown(message, number, &index);
  if (!field) return OLSTM_STATUS_OK;
  if (next_unknown(message, number, &index)) {
    return olstm_fail(decoder->error, OLSTM_STATUS_INVALID_MODEL,
                      "%s: field %u is given twice", message->descriptor->short_name,
                      (unsigned)number);
  }
  size_t count = 0;
  const uint8_t* bytes = payload(field, &count);
  if (count > 0 && memchr(bytes, 0, count)) {
    return olstm_fail(decoder->error, OLSTM_STATUS_INVALID_MODEL,
                      "%s: field %u is text with a zero byte in it",
                      message->descriptor->short_name, (unsigned)number);
  }
  *out_text = olstm__arena_copy(decoder->scratch, (const char*)bytes, count);
  return *out_text ? OLSTM_STATUS_OK
                   : olstm__memory_fail(decoder->scratch, decoder->error);
}

/// Unpacks attributes from unknown fields, with the same checks and limits as the file.
static olstm_status unpack_attributes(olstm__decoder* decoder,
                                      const ProtobufCMessage* message, uint32_t number,
                                      const olstm__attribute_proto** items) {
  unsigned index = 0;
  for (size_t i = 0;; i++) {
    const ProtobufCMessageUnknownField* field = next_unknown(message, number, &index);
    if (!field) return OLSTM_STATUS_OK;
    size_t count = 0;
    const uint8_t* bytes = payload(field, &count);
    // Nesting: model, function, attribute.
    const olstm__wire_limits limits = {
        .max_depth = decoder->max_depth - 2,
        .max_memory = decoder->budget->limit - decoder->budget->used};
    OLSTM_RETURN_IF_ERROR(olstm__wire_scan(&onnx__attribute_proto__descriptor, bytes,
                                           count, &limits, decoder->allocator, NULL,
                                           decoder->error));
    const ProtobufCMessage* unpacked = NULL;
    OLSTM_RETURN_IF_ERROR(olstm__budget_unpack(decoder->budget,
                                               &onnx__attribute_proto__descriptor, bytes,
                                               count, &unpacked, decoder->error));
    items[i] = (const olstm__attribute_proto*)unpacked;
  }
}

olstm_status olstm__newer_attributes(olstm__decoder* decoder,
                                     const ProtobufCMessage* message, uint32_t number,
                                     const olstm__attribute_proto* const** out_items,
                                     size_t* out_count) {
  const ProtobufCFieldDescriptor* known =
      protobuf_c_message_descriptor_get_field(message->descriptor, number);
  *out_items = NULL;
  *out_count = 0;
  if (known) {
    assert(known->descriptor == &onnx__attribute_proto__descriptor);
    memcpy(out_count, (const char*)message + known->quantifier_offset, sizeof *out_count);
    memcpy(out_items, (const char*)message + known->offset, sizeof *out_items);
    return OLSTM_STATUS_OK;
  }
  size_t count = 0;
  unsigned index = 0;
  while (next_unknown(message, number, &index)) count++;
  if (count == 0) return OLSTM_STATUS_OK;
  const olstm__attribute_proto** items =
      olstm__arena_allocate(decoder->scratch, count, sizeof *items);
  if (!items) return olstm__memory_fail(decoder->scratch, decoder->error);
  OLSTM_RETURN_IF_ERROR(unpack_attributes(decoder, message, number, items));
  *out_items = items;
  *out_count = count;
  return OLSTM_STATUS_OK;
}
