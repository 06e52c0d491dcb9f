// Zip archives in memory, as numpy.savez writes them: what is in one, and its bytes.
// Sizes and offsets in it are checked.
#ifndef OLSTM_TOOLS_ZIP_FILE_H_
#define OLSTM_TOOLS_ZIP_FILE_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "olstm/status.h"

typedef struct olstm__zip_entry {
  /// Not terminated; in the archive's bytes.
  const char* name;
  size_t name_bytes;
  unsigned method;
  unsigned flags;
  uint32_t checksum;
  uint64_t packed_bytes;
  uint64_t bytes;
  /// Of its local header.
  uint64_t offset;
} olstm__zip_entry;

/// deinit frees the entries; the bytes are borrowed.
typedef struct olstm__zip_file {
  const unsigned char* data;
  size_t byte_count;
  size_t entry_count;
  olstm__zip_entry* entries;
} olstm__zip_file;

/// Whether bytes start as a zip archive.
bool olstm__zip_is_one(const unsigned char* data, size_t byte_count);

/// Finds the entries. Errors: INVALID_ARGUMENT (what is broken, without the file's name),
/// OUT_OF_MEMORY.
olstm_status olstm__zip_open(const unsigned char* data, size_t byte_count,
                             olstm__zip_file* out_zip, olstm_error* error);

void olstm__zip_deinit(olstm__zip_file* zip);

/// The bytes of an entry, stored or deflated, checked against its checksum; free() them.
/// Errors: UNSUPPORTED (encrypted, another method, or deflated where zlib was not built
/// in), INVALID_ARGUMENT, OUT_OF_MEMORY.
olstm_status olstm__zip_read(const olstm__zip_file* zip, const olstm__zip_entry* entry,
                             unsigned char** out_bytes, size_t* out_byte_count,
                             olstm_error* error);

#endif  // OLSTM_TOOLS_ZIP_FILE_H_
