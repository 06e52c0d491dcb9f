// LayerNormalization and RMSNormalization: rows are the dimensions from axis on.
#include "op/elementwise/binary_walk.h"
#include "op/normalize/norm_row.h"
#include "op/op_family.h"
#include "op/op_work.h"
#include "op/pieces.h"

enum { kCodeLayer, kCodeRms };

typedef struct layer_norm_op {
  olstm__op_base base;
  int64_t axis;
  float epsilon;
  /// Of Mean and InvStdDev.
  olstm_dtype stash_dtype;
} layer_norm_op;

typedef struct layer_norm_handle {
  olstm__op_handle head;
  olstm_dtype dtype;
  int64_t row_count;
  int64_t row_length;
  olstm__row_operand scale;
  olstm__row_operand shift;
  /// An operand of another shape than a row's is applied to the whole output.
  bool walks_scale;
  bool walks_shift;
  olstm__binary_walk scale_walk;
  olstm__binary_walk shift_walk;
} layer_norm_handle;

static int32_t code_of(const layer_norm_op* self) {
  return ((const olstm__op_schema*)self->base.self->variant)->code;
}

static olstm_status parse(void* instance, olstm_error* error) {
  layer_norm_op* self = instance;
  const olstm_node* node = self->base.node;
  int64_t stash = OLSTM_DTYPE_FLOAT;
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(node, "axis", -1, &self->axis, error));
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_float(node, "epsilon", 1e-5f, &self->epsilon, error));
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(node, "stash_type", OLSTM_DTYPE_FLOAT, &stash, error));
  if (stash != OLSTM_DTYPE_FLOAT && stash != OLSTM_DTYPE_BFLOAT16) {
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_UNSUPPORTED,
                          "attribute stash_type is %" PRId64
                          ", olstm knows 1 (float) and 16 (bfloat16)",
                          stash);
  }
  self->stash_dtype = (olstm_dtype)stash;
  return OLSTM_STATUS_OK;
}

static olstm_status layer_norm_infer(const void* instance, const olstm_infer_args* args,
                                     olstm_tensor_desc* out_outputs, olstm_error* error) {
  const layer_norm_op* self = instance;
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  int32_t axis = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&self->base, args, 0, OLSTM__DTYPES_REAL, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_normalize_axis(&self->base, "attribute axis",
                                                 self->axis, x->rank, &axis, error));
  for (size_t i = 1; i < args->input_count; i++) {
    if (!args->inputs[i]) continue;
    OLSTM_RETURN_IF_ERROR(
        olstm__op_check_dtype(&self->base, args, i, OLSTM__DTYPES_REAL, error));
    if (!olstm__broadcast_fits(&args->inputs[i]->desc, x)) {
      return olstm__op_fail(&self->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                            "input '%s' has shape %s, which does not broadcast to %s",
                            self->base.node->input_names[i],
                            olstm_shape_text(&args->inputs[i]->desc).text,
                            olstm_shape_text(x).text);
    }
  }
  out_outputs[0] = *x;
  for (size_t i = 1; i < args->output_count; i++) {
    out_outputs[i] = *x;
    out_outputs[i].dtype = self->stash_dtype;
    for (int32_t d = axis; d < x->rank; d++) out_outputs[i].dims[d] = 1;
  }
  return OLSTM_STATUS_OK;
}

/// An operand of a row's shape, or of one element, is applied row by row.
static bool goes_along(const olstm_tensor_desc* operand, const olstm_tensor_desc* x,
                       int32_t axis) {
  const int32_t offset = x->rank - operand->rank;
  if (olstm_tensor_desc_count(operand) == 1) return true;
  for (int32_t d = 0; d < x->rank; d++) {
    const int64_t dim = d < offset ? 1 : operand->dims[d - offset];
    if (dim != (d < axis ? 1 : x->dims[d])) return false;
  }
  return true;
}

static void plan_operand(const olstm_tensor* input, const olstm_tensor_desc* x,
                         int32_t axis, olstm__binary_code code,
                         olstm__row_operand* operand, bool* out_walks,
                         olstm__binary_walk* walk) {
  if (!input) return;
  if (goes_along(&input->desc, x, axis)) {
    operand->dtype = input->desc.dtype;
    operand->step = olstm_tensor_desc_count(&input->desc) == 1 ? 0 : 1;
  } else {
    const bool is_double = x->dtype == OLSTM_DTYPE_DOUBLE;
    *out_walks = true;
    olstm__binary_walk_init(walk, code,
                            is_double ? OLSTM__COMPUTE_F64 : OLSTM__COMPUTE_F32, x,
                            &input->desc, x);
  }
}

static olstm_status layer_norm_prepare(void* instance, const olstm_prepare_args* args,
                                       olstm_prepared* out_prepared, olstm_error* error) {
  const layer_norm_op* self = instance;
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  int32_t axis = 0;
  layer_norm_handle* handle = NULL;
  OLSTM_RETURN_IF_ERROR(olstm__op_normalize_axis(&self->base, "attribute axis",
                                                 self->axis, x->rank, &axis, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&self->base, sizeof *handle, (void**)&handle, error));
  handle->dtype = x->dtype;
  handle->row_count = 1;
  handle->row_length = 1;
  for (int32_t d = 0; d < x->rank; d++) {
    *(d < axis ? &handle->row_count : &handle->row_length) *= x->dims[d];
  }
  if (handle->row_length == 0) handle->row_count = 0;
  plan_operand(args->inputs[1], x, axis, OLSTM__BINARY_MUL, &handle->scale,
               &handle->walks_scale, &handle->scale_walk);
  if (args->input_count > 2) {
    plan_operand(args->inputs[2], x, axis, OLSTM__BINARY_ADD, &handle->shift,
                 &handle->walks_shift, &handle->shift_walk);
    // The shift comes after the scale.
    if (handle->walks_scale && args->inputs[2] && !handle->walks_shift) {
      handle->walks_shift = true;
      olstm__binary_walk_init(&handle->shift_walk, OLSTM__BINARY_ADD,
                              handle->scale_walk.compute_type, x, &args->inputs[2]->desc,
                              x);
    }
  }
  out_prepared->handle = handle;
  out_prepared->work = olstm__op_element_work(
      self->base.self->op_type, args, handle->row_count, olstm__norm_row_units(x->dtype));
  out_prepared->inplace_inputs = 1u;
  return OLSTM_STATUS_OK;
}

