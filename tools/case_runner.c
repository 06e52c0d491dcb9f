// See case_runner.h. A result goes through the pipe as it is.
#include "tools/case_runner.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool write_all(int file, const unsigned char* bytes, size_t count) {
  while (count > 0) {
    const ssize_t written = write(file, bytes, count);
    if (written <= 0) return false;
    bytes += written;
    count -= (size_t)written;
  }
  return true;
}

static bool read_all(int file, unsigned char* bytes, size_t count) {
  while (count > 0) {
    const ssize_t got = read(file, bytes, count);
    if (got <= 0) return false;
    bytes += got;
    count -= (size_t)got;
  }
  return true;
}

/// The process: all cases from `next` on.
static _Noreturn void run_in_child(const olstm__case_runner* runner, int pipe_end) {
  bool is_heard = true;
  for (size_t i = runner->next; i < runner->count && is_heard; i++) {
    olstm__case_result result;
    olstm__conform_case_run(runner->folders[i], runner->options, runner->tolerance,
                            &result);
    is_heard = write_all(pipe_end, (const unsigned char*)&result, sizeof result);
  }
  // exit and not _exit: leak checkers look at exit.
  exit(is_heard ? 0 : 1);
}

static bool start_child(olstm__case_runner* runner) {
  int ends[2];
  // Buffered output would be written by both processes.
  (void)fflush(NULL);
  if (pipe(ends) != 0) return false;
  const pid_t child = fork();
  if (child == 0) {
    (void)close(ends[0]);
    run_in_child(runner, ends[1]);
  }
  (void)close(ends[1]);
  if (child < 0) {
    (void)close(ends[0]);
    return false;
  }
  runner->child = child;
  runner->pipe_end = ends[0];
  return true;
}

/// Closes the pipe and waits; the status as waitpid gives it.
static int end_child(olstm__case_runner* runner) {
  int status = 0;
  (void)close(runner->pipe_end);
  if (waitpid(runner->child, &status, 0) != runner->child) status = 1;
  runner->child = 0;
  return status;
}

void olstm__case_runner_init(olstm__case_runner* runner, const char* const* folders,
                             size_t count, const olstm__job_options* options,
                             const olstm__tolerance* tolerance, int64_t timeout) {
  *runner = (olstm__case_runner){folders, count, options, tolerance, timeout, 0, 0, -1};
}

/// Whether the process answers, or ends, in time.
static bool wait_for_answer(const olstm__case_runner* runner) {
  struct pollfd file = {.fd = runner->pipe_end, .events = POLLIN};
  const int milliseconds = runner->timeout > 0 ? (int)runner->timeout * 1000 : -1;
  int ready = poll(&file, 1, milliseconds);
  // The timer that shows progress interrupts.
  while (ready < 0 && errno == EINTR) ready = poll(&file, 1, milliseconds);
  return ready != 0;
}

static void explain_end(int status, olstm__case_result* result) {
  result->verdict = OLSTM__VERDICT_CRASH;
  if (WIFSIGNALED(status)) {
    (void)olstm_fail(&result->reason, OLSTM_STATUS_OK, "signal %d", WTERMSIG(status));
  } else {
    (void)olstm_fail(&result->reason, OLSTM_STATUS_OK, "its process exited with %d",
                     WEXITSTATUS(status));
  }
}

void olstm__case_runner_next(olstm__case_runner* runner, olstm__case_result* out_result) {
  *out_result = (olstm__case_result){.verdict = OLSTM__VERDICT_FAIL};
  const bool is_started = runner->child != 0 || start_child(runner);
  runner->next++;
  if (!is_started) {
    (void)olstm_fail(&out_result->reason, OLSTM_STATUS_IO_ERROR,
                     "no process to run it in");
    return;
  }
  if (!wait_for_answer(runner)) {
    (void)kill(runner->child, SIGKILL);
    (void)end_child(runner);
    out_result->verdict = OLSTM__VERDICT_TIMEOUT;
    out_result->seconds = (double)runner->timeout;
    (void)olstm_fail(&out_result->reason, OLSTM_STATUS_OK,
                     "no result within %" PRId64 " s", runner->timeout);
    return;
  }
  olstm__case_result result;
  if (read_all(runner->pipe_end, (unsigned char*)&result, sizeof result)) {
    *out_result = result;
  } else {
    explain_end(end_child(runner), out_result);
  }
}

bool olstm__case_runner_finish(olstm__case_runner* runner) {
  return runner->child == 0 || end_child(runner) == 0;
}
