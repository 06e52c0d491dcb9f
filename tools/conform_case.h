// One ONNX backend test case: model.onnx and test_data_set_K/{input,output}_J.pb.
#ifndef OLSTM_TOOLS_CONFORM_CASE_H_
#define OLSTM_TOOLS_CONFORM_CASE_H_

#include "tools/job.h"
#include "tools/tensor_match.h"

typedef enum olstm__verdict {
  OLSTM__VERDICT_PASS,
  OLSTM__VERDICT_FAIL,
  /// Something the runtime does not have, by name.
  OLSTM__VERDICT_SKIP
} olstm__verdict;

/// Runs all data sets of the case and compares. out_reason: "" for PASS.
olstm__verdict olstm__conform_case_run(const char* folder,
                                       const olstm__job_options* options,
                                       const olstm__tolerance* tolerance,
                                       olstm_error* out_reason);

#endif  // OLSTM_TOOLS_CONFORM_CASE_H_
