// Unpredictable bytes, for seeds.
#ifndef OLSTM_SYSTEM_RANDOM_BYTES_H_
#define OLSTM_SYSTEM_RANDOM_BYTES_H_

#include <stdbool.h>
#include <stddef.h>

/// Fills at most 256 bytes. false when the system has none, as early in boot.
/// [no-alloc] [any-thread]
bool olstm__random_bytes(void* out_bytes, size_t byte_count);

#endif  // OLSTM_SYSTEM_RANDOM_BYTES_H_
