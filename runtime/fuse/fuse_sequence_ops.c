#include "runtime/fuse/fuse_sequence_ops.h"

#include <string.h>

#include "runtime/fuse/fuse_add.h"
#include "runtime/fuse/fuse_dims.h"
#include "runtime/fuse/fuse_match.h"
#include "runtime/fuse/fuse_sequence_split.h"

/// The sequence that is the node's first input: olstm__sequence_handle has checked it.
static const olstm__sequence* first_of(const olstm__sequence_pass* pass, int32_t node) {
  return olstm__sequence_of(pass,
                            olstm__graph_node_input(olstm__sequence_node(pass, node), 0));
}

// ---------------------------------------------------------------- adding nodes

static int32_t add_join(olstm__graph* graph, const char* name, int32_t value,
                        int64_t axis, bool new_axis) {
  olstm_attribute* attributes = olstm__graph_allocate(graph, 2, sizeof *attributes);
  int32_t output = olstm__graph_add_value(graph, OLSTM__VALUE_NODE, name);
  if (!attributes || output == OLSTM__NO_VALUE) return OLSTM__NO_VALUE;
  attributes[0] =
      (olstm_attribute){.name = "axis", .kind = OLSTM_ATTRIBUTE_INT, .i = axis};
  attributes[1] =
      (olstm_attribute){.name = "new_axis", .kind = OLSTM_ATTRIBUTE_INT, .i = new_axis};
  const olstm__graph_node made = {.kind = OLSTM__NODE_OPERATOR,
                                  .name = name,
                                  .op_type = "JoinSteps",
                                  .domain = OLSTM__FUSED_DOMAIN,
                                  .opset_version = OLSTM__FUSED_OPSET,
                                  .attribute_count = 2,
                                  .attributes = attributes,
                                  .input_count = 1,
                                  .inputs = &value,
                                  .output_count = 1,
                                  .outputs = &output};
  return olstm__graph_add_node(graph, &made) == OLSTM__NO_VALUE ? OLSTM__NO_VALUE
                                                                : output;
}

// ---------------------------------------------------------------- making sequences

static olstm_status construct(olstm__sequence_pass* pass, int32_t node) {
  olstm__sequence* made = NULL;
  const olstm__graph_node* of = olstm__sequence_node(pass, node);
  OLSTM_RETURN_IF_ERROR(olstm__sequence_make(pass, of->own_input_count, &made));
  made->count = 0;
  for (size_t i = 0; i < of->own_input_count; i++) {
    if (of->inputs[i] == OLSTM__NO_VALUE) continue;
    made->parts[made->count++] =
        (olstm__sequence_part){.kind = OLSTM__PART_ONE, .value = of->inputs[i]};
  }
  return olstm__sequence_note(pass, node, made);
}

/// A position in a sequence: a part, and how many of its tensors come before, from the
/// end when that is negative.
typedef struct part_position {
  size_t part;
  int64_t step;
} part_position;

/// Finds tensor `index`, from the end when it is negative; is_gap: what stands before it,
/// or the end. False when the sequence has fewer, or that many is not known.
static bool locate(const olstm__sequence* sequence, int64_t index, bool is_gap,
                   part_position* out) {
  const olstm__sequence_part* parts = sequence->parts;
  const size_t count = sequence->count;
  if (index >= 0) {
    size_t p = 0;
    while (index > 0 && p < count && parts[p].kind == OLSTM__PART_ONE) p++, index--;
    *out = (part_position){p, index};
    if (is_gap) return index == 0;
    return p < count && (parts[p].kind == OLSTM__PART_ONE ||
                         (parts[p].kind == OLSTM__PART_STEPS && p + 1 == count));
  }
  size_t p = count;
  while (index < -1 && p > 0 && parts[p - 1].kind == OLSTM__PART_ONE) p--, index++;
  if (p == 0) return false;
  *out = (part_position){p - 1, index};
  return (parts[p - 1].kind == OLSTM__PART_ONE && index == -1) ||
         (!is_gap && parts[p - 1].kind == OLSTM__PART_STEPS && p == 1);
}

