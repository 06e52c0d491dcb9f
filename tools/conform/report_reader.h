// Reports that conform wrote as JSON, read again: to compare runs, and to put runs of
// different machines into one matrix.
#ifndef OLSTM_TOOLS_CONFORM_REPORT_READER_H_
#define OLSTM_TOOLS_CONFORM_REPORT_READER_H_

#include "tools/conform/conform_report.h"
#include "tools/json_reader.h"

/// A report out of a file. Zeroed before use; the report's texts lie in `json`.
typedef struct olstm__read_report {
  olstm__json json;
  olstm__conform_report report;
} olstm__read_report;

/// Errors: IO_ERROR, INVALID_ARGUMENT (no report), OUT_OF_MEMORY, with the file's name;
/// deinit frees what there is.
olstm_status olstm__read_report_init(const char* path, olstm__read_report* out_report,
                                     olstm_error* error);
void olstm__read_report_deinit(olstm__read_report* report);

#endif  // OLSTM_TOOLS_CONFORM_REPORT_READER_H_
