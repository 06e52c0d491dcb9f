#include "runtime/fuse/fuse_match.h"

#include <string.h>

enum {
  kMaxSteps = 64,
  /// The opset of added Squeeze and Unsqueeze nodes: axes are attributes.
  kAxesOpset = 11,
  /// The first opset in which LSTM, GRU and RNN have their present meaning.
  kRecurrentOpset = 7
};

bool olstm__match_is(const olstm__graph_node* node, const char* op_type) {
  return node && node->kind == OLSTM__NODE_OPERATOR && !node->domain[0] &&
         strcmp(node->op_type, op_type) == 0;
}

bool olstm__match_is_fused(const olstm__graph_node* node, const char* op_type) {
  return node && node->kind == OLSTM__NODE_OPERATOR &&
         strcmp(node->domain, OLSTM__FUSED_DOMAIN) == 0 &&
         strcmp(node->op_type, op_type) == 0;
}

int64_t olstm__match_int(const olstm__graph_node* node, const char* name,
                         int64_t fallback) {
  const olstm_attribute* attribute = olstm__graph_find_attribute(node, name);
  return attribute && attribute->kind == OLSTM_ATTRIBUTE_INT ? attribute->i : fallback;
}

static int32_t skip(const olstm__graph* graph, int32_t value, bool and_casts) {
  for (int step = 0; step < kMaxSteps; step++) {
    const olstm__graph_node* node =
        olstm__graph_producer_of_type(graph, value, "Identity");
    if (!node && and_casts) node = olstm__graph_producer_of_type(graph, value, "Cast");
    if (!node) break;
    value = olstm__graph_node_input(node, 0);
  }
  return value;
}

int32_t olstm__match_skip_identity(const olstm__graph* graph, int32_t value) {
  return skip(graph, value, false);
}

int32_t olstm__match_skip_casts(const olstm__graph* graph, int32_t value) {
  return skip(graph, value, true);
}

static bool element_of(const olstm_tensor* tensor, int64_t index, double* out_number) {
  switch (tensor->desc.dtype) {
    case OLSTM_DTYPE_FLOAT:
      *out_number = ((const float*)tensor->data)[index];
      return true;
    case OLSTM_DTYPE_DOUBLE:
      *out_number = ((const double*)tensor->data)[index];
      return true;
    case OLSTM_DTYPE_INT32:
      *out_number = ((const int32_t*)tensor->data)[index];
      return true;
    case OLSTM_DTYPE_INT64:
      *out_number = (double)((const int64_t*)tensor->data)[index];
      return true;
    default:
      return false;
  }
}

bool olstm__match_scalar(const olstm__graph* graph, int32_t value, double* out_number) {
  const olstm_tensor* tensor = olstm__graph_constant(graph, value);
  return tensor && olstm_tensor_desc_count(&tensor->desc) == 1 &&
         element_of(tensor, 0, out_number);
}

bool olstm__match_cell_scalar(const olstm__graph* graph, int32_t value,
                              double* out_number) {
  const olstm_tensor* tensor = olstm__graph_constant(graph, value);
  return tensor && tensor->desc.rank <= 2 &&
         olstm__match_scalar(graph, value, out_number);
}

bool olstm__match_has_no_dims(const olstm__graph* graph, int32_t value) {
  const olstm_tensor* tensor = olstm__graph_constant(graph, value);
  return tensor && tensor->desc.rank == 0;
}

bool olstm__match_whole_element(const olstm_tensor* tensor, int64_t index,
                                int64_t* out_number) {
  const double kMost = 9007199254740992.0;  // 2^53: exact in a double
  double number = 0.0;
  if (tensor->desc.dtype == OLSTM_DTYPE_INT64) {
    *out_number = ((const int64_t*)tensor->data)[index];
    return true;
  }
  if (!element_of(tensor, index, &number) || !(number >= -kMost && number <= kMost)) {
    return false;
  }
  *out_number = (int64_t)number;
  return (double)*out_number == number;
}

bool olstm__match_scalar_int(const olstm__graph* graph, int32_t value,
                             int64_t* out_number) {
  const olstm_tensor* tensor = olstm__graph_constant(graph, value);
  return tensor && olstm_tensor_desc_count(&tensor->desc) == 1 &&
         olstm__match_whole_element(tensor, 0, out_number);
}

