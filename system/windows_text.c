#include "system/windows_text.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

bool olstm__windows_wide(const char* path, wchar_t out_wide[OLSTM__WINDOWS_PATH]) {
  if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, out_wide,
                          OLSTM__WINDOWS_PATH) <= 0) {
    return false;
  }
  // In such paths Windows does not take a slash for a separator.
  if (wcsncmp(out_wide, L"\\\\?\\", 4) == 0) {
    for (wchar_t* at = wcschr(out_wide, L'/'); at; at = wcschr(at, L'/')) *at = L'\\';
  }
  return true;
}

/// Puts "it" for what a message leaves to be filled in, "%1": whoever shows the message
/// says which file it is.
static void name_subjects(char* message) {
  for (char* at = strchr(message, '%'); at; at = strchr(at + 1, '%')) {
    if (at[1] >= '1' && at[1] <= '9') memcpy(at, "it", 2);
  }
}

const char* olstm__windows_message(DWORD code) {
  static _Thread_local char message[256];
  const DWORD flags = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS;
  wchar_t wide[sizeof message / 2];
  // As the messages of other systems: those that users meet most.
  if (code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND) {
    return "No such file or directory";
  }
  if (code == ERROR_ACCESS_DENIED) return "Permission denied";
  if (code == ERROR_BAD_EXE_FORMAT) {
    return "it is no library, or one for another kind of machine";
  }
  const DWORD length =
      FormatMessageW(flags, NULL, code, 0, wide, sizeof wide / sizeof *wide, NULL);
  if (length == 0 || WideCharToMultiByte(CP_UTF8, 0, wide, -1, message, sizeof message,
                                         NULL, NULL) == 0) {
    (void)snprintf(message, sizeof message, "error %lu of Windows", (unsigned long)code);
    return message;
  }
  message[strcspn(message, "\r\n")] = '\0';
  name_subjects(message);
  return message;
}
