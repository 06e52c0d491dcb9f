// Finds local functions by domain, name and overload, and inlines their calls.
#ifndef OLSTM_ONNX_PROTO_FUNCTION_INLINE_H_
#define OLSTM_ONNX_PROTO_FUNCTION_INLINE_H_

#include "onnx_proto/decoder.h"

/// Registers the model's functions.
///
/// Errors: INVALID_MODEL for two of the same domain, name and overload.
olstm_status olstm__functions_collect(olstm__decoder* decoder,
                                      const olstm__model_proto* proto);

/// The function that a node calls, or NULL when it is an operator.
olstm_status olstm__find_function(olstm__decoder* decoder, const olstm__node_proto* node,
                                  const olstm__local_function** out_function);

/// Adds the nodes of the function's body in place of the call.
///
/// Errors: INVALID_MODEL (the function calls itself; inputs or attributes that it does
/// not have), LIMIT_EXCEEDED (depth), and those of decoding its nodes.
olstm_status olstm__inline_call(olstm__decoder* decoder, olstm__scope* scope,
                                const olstm__node_proto* call,
                                const olstm__local_function* function);

#endif  // OLSTM_ONNX_PROTO_FUNCTION_INLINE_H_
