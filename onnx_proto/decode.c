#include "onnx_proto/decode.h"

#include "onnx_proto/attribute.h"
#include "onnx_proto/constant_node.h"
#include "onnx_proto/function_inline.h"
#include "onnx_proto/graph_builder.h"
#include "onnx_proto/node_names.h"
#include "onnx_proto/opset.h"
#include "onnx_proto/scope.h"
#include "onnx_proto/sparse_tensor.h"
#include "onnx_proto/tensor_data.h"
#include "onnx_proto/value_type.h"

olstm_status olstm__node_fail(const olstm__decoder* decoder,
                              const olstm__node_proto* node, olstm_status code,
                              const char* format, ...) {
  if (!decoder->error) return code;
  char text[OLSTM_ERROR_CAPACITY];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  const char* name = olstm__text(node->name);
  const char* op_type = olstm__text(node->op_type);
  if (name[0] == '\0' && node->n_output > 0) {
    return olstm_fail(decoder->error, code, "%.60s (unnamed, makes '%.100s'): %s",
                      op_type, node->output[0], text);
  }
  return olstm_fail(decoder->error, code, "%.60s '%.100s': %s", op_type, name, text);
}

// ------------------------------------------------------------------- nodes

/// The operator set version that is imported for a node's domain.
static olstm_status find_version(const olstm__decoder* decoder, const olstm__scope* scope,
                                 const olstm__node_proto* node, const char* domain,
                                 int32_t* out_version) {
  const olstm__call_frame* frame = scope->frame;
  const olstm__opset_list* opsets = frame ? &frame->function->opsets : &decoder->opsets;
  *out_version = olstm__opset_version(opsets, domain);
  if (*out_version != 0) return OLSTM_STATUS_OK;
  return olstm__node_fail(decoder, node, OLSTM_STATUS_INVALID_MODEL,
                          "domain '%.100s' is not imported by the %s", domain,
                          frame ? "function" : "model");
}

/// Looks up the values of a list of names.
static olstm_status find_values(olstm__decoder* decoder, olstm__scope* scope,
                                const olstm__node_proto* node, char* const* names,
                                size_t count, const int32_t** out_values,
                                size_t* out_count) {
  int32_t* values = olstm__arena_allocate(decoder->arena, count, sizeof *values);
  if (!values) return olstm__memory_fail(decoder->arena, decoder->error);
  for (size_t i = 0; i < count; i++) {
    bool found = true;
    values[i] = OLSTM__NO_VALUE;
    if (names[i][0] == '\0') continue;
    OLSTM_RETURN_IF_ERROR(
        olstm__scope_find(scope, decoder, names[i], &values[i], &found));
    if (!found) {
      return olstm__node_fail(decoder, node, OLSTM_STATUS_INVALID_MODEL,
                              "input %zu: '%.200s' is made by no input, initializer or "
                              "node",
                              i, names[i]);
    }
  }
  *out_values = values;
  *out_count = count;
  return OLSTM_STATUS_OK;
}

/// The node's name in the file, prefixed with that of the function call it is inlined
/// for.
static olstm_status copy_node_name(olstm__decoder* decoder, const olstm__scope* scope,
                                   const olstm__node_proto* node, const char** out_name) {
  const char* name = olstm__text(node->name);
  const char* prefix = scope->frame ? scope->frame->prefix : "";
  const size_t bytes = strlen(prefix) + strlen(name) + 1;
  *out_name = "";
  if (name[0] == '\0') return OLSTM_STATUS_OK;
  char* text = olstm__arena_allocate(decoder->arena, bytes, 1);
  if (!text) return olstm__memory_fail(decoder->arena, decoder->error);
  (void)snprintf(text, bytes, "%s%s", prefix, name);
  *out_name = text;
  return OLSTM_STATUS_OK;
}

