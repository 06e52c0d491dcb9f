#include "runtime/fuse/fuse_align.h"

#include <string.h>

#include "op/builtin.h"
#include "runtime/fuse/fuse_dims.h"
#include "runtime/fuse/fuse_match.h"

enum { kStateRank = 2, kMaxAttributes = 4 };

/// Of a value as it is given: a state may lack the dimension.
static int64_t row_axis(olstm__align_role role) {
  return role == OLSTM__ALIGN_STATE ? -kStateRank : 1;
}

static bool is_number(const olstm__dim_symbol* symbol, int64_t number) {
  return symbol->root == OLSTM__NO_VALUE && symbol->number == number;
}

static bool is_role_of_rank(const olstm__graph* graph, const olstm__aligned* value) {
  const int32_t rank = olstm__dim_rank_of(graph, value->value);
  if (value->role == OLSTM__ALIGN_SEQUENCE) return rank == 3;
  if (value->role == OLSTM__ALIGN_STATE) return rank >= 0 && rank <= kStateRank;
  if (rank != 3) return rank == 2;
  const olstm__dim_symbol last = olstm__dim_symbol_of(graph, value->value, 2);
  return is_number(&last, 1);
}

bool olstm__can_align(const olstm__graph* graph, const olstm__aligned* values,
                      size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (!is_role_of_rank(graph, &values[i])) return false;
  }
  return true;
}

static olstm__dim_symbol rows_of(const olstm__graph* graph, const olstm__aligned* value) {
  const int32_t missing = value->role == OLSTM__ALIGN_STATE
                              ? kStateRank - olstm__dim_rank_of(graph, value->value)
                              : 0;
  return missing > 0 ? (olstm__dim_symbol){OLSTM__NO_VALUE, 0, 1}
                     : olstm__dim_symbol_of(graph, value->value,
                                            value->role == OLSTM__ALIGN_STATE ? 0 : 1);
}

/// Whether a value is known to have the rows of X, and whatever else it must have.
static bool fits(const olstm__graph* graph, const olstm__aligned* x,
                 const olstm__aligned* value, int64_t hidden) {
  const olstm__dim_symbol expected = rows_of(graph, x), rows = rows_of(graph, value);
  if (!olstm__dim_symbol_equal(&rows, &expected)) return false;
  if (value->role == OLSTM__ALIGN_MASK) {
    const olstm__dim_symbol steps = olstm__dim_symbol_of(graph, x->value, 0);
    const olstm__dim_symbol given = olstm__dim_symbol_of(graph, value->value, 0);
    return olstm__dim_symbol_equal(&steps, &given);
  }
  if (value->role != OLSTM__ALIGN_STATE ||
      olstm__dim_rank_of(graph, value->value) != kStateRank) {
    return value->role != OLSTM__ALIGN_STATE;
  }
  const olstm__dim_symbol units = olstm__dim_symbol_of(graph, value->value, 1);
  return is_number(&units, hidden);
}

/// Whether X may have one row where another value has more.
static bool may_lack_rows(const olstm__graph* graph, const olstm__aligned* values,
                          size_t count) {
  const olstm__dim_symbol rows = rows_of(graph, &values[0]);
  if (rows.root == OLSTM__NO_VALUE && rows.number != 1) return false;
  for (size_t i = 1; i < count; i++) {
    const olstm__dim_symbol other = rows_of(graph, &values[i]);
    if (!is_number(&other, 1) && !olstm__dim_symbol_equal(&other, &rows)) return true;
  }
  return false;
}

static olstm_attribute ints(const char* name, const int64_t* values, size_t count) {
  return (olstm_attribute){
      .name = name, .kind = OLSTM_ATTRIBUTE_INTS, .count = count, .ints = values};
}

