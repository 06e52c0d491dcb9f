// olstm conform: finds ONNX test cases, runs each, prints a line a case and the counts.
#include <dirent.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/case_runner.h"
#include "tools/cli.h"
#include "tools/command.h"
#include "tools/conform_report.h"
#include "tools/file_bytes.h"
#include "tools/progress.h"
#include "tools/say.h"
#include "tools/wrong_case.h"

enum { kMaxDepth = 4 };

typedef struct conform_options {
  olstm__job_options job;
  olstm__tolerance tolerance;
  olstm__cli_list filters;
  olstm__cli_list excludes;
  olstm__report_paths reports;
  int64_t timeout;
  bool strict;
} conform_options;

/// Folders, each with its depth below what the command line names.
typedef struct folder_list {
  size_t count;
  size_t capacity;
  char** paths;
  int* depths;
} folder_list;

static bool append(folder_list* list, const char* path, int depth) {
  if (list->count == list->capacity) {
    const size_t capacity = list->capacity ? 2 * list->capacity : 64;
    char** paths = realloc(list->paths, capacity * sizeof *paths);
    if (paths) list->paths = paths;
    int* depths = realloc(list->depths, capacity * sizeof *depths);
    if (depths) list->depths = depths;
    if (!paths || !depths) return false;
    list->capacity = capacity;
  }
  list->paths[list->count] = strdup(path);
  list->depths[list->count] = depth;
  return list->paths[list->count++] != NULL;
}

static void deinit_folders(folder_list* list) {
  for (size_t i = 0; i < list->count; i++) free(list->paths[i]);
  free(list->paths);
  free(list->depths);
}

static bool has_entry(const char* folder, const char* name) {
  char path[OLSTM__PATH_CAPACITY];
  return olstm__path_join(folder, name, path, NULL) == OLSTM_STATUS_OK &&
         olstm__path_exists(path);
}

static bool is_case(const char* folder) {
  return has_entry(folder, "model.onnx") || has_entry(folder, "test_data_set_0");
}