static olstm_status decode_plain_node(olstm__decoder* decoder, olstm__scope* scope,
                                      const olstm__node_proto* node) {
  olstm__decoded_node out;
  memset(&out, 0, sizeof out);
  const char* op_type = olstm__text(node->op_type);
  const char* domain = olstm__domain(node->domain);
  OLSTM_RETURN_IF_ERROR(find_version(decoder, scope, node, domain, &out.opset_version));
  out.op_type = olstm__arena_copy(decoder->arena, op_type, strlen(op_type));
  out.domain = olstm__arena_copy(decoder->arena, domain, strlen(domain));
  if (!out.op_type || !out.domain) {
    return olstm__memory_fail(decoder->arena, decoder->error);
  }
  OLSTM_RETURN_IF_ERROR(copy_node_name(decoder, scope, node, &out.name));
  // Outputs are counted as they are written: operators refuse surplus ones.
  size_t input_count = node->n_input;
  while (input_count > 0 && node->input[input_count - 1][0] == '\0') input_count--;
  OLSTM_RETURN_IF_ERROR(find_values(decoder, scope, node, node->input, input_count,
                                    &out.inputs, &out.input_count));
  OLSTM_RETURN_IF_ERROR(find_values(decoder, scope, node, node->output, node->n_output,
                                    &out.outputs, &out.output_count));
  OLSTM_RETURN_IF_ERROR(olstm__attributes_decode(decoder, scope, node, &out.attributes,
                                                 &out.attribute_count));
  return olstm__builder_add_node(decoder, scope->builder, &out);
}

olstm_status olstm__decode_node(olstm__decoder* decoder, olstm__scope* scope,
                                const olstm__node_proto* node) {
  if (++decoder->node_count > decoder->max_nodes) {
    return olstm_fail(decoder->error, OLSTM_STATUS_LIMIT_EXCEEDED,
                      "the model has more than max_nodes=%zu nodes", decoder->max_nodes);
  }
  if (olstm__text(node->op_type)[0] == '\0') {
    return olstm__node_fail(decoder, node, OLSTM_STATUS_INVALID_MODEL,
                            "node has no op_type");
  }
  const olstm__local_function* function = NULL;
  OLSTM_RETURN_IF_ERROR(olstm__find_function(decoder, node, &function));
  if (function) return olstm__inline_call(decoder, scope, node, function);
  if (olstm__is_constant_node(node)) {
    return olstm__decode_constant_node(decoder, scope, node);
  }
  return decode_plain_node(decoder, scope, node);
}

// ------------------------------------------------------------------ graphs

/// Makes a constant of the tensor, or binds the name of one that olstm lacks (tensor
/// NULL) to `value`.
static olstm_status declare_initializer(olstm__decoder* decoder, olstm__scope* scope,
                                        const char* name, const olstm_tensor* tensor,
                                        int32_t value) {
  bool added = false;
  if (tensor) {
    const char* copy = olstm__arena_copy(decoder->arena, name, strlen(name));
    if (!copy) return olstm__memory_fail(decoder->arena, decoder->error);
    OLSTM_RETURN_IF_ERROR(
        olstm__builder_add_value(decoder, scope->builder, copy, &value));
    scope->builder->values[value].constant = tensor;
  }
  OLSTM_RETURN_IF_ERROR(olstm__scope_bind(scope, decoder, name, value, &added));
  if (added) return OLSTM_STATUS_OK;
  return olstm_fail(decoder->error, OLSTM_STATUS_INVALID_MODEL,
                    "graph '%.200s': initializer '%.200s' is given twice",
                    scope->builder->graph->name, name);
}

static olstm_status check_initializer_name(const olstm__decoder* decoder,
                                           const olstm__scope* scope, const char* name,
                                           size_t index) {
  if (name[0] != '\0') return OLSTM_STATUS_OK;
  return olstm_fail(decoder->error, OLSTM_STATUS_INVALID_MODEL,
                    "graph '%.200s': initializer %zu has no name",
                    scope->builder->graph->name, index);
}

