// Sequences of tensors, as far as they can be tensors: what a pass knows of them while it
// follows them through the nodes that make and change them (fuse_sequence_ops.c) and
// through Loops (fuse_sequence.c).
#ifndef OLSTM_RUNTIME_FUSE_FUSE_SEQUENCE_PARTS_H_
#define OLSTM_RUNTIME_FUSE_FUSE_SEQUENCE_PARTS_H_

#include "runtime/graph/graph.h"

/// The most parts that all sequences of a model have.
enum { OLSTM__SEQUENCE_MOST_PARTS = 1 << 20 };

typedef enum olstm__part_kind {
  /// One tensor: `value`.
  OLSTM__PART_ONE,
  /// Tensors of one shape, stacked along `axis` of `value`.
  OLSTM__PART_STEPS,
  /// What a Loop's body is given: `value` is its input.
  OLSTM__PART_BEFORE
} olstm__part_kind;

typedef struct olstm__sequence_part {
  olstm__part_kind kind;
  int32_t value;
  int64_t axis;
  /// STEPS: whether each tensor has one dimension of 1 more, and where.
  bool has_kept;
  int64_t kept;
} olstm__sequence_part;

typedef struct olstm__sequence {
  size_t count, capacity;
  olstm__sequence_part* parts;
} olstm__sequence;

/// The pass over one graph.
typedef struct olstm__sequence_pass {
  olstm__graph* graph;
  /// What the first known_count values are; NULL for tensors. Values that are added
  /// meanwhile are tensors.
  int32_t known_count;
  olstm__sequence** known;
  /// Of a Loop's body: its iteration number, which is a scalar; NO_VALUE in other graphs.
  int32_t counter;
  /// How many parts may be made, by the passes over all graphs together.
  size_t* parts_left;
  olstm_error* error;
} olstm__sequence_pass;

/// The sequence that a value is; NULL for tensors and NO_VALUE.
olstm__sequence* olstm__sequence_of(const olstm__sequence_pass* pass, int32_t value);

/// Makes a sequence of `count` parts, to be filled. Errors: LIMIT_EXCEEDED,
/// OUT_OF_MEMORY.
olstm_status olstm__sequence_make(olstm__sequence_pass* pass, size_t count,
                                  olstm__sequence** out);

/// A node of the graph by its index.
static inline const olstm__graph_node* olstm__sequence_node(
    const olstm__sequence_pass* pass, int32_t node) {
  return &pass->graph->nodes[node];
}

/// Notes that a node's output is a sequence; returns OK.
olstm_status olstm__sequence_note(const olstm__sequence_pass* pass, int32_t node,
                                  olstm__sequence* made);

/// A constant of integers, behind Casts; NULL for any other value.
const olstm_tensor* olstm__sequence_integers(const olstm__sequence_pass* pass,
                                             int32_t value);

/// The refusal of a node: why, and where sequences can be used.
olstm_status olstm__sequence_refuse(const olstm__sequence_pass* pass,
                                    const olstm__graph_node* node, const char* format,
                                    ...) OLSTM_PRINTF_(3, 4);

#endif  // OLSTM_RUNTIME_FUSE_FUSE_SEQUENCE_PARTS_H_
