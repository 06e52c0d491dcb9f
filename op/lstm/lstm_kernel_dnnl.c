// LSTM by oneDNN's primitive: one for each direction, so that both write into Y where
// ONNX wants them. What the primitive cannot express is declined.
//
// Packed weights are plain, in oneDNN's order of gates; prepare brings constant ones into
// the layout that the primitive prefers for its T and N.
#include <string.h>

#include "op/dnnl_compat.h"
#include "op/lstm/lstm_kernel.h"
#include "op/lstm/lstm_weights.h"

/// One direction's packed weights, in floats from its start. All are multiples of H.
typedef struct packed_layout {
  size_t r, bias, peepholes, total;
} packed_layout;

/// Workspace, in bytes from its start.
typedef struct workspace_layout {
  size_t y, zeros, spare_state, total;
} workspace_layout;

typedef struct dnnl_handle {
  olstm__dnnl_lstm* lstms[OLSTM__MAX_DIRECTIONS];
  /// W and R of each direction in the primitive's layout; NULL: plain, as packed.
  void* reordered[OLSTM__MAX_DIRECTIONS][2];
  size_t reordered_bytes[OLSTM__MAX_DIRECTIONS][2];
  workspace_layout workspace;
} dnnl_handle;

static const olstm__dnnl_tensor kReordered[2] = {OLSTM__DNNL_W, OLSTM__DNNL_R};

static bool has_default_activations(const olstm__lstm_spec* spec) {
  for (int32_t d = 0; d < spec->direction_count; d++) {
    const olstm__activation* a = spec->activations[d];
    if (a[0].kind != OLSTM__ACTIVATION_SIGMOID || a[1].kind != OLSTM__ACTIVATION_TANH ||
        a[2].kind != OLSTM__ACTIVATION_TANH) {
      return false;
    }
  }
  return true;
}

static const char* decline(const olstm__lstm_problem* problem) {
  const olstm__lstm_spec* spec = &problem->spec;
  if (spec->cell != OLSTM__CELL_LSTM) return "cells other than LSTM";
  if (problem->dtype != OLSTM_DTYPE_FLOAT) return "dtypes other than float";
  if (problem->precision != OLSTM_PRECISION_F32) return "reduced precision";
  if (!has_default_activations(spec)) return "activations other than the defaults";
  if (spec->has_clip) return "clip";
  if (spec->input_forget) return "input_forget";
  if (problem->has_lens) return "sequence_lens";
  if (problem->steps == 0 || problem->batch == 0 || problem->input_size == 0) {
    return "tensors without elements";
  }
  return olstm__dnnl_why_absent();
}

static bool lay_out_packed(const olstm__lstm_problem* problem, packed_layout* out) {
  const size_t hidden = (size_t)problem->hidden_size;
  const size_t inputs = (size_t)problem->input_size;
  size_t rows = 0;
  size_t blocks = 0;
  // W, R, bias and peepholes are 4*I + 4*H + 4 + 3 vectors of H.
  if (!olstm_size_add(inputs, hidden, &rows) || !olstm_size_multiply(rows, 4, &rows) ||
      !olstm_size_add(rows, 7, &rows) || !olstm_size_multiply(rows, hidden, &blocks)) {
    return false;
  }
  out->r = 4 * inputs * hidden;
  out->bias = out->r + 4 * hidden * hidden;
  out->peepholes = out->bias + 4 * hidden;
  out->total = blocks;
  return true;
}

static bool packed_bytes(const olstm__lstm_problem* problem, size_t* out_bytes) {
  packed_layout layout = {0};
  return lay_out_packed(problem, &layout) &&
         olstm_size_multiply(layout.total, sizeof(float), out_bytes) &&
         olstm_size_multiply(*out_bytes, (size_t)problem->spec.direction_count,
                             out_bytes);
}

static void pack(const olstm__lstm_problem* problem, const olstm__lstm_weights* weights,
                 void* packed) {
  const olstm__gate_order* order = &olstm__gate_order_ifco;
  const int64_t hidden = problem->hidden_size;
  const int64_t inputs = problem->input_size;
  packed_layout layout = {0};
  (void)lay_out_packed(problem, &layout);
  for (int32_t d = 0; d < problem->spec.direction_count; d++) {
    float* to = (float*)packed + (size_t)d * layout.total;
    const float* w = (const float*)weights->w + d * 4 * hidden * inputs;
    const float* r = (const float*)weights->r + d * 4 * hidden * hidden;
    olstm__lstm_transpose_gates(order, OLSTM_DTYPE_FLOAT, w, hidden, inputs, to);
    olstm__lstm_transpose_gates(order, OLSTM_DTYPE_FLOAT, r, hidden, hidden,
                                to + layout.r);
    memset(to + layout.bias, 0, 4 * (size_t)hidden * sizeof(float));
    if (weights->b) {
      olstm__lstm_sum_bias(order, OLSTM_DTYPE_FLOAT,
                           (const float*)weights->b + d * 8 * hidden, hidden,
                           to + layout.bias);
    }
    if (weights->p) {
      // ONNX has them as i o f, oneDNN as i f o.
      const float* p = (const float*)weights->p + d * 3 * hidden;
      const size_t bytes = (size_t)hidden * sizeof(float);
      memcpy(to + layout.peepholes, p, bytes);
      memcpy(to + layout.peepholes + hidden, p + 2 * hidden, bytes);
      memcpy(to + layout.peepholes + 2 * hidden, p + hidden, bytes);
    }
  }
}

