// TopK: the K largest or smallest along an axis, in order, ties by the lower index. K is
// an attribute before opset 10, an input since.
#include "op/op_family.h"
#include "op/op_support.h"
#include "op/op_work.h"
#include "op/pieces.h"
#include "op/reduce/axis_view.h"
#include "op/reduce/topk_select.h"
#include "op/shape/move_bytes.h"
#include "op/shape/strided_copy.h"

/// Units of work of an element, and of each level of the heap that it may sink through.
enum { kUnitsPerElement = 16, kUnitsPerLevel = 32, kUnitsPerRow = 384, kWorst = 4 };

/// Columns whose keys are made together, since their elements are neighbours.
enum { kStrip = 64 };

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
  /// The workspace: keys of up to kStrip columns, one after the other, then room to
  /// select, then the indices of one column.
  size_t key_bytes;
  size_t select_bytes;
  /// Of a piece, and how many have one.
  size_t piece_bytes;
  int32_t piece_count;
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
  if (x->dims[axis] > UINT32_MAX) {
    return olstm__op_fail(
        &self->base, error, OLSTM_STATUS_UNSUPPORTED,
        "input '%s' has shape %s, more than %" PRIu32 " elements along axis %d",
        self->base.node->input_names[0], olstm_shape_text(x).text, UINT32_MAX, (int)axis);
  }
  for (size_t i = 0; i < args->output_count; i++) {
    out_outputs[i] = *x;
    out_outputs[i].dims[axis] = k;
    if (i == 1) out_outputs[i].dtype = OLSTM_DTYPE_INT64;
  }
  return OLSTM_STATUS_OK;
}

/// Of columns of a slab.
static int64_t strip_count(const topk_handle* handle) {
  return (handle->view.columns + kStrip - 1) / kStrip;
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
    const int64_t strip = handle->view.columns < kStrip ? handle->view.columns : kStrip;
    (void)olstm_size_align((size_t)(strip * handle->view.rows) *
                               olstm__compute_type_size(handle->compute_type),
                           &handle->key_bytes);
    if (handle->view.columns > 1) handle->key_bytes *= 2;
    handle->select_bytes =
        olstm__topk_workspace(handle->compute_type, handle->view.rows, k);
    (void)olstm_size_align(
        handle->key_bytes + handle->select_bytes + (size_t)k * sizeof(int64_t),
        &handle->piece_bytes);
  }
  out_prepared->handle = handle;
  int64_t levels = 0;
  for (int64_t rest = k; rest > 1; rest /= 2) levels++;
  out_prepared->work = olstm__op_work_sum(
      olstm__op_element_work("TopK", args, olstm_tensor_desc_count(x),
                             kUnitsPerElement + levels * kUnitsPerLevel),
      olstm__op_work(handle->view.slab_count, handle->view.columns, kUnitsPerRow, 1));
  const int64_t items = handle->view.slab_count * strip_count(handle);
  // Honest data takes a fraction of what the worst may.
  handle->piece_count = olstm__pieces_with_memory(
      self->base.options.thread_count, items,
      olstm__piece_elements(out_prepared->work / kWorst, items));
  out_prepared->workspace_bytes = handle->piece_bytes * (size_t)handle->piece_count;
  return OLSTM_STATUS_OK;
}

/// Makes the keys of `count` neighbours.
static void make_keys(const topk_op* self, const topk_handle* handle, int64_t count,
                      const char* x, char* keys) {
  const size_t bytes = olstm_dtype_size(handle->dtype);
  const size_t key_bytes = olstm__compute_type_size(handle->compute_type);
  if (olstm__compute_type_is_native(handle->compute_type, handle->dtype)) {
    olstm__topk_make_keys(handle->compute_type, self->wants_smallest, count, x, keys);
    return;
  }
  for (int64_t i = 0; i < count; i += OLSTM__COMPUTE_BLOCK) {
    const int64_t size = olstm__compute_block_size(count - i);
    char* to = keys + (size_t)i * key_bytes;
    olstm__compute_load(handle->compute_type, handle->dtype, size, x + (size_t)i * bytes,
                        to);
    olstm__topk_make_keys(handle->compute_type, self->wants_smallest, size, to, to);
  }
}

