// What runtimes did with cases: what reports are made of, and the words for it. Knows
// nothing of how cases are run.
#ifndef OLSTM_TOOLS_CONFORM_CONFORM_REPORT_H_
#define OLSTM_TOOLS_CONFORM_CONFORM_REPORT_H_

#include "tools/conform/conform_case.h"

/// One case, as reports have it.
typedef struct olstm__reported_case {
  /// Borrowed until the report is written.
  const char* name;
  /// The operator of its model's first node, borrowed; "" when nobody knows.
  const char* op_type;
  olstm__case_result result;
} olstm__reported_case;

/// What one runtime did with the cases.
typedef struct olstm__runtime_report {
  olstm__tested_info info;
  size_t count;
  olstm__reported_case* cases;
} olstm__runtime_report;

typedef struct olstm__conform_report {
  size_t count;
  olstm__runtime_report* runtimes;
} olstm__conform_report;

/// As a line begins with it: "PASS", "FAIL" (wrong, or an error), "SKIP" (refused, or
/// open), "CRASH", "TIMEOUT".
const char* olstm__verdict_word(olstm__verdict verdict);

/// "pass", "wrong", "error", "refused", "open", "crash", "timeout".
const char* olstm__verdict_kind(olstm__verdict verdict);

/// How many cases lines begin with PASS, SKIP, or anything else for.
typedef struct olstm__verdict_counts {
  size_t passed, failed, skipped;
} olstm__verdict_counts;

olstm__verdict_counts olstm__runtime_report_count(const olstm__runtime_report* runtime);

/// How many came to `verdict`.
size_t olstm__runtime_report_count_of(const olstm__runtime_report* runtime,
                                      olstm__verdict verdict);

/// Writes a runtime's name, with its version where it has one.
void olstm__tested_info_print(const olstm__tested_info* info, char* out, size_t capacity);

#endif  // OLSTM_TOOLS_CONFORM_CONFORM_REPORT_H_
