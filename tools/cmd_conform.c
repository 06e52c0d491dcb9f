// olstm conform: finds ONNX test cases, runs each, prints a line a case and the counts.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system/process.h"
#include "system/standard_files.h"
#include "tools/cli.h"
#include "tools/command.h"
#include "tools/conform/case_list.h"
#include "tools/conform/case_runner.h"
#include "tools/conform/report_compare.h"
#include "tools/conform/report_files.h"
#include "tools/conform/wrong_case.h"
#include "tools/file_bytes.h"
#include "tools/progress.h"
#include "tools/say.h"

enum { kDefaultMemoryMb = 4096 };

typedef struct conform_options {
  olstm__job_options job;
  olstm__tolerance tolerance;
  olstm__case_filter filter;
  olstm__report_paths reports;
  olstm__case_limits limits;
  olstm__cli_list runtimes;
  const char* provider;
  bool strict;
  bool compare;
} conform_options;

static void print_line(const char* name, const olstm__case_result* result) {
  const char* reason = result->reason.message;
  olstm__say(stdout, "%s %s%s%s\n", olstm__verdict_word(result->verdict), name,
             *reason ? ": " : "", reason);
}

static void show_progress(size_t index, size_t count) {
  char text[64];
  // No progress line when results are printed to a terminal.
  if (olstm__standard_output_is_terminal()) return;
  (void)snprintf(text, sizeof text, "case %zu of %zu", index + 1, count);
  if (index == 0) {
    olstm__progress_begin(text);
  } else {
    olstm__progress_update(text);
  }
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
static void judge_case(const char* folder, const char* name, olstm__case_result* result) {
  if (result->verdict != OLSTM__VERDICT_WRONG &&
      result->verdict != OLSTM__VERDICT_ERROR) {
    return;
  }
  const char* wrong = olstm__wrong_case_find(folder, name);
  if (wrong) {
    (void)olstm_fail(&result->reason, OLSTM_STATUS_OK, "the case's own data is wrong: %s",
                     wrong);
  }
  if (wrong || read_open(folder, &result->reason)) result->verdict = OLSTM__VERDICT_OPEN;
}

// ---------------------------------------------------------------- runs

/// Cases, with what reports say of them whatever the runtime.
typedef struct named_cases {
  const olstm__case_list* list;
  char (*op_types)[OLSTM__OPERATOR_NAME_BYTES];
} named_cases;

/// False when a process that ran cases ended badly after the last of them.
static bool run_cases(const named_cases* cases, const olstm__tested_spec* runtime,
                      const conform_options* options, olstm__runtime_report* report) {
  const olstm__case_list* list = cases->list;
  olstm__case_runner runner;
  olstm__case_runner_init(&runner, (const char* const*)list->paths, list->count, runtime,
                          &options->tolerance, &options->limits);
  for (size_t i = 0; i < list->count; i++) {
    olstm__reported_case* c = &report->cases[i];
    c->name = olstm__case_name(list->paths[i]);
    c->op_type = cases->op_types[i];
    show_progress(i, list->count);
    olstm__case_runner_next(&runner, &c->result);
    judge_case(list->paths[i], c->name, &c->result);
    print_line(c->name, &c->result);
    report->count++;
  }
  olstm__progress_end();
  return olstm__case_runner_finish(&runner);
}

/// All runtimes, one after the other, with the name of each where there are several.
static bool run_runtimes(const named_cases* cases, const olstm__tested_spec* runtimes,
                         const conform_options* options, olstm__conform_report* report) {
  bool ended_well = true;
  for (size_t r = 0; r < report->count; r++) {
    olstm__runtime_report* one = &report->runtimes[r];
    if (report->count > 1) {
      char name[256];
      olstm__tested_info_print(&one->info, name, sizeof name);
      olstm__say(stdout, "%s:\n", name);
    }
    ended_well = run_cases(cases, &runtimes[r], options, one) && ended_well;
    const olstm__verdict_counts counts = olstm__runtime_report_count(one);
    olstm__say(stdout, "%zu passed, %zu failed, %zu skipped\n", counts.passed,
               counts.failed, counts.skipped);
  }
  return ended_well;
}

static int finish(const conform_options* options, const olstm__conform_report* report,
                  bool ended_well) {
  olstm_error error;
  bool is_good = true;
  for (size_t r = 0; r < report->count; r++) {
    const olstm__verdict_counts counts =
        olstm__runtime_report_count(&report->runtimes[r]);
    is_good = is_good && counts.failed == 0 && (!options->strict || counts.skipped == 0);
  }
  if (olstm__conform_report_write(report, &options->reports, &error) != OLSTM_STATUS_OK) {
    return olstm__cli_fail(&error);
  }
  if (!ended_well) {
    return olstm__cli_complain(OLSTM__EXIT_FAILED,
                               "the process that ran the cases ended badly");
  }
  return is_good ? OLSTM__EXIT_OK : OLSTM__EXIT_FAILED;
}

/// Makes room for the report, and learns what the runtimes call themselves.
static olstm_status begin_report(const named_cases* cases,
                                 const olstm__tested_spec* runtimes,
                                 olstm__conform_report* report, olstm_error* error) {
  for (size_t r = 0; r < report->count; r++) {
    olstm__runtime_report* one = &report->runtimes[r];
    OLSTM_RETURN_IF_ERROR(olstm__tested_spec_probe(&runtimes[r], &one->info, error));
    one->cases = calloc(cases->list->count, sizeof *one->cases);
    if (!one->cases) {
      return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a report");
    }
  }
  return OLSTM_STATUS_OK;
}

static int run_and_report(const olstm__case_list* list, const conform_options* options,
                          const olstm__tested_spec* runtimes, size_t runtime_count) {
  olstm_error error;
  named_cases cases = {list, calloc(list->count, sizeof *cases.op_types)};
  olstm__conform_report report = {runtime_count,
                                  calloc(runtime_count, sizeof *report.runtimes)};
  int exit_code = OLSTM__EXIT_FAILED;
  if (!cases.op_types || !report.runtimes) {
    exit_code = olstm__cli_complain(OLSTM__EXIT_FAILED, "no memory for a report");
  } else if (begin_report(&cases, runtimes, &report, &error) != OLSTM_STATUS_OK) {
    exit_code = olstm__cli_fail(&error);
  } else {
    for (size_t i = 0; i < list->count; i++) {
      olstm__case_first_operator(list->paths[i], cases.op_types[i]);
    }
    const bool ended_well = run_runtimes(&cases, runtimes, options, &report);
    exit_code = finish(options, &report, ended_well);
  }
  for (size_t r = 0; report.runtimes && r < runtime_count; r++) {
    free(report.runtimes[r].cases);
  }
  free(report.runtimes);
  free(cases.op_types);
  return exit_code;
}

// ---------------------------------------------------------------- the command line

static olstm__cli_result parse(int argc, char** argv, conform_options* out,
                               olstm__cli_list* out_paths) {
  const olstm__cli_option options[] = {
      {"runtime", OLSTM__CLI_LIST, &out->runtimes, "R",
       "olstm (default), an ONNX Runtime library, plugin:FILE, python:MODULE; several in "
       "turn",
       0, 0, NULL},
      {"ep", OLSTM__CLI_TEXT, &out->provider, "FILE",
       "a library with an execution provider for ONNX Runtime to run all with", 0, 0,
       NULL},
      {"rtol", OLSTM__CLI_REAL, &out->tolerance.rtol, "R",
       "relative tolerance (default 1e-3)", 0, 0, NULL},
      {"atol", OLSTM__CLI_REAL, &out->tolerance.atol, "A",
       "absolute tolerance (default 1e-7)", 0, 0, NULL},
      {"filter", OLSTM__CLI_LIST, &out->filter.globs, "GLOB",
       "only cases of such names; several add up", 0, 0, NULL},
      {"exclude", OLSTM__CLI_LIST, &out->filter.excluded, "GLOB",
       "no cases of such names; several add up", 0, 0, NULL},
      {"op", OLSTM__CLI_LIST, &out->filter.operators, "NAME",
       "only cases with a node of that operator (LSTM); several add up", 0, 0, NULL},
      {"strict", OLSTM__CLI_FLAG, &out->strict, NULL, "a SKIP is a failure too", 0, 0,
       NULL},
      {"compare", OLSTM__CLI_FLAG, &out->compare, NULL,
       "what is other in reports (--json) than in the first; nothing is run", 0, 0, NULL},
      {"timeout", OLSTM__CLI_INT, &out->limits.seconds, "S",
       "seconds that a case may take (default: any time)", 1, 86400, NULL},
      {"case-memory", OLSTM__CLI_INT, &out->limits.memory_mb, "MB",
       "memory that a runtime may take (default 4096; 0: any)", 0, INT32_MAX, NULL},
      {"json", OLSTM__CLI_TEXT, &out->reports.json, "FILE",
       "write results, errors and durations there", 0, 0, NULL},
      {"junit", OLSTM__CLI_TEXT, &out->reports.junit, "FILE",
       "write the results there as JUnit XML", 0, 0, NULL},
      {"markdown", OLSTM__CLI_TEXT, &out->reports.markdown, "FILE",
       "write what did not pass, and the matrix of features, there", 0, 0, NULL},
      {"html", OLSTM__CLI_TEXT, &out->reports.html, "FILE",
       "write a page with the matrix of features and their cases there", 0, 0, NULL},
      OLSTM__JOB_CLI_OPTIONS(out->job),
  };
  const olstm__cli_command command = {
      "conform",
      "olstm conform [options] PATH... | olstm conform --compare A.json B.json...",
      "Runs ONNX test cases: folders of model.onnx and test_data_set_K, or folders of "
      "them.\nPrints PASS, FAIL, SKIP, CRASH or TIMEOUT for each; SKIP names what the "
      "runtime\ndoes not have.",
      options,
      sizeof options / sizeof options[0],
      1,
      OLSTM__CLI_LIST_CAPACITY};
  return olstm__cli_parse(&command, argc, argv, out_paths);
}

/// Whether an option was given that applies to olstm alone.
static bool has_olstm_options(const olstm__job_options* given) {
  olstm__job_options plain;
  olstm__job_options_init(&plain);
  plain.thread_count = given->thread_count;
  return strcmp(given->kernel, plain.kernel) != 0 ||
         strcmp(given->precision, plain.precision) != 0 ||
         given->max_memory_mb != plain.max_memory_mb ||
         given->max_work != plain.max_work || given->fuse != plain.fuse ||
         given->broadcast_state != plain.broadcast_state ||
         given->real_time != plain.real_time || given->external_data ||
         given->seed != plain.seed || given->plugins.count > 0;
}

/// Reads --runtime and what goes with it. out_specs: as many as there are, or one.
static olstm_status choose_runtimes(const conform_options* options,
                                    olstm__tested_spec* out_specs, size_t* out_count,
                                    olstm_error* error) {
  const size_t count = options->runtimes.count;
  bool has_olstm = count == 0, has_provider = false;
  *out_count = count > 0 ? count : 1;
  for (size_t r = 0; r < *out_count; r++) {
    OLSTM_RETURN_IF_ERROR(
        olstm__tested_spec_parse(count > 0 ? options->runtimes.values[r] : "olstm",
                                 &options->job, options->provider, &out_specs[r], error));
    out_specs[r].index = r;
    out_specs[r].memory_mb = options->limits.memory_mb;
    has_olstm = has_olstm || olstm__tested_spec_is_olstm(&out_specs[r]);
    has_provider = has_provider || out_specs[r].provider;
  }
  if (options->provider && !has_provider) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "--ep goes with --runtime and an ONNX Runtime library");
  }
  if (!has_olstm && has_olstm_options(&options->job)) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "of olstm's options, other runtimes take --threads alone");
  }
  return OLSTM_STATUS_OK;
}

