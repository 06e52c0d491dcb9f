// Runs Scan: a body over the slices of its scan inputs; its scan outputs are stacked
// along an axis. Opset 8 has a batch: the body runs over each row separately, for as many
// steps as sequence_lens says, and stacks along axis 1.
//
// Inputs of the node: (opset 8: sequence_lens,) states, scan inputs; of the body: states,
// slices, captures. Outputs of the node: states, stacks; of the body: states, rows to
// stack.
#include <string.h>

#include "base/tensor_size.h"
#include "runtime/execute/control_body.h"
#include "runtime/plan/scan_node.h"

/// A tensor that is sliced along an axis: `outer` blocks of `length` slices of
/// `inner_bytes`.
typedef struct sliced_tensor {
  char* data;
  size_t outer;
  size_t length;
  size_t inner_bytes;
  bool is_reversed;
  // The desc of one slice, without the axis.
  olstm_tensor_desc slice;
  int32_t axis;
  // Of a stack: whether the output is allocated.
  bool is_made;
} sliced_tensor;

typedef struct scan_run {
  olstm__body_run body;
  olstm__scan_attributes attributes;
  bool has_batch;
  // Index of the first state among the node's inputs.
  size_t first_input;
  size_t state_count;
  size_t input_count;
  size_t stack_count;
  sliced_tensor* inputs;
  sliced_tensor* stacks;
  // Rows of the batch (1 without a batch), the current row, and steps.
  int64_t batch;
  int64_t row;
  int64_t length;
} scan_run;

// ---------------------------------------------------------------- slices

/// Describes the slices of a tensor, of whose dimensions the first `skipped` (0 or 1, the
/// batch) are left out.
static void cut(sliced_tensor* sliced, const olstm_tensor_desc* desc, int32_t skipped,
                int32_t axis) {
  sliced->axis = axis;
  sliced->outer = 1;
  sliced->length = (size_t)desc->dims[skipped + axis];
  sliced->inner_bytes = olstm_dtype_size(desc->dtype);
  sliced->slice = (olstm_tensor_desc){.dtype = desc->dtype};
  for (int32_t d = skipped; d < desc->rank; d++) {
    if (d == skipped + axis) continue;
    sliced->slice.dims[sliced->slice.rank++] = desc->dims[d];
    if (d < skipped + axis) {
      sliced->outer *= (size_t)desc->dims[d];
    } else {
      sliced->inner_bytes *= (size_t)desc->dims[d];
    }
  }
}

/// Copies slice `step` between a sliced tensor and a contiguous block.
static void copy_slice(const sliced_tensor* sliced, size_t step, void* block,
                       bool is_into_block) {
  const size_t bytes = sliced->inner_bytes;
  for (size_t o = 0; o < sliced->outer && bytes; o++) {
    char* there = sliced->data + (o * sliced->length + step) * bytes;
    char* here = (char*)block + o * bytes;
    memcpy(is_into_block ? here : there, is_into_block ? there : here, bytes);
  }
}

