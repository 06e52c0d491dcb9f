// See file_bytes.h.
#include "tools/file_bytes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { kFirstCapacity = 1 << 16 };

static olstm_status fail_io(olstm_error* error, const char* verb, const char* path) {
  return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "cannot %s '%s': %s", verb, path,
                    strerror(errno));
}

/// Reads until the end, doubling the buffer.
static olstm_status read_stream(FILE* file, const char* path, olstm__file_bytes* bytes,
                                olstm_error* error) {
  size_t capacity = kFirstCapacity;
  bytes->data = malloc(capacity);
  while (bytes->data) {
    bytes->count += fread(bytes->data + bytes->count, 1, capacity - bytes->count, file);
    if (ferror(file)) return fail_io(error, "read", path);
    if (bytes->count < capacity) return OLSTM_STATUS_OK;
    if (capacity > SIZE_MAX / 2) break;
    capacity *= 2;
    unsigned char* grown = realloc(bytes->data, capacity);
    if (!grown) break;
    bytes->data = grown;
  }
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory to read '%s'", path);
}

olstm_status olstm__file_bytes_read(const char* path, olstm__file_bytes* out_bytes,
                                    olstm_error* error) {
  *out_bytes = (olstm__file_bytes){NULL, 0};
  FILE* file = fopen(path, "rb");
  if (!file) return fail_io(error, "open", path);
  const olstm_status status = read_stream(file, path, out_bytes, error);
  (void)fclose(file);
  if (status != OLSTM_STATUS_OK) olstm__file_bytes_deinit(out_bytes);
  return status;
}

void olstm__file_bytes_deinit(olstm__file_bytes* bytes) {
  free(bytes->data);
  *bytes = (olstm__file_bytes){NULL, 0};
}

olstm_status olstm__file_bytes_write(const char* path, const void* head,
                                     size_t head_count, const void* body,
                                     size_t body_count, olstm_error* error) {
  FILE* file = fopen(path, "wb");
  if (!file) return fail_io(error, "write", path);
  const bool written =
      (head_count == 0 || fwrite(head, 1, head_count, file) == head_count) &&
      (body_count == 0 || fwrite(body, 1, body_count, file) == body_count);
  // A full disk may show only when the stream is flushed.
  const bool closed = fclose(file) == 0;
  return written && closed ? OLSTM_STATUS_OK : fail_io(error, "write", path);
}

olstm_status olstm__path_join(const char* folder, const char* name,
                              char out_path[OLSTM__PATH_CAPACITY], olstm_error* error) {
  const size_t length = strlen(folder);
  const char* slash = length > 0 && folder[length - 1] == '/' ? "" : "/";
  const int needed =
      snprintf(out_path, OLSTM__PATH_CAPACITY, "%s%s%s", folder, slash, name);
  if (needed >= 0 && needed < OLSTM__PATH_CAPACITY) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                    "path too long: '%.200s/%.200s'", folder, name);
}

bool olstm__path_exists(const char* path) {
  struct stat info;
  return stat(path, &info) == 0;
}
