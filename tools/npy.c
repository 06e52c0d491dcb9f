// See npy.h. The header is the text of a Python dict: {'descr': '<f4', 'fortran_order':
// False, 'shape': (2, 3), }.
#include "tools/npy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { kMagicBytes = 6, kMaxHeaderBytes = 1 << 16, kHeaderAlignment = 64 };
static const char kMagic[] = "\x93NUMPY";

/// What NumPy calls a dtype: kind and bytes.
typedef struct npy_type {
  char kind;
  char size;
  olstm_dtype dtype;
} npy_type;

static const npy_type kTypes[] = {
    {'f', '2', OLSTM_DTYPE_FLOAT16}, {'f', '4', OLSTM_DTYPE_FLOAT},
    {'f', '8', OLSTM_DTYPE_DOUBLE},  {'b', '1', OLSTM_DTYPE_BOOL},
    {'i', '1', OLSTM_DTYPE_INT8},    {'i', '2', OLSTM_DTYPE_INT16},
    {'i', '4', OLSTM_DTYPE_INT32},   {'i', '8', OLSTM_DTYPE_INT64},
    {'u', '1', OLSTM_DTYPE_UINT8},   {'u', '2', OLSTM_DTYPE_UINT16},
    {'u', '4', OLSTM_DTYPE_UINT32},  {'u', '8', OLSTM_DTYPE_UINT64},
};
enum { kTypeCount = sizeof kTypes / sizeof kTypes[0] };

/// The header while it is read. `at` never passes `end`.
typedef struct header_text {
  const char* at;
  const char* end;
  const char* what;
  olstm_error* error;
} header_text;

typedef struct npy_header {
  olstm_tensor_desc desc;
  bool is_big_endian;
  bool is_fortran;
} npy_header;

bool olstm__npy_is_one(const unsigned char* bytes, size_t byte_count) {
  return byte_count >= kMagicBytes && memcmp(bytes, kMagic, kMagicBytes) == 0;
}

static olstm_status fail(const header_text* text, const char* message) {
  return olstm_fail(text->error, OLSTM_STATUS_INVALID_ARGUMENT, "'%s': %s", text->what,
                    message);
}

static void skip_spaces(header_text* text) {
  while (text->at < text->end && (*text->at == ' ' || *text->at == '\n')) text->at++;
}

/// Takes `c` after spaces, if it is there.
static bool take(header_text* text, char c) {
  skip_spaces(text);
  if (text->at >= text->end || *text->at != c) return false;
  text->at++;
  return true;
}

/// Takes a quoted string without escapes into `out`.
static bool take_string(header_text* text, char* out, size_t capacity) {
  size_t length = 0;
  skip_spaces(text);
  if (text->at >= text->end || (*text->at != '\'' && *text->at != '"')) return false;
  const char quote = *text->at++;
  while (text->at < text->end && *text->at != quote) {
    if (length + 1 >= capacity || *text->at == '\\') return false;
    out[length++] = *text->at++;
  }
  out[length] = '\0';
  return take(text, quote);
}

static bool take_word(header_text* text, const char* word) {
  const size_t length = strlen(word);
  skip_spaces(text);
  if ((size_t)(text->end - text->at) < length || memcmp(text->at, word, length) != 0) {
    return false;
  }
  text->at += length;
  return true;
}

/// Takes a dimension; false when it is none or does not fit.
static bool take_dim(header_text* text, int64_t* out_dim) {
  int64_t value = 0;
  skip_spaces(text);
  const char* start = text->at;
  for (; text->at < text->end && *text->at >= '0' && *text->at <= '9'; text->at++) {
    const int digit = *text->at - '0';
    if (value > (INT64_MAX - digit) / 10) return false;
    value = value * 10 + digit;
  }
  *out_dim = value;
  return text->at > start;
}

static olstm_status parse_descr(header_text* text, npy_header* header) {
  char descr[16];
  if (!take_string(text, descr, sizeof descr)) {
    return fail(text, "its dtype is not a plain one");
  }
  const char order = descr[0];
  const bool has_order = order == '<' || order == '>' || order == '|' || order == '=';
  const char* type = descr + (has_order ? 1 : 0);
  for (size_t i = 0; i < kTypeCount && strlen(type) == 2; i++) {
    if (type[0] == kTypes[i].kind && type[1] == kTypes[i].size) {
      header->desc.dtype = kTypes[i].dtype;
      header->is_big_endian = order == '>';
      return OLSTM_STATUS_OK;
    }
  }
  return olstm_fail(text->error, OLSTM_STATUS_UNSUPPORTED,
                    "'%s': dtype '%s' is none that olstm reads%s", text->what, descr,
                    type[0] == 'O' ? ": it holds Python objects, not numbers" : "");
}

