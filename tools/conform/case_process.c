// See case_process.h.
#include "tools/conform/case_process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
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

bool olstm__pipe_open(int ends[2]) {
  if (pipe(ends) != 0) return false;
  for (int e = 0; e < 2; e++) (void)fcntl(ends[e], F_SETFD, FD_CLOEXEC);
  return true;
}

bool olstm__pipe_write(int file, const void* bytes, size_t count) {
  const unsigned char* next = bytes;
  while (count > 0) {
    const ssize_t written = write(file, next, count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    next += written;
    count -= (size_t)written;
  }
  return true;
}

bool olstm__pipe_read(int file, void* bytes, size_t count) {
  unsigned char* next = bytes;
  while (count > 0) {
    const ssize_t got = read(file, next, count);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    next += got;
    count -= (size_t)got;
  }
  return true;
}

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

void olstm__case_process_confine(int64_t memory_mb) {
  end_with_parent();
  limit_memory(0, memory_mb);
}

bool olstm__case_process_start(int (*work)(void* user, int answers), void* user,
                               int64_t memory_mb, olstm__case_process* out_process) {
  int ends[2];
  // Buffered output would be written by both processes.
  (void)fflush(NULL);
  if (!olstm__pipe_open(ends)) return false;
  const pid_t child = fork();
  if (child == 0) {
    (void)close(ends[0]);
    (void)setpgid(0, 0);
    end_with_parent();
    limit_memory(address_space(), memory_mb);
    // exit and not _exit: leak checkers look at exit.
    exit(work(user, ends[1]));
  }
  (void)close(ends[1]);
  if (child < 0) {
    (void)close(ends[0]);
    return false;
  }
  // Whoever comes first.
  (void)setpgid(child, child);
  *out_process = (olstm__case_process){child, ends[0]};
  return true;
}

int olstm__case_process_end(olstm__case_process* process) {
  int status = 0;
  (void)close(process->answers);
  pid_t ended = waitpid(process->child, &status, 0);
  while (ended < 0 && errno == EINTR) ended = waitpid(process->child, &status, 0);
  if (ended != process->child) status = 1 << CHAR_BIT;
  *process = (olstm__case_process){0, -1};
  return status;
}

void olstm__case_process_kill(olstm__case_process* process) {
  (void)kill(-process->child, SIGKILL);
  (void)olstm__case_process_end(process);
}

bool olstm__case_process_wait(const olstm__case_process* process, int64_t seconds) {
  struct pollfd file = {.fd = process->answers, .events = POLLIN};
  const int milliseconds = seconds == 0 ? -1 : (int)seconds * 1000;
  int ready = poll(&file, 1, milliseconds);
  // The timer that shows progress interrupts.
  while (ready < 0 && errno == EINTR) ready = poll(&file, 1, milliseconds);
  return ready != 0;
}

void olstm__case_process_explain(int status, olstm_error* out_reason) {
  if (WIFSIGNALED(status)) {
    (void)olstm_fail(out_reason, OLSTM_STATUS_OK, "signal %d", WTERMSIG(status));
  } else {
    (void)olstm_fail(out_reason, OLSTM_STATUS_OK, "its process exited with %d",
                     WEXITSTATUS(status));
  }
}

void olstm__case_process_follow(int status) {
  if (WIFSIGNALED(status)) {
    const struct rlimit no_core = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)signal(WTERMSIG(status), SIG_DFL);
    (void)raise(WTERMSIG(status));
  }
  _Exit(WEXITSTATUS(status));
}
