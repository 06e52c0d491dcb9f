#include "op/lstm/lstm_shapes.h"

#include <string.h>

/// One check in progress.
typedef struct checker {
  const olstm_node* node;
  const olstm__lstm_attributes* attributes;
  const olstm_tensor_desc* const* descs;
  olstm__lstm_sizes sizes;
  olstm_error* error;
} checker;

/// What a dimension is the size of: steps, rows, inputs, directions, hidden units, or a
/// number of values for each hidden unit.
typedef enum size_role {
  kAnySize,
  kSteps,
  kBatch,
  kInputSize,
  kDirections,
  kHiddenSize,
  kGates,
  kBiases,
  kPeepholes
} size_role;

/// An expected shape; OLSTM__SIZE_UNKNOWN matches any size.
typedef struct expected_shape {
  int32_t rank;
  size_role roles[3];
  int64_t dims[3];
} expected_shape;

static olstm_text expected_text(const expected_shape* expected) {
  olstm_text result = {"["};
  size_t used = 1;
  for (int32_t d = 0; d < expected->rank; d++) {
    const char* comma = d ? "," : "";
    if (expected->dims[d] == OLSTM__SIZE_UNKNOWN) {
      used +=
          (size_t)snprintf(result.text + used, sizeof result.text - used, "%s?", comma);
    } else {
      used += (size_t)snprintf(result.text + used, sizeof result.text - used,
                               "%s%" PRId64, comma, expected->dims[d]);
    }
  }
  (void)snprintf(result.text + used, sizeof result.text - used, "]");
  return result;
}

static int64_t times(int64_t factor, int64_t size) {
  return size == OLSTM__SIZE_UNKNOWN ? size : factor * size;
}

static int64_t size_of(const checker* check, size_role role) {
  const olstm__lstm_sizes* sizes = &check->sizes;
  const int64_t gates = olstm__cell_gate_count(check->attributes->spec.cell);
  switch (role) {
    case kSteps:
      return sizes->steps;
    case kBatch:
      return sizes->batch;
    case kInputSize:
      return sizes->input_size;
    case kDirections:
      return check->attributes->spec.direction_count;
    case kHiddenSize:
      return sizes->hidden_size;
    case kGates:
      return times(gates, sizes->hidden_size);
    case kBiases:
      return times(2 * gates, sizes->hidden_size);
    case kPeepholes:
      return times(3, sizes->hidden_size);
    default:
      return OLSTM__SIZE_UNKNOWN;
  }
}

static expected_shape make_expected(const checker* check, int32_t rank,
                                    const size_role* roles) {
  expected_shape expected = {.rank = rank};
  for (int32_t d = 0; d < rank; d++) {
    expected.roles[d] = roles[d];
    expected.dims[d] = size_of(check, roles[d]);
  }
  return expected;
}

static bool is_batch_major(const checker* check, size_t index) {
  const olstm__lstm_layouts* layouts = &check->attributes->layouts;
  const bool is_state =
      index == OLSTM_RECURRENT_INITIAL_H || index == OLSTM_RECURRENT_INITIAL_C;
  if (index != OLSTM_RECURRENT_X && !is_state) return false;
  return (is_state ? layouts->state : layouts->x) == OLSTM__LAYOUT_BATCH_MAJOR;
}

static expected_shape expect(const checker* check, size_t index) {
  static const struct {
    int32_t rank;
    size_role time_major[3], batch_major[3];
  } kShapes[OLSTM_RECURRENT_INPUT_COUNT] = {
      [OLSTM_RECURRENT_X] = {3,
                             {kSteps, kBatch, kInputSize},
                             {kBatch, kSteps, kInputSize}},
      [OLSTM_RECURRENT_W] = {3, {kDirections, kGates, kInputSize}, {0}},
      [OLSTM_RECURRENT_R] = {3, {kDirections, kGates, kHiddenSize}, {0}},
      [OLSTM_RECURRENT_B] = {2, {kDirections, kBiases}, {0}},
      [OLSTM_RECURRENT_SEQUENCE_LENS] = {1, {kBatch}, {0}},
      [OLSTM_RECURRENT_INITIAL_H] = {3,
                                     {kDirections, kBatch, kHiddenSize},
                                     {kBatch, kDirections, kHiddenSize}},
      [OLSTM_RECURRENT_INITIAL_C] = {3,
                                     {kDirections, kBatch, kHiddenSize},
                                     {kBatch, kDirections, kHiddenSize}},
      [OLSTM_RECURRENT_P] = {2, {kDirections, kPeepholes}, {0}},
  };
  return make_expected(check, kShapes[index].rank,
                       is_batch_major(check, index) ? kShapes[index].batch_major
                                                    : kShapes[index].time_major);
}

