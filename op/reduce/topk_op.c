// TopK: the K largest or smallest along an axis, in order, ties by the lower index. K is
// an attribute before opset 10, an input since.
#include "op/elementwise/compute_type.h"
#include "op/op_family.h"
#include "op/op_support.h"
#include "op/reduce/axis_view.h"

/// Comparisons and moves of heaps.
enum { kWorkPerElement = 64 };

typedef struct topk_op {
  olstm__op_base base;
  int64_t axis;
  /// Before opset 10; -1 where K is an input.
  int64_t k;
  bool wants_smallest;
} topk_op;

typedef struct topk_handle {
  olstm__op_handle head;
  olstm_dtype dtype;
  olstm__compute_type compute_type;
  olstm__axis_view view;
  int64_t k;
  /// Bytes of one column's values, at the start of the workspace.
  size_t value_bytes;
} topk_handle;

static olstm_status parse_attribute(void* instance, olstm_error* error) {
  topk_op* self = instance;
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(self->base.node, "k", -1, &self->k, error));
  if (self->k < 0) {
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_INVALID_MODEL,
                          "attribute k is %" PRId64 ", expected 0 or more", self->k);
  }
  return olstm_node_get_int(self->base.node, "axis", -1, &self->axis, error);
}

static olstm_status parse_input(void* instance, olstm_error* error) {
  topk_op* self = instance;
  int64_t largest = 1;
  self->k = -1;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(self->base.node, "largest", 1, &largest, error));
  self->wants_smallest = largest == 0;
  // Results are in order even with sorted=0, which allows any order.
  return olstm_node_get_int(self->base.node, "axis", -1, &self->axis, error);
}

static olstm_status find_k(const topk_op* self, const olstm_infer_args* args,
                           int64_t* out_k, olstm_error* error) {
  size_t count = 0;
  *out_k = self->k;
  if (self->k >= 0) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_read_ints(&self->base, args, 1, 1, out_k, &count, error));
  if (count == 1 && *out_k >= 0) return OLSTM_STATUS_OK;
  return olstm__op_fail(&self->base, error, OLSTM_STATUS_INVALID_VALUE,
                        "input '%s' is not one number of 0 or more",
                        self->base.node->input_names[1]);
}

static olstm_status topk_infer(const void* instance, const olstm_infer_args* args,
                               olstm_tensor_desc* out_outputs, olstm_error* error) {
  const topk_op* self = instance;
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  int64_t k = 0;
  int32_t axis = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&self->base, args, 0, OLSTM__DTYPES_NUMERIC, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_normalize_axis(&self->base, "attribute axis",
                                                 self->axis, x->rank, &axis, error));
  OLSTM_RETURN_IF_ERROR(find_k(self, args, &k, error));
  if (k > x->dims[axis]) {
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_INVALID_VALUE,
                          "K is %" PRId64 ", but input '%s' has shape %s", k,
                          self->base.node->input_names[0], olstm_shape_text(x).text);
  }
  for (size_t i = 0; i < args->output_count; i++) {
    out_outputs[i] = *x;
    out_outputs[i].dims[axis] = k;
    if (i == 1) out_outputs[i].dtype = OLSTM_DTYPE_INT64;
  }
  return OLSTM_STATUS_OK;
}

static olstm_status topk_prepare(void* instance, const olstm_prepare_args* args,
                                 olstm_prepared* out_prepared, olstm_error* error) {
  const topk_op* self = instance;
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  const olstm_infer_args inputs = {.struct_size = sizeof inputs,
                                   .input_count = args->input_count,
                                   .inputs = args->inputs};
  int32_t axis = 0;
  int64_t k = 0;
  topk_handle* handle = NULL;
  OLSTM_RETURN_IF_ERROR(olstm__op_normalize_axis(&self->base, "attribute axis",
                                                 self->axis, x->rank, &axis, error));
  OLSTM_RETURN_IF_ERROR(find_k(self, &inputs, &k, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&self->base, sizeof *handle, (void**)&handle, error));
  handle->dtype = x->dtype;
  handle->compute_type = olstm__compute_type_of(x->dtype);
  handle->view = olstm__axis_view_of(x, axis);
  handle->k = k;
  if (k > 0) {
    (void)olstm_size_align(
        (size_t)handle->view.rows * olstm__compute_type_size(handle->compute_type),
        &handle->value_bytes);
    out_prepared->workspace_bytes = handle->value_bytes + (size_t)k * sizeof(int64_t);
  }
  out_prepared->handle = handle;
  out_prepared->work = olstm__op_work(olstm_tensor_desc_count(x), kWorkPerElement, 1, 1);
  return OLSTM_STATUS_OK;
}

typedef bool (*order_function)(const void* values, int64_t a, int64_t b);

// Whether element a comes before element b.
#define ORDER(NAME, type)                                              \
  static bool larger_##NAME(const void* data, int64_t a, int64_t b) {  \
    const type* values = data;                                         \
    if (values[a] > values[b]) return true;                            \
    return !(values[b] > values[a]) && a < b;                          \
  }                                                                    \
  static bool smaller_##NAME(const void* data, int64_t a, int64_t b) { \
    const type* values = data;                                         \
    if (values[a] < values[b]) return true;                            \
    return !(values[b] < values[a]) && a < b;                          \
  }
ORDER(F32, float)
ORDER(F64, double)
ORDER(I32, int32_t)
ORDER(I64, int64_t)
ORDER(U64, uint64_t)

