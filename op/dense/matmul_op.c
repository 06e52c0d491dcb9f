// MatMul: a product for each matrix of the batch; a constant right-hand side is packed
// once.
#include "op/dense/matmul_shape.h"
#include "op/dense/packed_weight.h"
#include "op/op_family.h"

typedef struct matmul_op {
  olstm__op_base base;
  /// The right-hand side where it is a constant.
  olstm__packed_weight weight;
} matmul_op;

typedef struct matmul_handle {
  olstm__op_handle head;
  olstm__matmul_plan plan;
  olstm__product product;
  /// Bytes from matrix to matrix.
  size_t a_bytes;
  size_t b_bytes;
  size_t c_bytes;
  size_t packed_bytes;
  /// Tasks that a run of matrices is shared by, with as many bytes of workspace each.
  int32_t tasks;
  size_t task_bytes;
} matmul_handle;

static olstm_status matmul_infer(const void* instance, const olstm_infer_args* args,
                                 olstm_tensor_desc* out_outputs, olstm_error* error) {
  const matmul_op* self = instance;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&self->base, args, 0, OLSTM__DTYPES_PRODUCT, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(&self->base, args, 1, 0, error));
  return olstm__matmul_infer(&self->base, args, 0, 1, &out_outputs[0], error);
}

/// Matrix `index` of the right-hand side as it is.
static olstm__gemm_matrix matrix_of(const matmul_handle* handle, const void* b,
                                    int64_t index) {
  return (olstm__gemm_matrix){(const char*)b + (size_t)index * handle->b_bytes,
                              handle->product.n, 1};
}

static bool takes_unpacked(const matmul_op* self, const matmul_handle* handle) {
  const olstm__gemm_matrix b = matrix_of(handle, NULL, 0);
  return !self->weight.packed.memory &&
         olstm__product_takes_unpacked(&handle->product, &b);
}

static olstm_status find_workspace(const matmul_op* self, matmul_handle* handle,
                                   size_t* out_bytes, olstm_error* error) {
  size_t pack_bytes = 0;
  bool fits = olstm__product_run_scratch_bytes(&handle->product, out_bytes);
  if (!self->weight.packed.memory && !takes_unpacked(self, handle)) {
    fits = fits && olstm__product_pack_scratch_bytes(&handle->product, &pack_bytes) &&
           olstm__product_packed_bytes(&handle->product, &handle->packed_bytes) &&
           olstm_size_align(handle->packed_bytes, &handle->packed_bytes);
    // Packing is finished when the products start.
    if (pack_bytes > *out_bytes) *out_bytes = pack_bytes;
    fits = fits && olstm_size_add(*out_bytes, handle->packed_bytes, out_bytes);
  }
  fits = fits && olstm_size_align(*out_bytes, &handle->task_bytes) &&
         olstm_size_multiply(handle->task_bytes, (size_t)handle->tasks, out_bytes);
  if (fits) return OLSTM_STATUS_OK;
  return olstm__op_fail(&self->base, error, OLSTM_STATUS_OUT_OF_MEMORY,
                        "the workspace does not fit");
}

/// Tasks that share the matrices of a run, where each product is too little for threads.
static int32_t count_tasks(const matmul_op* self, const matmul_handle* handle) {
  enum { kLeastWork = 1 << 18, kMostWork = 1 << 20 };
  const int64_t count = handle->plan.batch.run_length;
  const uint64_t work = olstm__product_work(&handle->product);
  const int32_t threads = self->base.options.thread_count;
  if (work > kMostWork || work < kLeastWork / (uint64_t)(count + 1)) return 1;
  return count < threads ? 1 : threads;
}

static olstm_status matmul_prepare(void* instance, const olstm_prepare_args* args,
                                   olstm_prepared* out_prepared, olstm_error* error) {
  const matmul_op* self = instance;
  matmul_handle* handle = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&self->base, sizeof *handle, (void**)&handle, error));
  const olstm_tensor_desc* y = &args->outputs[0];
  const size_t element_bytes = olstm_dtype_size(y->dtype);
  olstm__matmul_plan_init(&handle->plan, &args->inputs[0]->desc, &args->inputs[1]->desc,
                          y, true);
  const olstm__matmul_plan* plan = &handle->plan;
  handle->product = (olstm__product){y->dtype, plan->m, plan->k, plan->n};
  handle->a_bytes = (size_t)(plan->m * plan->k) * element_bytes;
  handle->b_bytes = (size_t)(plan->k * plan->n) * element_bytes;
  handle->c_bytes = (size_t)(plan->m * plan->n) * element_bytes;
  handle->tasks = count_tasks(self, handle);
  const olstm_status status =
      find_workspace(self, handle, &out_prepared->workspace_bytes, error);
  if (status != OLSTM_STATUS_OK) {
    olstm__op_release_handle(instance, handle);
    return status;
  }
  out_prepared->handle = handle;
  out_prepared->work = olstm__matmul_work(
      plan, y->dtype, !self->weight.packed.memory && !takes_unpacked(self, handle));
  return OLSTM_STATUS_OK;
}

