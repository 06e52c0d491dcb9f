// STFT: the transforms of frames of a signal, each weighted by a window.
#include "op/signal/signal_ops.h"
#include "op/signal/transform_line.h"

enum { kStep = 1, kWindow = 2, kLength = 3 };

typedef struct stft_op {
  olstm__op_base base;
  bool is_onesided;
} stft_op;

/// What the inputs say.
typedef struct stft_frames {
  int64_t step, length, count;
} stft_frames;

typedef struct stft_handle {
  olstm__op_handle head;
  olstm__fourier fourier;
  size_t scratch_offset;
  olstm__signal_line x, y;
  bool has_window;
  int64_t batch, signal_length, bins;
  stft_frames frames;
} stft_handle;

static olstm_status parse_stft(void* instance, olstm_error* error) {
  stft_op* self = instance;
  int64_t onesided = 1;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(self->base.node, "onesided", 1, &onesided, error));
  self->is_onesided = onesided != 0;
  return OLSTM_STATUS_OK;
}

static bool is_given(const olstm_infer_args* args, size_t index) {
  return index < args->input_count && args->inputs[index];
}

/// Real parts alone, or real and imaginary ones. PyTorch writes real signals without a
/// dimension for that, as ONNX Runtime takes them.
static int64_t count_parts(const olstm_tensor_desc* x) {
  return x->rank == 2 ? 1 : x->dims[2];
}

static olstm_status check_signal(const olstm__op_base* base, const olstm_infer_args* args,
                                 olstm_error* error) {
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  OLSTM_RETURN_IF_ERROR(olstm__op_check_dtype(base, args, 0, base->self->dtypes, error));
  if (x->rank == 2 || (x->rank == 3 && (x->dims[2] == 1 || x->dims[2] == 2))) {
    return OLSTM_STATUS_OK;
  }
  return olstm__op_fail(base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                        "input '%s' has shape %s, expected [batch, length] or "
                        "[batch, length, 1 or 2]",
                        base->node->input_names[0], olstm_shape_text(x).text);
}

/// The window's length, -1 without one.
static olstm_status check_window(const olstm__op_base* base, const olstm_infer_args* args,
                                 int64_t* out_length, olstm_error* error) {
  *out_length = -1;
  if (!is_given(args, kWindow)) return OLSTM_STATUS_OK;
  const olstm_tensor_desc* window = &args->inputs[kWindow]->desc;
  OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(base, args, kWindow, 0, error));
  *out_length = window->dims[0];
  if (window->rank == 1) return OLSTM_STATUS_OK;
  return olstm__op_fail(base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                        "input '%s' has shape %s, expected one dimension",
                        base->node->input_names[kWindow], olstm_shape_text(window).text);
}

static olstm_status read_frames(const olstm__op_base* base, const olstm_infer_args* args,
                                stft_frames* frames, olstm_error* error) {
  int64_t window = -1;
  OLSTM_RETURN_IF_ERROR(check_signal(base, args, error));
  OLSTM_RETURN_IF_ERROR(check_window(base, args, &window, error));
  OLSTM_RETURN_IF_ERROR(olstm__signal_read_size(base, args, kStep, &frames->step, error));
  frames->length = window;
  if (is_given(args, kLength)) {
    OLSTM_RETURN_IF_ERROR(
        olstm__signal_read_size(base, args, kLength, &frames->length, error));
  }
  const int64_t signal = args->inputs[0]->desc.dims[1];
  if (frames->length < 0) {
    return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_MODEL,
                          "neither window nor frame_length is given");
  }
  if (window >= 0 && window != frames->length) {
    return olstm__op_fail(base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "the window has %" PRId64 " points, frame_length is %" PRId64,
                          window, frames->length);
  }
  if (frames->step < 1 || frames->length < 1 || frames->length > signal) {
    return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_VALUE,
                          "frames of %" PRId64 " points, %" PRId64
                          " apart, of a signal of %" PRId64,
                          frames->length, frames->step, signal);
  }
  frames->count = (signal - frames->length) / frames->step + 1;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__stft_infer(const void* instance, const olstm_infer_args* args,
                               olstm_tensor_desc* out_outputs, olstm_error* error) {
  const stft_op* self = instance;
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  stft_frames frames = {0};
  OLSTM_RETURN_IF_ERROR(read_frames(&self->base, args, &frames, error));
  const int64_t bins = self->is_onesided ? frames.length / 2 + 1 : frames.length;
  out_outputs[0] = (olstm_tensor_desc){x->dtype, 4, {x->dims[0], frames.count, bins, 2}};
  return olstm__op_check_output(&self->base, &out_outputs[0], error);
}

