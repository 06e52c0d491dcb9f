// One ONNX backend test case: model.onnx and test_data_set_K/{input,output}_J.pb, run by
// a runtime and compared.
#ifndef OLSTM_TOOLS_CONFORM_CONFORM_CASE_H_
#define OLSTM_TOOLS_CONFORM_CONFORM_CASE_H_

#include "tools/conform/tested_runtime.h"
#include "tools/tensor_match.h"

typedef enum olstm__verdict {
  OLSTM__VERDICT_PASS,
  /// Another result.
  OLSTM__VERDICT_WRONG,
  /// An error where a result was due.
  OLSTM__VERDICT_ERROR,
  /// The runtime says what it does not have.
  OLSTM__VERDICT_REFUSED,
  /// No answer is the right one: see judge_case in cmd_conform.c.
  OLSTM__VERDICT_OPEN,
  /// The process that ran it ended, or did not answer in time (case_runner.h).
  OLSTM__VERDICT_CRASH,
  OLSTM__VERDICT_TIMEOUT,
  OLSTM__VERDICT_COUNT
} olstm__verdict;

/// What became of a case.
typedef struct olstm__case_result {
  olstm__verdict verdict;
  double seconds;
  /// Data sets that were compared, and how far their outputs are off.
  int64_t data_sets;
  olstm__match_errors errors;
  /// "" for PASS.
  olstm_error reason;
} olstm__case_result;

/// A runtime that was opened, as tested_runtime.h has it.
typedef struct olstm__open_runtime {
  const olstm__tested_kind* kind;
  void* self;
} olstm__open_runtime;

/// Runs all data sets of the case and compares.
void olstm__conform_case_run(const char* folder, const olstm__open_runtime* runtime,
                             const olstm__tolerance* tolerance,
                             olstm__case_result* out_result);

#endif  // OLSTM_TOOLS_CONFORM_CONFORM_CASE_H_
