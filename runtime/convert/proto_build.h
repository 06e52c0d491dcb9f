// Messages of ONNX's schema, made in a model's memory. Functions return NULL, or false,
// when there is no memory; the arena records it, so that a caller may check once, at its
// end (olstm__build_check).
#ifndef OLSTM_RUNTIME_CONVERT_PROTO_BUILD_H_
#define OLSTM_RUNTIME_CONVERT_PROTO_BUILD_H_

#include "olstm/model.h"
#include "olstm/node.h"

#include "onnx_proto/encode_model.h"

/// OUT_OF_MEMORY if anything could not be made.
olstm_status olstm__build_check(const olstm__encode_model* model, olstm_error* error);

/// A copy of a text.
char* olstm__build_text(olstm__encode_model* model, const char* text);

/// A node of ONNX's own domain with room for so many inputs, outputs and attributes, and
/// none yet.
olstm__node_proto* olstm__build_make_node(olstm__encode_model* model, const char* name,
                                          const char* op_type, size_t inputs,
                                          size_t outputs, size_t attributes);

/// Fills the room. NULL stands for an absent value.
void olstm__build_add_input(olstm__node_proto* node, char* name);
void olstm__build_add_output(olstm__node_proto* node, char* name);

/// Adds an attribute, graphs aside.
bool olstm__build_add_attribute(olstm__encode_model* model, olstm__node_proto* node,
                                const olstm_attribute* attribute);

/// A copy of a tensor. Not of strings.
olstm__tensor_proto* olstm__build_make_tensor(olstm__encode_model* model, char* name,
                                              const olstm_tensor* tensor);

/// A Constant node with that tensor as its value.
olstm__node_proto* olstm__build_make_constant(olstm__encode_model* model, char* name,
                                              olstm__tensor_proto* tensor);

/// An input or output of a graph. dims: -1 where dim_params names the dimension, or
/// nothing does.
olstm__value_info_proto* olstm__build_value_info(olstm__encode_model* model, char* name,
                                                 const olstm_value_info* info);

/// Arrays of pointers that grow in a model's memory; what was there before is not freed.
typedef struct olstm__build_list {
  void** items;
  size_t count, capacity;
} olstm__build_list;
bool olstm__build_append(olstm__encode_model* model, olstm__build_list* list, void* item);

/// The items of a repeated field, followed by those of a list; *count is updated. NULL,
/// and nothing changed, when there is no memory.
void* olstm__build_extend(olstm__encode_model* model, const void* items, size_t* count,
                          const olstm__build_list* list);

/// The attribute of a node of that name, or NULL.
olstm__attribute_proto* olstm__build_find_attribute(const olstm__node_proto* node,
                                                    const char* name);

#endif  // OLSTM_RUNTIME_CONVERT_PROTO_BUILD_H_
