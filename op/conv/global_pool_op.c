// GlobalAveragePool, GlobalMaxPool and GlobalLpPool: reductions over all of space.
#include "op/op_family.h"
#include "op/op_support.h"
#include "op/reduce/reduce_walk.h"

typedef struct global_pool_op {
  olstm__op_base base;
  olstm__reduce_code code;
} global_pool_op;

typedef struct global_pool_handle {
  olstm__op_handle head;
  olstm__reduce_walk walk;
} global_pool_handle;

static olstm_status parse(void* instance, olstm_error* error) {
  global_pool_op* self = instance;
  (void)error;
  self->code =
      (olstm__reduce_code)((const olstm__op_schema*)self->base.self->variant)->code;
  return OLSTM_STATUS_OK;
}

/// p is a float in opset 1, an integer since.
static olstm_status parse_lp(void* instance, olstm_error* error) {
  global_pool_op* self = instance;
  float real = 2;
  int64_t whole = 2;
  if (self->base.node->opset_version < 2) {
    OLSTM_RETURN_IF_ERROR(olstm_node_get_float(self->base.node, "p", 2, &real, error));
    whole = real == 1 ? 1 : real == 2 ? 2 : 0;
  } else {
    OLSTM_RETURN_IF_ERROR(olstm_node_get_int(self->base.node, "p", 2, &whole, error));
  }
  self->code = whole == 1 ? OLSTM__REDUCE_L1 : OLSTM__REDUCE_L2;
  if (whole == 1 || whole == 2) return OLSTM_STATUS_OK;
  return olstm__op_fail(&self->base, error, OLSTM_STATUS_UNSUPPORTED,
                        "attribute p is not 1 or 2, which are what olstm knows");
}

static olstm_status global_pool_infer(const void* instance, const olstm_infer_args* args,
                                      olstm_tensor_desc* out_outputs,
                                      olstm_error* error) {
  const global_pool_op* self = instance;
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&self->base, args, 0, OLSTM__DTYPES_REAL, error));
  if (x->rank < 2) {
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, expected [N,C,...]",
                          self->base.node->input_names[0], olstm_shape_text(x).text);
  }
  out_outputs[0] = *x;
  for (int32_t d = 2; d < x->rank; d++) out_outputs[0].dims[d] = 1;
  return OLSTM_STATUS_OK;
}

static olstm_status global_pool_prepare(void* instance, const olstm_prepare_args* args,
                                        olstm_prepared* out_prepared,
                                        olstm_error* error) {
  const global_pool_op* self = instance;
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  global_pool_handle* handle = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&self->base, sizeof *handle, (void**)&handle, error));
  olstm__reduce_walk_init(&handle->walk, self->code, x, ((1u << x->rank) - 1) & ~3u);
  out_prepared->workspace_bytes = olstm__reduce_walk_workspace(&handle->walk);
  out_prepared->handle = handle;
  return OLSTM_STATUS_OK;
}

static olstm_status global_pool_run(const void* instance, const void* handle,
                                    const olstm_run_args* args, olstm_error* error) {
  const global_pool_handle* prepared = handle;
  (void)instance;
  (void)error;
  if (args->outputs[0]) {
    olstm__reduce_walk_run(&prepared->walk, args->parallel, args->inputs[0],
                           args->outputs[0], args->workspace);
  }
  return OLSTM_STATUS_OK;
}

static const char* const kLpAttributes[] = {"p", NULL};
#define SCHEMA(name, names, parser, what) \
  static const olstm__op_schema name =    \
      OLSTM__OP_SCHEMA(1, 1, 1, names, global_pool_op, parser, what)
SCHEMA(kAverage, NULL, parse, OLSTM__REDUCE_MEAN);
SCHEMA(kMax, NULL, parse, OLSTM__REDUCE_MAX);
SCHEMA(kLp, kLpAttributes, parse_lp, OLSTM__REDUCE_L2);

static const olstm__op_callbacks kCallbacks = OLSTM__OP_CALLBACKS(global_pool);

#define ROW(type, schema) \
  OLSTM__OP_ROW(type, 1, 0, OLSTM__DTYPES_REAL, kCallbacks, schema)
static const olstm__op_row kTable[] = {ROW("GlobalAveragePool", kAverage),
                                       ROW("GlobalMaxPool", kMax),
                                       ROW("GlobalLpPool", kLp)};

const olstm__op_family olstm__global_pool_family = {
    OLSTM__ROWS(kTable), .traits = OLSTM__TRAIT_KEEPS_RANK | OLSTM__TRAIT_ROWS_FIRST};
