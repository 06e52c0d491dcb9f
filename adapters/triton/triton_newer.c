#include "triton_newer.h"

#include <dlfcn.h>
#include <string.h>

// ISO C has no cast from an object pointer to a function's; POSIX promises that they are
// alike.
static void find(const char* name, void* out_function) {
  void* symbol = dlsym(RTLD_DEFAULT, name);
  memcpy(out_function, &symbol, sizeof symbol);
}

olstm__triton_newer olstm__triton_find_newer(void) {
  olstm__triton_newer newer;
  find("TRITONBACKEND_RequestFlags", &newer.request_flags);
  find("TRITONBACKEND_RequestCorrelationIdString", &newer.request_id_string);
  find("TRITONBACKEND_BackendAttributeSetParallelModelInstanceLoading",
       &newer.parallel_loading);
  return newer;
}
