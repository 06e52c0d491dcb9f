// Gemm: Y = alpha * A' · B' + beta * C. C broadcasts to Y and may be absent since opset
// 11. With alpha and beta 1, a C of one row is added by the product itself.
#include <string.h>

#include "op/dense/packed_weight.h"
#include "op/elementwise/binary_walk.h"
#include "op/op_family.h"
#include "op/op_work.h"
#include "op/shape/transpose_tiles.h"

typedef struct gemm_op {
  olstm__op_base base;
  float alpha;
  float beta;
  bool transposes_a;
  bool transposes_b;
  olstm__packed_weight weight;
} gemm_op;

typedef struct gemm_handle {
  olstm__op_handle head;
  olstm__product product;
  /// The parts of the workspace, one after the other: A transposed, B packed, scratch.
  size_t a_bytes;
  size_t packed_bytes;
  /// C goes in as the product's bias.
  bool is_bias;
  /// Y = Y * alpha + C * beta otherwise.
  bool has_c;
  olstm__broadcast plan;
} gemm_handle;

static olstm_status parse(void* instance, olstm_error* error) {
  gemm_op* self = instance;
  const olstm_node* node = self->base.node;
  int64_t trans_a = 0;
  int64_t trans_b = 0;
  OLSTM_RETURN_IF_ERROR(olstm_node_get_float(node, "alpha", 1, &self->alpha, error));
  OLSTM_RETURN_IF_ERROR(olstm_node_get_float(node, "beta", 1, &self->beta, error));
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(node, "transA", 0, &trans_a, error));
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(node, "transB", 0, &trans_b, error));
  self->transposes_a = trans_a != 0;
  self->transposes_b = trans_b != 0;
  const olstm_tensor* b = node->constants[1];
  if (!b || b->desc.rank != 2 ||
      !(OLSTM__DTYPES_PRODUCT & OLSTM_DTYPE_BIT(b->desc.dtype)) ||
      olstm_tensor_desc_count(&b->desc) == 0) {
    return OLSTM_STATUS_OK;
  }
  const int64_t rows = b->desc.dims[0];
  const int64_t columns = b->desc.dims[1];
  const bool flips = self->transposes_b;
  const olstm__product product = {b->desc.dtype, 0, flips ? columns : rows,
                                  flips ? rows : columns};
  const olstm__weight_layout layout = {.matrix_count = 1,
                                       .row_stride = flips ? 1 : columns,
                                       .column_stride = flips ? columns : 1};
  return olstm__packed_weight_init(&self->weight, &self->base, &product, &layout, b->data,
                                   error);
}

static olstm__product find_product(const gemm_op* self, const olstm_tensor_desc* a,
                                   const olstm_tensor_desc* b) {
  return (olstm__product){.dtype = a->dtype,
                          .m = a->dims[self->transposes_a ? 1 : 0],
                          .k = a->dims[self->transposes_a ? 0 : 1],
                          .n = b->dims[self->transposes_b ? 0 : 1]};
}

static bool has_c(const olstm_infer_args* args) {
  return args->input_count > 2 && args->inputs[2] != NULL;
}

static olstm_status gemm_infer(const void* instance, const olstm_infer_args* args,
                               olstm_tensor_desc* out_outputs, olstm_error* error) {
  const gemm_op* self = instance;
  const char* const* names = self->base.node->input_names;
  const olstm_tensor_desc* b = &args->inputs[1]->desc;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&self->base, args, 0, OLSTM__DTYPES_PRODUCT, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(&self->base, args, 1, 0, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(&self->base, args, 2, 0, error));
  for (size_t i = 0; i < 2; i++) {
    if (args->inputs[i]->desc.rank == 2) continue;
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, expected rank 2", names[i],
                          olstm_shape_text(&args->inputs[i]->desc).text);
  }
  const olstm__product product = find_product(self, &args->inputs[0]->desc, b);
  if (b->dims[self->transposes_b ? 1 : 0] != product.k) {
    return olstm__op_fail(
        &self->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
        "input '%s' has shape %s, expected %s%" PRId64 "%s from '%s' with shape %s",
        names[1], olstm_shape_text(b).text, self->transposes_b ? "[*," : "[", product.k,
        self->transposes_b ? "]" : ",*]", names[0],
        olstm_shape_text(&args->inputs[0]->desc).text);
  }
  out_outputs[0] = (olstm_tensor_desc){
      .dtype = product.dtype, .rank = 2, .dims = {product.m, product.n}};
  if (has_c(args) && !olstm__broadcast_fits(&args->inputs[2]->desc, &out_outputs[0])) {
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, which does not broadcast to %s",
                          names[2], olstm_shape_text(&args->inputs[2]->desc).text,
                          olstm_shape_text(&out_outputs[0]).text);
  }
  return olstm__op_check_output(&self->base, &out_outputs[0], error);
}

