// One ONNX backend test case: model.onnx and test_data_set_K/{input,output}_J.pb.
#ifndef OLSTM_TOOLS_CONFORM_CASE_H_
#define OLSTM_TOOLS_CONFORM_CASE_H_

#include "tools/job.h"
#include "tools/tensor_match.h"

typedef enum olstm__verdict {
  OLSTM__VERDICT_PASS,
  OLSTM__VERDICT_FAIL,
  /// Something the runtime does not have, by name.
  OLSTM__VERDICT_SKIP,
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

/// Runs all data sets of the case and compares.
void olstm__conform_case_run(const char* folder, const olstm__job_options* options,
                             const olstm__tolerance* tolerance,
                             olstm__case_result* out_result);

#endif  // OLSTM_TOOLS_CONFORM_CASE_H_
