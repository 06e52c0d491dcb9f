// Symbolic dimensions: whether two dimensions of a graph are equal for all inputs. Knows
// the shapes of the operators between a graph's inputs and its recurrent layers; each
// dimension of any other operator is a new symbol. So equal dimensions may be reported as
// unequal, never the reverse.
#ifndef OLSTM_RUNTIME_FUSE_FUSE_DIMS_H_
#define OLSTM_RUNTIME_FUSE_FUSE_DIMS_H_

#include "runtime/graph/graph.h"

/// A known number, or dimension `axis` of value `root`.
typedef struct olstm__dim_symbol {
  /// NO_VALUE for a number.
  int32_t root;
  int32_t axis;
  int64_t number;
} olstm__dim_symbol;

/// The symbol of dimension `axis` (>= 0) of a value.
olstm__dim_symbol olstm__dim_symbol_of(const olstm__graph* graph, int32_t value,
                                       int32_t axis);

/// The rank of a value, derived from inputs, constants and operators; -1 when unknown.
int32_t olstm__dim_rank_of(const olstm__graph* graph, int32_t value);

/// The symbol of a scalar, or tensor of one element, that is computed from shapes. False
/// when it is computed from anything else.
bool olstm__dim_symbol_of_scalar(const olstm__graph* graph, int32_t value,
                                 olstm__dim_symbol* out_symbol);

bool olstm__dim_symbol_equal(const olstm__dim_symbol* a, const olstm__dim_symbol* b);

#endif  // OLSTM_RUNTIME_FUSE_FUSE_DIMS_H_
