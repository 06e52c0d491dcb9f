#include "op/gather/index_list.h"

olstm_status olstm__index_fail(const olstm__op_base* base, olstm_error* error,
                               size_t input, size_t position, int64_t value,
                               int64_t dim) {
  if (dim == 0) {
    return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_VALUE,
                          "input '%s' has %" PRId64
                          " at position %zu, but there is nothing to index",
                          base->node->input_names[input], value, position);
  }
  return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_VALUE,
                        "input '%s' has %" PRId64 " at position %zu, expected %" PRId64
                        "..%" PRId64,
                        base->node->input_names[input], value, position, -dim, dim - 1);
}

olstm_status olstm__index_fail_first(const olstm__op_base* base, olstm_error* error,
                                     const void* indices, bool is_wide, int64_t dim) {
  for (size_t i = 0;; i++) {
    const int64_t asked = olstm__index_get(indices, is_wide, i);
    int64_t index = asked;
    if (!olstm__index_wrap(&index, dim)) {
      return olstm__index_fail(base, error, 1, i, asked, dim);
    }
  }
}
