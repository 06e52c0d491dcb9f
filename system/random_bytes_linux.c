#include <sys/random.h>

#include "system/random_bytes.h"

bool olstm__random_bytes(void* out_bytes, size_t byte_count) {
  return getrandom(out_bytes, byte_count, GRND_NONBLOCK) == (ssize_t)byte_count;
}
