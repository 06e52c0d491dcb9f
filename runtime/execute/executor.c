#include "runtime/execute/executor.h"

#include <string.h>

#include "base/tensor_size.h"
#include "runtime/execute/branches.h"
#include "runtime/execute/dynamic.h"
#include "runtime/execute/output_check.h"
#include "runtime/execute/wavefront_run.h"
#include "runtime/host/operator_call.h"
#include "runtime/plan/plan_cache.h"
#include "runtime/plan/wavefront.h"

/// A step with its pointers set.
typedef struct bound_step {
  olstm_status (*run)(const void* instance, const void* handle,
                      const olstm_run_args* args, olstm_error* error);
  const void* instance;
  const void* handle;
  olstm_run_args args;
  /// For messages; NULL for a copy, which cannot fail.
  const olstm_node* node;
  /// Of layers of a wavefront; its first one has the number of layers and what a piece
  /// is.
  const olstm_sequence* sequence;
  int32_t wavefront_layers;
  int64_t piece_steps;
  olstm__wavefront_pace pace;
} bound_step;

/// A pointer to an input or output of the run, which is set for each run.
typedef struct patch_site {
  void** pointer;
  size_t index;
  /// Of a part of it.
  size_t offset;
} patch_site;

/// Offsets and counts of the parts of an executor's memory, which is one block.
typedef struct block_layout {
  size_t steps, pointers, input_patches, output_patches, outputs, output_data, workspace;
  size_t bytes;
  size_t step_count, pointer_count, input_patch_count, output_patch_count;
} block_layout;

/// Plans with larger inputs or workspaces, or more work, are not warmed up.
enum { kWarmUpBytes = 16 << 20, kWarmUpWork = 1 << 26 };

struct olstm__executor {
  olstm__program* program;
  olstm__environment* environment;
  olstm__run_limits* limits;
  olstm__plan* plan;
  /// Memory of everything that depends on the plan; reused for the next plan if it is
  /// large enough.
  char* block;
  size_t block_bytes;
  /// Bytes of the block that the bound plan uses.
  size_t used_bytes;
  size_t step_count;
  bound_step* steps;
  size_t input_patch_count, output_patch_count;
  patch_site* input_patches;
  patch_site* output_patches;
  /// Per output: the executor's own buffer, and where this run writes it (NULL: dynamic,
  /// or without elements).
  void** own_outputs;
  void** output_data;
  char* workspace;
  /// Whether the bound plan has run.
  bool is_warm;
  /// The pool that steps are bound to; NULL while it is in use elsewhere.
  const olstm_parallel* parallel;
  /// Per input, as passed to the last prepare; and the plan key of the inputs.
  bool* is_constant;
  olstm_tensor* key;
  /// NULL until a plan has branch steps; until one has a dynamic part.
  olstm__branches* branches;
  olstm__dynamic* dynamic;
};

// ---------------------------------------------------------------- life

olstm_status olstm__executor_create(olstm__program* program, olstm__run_limits* limits,
                                    olstm__executor** out_executor, olstm_error* error) {
  const olstm_allocator* allocator = &program->environment->allocator;
  olstm__executor* executor = olstm_allocate_zeroed(allocator, 1, sizeof *executor);
  *out_executor = NULL;
  if (executor) {
    executor->program = program;
    executor->environment = program->environment;
    executor->limits = limits;
    executor->is_constant = olstm_allocate_zeroed(allocator, program->input_count, 1);
    executor->key =
        olstm_allocate_zeroed(allocator, program->input_count, sizeof *executor->key);
  }
  if (!executor || !executor->is_constant || !executor->key) {
    olstm__executor_destroy(executor);
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a context");
  }
  *out_executor = executor;
  return OLSTM_STATUS_OK;
}

void olstm__executor_destroy(olstm__executor* executor) {
  if (!executor) return;
  const olstm_allocator* allocator = &executor->environment->allocator;
  const size_t input_count = executor->program->input_count;
  olstm__dynamic_destroy(executor->dynamic);
  olstm__branches_destroy(executor->branches);
  olstm__plan_release(executor->plan);
  olstm_release(allocator, executor->block, 1, executor->block_bytes);
  olstm_release(allocator, executor->is_constant, input_count, 1);
  olstm_release(allocator, executor->key, input_count, sizeof *executor->key);
  olstm_release(allocator, executor, 1, sizeof *executor);
}

const olstm__plan* olstm__executor_plan(const olstm__executor* executor) {
  return executor->plan;
}

const olstm__executor* olstm__executor_branch(const olstm__executor* executor,
                                              size_t index, size_t body) {
  return olstm__branches_executor(executor->branches, index, body);
}

