// InstanceNormalization and GroupNormalization: statistics over the space of one channel,
// or of a group of channels.
#include "op/normalize/norm_row.h"
#include "op/op_family.h"
#include "op/op_support.h"
#include "op/op_work.h"
#include "op/pieces.h"

typedef struct channel_norm_op {
  olstm__op_base base;
  float epsilon;
  /// 0 for InstanceNormalization: every channel is a group.
  int64_t group_count;
  /// Opset 18 has one scale and shift per group, later ones have one per channel.
  bool scales_groups;
} channel_norm_op;

typedef struct channel_norm_handle {
  olstm__op_handle head;
  olstm_dtype dtype;
  olstm_dtype scale_dtype;
  int64_t batch;
  int64_t group_count;
  int64_t channels_a_group;
  int64_t space;
} channel_norm_handle;

static olstm_status parse_epsilon(void* instance, olstm_error* error) {
  channel_norm_op* self = instance;
  return olstm_node_get_float(self->base.node, "epsilon", 1e-5f, &self->epsilon, error);
}

static olstm_status parse_groups(void* instance, olstm_error* error) {
  channel_norm_op* self = instance;
  int64_t stash = OLSTM_DTYPE_FLOAT;
  OLSTM_RETURN_IF_ERROR(parse_epsilon(instance, error));
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(self->base.node, "num_groups", 0, &self->group_count, error));
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(self->base.node, "stash_type", stash, &stash, error));
  self->scales_groups = self->base.node->opset_version < 21;
  if (self->group_count > 0) return OLSTM_STATUS_OK;
  return olstm__op_fail(&self->base, error, OLSTM_STATUS_INVALID_MODEL,
                        "attribute num_groups is %" PRId64 ", expected 1 or more",
                        self->group_count);
}

static int64_t groups_of(const channel_norm_op* self, const olstm_tensor_desc* x) {
  return self->group_count ? self->group_count : x->dims[1];
}

static olstm_status check_shapes(const channel_norm_op* self,
                                 const olstm_infer_args* args, olstm_error* error) {
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  const char* const* names = self->base.node->input_names;
  if (x->rank < 2 || (self->group_count && x->dims[1] % self->group_count != 0)) {
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, expected [N,C,...] with C a multiple "
                          "of %" PRId64,
                          names[0], olstm_shape_text(x).text,
                          self->group_count ? self->group_count : 1);
  }
  const int64_t expected = self->scales_groups ? self->group_count : x->dims[1];
  for (size_t i = 1; i < 3; i++) {
    const olstm_tensor_desc* operand = &args->inputs[i]->desc;
    if (operand->rank == 1 && operand->dims[0] == expected) continue;
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, expected [%" PRId64 "]", names[i],
                          olstm_shape_text(operand).text, expected);
  }
  return OLSTM_STATUS_OK;
}

static olstm_status channel_norm_infer(const void* instance, const olstm_infer_args* args,
                                       olstm_tensor_desc* out_outputs,
                                       olstm_error* error) {
  const channel_norm_op* self = instance;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&self->base, args, 0, OLSTM__DTYPES_REAL, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(&self->base, args, 1, 0, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(&self->base, args, 2, 0, error));
  OLSTM_RETURN_IF_ERROR(check_shapes(self, args, error));
  out_outputs[0] = args->inputs[0]->desc;
  return OLSTM_STATUS_OK;
}

static olstm_status channel_norm_prepare(void* instance, const olstm_prepare_args* args,
                                         olstm_prepared* out_prepared,
                                         olstm_error* error) {
  const channel_norm_op* self = instance;
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  channel_norm_handle* handle = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&self->base, sizeof *handle, (void**)&handle, error));
  handle->dtype = x->dtype;
  handle->scale_dtype = args->inputs[1]->desc.dtype;
  handle->batch = olstm_tensor_desc_count(x) == 0 ? 0 : x->dims[0];
  handle->group_count = groups_of(self, x);
  handle->channels_a_group = handle->batch ? x->dims[1] / handle->group_count : 0;
  handle->space = 1;
  for (int32_t d = 2; d < x->rank; d++) handle->space *= x->dims[d];
  out_prepared->handle = handle;
  out_prepared->work = olstm__op_element_work(
      self->base.self->op_type, args,
      handle->batch * handle->group_count * handle->channels_a_group,
      olstm__norm_row_units(x->dtype));
  out_prepared->inplace_inputs = 1u;
  return OLSTM_STATUS_OK;
}

