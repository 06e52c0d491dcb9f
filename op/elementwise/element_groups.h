// Runs the loops of element_blocks.h over arrays of any length.
#ifndef OLSTM_OP_ELEMENTWISE_ELEMENT_GROUPS_H_
#define OLSTM_OP_ELEMENTWISE_ELEMENT_GROUPS_H_

#include <stdbool.h>

#include "op/elementwise/element_blocks.h"

/// y[i] = f(a[i * a_step], b[i * b_step]) for i < count; steps are 0 or 1. y may be a or
/// b. [no-alloc]
void olstm__binary_groups_run(olstm__binary_loop loop, int64_t count, const void* a,
                              int64_t a_step, const void* b, int64_t b_step, void* y);

enum { OLSTM__REPEAT_SLACK = 32 };

/// y[i] = *x for i < count and elements of `bytes`. Writes up to OLSTM__REPEAT_SLACK
/// bytes beyond y. [no-alloc]
void olstm__repeat_element(size_t bytes, const void* x, int64_t count, void* y);

/// y[i] = f(x[i]) for i < count; y may be x. [no-alloc]
void olstm__unary_groups_run(olstm__unary_loop loop, int64_t count, const void* x,
                             void* y);

/// y[i] = x[i], but from *low to *high, which wins, for i < count bytes; y may be x.
/// [no-alloc]
void olstm__clip_groups_run(bool is_signed, int64_t count, const void* x, const void* low,
                            const void* high, void* y);

/// C [rows,n] = A [rows,k] B [k,n] of integers that wrap. [no-alloc]
void olstm__product_i32_run(int64_t rows, int64_t k, int64_t n, const uint32_t* a,
                            const uint32_t* b, uint32_t* c);

/// An operand, and whether it is one number.
typedef struct olstm__where_operand {
  const void* data;
  int64_t step;
} olstm__where_operand;

/// y[i] = mask[i] ? a[i] : b[i] for i < count and elements of `bytes`; y may be an
/// operand. [no-alloc]
void olstm__where_groups_run(size_t bytes, int64_t count,
                             const olstm__where_operand* mask,
                             const olstm__where_operand* a, const olstm__where_operand* b,
                             void* y);

#endif  // OLSTM_OP_ELEMENTWISE_ELEMENT_GROUPS_H_
