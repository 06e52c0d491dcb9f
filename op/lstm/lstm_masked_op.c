// Moves the unmasked steps of every row to its front, runs ONNX's operator on them with
// sequence_lens, and spreads its outputs out again. Rows that are masked at the end only,
// which is usual, are not moved.
#include "op/lstm/lstm_masked_op.h"

#include <inttypes.h>
#include <string.h>

#include "op/fused.h"
#include "op/lstm/lstm_op.h"
#include "op/op_support.h"

/// The inner operator has no P.
enum { kInnerInputs = OLSTM_RECURRENT_P, kInnerOpset = 14 };

typedef struct masked_op {
  olstm__op_base base;
  bool is_lstm;
  // How sequences and masks lie in memory: batch-major, or time-major.
  bool x_is_batch_major, y_is_batch_major, mask_is_batch_major;
  // The ONNX operator that computes, and the node that it is created for.
  olstm_operator inner_table;
  void* inner;
  olstm_node inner_node;
  const char* input_names[kInnerInputs];
  const olstm_tensor* constants[kInnerInputs];
  const char* output_names[OLSTM_RECURRENT_OUTPUT_COUNT];
  // The node's attributes but the mask's own.
  olstm_attribute* inner_attributes;
} masked_op;

/// From one step, and from one row, to the next: in rows of X or Y, or in elements of the
/// mask.
typedef struct strides {
  size_t step, row;
} strides;

typedef struct masked_handle {
  olstm_prepared inner;
  int64_t steps, rows;
  strides x, y, mask;
  // Bytes of a row of X at one step, and of h.
  size_t x_bytes, h_bytes;
  // Offsets in the workspace, behind the inner operator's own.
  size_t lens_offset, y_h_offset, x_offset;
} masked_handle;

static size_t inner_input_count(const masked_op* op) {
  return op->is_lstm ? kInnerInputs : kInnerInputs - 1;
}

static size_t inner_output_count(const masked_op* op) {
  return op->is_lstm ? OLSTM_RECURRENT_OUTPUT_COUNT : OLSTM_RECURRENT_OUTPUT_COUNT - 1;
}

// ---------------------------------------------------------------- create

/// last_y comes from Y_h. The inner node is of olstm.fused as well: those have layouts.
static void describe_inner_node(masked_op* op) {
  const olstm_node* node = op->base.node;
  op->inner_node = *node;
  op->inner_node.op_type = node->op_type + strlen("Masked");
  op->inner_node.attributes = op->inner_attributes;
  op->inner_node.attribute_count = 0;
  for (size_t a = 0; a < node->attribute_count; a++) {
    if (strcmp(node->attributes[a].name, "mask_layout") == 0) continue;
    op->inner_attributes[op->inner_node.attribute_count++] = node->attributes[a];
  }
  op->inner_node.opset_version = kInnerOpset;
  op->inner_node.input_count = inner_input_count(op);
  op->inner_node.input_names = op->input_names;
  op->inner_node.constants = op->constants;
  op->inner_node.output_count = inner_output_count(op);
  op->inner_node.output_names = op->output_names;
  for (size_t i = 0; i < kInnerInputs; i++) {
    const bool given = olstm_node_has_input(node, i);
    op->input_names[i] = given ? node->input_names[i] : "";
    op->constants[i] = given && i != OLSTM__MASKED_MASK ? node->constants[i] : NULL;
  }
  for (size_t i = 0; i < OLSTM_RECURRENT_OUTPUT_COUNT; i++) {
    const bool wanted =
        olstm_node_has_output(node, i) ||
        (i == OLSTM_RECURRENT_Y_H && olstm_node_has_output(node, OLSTM__MASKED_LAST_Y));
    op->output_names[i] = wanted ? olstm_recurrent_output_name(i) : "";
  }
}

static olstm_status read_layout(const masked_op* op, const char* name,
                                bool* out_is_batch_major, olstm_error* error) {
  int64_t layout = 0;
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(op->base.node, name, 0, &layout, error));
  if (layout != 0 && layout != 1) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_MODEL,
                          "%s is %" PRId64 ", expected 0 or 1", name, layout);
  }
  *out_is_batch_major = layout == 1;
  return OLSTM_STATUS_OK;
}

