// Dimensions as symbols: whether two dimensions of a graph are the same whatever inputs
// come. Knows the shapes of the operators that stand between a graph's inputs and its
// recurrent layers; any other operator's dimensions are symbols of their own, so that an
// answer may be "not known to be the same", never wrong.
#ifndef OLSTM_RUNTIME_FUSE_FUSE_DIMS_H_
#define OLSTM_RUNTIME_FUSE_FUSE_DIMS_H_

#include "runtime/graph/graph.h"

/// A number, or dimension `axis` of value `root`.
typedef struct olstm__dim_symbol {
  /// NO_VALUE for a number.
  int32_t root;
  int32_t axis;
  int64_t number;
} olstm__dim_symbol;

/// Dimension `axis` (not negative) of a value.
olstm__dim_symbol olstm__dim_symbol_of(const olstm__graph* graph, int32_t value,
                                       int32_t axis);

/// The rank of a value as far as inputs, constants and operators tell; -1 when they do
/// not.
int32_t olstm__dim_rank_of(const olstm__graph* graph, int32_t value);

/// What a scalar (or a tensor of one element) computed from shapes stands for. False when
/// it is anything else.
bool olstm__dim_symbol_of_scalar(const olstm__graph* graph, int32_t value,
                                 olstm__dim_symbol* out_symbol);

/// Whether a state [N,H] is known to have one row where a sequence, whose dimension
/// `row_axis` counts rows, is not: sums broadcast it, and a recurrent node does not. The
/// state may be NO_VALUE.
bool olstm__dim_is_broadcast(const olstm__graph* graph, int32_t sequence,
                             int32_t row_axis, int32_t state);

bool olstm__dim_symbol_equal(const olstm__dim_symbol* a, const olstm__dim_symbol* b);

#endif  // OLSTM_RUNTIME_FUSE_FUSE_DIMS_H_
