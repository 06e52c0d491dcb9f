// The nodes that make, change and read sequences of tensors.
#ifndef OLSTM_RUNTIME_FUSE_FUSE_SEQUENCE_OPS_H_
#define OLSTM_RUNTIME_FUSE_FUSE_SEQUENCE_OPS_H_

#include "runtime/fuse/fuse_sequence_parts.h"

/// Whether a node is one that makes, changes or reads sequences.
bool olstm__sequence_handles(const olstm__graph_node* node);

/// Notes what a node makes, or replaces what it reads. The node itself stays.
/// Errors: UNSUPPORTED where that is no tensor, INVALID_MODEL, INVALID_VALUE,
/// LIMIT_EXCEEDED, OUT_OF_MEMORY.
olstm_status olstm__sequence_handle(olstm__sequence_pass* pass, int32_t node);

#endif  // OLSTM_RUNTIME_FUSE_FUSE_SEQUENCE_OPS_H_
