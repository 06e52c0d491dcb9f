// Runs a case of ONNX's node tests (a folder with model.onnx and test_data_set_0)
// straight through the operator's table, without a runtime. Models of one node alone.
#ifndef OLSTM_TESTS_SUPPORT_NODE_CASE_H_
#define OLSTM_TESTS_SUPPORT_NODE_CASE_H_

#include <stdbool.h>

#include "olstm/status.h"

typedef enum node_case_result {
  NODE_CASE_PASSED,
  NODE_CASE_FAILED,
  /// No such operator, more than one node, or types that no operator takes.
  NODE_CASE_SKIPPED
} node_case_result;

/// Runs the case in `folder`, and checks the operator's traits against its data;
/// out_reason says why it did not pass. With constants, inputs are given to the node as
/// constants too.
node_case_result node_case_run(const char* folder, bool constants,
                               olstm_error* out_reason);

#endif  // OLSTM_TESTS_SUPPORT_NODE_CASE_H_