static bool has_initial_state(const olstm__lstm_problem* problem) {
  return problem->has_initial_h || problem->has_initial_c;
}

static bool wants_final_state(const olstm__lstm_problem* problem) {
  return problem->wants_y_h || problem->wants_y_c;
}

static olstm__dnnl_lstm_spec describe(const olstm__lstm_problem* problem, int32_t d,
                                      bool plain_weights) {
  const bool own_y = !problem->wants_y;
  return (olstm__dnnl_lstm_spec){
      .steps = problem->steps,
      .rows = problem->batch,
      .inputs = problem->input_size,
      .hidden = problem->hidden_size,
      .is_reverse = problem->spec.is_reverse[d],
      .has_initial_state = has_initial_state(problem),
      .has_peepholes = problem->has_peepholes,
      .wants_final_state = wants_final_state(problem),
      .x_step = problem->x.step,
      .x_row = problem->x.row,
      .y_step = own_y ? problem->batch * problem->hidden_size : problem->y.step,
      .y_row = own_y ? problem->hidden_size : problem->y.row,
      .state_row = problem->state.row,
      .plain_weights = plain_weights,
  };
}

static bool add_buffer(size_t* total, size_t bytes, size_t* out_offset) {
  return olstm_size_align(*total, out_offset) &&
         olstm_size_add(*out_offset, bytes, total);
}

/// A state of all rows and directions, with the problem's strides.
static size_t state_bytes(const olstm__lstm_problem* problem) {
  return (size_t)(problem->spec.direction_count * problem->batch * problem->hidden_size) *
         sizeof(float);
}

static bool lay_out_workspace(const olstm__lstm_problem* problem, size_t scratch_bytes,
                              workspace_layout* out) {
  const size_t state = state_bytes(problem);
  size_t y = (size_t)problem->batch * (size_t)problem->hidden_size * sizeof(float);
  size_t total = scratch_bytes;
  if (!olstm_size_multiply(y, (size_t)problem->steps, &y)) return false;
  if (!add_buffer(&total, problem->wants_y ? 0 : y, &out->y) ||
      !add_buffer(&total, state, &out->zeros) ||
      !add_buffer(&total, state, &out->spare_state)) {
    return false;
  }
  out->total = total;
  return true;
}

static void release(const olstm_allocator* allocator, void* handle) {
  dnnl_handle* released = handle;
  if (!released) return;
  for (int32_t d = 0; d < OLSTM__MAX_DIRECTIONS; d++) {
    olstm__dnnl_lstm_destroy(released->lstms[d], allocator);
    for (int32_t w = 0; w < 2; w++) {
      olstm_release(allocator, released->reordered[d][w], 1,
                    released->reordered_bytes[d][w]);
    }
  }
  olstm_release(allocator, released, 1, sizeof *released);
}

static olstm_status reorder_weights(const olstm__lstm_problem* problem,
                                    dnnl_handle* handle, int32_t d, const void* packed,
                                    const olstm_allocator* allocator,
                                    olstm_error* error) {
  packed_layout layout = {0};
  (void)lay_out_packed(problem, &layout);
  const float* plain = (const float*)packed + (size_t)d * layout.total;
  for (int32_t w = 0; w < 2; w++) {
    const size_t bytes = olstm__dnnl_lstm_weight_bytes(handle->lstms[d], kReordered[w]);
    void* memory = olstm_allocate(allocator, 1, bytes);
    if (!memory) {
      return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for weights");
    }
    handle->reordered[d][w] = memory;
    handle->reordered_bytes[d][w] = bytes;
    OLSTM_RETURN_IF_ERROR(olstm__dnnl_lstm_reorder(handle->lstms[d], kReordered[w],
                                                   w == 0 ? plain : plain + layout.r,
                                                   memory, error));
  }
  return OLSTM_STATUS_OK;
}

