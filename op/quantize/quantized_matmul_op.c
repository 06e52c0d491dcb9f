// MatMulInteger and QLinearMatMul: products of quantized matrices. MatMulInteger gives
// int32 sums, which wrap where they do not fit; QLinearMatMul quantizes them again.
#include "op/dense/matmul_shape.h"
#include "op/elementwise/lane.h"
#include "op/op_family.h"
#include "op/quantize/zero_point.h"

enum { CODE_INTEGER, CODE_QLINEAR, MAX_INPUTS = 8 };

// Where each operand is among the inputs.
typedef struct input_indices {
  size_t b, a_zero, b_zero, a_scale, b_scale, y_scale, y_zero;
} input_indices;

static const input_indices kInputs[] = {
    [CODE_INTEGER] = {.b = 1, .a_zero = 2, .b_zero = 3},
    [CODE_QLINEAR] = {.b = 3,
                      .a_scale = 1,
                      .a_zero = 2,
                      .b_scale = 4,
                      .b_zero = 5,
                      .y_scale = 6,
                      .y_zero = 7}};

typedef struct quantized_matmul_op {
  olstm__op_base base;
} quantized_matmul_op;

typedef struct quantized_matmul_handle {
  olstm__op_handle head;
  olstm__matmul_plan plan;
  olstm_tensor_desc descs[MAX_INPUTS];
  olstm_dtype y_dtype;
  /// Parts of the workspace after A, which begins it: B, B packed, C; doubles all.
  size_t b_offset;
  size_t packed_offset;
  size_t c_offset;
} quantized_matmul_handle;

static int32_t code_of(const quantized_matmul_op* self) {
  return ((const olstm__op_form*)self->base.self->variant)->code;
}

static olstm_status quantized_matmul_infer(const void* instance,
                                           const olstm_infer_args* args,
                                           olstm_tensor_desc* out_outputs,
                                           olstm_error* error) {
  const quantized_matmul_op* self = instance;
  const olstm__op_base* base = &self->base;
  const bool qlinear = code_of(self) == CODE_QLINEAR;
  const input_indices* at = &kInputs[code_of(self)];
  olstm__matmul_plan plan;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(base, args, 0, OLSTM__DTYPES_QUANTIZED_8, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(base, args, at->b, OLSTM__DTYPES_QUANTIZED_8, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(base, args, at->a_zero, 0, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(base, args, at->b_zero, at->b, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__matmul_infer(base, args, 0, at->b, &out_outputs[0], error));
  out_outputs[0].dtype = OLSTM_DTYPE_INT32;
  olstm__matmul_plan_init(&plan, &args->inputs[0]->desc, &args->inputs[at->b]->desc,
                          &out_outputs[0], false);
  OLSTM_RETURN_IF_ERROR(
      olstm__quantize_operand_check(base, args, at->a_zero, plan.m, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__quantize_operand_check(base, args, at->b_zero, plan.n, error));
  if (!qlinear) return OLSTM_STATUS_OK;
  const size_t scales[] = {at->a_scale, at->b_scale, at->y_scale};
  const int64_t counts[] = {plan.m, plan.n, 1};
  for (size_t i = 0; i < 3; i++) {
    OLSTM_RETURN_IF_ERROR(
        olstm__op_check_dtype(base, args, scales[i], OLSTM__DTYPES_REAL, error));
    OLSTM_RETURN_IF_ERROR(
        olstm__quantize_operand_check(base, args, scales[i], counts[i], error));
  }
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(base, args, at->y_zero, OLSTM__DTYPES_QUANTIZED_8, error));
  OLSTM_RETURN_IF_ERROR(olstm__quantize_operand_check(base, args, at->y_zero, 1, error));
  out_outputs[0].dtype = args->inputs[at->y_zero]->desc.dtype;
  return OLSTM_STATUS_OK;
}

static olstm__product product_of(const olstm__matmul_plan* plan) {
  return (olstm__product){OLSTM_DTYPE_DOUBLE, plan->m, plan->k, plan->n};
}

static bool add_part(size_t* total, size_t bytes, size_t* out_offset) {
  *out_offset = *total;
  return olstm_size_align(bytes, &bytes) && olstm_size_add(*total, bytes, total);
}

static bool lay_out(quantized_matmul_handle* handle, size_t* out_bytes) {
  const olstm__matmul_plan* plan = &handle->plan;
  const olstm__product product = product_of(plan);
  size_t a_offset = 0;
  size_t packed_bytes = 0;
  *out_bytes = 0;
  return olstm__product_packed_bytes(&product, &packed_bytes) &&
         add_part(out_bytes, (size_t)(plan->m * plan->k) * sizeof(double), &a_offset) &&
         add_part(out_bytes, (size_t)(plan->k * plan->n) * sizeof(double),
                  &handle->b_offset) &&
         add_part(out_bytes, packed_bytes, &handle->packed_offset) &&
         add_part(out_bytes, (size_t)(plan->m * plan->n) * sizeof(double),
                  &handle->c_offset);
}

static olstm_status quantized_matmul_prepare(void* instance,
                                             const olstm_prepare_args* args,
                                             olstm_prepared* out_prepared,
                                             olstm_error* error) {
  const quantized_matmul_op* self = instance;
  const size_t b = kInputs[code_of(self)].b;
  quantized_matmul_handle* handle = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&self->base, sizeof *handle, (void**)&handle, error));
  for (size_t i = 0; i < args->input_count; i++) {
    if (args->inputs[i]) handle->descs[i] = args->inputs[i]->desc;
  }
  handle->y_dtype = args->outputs[0].dtype;
  olstm__matmul_plan_init(&handle->plan, &handle->descs[0], &handle->descs[b],
                          &args->outputs[0], false);
  if (!lay_out(handle, &out_prepared->workspace_bytes)) {
    olstm__op_release_handle(instance, handle);
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_OUT_OF_MEMORY,
                          "the workspace does not fit");
  }
  out_prepared->handle = handle;
  return OLSTM_STATUS_OK;
}