static const order_function kOrders[OLSTM__COMPUTE_COUNT][2] = {
    [OLSTM__COMPUTE_F32] = {larger_F32, smaller_F32},
    [OLSTM__COMPUTE_F64] = {larger_F64, smaller_F64},
    [OLSTM__COMPUTE_I32] = {larger_I32, smaller_I32},
    [OLSTM__COMPUTE_I64] = {larger_I64, smaller_I64},
    [OLSTM__COMPUTE_U64] = {larger_U64, smaller_U64}};

/// Moves the root of a heap of indices, whose root is the last in order, down to its
/// place.
static void sift_down(order_function before, const void* values, int64_t* heap,
                      int64_t root, int64_t count) {
  for (;;) {
    int64_t last = root;
    for (int64_t child = 2 * root + 1; child <= 2 * root + 2 && child < count; child++) {
      if (before(values, heap[last], heap[child])) last = child;
    }
    if (last == root) return;
    const int64_t index = heap[root];
    heap[root] = heap[last];
    heap[last] = index;
    root = last;
  }
}

/// heap[0..k) = the indices of the first k of `count` values, in order.
static void select_first(order_function before, const void* values, int64_t count,
                         int64_t k, int64_t* heap) {
  for (int64_t i = 0; i < k; i++) heap[i] = i;
  for (int64_t i = k / 2; i-- > 0;) sift_down(before, values, heap, i, k);
  for (int64_t i = k; i < count; i++) {
    if (!before(values, i, heap[0])) continue;
    heap[0] = i;
    sift_down(before, values, heap, 0, k);
  }
  for (int64_t end = k - 1; end > 0; end--) {
    const int64_t last = heap[0];
    heap[0] = heap[end];
    heap[end] = last;
    sift_down(before, values, heap, 0, end);
  }
}

/// One column: x at its first element, y and indices at theirs (NULL where not wanted).
static void run_column(const topk_op* self, const topk_handle* handle, const char* x,
                       char* workspace, char* y, int64_t* indices) {
  const size_t element_bytes = olstm_dtype_size(handle->dtype);
  const size_t compute_bytes = olstm__compute_type_size(handle->compute_type);
  const size_t stride = (size_t)handle->view.columns * element_bytes;
  int64_t* heap = (int64_t*)(void*)(workspace + handle->value_bytes);
  if (handle->view.columns == 1) {
    olstm__compute_load(handle->compute_type, handle->dtype, handle->view.rows, x,
                        workspace);
  } else {
    for (int64_t i = 0; i < handle->view.rows; i++) {
      olstm__compute_load(handle->compute_type, handle->dtype, 1, x + (size_t)i * stride,
                          workspace + (size_t)i * compute_bytes);
    }
  }
  select_first(kOrders[handle->compute_type][self->wants_smallest], workspace,
               handle->view.rows, handle->k, heap);
  for (int64_t i = 0; i < handle->k; i++) {
    if (y) {
      memcpy(y + (size_t)i * stride, x + (size_t)heap[i] * stride, element_bytes);
    }
    if (indices) indices[i * handle->view.columns] = heap[i];
  }
}

static olstm_status topk_run(const void* instance, const void* handle,
                             const olstm_run_args* args, olstm_error* error) {
  const topk_op* self = instance;
  const topk_handle* prepared = handle;
  const size_t element_bytes = olstm_dtype_size(prepared->dtype);
  const size_t output_count = self->base.node->output_count;
  const char* x = args->inputs[0];
  char* y = args->outputs[0];
  int64_t* indices = output_count > 1 ? args->outputs[1] : NULL;
  (void)error;
  if (!x || prepared->k == 0) return OLSTM_STATUS_OK;
  for (int64_t s = 0; s < prepared->view.slab_count; s++) {
    for (int64_t j = 0; j < prepared->view.columns; j++) {
      run_column(self, prepared, x + (size_t)j * element_bytes, args->workspace,
                 y ? y + (size_t)j * element_bytes : NULL, indices ? indices + j : NULL);
    }
    const int64_t step = prepared->k * prepared->view.columns;
    x += (size_t)(prepared->view.rows * prepared->view.columns) * element_bytes;
    if (y) y += (size_t)step * element_bytes;
    if (indices) indices += step;
  }
  return OLSTM_STATUS_OK;
}

static const char* const kBefore10[] = {"axis", "k", NULL};
static const char* const kIn10[] = {"axis", NULL};
static const char* const kSince11[] = {"axis", "largest", "sorted", NULL};

#define SCHEMA(name, inputs, names, parser) \
  static const olstm__op_schema name =      \
      OLSTM__OP_SCHEMA(inputs, inputs, 2, names, topk_op, parser, 0)
SCHEMA(kTopKBefore10, 1, kBefore10, parse_attribute);
SCHEMA(kTopK10, 2, kIn10, parse_input);
SCHEMA(kTopK, 2, kSince11, parse_input);

#define ROW(first, last, schema)                                                   \
  OLSTM__OP_ENTRY("TopK", first, last, OLSTM__DTYPES_NUMERIC, &schema, topk_infer, \
                  topk_prepare, topk_run)

static const olstm_operator kOperators[] = {ROW(1, 9, kTopKBefore10),
                                            ROW(10, 10, kTopK10), ROW(11, 0, kTopK)};

const olstm__op_family olstm__topk_family = {OLSTM__OPERATORS(kOperators),
                                             .traits = OLSTM__TRAIT_KEEPS_RANK};
