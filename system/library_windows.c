#include <stdio.h>
#include <string.h>
#include <windows.h>

#include "system/library.h"
#include "system/windows_text.h"

const char* olstm__library_open_name(const char* name, void** out_library) {
  wchar_t wide[OLSTM__WINDOWS_PATH];
  *out_library = NULL;
  if (!olstm__windows_wide(name, wide)) return "its path is too long";
  *out_library = (void*)LoadLibraryW(wide);
  return *out_library ? NULL : olstm__windows_message(GetLastError());
}

const char* olstm__library_open_path(const char* path, void** out_library) {
  wchar_t wide[OLSTM__WINDOWS_PATH];
  wchar_t full[OLSTM__WINDOWS_PATH];
  *out_library = NULL;
  if (!olstm__windows_wide(path, wide)) return "its path is too long";
  // LoadLibrary searches the system's folders for what is not absolute.
  const DWORD length = GetFullPathNameW(wide, OLSTM__WINDOWS_PATH, full, NULL);
  if (length == 0 || length >= OLSTM__WINDOWS_PATH) return "its path is too long";
  *out_library = (void*)LoadLibraryExW(full, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
  return *out_library ? NULL : olstm__windows_message(GetLastError());
}

void olstm__library_find(void* library, const char* name, void* out_function) {
  const FARPROC function = GetProcAddress((HMODULE)library, name);
  memcpy(out_function, &function, sizeof function);
}

void olstm__library_close(void* library) {
  (void)FreeLibrary((HMODULE)library);
}
