#include "onnx_proto/external_data.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/array.h"
#include "onnx_proto/memory_fail.h"

enum {
  /// How often one file's bytes may be read, all tensors together: tensors may share
  /// bytes, but not without bound.
  MAX_SHARING = 4,
  OPEN_FLAGS = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW,
  FOLDER_FLAGS = O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW
};

/// What external_data says.
typedef struct external_place {
  /// "" as long as it is not known.
  const char* location;
  uint64_t offset;
  uint64_t length;
  bool has_length;
} external_place;

// ----------------------------------------------------------------- opening

/// Whether every part of the path is a plain name, or "." (which means nothing).
static bool is_plain_path(const char* location) {
  if (location[0] == '\0' || location[0] == '/') return false;
  for (const char* part = location; part;) {
    const char* slash = strchr(part, '/');
    const size_t length = slash ? (size_t)(slash - part) : strlen(part);
    if (length == 0 || (length == 2 && memcmp(part, "..", 2) == 0)) return false;
    part = slash ? slash + 1 : NULL;
  }
  return true;
}

/// openat2 as one system call; -1 with ENOSYS on a kernel without it.
static int open_beneath(int folder, const char* location) {
  struct open_how how = {
      .flags = OPEN_FLAGS,
      .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
  return (int)syscall(SYS_openat2, folder, location, &how, sizeof how);
}

/// Leaves errno alone. A folder's link is ENOTDIR to openat.
static bool is_link(int folder, const char* name) {
  const int code = errno;
  struct stat facts;
  const bool is =
      fstatat(folder, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(facts.st_mode);
  errno = code;
  return is;
}

int olstm__external_walk(int folder, const char* location) {
  int at = folder;
  const char* part = location;
  for (;;) {
    char name[NAME_MAX + 1];
    const char* slash = strchr(part, '/');
    const size_t length = slash ? (size_t)(slash - part) : strlen(part);
    if (length > NAME_MAX) {
      if (at != folder) (void)close(at);
      errno = ENAMETOOLONG;
      return -1;
    }
    memcpy(name, part, length);
    name[length] = '\0';
    // O_NOFOLLOW on each part: no link anywhere on the way.
    const int next = openat(at, name, slash ? FOLDER_FLAGS : OPEN_FLAGS);
    const int code = next < 0 && is_link(at, name) ? ELOOP : errno;
    if (at != folder) (void)close(at);
    errno = code;
    if (next < 0 || !slash) return next;
    at = next;
    part = slash + 1;
  }
}

int olstm__external_open(int folder, const char* location, const char** out_reason) {
  struct stat facts;
  *out_reason = NULL;
  if (!is_plain_path(location)) {
    *out_reason = "it is not a path below the model's folder";
    return -1;
  }
  int file = open_beneath(folder, location);
  // EPERM: some sandboxes refuse system calls that they do not know.
  if (file < 0 && (errno == ENOSYS || errno == EPERM || errno == EAGAIN)) {
    file = olstm__external_walk(folder, location);
  }
  if (file < 0) {
    *out_reason =
        errno == ELOOP || errno == EXDEV ? "a link is on the way" : strerror(errno);
    return -1;
  }
  if (fstat(file, &facts) != 0) {
    *out_reason = strerror(errno);
  } else if (!S_ISREG(facts.st_mode)) {
    *out_reason = "it is not a regular file";
  } else if (facts.st_nlink != 1) {
    *out_reason = "the file has other hard links";
  }
  if (!*out_reason) return file;
  (void)close(file);
  return -1;
}

// ----------------------------------------------------------------- reading

static bool read_number(const char* text, uint64_t* out_number) {
  uint64_t number = 0;
  if (text[0] == '\0') return false;
  for (const char* c = text; *c != '\0'; c++) {
    const uint64_t digit = (uint64_t)(*c - '0');
    if (*c < '0' || *c > '9' || number > (INT64_MAX - digit) / 10) return false;
    number = number * 10 + digit;
  }
  *out_number = number;
  return true;
}

static olstm_status read_place(const olstm__tensor_proto* proto,
                               const olstm__tensor_label* label, external_place* place,
                               olstm_error* error) {
  bool has_offset = false;
  memset(place, 0, sizeof *place);
  place->location = "";
  for (size_t i = 0; i < proto->n_external_data; i++) {
    const char* key = proto->external_data[i]->key ? proto->external_data[i]->key : "";
    const char* value =
        proto->external_data[i]->value ? proto->external_data[i]->value : "";
    bool good = false;
    if (strcmp(key, "location") == 0) {
      good = place->location[0] == '\0';
      place->location = value;
    } else if (strcmp(key, "offset") == 0) {
      good = !has_offset && read_number(value, &place->offset);
      has_offset = true;
    } else if (strcmp(key, "length") == 0) {
      good = !place->has_length && read_number(value, &place->length);
      place->has_length = true;
    } else {
      return olstm__tensor_fail(label, error, OLSTM_STATUS_UNSUPPORTED,
                                "external_data key '%.60s' is not supported", key);
    }
    if (!good) {
      return olstm__tensor_fail(
          label, error, OLSTM_STATUS_INVALID_MODEL,
          "external_data has '%s' twice or no number in it: '%.60s'", key, value);
    }
  }
  if (place->location[0] != '\0') return OLSTM_STATUS_OK;
  return olstm__tensor_fail(label, error, OLSTM_STATUS_INVALID_MODEL,
                            "external_data has no location");
}

/// Counts the bytes taken from a file, and refuses to read it over and over.
static olstm_status count_bytes(olstm__external_source* source,
                                const olstm__tensor_label* label,
                                const struct stat* facts, size_t bytes,
                                olstm_error* error) {
  olstm__external_file* file = NULL;
  for (size_t i = 0; i < source->file_count && !file; i++) {
    if (source->files[i].device == (uint64_t)facts->st_dev &&
        source->files[i].inode == (uint64_t)facts->st_ino) {
      file = &source->files[i];
    }
  }
  if (!file) {
    const olstm_allocator scratch = olstm__arena_as_allocator(source->scratch);
    olstm__external_file* files =
        olstm__array_reserve(&scratch, source->files, source->file_count, 1,
                             &source->file_capacity, sizeof *files);
    if (!files) return olstm__memory_fail(source->scratch, error);
    source->files = files;
    file = &source->files[source->file_count++];
    *file = (olstm__external_file){.device = (uint64_t)facts->st_dev,
                                   .inode = (uint64_t)facts->st_ino};
  }
  file->taken += bytes;
  if (file->taken / MAX_SHARING <= (uint64_t)facts->st_size) return OLSTM_STATUS_OK;
  return olstm__tensor_fail(label, error, OLSTM_STATUS_LIMIT_EXCEEDED,
                            "the tensors in its file take more than %d times the file's "
                            "size",
                            MAX_SHARING);
}

static olstm_status check_range(const olstm__external_source* source,
                                const olstm__tensor_label* label,
                                const external_place* place,
                                const olstm_tensor_desc* desc, size_t bytes,
                                const struct stat* facts, olstm_error* error) {
  const uint64_t size = (uint64_t)facts->st_size;
  if (place->has_length && place->length != bytes) {
    return olstm__tensor_fail(
        label, error, OLSTM_STATUS_INVALID_MODEL,
        "external data has length %" PRIu64 ", expected %zu for %s %s", place->length,
        bytes, olstm_dtype_name(desc->dtype), olstm_shape_text(desc).text);
  }
  if (source->max_bytes > 0 && size > source->max_bytes) {
    return olstm__tensor_fail(label, error, OLSTM_STATUS_LIMIT_EXCEEDED,
                              "'%.200s' has %" PRIu64
                              " bytes, more than max_external_bytes=%zu",
                              place->location, size, source->max_bytes);
  }
  if (place->offset > size || bytes > size - place->offset) {
    return olstm__tensor_fail(label, error, OLSTM_STATUS_INVALID_MODEL,
                              "bytes %" PRIu64
                              "+%zu are outside '%.200s', which has "
                              "%" PRIu64,
                              place->offset, bytes, place->location, size);
  }
  return OLSTM_STATUS_OK;
}

static olstm_status read_range(int file, const olstm__tensor_label* label,
                               const external_place* place, size_t bytes, char* elements,
                               olstm_error* error) {
  size_t done = 0;
  while (done < bytes) {
    const ssize_t count = pread(file, elements + done, bytes - done,
                                (off_t)(place->offset + (uint64_t)done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      return olstm__tensor_fail(
          label, error, OLSTM_STATUS_IO_ERROR, "cannot read '%.200s': %s",
          place->location, count < 0 ? strerror(errno) : "it became shorter meanwhile");
    }
    done += (size_t)count;
  }
  return OLSTM_STATUS_OK;
}

static olstm_status read_file(int file, olstm__external_source* source,
                              olstm__arena* arena, const olstm__tensor_label* label,
                              const external_place* place, const olstm_tensor_desc* desc,
                              size_t bytes, void** out_elements, olstm_error* error) {
  struct stat facts;
  if (fstat(file, &facts) != 0) {
    return olstm__tensor_fail(label, error, OLSTM_STATUS_IO_ERROR,
                              "cannot look at '%.200s': %s", place->location,
                              strerror(errno));
  }
  OLSTM_RETURN_IF_ERROR(check_range(source, label, place, desc, bytes, &facts, error));
  OLSTM_RETURN_IF_ERROR(count_bytes(source, label, &facts, bytes, error));
  void* elements = olstm__arena_allocate_uncounted(arena, bytes);
  if (!elements) return olstm__memory_fail(arena, error);
  OLSTM_RETURN_IF_ERROR(read_range(file, label, place, bytes, elements, error));
  olstm__tensor_normalize_bools(desc, bytes, elements);
  *out_elements = elements;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__external_read(olstm__external_source* source, olstm__arena* arena,
                                  const olstm__tensor_proto* proto,
                                  const olstm__tensor_label* label,
                                  const olstm_tensor_desc* desc, size_t bytes,
                                  void** out_elements, olstm_error* error) {
  external_place place;
  const char* reason = NULL;
  if (!source) {
    return olstm__tensor_fail(label, error, OLSTM_STATUS_UNSUPPORTED,
                              "its external data cannot be read: the model came from "
                              "memory, not from a file");
  }
  if (desc->dtype == OLSTM_DTYPE_STRING) {
    return olstm__tensor_fail(label, error, OLSTM_STATUS_INVALID_MODEL,
                              "strings cannot be external data");
  }
  if (proto->has_raw_data || proto->n_float_data > 0 || proto->n_int32_data > 0 ||
      proto->n_int64_data > 0 || proto->n_double_data > 0 || proto->n_uint64_data > 0 ||
      proto->n_string_data > 0) {
    return olstm__tensor_fail(label, error, OLSTM_STATUS_INVALID_MODEL,
                              "has external data and data of its own");
  }
  OLSTM_RETURN_IF_ERROR(read_place(proto, label, &place, error));
  const int file = olstm__external_open(source->folder, place.location, &reason);
  if (file < 0) {
    return olstm__tensor_fail(label, error, OLSTM_STATUS_IO_ERROR,
                              "cannot open its external data '%.200s': %s",
                              place.location, reason);
  }
  const olstm_status status =
      read_file(file, source, arena, label, &place, desc, bytes, out_elements, error);
  (void)close(file);
  return status;
}
