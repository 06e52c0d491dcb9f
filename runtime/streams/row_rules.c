#include "runtime/streams/row_rules.h"

#include <string.h>

#include "op/builtin.h"

/// Those of the built-in operator of that domain and type, 0 where there is none.
static olstm__traits traits_of(const olstm__program_node* node) {
  return node->callbacks
             ? olstm__builtin_traits(node->callbacks->domain, node->node.op_type)
             : 0;
}

/// Whether the operator is built in: traits hold for those alone.
static bool is_builtin(const olstm_operator* callbacks) {
  const olstm_plugin* plugin = olstm__builtin_plugin();
  for (size_t i = 0; i < plugin->operator_count(); i++) {
    if (plugin->get_operator(i) == callbacks) return true;
  }
  return false;
}

static int64_t get_int(const olstm__program_node* node, const char* name,
                       int64_t fallback) {
  int64_t value = fallback;
  (void)olstm_node_get_int(&node->node, name, fallback, &value, NULL);
  return value;
}

bool olstm__row_is_random(const olstm__program_node* node) {
  const olstm__traits traits = traits_of(node);
  if (traits & OLSTM__TRAIT_RANDOM_IN_TRAINING) {
    if (node->input_count <= 2 || node->inputs[2] == OLSTM__NO_VALUE) return false;
    const olstm_tensor* training = node->node.constants[2];
    return !training || *(const uint8_t*)training->data != 0;
  }
  return (traits & OLSTM__TRAIT_RANDOM) != 0;
}

// ---------------------------------------------------------------- shapes

int32_t olstm__row_axis(const olstm__row_value* value) {
  const olstm_tensor_desc *a = &value->at[0], *b = &value->at[1];
  int32_t axis = -1;
  if (a->rank != b->rank) return -2;
  for (int32_t d = 0; d < a->rank; d++) {
    if (a->dims[d] == b->dims[d]) continue;
    if (axis >= 0 || a->dims[d] % OLSTM__TRACE_ROWS_A != 0 ||
        b->dims[d] % OLSTM__TRACE_ROWS_B != 0 ||
        a->dims[d] / OLSTM__TRACE_ROWS_A != b->dims[d] / OLSTM__TRACE_ROWS_B) {
      return -2;
    }
    axis = d;
  }
  return axis;
}

/// How many elements of a value lie before its dimension `axis`, in row-major order.
static int64_t count_outer(const olstm__row_value* value, int32_t axis) {
  int64_t count = 1;
  for (int32_t d = 0; d < axis; d++) count *= value->at[0].dims[d];
  return count;
}

static olstm__row_verdict say(olstm__row_verdict verdict, olstm_text* out_reason,
                              const char* text) {
  (void)snprintf(out_reason->text, sizeof out_reason->text, "%s", text);
  return verdict;
}

/// A negative axis counts from the end.
static int64_t wrap(int64_t axis, int32_t rank) {
  return axis < 0 ? axis + rank : axis;
}

/// An element of a constant of int64 or int32.
static int64_t read_int(const olstm_tensor* tensor, int64_t index) {
  return tensor->desc.dtype == OLSTM_DTYPE_INT64
             ? ((const int64_t*)tensor->data)[index]
             : (int64_t)((const int32_t*)tensor->data)[index];
}

/// The constant that is input `index` of a node, NULL for none; *out_is_known: false when
/// there is an input, but no constant.
static const olstm_tensor* find_constant(const olstm__program_node* node, size_t index,
                                         bool* out_is_known) {
  const bool is_given =
      index < node->input_count && node->inputs[index] != OLSTM__NO_VALUE;
  const olstm_tensor* constant = is_given ? node->node.constants[index] : NULL;
  *out_is_known = !is_given || constant;
  return constant;
}

// ---------------------------------------------------------------- rules

