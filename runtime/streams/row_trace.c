#include "runtime/streams/row_trace.h"

#include <string.h>

#include "runtime/plan/plan_cache.h"

/// The values of one graph; those of bodies have their own.
typedef struct graph_rows {
  olstm__program* program;
  /// What is known with either batch size, and what was made of it.
  olstm__inferred_value* inferred[2];
  olstm__row_value* values;
} graph_rows;

typedef struct row_walk {
  olstm__row_trace* trace;
  olstm__arena memory;
} row_walk;

static olstm_status fail_memory(olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory to follow rows");
}

/// Notes why rows are not computed together; the first reason stays.
static void give_up(row_walk* walk, const char* op_type, const char* name,
                    const char* text) {
  if (!walk->trace->is_apart) return;
  walk->trace->is_apart = false;
  olstm_error line;
  (void)olstm_fail(&line, OLSTM_STATUS_UNSUPPORTED, "%s '%s': %s", op_type, name, text);
  memcpy(walk->trace->reason, line.message, sizeof walk->trace->reason);
}

/// Infers all values of a program with both batch sizes.
static olstm_status describe(row_walk* walk, olstm__program* program,
                             const olstm_tensor* const inputs[2], graph_rows* out_rows,
                             olstm_error* error) {
  const size_t count = (size_t)program->graph->value_count;
  *out_rows = (graph_rows){.program = program};
  out_rows->values =
      olstm__arena_allocate(&walk->memory, count, sizeof *out_rows->values);
  for (int n = 0; n < 2; n++) {
    out_rows->inferred[n] =
        olstm__arena_allocate(&walk->memory, count, sizeof *out_rows->inferred[n]);
    if (!out_rows->values || !out_rows->inferred[n]) return fail_memory(error);
    OLSTM_RETURN_IF_ERROR(
        olstm__plan_describe(program, inputs[n], out_rows->inferred[n], error));
  }
  for (size_t v = 0; v < count; v++) {
    out_rows->values[v] = (olstm__row_value){
        .at = {out_rows->inferred[0][v].desc, out_rows->inferred[1][v].desc}};
  }
  return OLSTM_STATUS_OK;
}

static olstm_status walk_nodes(row_walk* walk, graph_rows* rows, olstm_error* error);

// ---------------------------------------------------------------- Ifs

/// Walks through one branch of an If, and adds what its outputs depend on.
// NOLINTNEXTLINE(misc-no-recursion)
static olstm_status walk_branch(row_walk* walk, graph_rows* rows,
                                const olstm__program_node* node,
                                const olstm__program_body* body, olstm_error* error) {
  const size_t count = body->program->input_count;
  olstm_tensor* inputs[2];
  graph_rows inner;
  olstm_error reason = {""};
  for (int n = 0; n < 2; n++) {
    inputs[n] = olstm__arena_allocate(&walk->memory, count + 1, sizeof *inputs[n]);
    if (!inputs[n]) return fail_memory(error);
    for (size_t c = 0; c < body->capture_count && c < count; c++) {
      inputs[n][c] = (olstm_tensor){
          rows->inferred[n][node->inputs[body->first_capture + c]].desc, NULL};
    }
  }
  const olstm_status status =
      describe(walk, body->program, (const olstm_tensor* const[]){inputs[0], inputs[1]},
               &inner, &reason);
  if (status != OLSTM_STATUS_OK) {
    give_up(walk, node->node.op_type, node->node.name, reason.message);
    return status == OLSTM_STATUS_OUT_OF_MEMORY ? fail_memory(error) : OLSTM_STATUS_OK;
  }
  for (size_t c = 0; c < body->capture_count && c < count; c++) {
    const olstm__row_value* outer = &rows->values[node->inputs[body->first_capture + c]];
    inner.values[body->program->inputs[c]].before = outer->before;
    inner.values[body->program->inputs[c]].is_sized = outer->is_sized;
  }
  OLSTM_RETURN_IF_ERROR(walk_nodes(walk, &inner, error));
  for (size_t o = 0; o < node->output_count && walk->trace->is_apart; o++) {
    if (node->outputs[o] == OLSTM__NO_VALUE) continue;
    const int64_t before = inner.values[body->program->outputs[o]].before;
    olstm__row_value* value = &rows->values[node->outputs[o]];
    value->is_sized |= inner.values[body->program->outputs[o]].is_sized;
    if (before == 0) continue;
    if ((value->before > 0 && value->before != before) || olstm__row_axis(value) < 0) {
      give_up(walk, node->node.op_type, node->node.name,
              "its branches have the batch in different dimensions");
    }
    value->before = before;
  }
  return OLSTM_STATUS_OK;
}