static olstm_status read_layouts(masked_op* op, olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(read_layout(op, "x_layout", &op->x_is_batch_major, error));
  OLSTM_RETURN_IF_ERROR(read_layout(op, "y_layout", &op->y_is_batch_major, error));
  return read_layout(op, "mask_layout", &op->mask_is_batch_major, error);
}

static olstm_status set_up(masked_op* op, const olstm_create_args* args,
                           olstm_error* error) {
  static const olstm__op_arity kArity = {
      OLSTM__MASKED_MASK + 1, OLSTM__MASKED_INPUT_COUNT, OLSTM__MASKED_OUTPUT_COUNT};
  const olstm__lstm_variant* variant = op->base.self->variant;
  op->is_lstm = variant->cell == OLSTM__CELL_LSTM;
  OLSTM_RETURN_IF_ERROR(olstm__op_check_arity(&op->base, &kArity, error));
  if (olstm_node_find_attribute(op->base.node, "direction") ||
      olstm_node_find_attribute(op->base.node, "layout")) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_UNSUPPORTED,
                          "direction and layout have no meaning for a masked layer");
  }
  OLSTM_RETURN_IF_ERROR(read_layouts(op, error));
  op->inner_attributes = olstm_allocate(
      &op->base.allocator, op->base.node->attribute_count + 1, sizeof(olstm_attribute));
  if (!op->inner_attributes) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory");
  }
  describe_inner_node(op);
  op->inner_table = (olstm_operator){.struct_size = sizeof op->inner_table,
                                     .domain = op->inner_node.domain,
                                     .op_type = op->inner_node.op_type,
                                     .variant = variant};
  olstm_create_args inner = *args;
  inner.node = &op->inner_node;
  return olstm__lstm_op_create(&op->inner_table, &inner, &op->inner, error);
}

olstm_status olstm__lstm_masked_op_create(const olstm_operator* self,
                                          const olstm_create_args* args,
                                          void** out_instance, olstm_error* error) {
  void* instance = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create(self, args, sizeof(masked_op), &instance, error));
  const olstm_status status = set_up(instance, args, error);
  if (status != OLSTM_STATUS_OK) {
    olstm__lstm_masked_op_destroy(instance);
    return status;
  }
  *out_instance = instance;
  return OLSTM_STATUS_OK;
}

void olstm__lstm_masked_op_destroy(void* instance) {
  masked_op* op = instance;
  if (!op) return;
  olstm__lstm_op_destroy(op->inner);
  olstm_release(&op->base.allocator, op->inner_attributes,
                op->base.node->attribute_count + 1, sizeof(olstm_attribute));
  olstm__op_destroy(op);
}

// ---------------------------------------------------------------- infer and prepare

/// The inner operator's inputs; `lens` stands for the sequence_lens that runs will make.
static void inner_inputs(const masked_op* op, const olstm_tensor* const* inputs,
                         size_t input_count, const olstm_tensor* lens,
                         const olstm_tensor* out_inputs[kInnerInputs]) {
  for (size_t i = 0; i < inner_input_count(op); i++) {
    out_inputs[i] = i < input_count ? inputs[i] : NULL;
  }
  out_inputs[OLSTM_RECURRENT_SEQUENCE_LENS] = lens;
}

static olstm_status check_mask(const masked_op* op, const olstm_tensor* x,
                               const olstm_tensor* mask, olstm_error* error) {
  const olstm_tensor_desc* desc = &mask->desc;
  const int first = op->mask_is_batch_major == op->x_is_batch_major ? 0 : 1;
  const bool fits = x->desc.rank == 3 && (desc->rank == 2 || desc->rank == 3) &&
                    desc->dims[first] == x->desc.dims[0] &&
                    desc->dims[1 - first] == x->desc.dims[1] &&
                    (desc->rank == 2 || desc->dims[2] == 1);
  if (desc->dtype != OLSTM_DTYPE_BOOL) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_DTYPE_MISMATCH,
                          "the mask has dtype %s, expected bool",
                          olstm_dtype_name(desc->dtype));
  }
  if (fits) return OLSTM_STATUS_OK;
  return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                        "the mask has shape %s, expected one bool for each step and row "
                        "of X %s",
                        olstm_shape_text(desc).text, olstm_shape_text(&x->desc).text);
}