/// Matrices side by side, each a_step and b_step after the one before.
typedef struct matrix_run {
  const matmul_op* self;
  const matmul_handle* handle;
  const olstm_run_args* args;
  int64_t a, a_step, b, b_step;
  char* c;
  int64_t count;
  /// Tasks that share them; where there is one, each product is shared.
  int32_t tasks;
} matrix_run;

static void run_matrices(void* argument, int32_t task) {
  const matrix_run* run = argument;
  const matmul_handle* handle = run->handle;
  const olstm_run_args* args = run->args;
  const olstm__packed_weight* weight = &run->self->weight;
  const bool is_constant = weight->packed.memory != NULL;
  const bool packs = !is_constant && !takes_unpacked(run->self, handle);
  char* workspace = (char*)args->workspace + (size_t)task * handle->task_bytes;
  const void* packed = NULL;
  if (packs && run->b_step == 0 && run->count > 1) {
    // All products have the same one.
    const olstm__gemm_matrix b = matrix_of(handle, args->inputs[1], run->b);
    olstm__product_pack(&handle->product, &b, workspace + handle->packed_bytes,
                        workspace);
    packed = workspace;
  }
  for (int64_t i = run->count * task / run->tasks;
       i < run->count * (task + 1) / run->tasks; i++) {
    const int64_t b_index = run->b + i * run->b_step;
    if (is_constant) packed = olstm__packed_weight_get(weight, b_index);
    const olstm__product_run_args product = {
        .a = (const char*)args->inputs[0] +
             (size_t)(run->a + i * run->a_step) * handle->a_bytes,
        .packed = packed,
        .b = matrix_of(handle, args->inputs[1], b_index),
        .pack_to = packs && !packed ? workspace : NULL,
        .c = run->c + (size_t)i * handle->c_bytes,
        .scratch = workspace + handle->packed_bytes,
        .parallel = run->tasks == 1 ? args->parallel : NULL};
    olstm__product_run(&handle->product, &product);
  }
}

static olstm_status matmul_run(const void* instance, const void* handle,
                               const olstm_run_args* args, olstm_error* error) {
  const matmul_handle* prepared = handle;
  const olstm__broadcast* batch = &prepared->plan.batch;
  const int32_t threads = args->parallel ? args->parallel->thread_count : 1;
  olstm__broadcast_cursor cursor = {.output = 0};
  matrix_run run = {.self = instance,
                    .handle = prepared,
                    .args = args,
                    .a_step = olstm__broadcast_step(batch, 0),
                    .b_step = olstm__broadcast_step(batch, 1),
                    .c = args->outputs[0],
                    .count = batch->run_length,
                    .tasks = threads < prepared->tasks ? threads : prepared->tasks};
  (void)error;
  if (!run.c) return OLSTM_STATUS_OK;
  for (int64_t r = 0; r < batch->run_count; r++) {
    run.a = cursor.offsets[0];
    run.b = cursor.offsets[1];
    if (run.tasks > 1) {
      args->parallel->run(args->parallel->pool, run.tasks, run_matrices, &run);
    } else {
      run_matrices(&run, 0);
    }
    run.c += (size_t)run.count * prepared->c_bytes;
    olstm__broadcast_next(batch, &cursor);
  }
  return OLSTM_STATUS_OK;
}

static olstm_status pack_constant(void* instance, olstm_error* error) {
  matmul_op* self = instance;
  const olstm_tensor* b = self->base.node->constants[1];
  if (!b || b->desc.rank == 0 ||
      !(OLSTM__DTYPES_PRODUCT & OLSTM_DTYPE_BIT(b->desc.dtype)) ||
      olstm_tensor_desc_count(&b->desc) == 0) {
    return OLSTM_STATUS_OK;
  }
  const olstm__matmul_operand view = olstm__matmul_view(&b->desc, false);
  const olstm__product product = {b->desc.dtype, 0, view.rows, view.columns};
  if (olstm__product_is_shallow(&product)) return OLSTM_STATUS_OK;
  const olstm__weight_layout layout = {
      .matrix_count = olstm_tensor_desc_count(&view.batch),
      .matrix_stride = view.rows * view.columns,
      .row_stride = view.columns,
      .column_stride = 1};
  return olstm__packed_weight_init(&self->weight, &self->base, &product, &layout, b->data,
                                   error);
}

static void matmul_destroy(void* instance) {
  matmul_op* self = instance;
  if (self) olstm__packed_weight_deinit(&self->weight, &self->base);
  olstm__op_destroy(instance);
}

static const olstm__op_schema kMatMul = {
    .arity = {2, 2, 1}, .instance_bytes = sizeof(matmul_op), .parse = pack_constant};

static const olstm__op_callbacks kCallbacks =
    OLSTM__OP_CALLBACKS_WITH_DESTROY(matmul, matmul_destroy);

static const olstm__op_row kTable[] = {
    OLSTM__OP_ROW("MatMul", 1, 0, OLSTM__DTYPES_PRODUCT, kCallbacks, kMatMul),
};

const olstm__op_family olstm__matmul_family = {OLSTM__ROWS(kTable)};
