#include "runtime/runner.h"

#include <string.h>

#include "runtime/late.h"
#include "runtime/plan_cache.h"
#include "runtime/planner.h"

/// A step with all pointers in their place.
typedef struct bound_step {
  olstm_status (*run)(const void* instance, const void* handle,
                      const olstm_run_args* args, olstm_error* error);
  const void* instance;
  const void* handle;
  olstm_run_args args;
  /// For messages. NULL: a copy, which cannot fail.
  const olstm_node* node;
} bound_step;

/// A pointer that each run sets anew: that of an input or an output.
typedef struct patch_site {
  void** pointer;
  size_t index;
} patch_site;

/// Where the parts of a runner's memory lie in its one block.
typedef struct block_layout {
  size_t steps, pointers, input_patches, output_patches, outputs, output_data, workspace;
  size_t bytes;
  size_t step_count, pointer_count, input_patch_count, output_patch_count;
} block_layout;

/// Plans with larger inputs or workspaces, or that take longer, are not warmed up.
enum { kWarmUpBytes = 16 << 20, kWarmUpWork = 1 << 26 };

struct olstm__runner {
  olstm__program* program;
  olstm__engine* engine;
  olstm__run_limits* limits;
  olstm__plan* plan;
  /// Everything that depends on the plan; kept for the next one when it is large enough.
  char* block;
  size_t block_bytes;
  /// How much of the block the bound plan uses.
  size_t used_bytes;
  size_t step_count;
  bound_step* steps;
  size_t input_patch_count, output_patch_count;
  patch_site* input_patches;
  patch_site* output_patches;
  /// Of each output: its own buffer, and where this run writes it (NULL: late or without
  /// elements).
  void** own_outputs;
  void** output_data;
  char* workspace;
  /// Whether the bound plan has run.
  bool is_warm;
  /// What steps are bound to; changes when the pool is busy.
  const olstm_parallel* parallel;
  /// Per input: of the last prepare. And the inputs as a plan is looked up by them.
  bool* is_constant;
  olstm_tensor* key;
  /// NULL as long as no plan had a late part.
  olstm__late* late;
};

// ---------------------------------------------------------------- life

olstm_status olstm__runner_create(olstm__program* program, olstm__run_limits* limits,
                                  olstm__runner** out_runner, olstm_error* error) {
  const olstm_allocator* allocator = &program->engine->allocator;
  olstm__runner* runner = olstm_allocate_zeroed(allocator, 1, sizeof *runner);
  *out_runner = NULL;
  if (runner) {
    runner->program = program;
    runner->engine = program->engine;
    runner->limits = limits;
    runner->is_constant = olstm_allocate_zeroed(allocator, program->input_count, 1);
    runner->key =
        olstm_allocate_zeroed(allocator, program->input_count, sizeof *runner->key);
  }
  if (!runner || !runner->is_constant || !runner->key) {
    olstm__runner_destroy(runner);
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a context");
  }
  *out_runner = runner;
  return OLSTM_STATUS_OK;
}

void olstm__runner_destroy(olstm__runner* runner) {
  if (!runner) return;
  const olstm_allocator* allocator = &runner->engine->allocator;
  const size_t input_count = runner->program->input_count;
  olstm__late_destroy(runner->late);
  olstm__plan_release(runner->plan);
  olstm_release(allocator, runner->block, 1, runner->block_bytes);
  olstm_release(allocator, runner->is_constant, input_count, 1);
  olstm_release(allocator, runner->key, input_count, sizeof *runner->key);
  olstm_release(allocator, runner, 1, sizeof *runner);
}

const olstm__plan* olstm__runner_plan(const olstm__runner* runner) {
  return runner->plan;
}

const olstm_prepared* olstm__runner_late_prepared(const olstm__runner* runner,
                                                  size_t index) {
  return olstm__late_prepared(runner->late, index);
}

// ---------------------------------------------------------------- layout

/// Appends count * size bytes to the block.
static bool append(size_t* bytes, size_t count, size_t size, size_t* out_offset) {
  size_t part = 0;
  *out_offset = *bytes;
  return olstm_size_multiply(count, size, &part) && olstm_size_align(part, &part) &&
         olstm_size_add(*bytes, part, bytes);
}

