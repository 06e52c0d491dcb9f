// Identity, and Dropout for inference: the identity, with a mask of all true. Training is
// refused by name.
#include <string.h>

#include "op/shape/shape_ops.h"
#include "op/shape/view.h"

enum { kHasIsTest = 1, kMaskLikeData = 7, kMaskIsBool = 10, kHasInputs = 12 };

olstm_status olstm__identity_infer(const void* instance, const olstm_infer_args* args,
                                   olstm_tensor_desc* out_outputs, olstm_error* error) {
  const olstm__op_base* base = instance;
  OLSTM_RETURN_IF_ERROR(olstm__op_check_dtype(base, args, 0, base->self->dtypes, error));
  out_outputs[0] = args->inputs[0]->desc;
  return OLSTM_STATUS_OK;
}

typedef struct dropout_handle {
  olstm__op_handle head;
  size_t count;
  size_t bytes;
  olstm_dtype mask_dtype;
  bool has_mask;
} dropout_handle;

static olstm_status parse_dropout(void* instance, olstm_error* error) {
  const olstm__op_base* base = instance;
  const olstm__op_schema* schema = base->self->variant;
  int64_t is_test = 1;
  if (schema->code != kHasIsTest) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(base->node, "is_test", 0, &is_test, error));
  if (is_test) return OLSTM_STATUS_OK;
  return olstm__op_fail(base, error, OLSTM_STATUS_UNSUPPORTED,
                        "is_test=0 (training) is not supported");
}

static olstm_status refuse_training(const olstm__op_base* base,
                                    const olstm_infer_args* args, olstm_error* error) {
  const olstm_tensor* mode = args->input_count > 2 ? args->inputs[2] : NULL;
  if (!mode) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(base, args, 2, OLSTM_DTYPE_BIT(OLSTM_DTYPE_BOOL), error));
  if (olstm_tensor_desc_count(&mode->desc) != 1) {
    return olstm__op_fail(base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, expected a scalar",
                          base->node->input_names[2], olstm_shape_text(&mode->desc).text);
  }
  if (!mode->data) {
    return olstm__op_fail(base, error, OLSTM_STATUS_NEEDS_DATA,
                          "the values of input '%s' are not known yet",
                          base->node->input_names[2]);
  }
  if (!*(const uint8_t*)mode->data) return OLSTM_STATUS_OK;
  return olstm__op_fail(base, error, OLSTM_STATUS_UNSUPPORTED,
                        "training_mode=true is not supported");
}

olstm_status olstm__dropout_infer(const void* instance, const olstm_infer_args* args,
                                  olstm_tensor_desc* out_outputs, olstm_error* error) {
  const olstm__op_base* base = instance;
  const olstm__op_schema* schema = base->self->variant;
  OLSTM_RETURN_IF_ERROR(olstm__identity_infer(instance, args, out_outputs, error));
  OLSTM_RETURN_IF_ERROR(refuse_training(base, args, error));
  if (!olstm_node_has_output(base->node, 1)) return OLSTM_STATUS_OK;
  out_outputs[1] = out_outputs[0];
  if (schema->code >= kMaskIsBool) out_outputs[1].dtype = OLSTM_DTYPE_BOOL;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__dropout_prepare(void* instance, const olstm_prepare_args* args,
                                    olstm_prepared* out_prepared, olstm_error* error) {
  const olstm__op_base* base = instance;
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(base, sizeof(dropout_handle), &memory, error));
  dropout_handle* handle = memory;
  handle->count = (size_t)olstm_tensor_desc_count(&args->outputs[0]);
  (void)olstm_tensor_desc_bytes(&args->outputs[0], &handle->bytes);
  handle->has_mask = olstm_node_has_output(base->node, 1);
  if (handle->has_mask) {
    handle->mask_dtype = args->outputs[1].dtype;
  } else {
    out_prepared->view_of_input = 0;
  }
  out_prepared->inplace_inputs = olstm_node_has_output(base->node, 0) ? 1 : 0;
  out_prepared->handle = handle;
  return OLSTM_STATUS_OK;
}

static void fill_with_ones(void* mask, size_t count, olstm_dtype dtype) {
  enum { kHalfOne = 0x3c00, kBfloatOne = 0x3f80 };
  for (size_t i = 0; i < count; i++) {
    switch (dtype) {
      case OLSTM_DTYPE_FLOAT:
        ((float*)mask)[i] = 1.0f;
        break;
      case OLSTM_DTYPE_DOUBLE:
        ((double*)mask)[i] = 1.0;
        break;
      case OLSTM_DTYPE_FLOAT16:
        ((uint16_t*)mask)[i] = kHalfOne;
        break;
      case OLSTM_DTYPE_BFLOAT16:
        ((uint16_t*)mask)[i] = kBfloatOne;
        break;
      default:
        ((uint8_t*)mask)[i] = 1;
        break;
    }
  }
}

olstm_status olstm__dropout_run(const void* instance, const void* handle,
                                const olstm_run_args* args, olstm_error* error) {
  const dropout_handle* dropout = handle;
  (void)instance;
  (void)error;
  if (dropout->bytes && args->outputs[0] && args->outputs[0] != args->inputs[0]) {
    memcpy(args->outputs[0], args->inputs[0], dropout->bytes);
  }
  if (dropout->has_mask) {
    fill_with_ones(args->outputs[1], dropout->count, dropout->mask_dtype);
  }
  return OLSTM_STATUS_OK;
}

static const char* const kAttributes1[] = {"is_test", "ratio", "consumed_inputs", NULL};
static const char* const kAttributes6[] = {"is_test", "ratio", NULL};
static const char* const kAttributes7[] = {"ratio", NULL};
static const char* const kAttributes12[] = {"seed", NULL};

const olstm__op_schema olstm__identity_schema = {
    .arity = {1, 1, 1}, .instance_bytes = sizeof(olstm__op_base)};
const olstm__op_schema olstm__dropout_schema_1 = {
    .arity = {1, 1, 2},
    .attributes = kAttributes1,
    .instance_bytes = sizeof(olstm__op_base),
    .parse = parse_dropout,
    .code = kHasIsTest};
const olstm__op_schema olstm__dropout_schema_6 = {
    .arity = {1, 1, 2},
    .attributes = kAttributes6,
    .instance_bytes = sizeof(olstm__op_base),
    .parse = parse_dropout,
    .code = kHasIsTest};
const olstm__op_schema olstm__dropout_schema_7 = {
    .arity = {1, 1, 2},
    .attributes = kAttributes7,
    .instance_bytes = sizeof(olstm__op_base),
    .code = kMaskLikeData};
const olstm__op_schema olstm__dropout_schema_10 = {
    .arity = {1, 1, 2},
    .attributes = kAttributes7,
    .instance_bytes = sizeof(olstm__op_base),
    .code = kMaskIsBool};
const olstm__op_schema olstm__dropout_schema_12 = {
    .arity = {1, 3, 2},
    .attributes = kAttributes12,
    .instance_bytes = sizeof(olstm__op_base),
    .code = kHasInputs};