static olstm_status cut_inputs(scan_run* run, olstm_error* error) {
  const olstm__control_call* call = run->body.call;
  const int32_t skipped = run->has_batch ? 1 : 0;
  for (size_t i = 0; i < run->input_count; i++) {
    const size_t index = run->first_input + run->state_count + i;
    const olstm_tensor* input = call->inputs[index];
    const char* name = call->node->node.input_names[index];
    const int64_t axis = run->attributes.input_axes ? run->attributes.input_axes[i] : 0;
    int32_t at = 0;
    OLSTM_RETURN_IF_ERROR(olstm__scan_find_axis(call->node, name, axis,
                                                input->desc.rank - skipped, &at, error));
    cut(&run->inputs[i], &input->desc, skipped, at);
    run->inputs[i].is_reversed =
        run->attributes.input_directions && run->attributes.input_directions[i];
    if (i == 0) run->length = (int64_t)run->inputs[0].length;
    if (i == 0 && run->has_batch) run->batch = input->desc.dims[0];
    if ((int64_t)run->inputs[i].length == run->length &&
        (!run->has_batch || input->desc.dims[0] == run->batch)) {
      continue;
    }
    return olstm__control_fail(
        call->node, error, OLSTM_STATUS_SHAPE_MISMATCH,
        "input '%s' has shape %s, expected %" PRId64 " steps as input '%s' has", name,
        olstm_shape_text(&input->desc).text, run->length,
        call->node->node.input_names[run->first_input + run->state_count]);
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- starting

/// Index of the buffer that holds the lists. Buffers before it: two for each state, one
/// for each scan input and stack.
static size_t list_buffer(const scan_run* run) {
  return 2 * run->state_count + run->input_count + run->stack_count;
}

static olstm_status start(scan_run* run, const olstm__control_call* call,
                          olstm_error* error) {
  const olstm__program_node* node = call->node;
  olstm__control_cache* cache = NULL;
  *run = (scan_run){.has_batch = olstm__scan_is_batched(node), .batch = 1};
  OLSTM_RETURN_IF_ERROR(olstm__scan_read_attributes(node, &run->attributes, error));
  run->first_input = run->has_batch ? 1 : 0;
  run->input_count = (size_t)run->attributes.input_count;
  run->state_count = node->node.input_count - run->first_input - run->input_count;
  run->stack_count = node->bodies[0].program->output_count - run->state_count;
  const size_t lists = list_buffer(run);
  const size_t list_bytes = (run->input_count + run->stack_count) * sizeof(sliced_tensor);
  OLSTM_RETURN_IF_ERROR(olstm__control_get_cache(call, lists + 1, &cache, error));
  OLSTM_RETURN_IF_ERROR(olstm__control_reserve(call, cache, lists, list_bytes, 0, error));
  memset(cache->buffers[lists].memory, 0, list_bytes);
  run->inputs = cache->buffers[lists].memory;
  run->stacks = run->inputs + run->input_count;
  run->body.carried_count = run->state_count;
  olstm__body_run_init(&run->body, call, cache);
  return cut_inputs(run, error);
}

/// Sets the initial states of the current row.
static olstm_status start_row(scan_run* run, olstm_error* error) {
  const olstm__control_call* call = run->body.call;
  for (size_t k = 0; k < run->state_count; k++) {
    const olstm_tensor* initial = call->inputs[run->first_input + k];
    olstm_tensor* value = &run->body.cache->inputs[k];
    *value = *initial;
    if (!run->has_batch) continue;
    if (initial->desc.rank < 1 || initial->desc.dims[0] != run->batch) {
      return olstm__control_fail(call->node, error, OLSTM_STATUS_SHAPE_MISMATCH,
                                 "input '%s' has shape %s, expected a batch of %" PRId64,
                                 call->node->node.input_names[run->first_input + k],
                                 olstm_shape_text(&initial->desc).text, run->batch);
    }
    value->desc.rank--;
    memmove(value->desc.dims, initial->desc.dims + 1,
            (size_t)value->desc.rank * sizeof *initial->desc.dims);
    value->data =
        (char*)initial->data + (size_t)run->row * olstm__desc_bytes(&value->desc);
  }
  run->body.side = 0;
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- a step

/// Sets slice `step` of scan input i: in place, or copied if it is not contiguous.
static olstm_status take_slice(scan_run* run, size_t i, size_t step, olstm_error* error) {
  olstm__control_cache* cache = run->body.cache;
  const sliced_tensor* input = &run->inputs[i];
  olstm_tensor* slice = &cache->inputs[run->state_count + i];
  const size_t bytes = input->outer * input->inner_bytes;
  const size_t index = 2 * run->state_count + i;
  slice->desc = input->slice;
  slice->data = input->data + step * input->inner_bytes;
  if (input->outer == 1 || bytes == 0) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(
      olstm__control_reserve(run->body.call, cache, index, bytes, 0, error));
  copy_slice(input, step, cache->buffers[index].memory, true);
  slice->data = cache->buffers[index].memory;
  return OLSTM_STATUS_OK;
}

/// Allocates a stack when the desc of its slices is known; later slices must have the
/// same.
static olstm_status make_stack(scan_run* run, size_t s, const olstm_tensor_desc* slice,
                               olstm_error* error) {
  const olstm__control_call* call = run->body.call;
  const size_t output = run->state_count + s;
  const char* name = call->node->node.output_names[output];
  sliced_tensor* stack = &run->stacks[s];
  const int32_t skipped = run->has_batch ? 1 : 0;
  if (stack->is_made) {
    if (olstm_tensor_desc_equal(&stack->slice, slice)) return OLSTM_STATUS_OK;
    return olstm__control_fail(call->node, error, OLSTM_STATUS_SHAPE_MISMATCH,
                               "a step gives '%s' shape %s, expected %s as before", name,
                               olstm_shape_text(slice).text,
                               olstm_shape_text(&stack->slice).text);
  }
  if (slice->rank + 1 + skipped > OLSTM_MAX_RANK) {
    return olstm__control_fail(call->node, error, OLSTM_STATUS_UNSUPPORTED,
                               "output '%s' has rank %d, expected 0..%d", name,
                               (int)slice->rank + 1 + skipped, (int)OLSTM_MAX_RANK);
  }
  const int64_t asked = run->attributes.output_axes ? run->attributes.output_axes[s] : 0;
  int32_t axis = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__scan_find_axis(call->node, name, asked, slice->rank + 1, &axis, error));
  olstm_tensor_desc desc = {slice->dtype, 0, {0}};
  if (run->has_batch) desc.dims[desc.rank++] = run->batch;
  for (int32_t d = 0; d <= slice->rank; d++) {
    if (d == axis) desc.dims[desc.rank++] = run->length;
    if (d < slice->rank) desc.dims[desc.rank++] = slice->dims[d];
  }
  OLSTM_RETURN_IF_ERROR(olstm__control_allocate_output(call, output, &desc, error));
  cut(stack, &desc, skipped, axis);
  stack->is_reversed =
      run->attributes.output_directions && run->attributes.output_directions[s];
  stack->is_made = true;
  // Steps beyond a row's sequence_lens are 0.
  const size_t bytes = olstm__desc_bytes(&desc);
  if (bytes && run->has_batch) memset(call->outputs[output].data, 0, bytes);
  return OLSTM_STATUS_OK;
}

/// Sets the start of a stack to the current row.
static void select_row(const scan_run* run, size_t s) {
  sliced_tensor* stack = &run->stacks[s];
  stack->data = run->body.call->outputs[run->state_count + s].data;
  if (stack->data) {
    stack->data += (size_t)run->row * stack->outer * stack->length * stack->inner_bytes;
  }
}

static size_t stack_step(const scan_run* run, const sliced_tensor* stack, size_t step) {
  return stack->is_reversed ? (size_t)run->length - 1 - step : step;
}

/// Lets the body write slices into their stacks, if descs are known and slices
/// contiguous.
static olstm_status locate_outputs(scan_run* run, size_t step, olstm_error* error) {
  for (size_t s = 0; s < run->stack_count; s++) {
    const size_t o = run->state_count + s;
    const olstm__plan_output* output = &run->body.plan->outputs[o];
    if (!olstm__control_wants(run->body.call->node, o) || !output->is_known) continue;
    OLSTM_RETURN_IF_ERROR(make_stack(run, s, &output->desc, error));
    select_row(run, s);
    const sliced_tensor* stack = &run->stacks[s];
    if (stack->outer != 1 || !stack->data) continue;
    run->body.cache->outputs[o] = (olstm_tensor){
        output->desc, stack->data + stack_step(run, stack, step) * stack->inner_bytes};
  }
  return OLSTM_STATUS_OK;
}

static olstm_status copy_outputs(scan_run* run, size_t step, olstm_error* error) {
  for (size_t s = 0; s < run->stack_count; s++) {
    const size_t o = run->state_count + s;
    const olstm_tensor* value = &run->body.cache->outputs[o];
    if (!olstm__control_wants(run->body.call->node, o)) continue;
    OLSTM_RETURN_IF_ERROR(make_stack(run, s, &value->desc, error));
    select_row(run, s);
    const sliced_tensor* stack = &run->stacks[s];
    const size_t at = stack_step(run, stack, step);
    const bool is_there =
        stack->outer == 1 && value->data == stack->data + at * stack->inner_bytes;
    if (stack->data && !is_there) copy_slice(stack, at, value->data, false);
  }
  return OLSTM_STATUS_OK;
}

static olstm_status run_step(scan_run* run, size_t step, size_t step_count,
                             olstm_error* error) {
  for (size_t i = 0; i < run->input_count; i++) {
    const size_t at = run->inputs[i].is_reversed ? step_count - 1 - step : step;
    OLSTM_RETURN_IF_ERROR(take_slice(run, i, at, error));
  }
  OLSTM_RETURN_IF_ERROR(olstm__body_run_prepare(&run->body, error));
  OLSTM_RETURN_IF_ERROR(locate_outputs(run, step, error));
  OLSTM_RETURN_IF_ERROR(olstm__body_run_step(&run->body, error));
  return copy_outputs(run, step, error);
}

// ---------------------------------------------------------------- rows

/// The number of steps of the current row.
static olstm_status count_steps(const scan_run* run, int64_t* out_count,
                                olstm_error* error) {
  const olstm__control_call* call = run->body.call;
  const olstm_tensor* lens = run->has_batch ? call->inputs[0] : NULL;
  *out_count = run->length;
  if (!lens) return OLSTM_STATUS_OK;
  if (lens->desc.dtype != OLSTM_DTYPE_INT64 || lens->desc.rank != 1 ||
      lens->desc.dims[0] != run->batch) {
    return olstm__control_fail(call->node, error, OLSTM_STATUS_SHAPE_MISMATCH,
                               "sequence_lens is %s %s, expected int64 [%" PRId64 "]",
                               olstm_dtype_name(lens->desc.dtype),
                               olstm_shape_text(&lens->desc).text, run->batch);
  }
  *out_count = ((const int64_t*)lens->data)[run->row];
  if (*out_count >= 0 && *out_count <= run->length) return OLSTM_STATUS_OK;
  return olstm__control_fail(call->node, error, OLSTM_STATUS_INVALID_VALUE,
                             "sequence_lens has %" PRId64 ", expected 0..%" PRId64,
                             *out_count, run->length);
}

/// Copies the final states of the current row to the node's outputs.
static olstm_status give_states(const scan_run* run, olstm_error* error) {
  const olstm__control_call* call = run->body.call;
  for (size_t k = 0; k < run->state_count; k++) {
    const olstm_tensor* value = &run->body.cache->inputs[k];
    const size_t bytes = olstm__desc_bytes(&value->desc);
    if (!olstm__control_wants(call->node, k)) continue;
    if (!run->has_batch) {
      OLSTM_RETURN_IF_ERROR(olstm__control_give_output(call, k, value, error));
      continue;
    }
    // The output has the shape of the initial state.
    olstm_tensor_desc desc = call->inputs[run->first_input + k]->desc;
    olstm_tensor_desc row = {desc.dtype, desc.rank - 1, {0}};
    memcpy(row.dims, desc.dims + 1, (size_t)row.rank * sizeof *row.dims);
    if (!olstm_tensor_desc_equal(&row, &value->desc)) {
      return olstm__control_fail(
          call->node, error, OLSTM_STATUS_SHAPE_MISMATCH,
          "state '%s' ends with shape %s, expected %s", call->node->node.output_names[k],
          olstm_shape_text(&value->desc).text, olstm_shape_text(&row).text);
    }
    if (run->row == 0) {
      OLSTM_RETURN_IF_ERROR(olstm__control_allocate_output(call, k, &desc, error));
    }
    if (bytes) {
      memcpy((char*)call->outputs[k].data + (size_t)run->row * bytes, value->data, bytes);
    }
  }
  return OLSTM_STATUS_OK;
}

static olstm_status run_row(scan_run* run, olstm_error* error) {
  int64_t step_count = 0;
  // A batch of empty rows may have more rows than memory has bytes.
  if (run->has_batch) {
    OLSTM_RETURN_IF_ERROR(
        olstm__control_count_work(run->body.call, OLSTM__WORK_PER_RUN, error));
  }
  OLSTM_RETURN_IF_ERROR(start_row(run, error));
  OLSTM_RETURN_IF_ERROR(count_steps(run, &step_count, error));
  for (size_t i = 0; i < run->input_count; i++) {
    sliced_tensor* input = &run->inputs[i];
    const size_t index = run->first_input + run->state_count + i;
    input->data = (char*)run->body.call->inputs[index]->data +
                  (size_t)run->row * input->outer * input->length * input->inner_bytes;
  }
  for (int64_t step = 0; step < step_count; step++) {
    OLSTM_RETURN_IF_ERROR(run_step(run, (size_t)step, (size_t)step_count, error));
  }
  return give_states(run, error);
}

/// Allocates the outputs of a Scan without steps or with an empty batch. Their shapes
/// come from the body's plan: what would keep a step from running is an error without
/// one, too.
static olstm_status make_empty(scan_run* run, olstm_error* error) {
  const olstm__control_call* call = run->body.call;
  bool is_planned = false;
  for (size_t s = 0; s < run->stack_count; s++) {
    olstm_tensor_desc slice;
    if (!olstm__control_wants(call->node, run->state_count + s)) continue;
    if (run->stacks[s].is_made) continue;
    for (size_t i = 0; i < run->input_count && !is_planned; i++) {
      run->body.cache->inputs[run->state_count + i].desc = run->inputs[i].slice;
    }
    if (!is_planned) {
      // Of an empty batch no row has started.
      if (run->batch == 0) OLSTM_RETURN_IF_ERROR(start_row(run, error));
      OLSTM_RETURN_IF_ERROR(olstm__body_run_prepare(&run->body, error));
    }
    is_planned = true;
    OLSTM_RETURN_IF_ERROR(
        olstm__body_run_foresee(&run->body, run->state_count + s, &slice, error));
    OLSTM_RETURN_IF_ERROR(make_stack(run, s, &slice, error));
  }
  for (size_t k = 0; k < run->state_count && run->batch == 0; k++) {
    if (!olstm__control_wants(call->node, k)) continue;
    OLSTM_RETURN_IF_ERROR(olstm__control_allocate_output(
        call, k, &call->inputs[run->first_input + k]->desc, error));
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__control_scan_run(const olstm__control_call* call,
                                     olstm_error* error) {
  scan_run run;
  OLSTM_RETURN_IF_ERROR(start(&run, call, error));
  for (run.row = 0; run.row < run.batch; run.row++) {
    OLSTM_RETURN_IF_ERROR(run_row(&run, error));
  }
  return make_empty(&run, error);
}
