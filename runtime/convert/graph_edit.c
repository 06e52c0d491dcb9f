#include "runtime/convert/graph_edit.h"

#include <string.h>

/// kMostRounds: of judging; each takes back a layer at least.
enum { kMostRounds = 64 };

static olstm_status fail_memory(olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory to write a graph");
}

static bool is_added(const olstm__graph_edit* edit, int32_t node) {
  return node != OLSTM__NO_VALUE && node >= edit->origin->node_count;
}

// ---------------------------------------------------------------- life

/// The opset of ONNX's own domain.
static int32_t find_opset(const olstm__encode_model* model) {
  for (size_t i = 0; i < model->proto->n_opset_import; i++) {
    const Onnx__OperatorSetIdProto* opset = model->proto->opset_import[i];
    if (!opset->domain || !opset->domain[0] || strcmp(opset->domain, "ai.onnx") == 0) {
      return opset->version > INT32_MAX ? INT32_MAX : (int32_t)opset->version;
    }
  }
  return 0;
}

olstm_status olstm__graph_edit_init(olstm__graph_edit* edit, olstm__encode_model* model,
                                    olstm__proto_names* names,
                                    const olstm__scratch_graph* scratch,
                                    olstm__graph* graph, olstm__graph_proto* proto,
                                    olstm_error* error) {
  const size_t values = (size_t)graph->value_count, nodes = (size_t)graph->node_count;
  memset(edit, 0, sizeof *edit);
  edit->scratch = scratch;
  edit->graph = graph;
  edit->origin = olstm__scratch_graph_origin(scratch, graph);
  edit->proto = proto;
  edit->writer =
      (olstm__node_writer){.model = model, .names = names, .opset = find_opset(model)};
  olstm__arena_init(&edit->memory, &model->allocator, SIZE_MAX);
  edit->replacements =
      olstm__arena_allocate(&edit->memory, values, sizeof *edit->replacements);
  edit->stands_for =
      olstm__arena_allocate(&edit->memory, values, sizeof *edit->stands_for);
  edit->names = olstm__arena_allocate(&edit->memory, values, sizeof *edit->names);
  edit->refusals = olstm__arena_allocate(&edit->memory, nodes, sizeof *edit->refusals);
  edit->is_wanted = olstm__arena_allocate(&edit->memory, nodes, sizeof *edit->is_wanted);
  OLSTM_RETURN_IF_ERROR(olstm__proto_uses_init(&edit->uses, model, proto, error));
  return edit->memory.has_failed ? fail_memory(error) : OLSTM_STATUS_OK;
}

void olstm__graph_edit_deinit(olstm__graph_edit* edit) {
  if (edit->uses.model) olstm__proto_uses_deinit(&edit->uses);
  olstm__arena_deinit(&edit->memory);
}

// ---------------------------------------------------------------- values

olstm__node_proto* olstm__graph_edit_producer(const olstm__graph_edit* edit,
                                              int32_t value) {
  const int32_t node = value < edit->origin->value_count ? edit->origin->producers[value]
                                                         : OLSTM__NO_VALUE;
  if (node == OLSTM__NO_VALUE) return NULL;
  const olstm__proto_value* found =
      olstm__proto_uses_find(&edit->uses, edit->origin->names[value]);
  if (!found || found->producer < 0) return NULL;
  // A node of a local function's may be called by the same name.
  olstm__node_proto* proto = edit->proto->node[found->producer];
  return proto->op_type && strcmp(proto->op_type, edit->graph->nodes[node].op_type) == 0
             ? proto
             : NULL;
}

/// Whether the file has a value that was imported from it: those of local functions are
/// not in its graphs.
static bool is_known(const olstm__graph_edit* edit, int32_t value) {
  if (edit->origin->producers[value] != OLSTM__NO_VALUE) {
    return olstm__graph_edit_producer(edit, value) != NULL;
  }
  return olstm__proto_uses_find(&edit->uses, edit->origin->names[value]) != NULL;
}

/// Why a value cannot be written; NULL when it can, or stands for one of the file's.
static const char* value_refusal(const olstm__graph_edit* edit, int32_t value) {
  if (value == OLSTM__NO_VALUE) return NULL;
  if (value < edit->origin->value_count) {
    return is_known(edit, value) ? NULL : "it reads a value inside a local function";
  }
  if (edit->stands_for[value] != OLSTM__NO_VALUE) return NULL;
  if (edit->graph->values[value].constant) return NULL;
  const int32_t producer = edit->graph->values[value].producer;
  return is_added(edit, producer) ? edit->refusals[producer]
                                  : "it reads what only olstm computes";
}

