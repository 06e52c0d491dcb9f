// StepMask: Keras' Masking layer, which masks the time steps whose features all equal the
// mask value. Domain olstm.fused, version 1: fusion makes it of the comparisons and sums
// that exporters write for the layer; files do not have it.
//
// Input:   X [...,T,I].
// Outputs: X with masked steps multiplied by 0, mask [...,T] bool (false: masked), and
// the
//          number of steps that are not masked, [...] int32; all optional.
// Attribute mask_value, a float.
#include "op/fused.h"
#include "op/op_family.h"
#include "op/op_support.h"

typedef struct step_mask_op {
  olstm__op_base base;
  float mask_value;
} step_mask_op;

typedef struct step_mask_handle {
  olstm__op_handle head;
  int64_t rows, steps, features;
} step_mask_handle;

static olstm_status parse(void* instance, olstm_error* error) {
  step_mask_op* op = instance;
  return olstm_node_get_float(op->base.node, "mask_value", 0.0F, &op->mask_value, error);
}

static olstm_status step_mask_infer(const void* instance, const olstm_infer_args* args,
                                    olstm_tensor_desc* out_outputs, olstm_error* error) {
  const step_mask_op* op = instance;
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&op->base, args, 0, op->base.self->dtypes, error));
  if (x->rank < 2) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, expected steps and features",
                          op->base.node->input_names[0], olstm_shape_text(x).text);
  }
  for (size_t i = 0; i < args->output_count && i < OLSTM__STEP_MASK_OUTPUT_COUNT; i++) {
    static const olstm_dtype kDtypes[] = {OLSTM_DTYPE_FLOAT, OLSTM_DTYPE_BOOL,
                                          OLSTM_DTYPE_INT32};
    out_outputs[i] = *x;
    out_outputs[i].dtype = kDtypes[i];
    out_outputs[i].rank = x->rank - (int32_t)i;
  }
  return OLSTM_STATUS_OK;
}

static olstm_status step_mask_prepare(void* instance, const olstm_prepare_args* args,
                                      olstm_prepared* out_prepared, olstm_error* error) {
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(instance, sizeof(step_mask_handle), &memory, error));
  step_mask_handle* handle = memory;
  handle->features = x->dims[x->rank - 1];
  handle->steps = x->dims[x->rank - 2];
  handle->rows = 1;
  for (int32_t d = 0; d < x->rank - 2; d++) handle->rows *= x->dims[d];
  out_prepared->handle = handle;
  return OLSTM_STATUS_OK;
}

static bool any_differs(const float* x, int64_t count, float value) {
  bool differs = false;
  for (int64_t i = 0; i < count && !differs; i++) differs = x[i] != value;
  return differs;
}

static void copy_step(float* to, const float* from, int64_t count, bool counts) {
  const float factor = counts ? 1.0F : 0.0F;
  for (int64_t i = 0; i < count; i++) to[i] = from[i] * factor;
}

static void* output_at(const step_mask_op* op, const olstm_run_args* args, size_t index) {
  return olstm_node_has_output(op->base.node, index) ? args->outputs[index] : NULL;
}

static olstm_status step_mask_run(const void* instance, const void* handle,
                                  const olstm_run_args* args, olstm_error* error) {
  const step_mask_op* op = instance;
  const step_mask_handle* prepared = handle;
  const float* x = args->inputs[0];
  float* masked_x = output_at(op, args, OLSTM__STEP_MASK_X);
  bool* mask = output_at(op, args, OLSTM__STEP_MASK_MASK);
  int32_t* lens = output_at(op, args, OLSTM__STEP_MASK_LENS);
  const int64_t features = prepared->features;
  (void)error;
  for (int64_t n = 0; n < prepared->rows; n++) {
    int32_t length = 0;
    for (int64_t t = 0; t < prepared->steps; t++, x += features) {
      const bool counts = any_differs(x, features, op->mask_value);
      length += counts;
      if (mask) *mask++ = counts;
      if (masked_x) {
        copy_step(masked_x, x, features, counts);
        masked_x += features;
      }
    }
    if (lens) *lens++ = length;
  }
  return OLSTM_STATUS_OK;
}

static const char* const kAttributes[] = {"mask_value", NULL};

static const olstm__op_schema kSchema = {.arity = {1, 1, OLSTM__STEP_MASK_OUTPUT_COUNT},
                                         .attributes = kAttributes,
                                         .instance_bytes = sizeof(step_mask_op),
                                         .parse = parse};

static const olstm__op_callbacks kCallbacks = OLSTM__OP_CALLBACKS(step_mask);

static const olstm__op_row kTable[] = {OLSTM__OP_ROW_FUSED(
    "StepMask", OLSTM_DTYPE_BIT(OLSTM_DTYPE_FLOAT), kCallbacks, kSchema)};

const olstm__op_family olstm__step_mask_family = {
    OLSTM__ROWS(kTable),
    .traits = OLSTM__TRAIT_KEEPS_SHAPE | OLSTM__TRAIT_OPTIONAL_OUTPUTS};
