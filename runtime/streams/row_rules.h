// Whether a node keeps the rows of a batch apart. Knows operators by their traits, and
// what shapes its values have with two batch sizes; row_trace.h walks through graphs.
#ifndef OLSTM_RUNTIME_STREAMS_ROW_RULES_H_
#define OLSTM_RUNTIME_STREAMS_ROW_RULES_H_

#include "runtime/plan/plan.h"

/// The two batch sizes that shapes are compared at. Primes: what they divide is known to
/// be the batch.
enum { OLSTM__TRACE_ROWS_A = 5, OLSTM__TRACE_ROWS_B = 7 };

/// A value of a graph, as the two batch sizes have it.
typedef struct olstm__row_value {
  /// dtype UNDEFINED where only data can tell the shape; absent values have rank -1.
  olstm_tensor_desc at[2];
  /// 0: the same for all rows. Else the value depends on rows, whose batch lies in one
  /// dimension: `before` is how many elements of that dimension lie outside of the batch
  /// (T of [T*N,H]); 1 where it is the batch alone.
  int64_t before;
  /// Its elements depend on the number of rows (a shape, and what is computed of it),
  /// which before = 0 does not exclude.
  bool is_sized;
} olstm__row_value;

/// What a node does to rows.
typedef enum olstm__row_verdict {
  /// Apart: `before` of the outputs is set.
  OLSTM__ROWS_APART,
  /// Cannot be told; the text says why.
  OLSTM__ROWS_UNKNOWN,
  /// Mixed; the text says how.
  OLSTM__ROWS_MIXED
} olstm__row_verdict;

/// The dimension of a value that the batch is in: -1 when its shape is the same for both
/// batch sizes, -2 when it is in several, or in no multiple of the batch.
int32_t olstm__row_axis(const olstm__row_value* value);

/// Judges a node of kind OPERATOR that reads at least one value that depends on rows.
olstm__row_verdict olstm__row_judge(const olstm__program_node* node,
                                    const olstm__row_value* inputs,
                                    olstm__row_value* outputs, olstm_text* out_reason);

/// Whether an output of a node that reads nothing that depends on rows depends on their
/// number.
bool olstm__row_is_sized(const olstm__program_node* node, const olstm__row_value* inputs,
                         const olstm__row_value* output);

/// Whether a node's outputs have elements of its input, or of its shape, as they are: one
/// that is the same with both batch sizes does not depend on them.
bool olstm__row_picks(const olstm__program_node* node);

/// Whether a node draws random numbers.
bool olstm__row_is_random(const olstm__program_node* node);

#endif  // OLSTM_RUNTIME_STREAMS_ROW_RULES_H_
