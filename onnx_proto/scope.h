// Names inside graphs: declaring them, and finding what they mean, be it in a graph
// around (which makes captures).
#ifndef OLSTM_ONNX_PROTO_SCOPE_H_
#define OLSTM_ONNX_PROTO_SCOPE_H_

#include "onnx_proto/decoder.h"

/// A name that stands for an initializer that cannot be decoded, because olstm lacks its
/// dtype: this minus the initializer's index. It only matters when something uses it.
enum { OLSTM__UNSUPPORTED_INITIALIZER = -2 };

/// Makes a scope in the caller's storage. Errors: LIMIT_EXCEEDED when it is too deep.
olstm_status olstm__scope_init(olstm__scope* scope, olstm__decoder* decoder,
                               olstm__graph_builder* builder, olstm__scope* parent,
                               const olstm__call_frame* frame, uint32_t depth);
void olstm__scope_deinit(olstm__scope* scope);

/// Binds a name (borrowed until deinit) to a value. *out_added: false when it is taken.
olstm_status olstm__scope_bind(olstm__scope* scope, olstm__decoder* decoder,
                               const char* name, int32_t value, bool* out_added);

/// Has a function body's output of that name become a value that is there already.
olstm_status olstm__scope_add_target(olstm__scope* scope, olstm__decoder* decoder,
                                     const char* name, int32_t value, bool* out_added);

/// Makes a value for each named output of the nodes.
///
/// Errors: INVALID_MODEL for a name that is taken already.
olstm_status olstm__scope_declare_outputs(olstm__scope* scope, olstm__decoder* decoder,
                                          olstm__node_proto* const* nodes,
                                          size_t node_count);

/// Finds the value of a name that is not "": here, or in the scopes around, which makes
/// captures on the way. *out_value may be OLSTM__NO_VALUE, for an absent argument of a
/// function. *out_found is false when there is no such name.
olstm_status olstm__scope_find(olstm__scope* scope, olstm__decoder* decoder,
                               const char* name, int32_t* out_value, bool* out_found);

#endif  // OLSTM_ONNX_PROTO_SCOPE_H_
