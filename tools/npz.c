// See npz.h.
#include "tools/npz.h"

#include <stdlib.h>
#include <string.h>

#include "tools/npy.h"
#include "tools/plain_text.h"

static const char kSuffix[] = ".npy";
enum { kSuffixBytes = sizeof kSuffix - 1 };

static bool is_array(const olstm__zip_entry* entry) {
  return entry->name_bytes >= kSuffixBytes &&
         memcmp(entry->name + entry->name_bytes - kSuffixBytes, kSuffix, kSuffixBytes) ==
             0 &&
         !memchr(entry->name, 0, entry->name_bytes);
}

/// Of two entries with the same name the later one is used, as in Python.
static bool list_arrays(olstm__npz* npz) {
  npz->names = calloc(npz->zip.entry_count + 1, sizeof(char*));
  npz->entries = calloc(npz->zip.entry_count + 1, sizeof(olstm__zip_entry*));
  if (!npz->names || !npz->entries) return false;
  for (size_t i = 0; i < npz->zip.entry_count; i++) {
    const olstm__zip_entry* entry = &npz->zip.entries[i];
    if (!is_array(entry)) continue;
    char* name = olstm__text_copy(entry->name, entry->name_bytes - kSuffixBytes);
    if (!name) return false;
    npz->entries[npz->count] = entry;
    npz->names[npz->count++] = name;
  }
  return true;
}

olstm_status olstm__npz_open(const char* path, olstm__file_bytes* take_bytes,
                             olstm__npz* out_npz, olstm_error* error) {
  olstm_error reason = {""};
  *out_npz = (olstm__npz){.path = path, .bytes = *take_bytes};
  *take_bytes = (olstm__file_bytes){NULL, 0};
  olstm_status status =
      olstm__zip_open(out_npz->bytes.data, out_npz->bytes.count, &out_npz->zip, &reason);
  if (status == OLSTM_STATUS_OK && !list_arrays(out_npz)) {
    status = olstm_fail(&reason, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for its arrays");
  }
  if (status == OLSTM_STATUS_OK && out_npz->count == 0) {
    status = olstm_fail(&reason, OLSTM_STATUS_INVALID_ARGUMENT,
                        "it is a zip archive (.keras, .pt, .zip?) without a .npy in it");
  }
  if (status == OLSTM_STATUS_OK) return OLSTM_STATUS_OK;
  olstm__npz_deinit(out_npz);
  return olstm_fail(error, status, "'%s': %s", path, reason.message);
}

void olstm__npz_deinit(olstm__npz* npz) {
  for (size_t i = 0; i < npz->count; i++) free(npz->names[i]);
  free(npz->names);
  free(npz->entries);
  olstm__zip_deinit(&npz->zip);
  olstm__file_bytes_deinit(&npz->bytes);
  *npz = (olstm__npz){0};
}

olstm_status olstm__npz_find(const olstm__npz* npz, const char* name, size_t* out_index,
                             olstm_error* error) {
  const size_t length = strlen(name);
  for (size_t i = npz->count; i-- > 0;) {
    const char* candidate = npz->names[i];
    const size_t bytes = strlen(candidate);
    if (strncmp(candidate, name, bytes) == 0 &&
        (length == bytes || strcmp(name + bytes, kSuffix) == 0)) {
      *out_index = i;
      return OLSTM_STATUS_OK;
    }
  }
  char list[256] = "";
  size_t used = 0;
  for (size_t i = 0; i < npz->count && used < sizeof list - 1; i++) {
    (void)snprintf(list + used, sizeof list - used, "%s'%.100s'", i ? ", " : "",
                   npz->names[i]);
    used = strlen(list);
  }
  return olstm_fail(error, OLSTM_STATUS_NOT_FOUND,
                    "'%.200s' has no array '%.100s': it has %s", npz->path, name, list);
}

olstm_status olstm__npz_read(const olstm__npz* npz, size_t index,
                             olstm_tensor* out_tensor, olstm_error* error) {
  unsigned char* bytes = NULL;
  size_t byte_count = 0;
  char what[256];
  olstm_error reason = {""};
  (void)snprintf(what, sizeof what, "%.180s:%.60s", npz->path, npz->names[index]);
  *out_tensor = (olstm_tensor){{OLSTM_DTYPE_UNDEFINED, 0, {0}}, NULL};
  olstm_status status =
      olstm__zip_read(&npz->zip, npz->entries[index], &bytes, &byte_count, &reason);
  if (status != OLSTM_STATUS_OK) {
    return olstm_fail(error, status, "'%s': %s", what, reason.message);
  }
  status = olstm__npy_read(bytes, byte_count, what, out_tensor, error);
  free(bytes);
  return status;
}
