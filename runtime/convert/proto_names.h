// The names that a model uses, in all of its graphs and functions: so that new ones are
// none of them.
#ifndef OLSTM_RUNTIME_CONVERT_PROTO_NAMES_H_
#define OLSTM_RUNTIME_CONVERT_PROTO_NAMES_H_

#include "olstm/export.h"

#include "onnx_proto/encode_model.h"
#include "onnx_proto/name_table.h"

/// Init with olstm__proto_names_init.
typedef struct olstm__proto_names {
  olstm__name_key key;
  olstm__name_table table;
  /// Where new names are.
  olstm__arena* memory;
} olstm__proto_names;

/// Lists the names of values and nodes. Borrows the model until deinit. Errors:
/// OUT_OF_MEMORY.
olstm_status olstm__proto_names_init(olstm__proto_names* names,
                                     olstm__encode_model* model, olstm_error* error);

/// A zeroed one is legal.
void olstm__proto_names_deinit(olstm__proto_names* names);

/// Takes a name that is free: the formatted text, or that with _1, _2, ... behind it.
/// NULL when there is no memory.
char* olstm__proto_names_take(olstm__proto_names* names, const char* format, ...)
    OLSTM_PRINTF_(2, 3);

/// Takes just this name; *out_is_free: whether it was free. False when there is no
/// memory.
bool olstm__proto_names_add(olstm__proto_names* names, const char* name,
                            bool* out_is_free);

#endif  // OLSTM_RUNTIME_CONVERT_PROTO_NAMES_H_