/// Reads the constant position of a node and finds it; without one, it is the end, or the
/// last tensor.
static olstm_status find_position(const olstm__sequence_pass* pass, int32_t node,
                                  size_t slot, bool is_gap, part_position* out) {
  const olstm__graph_node* of = olstm__sequence_node(pass, node);
  const olstm__sequence* sequence = first_of(pass, node);
  const int32_t given = olstm__graph_node_input(of, slot);
  int64_t index = -1;
  *out = (part_position){0, 0};
  if (given == OLSTM__NO_VALUE && is_gap) {
    *out = (part_position){sequence->count, 0};
    return OLSTM_STATUS_OK;
  }
  const olstm_tensor* number = olstm__sequence_integers(pass, given);
  if (given != OLSTM__NO_VALUE &&
      (!number || olstm_tensor_desc_count(&number->desc) != 1 ||
       !olstm__match_whole_element(number, 0, &index))) {
    return olstm__sequence_refuse(pass, of, "position '%s' is computed",
                                  pass->graph->values[given].info.name);
  }
  if (locate(sequence, index, is_gap, out)) return OLSTM_STATUS_OK;
  for (size_t p = 0; p < sequence->count; p++) {
    if (sequence->parts[p].kind == OLSTM__PART_ONE) continue;
    return olstm__sequence_refuse(pass, of,
                                  "position %lld may be anywhere in what a Loop or Split "
                                  "has made",
                                  (long long)index);
  }
  return olstm_fail(pass->error, OLSTM_STATUS_INVALID_VALUE,
                    "%s '%s': position is %lld in a sequence of %zu", of->op_type,
                    of->name, (long long)index, sequence->count);
}

/// The sequence with one part more at `at`, or, when `added` is NULL, one less. One that
/// nobody else reads is changed in place, so that a long row of insertions stays linear.
static olstm_status edit(olstm__sequence_pass* pass, int32_t node, size_t at,
                         const olstm__sequence_part* added) {
  const int32_t given = olstm__sequence_node(pass, node)->inputs[0];
  const olstm__graph_value* value = &pass->graph->values[given];
  olstm__sequence *from = pass->known[given], *made = from;
  const size_t count = from->count + 1 - (added ? 0 : 2);
  const bool is_sole = value->use_count == 1 && value->output_use_count == 0;
  if (!is_sole || from->capacity < count) {
    OLSTM_RETURN_IF_ERROR(olstm__sequence_make(pass, is_sole ? 2 * count : count, &made));
    if (from->count > 0) {
      memcpy(made->parts, from->parts, at * sizeof *made->parts);
    }
  }
  const size_t behind = added ? at : at + 1;
  if (from->count > behind) {
    memmove(made->parts + at + (added ? 1 : 0), from->parts + behind,
            (from->count - behind) * sizeof *made->parts);
  }
  if (added) made->parts[at] = *added;
  made->count = count;
  return olstm__sequence_note(pass, node, made);
}

static olstm_status insert(olstm__sequence_pass* pass, int32_t node) {
  const olstm__sequence_part added = {
      .kind = OLSTM__PART_ONE,
      .value = olstm__graph_node_input(olstm__sequence_node(pass, node), 1)};
  part_position at;
  OLSTM_RETURN_IF_ERROR(find_position(pass, node, 2, true, &at));
  return edit(pass, node, at.part, &added);
}

static olstm_status erase(olstm__sequence_pass* pass, int32_t node) {
  part_position at;
  OLSTM_RETURN_IF_ERROR(find_position(pass, node, 1, false, &at));
  if (first_of(pass, node)->parts[at.part].kind != OLSTM__PART_ONE) {
    return olstm__sequence_refuse(pass, olstm__sequence_node(pass, node),
                                  "it takes a step from what a Loop or Split has made");
  }
  return edit(pass, node, at.part, NULL);
}

// ---------------------------------------------------------------- reading

/// Gives the users of a node's output a tensor instead. NO_VALUE: there was no memory.
static olstm_status replace(const olstm__sequence_pass* pass, int32_t node,
                            int32_t value) {
  const int32_t output = olstm__graph_node_output(olstm__sequence_node(pass, node), 0);
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(pass->graph, pass->error));
  if (output != OLSTM__NO_VALUE) olstm__graph_replace_uses(pass->graph, output, value);
  return OLSTM_STATUS_OK;
}

