// DFT: the discrete Fourier transform along one axis, padded with zeros or cut to
// dft_length. The last axis has real and imaginary parts, or real ones alone.
#include <string.h>

#include "op/signal/signal_ops.h"
#include "op/signal/transform_line.h"

enum { kLength = 1, kAxis = 2 };

typedef struct dft_op {
  olstm__op_base base;
  int64_t axis;
  bool is_inverse;
  bool is_onesided;
} dft_op;

typedef struct dft_handle {
  olstm__op_handle head;
  olstm__fourier fourier;
  size_t scratch_offset;
  olstm__signal_line x, y;
  /// Lines: outer blocks of inner ones.
  int64_t outer, inner;
  /// Points of a line of x, and those that are read and written.
  int64_t x_length, read_count, bins;
} dft_handle;

static olstm_status parse_dft(void* instance, olstm_error* error) {
  dft_op* self = instance;
  const olstm__op_schema* schema = self->base.self->variant;
  const olstm_node* node = self->base.node;
  int64_t inverse = 0, onesided = 0;
  self->axis = -2;
  if (schema->code == 17) {
    OLSTM_RETURN_IF_ERROR(olstm_node_get_int(node, "axis", 1, &self->axis, error));
  }
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(node, "inverse", 0, &inverse, error));
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(node, "onesided", 0, &onesided, error));
  self->is_inverse = inverse != 0;
  self->is_onesided = onesided != 0;
  if (!self->is_inverse || !self->is_onesided) return OLSTM_STATUS_OK;
  return olstm__op_fail(&self->base, error, OLSTM_STATUS_UNSUPPORTED,
                        "onesided=1 with inverse=1 is not supported");
}

static bool is_given(const olstm_infer_args* args, size_t index) {
  return index < args->input_count && args->inputs[index];
}

/// The axis and the length of the transform.
static olstm_status read_transform(const dft_op* self, const olstm_infer_args* args,
                                   int32_t* out_axis, int64_t* out_length,
                                   olstm_error* error) {
  const olstm__op_base* base = &self->base;
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  int64_t axis = self->axis;
  OLSTM_RETURN_IF_ERROR(olstm__op_check_dtype(base, args, 0, base->self->dtypes, error));
  if (x->rank < 2 || (x->dims[x->rank - 1] != 1 && x->dims[x->rank - 1] != 2)) {
    return olstm__op_fail(base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, expected a last dimension of 1 or 2",
                          base->node->input_names[0], olstm_shape_text(x).text);
  }
  if (is_given(args, kAxis)) {
    size_t count = 0;
    OLSTM_RETURN_IF_ERROR(
        olstm__op_read_ints(base, args, kAxis, 1, &axis, &count, error));
  }
  OLSTM_RETURN_IF_ERROR(
      olstm__op_normalize_axis(base, "axis", axis, x->rank, out_axis, error));
  if (*out_axis == x->rank - 1) {
    return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_VALUE,
                          "axis %" PRId64 " is the one of real and imaginary parts",
                          axis);
  }
  *out_length = x->dims[*out_axis];
  if (is_given(args, kLength)) {
    OLSTM_RETURN_IF_ERROR(
        olstm__signal_read_size(base, args, kLength, out_length, error));
  }
  if (*out_length > 0) return OLSTM_STATUS_OK;
  return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_VALUE,
                        "a transform of %" PRId64 " points", *out_length);
}

olstm_status olstm__dft_infer(const void* instance, const olstm_infer_args* args,
                              olstm_tensor_desc* out_outputs, olstm_error* error) {
  const dft_op* self = instance;
  int32_t axis = 0;
  int64_t length = 0;
  OLSTM_RETURN_IF_ERROR(read_transform(self, args, &axis, &length, error));
  out_outputs[0] = args->inputs[0]->desc;
  out_outputs[0].dims[axis] = self->is_onesided ? length / 2 + 1 : length;
  out_outputs[0].dims[out_outputs[0].rank - 1] = 2;
  return olstm__op_check_output(&self->base, &out_outputs[0], error);
}

