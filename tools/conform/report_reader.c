// See report_reader.h.
#include "tools/conform/report_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/file_bytes.h"

/// Reports of versions that wrote no kind have the word alone.
static bool read_verdict(const olstm__json_value* object, olstm__verdict* out_verdict) {
  const char* kind = olstm__json_get_text(object, "kind", NULL);
  const char* word = olstm__json_get_text(object, "result", "");
  for (int v = 0; v < OLSTM__VERDICT_COUNT; v++) {
    *out_verdict = (olstm__verdict)v;
    if (kind ? strcmp(kind, olstm__verdict_kind(*out_verdict)) == 0
             : strcmp(word, olstm__verdict_word(*out_verdict)) == 0) {
      return true;
    }
  }
  return false;
}

static bool read_case(const olstm__json_value* object, olstm__reported_case* out) {
  olstm__case_result* result = &out->result;
  out->name = olstm__json_get_text(object, "name", NULL);
  out->op_type = olstm__json_get_text(object, "operator", "");
  result->seconds = olstm__json_get_number(object, "seconds", 0);
  result->data_sets = (int64_t)olstm__json_get_number(object, "data_sets", 0);
  result->errors.absolute = olstm__json_get_number(object, "absolute_error", 0);
  result->errors.relative = olstm__json_get_number(object, "relative_error", 0);
  (void)snprintf(result->reason.message, sizeof result->reason.message, "%s",
                 olstm__json_get_text(object, "reason", ""));
  return out->name && read_verdict(object, &result->verdict);
}

static size_t count_items(const olstm__json_value* list) {
  size_t count = 0;
  for (const olstm__json_value* item = list ? list->first : NULL; item;
       item = item->next) {
    count++;
  }
  return count;
}

static bool read_runtime(const olstm__json_value* object, olstm__runtime_report* out) {
  const olstm__json_value* cases = olstm__json_get(object, "cases");
  const char* name = olstm__json_get_text(object, "runtime", NULL);
  if (!name || !cases || cases->kind != OLSTM__JSON_ARRAY) return false;
  (void)snprintf(out->info.name, sizeof out->info.name, "%s", name);
  (void)snprintf(out->info.version, sizeof out->info.version, "%s",
                 olstm__json_get_text(object, "version", ""));
  out->cases = calloc(count_items(cases) + 1, sizeof *out->cases);
  if (!out->cases) return false;
  for (const olstm__json_value* item = cases->first; item; item = item->next) {
    if (!read_case(item, &out->cases[out->count++])) return false;
  }
  return true;
}

static bool read_runtimes(const olstm__json_value* root, olstm__conform_report* out) {
  const olstm__json_value* list = olstm__json_get(root, "runtimes");
  const size_t count = list ? count_items(list) : 1;
  const olstm__json_value* next = list ? list->first : root;
  out->runtimes = calloc(count + 1, sizeof *out->runtimes);
  for (; out->runtimes && out->count < count; next = next->next) {
    if (!read_runtime(next, &out->runtimes[out->count++])) return false;
  }
  return out->runtimes && count > 0;
}

olstm_status olstm__read_report_init(const char* path, olstm__read_report* out_report,
                                     olstm_error* error) {
  olstm__file_bytes bytes;
  olstm_error reason = {""};
  OLSTM_RETURN_IF_ERROR(olstm__file_bytes_read(path, &bytes, error));
  const olstm_status status =
      olstm__json_read((const char*)bytes.data, bytes.count, &out_report->json, &reason);
  olstm__file_bytes_deinit(&bytes);
  if (status != OLSTM_STATUS_OK) {
    return olstm_fail(error, status, "'%.200s': %s", path, reason.message);
  }
  if (read_runtimes(out_report->json.root, &out_report->report)) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                    "'%.200s' is no report that conform --json wrote", path);
}

void olstm__read_report_deinit(olstm__read_report* report) {
  for (size_t r = 0; r < report->report.count; r++) {
    free(report->report.runtimes[r].cases);
  }
  free(report->report.runtimes);
  olstm__json_deinit(&report->json);
  report->report = (olstm__conform_report){0, NULL};
}