/// An index as a scalar, or as a list of one.
static int32_t shape_index(const olstm__sequence_pass* pass, int32_t node, int32_t index,
                           bool is_list) {
  const bool is_scalar =
      index == pass->counter || olstm__dim_rank_of(pass->graph, index) == 0;
  if (is_scalar && is_list) {
    return olstm__fuse_add_axis_node(pass->graph, "Unsqueeze", index, 0);
  }
  if (is_scalar) return index;
  static const int64_t kOne[] = {1};
  const int32_t inputs[] = {index, olstm__fuse_add_numbers(pass->graph, is_list, kOne)};
  return olstm__graph_add_operator(
      pass->graph,
      olstm__graph_format(pass->graph, "%s/position",
                          olstm__sequence_node(pass, node)->name),
      "Reshape", OLSTM__FUSE_OPSET, NULL, 2, inputs);
}

/// A step of a part, as the tensor that it is in the sequence.
static int32_t take_step(const olstm__sequence_pass* pass, int32_t node,
                         const olstm__sequence_part* part, int32_t index) {
  const bool is_list = part->has_kept && part->kept == part->axis;
  const int32_t taken = olstm__fuse_add_gather(
      pass->graph, olstm__sequence_node(pass, node)->name, part->value,
      shape_index(pass, node, index, is_list), part->axis);
  return part->has_kept && !is_list
             ? olstm__fuse_add_axis_node(pass->graph, "Unsqueeze", taken, part->kept)
             : taken;
}

static olstm_status at(olstm__sequence_pass* pass, int32_t node) {
  const olstm__sequence* sequence = first_of(pass, node);
  const int32_t index = olstm__graph_node_input(olstm__sequence_node(pass, node), 1);
  part_position position;
  if (sequence->count == 1 && sequence->parts[0].kind == OLSTM__PART_STEPS) {
    return replace(pass, node, take_step(pass, node, &sequence->parts[0], index));
  }
  OLSTM_RETURN_IF_ERROR(find_position(pass, node, 1, false, &position));
  const olstm__sequence_part* part = &sequence->parts[position.part];
  if (part->kind == OLSTM__PART_ONE) return replace(pass, node, part->value);
  return replace(
      pass, node,
      take_step(pass, node, part, olstm__fuse_add_number(pass->graph, position.step)));
}

static olstm_status length(olstm__sequence_pass* pass, int32_t node) {
  olstm__graph* graph = pass->graph;
  const olstm__sequence* sequence = first_of(pass, node);
  const char* name = olstm__sequence_node(pass, node)->name;
  int64_t ones = 0;
  int32_t sum = OLSTM__NO_VALUE;
  for (size_t p = 0; p < sequence->count; p++) {
    const olstm__sequence_part* part = &sequence->parts[p];
    if (part->kind == OLSTM__PART_BEFORE) {
      return olstm__sequence_refuse(pass, olstm__sequence_node(pass, node),
                                    "it counts what a Loop has collected so far");
    }
    if (part->kind == OLSTM__PART_ONE) {
      ones++;
      continue;
    }
    const int32_t shape =
        olstm__graph_add_operator(graph, olstm__graph_format(graph, "%s/shape", name),
                                  "Shape", OLSTM__FUSE_OPSET, NULL, 1, &part->value);
    const int32_t steps =
        olstm__fuse_add_gather(graph, olstm__graph_format(graph, "%s/steps", name), shape,
                               olstm__fuse_add_number(graph, part->axis), 0);
    sum = sum == OLSTM__NO_VALUE
              ? steps
              : olstm__graph_add_operator(graph, name, "Add", OLSTM__FUSE_OPSET, NULL, 2,
                                          (int32_t[]){sum, steps});
  }
  if (ones > 0 || sum == OLSTM__NO_VALUE) {
    const int32_t number = olstm__fuse_add_number(graph, ones);
    sum = sum == OLSTM__NO_VALUE
              ? number
              : olstm__graph_add_operator(graph, name, "Add", OLSTM__FUSE_OPSET, NULL, 2,
                                          (int32_t[]){sum, number});
  }
  return replace(pass, node, sum);
}

/// How a ConcatFromSequence joins.
typedef struct joining {
  int64_t axis;
  bool new_axis;
} joining;

