// MatMulInteger and QLinearMatMul: products of quantized matrices. MatMulInteger gives
// int32 sums, which wrap where they do not fit; QLinearMatMul quantizes them again.
#include <math.h>

#include "op/dense/matmul_shape.h"
#include "op/elementwise/compute_type.h"
#include "op/math/byte_product.h"
#include "op/op_family.h"
#include "op/op_work.h"
#include "op/packed_memory.h"
#include "op/pieces.h"
#include "op/quantize/quantize_bytes.h"
#include "op/quantize/zero_point.h"

enum { kCodeInteger, kCodeQlinear, kMaxInputs = 8 };
/// Of work, of an output besides its product.
enum { kUnitsPerOutput = 6 };

/// How much faster than floats bytes may be.
enum { kFaster = 4 };

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
  /// B where it is a constant.
  olstm__packed_memory weight;
} quantized_matmul_op;

/// What packed weights depend on. No gaps may differ: it is zeroed first.
typedef struct packing_key {
  olstm__byte_product product;
  const void* data;
} packing_key;

typedef struct quantized_matmul_handle {
  olstm__op_handle head;
  olstm__matmul_plan plan;
  olstm_tensor_desc descs[kMaxInputs];
  olstm_dtype y_dtype;
  olstm__byte_product product;
  /// Offsets in a workspace, which begins with the products' scratch: B packed; the
  /// sums and the factors of their columns, where they are quantized again.
  size_t packed_offset;
  size_t sums_offset;
  size_t factors_offset;
  /// Workspaces of matrices that threads share, and how many there are.
  size_t piece_bytes;
  int32_t piece_count;
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
  return OLSTM_STATUS_OK;
}

static bool is_one(const olstm_infer_args* args, size_t index) {
  return index == 0 || index >= args->input_count || !args->inputs[index] ||
         olstm_tensor_desc_count(&args->inputs[index]->desc) == 1;
}

static olstm__byte_product product_of(const olstm__matmul_plan* plan,
                                      const olstm_tensor_desc* a,
                                      const olstm_tensor_desc* b) {
  olstm__byte_product product;
  memset(&product, 0, sizeof product);
  product.k = plan->k;
  product.n = plan->n;
  product.a_is_signed = a->dtype == OLSTM_DTYPE_INT8;
  product.b_is_signed = b->dtype == OLSTM_DTYPE_INT8;
  return product;
}

static bool lay_out(const quantized_matmul_op* self, quantized_matmul_handle* handle,
                    size_t* out_bytes) {
  const olstm__matmul_plan* plan = &handle->plan;
  const size_t m = (size_t)plan->m;
  const size_t n = (size_t)plan->n;
  size_t bytes = 0;
  size_t scratch_offset = 0;
  *out_bytes = 0;
  if (!olstm__byte_product_scratch_bytes(&handle->product, plan->m, &bytes) ||
      !olstm__op_add_part(out_bytes, 1, bytes, &scratch_offset)) {
    return false;
  }
  if (code_of(self) == kCodeQlinear &&
      (!olstm__op_add_part(out_bytes, m * n, sizeof(int32_t), &handle->sums_offset) ||
       !olstm__op_add_part(out_bytes, n, sizeof(double) + sizeof(float),
                           &handle->factors_offset))) {
    return false;
  }
  if (self->weight.memory) return true;
  return olstm__byte_product_packed_bytes(&handle->product, &bytes) &&
         olstm__op_add_part(out_bytes, 1, bytes, &handle->packed_offset);
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
  handle->product = product_of(&handle->plan, &handle->descs[0], &handle->descs[at->b]);
  if (!lay_out(self, handle, &handle->piece_bytes)) {
    olstm__op_release_handle(instance, handle);
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_OUT_OF_MEMORY,
                          "the workspace does not fit");
  }
  out_prepared->handle = handle;
  // Bytes are multiplied no slower than floats.
  out_prepared->work = olstm__op_work_sum(
      olstm__matmul_work(&handle->plan, OLSTM_DTYPE_FLOAT, !self->weight.memory),
      olstm__op_element_work("", args, olstm_tensor_desc_count(&args->outputs[0]),
                             kUnitsPerOutput));
  const olstm__broadcast* batch = &handle->plan.batch;
  const int64_t matrices = batch->run_length * batch->run_count;
  handle->piece_count = olstm__pieces_with_memory(
      self->base.options.thread_count, batch->run_length,
      olstm__piece_elements(out_prepared->work / kFaster, matrices));
  out_prepared->workspace_bytes = handle->piece_bytes * (size_t)handle->piece_count;
  return OLSTM_STATUS_OK;
}

