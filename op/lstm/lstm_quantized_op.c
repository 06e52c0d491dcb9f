// See lstm_quantized_op.h. Weights are not packed, so that constant and computed ones are
// treated alike.
#include "op/lstm/lstm_quantized_op.h"

#include <string.h>

#include "op/lstm/lstm_lens.h"
#include "op/lstm/lstm_shapes.h"
#include "op/lstm/quantized_matrix.h"
#include "op/op_support.h"
#include "op/op_work.h"

enum {
  kWScale = OLSTM_RECURRENT_INPUT_COUNT,
  kWZeroPoint,
  kRScale,
  kRZeroPoint,
  kInputCount
};
/// Its attributes are those of ONNX's LSTM of opset 14.
enum { kAttributesOpset = 14, kGates = 4 };

/// Units of work of a cell, with its activations.
enum { kUnitsPerCell = 800, kUnitsPerMultiplyAdd = 12 };

static const char* const kNames[kInputCount] = {
    "X",         "W",           "R", "B",       "sequence_lens",
    "initial_h", "initial_c",   "P", "W_scale", "W_zero_point",
    "R_scale",   "R_zero_point"};

typedef struct quantized_op {
  olstm__op_base base;
  olstm__lstm_attributes attributes;
} quantized_op;

/// What prepare makes.
typedef struct quantized_handle {
  olstm__op_handle head;
  olstm__lstm_sizes sizes;
  /// Of W and R.
  bool is_signed[2];
  /// Elements of W_scale, W_zero_point, R_scale and R_zero_point for each direction.
  int64_t parameter_count[kInputCount - kWScale];
  /// Offsets in the workspace.
  size_t gates, bytes, sums, h, c, lens_room;
  olstm__lstm_lens lens;
} quantized_handle;

// ---------------------------------------------------------------- create

static olstm_status set_up(quantized_op* op, olstm_error* error) {
  static const olstm__op_arity kArity = {3, kInputCount, OLSTM_RECURRENT_OUTPUT_COUNT};
  OLSTM_RETURN_IF_ERROR(olstm__op_check_arity(&op->base, &kArity, error));
  for (size_t i = kWScale; i < kInputCount; i++) {
    if (olstm_node_has_input(op->base.node, i)) continue;
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_MODEL,
                          "input %s is missing", kNames[i]);
  }
  OLSTM_RETURN_IF_ERROR(olstm__lstm_attributes_parse(
      op->base.node, kAttributesOpset, OLSTM__CELL_LSTM, &op->attributes, error));
  // The operator has no such attribute, but writers of LSTM nodes add it.
  if (op->attributes.layouts.x == OLSTM__LAYOUT_TIME_MAJOR) return OLSTM_STATUS_OK;
  return olstm__op_fail(&op->base, error, OLSTM_STATUS_UNSUPPORTED,
                        "layout is 1, expected 0");
}

olstm_status olstm__lstm_quantized_op_create(const olstm_operator* self,
                                             const olstm_create_args* args,
                                             void** out_instance, olstm_error* error) {
  void* instance = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create(self, args, sizeof(quantized_op), &instance, error));
  const olstm_status status = set_up(instance, error);
  if (status != OLSTM_STATUS_OK) {
    olstm__op_destroy(instance);
    return status;
  }
  *out_instance = instance;
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- shapes

static olstm_status fail_shape(const quantized_op* op, size_t index,
                               const olstm_tensor_desc* got, const char* expected,
                               olstm_error* error) {
  return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                        "%s has shape %s, expected %s", kNames[index],
                        olstm_shape_text(got).text, expected);
}

/// W or R: [D, rows, 4*H] of 8 bits.
static olstm_status check_matrix(const quantized_op* op, size_t index,
                                 const olstm_tensor_desc* got, int64_t rows,
                                 int64_t hidden, olstm_error* error) {
  const int64_t expected[3] = {op->attributes.spec.direction_count, rows,
                               kGates * hidden};
  if (got->dtype != OLSTM_DTYPE_INT8 && got->dtype != OLSTM_DTYPE_UINT8) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_DTYPE_MISMATCH,
                          "%s has dtype %s, expected int8 or uint8", kNames[index],
                          olstm_dtype_name(got->dtype));
  }
  if (got->rank != 3 || memcmp(got->dims, expected, sizeof expected) != 0) {
    return fail_shape(op, index, got, olstm_dims_text(expected, 3).text, error);
  }
  if (rows <= OLSTM__QUANTIZED_MAX_K) return OLSTM_STATUS_OK;
  return olstm__op_fail(&op->base, error, OLSTM_STATUS_UNSUPPORTED,
                        "%s has %" PRId64 " rows, expected at most %d", kNames[index],
                        rows, (int)OLSTM__QUANTIZED_MAX_K);
}

