// What differs between two runs of conform.
#ifndef OLSTM_TOOLS_CONFORM_REPORT_COMPARE_H_
#define OLSTM_TOOLS_CONFORM_REPORT_COMPARE_H_

#include "tools/conform/report_files.h"

/// Cases of the second run beside those of the first.
typedef struct olstm__compare_counts {
  size_t better, worse, other, added, removed, same;
} olstm__compare_counts;

/// Prints a line to stdout for each case that came out otherwise, or is in one run alone:
/// BETTER, WORSE, OTHER (as bad in another way), ADDED, REMOVED.
///
/// From good to bad: passed or open, refused, an error, another result, a crash or no
/// result in time.
/// Errors: OUT_OF_MEMORY.
olstm_status olstm__runtime_reports_compare(const olstm__runtime_report* before,
                                            const olstm__runtime_report* after,
                                            olstm__compare_counts* out_counts,
                                            olstm_error* error);

/// `olstm conform --compare`: the first of the files, which conform --json wrote, beside
/// each of the others, and reports of all that are in them. The process' exit code: 1
/// when something is worse than in the first.
int olstm__compare_files(const olstm__cli_list* files, const olstm__report_paths* paths);

#endif  // OLSTM_TOOLS_CONFORM_REPORT_COMPARE_H_
