// Softmax, LogSoftmax and Hardmax along one axis; before opset 13, over the dimensions
// from axis on as one.
#include <math.h>
#include <string.h>

#include "op/elementwise/compute_type.h"
#include "op/math/float_fold.h"
#include "op/math/vector_math.h"
#include "op/op_family.h"
#include "op/op_support.h"
#include "op/reduce/arg_fold.h"

enum { kCodeSoftmax, kCodeLogSoftmax, kCodeHardmax };
enum { kPartialCount = 8 };

typedef struct softmax_op {
  olstm__op_base base;
  int64_t axis;
  bool flattens;
} softmax_op;

/// The input as [slab_count, rows, columns], along the rows.
typedef struct softmax_handle {
  olstm__op_handle head;
  olstm_dtype dtype;
  olstm__compute_type compute_type;
  int64_t slab_count;
  int64_t rows;
  int64_t columns;
} softmax_handle;

static void exp_block_f32(int64_t count, const float* x, float shift, float* y) {
  olstm__vector_exp_shifted_f32((size_t)count, x, shift, y);
}

static float find_most_f32(int64_t count, const float* x) {
  float most = 0;
  olstm__float_fold_get()->most_of_rows[0](1, 0, count, x, &most);
  return most;
}

static double add_up_f32(int64_t count, const float* x) {
  double sum = 0;
  olstm__float_fold_get()->rows[OLSTM__FOLD_SUM](1, 0, count, x, 0, &sum);
  return sum;
}

static void exp_block_f64(int64_t count, const double* x, double shift, double* y) {
  for (int64_t i = 0; i < count; i++) y[i] = exp(x[i] - shift);
}

static double find_most_f64(int64_t count, const double* x) {
  double most = x[0];
  for (int64_t i = 1; i < count; i++) most = x[i] > most ? x[i] : most;
  return most;
}

/// In partial sums side by side, so that one need not wait for the other.
static double add_up_f64(int64_t count, const double* x) {
  double sums[kPartialCount] = {0};
  int64_t i = 0;
  for (; i + kPartialCount <= count; i += kPartialCount) {
    for (int s = 0; s < kPartialCount; s++) sums[s] += x[i + s];
  }
  for (; i < count; i++) sums[0] += x[i];
  for (int s = 1; s < kPartialCount; s++) sums[0] += sums[s];
  return sums[0];
}

#define REAL float
#define NAME(x) x##_f32
#define EXP_BLOCK exp_block_f32
#define FIND_MOST find_most_f32
#define ADD_UP add_up_f32
#define REAL_LOG logf
#include "op/reduce/softmax_kernel.inc"
#undef REAL
#undef NAME
#undef EXP_BLOCK
#undef FIND_MOST
#undef ADD_UP
#undef REAL_LOG

#define REAL double
#define NAME(x) x##_f64
#define EXP_BLOCK exp_block_f64
#define FIND_MOST find_most_f64
#define ADD_UP add_up_f64
#define REAL_LOG log
#include "op/reduce/softmax_kernel.inc"
#undef REAL
#undef NAME
#undef EXP_BLOCK
#undef FIND_MOST
#undef ADD_UP
#undef REAL_LOG

static olstm_status parse_before_13(void* instance, olstm_error* error) {
  softmax_op* self = instance;
  self->flattens = true;
  return olstm_node_get_int(self->base.node, "axis", 1, &self->axis, error);
}

static olstm_status parse_since_13(void* instance, olstm_error* error) {
  softmax_op* self = instance;
  return olstm_node_get_int(self->base.node, "axis", -1, &self->axis, error);
}

/// A scalar is a vector of one. Flattening allows an axis one past the last, too.
static olstm_status find_axis(const softmax_op* self, const olstm_tensor_desc* x,
                              int32_t* out_axis, olstm_error* error) {
  const int32_t rank = x->rank > 0 ? x->rank : 1;
  if (self->flattens && self->axis == rank) {
    *out_axis = rank;
    return OLSTM_STATUS_OK;
  }
  return olstm__op_normalize_axis(&self->base, "attribute axis", self->axis, rank,
                                  out_axis, error);
}

static olstm_status softmax_infer(const void* instance, const olstm_infer_args* args,
                                  olstm_tensor_desc* out_outputs, olstm_error* error) {
  const softmax_op* self = instance;
  int32_t axis = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&self->base, args, 0, OLSTM__DTYPES_REAL, error));
  OLSTM_RETURN_IF_ERROR(find_axis(self, &args->inputs[0]->desc, &axis, error));
  out_outputs[0] = args->inputs[0]->desc;
  return OLSTM_STATUS_OK;
}

