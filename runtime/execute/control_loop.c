// Runs Loop: a body up to M times, or until its condition is false. max_work limits the
// number of iterations, max_memory the stacked outputs.
//
// Inputs of the node: M, condition, carried values; of the body: iteration number,
// condition, carried values, captures. Outputs of the node: carried values, stacked
// values; of the body: condition, carried values, values to stack.
#include <string.h>

#include "base/tensor_size.h"
#include "runtime/execute/control_body.h"

/// A stack of up to this size is allocated for all M rows at once.
enum { kEagerStackBytes = 1 << 20 };

typedef struct loop_run {
  olstm__body_run body;
  // Number of stacked outputs; in the body they follow the condition and the carried
  // values.
  size_t stack_count;
  // M, or INT64_MAX.
  int64_t max_trips;
  // Inputs of the body: iteration number and condition.
  int64_t iteration;
  uint8_t condition;
} loop_run;

// ---------------------------------------------------------------- starting

/// Input `input` of the body: a scalar, or [1] if declared so.
static olstm_tensor body_scalar(const olstm__program* program, size_t input,
                                olstm_dtype dtype, void* data) {
  const olstm_value_info* info = &program->graph->values[program->inputs[input]].info;
  return (olstm_tensor){{dtype, info->rank == 1 ? 1 : 0, {info->rank == 1 ? 1 : 0}},
                        data};
}