bool olstm__match_binary(const olstm__graph* graph, int32_t value, const char* op_type,
                         int32_t out_operands[2]) {
  const olstm__graph_node* node = olstm__graph_producer_of_type(
      graph, olstm__match_skip_identity(graph, value), op_type);
  if (!node || node->own_input_count != 2) return false;
  out_operands[0] = olstm__match_skip_identity(graph, node->inputs[0]);
  out_operands[1] = olstm__match_skip_identity(graph, node->inputs[1]);
  return true;
}

bool olstm__match_int_attribute(const olstm__graph_node* node, const char* name,
                                int64_t fallback, int64_t value) {
  const olstm_attribute* attribute = olstm__graph_find_attribute(node, name);
  if (!attribute) return fallback == value;
  return attribute->kind == OLSTM_ATTRIBUTE_INT && attribute->i == value;
}

/// Reads an attribute that is a list of one integer.
static bool one_int(const olstm_attribute* attribute, int64_t* out_number) {
  if (attribute->kind != OLSTM_ATTRIBUTE_INTS || attribute->count != 1) return false;
  *out_number = attribute->ints[0];
  return true;
}

bool olstm__match_one_axis(const olstm__graph* graph, const olstm__graph_node* node,
                           int64_t* out_axis) {
  const olstm_attribute* axes = olstm__graph_find_attribute(node, "axes");
  if (!axes)
    return olstm__match_scalar_int(graph, olstm__graph_node_input(node, 1), out_axis);
  return one_int(axes, out_axis);
}

bool olstm__match_axes(const olstm__graph* graph, const olstm__graph_node* node,
                       int64_t out_axes[OLSTM_MAX_RANK], size_t* out_count) {
  const olstm_attribute* listed = olstm__graph_find_attribute(node, "axes");
  const olstm_tensor* given =
      olstm__graph_constant(graph, olstm__graph_node_input(node, 1));
  if (listed ? listed->kind != OLSTM_ATTRIBUTE_INTS : !given) return false;
  *out_count = listed ? listed->count : (size_t)olstm_tensor_desc_count(&given->desc);
  if (*out_count == 0 || *out_count > OLSTM_MAX_RANK) return false;
  for (size_t i = 0; i < *out_count; i++) {
    if (listed) out_axes[i] = listed->ints[i];
    if (!listed && !olstm__match_whole_element(given, (int64_t)i, &out_axes[i])) {
      return false;
    }
  }
  return true;
}

/// Element k of one of a Slice's lists, an attribute or an input; `fallback` where there
/// is none.
static bool slice_number(const olstm__graph* graph, const olstm__graph_node* node,
                         const char* name, size_t slot, int64_t k, int64_t fallback,
                         int64_t* out_number) {
  const olstm_attribute* list = olstm__graph_find_attribute(node, name);
  const int32_t input = olstm__graph_node_input(node, slot);
  const olstm_tensor* tensor = olstm__graph_constant(graph, input);
  *out_number = fallback;
  if (list) {
    if (list->kind != OLSTM_ATTRIBUTE_INTS || (uint64_t)k >= list->count) return false;
    *out_number = list->ints[k];
    return true;
  }
  if (input == OLSTM__NO_VALUE) return true;
  return tensor && k < olstm_tensor_desc_count(&tensor->desc) &&
         olstm__match_whole_element(tensor, k, out_number);
}

bool olstm__match_slice_of(const olstm__graph* graph, const olstm__graph_node* node,
                           olstm__match_slice* out_slice) {
  const olstm_attribute* starts = olstm__graph_find_attribute(node, "starts");
  const olstm_tensor* given =
      olstm__graph_constant(graph, olstm__graph_node_input(node, 1));
  const int64_t count = starts  ? (int64_t)starts->count
                        : given ? olstm_tensor_desc_count(&given->desc)
                                : 0;
  bool cuts = false;
  for (int64_t k = 0; k < count && k < OLSTM_MAX_RANK; k++) {
    olstm__match_slice one;
    int64_t step = 1;
    if (!slice_number(graph, node, "starts", 1, k, 0, &one.start) ||
        !slice_number(graph, node, "ends", 2, k, INT64_MIN, &one.end) ||
        !slice_number(graph, node, "axes", 3, k, k, &one.axis) ||
        !slice_number(graph, node, "steps", 4, k, 1, &step) || step != 1 ||
        one.end == INT64_MIN) {
      return false;
    }
    // Axes that are taken as they are do not count.
    const bool is_whole = one.start == 0 && one.end >= INT32_MAX;
    if (is_whole && count > 1) continue;
    if (cuts) return false;
    cuts = true;
    *out_slice = one;
  }
  return cuts;
}

