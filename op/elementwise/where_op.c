// Where: selects from two operands by a mask; all three are broadcast.
#include "op/elementwise/broadcast.h"
#include "op/elementwise/element_groups.h"
#include "op/op_family.h"
#include "op/pieces.h"

typedef struct where_op {
  olstm__op_base base;
} where_op;

typedef struct where_handle {
  olstm__op_handle head;
  olstm__broadcast plan;
  size_t element_bytes;
  int64_t item_elements;
} where_handle;

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

static olstm_status where_prepare(void* instance, const olstm_prepare_args* args,
                                  olstm_prepared* out_prepared, olstm_error* error) {
  const where_op* self = instance;
  const olstm_tensor_desc* y = &args->outputs[0];
  enum { kUnitsPerRun = 512 };
  where_handle* handle = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&self->base, sizeof *handle, (void**)&handle, error));
  const olstm_tensor_desc* const descs[] = {
      &args->inputs[0]->desc, &args->inputs[1]->desc, &args->inputs[2]->desc};
  olstm__broadcast_init(&handle->plan, y, descs, 3);
  handle->element_bytes = olstm_dtype_size(y->dtype);
  out_prepared->handle = handle;
  out_prepared->work =
      olstm__op_element_work("Where", args, handle->plan.run_count, kUnitsPerRun);
  handle->item_elements =
      olstm__piece_elements(out_prepared->work, handle->plan.item_count);
  for (int32_t i = 0; i < 3; i++) {
    if (olstm_tensor_desc_equal(descs[i], y)) out_prepared->inplace_inputs |= 1u << i;
  }
  return OLSTM_STATUS_OK;
}

/// One run, of which pieces are done at a time.
typedef struct where_task {
  const where_handle* handle;
  const olstm_run_args* args;
} where_task;

static void run_items(void* argument, int64_t begin, int64_t end) {
  const where_task* run = argument;
  const olstm__broadcast* plan = &run->handle->plan;
  const size_t bytes = run->handle->element_bytes;
  olstm__broadcast_cursor cursor;
  for (olstm__broadcast_seek(plan, begin, end, &cursor); cursor.length > 0;
       olstm__broadcast_next(plan, &cursor)) {
    olstm__where_operand operands[3];
    for (int32_t i = 0; i < 3; i++) {
      const size_t offset = (size_t)cursor.offsets[i] * (i ? bytes : 1);
      operands[i] = (olstm__where_operand){(const char*)run->args->inputs[i] + offset,
                                           olstm__broadcast_step(plan, i)};
    }
    olstm__where_groups_run(bytes, cursor.length, &operands[0], &operands[1],
                            &operands[2],
                            (char*)run->args->outputs[0] + (size_t)cursor.output * bytes);
  }
}

static olstm_status where_run(const void* instance, const void* handle,
                              const olstm_run_args* args, olstm_error* error) {
  const where_handle* prepared = handle;
  const where_task run = {prepared, args};
  (void)instance;
  (void)error;
  olstm__pieces_run(args->parallel, prepared->plan.item_count, prepared->item_elements,
                    run_items, (void*)&run);
  return OLSTM_STATUS_OK;
}

static const olstm__op_schema kWhere = {.arity = {3, 3, 1},
                                        .instance_bytes = sizeof(where_op)};

static const olstm__op_callbacks kCallbacks = OLSTM__OP_CALLBACKS(where);

static const olstm__op_row kTable[] = {
    OLSTM__OP_ROW("Where", 9, 0, OLSTM_DTYPE_BIT(OLSTM_DTYPE_BOOL), kCallbacks, kWhere),
};

const olstm__op_family olstm__where_family = {OLSTM__ROWS(kTable)};
