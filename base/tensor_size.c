#include "base/tensor_size.h"

#include "olstm/allocator.h"

size_t olstm__desc_bytes(const olstm_tensor_desc* desc) {
  size_t bytes = 0;
  return olstm_tensor_desc_bytes(desc, &bytes) ? bytes : 0;
}

void* olstm__empty_tensor_data(void) {
  static _Alignas(OLSTM_ALIGNMENT) char nothing[OLSTM_ALIGNMENT];
  return nothing;
}
