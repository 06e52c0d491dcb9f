#include "onnx_proto/graph_builder.h"

#include "onnx_proto/graph_check.h"
#include "onnx_proto/value_type.h"

/// Makes room for one more item. Items are charged here and not when the finished array
/// is kept: a value that is captured through many nested graphs takes memory in each of
/// them, but no bytes in the file.
static olstm_status grow(olstm__decoder* decoder, void** items, size_t count,
                         size_t* capacity, size_t item_bytes) {
  if (!olstm__arena_charge(decoder->arena, item_bytes)) {
    return olstm__memory_fail(decoder->arena, decoder->error);
  }
  void* grown =
      olstm__array_reserve(decoder->allocator, *items, count, 1, capacity, item_bytes);
  if (!grown) {
    return olstm_fail(decoder->error, OLSTM_STATUS_OUT_OF_MEMORY,
                      "no memory for a graph");
  }
  *items = grown;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__builder_init(olstm__graph_builder* builder, olstm__decoder* decoder,
                                 const char* name) {
  memset(builder, 0, sizeof *builder);
  builder->graph = olstm__arena_allocate(decoder->arena, 1, sizeof *builder->graph);
  if (!builder->graph) return olstm__memory_fail(decoder->arena, decoder->error);
  builder->graph->name = olstm__arena_copy(decoder->arena, name, strlen(name));
  return builder->graph->name ? OLSTM_STATUS_OK
                              : olstm__memory_fail(decoder->arena, decoder->error);
}

void olstm__builder_deinit(olstm__graph_builder* builder, const olstm__decoder* decoder) {
  const olstm_allocator* allocator = decoder->allocator;
  olstm_release(allocator, builder->values, builder->value_capacity,
                sizeof *builder->values);
  olstm_release(allocator, builder->nodes, builder->node_capacity,
                sizeof *builder->nodes);
  olstm_release(allocator, builder->captures, builder->capture_capacity,
                sizeof *builder->captures);
}

olstm_status olstm__builder_add_value(olstm__decoder* decoder,
                                      olstm__graph_builder* builder, const char* name,
                                      int32_t* out_index) {
  if (builder->value_count >= INT32_MAX) {
    return olstm_fail(decoder->error, OLSTM_STATUS_LIMIT_EXCEEDED,
                      "graph '%.200s' has too many values", builder->graph->name);
  }
  void* values = builder->values;
  OLSTM_RETURN_IF_ERROR(grow(decoder, &values, builder->value_count,
                             &builder->value_capacity, sizeof *builder->values));
  builder->values = values;
  *out_index = (int32_t)builder->value_count;
  builder->values[builder->value_count++] =
      (olstm__value){.info = olstm__value_type_unknown(name), .constant = NULL};
  return OLSTM_STATUS_OK;
}

olstm_status olstm__builder_add_node(olstm__decoder* decoder,
                                     olstm__graph_builder* builder,
                                     const olstm__decoded_node* node) {
  void* nodes = builder->nodes;
  OLSTM_RETURN_IF_ERROR(grow(decoder, &nodes, builder->node_count,
                             &builder->node_capacity, sizeof *builder->nodes));
  builder->nodes = nodes;
  builder->nodes[builder->node_count++] = *node;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__builder_add_capture(olstm__decoder* decoder,
                                        olstm__graph_builder* builder,
                                        int32_t outer_value, int32_t inner_value) {
  void* captures = builder->captures;
  OLSTM_RETURN_IF_ERROR(grow(decoder, &captures, builder->capture_count,
                             &builder->capture_capacity, sizeof *builder->captures));
  builder->captures = captures;
  builder->captures[builder->capture_count++] =
      (olstm__capture){.outer_value = outer_value, .inner_value = inner_value};
  return OLSTM_STATUS_OK;
}

/// Renames values with generated names (from inlining) so that names are unique in the
/// graph.
static olstm_status separate_names(olstm__graph_builder* builder,
                                   olstm__decoder* decoder) {
  olstm__name_table names;
  olstm_status status = OLSTM_STATUS_OK;
  size_t suffix = 0;
  olstm__name_table_init(&names, decoder->allocator, &decoder->key);
  for (size_t v = 0; v < builder->value_count && status == OLSTM_STATUS_OK; v++) {
    const char* name = builder->values[v].info.name;
    const char* unique = name;
    bool added = false;
    while (!added && status == OLSTM_STATUS_OK) {
      if (!olstm__name_table_add(&names, unique, 0, &added)) {
        status = olstm_fail(decoder->error, OLSTM_STATUS_OUT_OF_MEMORY,
                            "no memory for the names of a graph");
      } else if (!added) {
        const size_t bytes = strlen(name) + 24;
        char* text = olstm__arena_allocate(decoder->arena, bytes, 1);
        if (!text) {
          status = olstm__memory_fail(decoder->arena, decoder->error);
        } else {
          (void)snprintf(text, bytes, "%s_%zu", name, ++suffix);
          unique = text;
        }
      }
    }
    builder->values[v].info.name = unique;
  }
  olstm__name_table_deinit(&names);
  return status;
}

static olstm_status keep_array(olstm__decoder* decoder, const void* items, size_t count,
                               size_t item_bytes, void** out_copy) {
  *out_copy = olstm__arena_allocate_uncounted(decoder->arena, count * item_bytes);
  if (!*out_copy) return olstm__memory_fail(decoder->arena, decoder->error);
  if (count > 0) memcpy(*out_copy, items, count * item_bytes);
  return OLSTM_STATUS_OK;
}

/// Sets the dtype and shape of constants from their tensors; what the graph declares may
/// differ.
static void describe_constants(olstm__graph_builder* builder) {
  for (size_t v = 0; v < builder->value_count; v++) {
    olstm_value_info* info = &builder->values[v].info;
    const olstm_tensor* constant = builder->values[v].constant;
    if (!constant) continue;
    *info = olstm__value_type_unknown(info->name);
    info->dtype = constant->desc.dtype;
    info->rank = constant->desc.rank;
    memcpy(info->dims, constant->desc.dims, sizeof info->dims);
  }
}

olstm_status olstm__builder_finish(olstm__graph_builder* builder,
                                   olstm__decoder* decoder) {
  olstm__decoded_graph* graph = builder->graph;
  void* nodes = NULL;
  void* values = NULL;
  void* captures = NULL;
  if (builder->has_inlined) OLSTM_RETURN_IF_ERROR(separate_names(builder, decoder));
  describe_constants(builder);
  OLSTM_RETURN_IF_ERROR(olstm__decoded_graph_sort(builder, decoder));
  OLSTM_RETURN_IF_ERROR(keep_array(decoder, builder->values, builder->value_count,
                                   sizeof *builder->values, &values));
  OLSTM_RETURN_IF_ERROR(keep_array(decoder, builder->nodes, builder->node_count,
                                   sizeof *builder->nodes, &nodes));
  OLSTM_RETURN_IF_ERROR(keep_array(decoder, builder->captures, builder->capture_count,
                                   sizeof *builder->captures, &captures));
  graph->values = values;
  graph->value_count = builder->value_count;
  graph->nodes = nodes;
  graph->node_count = builder->node_count;
  graph->captures = captures;
  graph->capture_count = builder->capture_count;

  const olstm_allocator scratch = olstm__arena_as_allocator(decoder->scratch);
  olstm__graph_record* graphs =
      olstm__array_reserve(&scratch, decoder->graphs, decoder->graph_count, 1,
                           &decoder->graph_capacity, sizeof *graphs);
  if (!graphs) return olstm__memory_fail(decoder->scratch, decoder->error);
  decoder->graphs = graphs;
  decoder->graphs[decoder->graph_count++] =
      (olstm__graph_record){.graph = graph, .nodes = nodes};
  return OLSTM_STATUS_OK;
}