/// As above, of the value itself.
static const char* own_refusal(const olstm__graph_edit* edit, int32_t value) {
  const int32_t producer = edit->graph->values[value].producer;
  return value >= edit->origin->value_count && is_added(edit, producer)
             ? edit->refusals[producer]
             : value_refusal(edit, value);
}

// ---------------------------------------------------------------- judging

/// What passes gave the users of a value instead; the value itself when nothing.
static int32_t find_final(const olstm__graph* graph, int32_t value) {
  for (int32_t steps = 0; steps < graph->value_count; steps++) {
    const int32_t next = graph->values[value].replaced_by;
    if (next == OLSTM__NO_VALUE) break;
    value = next;
  }
  return value;
}

static void list_replacements(olstm__graph_edit* edit) {
  for (int32_t v = 0; v < edit->graph->value_count; v++) {
    edit->stands_for[v] = OLSTM__NO_VALUE;
  }
  for (int32_t v = 0; v < edit->origin->value_count; v++) {
    const int32_t after = find_final(edit->graph, v);
    const olstm__proto_value* used =
        olstm__proto_uses_find(&edit->uses, edit->origin->names[v]);
    if (after == v || !used || used->use_count == 0 ||
        !olstm__graph_edit_producer(edit, v)) {
      continue;
    }
    edit->replacements[edit->replacement_count++] = (olstm__replacement){v, after, false};
    if (edit->stands_for[after] == OLSTM__NO_VALUE) edit->stands_for[after] = v;
  }
}

/// Finds out which added nodes can be written. What was refused before stays so.
static void judge_nodes(olstm__graph_edit* edit) {
  for (int32_t i = 0; i < edit->graph->order_count; i++) {
    const int32_t n = edit->graph->order[i];
    const olstm__graph_node* node = &edit->graph->nodes[n];
    if (!is_added(edit, n) || edit->refusals[n]) continue;
    edit->refusals[n] = olstm__node_write_refusal(&edit->writer, edit->graph, node);
    for (size_t s = 0; s < node->input_count && !edit->refusals[n]; s++) {
      edit->refusals[n] = value_refusal(edit, node->inputs[s]);
    }
  }
}

/// Calls off the layers that a value which cannot be written is computed from. Returns
/// whether there was any.
static bool call_off(olstm__graph_edit* edit, int32_t value, const char* reason,
                     int32_t* pending, bool* is_seen) {
  bool called_off = false;
  size_t count = 0;
  pending[count++] = value;
  memset(is_seen, 0, (size_t)edit->graph->node_count * sizeof *is_seen);
  while (count > 0) {
    const int32_t producer = edit->graph->values[pending[--count]].producer;
    if (!is_added(edit, producer) || is_seen[producer]) continue;
    const olstm__graph_node* node = &edit->graph->nodes[producer];
    is_seen[producer] = true;
    if (olstm_recurrent_is_op_type(node->op_type) && !edit->refusals[producer]) {
      edit->refusals[producer] = reason;
      called_off = true;
    }
    for (size_t s = 0; s < node->input_count; s++) {
      const int32_t input = node->inputs[s];
      // A layer below is another's.
      if (input == OLSTM__NO_VALUE || edit->stands_for[input] != OLSTM__NO_VALUE) {
        continue;
      }
      pending[count++] = input;
    }
  }
  return called_off;
}

/// Marks the added nodes that good replacements are computed by.
static void mark_wanted(olstm__graph_edit* edit) {
  for (size_t r = 0; r < edit->replacement_count; r++) {
    const int32_t producer = edit->graph->values[edit->replacements[r].after].producer;
    if (edit->replacements[r].is_good && is_added(edit, producer)) {
      edit->is_wanted[producer] = true;
    }
  }
  for (int32_t i = edit->graph->order_count - 1; i >= 0; i--) {
    const int32_t n = edit->graph->order[i];
    if (!is_added(edit, n) || !edit->is_wanted[n]) continue;
    const olstm__graph_node* node = &edit->graph->nodes[n];
    for (size_t s = 0; s < node->input_count; s++) {
      const int32_t input = node->inputs[s];
      const int32_t producer = input == OLSTM__NO_VALUE
                                   ? OLSTM__NO_VALUE
                                   : edit->graph->values[input].producer;
      if (is_added(edit, producer) && !edit->refusals[producer]) {
        edit->is_wanted[producer] = true;
      }
    }
  }
}