static olstm_status fill_handle(const olstm__lstm_problem* problem, const void* packed,
                                const olstm_allocator* allocator, dnnl_handle* handle,
                                olstm_error* error) {
  size_t scratch_bytes = 0;
  for (int32_t d = 0; d < problem->spec.direction_count; d++) {
    const olstm__dnnl_lstm_spec spec = describe(problem, d, packed == NULL);
    OLSTM_RETURN_IF_ERROR(
        olstm__dnnl_lstm_create(&spec, allocator, &handle->lstms[d], error));
    if (packed) {
      OLSTM_RETURN_IF_ERROR(
          reorder_weights(problem, handle, d, packed, allocator, error));
    }
    const size_t bytes = olstm__dnnl_lstm_scratch_bytes(handle->lstms[d]);
    if (bytes > scratch_bytes) scratch_bytes = bytes;
  }
  if (lay_out_workspace(problem, scratch_bytes, &handle->workspace)) {
    return OLSTM_STATUS_OK;
  }
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "workspace does not fit");
}

static olstm_status prepare(const olstm__lstm_problem* problem, const void* packed,
                            const olstm_allocator* allocator, void** out_handle,
                            size_t* out_workspace_bytes, olstm_error* error) {
  dnnl_handle* handle = olstm_allocate_zeroed(allocator, 1, sizeof *handle);
  if (!handle) return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory");
  const olstm_status status = fill_handle(problem, packed, allocator, handle, error);
  if (status != OLSTM_STATUS_OK) {
    release(allocator, handle);
    return status;
  }
  *out_handle = handle;
  *out_workspace_bytes = handle->workspace.total;
  return OLSTM_STATUS_OK;
}

static const float* offset_float(const void* base, int64_t offset) {
  return base ? (const float*)base + offset : NULL;
}

/// Tensors of direction d. oneDNN takes both states or none: what ONNX leaves out is read
/// as zeros, or written to a buffer that is not read.
static void gather_tensors(const olstm__lstm_problem* problem, const dnnl_handle* handle,
                           const olstm__lstm_args* args, int32_t d,
                           const void* data[OLSTM__DNNL_TENSOR_COUNT]) {
  const char* workspace = args->workspace;
  const int64_t state_at = d * problem->state.direction;
  packed_layout layout = {0};
  (void)lay_out_packed(problem, &layout);
  const float* packed = (const float*)args->packed + (size_t)d * layout.total;
  const float* zeros = (const float*)(workspace + handle->workspace.zeros) + state_at;
  const float* spare =
      (const float*)(workspace + handle->workspace.spare_state) + state_at;
  const float* initial_h = offset_float(args->initial_h, state_at);
  const float* initial_c = offset_float(args->initial_c, state_at);
  const float* y_h = offset_float(args->y_h, state_at);
  const float* y_c = offset_float(args->y_c, state_at);
  data[OLSTM__DNNL_X] = args->x;
  data[OLSTM__DNNL_INITIAL_H] = initial_h ? initial_h : zeros;
  data[OLSTM__DNNL_INITIAL_C] = initial_c ? initial_c : zeros;
  data[OLSTM__DNNL_W] = handle->reordered[d][0] ? handle->reordered[d][0] : packed;
  data[OLSTM__DNNL_R] =
      handle->reordered[d][1] ? handle->reordered[d][1] : packed + layout.r;
  data[OLSTM__DNNL_PEEPHOLES] = packed + layout.peepholes;
  data[OLSTM__DNNL_BIAS] = packed + layout.bias;
  data[OLSTM__DNNL_Y] = problem->wants_y
                            ? (const void*)offset_float(args->y, d * problem->y.direction)
                            : workspace + handle->workspace.y;
  data[OLSTM__DNNL_Y_H] = y_h ? y_h : spare;
  data[OLSTM__DNNL_Y_C] = y_c ? y_c : spare;
}

static olstm_status run(const olstm__lstm_problem* problem, const void* handle,
                        const olstm__lstm_args* args, olstm_error* error) {
  const dnnl_handle* prepared = handle;
  if (has_initial_state(problem)) {
    memset((char*)args->workspace + prepared->workspace.zeros, 0, state_bytes(problem));
  }
  for (int32_t d = 0; d < problem->spec.direction_count; d++) {
    const void* data[OLSTM__DNNL_TENSOR_COUNT];
    gather_tensors(problem, prepared, args, d, data);
    OLSTM_RETURN_IF_ERROR(
        olstm__dnnl_lstm_run(prepared->lstms[d], data, args->workspace, error));
  }
  return OLSTM_STATUS_OK;
}

const olstm__lstm_kernel olstm__lstm_kernel_dnnl = {
    .name = "onednn",
    .decline = decline,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .prepare = prepare,
    .run = run,
    .release = release,
    .run_allocates = true,
};