/// A scale or zero point: [D] or [D,4*H].
static olstm_status check_parameter(const quantized_op* op, size_t index,
                                    const olstm_tensor_desc* got, olstm_dtype dtype,
                                    int64_t hidden, olstm_error* error) {
  const int64_t expected[2] = {op->attributes.spec.direction_count, kGates * hidden};
  if (got->dtype != dtype) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_DTYPE_MISMATCH,
                          "%s has dtype %s, expected %s", kNames[index],
                          olstm_dtype_name(got->dtype), olstm_dtype_name(dtype));
  }
  if ((got->rank == 1 || (got->rank == 2 && got->dims[1] == expected[1])) &&
      got->dims[0] == expected[0]) {
    return OLSTM_STATUS_OK;
  }
  return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                        "%s has shape %s, expected %s or %s", kNames[index],
                        olstm_shape_text(got).text, olstm_dims_text(expected, 1).text,
                        olstm_dims_text(expected, 2).text);
}

/// H: from hidden_size, else R's rows.
static olstm_status find_hidden(const quantized_op* op, const olstm_tensor_desc* r,
                                int64_t* out_hidden, olstm_error* error) {
  *out_hidden = op->attributes.hidden_size;
  if (*out_hidden == 0 && r->rank == 3) *out_hidden = r->dims[1];
  if (*out_hidden >= 1 && *out_hidden <= OLSTM__QUANTIZED_MAX_K) return OLSTM_STATUS_OK;
  return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                        "the hidden size is %" PRId64 ", expected 1..%d", *out_hidden,
                        (int)OLSTM__QUANTIZED_MAX_K);
}

