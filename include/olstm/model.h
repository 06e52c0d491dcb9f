// Models: an ONNX file or buffer, loaded and checked. Immutable; holds nothing of
// protobuf.
#ifndef OLSTM_MODEL_H_
#define OLSTM_MODEL_H_

#include "olstm/allocator.h"
#include "olstm/export.h"
#include "olstm/node.h"
#include "olstm/status.h"
#include "olstm/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A loaded model. Threads: all functions that take a const olstm_model* may be called
/// from any thread at once.
typedef struct olstm_model olstm_model;

/// Bytes that stand for a file of external data. `location` as the model names it.
typedef struct olstm_external_file {
  const char* location;
  const void* bytes;
  size_t byte_count;
} olstm_external_file;

/// Where a model's parts are, and limits on what it may make the loader do. Init with
/// olstm_model_options_init; nothing is kept of it after the load.
typedef struct olstm_model_options {
  size_t struct_size;
  /// NULL for the C library's. Copied.
  const olstm_allocator* allocator;
  /// Nesting of protobuf messages, and of graphs and function calls. Default 100, at most
  /// 1000: a level takes about 1 KB of stack.
  uint32_t max_depth;
  /// Bytes that unpacking may take; that the model may take, external data not counted;
  /// and that work on it may take meanwhile: each. Default 0: the larger of 64 MB and 16
  /// times the file's size.
  size_t max_memory;
  /// Nodes in all graphs together, functions inlined and Constant nodes counted. Default
  /// 1,000,000.
  size_t max_nodes;
  /// Bytes of one file of external data. Default 0: no limit but the file's own size, of
  /// which an eighth must be stored where a tensor takes more than 64 MB (files may have
  /// holes).
  size_t max_external_bytes;
  /// A folder whose files may be read as external data, whatever links lead to them; it
  /// is looked in first. Default NULL: none. Name only what holds nothing secret.
  const char* external_data_folder;
  /// Files of external data as bytes, which are looked for before any folder. Default
  /// none.
  size_t external_file_count;
  const olstm_external_file* external_files;
} olstm_model_options;

/// Writes the defaults to a struct of `struct_size` bytes, which is what a caller in
/// another language passes; C and C++ take olstm_model_options_init, which knows its own
/// size.
OLSTM_API void olstm_model_options_init_sized(olstm_model_options* options,
                                              size_t struct_size);
static inline void olstm_model_options_init(olstm_model_options* options) {
  olstm_model_options_init_sized(options, sizeof *options);
}

/// Loads a .onnx file. External data is read from the path's folder or below it: regular
/// files, no "..". What a symbolic link leads to must lie in or below the folder of the
/// real model file (the path may be a link, too, as in download caches), or the one that
/// options name; so must files with several hard links lie below the latter.
///
/// Takes IR versions 3 to 13. Sparse initializers become dense. Training algorithms and
/// values that are not tensors are refused; an initializer of a dtype that olstm lacks
/// only where it is used. Documentation, denotations and quantization_annotation say
/// nothing about what a model computes and are not kept.
///
/// options: NULL for the defaults.
/// Errors: IO_ERROR, INVALID_MODEL (what, and in which node or tensor), UNSUPPORTED (by
/// name),
///   LIMIT_EXCEEDED, OUT_OF_MEMORY; *out_model is NULL then.   Memory: the caller owns
///   *out_model: olstm_model_destroy.
OLSTM_API olstm_status olstm_model_load_file(const char* path,
                                             const olstm_model_options* options,
                                             olstm_model** out_model, olstm_error* error);

/// Loads a model from `byte_count` bytes, which are not needed after the call. External
/// data comes from options' external_files and external_data_folder; without them it is
/// refused. Otherwise as olstm_model_load_file.
OLSTM_API olstm_status olstm_model_load_memory(const void* bytes, size_t byte_count,
                                               const olstm_model_options* options,
                                               olstm_model** out_model,
                                               olstm_error* error);

/// Frees the model, or, as long as sessions use it, leaves that to the last of them. NULL
/// is legal.
OLSTM_API void olstm_model_destroy(olstm_model* model);

/// What a graph says about one input or output. Strings and arrays are borrowed from the
/// model or session.
typedef struct olstm_value_info {
  const char* name;
  olstm_dtype dtype;
  /// -1 when the model does not say.
  int32_t rank;
  /// -1 where the dimension is symbolic or unknown.
  int64_t dims[OLSTM_MAX_RANK];
  /// Name of a symbolic dimension, else NULL.
  const char* dim_params[OLSTM_MAX_RANK];
} olstm_value_info;

