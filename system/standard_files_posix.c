#include "system/standard_files.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

void olstm__standard_files_begin(void) {
  static char buffer[1 << 16];
#ifdef SIGPIPE
  (void)signal(SIGPIPE, SIG_IGN);
#endif
  // Read-only, so that writing still fails.
  int file = open("/dev/null", O_RDONLY);
  while (file >= 0 && file <= STDERR_FILENO) file = dup(file);
  if (file > STDERR_FILENO) (void)close(file);
  // A C library may write earlier, inside printf, which does not tell why it failed.
  if (!isatty(STDOUT_FILENO)) (void)setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
}

bool olstm__standard_output_close(void) {
  return fflush(stdout) == 0 && close(STDOUT_FILENO) == 0;
}

bool olstm__standard_output_is_terminal(void) {
  return isatty(STDOUT_FILENO);
}

bool olstm__standard_error_is_terminal(void) {
  return isatty(STDERR_FILENO);
}

void olstm__standard_error_write(const char* bytes, size_t count) {
  const ssize_t ignored = write(STDERR_FILENO, bytes, count);
  (void)ignored;
}
