// See plan_inputs.h.
#include "runtime/plan/plan_inputs.h"

#include <string.h>

/// Negative, like unknown sizes.
enum { kAmbiguousSymbol = -2 };

static const olstm_value_info* get_info(const olstm__planner* planner, size_t input) {
  return &planner->program->graph->values[planner->program->inputs[input]].info;
}

/// "[N,10,?]": the declared shape, symbolic dimensions by name.
static olstm_text declared_text(const olstm_value_info* info) {
  olstm_text text = {"["};
  for (int32_t d = 0; d < info->rank; d++) {
    const size_t used = strlen(text.text);
    const size_t room = sizeof text.text - used;
    const char* comma = d ? "," : "";
    if (info->dims[d] >= 0) {
      (void)snprintf(text.text + used, room, "%s%" PRId64, comma, info->dims[d]);
    } else {
      (void)snprintf(text.text + used, room, "%s%.20s", comma,
                     info->dim_params[d] ? info->dim_params[d] : "?");
    }
  }
  const size_t used = strlen(text.text);
  (void)snprintf(text.text + used, sizeof text.text - used, "]");
  return text;
}

/// Checks rank, fixed dimensions and dtype.
static olstm_status check_declared(const olstm__planner* planner, size_t input,
                                   const olstm_tensor_desc* desc, olstm_error* error) {
  const olstm_value_info* info = get_info(planner, input);
  if (info->dtype != OLSTM_DTYPE_UNDEFINED && info->dtype != desc->dtype) {
    return olstm_fail(error, OLSTM_STATUS_DTYPE_MISMATCH,
                      "input '%s' has dtype %s, expected %s", info->name,
                      olstm_dtype_name(desc->dtype), olstm_dtype_name(info->dtype));
  }
  bool matches = info->rank < 0 || info->rank == desc->rank;
  for (int32_t d = 0; d < info->rank && matches; d++) {
    matches = info->dims[d] < 0 || info->dims[d] == desc->dims[d];
  }
  // Callers may pass a scalar as an array of one element, as ONNX Runtime allows.
  const bool is_scalar = info->rank == 0 && desc->rank == 1 && desc->dims[0] == 1;
  if (matches || is_scalar) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                    "input '%s' has shape %s, expected %s", info->name,
                    olstm_shape_text(desc).text, declared_text(info).text);
}

/// Exporters use one name for different dimensions (keras2onnx has N for batch and time):
/// a symbol that occurs twice in one input is ignored.
static void drop_ambiguous_symbols(olstm__planner* planner, const int32_t* symbols,
                                   int32_t rank) {
  for (int32_t d = 0; d < rank; d++) {
    for (int32_t e = 0; e < d; e++) {
      if (symbols[d] >= 0 && symbols[d] == symbols[e]) {
        planner->symbols[symbols[d]] = kAmbiguousSymbol;
      }
    }
  }
}

/// Checks that dimensions of one name have one size, which the first input that has the
/// symbol sets.
static olstm_status check_symbols(olstm__planner* planner, size_t input,
                                  const olstm_tensor_desc* desc, olstm_error* error) {
  const olstm__program* program = planner->program;
  const int32_t* symbols = program->input_symbols + input * OLSTM_MAX_RANK;
  drop_ambiguous_symbols(planner, symbols, desc->rank);
  for (int32_t d = 0; d < desc->rank; d++) {
    const int32_t symbol = symbols[d];
    if (symbol < 0 || planner->symbols[symbol] == kAmbiguousSymbol) continue;
    if (planner->symbols[symbol] < 0) {
      planner->symbols[symbol] = desc->dims[d];
      planner->symbol_inputs[symbol] = input;
    } else if (planner->symbols[symbol] != desc->dims[d]) {
      return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                        "input '%s' has shape %s, expected %" PRId64
                        " for dimension '%s' as input '%s' has it",
                        get_info(planner, input)->name, olstm_shape_text(desc).text,
                        planner->symbols[symbol], program->symbol_names[symbol],
                        get_info(planner, planner->symbol_inputs[symbol])->name);
    }
  }
  return OLSTM_STATUS_OK;
}

/// Checks that a desc is valid: dtype, rank, and dimensions that fit into memory.
static olstm_status check_desc(const olstm__planner* planner, size_t input,
                               const olstm_tensor_desc* desc, olstm_error* error) {
  const char* name = get_info(planner, input)->name;
  size_t bytes = 0;
  if (desc->dtype == OLSTM_DTYPE_STRING) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "input '%s' has dtype string, which nothing runs", name);
  }
  if (olstm_dtype_size(desc->dtype) == 0) {
    return olstm_fail(error, OLSTM_STATUS_DTYPE_MISMATCH,
                      "input '%s' has dtype %d, which is none", name, (int)desc->dtype);
  }
  if (desc->rank < 0 || desc->rank > OLSTM_MAX_RANK) {
    return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                      "input '%s' has rank %d, expected 0..%d", name, (int)desc->rank,
                      (int)OLSTM_MAX_RANK);
  }
  if (!olstm_tensor_desc_bytes(desc, &bytes)) {
    return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                      "input '%s' has shape %s, which is none that fits into memory",
                      name, olstm_shape_text(desc).text);
  }
  return OLSTM_STATUS_OK;
}

static olstm_status check_one(olstm__planner* planner, size_t input,
                              const olstm_tensor_desc* desc, olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(check_desc(planner, input, desc, error));
  if (planner->program->is_body) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(check_declared(planner, input, desc, error));
  return check_symbols(planner, input, desc, error);
}

olstm_status olstm__planner_check_inputs(olstm__planner* planner,
                                         const olstm_tensor* inputs, olstm_error* error) {
  for (size_t i = 0; i < planner->program->input_count; i++) {
    const bool is_open = i >= planner->program->graph->input_count &&
                         inputs[i].desc.dtype == OLSTM_DTYPE_UNDEFINED;
    if (is_open) continue;
    OLSTM_RETURN_IF_ERROR(check_one(planner, i, &inputs[i].desc, error));
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- state slots

/// Sets unknown dimensions of the slot from symbols that inputs have set.
static void fill_from_symbols(const olstm__planner* planner, size_t input,
                              olstm_tensor_desc* desc) {
  for (int32_t d = 0; d < desc->rank; d++) {
    const int32_t symbol =
        planner->program->input_symbols[input * OLSTM_MAX_RANK + (size_t)d];
    if (desc->dims[d] < 0 && symbol >= 0) desc->dims[d] = planner->symbols[symbol];
  }
}

bool olstm__planner_find_state_desc(const olstm__planner* planner, size_t slot,
                                    int64_t batch, olstm_tensor_desc* out_desc) {
  const olstm__graph* graph = planner->program->graph;
  const olstm__graph_state* state = &graph->states[slot];
  *out_desc = (olstm_tensor_desc){.dtype = state->dtype, .rank = state->rank};
  if (state->rank < 0 || state->rank > OLSTM_MAX_RANK) return false;
  memcpy(out_desc->dims, state->dims, sizeof out_desc->dims);
  if (state->batch_axis >= 0 && state->batch_axis < state->rank && batch >= 0) {
    out_desc->dims[state->batch_axis] = batch;
  }
  fill_from_symbols(planner, graph->input_count + slot, out_desc);
  for (int32_t d = 0; d < out_desc->rank; d++) {
    if (out_desc->dims[d] < 0) return false;
  }
  // Unused dimensions are 0, so that equal descs are equal bytes.
  for (int32_t d = out_desc->rank; d < OLSTM_MAX_RANK; d++) out_desc->dims[d] = 0;
  return true;
}
