#include "runtime/convert/proto_names.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool note(olstm__proto_names* names, const char* name) {
  bool is_new = false;
  return !name || !name[0] || olstm__name_table_add(&names->table, name, 0, &is_new);
}

static bool note_values(olstm__proto_names* names, size_t count,
                        olstm__value_info_proto* const* values) {
  bool is_noted = true;
  for (size_t i = 0; i < count && is_noted; i++) is_noted = note(names, values[i]->name);
  return is_noted;
}

static bool note_texts(olstm__proto_names* names, size_t count, char* const* texts) {
  bool is_noted = true;
  for (size_t i = 0; i < count && is_noted; i++) is_noted = note(names, texts[i]);
  return is_noted;
}

static bool note_graph(olstm__proto_names* names, const olstm__graph_proto* graph);

// Messages are nested no deeper than the scan of the file allowed.
// NOLINTNEXTLINE(misc-no-recursion)
static bool note_nodes(olstm__proto_names* names, size_t count,
                       olstm__node_proto* const* nodes) {
  for (size_t n = 0; n < count; n++) {
    const olstm__node_proto* node = nodes[n];
    if (!note(names, node->name) || !note_texts(names, node->n_input, node->input) ||
        !note_texts(names, node->n_output, node->output)) {
      return false;
    }
    for (size_t a = 0; a < node->n_attribute; a++) {
      const olstm__attribute_proto* attribute = node->attribute[a];
      if (attribute->g && !note_graph(names, attribute->g)) return false;
      for (size_t g = 0; g < attribute->n_graphs; g++) {
        if (!note_graph(names, attribute->graphs[g])) return false;
      }
    }
  }
  return true;
}

// NOLINTNEXTLINE(misc-no-recursion)
static bool note_graph(olstm__proto_names* names, const olstm__graph_proto* graph) {
  for (size_t i = 0; i < graph->n_initializer; i++) {
    if (!note(names, graph->initializer[i]->name)) return false;
  }
  for (size_t i = 0; i < graph->n_sparse_initializer; i++) {
    const olstm__tensor_proto* values = graph->sparse_initializer[i]->values;
    if (values && !note(names, values->name)) return false;
  }
  return note_values(names, graph->n_input, graph->input) &&
         note_values(names, graph->n_output, graph->output) &&
         note_values(names, graph->n_value_info, graph->value_info) &&
         note_nodes(names, graph->n_node, graph->node);
}

olstm_status olstm__proto_names_init(olstm__proto_names* names,
                                     olstm__encode_model* model, olstm_error* error) {
  memset(names, 0, sizeof *names);
  olstm__name_key_init(&names->key);
  olstm__name_table_init(&names->table, &model->allocator, &names->key);
  names->memory = &model->memory;
  bool is_noted = note_graph(names, model->proto->graph);
  for (size_t f = 0; f < model->proto->n_functions && is_noted; f++) {
    const olstm__function_proto* function = model->proto->functions[f];
    is_noted = note_nodes(names, function->n_node, function->node);
  }
  return is_noted ? OLSTM_STATUS_OK
                  : olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for names");
}

void olstm__proto_names_deinit(olstm__proto_names* names) {
  if (names->memory) olstm__name_table_deinit(&names->table);
  memset(names, 0, sizeof *names);
}

bool olstm__proto_names_add(olstm__proto_names* names, const char* name,
                            bool* out_is_free) {
  return olstm__name_table_add(&names->table, name, 0, out_is_free);
}

char* olstm__proto_names_take(olstm__proto_names* names, const char* format, ...) {
  char text[OLSTM_ERROR_CAPACITY];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text, sizeof text - 16, format, arguments);
  va_end(arguments);
  const size_t length = strlen(text);
  int32_t found = 0;
  for (unsigned number = 1; olstm__name_table_find(&names->table, text, &found);
       number++) {
    (void)snprintf(text + length, sizeof text - length, "_%u", number);
  }
  char* name = olstm__arena_copy(names->memory, text, strlen(text));
  bool is_free = false;
  return name && olstm__proto_names_add(names, name, &is_free) ? name : NULL;
}
