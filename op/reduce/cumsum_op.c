// CumSum and CumProd along an axis, which is an input and may be known at run time only.
// Integers wrap.
#include <string.h>

#include "op/elementwise/binary_kernel.h"
#include "op/op_family.h"
#include "op/op_support.h"
#include "op/reduce/axis_view.h"
#include "op/shape/move_bytes.h"

typedef struct cumsum_op {
  olstm__op_base base;
  /// Excludes an element's own value from its total.
  bool exclusive;
  /// From the last to the first.
  bool reverse;
} cumsum_op;

typedef struct cumsum_handle {
  olstm__op_handle head;
  olstm_tensor_desc x;
  olstm_dtype axis_dtype;
  olstm__compute_type compute_type;
  olstm__binary_kernel take_in;
} cumsum_handle;

static int32_t code_of(const cumsum_op* self) {
  return ((const olstm__op_schema*)self->base.self->variant)->code;
}

static olstm_status parse(void* instance, olstm_error* error) {
  cumsum_op* self = instance;
  int64_t exclusive = 0;
  int64_t reverse = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(self->base.node, "exclusive", 0, &exclusive, error));
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(self->base.node, "reverse", 0, &reverse, error));
  self->exclusive = exclusive != 0;
  self->reverse = reverse != 0;
  return OLSTM_STATUS_OK;
}

static olstm_status cumsum_infer(const void* instance, const olstm_infer_args* args,
                                 olstm_tensor_desc* out_outputs, olstm_error* error) {
  const cumsum_op* self = instance;
  const olstm_tensor_desc* axis = &args->inputs[1]->desc;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&self->base, args, 0, OLSTM__DTYPES_NUMERIC, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_check_dtype(
      &self->base, args, 1,
      OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT32) | OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT64), error));
  if (olstm_tensor_desc_count(axis) != 1) {
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, expected a scalar",
                          self->base.node->input_names[1], olstm_shape_text(axis).text);
  }
  out_outputs[0] = args->inputs[0]->desc;
  return OLSTM_STATUS_OK;
}

static int64_t read_axis(olstm_dtype dtype, const void* axis) {
  return dtype == OLSTM_DTYPE_INT64 ? *(const int64_t*)axis : *(const int32_t*)axis;
}

/// Along the last axis, which it may be where only a run tells, rows go number by number;
/// along others, each row of neighbours is added to the one before.
static uint64_t count_work(const cumsum_op* self, const olstm_prepare_args* args) {
  enum { kUnitsPerLine = 640, kUnitsPerNumber = 20, kUnitsPerRow = 320 };
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  const olstm_tensor* axis = args->inputs[1];
  const int64_t given = axis->data ? read_axis(axis->desc.dtype, axis->data) : -1;
  const int64_t count = olstm_tensor_desc_count(x);
  int64_t length = x->rank > 0 ? x->dims[x->rank - 1] : 1;
  int64_t units = kUnitsPerLine, number = kUnitsPerNumber;
  if (given != -1 && given != x->rank - 1) {
    length =
        olstm__axis_view_of(x, (int32_t)(given < 0 ? given + x->rank : given)).columns;
    if (length > 1) {
      units = kUnitsPerRow * (olstm_dtype_size(x->dtype) < sizeof(float) ? 4 : 1);
      number = 0;
    }
  }
  return olstm__op_work_sum(olstm__op_element_work(self->base.self->op_type, args,
                                                   count > 0 ? count / length : 0, units),
                            olstm__op_work(count, number, 1, 1));
}

static olstm_status cumsum_prepare(void* instance, const olstm_prepare_args* args,
                                   olstm_prepared* out_prepared, olstm_error* error) {
  const cumsum_op* self = instance;
  cumsum_handle* handle = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&self->base, sizeof *handle, (void**)&handle, error));
  handle->x = args->inputs[0]->desc;
  handle->axis_dtype = args->inputs[1]->desc.dtype;
  handle->compute_type = olstm__compute_type_of(handle->x.dtype);
  handle->take_in =
      olstm__binary_kernel_find((olstm__binary_code)code_of(self), handle->compute_type);
  out_prepared->handle = handle;
  out_prepared->work = count_work(self, args);
  out_prepared->inplace_inputs = 1u;
  return OLSTM_STATUS_OK;
}

