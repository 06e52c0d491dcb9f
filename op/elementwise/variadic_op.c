// Sum, Min, Max and Mean of any number of operands, combined one after the other.
#include <string.h>

#include "op/elementwise/binary_walk.h"
#include "op/op_family.h"

typedef struct variadic_op {
  olstm__op_base base;
} variadic_op;

/// The first walk combines inputs 0 and 1, each later one the result so far and the next
/// input.
typedef struct variadic_handle {
  olstm__op_handle head;
  size_t y_bytes;
  /// For Mean: the number of operands divides the result. 0 for the others.
  int64_t divisor;
  olstm__compute_type compute_type;
  olstm_dtype dtype;
  int64_t count;
  size_t walk_count;
  olstm__binary_walk walks[];
} variadic_handle;

enum { kCodeMean = OLSTM__BINARY_CODE_COUNT };

static int32_t form_code(const variadic_op* self) {
  return ((const olstm__op_schema*)self->base.self->variant)->code;
}

static olstm_status variadic_infer(const void* instance, const olstm_infer_args* args,
                                   olstm_tensor_desc* out_outputs, olstm_error* error) {
  const variadic_op* self = instance;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&self->base, args, 0, self->base.self->dtypes, error));
  for (size_t i = 1; i < args->input_count; i++) {
    OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(&self->base, args, i, 0, error));
  }
  out_outputs[0].dtype = args->inputs[0]->desc.dtype;
  return olstm__broadcast_infer(&self->base, args, 0, args->input_count, &out_outputs[0],
                                error);
}

static olstm_status variadic_prepare(void* instance, const olstm_prepare_args* args,
                                     olstm_prepared* out_prepared, olstm_error* error) {
  const variadic_op* self = instance;
  variadic_handle* handle = NULL;
  const olstm_tensor_desc* y = &args->outputs[0];
  const size_t walk_count = args->input_count - 1;
  const int32_t code = form_code(self);
  OLSTM_RETURN_IF_ERROR(olstm__op_create_handle(
      &self->base, sizeof *handle + walk_count * sizeof handle->walks[0], (void**)&handle,
      error));
  (void)olstm_tensor_desc_bytes(y, &handle->y_bytes);
  handle->compute_type = olstm__compute_type_of(y->dtype);
  handle->dtype = y->dtype;
  handle->count = olstm_tensor_desc_count(y);
  handle->walk_count = walk_count;
  handle->divisor = code == kCodeMean ? (int64_t)args->input_count : 0;
  int64_t run_count = 0;
  for (size_t w = 0; w < walk_count; w++) {
    olstm__binary_walk_init(
        &handle->walks[w],
        code == kCodeMean ? OLSTM__BINARY_ADD : (olstm__binary_code)code,
        handle->compute_type, w == 0 ? &args->inputs[0]->desc : y,
        &args->inputs[w + 1]->desc, y);
    run_count += handle->walks[w].plan.run_count;
  }
  out_prepared->handle = handle;
  out_prepared->work = olstm__op_element_work(self->base.self->op_type, args, run_count,
                                              olstm__op_run_units(args));
  if (walk_count == 0) out_prepared->view_of_input = 0;
  // y is written before inputs 2 and later are read.
  for (size_t i = 0; i < 2 && i < args->input_count; i++) {
    if (olstm_tensor_desc_equal(&args->inputs[i]->desc, y)) {
      out_prepared->inplace_inputs |= 1u << i;
    }
  }
  return OLSTM_STATUS_OK;
}

static void divide(const variadic_handle* handle, char* y) {
  const size_t element_bytes = olstm_dtype_size(handle->dtype);
  const olstm__binary_kernel kernel =
      olstm__binary_kernel_find(OLSTM__BINARY_DIV, handle->compute_type);
  const olstm_dtype counted = OLSTM_DTYPE_INT64;
  olstm__compute_value divisor;
  olstm__compute_block block;
  olstm__compute_load(handle->compute_type, counted, 1, &handle->divisor, &divisor);
  if (olstm__compute_type_is_native(handle->compute_type, handle->dtype)) {
    (void)kernel(handle->count, y, 1, &divisor, 0, y);
    return;
  }
  for (int64_t begin = 0; begin < handle->count; begin += OLSTM__COMPUTE_BLOCK) {
    const int64_t count = olstm__compute_block_size(handle->count - begin);
    char* at = y + (size_t)begin * element_bytes;
    olstm__compute_load(handle->compute_type, handle->dtype, count, at, &block);
    (void)kernel(count, &block, 1, &divisor, 0, &block);
    olstm__compute_store(handle->compute_type, handle->dtype, count, &block, at);
  }
}

static olstm_status variadic_run(const void* instance, const void* handle,
                                 const olstm_run_args* args, olstm_error* error) {
  const variadic_handle* prepared = handle;
  void* y = args->outputs[0];
  (void)instance;
  (void)error;
  if (prepared->y_bytes == 0) return OLSTM_STATUS_OK;
  if (prepared->walk_count == 0 && y != args->inputs[0]) {
    memcpy(y, args->inputs[0], prepared->y_bytes);
  }
  for (size_t w = 0; w < prepared->walk_count; w++) {
    (void)olstm__binary_walk_run(&prepared->walks[w], args->parallel,
                                 w == 0 ? args->inputs[0] : y, args->inputs[w + 1], y);
  }
  if (prepared->divisor > 1) divide(prepared, y);
  return OLSTM_STATUS_OK;
}

#define SCHEMA(name, what)             \
  static const olstm__op_schema name = \
      OLSTM__OP_SCHEMA(OLSTM__OP_ANY, OLSTM__OP_ANY, 1, NULL, variadic_op, NULL, what)
SCHEMA(kSum, OLSTM__BINARY_ADD);
SCHEMA(kMin, OLSTM__BINARY_MIN);
SCHEMA(kMax, OLSTM__BINARY_MAX);
SCHEMA(kMean, kCodeMean);

static const olstm__op_callbacks kCallbacks = OLSTM__OP_CALLBACKS(variadic);

#define ROW(type, dtypes, schema) OLSTM__OP_ROW(type, 1, 0, dtypes, kCallbacks, schema)

static const olstm__op_row kTable[] = {
    ROW("Sum", OLSTM__DTYPES_REAL, kSum),
    ROW("Min", OLSTM__DTYPES_NUMERIC, kMin),
    ROW("Max", OLSTM__DTYPES_NUMERIC, kMax),
    ROW("Mean", OLSTM__DTYPES_REAL, kMean),
};

const olstm__op_family olstm__variadic_family = {OLSTM__ROWS(kTable)};
