#include <stddef.h>
#include <string.h>

#include "system/library.h"

static const char* refuse(void** out_library) {
  *out_library = NULL;
  return "this build opens no libraries";
}

const char* olstm__library_open_name(const char* name, void** out_library) {
  (void)name;
  return refuse(out_library);
}

const char* olstm__library_open_path(const char* path, void** out_library) {
  (void)path;
  return refuse(out_library);
}

void olstm__library_find(void* library, const char* name, void* out_function) {
  void* const none = NULL;
  (void)library;
  (void)name;
  memcpy(out_function, &none, sizeof none);
}

void olstm__library_close(void* library) {
  (void)library;
}
