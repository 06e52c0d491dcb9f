// See report_files.h.
#include "tools/conform/report_files.h"

#include <stdio.h>

#include "olstm/version.h"
#include "tools/conform/feature_matrix.h"
#include "tools/conform/html_report.h"
#include "tools/file_bytes.h"
#include "tools/json_writer.h"
#include "tools/say.h"

// ---------------------------------------------------------------- JSON

static void write_json_case(olstm__json_writer* json, const olstm__reported_case* c) {
  olstm__json_open(json, NULL, '{');
  olstm__json_text(json, "name", c->name);
  olstm__json_text(json, "result", olstm__verdict_word(c->result.verdict));
  olstm__json_text(json, "reason", c->result.reason.message);
  olstm__json_real(json, "seconds", c->result.seconds);
  olstm__json_int(json, "data_sets", c->result.data_sets);
  olstm__json_real(json, "absolute_error", c->result.errors.absolute);
  olstm__json_real(json, "relative_error", c->result.errors.relative);
  olstm__json_text(json, "kind", olstm__verdict_kind(c->result.verdict));
  olstm__json_text(json, "operator", c->op_type);
  olstm__json_close(json, '}');
}

static void write_json_row(olstm__json_writer* json, const olstm__matrix_row* row,
                           const olstm__matrix_cell* cell) {
  olstm__json_open(json, NULL, '{');
  olstm__json_text(json, "operator", row->op_type);
  olstm__json_text(json, "feature", row->feature);
  olstm__json_text(json, "state", olstm__cell_state_name(cell->state));
  olstm__json_text(json, "worst", olstm__cell_state_name(cell->worst));
  olstm__json_open(json, "directions", '[');
  for (size_t d = 0; olstm__case_catalog_direction(d); d++) {
    if (cell->directions >> d & 1) {
      olstm__json_text(json, NULL, olstm__case_catalog_direction(d));
    }
  }
  olstm__json_close(json, ']');
  olstm__json_int(json, "passed", (int64_t)cell->passed);
  olstm__json_int(json, "judged", (int64_t)cell->judged);
  olstm__json_close(json, '}');
}

static void write_json_runtime(olstm__json_writer* json,
                               const olstm__feature_matrix* matrix, size_t index) {
  const olstm__runtime_report* runtime = &matrix->report->runtimes[index];
  const olstm__verdict_counts counts = olstm__runtime_report_count(runtime);
  olstm__json_open(json, NULL, '{');
  olstm__json_text(json, "runtime", runtime->info.name);
  olstm__json_text(json, "version", runtime->info.version);
  olstm__json_text(json, "judged_by", "olstm " OLSTM_VERSION_TEXT);
  olstm__json_open(json, "cases", '[');
  for (size_t i = 0; i < runtime->count; i++) write_json_case(json, &runtime->cases[i]);
  olstm__json_close(json, ']');
  olstm__json_open(json, "matrix", '[');
  for (size_t i = 0; i < matrix->row_count; i++) {
    write_json_row(json, &matrix->rows[i], &matrix->rows[i].cells[index]);
  }
  olstm__json_close(json, ']');
  olstm__json_int(json, "passed", (int64_t)counts.passed);
  olstm__json_int(json, "failed", (int64_t)counts.failed);
  olstm__json_int(json, "skipped", (int64_t)counts.skipped);
  olstm__json_close(json, '}');
}

/// One runtime is an object; several are a list of such in an object.
static void write_json(FILE* file, const olstm__feature_matrix* matrix) {
  const olstm__conform_report* report = matrix->report;
  olstm__json_writer json = {file, true};
  if (report->count == 1) {
    write_json_runtime(&json, matrix, 0);
  } else {
    olstm__json_open(&json, NULL, '{');
    olstm__json_open(&json, "runtimes", '[');
    for (size_t r = 0; r < report->count; r++) {
      write_json_runtime(&json, matrix, r);
    }
    olstm__json_close(&json, ']');
    olstm__json_close(&json, '}');
  }
  (void)fputc('\n', file);
}