/// Checks W and R, which differ from LSTM's, here and the other inputs as LSTM's.
static olstm_status check_inputs(const quantized_op* op,
                                 const olstm_tensor* const* inputs, size_t input_count,
                                 olstm__lstm_sizes* out_sizes, olstm_error* error) {
  const olstm_tensor_desc* descs[OLSTM_RECURRENT_INPUT_COUNT] = {NULL};
  const olstm_tensor_desc* w = &inputs[OLSTM_RECURRENT_W]->desc;
  const olstm_tensor_desc* r = &inputs[OLSTM_RECURRENT_R]->desc;
  olstm__lstm_attributes known = op->attributes;
  if (input_count < kInputCount) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_MODEL,
                          "has %zu inputs, expected %d", input_count, (int)kInputCount);
  }
  for (size_t i = 0; i < OLSTM_RECURRENT_INPUT_COUNT; i++) {
    if (inputs[i] && i != OLSTM_RECURRENT_W && i != OLSTM_RECURRENT_R)
      descs[i] = &inputs[i]->desc;
  }
  OLSTM_RETURN_IF_ERROR(find_hidden(op, r, &known.hidden_size, error));
  OLSTM_RETURN_IF_ERROR(olstm__lstm_shapes_check(op->base.node, &known,
                                                 OLSTM_DTYPE_BIT(OLSTM_DTYPE_FLOAT),
                                                 descs, out_sizes, error));
  const int64_t hidden = out_sizes->hidden_size;
  OLSTM_RETURN_IF_ERROR(
      check_matrix(op, OLSTM_RECURRENT_W, w, out_sizes->input_size, hidden, error));
  OLSTM_RETURN_IF_ERROR(check_matrix(op, OLSTM_RECURRENT_R, r, hidden, hidden, error));
  for (size_t i = kWScale; i < kInputCount; i++) {
    const olstm_tensor_desc* matrix = i < kRScale ? w : r;
    const bool is_scale = i == kWScale || i == kRScale;
    OLSTM_RETURN_IF_ERROR(check_parameter(op, i, &inputs[i]->desc,
                                          is_scale ? OLSTM_DTYPE_FLOAT : matrix->dtype,
                                          hidden, error));
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__lstm_quantized_op_infer(const void* instance,
                                            const olstm_infer_args* args,
                                            olstm_tensor_desc* out_outputs,
                                            olstm_error* error) {
  const quantized_op* op = instance;
  olstm__lstm_sizes sizes = {0};
  OLSTM_RETURN_IF_ERROR(check_inputs(op, args->inputs, args->input_count, &sizes, error));
  for (size_t i = 0; i < args->output_count; i++) {
    if (olstm__lstm_output_desc(&op->attributes, &sizes, i, &out_outputs[i])) continue;
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_LIMIT_EXCEEDED,
                          "output %zu of shape %s does not fit in memory", i,
                          olstm_shape_text(&out_outputs[i]).text);
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- prepare

static bool add_buffer(size_t* total, int64_t a, int64_t b, int64_t c, size_t size,
                       size_t* out_offset) {
  size_t bytes = 0;
  return olstm_size_align(*total, out_offset) &&
         olstm_size_multiply((size_t)a, (size_t)b, &bytes) &&
         olstm_size_multiply(bytes, (size_t)c, &bytes) &&
         olstm_size_multiply(bytes, size, &bytes) &&
         olstm_size_add(*out_offset, bytes, total);
}

static bool lay_out_workspace(quantized_handle* handle, size_t* out_bytes) {
  const olstm__lstm_sizes* s = &handle->sizes;
  const int64_t x_count = s->steps * s->input_size;
  const int64_t widest = x_count > s->hidden_size ? x_count : s->hidden_size;
  size_t total = 0;
  const bool fits =
      add_buffer(&total, s->steps + 1, s->batch, kGates * s->hidden_size, sizeof(float),
                 &handle->gates) &&
      add_buffer(&total, 1, s->batch, widest, 1, &handle->bytes) &&
      add_buffer(&total, 1, kGates, s->hidden_size, sizeof(int32_t), &handle->sums) &&
      add_buffer(&total, 1, s->batch, s->hidden_size, sizeof(float), &handle->h) &&
      add_buffer(&total, 1, s->batch, s->hidden_size, sizeof(float), &handle->c) &&
      add_buffer(&total, 1, 1, handle->lens.is_wide ? s->batch : 0, sizeof(int32_t),
                 &handle->lens_room);
  *out_bytes = total;
  return fits;
}

olstm_status olstm__lstm_quantized_op_prepare(void* instance,
                                              const olstm_prepare_args* args,
                                              olstm_prepared* out_prepared,
                                              olstm_error* error) {
  const quantized_op* op = instance;
  olstm__lstm_sizes sizes = {0};
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(check_inputs(op, args->inputs, args->input_count, &sizes, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&op->base, sizeof(quantized_handle), &memory, error));
  quantized_handle* handle = memory;
  const olstm_tensor* lens = args->inputs[OLSTM_RECURRENT_SEQUENCE_LENS];
  handle->sizes = sizes;
  handle->lens = (olstm__lstm_lens){sizes.batch, sizes.steps,
                                    lens && lens->desc.dtype == OLSTM_DTYPE_INT64};
  handle->is_signed[0] = args->inputs[OLSTM_RECURRENT_W]->desc.dtype == OLSTM_DTYPE_INT8;
  handle->is_signed[1] = args->inputs[OLSTM_RECURRENT_R]->desc.dtype == OLSTM_DTYPE_INT8;
  for (size_t i = kWScale; i < kInputCount; i++) {
    const bool each = args->inputs[i]->desc.rank == 2;
    handle->parameter_count[i - kWScale] = each ? kGates * sizes.hidden_size : 1;
  }
  if (!lay_out_workspace(handle, &out_prepared->workspace_bytes)) {
    olstm__op_release_handle(instance, handle);
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_OUT_OF_MEMORY,
                          "workspace does not fit in memory");
  }
  out_prepared->handle = handle;
  // Rows are quantized in every step, and have activations.
  out_prepared->work = olstm__op_element_work(
      "LSTM", args,
      op->attributes.spec.direction_count * sizes.steps * sizes.batch * sizes.hidden_size,
      (sizes.input_size + sizes.hidden_size) * kGates * kUnitsPerMultiplyAdd +
          kUnitsPerCell);
  out_prepared->kernel = "quantized";
  out_prepared->reason = "weights of 8 bits";
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- run

/// One direction of one run.
typedef struct direction_run {
  const quantized_op* op;
  const quantized_handle* handle;
  int32_t direction;
  const olstm__activation* activations;
  const float *x, *bias, *peepholes;
  const int32_t* lens;
  olstm__quantized_matrix w, r;
  /// gates [steps+1,N,4*H]; h, c [N,H].
  float *gates, *h, *c;
  uint8_t* bytes;
  int32_t* sums;
  /// The output, or NULL.
  float* y;
  /// Steps of the longest row.
  int64_t longest;
} direction_run;

static int64_t length_of(const direction_run* run, int64_t n) {
  return run->lens ? run->lens[n] : run->handle->sizes.steps;
}

static float activate(const direction_run* run, int index, float x) {
  const olstm__lstm_spec* spec = &run->op->attributes.spec;
  if (spec->has_clip) x = x > spec->clip ? spec->clip : x < -spec->clip ? -spec->clip : x;
  return (float)olstm__activation_apply(&run->activations[index], x);
}

static float bias_at(const direction_run* run, int64_t row) {
  const int64_t rows = kGates * run->handle->sizes.hidden_size;
  return run->bias ? run->bias[row] + run->bias[rows + row] : 0;
}

/// The new h and c of row n, whose gates hold X*W + h*R.
static void update_row(const direction_run* run, const float* gates, int64_t n) {
  const int64_t hidden = run->handle->sizes.hidden_size;
  for (int64_t j = 0; j < hidden; j++) {
    float* c = &run->c[n * hidden + j];
    const float p_i = run->peepholes ? run->peepholes[j] : 0;
    const float p_o = run->peepholes ? run->peepholes[hidden + j] : 0;
    const float p_f = run->peepholes ? run->peepholes[2 * hidden + j] : 0;
    const float i = activate(run, 0, gates[j] + bias_at(run, j) + p_i * *c);
    const float f =
        run->op->attributes.spec.input_forget
            ? 1 - i
            : activate(run, 0,
                       gates[2 * hidden + j] + bias_at(run, 2 * hidden + j) + p_f * *c);
    const float g =
        activate(run, 1, gates[3 * hidden + j] + bias_at(run, 3 * hidden + j));
    *c = f * *c + i * g;
    const float o =
        activate(run, 0, gates[hidden + j] + bias_at(run, hidden + j) + p_o * *c);
    run->h[n * hidden + j] = o * activate(run, 2, *c);
  }
}

/// The step that row n is at: its own last valid one comes first in reverse.
static int64_t step_of(const direction_run* run, int64_t n, int64_t i) {
  const bool reverse = run->op->attributes.spec.is_reverse[run->direction];
  return reverse ? length_of(run, n) - 1 - i : i;
}

static void run_direction(const direction_run* run) {
  const olstm__lstm_sizes* s = &run->handle->sizes;
  const int64_t directions = run->op->attributes.spec.direction_count;
  const int64_t width = kGates * s->hidden_size;
  // One step's h*R lies behind X*W of all steps.
  float* recurrent = run->gates + run->longest * s->batch * width;
  olstm__quantized_product(&run->w, run->longest * s->batch, run->x, false, run->gates,
                           run->bytes, run->sums);
  for (int64_t i = 0; i < run->longest; i++) {
    olstm__quantized_product(&run->r, s->batch, run->h, false, recurrent, run->bytes,
                             run->sums);
    for (int64_t n = 0; n < s->batch; n++) {
      if (i >= length_of(run, n)) continue;
      const int64_t t = step_of(run, n, i);
      float* gates = run->gates + (t * s->batch + n) * width;
      for (int64_t k = 0; k < width; k++) gates[k] += recurrent[n * width + k];
      update_row(run, gates, n);
      if (!run->y) continue;
      memcpy(run->y + ((t * directions + run->direction) * s->batch + n) * s->hidden_size,
             run->h + n * s->hidden_size, (size_t)s->hidden_size * sizeof(float));
    }
  }
}

static const void* input_at(const quantized_op* op, const olstm_run_args* args,
                            size_t index) {
  return olstm_node_has_input(op->base.node, index) ? args->inputs[index] : NULL;
}

static void* output_at(const quantized_op* op, const olstm_run_args* args, size_t index) {
  return olstm_node_has_output(op->base.node, index) ? args->outputs[index] : NULL;
}

/// W or R of one direction. `scale` is the index of its scale input.
static olstm__quantized_matrix matrix_of(const direction_run* run,
                                         const olstm_run_args* args, size_t index,
                                         size_t scale, int64_t k) {
  const int64_t d = run->direction;
  const int64_t n = kGates * run->handle->sizes.hidden_size;
  const int64_t* counts = run->handle->parameter_count;
  const int64_t scales = counts[scale - kWScale];
  const int64_t zero_points = counts[scale + 1 - kWScale];
  const char* data = args->inputs[index];
  const char* zeros = args->inputs[scale + 1];
  return (olstm__quantized_matrix){
      .k = k,
      .n = n,
      .is_signed = run->handle->is_signed[index == OLSTM_RECURRENT_R],
      .data = data ? data + d * k * n : NULL,
      .scales = (const float*)args->inputs[scale] + d * scales,
      .scale_count = scales,
      .zero_points = zeros + d * zero_points,
      .zero_point_count = zero_points,
  };
}

static const float* direction_of(const float* tensor, int32_t d, int64_t count) {
  return tensor ? tensor + d * count : NULL;
}

static void copy_or_clear(float* to, const float* from, int64_t count) {
  if (!to) return;
  if (from) {
    memcpy(to, from, (size_t)count * sizeof(float));
  } else {
    memset(to, 0, (size_t)count * sizeof(float));
  }
}

static void set_direction(direction_run* run, const olstm_run_args* args, int32_t d) {
  const quantized_op* op = run->op;
  const olstm__lstm_sizes* s = &run->handle->sizes;
  const int64_t hidden = s->hidden_size;
  run->direction = d;
  run->activations = op->attributes.spec.activations[d];
  run->bias = direction_of(input_at(op, args, OLSTM_RECURRENT_B), d, 2 * kGates * hidden);
  run->peepholes = direction_of(input_at(op, args, OLSTM_RECURRENT_P), d, 3 * hidden);
  run->w = matrix_of(run, args, OLSTM_RECURRENT_W, kWScale, s->input_size);
  run->r = matrix_of(run, args, OLSTM_RECURRENT_R, kRScale, hidden);
  copy_or_clear(
      run->h,
      direction_of(input_at(op, args, OLSTM_RECURRENT_INITIAL_H), d, s->batch * hidden),
      s->batch * hidden);
  copy_or_clear(
      run->c,
      direction_of(input_at(op, args, OLSTM_RECURRENT_INITIAL_C), d, s->batch * hidden),
      s->batch * hidden);
}

olstm_status olstm__lstm_quantized_op_run(const void* instance, const void* handle,
                                          const olstm_run_args* args,
                                          olstm_error* error) {
  const quantized_op* op = instance;
  const quantized_handle* prepared = handle;
  const olstm__lstm_sizes* s = &prepared->sizes;
  const int64_t state_count = s->batch * s->hidden_size;
  char* workspace = args->workspace;
  direction_run run = {
      .op = op,
      .handle = prepared,
      .x = input_at(op, args, OLSTM_RECURRENT_X),
      .gates = (float*)(workspace + prepared->gates),
      .h = (float*)(workspace + prepared->h),
      .c = (float*)(workspace + prepared->c),
      .bytes = (uint8_t*)(workspace + prepared->bytes),
      .sums = (int32_t*)(workspace + prepared->sums),
      .y = output_at(op, args, OLSTM_RECURRENT_Y),
  };
  OLSTM_RETURN_IF_ERROR(olstm__lstm_lens_read(
      &op->base, &prepared->lens, input_at(op, args, OLSTM_RECURRENT_SEQUENCE_LENS),
      (int32_t*)(workspace + prepared->lens_room), &run.lens, error));
  if (s->batch == 0) return OLSTM_STATUS_OK;
  for (int64_t n = 0; n < s->batch; n++) {
    if (length_of(&run, n) > run.longest) run.longest = length_of(&run, n);
  }
  copy_or_clear(run.y, NULL,
                s->steps * op->attributes.spec.direction_count * state_count);
  for (int32_t d = 0; d < op->attributes.spec.direction_count; d++) {
    float* y_h = output_at(op, args, OLSTM_RECURRENT_Y_H);
    float* y_c = output_at(op, args, OLSTM_RECURRENT_Y_C);
    set_direction(&run, args, d);
    run_direction(&run);
    copy_or_clear(y_h ? y_h + d * state_count : NULL, run.h, state_count);
    copy_or_clear(y_c ? y_c + d * state_count : NULL, run.c, state_count);
  }
  return OLSTM_STATUS_OK;
}
