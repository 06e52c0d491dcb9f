// Letters that file systems may take for one another.
#ifndef OLSTM_TOOLS_LETTER_CASE_H_
#define OLSTM_TOOLS_LETTER_CASE_H_

#include <stdint.h>

/// Returns the same for two characters that are one letter but for case, in any file
/// system: the small letter, or a number that no character has, for letters of scripts in
/// which pairs follow no simple rule. These are all taken for one another.
uint32_t olstm__letter_case_key(uint32_t code);

#endif  // OLSTM_TOOLS_LETTER_CASE_H_
