// Shapes are aligned at their last dimension; a stride of 0 repeats.
#include "op/elementwise/broadcast.h"

/// Widens `shape` by `other`; false when they do not fit.
static bool widen(olstm_tensor_desc* shape, const olstm_tensor_desc* other) {
  olstm_tensor_desc wide = *shape;
  wide.rank = shape->rank > other->rank ? shape->rank : other->rank;
  for (int32_t d = 0; d < wide.rank; d++) {
    const int32_t mine = d - (wide.rank - shape->rank);
    const int32_t theirs = d - (wide.rank - other->rank);
    const int64_t a = mine < 0 ? 1 : shape->dims[mine];
    const int64_t b = theirs < 0 ? 1 : other->dims[theirs];
    if (a != b && a != 1 && b != 1) return false;
    wide.dims[d] = a == 1 ? b : a;
  }
  *shape = wide;
  return true;
}

olstm_status olstm__broadcast_infer(const olstm__op_base* base,
                                    const olstm_infer_args* args, size_t first,
                                    size_t count, olstm_tensor_desc* out_shape,
                                    olstm_error* error) {
  olstm_tensor_desc shape = args->inputs[first]->desc;
  for (size_t i = first + 1; i < first + count; i++) {
    const olstm_tensor_desc* other = &args->inputs[i]->desc;
    if (!widen(&shape, other)) {
      return olstm__op_fail(base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                            "input '%s' has shape %s, which does not broadcast with %s",
                            base->node->input_names[i], olstm_shape_text(other).text,
                            olstm_shape_text(&shape).text);
    }
  }
  shape.dtype = out_shape->dtype;
  *out_shape = shape;
  return olstm__op_check_output(base, out_shape, error);
}

bool olstm__broadcast_fits(const olstm_tensor_desc* from, const olstm_tensor_desc* to) {
  olstm_tensor_desc shape = *to;
  return widen(&shape, from) && olstm_tensor_desc_same_shape(&shape, to);
}

/// Strides of `input` for every dimension of the output.
static void find_strides(const olstm_tensor_desc* output, const olstm_tensor_desc* input,
                         int64_t* strides) {
  int64_t stride = 1;
  for (int32_t d = output->rank - 1; d >= 0; d--) {
    const int32_t own = d - (output->rank - input->rank);
    const int64_t dim = own < 0 ? 1 : input->dims[own];
    strides[d] = dim == 1 ? 0 : stride;
    stride *= dim;
  }
}

/// Whether dimension d of all inputs can be merged with the last one, which has `dims`
/// elements.
static bool can_merge(const olstm__broadcast* plan, int32_t merged,
                      int64_t strides[][OLSTM_MAX_RANK], int32_t d, int64_t dim) {
  for (int32_t i = 0; i < plan->input_count; i++) {
    if (plan->strides[i][merged] != strides[i][d] * dim) return false;
  }
  return true;
}

void olstm__broadcast_init_strides(olstm__broadcast* plan, int32_t rank,
                                   const int64_t* dims, int64_t strides[][OLSTM_MAX_RANK],
                                   int32_t input_count) {
  *plan = (olstm__broadcast){.input_count = input_count};
  for (int32_t d = 0; d < rank; d++) {
    const int64_t dim = dims[d];
    if (dim == 1) continue;
    if (plan->rank > 0 && can_merge(plan, plan->rank - 1, strides, d, dim)) {
      plan->dims[plan->rank - 1] *= dim;
    } else {
      plan->dims[plan->rank++] = dim;
    }
    for (int32_t i = 0; i < input_count; i++) {
      plan->strides[i][plan->rank - 1] = strides[i][d];
    }
  }
  if (plan->rank == 0) plan->dims[plan->rank++] = 1;
  plan->run_length = plan->dims[plan->rank - 1];
  plan->run_count = plan->run_length == 0 ? 0 : 1;
  for (int32_t d = 0; d + 1 < plan->rank; d++) plan->run_count *= plan->dims[d];
  plan->run_items = 1 + (plan->run_length - 1) / OLSTM__BROADCAST_ITEM;
  plan->item_count = plan->run_items * plan->run_count;
}

/// The element of the output that an item begins with.
static int64_t find_item(const olstm__broadcast* plan, int64_t item) {
  return item / plan->run_items * plan->run_length +
         item % plan->run_items * OLSTM__BROADCAST_ITEM;
}

void olstm__broadcast_seek(const olstm__broadcast* plan, int64_t begin, int64_t end,
                           olstm__broadcast_cursor* cursor) {
  const int32_t last = plan->rank - 1;
  int64_t rest = begin / plan->run_items;
  const int64_t first = begin % plan->run_items * OLSTM__BROADCAST_ITEM;
  *cursor = (olstm__broadcast_cursor){.output = find_item(plan, begin)};
  cursor->left = find_item(plan, end) - cursor->output;
  const int64_t of_run = plan->run_length - first;
  cursor->length = of_run < cursor->left ? of_run : cursor->left;
  for (int32_t d = last; d >= 0; d--) {
    cursor->index[d] = d == last ? first : rest % plan->dims[d];
    if (d < last) rest /= plan->dims[d];
    for (int32_t i = 0; i < plan->input_count; i++) {
      cursor->offsets[i] += plan->strides[i][d] * cursor->index[d];
    }
  }
}

void olstm__broadcast_init(olstm__broadcast* plan, const olstm_tensor_desc* output,
                           const olstm_tensor_desc* const* inputs, int32_t input_count) {
  int64_t strides[OLSTM__BROADCAST_MAX_INPUTS][OLSTM_MAX_RANK] = {{0}};
  for (int32_t i = 0; i < input_count; i++) {
    find_strides(output, inputs[i], strides[i]);
  }
  olstm__broadcast_init_strides(plan, output->rank, output->dims, strides, input_count);
}

void olstm__broadcast_next(const olstm__broadcast* plan,
                           olstm__broadcast_cursor* cursor) {
  const int32_t last = plan->rank - 1;
  cursor->output += cursor->length;
  cursor->left -= cursor->length;
  cursor->length = plan->run_length < cursor->left ? plan->run_length : cursor->left;
  for (int32_t i = 0; i < plan->input_count && cursor->index[last]; i++) {
    cursor->offsets[i] -= plan->strides[i][last] * cursor->index[last];
  }
  cursor->index[last] = 0;
  for (int32_t d = plan->rank - 2; d >= 0; d--) {
    for (int32_t i = 0; i < plan->input_count; i++) {
      cursor->offsets[i] += plan->strides[i][d];
    }
    if (++cursor->index[d] < plan->dims[d]) return;
    cursor->index[d] = 0;
    for (int32_t i = 0; i < plan->input_count; i++) {
      cursor->offsets[i] -= plan->strides[i][d] * plan->dims[d];
    }
  }
}
