// The largest or least of integers, in their own type.
#ifndef OLSTM_OP_REDUCE_REDUCE_MOST_H_
#define OLSTM_OP_REDUCE_REDUCE_MOST_H_

#include "op/reduce/reduce_axes.h"

/// Whether the walk is one that olstm__reduce_most_run computes: MAX or MIN of integers
/// or bools, of sets that are not empty.
bool olstm__reduce_most_serves(const olstm__reduce_walk* walk);

/// [no-alloc]
void olstm__reduce_most_run(const olstm__reduce_walk* walk, const char* x, char* y);

/// The largest (or least) of `count` > 0 elements of 8 bits. [no-alloc]
uint8_t olstm__reduce_most_byte(olstm_dtype dtype, bool wants_least, int64_t count,
                                const uint8_t* x);

#endif  // OLSTM_OP_REDUCE_REDUCE_MOST_H_
