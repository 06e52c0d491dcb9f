// Text for and from Windows.
#ifndef OLSTM_SYSTEM_WINDOWS_TEXT_H_
#define OLSTM_SYSTEM_WINDOWS_TEXT_H_

#include <stdbool.h>
#include <stddef.h>
#include <windows.h>

/// Characters of the longest path, with its end.
enum { OLSTM__WINDOWS_PATH = 4096 };

/// Converts a path from UTF-8; false when it is too long, or no UTF-8.
bool olstm__windows_wide(const char* path, wchar_t out_wide[OLSTM__WINDOWS_PATH]);

/// What an error code means, in English where the system has it. Valid until the thread's
/// next call.
const char* olstm__windows_message(DWORD code);

#endif  // OLSTM_SYSTEM_WINDOWS_TEXT_H_