static olstm_status parse_shape(header_text* text, npy_header* header) {
  if (!take(text, '(')) return fail(text, "its shape is not a tuple");
  while (!take(text, ')')) {
    if (header->desc.rank >= OLSTM_MAX_RANK) {
      return olstm_fail(text->error, OLSTM_STATUS_UNSUPPORTED,
                        "'%s': more than %d dimensions", text->what, (int)OLSTM_MAX_RANK);
    }
    if (!take_dim(text, &header->desc.dims[header->desc.rank])) {
      return fail(text, "its shape has a dimension that is no count");
    }
    header->desc.rank++;
    if (!take(text, ',') && (text->at >= text->end || *text->at != ')')) {
      return fail(text, "its shape does not end");
    }
  }
  return OLSTM_STATUS_OK;
}

/// The keys of the header, as bits.
enum { kKeyDescr = 1, kKeyFortran = 2, kKeyShape = 4, kKeyAll = 7 };

static olstm_status parse_entry(header_text* text, npy_header* header,
                                unsigned* keys_seen) {
  char key[16];
  unsigned bit = 0;
  if (!take_string(text, key, sizeof key) || !take(text, ':')) {
    return fail(text, "its header is not a dict");
  }
  if (strcmp(key, "descr") == 0) {
    bit = kKeyDescr;
    OLSTM_RETURN_IF_ERROR(parse_descr(text, header));
  } else if (strcmp(key, "fortran_order") == 0) {
    bit = kKeyFortran;
    header->is_fortran = take_word(text, "True");
    if (!header->is_fortran && !take_word(text, "False")) {
      return fail(text, "fortran_order is neither True nor False");
    }
  } else if (strcmp(key, "shape") == 0) {
    bit = kKeyShape;
    header->desc.rank = 0;
    OLSTM_RETURN_IF_ERROR(parse_shape(text, header));
  }
  if (bit == 0 || (*keys_seen & bit)) return fail(text, "its header has an odd key");
  *keys_seen |= bit;
  return OLSTM_STATUS_OK;
}

static olstm_status parse_header(header_text* text, npy_header* header) {
  unsigned keys_seen = 0;
  if (!take(text, '{')) return fail(text, "its header is not a dict");
  while (!take(text, '}')) {
    OLSTM_RETURN_IF_ERROR(parse_entry(text, header, &keys_seen));
    if (!take(text, ',') && (text->at >= text->end || *text->at != '}')) {
      return fail(text, "its header does not end");
    }
  }
  skip_spaces(text);
  if (keys_seen != kKeyAll) return fail(text, "its header lacks a key");
  return text->at == text->end ? OLSTM_STATUS_OK : fail(text, "its header does not end");
}

/// Finds header and elements in the file.
static olstm_status split_file(const unsigned char* bytes, size_t byte_count,
                               header_text* text, size_t* out_data_offset) {
  if (byte_count < kMagicBytes + 4 || !olstm__npy_is_one(bytes, byte_count)) {
    return fail(text, "not a .npy file");
  }
  const unsigned version = bytes[kMagicBytes];
  const size_t length_bytes = version == 1 ? 2 : 4;
  const size_t offset = kMagicBytes + 2 + length_bytes;
  size_t length = 0;
  if (version < 1 || version > 3) return fail(text, "an unknown version of .npy");
  if (byte_count < offset) return fail(text, "the file is cut off in its header");
  for (size_t i = 0; i < length_bytes; i++) {
    length |= (size_t)bytes[kMagicBytes + 2 + i] << (8 * i);
  }
  if (length > kMaxHeaderBytes) return fail(text, "its header is too long");
  if (length > byte_count - offset)
    return fail(text, "the file is cut off in its header");
  text->at = (const char*)bytes + offset;
  text->end = text->at + length;
  *out_data_offset = offset + length;
  return OLSTM_STATUS_OK;
}

static void swap_bytes(unsigned char* data, size_t count, size_t size) {
  for (size_t e = 0; e < count; e++, data += size) {
    for (size_t i = 0; i < size / 2; i++) {
      const unsigned char byte = data[i];
      data[i] = data[size - 1 - i];
      data[size - 1 - i] = byte;
    }
  }
}

