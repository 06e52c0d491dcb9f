#include "system/path.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>

#include "system/windows_text.h"

_Static_assert((int)OLSTM__PATH_CAPACITY == (int)OLSTM__WINDOWS_PATH, "one length");

/// _waccess's word for writing.
enum { kWrite = 2 };

static int code_as_errno(DWORD code) {
  switch (code) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_NAME:
    case ERROR_BAD_PATHNAME:
      return ENOENT;
    case ERROR_ALREADY_EXISTS:
    case ERROR_FILE_EXISTS:
      return EEXIST;
    case ERROR_DISK_FULL:
      return ENOSPC;
    case ERROR_DIRECTORY:
      return ENOTDIR;
    default:
      return EACCES;
  }
}

/// Whether a name is one of those, such as NUL, that are devices in any folder.
static bool is_device(const wchar_t* path) {
  wchar_t full[OLSTM__WINDOWS_PATH];
  const DWORD length = GetFullPathNameW(path, OLSTM__WINDOWS_PATH, full, NULL);
  return length > 0 && length < OLSTM__WINDOWS_PATH && wcsncmp(full, L"\\\\.\\", 4) == 0;
}

olstm__path_kind olstm__path_look(const char* path) {
  wchar_t wide[OLSTM__WINDOWS_PATH];
  errno = ENAMETOOLONG;
  if (!olstm__windows_wide(path, wide)) return OLSTM__PATH_ABSENT;
  const DWORD facts = GetFileAttributesW(wide);
  if (facts == INVALID_FILE_ATTRIBUTES) {
    errno = code_as_errno(GetLastError());
    return OLSTM__PATH_ABSENT;
  }
  if (facts & FILE_ATTRIBUTE_DIRECTORY) return OLSTM__PATH_FOLDER;
  return is_device(wide) ? OLSTM__PATH_OTHER : OLSTM__PATH_FILE;
}

bool olstm__path_is_separator(char character) {
  return character == '/' || character == '\\';
}

FILE* olstm__path_open(const char* path, const char* mode) {
  wchar_t wide[OLSTM__WINDOWS_PATH];
  wchar_t wide_mode[8];
  errno = ENAMETOOLONG;
  if (!olstm__windows_wide(path, wide) ||
      MultiByteToWideChar(CP_UTF8, 0, mode, -1, wide_mode, 8) == 0) {
    return NULL;
  }
  return _wfopen(wide, wide_mode);
}

// Not by _wfopen: not every msvcrt knows "x".
FILE* olstm__path_create(const char* path) {
  wchar_t wide[OLSTM__WINDOWS_PATH];
  errno = ENAMETOOLONG;
  if (!olstm__windows_wide(path, wide)) return NULL;
  const HANDLE created = CreateFileW(wide, GENERIC_WRITE, FILE_SHARE_READ, NULL,
                                     CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);
  if (created == INVALID_HANDLE_VALUE) {
    errno = code_as_errno(GetLastError());
    return NULL;
  }
  const int number = _open_osfhandle((intptr_t)created, _O_BINARY);
  if (number < 0) {
    (void)CloseHandle(created);
    return NULL;
  }
  FILE* file = _fdopen(number, "wb");
  if (!file) (void)_close(number);
  return file;
}

int olstm__path_remove(const char* path) {
  wchar_t wide[OLSTM__WINDOWS_PATH];
  if (!olstm__windows_wide(path, wide)) return ENAMETOOLONG;
  return DeleteFileW(wide) ? 0 : code_as_errno(GetLastError());
}

int olstm__path_replace(const char* from, const char* to) {
  wchar_t wide[OLSTM__WINDOWS_PATH], wide_to[OLSTM__WINDOWS_PATH];
  if (!olstm__windows_wide(from, wide) || !olstm__windows_wide(to, wide_to)) {
    return ENAMETOOLONG;
  }
  return MoveFileExW(wide, wide_to, MOVEFILE_REPLACE_EXISTING)
             ? 0
             : code_as_errno(GetLastError());
}

bool olstm__path_complete(const char* path, char out_path[OLSTM__PATH_CAPACITY]) {
  wchar_t wide[OLSTM__WINDOWS_PATH];
  wchar_t full[OLSTM__WINDOWS_PATH];
  if (!olstm__windows_wide(path, wide)) return false;
  const DWORD length = GetFullPathNameW(wide, OLSTM__WINDOWS_PATH, full, NULL);
  return length > 0 && length < OLSTM__WINDOWS_PATH &&
         WideCharToMultiByte(CP_UTF8, 0, full, -1, out_path, OLSTM__PATH_CAPACITY, NULL,
                             NULL) > 0;
}

bool olstm__path_to_native(const char* path, olstm__native_path* out_native) {
  return olstm__windows_wide(path, out_native->wide);
}

int olstm__path_check_writable(const char* path) {
  wchar_t wide[OLSTM__WINDOWS_PATH];
  if (!olstm__windows_wide(path, wide)) return ENAMETOOLONG;
  return _waccess(wide, kWrite) == 0 ? 0 : errno;
}

int olstm__folder_create(const char* path) {
  wchar_t wide[OLSTM__WINDOWS_PATH];
  if (!olstm__windows_wide(path, wide)) return ENAMETOOLONG;
  return CreateDirectoryW(wide, NULL) ? 0 : code_as_errno(GetLastError());
}

int olstm__folder_try(const char* path) {
  wchar_t wide[OLSTM__WINDOWS_PATH];
  wchar_t probe[OLSTM__WINDOWS_PATH + 32];
  if (!olstm__windows_wide(path, wide)) return ENAMETOOLONG;
  (void)_snwprintf(probe, sizeof probe / sizeof *probe, L"%ls\\.olstm_%lu", wide,
                   (unsigned long)GetCurrentProcessId());
  const HANDLE file =
      CreateFileW(probe, GENERIC_WRITE, 0, NULL, CREATE_NEW,
                  FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_DELETE_ON_CLOSE, NULL);
  if (file == INVALID_HANDLE_VALUE) return code_as_errno(GetLastError());
  (void)CloseHandle(file);
  return 0;
}

int olstm__folder_visit(const char* path, bool (*visit)(void* user, const char* name),
                        void* user) {
  wchar_t wide[OLSTM__WINDOWS_PATH];
  wchar_t pattern[OLSTM__WINDOWS_PATH + 2];
  WIN32_FIND_DATAW entry;
  if (!olstm__windows_wide(path, wide)) return ENAMETOOLONG;
  (void)_snwprintf(pattern, sizeof pattern / sizeof *pattern, L"%ls\\*", wide);
  const HANDLE list = FindFirstFileW(pattern, &entry);
  if (list == INVALID_HANDLE_VALUE) return code_as_errno(GetLastError());
  bool goes_on = true;
  do {
    // A character of a name takes at most three bytes.
    char name[3 * MAX_PATH + 1];
    if (wcscmp(entry.cFileName, L".") == 0 || wcscmp(entry.cFileName, L"..") == 0)
      continue;
    if (WideCharToMultiByte(CP_UTF8, 0, entry.cFileName, -1, name, sizeof name, NULL,
                            NULL) > 0) {
      goes_on = visit(user, name);
    }
  } while (goes_on && FindNextFileW(list, &entry));
  (void)FindClose(list);
  return 0;
}
