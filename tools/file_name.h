// File names for a model's tensors: readable, and distinct whatever the tensors' names
// are. docs/command.md states the rule.
#ifndef OLSTM_TOOLS_FILE_NAME_H_
#define OLSTM_TOOLS_FILE_NAME_H_

#include <stddef.h>

#include "olstm/status.h"

/// File names, without what follows them (".npy"). deinit frees them.
typedef struct olstm__file_names {
  size_t count;
  char** names;
} olstm__file_names;

/// A name that no other of the list gets, in out_names->names[i], for each names[i]; the
/// names themselves differ. Each is cut to fit where a suffix of 50 bytes follows it.
///
/// Characters that file systems or shells treat specially are percent-encoded, as in URLs
/// ("a/b" becomes "a%2Fb"), and "%" itself, so that decoding gives the name back. A name
/// that differs from another of the list only in case has its capitals encoded, and
/// letters whose case follows no simple rule (letter_case.h). One that is too long ends
/// in "%~" and its index. Errors: OUT_OF_MEMORY; nothing is left to free then.
olstm_status olstm__file_names_make(const char* const* names, size_t count,
                                    olstm__file_names* out_names, olstm_error* error);

void olstm__file_names_deinit(olstm__file_names* names);

#endif  // OLSTM_TOOLS_FILE_NAME_H_
