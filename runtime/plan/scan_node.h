// Reads and checks the attributes of Scan nodes.
#ifndef OLSTM_RUNTIME_PLAN_SCAN_NODE_H_
#define OLSTM_RUNTIME_PLAN_SCAN_NODE_H_

#include "runtime/plan/program.h"

/// NULL lists are all zeros.
typedef struct olstm__scan_attributes {
  int64_t input_count;
  const int64_t* input_axes;
  const int64_t* input_directions;
  const int64_t* output_axes;
  const int64_t* output_directions;
} olstm__scan_attributes;

/// Whether the node is of opset 8: sequence_lens before its states, and a batch dimension
/// in front of the others.
bool olstm__scan_is_batched(const olstm__program_node* node);

/// Errors: INVALID_MODEL, UNSUPPORTED (an unknown attribute).
olstm_status olstm__scan_read_attributes(const olstm__program_node* node,
                                         olstm__scan_attributes* out_attributes,
                                         olstm_error* error);

/// Checks attributes, and the counts of inputs and outputs of the node and its body.
/// Errors: as above.
olstm_status olstm__scan_check(const olstm__program_node* node, olstm_error* error);

/// Normalizes an axis of a tensor of rank `rank`, which `what` names in messages.
/// Errors: INVALID_VALUE.
olstm_status olstm__scan_find_axis(const olstm__program_node* node, const char* what,
                                   int64_t axis, int32_t rank, int32_t* out_axis,
                                   olstm_error* error);

#endif  // OLSTM_RUNTIME_PLAN_SCAN_NODE_H_
