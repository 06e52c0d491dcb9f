// The largest of a row of ordered keys, in order. Keys are integers whose order is that
// of the values they stand for; equal ones go to the lower index.
#ifndef OLSTM_OP_REDUCE_TOPK_SELECT_H_
#define OLSTM_OP_REDUCE_TOPK_SELECT_H_

#include "op/elementwise/compute_type.h"

/// Bytes of workspace that olstm__topk_select needs for `k` of `count` keys.
size_t olstm__topk_workspace(olstm__compute_type compute_type, int64_t count, int64_t k);

/// Writes the keys of `count` values, which are as wide, to `keys`, `step` keys apart.
/// NaN is larger than all numbers, and -0 equals 0. Where the least values are wanted,
/// keys are in reverse order. [no-alloc]
void olstm__topk_make_keys(olstm__compute_type compute_type, bool wants_smallest,
                           int64_t count, const void* values, void* keys);

/// indices[0..k) = those of the k > 0 largest of `count` >= k keys, `step` apart.
/// [no-alloc]
void olstm__topk_select(olstm__compute_type compute_type, int64_t count, const void* keys,
                        int64_t k, void* workspace, int64_t* indices, int64_t step);

#endif  // OLSTM_OP_REDUCE_TOPK_SELECT_H_
