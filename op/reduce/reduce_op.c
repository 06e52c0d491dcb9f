// The Reduce* operators: axes from an attribute, or since opset 13 (ReduceSum) and 18
// (the others) from an input.
#include "op/op_family.h"
#include "op/op_support.h"
#include "op/reduce/reduce_walk.h"

typedef struct reduce_op {
  olstm__op_base base;
  int64_t axes[OLSTM_MAX_RANK];
  size_t axis_count;
  bool keeps_dims;
  /// Whether empty axes reduce nothing, instead of everything.
  bool noop_with_empty_axes;
} reduce_op;

typedef struct reduce_handle {
  olstm__op_handle head;
  olstm__reduce_walk walk;
} reduce_handle;

static olstm__reduce_code code_of(const reduce_op* self) {
  return (olstm__reduce_code)((const olstm__op_schema*)self->base.self->variant)->code;
}

static olstm_status parse_attribute(void* instance, olstm_error* error) {
  reduce_op* self = instance;
  int64_t keepdims = 1;
  bool given = false;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(self->base.node, "keepdims", 1, &keepdims, error));
  self->keeps_dims = keepdims != 0;
  return olstm__op_copy_ints(&self->base, "axes", OLSTM_MAX_RANK, self->axes,
                             &self->axis_count, &given, error);
}

static olstm_status parse_input(void* instance, olstm_error* error) {
  reduce_op* self = instance;
  int64_t keepdims = 1;
  int64_t noop = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(self->base.node, "keepdims", 1, &keepdims, error));
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(self->base.node, "noop_with_empty_axes", 0, &noop, error));
  self->keeps_dims = keepdims != 0;
  self->noop_with_empty_axes = noop != 0;
  return OLSTM_STATUS_OK;
}

/// The axes to reduce, as bits.
static olstm_status find_axes(const reduce_op* self, const olstm_infer_args* args,
                              uint32_t* out_axes, olstm_error* error) {
  const int32_t rank = args->inputs[0]->desc.rank;
  int64_t values[OLSTM_MAX_RANK];
  const int64_t* axes = self->axes;
  size_t count = self->axis_count;
  if (args->input_count > 1 && args->inputs[1]) {
    OLSTM_RETURN_IF_ERROR(
        olstm__op_read_ints(&self->base, args, 1, OLSTM_MAX_RANK, values, &count, error));
    axes = values;
  }
  *out_axes = 0;
  for (size_t i = 0; i < count; i++) {
    int32_t axis = 0;
    OLSTM_RETURN_IF_ERROR(
        olstm__op_normalize_axis(&self->base, "axis", axes[i], rank, &axis, error));
    if (*out_axes >> axis & 1u) {
      return olstm__op_fail(&self->base, error, OLSTM_STATUS_INVALID_VALUE,
                            "axis %d is given twice", (int)axis);
    }
    *out_axes |= 1u << axis;
  }
  if (count == 0 && !self->noop_with_empty_axes) *out_axes = (1u << rank) - 1;
  return OLSTM_STATUS_OK;
}

static olstm_status reduce_infer(const void* instance, const olstm_infer_args* args,
                                 olstm_tensor_desc* out_outputs, olstm_error* error) {
  const reduce_op* self = instance;
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  olstm_tensor_desc* y = &out_outputs[0];
  uint32_t axes = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&self->base, args, 0, self->base.self->dtypes, error));
  OLSTM_RETURN_IF_ERROR(find_axes(self, args, &axes, error));
  *y = (olstm_tensor_desc){.dtype = x->dtype};
  for (int32_t d = 0; d < x->rank; d++) {
    if (!(axes >> d & 1u)) {
      y->dims[y->rank++] = x->dims[d];
    } else if (self->keeps_dims) {
      y->dims[y->rank++] = 1;
    }
  }
  return OLSTM_STATUS_OK;
}

/// Where the last dimensions stay, each run of them is taken in by itself.
static uint64_t count_work(const reduce_op* self, uint32_t axes,
                           const olstm_prepare_args* args) {
  enum { kUnitsPerFloatRow = 64, kUnitsPerRow = 224, kUnitsPerConvertedRow = 640 };
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  int64_t run = 1;
  int32_t d = x->rank - 1;
  for (; d >= 0 && !(axes >> d & 1); d--) run *= x->dims[d];
  const bool has_rows = d >= 0 && run > 1;
  return olstm__op_element_work(
      self->base.self->op_type, args, has_rows ? olstm_tensor_desc_count(x) / run : 0,
      x->dtype == OLSTM_DTYPE_FLOAT                   ? kUnitsPerFloatRow
      : olstm_dtype_size(x->dtype) >= sizeof(int32_t) ? kUnitsPerRow
                                                      : kUnitsPerConvertedRow);
}

