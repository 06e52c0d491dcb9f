// A session's parts, for contexts.
#ifndef OLSTM_RUNTIME_SESSION_H_
#define OLSTM_RUNTIME_SESSION_H_

#include "runtime/host/environment.h"
#include "runtime/host/threads.h"
#include "runtime/plan/program.h"

struct olstm_session {
  olstm__environment environment;
  olstm_model* model;
  /// The session's own, when none was given.
  olstm_registry* registry;
  olstm__threads* threads;
  olstm__graph* graph;
  olstm__program* program;
  bool broadcast_state;
  /// As the user sees them. What the model calls an output keeps its name and shape
  /// whatever became of it in the graph.
  size_t input_count;
  olstm_value_info* inputs;
  size_t output_count;
  olstm_value_info* outputs;
  /// Of the model's constants.
  size_t constant_bytes;
};

#endif  // OLSTM_RUNTIME_SESSION_H_