// int32 sums wrap.
static void store_sums(int64_t count, const double* sums, int32_t* y) {
  for (int64_t i = 0; i < count; i++) y[i] = (int32_t)(uint32_t)(int64_t)sums[i];
}

static void store_quantized(const quantized_matmul_op* self,
                            const quantized_matmul_handle* handle,
                            const void* const* inputs, const double* sums, char* y) {
  const input_indices* at = &kInputs[CODE_QLINEAR];
  const olstm__op_base* base = &self->base;
  const size_t y_bytes = olstm_dtype_size(handle->y_dtype);
  const olstm__quantize_operand a_scale =
      olstm__quantize_operand_of(base, handle->descs, inputs, at->a_scale);
  const olstm__quantize_operand b_scale =
      olstm__quantize_operand_of(base, handle->descs, inputs, at->b_scale);
  const olstm__quantize_operand y_scale =
      olstm__quantize_operand_of(base, handle->descs, inputs, at->y_scale);
  const olstm__quantize_operand y_zero =
      olstm__quantize_operand_of(base, handle->descs, inputs, at->y_zero);
  const double zero = olstm__quantize_operand_get(&y_zero, 0);
  const int64_t n = handle->plan.n;
  const int64_t run = b_scale.step ? 1 : n;
  for (int64_t i = 0; i < handle->plan.m; i++) {
    const double row_factor = olstm__quantize_operand_get(&a_scale, i) /
                              olstm__quantize_operand_get(&y_scale, 0);
    for (int64_t j = 0; j < n; j += run) {
      olstm__requantize(run, sums + i * n + j,
                        row_factor * olstm__quantize_operand_get(&b_scale, j), zero,
                        handle->y_dtype, y + (size_t)(i * n + j) * y_bytes);
    }
  }
}

