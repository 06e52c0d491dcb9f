// See conform_report.h.
#include "tools/conform/conform_report.h"

#include <stdio.h>

/// What is said of a verdict, and where.
typedef struct verdict_words {
  const char* word;
  const char* kind;
} verdict_words;

static const verdict_words kWords[OLSTM__VERDICT_COUNT] = {
    [OLSTM__VERDICT_PASS] = {"PASS", "pass"},
    [OLSTM__VERDICT_WRONG] = {"FAIL", "wrong"},
    [OLSTM__VERDICT_ERROR] = {"FAIL", "error"},
    [OLSTM__VERDICT_REFUSED] = {"SKIP", "refused"},
    [OLSTM__VERDICT_OPEN] = {"SKIP", "open"},
    [OLSTM__VERDICT_CRASH] = {"CRASH", "crash"},
    [OLSTM__VERDICT_TIMEOUT] = {"TIMEOUT", "timeout"},
};

const char* olstm__verdict_word(olstm__verdict verdict) {
  return kWords[verdict].word;
}

const char* olstm__verdict_kind(olstm__verdict verdict) {
  return kWords[verdict].kind;
}

size_t olstm__runtime_report_count_of(const olstm__runtime_report* runtime,
                                      olstm__verdict verdict) {
  size_t count = 0;
  for (size_t i = 0; i < runtime->count; i++) {
    count += runtime->cases[i].result.verdict == verdict;
  }
  return count;
}

olstm__verdict_counts olstm__runtime_report_count(const olstm__runtime_report* runtime) {
  olstm__verdict_counts counts;
  counts.passed = olstm__runtime_report_count_of(runtime, OLSTM__VERDICT_PASS);
  counts.skipped = olstm__runtime_report_count_of(runtime, OLSTM__VERDICT_REFUSED) +
                   olstm__runtime_report_count_of(runtime, OLSTM__VERDICT_OPEN);
  counts.failed = runtime->count - counts.passed - counts.skipped;
  return counts;
}

void olstm__tested_info_print(const olstm__tested_info* info, char* out,
                              size_t capacity) {
  (void)snprintf(out, capacity, "%s%s%s", info->name, info->version[0] ? " " : "",
                 info->version);
}
