#include <malloc.h>

#include "system/aligned_memory.h"

void* olstm__aligned_allocate(size_t alignment, size_t bytes) {
  return _aligned_malloc(bytes, alignment);
}

void olstm__aligned_release(void* memory) {
  _aligned_free(memory);
}