/// Rows of sums that become bytes.
typedef struct requantize_task {
  int64_t n;
  const int32_t* sums;
  const olstm__byte_factors* factors;
  float zero;
  olstm_dtype dtype;
  char* y;
} requantize_task;

static void requantize(void* argument, int64_t begin, int64_t end) {
  const requantize_task* task = argument;
  const int64_t n = task->n;
  // Elements are one byte.
  olstm__requantize(end - begin, n, task->sums + begin * n, n, task->factors, task->zero,
                    task->dtype, task->y + begin * n);
}

/// What an element costs, beside one of OLSTM__PIECE_ELEMENTS.
enum { kElementsPerElement = 2 };

static void store_quantized(const quantized_matmul_op* self,
                            const quantized_matmul_handle* handle,
                            const olstm_run_args* args, char* y) {
  const input_indices* at = &kInputs[kCodeQlinear];
  const size_t indices[] = {at->a_scale, at->b_scale, at->y_scale, at->y_zero};
  olstm__quantize_operand operands[4];
  for (size_t i = 0; i < 4; i++) {
    operands[i] =
        olstm__quantize_operand_of(&self->base, handle->descs, args->inputs, indices[i]);
  }
  const char* workspace = args->workspace;
  const int32_t* sums = (const int32_t*)(const void*)(workspace + handle->sums_offset);
  double* factors = (double*)(void*)((char*)args->workspace + handle->factors_offset);
  const int64_t n = handle->plan.n;
  float* floats = (float*)(void*)(factors + n);
  olstm__byte_factors by = {
      .values = factors, .floats = floats, .step = operands[1].step, .are_finite = true};
  // Rows with the same factors are one run.
  const int64_t rows = operands[0].step ? 1 : handle->plan.m;
  for (int64_t i = 0; i < handle->plan.m; i += rows) {
    if (i == 0 || operands[0].step) {
      const double row_factor = olstm__quantize_operand_get(&operands[0], i) /
                                olstm__quantize_operand_get(&operands[2], 0);
      const int64_t count = by.step ? n : 1;
      olstm__compute_load(OLSTM__COMPUTE_F64, operands[1].dtype, count, operands[1].data,
                          factors);
      for (int64_t j = 0; j < count; j++) {
        factors[j] *= row_factor;
        floats[j] = (float)factors[j];
        by.are_finite &= isfinite(factors[j]) != 0;
      }
    }
    requantize_task task = {n,
                            sums + i * n,
                            &by,
                            (float)olstm__quantize_operand_get(&operands[3], 0),
                            handle->y_dtype,
                            y + i * n};
    olstm__pieces_run(args->parallel, rows, kElementsPerElement * n, requantize, &task);
  }
}

/// Matrix `index` of B, packed.
static const void* find_packed(const quantized_matmul_op* self,
                               const quantized_matmul_handle* handle,
                               const olstm_run_args* args, int64_t index) {
  const olstm__matmul_plan* plan = &handle->plan;
  char* packed = (char*)args->workspace + handle->packed_offset;
  if (self->weight.memory) return self->weight.memory;
  olstm__byte_product_pack(
      &handle->product,
      (const char*)args->inputs[kInputs[code_of(self)].b] + index * plan->k * plan->n,
      plan->n, 1, packed);
  return packed;
}

static olstm__byte_zero zero_of(const quantized_matmul_op* self,
                                const quantized_matmul_handle* handle,
                                const olstm_run_args* args, size_t index) {
  const olstm__quantize_operand zero =
      olstm__quantize_operand_of(&self->base, handle->descs, args->inputs, index);
  return (olstm__byte_zero){zero.data, zero.step};
}

static void multiply(const quantized_matmul_op* self,
                     const quantized_matmul_handle* handle, const olstm_run_args* args,
                     int64_t a_index, const void* packed, char* y) {
  const olstm__matmul_plan* plan = &handle->plan;
  const input_indices* at = &kInputs[code_of(self)];
  const bool is_integer = code_of(self) == kCodeInteger;
  const olstm__byte_product_args run = {
      .m = plan->m,
      .a = (const char*)args->inputs[0] + a_index * plan->m * plan->k,
      .packed = packed,
      .a_zero = zero_of(self, handle, args, at->a_zero),
      .b_zero = zero_of(self, handle, args, at->b_zero),
      .c = (int32_t*)(void*)(is_integer ? y
                                        : (char*)args->workspace + handle->sums_offset),
      .c_stride = plan->n,
      .scratch = args->workspace,
      .parallel = args->parallel};
  olstm__byte_product_run(&handle->product, &run);
  if (!is_integer) store_quantized(self, handle, args, y);
}

