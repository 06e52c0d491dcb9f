// MatMulInteger and QLinearMatMul: products of quantized matrices. MatMulInteger gives
// int32 sums, which wrap where they do not fit; QLinearMatMul quantizes them again.
#include "op/dense/matmul_shape.h"
#include "op/dense/packed_weight.h"
#include "op/elementwise/compute_type.h"
#include "op/op_family.h"
#include "op/quantize/zero_point.h"

enum { kCodeInteger, kCodeQlinear, kMaxInputs = 8 };

/// Where each operand is among the inputs.
typedef struct input_indices {
  size_t b, a_zero, b_zero, a_scale, b_scale, y_scale, y_zero;
} input_indices;

static const input_indices kInputs[] = {
    [kCodeInteger] = {.b = 1, .a_zero = 2, .b_zero = 3},
    [kCodeQlinear] = {.b = 3,
                      .a_scale = 1,
                      .a_zero = 2,
                      .b_scale = 4,
                      .b_zero = 5,
                      .y_scale = 6,
                      .y_zero = 7}};

typedef struct quantized_matmul_op {
  olstm__op_base base;
  /// B without its zero point, where both are constants.
  olstm__packed_weight weight;
} quantized_matmul_op;

typedef struct quantized_matmul_handle {
  olstm__op_handle head;
  olstm__matmul_plan plan;
  olstm_tensor_desc descs[kMaxInputs];
  olstm_dtype y_dtype;
  /// Offsets in the workspace, which begins with A: B, B packed, C; all hold doubles.
  size_t b_offset;
  size_t packed_offset;
  size_t c_offset;
} quantized_matmul_handle;

static int32_t code_of(const quantized_matmul_op* self) {
  return ((const olstm__op_schema*)self->base.self->variant)->code;
}

static olstm_status quantized_matmul_infer(const void* instance,
                                           const olstm_infer_args* args,
                                           olstm_tensor_desc* out_outputs,
                                           olstm_error* error) {
  const quantized_matmul_op* self = instance;
  const olstm__op_base* base = &self->base;
  const bool qlinear = code_of(self) == kCodeQlinear;
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
  // The specification's text saturates, ONNX's own test data wraps: refused rather than
  // guessed.
  if (out_outputs[0].dtype == OLSTM_DTYPE_INT8) {
    return olstm__op_fail(base, error, OLSTM_STATUS_UNSUPPORTED,
                          "an int8 output is not supported");
  }
  return OLSTM_STATUS_OK;
}

static bool is_one(const olstm_infer_args* args, size_t index) {
  return index == 0 || index >= args->input_count || !args->inputs[index] ||
         olstm_tensor_desc_count(&args->inputs[index]->desc) == 1;
}

static olstm__product product_of(const olstm__matmul_plan* plan) {
  return (olstm__product){OLSTM_DTYPE_DOUBLE, plan->m, plan->k, plan->n};
}

static bool lay_out(const quantized_matmul_op* self, quantized_matmul_handle* handle,
                    size_t* out_bytes) {
  const olstm__matmul_plan* plan = &handle->plan;
  const olstm__product product = product_of(plan);
  const size_t m = (size_t)plan->m;
  const size_t k = (size_t)plan->k;
  const size_t n = (size_t)plan->n;
  size_t a_offset = 0;
  size_t packed_bytes = 0;
  *out_bytes = 0;
  if (!olstm__op_add_part(out_bytes, m * k, sizeof(double), &a_offset) ||
      !olstm__op_add_part(out_bytes, m * n, sizeof(double), &handle->c_offset)) {
    return false;
  }
  if (self->weight.packed.memory) return true;
  return olstm__product_packed_bytes(&product, &packed_bytes) &&
         olstm__op_add_part(out_bytes, k * n, sizeof(double), &handle->b_offset) &&
         olstm__op_add_part(out_bytes, 1, packed_bytes, &handle->packed_offset);
}

