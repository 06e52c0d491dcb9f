// See tensor_file.h.
#include "tools/tensor_file.h"

#include <stdio.h>
#include <string.h>

#include "tools/file_bytes.h"
#include "tools/npy.h"

enum { kMaxFileName = 200 };

olstm_status olstm__tensor_file_read(const char* path, olstm_tensor* out_tensor,
                                     char out_name[OLSTM_ERROR_CAPACITY],
                                     olstm_error* error) {
  olstm__file_bytes bytes;
  olstm_error reason = {""};
  if (out_name) out_name[0] = '\0';
  OLSTM_RETURN_IF_ERROR(olstm__file_bytes_read(path, &bytes, error));
  olstm_status status = OLSTM_STATUS_OK;
  if (bytes.count >= 6 && memcmp(bytes.data, "\x93NUMPY", 6) == 0) {
    status = olstm__npy_read(bytes.data, bytes.count, path, out_tensor, error);
  } else {
    status = olstm_tensor_read_pb(bytes.data, bytes.count, NULL, out_tensor, out_name,
                                  &reason);
    if (status != OLSTM_STATUS_OK) {
      (void)olstm_fail(error, status, "'%s': neither .npy nor a TensorProto: %s", path,
                       reason.message);
    }
  }
  olstm__file_bytes_deinit(&bytes);
  return status;
}

/// NAME.FORMAT, with "_" for what cannot stand in a file name, or would hide it.
static void make_file_name(const char* name, const char* format,
                           char out_name[kMaxFileName + 8]) {
  int length = 0;
  for (; name[length] && length < kMaxFileName; length++) {
    const char c = name[length];
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                          (c == '.' && length > 0);
    out_name[length] = is_plain ? c : '_';
  }
  if (length == 0) out_name[length++] = '_';
  (void)snprintf(out_name + length, 8, ".%s", format);
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

olstm_status olstm__tensor_file_write(const char* folder, const char* name,
                                      const char* format, const olstm_tensor* tensor,
                                      char* out_path, olstm_error* error) {
  char file_name[kMaxFileName + 8];
  char path[OLSTM__PATH_CAPACITY];
  size_t bytes = 0;
  make_file_name(name, format, file_name);
  OLSTM_RETURN_IF_ERROR(olstm__path_join(folder, file_name, path, error));
  if (!olstm_tensor_desc_bytes(&tensor->desc, &bytes)) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "'%s' has no valid shape",
                      name);
  }
  OLSTM_RETURN_IF_ERROR(strcmp(format, "npy") == 0 ? write_npy(path, tensor, bytes, error)
                                                   : write_pb(path, name, tensor, error));
  if (out_path) memcpy(out_path, path, sizeof path);
  return OLSTM_STATUS_OK;
}