/// Neighbouring matrices of a batch, of which some are done at a time.
typedef struct matrix_run {
  const quantized_matmul_op* self;
  const quantized_matmul_handle* handle;
  const olstm_run_args* args;
  int64_t a, b;
  char* y;
} matrix_run;

static void run_matrices(void* argument, int64_t begin, int64_t end, void* memory) {
  const matrix_run* run = argument;
  const quantized_matmul_handle* handle = run->handle;
  const olstm__broadcast* batch = &handle->plan.batch;
  const size_t c_bytes =
      (size_t)(handle->plan.m * handle->plan.n) * olstm_dtype_size(handle->y_dtype);
  const void* packed = NULL;
  olstm_run_args own = *run->args;
  own.workspace = memory;
  // Threads that share matrices do not share products.
  if (handle->piece_count > 1) own.parallel = NULL;
  for (int64_t i = begin; i < end; i++) {
    const int64_t b_step = olstm__broadcast_step(batch, 1);
    if (!packed || b_step) {
      packed = find_packed(run->self, handle, &own, run->b + i * b_step);
    }
    multiply(run->self, handle, &own, run->a + i * olstm__broadcast_step(batch, 0),
             packed, run->y + (size_t)i * c_bytes);
  }
}

static olstm_status quantized_matmul_run(const void* instance, const void* handle,
                                         const olstm_run_args* args, olstm_error* error) {
  const quantized_matmul_handle* prepared = handle;
  const olstm__broadcast* batch = &prepared->plan.batch;
  const size_t run_bytes =
      (size_t)(prepared->plan.m * prepared->plan.n * batch->run_length) *
      olstm_dtype_size(prepared->y_dtype);
  olstm__broadcast_cursor cursor = {.output = 0};
  matrix_run run = {instance, prepared, args, 0, 0, args->outputs[0]};
  (void)error;
  if (!run.y) return OLSTM_STATUS_OK;
  for (int64_t r = 0; r < batch->run_count; r++) {
    run.a = cursor.offsets[0];
    run.b = cursor.offsets[1];
    olstm__pieces_run_with_memory(args->parallel, prepared->piece_count,
                                  batch->run_length, args->workspace,
                                  prepared->piece_bytes, run_matrices, &run);
    run.y += run_bytes;
    olstm__broadcast_next(batch, &cursor);
  }
  return OLSTM_STATUS_OK;
}

/// Packs B, one matrix, where it is a constant.
static olstm_status pack_constant(void* instance, olstm_error* error) {
  quantized_matmul_op* self = instance;
  const olstm__op_base* base = &self->base;
  const input_indices* at =
      &kInputs[((const olstm__op_schema*)base->self->variant)->code];
  const olstm_tensor* b = base->node->constants[at->b];
  if (!b || b->desc.rank != 2 || olstm_tensor_desc_count(&b->desc) == 0 ||
      !(OLSTM__DTYPES_QUANTIZED_8 & OLSTM_DTYPE_BIT(b->desc.dtype))) {
    return OLSTM_STATUS_OK;
  }
  // The layout does not depend on the sign of A.
  const olstm__matmul_plan plan = {.k = b->desc.dims[0], .n = b->desc.dims[1]};
  packing_key key;
  size_t bytes = 0;
  bool is_new = false;
  memset(&key, 0, sizeof key);
  key.product = product_of(&plan, &b->desc, &b->desc);
  key.data = b->data;
  if (!olstm__byte_product_packed_bytes(&key.product, &bytes)) {
    return olstm__op_fail(base, error, OLSTM_STATUS_OUT_OF_MEMORY,
                          "no memory to pack the weights");
  }
  OLSTM_RETURN_IF_ERROR(olstm__packed_memory_init(&self->weight, base, &key, sizeof key,
                                                  bytes, &is_new, error));
  if (is_new) {
    olstm__byte_product_pack(&key.product, b->data, key.product.n, 1,
                             self->weight.memory);
  }
  return OLSTM_STATUS_OK;
}

static void quantized_matmul_destroy(void* instance) {
  quantized_matmul_op* self = instance;
  if (self) olstm__packed_memory_deinit(&self->weight, &self->base);
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

static const olstm__op_callbacks kCallbacks =
    OLSTM__OP_CALLBACKS_WITH_DESTROY(quantized_matmul, quantized_matmul_destroy);

#define ROW(type, schema) \
  OLSTM__OP_ROW(type, 10, 0, OLSTM__DTYPES_QUANTIZED_8, kCallbacks, schema)
static const olstm__op_row kTable[] = {ROW("MatMulInteger", kInteger),
                                       ROW("QLinearMatMul", kQlinear)};

const olstm__op_family olstm__quantized_matmul_family = {OLSTM__ROWS(kTable)};
