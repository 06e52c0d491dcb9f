#include "system/file.h"

#include <string.h>
#include <windows.h>

#include "system/windows_text.h"

enum { kMostAtOnce = 1 << 30 };

const char* olstm__file_open(const char* path, olstm__file* out_file) {
  wchar_t wide[OLSTM__WINDOWS_PATH];
  *out_file = OLSTM__NO_FILE;
  if (!olstm__windows_wide(path, wide)) return "its path is too long, or no UTF-8";
  const HANDLE file =
      CreateFileW(wide, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING,
                  FILE_ATTRIBUTE_NORMAL | FILE_FLAG_BACKUP_SEMANTICS, NULL);
  *out_file = (olstm__file)file;
  return file == INVALID_HANDLE_VALUE ? olstm__windows_message(GetLastError()) : NULL;
}

const char* olstm__file_look(olstm__file file, olstm__file_facts* out_facts) {
  BY_HANDLE_FILE_INFORMATION facts;
  if (!GetFileInformationByHandle((HANDLE)file, &facts)) {
    return olstm__windows_message(GetLastError());
  }
  *out_facts = (olstm__file_facts){
      .bytes = (uint64_t)facts.nFileSizeHigh << 32 | facts.nFileSizeLow,
      .is_regular = GetFileType((HANDLE)file) == FILE_TYPE_DISK &&
                    !(facts.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY),
      .device = facts.dwVolumeSerialNumber,
      .number = (uint64_t)facts.nFileIndexHigh << 32 | facts.nFileIndexLow};
  return NULL;
}

const char* olstm__file_read(olstm__file file, uint64_t offset, void* to,
                             size_t byte_count) {
  size_t done = 0;
  while (done < byte_count) {
    const uint64_t at = offset + done;
    OVERLAPPED where = {.Offset = (DWORD)at, .OffsetHigh = (DWORD)(at >> 32)};
    const size_t left = byte_count - done;
    DWORD count = 0;
    if (!ReadFile((HANDLE)file, (char*)to + done,
                  (DWORD)(left < kMostAtOnce ? left : kMostAtOnce), &count, &where)) {
      const DWORD code = GetLastError();
      if (code != ERROR_HANDLE_EOF) return olstm__windows_message(code);
    }
    if (count == 0) return "it became shorter meanwhile";
    done += count;
  }
  return NULL;
}

uint64_t olstm__file_count_stored(olstm__file file, uint64_t offset, uint64_t bytes) {
  FILE_STANDARD_INFO facts;
  (void)offset;
  if (!GetFileInformationByHandleEx((HANDLE)file, FileStandardInfo, &facts,
                                    sizeof facts)) {
    return bytes;
  }
  const uint64_t stored = (uint64_t)facts.AllocationSize.QuadPart;
  return stored < bytes ? stored : bytes;
}

void olstm__file_close(olstm__file file) {
  if (file != OLSTM__NO_FILE) (void)CloseHandle((HANDLE)file);
}

const char* olstm__file_name(const char* path) {
  const char* name = path;
  for (const char* c = path; *c != '\0'; c++) {
    if (*c == '/' || *c == '\\' || *c == ':') name = c + 1;
  }
  return name;
}
