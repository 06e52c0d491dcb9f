#include <unistd.h>

#include "system/random_bytes.h"

bool olstm__random_bytes(void* out_bytes, size_t byte_count) {
  return getentropy(out_bytes, byte_count) == 0;
}
