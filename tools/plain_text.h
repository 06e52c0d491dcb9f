// What C11 lacks for text.
#ifndef OLSTM_TOOLS_PLAIN_TEXT_H_
#define OLSTM_TOOLS_PLAIN_TEXT_H_

#include <stdbool.h>
#include <stddef.h>

/// A copy of a text's first `count` bytes at most, terminated, which the caller frees.
/// NULL when there is no memory.
char* olstm__text_copy(const char* text, size_t count);

/// Whether a text is one of those that a pattern stands for, as POSIX's fnmatch says
/// without flags, of bytes: "*" is any text, "?" any byte, "[ab]", "[a-z]" and
/// "[[:digit:]]" one of a set, "[!ab]" (or "[^ab]") one of no set, "\" makes the byte
/// behind it plain, and matches nothing at the end. A "[" without its "]" is plain.
bool olstm__text_matches(const char* pattern, const char* text);

#endif  // OLSTM_TOOLS_PLAIN_TEXT_H_
