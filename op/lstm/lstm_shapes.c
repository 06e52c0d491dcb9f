#include "op/lstm/lstm_shapes.h"

#include <string.h>

static const char* const kInputNames[OLSTM__LSTM_INPUT_COUNT] = {
    "X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"};

// One check in progress.
typedef struct checker {
  const olstm_node* node;
  const olstm__lstm_attributes* attributes;
  const olstm_tensor_desc* const* descs;
  olstm__lstm_sizes sizes;
  olstm_error* error;
} checker;

// What a shape has to be; OLSTM__SIZE_UNKNOWN fits everything.
typedef struct expected_shape {
  int32_t rank;
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

// origin: ", from what" the expectation comes, or "".
static olstm_status fail_shape(const checker* check, size_t index,
                               const expected_shape* expected, const char* origin) {
  return olstm_fail(check->error, OLSTM_STATUS_SHAPE_MISMATCH,
                    "%s '%s': %s has shape %s, expected %s%s", check->node->op_type,
                    check->node->name, kInputNames[index],
                    olstm_shape_text(check->descs[index]).text,
                    expected_text(expected).text, origin);
}

static bool fits(const olstm_tensor_desc* desc, const expected_shape* expected) {
  if (desc->rank != expected->rank) return false;
  for (int32_t d = 0; d < expected->rank; d++) {
    if (expected->dims[d] != OLSTM__SIZE_UNKNOWN && expected->dims[d] != desc->dims[d]) {
      return false;
    }
  }
  return true;
}

static olstm_status check_dtypes(checker* check, uint64_t dtypes) {
  olstm_dtype* dtype = &check->sizes.dtype;
  size_t teller = 0;
  for (size_t i = 0; i < OLSTM__LSTM_INPUT_COUNT; i++) {
    if (!check->descs[i] || i == OLSTM__LSTM_SEQUENCE_LENS) continue;
    const olstm_dtype own = check->descs[i]->dtype;
    if (*dtype != OLSTM_DTYPE_UNDEFINED && own != *dtype) {
      return olstm_fail(check->error, OLSTM_STATUS_DTYPE_MISMATCH,
                        "%s '%s': %s has dtype %s, expected %s as %s has",
                        check->node->op_type, check->node->name, kInputNames[i],
                        olstm_dtype_name(own), olstm_dtype_name(*dtype),
                        kInputNames[teller]);
    }
    if (own <= 0 || own >= 64 || !(dtypes & OLSTM_DTYPE_BIT(own))) {
      return olstm_fail(check->error, OLSTM_STATUS_DTYPE_MISMATCH,
                        "%s '%s': %s has dtype %s, which opset %d has no %s for",
                        check->node->op_type, check->node->name, kInputNames[i],
                        olstm_dtype_name(own), (int)check->node->opset_version,
                        check->node->op_type);
    }
    if (*dtype == OLSTM_DTYPE_UNDEFINED) teller = i;
    *dtype = own;
  }
  const olstm_tensor_desc* lens = check->descs[OLSTM__LSTM_SEQUENCE_LENS];
  if (lens && lens->dtype != OLSTM_DTYPE_INT32) {
    return olstm_fail(check->error, OLSTM_STATUS_DTYPE_MISMATCH,
                      "%s '%s': sequence_lens has dtype %s, expected int32",
                      check->node->op_type, check->node->name,
                      olstm_dtype_name(lens->dtype));
  }
  return OLSTM_STATUS_OK;
}

// H: from hidden_size, else R, else W.
static olstm_status find_hidden(checker* check) {
  const int64_t gates = olstm__cell_gate_count(check->attributes->spec.cell);
  const int64_t directions = check->attributes->spec.direction_count;
  const olstm_tensor_desc* r = check->descs[OLSTM__LSTM_R];
  const olstm_tensor_desc* w = check->descs[OLSTM__LSTM_W];
  int64_t* hidden = &check->sizes.hidden;
  const expected_shape any = {3, {directions, OLSTM__SIZE_UNKNOWN, OLSTM__SIZE_UNKNOWN}};
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
    if (!fits(r, &any)) return fail_shape(check, OLSTM__LSTM_R, &any, "");
    *hidden = r->dims[2];
  } else if (w) {
    if (!fits(w, &any)) return fail_shape(check, OLSTM__LSTM_W, &any, "");
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

// I from W, which is the model's, before X, which is the caller's; T and N from X.
static olstm_status find_inputs(checker* check) {
  const olstm_tensor_desc* x = check->descs[OLSTM__LSTM_X];
  const olstm_tensor_desc* w = check->descs[OLSTM__LSTM_W];
  const bool batch_major = check->attributes->layouts.x == OLSTM__LAYOUT_BATCH_MAJOR;
  const expected_shape any_x = {
      3, {OLSTM__SIZE_UNKNOWN, OLSTM__SIZE_UNKNOWN, OLSTM__SIZE_UNKNOWN}};
  if (w && w->rank == 3) check->sizes.inputs = w->dims[2];
  if (!x) return OLSTM_STATUS_OK;
  if (!fits(x, &any_x)) return fail_shape(check, OLSTM__LSTM_X, &any_x, "");
  check->sizes.steps = x->dims[batch_major ? 1 : 0];
  check->sizes.rows = x->dims[batch_major ? 0 : 1];
  if (check->sizes.steps > INT32_MAX || check->sizes.rows > INT32_MAX) {
    return olstm_fail(check->error, OLSTM_STATUS_UNSUPPORTED,
                      "%s '%s': X has shape %s, expected at most %d steps and rows",
                      check->node->op_type, check->node->name, olstm_shape_text(x).text,
                      INT32_MAX);
  }
  if (check->sizes.inputs == OLSTM__SIZE_UNKNOWN) check->sizes.inputs = x->dims[2];
  return OLSTM_STATUS_OK;
}

static int64_t times(int64_t factor, int64_t size) {
  return size == OLSTM__SIZE_UNKNOWN ? size : factor * size;
}

static expected_shape expect(const checker* check, size_t index) {
  const olstm__lstm_sizes* sizes = &check->sizes;
  const int64_t gates = olstm__cell_gate_count(check->attributes->spec.cell);
  const int64_t d = check->attributes->spec.direction_count;
  const bool batch_major = check->attributes->layouts.state == OLSTM__LAYOUT_BATCH_MAJOR;
  const bool x_batch_major = check->attributes->layouts.x == OLSTM__LAYOUT_BATCH_MAJOR;
  const expected_shape shapes[OLSTM__LSTM_INPUT_COUNT] = {
      [OLSTM__LSTM_X] = {3,
                         {x_batch_major ? sizes->rows : sizes->steps,
                          x_batch_major ? sizes->steps : sizes->rows, sizes->inputs}},
      [OLSTM__LSTM_W] = {3, {d, times(gates, sizes->hidden), sizes->inputs}},
      [OLSTM__LSTM_R] = {3, {d, times(gates, sizes->hidden), sizes->hidden}},
      [OLSTM__LSTM_B] = {2, {d, times(2 * gates, sizes->hidden)}},
      [OLSTM__LSTM_SEQUENCE_LENS] = {1, {sizes->rows}},
      [OLSTM__LSTM_INITIAL_H] = {3,
                                 {batch_major ? sizes->rows : d,
                                  batch_major ? d : sizes->rows, sizes->hidden}},
      [OLSTM__LSTM_INITIAL_C] = {3,
                                 {batch_major ? sizes->rows : d,
                                  batch_major ? d : sizes->rows, sizes->hidden}},
      [OLSTM__LSTM_P] = {2, {d, times(3, sizes->hidden)}},
  };
  return shapes[index];
}

// Where the expectation comes from, in words.
static void describe_origin(const checker* check, size_t index, char* out, size_t bytes) {
  const olstm_tensor_desc* w = check->descs[OLSTM__LSTM_W];
  out[0] = '\0';
  if (index == OLSTM__LSTM_X) {
    if (w) (void)snprintf(out, bytes, " from W %s", olstm_shape_text(w).text);
  } else if (index == OLSTM__LSTM_SEQUENCE_LENS) {
    (void)snprintf(out, bytes, " from X");
  } else if (check->attributes->hidden_size > 0) {
    (void)snprintf(out, bytes, " from hidden_size=%" PRId64,
                   check->attributes->hidden_size);
  } else {
    (void)snprintf(out, bytes, " from a hidden size of %" PRId64, check->sizes.hidden);
  }
}

olstm_status olstm__lstm_shapes_check(const olstm_node* node,
                                      const olstm__lstm_attributes* attributes,
                                      uint64_t dtypes,
                                      const olstm_tensor_desc* const* descs,
                                      olstm__lstm_sizes* out_sizes, olstm_error* error) {
  // W and R come first: a wrong one of them makes everything else look wrong.
  static const uint8_t kOrder[OLSTM__LSTM_INPUT_COUNT] = {
      OLSTM__LSTM_R,         OLSTM__LSTM_W,
      OLSTM__LSTM_X,         OLSTM__LSTM_B,
      OLSTM__LSTM_INITIAL_H, OLSTM__LSTM_INITIAL_C,
      OLSTM__LSTM_P,         OLSTM__LSTM_SEQUENCE_LENS};
  checker check = {node, attributes, descs, {0}, error};
  check.sizes =
      (olstm__lstm_sizes){OLSTM__SIZE_UNKNOWN, OLSTM__SIZE_UNKNOWN, OLSTM__SIZE_UNKNOWN,
                          OLSTM__SIZE_UNKNOWN, OLSTM_DTYPE_UNDEFINED};
  OLSTM_RETURN_IF_ERROR(check_dtypes(&check, dtypes));
  OLSTM_RETURN_IF_ERROR(find_hidden(&check));
  OLSTM_RETURN_IF_ERROR(find_inputs(&check));
  for (size_t i = 0; i < OLSTM__LSTM_INPUT_COUNT; i++) {
    const size_t index = kOrder[i];
    const expected_shape expected = expect(&check, index);
    char origin[256];
    if (!descs[index] || fits(descs[index], &expected)) continue;
    describe_origin(&check, index, origin, sizeof origin);
    return fail_shape(&check, index, &expected, origin);
  }
  *out_sizes = check.sizes;
  return OLSTM_STATUS_OK;
}

bool olstm__lstm_output_desc(const olstm__lstm_attributes* attributes,
                             const olstm__lstm_sizes* sizes, size_t index,
                             olstm_tensor_desc* out_desc) {
  const int64_t d = attributes->spec.direction_count;
  const int64_t t = sizes->steps;
  const int64_t n = sizes->rows;
  const int64_t h = sizes->hidden;
  const bool batch_major = attributes->layouts.state == OLSTM__LAYOUT_BATCH_MAJOR;
  size_t bytes = 0;
  *out_desc = (olstm_tensor_desc){sizes->dtype, 0, {0}};
  if (index == OLSTM__LSTM_Y) {
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