static olstm_status quantized_matmul_prepare(void* instance,
                                             const olstm_prepare_args* args,
                                             olstm_prepared* out_prepared,
                                             olstm_error* error) {
  const quantized_matmul_op* self = instance;
  quantized_matmul_handle* handle = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&self->base, sizeof *handle, (void**)&handle, error));
  for (size_t i = 0; i < args->input_count; i++) {
    if (args->inputs[i]) handle->descs[i] = args->inputs[i]->desc;
  }
  handle->y_dtype = args->outputs[0].dtype;
  // Rows of a batch can go together where they share scale and zero point.
  const olstm_infer_args inputs = {.struct_size = sizeof inputs,
                                   .input_count = args->input_count,
                                   .inputs = args->inputs};
  const input_indices* at = &kInputs[code_of(self)];
  olstm__matmul_plan_init(&handle->plan, &handle->descs[0], &handle->descs[at->b],
                          &args->outputs[0],
                          is_one(&inputs, at->a_zero) && is_one(&inputs, at->a_scale));
  if (!lay_out(self, handle, &out_prepared->workspace_bytes)) {
    olstm__op_release_handle(instance, handle);
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_OUT_OF_MEMORY,
                          "the workspace does not fit");
  }
  out_prepared->handle = handle;
  out_prepared->work = olstm__matmul_work(&handle->plan, &args->outputs[0]);
  return OLSTM_STATUS_OK;
}

/// int32 sums wrap.
static void store_sums(int64_t count, const double* sums, int32_t* y) {
  for (int64_t i = 0; i < count; i++) y[i] = (int32_t)(uint32_t)(int64_t)sums[i];
}

