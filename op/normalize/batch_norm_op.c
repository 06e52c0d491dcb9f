// BatchNormalization for inference: y = x * factor + summand, one pair per channel.
// Training is refused by name.
#include <math.h>
#include <string.h>

#include "op/elementwise/compute_type.h"
#include "op/elementwise/element_groups.h"
#include "op/elementwise/unary_kernel.h"
#include "op/op_family.h"
#include "op/op_support.h"

enum { kInputX, kInputScale, kInputB, kInputMean, kInputVariance, kInputCount };

/// Of work: making the factor and summand of a channel.
enum { kUnitsPerChannel = 16 };

/// For more floats of a channel, the kernel is worth its call.
enum { kShortRun = 96 };

typedef struct batch_norm_op {
  olstm__op_base base;
  float epsilon;
} batch_norm_op;

typedef struct batch_norm_handle {
  olstm__op_handle head;
  olstm_dtype dtype;
  olstm_dtype operand_dtypes[kInputCount];
  olstm__compute_type compute_type;
  int64_t batch;
  int64_t channels;
  int64_t space;
} batch_norm_handle;

static olstm_status refuse_training(const batch_norm_op* self, olstm_error* error) {
  const olstm_node* node = self->base.node;
  for (size_t i = 1; i < node->output_count; i++) {
    if (!olstm_node_has_output(node, i)) continue;
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_UNSUPPORTED,
                          "output '%s' is for training, which olstm does not do",
                          node->output_names[i]);
  }
  return OLSTM_STATUS_OK;
}

static olstm_status require(const batch_norm_op* self, const char* name, int64_t fallback,
                            int64_t expected, olstm_error* error) {
  int64_t value = fallback;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(self->base.node, name, fallback, &value, error));
  if (value == expected) return OLSTM_STATUS_OK;
  return olstm__op_fail(&self->base, error, OLSTM_STATUS_UNSUPPORTED,
                        "%s=%" PRId64 " is not supported, expected %" PRId64, name, value,
                        expected);
}

/// momentum only matters to training.
static olstm_status parse(void* instance, olstm_error* error) {
  batch_norm_op* self = instance;
  const int32_t opset = self->base.node->opset_version;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_float(self->base.node, "epsilon", 1e-5f, &self->epsilon, error));
  if (opset < 7) OLSTM_RETURN_IF_ERROR(require(self, "is_test", 0, 1, error));
  if (opset < 9) OLSTM_RETURN_IF_ERROR(require(self, "spatial", 1, 1, error));
  if (opset >= 14) OLSTM_RETURN_IF_ERROR(require(self, "training_mode", 0, 0, error));
  return refuse_training(self, error);
}

static olstm_status batch_norm_infer(const void* instance, const olstm_infer_args* args,
                                     olstm_tensor_desc* out_outputs, olstm_error* error) {
  const batch_norm_op* self = instance;
  const olstm_tensor_desc* x = &args->inputs[kInputX]->desc;
  const int64_t channels = x->rank > 1 ? x->dims[1] : 1;
  for (size_t i = 0; i < kInputCount; i++) {
    const olstm_tensor_desc* operand = &args->inputs[i]->desc;
    OLSTM_RETURN_IF_ERROR(
        olstm__op_check_dtype(&self->base, args, i, OLSTM__DTYPES_REAL, error));
    if (i == kInputX || (operand->rank == 1 && operand->dims[0] == channels)) continue;
    return olstm__op_fail(
        &self->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
        "input '%s' has shape %s, expected [%" PRId64 "] from '%s' with shape %s",
        self->base.node->input_names[i], olstm_shape_text(operand).text, channels,
        self->base.node->input_names[kInputX], olstm_shape_text(x).text);
  }
  out_outputs[0] = *x;
  return OLSTM_STATUS_OK;
}

static olstm_status batch_norm_prepare(void* instance, const olstm_prepare_args* args,
                                       olstm_prepared* out_prepared, olstm_error* error) {
  const batch_norm_op* self = instance;
  const olstm_tensor_desc* x = &args->inputs[kInputX]->desc;
  batch_norm_handle* handle = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&self->base, sizeof *handle, (void**)&handle, error));
  handle->dtype = x->dtype;
  handle->compute_type = olstm__compute_type_of(x->dtype);
  for (size_t i = 0; i < kInputCount; i++) {
    handle->operand_dtypes[i] = args->inputs[i]->desc.dtype;
  }
  handle->channels = x->rank > 1 ? x->dims[1] : 1;
  handle->batch = olstm_tensor_desc_count(x) == 0 ? 0 : x->rank > 0 ? x->dims[0] : 1;
  handle->space = 1;
  for (int32_t d = 2; d < x->rank; d++) handle->space *= x->dims[d];
  // Factors and summands, in the compute type.
  out_prepared->workspace_bytes =
      2 * (size_t)handle->channels * olstm__compute_type_size(handle->compute_type);
  out_prepared->handle = handle;
  out_prepared->work = olstm__op_work_sum(
      olstm__op_work(handle->channels, kUnitsPerChannel, 1, 1),
      olstm__op_element_work(
          "BatchNormalization", args,
          handle->space > 1 ? handle->batch * handle->channels : handle->batch,
          olstm__op_run_units(args)));
  out_prepared->inplace_inputs = 1u;
  return OLSTM_STATUS_OK;
}

