// A model written as text (tests/support/model_text.h), run with fusion and without.
#ifndef OLSTM_TESTS_SUPPORT_FUSE_CASE_H_
#define OLSTM_TESTS_SUPPORT_FUSE_CASE_H_

#include <stdbool.h>
#include <stddef.h>

/// Expects the same outputs bit for bit, and with fusion these steps ("LSTM Dense": views
/// left out, in order). Symbolic dimensions are 3; input values are made up.
void fuse_case_expect(const char* model_text, const char* steps);

/// Expects the same outputs bit for bit, whatever the steps.
void fuse_case_expect_same(const char* model_text);

/// As fuse_case_expect_same; and the outputs come in pairs that are the same, dtype,
/// shape and bits.
void fuse_case_expect_pairs(const char* model_text);

/// As fuse_case_expect, where the kernel of what is recognised rounds otherwise: the same
/// to 1e-6.
void fuse_case_expect_steps(const char* model_text, const char* steps);

/// A model that differs from another one in places: each text of `from` (it must occur
/// once) is replaced by that of `to`, the first pair without a text ends them.
typedef struct fuse_case_edit {
  const char* what;
  struct {
    const char *from, *to;
  } places[8];
  /// It is not run: it would not end, or fail.
  bool is_not_run;
} fuse_case_edit;

/// Expects that a session has a node whose op_type is one of `op_types` ("LSTM GRU"), and
/// after any one of the edits none; and the same outputs with fusion and without then,
/// bit for bit.
void fuse_case_expect_refusals(const char* model_text, const char* op_types,
                               const fuse_case_edit* edits, size_t count);

/// The other way round: each edit leaves what is recognised, and the outputs, the same to
/// 1e-6.
void fuse_case_expect_variants(const char* model_text, const char* op_types,
                               const fuse_case_edit* edits, size_t count);

#endif  // OLSTM_TESTS_SUPPORT_FUSE_CASE_H_
