// NumPy's .npz: a zip archive of .npy files, each called as its array.
#ifndef OLSTM_TOOLS_NPZ_H_
#define OLSTM_TOOLS_NPZ_H_

#include "olstm/tensor.h"
#include "tools/file_bytes.h"
#include "tools/zip_file.h"

/// The arrays of an archive. deinit frees all of it.
typedef struct olstm__npz {
  /// As the user gave it, for messages; borrowed.
  const char* path;
  olstm__file_bytes bytes;
  olstm__zip_file zip;
  size_t count;
  /// names[i] is without ".npy".
  char** names;
  const olstm__zip_entry** entries;
} olstm__npz;

/// Takes the bytes of a file, which are a zip archive's, on failure too.
///
/// Errors: INVALID_ARGUMENT (damaged, or no array in it), OUT_OF_MEMORY; they name the
/// file, and nothing is left to free then.
olstm_status olstm__npz_open(const char* path, olstm__file_bytes* take_bytes,
                             olstm__npz* out_npz, olstm_error* error);
void olstm__npz_deinit(olstm__npz* npz);

/// The array of that name ("x" or "x.npy"). NOT_FOUND lists what there is.
olstm_status olstm__npz_find(const olstm__npz* npz, const char* name, size_t* out_index,
                             olstm_error* error);

/// Reads an array. Memory: olstm_tensor_deinit(tensor, NULL).
olstm_status olstm__npz_read(const olstm__npz* npz, size_t index,
                             olstm_tensor* out_tensor, olstm_error* error);

#endif  // OLSTM_TOOLS_NPZ_H_
