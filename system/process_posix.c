// POSIX: the command is copied by fork; a process and what it starts are a process group.
#include "system/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "system/clock.h"

enum {
  /// As waitpid has it of a process that exited with 1.
  kFailed = 1 << 8,
  kMsPerSecond = 1000,
  kNsPerMs = 1000000,
  /// That are waited at a time.
  kMostMs = 1 << 30
};

// ---------------------------------------------------------------- pipes

/// A pipe, [0] to read from, that programs which are started do not get.
static bool open_pipe(int ends[2]) {
  if (pipe(ends) != 0) return false;
  for (int e = 0; e < 2; e++) (void)fcntl(ends[e], F_SETFD, FD_CLOEXEC);
  return true;
}

static void close_pipe(olstm__pipe end) {
  if (end != OLSTM__NO_PIPE) (void)close((int)end);
}

bool olstm__pipe_write(olstm__pipe pipe, const void* bytes, size_t count) {
  const unsigned char* next = bytes;
  while (count > 0) {
    const ssize_t written = write((int)pipe, next, count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    next += written;
    count -= (size_t)written;
  }
  return true;
}

/// Whether there is something to read, or the end, within the time.
static bool wait_for(int file, int64_t seconds) {
  struct pollfd wanted = {.fd = file, .events = POLLIN};
  const int64_t end = olstm__clock_ns() / kNsPerMs + seconds * kMsPerSecond;
  int ready = 0;
  do {
    const int64_t left = end - olstm__clock_ns() / kNsPerMs;
    if (left < 0) return false;
    ready = poll(&wanted, 1, left < kMostMs ? (int)left : kMostMs);
    // The timer that shows progress interrupts.
  } while (ready == 0 || (ready < 0 && errno == EINTR));
  return true;
}

olstm__process_heard olstm__process_read(const olstm__process* process, int64_t seconds,
                                         void* bytes, size_t count) {
  const int file = (int)process->answers;
  unsigned char* next = bytes;
  if (seconds > 0 && !wait_for(file, seconds)) return OLSTM__PROCESS_LATE;
  while (count > 0) {
    const ssize_t got = read(file, next, count);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return OLSTM__PROCESS_GONE;
    next += got;
    count -= (size_t)got;
  }
  return OLSTM__PROCESS_ANSWERED;
}

// ---------------------------------------------------------------- limits

/// Bytes of address space that the process has; 0 where the system does not say.
static uint64_t address_space(void) {
  char line[128] = "";
  FILE* file = fopen("/proc/self/statm", "r");
  if (!file) return 0;
  if (!fgets(line, sizeof line, file)) line[0] = '\0';
  (void)fclose(file);
  const uint64_t pages = strtoull(line, NULL, 10);
  return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/// `used`: bytes that there are already.
static void limit_memory(uint64_t used, int64_t memory_mb) {
  struct rlimit limit;
  if (memory_mb == 0 || getrlimit(RLIMIT_AS, &limit) != 0) return;
  const uint64_t wanted = used + ((uint64_t)memory_mb << 20);
  // More than the machine's addresses is no limit.
  if (wanted != (rlim_t)wanted) return;
  if (limit.rlim_max == RLIM_INFINITY || (rlim_t)wanted < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max = (rlim_t)wanted;
    (void)setrlimit(RLIMIT_AS, &limit);
  }
}

static void end_with_parent(void) {
#ifdef __linux__
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
}

// ---------------------------------------------------------------- the start

bool olstm__process_start(const olstm__process_work* work, int64_t memory_mb,
                          olstm__process* out_process) {
  int ends[2];
  // Buffered output would be written by both processes.
  (void)fflush(NULL);
  if (!open_pipe(ends)) return false;
  const pid_t child = fork();
  if (child == 0) {
    (void)close(ends[0]);
    (void)setpgid(0, 0);
    (void)dup2(STDERR_FILENO, STDOUT_FILENO);
    end_with_parent();
    limit_memory(address_space(), memory_mb);
    // exit and not _exit: leak checkers look at exit.
    exit(work->run(work->user, ends[1]));
  }
  (void)close(ends[1]);
  if (child < 0) {
    (void)close(ends[0]);
    return false;
  }
  // Whoever comes first.
  (void)setpgid(child, child);
  *out_process = (olstm__process){.is_running = true,
                                  .id = child,
                                  .group = child,
                                  .requests = OLSTM__NO_PIPE,
                                  .answers = ends[0]};
  return true;
}

const char* olstm__process_task(olstm__pipe* out_answers) {
  *out_answers = OLSTM__NO_PIPE;
  return NULL;
}

static _Noreturn void become(const char* const* arguments, int64_t memory_mb,
                             int requests, int answers) {
  end_with_parent();
  limit_memory(0, memory_mb);
  (void)dup2(requests, STDIN_FILENO);
  (void)dup2(answers, STDOUT_FILENO);
  // execvp takes pointers that are not const, and changes nothing.
  (void)execvp(arguments[0], (char* const*)(uintptr_t)arguments);
  _Exit(OLSTM__PROCESS_NOT_STARTED);
}

bool olstm__process_start_program(const char* const* arguments, int64_t memory_mb,
                                  olstm__process* out_process) {
  int requests[2], answers[2];
  // A process that is gone is found when its answer is read.
  (void)signal(SIGPIPE, SIG_IGN);
  if (!open_pipe(requests)) return false;
  if (!open_pipe(answers)) {
    (void)close(requests[0]);
    (void)close(requests[1]);
    return false;
  }
  const pid_t child = fork();
  if (child == 0) become(arguments, memory_mb, requests[0], answers[1]);
  (void)close(requests[0]);
  (void)close(answers[1]);
  if (child < 0) {
    (void)close(requests[1]);
    (void)close(answers[0]);
    return false;
  }
  *out_process = (olstm__process){
      .is_running = true, .id = child, .requests = requests[1], .answers = answers[0]};
  return true;
}

// ---------------------------------------------------------------- the end

int64_t olstm__process_end(olstm__process* process) {
  const pid_t child = (pid_t)process->id;
  int status = 0;
  close_pipe(process->requests);
  close_pipe(process->answers);
  pid_t ended = waitpid(child, &status, 0);
  while (ended < 0 && errno == EINTR) ended = waitpid(child, &status, 0);
  if (ended != child) status = kFailed;
  *process = (olstm__process){.requests = OLSTM__NO_PIPE, .answers = OLSTM__NO_PIPE};
  return status;
}

void olstm__process_kill(olstm__process* process) {
  const pid_t group = (pid_t)process->group;
  // A process that hangs before it runs may have no group yet.
  if (group <= 0 || kill(-group, SIGKILL) != 0) (void)kill((pid_t)process->id, SIGKILL);
  (void)olstm__process_end(process);
}

void olstm__process_explain(int64_t status, char out_text[64]) {
  const int code = (int)status;
  if (WIFSIGNALED(code)) {
    (void)snprintf(out_text, 64, "signal %d", WTERMSIG(code));
  } else {
    (void)snprintf(out_text, 64, "its process exited with %d", WEXITSTATUS(code));
  }
}

int olstm__process_exit_code(int64_t status) {
  const int code = (int)status;
  return WIFEXITED(code) ? WEXITSTATUS(code) : -1;
}

_Noreturn void olstm__process_follow(int64_t status) {
  const int code = (int)status;
  if (WIFSIGNALED(code)) {
    const struct rlimit no_core = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)signal(WTERMSIG(code), SIG_DFL);
    (void)raise(WTERMSIG(code));
  }
  _Exit(WEXITSTATUS(code));
}
