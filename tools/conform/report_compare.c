// See report_compare.h.
#include "tools/conform/report_compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/conform/report_reader.h"
#include "tools/say.h"

/// How bad a verdict is.
static int badness(olstm__verdict verdict) {
  static const int kBadness[OLSTM__VERDICT_COUNT] = {
      [OLSTM__VERDICT_PASS] = 0,    [OLSTM__VERDICT_OPEN] = 0,
      [OLSTM__VERDICT_REFUSED] = 1, [OLSTM__VERDICT_ERROR] = 2,
      [OLSTM__VERDICT_WRONG] = 3,   [OLSTM__VERDICT_CRASH] = 4,
      [OLSTM__VERDICT_TIMEOUT] = 4,
  };
  return kBadness[verdict];
}

static int compare_cases(const void* a, const void* b) {
  const olstm__reported_case* const* first = a;
  const olstm__reported_case* const* second = b;
  const int order = strcmp((*first)->name, (*second)->name);
  // Cases of one name in several folders stay as they were found.
  return order != 0 ? order : (*first > *second) - (*first < *second);
}

/// The cases by name; the caller frees them.
static olstm_status sort_cases(const olstm__runtime_report* runtime,
                               const olstm__reported_case*** out_sorted,
                               olstm_error* error) {
  const olstm__reported_case** sorted =
      calloc(runtime->count + 1, sizeof(const olstm__reported_case*));
  *out_sorted = sorted;
  if (!sorted) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory to compare");
  }
  for (size_t i = 0; i < runtime->count; i++) sorted[i] = &runtime->cases[i];
  qsort(sorted, runtime->count, sizeof *sorted, compare_cases);
  return OLSTM_STATUS_OK;
}

static void say_case(const char* word, const olstm__reported_case* before,
                     const olstm__reported_case* after) {
  const olstm__reported_case* known = after ? after : before;
  const char* reason = known->result.reason.message;
  olstm__say(stdout, "%s %s: %s%s%s%s%s\n", word, known->name,
             before ? olstm__verdict_kind(before->result.verdict) : "",
             before && after ? " -> " : "",
             after ? olstm__verdict_kind(after->result.verdict) : "", *reason ? ": " : "",
             reason);
}

static void compare_pair(const olstm__reported_case* before,
                         const olstm__reported_case* after,
                         olstm__compare_counts* counts) {
  const int change = badness(after->result.verdict) - badness(before->result.verdict);
  if (after->result.verdict == before->result.verdict) {
    counts->same++;
  } else if (change == 0) {
    counts->other++;
    say_case("OTHER", before, after);
  } else if (change > 0) {
    counts->worse++;
    say_case("WORSE", before, after);
  } else {
    counts->better++;
    say_case("BETTER", before, after);
  }
}

/// Both lists in the order of their names.
static void merge(const olstm__reported_case* const* before, size_t before_count,
                  const olstm__reported_case* const* after, size_t after_count,
                  olstm__compare_counts* counts) {
  size_t b = 0, a = 0;
  while (b < before_count || a < after_count) {
    int order = b < before_count ? -1 : 1;
    if (b < before_count && a < after_count) {
      order = strcmp(before[b]->name, after[a]->name);
    }
    if (order == 0) {
      compare_pair(before[b++], after[a++], counts);
    } else if (order < 0) {
      counts->removed++;
      say_case("REMOVED", before[b++], NULL);
    } else {
      counts->added++;
      say_case("ADDED", NULL, after[a++]);
    }
  }
}

olstm_status olstm__runtime_reports_compare(const olstm__runtime_report* before,
                                            const olstm__runtime_report* after,
                                            olstm__compare_counts* out_counts,
                                            olstm_error* error) {
  const olstm__reported_case** first = NULL;
  const olstm__reported_case** second = NULL;
  *out_counts = (olstm__compare_counts){.same = 0};
  olstm_status status = sort_cases(before, &first, error);
  if (status == OLSTM_STATUS_OK) status = sort_cases(after, &second, error);
  if (status == OLSTM_STATUS_OK) {
    merge(first, before->count, second, after->count, out_counts);
  }
  free(first);
  free(second);
  return status;
}