static void store_quantized(const quantized_matmul_op* self,
                            const quantized_matmul_handle* handle,
                            const void* const* inputs, const double* sums, char* y) {
  const input_indices* at = &kInputs[kCodeQlinear];
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

/// Matrix `index` of B without its zero point, packed.
static const void* find_packed(const quantized_matmul_op* self,
                               const quantized_matmul_handle* handle,
                               const olstm_run_args* args, int64_t index) {
  const olstm__matmul_plan* plan = &handle->plan;
  const olstm__product product = product_of(plan);
  const input_indices* at = &kInputs[code_of(self)];
  double* b = (double*)(void*)((char*)args->workspace + handle->b_offset);
  char* packed = (char*)args->workspace + handle->packed_offset;
  if (self->weight.packed.memory) return olstm__packed_weight_get(&self->weight, index);
  const olstm__quantize_operand zero =
      olstm__quantize_operand_of(&self->base, handle->descs, args->inputs, at->b_zero);
  // Elements are one byte.
  olstm__take_off_zero(handle->descs[at->b].dtype, plan->k, plan->n,
                       (const char*)args->inputs[at->b] + index * plan->k * plan->n,
                       &zero, true, b);
  const olstm__gemm_matrix matrix = {b, plan->n, 1};
  olstm__product_pack(&product, &matrix, NULL, packed);
  return packed;
}

static void multiply(const quantized_matmul_op* self,
                     const quantized_matmul_handle* handle, const olstm_run_args* args,
                     int64_t a_index, const void* packed, char* y) {
  const olstm__matmul_plan* plan = &handle->plan;
  const olstm__product product = product_of(plan);
  double* a = args->workspace;
  double* c = (double*)(void*)((char*)args->workspace + handle->c_offset);
  const olstm__quantize_operand zero = olstm__quantize_operand_of(
      &self->base, handle->descs, args->inputs, kInputs[code_of(self)].a_zero);
  olstm__take_off_zero(handle->descs[0].dtype, plan->m, plan->k,
                       (const char*)args->inputs[0] + a_index * plan->m * plan->k, &zero,
                       false, a);
  const olstm__product_run_args run = {
      .a = a, .packed = packed, .c = c, .parallel = args->parallel};
  olstm__product_run(&product, &run);
  if (code_of(self) == kCodeInteger) {
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
  const void* packed = NULL;
  int64_t packed_index = -1;
  char* y = args->outputs[0];
  (void)error;
  if (!y) return OLSTM_STATUS_OK;
  for (int64_t r = 0; r < batch->run_count; r++) {
    for (int64_t i = 0; i < batch->run_length; i++, y += c_bytes) {
      const int64_t b_index = cursor.offsets[1] + i * olstm__broadcast_step(batch, 1);
      if (b_index != packed_index) packed = find_packed(self, prepared, args, b_index);
      packed_index = b_index;
      multiply(self, prepared, args,
               cursor.offsets[0] + i * olstm__broadcast_step(batch, 0), packed, y);
    }
    olstm__broadcast_next(batch, &cursor);
  }
  return OLSTM_STATUS_OK;
}

/// Packs B, one matrix, where it and its zero point are constants of the right shapes.
static olstm_status pack_constant(void* instance, olstm_error* error) {
  quantized_matmul_op* self = instance;
  const olstm__op_base* base = &self->base;
  const input_indices* at =
      &kInputs[((const olstm__op_schema*)base->self->variant)->code];
  const olstm_tensor* b = base->node->constants[at->b];
  const bool has_zero = olstm_node_has_input(base->node, at->b_zero);
  const olstm_tensor* zero = has_zero ? base->node->constants[at->b_zero] : NULL;
  if (!b || b->desc.rank != 2 || olstm_tensor_desc_count(&b->desc) == 0 ||
      !(OLSTM__DTYPES_QUANTIZED_8 & OLSTM_DTYPE_BIT(b->desc.dtype)) ||
      (has_zero && (!zero || zero->desc.dtype != b->desc.dtype ||
                    (olstm_tensor_desc_count(&zero->desc) != 1 &&
                     olstm_tensor_desc_count(&zero->desc) != b->desc.dims[1])))) {
    return OLSTM_STATUS_OK;
  }
  const olstm__product product = {OLSTM_DTYPE_DOUBLE, 0, b->desc.dims[0],
                                  b->desc.dims[1]};
  const olstm__weight_layout layout = {.matrix_count = 1,
                                       .row_stride = product.n,
                                       .column_stride = 1,
                                       .is_temporary = true};
  const size_t count = (size_t)(product.k * product.n);
  double* values = olstm_allocate(&base->allocator, count, sizeof *values);
  if (!values) {
    return olstm__op_fail(base, error, OLSTM_STATUS_OUT_OF_MEMORY,
                          "no memory to pack the weights");
  }
  olstm__quantize_operand operand = {NULL, OLSTM_DTYPE_UNDEFINED, 0};
  if (zero) {
    operand.data = zero->data;
    operand.dtype = zero->desc.dtype;
    operand.step = olstm_tensor_desc_count(&zero->desc) == 1 ? 0 : 1;
  }
  olstm__take_off_zero(b->desc.dtype, product.k, product.n, b->data, &operand, true,
                       values);
  const olstm_status status =
      olstm__packed_weight_init(&self->weight, base, &product, &layout, values, error);
  olstm_release(&base->allocator, values, count, sizeof *values);
  return status;
}

static void quantized_matmul_destroy(void* instance) {
  quantized_matmul_op* self = instance;
  if (self) olstm__packed_weight_deinit(&self->weight, &self->base);
  olstm__op_destroy(instance);
}

static const olstm__op_schema kInteger = {.arity = {2, 4, 1},
                                          .instance_bytes = sizeof(quantized_matmul_op),
                                          .parse = pack_constant,
                                          .code = kCodeInteger};
static const olstm__op_schema kQlinear = {.arity = {8, 8, 1},
                                          .instance_bytes = sizeof(quantized_matmul_op),
                                          .parse = pack_constant,
                                          .code = kCodeQlinear};

#define ROW(type, schema)                                                       \
  {                                                                             \
    .struct_size = sizeof(olstm_operator), .domain = "", .op_type = type,       \
    .first_opset = 10, .dtypes = OLSTM__DTYPES_QUANTIZED_8, .variant = &schema, \
    .create = olstm__op_create_schema, .infer = quantized_matmul_infer,         \
    .prepare = quantized_matmul_prepare, .run = quantized_matmul_run,           \
    .release = olstm__op_release_handle, .destroy = quantized_matmul_destroy,   \
  }
static const olstm_operator kOperators[] = {ROW("MatMulInteger", kInteger),
                                            ROW("QLinearMatMul", kQlinear)};

const olstm__op_family olstm__quantized_matmul_family = {OLSTM__OPERATORS(kOperators)};
