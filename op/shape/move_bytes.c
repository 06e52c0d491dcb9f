#include "op/shape/move_bytes.h"

#define FILL(TYPE)                                            \
  do {                                                        \
    TYPE element;                                             \
    TYPE* elements = target;                                  \
    memcpy(&element, value, sizeof element);                  \
    for (size_t i = 0; i < count; i++) elements[i] = element; \
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