static void count_parts(const olstm__plan* plan, block_layout* layout) {
  for (size_t s = 0; s < plan->step_count; s++) {
    const olstm__plan_step* step = &plan->steps[s];
    if (step->is_view) continue;
    layout->step_count++;
    const size_t place_count = step->input_count + step->output_count;
    layout->pointer_count += place_count;
    for (size_t p = 0; p < place_count; p++) {
      layout->input_patch_count += step->places[p].kind == OLSTM__PLACE_INPUT;
      layout->output_patch_count += step->places[p].kind == OLSTM__PLACE_OUTPUT;
    }
  }
}

static bool lay_out(const olstm__plan* plan, block_layout* layout) {
  size_t ignored = 0;
  *layout = (block_layout){.bytes = 0};
  count_parts(plan, layout);
  bool fits =
      append(&layout->bytes, layout->step_count, sizeof(bound_step), &layout->steps) &&
      append(&layout->bytes, layout->pointer_count, sizeof(void*), &layout->pointers) &&
      append(&layout->bytes, layout->input_patch_count, sizeof(patch_site),
             &layout->input_patches) &&
      append(&layout->bytes, layout->output_patch_count, sizeof(patch_site),
             &layout->output_patches) &&
      append(&layout->bytes, plan->output_count, sizeof(void*), &layout->outputs) &&
      append(&layout->bytes, plan->output_count, sizeof(void*), &layout->output_data) &&
      append(&layout->bytes, 1, plan->workspace_bytes, &layout->workspace);
  for (size_t o = 0; o < plan->output_count && fits; o++) {
    if (!plan->outputs[o].is_known) continue;
    fits = append(&layout->bytes, 1, olstm__desc_bytes(&plan->outputs[o].desc), &ignored);
  }
  return fits;
}

// ---------------------------------------------------------------- binding

/// A copy of an input, a constant or another output into an output.
static olstm_status run_copy(const void* instance, const void* handle,
                             const olstm_run_args* args, olstm_error* error) {
  const olstm__plan_step* step = handle;
  (void)instance;
  (void)error;
  memcpy(args->outputs[0], args->inputs[0], step->copy_bytes);
  return OLSTM_STATUS_OK;
}

/// Sets one pointer, or notes that each run must.
static void bind_place(olstm__runner* runner, const olstm__place* place, void** pointer) {
  *pointer = NULL;
  switch (place->kind) {
    case OLSTM__PLACE_WORKSPACE:
      *pointer = runner->workspace + place->offset;
      break;
    case OLSTM__PLACE_CONSTANT:
      *pointer = (void*)place->data;
      break;
    case OLSTM__PLACE_INPUT:
      runner->input_patches[runner->input_patch_count++] =
          (patch_site){pointer, place->index};
      break;
    case OLSTM__PLACE_OUTPUT:
      runner->output_patches[runner->output_patch_count++] =
          (patch_site){pointer, place->index};
      break;
    case OLSTM__PLACE_NONE:
    case OLSTM__PLACE_LATE:
      break;
  }
}

static void bind_steps(olstm__runner* runner, const olstm__plan* plan, void** pointers) {
  runner->step_count = runner->input_patch_count = runner->output_patch_count = 0;
  for (size_t s = 0; s < plan->step_count; s++) {
    const olstm__plan_step* step = &plan->steps[s];
    if (step->is_view) continue;
    const size_t place_count = step->input_count + step->output_count;
    bound_step* bound = &runner->steps[runner->step_count++];
    void* workspace = step->prepared.workspace_bytes
                          ? runner->workspace + step->workspace_offset
                          : NULL;
    bound->run = step->node ? step->node->callbacks->run : run_copy;
    bound->instance = step->node ? step->node->instance : NULL;
    bound->handle = step->node ? step->prepared.handle : step;
    bound->node = step->node ? &step->node->node : NULL;
    bound->args = (olstm_run_args){sizeof bound->args, (const void* const*)pointers,
                                   pointers + step->input_count, workspace, NULL};
    for (size_t p = 0; p < place_count; p++) {
      bind_place(runner, &step->places[p], &pointers[p]);
    }
    pointers += place_count;
  }
}