static int compare_names(const struct dirent** a, const struct dirent** b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_visible(const struct dirent* entry) {
  return entry->d_name[0] != '.';
}

/// Appends the folders inside `folder`, in the order of their names.
static olstm_status append_subfolders(folder_list* list, const char* folder, int depth,
                                      olstm_error* error) {
  struct dirent** entries = NULL;
  olstm_status status = OLSTM_STATUS_OK;
  const int count = scandir(folder, &entries, is_visible, compare_names);
  if (count < 0 && depth == 1) {
    status =
        olstm_fail(error, OLSTM_STATUS_IO_ERROR, "cannot read the folder '%s'", folder);
  }
  for (int i = 0; i < count; i++) {
    char path[OLSTM__PATH_CAPACITY];
    if (status == OLSTM_STATUS_OK) {
      status = olstm__path_join(folder, entries[i]->d_name, path, error);
    }
    // A path that ends in "/." exists only when it is a folder's.
    if (status == OLSTM_STATUS_OK && has_entry(path, ".") && !append(list, path, depth)) {
      status = olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a list");
    }
    free(entries[i]);
  }
  free(entries);
  return status;
}

/// The cases at or below `path`. Folders that are none are looked into.
static olstm_status find_cases(const char* path, folder_list* cases, olstm_error* error) {
  folder_list queue = {0};
  olstm_status status =
      append(&queue, path, 0)
          ? OLSTM_STATUS_OK
          : olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a list");
  const size_t count_before = cases->count;
  for (size_t i = 0; status == OLSTM_STATUS_OK && i < queue.count; i++) {
    const int depth = queue.depths[i];
    if (is_case(queue.paths[i])) {
      if (!append(cases, queue.paths[i], depth)) {
        status = olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a list");
      }
    } else if (depth < kMaxDepth) {
      status = append_subfolders(&queue, queue.paths[i], depth + 1, error);
    }
  }
  deinit_folders(&queue);
  if (status == OLSTM_STATUS_OK && cases->count == count_before) {
    status = olstm_fail(error, OLSTM_STATUS_NOT_FOUND,
                        "no case in '%s': a case is a folder with model.onnx and "
                        "test_data_set_0",
                        path);
  }
  return status;
}

/// The last part of a path; "" when it has none.
static const char* case_name(char* path) {
  size_t length = strlen(path);
  while (length > 1 && path[length - 1] == '/') path[--length] = '\0';
  const char* slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static void print_line(const char* name, const olstm__case_result* result) {
  const char* reason = result->reason.message;
  olstm__say(stdout, "%s %s%s%s\n", olstm__verdict_name(result->verdict), name,
             *reason ? ": " : "", reason);
}

static void show_progress(size_t index, size_t count) {
  char text[64];
  // No progress line when results are printed to a terminal.
  if (isatty(STDOUT_FILENO)) return;
  (void)snprintf(text, sizeof text, "case %zu of %zu", index + 1, count);
  if (index == 0) {
    olstm__progress_begin(text);
  } else {
    olstm__progress_update(text);
  }
}

static bool matches_any(const olstm__cli_list* globs, const char* name) {
  bool is_found = false;
  for (size_t i = 0; i < globs->count && !is_found; i++) {
    is_found = fnmatch(globs->values[i], name, 0) == 0;
  }
  return is_found;
}

/// Leaves the cases whose names match a filter, if there is one, and no exclusion.
static void filter_cases(folder_list* cases, const conform_options* options) {
  size_t kept = 0;
  for (size_t i = 0; i < cases->count; i++) {
    const char* name = case_name(cases->paths[i]);
    if ((options->filters.count > 0 && !matches_any(&options->filters, name)) ||
        matches_any(&options->excludes, name)) {
      free(cases->paths[i]);
    } else {
      cases->paths[kept++] = cases->paths[i];
    }
  }
  cases->count = kept;
}

/// The sentence of the specification that leaves a case open; false when none does.
static bool read_open(const char* folder, olstm_error* out_sentence) {
  char path[OLSTM__PATH_CAPACITY];
  olstm__file_bytes bytes;
  if (olstm__path_join(folder, "open.txt", path, NULL) != OLSTM_STATUS_OK ||
      olstm__file_bytes_read(path, &bytes, NULL) != OLSTM_STATUS_OK) {
    return false;
  }
  const size_t length = bytes.count < 400 ? bytes.count : 400;
  const char* end = length > 0 ? memchr(bytes.data, '\n', length) : NULL;
  (void)olstm_fail(out_sentence, OLSTM_STATUS_OK, "the answer is open: %.*s",
                   (int)(end ? end - (const char*)bytes.data : (ptrdiff_t)length),
                   (const char*)bytes.data);
  olstm__file_bytes_deinit(&bytes);
  return true;
}

/// A case that is known to be wrong itself, or open, is no failure.
static void judge(const char* folder, const char* name, olstm__case_result* result) {
  if (result->verdict != OLSTM__VERDICT_FAIL) return;
  const char* wrong = olstm__wrong_case_find(folder, name);
  if (wrong) {
    (void)olstm_fail(&result->reason, OLSTM_STATUS_OK, "the case's own data is wrong: %s",
                     wrong);
  }
  if (wrong || read_open(folder, &result->reason)) result->verdict = OLSTM__VERDICT_SKIP;
}

/// False when a process that ran cases ended badly after the last of them.
static bool run_cases(const folder_list* cases, const conform_options* options,
                      olstm__conform_report* report) {
  olstm__case_runner runner;
  olstm__case_runner_init(&runner, (const char* const*)cases->paths, cases->count,
                          &options->job, &options->tolerance, options->timeout);
  for (size_t i = 0; i < cases->count; i++) {
    olstm__reported_case* c = &report->cases[i];
    c->name = case_name(cases->paths[i]);
    show_progress(i, cases->count);
    olstm__case_runner_next(&runner, &c->result);
    judge(cases->paths[i], c->name, &c->result);
    print_line(c->name, &c->result);
    report->count++;
  }
  olstm__progress_end();
  return olstm__case_runner_finish(&runner);
}

static int finish(const conform_options* options, const olstm__conform_report* report,
                  bool ended_well) {
  olstm_error error;
  const size_t passed = olstm__conform_report_count(report, OLSTM__VERDICT_PASS);
  const size_t skipped = olstm__conform_report_count(report, OLSTM__VERDICT_SKIP);
  const size_t failed = report->count - passed - skipped;
  olstm__say(stdout, "%zu passed, %zu failed, %zu skipped\n", passed, failed, skipped);
  if (olstm__conform_report_write(report, &options->reports, &error) != OLSTM_STATUS_OK) {
    return olstm__cli_fail(&error);
  }
  if (!ended_well) {
    return olstm__cli_complain(OLSTM__EXIT_FAILED,
                               "the process that ran the cases ended badly");
  }
  const bool is_good = failed == 0 && (!options->strict || skipped == 0);
  return is_good ? OLSTM__EXIT_OK : OLSTM__EXIT_FAILED;
}

static int run_and_count(const folder_list* cases, const conform_options* options) {
  olstm__conform_report report = {0, calloc(cases->count, sizeof *report.cases)};
  if (!report.cases) {
    return olstm__cli_complain(OLSTM__EXIT_FAILED, "no memory for a report");
  }
  const bool ended_well = run_cases(cases, options, &report);
  const int exit_code = finish(options, &report, ended_well);
  free(report.cases);
  return exit_code;
}

static olstm__cli_result parse(int argc, char** argv, conform_options* out,
                               olstm__cli_list* out_paths) {
  const olstm__cli_option options[] = {
      {"rtol", OLSTM__CLI_REAL, &out->tolerance.rtol, "R",
       "relative tolerance (default 1e-3)", 0, 0, NULL},
      {"atol", OLSTM__CLI_REAL, &out->tolerance.atol, "A",
       "absolute tolerance (default 1e-7)", 0, 0, NULL},
      {"filter", OLSTM__CLI_LIST, &out->filters, "GLOB",
       "only cases of such names; several add up", 0, 0, NULL},
      {"exclude", OLSTM__CLI_LIST, &out->excludes, "GLOB",
       "no cases of such names; several add up", 0, 0, NULL},
      {"strict", OLSTM__CLI_FLAG, &out->strict, NULL, "a SKIP is a failure too", 0, 0,
       NULL},
      {"timeout", OLSTM__CLI_INT, &out->timeout, "S",
       "seconds that a case may take (default: any time)", 1, 86400, NULL},
      {"json", OLSTM__CLI_TEXT, &out->reports.json, "FILE",
       "write results, errors and durations there", 0, 0, NULL},
      {"junit", OLSTM__CLI_TEXT, &out->reports.junit, "FILE",
       "write the results there as JUnit XML", 0, 0, NULL},
      {"markdown", OLSTM__CLI_TEXT, &out->reports.markdown, "FILE",
       "write a table of what did not pass there", 0, 0, NULL},
      OLSTM__JOB_CLI_OPTIONS(out->job),
  };
  const olstm__cli_command command = {
      "conform",
      "olstm conform [options] PATH...",
      "Runs ONNX test cases: folders of model.onnx and test_data_set_K, or folders of "
      "them.\nPrints PASS, FAIL, SKIP, CRASH or TIMEOUT for each; SKIP names what olstm "
      "does "
      "not have.",
      options,
      sizeof options / sizeof options[0],
      1,
      OLSTM__CLI_LIST_CAPACITY};
  return olstm__cli_parse(&command, argc, argv, out_paths);
}

int olstm__command_conform(int argc, char** argv) {
  conform_options options = {.tolerance = {1e-3, 1e-7}};
  olstm__cli_list paths;
  folder_list cases = {0};
  olstm_error error;
  olstm_status status = OLSTM_STATUS_OK;
  olstm__job_options_init(&options.job);
  const olstm__cli_result parsed = parse(argc, argv, &options, &paths);
  if (parsed != OLSTM__CLI_PARSED) return olstm__cli_exit_code(parsed);
  status = olstm__job_check_plugins(&options.job, &error);
  if (status == OLSTM_STATUS_OK) {
    status = olstm__report_paths_check(&options.reports, &error);
  }
  for (size_t i = 0; status == OLSTM_STATUS_OK && i < paths.count; i++) {
    status = find_cases(paths.values[i], &cases, &error);
  }
  if (status == OLSTM_STATUS_OK) {
    filter_cases(&cases, &options);
    if (cases.count == 0) {
      const bool is_one = options.filters.count == 1 && options.excludes.count == 0;
      status = olstm_fail(
          &error, OLSTM_STATUS_NOT_FOUND,
          is_one ? "no case matches '%s'" : "--filter and --exclude leave no case%.0s",
          is_one ? options.filters.values[0] : "");
    }
  }
  const int exit_code = status == OLSTM_STATUS_OK ? run_and_count(&cases, &options)
                                                  : olstm__cli_fail(&error);
  deinit_folders(&cases);
  return exit_code;
}
