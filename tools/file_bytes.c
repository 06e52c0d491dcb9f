// See file_bytes.h.
#include "tools/file_bytes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system/file.h"
#include "system/path.h"

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
  FILE* file = olstm__path_open(path, "rb");
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
  FILE* file = olstm__path_open(path, "wb");
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
  const char* slash =
      length > 0 && olstm__path_is_separator(folder[length - 1]) ? "" : "/";
  const int needed =
      snprintf(out_path, OLSTM__PATH_CAPACITY, "%s%s%s", folder, slash, name);
  if (needed >= 0 && needed < OLSTM__PATH_CAPACITY) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                    "path too long: '%.200s/%.200s'", folder, name);
}

/// Why no files can be created in a folder, as errno; 0 when they can.
static int check_folder(const char* path) {
  const olstm__path_kind kind = olstm__path_look(path);
  if (kind == OLSTM__PATH_ABSENT) return errno;
  return kind == OLSTM__PATH_FOLDER ? olstm__path_check_writable(path) : ENOTDIR;
}

/// How long the part of a path is that is there, at least: 0 for the current folder.
static size_t find_existing(char* path) {
  for (size_t at = strlen(path); at > 0; at--) {
    const char here = path[at];
    if (here != '\0' && !olstm__path_is_separator(here)) continue;
    path[at] = '\0';
    const bool is_there = olstm__path_exists(path);
    path[at] = here;
    if (is_there) return at;
  }
  return 0;
}

/// Creates the folders of a path that are missing. Returns 0 or errno.
static int make_folders(char* path) {
  // Not from the root on: there are roots that cannot be asked for part by part, such as
  // those of Windows' networks.
  const size_t existing = find_existing(path);
  if (path[existing] == '\0') return 0;
  for (char* at = path + existing + 1;; at++) {
    const char here = *at;
    if (here != '\0' && !olstm__path_is_separator(here)) continue;
    *at = '\0';
    int code = olstm__path_exists(path) ? 0 : olstm__folder_create(path);
    // Another process may have created it meanwhile.
    if (code == EEXIST) code = 0;
    *at = here;
    if (code != 0 || here == '\0') return code;
  }
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
  code = check_folder(path);
  if (code == 0) code = olstm__folder_try(path);
  if (code == 0) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "cannot write into '%s': %s", path,
                    strerror(code));
}

olstm_status olstm__file_check_writable(const char* path, olstm_error* error) {
  char folder[OLSTM__FILE_FOLDER_CAPACITY];
  int code = 0;
  const olstm__path_kind kind = olstm__path_look(path);
  if (kind != OLSTM__PATH_ABSENT) {
    code = kind == OLSTM__PATH_FOLDER ? EISDIR : olstm__path_check_writable(path);
  } else {
    if (!olstm__file_folder(path, folder)) {
      code = ENAMETOOLONG;
    } else {
      code = *olstm__file_name(path) == '\0' ? EISDIR : check_folder(folder);
    }
  }
  if (code == 0) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "cannot write '%s': %s", path,
                    strerror(code));
}

bool olstm__path_exists(const char* path) {
  return olstm__path_look(path) != OLSTM__PATH_ABSENT;
}
