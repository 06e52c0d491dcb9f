#include "system/standard_files.h"

#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

static UINT console_code_page;

static void restore_console(void) {
  (void)SetConsoleOutputCP(console_code_page);
}

void olstm__standard_files_begin(void) {
  const HANDLE errors = GetStdHandle(STD_ERROR_HANDLE);
  DWORD mode = 0;
  _fmode = _O_BINARY;
  for (int file = 0; file <= 2; file++) (void)_setmode(file, _O_BINARY);
  // A crash ends the process: no window asks what to do.
  (void)SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX |
                     SEM_NOOPENFILEERRORBOX);
  // Names are UTF-8, and the line of progress is cleared by an escape sequence.
  console_code_page = GetConsoleOutputCP();
  if (console_code_page != 0 && SetConsoleOutputCP(CP_UTF8)) {
    (void)atexit(restore_console);
  }
  if (GetConsoleMode(errors, &mode)) {
    (void)SetConsoleMode(errors, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
  }
}

bool olstm__standard_output_close(void) {
  return fflush(stdout) == 0 && _close(1) == 0;
}

/// _isatty says yes of any device, NUL among them.
static bool is_console(DWORD which) {
  DWORD mode = 0;
  return GetConsoleMode(GetStdHandle(which), &mode);
}

bool olstm__standard_output_is_terminal(void) {
  return is_console(STD_OUTPUT_HANDLE);
}

bool olstm__standard_error_is_terminal(void) {
  return is_console(STD_ERROR_HANDLE);
}

void olstm__standard_error_write(const char* bytes, size_t count) {
  (void)_write(2, bytes, (unsigned)count);
}
