// See case_data.h.
#include "tools/conform/case_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/file_bytes.h"
#include "tools/tensor_file.h"

void olstm__case_tensors_deinit(olstm__case_tensors* tensors) {
  for (size_t i = 0; i < tensors->count; i++) {
    olstm_tensor_deinit(&tensors->tensors[i], NULL);
  }
  free(tensors->tensors);
  free(tensors->names);
  *tensors = (olstm__case_tensors){0, NULL, NULL};
}

olstm_status olstm__case_tensors_allocate(size_t count, olstm__case_tensors* out,
                                          olstm_error* error) {
  out->tensors = calloc(count + 1, sizeof *out->tensors);
  out->names = calloc(count + 1, sizeof *out->names);
  if (!out->tensors || !out->names) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for test data");
  }
  out->count = count;
  return OLSTM_STATUS_OK;
}

static olstm_status data_path(const char* folder, const char* kind, size_t index,
                              char out_path[OLSTM__PATH_CAPACITY], olstm_error* error) {
  char name[64];
  (void)snprintf(name, sizeof name, "%s_%zu.pb", kind, index);
  return olstm__path_join(folder, name, out_path, error);
}

olstm_status olstm__case_tensors_read(const char* folder, const char* kind,
                                      olstm__case_tensors* out, olstm_error* error) {
  char path[OLSTM__PATH_CAPACITY];
  size_t count = 0;
  for (; count < OLSTM__CASE_MAX_FILES; count++) {
    OLSTM_RETURN_IF_ERROR(data_path(folder, kind, count, path, error));
    if (!olstm__path_exists(path)) break;
  }
  OLSTM_RETURN_IF_ERROR(olstm__case_tensors_allocate(count, out, error));
  for (size_t i = 0; i < count; i++) {
    OLSTM_RETURN_IF_ERROR(data_path(folder, kind, i, path, error));
    OLSTM_RETURN_IF_ERROR(
        olstm__tensor_file_read(path, NULL, &out->tensors[i], out->names[i], error));
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__case_tensor_copy(const olstm_tensor* from, olstm_tensor* out_copy,
                                     olstm_error* error) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  size_t bytes = 0;
  void* data = NULL;
  if (olstm_tensor_desc_bytes(&from->desc, &bytes)) {
    data = olstm_allocate(&allocator, bytes, 1);
  }
  if (!data)
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a result");
  if (bytes > 0) memcpy(data, from->data, bytes);
  *out_copy = (olstm_tensor){from->desc, data};
  return OLSTM_STATUS_OK;
}

static bool order_by_name(const olstm__case_tensors* files, const char* const* names,
                          size_t* order) {
  for (size_t i = 0; i < files->count; i++) {
    size_t matches = 0;
    for (size_t f = 0; f < files->count; f++) {
      if (strcmp(files->names[f], names[i]) == 0) {
        order[i] = f;
        matches++;
      }
    }
    if (matches != 1) return false;
  }
  return true;
}

void olstm__case_tensors_arrange(const olstm__case_tensors* files,
                                 const char* const* names, size_t* out_order) {
  if (order_by_name(files, names, out_order)) return;
  for (size_t i = 0; i < files->count; i++) out_order[i] = i;
}
