// Inputs whose initializers are their defaults.
#ifndef OLSTM_RUNTIME_CONVERT_PROTO_DEFAULTS_H_
#define OLSTM_RUNTIME_CONVERT_PROTO_DEFAULTS_H_

#include "onnx_proto/encode_model.h"

/// Whether callers may give other values for initializers that are inputs, too. Before IR
/// version 4 all had to be, and some exporters still list all: that says nothing. Errors:
/// OUT_OF_MEMORY.
olstm_status olstm__proto_has_defaults(const olstm__encode_model* model, bool* out_has,
                                       olstm_error* error);

#endif  // OLSTM_RUNTIME_CONVERT_PROTO_DEFAULTS_H_
