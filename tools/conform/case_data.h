// The data of a test case: what test_data_set_K/{input,output}_J.pb hold, and which of
// them is which input of a model.
#ifndef OLSTM_TOOLS_CONFORM_CASE_DATA_H_
#define OLSTM_TOOLS_CONFORM_CASE_DATA_H_

#include <stdbool.h>

#include "olstm/model.h"
#include "olstm/status.h"
#include "olstm/tensor.h"

/// More data sets, or files of one, there are not.
enum { OLSTM__CASE_MAX_FILES = 4096 };

/// Tensors with names, in the files' order. Zeroed before use.
typedef struct olstm__case_tensors {
  size_t count;
  olstm_tensor* tensors;
  /// "" where a file has none.
  char (*names)[OLSTM_ERROR_CAPACITY];
} olstm__case_tensors;

/// Reads KIND_0.pb, KIND_1.pb, ... of FOLDER as far as they go; kind: "input" or
/// "output". Errors: IO_ERROR, INVALID_MODEL, UNSUPPORTED, OUT_OF_MEMORY; deinit frees
/// what there is.
olstm_status olstm__case_tensors_read(const char* folder, const char* kind,
                                      olstm__case_tensors* out, olstm_error* error);

/// Room for `count` tensors, which are zeroed. Errors: OUT_OF_MEMORY.
olstm_status olstm__case_tensors_allocate(size_t count, olstm__case_tensors* out,
                                          olstm_error* error);

/// Frees the tensors' data, too: those that olstm_tensor_deinit frees.
void olstm__case_tensors_deinit(olstm__case_tensors* tensors);

/// A copy for olstm__case_tensors_deinit to free. Errors: OUT_OF_MEMORY.
olstm_status olstm__case_tensor_copy(const olstm_tensor* from, olstm_tensor* out_copy,
                                     olstm_error* error);

/// Finds the file of each of `count` inputs, as many as there are files: by name where
/// the files' names are just the inputs', by position otherwise.
void olstm__case_tensors_arrange(const olstm__case_tensors* files,
                                 const char* const* names, size_t* out_order);

#endif  // OLSTM_TOOLS_CONFORM_CASE_DATA_H_
