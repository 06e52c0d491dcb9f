// An ONNX file as protobuf-c unpacks it, to be changed and written again (encode.h):
// under the limits of a load. Only the command links it.
#ifndef OLSTM_ONNX_PROTO_ENCODE_MODEL_H_
#define OLSTM_ONNX_PROTO_ENCODE_MODEL_H_

#include "olstm/model.h"

#include "base/arena.h"
#include "onnx_proto/budget.h"
#include "onnx_proto/schema.h"

/// Init with olstm__encode_model_open.
typedef struct olstm__encode_model {
  olstm_allocator allocator;
  /// The limit of a load that was given, or 0.
  size_t max_memory;
  /// Holds what was unpacked, and what is added. Nothing is freed before close.
  olstm__budget budget;
  olstm__arena memory;
  /// To be edited. Elements of external data are in raw_data, and data_location is absent
  /// then; such a tensor keeps its external_data, which says where it came from.
  olstm__model_proto* proto;
  /// Whether callers may give other values for initializers that are inputs, too. Before
  /// IR version 4 all had to be, and some exporters still list all: that says nothing. Of
  /// the file: initializers that are added are no inputs.
  bool has_defaults;
} olstm__encode_model;

/// Reads and unpacks a file, external data included.
///
/// options: as of olstm_model_load_file; NULL for the defaults. Errors: those of
/// olstm_model_load_file, for what it checks before decoding and for external data.
/// Memory: olstm__encode_model_close, whatever the result.
olstm_status olstm__encode_model_open(const char* path,
                                      const olstm_model_options* options,
                                      olstm__encode_model* out_model, olstm_error* error);

/// Frees everything. A zeroed model is legal.
void olstm__encode_model_close(olstm__encode_model* model);

/// One tensor of a model.
typedef struct olstm__encode_tensor {
  olstm__tensor_proto* proto;
  /// Whether it is an initializer of a graph, which any runtime reads from external data.
  bool is_initializer;
} olstm__encode_tensor;

/// What olstm__encode_visit_tensors calls for each tensor. Errors end the visit.
typedef olstm_status (*olstm__encode_visit)(void* user,
                                            const olstm__encode_tensor* tensor,
                                            olstm_error* error);

/// Visits the initializers, and the tensors of attributes, of all graphs and functions of
/// a model. Errors: those of `visit`.
olstm_status olstm__encode_visit_tensors(const olstm__model_proto* model,
                                         olstm__encode_visit visit, void* user,
                                         olstm_error* error);

#endif  // OLSTM_ONNX_PROTO_ENCODE_MODEL_H_