static olstm_status check_initial_y(const masked_op* op, const olstm_tensor* given,
                                    const olstm_tensor_desc* expected,
                                    olstm_error* error) {
  if (!given || olstm_tensor_desc_equal(&given->desc, expected)) return OLSTM_STATUS_OK;
  return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                        "initial_y has shape %s, expected %s",
                        olstm_shape_text(&given->desc).text,
                        olstm_shape_text(expected).text);
}

static olstm_tensor lens_tensor(const masked_op* op, const olstm_tensor* x) {
  const int64_t rows = x->desc.dims[op->x_is_batch_major ? 0 : 1];
  return (olstm_tensor){{OLSTM_DTYPE_INT32, 1, {rows}}, NULL};
}

static strides strides_of(const masked_handle* handle, bool is_batch_major) {
  return is_batch_major ? (strides){1, (size_t)handle->steps}
                        : (strides){(size_t)handle->rows, 1};
}

olstm_status olstm__lstm_masked_op_infer(const void* instance,
                                         const olstm_infer_args* args,
                                         olstm_tensor_desc* out_outputs,
                                         olstm_error* error) {
  const masked_op* op = instance;
  const olstm_tensor* x = args->inputs[OLSTM_RECURRENT_X];
  const olstm_tensor* inputs[kInnerInputs] = {NULL};
  olstm_tensor_desc descs[OLSTM_RECURRENT_OUTPUT_COUNT];
  OLSTM_RETURN_IF_ERROR(check_mask(op, x, args->inputs[OLSTM__MASKED_MASK], error));
  const olstm_tensor lens = lens_tensor(op, x);
  inner_inputs(op, args->inputs, args->input_count, &lens, inputs);
  const olstm_infer_args inner = {.struct_size = sizeof inner,
                                  .input_count = inner_input_count(op),
                                  .inputs = inputs,
                                  .output_count = inner_output_count(op)};
  OLSTM_RETURN_IF_ERROR(olstm__lstm_op_infer(op->inner, &inner, descs, error));
  const olstm_tensor_desc last = {
      descs[OLSTM_RECURRENT_Y_H].dtype,
      2,
      {descs[OLSTM_RECURRENT_Y_H].dims[1], descs[OLSTM_RECURRENT_Y_H].dims[2]}};
  if (args->input_count > OLSTM__MASKED_INITIAL_Y) {
    OLSTM_RETURN_IF_ERROR(
        check_initial_y(op, args->inputs[OLSTM__MASKED_INITIAL_Y], &last, error));
  }
  for (size_t i = 0; i < args->output_count; i++) {
    if (i == OLSTM__MASKED_LAST_Y) out_outputs[i] = last;
    if (i < inner_output_count(op)) out_outputs[i] = descs[i];
  }
  return OLSTM_STATUS_OK;
}

/// Adds `count` times `size` bytes at the end of the workspace.
static bool add_room(size_t* end, size_t count, size_t size, size_t* out_offset) {
  size_t bytes = 0;
  return olstm_size_align(*end, out_offset) && olstm_size_multiply(count, size, &bytes) &&
         olstm_size_add(*out_offset, bytes, end);
}

static olstm_status lay_out_workspace(const masked_op* op, masked_handle* handle,
                                      size_t* out_bytes, olstm_error* error) {
  const size_t rows = (size_t)handle->rows;
  size_t end = handle->inner.workspace_bytes, x_step_bytes = 0;
  const bool fits =
      add_room(&end, rows, sizeof(int32_t), &handle->lens_offset) &&
      add_room(&end, rows, handle->h_bytes, &handle->y_h_offset) &&
      olstm_size_multiply(rows, handle->x_bytes, &x_step_bytes) &&
      add_room(&end, (size_t)handle->steps, x_step_bytes, &handle->x_offset);
  *out_bytes = end;
  return fits ? OLSTM_STATUS_OK
              : olstm__op_fail(&op->base, error, OLSTM_STATUS_OUT_OF_MEMORY,
                               "workspace does not fit in memory");
}

