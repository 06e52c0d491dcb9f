#include "op/lstm/lstm_spec.h"

#include <math.h>
#include <string.h>

enum { kMaxAttributes = 10 };

static const char* const kDefaultNames[][OLSTM__MAX_ACTIVATIONS] = {
    [OLSTM__CELL_LSTM] = {"Sigmoid", "Tanh", "Tanh"},
    [OLSTM__CELL_GRU] = {"Sigmoid", "Tanh", NULL},
    [OLSTM__CELL_RNN] = {"Tanh", NULL, NULL},
};

int32_t olstm__cell_gate_count(olstm__cell cell) {
  return cell == OLSTM__CELL_LSTM ? 4 : cell == OLSTM__CELL_GRU ? 3 : 1;
}

int32_t olstm__cell_activation_count(olstm__cell cell) {
  return cell == OLSTM__CELL_LSTM ? 3 : cell == OLSTM__CELL_GRU ? 2 : 1;
}

// Error messages begin with "LSTM 'node': ".
#define FAIL(node, error, code, ...) fail_named((node), (error), (code), __VA_ARGS__)

OLSTM_PRINTF_(4, 5)
static olstm_status fail_named(const olstm_node* node, olstm_error* error,
                               olstm_status code, const char* format, ...) {
  char detail[OLSTM_ERROR_CAPACITY];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(detail, sizeof detail, format, arguments);
  va_end(arguments);
  return olstm_fail(error, code, "%s '%s': %s", node->op_type, node->name, detail);
}

/// Made by fusion, of an ONNX node of the same opset.
static bool is_fused(const olstm_node* node) {
  return strcmp(node->domain, OLSTM__FUSED_DOMAIN) == 0;
}

static olstm_status refuse_unknown_attributes(const olstm_node* node, int32_t opset,
                                              olstm__cell cell, olstm_error* error) {
  const char* names[kMaxAttributes] = {"activation_alpha", "activation_beta",
                                       "activations",      "clip",
                                       "direction",        "hidden_size"};
  size_t count = 6;
  if (cell == OLSTM__CELL_LSTM) names[count++] = "input_forget";
  if (cell == OLSTM__CELL_GRU && opset >= 3) {
    names[count++] = "linear_before_reset";
  }
  if (opset < 7) names[count++] = "output_sequence";
  if (is_fused(node)) {
    names[count++] = "x_layout";
    names[count++] = "y_layout";
  } else if (opset >= 14) {
    names[count++] = "layout";
  }
  return olstm_node_allow_attributes(node, names, count, error);
}

static olstm_status parse_direction(const olstm_node* node, olstm__lstm_spec* spec,
                                    olstm_error* error) {
  const char* direction = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_string(node, "direction", "forward", &direction, error));
  spec->direction_count = 1;
  if (strcmp(direction, "forward") == 0) return OLSTM_STATUS_OK;
  if (strcmp(direction, "reverse") == 0) {
    spec->is_reverse[0] = true;
    return OLSTM_STATUS_OK;
  }
  if (strcmp(direction, "bidirectional") == 0) {
    spec->direction_count = 2;
    spec->is_reverse[1] = true;
    return OLSTM_STATUS_OK;
  }
  return FAIL(node, error, OLSTM_STATUS_INVALID_MODEL,
              "direction is '%s', expected forward, reverse or bidirectional", direction);
}

/// An integer attribute of 0 or 1.
static olstm_status parse_flag(const olstm_node* node, const char* name, bool* out_flag,
                               olstm_error* error) {
  int64_t value = 0;
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(node, name, 0, &value, error));
  if (value != 0 && value != 1) {
    return FAIL(node, error, OLSTM_STATUS_INVALID_MODEL,
                "%s is %" PRId64 ", expected 0 or 1", name, value);
  }
  *out_flag = value == 1;
  return OLSTM_STATUS_OK;
}

static olstm_status parse_clip(const olstm_node* node, olstm__lstm_spec* spec,
                               olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(olstm_node_get_float(node, "clip", 0, &spec->clip, error));
  spec->has_clip = olstm_node_find_attribute(node, "clip") != NULL;
  if (spec->has_clip && !(isfinite(spec->clip) && spec->clip > 0)) {
    return FAIL(node, error, OLSTM_STATUS_INVALID_MODEL,
                "clip is %g, expected a finite value above 0", (double)spec->clip);
  }
  return OLSTM_STATUS_OK;
}