// NOLINTNEXTLINE(misc-no-recursion)
static olstm_status walk_if(row_walk* walk, graph_rows* rows,
                            const olstm__program_node* node, olstm_error* error) {
  const int32_t condition = node->inputs[0];
  const int32_t known[2] = {rows->inferred[0][condition].first_byte,
                            rows->inferred[1][condition].first_byte};
  if (rows->values[condition].before > 0) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "If '%s' takes its branch by what is in the rows of a batch: "
                      "streams cannot be computed together",
                      node->node.name);
  }
  if (known[0] != known[1] || rows->values[condition].is_sized) {
    give_up(walk, node->node.op_type, node->node.name,
            "it takes its branch by the batch size");
    return OLSTM_STATUS_OK;
  }
  for (size_t b = 0; b < node->body_count && walk->trace->is_apart; b++) {
    const bool is_then = strcmp(node->bodies[b].attribute, "then_branch") == 0;
    if (known[0] >= 0 && is_then != (known[0] != 0)) continue;
    OLSTM_RETURN_IF_ERROR(walk_branch(walk, rows, node, &node->bodies[b], error));
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- nodes

/// What the outputs or the inputs of a node are.
static olstm__row_value* list_values(row_walk* walk, const graph_rows* rows,
                                     const int32_t* values, size_t count) {
  olstm__row_value* list = olstm__arena_allocate(&walk->memory, count + 1, sizeof *list);
  for (size_t i = 0; i < count && list; i++) {
    list[i] = values[i] == OLSTM__NO_VALUE
                  ? (olstm__row_value){.at = {{.rank = -1}, {.rank = -1}}}
                  : rows->values[values[i]];
  }
  return list;
}

/// Whether a value is one element, which both batch sizes have alike.
static bool is_alike(const graph_rows* rows, int32_t value) {
  const olstm__inferred_value *a = &rows->inferred[0][value],
                              *b = &rows->inferred[1][value];
  return a->is_known && b->is_known && olstm_tensor_desc_equal(&a->desc, &b->desc) &&
         olstm_tensor_desc_count(&a->desc) == 1 &&
         memcmp(a->first, b->first, sizeof a->first) == 0;
}

static olstm_status judge(row_walk* walk, graph_rows* rows,
                          const olstm__program_node* node, bool has_rows,
                          olstm_error* error) {
  olstm_text reason = {""};
  const olstm__row_value* inputs =
      list_values(walk, rows, node->inputs, node->input_count);
  olstm__row_value* outputs = list_values(walk, rows, node->outputs, node->output_count);
  if (!inputs || !outputs) return fail_memory(error);
  for (size_t o = 0; o < node->output_count && !has_rows; o++) {
    outputs[o].is_sized = olstm__row_is_sized(node, inputs, &outputs[o]);
  }
  switch (has_rows ? olstm__row_judge(node, inputs, outputs, &reason)
                   : OLSTM__ROWS_APART) {
    case OLSTM__ROWS_MIXED:
      return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                        "%s '%s' mixes the rows of a batch: %s. Streams cannot be "
                        "computed together",
                        node->node.op_type, node->node.name, reason.text);
    case OLSTM__ROWS_UNKNOWN:
      give_up(walk, node->node.op_type, node->node.name, reason.text);
      return OLSTM_STATUS_OK;
    case OLSTM__ROWS_APART:
      break;
  }
  for (size_t o = 0; o < node->output_count; o++) {
    if (node->outputs[o] == OLSTM__NO_VALUE) continue;
    rows->values[node->outputs[o]].before = outputs[o].before;
    rows->values[node->outputs[o]].is_sized =
        outputs[o].is_sized &&
        !(olstm__row_picks(node) && is_alike(rows, node->outputs[o]));
  }
  return OLSTM_STATUS_OK;
}