/// The steps of a part along the first axis, without a dimension of 1 more: *value. False
/// when the rank of `value` is not known and would have to be.
static bool lay_in_front(const olstm__sequence_pass* pass, int32_t node,
                         olstm__sequence_part* part) {
  const int32_t rank = olstm__dim_rank_of(pass->graph, part->value);
  if (part->axis != 0) {
    if (part->axis < 0 || part->axis >= rank) return false;
    part->value =
        olstm__fuse_add_move(pass->graph, olstm__sequence_node(pass, node)->name,
                             part->value, rank, part->axis, 0);
    part->axis = 0;
  }
  if (part->has_kept) {
    if (part->kept < 0) return false;
    part->value =
        olstm__fuse_add_axis_node(pass->graph, "Unsqueeze", part->value, part->kept + 1);
    part->has_kept = false;
  }
  return true;
}

/// The steps of a part, joined.
static olstm_status join_steps(const olstm__sequence_pass* pass, int32_t node,
                               olstm__sequence_part part, joining how, int32_t* out) {
  olstm__graph* graph = pass->graph;
  const int32_t rank = olstm__dim_rank_of(graph, part.value);
  // A step has as many dimensions as all of them together, with new_axis.
  const int32_t joined = rank < 0 ? -1 : rank - (part.has_kept || how.new_axis ? 0 : 1);
  if (how.axis < 0 && rank >= 0) {
    how.axis += joined + (how.new_axis && part.has_kept ? 1 : 0);
  }
  if (part.has_kept && !how.new_axis && part.kept == how.axis) {
    part.has_kept = false;
    how.new_axis = true;
  }
  *out = part.value;
  if (how.new_axis && !part.has_kept && part.axis == how.axis) return OLSTM_STATUS_OK;
  if (!lay_in_front(pass, node, &part)) {
    return olstm__sequence_refuse(
        pass, olstm__sequence_node(pass, node),
        "axis %lld of tensors with an unknown number of dimensions, of which it is not "
        "known whether it is the axis that they were split along",
        (long long)how.axis);
  }
  const int32_t whole = olstm__dim_rank_of(graph, part.value);
  if (how.new_axis && how.axis == 0) {
    *out = part.value;
  } else if (how.new_axis && how.axis > 0 && how.axis < whole) {
    *out = olstm__fuse_add_move(graph, olstm__sequence_node(pass, node)->name, part.value,
                                whole, 0, how.axis);
  } else {
    *out = add_join(graph, olstm__sequence_node(pass, node)->name, part.value, how.axis,
                    how.new_axis);
  }
  return OLSTM_STATUS_OK;
}

static olstm_status concatenate(olstm__sequence_pass* pass, int32_t node) {
  olstm__graph* graph = pass->graph;
  const olstm__sequence* sequence = first_of(pass, node);
  const olstm__graph_node* of = olstm__sequence_node(pass, node);
  const olstm_attribute* axis = olstm__graph_find_attribute(of, "axis");
  if (!axis || axis->kind != OLSTM_ATTRIBUTE_INT || sequence->count == 0) {
    return olstm_fail(pass->error, OLSTM_STATUS_INVALID_MODEL, "%s '%s': %s", of->op_type,
                      of->name,
                      axis ? "a sequence without tensors cannot be concatenated"
                           : "attribute 'axis' is missing");
  }
  const joining how = {axis->i, olstm__match_int(of, "new_axis", 0) != 0};
  // Charged as a sequence: as many nodes may read one.
  olstm__sequence* pieces = NULL;
  OLSTM_RETURN_IF_ERROR(olstm__sequence_make(pass, sequence->count, &pieces));
  int32_t* inputs = olstm__graph_allocate(graph, sequence->count, sizeof *inputs);
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(graph, pass->error));
  for (size_t p = 0; p < sequence->count; p++) {
    const olstm__sequence_part* part = &sequence->parts[p];
    if (part->kind == OLSTM__PART_BEFORE) {
      return olstm__sequence_refuse(pass, olstm__sequence_node(pass, node),
                                    "it reads what a Loop has collected so far");
    }
    inputs[p] = part->value;
    if (part->kind == OLSTM__PART_STEPS) {
      OLSTM_RETURN_IF_ERROR(join_steps(pass, node, *part, how, &inputs[p]));
    } else if (how.new_axis) {
      inputs[p] = olstm__fuse_add_axis_node(graph, "Unsqueeze", part->value, how.axis);
    }
  }
  if (sequence->count == 1 && sequence->parts[0].kind == OLSTM__PART_STEPS) {
    return replace(pass, node, inputs[0]);
  }
  return replace(pass, node,
                 olstm__graph_add_operator(graph, olstm__sequence_node(pass, node)->name,
                                           "Concat", OLSTM__FUSE_OPSET,
                                           olstm__fuse_axis_attribute(graph, how.axis),
                                           sequence->count, inputs));
}

