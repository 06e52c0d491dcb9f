// The struct behind olstm_context.
#ifndef OLSTM_RUNTIME_CONTEXT_H_
#define OLSTM_RUNTIME_CONTEXT_H_

#include "runtime/execute/executor.h"
#include "runtime/session.h"
#include "runtime/state/state.h"

struct olstm_context {
  olstm_session* session;
  olstm__executor* executor;
  olstm__run_limits limits;
  olstm__states states;
  /// All inputs and outputs of the program: the user's, then the state slots'.
  olstm_tensor* inputs;
  olstm_tensor* outputs;
  /// The plan of the last successful run: `inputs` and `outputs` then have the shapes of
  /// the state slots. NULL when there is none, or when the shape of a slot is dynamic.
  const olstm__plan* committed_plan;
  /// Of each of the user's outputs: the address that it was lent last, to know it again.
  uintptr_t* lent;
};

#endif  // OLSTM_RUNTIME_CONTEXT_H_
