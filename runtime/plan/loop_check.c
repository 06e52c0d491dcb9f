#include "runtime/plan/loop_check.h"

#include <string.h>

#include "runtime/plan/control_node.h"
#include "runtime/plan/scan_node.h"

static olstm_status fail_memory(olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a plan");
}

/// A Loop or Scan whose body is walked. Carried value k is the body's input
/// first_input + k and its output first_output + k.
typedef struct checked_loop {
  const olstm__program_node* node;
  const olstm__program* body;
  olstm__plan_frame frame;
  olstm__plan_walk* walk;
  size_t carried_count, first_input, first_output;
  /// The descs of the body's own inputs; dtype UNDEFINED where nothing is known.
  olstm_tensor_desc* inputs;
  /// How often the body runs; -1: not known.
  int64_t trips;
  /// Whether outputs are stacked along their first axis.
  bool has_plain_stacks;
} checked_loop;

static const olstm__planned_value* find_value(const olstm__planner* planner,
                                              const olstm__planned_step* step,
                                              size_t input) {
  return step->inputs[input] < 0 ? NULL : &planner->values[step->inputs[input]];
}

static olstm_tensor_desc desc_of(const olstm__planner* planner,
                                 const olstm__planned_step* step, size_t input) {
  const olstm__planned_value* value = find_value(planner, step, input);
  return value && value->is_described
             ? value->tensor.desc
             : (olstm_tensor_desc){.dtype = OLSTM_DTYPE_UNDEFINED};
}

static olstm_tensor_desc scalar_of(const olstm__program* body, size_t input,
                                   olstm_dtype dtype) {
  const bool is_list = body->graph->values[body->inputs[input]].info.rank == 1;
  return (olstm_tensor_desc){dtype, is_list, {is_list}};
}

static olstm_status start_loop(const olstm__planner* planner,
                               const olstm__planned_step* step, checked_loop* loop,
                               olstm_error* error) {
  const olstm__planned_value* limit = find_value(planner, step, 0);
  const olstm__planned_value* condition = find_value(planner, step, 1);
  bool goes_on = true;
  loop->carried_count = olstm__loop_carried_count(loop->node);
  loop->first_input = OLSTM__LOOP_FIRST_CARRIED;
  loop->first_output = 1;
  loop->inputs[0] = scalar_of(loop->body, 0, OLSTM_DTYPE_INT64);
  loop->inputs[1] = scalar_of(loop->body, 1, OLSTM_DTYPE_BOOL);
  for (size_t k = 0; k < loop->carried_count; k++) {
    loop->inputs[OLSTM__LOOP_FIRST_CARRIED + k] =
        desc_of(planner, step, OLSTM__LOOP_FIRST_CARRIED + k);
  }
  if (limit && limit->tensor.data) {
    OLSTM_RETURN_IF_ERROR(
        olstm__control_read_int64(loop->node, "M", &limit->tensor, &loop->trips, error));
  }
  if (condition && condition->tensor.data) {
    OLSTM_RETURN_IF_ERROR(olstm__control_read_bool(loop->node, "the condition",
                                                   &condition->tensor, &goes_on, error));
  }
  if (!goes_on) loop->trips = 0;
  return OLSTM_STATUS_OK;
}

/// A slice of a scan input along its axis.
static olstm_status slice_of(const checked_loop* loop, const olstm_tensor_desc* desc,
                             int64_t axis, const char* name, olstm_tensor_desc* out_slice,
                             int64_t* out_length, olstm_error* error) {
  int32_t at = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__scan_find_axis(loop->node, name, axis, desc->rank, &at, error));
  *out_slice = (olstm_tensor_desc){.dtype = desc->dtype, .rank = desc->rank - 1};
  *out_length = desc->dims[at];
  for (int32_t d = 0; d < out_slice->rank; d++) {
    out_slice->dims[d] = desc->dims[d < at ? d : d + 1];
  }
  return OLSTM_STATUS_OK;
}

