// An Einsum as steps: its operands are multiplied two at a time, and a letter is summed
// as soon as nothing else needs it. Knows letters and where results lie, not how a step
// is computed.
#ifndef OLSTM_OP_DENSE_EINSUM_CONTRACT_H_
#define OLSTM_OP_DENSE_EINSUM_CONTRACT_H_

#include "op/dense/einsum_step.h"

enum { OLSTM__EINSUM_MAX_OPERANDS = 16 };

/// Letters of an equation: those of the output first, then those that are summed. An
/// operand that does not have a letter, or has it with size 1, has stride 0 there.
typedef struct olstm__einsum_equation {
  int32_t operand_count, output_rank, letter_count;
  char letters[OLSTM__EINSUM_MAX_LETTERS];
  int64_t dims[OLSTM__EINSUM_MAX_LETTERS];
  int64_t strides[OLSTM__EINSUM_MAX_OPERANDS][OLSTM__EINSUM_MAX_LETTERS];
  /// A bit for each letter of an operand, whatever its size.
  uint32_t has[OLSTM__EINSUM_MAX_OPERANDS];
} olstm__einsum_equation;

/// The steps, and the workspace: results take turns in buffers, behind which lies what a
/// step needs.
typedef struct olstm__einsum_contraction {
  int32_t step_count;
  size_t buffers[3];
  size_t step_offset;
  size_t workspace_bytes;
  uint64_t work;
  /// The multiply-adds of the largest step, rounded.
  double most_products;
  /// The caller's, of as many as olstm__einsum_most_steps says.
  olstm__einsum_step* steps;
} olstm__einsum_contraction;

/// Steps that a contraction of so many operands takes at most.
static inline size_t olstm__einsum_most_steps(size_t operand_count) {
  // Each operand may be summed before it meets another.
  return 2 * operand_count;
}

/// Plans the steps, into `self->steps`; no letter has size 0. The first operand goes with
/// the next that has letters in common with what it has become, whatever the sizes: an
/// element's bits do not depend on the size of a batch. False where a step has too many
/// products, which most_products tells, or where the workspace does not fit.
bool olstm__einsum_contract(olstm__einsum_contraction* self, olstm_dtype dtype,
                            const olstm__einsum_equation* equation);

/// Computes. [no-alloc]
void olstm__einsum_contraction_run(const olstm__einsum_contraction* self,
                                   const olstm_run_args* args);

#endif  // OLSTM_OP_DENSE_EINSUM_CONTRACT_H_