/// How many inputs all added nodes have.
static size_t count_inputs(const olstm__graph_edit* edit) {
  size_t count = 1;
  for (int32_t n = edit->origin->node_count; n < edit->graph->node_count; n++) {
    count += edit->graph->nodes[n].input_count;
  }
  return count;
}

olstm_status olstm__graph_edit_judge(olstm__graph_edit* edit, olstm_error* error) {
  int32_t* pending =
      olstm__arena_allocate(&edit->memory, count_inputs(edit), sizeof *pending);
  bool* is_seen = olstm__arena_allocate(&edit->memory, (size_t)edit->graph->node_count,
                                        sizeof *is_seen);
  if (!pending || !is_seen) return fail_memory(error);
  list_replacements(edit);
  bool is_settled = false;
  for (int round = 0; round < kMostRounds && !is_settled; round++) {
    is_settled = true;
    judge_nodes(edit);
    for (size_t r = 0; r < edit->replacement_count; r++) {
      const int32_t after = edit->replacements[r].after;
      const char* reason = own_refusal(edit, after);
      edit->replacements[r].is_good = !reason;
      if (reason && call_off(edit, after, reason, pending, is_seen)) is_settled = false;
    }
  }
  // Not settled: nothing is written.
  for (size_t r = 0; r < edit->replacement_count && !is_settled; r++) {
    edit->replacements[r].is_good = false;
  }
  mark_wanted(edit);
  return olstm__graph_check(edit->graph, error);
}

// ---------------------------------------------------------------- naming

/// Writes a constant that passes added, for a node, or for whoever reads it (NULL).
static char* name_constant(olstm__graph_edit* edit, int32_t value,
                           const olstm__graph_node* node) {
  const olstm__graph_value* constant = &edit->graph->values[value];
  char* name =
      olstm__proto_names_take(edit->writer.names, "%s%s%s", node ? node->name : "",
                              node ? "/" : "", constant->info.name);
  if (!name || !olstm__node_write_constant(&edit->writer, name, constant->constant)) {
    return NULL;
  }
  edit->names[value] = name;
  return name;
}

/// The name of a value in the file, as `node` reads it (NULL: anybody). NULL when there
/// is none, or no memory.
static char* name_value(olstm__graph_edit* edit, int32_t value,
                        const olstm__graph_node* node) {
  if (value == OLSTM__NO_VALUE) return NULL;
  if (edit->names[value]) return edit->names[value];
  if (value >= edit->origin->value_count && edit->graph->values[value].constant) {
    return name_constant(edit, value, node);
  }
  const olstm__graph_origin* origin = edit->origin;
  const int32_t producer = edit->graph->values[value].producer;
  const bool is_written = is_added(edit, producer) && edit->is_wanted[producer];
  int32_t named = value;
  if (value >= origin->value_count && !is_written &&
      edit->stands_for[value] != OLSTM__NO_VALUE) {
    named = edit->stands_for[value];
  }
  edit->names[value] =
      named < origin->value_count
          ? olstm__build_text(edit->writer.model, origin->names[named])
          : olstm__proto_names_take(edit->writer.names, "%s",
                                    edit->graph->values[value].info.name);
  return edit->names[value];
}

// ---------------------------------------------------------------- replacing

/// Names that reads get instead of others; and values that lost their uses.
typedef struct renaming {
  olstm__graph_edit* edit;
  olstm__name_key key;
  olstm__name_table table;
  olstm__build_list to;
  olstm__build_list unused;
} renaming;

static bool add_renaming(renaming* names, const char* from, char* to) {
  bool is_new = false;
  return olstm__name_table_add(&names->table, from, (int32_t)names->to.count, &is_new) &&
         olstm__build_append(names->edit->writer.model, &names->to, to);
}

static void rename_read(void* user, char** name) {
  const renaming* names = user;
  int32_t index = 0;
  if (olstm__name_table_find(&names->table, *name, &index)) {
    *name = names->to.items[index];
  }
}

static bool is_output(const olstm__graph_proto* graph, const char* name) {
  for (size_t o = 0; o < graph->n_output; o++) {
    if (graph->output[o]->name && strcmp(graph->output[o]->name, name) == 0) return true;
  }
  return false;
}

/// Gives the output of a node of the file another name, so that the value of an added
/// node may have its own.
static bool take_name(renaming* names, int32_t value) {
  olstm__graph_edit* edit = names->edit;
  const char* name = edit->origin->names[value];
  olstm__node_proto* node = olstm__graph_edit_producer(edit, value);
  char* other = olstm__proto_names_take(edit->writer.names, "%s/replaced", name);
  for (size_t o = 0; other && o < node->n_output; o++) {
    if (strcmp(node->output[o], name) == 0) node->output[o] = other;
  }
  return olstm__build_append(edit->writer.model, &names->unused, other);
}

