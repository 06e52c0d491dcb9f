// Dense: Y = activation(A · W + C). Fusion makes it of MatMul, Add and an activation, or
// of Gemm and an activation; the result is bit for bit theirs. Domain olstm.fused,
// version 1.
//
// Inputs: A [...,K], W [K,N] (transB: [N,K]), a constant, and C [N], optional.
// Attributes: transB; gemm: A has two dimensions, and the sum begins with C, as Gemm's
// does, instead of C being added to it; activation: the name of an ONNX operator, and its
// parameters activation_alpha and activation_beta.
#include "op/dense/packed_weight.h"
#include "op/elementwise/binary_kernel.h"
#include "op/elementwise/fused_function.h"
#include "op/fused.h"
#include "op/op_family.h"
#include "op/op_work.h"

enum {
  /// Rows that are computed and finished at a time, while they are in the cache.
  kRows = 64,
  /// Of work, of adding C to an element and of its activation.
  kUnitsPerActivation = 32
};

#define DTYPES (OLSTM_DTYPE_BIT(OLSTM_DTYPE_FLOAT) | OLSTM_DTYPE_BIT(OLSTM_DTYPE_DOUBLE))

typedef struct dense_op {
  olstm__op_base base;
  bool is_gemm;
  bool flips_weight;
  int64_t k, n;
  olstm__packed_weight weight;
  /// NULL: C is not added.
  olstm__binary_kernel add;
  olstm__fused_function activation;
} dense_op;

typedef struct dense_handle {
  olstm__op_handle head;
  olstm__product product;
} dense_handle;

static olstm_status read_weight(dense_op* self, olstm_error* error) {
  const olstm_tensor* w = self->base.node->constants[1];
  int64_t flips = 0;
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(self->base.node, "transB", 0, &flips, error));
  if (!w || w->desc.rank != 2 || !(DTYPES & OLSTM_DTYPE_BIT(w->desc.dtype)) ||
      olstm_tensor_desc_count(&w->desc) == 0) {
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_INVALID_MODEL,
                          "input '%s' is no constant matrix of real numbers",
                          self->base.node->input_names[1]);
  }
  self->flips_weight = flips != 0;
  self->k = w->desc.dims[self->flips_weight ? 1 : 0];
  self->n = w->desc.dims[self->flips_weight ? 0 : 1];
  return OLSTM_STATUS_OK;
}

static olstm_status pack_weight(dense_op* self, olstm_error* error) {
  const olstm_tensor* w = self->base.node->constants[1];
  const olstm__product product = {w->desc.dtype, 0, self->k, self->n};
  const olstm__weight_layout layout = {.matrix_count = 1,
                                       .row_stride = self->flips_weight ? 1 : self->n,
                                       .column_stride = self->flips_weight ? self->k : 1};
  return olstm__packed_weight_init(&self->weight, &self->base, &product, &layout, w->data,
                                   error);
}

static olstm_status parse(void* instance, olstm_error* error) {
  dense_op* self = instance;
  const olstm_node* node = self->base.node;
  int64_t is_gemm = 0;
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(node, "gemm", 0, &is_gemm, error));
  self->is_gemm = is_gemm != 0;
  OLSTM_RETURN_IF_ERROR(read_weight(self, error));
  const olstm__compute_type compute_type =
      olstm__compute_type_of(node->constants[1]->desc.dtype);
  if (!self->is_gemm && olstm_node_has_input(node, 2)) {
    self->add = olstm__binary_kernel_find(OLSTM__BINARY_ADD, compute_type);
  }
  OLSTM_RETURN_IF_ERROR(
      olstm__fused_function_parse(&self->base, compute_type, &self->activation, error));
  // Last, since only destroy frees what was packed.
  return pack_weight(self, error);
}