bool olstm__match_slice_of_one(const olstm__graph* graph, const olstm__graph_node* node,
                               int64_t* out_axis, int64_t* out_index) {
  olstm__match_slice slice;
  if (!olstm__match_slice_of(graph, node, &slice) || slice.start < -INT32_MAX)
    return false;
  *out_axis = slice.axis;
  *out_index = slice.start;
  return slice.start == -1 ? slice.end >= INT32_MAX : slice.end == slice.start + 1;
}

bool olstm__match_is_recurrent(const olstm__graph_node* node) {
  const olstm_attribute* layout = olstm__graph_find_attribute(node, "layout");
  return olstm__graph_node_has(node, OLSTM__TRAIT_RECURRENT) && !node->domain[0] &&
         node->opset_version >= kRecurrentOpset && (!layout || layout->i == 0);
}

bool olstm__match_has_perm(const olstm__graph_node* node, const int64_t* perm,
                           size_t count) {
  const olstm_attribute* attribute = olstm__graph_find_attribute(node, "perm");
  return attribute && attribute->kind == OLSTM_ATTRIBUTE_INTS &&
         attribute->count == count &&
         memcmp(attribute->ints, perm, count * sizeof *perm) == 0;
}

bool olstm__match_swaps_sequence(const olstm__graph_node* node) {
  static const int64_t kSwap[] = {1, 0, 2};
  return olstm__match_is(node, "Transpose") && olstm__match_has_perm(node, kSwap, 3);
}

// ---------------------------------------------------------------- activations

static float float_attribute(const olstm__graph_node* node, const char* name,
                             float fallback) {
  const olstm_attribute* attribute = olstm__graph_find_attribute(node, name);
  return attribute && attribute->kind == OLSTM_ATTRIBUTE_FLOAT ? attribute->f : fallback;
}

static bool single_node_activation(const olstm__graph* graph, int32_t value,
                                   olstm__match_activation* out, int32_t* out_inner) {
  const olstm__graph_node* node = olstm__graph_producer(graph, value);
  olstm__function_parameters of;
  if (!node || !olstm__graph_node_has(node, OLSTM__TRAIT_CELL_ACTIVATION) ||
      !olstm__builtin_function(node->op_type, &of)) {
    return false;
  }
  *out = (olstm__match_activation){node->op_type, of.alpha_name != NULL,
                                   of.beta_name != NULL, of.alpha, of.beta};
  if (out->takes_alpha) out->alpha = float_attribute(node, of.alpha_name, of.alpha);
  if (out->takes_beta) out->beta = float_attribute(node, of.beta_name, of.beta);
  *out_inner = olstm__match_skip_identity(graph, olstm__graph_node_input(node, 0));
  return true;
}

/// Matches a binary operator with a constant of one element as either operand.
static bool with_scalar(const olstm__graph* graph, int32_t value, const char* op_type,
                        double* out_number, int32_t* out_other) {
  int32_t operands[2];
  if (!olstm__match_binary(graph, value, op_type, operands)) return false;
  for (int i = 0; i < 2; i++) {
    if (olstm__match_cell_scalar(graph, operands[i], out_number)) {
      *out_other = operands[1 - i];
      return true;
    }
  }
  return false;
}