static olstm_status declare_initializers(olstm__decoder* decoder, olstm__scope* scope) {
  const olstm__graph_proto* proto = scope->proto;
  for (size_t i = 0; i < proto->n_initializer; i++) {
    const olstm__tensor_proto* initializer = proto->initializer[i];
    const char* name = olstm__text(initializer->name);
    const olstm_tensor* tensor = NULL;
    OLSTM_RETURN_IF_ERROR(check_initializer_name(decoder, scope, name, i));
    // An initializer of an unsupported dtype is refused only when a node uses it.
    if (!initializer->has_data_type || olstm__dtype_is_known(initializer->data_type) ||
        initializer->data_type == OLSTM_DTYPE_UNDEFINED) {
      OLSTM_RETURN_IF_ERROR(
          olstm__decode_tensor(decoder, initializer, NULL, NULL, &tensor));
    }
    OLSTM_RETURN_IF_ERROR(declare_initializer(
        decoder, scope, name, tensor, OLSTM__UNSUPPORTED_INITIALIZER - (int32_t)i));
  }
  for (size_t i = 0; i < proto->n_sparse_initializer; i++) {
    const olstm__sparse_tensor_proto* sparse = proto->sparse_initializer[i];
    const char* name = sparse->values ? olstm__text(sparse->values->name) : "";
    const olstm_tensor* tensor = NULL;
    OLSTM_RETURN_IF_ERROR(check_initializer_name(decoder, scope, name, i));
    OLSTM_RETURN_IF_ERROR(olstm__decode_sparse_tensor(decoder, sparse, NULL, &tensor));
    OLSTM_RETURN_IF_ERROR(
        declare_initializer(decoder, scope, name, tensor, OLSTM__NO_VALUE));
  }
  return OLSTM_STATUS_OK;
}

static bool is_initializer(const olstm__scope* scope, int32_t value) {
  return value <= OLSTM__UNSUPPORTED_INITIALIZER ||
         (value >= 0 && scope->builder->values[value].constant);
}

/// Keeps what the main graph declares of an input with an initializer. One that olstm
/// could not take as an input stays a constant, as all of them were up to IR version 3.
static olstm_status declare_default(olstm__decoder* decoder, olstm__scope* scope,
                                    const olstm__value_info_proto* proto, int32_t value,
                                    olstm__declared_input* declared) {
  if (scope->parent || value < 0) return OLSTM_STATUS_OK;
  const olstm__value* constant = &scope->builder->values[value];
  olstm_value_info info = constant->info;
  const olstm_status status = olstm__value_type_decode(decoder, proto, &info);
  if (status == OLSTM_STATUS_UNSUPPORTED || status == OLSTM_STATUS_INVALID_MODEL) {
    return OLSTM_STATUS_OK;
  }
  OLSTM_RETURN_IF_ERROR(status);
  if (info.dtype == OLSTM_DTYPE_UNDEFINED) info.dtype = constant->constant->desc.dtype;
  declared[scope->builder->graph->declared_count++] =
      (olstm__declared_input){value, info};
  return OLSTM_STATUS_OK;
}

static olstm_status declare_input(olstm__decoder* decoder, olstm__scope* scope,
                                  const olstm__value_info_proto* proto, int32_t* inputs,
                                  olstm__declared_input* declared) {
  olstm__decoded_graph* graph = scope->builder->graph;
  const char* name = olstm__text(proto->name);
  int32_t value = OLSTM__NO_VALUE;
  bool added = false;
  if (olstm__name_table_find(&scope->names, name, &value) &&
      is_initializer(scope, value)) {
    return declare_default(decoder, scope, proto, value, declared);
  }
  const char* copy = olstm__arena_copy(decoder->arena, name, strlen(name));
  if (!copy) return olstm__memory_fail(decoder->arena, decoder->error);
  OLSTM_RETURN_IF_ERROR(olstm__builder_add_value(decoder, scope->builder, copy, &value));
  OLSTM_RETURN_IF_ERROR(olstm__scope_bind(scope, decoder, name, value, &added));
  if (!added) {
    return olstm_fail(decoder->error, OLSTM_STATUS_INVALID_MODEL,
                      "graph '%.200s': input '%.200s' is given twice", graph->name, name);
  }
  olstm_value_info* info = &scope->builder->values[value].info;
  if (!scope->parent || !olstm__value_type_is_sequence(proto)) {
    OLSTM_RETURN_IF_ERROR(olstm__value_type_decode(decoder, proto, info));
  }
  if (!scope->parent && info->dtype == OLSTM_DTYPE_UNDEFINED) {
    return olstm_fail(decoder->error, OLSTM_STATUS_INVALID_MODEL,
                      "graph input '%.200s' has no element type", name);
  }
  inputs[graph->input_count++] = value;
  if (declared) declared[graph->declared_count++] = (olstm__declared_input){value, *info};
  return OLSTM_STATUS_OK;
}

