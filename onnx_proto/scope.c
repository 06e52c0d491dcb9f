#include "onnx_proto/scope.h"

#include "onnx_proto/graph_builder.h"
#include "onnx_proto/tensor_data.h"

olstm_status olstm__scope_init(olstm__scope* scope, olstm__decoder* decoder,
                               olstm__graph_builder* builder, olstm__scope* parent,
                               const olstm__call_frame* frame, uint32_t depth) {
  memset(scope, 0, sizeof *scope);
  scope->builder = builder;
  scope->parent = parent;
  scope->frame = frame;
  scope->depth = depth;
  olstm__name_table_init(&scope->names, decoder->allocator, &decoder->key);
  olstm__name_table_init(&scope->targets, decoder->allocator, &decoder->key);
  if (depth < decoder->max_depth) return OLSTM_STATUS_OK;
  return olstm_fail(decoder->error, OLSTM_STATUS_LIMIT_EXCEEDED,
                    "graphs and function calls are nested deeper than max_depth=%u",
                    (unsigned)decoder->max_depth);
}

void olstm__scope_deinit(olstm__scope* scope) {
  olstm__name_table_deinit(&scope->names);
  olstm__name_table_deinit(&scope->targets);
}

static olstm_status check_work(const olstm__decoder* decoder) {
  if (decoder->key.work <= decoder->max_work) return OLSTM_STATUS_OK;
  return olstm_fail(decoder->error, OLSTM_STATUS_LIMIT_EXCEEDED,
                    "looking up the names of graphs and functions takes too long");
}

static olstm_status add_name(olstm__name_table* table, olstm__decoder* decoder,
                             const char* name, int32_t value, bool* out_added) {
  if (!olstm__name_table_add(table, name, value, out_added)) {
    return olstm_fail(decoder->error, OLSTM_STATUS_OUT_OF_MEMORY,
                      "no memory for the names of a graph");
  }
  return check_work(decoder);
}

olstm_status olstm__scope_bind(olstm__scope* scope, olstm__decoder* decoder,
                               const char* name, int32_t value, bool* out_added) {
  return add_name(&scope->names, decoder, name, value, out_added);
}

olstm_status olstm__scope_add_target(olstm__scope* scope, olstm__decoder* decoder,
                                     const char* name, int32_t value, bool* out_added) {
  return add_name(&scope->targets, decoder, name, value, out_added);
}

/// The name of the value of an output: as in the file, with the prefix of the call in a
/// function body.
static const char* copy_value_name(olstm__decoder* decoder, const olstm__scope* scope,
                                   const char* name) {
  const size_t length = strlen(name);
  if (scope->proto) return olstm__arena_copy(decoder->arena, name, length);
  const size_t prefix_length = strlen(scope->frame->prefix);
  char* copy = olstm__arena_allocate(decoder->arena, prefix_length + length + 1, 1);
  if (!copy) return NULL;
  memcpy(copy, scope->frame->prefix, prefix_length);
  memcpy(copy + prefix_length, name, length);
  scope->builder->has_inlined = true;
  return copy;
}

static olstm_status declare_output(olstm__scope* scope, olstm__decoder* decoder,
                                   const char* name, bool* out_added) {
  int32_t index = OLSTM__NO_VALUE;
  if (!olstm__name_table_find(&scope->targets, name, &index)) {
    const char* copy = copy_value_name(decoder, scope, name);
    if (!copy) return olstm__memory_fail(decoder->arena, decoder->error);
    OLSTM_RETURN_IF_ERROR(
        olstm__builder_add_value(decoder, scope->builder, copy, &index));
  }
  return olstm__scope_bind(scope, decoder, name, index, out_added);
}

olstm_status olstm__scope_declare_outputs(olstm__scope* scope, olstm__decoder* decoder,
                                          olstm__node_proto* const* nodes,
                                          size_t node_count) {
  for (size_t n = 0; n < node_count; n++) {
    for (size_t o = 0; o < nodes[n]->n_output; o++) {
      const char* name = nodes[n]->output[o];
      bool added = true;
      if (name[0] == '\0') continue;
      OLSTM_RETURN_IF_ERROR(declare_output(scope, decoder, name, &added));
      if (!added) {
        return olstm__node_fail(decoder, nodes[n], OLSTM_STATUS_INVALID_MODEL,
                                "output %zu: '%.200s' is already an input, an "
                                "initializer or the output of another node",
                                o, name);
      }
    }
  }
  return OLSTM_STATUS_OK;
}

/// Adds a capture: makes value `outer` of the enclosing scope visible in the graph of
/// `scope`.
static olstm_status capture(olstm__scope* scope, olstm__decoder* decoder,
                            const char* name, int32_t outer, int32_t* out_inner) {
  olstm__graph_builder* builder = scope->builder;
  const olstm_value_info info = scope->parent->builder->values[outer].info;
  bool added = false;
  OLSTM_RETURN_IF_ERROR(olstm__builder_add_value(decoder, builder, info.name, out_inner));
  builder->values[*out_inner].info = info;
  OLSTM_RETURN_IF_ERROR(olstm__builder_add_capture(decoder, builder, outer, *out_inner));
  return olstm__scope_bind(scope, decoder, name, *out_inner, &added);
}

/// Fails for a name of an initializer that could not be decoded; says why.
static olstm_status refuse_initializer(const olstm__scope* scope,
                                       const olstm__decoder* decoder, int32_t value) {
  const olstm__tensor_proto* proto =
      scope->proto->initializer[OLSTM__UNSUPPORTED_INITIALIZER - value];
  const olstm__tensor_label label = {.tensor_name = proto->name};
  olstm_tensor_desc desc;
  size_t bytes = 0;
  return olstm__tensor_describe(proto, &label, &desc, &bytes, decoder->error);
}

olstm_status olstm__scope_find(olstm__scope* scope, olstm__decoder* decoder,
                               const char* name, int32_t* out_value, bool* out_found) {
  olstm__scope* holder = scope;
  while (holder && !olstm__name_table_find(&holder->names, name, out_value)) {
    holder = holder->parent;
  }
  OLSTM_RETURN_IF_ERROR(check_work(decoder));
  *out_found = holder != NULL;
  if (!holder) return OLSTM_STATUS_OK;
  if (*out_value <= OLSTM__UNSUPPORTED_INITIALIZER) {
    return refuse_initializer(holder, decoder, *out_value);
  }
  if (*out_value == OLSTM__NO_VALUE) return OLSTM_STATUS_OK;
  while (holder != scope) {
    olstm__scope* inner = scope;
    while (inner->parent != holder) inner = inner->parent;
    OLSTM_RETURN_IF_ERROR(capture(inner, decoder, name, *out_value, out_value));
    holder = inner;
  }
  return OLSTM_STATUS_OK;
}
