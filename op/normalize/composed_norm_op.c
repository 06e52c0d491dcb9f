// LpNormalization and MeanVarianceNormalization: a reduction, whose results go to the
// workspace, then an arithmetic operator over the whole tensor.
#include <math.h>

#include "op/elementwise/binary_walk.h"
#include "op/normalize/norm_row.h"
#include "op/op_family.h"
#include "op/op_work.h"
#include "op/reduce/reduce_walk.h"

typedef struct composed_norm_op {
  olstm__op_base base;
  /// MeanVarianceNormalization: first the mean is subtracted.
  bool centres;
  int64_t axes[OLSTM_MAX_RANK];
  size_t axis_count;
  olstm__reduce_code code;
} composed_norm_op;

typedef struct composed_norm_handle {
  olstm__op_handle head;
  olstm_dtype dtype;
  int64_t stat_count;
  int64_t set_count;
  /// In the workspace, after the stats: what the reductions need.
  size_t scratch_offset;
  olstm__reduce_walk mean;
  olstm__binary_walk subtract;
  olstm__reduce_walk size;
  olstm__binary_walk divide;
} composed_norm_handle;

static olstm_status parse_lp(void* instance, olstm_error* error) {
  composed_norm_op* self = instance;
  int64_t p = 2;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(self->base.node, "axis", -1, &self->axes[0], error));
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(self->base.node, "p", 2, &p, error));
  self->axis_count = 1;
  self->code = p == 1 ? OLSTM__REDUCE_L1 : OLSTM__REDUCE_L2;
  if (p == 1 || p == 2) return OLSTM_STATUS_OK;
  return olstm__op_fail(&self->base, error, OLSTM_STATUS_INVALID_MODEL,
                        "attribute p is %" PRId64 ", expected 1 or 2", p);
}

static olstm_status parse_mean_variance(void* instance, olstm_error* error) {
  composed_norm_op* self = instance;
  const int64_t usual[] = {0, 2, 3};
  bool given = false;
  self->centres = true;
  self->code = OLSTM__REDUCE_L2;
  OLSTM_RETURN_IF_ERROR(olstm__op_copy_ints(
      &self->base, "axes", OLSTM_MAX_RANK, self->axes, &self->axis_count, &given, error));
  if (!given) {
    self->axis_count = 3;
    for (size_t i = 0; i < 3; i++) self->axes[i] = usual[i];
  }
  return OLSTM_STATUS_OK;
}

static olstm_status find_axes(const composed_norm_op* self, const olstm_tensor_desc* x,
                              uint32_t* out_axes, olstm_error* error) {
  *out_axes = 0;
  for (size_t i = 0; i < self->axis_count; i++) {
    int32_t axis = 0;
    OLSTM_RETURN_IF_ERROR(olstm__op_normalize_axis(&self->base, "axis", self->axes[i],
                                                   x->rank, &axis, error));
    *out_axes |= 1u << axis;
  }
  return OLSTM_STATUS_OK;
}

static olstm_status composed_norm_infer(const void* instance,
                                        const olstm_infer_args* args,
                                        olstm_tensor_desc* out_outputs,
                                        olstm_error* error) {
  const composed_norm_op* self = instance;
  uint32_t axes = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&self->base, args, 0, OLSTM__DTYPES_REAL, error));
  OLSTM_RETURN_IF_ERROR(find_axes(self, &args->inputs[0]->desc, &axes, error));
  out_outputs[0] = args->inputs[0]->desc;
  return OLSTM_STATUS_OK;
}