static olstm__row_operand operand_at(const channel_norm_handle* handle, const void* data,
                                     int64_t index) {
  const size_t element_bytes = olstm_dtype_size(handle->scale_dtype);
  return (olstm__row_operand){(const char*)data + (size_t)index * element_bytes,
                              handle->scale_dtype, 0};
}

/// What groups of one run have in common.
typedef struct group_run {
  const channel_norm_op* self;
  const channel_norm_handle* handle;
  const olstm_run_args* args;
} group_run;

static void run_groups(void* argument, int64_t begin, int64_t end) {
  const group_run* run = argument;
  const channel_norm_handle* handle = run->handle;
  const olstm_run_args* args = run->args;
  const int64_t group_length = handle->channels_a_group * handle->space;
  const size_t element_bytes = olstm_dtype_size(handle->dtype);
  size_t offset = (size_t)(begin * group_length) * element_bytes;
  olstm__row_stats stats[OLSTM__NORM_ROWS];
  int64_t measured = 0;
  for (int64_t g = begin, r = 0; g < end; g++, r++) {
    const int64_t group = g % handle->group_count;
    if (r == measured) {
      r = 0;
      measured = olstm__norm_rows_together(end - g, group_length);
      olstm__norm_rows_measure(handle->dtype, measured, group_length,
                               (const char*)args->inputs[0] + offset,
                               (double)run->self->epsilon, true, stats);
    }
    for (int64_t c = 0; c < handle->channels_a_group; c++) {
      const int64_t index =
          run->self->scales_groups ? group : group * handle->channels_a_group + c;
      const olstm__row_operand scale = operand_at(handle, args->inputs[1], index);
      const olstm__row_operand shift = operand_at(handle, args->inputs[2], index);
      olstm__norm_row_apply(handle->dtype, handle->space,
                            (const char*)args->inputs[0] + offset, &stats[r], &scale,
                            &shift, (char*)args->outputs[0] + offset);
      offset += (size_t)handle->space * element_bytes;
    }
  }
}

static olstm_status channel_norm_run(const void* instance, const void* handle,
                                     const olstm_run_args* args, olstm_error* error) {
  const channel_norm_handle* prepared = handle;
  group_run run = {instance, prepared, args};
  (void)error;
  olstm__pieces_run(args->parallel, prepared->batch * prepared->group_count,
                    prepared->channels_a_group * prepared->space, run_groups, &run);
  return OLSTM_STATUS_OK;
}

static const char* const kInstanceAttributes[] = {"epsilon", NULL};
static const char* const kGroup18Attributes[] = {"epsilon", "num_groups", NULL};
static const char* const kGroupAttributes[] = {"epsilon", "num_groups", "stash_type",
                                               NULL};
#define SCHEMA(name, names, parser)    \
  static const olstm__op_schema name = \
      OLSTM__OP_SCHEMA(3, 3, 1, names, channel_norm_op, parser, 0)
SCHEMA(kInstance, kInstanceAttributes, parse_epsilon);
SCHEMA(kGroup18, kGroup18Attributes, parse_groups);
SCHEMA(kGroup, kGroupAttributes, parse_groups);

static const olstm__op_callbacks kCallbacks = OLSTM__OP_CALLBACKS(channel_norm);

#define ROW(type, first, last, schema) \
  OLSTM__OP_ROW(type, first, last, OLSTM__DTYPES_REAL, kCallbacks, schema)
static const olstm__op_row kTable[] = {
    ROW("InstanceNormalization", 1, 0, kInstance),
    ROW("GroupNormalization", 18, 20, kGroup18),
    ROW("GroupNormalization", 21, 0, kGroup),
};

const olstm__op_family olstm__channel_norm_family = {
    OLSTM__ROWS(kTable), .traits = OLSTM__TRAIT_KEEPS_SHAPE | OLSTM__TRAIT_ROWS_FIRST};
