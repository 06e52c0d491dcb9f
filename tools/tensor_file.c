// See tensor_file.h.
#include "tools/tensor_file.h"

#include <stdio.h>
#include <string.h>

#include "tools/npy.h"
#include "tools/npz.h"

/// Splits PATH.npz:NAME. A file that is called so as a whole comes first.
static olstm_status split(const char* file, char out_path[OLSTM__PATH_CAPACITY],
                          const char** out_array, olstm_error* error) {
  static const char kMark[] = ".npz:";
  const char* mark = NULL;
  *out_array = NULL;
  for (const char* at = strstr(file, kMark); at; at = strstr(at + 1, kMark)) mark = at;
  size_t length = strlen(file);
  if (mark && mark[sizeof kMark - 1] != '\0' && !olstm__path_exists(file)) {
    *out_array = mark + sizeof kMark - 1;
    length = (size_t)(mark - file) + sizeof kMark - 2;
  }
  if (length >= OLSTM__PATH_CAPACITY) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "path too long: '%.200s'",
                      file);
  }
  memcpy(out_path, file, length);
  out_path[length] = '\0';
  return OLSTM_STATUS_OK;
}

static olstm_status read_archive(const char* path, olstm__file_bytes* bytes,
                                 const char* array, const char* wanted,
                                 olstm_tensor* out_tensor, olstm_error* error) {
  olstm__npz npz;
  size_t index = 0;
  OLSTM_RETURN_IF_ERROR(olstm__npz_open(path, bytes, &npz, error));
  olstm_status status = OLSTM_STATUS_OK;
  if (array) {
    status = olstm__npz_find(&npz, array, &index, error);
  } else if (npz.count > 1 || wanted) {
    status = olstm__npz_find(&npz, wanted ? wanted : "", &index, error);
    if (status != OLSTM_STATUS_OK && npz.count == 1) status = OLSTM_STATUS_OK;
  }
  if (status == OLSTM_STATUS_OK) status = olstm__npz_read(&npz, index, out_tensor, error);
  olstm__npz_deinit(&npz);
  return status;
}

static olstm_status read_bytes(const char* path, const olstm__file_bytes* bytes,
                               olstm_tensor* out_tensor, char* out_name,
                               olstm_error* error) {
  olstm_error reason = {""};
  if (olstm__npy_is_one(bytes->data, bytes->count)) {
    return olstm__npy_read(bytes->data, bytes->count, path, out_tensor, error);
  }
  const olstm_status status = olstm_tensor_read_pb(bytes->data, bytes->count, NULL,
                                                   out_tensor, out_name, &reason);
  if (status == OLSTM_STATUS_OK) return OLSTM_STATUS_OK;
  return olstm_fail(error, status, "'%s': neither .npy nor .npz: %s", path,
                    reason.message);
}

olstm_status olstm__tensor_file_read(const char* file, const char* wanted,
                                     olstm_tensor* out_tensor,
                                     char out_name[OLSTM_ERROR_CAPACITY],
                                     olstm_error* error) {
  char path[OLSTM__PATH_CAPACITY];
  const char* array = NULL;
  olstm__file_bytes bytes;
  if (out_name) out_name[0] = '\0';
  OLSTM_RETURN_IF_ERROR(split(file, path, &array, error));
  OLSTM_RETURN_IF_ERROR(olstm__file_bytes_read(path, &bytes, error));
  olstm_status status = OLSTM_STATUS_OK;
  if (olstm__zip_is_one(bytes.data, bytes.count)) {
    status = read_archive(path, &bytes, array, wanted, out_tensor, error);
  } else if (array) {
    status = olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                        "'%s' is no archive: it has no array '%s'", path, array);
  } else {
    status = read_bytes(path, &bytes, out_tensor, out_name, error);
  }
  olstm__file_bytes_deinit(&bytes);
  return status;
}

static bool is_npy(const char* format) {
  return strcmp(format, "npy") == 0;
}

olstm_status olstm__tensor_file_check(const char* format, olstm_dtype dtype,
                                      olstm_error* error) {
  char header[OLSTM__NPY_HEADER_CAPACITY];
  size_t header_bytes = 0;
  const olstm_tensor_desc desc = {.dtype = dtype};
  if (dtype == OLSTM_DTYPE_UNDEFINED || !is_npy(format)) return OLSTM_STATUS_OK;
  return olstm__npy_write_header(&desc, header, &header_bytes, error);
}

static olstm_status write_npy(const char* path, const olstm_tensor* tensor, size_t bytes,
                              olstm_error* error) {
  char header[OLSTM__NPY_HEADER_CAPACITY];
  size_t header_bytes = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__npy_write_header(&tensor->desc, header, &header_bytes, error));
  return olstm__file_bytes_write(path, header, header_bytes, tensor->data, bytes, error);
}

static olstm_status write_pb(const char* path, const char* name,
                             const olstm_tensor* tensor, olstm_error* error) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  void* bytes = NULL;
  size_t count = 0;
  OLSTM_RETURN_IF_ERROR(olstm_tensor_write_pb(tensor, name, NULL, &bytes, &count, error));
  const olstm_status status = olstm__file_bytes_write(path, bytes, count, NULL, 0, error);
  olstm_release(&allocator, bytes, count, 1);
  return status;
}

olstm_status olstm__tensor_file_write(const char* folder, const char* file_name,
                                      const char* format, const char* name,
                                      const olstm_tensor* tensor,
                                      char out_path[OLSTM__PATH_CAPACITY],
                                      olstm_error* error) {
  size_t bytes = 0;
  char full_name[OLSTM__PATH_CAPACITY];
  (void)snprintf(full_name, sizeof full_name, "%s.%s", file_name, format);
  OLSTM_RETURN_IF_ERROR(olstm__path_join(folder, full_name, out_path, error));
  if (!olstm_tensor_desc_bytes(&tensor->desc, &bytes)) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "'%s' has no valid shape",
                      name);
  }
  return is_npy(format) ? write_npy(out_path, tensor, bytes, error)
                        : write_pb(out_path, name, tensor, error);
}