static olstm_status start_scan(const olstm__planner* planner,
                               const olstm__planned_step* step, checked_loop* loop,
                               olstm_error* error) {
  olstm__scan_attributes attributes;
  OLSTM_RETURN_IF_ERROR(olstm__scan_read_attributes(loop->node, &attributes, error));
  loop->carried_count = loop->node->node.input_count - (size_t)attributes.input_count;
  loop->has_plain_stacks = !attributes.output_axes;
  for (size_t i = 0; i < loop->node->node.input_count; i++) {
    loop->inputs[i] = desc_of(planner, step, i);
    if (i < loop->carried_count || !loop->inputs[i].dtype) continue;
    const size_t s = i - loop->carried_count;
    const olstm_tensor_desc whole = loop->inputs[i];
    const char* name = loop->node->node.input_names[i];
    int64_t length = 0;
    OLSTM_RETURN_IF_ERROR(slice_of(loop, &whole,
                                   attributes.input_axes ? attributes.input_axes[s] : 0,
                                   name, &loop->inputs[i], &length, error));
    if (loop->trips < 0) loop->trips = length;
    if (length == loop->trips) continue;
    return olstm__control_fail(loop->node, error, OLSTM_STATUS_SHAPE_MISMATCH,
                               "input '%s' has shape %s, expected %" PRId64
                               " steps as input '%s' has",
                               name, olstm_shape_text(&whole).text, loop->trips,
                               loop->node->node.input_names[loop->carried_count]);
  }
  return OLSTM_STATUS_OK;
}

/// One trip with loop->inputs.
static olstm_status walk_trip(olstm__planner* planner, const olstm__planned_step* step,
                              checked_loop* loop, olstm_error* error) {
  const olstm__program_body* body = &loop->node->bodies[0];
  const olstm__program* program = loop->body;
  const size_t own_count = program->input_count - body->capture_count;
  const size_t value_count = (size_t)program->graph->value_count;
  loop->frame.map =
      olstm__arena_allocate(&planner->scratch, value_count, sizeof *loop->frame.map);
  if (!loop->frame.map) return fail_memory(error);
  for (size_t v = 0; v < value_count; v++) loop->frame.map[v] = -1;
  for (size_t i = 0; i < program->input_count; i++) {
    int32_t value = -1;
    if (i < own_count) {
      value = olstm__planner_add_value(planner, "");
      if (value < 0) return fail_memory(error);
      if (loop->inputs[i].dtype) {
        olstm__planned_value_describe(&planner->values[value], &loop->inputs[i], NULL);
      }
    } else {
      value = step->inputs[body->first_capture + i - own_count];
    }
    loop->frame.map[program->inputs[i]] = value;
  }
  return loop->walk(planner, &loop->frame, error);
}

/// What an output of the body is after a trip; NULL when that is not known.
static const olstm__planned_value* body_output(const olstm__planner* planner,
                                               const checked_loop* loop, size_t output) {
  const int32_t value = loop->frame.map[loop->body->outputs[output]];
  return value >= 0 && planner->values[value].is_described ? &planner->values[value]
                                                           : NULL;
}

/// The next trip has what this one carries; *out_changed says whether shapes are others.
static olstm_status carry_on(const olstm__planner* planner, checked_loop* loop,
                             bool* out_changed, olstm_error* error) {
  *out_changed = false;
  for (size_t k = 0; k < loop->carried_count; k++) {
    olstm_tensor_desc* desc = &loop->inputs[loop->first_input + k];
    const olstm__planned_value* next = body_output(planner, loop, loop->first_output + k);
    const olstm_tensor_desc fresh =
        next ? next->tensor.desc : (olstm_tensor_desc){.dtype = OLSTM_DTYPE_UNDEFINED};
    if (next && desc->dtype && desc->dtype != fresh.dtype) {
      return olstm__control_fail(loop->node, error, OLSTM_STATUS_DTYPE_MISMATCH,
                                 "its body gives '%s' dtype %s, expected %s", next->name,
                                 olstm_dtype_name(fresh.dtype),
                                 olstm_dtype_name(desc->dtype));
    }
    *out_changed = *out_changed || !olstm_tensor_desc_equal(desc, &fresh);
    *desc = fresh;
  }
  return OLSTM_STATUS_OK;
}

