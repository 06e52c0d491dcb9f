// Runs test cases in a child process, so that a crash fails one case only. A child runs
// case after case until it crashes.
#ifndef OLSTM_TOOLS_CASE_RUNNER_H_
#define OLSTM_TOOLS_CASE_RUNNER_H_

#include <sys/types.h>

#include "tools/conform_case.h"

typedef struct olstm__case_runner {
  const char* const* folders;
  size_t count;
  const olstm__job_options* options;
  const olstm__tolerance* tolerance;
  /// Seconds that a case may take; 0: any time.
  int64_t timeout;
  /// The case whose result comes next.
  size_t next;
  /// The process, 0 when there is none, and the pipe that results come through.
  pid_t child;
  int pipe_end;
} olstm__case_runner;

/// Everything is borrowed until finish.
void olstm__case_runner_init(olstm__case_runner* runner, const char* const* folders,
                             size_t count, const olstm__job_options* options,
                             const olstm__tolerance* tolerance, int64_t timeout);

/// The next case's result; to be called `count` times.
void olstm__case_runner_next(olstm__case_runner* runner, olstm__case_result* out_result);

/// Waits for the process. False when it failed after its cases were done (a leak
/// checker's report).
bool olstm__case_runner_finish(olstm__case_runner* runner);

#endif  // OLSTM_TOOLS_CASE_RUNNER_H_
