// ArgMax and ArgMin: the index of the first (or last) extreme along one axis.
#include "op/op_family.h"
#include "op/op_support.h"
#include "op/pieces.h"
#include "op/reduce/arg_fold.h"
#include "op/reduce/axis_view.h"

typedef struct arg_op {
  olstm__op_base base;
  int64_t axis;
  bool keeps_dims;
  /// Which of several equal extremes.
  bool selects_last;
} arg_op;

typedef struct arg_handle {
  olstm__op_handle head;
  olstm_dtype dtype;
  olstm__axis_view view;
  /// For pieces: of a row, or of a block of columns.
  int64_t item_elements;
} arg_handle;

static int64_t block_count(const olstm__axis_view* view) {
  return (view->columns + OLSTM__COMPUTE_BLOCK - 1) / OLSTM__COMPUTE_BLOCK;
}

enum { kCodeMax, kCodeMin };

static olstm_status parse_plain(void* instance, olstm_error* error) {
  arg_op* self = instance;
  int64_t keepdims = 1;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(self->base.node, "keepdims", 1, &keepdims, error));
  self->keeps_dims = keepdims != 0;
  return olstm_node_get_int(self->base.node, "axis", 0, &self->axis, error);
}

static olstm_status parse_since_12(void* instance, olstm_error* error) {
  arg_op* self = instance;
  int64_t last = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(self->base.node, "select_last_index", 0, &last, error));
  self->selects_last = last != 0;
  return parse_plain(instance, error);
}

static olstm_status find_axis(const arg_op* self, const olstm_tensor_desc* x,
                              int32_t* out_axis, olstm_error* error) {
  return olstm__op_normalize_axis(&self->base, "attribute axis", self->axis,
                                  x->rank > 0 ? x->rank : 1, out_axis, error);
}

static olstm_status arg_infer(const void* instance, const olstm_infer_args* args,
                              olstm_tensor_desc* out_outputs, olstm_error* error) {
  const arg_op* self = instance;
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  olstm_tensor_desc* y = &out_outputs[0];
  int32_t axis = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&self->base, args, 0, OLSTM__DTYPES_NUMERIC, error));
  OLSTM_RETURN_IF_ERROR(find_axis(self, x, &axis, error));
  *y = (olstm_tensor_desc){.dtype = OLSTM_DTYPE_INT64};
  for (int32_t d = 0; d < x->rank; d++) {
    if (d != axis) {
      y->dims[y->rank++] = x->dims[d];
    } else if (self->keeps_dims) {
      y->dims[y->rank++] = 1;
    }
  }
  if (x->rank > 0 && x->dims[axis] == 0 && olstm_tensor_desc_count(y) > 0) {
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s: no elements along axis %d",
                          self->base.node->input_names[0], olstm_shape_text(x).text,
                          (int)axis);
  }
  return olstm__op_check_output(&self->base, y, error);
}

static olstm_status arg_prepare(void* instance, const olstm_prepare_args* args,
                                olstm_prepared* out_prepared, olstm_error* error) {
  enum { kUnitsPerRow = 32, kUnitsPerConvertedRow = 512 };
  const arg_op* self = instance;
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  int32_t axis = 0;
  arg_handle* handle = NULL;
  OLSTM_RETURN_IF_ERROR(find_axis(self, x, &axis, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&self->base, sizeof *handle, (void**)&handle, error));
  handle->dtype = x->dtype;
  handle->view = olstm__axis_view_of(x, axis);
  out_prepared->handle = handle;
  // Along the last axis each output is a row of its own, which the table counts.
  const olstm__axis_view* view = &handle->view;
  const bool is_plain = olstm_dtype_size(x->dtype) >= sizeof(float);
  out_prepared->work =
      olstm__op_element_work(self->base.self->op_type, args,
                             view->columns > 1 ? view->slab_count * view->rows : 0,
                             is_plain ? kUnitsPerRow : kUnitsPerConvertedRow);
  // Bytes are compared many at a time.
  const int32_t shift = olstm_dtype_size(x->dtype) == 1 ? 3 : 0;
  handle->item_elements = olstm__piece_elements(out_prepared->work >> shift,
                                                view->slab_count * block_count(view));
  return OLSTM_STATUS_OK;
}

/// One run, of which rows, or blocks of columns, are done at a time.
typedef struct arg_task {
  const arg_handle* handle;
  olstm__arg_order order;
  const char* x;
  int64_t* y;
} arg_task;

static void run_items(void* argument, int64_t begin, int64_t end) {
  const arg_task* run = argument;
  const olstm_dtype dtype = run->handle->dtype;
  const olstm__axis_view* view = &run->handle->view;
  const size_t bytes = olstm_dtype_size(dtype);
  if (view->columns == 1) {
    olstm__arg_of_rows(dtype, run->order, end - begin, view->rows,
                       run->x + (size_t)(begin * view->rows) * bytes, run->y + begin);
    return;
  }
  const int64_t blocks = block_count(view);
  for (; begin < end; begin++) {
    const int64_t slab = begin / blocks, j = begin % blocks * OLSTM__COMPUTE_BLOCK;
    olstm__arg_of_columns(
        dtype, run->order, view->rows, view->columns,
        olstm__compute_block_size(view->columns - j),
        run->x + (size_t)(slab * view->rows * view->columns + j) * bytes,
        run->y + slab * view->columns + j);
  }
}

static olstm_status arg_run(const void* instance, const void* handle,
                            const olstm_run_args* args, olstm_error* error) {
  const arg_op* self = instance;
  const arg_handle* prepared = handle;
  const int32_t code = ((const olstm__op_schema*)self->base.self->variant)->code;
  arg_task run = {prepared,
                  {code == kCodeMax, self->selects_last},
                  args->inputs[0],
                  args->outputs[0]};
  (void)error;
  if (run.y) {
    olstm__pieces_run(args->parallel,
                      prepared->view.slab_count * block_count(&prepared->view),
                      prepared->item_elements, run_items, &run);
  }
  return OLSTM_STATUS_OK;
}

static const char* const kBefore12[] = {"axis", "keepdims", NULL};
static const char* const kSince12[] = {"axis", "keepdims", "select_last_index", NULL};

#define SCHEMA(name, what, names, parser) \
  static const olstm__op_schema name =    \
      OLSTM__OP_SCHEMA(1, 1, 1, names, arg_op, parser, what)
SCHEMA(kArgMaxBefore12, kCodeMax, kBefore12, parse_plain);
SCHEMA(kArgMax, kCodeMax, kSince12, parse_since_12);
SCHEMA(kArgMinBefore12, kCodeMin, kBefore12, parse_plain);
SCHEMA(kArgMin, kCodeMin, kSince12, parse_since_12);

static const olstm__op_callbacks kCallbacks = OLSTM__OP_CALLBACKS(arg);

#define ROW(type, first, last, schema) \
  OLSTM__OP_ROW(type, first, last, OLSTM__DTYPES_NUMERIC, kCallbacks, schema)

static const olstm__op_row kTable[] = {
    ROW("ArgMax", 1, 11, kArgMaxBefore12),
    ROW("ArgMax", 12, 0, kArgMax),
    ROW("ArgMin", 1, 11, kArgMinBefore12),
    ROW("ArgMin", 12, 0, kArgMin),
};

const olstm__op_family olstm__arg_family = {
    OLSTM__ROWS(kTable), .traits = OLSTM__TRAIT_REDUCES | OLSTM__TRAIT_ROWS_ALONG};
