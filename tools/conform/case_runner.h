// Runs test cases in a child process, so that a crash fails one case only. A child runs
// case after case until it crashes.
#ifndef OLSTM_TOOLS_CONFORM_CASE_RUNNER_H_
#define OLSTM_TOOLS_CONFORM_CASE_RUNNER_H_

#include "system/process.h"
#include "tools/conform/conform_case.h"

/// What a case may take.
typedef struct olstm__case_limits {
  /// Seconds; 0: any time.
  int64_t seconds;
  /// Of address space, beyond what the command has; 0: any.
  int64_t memory_mb;
} olstm__case_limits;

typedef struct olstm__case_runner {
  const char* const* folders;
  size_t count;
  const olstm__tested_spec* runtime;
  const olstm__tolerance* tolerance;
  olstm__case_limits limits;
  /// The case whose result comes next.
  size_t next;
  olstm__process process;
} olstm__case_runner;

/// Everything is borrowed until finish.
void olstm__case_runner_init(olstm__case_runner* runner, const char* const* folders,
                             size_t count, const olstm__tested_spec* runtime,
                             const olstm__tolerance* tolerance,
                             const olstm__case_limits* limits);

/// The task of a child process, as olstm__process_task gives it: which runtime, and the
/// first case.
#define OLSTM__CASE_RUNNER_TASK "cases"

/// In such a process: runs the cases from `next` on. What the process exits with.
int olstm__case_runner_work(olstm__case_runner* runner, size_t next, olstm__pipe answers);

/// The next case's result; to be called `count` times.
void olstm__case_runner_next(olstm__case_runner* runner, olstm__case_result* out_result);

/// Waits for the process. False when it failed after its cases were done (a leak
/// checker's report).
bool olstm__case_runner_finish(olstm__case_runner* runner);

#endif  // OLSTM_TOOLS_CONFORM_CASE_RUNNER_H_
