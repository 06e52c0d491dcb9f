#include "runtime/convert/proto_uses.h"

#include <string.h>

#include "base/array.h"

enum { kNoNode = -1 };

static olstm_status fail_memory(olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY,
                    "no memory for the uses of values");
}

// ---------------------------------------------------------------- reads

static void visit_graph_reads(olstm__graph_proto* graph, olstm__proto_visit visit,
                              void* user);

// Messages are nested no deeper than the scan of the file allowed.
// NOLINTNEXTLINE(misc-no-recursion)
void olstm__proto_visit_reads(olstm__node_proto* node, olstm__proto_visit visit,
                              void* user) {
  for (size_t i = 0; i < node->n_input; i++) {
    if (node->input[i][0]) visit(user, &node->input[i]);
  }
  for (size_t a = 0; a < node->n_attribute; a++) {
    olstm__attribute_proto* attribute = node->attribute[a];
    if (attribute->g) visit_graph_reads(attribute->g, visit, user);
    for (size_t g = 0; g < attribute->n_graphs; g++) {
      visit_graph_reads(attribute->graphs[g], visit, user);
    }
  }
}

// NOLINTNEXTLINE(misc-no-recursion)
static void visit_graph_reads(olstm__graph_proto* graph, olstm__proto_visit visit,
                              void* user) {
  for (size_t n = 0; n < graph->n_node; n++) {
    olstm__proto_visit_reads(graph->node[n], visit, user);
  }
  for (size_t o = 0; o < graph->n_output; o++) {
    if (graph->output[o]->name) visit(user, &graph->output[o]->name);
  }
}

// ---------------------------------------------------------------- values

/// The value of a name, added where it is new. NULL when there is no memory, which the
/// model's arena records.
static olstm__proto_value* find_or_add(olstm__proto_uses* uses, const char* name) {
  int32_t index = (int32_t)uses->value_count;
  bool is_new = false;
  olstm__proto_value* values =
      olstm__array_reserve(&uses->model->allocator, uses->values, uses->value_count, 1,
                           &uses->value_capacity, sizeof *values);
  if (values) uses->values = values;
  if (!values || !olstm__name_table_add(&uses->table, name, index, &is_new)) {
    uses->model->memory.has_failed = true;
    return NULL;
  }
  if (is_new)
    values[uses->value_count++] = (olstm__proto_value){.name = name, .producer = kNoNode};
  if (!is_new) (void)olstm__name_table_find(&uses->table, name, &index);
  return &values[index];
}

static void count_use(void* user, char** name) {
  olstm__proto_value* value = find_or_add(user, *name);
  if (value) value->use_count++;
}

static void note_node(olstm__proto_uses* uses, int32_t index) {
  olstm__node_proto* node = uses->graph->node[index];
  for (size_t o = 0; o < node->n_output; o++) {
    olstm__proto_value* made =
        node->output[o][0] ? find_or_add(uses, node->output[o]) : NULL;
    if (made) made->producer = index;
  }
  olstm__proto_visit_reads(node, count_use, uses);
}

olstm_status olstm__proto_uses_init(olstm__proto_uses* uses, olstm__encode_model* model,
                                    olstm__graph_proto* graph, olstm_error* error) {
  memset(uses, 0, sizeof *uses);
  uses->model = model;
  uses->graph = graph;
  olstm__name_key_init(&uses->key);
  olstm__name_table_init(&uses->table, &model->allocator, &uses->key);
  uses->is_removed = olstm__arena_allocate(&model->memory, graph->n_node, sizeof(bool));
  for (size_t n = 0; n < graph->n_node; n++) note_node(uses, (int32_t)n);
  for (size_t o = 0; o < graph->n_output; o++) {
    if (graph->output[o]->name) count_use(uses, &graph->output[o]->name);
  }
  return model->memory.has_failed ? fail_memory(error) : OLSTM_STATUS_OK;
}

void olstm__proto_uses_deinit(olstm__proto_uses* uses) {
  const olstm_allocator* allocator = &uses->model->allocator;
  olstm__name_table_deinit(&uses->table);
  olstm_release(allocator, uses->values, uses->value_capacity, sizeof *uses->values);
  olstm_release(allocator, uses->pending, uses->pending_capacity, sizeof *uses->pending);
}

const olstm__proto_value* olstm__proto_uses_find(const olstm__proto_uses* uses,
                                                 const char* name) {
  int32_t index = 0;
  return olstm__name_table_find(&uses->table, name, &index) ? &uses->values[index] : NULL;
}

// ---------------------------------------------------------------- dropping

