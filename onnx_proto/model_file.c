#include "onnx_proto/model_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "onnx_proto/external_open.h"

/// How files of other formats start.
typedef struct known_start {
  const char* bytes;
  size_t count;
  /// Where in the file.
  size_t offset;
  const char* what;
} known_start;

#define START(offset_, text, what_) \
  { text, sizeof(text) - 1, offset_, what_ }

static const known_start kStarts[] = {
    START(0, "version https://git-lfs",
          "a Git LFS pointer, not the model itself: `git lfs pull` gets it"),
    START(0, "\x89HDF\r\n\x1a\n",
          "an HDF5 file (Keras .h5?), not ONNX: export the model with tf2onnx first"),
    START(0, "PK\x03\x04", "a zip archive (.keras, .pt, .zip?), not ONNX"),
    START(0, "\x1f\x8b", "a gzip archive: unpack it first"),
    START(4, "TFL3", "a TensorFlow Lite model, not ONNX"),
    START(4, "ORTM", "a model in ONNX Runtime's own ORT format, not ONNX"),
    START(0, "\x93NUMPY", "a NumPy file, not a model"),
    START(0, "\x80\x02", "a Python pickle, not ONNX"),
    START(0, "<", "text (HTML or XML), not ONNX: did a download fail?"),
    START(0, "{", "text (JSON), not ONNX"),
};

static bool is_text(const uint8_t* bytes, size_t byte_count) {
  const size_t looked_at = byte_count < 256 ? byte_count : 256;
  for (size_t i = 0; i < looked_at; i++) {
    const uint8_t c = bytes[i];
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f) return false;
  }
  return byte_count > 0;
}

const char* olstm__model_file_guess(const uint8_t* bytes, size_t byte_count) {
  if (byte_count == 0) return "empty";
  for (size_t i = 0; i < sizeof kStarts / sizeof kStarts[0]; i++) {
    const known_start* start = &kStarts[i];
    if (byte_count >= start->offset + start->count &&
        memcmp(bytes + start->offset, start->bytes, start->count) == 0) {
      return start->what;
    }
  }
  return is_text(bytes, byte_count) ? "text, not ONNX" : NULL;
}

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
  // O_NONBLOCK: a FIFO must not make the loader wait.
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