/// The first dimension that differs from what is expected; the rank if none does.
static int32_t find_misfit(const olstm_tensor_desc* desc,
                           const expected_shape* expected) {
  int32_t d = 0;
  while (d < expected->rank && (expected->dims[d] == OLSTM__SIZE_UNKNOWN ||
                                expected->dims[d] == desc->dims[d])) {
    d++;
  }
  return d;
}

static bool fits(const olstm_tensor_desc* desc, const expected_shape* expected) {
  return desc->rank == expected->rank && find_misfit(desc, expected) == expected->rank;
}

static const char* direction_name(const olstm__lstm_spec* spec) {
  if (spec->direction_count == 2) return "bidirectional";
  return spec->is_reverse[0] ? "reverse" : "forward";
}

/// Describes where the expected size comes from.
static void describe_origin(const checker* check, size_t index,
                            const expected_shape* expected, char* out, size_t bytes) {
  const olstm_tensor_desc* desc = check->descs[index];
  const olstm_tensor_desc* x = check->descs[OLSTM_RECURRENT_X];
  const olstm_tensor_desc* w = check->descs[OLSTM_RECURRENT_W];
  const size_role role = desc->rank == expected->rank
                             ? expected->roles[find_misfit(desc, expected)]
                             : kHiddenSize;
  out[0] = '\0';
  if (role == kDirections) {
    (void)snprintf(out, bytes, " from direction=%s",
                   direction_name(&check->attributes->spec));
  } else if (role == kSteps || role == kBatch || index == OLSTM_RECURRENT_SEQUENCE_LENS) {
    if (x) (void)snprintf(out, bytes, " from X %s", olstm_shape_text(x).text);
  } else if (index == OLSTM_RECURRENT_X) {
    if (w) (void)snprintf(out, bytes, " from W %s", olstm_shape_text(w).text);
  } else if (check->attributes->hidden_size > 0) {
    (void)snprintf(out, bytes, " from hidden_size=%" PRId64,
                   check->attributes->hidden_size);
  } else if (check->sizes.hidden_size != OLSTM__SIZE_UNKNOWN) {
    (void)snprintf(out, bytes, " from a hidden size of %" PRId64,
                   check->sizes.hidden_size);
  }
}

static olstm_status fail_shape(const checker* check, size_t index,
                               const expected_shape* expected) {
  char origin[256];
  describe_origin(check, index, expected, origin, sizeof origin);
  return olstm_fail(check->error, OLSTM_STATUS_SHAPE_MISMATCH,
                    "%s '%s': %s has shape %s, expected %s%s%s", check->node->op_type,
                    check->node->name, olstm_recurrent_input_name(index),
                    olstm_shape_text(check->descs[index]).text,
                    expected_text(expected).text, origin,
                    is_batch_major(check, index) ? " (batch first)" : "");
}

