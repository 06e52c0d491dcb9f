#include <windows.h>
// After windows.h, which it needs.
#include <ntsecapi.h>

#include "system/random_bytes.h"

bool olstm__random_bytes(void* out_bytes, size_t byte_count) {
  return RtlGenRandom(out_bytes, (ULONG)byte_count);
}
