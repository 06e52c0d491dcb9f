// Runs control nodes (If, Loop, Scan). Each has an executor for every body; bodies go
// through the same plans as the main graph.
#ifndef OLSTM_RUNTIME_EXECUTE_CONTROL_H_
#define OLSTM_RUNTIME_EXECUTE_CONTROL_H_

#include "runtime/execute/control_call.h"

/// Runs a control node. Every used output is allocated with
/// olstm__control_allocate_output and written.
olstm_status olstm__control_run(const olstm__control_call* call, olstm_error* error);

/// Frees *call->cache. NULL is legal.
void olstm__control_release(const olstm_allocator* allocator, void* cache);

#endif  // OLSTM_RUNTIME_EXECUTE_CONTROL_H_
