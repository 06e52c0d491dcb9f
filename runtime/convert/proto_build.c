#include "runtime/convert/proto_build.h"

#include <string.h>

#include "base/array.h"
#include "onnx_proto/memory_fail.h"

static char kAbsent[] = "";

olstm_status olstm__build_check(const olstm__encode_model* model, olstm_error* error) {
  return model->memory.has_failed ? olstm__memory_fail(&model->memory, error)
                                  : OLSTM_STATUS_OK;
}

char* olstm__build_text(olstm__encode_model* model, const char* text) {
  return olstm__arena_copy(&model->memory, text, strlen(text));
}

// ---------------------------------------------------------------- nodes

olstm__node_proto* olstm__build_make_node(olstm__encode_model* model, const char* name,
                                          const char* op_type, size_t inputs,
                                          size_t outputs, size_t attributes) {
  olstm__arena* memory = &model->memory;
  olstm__node_proto* node = olstm__arena_allocate(memory, 1, sizeof *node);
  if (!node) return NULL;
  onnx__node_proto__init(node);
  node->name = olstm__build_text(model, name);
  node->op_type = olstm__build_text(model, op_type);
  node->input = olstm__arena_allocate(memory, inputs, sizeof *node->input);
  node->output = olstm__arena_allocate(memory, outputs, sizeof *node->output);
  node->attribute = olstm__arena_allocate(memory, attributes, sizeof *node->attribute);
  return node->name && node->op_type && node->input && node->output && node->attribute
             ? node
             : NULL;
}

void olstm__build_add_input(olstm__node_proto* node, char* name) {
  node->input[node->n_input++] = name ? name : kAbsent;
}

void olstm__build_add_output(olstm__node_proto* node, char* name) {
  node->output[node->n_output++] = name ? name : kAbsent;
}

// ---------------------------------------------------------------- attributes

/// A copy of `count` items of `size` bytes.
static void* copy_items(olstm__encode_model* model, const void* items, size_t count,
                        size_t size) {
  void* copy = olstm__arena_allocate(&model->memory, count, size);
  return copy && count > 0 ? memcpy(copy, items, count * size) : copy;
}

static ProtobufCBinaryData copy_string(olstm__encode_model* model,
                                       const olstm_string* string) {
  return (ProtobufCBinaryData){
      string->byte_count,
      (uint8_t*)olstm__arena_copy(&model->memory, string->bytes, string->byte_count)};
}

static bool fill_attribute(olstm__encode_model* model, const olstm_attribute* from,
                           olstm__attribute_proto* to) {
  // The numbers are ONNX's own.
  to->has_type = true;
  to->type = (Onnx__AttributeProto__AttributeType)from->kind;
  switch (from->kind) {
    case OLSTM_ATTRIBUTE_FLOAT:
      to->has_f = true;
      to->f = from->f;
      return true;
    case OLSTM_ATTRIBUTE_INT:
      to->has_i = true;
      to->i = from->i;
      return true;
    case OLSTM_ATTRIBUTE_STRING:
      to->has_s = true;
      to->s = copy_string(model, &from->strings[0]);
      return to->s.data != NULL;
    case OLSTM_ATTRIBUTE_FLOATS:
      to->n_floats = from->count;
      to->floats = copy_items(model, from->floats, from->count, sizeof *to->floats);
      return to->floats != NULL;
    case OLSTM_ATTRIBUTE_INTS:
      to->n_ints = from->count;
      to->ints = copy_items(model, from->ints, from->count, sizeof *to->ints);
      return to->ints != NULL;
    case OLSTM_ATTRIBUTE_STRINGS:
      to->n_strings = from->count;
      to->strings =
          olstm__arena_allocate(&model->memory, from->count, sizeof *to->strings);
      for (size_t i = 0; to->strings && i < from->count; i++) {
        to->strings[i] = copy_string(model, &from->strings[i]);
      }
      return to->strings != NULL;
    case OLSTM_ATTRIBUTE_TENSOR:
      to->t = olstm__build_make_tensor(model, NULL, from->tensor);
      return to->t != NULL;
    default:
      return false;
  }
}

bool olstm__build_add_attribute(olstm__encode_model* model, olstm__node_proto* node,
                                const olstm_attribute* attribute) {
  olstm__attribute_proto* made = olstm__arena_allocate(&model->memory, 1, sizeof *made);
  if (!made) return false;
  onnx__attribute_proto__init(made);
  made->name = olstm__build_text(model, attribute->name);
  if (!made->name || !fill_attribute(model, attribute, made)) return false;
  node->attribute[node->n_attribute++] = made;
  return true;
}

olstm__attribute_proto* olstm__build_find_attribute(const olstm__node_proto* node,
                                                    const char* name) {
  for (size_t a = 0; a < node->n_attribute; a++) {
    const char* own = node->attribute[a]->name;
    if (own && strcmp(own, name) == 0) return node->attribute[a];
  }
  return NULL;
}

