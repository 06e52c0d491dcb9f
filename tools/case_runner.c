// See case_runner.h. A result is a byte for the verdict, two for the length of the
// reason, and the reason.
#include "tools/case_runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kHeadBytes = 3 };

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
    unsigned char record[kHeadBytes + OLSTM_ERROR_CAPACITY];
    olstm_error reason;
    const olstm__verdict verdict = olstm__conform_case_run(
        runner->folders[i], runner->options, runner->tolerance, &reason);
    const size_t length = strlen(reason.message);
    record[0] = (unsigned char)verdict;
    record[1] = (unsigned char)(length & 0xff);
    record[2] = (unsigned char)(length >> 8);
    memcpy(record + kHeadBytes, reason.message, length);
    is_heard = write_all(pipe_end, record, kHeadBytes + length);
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

static bool read_result(int pipe_end, olstm__verdict* out_verdict,
                        olstm_error* out_reason) {
  unsigned char head[kHeadBytes];
  if (!read_all(pipe_end, head, kHeadBytes)) return false;
  const size_t length = head[1] | (size_t)head[2] << 8;
  if (length >= sizeof out_reason->message) return false;
  if (!read_all(pipe_end, (unsigned char*)out_reason->message, length)) return false;
  out_reason->message[length] = '\0';
  *out_verdict = (olstm__verdict)head[0];
  return true;
}

void olstm__case_runner_init(olstm__case_runner* runner, const char* const* folders,
                             size_t count, const olstm__job_options* options,
                             const olstm__tolerance* tolerance) {
  *runner = (olstm__case_runner){folders, count, options, tolerance, 0, 0, -1};
}

olstm__verdict olstm__case_runner_next(olstm__case_runner* runner,
                                       olstm_error* out_reason) {
  olstm__verdict verdict = OLSTM__VERDICT_FAIL;
  if (runner->child == 0 && !start_child(runner)) {
    (void)olstm_fail(out_reason, OLSTM_STATUS_IO_ERROR, "no process to run it in");
    runner->next++;
    return OLSTM__VERDICT_FAIL;
  }
  runner->next++;
  if (read_result(runner->pipe_end, &verdict, out_reason)) return verdict;
  const int status = end_child(runner);
  if (WIFSIGNALED(status)) {
    (void)olstm_fail(out_reason, OLSTM_STATUS_OK, "crashed with signal %d",
                     WTERMSIG(status));
  } else {
    (void)olstm_fail(out_reason, OLSTM_STATUS_OK, "its process exited with %d",
                     WEXITSTATUS(status));
  }
  return OLSTM__VERDICT_FAIL;
}

bool olstm__case_runner_finish(olstm__case_runner* runner) {
  return runner->child == 0 || end_child(runner) == 0;
}
