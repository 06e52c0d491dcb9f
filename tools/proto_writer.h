// Protobuf messages, written as they go, for the small models that the command makes up.
#ifndef OLSTM_TOOLS_PROTO_WRITER_H_
#define OLSTM_TOOLS_PROTO_WRITER_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Bytes that grow; zeroed before use, free(data) afterwards. Once memory ran out,
/// `failed` stays set and nothing is added.
typedef struct olstm__proto {
  unsigned char* data;
  size_t count;
  size_t capacity;
  bool failed;
} olstm__proto;

void olstm__proto_bytes(olstm__proto* proto, const void* bytes, size_t count);
void olstm__proto_int(olstm__proto* proto, unsigned field, int64_t value);
void olstm__proto_float(olstm__proto* proto, unsigned field, float value);
void olstm__proto_block(olstm__proto* proto, unsigned field, const void* bytes,
                        size_t count);
void olstm__proto_text(olstm__proto* proto, unsigned field, const char* text);

/// Puts a message into another one, and empties it for the next.
void olstm__proto_message(olstm__proto* proto, unsigned field, olstm__proto* message);

#endif  // OLSTM_TOOLS_PROTO_WRITER_H_