static void put_stat(const layer_norm_op* self, void* const* outputs, size_t index,
                     int64_t row, double value) {
  const size_t output_count = self->base.node->output_count;
  if (index >= output_count || !outputs[index]) return;
  olstm__compute_store(
      OLSTM__COMPUTE_F64, self->stash_dtype, 1, &value,
      (char*)outputs[index] + (size_t)row * olstm_dtype_size(self->stash_dtype));
}

/// What rows of one run have in common.
typedef struct row_run {
  const layer_norm_op* self;
  const layer_norm_handle* handle;
  const olstm_run_args* args;
  olstm__row_operand scale;
  olstm__row_operand shift;
} row_run;

static void run_rows(void* argument, int64_t begin, int64_t end) {
  const row_run* run = argument;
  const layer_norm_handle* handle = run->handle;
  const olstm_run_args* args = run->args;
  const size_t row_bytes = (size_t)handle->row_length * olstm_dtype_size(handle->dtype);
  for (int64_t row = begin; row < end;) {
    olstm__row_stats stats[OLSTM__NORM_ROWS];
    const int64_t rows = olstm__norm_rows_together(end - row, handle->row_length);
    const size_t offset = (size_t)row * row_bytes;
    const char* x = (const char*)args->inputs[0] + offset;
    char* y = args->outputs[0] ? (char*)args->outputs[0] + offset : NULL;
    olstm__norm_rows_measure(handle->dtype, rows, handle->row_length, x,
                             (double)run->self->epsilon, code_of(run->self) == kCodeLayer,
                             stats);
    for (int64_t r = 0; r < rows; r++, row++, x += row_bytes) {
      put_stat(run->self, args->outputs, 1, row, stats[r].mean);
      put_stat(run->self, args->outputs, 2, row, stats[r].inverse_deviation);
      if (!y) continue;
      olstm__norm_row_apply(handle->dtype, handle->row_length, x, &stats[r], &run->scale,
                            &run->shift, y);
      y += row_bytes;
    }
  }
}

/// What a row costs, beside elements of OLSTM__PIECE_ELEMENTS.
enum { kElementsPerElement = 4, kElementsPerRow = 64 };

static olstm_status layer_norm_run(const void* instance, const void* handle,
                                   const olstm_run_args* args, olstm_error* error) {
  const layer_norm_op* self = instance;
  const layer_norm_handle* prepared = handle;
  const bool has_shift = olstm_node_has_input(self->base.node, 2);
  row_run run = {self, prepared, args, prepared->scale, prepared->shift};
  (void)error;
  if (!prepared->walks_scale) run.scale.data = args->inputs[1];
  if (has_shift && !prepared->walks_shift) run.shift.data = args->inputs[2];
  olstm__pieces_run(args->parallel, prepared->row_count,
                    kElementsPerElement * prepared->row_length + kElementsPerRow,
                    run_rows, &run);
  if (prepared->walks_scale && args->outputs[0]) {
    (void)olstm__binary_walk_run(&prepared->scale_walk, args->parallel, args->outputs[0],
                                 args->inputs[1], args->outputs[0]);
  }
  if (prepared->walks_shift && args->outputs[0]) {
    (void)olstm__binary_walk_run(&prepared->shift_walk, args->parallel, args->outputs[0],
                                 args->inputs[2], args->outputs[0]);
  }
  return OLSTM_STATUS_OK;
}

static const char* const kAttributes[] = {"axis", "epsilon", "stash_type", NULL};
static const olstm__op_schema kLayer = {.arity = {2, 3, 3},
                                        .attributes = kAttributes,
                                        .instance_bytes = sizeof(layer_norm_op),
                                        .parse = parse,
                                        .code = kCodeLayer};
static const olstm__op_schema kRms = {.arity = {2, 2, 1},
                                      .attributes = kAttributes,
                                      .instance_bytes = sizeof(layer_norm_op),
                                      .parse = parse,
                                      .code = kCodeRms};

static const olstm__op_callbacks kCallbacks = OLSTM__OP_CALLBACKS(layer_norm);

static const olstm__op_row kTable[] = {
    OLSTM__OP_ROW("LayerNormalization", 17, 0, OLSTM__DTYPES_REAL, kCallbacks, kLayer),
    OLSTM__OP_ROW("RMSNormalization", 23, 0, OLSTM__DTYPES_REAL, kCallbacks, kRms),
};

static const olstm__type_traits kTraits[] = {
    {"LayerNormalization", OLSTM__TRAIT_OPTIONAL_LATER_OUTPUTS},
    {NULL, 0},
};

const olstm__op_family olstm__layer_norm_family = {
    OLSTM__ROWS(kTable),
    .traits = OLSTM__TRAIT_KEEPS_SHAPE | OLSTM__TRAIT_ROWS_FROM | OLSTM__TRAIT_LAST_AXIS,
    .type_traits = kTraits};