/// Sets `before` of all outputs: that of the inputs, whose batch dimension has the same
/// size.
static olstm__row_verdict pass_on(const olstm__program_node* node,
                                  const olstm__row_value* inputs,
                                  olstm__row_value* outputs, olstm_text* out_reason) {
  int64_t before = 0, size = 0;
  for (size_t i = 0; i < node->input_count; i++) {
    if (inputs[i].before == 0) continue;
    const int64_t own_size = inputs[i].at[0].dims[olstm__row_axis(&inputs[i])];
    if (before > 0 && (before != inputs[i].before || size != own_size)) {
      return say(OLSTM__ROWS_MIXED, out_reason,
                 "its inputs differ in which rows are at one index");
    }
    before = inputs[i].before;
    size = own_size;
  }
  for (size_t o = 0; o < node->output_count; o++) {
    if (node->outputs[o] == OLSTM__NO_VALUE) continue;
    const int32_t axis = olstm__row_axis(&outputs[o]);
    if (axis < 0 || outputs[o].at[0].dims[axis] != size) {
      return say(OLSTM__ROWS_MIXED, out_reason,
                 axis == -1 ? "its result has no batch axis"
                            : "its result has other rows than its inputs");
    }
    outputs[o].before = before;
  }
  return OLSTM__ROWS_APART;
}

static olstm__row_verdict reshape(const olstm__row_value* input, olstm__row_value* output,
                                  olstm_text* out_reason) {
  const int32_t axis = olstm__row_axis(output);
  const int64_t outer = count_outer(input, olstm__row_axis(input)) * input->before;
  const int64_t own = axis < 0 ? 0 : count_outer(output, axis);
  if (own > 0 && outer % own == 0 &&
      output->at[0].dims[axis] % (outer / own * OLSTM__TRACE_ROWS_A) == 0) {
    output->before = outer / own;
    return OLSTM__ROWS_APART;
  }
  return say(OLSTM__ROWS_MIXED, out_reason, "it takes the batch axis apart");
}

/// The axis that ROWS_ALONG, ROWS_FROM or ROWS_DFT computes along; *out_is_from: over all
/// behind it as well. False when only data can tell.
static bool find_axis(const olstm__program_node* node, olstm__traits traits, int32_t rank,
                      int64_t* out_axis, bool* out_is_from) {
  const bool is_dft = (traits & OLSTM__TRAIT_ROWS) == OLSTM__TRAIT_ROWS_DFT;
  int64_t fallback = traits & OLSTM__TRAIT_LAST_AXIS ? -1 : is_dft;
  *out_is_from = (traits & OLSTM__TRAIT_ROWS) == OLSTM__TRAIT_ROWS_FROM;
  if ((traits & OLSTM__TRAIT_AXIS_INPUT) || (is_dft && node->node.opset_version >= 20)) {
    bool is_known = false;
    const olstm_tensor* axis = find_constant(node, is_dft ? 2 : 1, &is_known);
    *out_axis = wrap(axis ? read_int(axis, 0) : -2, rank);
    return is_known;
  }
  if ((traits & OLSTM__TRAIT_FLATTENS_UNTIL_12) && node->node.opset_version < 13) {
    *out_is_from = true;
    fallback = 1;
  }
  *out_axis = wrap(get_int(node, "axis", fallback), rank);
  return true;
}

/// Whether the attribute axes, or its default, has `axis`.
static bool is_among(const olstm__program_node* node, int32_t axis, int32_t rank) {
  const olstm_attribute* axes = olstm_node_find_attribute(&node->node, "axes");
  if (!axes) return axis != 1;
  for (size_t i = 0; i < axes->count; i++) {
    if (wrap(axes->ints[i], rank) == axis) return true;
  }
  return false;
}

/// ROWS_INDEX, ROWS_GATHER and ROWS_SCATTER: rows stay apart where input 0 is the same
/// for all rows (but for ROWS_SCATTER, which adds them all to it), or the axis is not
/// that of the batch.
static bool keeps_positions(const olstm__program_node* node, olstm__traits rows,
                            const olstm__row_value* inputs) {
  if (rows == OLSTM__TRAIT_ROWS_SCATTER) return false;
  if (inputs[0].before == 0) return true;
  if (rows == OLSTM__TRAIT_ROWS_GATHER) return false;
  return wrap(get_int(node, "axis", 0), inputs[0].at[0].rank) !=
         olstm__row_axis(&inputs[0]);
}