const olstm_prepared* olstm__executor_dynamic_prepared(const olstm__executor* executor,
                                                       size_t index) {
  return olstm__dynamic_prepared(executor->dynamic, index);
}

// ---------------------------------------------------------------- layout

/// Appends a part of count * size bytes to the block.
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
    const size_t location_count = step->input_count + step->output_count;
    layout->pointer_count += location_count;
    for (size_t p = 0; p < location_count; p++) {
      layout->input_patch_count += step->locations[p].kind == OLSTM__LOCATION_INPUT;
      layout->output_patch_count += step->locations[p].kind == OLSTM__LOCATION_OUTPUT;
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

/// Run function of copies to an output.
static olstm_status run_copy(const void* instance, const void* handle,
                             const olstm_run_args* args, olstm_error* error) {
  const olstm__plan_step* step = handle;
  (void)instance;
  (void)error;
  memcpy(args->outputs[0], args->inputs[0], step->copy_bytes);
  return OLSTM_STATUS_OK;
}

/// Sets a pointer, or records it as one that is set for each run.
static void bind_location(olstm__executor* executor, const olstm__location* location,
                          void** pointer) {
  *pointer = NULL;
  switch (location->kind) {
    case OLSTM__LOCATION_WORKSPACE:
      *pointer = executor->workspace + location->offset;
      break;
    case OLSTM__LOCATION_CONSTANT:
      *pointer = (char*)(uintptr_t)location->data + location->offset;
      break;
    case OLSTM__LOCATION_INPUT:
      executor->input_patches[executor->input_patch_count++] =
          (patch_site){pointer, location->index, location->offset};
      break;
    case OLSTM__LOCATION_OUTPUT:
      executor->output_patches[executor->output_patch_count++] =
          (patch_site){pointer, location->index, location->offset};
      break;
    case OLSTM__LOCATION_NONE:
    case OLSTM__LOCATION_DYNAMIC:
      break;
  }
}

static void bind_steps(olstm__executor* executor, const olstm__plan* plan,
                       void** pointers) {
  size_t branch = 0;
  executor->step_count = executor->input_patch_count = executor->output_patch_count = 0;
  for (size_t s = 0; s < plan->step_count; s++) {
    const olstm__plan_step* step = &plan->steps[s];
    if (step->is_view) continue;
    const size_t location_count = step->input_count + step->output_count;
    bound_step* bound = &executor->steps[executor->step_count++];
    void* workspace = step->prepared.workspace_bytes
                          ? executor->workspace + step->workspace_offset
                          : NULL;
    const bool is_operator = step->node && !step->branch_inputs;
    bound->run = is_operator ? step->node->callbacks->run : run_copy;
    bound->instance = is_operator ? step->node->instance : NULL;
    bound->handle = step->node ? step->prepared.handle : step;
    bound->node = step->node ? &step->node->node : NULL;
    if (step->branch_inputs) {
      bound->run = olstm__branches_run;
      bound->handle = olstm__branches_handle(executor->branches, branch++);
    }
    bound->sequence = step->prepared.sequence;
    bound->wavefront_layers = step->wavefront_layers;
    bound->piece_steps = step->piece_steps;
    bound->args = (olstm_run_args){sizeof bound->args,
                                   (const void* const*)pointers,
                                   pointers + step->input_count,
                                   workspace,
                                   NULL,
                                   0};
    for (size_t p = 0; p < location_count; p++) {
      bind_location(executor, &step->locations[p], &pointers[p]);
    }
    pointers += location_count;
  }
}

static void bind_outputs(olstm__executor* executor, const olstm__plan* plan) {
  char* at = executor->workspace;
  size_t aligned = 0;
  // These sums cannot overflow: the layout was checked.
  (void)olstm_size_align(plan->workspace_bytes, &aligned);
  at += aligned;
  for (size_t o = 0; o < plan->output_count; o++) {
    const olstm__plan_output* output = &plan->outputs[o];
    const size_t bytes = output->is_known ? olstm__desc_bytes(&output->desc) : 0;
    executor->own_outputs[o] = bytes ? at : NULL;
    (void)olstm_size_align(bytes, &aligned);
    at += aligned;
  }
}

/// A block of at least `bytes`: the present one, unless it is too small or far too large.
static bool reserve_block(olstm__executor* executor, size_t bytes, char** out_block,
                          size_t* out_bytes) {
  *out_block = executor->block;
  *out_bytes = executor->block_bytes;
  if (executor->block && bytes <= executor->block_bytes &&
      executor->block_bytes / 8 <= bytes + 4096) {
    return true;
  }
  *out_block = olstm_allocate(&executor->environment->allocator, 1, bytes);
  *out_bytes = bytes;
  return *out_block != NULL;
}

/// For branches and the dynamic part, to run bodies of control nodes.
static const olstm__body_executor kBodies = {
    olstm__executor_create, olstm__executor_destroy, olstm__executor_prepare,
    olstm__executor_run,    olstm__executor_plan,    olstm__executor_warm_up};

static olstm_status start_branches(olstm__executor* executor, const olstm__plan* plan,
                                   olstm_error* error) {
  if (plan->branch_count == 0 && !executor->branches) return OLSTM_STATUS_OK;
  if (!executor->branches) {
    OLSTM_RETURN_IF_ERROR(olstm__branches_create(
        executor->environment, &kBodies, executor->limits, &executor->branches, error));
  }
  return olstm__branches_start(executor->branches, plan, error);
}

static olstm_status bind_dynamic(olstm__executor* executor, const olstm__plan* plan,
                                 olstm_error* error) {
  if (plan->dynamic_step_count == 0 && !executor->dynamic) return OLSTM_STATUS_OK;
  if (!executor->dynamic) {
    OLSTM_RETURN_IF_ERROR(olstm__dynamic_create(
        executor->environment, &kBodies, executor->limits, &executor->dynamic, error));
  }
  return olstm__dynamic_bind(executor->dynamic, plan, error);
}

static olstm_status bind(olstm__executor* executor, olstm__plan* plan,
                         olstm_error* error) {
  block_layout layout;
  char* block = NULL;
  size_t block_bytes = 0;
  if (!lay_out(plan, &layout) || layout.bytes == SIZE_MAX) {
    return olstm_fail(error, OLSTM_STATUS_LIMIT_EXCEEDED,
                      "graph '%s': outputs are too large",
                      executor->program->graph->name);
  }
  if (layout.bytes > executor->limits->max_memory) {
    return olstm_fail(
        error, OLSTM_STATUS_LIMIT_EXCEEDED,
        "graph '%s' needs %zu bytes for its workspace and outputs with these shapes, "
        "more than max_memory, which is %zu",
        executor->program->graph->name, layout.bytes, executor->limits->max_memory);
  }
  if (!reserve_block(executor, layout.bytes, &block, &block_bytes)) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY,
                      "graph '%s': no memory for a workspace of %zu bytes",
                      executor->program->graph->name, layout.bytes);
  }
  olstm_status status = start_branches(executor, plan, error);
  if (status == OLSTM_STATUS_OK) status = bind_dynamic(executor, plan, error);
  if (status != OLSTM_STATUS_OK) {
    if (block != executor->block) {
      olstm_release(&executor->environment->allocator, block, 1, block_bytes);
    }
    return status;
  }
  if (block != executor->block) {
    olstm_release(&executor->environment->allocator, executor->block, 1,
                  executor->block_bytes);
  }
  if (executor->branches) olstm__branches_bind(executor->branches);
  // Touch the memory now rather than in the first run.
  memset(block, 0, layout.bytes);
  executor->block = block;
  executor->block_bytes = block_bytes;
  executor->used_bytes = layout.bytes;
  executor->steps = (bound_step*)(block + layout.steps);
  executor->input_patches = (patch_site*)(block + layout.input_patches);
  executor->output_patches = (patch_site*)(block + layout.output_patches);
  executor->own_outputs = (void**)(block + layout.outputs);
  executor->output_data = (void**)(block + layout.output_data);
  executor->workspace = block + layout.workspace;
  executor->parallel = NULL;
  executor->is_warm = false;
  bind_steps(executor, plan, (void**)(block + layout.pointers));
  bind_outputs(executor, plan);
  olstm__plan_release(executor->plan);
  executor->plan = plan;
  return OLSTM_STATUS_OK;
}