static olstm_status find_cases(const conform_options* options,
                               const olstm__cli_list* paths, olstm__case_list* cases,
                               olstm_error* error) {
  const olstm__case_filter* filter = &options->filter;
  for (size_t i = 0; i < paths->count; i++) {
    OLSTM_RETURN_IF_ERROR(olstm__case_list_find(cases, paths->values[i], error));
  }
  olstm__case_list_keep(cases, filter);
  if (cases->count > 0) return OLSTM_STATUS_OK;
  if (filter->globs.count == 1 && filter->excluded.count + filter->operators.count == 0) {
    return olstm_fail(error, OLSTM_STATUS_NOT_FOUND, "no case matches '%s'",
                      filter->globs.values[0]);
  }
  return olstm_fail(error, OLSTM_STATUS_NOT_FOUND, "%s leave no case",
                    filter->operators.count > 0 ? "--op, --filter and --exclude"
                                                : "--filter and --exclude");
}

static int compare(const conform_options* options, const olstm__cli_list* files) {
  const olstm__case_filter* filter = &options->filter;
  if (files->count < 2) {
    return olstm__cli_complain(OLSTM__EXIT_USAGE, "conform: --compare takes two files");
  }
  if (options->runtimes.count + filter->globs.count + filter->excluded.count +
          filter->operators.count >
      0) {
    return olstm__cli_complain(OLSTM__EXIT_USAGE,
                               "conform: --compare takes no runtimes and no filters");
  }
  return olstm__compare_files(files, &options->reports);
}

