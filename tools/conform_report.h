// What conform leaves of its results: JSON and JUnit XML for machines, Markdown for
// people. Knows nothing of how cases are run.
#ifndef OLSTM_TOOLS_CONFORM_REPORT_H_
#define OLSTM_TOOLS_CONFORM_REPORT_H_

#include "tools/conform_case.h"

/// One case, as reports have it.
typedef struct olstm__reported_case {
  /// Borrowed until the report is written.
  const char* name;
  olstm__case_result result;
} olstm__reported_case;

typedef struct olstm__conform_report {
  size_t count;
  olstm__reported_case* cases;
} olstm__conform_report;

/// "PASS", "FAIL", "SKIP", "CRASH", "TIMEOUT".
const char* olstm__verdict_name(olstm__verdict verdict);

/// How many cases came to `verdict`.
size_t olstm__conform_report_count(const olstm__conform_report* report,
                                   olstm__verdict verdict);

/// Where to write what; NULL for nothing.
typedef struct olstm__report_paths {
  const char* json;
  const char* junit;
  const char* markdown;
} olstm__report_paths;

/// Makes sure, before any case runs, that each can be written. Errors: IO_ERROR.
olstm_status olstm__report_paths_check(const olstm__report_paths* paths,
                                       olstm_error* error);

/// Writes them. Errors: IO_ERROR, with the file that could not be written.
olstm_status olstm__conform_report_write(const olstm__conform_report* report,
                                         const olstm__report_paths* paths,
                                         olstm_error* error);

#endif  // OLSTM_TOOLS_CONFORM_REPORT_H_
