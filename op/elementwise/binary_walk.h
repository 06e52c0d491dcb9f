// Runs a binary kernel over two broadcast operands. Shared by the binary and variadic
// operators, and by those that end in a scale and a shift.
#ifndef OLSTM_OP_ELEMENTWISE_BINARY_WALK_H_
#define OLSTM_OP_ELEMENTWISE_BINARY_WALK_H_

#include "op/elementwise/binary_kernel.h"
#include "op/elementwise/broadcast.h"

typedef struct olstm__binary_walk {
  olstm__broadcast plan;
  olstm__binary_kernel kernel;
  olstm__compute_type compute_type;
  olstm_dtype a_dtype;
  olstm_dtype b_dtype;
  olstm_dtype y_dtype;
  /// What the kernel writes: the compute type, or bool.
  bool gives_bool;
  /// Whether it takes bytes as they are stored.
  bool takes_bytes;
  bool is_power;
  /// For pieces of the plan's items; 0: what a sum takes.
  int64_t item_elements;
} olstm__binary_walk;

/// Plans y = code(a, b) in `compute_type`; both must fit y, and the compute type must
/// have the kernel.
void olstm__binary_walk_init(olstm__binary_walk* walk, olstm__binary_code code,
                             olstm__compute_type compute_type, const olstm_tensor_desc* a,
                             const olstm_tensor_desc* b, const olstm_tensor_desc* y);

/// Computes, in pieces for `parallel` (NULL for one thread); y may be an operand with y's
/// own desc. False when a divisor was 0. [no-alloc]
bool olstm__binary_walk_run(const olstm__binary_walk* walk,
                            const olstm_parallel* parallel, const void* a, const void* b,
                            void* y);

#endif  // OLSTM_OP_ELEMENTWISE_BINARY_WALK_H_
