#include "runtime/convert/plain_build.h"

#include "runtime/fuse/fuse_add.h"

static int32_t add(const olstm__plain_builder* at, const char* op_type,
                   const olstm_attribute* attributes, size_t attribute_count, int32_t a,
                   int32_t b, int32_t c) {
  olstm__graph* graph = at->graph;
  int32_t inputs[] = {a, b, c};
  const size_t count = c != OLSTM__NO_VALUE ? 3 : b != OLSTM__NO_VALUE ? 2 : 1;
  const char* name = olstm__graph_format(graph, "%s/%s", at->name, op_type);
  if (!name || a == OLSTM__NO_VALUE) return OLSTM__NO_VALUE;
  int32_t output = olstm__graph_add_value(graph, OLSTM__VALUE_NODE, name);
  const olstm__graph_node node = {.kind = OLSTM__NODE_OPERATOR,
                                  .name = name,
                                  .op_type = op_type,
                                  .domain = "",
                                  .opset_version = OLSTM__FUSE_OPSET,
                                  .attribute_count = attribute_count,
                                  .attributes = attributes,
                                  .input_count = count,
                                  .inputs = inputs,
                                  .output_count = 1,
                                  .outputs = &output};
  return output != OLSTM__NO_VALUE &&
                 olstm__graph_add_node(graph, &node) != OLSTM__NO_VALUE
             ? output
             : OLSTM__NO_VALUE;
}

int32_t olstm__plain_node(const olstm__plain_builder* at, const char* op_type, int32_t a,
                          int32_t b, int32_t c) {
  return add(at, op_type, NULL, 0, a, b, c);
}

int32_t olstm__plain_int_node(const olstm__plain_builder* at, const char* op_type,
                              const char* attribute, int64_t number, int32_t a,
                              int32_t b) {
  olstm_attribute* made = olstm__graph_allocate(at->graph, 1, sizeof *made);
  if (!made) return OLSTM__NO_VALUE;
  *made = (olstm_attribute){.name = attribute, .kind = OLSTM_ATTRIBUTE_INT, .i = number};
  return add(at, op_type, made, 1, a, b, OLSTM__NO_VALUE);
}

int32_t olstm__plain_axis_node(const olstm__plain_builder* at, const char* op_type,
                               int32_t a, int64_t axis) {
  const bool reduces = op_type[0] == 'R';
  olstm_attribute* made = olstm__graph_allocate(at->graph, 2, sizeof *made);
  int64_t* axes = olstm__graph_allocate(at->graph, 1, sizeof *axes);
  if (!made || !axes) return OLSTM__NO_VALUE;
  *axes = axis;
  made[0] = (olstm_attribute){
      .name = "axes", .kind = OLSTM_ATTRIBUTE_INTS, .count = 1, .ints = axes};
  made[1] = (olstm_attribute){.name = "keepdims", .kind = OLSTM_ATTRIBUTE_INT, .i = 0};
  return add(at, op_type, made, reduces ? 2 : 1, a, OLSTM__NO_VALUE, OLSTM__NO_VALUE);
}

int32_t olstm__plain_dim(const olstm__plain_builder* at, int32_t a, int64_t axis) {
  const int32_t shape =
      olstm__plain_node(at, "Shape", a, OLSTM__NO_VALUE, OLSTM__NO_VALUE);
  return olstm__plain_int_node(at, "Gather", "axis", 0, shape,
                               olstm__fuse_add_numbers(at->graph, 1, &axis));
}