// Graphs are nested no deeper than OLSTM__MAX_NESTING.
// NOLINTNEXTLINE(misc-no-recursion)
static olstm_status walk_nodes(row_walk* walk, graph_rows* rows, olstm_error* error) {
  for (size_t i = 0; i < rows->program->node_count && walk->trace->is_apart; i++) {
    const olstm__program_node* node = &rows->program->nodes[i];
    bool has_rows = false;
    for (size_t s = 0; s < node->input_count && !has_rows; s++) {
      const int32_t value = node->inputs[s];
      has_rows = value != OLSTM__NO_VALUE && rows->values[value].before > 0;
    }
    if (olstm__row_is_random(node)) {
      give_up(walk, node->node.op_type, node->node.name, "it draws random numbers");
    } else if (node->kind != OLSTM__NODE_CONTROL) {
      OLSTM_RETURN_IF_ERROR(judge(walk, rows, node, has_rows, error));
    } else if (node->control == OLSTM__CONTROL_IF) {
      OLSTM_RETURN_IF_ERROR(walk_if(walk, rows, node, error));
    } else {
      give_up(walk, node->node.op_type, node->node.name,
              "rows are not followed through its body");
    }
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- ends

/// Marks what depends on rows from the start: inputs with a batch axis, and all state.
static void mark_inputs(row_walk* walk, graph_rows* rows) {
  const olstm__program* program = rows->program;
  const size_t own_count = program->graph->input_count;
  for (size_t i = 0; i < program->input_count; i++) {
    olstm__row_value* value = &rows->values[program->inputs[i]];
    int32_t* axis = &walk->trace->input_axes[i];
    if (i < own_count && *axis < 0) continue;
    if (i >= own_count) *axis = olstm__row_axis(value);
    value->before = 1;
    if (*axis >= 0 && value->at[0].dims[*axis] == OLSTM__TRACE_ROWS_A) continue;
    *axis = -1;
    give_up(walk, "state", program->graph->states[i - own_count].name,
            "it has no batch axis");
  }
}

/// Whether the batch axis of a value is one dimension, the batch and nothing else.
static bool is_clean(const olstm__row_value* value) {
  const int32_t axis = olstm__row_axis(value);
  return axis >= 0 && value->before <= 1 &&
         value->at[0].dims[axis] == OLSTM__TRACE_ROWS_A;
}

/// A state keeps its shape from run to run: rows of a table have one size.
static olstm_status check_next(const graph_rows* rows, size_t state, olstm_error* error) {
  const olstm__program* program = rows->program;
  const olstm__row_value* next =
      &rows->values[program->outputs[program->graph->output_count + state]];
  const olstm__row_value* now =
      &rows->values[program->inputs[program->graph->input_count + state]];
  if (olstm_tensor_desc_equal(&next->at[0], &now->at[0]) &&
      olstm_tensor_desc_equal(&next->at[1], &now->at[1])) {
    return OLSTM_STATUS_OK;
  }
  const bool is_known = next->at[0].dtype != OLSTM_DTYPE_UNDEFINED;
  return olstm_fail(
      error, OLSTM_STATUS_UNSUPPORTED,
      "state '%s' has shape %s before a run and %s after it: streams need "
      "states that keep their shape",
      program->graph->states[state].name, olstm_shape_text(&now->at[0]).text,
      is_known ? olstm_shape_text(&next->at[0]).text : "one that only data can tell");
}

/// The batch axis of an output whose shape is not known: the one that the caller names,
/// or that the model calls as the batch axis of an input; -1 for none.
static int32_t find_declared(const row_walk* walk, const graph_rows* rows,
                             size_t output) {
  const olstm__program* program = rows->program;
  const olstm_value_info* info = &walk->trace->declared_outputs[output];
  if (walk->trace->named_outputs[output] >= 0) return walk->trace->named_outputs[output];
  for (size_t i = 0; i < program->graph->input_count; i++) {
    const int32_t axis = walk->trace->input_axes[i];
    const char* name =
        axis < 0 ? NULL
                 : program->graph->values[program->inputs[i]].info.dim_params[axis];
    for (int32_t d = 0; name && d < info->rank; d++) {
      if (info->dim_params[d] && strcmp(info->dim_params[d], name) == 0) return d;
    }
  }
  return -1;
}

static olstm_status find_outputs(row_walk* walk, const graph_rows* rows,
                                 olstm_error* error) {
  const olstm__program* program = rows->program;
  const size_t own_count = program->graph->output_count;
  for (size_t o = 0; o < program->output_count; o++) {
    const olstm__row_value* value = &rows->values[program->outputs[o]];
    int32_t* axis = &walk->trace->output_axes[o];
    walk->trace->output_descs[o] = value->at[0];
    *axis = is_clean(value) ? olstm__row_axis(value) : -1;
    if (o < own_count && value->at[0].dtype == OLSTM_DTYPE_UNDEFINED) {
      *axis = find_declared(walk, rows, o);
    }
    if (o >= own_count) {
      OLSTM_RETURN_IF_ERROR(check_next(rows, o - own_count, error));
    } else if (*axis < 0) {
      return olstm_fail(
          error, OLSTM_STATUS_UNSUPPORTED,
          "output '%s' has no batch axis that could be told: its shape is %s with %d "
          "rows, %s with %d",
          program->graph->values[program->outputs[o]].info.name,
          olstm_shape_text(&value->at[0]).text, (int)OLSTM__TRACE_ROWS_A,
          olstm_shape_text(&value->at[1]).text, (int)OLSTM__TRACE_ROWS_B);
    }
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__row_trace_run(olstm__program* program, const olstm_tensor* inputs_a,
                                  const olstm_tensor* inputs_b, olstm__row_trace* trace,
                                  olstm_error* error) {
  row_walk walk = {.trace = trace};
  graph_rows rows;
  trace->is_apart = true;
  trace->is_inferred = false;
  trace->reason[0] = '\0';
  olstm__arena_init(&walk.memory, &program->environment->allocator, SIZE_MAX);
  olstm_status status = describe(
      &walk, program, (const olstm_tensor* const[]){inputs_a, inputs_b}, &rows, error);
  trace->is_inferred = status == OLSTM_STATUS_OK;
  if (status == OLSTM_STATUS_OK) {
    mark_inputs(&walk, &rows);
    status = walk_nodes(&walk, &rows, error);
  }
  if (status == OLSTM_STATUS_OK) status = find_outputs(&walk, &rows, error);
  olstm__arena_deinit(&walk.memory);
  return status;
}
