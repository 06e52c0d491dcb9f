// See conform_report.h.
#include "tools/conform_report.h"

#include <stdio.h>

#include "olstm/version.h"
#include "tools/file_bytes.h"
#include "tools/json_writer.h"
#include "tools/say.h"

static const char* const kNames[OLSTM__VERDICT_COUNT] = {"PASS", "FAIL", "SKIP", "CRASH",
                                                         "TIMEOUT"};

const char* olstm__verdict_name(olstm__verdict verdict) {
  return kNames[verdict];
}

size_t olstm__conform_report_count(const olstm__conform_report* report,
                                   olstm__verdict verdict) {
  size_t count = 0;
  for (size_t i = 0; i < report->count; i++) {
    count += report->cases[i].result.verdict == verdict;
  }
  return count;
}

static size_t count_failed(const olstm__conform_report* report) {
  return olstm__conform_report_count(report, OLSTM__VERDICT_FAIL) +
         olstm__conform_report_count(report, OLSTM__VERDICT_CRASH) +
         olstm__conform_report_count(report, OLSTM__VERDICT_TIMEOUT);
}

// ---------------------------------------------------------------- JSON

static void write_json_case(olstm__json_writer* json, const olstm__reported_case* c) {
  olstm__json_open(json, NULL, '{');
  olstm__json_text(json, "name", c->name);
  olstm__json_text(json, "result", kNames[c->result.verdict]);
  olstm__json_text(json, "reason", c->result.reason.message);
  olstm__json_real(json, "seconds", c->result.seconds);
  olstm__json_int(json, "data_sets", c->result.data_sets);
  olstm__json_real(json, "absolute_error", c->result.errors.absolute);
  olstm__json_real(json, "relative_error", c->result.errors.relative);
  olstm__json_close(json, '}');
}

static void write_json(FILE* file, const olstm__conform_report* report) {
  olstm__json_writer json = {file, true};
  olstm__json_open(&json, NULL, '{');
  olstm__json_text(&json, "runtime", "olstm");
  olstm__json_text(&json, "version", OLSTM_VERSION_TEXT);
  olstm__json_open(&json, "cases", '[');
  for (size_t i = 0; i < report->count; i++) write_json_case(&json, &report->cases[i]);
  olstm__json_close(&json, ']');
  olstm__json_int(&json, "passed",
                  (int64_t)olstm__conform_report_count(report, OLSTM__VERDICT_PASS));
  olstm__json_int(&json, "failed", (int64_t)count_failed(report));
  olstm__json_int(&json, "skipped",
                  (int64_t)olstm__conform_report_count(report, OLSTM__VERDICT_SKIP));
  olstm__json_close(&json, '}');
  (void)fputc('\n', file);
}

// ---------------------------------------------------------------- JUnit

/// What an element says of a case that did not pass; NULL of one that did.
static const char* junit_element(olstm__verdict verdict) {
  static const char* const kElements[OLSTM__VERDICT_COUNT] = {NULL, "failure", "skipped",
                                                              "error", "error"};
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

static void write_junit(FILE* file, const olstm__conform_report* report) {
  double seconds = 0;
  for (size_t i = 0; i < report->count; i++) seconds += report->cases[i].result.seconds;
  (void)fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", file);
  (void)fprintf(
      file,
      "<testsuite name=\"olstm conform\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" "
      "skipped=\"%zu\" time=\"%.6f\">\n",
      report->count, olstm__conform_report_count(report, OLSTM__VERDICT_FAIL),
      olstm__conform_report_count(report, OLSTM__VERDICT_CRASH) +
          olstm__conform_report_count(report, OLSTM__VERDICT_TIMEOUT),
      olstm__conform_report_count(report, OLSTM__VERDICT_SKIP), seconds);
  for (size_t i = 0; i < report->count; i++) write_junit_case(file, &report->cases[i]);
  (void)fputs("</testsuite>\n", file);
}

// ---------------------------------------------------------------- Markdown

/// The cases that passed are a number, the others a row each.
static void write_markdown(FILE* file, const olstm__conform_report* report) {
  (void)fprintf(
      file,
      "%zu passed, %zu failed, %zu skipped by olstm %s\n\n"
      "| case | result | reason |\n| --- | --- | --- |\n",
      olstm__conform_report_count(report, OLSTM__VERDICT_PASS), count_failed(report),
      olstm__conform_report_count(report, OLSTM__VERDICT_SKIP), OLSTM_VERSION_TEXT);
  for (size_t i = 0; i < report->count; i++) {
    const olstm__reported_case* c = &report->cases[i];
    if (c->result.verdict == OLSTM__VERDICT_PASS) continue;
    (void)fputs("| ", file);
    olstm__say_escaped(file, OLSTM__ESCAPE_MARKDOWN, c->name);
    (void)fprintf(file, " | %s | ", kNames[c->result.verdict]);
    olstm__say_escaped(file, OLSTM__ESCAPE_MARKDOWN, c->result.reason.message);
    (void)fputs(" |\n", file);
  }
}

// ---------------------------------------------------------------- files

/// A kind of report: where it goes, and who writes it.
typedef struct report_kind {
  const char* path;
  void (*write)(FILE* file, const olstm__conform_report* report);
} report_kind;

enum { kKindCount = 3 };

static void list_kinds(const olstm__report_paths* paths, report_kind kinds[kKindCount]) {
  kinds[0] = (report_kind){paths->json, write_json};
  kinds[1] = (report_kind){paths->junit, write_junit};
  kinds[2] = (report_kind){paths->markdown, write_markdown};
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

olstm_status olstm__conform_report_write(const olstm__conform_report* report,
                                         const olstm__report_paths* paths,
                                         olstm_error* error) {
  report_kind kinds[kKindCount];
  list_kinds(paths, kinds);
  for (size_t i = 0; i < kKindCount; i++) {
    if (!kinds[i].path) continue;
    FILE* file = fopen(kinds[i].path, "w");
    if (file) kinds[i].write(file, report);
    const bool has_failed = !file || ferror(file) != 0;
    if ((file && fclose(file) != 0) || has_failed) {
      return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "cannot write '%s'", kinds[i].path);
    }
  }
  return OLSTM_STATUS_OK;
}