static olstm_status check_dtypes(checker* check, uint64_t dtypes) {
  olstm_dtype* dtype = &check->sizes.dtype;
  size_t teller = 0;
  for (size_t i = 0; i < OLSTM_RECURRENT_INPUT_COUNT; i++) {
    if (!check->descs[i] || i == OLSTM_RECURRENT_SEQUENCE_LENS) continue;
    const olstm_dtype own = check->descs[i]->dtype;
    if (*dtype != OLSTM_DTYPE_UNDEFINED && own != *dtype) {
      return olstm_fail(check->error, OLSTM_STATUS_DTYPE_MISMATCH,
                        "%s '%s': %s has dtype %s, expected %s as %s has",
                        check->node->op_type, check->node->name,
                        olstm_recurrent_input_name(i), olstm_dtype_name(own),
                        olstm_dtype_name(*dtype), olstm_recurrent_input_name(teller));
    }
    if (own <= 0 || own >= 64 || !(dtypes & OLSTM_DTYPE_BIT(own))) {
      return olstm_fail(check->error, OLSTM_STATUS_DTYPE_MISMATCH,
                        "%s '%s': %s has dtype %s, which opset %d has no %s for",
                        check->node->op_type, check->node->name,
                        olstm_recurrent_input_name(i), olstm_dtype_name(own),
                        (int)check->node->opset_version, check->node->op_type);
    }
    if (*dtype == OLSTM_DTYPE_UNDEFINED) teller = i;
    *dtype = own;
  }
  const olstm_tensor_desc* lens = check->descs[OLSTM_RECURRENT_SEQUENCE_LENS];
  if (lens && lens->dtype != OLSTM_DTYPE_INT32 && lens->dtype != OLSTM_DTYPE_INT64) {
    return olstm_fail(check->error, OLSTM_STATUS_DTYPE_MISMATCH,
                      "%s '%s': sequence_lens has dtype %s, expected int32",
                      check->node->op_type, check->node->name,
                      olstm_dtype_name(lens->dtype));
  }
  return OLSTM_STATUS_OK;
}

/// H: from hidden_size, else R, else W.
static olstm_status find_hidden_size(checker* check) {
  const int64_t gates = olstm__cell_gate_count(check->attributes->spec.cell);
  const olstm_tensor_desc* r = check->descs[OLSTM_RECURRENT_R];
  const olstm_tensor_desc* w = check->descs[OLSTM_RECURRENT_W];
  int64_t* hidden = &check->sizes.hidden_size;
  const expected_shape any = make_expected(check, 3, (size_role[]){kDirections, 0, 0});
  if (check->attributes->hidden_size > 0) {
    *hidden = check->attributes->hidden_size;
    if (*hidden > INT32_MAX) {
      return olstm_fail(check->error, OLSTM_STATUS_UNSUPPORTED,
                        "%s '%s': hidden_size is %" PRId64 ", expected at most %d",
                        check->node->op_type, check->node->name, *hidden, INT32_MAX);
    }
    return OLSTM_STATUS_OK;
  }
  if (r) {
    if (!fits(r, &any)) return fail_shape(check, OLSTM_RECURRENT_R, &any);
    *hidden = r->dims[2];
  } else if (w) {
    if (!fits(w, &any)) return fail_shape(check, OLSTM_RECURRENT_W, &any);
    *hidden = w->dims[1] / gates;
  } else {
    return OLSTM_STATUS_OK;
  }
  if (*hidden >= 1 && *hidden <= INT32_MAX) return OLSTM_STATUS_OK;
  return olstm_fail(check->error, OLSTM_STATUS_SHAPE_MISMATCH,
                    "%s '%s': %s has shape %s, which makes a hidden size of %" PRId64,
                    check->node->op_type, check->node->name, r ? "R" : "W",
                    olstm_shape_text(r ? r : w).text, *hidden);
}

/// I from W, which is the model's, before X, which is the caller's; T and N from X.
static olstm_status find_input_size(checker* check) {
  const olstm_tensor_desc* x = check->descs[OLSTM_RECURRENT_X];
  const olstm_tensor_desc* w = check->descs[OLSTM_RECURRENT_W];
  const bool batch_major = is_batch_major(check, OLSTM_RECURRENT_X);
  if (w && w->rank == 3) check->sizes.input_size = w->dims[2];
  if (!x) return OLSTM_STATUS_OK;
  const expected_shape expected = expect(check, OLSTM_RECURRENT_X);
  if (x->rank != expected.rank) return fail_shape(check, OLSTM_RECURRENT_X, &expected);
  for (int32_t d = 0; d < x->rank; d++) {
    if (x->dims[d] >= 0) continue;
    return olstm_fail(check->error, OLSTM_STATUS_SHAPE_MISMATCH,
                      "%s '%s': X has shape %s, expected no negative dimension",
                      check->node->op_type, check->node->name, olstm_shape_text(x).text);
  }
  check->sizes.steps = x->dims[batch_major ? 1 : 0];
  check->sizes.batch = x->dims[batch_major ? 0 : 1];
  if (check->sizes.steps > INT32_MAX || check->sizes.batch > INT32_MAX) {
    return olstm_fail(check->error, OLSTM_STATUS_UNSUPPORTED,
                      "%s '%s': X has shape %s, expected at most %d steps and rows",
                      check->node->op_type, check->node->name, olstm_shape_text(x).text,
                      INT32_MAX);
  }
  if (check->sizes.input_size == OLSTM__SIZE_UNKNOWN)
    check->sizes.input_size = x->dims[2];
  return OLSTM_STATUS_OK;
}

