// Shared by the checks and the execution of If, Loop and Scan: branches, carried values,
// scalar inputs, messages.
#ifndef OLSTM_RUNTIME_PLAN_CONTROL_NODE_H_
#define OLSTM_RUNTIME_PLAN_CONTROL_NODE_H_

#include "runtime/plan/program.h"

/// The first carried value among the inputs of a Loop (behind M and the condition), and
/// of its body (behind the iteration number and the condition).
enum { OLSTM__LOOP_FIRST_CARRIED = 2 };

/// How many values a Loop carries from one iteration to the next.
size_t olstm__loop_carried_count(const olstm__program_node* node);

/// The branch of an If for a condition; NULL when the node lacks it.
const olstm__program_body* olstm__if_find_branch(const olstm__program_node* node,
                                                 bool condition);

/// Whether output `index` of the node is used.
bool olstm__control_wants(const olstm__program_node* node, size_t index);

/// Reads a tensor of one bool or int64, which `what` names in messages.
/// Errors: DTYPE_MISMATCH, SHAPE_MISMATCH.
olstm_status olstm__control_read_bool(const olstm__program_node* node, const char* what,
                                      const olstm_tensor* tensor, bool* out_value,
                                      olstm_error* error);
olstm_status olstm__control_read_int64(const olstm__program_node* node, const char* what,
                                       const olstm_tensor* tensor, int64_t* out_value,
                                       olstm_error* error);

/// Fails with "Loop 'node': ...".
olstm_status olstm__control_fail(const olstm__program_node* node, olstm_error* error,
                                 olstm_status code, const char* format, ...)
    OLSTM_PRINTF_(4, 5);

#endif  // OLSTM_RUNTIME_PLAN_CONTROL_NODE_H_