/// The attributes of the Align of a value whose rows are dimension `axis`.
static const olstm_attribute* make_attributes(olstm__graph* graph,
                                              const olstm__aligned* inputs, size_t count,
                                              int64_t axis, int64_t hidden,
                                              size_t* out_count) {
  static const int64_t kSteps[] = {0, 0};
  olstm_attribute* made = olstm__graph_allocate(graph, kMaxAttributes, sizeof *made);
  int64_t* axes = olstm__graph_allocate(graph, count, sizeof *axes);
  if (!made || !axes) return NULL;
  for (size_t i = 0; i < count; i++) axes[i] = i ? row_axis(inputs[i].role) : axis;
  *out_count = 0;
  made[(*out_count)++] = ints("row_axes", axes, count);
  if (inputs[0].role == OLSTM__ALIGN_MASK) {
    made[(*out_count)++] = ints("step_axes", kSteps, 2);
  }
  if (inputs[0].role == OLSTM__ALIGN_STATE) {
    made[(*out_count)++] =
        (olstm_attribute){.name = "units", .kind = OLSTM_ATTRIBUTE_INT, .i = hidden};
    made[(*out_count)++] =
        (olstm_attribute){.name = "rank", .kind = OLSTM_ATTRIBUTE_INT, .i = kStateRank};
  }
  return made;
}

/// Align of `value`, which is values[index] or what stands before it, with rows along
/// `axis`; its second input is X. NO_VALUE when there is no memory.
static int32_t add_align(olstm__graph* graph, const char* name, int32_t value,
                         int64_t axis, int64_t hidden, const olstm__aligned* values,
                         size_t count, size_t index) {
  olstm__aligned listed[OLSTM__ALIGN_MOST + 1] = {values[index]};
  int32_t inputs[OLSTM__ALIGN_MOST + 1] = {value};
  size_t attribute_count = 0, input_count = 1;
  for (size_t i = 0; i < count; i++) {
    if (i == index) continue;
    listed[input_count] = values[i];
    inputs[input_count++] = values[i].value;
  }
  const olstm_attribute* attributes =
      make_attributes(graph, listed, input_count, axis, hidden, &attribute_count);
  const char* text = olstm__graph_format(graph, "%s/aligned_%zu", name, index);
  int32_t output = olstm__graph_add_value(graph, OLSTM__VALUE_NODE, text);
  if (!attributes || !text || output == OLSTM__NO_VALUE) return OLSTM__NO_VALUE;
  const olstm__graph_node made = {.kind = OLSTM__NODE_OPERATOR,
                                  .name = text,
                                  .op_type = "Align",
                                  .domain = OLSTM__FUSED_DOMAIN,
                                  .opset_version = OLSTM__FUSED_OPSET,
                                  .attribute_count = attribute_count,
                                  .attributes = attributes,
                                  .input_count = input_count,
                                  .inputs = inputs,
                                  .output_count = 1,
                                  .outputs = &output};
  return olstm__graph_add_node(graph, &made) == OLSTM__NO_VALUE ? OLSTM__NO_VALUE
                                                                : output;
}

/// A Transpose before X stays next to the layer, which takes its place later.
static int32_t align_sequence(olstm__graph* graph, const char* name,
                              const olstm__aligned* values, size_t count) {
  const olstm__graph_node* transpose = olstm__graph_producer(graph, values[0].value);
  if (!olstm__match_swaps_sequence(transpose)) {
    return add_align(graph, name, values[0].value, row_axis(values[0].role), 0, values,
                     count, 0);
  }
  const int32_t aligned = add_align(graph, name, olstm__graph_node_input(transpose, 0), 0,
                                    0, values, count, 0);
  return olstm__graph_add_swap(graph, olstm__graph_format(graph, "%s/X", name), aligned);
}

bool olstm__fuse_align(olstm__graph* graph, const char* name, int64_t hidden,
                       olstm__aligned* values, size_t count) {
  const bool all = may_lack_rows(graph, values, count);
  int32_t aligned[OLSTM__ALIGN_MOST];
  for (size_t i = 0; i < count; i++) {
    aligned[i] = values[i].value;
    if (i > 0 && (all || !fits(graph, &values[0], &values[i], hidden))) {
      aligned[i] = add_align(graph, name, values[i].value, row_axis(values[i].role),
                             hidden, values, count, i);
    }
  }
  if (all) aligned[0] = align_sequence(graph, name, values, count);
  for (size_t i = 0; i < count; i++) {
    if (aligned[i] == OLSTM__NO_VALUE) return false;
    values[i].value = aligned[i];
  }
  return true;
}
