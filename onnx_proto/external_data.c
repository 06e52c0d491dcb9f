#include "onnx_proto/external_data.h"

#include "base/array.h"
#include "onnx_proto/memory_fail.h"

enum {
  /// The bytes read from one file, by all tensors together, may be at most so many times
  /// its size: tensors may share bytes, but a small file must not fill memory.
  kMaxSharing = 4,
  /// Of a tensor larger than this, at least one byte in eight must be stored: most of a
  /// sparse file may not be holes.
  kSparseBytes = 64 << 20,
  kSparseFactor = 8
};

/// The range of bytes that external_data describes.
typedef struct external_range {
  /// "" until the key was read.
  const char* location;
  uint64_t offset;
  uint64_t length;
  bool has_length;
} external_range;

/// The source of the bytes: an open file, or memory where there is none.
typedef struct external_bytes {
  olstm__file file;
  const void* memory;
  uint64_t size;
  /// Identity of the file.
  uint64_t device;
  uint64_t inode;
} external_bytes;

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

static olstm_status read_entries(const olstm__tensor_proto* proto,
                                 const olstm__tensor_label* label, external_range* range,
                                 olstm_error* error) {
  bool has_offset = false;
  memset(range, 0, sizeof *range);
  range->location = "";
  for (size_t i = 0; i < proto->n_external_data; i++) {
    const char* key = proto->external_data[i]->key ? proto->external_data[i]->key : "";
    const char* value =
        proto->external_data[i]->value ? proto->external_data[i]->value : "";
    bool good = false;
    if (strcmp(key, "location") == 0) {
      good = range->location[0] == '\0';
      range->location = value;
    } else if (strcmp(key, "offset") == 0) {
      good = !has_offset && read_number(value, &range->offset);
      has_offset = true;
    } else if (strcmp(key, "length") == 0) {
      good = !range->has_length && read_number(value, &range->length);
      range->has_length = true;
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
  if (range->location[0] != '\0') return OLSTM_STATUS_OK;
  return olstm__tensor_fail(label, error, OLSTM_STATUS_INVALID_MODEL,
                            "external_data has no location");
}

/// Counts the bytes read from a file. Fails when they exceed kMaxSharing times its size.
static olstm_status count_bytes(olstm__external_source* source,
                                const olstm__tensor_label* label,
                                const external_bytes* from, size_t bytes,
                                olstm_error* error) {
  olstm__external_use* use = NULL;
  for (size_t i = 0; i < source->use_count && !use; i++) {
    if (source->uses[i].device == from->device && source->uses[i].inode == from->inode) {
      use = &source->uses[i];
    }
  }
  if (!use) {
    const olstm_allocator scratch = olstm__arena_as_allocator(source->scratch);
    olstm__external_use* uses =
        olstm__array_reserve(&scratch, source->uses, source->use_count, 1,
                             &source->use_capacity, sizeof *uses);
    if (!uses) return olstm__memory_fail(source->scratch, error);
    source->uses = uses;
    use = &source->uses[source->use_count++];
    *use = (olstm__external_use){.device = from->device, .inode = from->inode};
  }
  use->taken += bytes;
  if (use->taken / kMaxSharing <= from->size) return OLSTM_STATUS_OK;
  return olstm__tensor_fail(label, error, OLSTM_STATUS_LIMIT_EXCEEDED,
                            "the tensors in its file take more than %d times the file's "
                            "size",
                            kMaxSharing);
}

static olstm_status check_stored(const olstm__tensor_label* label,
                                 const external_bytes* from, const external_range* range,
                                 size_t bytes, olstm_error* error) {
  if (from->file == OLSTM__NO_FILE || bytes <= kSparseBytes) return OLSTM_STATUS_OK;
  const uint64_t stored = olstm__file_count_stored(from->file, range->offset, bytes);
  if (bytes / kSparseFactor <= stored) return OLSTM_STATUS_OK;
  return olstm__tensor_fail(label, error, OLSTM_STATUS_LIMIT_EXCEEDED,
                            "%zu bytes are declared in '%.200s', of which it stores "
                            "%" PRIu64 ": max_external_bytes allows such a file",
                            bytes, range->location, stored);
}

static olstm_status check_range(const olstm__external_source* source,
                                const olstm__tensor_label* label,
                                const external_bytes* from, const external_range* range,
                                const olstm_tensor_desc* desc, size_t bytes,
                                olstm_error* error) {
  if (range->has_length && range->length != bytes) {
    return olstm__tensor_fail(
        label, error, OLSTM_STATUS_INVALID_MODEL,
        "external data has length %" PRIu64 ", expected %zu for %s %s", range->length,
        bytes, olstm_dtype_name(desc->dtype), olstm_shape_text(desc).text);
  }
  if (source->max_bytes > 0 && from->size > source->max_bytes) {
    return olstm__tensor_fail(label, error, OLSTM_STATUS_LIMIT_EXCEEDED,
                              "'%.200s' has %" PRIu64
                              " bytes, more than max_external_bytes=%zu",
                              range->location, from->size, source->max_bytes);
  }
  if (range->offset > from->size || bytes > from->size - range->offset) {
    return olstm__tensor_fail(label, error, OLSTM_STATUS_INVALID_MODEL,
                              "bytes %" PRIu64
                              "+%zu are outside '%.200s', which has "
                              "%" PRIu64,
                              range->offset, bytes, range->location, from->size);
  }
  return source->max_bytes > 0 ? OLSTM_STATUS_OK
                               : check_stored(label, from, range, bytes, error);
}

static olstm_status read_range(const external_bytes* from,
                               const olstm__tensor_label* label,
                               const external_range* range, size_t bytes, char* elements,
                               olstm_error* error) {
  if (from->file == OLSTM__NO_FILE) {
    if (bytes > 0) memcpy(elements, (const char*)from->memory + range->offset, bytes);
    return OLSTM_STATUS_OK;
  }
  const char* reason = olstm__file_read(from->file, range->offset, elements, bytes);
  if (!reason) return OLSTM_STATUS_OK;
  return olstm__tensor_fail(label, error, OLSTM_STATUS_IO_ERROR,
                            "cannot read '%.200s': %s", range->location, reason);
}

static olstm_status read_bytes(const external_bytes* from, olstm__external_source* source,
                               olstm__arena* arena, const olstm__tensor_label* label,
                               const external_range* range, const olstm_tensor_desc* desc,
                               size_t bytes, void** out_elements, olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(check_range(source, label, from, range, desc, bytes, error));
  OLSTM_RETURN_IF_ERROR(count_bytes(source, label, from, bytes, error));
  void* elements = olstm__arena_allocate_uncounted(arena, bytes);
  if (!elements) return olstm__memory_fail(arena, error);
  OLSTM_RETURN_IF_ERROR(read_range(from, label, range, bytes, elements, error));
  olstm__tensor_normalize_bools(desc, bytes, elements);
  *out_elements = elements;
  return OLSTM_STATUS_OK;
}

// ----------------------------------------------------------------- finding

/// Removes a leading "./".
static const char* skip_dot(const char* location) {
  while (location[0] == '.' && location[1] == '/') location += 2;
  return location;
}

/// Finds the bytes that the caller passed for a location.
static bool find_given(const olstm__external_source* source, const char* location,
                       external_bytes* out_bytes) {
  for (size_t i = 0; i < source->given_count; i++) {
    const olstm_external_file* file = &source->given[i];
    if (strcmp(skip_dot(file->location), skip_dot(location)) != 0) continue;
    *out_bytes = (external_bytes){.file = OLSTM__NO_FILE,
                                  .memory = file->bytes,
                                  .size = file->byte_count,
                                  .device = UINT64_MAX,
                                  .inode = i};
    return true;
  }
  return false;
}

/// Opens the file of a location. The caller closes out_bytes->file.
static olstm_status open_file(const olstm__external_source* source,
                              const olstm__tensor_label* label, const char* location,
                              external_bytes* out_bytes, olstm_error* error) {
  if (source->folders.beside == OLSTM__NO_FILE &&
      source->folders.named == OLSTM__NO_FILE) {
    return olstm__tensor_fail(
        label, error, OLSTM_STATUS_UNSUPPORTED,
        "its external data '%.200s' cannot be read: the model came from memory, with "
        "neither external_files nor external_data_folder",
        location);
  }
  olstm__file_facts facts;
  olstm__file file = OLSTM__NO_FILE;
  const char* reason = olstm__confined_open(&source->folders, location, &file);
  if (!reason) reason = olstm__file_look(file, &facts);
  if (reason) {
    olstm__file_close(file);
    return olstm__tensor_fail(label, error, OLSTM_STATUS_IO_ERROR,
                              "cannot open its external data '%.200s': %s", location,
                              reason);
  }
  *out_bytes = (external_bytes){
      .file = file, .size = facts.bytes, .device = facts.device, .inode = facts.number};
  return OLSTM_STATUS_OK;
}

static olstm_status check_proto(const olstm__tensor_proto* proto,
                                const olstm__tensor_label* label,
                                const olstm_tensor_desc* desc, olstm_error* error) {
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
  return OLSTM_STATUS_OK;
}

olstm_status olstm__external_read(olstm__external_source* source, olstm__arena* arena,
                                  const olstm__tensor_proto* proto,
                                  const olstm__tensor_label* label,
                                  const olstm_tensor_desc* desc, size_t bytes,
                                  void** out_elements, olstm_error* error) {
  external_range range;
  external_bytes from = {.file = OLSTM__NO_FILE};
  OLSTM_RETURN_IF_ERROR(check_proto(proto, label, desc, error));
  OLSTM_RETURN_IF_ERROR(read_entries(proto, label, &range, error));
  if (!find_given(source, range.location, &from)) {
    OLSTM_RETURN_IF_ERROR(open_file(source, label, range.location, &from, error));
  }
  const olstm_status status =
      read_bytes(&from, source, arena, label, &range, desc, bytes, out_elements, error);
  olstm__file_close(from.file);
  return status;
}
