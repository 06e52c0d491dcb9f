// Everything that the command writes as text. Names out of models and files reach a
// terminal, a page or a picture through here alone.
#ifndef OLSTM_TOOLS_SAY_H_
#define OLSTM_TOOLS_SAY_H_

#include <stdio.h>

#include "olstm/export.h"

/// Writes a line, or a part of one, to `out`: as fprintf, but every character of it that
/// does not show as itself (see olstm/shown_text.h) becomes "?", line ends too. Only one
/// with which `format` ends remains.
void olstm__say(FILE* out, const char* format, ...) OLSTM_PRINTF_(2, 3);

/// What a text stands in, and so which of its characters need another form.
typedef enum olstm__escape {
  /// Text and attributes of XML and HTML.
  OLSTM__ESCAPE_XML,
  /// A quoted string of Graphviz.
  OLSTM__ESCAPE_DOT,
  /// A cell of a Markdown table.
  OLSTM__ESCAPE_MARKDOWN
} olstm__escape;

/// Writes a text in the form that `escape` asks for; what does not show becomes "?".
void olstm__say_escaped(FILE* out, olstm__escape escape, const char* text);

/// Flushes stdout, so that lines that show progress appear at once.
void olstm__say_flush(void);

/// Writes out what is left for stdout, and closes it. NULL, or why not all could be
/// written.
const char* olstm__say_end(void);

#endif  // OLSTM_TOOLS_SAY_H_
