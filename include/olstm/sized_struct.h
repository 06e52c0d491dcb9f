// Structs that grow: the caller's may be that of an older or of a newer olstm than the
// library. Each has its own size first, as the caller was compiled; fields are only ever
// appended.
#ifndef OLSTM_SIZED_STRUCT_H_
#define OLSTM_SIZED_STRUCT_H_

#include <stddef.h>
#include <string.h>

#include "olstm/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Fills the caller's struct of `struct_size` bytes: what both know from `defaults`,
/// which has `known_size` bytes, what only the caller knows with zeros. No byte beyond is
/// touched.
OLSTM_INLINE_ void olstm_sized_struct_init(void* out_struct, size_t struct_size,
                                           const void* defaults, size_t known_size) {
  memset(out_struct, 0, struct_size);
  memcpy(out_struct, defaults, struct_size < known_size ? struct_size : known_size);
  if (struct_size >= sizeof struct_size) {
    memcpy(out_struct, &struct_size, sizeof struct_size);
  }
}

/// Copies the caller's struct over `out_known`, which has `known_size` bytes and its
/// defaults in it: these stay where the caller's is shorter. A longer one may ask for
/// nothing that is not known: its bytes beyond are zeros.
///
/// Errors: INVALID_ARGUMENT, with `name` ("session options").
OLSTM_INLINE_ olstm_status olstm_sized_struct_read(const void* given, const char* name,
                                                   void* out_known, size_t known_size,
                                                   olstm_error* error) {
  size_t struct_size = 0;
  memcpy(&struct_size, given, sizeof struct_size);
  if (struct_size < sizeof struct_size) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "%s were not initialised: struct_size is %zu", name, struct_size);
  }
  for (size_t b = known_size; b < struct_size; b++) {
    if (((const unsigned char*)given)[b] == 0) continue;
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "%s have struct_size %zu and a value at byte %zu, of which this "
                      "olstm knows %zu: it is older than what was compiled against it",
                      name, struct_size, b, known_size);
  }
  memcpy(out_known, given, struct_size < known_size ? struct_size : known_size);
  memcpy(out_known, &known_size, sizeof known_size);
  return OLSTM_STATUS_OK;
}

#ifdef __cplusplus
}
#endif

#endif  // OLSTM_SIZED_STRUCT_H_