static bool find_workspace(const gemm_op* self, gemm_handle* handle, size_t* out_bytes) {
  const olstm__product* product = &handle->product;
  size_t pack_bytes = 0;
  if (!olstm__product_run_scratch_bytes(product, out_bytes)) return false;
  if (self->transposes_a) {
    if (!olstm_size_multiply((size_t)product->m, (size_t)product->k, &handle->a_bytes) ||
        !olstm_size_multiply(handle->a_bytes, olstm_dtype_size(product->dtype),
                             &handle->a_bytes) ||
        !olstm_size_align(handle->a_bytes, &handle->a_bytes)) {
      return false;
    }
  }
  if (!self->weight.packed.memory) {
    if (!olstm__product_pack_scratch_bytes(product, &pack_bytes) ||
        !olstm__product_packed_bytes(product, &handle->packed_bytes) ||
        !olstm_size_align(handle->packed_bytes, &handle->packed_bytes)) {
      return false;
    }
    if (pack_bytes > *out_bytes) *out_bytes = pack_bytes;
  }
  return olstm_size_add(*out_bytes, handle->a_bytes, out_bytes) &&
         olstm_size_add(*out_bytes, handle->packed_bytes, out_bytes);
}

static olstm_status gemm_prepare(void* instance, const olstm_prepare_args* args,
                                 olstm_prepared* out_prepared, olstm_error* error) {
  const gemm_op* self = instance;
  const olstm_tensor_desc* y = &args->outputs[0];
  gemm_handle* handle = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&self->base, sizeof *handle, (void**)&handle, error));
  handle->product = find_product(self, &args->inputs[0]->desc, &args->inputs[1]->desc);
  if (!find_workspace(self, handle, &out_prepared->workspace_bytes)) {
    olstm__op_release_handle(instance, handle);
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_OUT_OF_MEMORY,
                          "the workspace does not fit");
  }
  const olstm_tensor_desc scalar = {.dtype = y->dtype};
  const olstm_tensor_desc* c = &scalar;
  if (args->input_count > 2 && args->inputs[2] && self->beta != 0) {
    c = &args->inputs[2]->desc;
    handle->is_bias = self->alpha == 1 && self->beta == 1 &&
                      olstm_tensor_desc_count(c) == y->dims[1] && c->rank > 0 &&
                      c->dims[c->rank - 1] == y->dims[1] &&
                      (OLSTM__DTYPES_REAL & OLSTM_DTYPE_BIT(c->dtype));
    handle->has_c = !handle->is_bias;
  }
  const olstm_tensor_desc* const descs[] = {c};
  olstm__broadcast_init(&handle->plan, y, descs, 1);
  out_prepared->handle = handle;
  out_prepared->work = olstm__op_work_sum(
      olstm__product_units(&handle->product, 1, !self->weight.packed.memory),
      olstm__op_element_work("Gemm", args, 0, 0));
  return OLSTM_STATUS_OK;
}

/// x is [rows, columns], y [columns, rows].
static void transpose(size_t element_bytes, int64_t rows, int64_t columns, const void* x,
                      void* y) {
  const int log = element_bytes == 8 ? 3 : element_bytes == 4 ? 2 : 1;
  const int64_t bytes = (int64_t)element_bytes;
  olstm__transpose_tiles_f32_plain[log](columns, rows, x, columns * bytes, y,
                                        rows * bytes);
}

// y = alpha * y + beta * c over one run of y.
#define COMBINE(compute_type, type, real)                                                \
  static void combine_##compute_type(const gemm_op* self, int64_t count,                 \
                                     const void* c_data, int64_t c_step, void* y_data) { \
    const type* c = c_data;                                                              \
    type* y = y_data;                                                                    \
    const real alpha = (real)self->alpha;                                                \
    const real beta = (real)self->beta;                                                  \
    for (int64_t i = 0; i < count; i++) {                                                \
      const real sum = alpha * (real)y[i] + (c ? beta * (real)c[i * c_step] : 0);        \
      y[i] = (type)sum;                                                                  \
    }                                                                                    \
  }
COMBINE(F32, float, float)
COMBINE(F64, double, double)

static void combine_block(const gemm_op* self, olstm_dtype dtype, int64_t count,
                          const char* c, int64_t c_step, char* y) {
  const bool is_float = olstm__compute_type_of(dtype) == OLSTM__COMPUTE_F32;
  const olstm__compute_type compute_type =
      is_float ? OLSTM__COMPUTE_F32 : OLSTM__COMPUTE_F64;
  olstm__compute_block y_block;
  olstm__compute_block c_block;
  olstm__compute_load(compute_type, dtype, count, y, &y_block);
  if (c) olstm__compute_load(compute_type, dtype, c_step ? count : 1, c, &c_block);
  (is_float ? combine_F32 : combine_F64)(self, count, c ? &c_block : NULL, c_step,
                                         &y_block);
  olstm__compute_store(compute_type, dtype, count, &y_block, y);
}

