// The inputs of a run: from files, or made up; and the sizes of symbolic dimensions.
#ifndef OLSTM_TOOLS_INPUT_SET_H_
#define OLSTM_TOOLS_INPUT_SET_H_

#include "olstm/runtime.h"
#include "tools/cli.h"

/// One tensor for each of a session's inputs, in its order. Zeroed before use.
typedef struct olstm__input_set {
  size_t count;
  olstm_tensor* tensors;
  /// The first symbolic dimension without a given size, which is 1 therefore; input NULL
  /// when there is none.
  const olstm_value_info* unsized_input;
  int32_t unsized_axis;
} olstm__input_set;

/// What the command line says about inputs.
typedef struct olstm__input_options {
  /// "NAME=FILE"; or "FILE.npz", which gives each input that is called as one of its
  /// arrays.
  olstm__cli_list files;
  /// Whether files of other dtypes are converted to the model's.
  bool cast;
  /// "NAME=N": a symbolic dimension by its name, or INPUT:AXIS for one that has none.
  olstm__cli_list dims;
  bool has_random;
  int64_t seed;
} olstm__input_options;

/// Descs of a session's inputs with symbolic dimensions as --dim says, 1 where it says
/// nothing; in set->tensors, whose data stays NULL. Errors: INVALID_ARGUMENT for a --dim
/// that is none of the model's, UNSUPPORTED for an input whose rank is not known.
olstm_status olstm__input_set_describe(const olstm_session* session,
                                       const olstm__input_options* options,
                                       olstm__input_set* set, olstm_error* error);

/// Fills the set: files first; what is left from --random, or refused by name. --dim is
/// checked against files.
olstm_status olstm__input_set_load(const olstm_session* session,
                                   const olstm__input_options* options,
                                   olstm__input_set* set, olstm_error* error);

/// Adds to a failure that a dimension of 1 may be to blame for, because neither the model
/// nor --dim gives it a size, how to give it one. Returns `status`.
olstm_status olstm__input_set_explain(const olstm__input_set* set, olstm_status status,
                                      olstm_error* error);

/// Which inputs with initializers the options give, for olstm__job_options.choose_given;
/// options: an olstm__input_options.
void olstm__input_choose_given(const void* options, const olstm_model* model,
                               bool* out_given);

/// Gives a value out of a file the dtype that is wanted ("input", "state slot" of that
/// name), if `cast` allows that. DTYPE_MISMATCH says what to type otherwise;
/// INVALID_VALUE names what `dtype` cannot hold.
olstm_status olstm__input_fit_dtype(const char* kind, const char* name, olstm_dtype dtype,
                                    bool cast, olstm_tensor* tensor, olstm_error* error);

/// Fills what has no data with random elements: floats and doubles between -1 and 1,
/// integers 0 or 1, bools.
olstm_status olstm__input_set_fill_random(olstm__input_set* set, uint64_t seed,
                                          olstm_error* error);

void olstm__input_set_deinit(olstm__input_set* set);

/// NAME=VALUE where NAME is one of the session's inputs: *out_index of it, *out_value.
/// Names may have "=" in them. NOT_FOUND lists what there is.
olstm_status olstm__input_find(const olstm_session* session, const char* argument,
                               size_t* out_index, const char** out_value,
                               olstm_error* error);

#endif  // OLSTM_TOOLS_INPUT_SET_H_
