// Windows: each part of a location is opened relative to the handle of the folder before
// it. Reparse points, which symbolic links and junctions are, are refused wherever they
// are. An open file cannot be replaced, since nobody else may delete or rename it.
#include "system/confined_file.h"

#include <string.h>
#include <windows.h>
// After windows.h, which it needs.
#include <winternl.h>

#include "system/windows_text.h"

enum { kNameCapacity = 256 };

/// Whether a byte is one of those that a byte of a device's name stands for: "#" for a
/// digit, "*" for the second byte of a superscript 1, 2 or 3, letters for both cases.
static bool fits(char wanted, char byte) {
  if (wanted == '#') return byte >= '0' && byte <= '9';
  if (wanted == '*') return byte == '\xb9' || byte == '\xb2' || byte == '\xb3';
  return _strnicmp(&wanted, &byte, 1) == 0;
}

/// Whether Windows takes a part of a path as the name of a file: not as another path, a
/// stream of a file, or a device.
static bool is_plain_name(const char* name, size_t length) {
  // Digits may be superscripts, which are two bytes of UTF-8.
  static const char* const kDevices[] = {"CON",      "PRN",     "AUX",    "NUL",
                                         "COM#",     "LPT#",    "CONIN$", "CONOUT$",
                                         "COM\xc2*", "LPT\xc2*"};
  if (length == 0 || length >= kNameCapacity) return false;
  for (size_t i = 0; i < length; i++) {
    if ((unsigned char)name[i] < ' ' || strchr("\\:*?\"<>|", name[i])) return false;
  }
  // A dot or space at the end is dropped by Windows.
  if (length > 1 && (name[length - 1] == '.' || name[length - 1] == ' ')) return false;
  for (size_t d = 0; d < sizeof kDevices / sizeof kDevices[0]; d++) {
    size_t at = 0;
    while (kDevices[d][at] != '\0' && at < length && fits(kDevices[d][at], name[at]))
      at++;
    const bool has_all = kDevices[d][at] == '\0';
    if (has_all && (at == length || name[at] == '.' || name[at] == ' ')) return false;
  }
  return true;
}

/// Opens a part of a path in a folder. INVALID_HANDLE_VALUE and *out_code on failure.
static HANDLE open_part(HANDLE folder, const char* name, size_t length, bool is_folder,
                        DWORD* out_code) {
  wchar_t wide[kNameCapacity];
  const int count = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, name, (int)length,
                                        wide, kNameCapacity);
  if (count <= 0) {
    *out_code = ERROR_INVALID_NAME;
    return INVALID_HANDLE_VALUE;
  }
  const USHORT bytes = (USHORT)((size_t)count * sizeof *wide);
  UNICODE_STRING text = {bytes, bytes, wide};
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &text, OBJ_CASE_INSENSITIVE, folder, NULL);
  IO_STATUS_BLOCK result;
  HANDLE handle = INVALID_HANDLE_VALUE;
  const NTSTATUS status = NtCreateFile(
      &handle, is_folder ? FILE_TRAVERSE | SYNCHRONIZE : GENERIC_READ | SYNCHRONIZE,
      &attributes, &result, NULL, 0, FILE_SHARE_READ | (is_folder ? FILE_SHARE_WRITE : 0),
      FILE_OPEN,
      FILE_OPEN_REPARSE_POINT | FILE_SYNCHRONOUS_IO_NONALERT |
          (is_folder ? FILE_DIRECTORY_FILE : 0),
      NULL, 0);
  if (status == 0) return handle;
  *out_code = RtlNtStatusToDosError(status);
  return INVALID_HANDLE_VALUE;
}

static bool is_link(HANDLE handle) {
  FILE_ATTRIBUTE_TAG_INFO facts;
  return !GetFileInformationByHandleEx(handle, FileAttributeTagInfo, &facts,
                                       sizeof facts) ||
         (facts.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0;
}

/// NULL when the open file may be read.
static const char* check_file(HANDLE handle, bool is_named) {
  olstm__file_facts facts;
  BY_HANDLE_FILE_INFORMATION links;
  const char* reason = olstm__file_look((olstm__file)handle, &facts);
  if (reason) return reason;
  if (!facts.is_regular) return OLSTM__REASON_NOT_REGULAR;
  if (is_named) return NULL;
  if (!GetFileInformationByHandle(handle, &links)) {
    return olstm__windows_message(GetLastError());
  }
  return links.nNumberOfLinks > 1 ? OLSTM__REASON_HARD_LINKS : NULL;
}

const char* olstm__confined_open_in(const olstm__confined_folders* folders,
                                    olstm__file folder, const char* location,
                                    olstm__file* out_file, bool* out_is_absent) {
  HANDLE at = (HANDLE)folder;
  const char* reason = NULL;
  for (const char* part = location; part && !reason;) {
    const char* slash = strchr(part, '/');
    const size_t length = slash ? (size_t)(slash - part) : strlen(part);
    DWORD code = 0;
    if (length == 1 && part[0] == '.') {
      part = slash ? slash + 1 : NULL;
      continue;
    }
    if (!is_plain_name(part, length)) {
      reason = "it has a part that is no plain name of a file";
      break;
    }
    const HANDLE next = open_part(at, part, length, slash != NULL, &code);
    if (at != (HANDLE)folder) (void)CloseHandle(at);
    at = next;
    if (next == INVALID_HANDLE_VALUE) {
      *out_is_absent = code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND;
      return olstm__windows_message(code);
    }
    if (is_link(next)) reason = OLSTM__REASON_LINK;
    part = slash ? slash + 1 : NULL;
  }
  if (!reason && at == (HANDLE)folder) reason = OLSTM__REASON_NOT_REGULAR;
  if (!reason) reason = check_file(at, folder == folders->named);
  if (reason && at != (HANDLE)folder) (void)CloseHandle(at);
  *out_file = reason ? OLSTM__NO_FILE : (olstm__file)at;
  return reason;
}

const char* olstm__confined_open_folder(const char* path, olstm__file* out_folder) {
  wchar_t wide[OLSTM__WINDOWS_PATH];
  *out_folder = OLSTM__NO_FILE;
  if (!olstm__windows_wide(path, wide)) return "its path is too long, or no UTF-8";
  const HANDLE folder =
      CreateFileW(wide, FILE_TRAVERSE | SYNCHRONIZE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                  NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
  *out_folder = (olstm__file)folder;
  return folder == INVALID_HANDLE_VALUE ? olstm__windows_message(GetLastError()) : NULL;
}

olstm__file olstm__confined_folder_of(olstm__file file) {
  // Links are refused, so that no other folder than the one of the path is needed.
  (void)file;
  return OLSTM__NO_FILE;
}