olstm_status olstm__lstm_shapes_check(const olstm_node* node,
                                      const olstm__lstm_attributes* attributes,
                                      uint64_t dtypes,
                                      const olstm_tensor_desc* const* descs,
                                      olstm__lstm_sizes* out_sizes, olstm_error* error) {
  // W and R come first: the expected sizes of the other tensors come from them.
  static const uint8_t kOrder[OLSTM_RECURRENT_INPUT_COUNT] = {
      OLSTM_RECURRENT_R,         OLSTM_RECURRENT_W,
      OLSTM_RECURRENT_X,         OLSTM_RECURRENT_B,
      OLSTM_RECURRENT_INITIAL_H, OLSTM_RECURRENT_INITIAL_C,
      OLSTM_RECURRENT_P,         OLSTM_RECURRENT_SEQUENCE_LENS};
  checker check = {node, attributes, descs, {0}, error};
  check.sizes =
      (olstm__lstm_sizes){OLSTM__SIZE_UNKNOWN, OLSTM__SIZE_UNKNOWN, OLSTM__SIZE_UNKNOWN,
                          OLSTM__SIZE_UNKNOWN, OLSTM_DTYPE_UNDEFINED};
  OLSTM_RETURN_IF_ERROR(check_dtypes(&check, dtypes));
  OLSTM_RETURN_IF_ERROR(find_hidden_size(&check));
  OLSTM_RETURN_IF_ERROR(find_input_size(&check));
  for (size_t i = 0; i < OLSTM_RECURRENT_INPUT_COUNT; i++) {
    const size_t index = kOrder[i];
    const expected_shape expected = expect(&check, index);
    if (!descs[index] || fits(descs[index], &expected)) continue;
    return fail_shape(&check, index, &expected);
  }
  *out_sizes = check.sizes;
  return OLSTM_STATUS_OK;
}

bool olstm__lstm_output_desc(const olstm__lstm_attributes* attributes,
                             const olstm__lstm_sizes* sizes, size_t index,
                             olstm_tensor_desc* out_desc) {
  const int64_t d = attributes->spec.direction_count;
  const int64_t t = sizes->steps;
  const int64_t n = sizes->batch;
  const int64_t h = sizes->hidden_size;
  const bool batch_major = attributes->layouts.state == OLSTM__LAYOUT_BATCH_MAJOR;
  size_t bytes = 0;
  *out_desc = (olstm_tensor_desc){sizes->dtype, 0, {0}};
  if (index == OLSTM_RECURRENT_Y) {
    const int64_t dims[][4] = {
        [OLSTM__LAYOUT_TIME_MAJOR] = {t, d, n, h},
        [OLSTM__LAYOUT_BATCH_MAJOR] = {n, t, d, h},
        [OLSTM__LAYOUT_TIME_MAJOR_CONCATENATED] = {t, n, d, h},
    };
    out_desc->rank = 4;
    memcpy(out_desc->dims, dims[attributes->layouts.y], sizeof dims[0]);
  } else {
    const int64_t dims[2][3] = {{d, n, h}, {n, d, h}};
    out_desc->rank = 3;
    memcpy(out_desc->dims, dims[batch_major], sizeof dims[0]);
  }
  return olstm_tensor_desc_bytes(out_desc, &bytes);
}