/// Whether a task is a word with so many numbers behind it.
static bool read_task(const char* task, const char* word, size_t count, size_t* numbers) {
  const size_t length = strlen(word);
  if (strncmp(task, word, length) != 0) return false;
  task += length;
  for (size_t i = 0; i < count; i++) {
    char* end = NULL;
    numbers[i] = (size_t)strtoull(task, &end, 10);
    if (end == task) return false;
    task = end;
  }
  return *task == '\0';
}

/// In a process that was started for a part of the work, where the system cannot copy
/// one: does that part.
static int do_task(const char* task, olstm__pipe answers, const conform_options* options,
                   const olstm__case_list* list, olstm__tested_spec* runtimes,
                   size_t runtime_count) {
  // The runtime, and the next case.
  size_t numbers[2];
  if (read_task(task, OLSTM__TESTED_SPEC_TASK, 1, numbers) &&
      numbers[0] < runtime_count) {
    return olstm__tested_spec_work(&runtimes[numbers[0]], answers);
  }
  if (read_task(task, OLSTM__CASE_RUNNER_TASK, 2, numbers) &&
      numbers[0] < runtime_count) {
    olstm__case_runner runner;
    olstm__case_runner_init(&runner, (const char* const*)list->paths, list->count,
                            &runtimes[numbers[0]], &options->tolerance, &options->limits);
    return olstm__case_runner_work(&runner, numbers[1], answers);
  }
  return OLSTM__EXIT_FAILED;
}

