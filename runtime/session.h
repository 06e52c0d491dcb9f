// The struct behind olstm_session.
#ifndef OLSTM_RUNTIME_SESSION_H_
#define OLSTM_RUNTIME_SESSION_H_

#include "runtime/host/environment.h"
#include "runtime/host/threads.h"
#include "runtime/plan/program.h"

struct olstm_session {
  olstm__environment environment;
  olstm_model* model;
  /// Owned; NULL when the caller passed a registry.
  olstm_registry* registry;
  olstm__threads* threads;
  olstm__graph* graph;
  olstm__program* program;
  bool broadcast_state;
  /// As declared by the model: outputs keep their names and shapes, whatever passes made
  /// of them.
  size_t input_count;
  olstm_value_info* inputs;
  size_t output_count;
  olstm_value_info* outputs;
  /// Bytes of the constants of the graph.
  size_t constant_bytes;
};

#endif  // OLSTM_RUNTIME_SESSION_H_
