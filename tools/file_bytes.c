// See file_bytes.h.
#include "tools/file_bytes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/// Why no files can be created in a folder, as errno; 0 when they can.
static int check_folder(const char* path) {
  struct stat info;
  if (stat(path, &info) != 0) return errno;
  if (!S_ISDIR(info.st_mode)) return ENOTDIR;
  return access(path, W_OK | X_OK) == 0 ? 0 : errno;
}

/// Creates the folders of a path that are missing. Returns 0 or errno.
static int make_folders(char* path) {
  for (char* at = path + 1;; at++) {
    const char here = *at;
    if (here != '/' && here != '\0') continue;
    *at = '\0';
    const bool is_there = olstm__path_exists(path) || mkdir(path, 0777) == 0;
    // Another process may have created it meanwhile.
    const int code = is_there || errno == EEXIST ? 0 : errno;
    *at = here;
    if (code != 0 || here == '\0') return code;
  }
}

/// Tries to create a file in a folder, since permissions are not sufficient to tell.
/// Returns 0 or errno.
static int try_folder(const char* path) {
  char probe[OLSTM__PATH_CAPACITY];
  const int code = check_folder(path);
  if (code != 0) return code;
  if (olstm__path_join(path, ".olstm_XXXXXX", probe, NULL) != OLSTM_STATUS_OK) {
    return ENAMETOOLONG;
  }
  const int file = mkstemp(probe);
  if (file < 0) return errno;
  (void)close(file);
  return unlink(probe) == 0 ? 0 : errno;
}

olstm_status olstm__folder_make(const char* path, olstm_error* error) {
  char copy[OLSTM__PATH_CAPACITY];
  const size_t length = strlen(path);
  int code = length >= sizeof copy ? ENAMETOOLONG : ENOENT;
  if (length > 0 && length < sizeof copy) {
    memcpy(copy, path, length + 1);
    code = make_folders(copy);
  }
  if (code != 0) {
    return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "cannot make the folder '%s': %s",
                      path, strerror(code));
  }
  code = try_folder(path);
  if (code == 0) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "cannot write into '%s': %s", path,
                    strerror(code));
}

olstm_status olstm__file_check_writable(const char* path, olstm_error* error) {
  struct stat info;
  char folder[OLSTM__PATH_CAPACITY];
  int code = 0;
  if (stat(path, &info) == 0) {
    code = S_ISDIR(info.st_mode) ? EISDIR : access(path, W_OK) == 0 ? 0 : errno;
  } else {
    const char* slash = strrchr(path, '/');
    const size_t length = slash ? (size_t)(slash - path) + 1 : 0;
    if (length >= sizeof folder - 1) {
      code = ENAMETOOLONG;
    } else {
      memcpy(folder, path, length);
      memcpy(folder + length, ".", 2);
      code = path[length] == '\0' ? EISDIR : check_folder(folder);
    }
  }
  if (code == 0) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "cannot write '%s': %s", path,
                    strerror(code));
}

bool olstm__path_exists(const char* path) {
  struct stat info;
  return stat(path, &info) == 0;
}
