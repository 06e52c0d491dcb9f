#include "runtime/plan/plan_wavefront.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "runtime/plan/liveness.h"
#include "runtime/plan/wavefront.h"

/// Layers that are further apart in the order of steps are not looked for.
enum { kMostApart = 256 };

/// A wavefront in the making.
typedef struct layer_stack {
  olstm__planner* planner;
  /// Of each value: the one that it is a view of, itself for others.
  int32_t* root;
  /// Of each value: the stamp of the stack on whose layers it depends, 0 for none yet.
  int32_t* depends;
  int32_t stamp;
  int32_t count;
  size_t layers[OLSTM__WAVEFRONT_MAX_LAYERS];
} layer_stack;

static const olstm_sequence* sequence_of(const olstm__planned_step* step) {
  return step->is_prepared ? step->prepared.sequence : NULL;
}

/// Whether the steps of one's output are those of the other's input.
static bool are_same_steps(const olstm_sequence* below, const olstm_sequence* above) {
  const olstm_sequence_layout* y = &below->output;
  const olstm_sequence_layout* x = &above->input;
  return below->step_count == above->step_count && below->row_count == above->row_count &&
         y->first == x->first && y->step == x->step && y->row_bytes == x->row_bytes &&
         (below->row_count == 1 || y->row == x->row);
}

static void find_roots(layer_stack* stack) {
  olstm__planner* planner = stack->planner;
  for (int32_t v = 0; v < planner->value_count; v++) stack->root[v] = v;
  for (size_t s = 0; s < planner->step_count; s++) {
    const olstm__planned_step* step = &planner->steps[s];
    if (!step->is_prepared || !step->is_view) continue;
    stack->root[step->outputs[0]] =
        stack->root[step->inputs[step->prepared.view_of_input]];
  }
}

static bool reads_dependent(const layer_stack* stack, const olstm__planned_step* step,
                            size_t first_input) {
  for (size_t i = first_input; i < step->node->input_count; i++) {
    if (step->inputs[i] < 0) continue;
    if (stack->depends[step->inputs[i]] == stack->stamp) return true;
  }
  return false;
}

static void mark_outputs(const layer_stack* stack, const olstm__planned_step* step) {
  for (size_t o = 0; o < step->node->output_count; o++) {
    if (step->outputs[o] >= 0) stack->depends[step->outputs[o]] = stack->stamp;
  }
}

/// The layer that reads the output of the topmost one, and depends on the stack by
/// nothing else; false where there is none. Marks what depends on the stack up to it.
static bool find_next(layer_stack* stack, size_t* out_next) {
  const olstm__planner* planner = stack->planner;
  const size_t top = stack->layers[stack->count - 1];
  const size_t left = planner->step_count - top;
  const size_t end = top + (left < kMostApart ? left : kMostApart);
  const olstm__planned_step* below = &planner->steps[top];
  mark_outputs(stack, below);
  for (size_t s = top + 1; s < end && below->outputs[0] >= 0; s++) {
    const olstm__planned_step* step = &planner->steps[s];
    const olstm_sequence* sequence = step->is_live ? sequence_of(step) : NULL;
    if (sequence && step->wavefront_layers == 0 && step->inputs[0] >= 0 &&
        stack->root[step->inputs[0]] == below->outputs[0] &&
        are_same_steps(sequence_of(below), sequence) &&
        !reads_dependent(stack, step, 1)) {
      *out_next = s;
      return true;
    }
    if (step->is_live && reads_dependent(stack, step, 0)) mark_outputs(stack, step);
  }
  return false;
}

/// By how much a wavefront may be estimated to be slower than layers that are split by
/// themselves.
static const double kSplitHandicap = 1.15;

/// The best length of pieces; 0 where the layers are about as fast one after the other.
static int64_t choose_piece_steps(const layer_stack* stack) {
  const olstm__planner* planner = stack->planner;
  const int32_t threads = planner->environment->options.thread_count < stack->count
                              ? planner->environment->options.thread_count
                              : stack->count;
  const int64_t steps = sequence_of(&planner->steps[stack->layers[0]])->step_count;
  olstm__wavefront_cost costs[OLSTM__WAVEFRONT_MAX_LAYERS];
  double alone_time = 0;
  double split_time = 0;
  int64_t best = 0;
  for (int32_t l = 0; l < stack->count; l++) {
    const olstm_sequence* sequence = sequence_of(&planner->steps[stack->layers[l]]);
    costs[l] = (olstm__wavefront_cost){(double)sequence->alone_ns / (double)steps,
                                       (double)sequence->piece_ns};
    alone_time += (double)sequence->alone_ns;
    split_time += (double)sequence->run_ns;
  }
  // As with the other ways to split work, a tenth must be saved. Layers that are split by
  // themselves synchronise in every step, which costs more than the estimate says on many
  // machines and on busy ones.
  split_time *= split_time < alone_time ? kSplitHandicap : 1;
  double best_time = 0.9 * alone_time < split_time ? 0.9 * alone_time : split_time;
  for (int64_t pieces = 2; pieces <= 64 && pieces <= steps; pieces += pieces / 4 + 1) {
    const int64_t piece_steps = (steps + pieces - 1) / pieces;
    const double time =
        olstm__wavefront_time(stack->count, steps, piece_steps, costs, threads);
    if (time >= best_time) continue;
    best_time = time;
    best = piece_steps;
  }
  return best;
}

/// Whether a step only renames an output of a layer.
static bool is_view_of_layer(const layer_stack* stack, const olstm__planned_step* step) {
  if (!step->is_prepared || !step->is_view) return false;
  const int32_t root = stack->root[step->outputs[0]];
  for (int32_t l = 0; l < stack->count; l++) {
    const olstm__planned_step* layer = &stack->planner->steps[stack->layers[l]];
    for (size_t o = 0; o < layer->node->output_count; o++) {
      if (layer->outputs[o] == root) return true;
    }
  }
  return false;
}

