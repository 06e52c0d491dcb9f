// Nodes that passes add, each with one output, which the functions return: NO_VALUE when
// there is no memory, or an input is missing.
#ifndef OLSTM_RUNTIME_FUSE_FUSE_ADD_H_
#define OLSTM_RUNTIME_FUSE_FUSE_ADD_H_

#include "runtime/graph/graph.h"

/// The opset of the nodes.
enum { OLSTM__FUSE_OPSET = 13 };

/// A constant int64: a scalar, or a list.
int32_t olstm__fuse_add_number(olstm__graph* graph, int64_t number);
int32_t olstm__fuse_add_numbers(olstm__graph* graph, int64_t count,
                                const int64_t* numbers);

/// The attribute `axis`; NULL when there is no memory.
const olstm_attribute* olstm__fuse_axis_attribute(olstm__graph* graph, int64_t axis);

/// Gather of `indices` along an axis.
int32_t olstm__fuse_add_gather(olstm__graph* graph, const char* name, int32_t value,
                               int32_t indices, int64_t axis);

/// A Transpose that moves axis `from` of a tensor of known rank to `to`.
int32_t olstm__fuse_add_move(olstm__graph* graph, const char* name, int32_t value,
                             int32_t rank, int64_t from, int64_t to);

/// A Slice that reverses the first dimension.
int32_t olstm__fuse_add_reversal(olstm__graph* graph, const char* name, int32_t value);

#endif  // OLSTM_RUNTIME_FUSE_FUSE_ADD_H_