/// Matches a Clip, with bounds as attributes or inputs, or Min and Max in either order.
static bool clipped(const olstm__graph* graph, int32_t value, double* low, double* high,
                    int32_t* out_inner) {
  const olstm__graph_node* clip = olstm__graph_producer_of_type(
      graph, olstm__match_skip_identity(graph, value), "Clip");
  int32_t middle = OLSTM__NO_VALUE;
  if (clip && olstm__graph_find_attribute(clip, "max")) {
    *low = float_attribute(clip, "min", -1.0F);
    *high = float_attribute(clip, "max", -1.0F);
    *out_inner = olstm__match_skip_identity(graph, olstm__graph_node_input(clip, 0));
    return true;
  }
  if (clip) {
    *out_inner = olstm__match_skip_identity(graph, olstm__graph_node_input(clip, 0));
    return olstm__match_scalar(graph, olstm__graph_node_input(clip, 1), low) &&
           olstm__match_scalar(graph, olstm__graph_node_input(clip, 2), high);
  }
  if (with_scalar(graph, value, "Max", low, &middle)) {
    return with_scalar(graph, middle, "Min", high, out_inner);
  }
  return with_scalar(graph, value, "Min", high, &middle) &&
         with_scalar(graph, middle, "Max", low, out_inner);
}

/// Keras 2: min(max(0.2 x + 0.5, 0), 1).
static bool hard_sigmoid_by_bounds(const olstm__graph* graph, int32_t value,
                                   double* alpha, double* beta, int32_t* out_inner) {
  double low = 0.0, high = 0.0;
  int32_t line = OLSTM__NO_VALUE, product = OLSTM__NO_VALUE;
  return clipped(graph, value, &low, &high, &line) && low == 0.0 && high == 1.0 &&
         with_scalar(graph, line, "Add", beta, &product) &&
         with_scalar(graph, product, "Mul", alpha, out_inner);
}

/// Keras 3: relu6(x + 3) / 6.
static bool hard_sigmoid_by_relu6(const olstm__graph* graph, int32_t value, double* alpha,
                                  double* beta, int32_t* out_inner) {
  double low = 0.0, high = 0.0, shift = 0.0, divisor = 0.0;
  int32_t operands[2], sum = OLSTM__NO_VALUE;
  if (!olstm__match_binary(graph, value, "Div", operands) ||
      !olstm__match_cell_scalar(graph, operands[1], &divisor) || !(divisor > 0.0) ||
      !clipped(graph, operands[0], &low, &high, &sum) || low != 0.0 || high != divisor ||
      !with_scalar(graph, sum, "Add", &shift, out_inner)) {
    return false;
  }
  *alpha = 1.0 / divisor;
  *beta = shift / divisor;
  return true;
}

void olstm__match_activation_of(const olstm__graph* graph, int32_t value,
                                olstm__match_activation* out_activation,
                                int32_t* out_inner) {
  double alpha = 0.0, beta = 0.0;
  value = olstm__match_skip_identity(graph, value);
  if (single_node_activation(graph, value, out_activation, out_inner)) return;
  if (hard_sigmoid_by_bounds(graph, value, &alpha, &beta, out_inner) ||
      hard_sigmoid_by_relu6(graph, value, &alpha, &beta, out_inner)) {
    *out_activation =
        (olstm__match_activation){"HardSigmoid", true, true, (float)alpha, (float)beta};
    return;
  }
  *out_activation = (olstm__match_activation){"Affine", true, true, 1.0F, 0.0F};
  *out_inner = value;
}

// ---------------------------------------------------------------- conditions

static bool is_true(const olstm__graph* graph, int32_t value) {
  const olstm_tensor* constant = olstm__graph_constant(graph, value);
  return constant && constant->desc.dtype == OLSTM_DTYPE_BOOL &&
         olstm_tensor_desc_count(&constant->desc) == 1 && *(const bool*)constant->data;
}

bool olstm__match_terms(const olstm__graph* graph, int32_t value, size_t capacity,
                        int32_t* out_terms, size_t* out_count) {
  // The list holds finished terms, then values that are still to be split.
  size_t done = 0, count = 1;
  if (capacity < count) return false;
  out_terms[0] = value;
  while (done < count) {
    int32_t operands[2];
    const int32_t next = olstm__match_skip_identity(graph, out_terms[done]);
    if (is_true(graph, next)) {
      out_terms[done] = out_terms[--count];
    } else if (olstm__match_binary(graph, next, "And", operands)) {
      if (count == capacity) return false;
      out_terms[done] = operands[0];
      out_terms[count++] = operands[1];
    } else {
      out_terms[done++] = next;
    }
  }
  *out_count = count;
  return true;
}

// ---------------------------------------------------------------- selection

