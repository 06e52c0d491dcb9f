#include "tests/support/graph_text.h"

#include <stdarg.h>
#include <stdio.h>

static char text[8192];
static size_t used;

static void put(const char* format, ...) OLSTM_PRINTF_(1, 2);

static void put(const char* format, ...) {
  va_list arguments;
  if (used >= sizeof text) return;
  va_start(arguments, format);
  used += (size_t)vsnprintf(text + used, sizeof text - used, format, arguments);
  va_end(arguments);
}

static void put_values(const olstm__decoded_graph* graph, const int32_t* values,
                       size_t count) {
  for (size_t i = 0; i < count; i++) {
    const char* name = "";
    const char* mark = "";
    if (values[i] != OLSTM__NO_VALUE) {
      name = graph->values[values[i]].info.name;
      mark = graph->values[values[i]].constant ? "#" : "";
    }
    put("%s%s%s", i > 0 ? "," : "", name, mark);
  }
}

static void put_graph(const olstm__decoded_graph* graph,
                      const olstm__decoded_graph* outer) {
  put("in(");
  put_values(graph, graph->inputs, graph->input_count);
  put(") ");
  for (size_t c = 0; c < graph->capture_count; c++) {
    put("cap(%s<%s) ", graph->values[graph->captures[c].inner_value].info.name,
        outer->values[graph->captures[c].outer_value].info.name);
  }
  for (size_t n = 0; n < graph->node_count; n++) {
    const olstm__decoded_node* node = &graph->nodes[n];
    put_values(graph, node->outputs, node->output_count);
    put("=%s'%s'(", node->op_type, node->name);
    put_values(graph, node->inputs, node->input_count);
    put(") ");
    for (size_t a = 0; a < node->attribute_count; a++) {
      if (node->attributes[a].kind != OLSTM_ATTRIBUTE_GRAPH) continue;
      put("{%s: ", node->attributes[a].name);
      put_graph(node->attributes[a].graph, graph);
      put("} ");
    }
  }
  put("out(");
  put_values(graph, graph->outputs, graph->output_count);
  put(")");
}

const char* graph_text(const olstm__decoded_graph* graph) {
  used = 0;
  put_graph(graph, NULL);
  return text;
}