/// Whether a Slice takes rows one after the other. A result with as many rows has them
/// all, so that the sign of the step is all there is to know.
static olstm__row_verdict judge_slice(const olstm__program_node* node, int32_t own,
                                      int32_t rank, olstm_text* out_reason) {
  bool has_steps = false, has_axes = false;
  const olstm_tensor* steps = find_constant(node, 4, &has_steps);
  const olstm_tensor* axes = find_constant(node, 3, &has_axes);
  if (!has_steps || !has_axes) {
    return say(OLSTM__ROWS_UNKNOWN, out_reason, "data tells which rows it takes");
  }
  for (int64_t i = 0; steps && i < olstm_tensor_desc_count(&steps->desc); i++) {
    if (read_int(steps, i) > 0) continue;
    if ((axes ? wrap(read_int(axes, i), rank) : i) == own) {
      return say(OLSTM__ROWS_MIXED, out_reason, "it takes them in another order");
    }
  }
  return OLSTM__ROWS_APART;
}

/// Whether a Pad whose widths are constant leaves rows where they are.
static olstm__row_verdict judge_pad(const olstm__program_node* node, int32_t own,
                                    int32_t rank, olstm_text* out_reason) {
  bool is_known = false;
  const olstm_tensor* pads = find_constant(node, 1, &is_known);
  const olstm_tensor* axes = find_constant(node, 3, &is_known);
  const olstm_attribute* widths = olstm_node_find_attribute(&node->node, "pads");
  int64_t index = own, first = 0;
  if (!widths) widths = olstm_node_find_attribute(&node->node, "paddings");
  if (axes) {
    const int64_t count = olstm_tensor_desc_count(&axes->desc);
    for (index = 0; index < count && wrap(read_int(axes, index), rank) != own;) index++;
    if (index == count) return OLSTM__ROWS_APART;
  }
  if (widths && (size_t)index < widths->count) first = widths->ints[index];
  if (pads && index < olstm_tensor_desc_count(&pads->desc)) first = read_int(pads, index);
  return first == 0 ? OLSTM__ROWS_APART
                    : say(OLSTM__ROWS_MIXED, out_reason, "it moves them along the batch");
}

/// The letter of dimension `axis` in a term of an equation, which ends at `end`: those
/// that an ellipsis stands for are told apart by how far they are from its last.
static int find_letter(const char* term, const char* end, int32_t axis, int32_t rank) {
  int32_t letters = 0, at = 0;
  for (const char* c = term; c < end; c++) letters += *c != ' ' && *c != '.';
  for (const char* c = term; c < end; c++) {
    if (*c == ' ') continue;
    if (*c == '.') {
      const int32_t hidden = rank - letters;
      if (axis < at + hidden) return -(at + hidden - axis);
      at += hidden;
      c += 2;
    } else if (at++ == axis) {
      return *c;
    }
  }
  return 0;
}

/// Whether all inputs with rows have them at one letter, which is the result's.
static bool einsum_keeps_apart(const olstm__program_node* node,
                               const olstm__row_value* inputs,
                               const olstm__row_value* output) {
  const char* equation = NULL;
  int letter = 0;
  (void)olstm_node_get_string(&node->node, "equation", "", &equation, NULL);
  const char* arrow = equation ? strstr(equation, "->") : NULL;
  if (!arrow) return false;
  const char* term = equation;
  for (size_t i = 0; i < node->input_count; i++) {
    const char* end = memchr(term, ',', (size_t)(arrow - term));
    if (!end) end = arrow;
    if (inputs[i].before > 0) {
      const int own =
          find_letter(term, end, olstm__row_axis(&inputs[i]), inputs[i].at[0].rank);
      if (own == 0 || (letter != 0 && letter != own)) return false;
      letter = own;
    }
    term = end < arrow ? end + 1 : arrow;
  }
  const int32_t axis = olstm__row_axis(output);
  return axis < 0 || find_letter(arrow + 2, arrow + strlen(arrow), axis,
                                 output->at[0].rank) == letter;
}

