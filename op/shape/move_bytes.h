// Copies of a few bytes without the cost of a call, and fills of elements.
#ifndef OLSTM_OP_SHAPE_MOVE_BYTES_H_
#define OLSTM_OP_SHAPE_MOVE_BYTES_H_

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/// memcpy that is quick for small counts and takes NULL for a count of 0. The two do not
/// overlap.
static inline void olstm__move_bytes(char* target, const char* source, size_t bytes) {
  if (bytes > 64) {
    memcpy(target, source, bytes);
  } else if (bytes >= 16) {
    for (size_t i = 0; i + 16 <= bytes; i += 16) memcpy(target + i, source + i, 16);
    memcpy(target + bytes - 16, source + bytes - 16, 16);
  } else if (bytes >= 8) {
    memcpy(target, source, 8);
    memcpy(target + bytes - 8, source + bytes - 8, 8);
  } else if (bytes >= 4) {
    memcpy(target, source, 4);
    memcpy(target + bytes - 4, source + bytes - 4, 4);
  } else {
    for (size_t i = 0; i < bytes; i++) target[i] = source[i];
  }
}

/// Writes `count` copies of the element of 1, 2, 4 or 8 bytes at `value`.
void olstm__fill_elements(void* target, size_t count, size_t element_bytes,
                          const void* value);

#endif  // OLSTM_OP_SHAPE_MOVE_BYTES_H_