/// The parts of the steps between two layers, in their new order.
enum { kBefore, kLayers, kBehind, kPartCount };

static int part_of(const layer_stack* stack, size_t s) {
  const olstm__planned_step* step = &stack->planner->steps[s];
  for (int32_t l = 0; l < stack->count; l++) {
    if (stack->layers[l] == s) return kLayers;
  }
  if (is_view_of_layer(stack, step)) return kLayers;
  return reads_dependent(stack, step, 0) ? kBehind : kBefore;
}

/// Whether another wavefront lies between the layers and would be torn apart.
static bool tears_another(const layer_stack* stack) {
  const olstm__planner* planner = stack->planner;
  int part = kPartCount;
  for (size_t s = stack->layers[0]; s < stack->layers[stack->count - 1]; s++) {
    const int32_t layers = planner->steps[s].wavefront_layers;
    if (layers < 0 && part_of(stack, s) != part) return true;
    if (layers > 0) part = part_of(stack, s);
  }
  return false;
}

/// Moves the steps between the layers: before them where they do not depend on them,
/// behind them otherwise. Views of what layers write stay.
static olstm_status gather_layers(const layer_stack* stack, olstm_error* error) {
  olstm__planner* planner = stack->planner;
  const size_t first = stack->layers[0];
  const size_t end = stack->layers[stack->count - 1] + 1;
  olstm__planned_step* moved =
      olstm__arena_allocate(&planner->scratch, end - first, sizeof *moved);
  size_t count = 0;
  if (!moved) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a plan");
  }
  for (int part = 0; part < kPartCount; part++) {
    for (size_t s = first; s < end; s++) {
      if (part_of(stack, s) == part) moved[count++] = planner->steps[s];
    }
  }
  memcpy(&planner->steps[first], moved, count * sizeof *moved);
  return OLSTM_STATUS_OK;
}

/// Says in the reason for a layer's kernel what it runs beside.
static olstm_status add_reason(layer_stack* stack, int32_t l, int64_t piece_steps,
                               olstm_error* error) {
  enum { kReasonBytes = 320 };
  olstm__planner* planner = stack->planner;
  olstm_prepared* prepared = &planner->steps[stack->layers[l]].prepared;
  const int32_t other = l + 1 < stack->count ? l + 1 : l - 1;
  char* reason = olstm__arena_allocate(&planner->plan->memory, kReasonBytes, 1);
  if (!reason) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a plan");
  }
  (void)snprintf(reason, kReasonBytes, "%s; %" PRId64 " steps at a time beside '%s'",
                 prepared->reason ? prepared->reason : "", piece_steps,
                 planner->steps[stack->layers[other]].node->node.name);
  prepared->reason = reason;
  return OLSTM_STATUS_OK;
}

static olstm_status make_wavefront(layer_stack* stack, int64_t piece_steps,
                                   olstm_error* error) {
  olstm__planned_step* steps = stack->planner->steps;
  for (int32_t l = 0; l < stack->count; l++) {
    OLSTM_RETURN_IF_ERROR(add_reason(stack, l, piece_steps, error));
  }
  for (int32_t l = 0; l < stack->count; l++) {
    steps[stack->layers[l]].wavefront_layers = l == 0 ? stack->count : -1;
  }
  steps[stack->layers[0]].piece_steps = piece_steps;
  return gather_layers(stack, error);
}

/// Layers of a wavefront run at the same time: what one of them needs lasts for all.
static void set_lifetimes(olstm__planner* planner) {
  for (size_t s = 0; s < planner->step_count; s++) {
    int32_t left = planner->steps[s].wavefront_layers - 1;
    size_t last = s;
    while (left > 0) left -= planner->steps[++last].wavefront_layers < 0;
    for (size_t i = s; i <= last && last > s; i++) {
      planner->steps[i].first_position = planner->steps[s].position;
      planner->steps[i].last_position = planner->steps[last].position;
    }
  }
}

olstm_status olstm__planner_find_wavefronts(olstm__planner* planner, olstm_error* error) {
  const size_t value_count = (size_t)planner->value_count;
  layer_stack stack = {.planner = planner};
  if (planner->environment->options.thread_count < 2) return OLSTM_STATUS_OK;
  stack.root = olstm__arena_allocate(&planner->scratch, value_count, sizeof *stack.root);
  stack.depends =
      olstm__arena_allocate(&planner->scratch, value_count, sizeof *stack.depends);
  if (!stack.root || !stack.depends) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a plan");
  }
  find_roots(&stack);
  for (size_t s = 0; s < planner->step_count; s++) {
    const olstm__planned_step* step = &planner->steps[s];
    if (!step->is_live || !sequence_of(step) || step->wavefront_layers != 0) continue;
    stack.stamp++;
    stack.layers[0] = s;
    stack.count = 1;
    while (stack.count < OLSTM__WAVEFRONT_MAX_LAYERS &&
           find_next(&stack, &stack.layers[stack.count])) {
      stack.count++;
    }
    const int64_t piece_steps = stack.count > 1 ? choose_piece_steps(&stack) : 0;
    if (piece_steps == 0 || tears_another(&stack)) continue;
    OLSTM_RETURN_IF_ERROR(make_wavefront(&stack, piece_steps, error));
    // Another step may be here now.
    s--;
  }
  olstm__planner_number_steps(planner);
  set_lifetimes(planner);
  return OLSTM_STATUS_OK;
}
