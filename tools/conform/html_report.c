// See html_report.h.
#include "tools/conform/html_report.h"

#include "tools/say.h"

static const char kHead[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<title>olstm conform</title>\n<style>\n"
    "body { font: 14px/1.4 sans-serif; margin: 1.5em; color: #222; background: #fff }\n"
    "table { border-collapse: collapse; margin: 1em 0 }\n"
    "th, td { border: 1px solid #bbb; padding: .2em .5em; text-align: left;"
    " vertical-align: top }\n"
    "thead th { position: sticky; top: 0; background: #eee }\n"
    "td.pass { background: #d9f2d9 } td.partly { background: #fff3c4 }\n"
    "td.refused, td.error { background: #e4e4f4 } td.wrong { background: #f8d0d0 }\n"
    "td.crash { background: #e0a0c0 } td.open, td.masked { color: #777 }\n"
    "summary { cursor: pointer } ul { margin: .3em 0; padding-left: 1.2em }\n"
    "li, code { font: 12px/1.4 monospace; overflow-wrap: anywhere }\n"
    "</style>\n</head>\n<body>\n<h1>Conformance</h1>\n";

static const char kLegend[] =
    "<dl>\n"
    "<dt>pass<dd>all cases are right, but for those that are not right without the "
    "feature either\n"
    "<dt>partly<dd>right by itself, not together with something else; or some of the "
    "cases\n"
    "<dt>refused<dd>the runtime says that it does not have it\n"
    "<dt>error<dd>an error where a result was due\n"
    "<dt>wrong<dd>another result\n"
    "<dt>crash<dd>the process ended, or gave no result in time\n"
    "<dt>masked<dd>no case is right, with the feature or without\n"
    "<dt>open<dd>the specification leaves the answer open\n"
    "</dl>\n";

static void put_text(FILE* file, const char* text) {
  olstm__say_escaped(file, OLSTM__ESCAPE_XML, text);
}

static void put_runtime(FILE* file, const olstm__runtime_report* runtime) {
  char name[256];
  olstm__tested_info_print(&runtime->info, name, sizeof name);
  put_text(file, name);
}

/// A line a runtime: its verdicts and how many of each.
static void put_counts(FILE* file, const olstm__conform_report* report) {
  (void)fputs("<table>\n<thead><tr><th>runtime", file);
  for (int v = 0; v < OLSTM__VERDICT_COUNT; v++) {
    (void)fprintf(file, "<th>%s", olstm__verdict_kind((olstm__verdict)v));
  }
  (void)fputs("</tr></thead>\n", file);
  for (size_t r = 0; r < report->count; r++) {
    (void)fputs("<tr><th>", file);
    put_runtime(file, &report->runtimes[r]);
    for (int v = 0; v < OLSTM__VERDICT_COUNT; v++) {
      (void)fprintf(
          file, "<td>%zu",
          olstm__runtime_report_count_of(&report->runtimes[r], (olstm__verdict)v));
    }
    (void)fputs("</tr>\n", file);
  }
  (void)fputs("</table>\n", file);
}

/// Longer reasons are cut: the JSON report has them whole.
enum { kReasonBytes = 200 };

static void put_case(FILE* file, const olstm__reported_case* c) {
  char reason[kReasonBytes];
  put_text(file, c->name);
  if (c->result.verdict == OLSTM__VERDICT_PASS) return;
  (void)snprintf(reason, sizeof reason, "%.199s", c->result.reason.message);
  (void)fprintf(file, ": %s: ", olstm__verdict_kind(c->result.verdict));
  put_text(file, reason);
  if (c->result.verdict == OLSTM__VERDICT_WRONG) {
    (void)fprintf(file, " (absolute error %.3g, relative %.3g)",
                  c->result.errors.absolute, c->result.errors.relative);
  }
}

/// The cases of a cell that have one of two parts in it, under a title.
static void put_part(FILE* file, const olstm__feature_matrix* matrix, size_t row,
                     size_t runtime, const char* title, olstm__case_part part,
                     olstm__case_part other) {
  const olstm__runtime_report* report = &matrix->report->runtimes[runtime];
  bool is_begun = false;
  for (size_t i = 0; i < report->count; i++) {
    const olstm__case_part found = olstm__feature_matrix_part(matrix, row, runtime, i);
    if (found != part && found != other) continue;
    if (!is_begun) (void)fprintf(file, "<p>%s<ul>", title);
    is_begun = true;
    (void)fputs("<li>", file);
    put_case(file, &report->cases[i]);
  }
  if (is_begun) (void)fputs("</ul>", file);
}

static void put_cell(FILE* file, const olstm__feature_matrix* matrix, size_t row,
                     size_t runtime) {
  const olstm__matrix_cell* cell = &matrix->rows[row].cells[runtime];
  (void)fprintf(file, "<td class=\"%s\"><details><summary>%s</summary>",
                olstm__cell_state_name(cell->state), olstm__matrix_cell_text(cell).text);
  put_part(file, matrix, row, runtime, "Not right with it:", OLSTM__PART_BLAMED,
           OLSTM__PART_BLAMED_TOGETHER);
  put_part(file, matrix, row, runtime,
           "Not right without it either:", OLSTM__PART_EXPLAINED, OLSTM__PART_EXPLAINED);
  put_part(file, matrix, row, runtime, "Open:", OLSTM__PART_OPEN, OLSTM__PART_OPEN);
  put_part(file, matrix, row, runtime, "Right:", OLSTM__PART_PASSED, OLSTM__PART_PASSED);
  (void)fputs("</details>", file);
}

static void put_matrix(FILE* file, const olstm__feature_matrix* matrix) {
  const olstm__conform_report* report = matrix->report;
  (void)fputs("<table>\n<thead><tr><th>operator<th>feature", file);
  for (size_t r = 0; r < report->count; r++) {
    (void)fputs("<th>", file);
    put_runtime(file, &report->runtimes[r]);
  }
  (void)fputs("</tr></thead>\n", file);
  for (size_t i = 0; i < matrix->row_count; i++) {
    (void)fputs("<tr><th>", file);
    put_text(file, matrix->rows[i].op_type);
    (void)fputs("<th>", file);
    put_text(file, matrix->rows[i].feature);
    for (size_t r = 0; r < report->count; r++) put_cell(file, matrix, i, r);
    (void)fputs("</tr>\n", file);
  }
  (void)fputs("</table>\n", file);
}

void olstm__html_report_write(FILE* file, const olstm__feature_matrix* matrix) {
  (void)fputs(kHead, file);
  put_counts(file, matrix->report);
  put_matrix(file, matrix);
  (void)fputs(kLegend, file);
  (void)fputs("</body>\n</html>\n", file);
}
