// The part of a plan key that is data: values of small inputs that are the same in every
// run.
#ifndef OLSTM_RUNTIME_PLAN_PLAN_KEY_H_
#define OLSTM_RUNTIME_PLAN_PLAN_KEY_H_

#include "olstm/tensor.h"

/// The most bytes of one input whose value is part of a plan key.
enum { OLSTM__PLAN_KEY_BYTES = 256 };

/// The data that belongs to the plan key; NULL when the value does not.
static inline const void* olstm__plan_key_data(const olstm_tensor* input) {
  size_t bytes = 0;
  if (!input->data || !olstm_tensor_desc_bytes(&input->desc, &bytes)) return NULL;
  return bytes <= OLSTM__PLAN_KEY_BYTES ? input->data : NULL;
}

#endif  // OLSTM_RUNTIME_PLAN_PLAN_KEY_H_
