#include "runtime/execute/prepared_cache.h"

#include <string.h>

#include "base/tensor_size.h"
#include "runtime/host/operator_call.h"
#include "runtime/plan/work.h"

/// The most bytes of a small tensor, and of all small tensors of a step together.
enum { kSmallBytes = 256, kValuesBytes = 1024 };

bool olstm__prepared_cache_init(olstm__prepared_cache* cache,
                                const olstm__dynamic_step* step, olstm__arena* memory) {
  *cache = (olstm__prepared_cache){
      .inputs = olstm__arena_allocate(memory, step->input_count, sizeof *cache->inputs),
      .outputs =
          olstm__arena_allocate(memory, step->output_count, sizeof *cache->outputs),
      .values = olstm__arena_allocate(memory, 1, kValuesBytes)};
  return cache->inputs && cache->outputs && cache->values;
}

void olstm__prepared_cache_release(olstm__prepared_cache* cache,
                                   const olstm__dynamic_step* step) {
  const olstm__program_node* node = step->node;
  if (cache->has_prepared) {
    node->callbacks->release(node->instance, cache->prepared.handle);
  }
  cache->has_prepared = false;
}

/// Whether an input is the same in every run of the plan.
static bool is_constant(const olstm__dynamic_step* step, size_t i,
                        const olstm_tensor* input) {
  if (olstm__desc_bytes(&input->desc) == 0) return true;
  return step->inputs[i].kind != OLSTM__LOCATION_DYNAMIC && step->input_tensors[i].data;
}

/// Whether small inputs of that dtype are visible.
static bool shows_small(olstm__visible_inputs visible, olstm_dtype dtype) {
  return visible == OLSTM__VISIBLE_SMALL ||
         (visible == OLSTM__VISIBLE_INTEGERS &&
          (dtype == OLSTM_DTYPE_INT64 || dtype == OLSTM_DTYPE_INT32));
}

/// Sets lists->visible and visible_list. Writes the small values that are not constants
/// to `values`, and returns how many bytes they take.
static size_t list_visible(const olstm__step_lists* lists,
                           const olstm__dynamic_step* step, olstm__visible_inputs visible,
                           unsigned char* values) {
  size_t used = 0;
  for (size_t i = 0; i < step->input_count; i++) {
    const olstm_tensor* input = &lists->inputs[i];
    lists->visible_list[i] = NULL;
    if (!olstm__step_has_input(step, i)) continue;
    lists->visible[i] = *input;
    lists->visible_list[i] = &lists->visible[i];
    if (visible == OLSTM__VISIBLE_ALL || is_constant(step, i, input)) continue;
    const size_t bytes = olstm__desc_bytes(&input->desc);
    if (shows_small(visible, input->desc.dtype) && bytes <= kSmallBytes &&
        bytes <= kValuesBytes - used) {
      memcpy(values + used, input->data, bytes);
      used += bytes;
    } else {
      lists->visible[i].data = NULL;
    }
  }
  return used;
}

/// Whether the inputs have the descs that it was filled for last.
static bool has_same_descs(const olstm__prepared_cache* cache,
                           const olstm__dynamic_step* step,
                           const olstm__step_lists* lists) {
  for (size_t i = 0; i < step->input_count; i++) {
    if (!olstm__step_has_input(step, i)) continue;
    if (!olstm_tensor_desc_equal(&lists->inputs[i].desc, &cache->inputs[i])) return false;
  }
  return true;
}

bool olstm__prepared_cache_serves(const olstm__prepared_cache* cache,
                                  const olstm__dynamic_step* step,
                                  const olstm__step_lists* lists) {
  if (!cache->has_prepared || cache->visible == OLSTM__VISIBLE_ALL) return false;
  if (!has_same_descs(cache, step, lists)) return false;
  if (cache->visible == OLSTM__VISIBLE_CONSTANTS) return true;
  unsigned char values[kValuesBytes];
  const size_t used = list_visible(lists, step, cache->visible, values);
  return memcmp(values, cache->values, used) == 0;
}

/// Infers with more and more visible inputs, until the operator can infer its outputs.
/// For inputs of the same descs it needs what it needed last: each try that fails writes
/// a message.
static olstm_status infer(olstm__prepared_cache* cache, const olstm__dynamic_step* step,
                          const olstm__step_lists* lists, olstm_error* error) {
  static const olstm__visible_inputs kOrder[] = {
      OLSTM__VISIBLE_CONSTANTS, OLSTM__VISIBLE_INTEGERS, OLSTM__VISIBLE_SMALL,
      OLSTM__VISIBLE_ALL};
  const olstm_node* node = &step->node->node;
  const olstm__operator_instance of = olstm__program_instance(step->node);
  const olstm_infer_args args = {sizeof args, step->input_count, lists->visible_list,
                                 step->output_count};
  const bool needs_all = cache->visible == OLSTM__VISIBLE_ALL && cache->is_filled &&
                         has_same_descs(cache, step, lists);
  for (size_t v = needs_all ? OLSTM__VISIBLE_ALL : 0;
       v < sizeof kOrder / sizeof kOrder[0]; v++) {
    cache->visible = kOrder[v];
    (void)list_visible(lists, step, cache->visible, cache->values);
    memset(lists->output_descs, 0, step->output_count * sizeof *lists->output_descs);
    const olstm_status status = olstm__call_infer(&of, &args, lists->output_descs, error);
    if (status != OLSTM_STATUS_NEEDS_DATA) return status;
  }
  const olstm_error wanted = error ? *error : (olstm_error){""};
  return olstm_fail(error, OLSTM_STATUS_BACKEND_ERROR,
                    "%s '%s': wants more data than there is%s%s", node->op_type,
                    node->name, wanted.message[0] ? ": " : "", wanted.message);
}

olstm_status olstm__prepared_cache_fill(olstm__prepared_cache* cache,
                                        const olstm__dynamic_step* step,
                                        const olstm__step_lists* lists, size_t max_memory,
                                        olstm__operator_memory* memory,
                                        olstm_error* error) {
  const olstm__operator_instance of = olstm__program_instance(step->node);
  OLSTM_RETURN_IF_ERROR(infer(cache, step, lists, error));
  const size_t most =
      olstm__call_output_limit(max_memory, lists->visible_list, step->input_count);
  for (size_t o = 0; o < step->output_count; o++) {
    size_t bytes = 0;
    if (step->outputs[o] < 0) continue;
    OLSTM_RETURN_IF_ERROR(olstm__call_check_output(
        &step->node->node, o, &lists->output_descs[o], most, &bytes, error));
  }
  const olstm_prepare_args args = {sizeof args, step->input_count, lists->visible_list,
                                   step->output_count, lists->output_descs};
  cache->prepared =
      (olstm_prepared){.struct_size = sizeof cache->prepared, .view_of_input = -1};
  OLSTM_RETURN_IF_ERROR(olstm__call_prepare(&of, &args, memory, &cache->prepared, error));
  cache->has_prepared = true;
  cache->is_filled = true;
  cache->work = olstm__step_work(&step->node->node, &args, &cache->prepared);
  for (size_t i = 0; i < step->input_count; i++) {
    cache->inputs[i] = lists->inputs[i].desc;
  }
  memcpy(cache->outputs, lists->output_descs,
         step->output_count * sizeof *cache->outputs);
  return OLSTM_STATUS_OK;
}
