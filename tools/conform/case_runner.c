// See case_runner.h. A result goes through the pipe as it is.
#include "tools/conform/case_runner.h"

#include <inttypes.h>
#include <stdio.h>

void olstm__case_runner_init(olstm__case_runner* runner, const char* const* folders,
                             size_t count, const olstm__tested_spec* runtime,
                             const olstm__tolerance* tolerance,
                             const olstm__case_limits* limits) {
  *runner = (olstm__case_runner){.folders = folders,
                                 .count = count,
                                 .runtime = runtime,
                                 .tolerance = tolerance,
                                 .limits = *limits};
}

/// The process: a byte when the runtime is open, and all cases from `next` on. What the
/// runtime could not be opened for is each one's error.
static int run_in_child(void* user, olstm__pipe answers) {
  const olstm__case_runner* runner = user;
  const olstm__tested_spec* spec = runner->runtime;
  olstm__open_runtime runtime = {spec->kind, NULL};
  olstm__tested_info info;
  olstm_error error;
  const olstm_status status = spec->kind->open(spec, &runtime.self, &info, &error);
  bool is_heard = olstm__pipe_write(answers, "", 1);
  for (size_t i = runner->next; i < runner->count && is_heard; i++) {
    olstm__case_result result = {.verdict = OLSTM__VERDICT_ERROR, .reason = error};
    if (status == OLSTM_STATUS_OK) {
      olstm__conform_case_run(runner->folders[i], &runtime, runner->tolerance, &result);
    }
    is_heard = olstm__pipe_write(answers, &result, sizeof result);
  }
  if (status == OLSTM_STATUS_OK) spec->kind->close(runtime.self);
  return is_heard ? 0 : 1;
}

int olstm__case_runner_work(olstm__case_runner* runner, size_t next,
                            olstm__pipe answers) {
  runner->next = next;
  return run_in_child(runner, answers);
}

/// Seconds to open a runtime in, where cases have a limit: they count from then on.
enum { kOpenSeconds = 120 };

static void end_late(olstm__case_runner* runner, int64_t seconds,
                     olstm__case_result* out_result) {
  olstm__process_kill(&runner->process);
  out_result->verdict = OLSTM__VERDICT_TIMEOUT;
  out_result->seconds = (double)seconds;
  (void)olstm_fail(&out_result->reason, OLSTM_STATUS_OK, "no result within %" PRId64 " s",
                   seconds);
}

/// Waits for `count` bytes of the process. False, with the verdict, when it does not give
/// them in time or ends.
static bool hear(olstm__case_runner* runner, int64_t seconds, void* bytes, size_t count,
                 olstm__case_result* out_result) {
  char reason[64];
  switch (olstm__process_read(&runner->process, seconds, bytes, count)) {
    case OLSTM__PROCESS_ANSWERED:
      return true;
    case OLSTM__PROCESS_LATE:
      end_late(runner, seconds, out_result);
      return false;
    case OLSTM__PROCESS_GONE:
      break;
  }
  out_result->verdict = OLSTM__VERDICT_CRASH;
  olstm__process_explain(olstm__process_end(&runner->process), reason);
  (void)olstm_fail(&out_result->reason, OLSTM_STATUS_OK, "%s", reason);
  return false;
}

/// False, with the verdict, when there is no process.
static bool start(olstm__case_runner* runner, olstm__case_result* out_result) {
  char ready = 0;
  char task[64];
  (void)snprintf(task, sizeof task, OLSTM__CASE_RUNNER_TASK " %zu %zu",
                 runner->runtime->index, runner->next);
  const olstm__process_work work = {run_in_child, runner, task};
  if (!olstm__process_start(&work, runner->limits.memory_mb, &runner->process)) {
    (void)olstm_fail(&out_result->reason, OLSTM_STATUS_IO_ERROR,
                     "no process to run it in");
    return false;
  }
  return hear(runner, runner->limits.seconds > 0 ? kOpenSeconds : 0, &ready, 1,
              out_result);
}

void olstm__case_runner_next(olstm__case_runner* runner, olstm__case_result* out_result) {
  olstm__case_result result;
  *out_result = (olstm__case_result){.verdict = OLSTM__VERDICT_ERROR};
  const bool is_running = runner->process.is_running || start(runner, out_result);
  runner->next++;
  if (is_running &&
      hear(runner, runner->limits.seconds, &result, sizeof result, out_result)) {
    *out_result = result;
  }
}

bool olstm__case_runner_finish(olstm__case_runner* runner) {
  return !runner->process.is_running || olstm__process_end(&runner->process) == 0;
}