static void bind_outputs(olstm__runner* runner, const olstm__plan* plan) {
  char* at = runner->workspace;
  size_t aligned = 0;
  // These sums were checked when the block was laid out.
  (void)olstm_size_align(plan->workspace_bytes, &aligned);
  at += aligned;
  for (size_t o = 0; o < plan->output_count; o++) {
    const olstm__plan_output* output = &plan->outputs[o];
    const size_t bytes = output->is_known ? olstm__desc_bytes(&output->desc) : 0;
    runner->own_outputs[o] = bytes ? at : NULL;
    (void)olstm_size_align(bytes, &aligned);
    at += aligned;
  }
}

/// A block of at least so many bytes: the old one, unless it is too small or far too
/// large.
static bool reserve_block(olstm__runner* runner, size_t bytes, char** out_block,
                          size_t* out_bytes) {
  *out_block = runner->block;
  *out_bytes = runner->block_bytes;
  if (runner->block && bytes <= runner->block_bytes &&
      runner->block_bytes / 8 <= bytes + 4096) {
    return true;
  }
  *out_block = olstm_allocate(&runner->engine->allocator, 1, bytes);
  *out_bytes = bytes;
  return *out_block != NULL;
}

static olstm_status bind_late(olstm__runner* runner, const olstm__plan* plan,
                              olstm_error* error) {
  if (plan->late_step_count == 0 && !runner->late) return OLSTM_STATUS_OK;
  if (!runner->late) {
    OLSTM_RETURN_IF_ERROR(
        olstm__late_create(runner->engine, runner->limits, &runner->late, error));
  }
  return olstm__late_bind(runner->late, plan, error);
}

static olstm_status bind(olstm__runner* runner, olstm__plan* plan, olstm_error* error) {
  block_layout layout;
  char* block = NULL;
  size_t block_bytes = 0;
  if (!lay_out(plan, &layout) || layout.bytes == SIZE_MAX) {
    return olstm_fail(error, OLSTM_STATUS_LIMIT_EXCEEDED,
                      "graph '%s': outputs are too large", runner->program->net->name);
  }
  if (layout.bytes > runner->limits->max_memory) {
    return olstm_fail(
        error, OLSTM_STATUS_LIMIT_EXCEEDED,
        "graph '%s' needs %zu bytes for its workspace and outputs with these shapes, "
        "more than max_memory, which is %zu",
        runner->program->net->name, layout.bytes, runner->limits->max_memory);
  }
  if (!reserve_block(runner, layout.bytes, &block, &block_bytes)) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY,
                      "graph '%s': no memory for a workspace of %zu bytes",
                      runner->program->net->name, layout.bytes);
  }
  const olstm_status status = bind_late(runner, plan, error);
  if (status != OLSTM_STATUS_OK) {
    if (block != runner->block) {
      olstm_release(&runner->engine->allocator, block, 1, block_bytes);
    }
    return status;
  }
  if (block != runner->block) {
    olstm_release(&runner->engine->allocator, runner->block, 1, runner->block_bytes);
  }
  // Touched now rather than in the first run.
  memset(block, 0, layout.bytes);
  runner->block = block;
  runner->block_bytes = block_bytes;
  runner->used_bytes = layout.bytes;
  runner->steps = (bound_step*)(block + layout.steps);
  runner->input_patches = (patch_site*)(block + layout.input_patches);
  runner->output_patches = (patch_site*)(block + layout.output_patches);
  runner->own_outputs = (void**)(block + layout.outputs);
  runner->output_data = (void**)(block + layout.output_data);
  runner->workspace = block + layout.workspace;
  runner->parallel = NULL;
  runner->is_warm = false;
  bind_steps(runner, plan, (void**)(block + layout.pointers));
  bind_outputs(runner, plan);
  olstm__plan_release(runner->plan);
  runner->plan = plan;
  return OLSTM_STATUS_OK;
}

static olstm_status count_work(const olstm__runner* runner, const olstm__plan* plan,
                               uint64_t work, olstm_error* error) {
  const olstm__program_node* node = plan->costliest;
  return olstm__run_limits_count(
      runner->limits, work, node ? node->node.op_type : "graph",
      node ? node->node.name : runner->program->net->name, error);
}