/// The value of an added node takes the name of the first value that it replaces; users
/// of others are renamed, and outputs copied.
static bool replace_one(renaming* names, const olstm__replacement* replacement) {
  olstm__graph_edit* edit = names->edit;
  const int32_t before = replacement->before, after = replacement->after;
  char* old_name = olstm__build_text(edit->writer.model, edit->origin->names[before]);
  if (!old_name) return false;
  if (after >= edit->origin->value_count && !edit->graph->values[after].constant &&
      edit->stands_for[after] == before) {
    edit->names[after] = old_name;
    return take_name(names, before);
  }
  char* new_name = name_value(edit, after, NULL);
  if (!new_name) return false;
  if (is_output(edit->proto, old_name)) {
    return take_name(names, before) &&
           olstm__node_write_new(&edit->writer, "Identity", &new_name, 1, NULL, old_name);
  }
  return add_renaming(names, old_name, new_name) &&
         olstm__build_append(edit->writer.model, &names->unused, old_name);
}

/// Two passes, so that all names are taken before others refer to them.
static bool replace_all(renaming* names) {
  olstm__graph_edit* edit = names->edit;
  for (int pass = 0; pass < 2; pass++) {
    for (size_t r = 0; r < edit->replacement_count; r++) {
      const olstm__replacement* one = &edit->replacements[r];
      const bool is_first = edit->stands_for[one->after] == one->before;
      if (!one->is_good || is_first != (pass == 0)) continue;
      if (!replace_one(names, one)) return false;
    }
  }
  return true;
}

// ---------------------------------------------------------------- writing

static bool write_node(olstm__graph_edit* edit, const olstm__graph_node* node) {
  char** inputs = olstm__arena_allocate(&edit->memory, node->input_count, sizeof *inputs);
  char** outputs =
      olstm__arena_allocate(&edit->memory, node->output_count, sizeof *outputs);
  if (!inputs || !outputs) return false;
  for (size_t s = 0; s < node->input_count; s++) {
    inputs[s] = name_value(edit, node->inputs[s], node);
    if (node->inputs[s] != OLSTM__NO_VALUE && !inputs[s]) return false;
  }
  for (size_t o = 0; o < node->output_count; o++) {
    outputs[o] = name_value(edit, node->outputs[o], node);
    if (node->outputs[o] != OLSTM__NO_VALUE && !outputs[o]) return false;
  }
  return olstm__node_write(&edit->writer, node, inputs, outputs);
}

static bool write_nodes(olstm__graph_edit* edit) {
  for (int32_t i = 0; i < edit->graph->order_count; i++) {
    const int32_t n = edit->graph->order[i];
    if (!is_added(edit, n) || !edit->is_wanted[n]) continue;
    if (!write_node(edit, &edit->graph->nodes[n])) return false;
  }
  return true;
}

/// Adds what was written to the file's graph, and renames what reads it.
static bool add_to_file(olstm__graph_edit* edit, renaming* names) {
  olstm__encode_model* model = edit->writer.model;
  olstm__graph_proto* proto = edit->proto;
  for (size_t n = 0; n < proto->n_node; n++) {
    olstm__proto_visit_reads(proto->node[n], rename_read, names);
  }
  void* nodes =
      olstm__build_extend(model, proto->node, &proto->n_node, &edit->writer.nodes);
  void* initializers =
      nodes ? olstm__build_extend(model, proto->initializer, &proto->n_initializer,
                                  &edit->writer.initializers)
            : NULL;
  if (!nodes || !initializers) return false;
  proto->node = nodes;
  proto->initializer = initializers;
  return true;
}

olstm_status olstm__graph_edit_apply(olstm__graph_edit* edit, olstm_error* error) {
  olstm__encode_model* model = edit->writer.model;
  renaming names = {.edit = edit};
  olstm__name_key_init(&names.key);
  olstm__name_table_init(&names.table, &model->allocator, &names.key);
  const bool is_written =
      replace_all(&names) && write_nodes(edit) && add_to_file(edit, &names);
  olstm__name_table_deinit(&names.table);
  if (!is_written) {
    const olstm_status status = olstm__build_check(model, error);
    return status == OLSTM_STATUS_OK ? fail_memory(error) : status;
  }
  if (edit->writer.nodes.count + names.unused.count == 0) return OLSTM_STATUS_OK;
  return olstm__proto_tidy(model, edit->proto, (const char* const*)names.unused.items,
                           names.unused.count, error);
}
