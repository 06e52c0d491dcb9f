#include "op/shape/move_bytes.h"

#define OMP_SIMD _Pragma("omp simd")
// Elements may be unaligned: two floats as eight bytes.
#define FILL(TYPE)                                                          \
  do {                                                                      \
    TYPE element;                                                           \
    memcpy(&element, value, sizeof element);                                \
    OMP_SIMD                                                                \
    for (size_t i = 0; i < count; i++) {                                    \
      memcpy((char*)target + i * sizeof element, &element, sizeof element); \
    }                                                                       \
  } while (0)

void olstm__fill_elements(void* target, size_t count, size_t element_bytes,
                          const void* value) {
  switch (element_bytes) {
    case 1:
      if (count) memset(target, *(const uint8_t*)value, count);
      break;
    case 2:
      FILL(uint16_t);
      break;
    case 4:
      FILL(uint32_t);
      break;
    default:
      FILL(uint64_t);
      break;
  }
}