/// An operand's values for `count` channels from `channel` on.
static void load_operand(const batch_norm_handle* handle, const void* const* inputs,
                         size_t input, int64_t channel, int64_t count, double* values) {
  const olstm_dtype dtype = handle->operand_dtypes[input];
  olstm__compute_load(
      OLSTM__COMPUTE_F64, dtype, count,
      (const char*)inputs[input] + (size_t)channel * olstm_dtype_size(dtype), values);
}

static void make_factors(const batch_norm_op* self, const batch_norm_handle* handle,
                         const void* const* inputs, void* factors, void* summands) {
  const size_t compute_bytes = olstm__compute_type_size(handle->compute_type);
  const olstm_dtype dtype =
      handle->compute_type == OLSTM__COMPUTE_F64 ? OLSTM_DTYPE_DOUBLE : OLSTM_DTYPE_FLOAT;
  double variance[OLSTM__COMPUTE_BLOCK], mean[OLSTM__COMPUTE_BLOCK];
  double factor[OLSTM__COMPUTE_BLOCK], summand[OLSTM__COMPUTE_BLOCK];
  for (int64_t c = 0; c < handle->channels; c += OLSTM__COMPUTE_BLOCK) {
    const int64_t count = olstm__compute_block_size(handle->channels - c);
    const size_t offset = (size_t)c * compute_bytes;
    load_operand(handle, inputs, kInputVariance, c, count, variance);
    load_operand(handle, inputs, kInputMean, c, count, mean);
    load_operand(handle, inputs, kInputScale, c, count, factor);
    load_operand(handle, inputs, kInputB, c, count, summand);
    for (int64_t i = 0; i < count; i++) {
      factor[i] /= sqrt(variance[i] + (double)self->epsilon);
      summand[i] -= mean[i] * factor[i];
    }
    olstm__compute_store(OLSTM__COMPUTE_F64, dtype, count, factor,
                         (char*)factors + offset);
    olstm__compute_store(OLSTM__COMPUTE_F64, dtype, count, summand,
                         (char*)summands + offset);
  }
}

/// y = x * factor + summand, with one pair for all elements (step 0), or one each: in
/// pieces that stay in the cache from the products to the sums.
static void apply(olstm__compute_type type, int64_t count, const char* x,
                  const char* factors, const char* summands, int64_t step, char* y) {
  enum { kPiece = 2048 };
  const bool is_double = type == OLSTM__COMPUTE_F64;
  if (!is_double && step == 0) {
    olstm__unary_parameters pair;
    memcpy(&pair.alpha, factors, sizeof pair.alpha);
    memcpy(&pair.beta, summands, sizeof pair.beta);
    olstm__unary_kernel_find(OLSTM__UNARY_AFFINE, type)(&pair, count, x, y);
    return;
  }
  const size_t bytes = olstm__compute_type_size(type);
  for (int64_t begin = 0; begin < count; begin += kPiece) {
    const int64_t size = count - begin < kPiece ? count - begin : kPiece;
    const size_t offset = (size_t)begin * bytes;
    const size_t operand_offset = (size_t)step * offset;
    olstm__binary_groups_run(is_double ? OLSTM__BLOCKS_MUL_F64 : OLSTM__BLOCKS_MUL_F32,
                             size, x + offset, 1, factors + operand_offset, step,
                             y + offset);
    olstm__binary_groups_run(is_double ? OLSTM__BLOCKS_ADD_F64 : OLSTM__BLOCKS_ADD_F32,
                             size, y + offset, 1, summands + operand_offset, step,
                             y + offset);
  }
}