static olstm_status prepare_inner(masked_op* op, masked_handle* handle,
                                  const olstm_prepare_args* args,
                                  olstm_prepared* out_prepared, olstm_error* error) {
  const olstm_tensor* x = args->inputs[OLSTM_RECURRENT_X];
  const olstm_tensor* inputs[kInnerInputs] = {NULL};
  olstm_tensor_desc descs[OLSTM_RECURRENT_OUTPUT_COUNT] = {{.rank = 0}};
  const olstm_tensor lens = lens_tensor(op, x);
  inner_inputs(op, args->inputs, args->input_count, &lens, inputs);
  const olstm_infer_args infer = {.struct_size = sizeof infer,
                                  .input_count = inner_input_count(op),
                                  .inputs = inputs,
                                  .output_count = inner_output_count(op)};
  OLSTM_RETURN_IF_ERROR(olstm__lstm_op_infer(op->inner, &infer, descs, error));
  const olstm_prepare_args inner = {.struct_size = sizeof inner,
                                    .input_count = inner_input_count(op),
                                    .inputs = inputs,
                                    .output_count = inner_output_count(op),
                                    .outputs = descs};
  handle->inner =
      (olstm_prepared){.struct_size = sizeof handle->inner, .view_of_input = -1};
  OLSTM_RETURN_IF_ERROR(olstm__lstm_op_prepare(op->inner, &inner, &handle->inner, error));
  handle->steps = x->desc.dims[op->x_is_batch_major ? 1 : 0];
  handle->rows = x->desc.dims[op->x_is_batch_major ? 0 : 1];
  handle->x = strides_of(handle, op->x_is_batch_major);
  handle->y = strides_of(handle, op->y_is_batch_major);
  handle->mask = strides_of(handle, op->mask_is_batch_major);
  handle->x_bytes = (size_t)x->desc.dims[2] * olstm_dtype_size(x->desc.dtype);
  handle->h_bytes =
      (size_t)descs[OLSTM_RECURRENT_Y_H].dims[2] * olstm_dtype_size(x->desc.dtype);
  out_prepared->kernel = handle->inner.kernel;
  out_prepared->reason = handle->inner.reason;
  out_prepared->run_allocates = handle->inner.run_allocates;
  out_prepared->work = handle->inner.work;
  return lay_out_workspace(op, handle, &out_prepared->workspace_bytes, error);
}

olstm_status olstm__lstm_masked_op_prepare(void* instance, const olstm_prepare_args* args,
                                           olstm_prepared* out_prepared,
                                           olstm_error* error) {
  masked_op* op = instance;
  masked_handle* handle = olstm_allocate_zeroed(&op->base.allocator, 1, sizeof *handle);
  if (!handle) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory");
  }
  const olstm_status status = prepare_inner(op, handle, args, out_prepared, error);
  if (status != OLSTM_STATUS_OK) {
    olstm__lstm_masked_op_release(op, handle);
    return status;
  }
  out_prepared->handle = handle;
  return OLSTM_STATUS_OK;
}

void olstm__lstm_masked_op_release(void* instance, void* handle) {
  masked_op* op = instance;
  masked_handle* released = handle;
  if (!released) return;
  olstm__lstm_op_release(op->inner, released->inner.handle);
  olstm_release(&op->base.allocator, released, 1, sizeof *released);
}

// ---------------------------------------------------------------- run

/// Counts the unmasked steps of each row. Returns whether they are at the front of every
/// row.
static bool count_steps(const masked_handle* handle, const bool* mask, int32_t* lens) {
  bool at_front = true;
  for (int64_t n = 0; n < handle->rows; n++) {
    const bool* row = mask + (size_t)n * handle->mask.row;
    int32_t count = 0, last = 0;
    for (int64_t t = 0; t < handle->steps; t++) {
      const bool counts = row[(size_t)t * handle->mask.step];
      count += counts;
      if (counts) last = (int32_t)t + 1;
    }
    lens[n] = count;
    at_front = at_front && last == count;
  }
  return at_front;
}

/// Moves the unmasked steps of every row to its front. The steps behind them are not
/// read.
static void move_together(const masked_handle* handle, const bool* mask, const char* x,
                          char* moved) {
  const size_t step_bytes = handle->x.step * handle->x_bytes;
  memset(moved, 0, (size_t)handle->steps * (size_t)handle->rows * handle->x_bytes);
  for (int64_t n = 0; n < handle->rows; n++) {
    const size_t row = (size_t)n * handle->x.row * handle->x_bytes;
    const bool* counts = mask + (size_t)n * handle->mask.row;
    size_t to = 0;
    for (size_t t = 0; t < (size_t)handle->steps; t++) {
      if (!counts[t * handle->mask.step]) continue;
      memcpy(moved + to++ * step_bytes + row, x + t * step_bytes + row, handle->x_bytes);
    }
  }
}