olstm_status olstm__dft_prepare(void* instance, const olstm_prepare_args* args,
                                olstm_prepared* out_prepared, olstm_error* error) {
  const dft_op* self = instance;
  const olstm_infer_args known = {sizeof known, args->input_count, args->inputs,
                                  args->output_count};
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  olstm__fourier fourier;
  size_t scratch_bytes = 0;
  void* memory = NULL;
  int32_t axis = 0;
  int64_t length = 0;
  OLSTM_RETURN_IF_ERROR(read_transform(self, &known, &axis, &length, error));
  OLSTM_RETURN_IF_ERROR(olstm__signal_create_handle(
      &self->base, sizeof(dft_handle), length, &memory, &fourier, &scratch_bytes, error));
  dft_handle* handle = memory;
  handle->fourier = fourier;
  handle->outer = handle->inner = 1;
  for (int32_t d = 0; d < axis; d++) handle->outer *= x->dims[d];
  for (int32_t d = axis + 1; d < x->rank - 1; d++) handle->inner *= x->dims[d];
  handle->x_length = x->dims[axis];
  handle->read_count = handle->x_length < length ? handle->x_length : length;
  handle->bins = args->outputs[0].dims[axis];
  const int32_t parts = (int32_t)x->dims[x->rank - 1];
  handle->x = (olstm__signal_line){x->dtype, handle->inner * parts, parts};
  handle->y = (olstm__signal_line){x->dtype, handle->inner * 2, 2};
  (void)olstm__op_add_part(&out_prepared->workspace_bytes, (size_t)length * 2,
                           sizeof(double), &handle->scratch_offset);
  (void)olstm__op_add_part(&out_prepared->workspace_bytes, scratch_bytes, 1,
                           &handle->scratch_offset);
  out_prepared->handle = handle;
  out_prepared->work = olstm__op_work(handle->outer, handle->inner, 1,
                                      (int64_t)olstm__signal_line_work(x->dtype, length));
  return OLSTM_STATUS_OK;
}

olstm_status olstm__dft_run(const void* instance, const void* handle,
                            const olstm_run_args* args, olstm_error* error) {
  const dft_op* self = instance;
  const dft_handle* dft = handle;
  const int64_t length = dft->fourier.length;
  const double scale = self->is_inverse ? 1 / (double)length : 1;
  double* pairs = args->workspace;
  void* scratch = (char*)args->workspace + dft->scratch_offset;
  (void)error;
  for (int64_t outer = 0; outer < dft->outer; outer++) {
    for (int64_t inner = 0; inner < dft->inner; inner++) {
      const int64_t x_first = outer * dft->x_length * dft->x.step + inner * dft->x.parts;
      const int64_t y_first = outer * dft->bins * dft->y.step + inner * 2;
      olstm__signal_read_line(&dft->x, args->inputs[0], x_first, dft->read_count, pairs);
      memset(pairs + 2 * dft->read_count, 0,
             (size_t)(length - dft->read_count) * 2 * sizeof *pairs);
      olstm__fourier_run(&dft->fourier, self->is_inverse, pairs, scratch);
      olstm__signal_write_line(&dft->y, pairs, scale, y_first, dft->bins,
                               args->outputs[0]);
    }
  }
  return OLSTM_STATUS_OK;
}

static const char* const kAttributes17[] = {"axis", "inverse", "onesided", NULL};
static const char* const kAttributes20[] = {"inverse", "onesided", NULL};
const olstm__op_schema olstm__dft_schema_17 = {.arity = {1, 2, 1},
                                               .attributes = kAttributes17,
                                               .instance_bytes = sizeof(dft_op),
                                               .parse = parse_dft,
                                               .code = 17};
const olstm__op_schema olstm__dft_schema_20 = {.arity = {1, 3, 1},
                                               .attributes = kAttributes20,
                                               .instance_bytes = sizeof(dft_op),
                                               .parse = parse_dft,
                                               .code = 20};