int olstm__command_conform(int argc, char** argv) {
  conform_options options = {.tolerance = {.rtol = 1e-3, .atol = 1e-7},
                             .limits = {0, kDefaultMemoryMb}};
  olstm__cli_list paths;
  olstm__case_list cases = {0};
  olstm__tested_spec runtimes[OLSTM__CLI_LIST_CAPACITY];
  size_t runtime_count = 0;
  olstm_error error;
  olstm__pipe answers;
  const char* task = olstm__process_task(&answers);
  olstm__job_options_init(&options.job);
  const olstm__cli_result parsed = parse(argc, argv, &options, &paths);
  if (parsed != OLSTM__CLI_PARSED) return olstm__cli_exit_code(parsed);
  if (options.compare) return compare(&options, &paths);
  if (choose_runtimes(&options, runtimes, &runtime_count, &error) != OLSTM_STATUS_OK) {
    return olstm__cli_complain(OLSTM__EXIT_USAGE, "conform: %s", error.message);
  }
  int exit_code = OLSTM__EXIT_FAILED;
  olstm_status status = olstm__report_paths_check(&options.reports, &error);
  if (status == OLSTM_STATUS_OK) status = find_cases(&options, &paths, &cases, &error);
  if (status != OLSTM_STATUS_OK) {
    exit_code = olstm__cli_fail(&error);
  } else if (task) {
    exit_code = do_task(task, answers, &options, &cases, runtimes, runtime_count);
  } else {
    exit_code = run_and_report(&cases, &options, runtimes, runtime_count);
  }
  olstm__case_list_deinit(&cases);
  return exit_code;
}