// One product: A and B without their zero points, packed, multiplied.
static void multiply(const quantized_matmul_op* self,
                     const quantized_matmul_handle* handle, const olstm_run_args* args,
                     int64_t a_index, int64_t b_index, char* y) {
  const olstm__matmul_plan* plan = &handle->plan;
  const olstm__product product = product_of(plan);
  const input_indices* at = &kInputs[code_of(self)];
  char* workspace = args->workspace;
  double* a = (double*)(void*)workspace;
  double* b = (double*)(void*)(workspace + handle->b_offset);
  double* c = (double*)(void*)(workspace + handle->c_offset);
  const olstm__quantize_operand a_zero =
      olstm__quantize_operand_of(&self->base, handle->descs, args->inputs, at->a_zero);
  const olstm__quantize_operand b_zero =
      olstm__quantize_operand_of(&self->base, handle->descs, args->inputs, at->b_zero);
  // Elements of both are one byte.
  olstm__take_off_zero(handle->descs[0].dtype, plan->m, plan->k,
                       (const char*)args->inputs[0] + a_index * plan->m * plan->k,
                       &a_zero, false, a);
  olstm__take_off_zero(handle->descs[at->b].dtype, plan->k, plan->n,
                       (const char*)args->inputs[at->b] + b_index * plan->k * plan->n,
                       &b_zero, true, b);
  const olstm__gemm_matrix matrix = {b, plan->n, 1};
  olstm__product_pack(&product, &matrix, NULL, workspace + handle->packed_offset);
  const olstm__product_run_args run = {.a = a,
                                       .packed = workspace + handle->packed_offset,
                                       .c = c,
                                       .parallel = args->parallel};
  olstm__product_run(&product, &run);
  if (code_of(self) == CODE_INTEGER) {
    store_sums(plan->m * plan->n, c, (int32_t*)(void*)y);
  } else {
    store_quantized(self, handle, args->inputs, c, y);
  }
}

static olstm_status quantized_matmul_run(const void* instance, const void* handle,
                                         const olstm_run_args* args, olstm_error* error) {
  const quantized_matmul_op* self = instance;
  const quantized_matmul_handle* prepared = handle;
  const olstm__broadcast* batch = &prepared->plan.batch;
  const size_t c_bytes =
      (size_t)(prepared->plan.m * prepared->plan.n) * olstm_dtype_size(prepared->y_dtype);
  olstm__broadcast_cursor cursor = {{0}, {0}};
  char* y = args->outputs[0];
  (void)error;
  if (!y) return OLSTM_STATUS_OK;
  for (int64_t r = 0; r < batch->run_count; r++) {
    for (int64_t i = 0; i < batch->run_length; i++, y += c_bytes) {
      multiply(self, prepared, args,
               cursor.offsets[0] + i * olstm__broadcast_step(batch, 0),
               cursor.offsets[1] + i * olstm__broadcast_step(batch, 1), y);
    }
    olstm__broadcast_next(batch, &cursor);
  }
  return OLSTM_STATUS_OK;
}

static const olstm__op_form kInteger = {.arity = {2, 4, 1},
                                        .instance_bytes = sizeof(quantized_matmul_op),
                                        .code = CODE_INTEGER};
static const olstm__op_form kQlinear = {.arity = {8, 8, 1},
                                        .instance_bytes = sizeof(quantized_matmul_op),
                                        .code = CODE_QLINEAR};

static const olstm_operator kOperators[] = {
    OLSTM__OP_ENTRY("MatMulInteger", 10, 0, OLSTM__DTYPES_QUANTIZED_8, &kInteger,
                    quantized_matmul_infer, quantized_matmul_prepare,
                    quantized_matmul_run),
    OLSTM__OP_ENTRY("QLinearMatMul", 10, 0, OLSTM__DTYPES_QUANTIZED_8, &kQlinear,
                    quantized_matmul_infer, quantized_matmul_prepare,
                    quantized_matmul_run),
};

const olstm__op_family olstm__quantized_matmul_family = {kOperators, 2};