static olstm_status count_work(const olstm__executor* executor, const olstm__plan* plan,
                               uint64_t work, olstm_error* error) {
  const olstm__program_node* node = plan->costliest;
  return olstm__run_limits_count(
      executor->limits, work, node ? node->node.op_type : "graph",
      node ? node->node.name : executor->program->graph->name, error);
}

/// Finds the plan for these inputs, whose values count where is_constant is set, and
/// binds it.
static olstm_status rebind(olstm__executor* executor, const olstm_tensor* inputs,
                           olstm_error* error) {
  olstm__plan* plan = NULL;
  for (size_t i = 0; i < executor->program->input_count; i++) {
    executor->key[i] = inputs[i];
    if (!executor->is_constant[i]) executor->key[i].data = NULL;
  }
  if (executor->plan && olstm__plan_matches(executor->plan, executor->key)) {
    return OLSTM_STATUS_OK;
  }
  OLSTM_RETURN_IF_ERROR(
      olstm__plan_acquire(executor->program, executor->key, &plan, error));
  olstm_status status = count_work(executor, plan, plan->planning_work, error);
  if (status == OLSTM_STATUS_OK) status = bind(executor, plan, error);
  if (status != OLSTM_STATUS_OK) olstm__plan_release(plan);
  return status;
}