/// One run of elements, converted block by block where the dtype is not the
/// compute type's.
static void apply_run(const batch_norm_handle* handle, int64_t count, const char* x,
                      const char* factors, const char* summands, int64_t step, char* y) {
  const size_t element_bytes = olstm_dtype_size(handle->dtype);
  const size_t compute_step =
      (size_t)step * olstm__compute_type_size(handle->compute_type);
  olstm__compute_block block;
  if (olstm__compute_type_is_native(handle->compute_type, handle->dtype)) {
    apply(handle->compute_type, count, x, factors, summands, step, y);
    return;
  }
  for (int64_t begin = 0; begin < count; begin += OLSTM__COMPUTE_BLOCK) {
    const int64_t size = olstm__compute_block_size(count - begin);
    const size_t offset = (size_t)begin * element_bytes;
    olstm__compute_load(handle->compute_type, handle->dtype, size, x + offset, &block);
    apply(handle->compute_type, size, (const char*)&block,
          factors + (size_t)begin * compute_step, summands + (size_t)begin * compute_step,
          step, (char*)&block);
    olstm__compute_store(handle->compute_type, handle->dtype, size, &block, y + offset);
  }
}

/// Floats, with one pair for the `space` elements of a channel.
static void run_float_images(const batch_norm_handle* handle, const float* factors,
                             const float* summands, const float* x, float* y) {
  const olstm__unary_kernel kernel =
      handle->space > kShortRun
          ? olstm__unary_kernel_find(OLSTM__UNARY_AFFINE, OLSTM__COMPUTE_F32)
          : NULL;
  const int64_t space = handle->space;
  for (int64_t r = 0; r < handle->batch * handle->channels; r++, x += space, y += space) {
    const int64_t c = r % handle->channels;
    const olstm__unary_parameters pair = {.alpha = factors[c], .beta = summands[c]};
    if (kernel) {
      kernel(&pair, space, x, y);
      continue;
    }
#pragma omp simd
    for (int64_t i = 0; i < space; i++) y[i] = x[i] * pair.alpha + pair.beta;
  }
}

static olstm_status batch_norm_run(const void* instance, const void* handle,
                                   const olstm_run_args* args, olstm_error* error) {
  const batch_norm_op* self = instance;
  const batch_norm_handle* prepared = handle;
  const size_t compute_bytes = olstm__compute_type_size(prepared->compute_type);
  const size_t element_bytes = olstm_dtype_size(prepared->dtype);
  // With one element per channel, channels are contiguous: one run covers all of them.
  const bool by_row = prepared->space == 1;
  const int64_t runs = by_row ? 1 : prepared->channels;
  const int64_t count = by_row ? prepared->channels : prepared->space;
  char* factors = args->workspace;
  char* summands = factors + (size_t)prepared->channels * compute_bytes;
  const char* x = args->inputs[kInputX];
  char* y = args->outputs[0];
  (void)error;
  if (!y) return OLSTM_STATUS_OK;
  make_factors(self, prepared, args->inputs, factors, summands);
  if (!by_row && prepared->dtype == OLSTM_DTYPE_FLOAT) {
    run_float_images(prepared, (const float*)factors, (const float*)summands,
                     (const float*)x, (float*)y);
    return OLSTM_STATUS_OK;
  }
  for (int64_t n = 0; n < prepared->batch; n++) {
    for (int64_t r = 0; r < runs; r++) {
      const size_t offset = (size_t)r * compute_bytes;
      apply_run(prepared, count, x, factors + offset, summands + offset, by_row ? 1 : 0,
                y);
      x += (size_t)count * element_bytes;
      y += (size_t)count * element_bytes;
    }
  }
  return OLSTM_STATUS_OK;
}

static const char* const kBefore7[] = {"epsilon", "is_test", "momentum", "spatial", NULL};
static const char* const kBefore9[] = {"epsilon", "momentum", "spatial", NULL};
static const char* const kBefore14[] = {"epsilon", "momentum", NULL};
static const char* const kSince14[] = {"epsilon", "momentum", "training_mode", NULL};

#define SCHEMA(name, outputs, names)                     \
  static const olstm__op_schema name = OLSTM__OP_SCHEMA( \
      kInputCount, kInputCount, outputs, names, batch_norm_op, parse, 0)
SCHEMA(kBatchNormBefore7, 5, kBefore7);
SCHEMA(kBatchNormBefore9, 5, kBefore9);
SCHEMA(kBatchNormBefore14, 5, kBefore14);
SCHEMA(kBatchNorm, 3, kSince14);

static const olstm__op_callbacks kCallbacks = OLSTM__OP_CALLBACKS(batch_norm);

#define ROW(first, last, schema) \
  OLSTM__OP_ROW("BatchNormalization", first, last, OLSTM__DTYPES_REAL, kCallbacks, schema)
static const olstm__op_row kTable[] = {
    ROW(1, 6, kBatchNormBefore7),
    ROW(7, 8, kBatchNormBefore9),
    ROW(9, 13, kBatchNormBefore14),
    ROW(14, 0, kBatchNorm),
};

const olstm__op_family olstm__batch_norm_family = {
    OLSTM__ROWS(kTable), .traits = OLSTM__TRAIT_KEEPS_SHAPE | OLSTM__TRAIT_ROWS_FIRST};
