// Runs one operator through its table as a host does: create, infer, prepare, run. Knows
// the operator ABI, and no operator.
#ifndef OLSTM_TESTS_SUPPORT_OP_FIXTURE_H_
#define OLSTM_TESTS_SUPPORT_OP_FIXTURE_H_

#include "olstm/plugin.h"

enum { OP_FIXTURE_MAX_INPUTS = 16, OP_FIXTURE_MAX_OUTPUTS = 8 };

/// What to run, and what came out. Zero it, fill in the first half, op_fixture_run,
/// op_fixture_deinit.
typedef struct op_fixture {
  const char* domain;  // NULL is ""
  const char* op_type;
  int32_t opset_version;
  size_t attribute_count;
  const olstm_attribute* attributes;
  size_t input_count;
  /// NULL where an optional one is absent. Inputs are called "x0", "x1", ...
  const olstm_tensor* inputs[OP_FIXTURE_MAX_INPUTS];
  /// Bit i: input i is a constant of the node.
  uint32_t constant_inputs;
  /// Bit i: infer and prepare do not see the data of input i.
  uint32_t hidden_inputs;
  /// Bit i: output i is absent. Outputs are called "y0", "y1", ...
  uint32_t absent_outputs;
  size_t output_count;  // 0 is 1
  /// Writes output 0 over the first input for which prepare allows it.
  bool in_place;
  /// Threads of the run.
  const olstm_parallel* parallel;
  int32_t told_threads;  // that the operator is created for; 0 is 1

  olstm_tensor outputs[OP_FIXTURE_MAX_OUTPUTS];
  olstm_prepared prepared;
  olstm_error error;
} op_fixture;

/// The built-in operator, or NULL.
const olstm_operator* op_fixture_find(const char* domain, const char* op_type,
                                      int32_t opset_version);

/// The status of the first callback that failed. NOT_FOUND when there is no operator.
olstm_status op_fixture_run(op_fixture* fixture);

/// As op_fixture_run, with the node given. `inputs` and the rest are taken from
/// `fixture`.
olstm_status op_fixture_run_node(op_fixture* fixture, const olstm_node* node);

/// Frees the outputs.
void op_fixture_deinit(op_fixture* fixture);

/// A tensor over `data`.
#define OP_TENSOR(DTYPE, DATA, RANK, ...)                                        \
  {                                                                              \
    .desc = {.dtype = OLSTM_DTYPE_##DTYPE, .rank = RANK, .dims = {__VA_ARGS__}}, \
    .data = (void*)(DATA)                                                        \
  }

#endif  // OLSTM_TESTS_SUPPORT_OP_FIXTURE_H_