olstm_status olstm__executor_prepare(olstm__executor* executor,
                                     const olstm_tensor* inputs, const bool* is_constant,
                                     olstm_error* error) {
  for (size_t i = 0; i < executor->program->input_count; i++) {
    executor->is_constant[i] = is_constant && is_constant[i];
  }
  return rebind(executor, inputs, error);
}

// ---------------------------------------------------------------- running

static bool has_bound_shapes(const olstm__executor* executor,
                             const olstm_tensor* inputs) {
  if (!executor->plan) return false;
  for (size_t i = 0; i < executor->plan->input_count; i++) {
    if (!olstm_tensor_desc_equal(&inputs[i].desc, &executor->plan->inputs[i]))
      return false;
  }
  return true;
}

/// Checks that inputs have data, and are not buffers that the last run lent, because this
/// run overwrites them.
static olstm_status check_inputs(const olstm__executor* executor,
                                 const olstm_tensor* inputs, olstm_error* error) {
  for (size_t i = 0; i < executor->plan->input_count; i++) {
    const olstm__program* program = executor->program;
    const char* name = program->graph->values[program->inputs[i]].info.name;
    const void* data = inputs[i].data;
    if (!data) {
      if (olstm__desc_bytes(&inputs[i].desc) == 0) continue;
      return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "input '%s' has no data",
                        name);
    }
    if ((uintptr_t)data - (uintptr_t)executor->block < executor->used_bytes ||
        (executor->dynamic && olstm__dynamic_holds(executor->dynamic, data))) {
      return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                        "input '%s' is a buffer that the context has lent: copy it first",
                        name);
    }
  }
  return OLSTM_STATUS_OK;
}

/// Chooses where this run writes its outputs. On failure nothing changes.
static olstm_status choose_outputs(olstm__executor* executor, const olstm_tensor* outputs,
                                   olstm_error* error) {
  for (size_t o = 0; o < executor->plan->output_count; o++) {
    const olstm__plan_output* output = &executor->plan->outputs[o];
    executor->output_data[o] = executor->own_outputs[o];
    if (!output->is_known || !outputs[o].data) continue;
    OLSTM_RETURN_IF_ERROR(
        olstm__output_check(output->name, &outputs[o].desc, &output->desc, error));
    if (executor->own_outputs[o]) executor->output_data[o] = outputs[o].data;
  }
  return OLSTM_STATUS_OK;
}

static void patch(olstm__executor* executor, const olstm_tensor* inputs,
                  const olstm_parallel* parallel) {
  for (size_t p = 0; p < executor->input_patch_count; p++) {
    const patch_site* site = &executor->input_patches[p];
    char* data = inputs[site->index].data;
    *site->pointer = site->offset ? data + site->offset : data;
  }
  for (size_t p = 0; p < executor->output_patch_count; p++) {
    const patch_site* site = &executor->output_patches[p];
    char* data = executor->output_data[site->index];
    *site->pointer = site->offset ? data + site->offset : data;
  }
  if (executor->parallel == parallel) return;
  for (size_t s = 0; s < executor->step_count; s++) {
    executor->steps[s].args.parallel = parallel;
  }
  executor->parallel = parallel;
}

/// Sets desc and data of known outputs for which the caller brings no buffer.
static void lend_outputs(const olstm__executor* executor, olstm_tensor* outputs) {
  for (size_t o = 0; o < executor->plan->output_count; o++) {
    const olstm__plan_output* output = &executor->plan->outputs[o];
    if (!output->is_known || outputs[o].data) continue;
    outputs[o].desc = output->desc;
    outputs[o].data =
        executor->own_outputs[o] ? executor->own_outputs[o] : olstm__empty_tensor_data();
  }
}