// ---------------------------------------------------------------- files

/// What runtime `index` of a report is compared with: of as many, the one in its place;
/// else the first of its name. NULL for none.
static const olstm__runtime_report* find_partner(const olstm__conform_report* before,
                                                 const olstm__conform_report* after,
                                                 size_t index) {
  if (before->count == after->count) return &before->runtimes[index];
  for (size_t r = 0; r < before->count; r++) {
    if (strcmp(before->runtimes[r].info.name, after->runtimes[index].info.name) == 0) {
      return &before->runtimes[r];
    }
  }
  return NULL;
}

static olstm_status compare_runtimes(const olstm__conform_report* before,
                                     const olstm__conform_report* after,
                                     size_t* out_worse, olstm_error* error) {
  for (size_t r = 0; r < after->count; r++) {
    const olstm__runtime_report* partner = find_partner(before, after, r);
    olstm__compare_counts counts;
    char first[256], second[256];
    olstm__tested_info_print(&after->runtimes[r].info, second, sizeof second);
    if (!partner) {
      olstm__say(stdout, "%s: not in the first report\n", second);
      continue;
    }
    olstm__tested_info_print(&partner->info, first, sizeof first);
    olstm__say(stdout, "%s -> %s:\n", first, second);
    OLSTM_RETURN_IF_ERROR(
        olstm__runtime_reports_compare(partner, &after->runtimes[r], &counts, error));
    olstm__say(stdout,
               "%zu better, %zu worse, %zu other, %zu added, %zu removed, %zu the same\n",
               counts.better, counts.worse, counts.other, counts.added, counts.removed,
               counts.same);
    *out_worse += counts.worse;
  }
  return OLSTM_STATUS_OK;
}

/// All runtimes of all files beside each other; borrowed from them.
static olstm_status write_joint(const olstm__read_report* reports, size_t count,
                                const olstm__report_paths* paths, olstm_error* error) {
  olstm__conform_report joint = {0, NULL};
  size_t total = 0;
  for (size_t i = 0; i < count; i++) total += reports[i].report.count;
  joint.runtimes = calloc(total + 1, sizeof *joint.runtimes);
  if (!joint.runtimes) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory to compare");
  }
  for (size_t i = 0; i < count; i++) {
    for (size_t r = 0; r < reports[i].report.count; r++) {
      joint.runtimes[joint.count++] = reports[i].report.runtimes[r];
    }
  }
  const olstm_status status = olstm__conform_report_write(&joint, paths, error);
  free(joint.runtimes);
  return status;
}

static olstm_status compare_files(const olstm__cli_list* files,
                                  const olstm__report_paths* paths,
                                  olstm__read_report* reports, size_t* out_worse,
                                  olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(olstm__report_paths_check(paths, error));
  for (size_t i = 0; i < files->count; i++) {
    OLSTM_RETURN_IF_ERROR(olstm__read_report_init(files->values[i], &reports[i], error));
  }
  for (size_t i = 1; i < files->count; i++) {
    OLSTM_RETURN_IF_ERROR(
        compare_runtimes(&reports[0].report, &reports[i].report, out_worse, error));
  }
  return write_joint(reports, files->count, paths, error);
}

int olstm__compare_files(const olstm__cli_list* files, const olstm__report_paths* paths) {
  olstm_error error;
  size_t worse = 0;
  olstm__read_report* reports = calloc(files->count + 1, sizeof *reports);
  if (!reports) return olstm__cli_complain(OLSTM__EXIT_FAILED, "no memory to compare");
  const olstm_status status = compare_files(files, paths, reports, &worse, &error);
  for (size_t i = 0; i < files->count; i++) olstm__read_report_deinit(&reports[i]);
  free(reports);
  if (status != OLSTM_STATUS_OK) return olstm__cli_fail(&error);
  return worse == 0 ? OLSTM__EXIT_OK : OLSTM__EXIT_FAILED;
}