/// Finds the plan for these inputs, of which those that is_constant says stay, and binds
/// it.
static olstm_status rebind(olstm__runner* runner, const olstm_tensor* inputs,
                           olstm_error* error) {
  olstm__plan* plan = NULL;
  for (size_t i = 0; i < runner->program->input_count; i++) {
    runner->key[i] = inputs[i];
    if (!runner->is_constant[i]) runner->key[i].data = NULL;
  }
  if (runner->plan && olstm__plan_matches(runner->plan, runner->key)) {
    return OLSTM_STATUS_OK;
  }
  OLSTM_RETURN_IF_ERROR(olstm__plan_acquire(runner->program, runner->key, &plan, error));
  olstm_status status = count_work(runner, plan, plan->planning_work, error);
  if (status == OLSTM_STATUS_OK) status = bind(runner, plan, error);
  if (status != OLSTM_STATUS_OK) olstm__plan_release(plan);
  return status;
}

olstm_status olstm__runner_prepare(olstm__runner* runner, const olstm_tensor* inputs,
                                   const bool* is_constant, olstm_error* error) {
  for (size_t i = 0; i < runner->program->input_count; i++) {
    runner->is_constant[i] = is_constant && is_constant[i];
  }
  return rebind(runner, inputs, error);
}

// ---------------------------------------------------------------- running

olstm_status olstm__runner_check_output(const char* name, const olstm_tensor_desc* given,
                                        const olstm_tensor_desc* expected,
                                        olstm_error* error) {
  if (given->dtype != expected->dtype) {
    return olstm_fail(error, OLSTM_STATUS_DTYPE_MISMATCH,
                      "output '%s': the buffer has dtype %s, expected %s", name,
                      olstm_dtype_name(given->dtype), olstm_dtype_name(expected->dtype));
  }
  if (!olstm_tensor_desc_same_shape(given, expected)) {
    olstm_tensor_desc shown = *given;
    if (shown.rank < 0 || shown.rank > OLSTM_MAX_RANK) shown.rank = 0;
    return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                      "output '%s': the buffer has shape %s, expected %s", name,
                      olstm_shape_text(&shown).text, olstm_shape_text(expected).text);
  }
  return OLSTM_STATUS_OK;
}

static bool has_bound_shapes(const olstm__runner* runner, const olstm_tensor* inputs) {
  if (!runner->plan) return false;
  for (size_t i = 0; i < runner->plan->input_count; i++) {
    if (!olstm_tensor_desc_equal(&inputs[i].desc, &runner->plan->inputs[i])) return false;
  }
  return true;
}

/// Inputs must have data, and must not be what the last run has lent: this one writes
/// there.
static olstm_status check_inputs(const olstm__runner* runner, const olstm_tensor* inputs,
                                 olstm_error* error) {
  for (size_t i = 0; i < runner->plan->input_count; i++) {
    const olstm__program* program = runner->program;
    const char* name = program->net->values[program->inputs[i]].info.name;
    const void* data = inputs[i].data;
    if (!data) {
      if (olstm__desc_bytes(&inputs[i].desc) == 0) continue;
      return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "input '%s' has no data",
                        name);
    }
    if ((uintptr_t)data - (uintptr_t)runner->block < runner->used_bytes ||
        (runner->late && olstm__late_holds(runner->late, data))) {
      return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                        "input '%s' is a buffer that the context has lent: copy it first",
                        name);
    }
  }
  return OLSTM_STATUS_OK;
}

/// Where this run writes its outputs; nothing is changed when one does not fit.
static olstm_status choose_outputs(olstm__runner* runner, const olstm_tensor* outputs,
                                   olstm_error* error) {
  for (size_t o = 0; o < runner->plan->output_count; o++) {
    const olstm__plan_output* output = &runner->plan->outputs[o];
    runner->output_data[o] = runner->own_outputs[o];
    if (!output->is_known || !outputs[o].data) continue;
    OLSTM_RETURN_IF_ERROR(
        olstm__runner_check_output(output->name, &outputs[o].desc, &output->desc, error));
    if (runner->own_outputs[o]) runner->output_data[o] = outputs[o].data;
  }
  return OLSTM_STATUS_OK;
}