/// The layers of a wavefront, of which `first` is the first.
static olstm_status run_wavefront(bound_step* first, const olstm_parallel* parallel,
                                  olstm_error* error) {
  olstm__wavefront_layer layers[OLSTM__WAVEFRONT_MAX_LAYERS];
  int32_t failed = 0;
  for (int32_t l = 0; l < first->wavefront_layers; l++) {
    first[l].args.trip = first->args.trip;
    layers[l] = (olstm__wavefront_layer){first[l].sequence, first[l].instance,
                                         first[l].handle, &first[l].args};
  }
  const olstm_status status =
      olstm__wavefront_run(layers, first->wavefront_layers, first->piece_steps, parallel,
                           &first->pace, &failed, error);
  if (status == OLSTM_STATUS_OK) return status;
  return olstm__call_end(first[failed].node, "run", status, error);
}

static olstm_status run_steps(const olstm__executor* executor,
                              const olstm_parallel* parallel, olstm_error* error) {
  const uint64_t trip = executor->limits->trip;
  for (size_t s = 0; s < executor->step_count; s++) {
    bound_step* step = &executor->steps[s];
    step->args.trip = trip;
    if (step->wavefront_layers > 0 && parallel) {
      OLSTM_RETURN_IF_ERROR(run_wavefront(step, parallel, error));
      s += (size_t)step->wavefront_layers - 1;
      continue;
    }
    const olstm_status status =
        step->run(step->instance, step->handle, &step->args, error);
    if (status != OLSTM_STATUS_OK) {
      return olstm__call_end(step->node, "run", status, error);
    }
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__executor_run(olstm__executor* executor, const olstm_tensor* inputs,
                                 olstm_tensor* outputs, const olstm_parallel* parallel,
                                 olstm_error* error) {
  if (!has_bound_shapes(executor, inputs)) {
    OLSTM_RETURN_IF_ERROR(rebind(executor, inputs, error));
  }
  OLSTM_RETURN_IF_ERROR(
      count_work(executor, executor->plan, executor->plan->work, error));
  OLSTM_RETURN_IF_ERROR(check_inputs(executor, inputs, error));
  OLSTM_RETURN_IF_ERROR(choose_outputs(executor, outputs, error));
  patch(executor, inputs, parallel);
  executor->is_warm = true;
  olstm__call_begin(error);
  OLSTM_RETURN_IF_ERROR(run_steps(executor, parallel, error));
  if (executor->plan->dynamic_step_count > 0) {
    const olstm__dynamic_call call = {inputs, executor->output_data, executor->workspace,
                                      parallel};
    OLSTM_RETURN_IF_ERROR(olstm__dynamic_run(executor->dynamic, &call, outputs, error));
  }
  lend_outputs(executor, outputs);
  return OLSTM_STATUS_OK;
}

/// Inputs for the warm-up: zeros, but reals of a size that nothing masks out, so that
/// what comes after a mask runs as well. NULL when they are too large or there is no
/// memory.
static olstm_tensor* make_up_inputs(olstm__executor* executor, size_t* out_bytes) {
  // As bytes of a double, a float, a float16 or a bfloat16: 0.0005 to 1.8.
  enum { kReal = 0x3f };
  const olstm__plan* plan = executor->plan;
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
  (void)olstm_size_align(largest, &largest);
  const size_t data = bytes;
  *out_bytes = bytes + 2 * largest;
  char* memory = olstm_allocate_zeroed(&executor->environment->allocator, 1, *out_bytes);
  olstm_tensor* inputs = (olstm_tensor*)memory;
  if (!memory) return NULL;
  memset(memory + data + largest, kReal, largest);
  for (size_t i = 0; i < plan->input_count; i++) {
    const olstm_dtype dtype = plan->inputs[i].dtype;
    const bool is_real = dtype == OLSTM_DTYPE_FLOAT || dtype == OLSTM_DTYPE_DOUBLE ||
                         dtype == OLSTM_DTYPE_FLOAT16 || dtype == OLSTM_DTYPE_BFLOAT16;
    inputs[i] = (olstm_tensor){plan->inputs[i], memory + data + (is_real ? largest : 0)};
  }
  return inputs;
}

void olstm__executor_warm_up(olstm__executor* executor) {
  size_t bytes = 0;
  if (!executor->plan || executor->is_warm) return;
  olstm_tensor* inputs = make_up_inputs(executor, &bytes);
  if (!inputs) return;
  for (size_t o = 0; o < executor->plan->output_count; o++) {
    executor->output_data[o] = executor->own_outputs[o];
  }
  patch(executor, inputs, NULL);
  if (executor->branches) olstm__branches_warm_up(executor->branches);
  for (size_t s = 0; s < executor->step_count; s++) {
    const bound_step* step = &executor->steps[s];
    if (step->run == olstm__branches_run) continue;
    if (step->run(step->instance, step->handle, &step->args, NULL) != 0) break;
  }
  executor->is_warm = true;
  olstm_release(&executor->environment->allocator, inputs, 1, bytes);
}
