// See say.h.
#include "tools/say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "olstm/shown_text.h"

#include "system/standard_files.h"

/// Enough for most lines.
enum { kUsualBytes = 1024 };

/// errno of the first failure to write to stdout; 0 for none that was noticed.
static int stdout_errno;

static void note_failure(bool has_failed) {
  if (has_failed && stdout_errno == 0) stdout_errno = errno;
}

void olstm__say(FILE* out, const char* format, ...) {
  char usual[kUsualBytes];
  char* text = usual;
  va_list arguments;
  va_list again;
  va_start(arguments, format);
  va_copy(again, arguments);
  const int length = vsnprintf(usual, sizeof usual, format, arguments);
  if (length >= kUsualBytes) {
    text = malloc((size_t)length + 1);
    // The line is cut when there is no memory.
    if (text) (void)vsnprintf(text, (size_t)length + 1, format, again);
    if (!text) text = usual;
  }
  va_end(again);
  va_end(arguments);
  if (length > 0) {
    const bool ends_line = format[strlen(format) - 1] == '\n';
    olstm_text_clean(text);
    // Cleaning makes "?" of the line's end, which is the last byte either way.
    if (ends_line) text[strlen(text) - 1] = '\n';
    const bool has_failed = fputs(text, out) == EOF;
    note_failure(has_failed && out == stdout);
  }
  if (text != usual) free(text);
}

/// A character that has another form.
typedef struct escaped {
  char character;
  const char* form;
} escaped;

enum { kMaxEscaped = 5 };

static const escaped kEscaped[][kMaxEscaped] = {
    [OLSTM__ESCAPE_XML] =
        {{'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'"', "&quot;"}, {'\'', "&#39;"}},
    [OLSTM__ESCAPE_DOT] = {{'"', "\\\""}, {'\\', "\\\\"}},
    [OLSTM__ESCAPE_MARKDOWN] = {
        {'|', "\\|"}, {'<', "&lt;"}, {'*', "\\*"}, {'`', "\\`"}, {'[', "\\["}}};

static const char* find_form(olstm__escape escape, char character) {
  for (size_t i = 0; i < kMaxEscaped; i++) {
    const escaped* entry = &kEscaped[escape][i];
    if (entry->form && entry->character == character) return entry->form;
  }
  return NULL;
}

void olstm__say_escaped(FILE* out, olstm__escape escape, const char* text) {
  while (*text != '\0') {
    uint32_t code = 0;
    const size_t length = olstm_text_next(text, &code);
    const char* form = olstm_text_is_shown(code) ? find_form(escape, *text) : "?";
    if (form) {
      (void)fputs(form, out);
    } else {
      (void)fwrite(text, 1, length, out);
    }
    text += length;
  }
}

void olstm__say_flush(void) {
  note_failure(fflush(stdout) != 0);
}

const char* olstm__say_end(void) {
  const bool had_failed = ferror(stdout) != 0;
  // A full disk may show only when the file is closed.
  const bool has_failed = !olstm__standard_output_close();
  note_failure(has_failed);
  if (!had_failed && !has_failed) return NULL;
  return stdout_errno != 0 ? strerror(stdout_errno) : "not all of it was taken";
}