/// Makes the keys of `count` neighbouring columns, one column after the other. Those of
/// rows go through the second half of the room first.
static void make_column_keys(const topk_op* self, const topk_handle* handle,
                             int64_t count, const char* x, char* keys) {
  const olstm__axis_view* view = &handle->view;
  const size_t key_bytes = olstm__compute_type_size(handle->compute_type);
  const size_t row_bytes = (size_t)view->columns * olstm_dtype_size(handle->dtype);
  const int64_t dims[] = {count, view->rows};
  char* rows = keys + handle->key_bytes / 2;
  olstm__strided_view source = {0, {1, count}};
  olstm__strided_view target;
  olstm__strided_copy copy;
  for (int64_t r = 0; r < view->rows; r++) {
    make_keys(self, handle, count, x + (size_t)r * row_bytes,
              rows + (size_t)(r * count) * key_bytes);
  }
  olstm__strided_view_init_dense(&target, 2, dims);
  olstm__strided_copy_init(&copy, key_bytes, 2, dims, &source, &target);
  olstm__strided_copy_run(&copy, NULL, rows, keys);
}

/// One column: x at its first element, y and indices at theirs (NULL where not wanted).
static void run_column(const topk_handle* handle, const char* x, const char* keys,
                       char* workspace, char* y, int64_t* indices) {
  const size_t element_bytes = olstm_dtype_size(handle->dtype);
  const int64_t columns = handle->view.columns;
  const size_t stride = (size_t)columns * element_bytes;
  int64_t* places =
      indices ? indices : (int64_t*)(void*)(workspace + handle->select_bytes);
  const int64_t step = indices ? columns : 1;
  olstm__topk_select(handle->compute_type, handle->view.rows, keys, handle->k, workspace,
                     places, step);
  for (int64_t i = 0; y && i < handle->k; i++) {
    olstm__move_bytes(y + (size_t)i * stride, x + (size_t)places[i * step] * stride,
                      element_bytes);
  }
}

/// One run, of which strips of columns are done at a time.
typedef struct topk_task {
  const topk_op* self;
  const topk_handle* handle;
  const char* x;
  char* y;
  int64_t* indices;
} topk_task;

static void run_strips(void* argument, int64_t begin, int64_t end, void* memory) {
  const topk_task* run = argument;
  const topk_handle* handle = run->handle;
  const olstm__axis_view* view = &handle->view;
  const size_t element_bytes = olstm_dtype_size(handle->dtype);
  const size_t column_bytes =
      (size_t)view->rows * olstm__compute_type_size(handle->compute_type);
  const int64_t strips = strip_count(handle);
  char* keys = memory;
  for (; begin < end; begin++) {
    const int64_t slab = begin / strips, first = begin % strips * kStrip;
    const int64_t left = view->columns - first;
    const int64_t count = left < kStrip ? left : kStrip;
    const int64_t to = slab * handle->k * view->columns + first;
    const char* x =
        run->x + (size_t)(slab * view->rows * view->columns + first) * element_bytes;
    if (view->columns == 1) {
      make_keys(run->self, handle, view->rows, x, keys);
    } else {
      make_column_keys(run->self, handle, count, x, keys);
    }
    for (int64_t j = 0; j < count; j++) {
      run_column(handle, x + (size_t)j * element_bytes, keys + (size_t)j * column_bytes,
                 keys + handle->key_bytes,
                 run->y ? run->y + (size_t)(to + j) * element_bytes : NULL,
                 run->indices ? run->indices + to + j : NULL);
    }
  }
}

static olstm_status topk_run(const void* instance, const void* handle,
                             const olstm_run_args* args, olstm_error* error) {
  const topk_op* self = instance;
  const topk_handle* prepared = handle;
  topk_task run = {self, prepared, args->inputs[0], args->outputs[0],
                   self->base.node->output_count > 1 ? args->outputs[1] : NULL};
  (void)error;
  if (!run.x || prepared->k == 0) return OLSTM_STATUS_OK;
  olstm__pieces_run_with_memory(args->parallel, prepared->piece_count,
                                prepared->view.slab_count * strip_count(prepared),
                                args->workspace, prepared->piece_bytes, run_strips, &run);
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

static const olstm__op_callbacks kCallbacks = OLSTM__OP_CALLBACKS(topk);

#define ROW(first, last, schema) \
  OLSTM__OP_ROW("TopK", first, last, OLSTM__DTYPES_NUMERIC, kCallbacks, schema)

static const olstm__op_row kTable[] = {ROW(1, 9, kTopKBefore10), ROW(10, 10, kTopK10),
                                       ROW(11, 0, kTopK)};

const olstm__op_family olstm__topk_family = {
    OLSTM__ROWS(kTable),
    .traits = OLSTM__TRAIT_KEEPS_RANK | OLSTM__TRAIT_ROWS_ALONG | OLSTM__TRAIT_LAST_AXIS};