/// Of a Loop: what says whether it goes on must be one bool.
static olstm_status check_condition(const olstm__planner* planner,
                                    const checked_loop* loop, olstm_error* error) {
  static const uint8_t kAny = 0;
  const olstm__planned_value* value =
      loop->node->control == OLSTM__CONTROL_LOOP ? body_output(planner, loop, 0) : NULL;
  bool ignored = false;
  if (!value) return OLSTM_STATUS_OK;
  const olstm_tensor condition = {value->tensor.desc, (void*)&kAny};
  return olstm__control_read_bool(loop->node, "its body's condition", &condition,
                                  &ignored, error);
}

/// How many rows a stack has; -1 when nothing tells.
static int64_t count_rows(const olstm__planner* planner, const olstm__plan_frame* frame,
                          int32_t output) {
  const olstm__graph_value* stack = &frame->program->graph->values[output];
  const int32_t value =
      stack->rows_of == OLSTM__NO_VALUE ? -1 : frame->map[stack->rows_of];
  const olstm__planned_value* is = value < 0 ? NULL : &planner->values[value];
  return is && is->is_described && is->tensor.desc.rank > stack->rows_axis
             ? is->tensor.desc.dims[stack->rows_axis]
             : stack->row_count;
}

/// What the node gives: what is carried in the end, and stacks. Those of a Scan along
/// other axes than the first are not known.
static void describe_outputs(olstm__planner* planner, const olstm__plan_frame* frame,
                             const olstm__planned_step* step, const checked_loop* loop) {
  for (size_t o = 0; o < step->node->output_count; o++) {
    const olstm__planned_value* given =
        body_output(planner, loop, loop->first_output + o);
    if (step->outputs[o] < 0 || !given) continue;
    olstm_tensor_desc desc = given->tensor.desc;
    if (o >= loop->carried_count) {
      const int64_t rows = count_rows(planner, frame, step->node->outputs[o]);
      if (rows < 0 || desc.rank == OLSTM_MAX_RANK || !loop->has_plain_stacks) continue;
      memmove(desc.dims + 1, desc.dims, (size_t)desc.rank++ * sizeof *desc.dims);
      desc.dims[0] = rows;
    }
    olstm__planned_value* output = &planner->values[step->outputs[o]];
    if (!output->is_described && !output->is_dynamic) {
      olstm__planned_value_describe(output, &desc, NULL);
    }
  }
}

static olstm_status walk_trips(olstm__planner* planner, const olstm__planned_step* step,
                               checked_loop* loop, olstm_error* error) {
  bool has_changed = true;
  // What the second trip is given, all others are.
  for (int trip = 0; trip < 2 && has_changed && trip != loop->trips; trip++) {
    OLSTM_RETURN_IF_ERROR(walk_trip(planner, step, loop, error));
    OLSTM_RETURN_IF_ERROR(check_condition(planner, loop, error));
    OLSTM_RETURN_IF_ERROR(carry_on(planner, loop, &has_changed, error));
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__planner_check_loop(olstm__planner* planner,
                                       const olstm__plan_frame* frame,
                                       const olstm__planned_step* step,
                                       olstm__plan_walk* walk, olstm_error* error) {
  const olstm__program* body = step->node->bodies[0].program;
  checked_loop loop = {.node = step->node,
                       .body = body,
                       .frame = {body, NULL, frame->depth + 1},
                       .walk = walk,
                       .trips = -1,
                       .has_plain_stacks = true};
  const bool is_loop = step->node->control == OLSTM__CONTROL_LOOP;
  if (loop.frame.depth > OLSTM__MAX_NESTING ||
      (!is_loop && olstm__scan_is_batched(step->node))) {
    return OLSTM_STATUS_OK;
  }
  loop.inputs =
      olstm__arena_allocate(&planner->scratch, body->input_count, sizeof *loop.inputs);
  if (!loop.inputs) return fail_memory(error);
  OLSTM_RETURN_IF_ERROR(is_loop ? start_loop(planner, step, &loop, error)
                                : start_scan(planner, step, &loop, error));
  OLSTM_RETURN_IF_ERROR(walk_trips(planner, step, &loop, error));
  if (loop.trips != 0) describe_outputs(planner, frame, step, &loop);
  return OLSTM_STATUS_OK;
}