// ---------------------------------------------------------------- JUnit

/// What an element says of a case that did not pass; NULL of one that did.
static const char* junit_element(olstm__verdict verdict) {
  static const char* const kElements[OLSTM__VERDICT_COUNT] = {
      [OLSTM__VERDICT_WRONG] = "failure",   [OLSTM__VERDICT_ERROR] = "failure",
      [OLSTM__VERDICT_REFUSED] = "skipped", [OLSTM__VERDICT_OPEN] = "skipped",
      [OLSTM__VERDICT_CRASH] = "error",     [OLSTM__VERDICT_TIMEOUT] = "error",
  };
  return kElements[verdict];
}

static void write_junit_case(FILE* file, const olstm__reported_case* c) {
  const char* element = junit_element(c->result.verdict);
  (void)fputs("  <testcase classname=\"olstm.conform\" name=\"", file);
  olstm__say_escaped(file, OLSTM__ESCAPE_XML, c->name);
  (void)fprintf(file, "\" time=\"%.6f\"", c->result.seconds);
  if (!element) {
    (void)fputs("/>\n", file);
    return;
  }
  (void)fprintf(file, "><%s message=\"", element);
  olstm__say_escaped(file, OLSTM__ESCAPE_XML, c->result.reason.message);
  (void)fputs("\"/></testcase>\n", file);
}

/// The suite is called "olstm conform", and of several runtimes by theirs behind that.
static void write_junit_suite(FILE* file, const olstm__runtime_report* runtime,
                              bool is_one) {
  char name[256] = "";
  double seconds = 0;
  const size_t broken = olstm__runtime_report_count_of(runtime, OLSTM__VERDICT_CRASH) +
                        olstm__runtime_report_count_of(runtime, OLSTM__VERDICT_TIMEOUT);
  const olstm__verdict_counts counts = olstm__runtime_report_count(runtime);
  for (size_t i = 0; i < runtime->count; i++) seconds += runtime->cases[i].result.seconds;
  if (!is_one) olstm__tested_info_print(&runtime->info, name, sizeof name);
  (void)fprintf(file, "<testsuite name=\"olstm conform%s", is_one ? "" : " ");
  olstm__say_escaped(file, OLSTM__ESCAPE_XML, name);
  (void)fprintf(file,
                "\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" "
                "time=\"%.6f\">\n",
                runtime->count, counts.failed - broken, broken, counts.skipped, seconds);
  for (size_t i = 0; i < runtime->count; i++) write_junit_case(file, &runtime->cases[i]);
  (void)fputs("</testsuite>\n", file);
}

static void write_junit(FILE* file, const olstm__feature_matrix* matrix) {
  const olstm__conform_report* report = matrix->report;
  const bool is_one = report->count == 1;
  (void)fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", file);
  if (!is_one) (void)fputs("<testsuites>\n", file);
  for (size_t r = 0; r < report->count; r++) {
    write_junit_suite(file, &report->runtimes[r], is_one);
  }
  if (!is_one) (void)fputs("</testsuites>\n", file);
}

// ---------------------------------------------------------------- Markdown

/// The cases that passed are a number, the others a row each.
static void write_markdown_runtime(FILE* file, const olstm__runtime_report* runtime) {
  char name[256];
  const olstm__verdict_counts counts = olstm__runtime_report_count(runtime);
  olstm__tested_info_print(&runtime->info, name, sizeof name);
  (void)fprintf(file, "%zu passed, %zu failed, %zu skipped by ", counts.passed,
                counts.failed, counts.skipped);
  olstm__say_escaped(file, OLSTM__ESCAPE_MARKDOWN, name);
  (void)fputs("\n\n| case | result | reason |\n| --- | --- | --- |\n", file);
  for (size_t i = 0; i < runtime->count; i++) {
    const olstm__reported_case* c = &runtime->cases[i];
    if (c->result.verdict == OLSTM__VERDICT_PASS) continue;
    (void)fputs("| ", file);
    olstm__say_escaped(file, OLSTM__ESCAPE_MARKDOWN, c->name);
    (void)fprintf(file, " | %s | ", olstm__verdict_word(c->result.verdict));
    olstm__say_escaped(file, OLSTM__ESCAPE_MARKDOWN, c->result.reason.message);
    (void)fputs(" |\n", file);
  }
}

