// A model converted (runtime/convert/model_convert.h): what it became, and whether both
// compute the same.
#ifndef OLSTM_TESTS_SUPPORT_CONVERT_CASE_H_
#define OLSTM_TESTS_SUPPORT_CONVERT_CASE_H_

#include "olstm/olstm.h"

#include "runtime/convert/model_convert.h"

/// A conversion. Zeroed: none.
typedef struct convert_case {
  olstm_model *before, *after;
  olstm__convert_report report;
} convert_case;

/// Converts a model of a file, or of lines of text (model_text.h). Fails the test when it
/// is refused. options: NULL for none. deinit frees it.
void convert_case_file(convert_case* made, const char* path,
                       const olstm__convert_options* options);
void convert_case_text(convert_case* made, const char* text,
                       const olstm__convert_options* options);
void convert_case_deinit(convert_case* made);

/// Expects that both have the same outputs to 1e-5, for made-up inputs: symbolic
/// dimensions of both are `open`, and nothing is fused. Outputs that only the second has
/// are not compared.
void convert_case_expect_same(const convert_case* made, int64_t open);

/// Expects these operators of the converted main graph, sorted by name: "Add LSTM LSTM".
void convert_case_expect_ops(const convert_case* made, const char* op_types);

/// How many nodes of the converted main graph, and of branches of its Ifs, are of that
/// type.
size_t convert_case_count(const convert_case* made, const char* op_type);

/// Expects a line of the report: "changed layer NAME: TEXT", "stays layer NAME: TEXT".
void convert_case_expect_note(const convert_case* made, const char* line);

#endif  // OLSTM_TESTS_SUPPORT_CONVERT_CASE_H_