// ---------------------------------------------------------------- the table

/// A node that makes, changes or reads sequences.
typedef struct sequence_node {
  const char* op_type;
  size_t least_inputs, most_inputs;
  /// Whether input 0 is a sequence.
  bool takes_sequence;
  const char* attributes[2];
  olstm_status (*handle)(olstm__sequence_pass* pass, int32_t node);
} sequence_node;

static const sequence_node kNodes[] = {
    {"SequenceEmpty", 0, 0, false, {"dtype"}, construct},
    {"SequenceConstruct", 1, SIZE_MAX, false, {NULL}, construct},
    {"SequenceInsert", 2, 3, true, {NULL}, insert},
    {"SequenceErase", 1, 2, true, {NULL}, erase},
    {"SequenceAt", 2, 2, true, {NULL}, at},
    {"SequenceLength", 1, 1, true, {NULL}, length},
    {"SplitToSequence", 1, 2, false, {"axis", "keepdims"}, olstm__sequence_split},
    {"ConcatFromSequence", 1, 1, true, {"axis", "new_axis"}, concatenate},
};

static const sequence_node* find_row(const olstm__graph_node* node) {
  for (size_t i = 0; i < sizeof kNodes / sizeof kNodes[0]; i++) {
    if (olstm__match_is(node, kNodes[i].op_type)) return &kNodes[i];
  }
  return NULL;
}

bool olstm__sequence_handles(const olstm__graph_node* node) {
  return find_row(node) != NULL;
}

static olstm_status check_attributes(const olstm__sequence_pass* pass,
                                     const sequence_node* row,
                                     const olstm__graph_node* node) {
  for (size_t a = 0; a < node->attribute_count; a++) {
    const olstm_attribute* attribute = &node->attributes[a];
    bool is_known = false;
    for (size_t k = 0; k < 2 && row->attributes[k]; k++) {
      is_known = is_known || strcmp(row->attributes[k], attribute->name) == 0;
    }
    if (is_known && attribute->kind == OLSTM_ATTRIBUTE_INT) continue;
    return olstm_fail(pass->error, OLSTM_STATUS_INVALID_MODEL,
                      is_known ? "%s '%s': attribute '%s' is no integer"
                               : "%s '%s': unknown attribute '%s'",
                      node->op_type, node->name, attribute->name);
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__sequence_handle(olstm__sequence_pass* pass, int32_t node) {
  const olstm__graph_node* of = olstm__sequence_node(pass, node);
  const sequence_node* row = find_row(of);
  size_t given = of->own_input_count;
  const bool is_list = row->most_inputs == SIZE_MAX;
  while (!is_list && given > row->least_inputs &&
         of->inputs[given - 1] == OLSTM__NO_VALUE) {
    given--;
  }
  if (given < row->least_inputs || given > row->most_inputs || of->output_count != 1) {
    return olstm_fail(pass->error, OLSTM_STATUS_INVALID_MODEL,
                      "%s '%s': has %zu inputs and %zu outputs", of->op_type, of->name,
                      given, of->output_count);
  }
  OLSTM_RETURN_IF_ERROR(check_attributes(pass, row, of));
  for (size_t i = 0; i < given; i++) {
    const int32_t value = of->inputs[i];
    const bool expected = row->takes_sequence && i == 0;
    if (value == OLSTM__NO_VALUE && (is_list || i < row->least_inputs)) {
      return olstm_fail(pass->error, OLSTM_STATUS_INVALID_MODEL,
                        "%s '%s': input %zu is missing", of->op_type, of->name, i);
    }
    if ((olstm__sequence_of(pass, value) != NULL) == expected) continue;
    return olstm_fail(pass->error, OLSTM_STATUS_INVALID_MODEL,
                      expected ? "%s '%s': input '%s' is a tensor, expected a sequence"
                               : "%s '%s': input '%s' is a sequence, expected a tensor",
                      of->op_type, of->name, pass->graph->values[value].info.name);
  }
  return row->handle(pass, node);
}