/// activation_alpha or activation_beta: values that are consumed in order.
typedef struct value_list {
  const char* name;
  const float* values;
  size_t count, used;
} value_list;

static olstm_status parse_values(const olstm_node* node, value_list* list,
                                 olstm_error* error) {
  const olstm_attribute* attribute = olstm_node_find_attribute(node, list->name);
  if (!attribute) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_check_attribute(node, attribute, OLSTM_ATTRIBUTE_FLOATS, error));
  list->values = attribute->floats;
  list->count = attribute->count;
  for (size_t i = 0; i < list->count; i++) {
    if (isfinite(list->values[i])) continue;
    return FAIL(node, error, OLSTM_STATUS_INVALID_MODEL,
                "%s[%zu] is %g, expected a finite value", list->name, i,
                (double)list->values[i]);
  }
  return OLSTM_STATUS_OK;
}

static void consume(value_list* list, float* value) {
  if (list->used < list->count) *value = list->values[list->used++];
}

static olstm_status check_all_used(const olstm_node* node, const value_list* list,
                                   olstm_error* error) {
  if (list->used == list->count) return OLSTM_STATUS_OK;
  return FAIL(node, error, OLSTM_STATUS_INVALID_MODEL,
              "%s has %zu values, expected at most %zu: so many of its activations take "
              "one",
              list->name, list->count, list->used);
}

/// ONNX's default for an RNN's activations has two names, even for one direction.
static bool is_rnn_default(const olstm_attribute* attribute, olstm__cell cell) {
  if (cell != OLSTM__CELL_RNN || attribute->count != 2) return false;
  return strcmp(attribute->strings[0].bytes, "Tanh") == 0 &&
         strcmp(attribute->strings[1].bytes, "Tanh") == 0;
}

static olstm_status check_activation_count(const olstm_node* node, olstm__cell cell,
                                           int32_t direction_count,
                                           const olstm_attribute* attribute,
                                           olstm_error* error) {
  const int32_t expected = olstm__cell_activation_count(cell) * direction_count;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_check_attribute(node, attribute, OLSTM_ATTRIBUTE_STRINGS, error));
  if (attribute->count == (size_t)expected || is_rnn_default(attribute, cell)) {
    return OLSTM_STATUS_OK;
  }
  return FAIL(node, error, OLSTM_STATUS_INVALID_MODEL,
              "activations has %zu names, expected %d for %d direction%s",
              attribute->count, (int)expected, (int)direction_count,
              direction_count > 1 ? "s" : "");
}

static olstm_status parse_activations(const olstm_node* node, olstm__cell cell,
                                      olstm__lstm_spec* spec, olstm_error* error) {
  const int32_t per_direction = olstm__cell_activation_count(cell);
  const olstm_attribute* attribute = olstm_node_find_attribute(node, "activations");
  value_list alphas = {"activation_alpha", NULL, 0, 0};
  value_list betas = {"activation_beta", NULL, 0, 0};
  if (attribute && attribute->kind == OLSTM_ATTRIBUTE_STRINGS && attribute->count == 0) {
    attribute = NULL;  // an empty list is how some writers leave an attribute out
  }
  if (attribute) {
    OLSTM_RETURN_IF_ERROR(
        check_activation_count(node, cell, spec->direction_count, attribute, error));
  }
  OLSTM_RETURN_IF_ERROR(parse_values(node, &alphas, error));
  OLSTM_RETURN_IF_ERROR(parse_values(node, &betas, error));
  for (int32_t d = 0; d < spec->direction_count; d++) {
    for (int32_t a = 0; a < per_direction; a++) {
      const char* name = attribute ? attribute->strings[d * per_direction + a].bytes
                                   : kDefaultNames[cell][a];
      olstm__activation* activation = &spec->activations[d][a];
      bool takes_alpha = false;
      bool takes_beta = false;
      if (!olstm__activation_find(name, activation, &takes_alpha, &takes_beta)) {
        return FAIL(node, error, OLSTM_STATUS_UNSUPPORTED, "unknown activation '%s'",
                    name);
      }
      if (takes_alpha) consume(&alphas, &activation->alpha);
      if (takes_beta) consume(&betas, &activation->beta);
    }
  }
  OLSTM_RETURN_IF_ERROR(check_all_used(node, &alphas, error));
  return check_all_used(node, &betas, error);
}

