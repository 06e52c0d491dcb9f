// Where: selects from two operands by a mask; all three are broadcast. It copies bytes,
// so one loop per element size serves all dtypes.
#include "op/elementwise/broadcast.h"
#include "op/op_family.h"

typedef void (*where_kernel)(int64_t count, const uint8_t* mask, int64_t mask_step,
                             const void* a, int64_t a_step, const void* b, int64_t b_step,
                             void* y);

typedef struct where_op {
  olstm__op_base base;
} where_op;

typedef struct where_handle {
  olstm__op_handle head;
  olstm__broadcast plan;
  where_kernel kernel;
  size_t element_bytes;
} where_handle;

#define WHERE(type)                                                                \
  static void where_##type(int64_t count, const uint8_t* mask, int64_t mask_step,  \
                           const void* a_data, int64_t a_step, const void* b_data, \
                           int64_t b_step, void* y_data) {                         \
    const type* a = a_data;                                                        \
    const type* b = b_data;                                                        \
    type* y = y_data;                                                              \
    for (int64_t i = 0; i < count; i++) {                                          \
      const type p = a[i * a_step];                                                \
      const type q = b[i * b_step];                                                \
      y[i] = mask[i * mask_step] ? p : q;                                          \
    }                                                                              \
  }
WHERE(uint8_t)
WHERE(uint16_t)
WHERE(uint32_t)
WHERE(uint64_t)

static olstm_status where_infer(const void* instance, const olstm_infer_args* args,
                                olstm_tensor_desc* out_outputs, olstm_error* error) {
  const where_op* self = instance;
  OLSTM_RETURN_IF_ERROR(olstm__op_check_dtype(&self->base, args, 0,
                                              OLSTM_DTYPE_BIT(OLSTM_DTYPE_BOOL), error));
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&self->base, args, 1, OLSTM__DTYPES_ALL, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(&self->base, args, 2, 1, error));
  out_outputs[0].dtype = args->inputs[1]->desc.dtype;
  return olstm__broadcast_infer(&self->base, args, 0, 3, &out_outputs[0], error);
}

static where_kernel find_kernel(size_t element_bytes) {
  switch (element_bytes) {
    case 1:
      return where_uint8_t;
    case 2:
      return where_uint16_t;
    case 4:
      return where_uint32_t;
    default:
      return where_uint64_t;
  }
}

static olstm_status where_prepare(void* instance, const olstm_prepare_args* args,
                                  olstm_prepared* out_prepared, olstm_error* error) {
  const where_op* self = instance;
  const olstm_tensor_desc* y = &args->outputs[0];
  where_handle* handle = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&self->base, sizeof *handle, (void**)&handle, error));
  const olstm_tensor_desc* const descs[] = {
      &args->inputs[0]->desc, &args->inputs[1]->desc, &args->inputs[2]->desc};
  olstm__broadcast_init(&handle->plan, y, descs, 3);
  handle->element_bytes = olstm_dtype_size(y->dtype);
  handle->kernel = find_kernel(handle->element_bytes);
  out_prepared->handle = handle;
  for (int32_t i = 0; i < 3; i++) {
    if (olstm_tensor_desc_equal(descs[i], y)) out_prepared->inplace_inputs |= 1u << i;
  }
  return OLSTM_STATUS_OK;
}

static olstm_status where_run(const void* instance, const void* handle,
                              const olstm_run_args* args, olstm_error* error) {
  const where_handle* prepared = handle;
  const olstm__broadcast* plan = &prepared->plan;
  const size_t bytes = prepared->element_bytes;
  olstm__broadcast_cursor cursor = {{0}, {0}};
  char* y = args->outputs[0];
  (void)instance;
  (void)error;
  for (int64_t r = 0; r < plan->run_count; r++) {
    prepared->kernel(plan->run_length,
                     (const uint8_t*)args->inputs[0] + cursor.offsets[0],
                     olstm__broadcast_step(plan, 0),
                     (const char*)args->inputs[1] + (size_t)cursor.offsets[1] * bytes,
                     olstm__broadcast_step(plan, 1),
                     (const char*)args->inputs[2] + (size_t)cursor.offsets[2] * bytes,
                     olstm__broadcast_step(plan, 2), y);
    y += (size_t)plan->run_length * bytes;
    olstm__broadcast_next(plan, &cursor);
  }
  return OLSTM_STATUS_OK;
}

static const olstm__op_schema kWhere = {.arity = {3, 3, 1},
                                        .instance_bytes = sizeof(where_op)};

static const olstm_operator kOperators[] = {
    OLSTM__OP_ENTRY("Where", 9, 0, OLSTM_DTYPE_BIT(OLSTM_DTYPE_BOOL), &kWhere,
                    where_infer, where_prepare, where_run),
};

const olstm__op_family olstm__where_family = {OLSTM__OPERATORS(kOperators)};