// Goes on with the total so far along `count` neighbours, or backwards from the last of
// them. x may be y.
#define PREFIX(NAME, type)                                                          \
  static void prefix_##NAME(const cumsum_op* self, int64_t count, const void* from, \
                            void* to, olstm__compute_value* so_far) {               \
    const type* x = from;                                                           \
    type* y = to;                                                                   \
    type total;                                                                     \
    memcpy(&total, so_far, sizeof total);                                           \
    const bool multiplies = code_of(self) == OLSTM__BINARY_MUL;                     \
    const bool exclusive = self->exclusive;                                         \
    const int64_t step = self->reverse ? -1 : 1;                                    \
    int64_t i = self->reverse ? count - 1 : 0;                                      \
    /* A sum does not wait for a product that nobody wants. */                      \
    for (int64_t n = 0; !multiplies && n < count; n++, i += step) {                 \
      const type next = total + x[i];                                               \
      y[i] = exclusive ? total : next;                                              \
      total = next;                                                                 \
    }                                                                               \
    for (int64_t n = 0; multiplies && n < count; n++, i += step) {                  \
      const type next = total * x[i];                                               \
      y[i] = exclusive ? total : next;                                              \
      total = next;                                                                 \
    }                                                                               \
    memcpy(so_far, &total, sizeof total);                                           \
  }
PREFIX(F32, float)
PREFIX(F64, double)
PREFIX(I32, uint32_t)
// Of unsigned ones, too.
PREFIX(I64, uint64_t)

typedef void (*prefix_function)(const cumsum_op* self, int64_t count, const void* from,
                                void* to, olstm__compute_value* so_far);

static const prefix_function kPrefixes[OLSTM__COMPUTE_COUNT] = {
    [OLSTM__COMPUTE_F32] = prefix_F32,
    [OLSTM__COMPUTE_F64] = prefix_F64,
    [OLSTM__COMPUTE_I32] = prefix_I32,
    [OLSTM__COMPUTE_I64] = prefix_I64,
    [OLSTM__COMPUTE_U64] = prefix_I64};

/// The total of no elements: 0, or 1 for products.
static olstm__compute_value neutral_of(const cumsum_op* self,
                                       olstm__compute_type compute_type) {
  const int64_t neutral = code_of(self) == OLSTM__BINARY_MUL;
  olstm__compute_value total = {0};
  olstm__compute_load(compute_type, OLSTM_DTYPE_INT64, 1, &neutral, &total);
  return total;
}

static bool is_native(const cumsum_handle* handle) {
  return olstm__compute_type_is_native(handle->compute_type, handle->x.dtype);
}

/// One row, along itself.
static void run_row(const cumsum_op* self, const cumsum_handle* handle, int64_t count,
                    const char* x, char* y) {
  const size_t bytes = olstm_dtype_size(handle->x.dtype);
  const prefix_function prefix = kPrefixes[handle->compute_type];
  olstm__compute_value total = neutral_of(self, handle->compute_type);
  if (is_native(handle)) {
    prefix(self, count, x, y, &total);
    return;
  }
  for (int64_t done = 0; done < count; done += OLSTM__COMPUTE_BLOCK) {
    const int64_t size = olstm__compute_block_size(count - done);
    const size_t offset = (size_t)(self->reverse ? count - done - size : done) * bytes;
    olstm__compute_block values;
    olstm__compute_load(handle->compute_type, handle->x.dtype, size, x + offset, &values);
    prefix(self, size, &values, &values, &total);
    olstm__compute_store(handle->compute_type, handle->x.dtype, size, &values,
                         y + offset);
  }
}

/// Neighbouring columns whose elements need no conversion: each row from the one before.
/// Where totals exclude their own element, x is not y.
static void run_native_columns(const cumsum_op* self, const cumsum_handle* handle,
                               int64_t rows, int64_t row_stride, int64_t count,
                               const char* x, char* y) {
  const int64_t row_bytes = row_stride * (int64_t)olstm_dtype_size(handle->x.dtype);
  const int64_t step = self->reverse ? -row_bytes : row_bytes;
  const olstm__compute_value neutral = neutral_of(self, handle->compute_type);
  const void* before = &neutral;
  if (rows == 0) return;
  if (self->reverse) {
    x += (rows - 1) * row_bytes;
    y += (rows - 1) * row_bytes;
  }
  if (self->exclusive) {
    olstm__fill_elements(y, (size_t)count, olstm_dtype_size(handle->x.dtype), &neutral);
    before = y;
    y += step;
    rows--;
  }
  for (int64_t r = 0; r < rows; r++, x += step, y += step) {
    (void)handle->take_in(count, before, before != &neutral, x, 1, y);
    before = y;
  }
}

