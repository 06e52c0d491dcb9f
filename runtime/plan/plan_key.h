// What a plan is told from others by: descs, and the values of small inputs that stay
// what they are.
#ifndef OLSTM_RUNTIME_PLAN_PLAN_KEY_H_
#define OLSTM_RUNTIME_PLAN_PLAN_KEY_H_

#include "olstm/tensor.h"

/// Inputs of a body whose values are known for good are part of a plan's key up to so
/// many bytes each.
enum { OLSTM__PLAN_KEY_BYTES = 256 };

/// The data by which a plan is told from others, NULL when the value does not count.
static inline const void* olstm__plan_key_data(const olstm_tensor* input) {
  size_t bytes = 0;
  if (!input->data || !olstm_tensor_desc_bytes(&input->desc, &bytes)) return NULL;
  return bytes <= OLSTM__PLAN_KEY_BYTES ? input->data : NULL;
}

#endif  // OLSTM_RUNTIME_PLAN_PLAN_KEY_H_