/// Copies elements whose first dimension runs fastest to where the last one does.
static void copy_fortran(const olstm_tensor_desc* desc, const unsigned char* from,
                         unsigned char* to) {
  const size_t size = olstm_dtype_size(desc->dtype);
  const int64_t count = olstm_tensor_desc_count(desc);
  int64_t index[OLSTM_MAX_RANK] = {0};
  for (int64_t e = 0; e < count; e++, from += size) {
    int64_t at = 0;
    for (int32_t d = 0; d < desc->rank; d++) at = at * desc->dims[d] + index[d];
    memcpy(to + (size_t)at * size, from, size);
    for (int32_t d = 0; d < desc->rank && ++index[d] == desc->dims[d]; d++) index[d] = 0;
  }
}

olstm_status olstm__npy_read(const unsigned char* bytes, size_t byte_count,
                             const char* what, olstm_tensor* out_tensor,
                             olstm_error* error) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  header_text text = {NULL, NULL, what, error};
  npy_header header = {{OLSTM_DTYPE_UNDEFINED, 0, {0}}, false, false};
  size_t offset = 0;
  size_t data_bytes = 0;
  *out_tensor = (olstm_tensor){{OLSTM_DTYPE_UNDEFINED, 0, {0}}, NULL};
  OLSTM_RETURN_IF_ERROR(split_file(bytes, byte_count, &text, &offset));
  OLSTM_RETURN_IF_ERROR(parse_header(&text, &header));
  if (!olstm_tensor_desc_bytes(&header.desc, &data_bytes) ||
      data_bytes != byte_count - offset) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "'%s': %zu bytes of elements do not make %s %s", what,
                      byte_count - offset, olstm_dtype_name(header.desc.dtype),
                      olstm_shape_text(&header.desc).text);
  }
  unsigned char* data = olstm_allocate(&allocator, data_bytes, 1);
  if (!data) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "'%s': no memory for %zu bytes",
                      what, data_bytes);
  }
  if (header.is_fortran && data_bytes > 0) {
    copy_fortran(&header.desc, bytes + offset, data);
  } else {
    memcpy(data, bytes + offset, data_bytes);
  }
  const size_t size = olstm_dtype_size(header.desc.dtype);
  if (header.is_big_endian) swap_bytes(data, data_bytes / size, size);
  // A byte that is neither 0 nor 1 is no bool.
  for (size_t i = 0; header.desc.dtype == OLSTM_DTYPE_BOOL && i < data_bytes; i++) {
    data[i] = data[i] != 0;
  }
  *out_tensor = (olstm_tensor){header.desc, data};
  return OLSTM_STATUS_OK;
}

olstm_status olstm__npy_write_header(const olstm_tensor_desc* desc,
                                     char out_header[OLSTM__NPY_HEADER_CAPACITY],
                                     size_t* out_byte_count, olstm_error* error) {
  const npy_type* type = NULL;
  char shape[OLSTM_MAX_RANK * 24 + 4] = "(";
  size_t used = 1;
  for (size_t i = 0; i < kTypeCount; i++) {
    if (kTypes[i].dtype == desc->dtype) type = &kTypes[i];
  }
  if (!type) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "NumPy has no %s: write it with --format pb",
                      olstm_dtype_name(desc->dtype));
  }
  for (int32_t d = 0; d < desc->rank; d++) {
    used += (size_t)snprintf(shape + used, sizeof shape - used, "%s%" PRId64 "%s",
                             d ? " " : "", desc->dims[d],
                             d + 1 < desc->rank || desc->rank == 1 ? "," : "");
  }
  (void)snprintf(shape + used, sizeof shape - used, ")");
  char* dict = out_header + kMagicBytes + 4;
  const size_t room = OLSTM__NPY_HEADER_CAPACITY - kMagicBytes - 4 - kHeaderAlignment;
  size_t length = (size_t)snprintf(
      dict, room, "{'descr': '%c%c%c', 'fortran_order': False, 'shape': %s, }",
      type->size == '1' ? '|' : '<', type->kind, type->size, shape);
  while ((kMagicBytes + 4 + length + 1) % kHeaderAlignment != 0) dict[length++] = ' ';
  dict[length++] = '\n';
  memcpy(out_header, kMagic, kMagicBytes);
  out_header[kMagicBytes] = 1;
  out_header[kMagicBytes + 1] = 0;
  out_header[kMagicBytes + 2] = (char)(length & 0xff);
  out_header[kMagicBytes + 3] = (char)(length >> 8);
  *out_byte_count = kMagicBytes + 4 + length;
  return OLSTM_STATUS_OK;
}