/// Matches Cast(mask) or, negated, Cast(Not(mask)).
static bool mask_factor(const olstm__graph* graph, int32_t value, bool negated,
                        int32_t* out_mask) {
  const olstm__graph_node* cast = olstm__graph_producer_of_type(graph, value, "Cast");
  if (!cast) return false;
  int32_t mask = olstm__match_skip_identity(graph, olstm__graph_node_input(cast, 0));
  if (negated) {
    const olstm__graph_node* negation = olstm__graph_producer_of_type(graph, mask, "Not");
    if (!negation) return false;
    mask = olstm__match_skip_identity(graph, olstm__graph_node_input(negation, 0));
  }
  *out_mask = mask;
  return true;
}

/// Matches a product of a mask factor and another value.
static bool masked_product(const olstm__graph* graph, int32_t value, bool negated,
                           int32_t* out_mask, int32_t* out_other) {
  int32_t factors[2];
  if (!olstm__match_binary(graph, value, "Mul", factors)) return false;
  for (int i = 0; i < 2; i++) {
    if (mask_factor(graph, factors[i], negated, out_mask)) {
      *out_other = factors[1 - i];
      return true;
    }
  }
  return false;
}

static bool select_by_where(const olstm__graph* graph, int32_t value, int32_t old,
                            int32_t* out_mask, int32_t* out_new) {
  const olstm__graph_node* where = olstm__graph_producer_of_type(
      graph, olstm__match_skip_identity(graph, value), "Where");
  if (!where) return false;
  const int32_t condition =
      olstm__match_skip_identity(graph, olstm__graph_node_input(where, 0));
  const olstm__graph_node* negation =
      olstm__graph_producer_of_type(graph, condition, "Not");
  const size_t new_slot = negation ? 2 : 1;
  *out_mask =
      negation ? olstm__match_skip_identity(graph, olstm__graph_node_input(negation, 0))
               : condition;
  *out_new = olstm__match_skip_identity(graph, olstm__graph_node_input(where, new_slot));
  return olstm__match_skip_identity(graph,
                                    olstm__graph_node_input(where, 3 - new_slot)) == old;
}

bool olstm__match_select(const olstm__graph* graph, int32_t value, int32_t old,
                         int32_t* out_mask, int32_t* out_new) {
  int32_t terms[2];
  if (select_by_where(graph, value, old, out_mask, out_new)) return true;
  if (!olstm__match_binary(graph, value, "Add", terms)) return false;
  for (int i = 0; i < 2; i++) {
    int32_t kept_mask = OLSTM__NO_VALUE, kept = OLSTM__NO_VALUE;
    if (masked_product(graph, terms[i], true, &kept_mask, &kept) && kept == old &&
        masked_product(graph, terms[1 - i], false, out_mask, out_new) &&
        kept_mask == *out_mask) {
      return true;
    }
  }
  return false;
}

bool olstm__match_same_tensor(const olstm_tensor* a, const olstm_tensor* b) {
  size_t bytes = 0;
  return a == b || (a->desc.dtype == b->desc.dtype && a->desc.rank == b->desc.rank &&
                    memcmp(a->desc.dims, b->desc.dims,
                           (size_t)a->desc.rank * sizeof *a->desc.dims) == 0 &&
                    olstm_tensor_desc_bytes(&a->desc, &bytes) &&
                    (bytes == 0 || memcmp(a->data, b->data, bytes) == 0));
}

// ---------------------------------------------------------------- making

int32_t olstm__fuse_add_axis_node(olstm__graph* graph, const char* op_type, int32_t input,
                                  int64_t axis) {
  if (input == OLSTM__NO_VALUE) return OLSTM__NO_VALUE;
  const char* name =
      olstm__graph_format(graph, "%s/%s", graph->values[input].info.name, op_type);
  olstm_attribute* axes = olstm__graph_allocate(graph, 1, sizeof *axes);
  int64_t* list = olstm__graph_allocate(graph, 1, sizeof *list);
  if (!axes || !list) return OLSTM__NO_VALUE;
  *list = axis;
  *axes = (olstm_attribute){
      .name = "axes", .kind = OLSTM_ATTRIBUTE_INTS, .count = 1, .ints = list};
  return olstm__graph_add_operator(graph, name, op_type, kAxesOpset, axes, 1, &input);
}