static const char kAlong[] = "it computes along the batch axis";

/// Rules of single operators.
static olstm__row_verdict check_own(const olstm__program_node* node, olstm__traits traits,
                                    const olstm__row_value* inputs,
                                    const olstm__row_value* outputs,
                                    olstm_text* out_reason) {
  const int32_t rank = inputs[0].at[0].rank;
  const int32_t own = inputs[0].before > 0 ? olstm__row_axis(&inputs[0]) : -1;
  if (traits & OLSTM__TRAIT_RECURRENT) {
    return own != (get_int(node, "layout", 0) == 1 || get_int(node, "x_layout", 0) == 1)
               ? OLSTM__ROWS_APART
               : say(OLSTM__ROWS_MIXED, out_reason, "it steps along the batch axis");
  }
  switch (traits & OLSTM__TRAIT_ROWS) {
    case OLSTM__TRAIT_ROWS_MATRIX:
      return own < 0 || own < rank - 2 ? OLSTM__ROWS_APART
                                       : say(OLSTM__ROWS_MIXED, out_reason,
                                             "it tells them apart by their index");
    case OLSTM__TRAIT_ROWS_SLICE:
      return own < 0 ? OLSTM__ROWS_APART : judge_slice(node, own, rank, out_reason);
    case OLSTM__TRAIT_ROWS_PAD:
      return own < 0 ? OLSTM__ROWS_APART : judge_pad(node, own, rank, out_reason);
    case OLSTM__TRAIT_ROWS_EINSUM:
      return einsum_keeps_apart(node, inputs, &outputs[0])
                 ? OLSTM__ROWS_APART
                 : say(OLSTM__ROWS_MIXED, out_reason,
                       "its equation has them under several letters");
    default:
      return OLSTM__ROWS_APART;
  }
}

/// Whether what the operator computes along is the batch axis of input 0.
static olstm__row_verdict check_axes(const olstm__program_node* node,
                                     olstm__traits traits, const olstm__row_value* inputs,
                                     olstm_text* out_reason) {
  const int32_t rank = inputs[0].at[0].rank;
  const int32_t own = inputs[0].before > 0 ? olstm__row_axis(&inputs[0]) : -1;
  int64_t axis = 0;
  bool is_from = false, is_mixed = false;
  const olstm__traits rows = traits & OLSTM__TRAIT_ROWS;
  switch (rows) {
    case OLSTM__TRAIT_ROWS_FIRST:
      is_mixed = own > 0;
      break;
    case OLSTM__TRAIT_ROWS_ALONG:
    case OLSTM__TRAIT_ROWS_FROM:
    case OLSTM__TRAIT_ROWS_DFT:
      if (!find_axis(node, traits, rank, &axis, &is_from)) {
        return say(OLSTM__ROWS_UNKNOWN, out_reason, "only data tells its axis");
      }
      is_mixed = is_from ? own >= axis : own == axis;
      break;
    case OLSTM__TRAIT_ROWS_OVER:
      is_mixed = is_among(node, own, rank);
      break;
    case OLSTM__TRAIT_ROWS_REVERSE:
      is_mixed = own == get_int(node, "time_axis", 0);
      break;
    case OLSTM__TRAIT_ROWS_INDEX:
    case OLSTM__TRAIT_ROWS_GATHER:
    case OLSTM__TRAIT_ROWS_SCATTER:
      if (keeps_positions(node, rows, inputs)) break;
      return say(OLSTM__ROWS_UNKNOWN, out_reason, "data tells which rows it takes");
    default:
      break;
  }
  return is_mixed ? say(OLSTM__ROWS_MIXED, out_reason, kAlong) : OLSTM__ROWS_APART;
}