static olstm_status softmax_prepare(void* instance, const olstm_prepare_args* args,
                                    olstm_prepared* out_prepared, olstm_error* error) {
  const softmax_op* self = instance;
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  int32_t axis = 0;
  softmax_handle* handle = NULL;
  OLSTM_RETURN_IF_ERROR(find_axis(self, x, &axis, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&self->base, sizeof *handle, (void**)&handle, error));
  handle->dtype = x->dtype;
  handle->compute_type = olstm__compute_type_of(x->dtype);
  handle->slab_count = 1;
  handle->rows = 1;
  handle->columns = 1;
  for (int32_t d = 0; d < x->rank; d++) {
    int64_t* part = d < axis                      ? &handle->slab_count
                    : d == axis || self->flattens ? &handle->rows
                                                  : &handle->columns;
    *part *= x->dims[d];
  }
  if (handle->rows == 0 || handle->columns == 0) handle->slab_count = 0;
  if (!olstm__compute_type_is_native(handle->compute_type, x->dtype) &&
      handle->slab_count > 0) {
    out_prepared->workspace_bytes = (size_t)(handle->rows * handle->columns) *
                                    olstm__compute_type_size(handle->compute_type);
  }
  out_prepared->handle = handle;
  out_prepared->inplace_inputs = 1u;
  return OLSTM_STATUS_OK;
}

/// 1 at the first of the largest, else 0. x may be y.
static void hardmax_slab(const softmax_handle* handle, const char* x, char* y) {
  static const olstm__arg_order kFirstMost = {true, false};
  const int64_t rows = handle->rows;
  const int64_t columns = handle->columns;
  const size_t bytes = olstm_dtype_size(handle->dtype);
  const double one = 1;
  for (int64_t j = 0; j < columns; j += OLSTM__COMPUTE_BLOCK) {
    const int64_t count = olstm__compute_block_size(columns - j);
    int64_t places[OLSTM__COMPUTE_BLOCK];
    if (columns == 1) {
      olstm__arg_of_rows(handle->dtype, kFirstMost, 1, rows, x, places);
    } else {
      olstm__arg_of_columns(handle->dtype, kFirstMost, rows, columns, count,
                            x + (size_t)j * bytes, places);
    }
    const int64_t joined = count == columns ? rows : 1;
    for (int64_t i = 0; i < rows; i += joined) {
      memset(y + (size_t)(i * columns + j) * bytes, 0, (size_t)(joined * count) * bytes);
    }
    for (int64_t c = 0; c < count; c++) {
      olstm__compute_store(OLSTM__COMPUTE_F64, handle->dtype, 1, &one,
                           y + (size_t)(places[c] * columns + j + c) * bytes);
    }
  }
}

static void run_slab(int32_t code, const softmax_handle* handle, const void* x, void* y) {
  if (handle->compute_type == OLSTM__COMPUTE_F64) {
    softmax_slab_f64(code, handle->rows, handle->columns, x, y);
  } else {
    softmax_slab_f32(code, handle->rows, handle->columns, x, y);
  }
}

static olstm_status softmax_run(const void* instance, const void* handle,
                                const olstm_run_args* args, olstm_error* error) {
  const softmax_op* self = instance;
  const softmax_handle* prepared = handle;
  const int32_t code = ((const olstm__op_schema*)self->base.self->variant)->code;
  const int64_t count = prepared->rows * prepared->columns;
  const size_t slab_bytes = (size_t)count * olstm_dtype_size(prepared->dtype);
  const char* x = args->inputs[0];
  char* y = args->outputs[0];
  (void)error;
  for (int64_t s = 0; s < prepared->slab_count; s++, x += slab_bytes, y += slab_bytes) {
    if (code == kCodeHardmax) {
      hardmax_slab(prepared, x, y);
      continue;
    }
    if (olstm__compute_type_is_native(prepared->compute_type, prepared->dtype)) {
      run_slab(code, prepared, x, y);
      continue;
    }
    olstm__compute_load(prepared->compute_type, prepared->dtype, count, x,
                        args->workspace);
    run_slab(code, prepared, args->workspace, args->workspace);
    olstm__compute_store(prepared->compute_type, prepared->dtype, count, args->workspace,
                         y);
  }
  return OLSTM_STATUS_OK;
}

static const char* const kAxis[] = {"axis", NULL};

#define SCHEMA(name, what, parser)     \
  static const olstm__op_schema name = \
      OLSTM__OP_SCHEMA(1, 1, 1, kAxis, softmax_op, parser, what)
SCHEMA(kSoftmaxBefore13, kCodeSoftmax, parse_before_13);
SCHEMA(kSoftmax, kCodeSoftmax, parse_since_13);
SCHEMA(kLogSoftmaxBefore13, kCodeLogSoftmax, parse_before_13);
SCHEMA(kLogSoftmax, kCodeLogSoftmax, parse_since_13);
SCHEMA(kHardmaxBefore13, kCodeHardmax, parse_before_13);
SCHEMA(kHardmax, kCodeHardmax, parse_since_13);

#define ROW(type, first, last, schema)                                           \
  OLSTM__OP_ENTRY(type, first, last, OLSTM__DTYPES_REAL, &schema, softmax_infer, \
                  softmax_prepare, softmax_run)

static const olstm_operator kOperators[] = {
    ROW("Softmax", 1, 12, kSoftmaxBefore13),       ROW("Softmax", 13, 0, kSoftmax),
    ROW("LogSoftmax", 1, 12, kLogSoftmaxBefore13), ROW("LogSoftmax", 13, 0, kLogSoftmax),
    ROW("Hardmax", 1, 12, kHardmaxBefore13),       ROW("Hardmax", 13, 0, kHardmax),
};

const olstm__op_family olstm__softmax_family = {OLSTM__OPERATORS(kOperators),
                                                .traits = OLSTM__TRAIT_KEEPS_SHAPE};