static olstm_status start(loop_run* run, const olstm__control_call* call,
                          olstm_error* error) {
  const olstm__program_node* node = call->node;
  const olstm__program* program = node->bodies[0].program;
  const size_t carried = olstm__loop_carried_count(node);
  const size_t own_count = node->node.input_count;
  const olstm_tensor* limit = own_count > 0 ? call->inputs[0] : NULL;
  const olstm_tensor* condition = own_count > 1 ? call->inputs[1] : NULL;
  olstm__control_cache* cache = NULL;
  bool goes_on = true;
  *run = (loop_run){.max_trips = INT64_MAX,
                    .stack_count = program->output_count - 1 - carried};
  if (limit) {
    OLSTM_RETURN_IF_ERROR(
        olstm__control_read_int64(node, "M", limit, &run->max_trips, error));
  }
  if (condition) {
    OLSTM_RETURN_IF_ERROR(
        olstm__control_read_bool(node, "the condition", condition, &goes_on, error));
  }
  OLSTM_RETURN_IF_ERROR(
      olstm__control_get_cache(call, 2 * carried + run->stack_count, &cache, error));
  run->condition = goes_on;
  run->body.carried_count = carried;
  run->body.first_carried_input = OLSTM__LOOP_FIRST_CARRIED;
  run->body.first_carried_output = 1;
  olstm__body_run_init(&run->body, call, cache);
  cache->inputs[0] = body_scalar(program, 0, OLSTM_DTYPE_INT64, &run->iteration);
  cache->inputs[1] = body_scalar(program, 1, OLSTM_DTYPE_BOOL, &run->condition);
  for (size_t k = 0; k < carried; k++) {
    cache->inputs[OLSTM__LOOP_FIRST_CARRIED + k] =
        *call->inputs[OLSTM__LOOP_FIRST_CARRIED + k];
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- stacking

static bool wants_stack(const loop_run* run, size_t s) {
  return olstm__control_wants(run->body.call->node, run->body.carried_count + s);
}

/// The new size of a stack that needs `needed` bytes: twice that while it is at most a
/// quarter of the limit, else a share of the remaining memory, so that rows are copied
/// only a few times.
static size_t choose_stack_bytes(const loop_run* run, size_t index, size_t needed) {
  const olstm__control_cache* cache = run->body.cache;
  const size_t others = cache->bytes - cache->buffers[index].bytes;
  if (needed <= cache->max_bytes / 4) return 2 * needed;
  if (others >= cache->max_bytes || needed >= cache->max_bytes - others) return needed;
  const size_t room = cache->max_bytes - others - needed;
  const size_t least = cache->max_bytes / 16;
  size_t more = room / (run->stack_count + 1);
  if (more < least) more = least;
  return needed + (more < room ? more : room);
}

/// Makes room for iteration + 1 rows.
static olstm_status grow_stack(const loop_run* run, size_t s, size_t row_bytes,
                               olstm_error* error) {
  olstm__control_cache* cache = run->body.cache;
  const size_t index = 2 * run->body.carried_count + s;
  const size_t used = (size_t)run->iteration * row_bytes;
  const size_t needed = used + row_bytes;
  size_t all = 0;
  if (needed < used) {
    return olstm__control_fail(run->body.call->node, error, OLSTM_STATUS_LIMIT_EXCEEDED,
                               "what it stacks does not fit into memory");
  }
  if (needed <= cache->buffers[index].bytes) return OLSTM_STATUS_OK;
  const bool is_foreseen = run->max_trips <= kEagerStackBytes &&
                           olstm_size_multiply((size_t)run->max_trips, row_bytes, &all) &&
                           all <= kEagerStackBytes;
  const size_t wanted = is_foreseen ? all : choose_stack_bytes(run, index, needed);
  return olstm__control_reserve(run->body.call, cache, index, wanted, used, error);
}

/// The row of a stack for this iteration; NULL when it has no elements.
static olstm_status find_row(const loop_run* run, size_t s, const olstm_tensor_desc* desc,
                             void** out_row, olstm_error* error) {
  olstm__control_cache* cache = run->body.cache;
  olstm_tensor_desc* row = &cache->rows[s];
  const olstm__program_node* node = run->body.call->node;
  const size_t row_bytes = olstm__desc_bytes(desc);
  *out_row = NULL;
  if (run->iteration == 0) *row = *desc;
  if (!olstm_tensor_desc_equal(row, desc)) {
    return olstm__control_fail(
        node, error, OLSTM_STATUS_SHAPE_MISMATCH,
        "iteration %" PRId64 " gives '%s' shape %s, expected %s as before",
        run->iteration, node->node.output_names[run->body.carried_count + s],
        olstm_shape_text(desc).text, olstm_shape_text(row).text);
  }
  if (row_bytes == 0) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(grow_stack(run, s, row_bytes, error));
  *out_row = (char*)cache->buffers[2 * run->body.carried_count + s].memory +
             (size_t)run->iteration * row_bytes;
  return OLSTM_STATUS_OK;
}

/// Lets the body write rows with known descs into their stacks.
static olstm_status place_rows(const loop_run* run, olstm_error* error) {
  for (size_t s = 0; s < run->stack_count; s++) {
    const size_t o = 1 + run->body.carried_count + s;
    const olstm__plan_output* output = &run->body.plan->outputs[o];
    void* row = NULL;
    if (!wants_stack(run, s) || !output->is_known) continue;
    OLSTM_RETURN_IF_ERROR(find_row(run, s, &output->desc, &row, error));
    run->body.cache->outputs[o] = (olstm_tensor){output->desc, row};
  }
  return OLSTM_STATUS_OK;
}

/// Copies the other rows into their stacks.
static olstm_status copy_rows(const loop_run* run, olstm_error* error) {
  for (size_t s = 0; s < run->stack_count; s++) {
    const olstm_tensor* value =
        &run->body.cache->outputs[1 + run->body.carried_count + s];
    void* row = NULL;
    if (!wants_stack(run, s)) continue;
    OLSTM_RETURN_IF_ERROR(find_row(run, s, &value->desc, &row, error));
    if (row && row != value->data) {
      memcpy(row, value->data, olstm__desc_bytes(&value->desc));
    }
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- running

static olstm_status run_iteration(loop_run* run, olstm_error* error) {
  bool goes_on = false;
  OLSTM_RETURN_IF_ERROR(olstm__body_run_prepare(&run->body, error));
  OLSTM_RETURN_IF_ERROR(place_rows(run, error));
  OLSTM_RETURN_IF_ERROR(olstm__body_run_step(&run->body, error));
  OLSTM_RETURN_IF_ERROR(copy_rows(run, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__control_read_bool(run->body.call->node, "its body's condition",
                               &run->body.cache->outputs[0], &goes_on, error));
  run->condition = goes_on;
  run->iteration++;
  return OLSTM_STATUS_OK;
}

/// Finds the desc of rows when the body never runs: from a plan of the body. What would
/// keep its first iteration from running is an error without one, too.
static olstm_status foresee_rows(loop_run* run, olstm_error* error) {
  bool is_live = false;
  for (size_t s = 0; s < run->stack_count; s++) is_live |= wants_stack(run, s);
  if (!is_live) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(olstm__body_run_prepare(&run->body, error));
  for (size_t s = 0; s < run->stack_count; s++) {
    if (!wants_stack(run, s)) continue;
    OLSTM_RETURN_IF_ERROR(olstm__body_run_foresee(
        &run->body, 1 + run->body.carried_count + s, &run->body.cache->rows[s], error));
  }
  return OLSTM_STATUS_OK;
}

static olstm_status give_stack(const loop_run* run, size_t s, olstm_error* error) {
  const olstm__program_node* node = run->body.call->node;
  const olstm_tensor_desc* row = &run->body.cache->rows[s];
  olstm_tensor stack = {{row->dtype, row->rank + 1, {run->iteration}},
                        run->body.cache->buffers[2 * run->body.carried_count + s].memory};
  if (row->rank == OLSTM_MAX_RANK) {
    return olstm__control_fail(node, error, OLSTM_STATUS_UNSUPPORTED,
                               "output '%s' has rank %d, expected 0..%d",
                               node->node.output_names[run->body.carried_count + s],
                               (int)row->rank + 1, (int)OLSTM_MAX_RANK);
  }
  memcpy(stack.desc.dims + 1, row->dims, (size_t)row->rank * sizeof *row->dims);
  return olstm__control_give_output(run->body.call, run->body.carried_count + s, &stack,
                                    error);
}

olstm_status olstm__control_loop_run(const olstm__control_call* call,
                                     olstm_error* error) {
  loop_run run;
  OLSTM_RETURN_IF_ERROR(start(&run, call, error));
  while (run.iteration < run.max_trips && run.condition) {
    OLSTM_RETURN_IF_ERROR(run_iteration(&run, error));
  }
  if (run.iteration == 0) OLSTM_RETURN_IF_ERROR(foresee_rows(&run, error));
  for (size_t k = 0; k < run.body.carried_count; k++) {
    if (!olstm__control_wants(call->node, k)) continue;
    OLSTM_RETURN_IF_ERROR(olstm__control_give_output(
        call, k, &run.body.cache->inputs[OLSTM__LOOP_FIRST_CARRIED + k], error));
  }
  for (size_t s = 0; s < run.stack_count; s++) {
    if (wants_stack(&run, s)) OLSTM_RETURN_IF_ERROR(give_stack(&run, s, error));
  }
  return OLSTM_STATUS_OK;
}
