// Checks control nodes (If, Loop, Scan) when a program is created, and chooses the body
// of an If whose condition is known when planning.
#ifndef OLSTM_RUNTIME_PLAN_CONTROL_CHECK_H_
#define OLSTM_RUNTIME_PLAN_CONTROL_CHECK_H_

#include "olstm/runtime.h"

#include "runtime/plan/program.h"

/// Checks a node with graph attributes: whether such an operator exists, and has the
/// required bodies, inputs and outputs. Sets node->control. Errors: UNSUPPORTED,
/// INVALID_MODEL (name the node).
olstm_status olstm__control_check(olstm__program_node* node,
                                  const olstm_registry* registry, olstm_error* error);

/// The body that an If with this condition runs, to be planned in place of the If; NULL
/// for any other control node. `condition` has a value. Errors: DTYPE_MISMATCH,
/// SHAPE_MISMATCH of the condition.
olstm_status olstm__control_choose_body(const olstm__program_node* node,
                                        const olstm_tensor* condition,
                                        const olstm__program_body** out_body,
                                        olstm_error* error);

#endif  // OLSTM_RUNTIME_PLAN_CONTROL_CHECK_H_