static void patch(olstm__runner* runner, const olstm_tensor* inputs,
                  const olstm_parallel* parallel) {
  for (size_t p = 0; p < runner->input_patch_count; p++) {
    *runner->input_patches[p].pointer = inputs[runner->input_patches[p].index].data;
  }
  for (size_t p = 0; p < runner->output_patch_count; p++) {
    *runner->output_patches[p].pointer =
        runner->output_data[runner->output_patches[p].index];
  }
  if (runner->parallel == parallel) return;
  for (size_t s = 0; s < runner->step_count; s++) {
    runner->steps[s].args.parallel = parallel;
  }
  runner->parallel = parallel;
}

/// Says where the known outputs are.
static void lend_outputs(const olstm__runner* runner, olstm_tensor* outputs) {
  for (size_t o = 0; o < runner->plan->output_count; o++) {
    const olstm__plan_output* output = &runner->plan->outputs[o];
    if (!output->is_known || outputs[o].data) continue;
    outputs[o].desc = output->desc;
    outputs[o].data =
        runner->own_outputs[o] ? runner->own_outputs[o] : olstm__no_elements();
  }
}

olstm_status olstm__runner_run(olstm__runner* runner, const olstm_tensor* inputs,
                               olstm_tensor* outputs, const olstm_parallel* parallel,
                               olstm_error* error) {
  if (!has_bound_shapes(runner, inputs)) {
    OLSTM_RETURN_IF_ERROR(rebind(runner, inputs, error));
  }
  OLSTM_RETURN_IF_ERROR(count_work(runner, runner->plan, runner->plan->work, error));
  OLSTM_RETURN_IF_ERROR(check_inputs(runner, inputs, error));
  OLSTM_RETURN_IF_ERROR(choose_outputs(runner, outputs, error));
  patch(runner, inputs, parallel);
  runner->is_warm = true;
  olstm__call_begin(error);
  for (size_t s = 0; s < runner->step_count; s++) {
    const bound_step* step = &runner->steps[s];
    const olstm_status status =
        step->run(step->instance, step->handle, &step->args, error);
    if (status != OLSTM_STATUS_OK) {
      return olstm__call_end(step->node, "run", status, error);
    }
  }
  if (runner->plan->late_step_count > 0) {
    const olstm__late_call call = {inputs, runner->output_data, runner->workspace,
                                   parallel};
    OLSTM_RETURN_IF_ERROR(olstm__late_run(runner->late, &call, outputs, error));
  }
  lend_outputs(runner, outputs);
  return OLSTM_STATUS_OK;
}

/// Zeros in place of all inputs; NULL when there are none to be had.
static olstm_tensor* make_zeros(olstm__runner* runner, size_t* out_bytes) {
  const olstm__plan* plan = runner->plan;
  size_t largest = 0, bytes = 0;
  for (size_t i = 0; i < plan->input_count; i++) {
    const size_t input_bytes = olstm__desc_bytes(&plan->inputs[i]);
    if (input_bytes > largest) largest = input_bytes;
  }
  if (largest > kWarmUpBytes || plan->workspace_bytes > kWarmUpBytes ||
      plan->work > kWarmUpWork) {
    return NULL;
  }
  if (!append(&bytes, plan->input_count, sizeof(olstm_tensor), out_bytes)) return NULL;
  const size_t data = bytes;
  *out_bytes = bytes + largest;
  char* memory = olstm_allocate_zeroed(&runner->engine->allocator, 1, *out_bytes);
  olstm_tensor* zeros = (olstm_tensor*)memory;
  for (size_t i = 0; i < plan->input_count && zeros; i++) {
    zeros[i] = (olstm_tensor){plan->inputs[i], memory + data};
  }
  return zeros;
}

void olstm__runner_warm_up(olstm__runner* runner) {
  size_t bytes = 0;
  if (!runner->plan || runner->is_warm) return;
  olstm_tensor* zeros = make_zeros(runner, &bytes);
  if (!zeros) return;
  for (size_t o = 0; o < runner->plan->output_count; o++) {
    runner->output_data[o] = runner->own_outputs[o];
  }
  patch(runner, zeros, NULL);
  for (size_t s = 0; s < runner->step_count; s++) {
    const bound_step* step = &runner->steps[s];
    if (step->run(step->instance, step->handle, &step->args, NULL) != 0) break;
  }
  runner->is_warm = true;
  olstm_release(&runner->engine->allocator, zeros, 1, bytes);
}
