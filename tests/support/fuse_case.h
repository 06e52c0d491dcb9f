// A model written as text (tests/support/model_text.h), run with fusion and without.
#ifndef OLSTM_TESTS_SUPPORT_FUSE_CASE_H_
#define OLSTM_TESTS_SUPPORT_FUSE_CASE_H_

/// Expects the same outputs bit for bit, and with fusion these steps ("LSTM Dense": views
/// left out, in order). Symbolic dimensions are 3; input values are made up.
void fuse_case_expect(const char* model_text, const char* steps);

#endif  // OLSTM_TESTS_SUPPORT_FUSE_CASE_H_
