#include "onnx_proto/model_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "onnx_proto/external_open.h"

static olstm_status read_all(int file, const char* path, uint8_t* bytes,
                             size_t byte_count, olstm_error* error) {
  size_t done = 0;
  while (done < byte_count) {
    const ssize_t count = read(file, bytes + done, byte_count - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "cannot read '%.300s': %s", path,
                        count < 0 ? strerror(errno) : "it became shorter meanwhile");
    }
    done += (size_t)count;
  }
  return OLSTM_STATUS_OK;
}

static olstm_status read_open_file(int file, const char* path,
                                   const olstm_allocator* allocator, uint8_t** out_bytes,
                                   size_t* out_byte_count, olstm_error* error) {
  struct stat facts;
  if (fstat(file, &facts) != 0) {
    return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "cannot look at '%.300s': %s", path,
                      strerror(errno));
  }
  if (!S_ISREG(facts.st_mode)) {
    return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "'%.300s' is not a regular file",
                      path);
  }
  if ((uint64_t)facts.st_size > OLSTM__MAX_FILE_BYTES) {
    return olstm_fail(error, OLSTM_STATUS_LIMIT_EXCEEDED,
                      "'%.300s' has %" PRIu64
                      " bytes, at most 2 GB are legal: larger models keep their weights "
                      "in external data",
                      path, (uint64_t)facts.st_size);
  }
  const size_t byte_count = (size_t)facts.st_size;
  uint8_t* bytes = olstm_allocate(allocator, byte_count, 1);
  if (!bytes) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY,
                      "no memory for the %zu bytes of '%.300s'", byte_count, path);
  }
  const olstm_status status = read_all(file, path, bytes, byte_count, error);
  if (status != OLSTM_STATUS_OK) {
    olstm_release(allocator, bytes, byte_count, 1);
    return status;
  }
  *out_bytes = bytes;
  *out_byte_count = byte_count;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__model_file_read(const char* path, const olstm_allocator* allocator,
                                    uint8_t** out_bytes, size_t* out_byte_count,
                                    int* out_real_folder, olstm_error* error) {
  *out_bytes = NULL;
  *out_byte_count = 0;
  *out_real_folder = -1;
  // O_NONBLOCK: opening a FIFO must not block.
  const int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (file < 0) {
    return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "cannot open '%.300s': %s", path,
                      strerror(errno));
  }
  const olstm_status status =
      read_open_file(file, path, allocator, out_bytes, out_byte_count, error);
  if (status == OLSTM_STATUS_OK) *out_real_folder = olstm__external_folder_of(file);
  (void)close(file);
  return status;
}
