// What conform leaves of its results: JSON and JUnit XML for machines, Markdown and HTML
// for people.
#ifndef OLSTM_TOOLS_CONFORM_REPORT_FILES_H_
#define OLSTM_TOOLS_CONFORM_REPORT_FILES_H_

#include "tools/conform/conform_report.h"

/// Where to write what; NULL for nothing.
typedef struct olstm__report_paths {
  const char* json;
  const char* junit;
  const char* markdown;
  const char* html;
} olstm__report_paths;

/// Makes sure, before any case runs, that each can be written. Errors: IO_ERROR.
olstm_status olstm__report_paths_check(const olstm__report_paths* paths,
                                       olstm_error* error);

/// Writes them. Errors: IO_ERROR, with the file that could not be written.
olstm_status olstm__conform_report_write(const olstm__conform_report* report,
                                         const olstm__report_paths* paths,
                                         olstm_error* error);

#endif  // OLSTM_TOOLS_CONFORM_REPORT_FILES_H_