// ---------------------------------------------------------------- tensors

olstm__tensor_proto* olstm__build_make_tensor(olstm__encode_model* model, char* name,
                                              const olstm_tensor* tensor) {
  olstm__tensor_proto* made = olstm__arena_allocate(&model->memory, 1, sizeof *made);
  size_t bytes = 0;
  if (!made || !olstm_tensor_desc_bytes(&tensor->desc, &bytes)) return NULL;
  void* elements = olstm__arena_allocate_data(&model->memory, bytes);
  if (!elements) return NULL;
  if (bytes > 0) memcpy(elements, tensor->data, bytes);
  onnx__tensor_proto__init(made);
  made->name = name;
  made->has_data_type = true;
  made->data_type = tensor->desc.dtype;
  made->n_dims = (size_t)tensor->desc.rank;
  made->dims = copy_items(model, tensor->desc.dims, made->n_dims, sizeof *made->dims);
  made->has_raw_data = true;
  made->raw_data = (ProtobufCBinaryData){bytes, elements};
  return made->dims ? made : NULL;
}

olstm__node_proto* olstm__build_make_constant(olstm__encode_model* model, char* name,
                                              olstm__tensor_proto* tensor) {
  olstm__node_proto* node = olstm__build_make_node(model, name, "Constant", 0, 1, 1);
  olstm__attribute_proto* value = olstm__arena_allocate(&model->memory, 1, sizeof *value);
  if (!node || !value || !tensor) return NULL;
  onnx__attribute_proto__init(value);
  value->name = olstm__build_text(model, "value");
  value->has_type = true;
  value->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR;
  value->t = tensor;
  node->attribute[node->n_attribute++] = value;
  olstm__build_add_output(node, name);
  return value->name ? node : NULL;
}

// ---------------------------------------------------------------- values

static bool build_dims(olstm__encode_model* model, const olstm_value_info* info,
                       Onnx__TensorShapeProto* shape) {
  const size_t rank = (size_t)info->rank;
  shape->dim = olstm__arena_allocate(&model->memory, rank, sizeof *shape->dim);
  for (size_t d = 0; shape->dim && d < rank; d++) {
    Onnx__TensorShapeProto__Dimension* dim =
        olstm__arena_allocate(&model->memory, 1, sizeof *dim);
    if (!dim) return false;
    onnx__tensor_shape_proto__dimension__init(dim);
    if (info->dims[d] >= 0) {
      dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
      dim->dim_value = info->dims[d];
    } else if (info->dim_params[d]) {
      dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
      dim->dim_param = olstm__build_text(model, info->dim_params[d]);
      if (!dim->dim_param) return false;
    }
    shape->dim[shape->n_dim++] = dim;
  }
  return shape->dim != NULL;
}

olstm__value_info_proto* olstm__build_value_info(olstm__encode_model* model, char* name,
                                                 const olstm_value_info* info) {
  olstm__arena* memory = &model->memory;
  olstm__value_info_proto* made = olstm__arena_allocate(memory, 1, sizeof *made);
  olstm__type_proto* type = olstm__arena_allocate(memory, 1, sizeof *type);
  Onnx__TypeProto__Tensor* tensor = olstm__arena_allocate(memory, 1, sizeof *tensor);
  Onnx__TensorShapeProto* shape = olstm__arena_allocate(memory, 1, sizeof *shape);
  if (!made || !type || !tensor || !shape) return NULL;
  onnx__value_info_proto__init(made);
  onnx__type_proto__init(type);
  onnx__type_proto__tensor__init(tensor);
  onnx__tensor_shape_proto__init(shape);
  made->name = name;
  made->type = type;
  type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
  type->tensor_type = tensor;
  tensor->has_elem_type = true;
  tensor->elem_type = info->dtype;
  tensor->shape = shape;
  return build_dims(model, info, shape) ? made : NULL;
}

// ---------------------------------------------------------------- lists

bool olstm__build_append(olstm__encode_model* model, olstm__build_list* list,
                         void* item) {
  const olstm_allocator memory = olstm__arena_as_allocator(&model->memory);
  void** items = olstm__array_reserve(&memory, list->items, list->count, 1,
                                      &list->capacity, sizeof *items);
  if (!items || !item) return false;
  list->items = items;
  items[list->count++] = item;
  return true;
}

void* olstm__build_extend(olstm__encode_model* model, const void* items, size_t* count,
                          const olstm__build_list* list) {
  void** all = olstm__arena_allocate(&model->memory, *count + list->count, sizeof *all);
  if (!all) return NULL;
  if (*count > 0) memcpy(all, items, *count * sizeof *all);
  if (list->count > 0) memcpy(all + *count, list->items, list->count * sizeof *all);
  *count += list->count;
  return all;
}