static void write_markdown_matrix(FILE* file, const olstm__feature_matrix* matrix) {
  const olstm__conform_report* report = matrix->report;
  char name[256];
  (void)fputs("| operator | feature |", file);
  for (size_t r = 0; r < report->count; r++) {
    olstm__tested_info_print(&report->runtimes[r].info, name, sizeof name);
    (void)fputc(' ', file);
    olstm__say_escaped(file, OLSTM__ESCAPE_MARKDOWN, name);
    (void)fputs(" |", file);
  }
  (void)fputs("\n| --- | --- |", file);
  for (size_t r = 0; r < report->count; r++) (void)fputs(" --- |", file);
  for (size_t i = 0; i < matrix->row_count; i++) {
    const olstm__matrix_row* row = &matrix->rows[i];
    (void)fputs("\n| ", file);
    olstm__say_escaped(file, OLSTM__ESCAPE_MARKDOWN,
                       row->op_type[0] ? row->op_type : "?");
    (void)fprintf(file, " | %s |", row->feature);
    for (size_t r = 0; r < report->count; r++) {
      (void)fprintf(file, " %s |", olstm__matrix_cell_text(&row->cells[r]).text);
    }
  }
  (void)fputc('\n', file);
}

static void write_markdown(FILE* file, const olstm__feature_matrix* matrix) {
  const olstm__conform_report* report = matrix->report;
  for (size_t r = 0; r < report->count; r++) {
    write_markdown_runtime(file, &report->runtimes[r]);
    (void)fputc('\n', file);
  }
  write_markdown_matrix(file, matrix);
}

// ---------------------------------------------------------------- files

/// A kind of report: where it goes, and who writes it.
typedef struct report_kind {
  const char* path;
  void (*write)(FILE* file, const olstm__feature_matrix* matrix);
} report_kind;

enum { kKindCount = 4 };

static void list_kinds(const olstm__report_paths* paths, report_kind kinds[kKindCount]) {
  kinds[0] = (report_kind){paths->json, write_json};
  kinds[1] = (report_kind){paths->junit, write_junit};
  kinds[2] = (report_kind){paths->markdown, write_markdown};
  kinds[3] = (report_kind){paths->html, olstm__html_report_write};
}

olstm_status olstm__report_paths_check(const olstm__report_paths* paths,
                                       olstm_error* error) {
  report_kind kinds[kKindCount];
  list_kinds(paths, kinds);
  for (size_t i = 0; i < kKindCount; i++) {
    if (!kinds[i].path) continue;
    OLSTM_RETURN_IF_ERROR(olstm__file_check_writable(kinds[i].path, error));
  }
  return OLSTM_STATUS_OK;
}

static olstm_status write_file(const report_kind* kind,
                               const olstm__feature_matrix* matrix, olstm_error* error) {
  FILE* file = olstm__path_open(kind->path, "w");
  if (file) kind->write(file, matrix);
  const bool has_failed = !file || ferror(file) != 0;
  if ((file && fclose(file) != 0) || has_failed) {
    return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "cannot write '%s'", kind->path);
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__conform_report_write(const olstm__conform_report* report,
                                         const olstm__report_paths* paths,
                                         olstm_error* error) {
  report_kind kinds[kKindCount];
  olstm__feature_matrix matrix;
  list_kinds(paths, kinds);
  olstm_status status = olstm__feature_matrix_init(report, &matrix, error);
  for (size_t i = 0; i < kKindCount && status == OLSTM_STATUS_OK; i++) {
    if (kinds[i].path) status = write_file(&kinds[i], &matrix, error);
  }
  olstm__feature_matrix_deinit(&matrix);
  return status;
}