olstm_status olstm__stft_prepare(void* instance, const olstm_prepare_args* args,
                                 olstm_prepared* out_prepared, olstm_error* error) {
  const stft_op* self = instance;
  const olstm_infer_args known = {sizeof known, args->input_count, args->inputs,
                                  args->output_count};
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  stft_frames frames = {0};
  olstm__fourier fourier;
  size_t scratch_bytes = 0;
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(read_frames(&self->base, &known, &frames, error));
  OLSTM_RETURN_IF_ERROR(olstm__signal_create_handle(&self->base, sizeof(stft_handle),
                                                    frames.length, &memory, &fourier,
                                                    &scratch_bytes, error));
  stft_handle* handle = memory;
  const int32_t parts = (int32_t)count_parts(x);
  handle->fourier = fourier;
  handle->frames = frames;
  handle->batch = x->dims[0];
  handle->signal_length = x->dims[1];
  handle->bins = args->outputs[0].dims[2];
  handle->has_window = is_given(&known, kWindow);
  handle->x = (olstm__signal_line){x->dtype, parts, parts};
  handle->y = (olstm__signal_line){x->dtype, 2, 2};
  (void)olstm__op_add_part(&out_prepared->workspace_bytes, (size_t)frames.length * 2,
                           sizeof(double), &handle->scratch_offset);
  (void)olstm__op_add_part(&out_prepared->workspace_bytes, scratch_bytes, 1,
                           &handle->scratch_offset);
  out_prepared->handle = handle;
  out_prepared->work =
      olstm__op_work(handle->batch, frames.count, 1,
                     (int64_t)olstm__signal_line_work(x->dtype, frames.length));
  return OLSTM_STATUS_OK;
}

static void weigh(const stft_handle* stft, const void* window, double* pairs) {
  for (int64_t i = 0; i < stft->frames.length; i++) {
    const double weight = olstm__signal_load(stft->x.dtype, window, i);
    pairs[2 * i] *= weight;
    pairs[2 * i + 1] *= weight;
  }
}

olstm_status olstm__stft_run(const void* instance, const void* handle,
                             const olstm_run_args* args, olstm_error* error) {
  const stft_handle* stft = handle;
  const stft_frames* frames = &stft->frames;
  double* pairs = args->workspace;
  void* scratch = (char*)args->workspace + stft->scratch_offset;
  (void)instance;
  (void)error;
  for (int64_t n = 0; n < stft->batch; n++) {
    for (int64_t f = 0; f < frames->count; f++) {
      const int64_t first = (n * stft->signal_length + f * frames->step) * stft->x.step;
      olstm__signal_read_line(&stft->x, args->inputs[0], first, frames->length, pairs);
      if (stft->has_window) weigh(stft, args->inputs[kWindow], pairs);
      olstm__fourier_run(&stft->fourier, false, pairs, scratch);
      olstm__signal_write_line(&stft->y, pairs, 1,
                               (n * frames->count + f) * stft->bins * 2, stft->bins,
                               args->outputs[0]);
    }
  }
  return OLSTM_STATUS_OK;
}

static const char* const kAttributes[] = {"onesided", NULL};
const olstm__op_schema olstm__stft_schema = {.arity = {2, 4, 1},
                                             .attributes = kAttributes,
                                             .instance_bytes = sizeof(stft_op),
                                             .parse = parse_stft};
