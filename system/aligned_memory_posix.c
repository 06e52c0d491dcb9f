#include <stdlib.h>

#include "system/aligned_memory.h"

void* olstm__aligned_allocate(size_t alignment, size_t bytes) {
  return aligned_alloc(alignment, bytes);
}

void olstm__aligned_release(void* memory) {
  free(memory);
}
