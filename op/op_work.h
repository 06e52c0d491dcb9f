// The work of operators as max_work counts it. A unit takes about an eighth of
// a nanosecond, at worst a third: three quarters of a machine instruction, or four
// multiply-adds of a product. tools/calibrate_work.py measures whether they do.
#ifndef OLSTM_OP_OP_WORK_H_
#define OLSTM_OP_OP_WORK_H_

#include "olstm/plugin.h"

/// a * b * c * d, saturated at UINT64_MAX: for an operator's `work`. None is negative.
uint64_t olstm__op_work(int64_t a, int64_t b, int64_t c, int64_t d);

/// Units of work of an operator that only copies the elements of `output`, in `pieces` of
/// neighbours.
uint64_t olstm__op_copy_work(const olstm_tensor_desc* output, int64_t pieces);

/// a + b, or UINT64_MAX.
static inline uint64_t olstm__op_work_sum(uint64_t a, uint64_t b) {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/// Units of reading or writing `count` elements.
uint64_t olstm__op_data_work(olstm_dtype dtype, int64_t count);

/// Units of reading each input once, writing each output once, and what the table says of
/// an element of `op_type`; besides, `row_units` for each of `rows`. For operators of any
/// name.
uint64_t olstm__op_element_work(const char* op_type, const olstm_prepare_args* args,
                                int64_t rows, int64_t row_units);

/// Units of each run of neighbours that operands are broadcast to, besides its elements.
int64_t olstm__op_run_units(const olstm_prepare_args* args);

/// The rows of the table, for tests: NULL from the last on.
const char* olstm__op_work_name(size_t index);

#endif  // OLSTM_OP_OP_WORK_H_