/// Inputs that a caller has to give (initializers are not among them), and outputs, in
/// the graph's order.
OLSTM_API size_t olstm_model_input_count(const olstm_model* model);
OLSTM_API size_t olstm_model_output_count(const olstm_model* model);
/// index < count. Borrowed until the model is destroyed.
OLSTM_API const olstm_value_info* olstm_model_get_input(const olstm_model* model,
                                                        size_t index);
OLSTM_API const olstm_value_info* olstm_model_get_output(const olstm_model* model,
                                                         size_t index);

/// Inputs whose initializer in the model is their default, in the graph's order: not
/// among the inputs above. They are constants, but for a session whose options name them
/// (`given_inputs`).
OLSTM_API size_t olstm_model_default_input_count(const olstm_model* model);
/// index < count. Borrowed until the model is destroyed.
OLSTM_API const olstm_value_info* olstm_model_get_default_input(const olstm_model* model,
                                                                size_t index);

/// What the model says of itself. "" where it says nothing.
OLSTM_API int64_t olstm_model_ir_version(const olstm_model* model);
OLSTM_API const char* olstm_model_producer(const olstm_model* model);
OLSTM_API const char* olstm_model_graph_name(const olstm_model* model);
/// The opset version imported for a domain ("" is ONNX's own), 0 when it is not imported.
OLSTM_API int32_t olstm_model_opset_version(const olstm_model* model, const char* domain);
/// Nodes of the main graph after Constant nodes became constants and functions were
/// inlined.
OLSTM_API size_t olstm_model_node_count(const olstm_model* model);
/// Value of a metadata_props key, or NULL.
OLSTM_API const char* olstm_model_get_metadata(const olstm_model* model, const char* key);

/// The nodes of a model's main graph as operators see them, for programs that show a
/// model or take its weights out: names, attributes, constant inputs.
typedef struct olstm_model_nodes olstm_model_nodes;

/// Memory: the caller owns *out_nodes: olstm_model_nodes_destroy, before the model's. All
/// strings and tensors are the model's own. Errors: OUT_OF_MEMORY.
OLSTM_API olstm_status olstm_model_nodes_create(const olstm_model* model,
                                                const olstm_allocator* allocator,
                                                olstm_model_nodes** out_nodes,
                                                olstm_error* error);
OLSTM_API void olstm_model_nodes_destroy(olstm_model_nodes* nodes);
/// As olstm_model_node_count says, in an order in which they could run.
OLSTM_API size_t olstm_model_nodes_count(const olstm_model_nodes* nodes);
/// index < count. Borrowed until the nodes are destroyed.
OLSTM_API const olstm_node* olstm_model_nodes_get(const olstm_model_nodes* nodes,
                                                  size_t index);

/// Reads a TensorProto, as ONNX keeps test data in (input_0.pb).
///
/// out_tensor: desc, and elements from `allocator` (NULL: the C library's);
/// olstm_tensor_deinit frees them. out_name: NULL, or gets the tensor's name, cut to
/// OLSTM_ERROR_CAPACITY. Errors: INVALID_MODEL, UNSUPPORTED (strings, external data),
/// LIMIT_EXCEEDED, OUT_OF_MEMORY.
OLSTM_API olstm_status olstm_tensor_read_pb(const void* bytes, size_t byte_count,
                                            const olstm_allocator* allocator,
                                            olstm_tensor* out_tensor,
                                            char out_name[OLSTM_ERROR_CAPACITY],
                                            olstm_error* error);

/// Writes a TensorProto with raw_data into memory from `allocator`; the caller releases
/// *out_byte_count bytes.
OLSTM_API olstm_status olstm_tensor_write_pb(const olstm_tensor* tensor, const char* name,
                                             const olstm_allocator* allocator,
                                             void** out_bytes, size_t* out_byte_count,
                                             olstm_error* error);

/// Frees the elements of a tensor that olstm_tensor_read_pb made with the same allocator,
/// and clears it.
OLSTM_API void olstm_tensor_deinit(olstm_tensor* tensor,
                                   const olstm_allocator* allocator);

#ifdef __cplusplus
}
#endif

#endif  // OLSTM_MODEL_H_
