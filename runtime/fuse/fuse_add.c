#include "runtime/fuse/fuse_add.h"

#include <string.h>

int32_t olstm__fuse_add_numbers(olstm__graph* graph, int64_t count,
                                const int64_t* numbers) {
  const olstm_tensor_desc desc = {OLSTM_DTYPE_INT64, 1, {count}};
  olstm_tensor* tensor = olstm__graph_allocate_tensor(graph, &desc);
  if (!tensor) return OLSTM__NO_VALUE;
  if (count > 0) memcpy(tensor->data, numbers, (size_t)count * sizeof *numbers);
  return olstm__graph_add_constant(graph, "numbers", tensor);
}

int32_t olstm__fuse_add_number(olstm__graph* graph, int64_t number) {
  const olstm_tensor_desc desc = {OLSTM_DTYPE_INT64, 0, {0}};
  olstm_tensor* tensor = olstm__graph_allocate_tensor(graph, &desc);
  if (!tensor) return OLSTM__NO_VALUE;
  *(int64_t*)tensor->data = number;
  return olstm__graph_add_constant(graph, "number", tensor);
}

const olstm_attribute* olstm__fuse_axis_attribute(olstm__graph* graph, int64_t axis) {
  olstm_attribute* made = olstm__graph_allocate(graph, 1, sizeof *made);
  if (!made) return NULL;
  *made = (olstm_attribute){.name = "axis", .kind = OLSTM_ATTRIBUTE_INT, .i = axis};
  return made;
}

int32_t olstm__fuse_add_gather(olstm__graph* graph, const char* name, int32_t value,
                               int32_t indices, int64_t axis) {
  const int32_t inputs[] = {value, indices};
  const olstm_attribute* attribute = olstm__fuse_axis_attribute(graph, axis);
  return attribute ? olstm__graph_add_operator(graph, name, "Gather", OLSTM__FUSE_OPSET,
                                               attribute, 2, inputs)
                   : OLSTM__NO_VALUE;
}

int32_t olstm__fuse_add_move(olstm__graph* graph, const char* name, int32_t value,
                             int32_t rank, int64_t from, int64_t to) {
  olstm_attribute* perm = olstm__graph_allocate(graph, 1, sizeof *perm);
  int64_t* axes = olstm__graph_allocate(graph, (size_t)rank, sizeof *axes);
  if (!perm || !axes) return OLSTM__NO_VALUE;
  int64_t next = 0;
  for (int32_t d = 0; d < rank; d++) {
    if (next == from) next++;
    axes[d] = d == to ? from : next++;
  }
  *perm = (olstm_attribute){
      .name = "perm", .kind = OLSTM_ATTRIBUTE_INTS, .count = (size_t)rank, .ints = axes};
  return olstm__graph_add_operator(graph, name, "Transpose", OLSTM__FUSE_OPSET, perm, 1,
                                   &value);
}

int32_t olstm__fuse_add_reversal(olstm__graph* graph, const char* name, int32_t value) {
  static const int64_t kNumbers[] = {-1, -INT32_MAX, 0, -1};  // start, end, axis, step
  int32_t inputs[5] = {value};
  for (size_t i = 0; i < 4; i++) {
    inputs[1 + i] = olstm__fuse_add_numbers(graph, 1, &kNumbers[i]);
  }
  return olstm__graph_add_operator(graph, name, "Slice", OLSTM__FUSE_OPSET, NULL, 5,
                                   inputs);
}
