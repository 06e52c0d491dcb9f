#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "system/library.h"

enum { kPathCapacity = 4096 };

static const char* loader_message(void) {
  const char* message = dlerror();
  return message ? message : "unknown reason";
}

const char* olstm__library_open_name(const char* name, void** out_library) {
  *out_library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  return *out_library ? NULL : loader_message();
}

const char* olstm__library_open_path(const char* path, void** out_library) {
  char file[kPathCapacity];
  // dlopen searches the system's folders for what has no slash.
  const char* prefix = strchr(path, '/') ? "" : "./";
  const int length = snprintf(file, sizeof file, "%s%s", prefix, path);
  *out_library = NULL;
  if (length < 0 || length >= kPathCapacity) return "its path is too long";
  return olstm__library_open_name(file, out_library);
}

void olstm__library_find(void* library, const char* name, void* out_function) {
  // ISO C cannot convert an object pointer to a function pointer; POSIX guarantees that
  // they have one representation.
  void* symbol = dlsym(library, name);
  memcpy(out_function, &symbol, sizeof symbol);
}

void olstm__library_close(void* library) {
  (void)dlclose(library);
}