static olstm_status declare_inputs(olstm__decoder* decoder, olstm__scope* scope) {
  const olstm__graph_proto* proto = scope->proto;
  olstm__decoded_graph* graph = scope->builder->graph;
  int32_t* inputs = olstm__arena_allocate(decoder->arena, proto->n_input, sizeof *inputs);
  olstm__declared_input* declared = NULL;
  if (!inputs) return olstm__memory_fail(decoder->arena, decoder->error);
  if (!scope->parent) {
    declared = olstm__arena_allocate(decoder->arena, proto->n_input, sizeof *declared);
    if (!declared) return olstm__memory_fail(decoder->arena, decoder->error);
  }
  graph->inputs = inputs;
  graph->declared = declared;
  for (size_t i = 0; i < proto->n_input; i++) {
    if (olstm__text(proto->input[i]->name)[0] == '\0') {
      return olstm_fail(decoder->error, OLSTM_STATUS_INVALID_MODEL,
                        "graph '%.200s': input %zu has no name", graph->name, i);
    }
    OLSTM_RETURN_IF_ERROR(
        declare_input(decoder, scope, proto->input[i], inputs, declared));
  }
  return OLSTM_STATUS_OK;
}

/// Stores the declared dtypes and shapes (value_info) of values that nodes make; the
/// first declaration of a value wins. may_be_sequences: they are no outputs of the model.
static olstm_status describe_values(olstm__decoder* decoder, olstm__scope* scope,
                                    olstm__value_info_proto* const* infos, size_t count,
                                    bool may_be_sequences) {
  for (size_t i = 0; i < count; i++) {
    const char* name = olstm__text(infos[i]->name);
    int32_t value = OLSTM__NO_VALUE;
    if (!olstm__name_table_find(&scope->names, name, &value) || value < 0) continue;
    olstm_value_info* info = &scope->builder->values[value].info;
    if (info->dtype != OLSTM_DTYPE_UNDEFINED || info->rank >= 0) continue;
    if (may_be_sequences && olstm__value_type_is_sequence(infos[i])) continue;
    OLSTM_RETURN_IF_ERROR(olstm__value_type_decode(decoder, infos[i], info));
  }
  return OLSTM_STATUS_OK;
}

static olstm_status find_outputs(olstm__decoder* decoder, olstm__scope* scope) {
  const olstm__graph_proto* proto = scope->proto;
  olstm__decoded_graph* graph = scope->builder->graph;
  int32_t* outputs =
      olstm__arena_allocate(decoder->arena, proto->n_output, sizeof *outputs);
  if (!outputs) return olstm__memory_fail(decoder->arena, decoder->error);
  for (size_t i = 0; i < proto->n_output; i++) {
    const char* name = olstm__text(proto->output[i]->name);
    bool found = false;
    if (name[0] != '\0') {
      OLSTM_RETURN_IF_ERROR(olstm__scope_find(scope, decoder, name, &outputs[i], &found));
    }
    if (!found || outputs[i] == OLSTM__NO_VALUE) {
      return olstm_fail(decoder->error, OLSTM_STATUS_INVALID_MODEL,
                        "graph '%.200s': output %zu '%.200s' is made by no input, "
                        "initializer or node",
                        graph->name, i, name);
    }
  }
  graph->outputs = outputs;
  graph->output_count = proto->n_output;
  return OLSTM_STATUS_OK;
}

