#include "onnx_proto/model_file.h"

#include <inttypes.h>

#include "system/confined_file.h"
#include "system/large_pages.h"

static olstm_status read_open_file(olstm__file file, const char* path,
                                   const olstm_allocator* allocator, uint8_t** out_bytes,
                                   size_t* out_byte_count, olstm_error* error) {
  olstm__file_facts facts;
  const char* reason = olstm__file_look(file, &facts);
  if (reason) {
    return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "cannot look at '%.300s': %s", path,
                      reason);
  }
  if (!facts.is_regular) {
    return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "'%.300s' is not a regular file",
                      path);
  }
  if (facts.bytes > OLSTM__MAX_FILE_BYTES) {
    return olstm_fail(error, OLSTM_STATUS_LIMIT_EXCEEDED,
                      "'%.300s' has %" PRIu64
                      " bytes, at most 2 GB are legal: larger models keep their weights "
                      "in external data",
                      path, facts.bytes);
  }
  const size_t byte_count = (size_t)facts.bytes;
  uint8_t* bytes = olstm_allocate(allocator, byte_count, 1);
  if (!bytes) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY,
                      "no memory for the %zu bytes of '%.300s'", byte_count, path);
  }
  olstm__bring_in_pages(bytes, byte_count);
  reason = olstm__file_read(file, 0, bytes, byte_count);
  if (reason) {
    olstm_release(allocator, bytes, byte_count, 1);
    return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "cannot read '%.300s': %s", path,
                      reason);
  }
  *out_bytes = bytes;
  *out_byte_count = byte_count;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__model_file_read(const char* path, const olstm_allocator* allocator,
                                    uint8_t** out_bytes, size_t* out_byte_count,
                                    olstm__file* out_real_folder, olstm_error* error) {
  *out_bytes = NULL;
  *out_byte_count = 0;
  *out_real_folder = OLSTM__NO_FILE;
  olstm__file file = OLSTM__NO_FILE;
  const char* reason = olstm__file_open(path, &file);
  if (reason) {
    return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "cannot open '%.300s': %s", path,
                      reason);
  }
  const olstm_status status =
      read_open_file(file, path, allocator, out_bytes, out_byte_count, error);
  if (status == OLSTM_STATUS_OK) *out_real_folder = olstm__confined_folder_of(file);
  olstm__file_close(file);
  return status;
}
