// A context's parts, for the files that serve it.
#ifndef OLSTM_RUNTIME_CONTEXT_H_
#define OLSTM_RUNTIME_CONTEXT_H_

#include "runtime/runner.h"
#include "runtime/session.h"
#include "runtime/state.h"

struct olstm_context {
  olstm_session* session;
  olstm__runner* runner;
  olstm__states states;
  /// All inputs and outputs of the program: the user's, then the state slots'.
  olstm_tensor* inputs;
  olstm_tensor* outputs;
};

#endif  // OLSTM_RUNTIME_CONTEXT_H_