static olstm_status fill_graph(olstm__decoder* decoder, olstm__scope* scope) {
  const olstm__graph_proto* proto = scope->proto;
  OLSTM_RETURN_IF_ERROR(declare_initializers(decoder, scope));
  OLSTM_RETURN_IF_ERROR(declare_inputs(decoder, scope));
  OLSTM_RETURN_IF_ERROR(
      olstm__scope_declare_outputs(scope, decoder, proto->node, proto->n_node));
  OLSTM_RETURN_IF_ERROR(describe_values(decoder, scope, proto->output, proto->n_output,
                                        scope->parent != NULL));
  OLSTM_RETURN_IF_ERROR(
      describe_values(decoder, scope, proto->value_info, proto->n_value_info, true));
  for (size_t n = 0; n < proto->n_node; n++) {
    OLSTM_RETURN_IF_ERROR(olstm__decode_node(decoder, scope, proto->node[n]));
  }
  OLSTM_RETURN_IF_ERROR(find_outputs(decoder, scope));
  return olstm__builder_finish(scope->builder, decoder);
}

olstm_status olstm__decode_graph(olstm__decoder* decoder, const olstm__graph_proto* proto,
                                 olstm__scope* parent,
                                 const olstm__decoded_graph** out_graph) {
  olstm__graph_builder builder;
  olstm__scope scope;
  OLSTM_RETURN_IF_ERROR(olstm__builder_init(&builder, decoder, olstm__text(proto->name)));
  olstm_status status =
      olstm__scope_init(&scope, decoder, &builder, parent, parent ? parent->frame : NULL,
                        parent ? parent->depth + 1 : 0);
  scope.proto = proto;
  if (status == OLSTM_STATUS_OK) status = fill_graph(decoder, &scope);
  olstm__scope_deinit(&scope);
  *out_graph = builder.graph;
  olstm__builder_deinit(&builder, decoder);
  return status;
}

// ------------------------------------------------------------------- model

/// Refuses models with training information: olstm would ignore it.
static olstm_status check_training(const olstm__decoder* decoder,
                                   const olstm__model_proto* proto) {
  for (size_t i = 0; i < proto->n_training_info; i++) {
    const Onnx__TrainingInfoProto* training = proto->training_info[i];
    if ((training->algorithm && training->algorithm->n_node > 0) ||
        (training->initialization && training->initialization->n_node > 0)) {
      return olstm_fail(decoder->error, OLSTM_STATUS_UNSUPPORTED,
                        "training_info %zu: models with a training algorithm are not "
                        "supported",
                        i);
    }
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__decode_model(olstm__decoder* decoder, const olstm__model_proto* proto,
                                 const olstm__decoded_graph** out_graph) {
  olstm__name_key_init(&decoder->key);
  olstm__name_table_init(&decoder->function_keys, decoder->allocator, &decoder->key);
  OLSTM_RETURN_IF_ERROR(check_training(decoder, proto));
  OLSTM_RETURN_IF_ERROR(olstm__opsets_decode(decoder, decoder->arena, proto->opset_import,
                                             proto->n_opset_import, "the model",
                                             &decoder->opsets));
  OLSTM_RETURN_IF_ERROR(olstm__functions_collect(decoder, proto));
  OLSTM_RETURN_IF_ERROR(olstm__decode_graph(decoder, proto->graph, NULL, out_graph));
  return olstm__name_nodes(decoder);
}

void olstm__decoder_deinit(olstm__decoder* decoder) {
  olstm__name_table_deinit(&decoder->function_keys);
  olstm_release(decoder->allocator, decoder->key_text, decoder->key_capacity, 1);
  decoder->key_text = NULL;
  decoder->key_capacity = 0;
}
