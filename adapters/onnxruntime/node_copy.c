#include "node_copy.h"

static void* take(olstm__node_copy* copy, size_t count, size_t size) {
  return olstm__arena_allocate(&copy->memory, count, size);
}

static void* take_copy(olstm__node_copy* copy, const void* source, size_t count,
                       size_t size) {
  void* memory = take(copy, count, size);
  if (memory && count * size > 0) memcpy(memory, source, count * size);
  return memory;
}

static const char* copy_text(olstm__node_copy* copy, const char* text) {
  return olstm__arena_copy(&copy->memory, text, strlen(text));
}

static const char* const* copy_names(olstm__node_copy* copy, const char* const* names,
                                     size_t count) {
  const char** copies = take(copy, count, sizeof *copies);
  for (size_t i = 0; copies && i < count; i++) {
    copies[i] = copy_text(copy, names[i]);
    if (!copies[i]) return NULL;
  }
  return copies;
}

static const olstm_string* copy_strings(olstm__node_copy* copy,
                                        const olstm_string* strings, size_t count) {
  olstm_string* copies = take(copy, count, sizeof *copies);
  for (size_t i = 0; copies && i < count; i++) {
    const size_t byte_count = strings[i].byte_count;
    const char* bytes = olstm__arena_copy(&copy->memory, strings[i].bytes, byte_count);
    if (!bytes) return NULL;
    copies[i] = (olstm_string){bytes, byte_count};
  }
  return copies;
}

/// False when there is no memory.
static bool copy_attribute(olstm__node_copy* copy, const olstm_attribute* source,
                           olstm_attribute* out) {
  *out = *source;
  out->name = copy_text(copy, source->name);
  const void* list = out->name;
  switch (source->kind) {
    case OLSTM_ATTRIBUTE_FLOATS:
      list = out->floats = take_copy(copy, source->floats, source->count, sizeof(float));
      break;
    case OLSTM_ATTRIBUTE_INTS:
      list = out->ints = take_copy(copy, source->ints, source->count, sizeof(int64_t));
      break;
    case OLSTM_ATTRIBUTE_STRING:
      list = out->strings = copy_strings(copy, source->strings, 1);
      break;
    case OLSTM_ATTRIBUTE_STRINGS:
      list = out->strings = copy_strings(copy, source->strings, source->count);
      break;
    default:
      break;
  }
  return out->name && list;
}

static olstm_status copy_attributes(olstm__node_copy* copy, const olstm_node* source,
                                    olstm_error* error) {
  olstm_attribute* attributes = take(copy, source->attribute_count, sizeof *attributes);
  for (size_t i = 0; attributes && i < source->attribute_count; i++) {
    const int32_t kind = source->attributes[i].kind;
    if (kind == OLSTM_ATTRIBUTE_GRAPH || kind == OLSTM_ATTRIBUTE_TENSOR) {
      return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                        "%s '%s': unknown attribute '%s'", source->op_type, source->name,
                        source->attributes[i].name);
    }
    if (!copy_attribute(copy, &source->attributes[i], &attributes[i])) attributes = NULL;
  }
  copy->node.attributes = attributes;
  return attributes ? OLSTM_STATUS_OK
                    : olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "%s '%s': no memory",
                                 source->op_type, source->name);
}

static bool copy_constants(olstm__node_copy* copy, const olstm_node* source) {
  const olstm_tensor** constants = take(copy, source->input_count, sizeof *constants);
  for (size_t i = 0; constants && i < source->input_count; i++) {
    const olstm_tensor* tensor = source->constants[i];
    if (!tensor) continue;
    size_t bytes = 0;
    olstm_tensor* twin = take(copy, 1, sizeof *twin);
    if (!twin || !olstm_tensor_desc_bytes(&tensor->desc, &bytes)) return false;
    twin->desc = tensor->desc;
    twin->data = olstm__arena_allocate_data(&copy->memory, bytes);
    if (!twin->data) return false;
    if (bytes > 0) memcpy(twin->data, tensor->data, bytes);
    constants[i] = twin;
  }
  copy->node.constants = constants;
  return constants != NULL;
}

olstm_status olstm__node_copy_init(olstm__node_copy* copy, const olstm_node* source,
                                   olstm_error* error) {
  olstm_node* node = &copy->node;
  olstm__arena_init(&copy->memory, NULL, SIZE_MAX);
  *node = *source;
  OLSTM_RETURN_IF_ERROR(copy_attributes(copy, source, error));
  node->name = copy_text(copy, source->name);
  node->op_type = copy_text(copy, source->op_type);
  node->domain = copy_text(copy, source->domain);
  node->input_names = copy_names(copy, source->input_names, source->input_count);
  node->output_names = copy_names(copy, source->output_names, source->output_count);
  if (node->name && node->op_type && node->domain && node->input_names &&
      node->output_names && copy_constants(copy, source)) {
    return OLSTM_STATUS_OK;
  }
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "%s '%s': no memory",
                    source->op_type, source->name);
}

void olstm__node_copy_deinit(olstm__node_copy* copy) {
  olstm__arena_deinit(&copy->memory);
}
