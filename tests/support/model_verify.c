#include "tests/support/model_verify.h"

#include <stdlib.h>
#include <string.h>

#include "onnx_proto/model.h"

/// Who makes a value.
enum { kMadeByNobody = 0, kMade = 1 };

typedef struct verify_state {
  const char** node_names;
  size_t node_count;
  size_t node_capacity;
  uint64_t sum;
} verify_state;

static const char* verify_graph(verify_state* state, const olstm__decoded_graph* graph,
                                const olstm__decoded_graph* outer);

/// Reads every byte of a tensor, for the sanitizers.
static const char* verify_tensor(verify_state* state, const olstm_tensor* tensor) {
  size_t bytes = 0;
  if (!olstm_tensor_desc_bytes(&tensor->desc, &bytes)) return "tensor of no size";
  if (!tensor->data) return "tensor without data";
  if ((uintptr_t)tensor->data % OLSTM_ALIGNMENT != 0 &&
      tensor->desc.dtype != OLSTM_DTYPE_STRING) {
    return "tensor data is not aligned";
  }
  for (size_t i = 0; i < bytes; i++)
    state->sum += ((const unsigned char*)tensor->data)[i];
  if (tensor->desc.dtype == OLSTM_DTYPE_STRING) {
    const olstm_string* strings = tensor->data;
    for (size_t i = 0; i < bytes / sizeof *strings; i++) {
      for (size_t b = 0; b < strings[i].byte_count; b++) {
        state->sum += (unsigned char)strings[i].bytes[b];
      }
    }
  }
  if (tensor->desc.dtype == OLSTM_DTYPE_BOOL) {
    for (size_t i = 0; i < bytes; i++) {
      if (((const unsigned char*)tensor->data)[i] > 1) return "bool is not 0 or 1";
    }
  }
  return NULL;
}

static const char* verify_attribute(verify_state* state, const olstm_attribute* attribute,
                                    const olstm__decoded_graph* graph) {
  state->sum += strlen(attribute->name);
  switch (attribute->kind) {
    case OLSTM_ATTRIBUTE_FLOAT:
    case OLSTM_ATTRIBUTE_INT:
      return NULL;
    case OLSTM_ATTRIBUTE_STRING:
    case OLSTM_ATTRIBUTE_STRINGS:
      if (attribute->kind == OLSTM_ATTRIBUTE_STRING && attribute->count != 1) {
        return "string attribute without its string";
      }
      for (size_t i = 0; i < attribute->count; i++) {
        const olstm_string* text = &attribute->strings[i];
        if (text->bytes[text->byte_count] != '\0') return "string is not terminated";
      }
      return NULL;
    case OLSTM_ATTRIBUTE_FLOATS:
      for (size_t i = 0; i < attribute->count; i++) {
        state->sum += attribute->floats[i] > 0.0f;
      }
      return NULL;
    case OLSTM_ATTRIBUTE_INTS:
      for (size_t i = 0; i < attribute->count; i++) {
        state->sum += (uint64_t)attribute->ints[i];
      }
      return NULL;
    case OLSTM_ATTRIBUTE_TENSOR:
      return verify_tensor(state, attribute->tensor);
    case OLSTM_ATTRIBUTE_GRAPH:
      return verify_graph(state, attribute->graph, graph);
    default:
      return "attribute of no kind";
  }
}

static const char* add_node_name(verify_state* state, const char* name) {
  if (!name || name[0] == '\0') return "node without a name";
  if (state->node_count == state->node_capacity) {
    state->node_capacity = state->node_capacity * 2 + 64;
    state->node_names =
        realloc(state->node_names, state->node_capacity * sizeof *state->node_names);
    if (!state->node_names) abort();
  }
  state->node_names[state->node_count++] = name;
  return NULL;
}

static const char* use_value(const olstm__decoded_graph* graph, const char* made,
                             int32_t value) {
  if (value < 0 || (size_t)value >= graph->value_count) return "value out of range";
  return made[value] == kMade ? NULL : "value is used before it is made";
}

static const char* make_value(const olstm__decoded_graph* graph, char* made,
                              int32_t value) {
  if (value < 0 || (size_t)value >= graph->value_count) return "value out of range";
  if (made[value] == kMade) return "value is made twice";
  made[value] = kMade;
  return NULL;
}

