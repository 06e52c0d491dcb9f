// Which values of a graph do not depend on the data of its inputs: constants, and what is
// computed of constants and shapes; and the data of which values matters.
#ifndef OLSTM_RUNTIME_CONVERT_FROZEN_VALUES_H_
#define OLSTM_RUNTIME_CONVERT_FROZEN_VALUES_H_

#include "runtime/graph/graph.h"

/// Per value of a graph. Init with olstm__frozen_values_init; memory of `memory`.
typedef struct olstm__frozen_values {
  const olstm__graph* graph;
  /// Whether it depends on the data of an input, or on chance.
  bool* has_data;
  /// Whether all of its elements are 0, whatever its shape.
  bool* is_zero;
} olstm__frozen_values;

/// The graph's order must be topological. False when there is no memory.
bool olstm__frozen_values_init(olstm__frozen_values* frozen, const olstm__graph* graph,
                               olstm__arena* memory);

/// Per value, whether an output of the graph depends on its data, and not on its shape
/// alone. Memory of `memory`; NULL when there is none.
bool* olstm__find_needed_data(const olstm__graph* graph, olstm__arena* memory);

/// The graph input whose elements a value has, moved only; NO_VALUE when it has others.
int32_t olstm__frozen_moved_input(const olstm__graph* graph, int32_t value);

#endif  // OLSTM_RUNTIME_CONVERT_FROZEN_VALUES_H_