bool olstm__proto_uses_retire(olstm__proto_uses* uses, const char* name) {
  int32_t index = 0;
  if (!olstm__name_table_find(&uses->table, name, &index)) return true;
  olstm__proto_value* value = &uses->values[index];
  if (value->use_count > 0 || value->is_dead) return true;
  value->is_dead = true;
  if (value->producer == kNoNode) return true;
  int32_t* pending =
      olstm__array_reserve(&uses->model->allocator, uses->pending, uses->pending_count, 1,
                           &uses->pending_capacity, sizeof *pending);
  if (!pending) {
    uses->model->memory.has_failed = true;
    return false;
  }
  uses->pending = pending;
  pending[uses->pending_count++] = value->producer;
  return true;
}

static void drop_read(void* user, char** name) {
  olstm__proto_uses* uses = user;
  int32_t index = 0;
  if (!olstm__name_table_find(&uses->table, *name, &index)) return;
  if (uses->values[index].use_count > 0) uses->values[index].use_count--;
  (void)olstm__proto_uses_retire(uses, *name);
}

static bool has_use(const olstm__proto_uses* uses, const olstm__node_proto* node) {
  for (size_t o = 0; o < node->n_output; o++) {
    const olstm__proto_value* made = olstm__proto_uses_find(uses, node->output[o]);
    if (node->output[o][0] && made && made->use_count > 0) return true;
  }
  return false;
}

static bool is_dead(const olstm__proto_uses* uses, const char* name) {
  const olstm__proto_value* value = name ? olstm__proto_uses_find(uses, name) : NULL;
  return value && value->is_dead && value->use_count == 0;
}

/// Removes dead initializers, and the inputs that old files have for them. `inputs`: the
/// names of inputs. False when there is no memory.
static bool sweep_initializers(olstm__proto_uses* uses, olstm__name_table* inputs) {
  olstm__graph_proto* graph = uses->graph;
  size_t kept_inputs = 0, kept = 0;
  bool is_new = false;
  bool* goes = olstm__arena_allocate(&uses->model->memory, graph->n_input, sizeof *goes);
  for (size_t i = 0; goes && i < graph->n_input; i++) {
    const char* name = graph->input[i]->name;
    if (name && !olstm__name_table_add(inputs, name, (int32_t)i, &is_new)) return false;
  }
  for (size_t i = 0; goes && i < graph->n_initializer; i++) {
    const char* name = graph->initializer[i]->name;
    int32_t input = 0;
    const bool is_input =
        is_dead(uses, name) && olstm__name_table_find(inputs, name, &input);
    if (is_dead(uses, name) && !(is_input && uses->model->has_defaults)) {
      if (is_input) goes[input] = true;
    } else {
      graph->initializer[kept++] = graph->initializer[i];
    }
  }
  if (!goes) return false;
  for (size_t i = 0; i < graph->n_input; i++) {
    if (!goes[i]) graph->input[kept_inputs++] = graph->input[i];
  }
  graph->n_input = kept_inputs;
  graph->n_initializer = kept;
  return true;
}

/// Whether nothing makes a value any more.
static bool is_gone(const olstm__proto_uses* uses, const char* name) {
  const olstm__proto_value* value = name ? olstm__proto_uses_find(uses, name) : NULL;
  return value && value->producer != kNoNode && uses->is_removed[value->producer];
}

static void sweep_value_info(olstm__proto_uses* uses) {
  olstm__graph_proto* graph = uses->graph;
  size_t kept = 0;
  for (size_t i = 0; i < graph->n_value_info; i++) {
    if (is_gone(uses, graph->value_info[i]->name)) continue;
    graph->value_info[kept++] = graph->value_info[i];
  }
  graph->n_value_info = kept;
}

olstm_status olstm__proto_uses_sweep(olstm__proto_uses* uses, olstm_error* error) {
  olstm__graph_proto* graph = uses->graph;
  olstm__name_table inputs;
  size_t kept = 0;
  while (uses->pending_count > 0) {
    const int32_t index = uses->pending[--uses->pending_count];
    if (uses->is_removed[index] || has_use(uses, graph->node[index])) continue;
    uses->is_removed[index] = true;
    olstm__proto_visit_reads(graph->node[index], drop_read, uses);
  }
  if (uses->model->memory.has_failed) return fail_memory(error);
  olstm__name_table_init(&inputs, &uses->model->allocator, &uses->key);
  const bool is_swept = sweep_initializers(uses, &inputs);
  olstm__name_table_deinit(&inputs);
  if (!is_swept) return fail_memory(error);
  sweep_value_info(uses);
  for (size_t n = 0; n < graph->n_node; n++) {
    if (!uses->is_removed[n]) graph->node[kept++] = graph->node[n];
  }
  graph->n_node = kept;
  return OLSTM_STATUS_OK;
}