/// Integers with alpha and beta of 1 are added exactly.
static void add_block(olstm_dtype dtype, int64_t count, const char* c, int64_t c_step,
                      char* y) {
  const olstm__compute_type compute_type = olstm__compute_type_of(dtype);
  olstm__compute_block y_block;
  olstm__compute_block c_block;
  olstm__compute_load(compute_type, dtype, count, y, &y_block);
  olstm__compute_load(compute_type, dtype, c_step ? count : 1, c, &c_block);
  (void)olstm__binary_kernel_find(OLSTM__BINARY_ADD, compute_type)(
      count, &y_block, 1, &c_block, c_step, &y_block);
  olstm__compute_store(compute_type, dtype, count, &y_block, y);
}

static void combine(const gemm_op* self, const gemm_handle* handle, const char* c,
                    char* y) {
  const olstm_dtype dtype = handle->product.dtype;
  if (!c && dtype == OLSTM_DTYPE_FLOAT) {
    (void)olstm__binary_kernel_find(OLSTM__BINARY_MUL, OLSTM__COMPUTE_F32)(
        handle->product.m * handle->product.n, y, 1, &self->alpha, 0, y);
    return;
  }
  const size_t element_bytes = olstm_dtype_size(dtype);
  const olstm__broadcast* plan = &handle->plan;
  const int64_t step = olstm__broadcast_step(plan, 0);
  const bool adds = c && self->alpha == 1 && self->beta == 1;
  olstm__broadcast_cursor cursor = {.output = 0};
  for (int64_t r = 0; r < plan->run_count; r++) {
    for (int64_t begin = 0; begin < plan->run_length; begin += OLSTM__COMPUTE_BLOCK) {
      const int64_t count = olstm__compute_block_size(plan->run_length - begin);
      const char* from =
          c ? c + (size_t)(cursor.offsets[0] + begin * step) * element_bytes : NULL;
      if (adds) {
        add_block(dtype, count, from, step, y);
      } else {
        combine_block(self, dtype, count, from, step, y);
      }
      y += (size_t)count * element_bytes;
    }
    olstm__broadcast_next(plan, &cursor);
  }
}

static olstm_status gemm_run(const void* instance, const void* handle,
                             const olstm_run_args* args, olstm_error* error) {
  const gemm_op* self = instance;
  const gemm_handle* prepared = handle;
  const olstm__product* product = &prepared->product;
  char* packed = (char*)args->workspace + prepared->a_bytes;
  char* scratch = packed + prepared->packed_bytes;
  const void* a = args->inputs[0];
  (void)error;
  if (!args->outputs[0]) return OLSTM_STATUS_OK;
  if (self->transposes_a && product->k > 0) {
    transpose(olstm_dtype_size(product->dtype), product->k, product->m, a,
              args->workspace);
    a = args->workspace;
  }
  const olstm__gemm_matrix b = {args->inputs[1], self->transposes_b ? 1 : product->n,
                                self->transposes_b ? product->k : 1};
  const bool is_packed = self->weight.packed.memory != NULL;
  const bool is_unpacked = !is_packed && olstm__product_takes_unpacked(product, &b);
  const olstm__product_run_args run = {
      .a = a,
      .packed = self->weight.packed.memory,
      .b = b,
      .pack_to = is_packed || is_unpacked ? NULL : packed,
      .bias = prepared->is_bias ? args->inputs[2] : NULL,
      .c = args->outputs[0],
      .scratch = scratch,
      .parallel = args->parallel};
  olstm__product_run(product, &run);
  if (prepared->has_c || self->alpha != 1) {
    combine(self, prepared, prepared->has_c ? args->inputs[2] : NULL, args->outputs[0]);
  }
  return OLSTM_STATUS_OK;
}

static void gemm_destroy(void* instance) {
  gemm_op* self = instance;
  if (self) olstm__packed_weight_deinit(&self->weight, &self->base);
  olstm__op_destroy(instance);
}

static const char* const kAttributes[] = {"alpha", "beta", "transA", "transB", NULL};
/// C is always broadcast: a C that needs it despite broadcast=0 is accepted.
static const char* const kBefore7[] = {"alpha",  "beta",   "broadcast",
                                       "transA", "transB", NULL};

static const olstm__op_schema kGemmBefore7 = {.arity = {3, 3, 1},
                                              .attributes = kBefore7,
                                              .instance_bytes = sizeof(gemm_op),
                                              .parse = parse};
static const olstm__op_schema kGemm7 = {.arity = {3, 3, 1},
                                        .attributes = kAttributes,
                                        .instance_bytes = sizeof(gemm_op),
                                        .parse = parse};
static const olstm__op_schema kGemm11 = {.arity = {2, 3, 1},
                                         .attributes = kAttributes,
                                         .instance_bytes = sizeof(gemm_op),
                                         .parse = parse};

static const olstm__op_callbacks kCallbacks =
    OLSTM__OP_CALLBACKS_WITH_DESTROY(gemm, gemm_destroy);

#define ROW(first, last, schema) \
  OLSTM__OP_ROW("Gemm", first, last, OLSTM__DTYPES_PRODUCT, kCallbacks, schema)
static const olstm__op_row kTable[] = {ROW(1, 6, kGemmBefore7), ROW(7, 10, kGemm7),
                                       ROW(11, 0, kGemm11)};

const olstm__op_family olstm__gemm_family = {OLSTM__ROWS(kTable)};
