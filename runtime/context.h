// A context's parts, for the files that serve it.
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
  /// The plan whose last run went well, and with it what `inputs` and `outputs` say of
  /// the state slots' shapes; NULL when there is none, or one whose state is dynamic.
  const olstm__plan* committed_plan;
};

#endif  // OLSTM_RUNTIME_CONTEXT_H_
