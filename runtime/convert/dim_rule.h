// A walk with a dimension through a model (dim_place.h), and what its rules share: each
// says where the dimension is in what a node makes of it, or why it cannot be opened
// there.
#ifndef OLSTM_RUNTIME_CONVERT_DIM_RULE_H_
#define OLSTM_RUNTIME_CONVERT_DIM_RULE_H_

#include "runtime/graph/graph.h"

/// Where the dimension is in a value: a part of dimension `axis`, behind which `inner`
/// elements of that dimension lie (T of [N*T,F]). axis -1: nowhere.
typedef struct olstm__dim_place {
  int32_t axis;
  int64_t inner;
} olstm__dim_place;

typedef enum olstm__dim_fix_kind {
  /// Input 1 is a shape whose element `index` has the size in it, `factor` times: it
  /// becomes 0 or -1, where that says it, or is computed.
  OLSTM__DIM_FIX_RESHAPE,
  /// The node is a Reshape that swaps two dimensions, one of which is 1, and becomes a
  /// Transpose.
  OLSTM__DIM_FIX_TRANSPOSE,
  /// Input 2 lists where a Slice ends; element `index` becomes the end of the dimension.
  OLSTM__DIM_FIX_SLICE,
  /// Input 1 is a shape to expand to whose element `index` becomes 1.
  OLSTM__DIM_FIX_EXPAND,
  /// Input `slot` is a constant that has the size in dimension `index`: it gets 1, where
  /// its rows are equal, which is broadcast;
  OLSTM__DIM_FIX_ONE_ROW,
  /// or is repeated as often as it takes.
  OLSTM__DIM_FIX_REPEAT,
  /// As REPEAT; where it is all 0, it goes.
  OLSTM__DIM_FIX_INITIAL,
  /// Input `slot` says what is so without it, and goes.
  OLSTM__DIM_FIX_ABSENT,
  /// The node is a Reshape whose input has the dimension, of size 1, behind others, and
  /// whose output has it in front: input 0 gets a Transpose that brings dimension `index`
  /// to the front.
  OLSTM__DIM_FIX_FRONT
} olstm__dim_fix_kind;

typedef struct olstm__dim_fix {
  olstm__dim_fix_kind kind;
  int32_t node;
  size_t slot;
  int64_t index;
  int64_t factor;
} olstm__dim_fix;

/// One walk. Zeroed, but for the first fields; memory of `memory`.
typedef struct olstm__dim_walkthrough {
  const olstm__graph* graph;
  /// Per value, with the dimension at `size`; dtype UNDEFINED where it is not known.
  const olstm_tensor_desc* descs;
  int64_t size;
  /// Whether the size is baked in nowhere, and `size` stands for any.
  bool is_open;
  olstm__arena* memory;
  /// Per value; to be set for inputs before.
  olstm__dim_place* places;
  /// What has to be done.
  olstm__dim_fix* fixes;
  size_t fix_count, fix_capacity;
  /// Why the dimension cannot be opened: the node, and the end of a sentence.
  const olstm__graph_node* obstacle;
  const char* reason;
} olstm__dim_walkthrough;

/// What a rule found: the place in the first output, and in others where it is the same;
/// or a reason. Both are absent when there is no memory, which the walk's arena records.
typedef struct olstm__dim_result {
  olstm__dim_place place;
  const char* reason;
} olstm__dim_result;

typedef olstm__dim_result olstm__dim_rule(olstm__dim_walkthrough* walk,
                                          const olstm__graph_node* node);

extern const olstm__dim_place olstm__dim_nowhere;

olstm__dim_result olstm__dim_at(int32_t axis, int64_t inner);

/// reason: the end of a sentence; NULL when there is no memory.
olstm__dim_result olstm__dim_refuse(const char* reason);

/// Whether a value has the dimension.
bool olstm__dim_has(const olstm__dim_walkthrough* walk, int32_t value);

/// The shape of a value; dtype UNDEFINED where it is absent or not known.
const olstm_tensor_desc* olstm__dim_desc(const olstm__dim_walkthrough* walk,
                                         int32_t value);

/// Notes what is to be done. False when there is no memory.
bool olstm__dim_add_fix(olstm__dim_walkthrough* walk, olstm__dim_fix_kind kind,
                        const olstm__graph_node* node, size_t slot, int64_t index,
                        int64_t factor);

/// The rule of an operator of ONNX's that moves, joins, cuts or reduces; NULL for others.
olstm__dim_rule* olstm__dim_shape_rule(const olstm__graph_node* node);

#endif  // OLSTM_RUNTIME_CONVERT_DIM_RULE_H_