static olstm_status reduce_prepare(void* instance, const olstm_prepare_args* args,
                                   olstm_prepared* out_prepared, olstm_error* error) {
  const reduce_op* self = instance;
  const olstm_infer_args inputs = {.struct_size = sizeof inputs,
                                   .input_count = args->input_count,
                                   .inputs = args->inputs};
  uint32_t axes = 0;
  reduce_handle* handle = NULL;
  OLSTM_RETURN_IF_ERROR(find_axes(self, &inputs, &axes, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&self->base, sizeof *handle, (void**)&handle, error));
  olstm__reduce_walk_init(&handle->walk, code_of(self), &args->inputs[0]->desc, axes);
  out_prepared->workspace_bytes = olstm__reduce_walk_workspace(&handle->walk);
  out_prepared->handle = handle;
  out_prepared->work = count_work(self, axes, args);
  return OLSTM_STATUS_OK;
}

static olstm_status reduce_run(const void* instance, const void* handle,
                               const olstm_run_args* args, olstm_error* error) {
  const reduce_handle* prepared = handle;
  (void)instance;
  (void)error;
  if (args->outputs[0]) {
    olstm__reduce_walk_run(&prepared->walk, args->parallel, args->inputs[0],
                           args->outputs[0], args->workspace);
  }
  return OLSTM_STATUS_OK;
}

static const char* const kAttributes[] = {"axes", "keepdims", NULL};
static const char* const kInputAttributes[] = {"keepdims", "noop_with_empty_axes", NULL};

#define SCHEMAS(name, what)                                                    \
  static const olstm__op_schema k##name##ByAttribute = OLSTM__OP_SCHEMA(       \
      1, 1, 1, kAttributes, reduce_op, parse_attribute, OLSTM__REDUCE_##what); \
  static const olstm__op_schema k##name##ByInput = OLSTM__OP_SCHEMA(           \
      1, 2, 1, kInputAttributes, reduce_op, parse_input, OLSTM__REDUCE_##what)
SCHEMAS(ReduceSum, SUM);
SCHEMAS(ReduceMean, MEAN);
SCHEMAS(ReduceMax, MAX);
SCHEMAS(ReduceMin, MIN);
SCHEMAS(ReduceProd, PROD);
SCHEMAS(ReduceL1, L1);
SCHEMAS(ReduceL2, L2);
SCHEMAS(ReduceSumSquare, SUM_SQUARE);
SCHEMAS(ReduceLogSum, LOG_SUM);
SCHEMAS(ReduceLogSumExp, LOG_SUM_EXP);

#define ROW(type, first, last, dtypes, schema) \
  OLSTM__OP_ROW(type, first, last, dtypes, kCallbacks, schema)
// `since`: the opset in which the axes became an input.
static const olstm__op_callbacks kCallbacks = OLSTM__OP_CALLBACKS(reduce);

#define ROWS(name, since, dtypes)                         \
  ROW(#name, 1, since - 1, dtypes, k##name##ByAttribute), \
      ROW(#name, since, 0, dtypes, k##name##ByInput)

static const olstm__op_row kTable[] = {
    ROWS(ReduceSum, 13, OLSTM__DTYPES_NUMERIC),
    ROWS(ReduceMean, 18, OLSTM__DTYPES_NUMERIC),
    ROWS(ReduceMax, 18, OLSTM__DTYPES_ALL),
    ROWS(ReduceMin, 18, OLSTM__DTYPES_ALL),
    ROWS(ReduceProd, 18, OLSTM__DTYPES_NUMERIC),
    ROWS(ReduceL1, 18, OLSTM__DTYPES_NUMERIC),
    ROWS(ReduceL2, 18, OLSTM__DTYPES_NUMERIC),
    ROWS(ReduceSumSquare, 18, OLSTM__DTYPES_NUMERIC),
    ROWS(ReduceLogSum, 18, OLSTM__DTYPES_NUMERIC),
    ROWS(ReduceLogSumExp, 18, OLSTM__DTYPES_NUMERIC),
};

const olstm__op_family olstm__reduce_family = {OLSTM__ROWS(kTable),
                                               .traits = OLSTM__TRAIT_REDUCES};
