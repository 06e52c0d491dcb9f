#include "runtime/plan/node_operator.h"

#include "base/tensor_size.h"
#include "runtime/host/operator_call.h"
#include "runtime/host/registry.h"

/// Larger constants are weights to be packed.
enum { kSmallBytes = 1024 };

olstm_status olstm__node_describe(olstm__graph* graph, const olstm__graph_node* from,
                                  olstm_node* out_node, olstm_error* error) {
  const size_t input_count = from->own_input_count;
  const char** input_names =
      olstm__graph_allocate(graph, input_count, sizeof *input_names);
  const olstm_tensor** constants =
      olstm__graph_allocate(graph, input_count, sizeof *constants);
  const char** output_names =
      olstm__graph_allocate(graph, from->output_count, sizeof *output_names);
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(graph, error));
  for (size_t i = 0; i < input_count; i++) {
    const int32_t value = from->inputs[i];
    input_names[i] = value == OLSTM__NO_VALUE ? "" : graph->values[value].info.name;
    // A value without a name is not absent.
    if (value != OLSTM__NO_VALUE && input_names[i][0] == '\0') input_names[i] = "?";
    constants[i] = olstm__graph_constant(graph, value);
  }
  for (size_t o = 0; o < from->output_count; o++) {
    const int32_t value = from->outputs[o];
    output_names[o] = value == OLSTM__NO_VALUE ? "" : graph->values[value].info.name;
    if (value != OLSTM__NO_VALUE && output_names[o][0] == '\0') output_names[o] = "?";
  }
  *out_node = (olstm_node){.struct_size = sizeof *out_node,
                           .name = from->name,
                           .op_type = from->op_type,
                           .domain = from->domain,
                           .opset_version = from->opset_version,
                           .attribute_count = from->attribute_count,
                           .attributes = from->attributes,
                           .input_count = input_count,
                           .input_names = input_names,
                           .constants = constants,
                           .output_count = from->output_count,
                           .output_names = output_names};
  return OLSTM_STATUS_OK;
}

static olstm_status create(olstm__environment* environment, const olstm_node* node,
                           const olstm_operator_options* options,
                           const olstm_operator** out_callbacks, void** out_instance,
                           olstm_error* error) {
  const olstm_create_args args = {sizeof args, &environment->host, node, options};
  const olstm_operator* callbacks = olstm__registry_find(
      environment->registry, node->domain, node->op_type, node->opset_version);
  if (!callbacks) {
    return olstm__registry_refuse(environment->registry, node->name, node->domain,
                                  node->op_type, node->opset_version, error);
  }
  *out_callbacks = callbacks;
  *out_instance = NULL;
  olstm__environment_lock(environment);
  const olstm_status status = olstm__call_create(
      callbacks, &args, &environment->operator_memory, out_instance, error);
  olstm__environment_unlock(environment);
  return status;
}

olstm_status olstm__node_create_operator(olstm__environment* environment,
                                         const olstm_node* node,
                                         const olstm_operator** out_callbacks,
                                         void** out_instance, olstm_error* error) {
  return create(environment, node, &environment->options, out_callbacks, out_instance,
                error);
}

olstm_status olstm__node_create_checker(olstm__environment* environment,
                                        olstm__graph* graph, olstm_node* node,
                                        const olstm_operator** out_callbacks,
                                        void** out_instance, olstm_error* error) {
  static const olstm_operator_options kPlain = {
      .struct_size = sizeof kPlain, .thread_count = 1, .precision = OLSTM_PRECISION_F32};
  const olstm_tensor** constants =
      olstm__graph_allocate(graph, node->input_count, sizeof *constants);
  if (!constants) return olstm__graph_check(graph, error);
  for (size_t i = 0; i < node->input_count; i++) {
    const olstm_tensor* constant = node->constants[i];
    const bool is_small = constant && olstm__desc_bytes(&constant->desc) <= kSmallBytes;
    constants[i] = is_small ? constant : NULL;
  }
  node->constants = constants;
  return create(environment, node, &kPlain, out_callbacks, out_instance, error);
}