static olstm_status parse_hidden_size(const olstm_node* node, int64_t* out_hidden_size,
                                      olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(node, "hidden_size", 0, out_hidden_size, error));
  if (*out_hidden_size <= 0 && olstm_node_find_attribute(node, "hidden_size")) {
    return FAIL(node, error, OLSTM_STATUS_INVALID_MODEL,
                "hidden_size is %" PRId64 ", expected 1 or more", *out_hidden_size);
  }
  return OLSTM_STATUS_OK;
}

void olstm__lstm_spec_init(olstm__cell cell, olstm__lstm_spec* out_spec) {
  bool ignored = false;
  memset(out_spec, 0, sizeof *out_spec);
  out_spec->cell = cell;
  out_spec->direction_count = 1;
  for (int32_t a = 0; a < olstm__cell_activation_count(cell); a++) {
    (void)olstm__activation_find(kDefaultNames[cell][a], &out_spec->activations[0][a],
                                 &ignored, &ignored);
    out_spec->activations[1][a] = out_spec->activations[0][a];
  }
}

static olstm_status parse_layout(const olstm_node* node, const char* name, int64_t most,
                                 olstm__lstm_layout* out_layout, olstm_error* error) {
  int64_t value = 0;
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(node, name, 0, &value, error));
  if (value < 0 || value > most) {
    return FAIL(node, error, OLSTM_STATUS_INVALID_MODEL,
                "%s is %" PRId64 ", expected 0..%" PRId64, name, value, most);
  }
  *out_layout = (olstm__lstm_layout)value;
  return OLSTM_STATUS_OK;
}

static olstm_status parse_layouts(const olstm_node* node, olstm__lstm_layouts* layouts,
                                  olstm_error* error) {
  bool is_batch_major = false;
  if (is_fused(node)) {
    OLSTM_RETURN_IF_ERROR(parse_layout(node, "x_layout", 1, &layouts->x, error));
    return parse_layout(node, "y_layout", 2, &layouts->y, error);
  }
  OLSTM_RETURN_IF_ERROR(parse_flag(node, "layout", &is_batch_major, error));
  if (is_batch_major) {
    layouts->x = layouts->y = layouts->state = OLSTM__LAYOUT_BATCH_MAJOR;
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__lstm_attributes_parse(const olstm_node* node, int32_t opset,
                                          olstm__cell cell,
                                          olstm__lstm_attributes* out_attributes,
                                          olstm_error* error) {
  olstm__lstm_attributes parsed;
  olstm__lstm_spec* spec = &parsed.spec;
  bool output_sequence = false;
  int64_t linear_before_reset = 0;
  memset(&parsed, 0, sizeof parsed);
  olstm__lstm_spec_init(cell, spec);
  OLSTM_RETURN_IF_ERROR(refuse_unknown_attributes(node, opset, cell, error));
  OLSTM_RETURN_IF_ERROR(parse_direction(node, spec, error));
  OLSTM_RETURN_IF_ERROR(parse_activations(node, cell, spec, error));
  OLSTM_RETURN_IF_ERROR(parse_clip(node, spec, error));
  OLSTM_RETURN_IF_ERROR(parse_hidden_size(node, &parsed.hidden_size, error));
  OLSTM_RETURN_IF_ERROR(parse_flag(node, "input_forget", &spec->input_forget, error));
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(node, "linear_before_reset", 0, &linear_before_reset, error));
  spec->linear_before_reset = linear_before_reset != 0;
  OLSTM_RETURN_IF_ERROR(parse_layouts(node, &parsed.layouts, error));
  // Before opset 7: 0 means that Y may be absent, 1 that it is present.
  OLSTM_RETURN_IF_ERROR(parse_flag(node, "output_sequence", &output_sequence, error));
  if (output_sequence && !olstm_node_has_output(node, 0)) {
    return FAIL(node, error, OLSTM_STATUS_INVALID_MODEL,
                "output_sequence is 1, but output Y is missing");
  }
  *out_attributes = parsed;
  return OLSTM_STATUS_OK;
}
