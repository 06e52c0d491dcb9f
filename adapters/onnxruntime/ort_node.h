// From ONNX Runtime's view of a node to olstm's. Pointers into ONNX Runtime's graph live
// only as long as that graph: whoever keeps the node copies it (node_copy.h).
#ifndef OLSTM_ADAPTERS_ONNXRUNTIME_ORT_NODE_H_
#define OLSTM_ADAPTERS_ONNXRUNTIME_ORT_NODE_H_

#include <onnxruntime_c_api.h>

#include "olstm/node.h"

enum {
  OLSTM__ORT_MAX_INPUTS = 8,
  OLSTM__ORT_MAX_OUTPUTS = 3,
  OLSTM__ORT_MAX_ATTRIBUTES = 16
};

/// A node read from an OrtNode: the olstm_node and what it points to.
typedef struct olstm__ort_node {
  olstm_node node;
  olstm_attribute attributes[OLSTM__ORT_MAX_ATTRIBUTES];
  /// Lists and texts of attributes.
  char* lists[OLSTM__ORT_MAX_ATTRIBUTES];
  const char* input_names[OLSTM__ORT_MAX_INPUTS];
  const olstm_tensor* constants[OLSTM__ORT_MAX_INPUTS];
  olstm_tensor constant_tensors[OLSTM__ORT_MAX_INPUTS];
  const char* output_names[OLSTM__ORT_MAX_OUTPUTS];
} olstm__ort_node;

/// Reads name, opset, attributes, inputs, outputs and, with_constants, the values of
/// constant initializers. Errors: UNSUPPORTED (a node larger than a recurrent one, an
/// attribute of another kind), OUT_OF_MEMORY,
///   BACKEND_ERROR with ONNX Runtime's own message. deinit is legal after a failure.
olstm_status olstm__ort_node_init(const OrtApi* api, const OrtNode* source,
                                  bool with_constants, olstm__ort_node* out_node,
                                  olstm_error* error);
void olstm__ort_node_deinit(olstm__ort_node* node);

/// An OrtValue's dtype, shape and data, borrowed from it.
olstm_status olstm__ort_tensor_view(const OrtApi* api, const OrtValue* value,
                                    olstm_tensor* out_tensor, olstm_error* error);

/// Takes an OrtStatus: OK for NULL, else BACKEND_ERROR with its message, which is
/// released.
olstm_status olstm__ort_check(const OrtApi* api, OrtStatus* status, olstm_error* error);

/// The way back: NULL for OK, else an OrtStatus with the message.
OrtStatus* olstm__ort_status(const OrtApi* api, olstm_status status,
                             const olstm_error* error);

#endif  // OLSTM_ADAPTERS_ONNXRUNTIME_ORT_NODE_H_