static olstm_status dense_infer(const void* instance, const olstm_infer_args* args,
                                olstm_tensor_desc* out_outputs, olstm_error* error) {
  const dense_op* self = instance;
  const char* const* names = self->base.node->input_names;
  const olstm_tensor_desc* a = &args->inputs[0]->desc;
  const olstm_tensor* c = args->input_count > 2 ? args->inputs[2] : NULL;
  OLSTM_RETURN_IF_ERROR(olstm__op_check_dtype(&self->base, args, 0, DTYPES, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(&self->base, args, 1, 0, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(&self->base, args, 2, 0, error));
  if (self->is_gemm && a->rank != 2) {
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, expected rank 2", names[0],
                          olstm_shape_text(a).text);
  }
  if (a->rank == 0 || a->dims[a->rank - 1] != self->k) {
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, expected [...,%" PRId64
                          "] as '%s' has it",
                          names[0], olstm_shape_text(a).text, self->k, names[1]);
  }
  if (c && (c->desc.rank == 0 || olstm_tensor_desc_count(&c->desc) != self->n)) {
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, expected [%" PRId64 "]", names[2],
                          olstm_shape_text(&c->desc).text, self->n);
  }
  out_outputs[0] = *a;
  out_outputs[0].dims[a->rank - 1] = self->n;
  return olstm__op_check_output(&self->base, &out_outputs[0], error);
}

static olstm_status dense_prepare(void* instance, const olstm_prepare_args* args,
                                  olstm_prepared* out_prepared, olstm_error* error) {
  const dense_op* self = instance;
  const olstm_tensor_desc* y = &args->outputs[0];
  dense_handle* handle = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&self->base, sizeof *handle, (void**)&handle, error));
  handle->product =
      (olstm__product){y->dtype, olstm_tensor_desc_count(y) / self->n, self->k, self->n};
  out_prepared->handle = handle;
  // The activation is at most some exponentials.
  out_prepared->work = olstm__op_work_sum(
      olstm__product_units(&handle->product, 1, false),
      olstm__op_work(olstm_tensor_desc_count(y), kUnitsPerActivation, 1, 1));
  return OLSTM_STATUS_OK;
}

/// Adds C and applies the activation, on rows of y.
static void finish_rows(const dense_op* self, int64_t rows, size_t row_bytes,
                        const void* c, char* y) {
  if (self->add && self->n == 1) {
    (void)self->add(rows, y, 1, c, 0, y);
  } else if (self->add) {
    for (int64_t r = 0; r < rows; r++) {
      char* row = y + (size_t)r * row_bytes;
      (void)self->add(self->n, row, 1, c, 1, row);
    }
  }
  olstm__fused_function_run(&self->activation, rows * self->n, y);
}

static olstm_status dense_run(const void* instance, const void* handle,
                              const olstm_run_args* args, olstm_error* error) {
  const dense_op* self = instance;
  const dense_handle* prepared = handle;
  olstm__product product = prepared->product;
  const size_t element_bytes = olstm_dtype_size(product.dtype);
  const size_t row_bytes = (size_t)self->n * element_bytes;
  const bool has_c = olstm_node_has_input(self->base.node, 2);
  const void* c = has_c ? args->inputs[2] : NULL;
  // The product splits its rows over threads itself.
  const int64_t block = args->parallel ? prepared->product.m : kRows;
  (void)error;
  for (int64_t first = 0; first < prepared->product.m; first += block) {
    const int64_t left = prepared->product.m - first;
    char* y = (char*)args->outputs[0] + (size_t)first * row_bytes;
    product.m = left < block ? left : block;
    const olstm__product_run_args run = {
        .a = (const char*)args->inputs[0] +
             (size_t)first * (size_t)self->k * element_bytes,
        .packed = self->weight.packed.memory,
        .bias = self->is_gemm ? c : NULL,
        .c = y,
        .parallel = args->parallel};
    olstm__product_run(&product, &run);
    finish_rows(self, product.m, row_bytes, c, y);
  }
  return OLSTM_STATUS_OK;
}

static void dense_destroy(void* instance) {
  dense_op* self = instance;
  if (self) olstm__packed_weight_deinit(&self->weight, &self->base);
  olstm__op_destroy(instance);
}

static const char* const kAttributes[] = {
    "activation", "activation_alpha", "activation_beta", "gemm", "transB", NULL};

static const olstm__op_schema kDense = {.arity = {2, 3, 1},
                                        .attributes = kAttributes,
                                        .instance_bytes = sizeof(dense_op),
                                        .parse = parse};

static const olstm__op_callbacks kCallbacks =
    OLSTM__OP_CALLBACKS_WITH_DESTROY(dense, dense_destroy);

static const olstm__op_row kTable[] = {
    OLSTM__OP_ROW_FUSED("Dense", DTYPES, kCallbacks, kDense),
};

const olstm__op_family olstm__dense_family = {OLSTM__ROWS(kTable)};
