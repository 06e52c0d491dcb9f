// Resolves names inside graphs. A name of an enclosing graph becomes a capture.
#ifndef OLSTM_ONNX_PROTO_SCOPE_H_
#define OLSTM_ONNX_PROTO_SCOPE_H_

#include "onnx_proto/decoder.h"

/// Value of a name whose initializer has an unsupported dtype: this minus the
/// initializer's index. It is an error only when a node uses the name.
enum { OLSTM__UNSUPPORTED_INITIALIZER = -2 };

/// Makes a scope in the caller's storage. Errors: LIMIT_EXCEEDED when it is too deep.
olstm_status olstm__scope_init(olstm__scope* scope, olstm__decoder* decoder,
                               olstm__graph_builder* builder, olstm__scope* parent,
                               const olstm__call_frame* frame, uint32_t depth);
void olstm__scope_deinit(olstm__scope* scope);

/// Binds a name (borrowed until deinit) to a value. *out_added is false when the name is
/// bound already.
olstm_status olstm__scope_bind(olstm__scope* scope, olstm__decoder* decoder,
                               const char* name, int32_t value, bool* out_added);

/// Binds an output of a function body to an existing value.
olstm_status olstm__scope_add_target(olstm__scope* scope, olstm__decoder* decoder,
                                     const char* name, int32_t value, bool* out_added);

/// Adds a value for each named output of the nodes.
///
/// Errors: INVALID_MODEL for a name that is bound already.
olstm_status olstm__scope_declare_outputs(olstm__scope* scope, olstm__decoder* decoder,
                                          olstm__node_proto* const* nodes,
                                          size_t node_count);

/// Finds the value of a name other than "", in this scope or an enclosing one, which adds
/// captures. *out_value may be OLSTM__NO_VALUE, for an absent input of a function.
/// *out_found is false for an unknown name.
olstm_status olstm__scope_find(olstm__scope* scope, olstm__decoder* decoder,
                               const char* name, int32_t* out_value, bool* out_found);

#endif  // OLSTM_ONNX_PROTO_SCOPE_H_
