// Text out of files, made fit to be shown. A name in a model may hold anything: escape
// sequences that drive a terminal, line ends that forge another line of a log, characters
// that turn the direction of what follows.
#ifndef OLSTM_SHOWN_TEXT_H_
#define OLSTM_SHOWN_TEXT_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "olstm/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/// What olstm_text_next gives for a byte that is no valid UTF-8.
#define OLSTM_TEXT_INVALID UINT32_C(0xffffffff)

/// Reads the character that `text`, which is not at its end, starts with.
///
/// Returns its length: 1 to 4 bytes, 1 for what is no valid UTF-8 (an overlong form, a
/// surrogate, a part of a character), whose code is OLSTM_TEXT_INVALID.
OLSTM_INLINE_ size_t olstm_text_next(const char* text, uint32_t* out_code) {
  const unsigned char* s = (const unsigned char*)text;
  const size_t length = s[0] < 0x80   ? 1
                        : s[0] < 0xc2 ? 0
                        : s[0] < 0xe0 ? 2
                        : s[0] < 0xf0 ? 3
                        : s[0] < 0xf5 ? 4
                                      : 0;
  uint32_t code = length == 1 ? s[0] : s[0] & (0x7fU >> length);
  bool is_valid = length > 0;
  for (size_t i = 1; is_valid && i < length; i++) {
    is_valid = (s[i] & 0xc0) == 0x80;
    code = code << 6 | (s[i] & 0x3fU);
  }
  const bool is_overlong =
      (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool is_surrogate = code >= 0xd800 && code < 0xe000;
  is_valid = is_valid && !is_overlong && !is_surrogate && code <= 0x10ffff;
  *out_code = is_valid ? code : OLSTM_TEXT_INVALID;
  return is_valid ? length : 1;
}

/// Whether a character shows as itself, and only that: no control (C0, DEL, C1), line or
/// paragraph separator, mark that turns or joins what is around it unseen, and valid.
OLSTM_INLINE_ bool olstm_text_is_shown(uint32_t code) {
  static const uint32_t kHidden[][2] = {
      {0x0, 0x1f},      {0x7f, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},
      {0x200b, 0x200b}, {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
      {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, 0xe007f}};
  bool is_shown = code != OLSTM_TEXT_INVALID;
  for (size_t i = 0; is_shown && i < sizeof kHidden / sizeof kHidden[0]; i++) {
    is_shown = code < kHidden[i][0] || code > kHidden[i][1];
  }
  return is_shown;
}

/// Puts "?" for every character that does not show as itself. The text never gets longer.
OLSTM_INLINE_ void olstm_text_clean(char* text) {
  char* to = text;
  for (const char* from = text; *from != '\0';) {
    // Most of it is plain ASCII.
    if (*from >= 0x20 && *from < 0x7f) {
      *to++ = *from++;
      continue;
    }
    uint32_t code = 0;
    const size_t length = olstm_text_next(from, &code);
    if (olstm_text_is_shown(code)) {
      for (size_t i = 0; i < length; i++) *to++ = from[i];
    } else {
      *to++ = '?';
    }
    from += length;
  }
  *to = '\0';
}

#ifdef __cplusplus
}
#endif

#endif  // OLSTM_SHOWN_TEXT_H_
