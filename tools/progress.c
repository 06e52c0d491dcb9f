// See progress.h. A timer writes the line, so that the work needs no hooks for it.
#include "tools/progress.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "system/standard_files.h"
#include "system/timer.h"

enum { kFirstSecond = 2, kTextCapacity = 64 };

/// Two texts, so that the handler never reads the one that is being written.
static char texts[2][kTextCapacity];
static volatile sig_atomic_t text_index;
static volatile sig_atomic_t seconds;
static volatile sig_atomic_t is_shown;
static bool is_running;

/// Async-signal-safe.
static void show(void) {
  char line[kTextCapacity + 48] = "\rolstm: ";
  char digits[12];
  size_t digit_count = 0;
  const char* text = texts[text_index];
  size_t used = 8;
  seconds++;
  if (seconds < kFirstSecond) return;
  for (size_t i = 0; text[i] && i < kTextCapacity; i++) line[used++] = text[i];
  for (int rest = seconds; rest > 0 && digit_count < sizeof digits; rest /= 10) {
    digits[digit_count++] = (char)('0' + rest % 10);
  }
  line[used++] = ',';
  line[used++] = ' ';
  while (digit_count > 0) line[used++] = digits[--digit_count];
  memcpy(line + used, " s\x1b[K", 5);
  used += 5;
  is_shown = 1;
  olstm__standard_error_write(line, used);
}

void olstm__progress_update(const char* what) {
  const int next = 1 - text_index;
  (void)snprintf(texts[next], kTextCapacity, "%s", what);
  text_index = next;
}

void olstm__progress_begin(const char* what) {
  olstm__progress_update(what);
  if (is_running || !olstm__standard_error_is_terminal()) return;
  seconds = 0;
  is_shown = 0;
  is_running = olstm__timer_start(show);
}

void olstm__progress_end(void) {
  if (!is_running) return;
  olstm__timer_stop();
  if (is_shown) (void)fprintf(stderr, "\r\x1b[K");
  is_running = false;
}
