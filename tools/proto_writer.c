// See proto_writer.h.
#include "tools/proto_writer.h"

#include <stdlib.h>
#include <string.h>

void olstm__proto_bytes(olstm__proto* proto, const void* bytes, size_t count) {
  if (proto->failed || count == 0) return;
  if (proto->count + count > proto->capacity) {
    const size_t capacity = 2 * (proto->count + count);
    unsigned char* grown = realloc(proto->data, capacity);
    if (!grown) {
      proto->failed = true;
      return;
    }
    proto->data = grown;
    proto->capacity = capacity;
  }
  memcpy(proto->data + proto->count, bytes, count);
  proto->count += count;
}

static void put_varint(olstm__proto* proto, uint64_t value) {
  unsigned char byte = 0;
  for (; value >= 0x80; value >>= 7) {
    byte = (unsigned char)(value | 0x80);
    olstm__proto_bytes(proto, &byte, 1);
  }
  byte = (unsigned char)value;
  olstm__proto_bytes(proto, &byte, 1);
}

void olstm__proto_int(olstm__proto* proto, unsigned field, int64_t value) {
  put_varint(proto, field << 3);
  put_varint(proto, (uint64_t)value);
}

void olstm__proto_float(olstm__proto* proto, unsigned field, float value) {
  put_varint(proto, field << 3 | 5);
  olstm__proto_bytes(proto, &value, sizeof value);
}

void olstm__proto_block(olstm__proto* proto, unsigned field, const void* bytes,
                        size_t count) {
  put_varint(proto, field << 3 | 2);
  put_varint(proto, count);
  olstm__proto_bytes(proto, bytes, count);
}

void olstm__proto_text(olstm__proto* proto, unsigned field, const char* text) {
  olstm__proto_block(proto, field, text, strlen(text));
}

void olstm__proto_message(olstm__proto* proto, unsigned field, olstm__proto* message) {
  olstm__proto_block(proto, field, message->data, message->count);
  proto->failed = proto->failed || message->failed;
  message->count = 0;
}