#define CHECK(expression)           \
  do {                              \
    const char* why = (expression); \
    if (why) return why;            \
  } while (0)

static const char* verify_node(verify_state* state, const olstm__decoded_graph* graph,
                               char* made, const olstm__decoded_node* node) {
  CHECK(add_node_name(state, node->name));
  if (node->opset_version < 1) return "node of a domain that is not imported";
  if (node->domain[0] == '\0' && strcmp(node->op_type, "Constant") == 0) {
    return "Constant node";
  }
  for (size_t i = 0; i < node->input_count; i++) {
    if (node->inputs[i] != OLSTM__NO_VALUE) {
      CHECK(use_value(graph, made, node->inputs[i]));
    }
  }
  for (size_t a = 0; a < node->attribute_count; a++) {
    const olstm_attribute* attribute = &node->attributes[a];
    CHECK(verify_attribute(state, attribute, graph));
    if (attribute->kind != OLSTM_ATTRIBUTE_GRAPH) continue;
    const olstm__decoded_graph* inner = attribute->graph;
    for (size_t c = 0; c < inner->capture_count; c++) {
      CHECK(use_value(graph, made, inner->captures[c].outer_value));
    }
  }
  for (size_t o = 0; o < node->output_count; o++) {
    if (node->outputs[o] != OLSTM__NO_VALUE) {
      CHECK(make_value(graph, made, node->outputs[o]));
    }
  }
  return NULL;
}

static const char* verify_values(verify_state* state, const olstm__decoded_graph* graph,
                                 char* made) {
  for (size_t v = 0; v < graph->value_count; v++) {
    const olstm__value* value = &graph->values[v];
    if (!value->info.name || value->info.name[0] == '\0') return "value without a name";
    if (value->info.rank < -1 || value->info.rank > OLSTM_MAX_RANK) return "rank";
    if (!value->constant) continue;
    CHECK(make_value(graph, made, (int32_t)v));
    CHECK(verify_tensor(state, value->constant));
  }
  for (size_t i = 0; i < graph->input_count; i++) {
    CHECK(make_value(graph, made, graph->inputs[i]));
  }
  for (size_t c = 0; c < graph->capture_count; c++) {
    CHECK(make_value(graph, made, graph->captures[c].inner_value));
  }
  return NULL;
}

static const char* verify_with(verify_state* state, const olstm__decoded_graph* graph,
                               char* made) {
  CHECK(verify_values(state, graph, made));
  for (size_t n = 0; n < graph->node_count; n++) {
    CHECK(verify_node(state, graph, made, &graph->nodes[n]));
  }
  for (size_t o = 0; o < graph->output_count; o++) {
    CHECK(use_value(graph, made, graph->outputs[o]));
  }
  for (size_t v = 0; v < graph->value_count; v++) {
    if (made[v] != kMade) return "value that nobody makes";
  }
  return NULL;
}

static const char* verify_graph(verify_state* state, const olstm__decoded_graph* graph,
                                const olstm__decoded_graph* outer) {
  if (!graph->name) return "graph without a name";
  if (!outer && graph->capture_count > 0) return "main graph with captures";
  for (size_t c = 0; c < graph->capture_count; c++) {
    if ((size_t)graph->captures[c].outer_value >= outer->value_count) {
      return "capture of no value";
    }
  }
  char* made = calloc(graph->value_count + 1, 1);
  if (!made) abort();
  const char* why = verify_with(state, graph, made);
  free(made);
  return why;
}

static int compare_names(const void* a, const void* b) {
  return strcmp(*(const char* const*)a, *(const char* const*)b);
}

const char* olstm_model_verify(const olstm_model* model) {
  verify_state state = {0};
  const char* why = verify_graph(&state, olstm__model_graph(model), NULL);
  if (!why && state.node_count > 1) {
    qsort(state.node_names, state.node_count, sizeof *state.node_names, compare_names);
    for (size_t n = 1; n < state.node_count && !why; n++) {
      if (strcmp(state.node_names[n - 1], state.node_names[n]) == 0) {
        why = "two nodes of one name";
      }
    }
  }
  free(state.node_names);
  return why;
}