static void copy_output(void* to, const void* from, size_t bytes) {
  if (to == from) return;
  if (from) {
    memcpy(to, from, bytes);
  } else {
    memset(to, 0, bytes);
  }
}

/// Spreads a row's outputs to where its steps were, from the last step backwards: an
/// output only moves to a later step. Nothing moves once a step's output is where it was
/// written.
static void spread_row(const masked_handle* handle, const bool* mask, int64_t row,
                       int64_t count, const char* initial_y, char* y) {
  const size_t step_bytes = handle->y.step * handle->h_bytes;
  const bool* counts = mask + (size_t)row * handle->mask.row;
  y += (size_t)row * handle->y.row * handle->h_bytes;
  if (initial_y) initial_y += (size_t)row * handle->h_bytes;
  for (int64_t t = handle->steps - 1; t >= 0 && t + 1 != count; t--) {
    const char* from = count > 0 ? y + (size_t)(count - 1) * step_bytes : initial_y;
    copy_output(y + (size_t)t * step_bytes, from, handle->h_bytes);
    if (counts[(size_t)t * handle->mask.step]) count--;
  }
}

static void write_last(const masked_handle* handle, const int32_t* lens,
                       const char* initial_y, const char* y_h, char* last) {
  for (int64_t n = 0; n < handle->rows; n++) {
    const size_t offset = (size_t)n * handle->h_bytes;
    const char* from = initial_y ? initial_y + offset : NULL;
    if (lens[n] > 0) from = y_h + offset;
    copy_output(last + offset, from, handle->h_bytes);
  }
}

static const void* input_at(const masked_op* op, const olstm_run_args* args,
                            size_t index) {
  return olstm_node_has_input(op->base.node, index) ? args->inputs[index] : NULL;
}

static void* output_at(const masked_op* op, const olstm_run_args* args, size_t index) {
  return olstm_node_has_output(op->base.node, index) ? args->outputs[index] : NULL;
}

olstm_status olstm__lstm_masked_op_run(const void* instance, const void* handle,
                                       const olstm_run_args* args, olstm_error* error) {
  const masked_op* op = instance;
  const masked_handle* prepared = handle;
  const bool* mask = args->inputs[OLSTM__MASKED_MASK];
  char* workspace = args->workspace;
  int32_t* lens = (int32_t*)(void*)(workspace + prepared->lens_offset);
  char* moved = workspace + prepared->x_offset;
  const void* inputs[kInnerInputs];
  void* outputs[OLSTM_RECURRENT_OUTPUT_COUNT];
  for (size_t i = 0; i < kInnerInputs; i++) {
    inputs[i] = input_at(op, args, i);
  }
  for (size_t i = 0; i < OLSTM_RECURRENT_OUTPUT_COUNT; i++)
    outputs[i] = output_at(op, args, i);
  if (!outputs[OLSTM_RECURRENT_Y_H])
    outputs[OLSTM_RECURRENT_Y_H] = workspace + prepared->y_h_offset;
  inputs[OLSTM_RECURRENT_SEQUENCE_LENS] = lens;
  if (!count_steps(prepared, mask, lens)) {
    move_together(prepared, mask, inputs[OLSTM_RECURRENT_X], moved);
    inputs[OLSTM_RECURRENT_X] = moved;
  }
  const olstm_run_args inner = {.struct_size = sizeof inner,
                                .inputs = inputs,
                                .outputs = outputs,
                                .workspace = workspace,
                                .parallel = args->parallel};
  OLSTM_RETURN_IF_ERROR(
      olstm__lstm_op_run(op->inner, prepared->inner.handle, &inner, error));
  char* y = outputs[OLSTM_RECURRENT_Y];
  char* last = output_at(op, args, OLSTM__MASKED_LAST_Y);
  const char* initial_y = input_at(op, args, OLSTM__MASKED_INITIAL_Y);
  for (int64_t n = 0; y && n < prepared->rows; n++) {
    spread_row(prepared, mask, n, lens[n], initial_y, y);
  }
  if (last) write_last(prepared, lens, initial_y, outputs[OLSTM_RECURRENT_Y_H], last);
  return OLSTM_STATUS_OK;
}