static olstm_status composed_norm_prepare(void* instance, const olstm_prepare_args* args,
                                          olstm_prepared* out_prepared,
                                          olstm_error* error) {
  const composed_norm_op* self = instance;
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  uint32_t axes = 0;
  composed_norm_handle* handle = NULL;
  OLSTM_RETURN_IF_ERROR(find_axes(self, x, &axes, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&self->base, sizeof *handle, (void**)&handle, error));
  olstm_tensor_desc stats = *x;
  handle->set_count = 1;
  for (int32_t d = 0; d < x->rank; d++) {
    if (!(axes >> d & 1u)) continue;
    handle->set_count *= x->dims[d];
    stats.dims[d] = 1;
  }
  const olstm__compute_type compute_type = olstm__compute_type_of(x->dtype);
  handle->dtype = x->dtype;
  handle->stat_count = olstm_tensor_desc_count(&stats);
  olstm__reduce_walk_init(&handle->mean, OLSTM__REDUCE_MEAN, x, axes);
  olstm__reduce_walk_init(&handle->size, self->code, x, axes);
  olstm__binary_walk_init(&handle->subtract, OLSTM__BINARY_SUB, compute_type, x, &stats,
                          x);
  olstm__binary_walk_init(&handle->divide, OLSTM__BINARY_DIV, compute_type, x, &stats, x);
  size_t stats_offset = 0;
  (void)olstm__op_add_part(&out_prepared->workspace_bytes, (size_t)handle->stat_count,
                           olstm_dtype_size(x->dtype), &stats_offset);
  (void)olstm__op_add_part(&out_prepared->workspace_bytes, 1,
                           olstm__reduce_walk_workspace(&handle->size),
                           &handle->scratch_offset);
  out_prepared->handle = handle;
  // Each set has its statistics, each run of neighbours is subtracted from and divided.
  out_prepared->work = olstm__op_work_sum(
      olstm__op_work(handle->stat_count, olstm__norm_row_units(x->dtype) / 2, 1, 1),
      olstm__op_element_work(self->base.self->op_type, args,
                             handle->subtract.plan.run_count,
                             2 * olstm__op_run_units(args)));
  out_prepared->inplace_inputs = 1u;
  return OLSTM_STATUS_OK;
}

/// The divisor: the deviation plus a small number; or the norm itself, so that a set of
/// zeros gives NaN, as in ONNX's own data.
static void make_divisors(const composed_norm_op* self,
                          const composed_norm_handle* handle, char* stats) {
  const size_t element_bytes = olstm_dtype_size(handle->dtype);
  const double scale = 1 / sqrt((double)handle->set_count);
  if (!self->centres) return;
  for (int64_t i = 0; i < handle->stat_count; i++, stats += element_bytes) {
    double value = 0;
    olstm__compute_load(OLSTM__COMPUTE_F64, handle->dtype, 1, stats, &value);
    value = value * scale + 1e-9;
    olstm__compute_store(OLSTM__COMPUTE_F64, handle->dtype, 1, &value, stats);
  }
}

static olstm_status composed_norm_run(const void* instance, const void* handle,
                                      const olstm_run_args* args, olstm_error* error) {
  const composed_norm_op* self = instance;
  const composed_norm_handle* prepared = handle;
  const void* x = args->inputs[0];
  void* stats = args->workspace;
  void* scratch = (char*)stats + prepared->scratch_offset;
  (void)error;
  if (!args->outputs[0]) return OLSTM_STATUS_OK;
  if (self->centres) {
    olstm__reduce_walk_run(&prepared->mean, args->parallel, x, stats, scratch);
    (void)olstm__binary_walk_run(&prepared->subtract, args->parallel, x, stats,
                                 args->outputs[0]);
    x = args->outputs[0];
  }
  olstm__reduce_walk_run(&prepared->size, args->parallel, x, stats, scratch);
  make_divisors(self, prepared, stats);
  (void)olstm__binary_walk_run(&prepared->divide, args->parallel, x, stats,
                               args->outputs[0]);
  return OLSTM_STATUS_OK;
}

static const char* const kLpAttributes[] = {"axis", "p", NULL};
static const char* const kMeanVarianceAttributes[] = {"axes", NULL};
static const olstm__op_schema kLp = {.arity = {1, 1, 1},
                                     .attributes = kLpAttributes,
                                     .instance_bytes = sizeof(composed_norm_op),
                                     .parse = parse_lp};
static const olstm__op_schema kMeanVariance = {.arity = {1, 1, 1},
                                               .attributes = kMeanVarianceAttributes,
                                               .instance_bytes = sizeof(composed_norm_op),
                                               .parse = parse_mean_variance};

static const olstm__op_callbacks kCallbacks = OLSTM__OP_CALLBACKS(composed_norm);

static const olstm__op_row kTable[] = {
    OLSTM__OP_ROW("LpNormalization", 1, 0, OLSTM__DTYPES_REAL, kCallbacks, kLp),
    OLSTM__OP_ROW("MeanVarianceNormalization", 9, 0, OLSTM__DTYPES_REAL, kCallbacks,
                  kMeanVariance),
};

static const olstm__type_traits kTraits[] = {
    {"LpNormalization", OLSTM__TRAIT_ROWS_ALONG | OLSTM__TRAIT_LAST_AXIS},
    {"MeanVarianceNormalization", OLSTM__TRAIT_ROWS_OVER},
    {NULL, 0},
};

const olstm__op_family olstm__composed_norm_family = {
    OLSTM__ROWS(kTable), .traits = OLSTM__TRAIT_KEEPS_SHAPE, .type_traits = kTraits};