/// Up to a block of columns side by side.
static void run_columns(const cumsum_op* self, const cumsum_handle* handle, int64_t rows,
                        int64_t row_stride, int64_t count, const char* x, char* y) {
  const size_t row_bytes = (size_t)row_stride * olstm_dtype_size(handle->x.dtype);
  olstm__compute_block values;
  olstm__compute_block totals;
  // The total of no elements: 0, or 1 for products.
  for (int64_t j = 0; j < count; j++) values.i64[j] = code_of(self) == OLSTM__BINARY_MUL;
  olstm__compute_load(handle->compute_type, OLSTM_DTYPE_INT64, count, &values, &totals);
  for (int64_t r = 0; r < rows; r++) {
    const size_t offset = (size_t)(self->reverse ? rows - 1 - r : r) * row_bytes;
    olstm__compute_load(handle->compute_type, handle->x.dtype, count, x + offset,
                        &values);
    if (self->exclusive) {
      olstm__compute_store(handle->compute_type, handle->x.dtype, count, &totals,
                           y + offset);
    }
    (void)handle->take_in(count, &totals, 1, &values, 1, &totals);
    if (!self->exclusive) {
      olstm__compute_store(handle->compute_type, handle->x.dtype, count, &totals,
                           y + offset);
    }
  }
}

static olstm_status cumsum_run(const void* instance, const void* handle,
                               const olstm_run_args* args, olstm_error* error) {
  const cumsum_op* self = instance;
  const cumsum_handle* prepared = handle;
  const olstm_tensor_desc* x = &prepared->x;
  const size_t element_bytes = olstm_dtype_size(x->dtype);
  const int64_t given = read_axis(prepared->axis_dtype, args->inputs[1]);
  int32_t axis = 0;
  OLSTM_RETURN_IF_ERROR(olstm__op_normalize_axis(
      &self->base, "axis", given, x->rank > 0 ? x->rank : 1, &axis, error));
  if (!args->outputs[0]) return OLSTM_STATUS_OK;
  const olstm__axis_view view = olstm__axis_view_of(x, axis);
  const bool goes_on =
      is_native(prepared) && !(self->exclusive && args->inputs[0] == args->outputs[0]);
  for (int64_t s = 0; s < view.slab_count; s++) {
    for (int64_t j = 0; j < view.columns; j += OLSTM__COMPUTE_BLOCK) {
      const size_t offset = (size_t)(s * view.rows * view.columns + j) * element_bytes;
      const char* from = (const char*)args->inputs[0] + offset;
      char* to = (char*)args->outputs[0] + offset;
      if (view.columns == 1) {
        run_row(self, prepared, view.rows, from, to);
      } else {
        (goes_on ? run_native_columns : run_columns)(
            self, prepared, view.rows, view.columns,
            olstm__compute_block_size(view.columns - j), from, to);
      }
    }
  }
  return OLSTM_STATUS_OK;
}

static const char* const kAttributes[] = {"exclusive", "reverse", NULL};
static const olstm__op_schema kCumSum = {.arity = {2, 2, 1},
                                         .attributes = kAttributes,
                                         .instance_bytes = sizeof(cumsum_op),
                                         .parse = parse,
                                         .code = OLSTM__BINARY_ADD};
static const olstm__op_schema kCumProd = {.arity = {2, 2, 1},
                                          .attributes = kAttributes,
                                          .instance_bytes = sizeof(cumsum_op),
                                          .parse = parse,
                                          .code = OLSTM__BINARY_MUL};

static const olstm__op_callbacks kCallbacks = OLSTM__OP_CALLBACKS(cumsum);

static const olstm__op_row kTable[] = {
    OLSTM__OP_ROW("CumSum", 11, 0, OLSTM__DTYPES_NUMERIC, kCallbacks, kCumSum),
    OLSTM__OP_ROW("CumProd", 26, 0, OLSTM__DTYPES_NUMERIC, kCallbacks, kCumProd),
};

const olstm__op_family olstm__cumsum_family = {
    OLSTM__ROWS(kTable), .traits = OLSTM__TRAIT_KEEPS_SHAPE | OLSTM__TRAIT_ROWS_ALONG |
                                   OLSTM__TRAIT_AXIS_INPUT};