/// Whether input `index` says no more than what shape the result has.
static bool is_shape_input(olstm__traits traits, size_t index) {
  return index > 0 ? (traits & OLSTM__TRAIT_SHAPE_INPUTS) != 0
                   : (traits & OLSTM__TRAIT_ROWS) == OLSTM__TRAIT_ROWS_FILL;
}

/// Whether a value that is the same for all rows may still have something for each: its
/// elements depend on the batch size, or it has the batch in two dimensions.
static bool tells_rows(olstm__traits traits, const olstm__row_value* input,
                       size_t index) {
  if (input->before > 0 || is_shape_input(traits, index)) return false;
  return input->is_sized || (input->at[0].dtype != OLSTM_DTYPE_UNDEFINED &&
                             input->at[0].rank > 0 && olstm__row_axis(input) == -2);
}

bool olstm__row_picks(const olstm__program_node* node) {
  return (traits_of(node) & OLSTM__TRAIT_PICKS) != 0;
}

bool olstm__row_is_sized(const olstm__program_node* node, const olstm__row_value* inputs,
                         const olstm__row_value* output) {
  const olstm__traits traits = traits_of(node);
  const olstm__traits rows = traits & OLSTM__TRAIT_ROWS;
  if (rows == OLSTM__TRAIT_ROWS_SHAPE) return olstm__row_axis(&inputs[0]) != -1;
  for (size_t i = 0; i < node->input_count; i++) {
    if (!inputs[i].is_sized) continue;
    if (!is_shape_input(traits, i)) return true;
    // What one element is repeated to is the same for all rows; what several are, or
    // what a number of them is taken of, is not.
    const int32_t axis = olstm__row_axis(output);
    if (rows == OLSTM__TRAIT_ROWS_SLICE && axis != -1) return true;
    if (rows == OLSTM__TRAIT_ROWS_TILE &&
        (axis == -2 || (axis >= 0 && inputs[0].at[0].dims[axis] != 1))) {
      return true;
    }
  }
  return false;
}

olstm__row_verdict olstm__row_judge(const olstm__program_node* node,
                                    const olstm__row_value* inputs,
                                    olstm__row_value* outputs, olstm_text* out_reason) {
  const olstm__traits traits = traits_of(node);
  const olstm__traits rows = traits & OLSTM__TRAIT_ROWS;
  if (!is_builtin(node->callbacks)) {
    return say(OLSTM__ROWS_UNKNOWN, out_reason, "it is no operator of olstm's");
  }
  for (size_t o = 0; o < node->output_count && rows != OLSTM__TRAIT_ROWS_SHAPE; o++) {
    if (node->outputs[o] == OLSTM__NO_VALUE) continue;
    if (rows != OLSTM__TRAIT_ROWS_DATA &&
        outputs[o].at[0].dtype != OLSTM_DTYPE_UNDEFINED &&
        outputs[o].at[1].dtype != OLSTM_DTYPE_UNDEFINED) {
      continue;
    }
    return say(OLSTM__ROWS_UNKNOWN, out_reason, "its result depends on the data of all");
  }
  if (rows == OLSTM__TRAIT_ROWS_SHAPE) {
    outputs[0].is_sized = true;
    return OLSTM__ROWS_APART;
  }
  for (size_t i = 0; i < node->input_count; i++) {
    if (!tells_rows(traits, &inputs[i], i)) continue;
    return say(OLSTM__ROWS_UNKNOWN, out_reason,
               "it reads what depends on how many rows there are");
  }
  if (rows == OLSTM__TRAIT_ROWS_RESHAPE && inputs[0].before > 0) {
    return reshape(&inputs[0], &outputs[0], out_reason);
  }
  olstm__row_verdict verdict = check_axes(node, traits, inputs, out_reason);
  if (verdict == OLSTM__ROWS_APART) {
    verdict = check_own(node, traits, inputs, outputs, out_reason);
  }
  if (verdict != OLSTM__ROWS_APART) return verdict;
  return pass_on(node, inputs, outputs, out_reason);
}
