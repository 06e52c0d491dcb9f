// The line of text and the tensors.
#include "tests/support/lstm_problems.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "op/math/real.h"
#include "system/aligned_memory.h"
#include "tests/support/test_main.h"

static const char* const kShortNames[OLSTM_RECURRENT_INPUT_COUNT] = {
    "X", "W", "R", "B", "lens", "h0", "c0", "P"};

// ---------------------------------------------------------------- values

static uint64_t mix(uint64_t x) {
  x += UINT64_C(0x9E3779B97F4A7C15);
  x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
  return x ^ x >> 31;
}

static uint64_t hash(int64_t seed, size_t tensor, int64_t index) {
  return mix(mix(mix((uint64_t)seed) + tensor) + (uint64_t)index);
}

double olstm_lstm_case_value(int64_t seed, size_t tensor, int64_t index) {
  return (double)(hash(seed, tensor, index) >> 53) * 0x1p-10 - 1;
}

// ---------------------------------------------------------------- the line

static olstm_attribute* add_attribute(olstm_lstm_case* layer, const char* name,
                                      int32_t kind) {
  assert_true(layer->node.attribute_count < OLSTM_LSTM_CASE_ATTRIBUTES);
  olstm_attribute* attribute = &layer->attributes[layer->node.attribute_count++];
  attribute->name = name;
  attribute->kind = kind;
  return attribute;
}

static void add_int(olstm_lstm_case* layer, const char* name, const char* value) {
  add_attribute(layer, name, OLSTM_ATTRIBUTE_INT)->i = strtoll(value, NULL, 10);
}

static size_t parse_floats(char* values, float* out) {
  size_t count = 0;
  char* rest = NULL;
  for (char* v = strtok_r(values, ",", &rest); v; v = strtok_r(NULL, ",", &rest)) {
    assert_true(count < OLSTM_LSTM_CASE_LIST);
    out[count++] = strtof(v, NULL);
  }
  return count;
}

static void add_floats(olstm_lstm_case* layer, const char* name, char* values,
                       float* storage) {
  olstm_attribute* attribute = add_attribute(layer, name, OLSTM_ATTRIBUTE_FLOATS);
  attribute->floats = storage;
  attribute->count = parse_floats(values, storage);
}

static void add_activations(olstm_lstm_case* layer, char* names) {
  olstm_attribute* attribute =
      add_attribute(layer, "activations", OLSTM_ATTRIBUTE_STRINGS);
  char* rest = NULL;
  attribute->strings = layer->strings;
  for (char* v = strtok_r(names, ",", &rest); v; v = strtok_r(NULL, ",", &rest)) {
    assert_true(attribute->count < OLSTM_LSTM_CASE_LIST);
    layer->strings[attribute->count++] = (olstm_string){v, strlen(v)};
  }
}

static void set_direction(olstm_lstm_case* layer, const char* direction) {
  olstm_attribute* attribute = add_attribute(layer, "direction", OLSTM_ATTRIBUTE_STRING);
  layer->direction = (olstm_string){direction, strlen(direction)};
  attribute->strings = &layer->direction;
  attribute->count = 1;
  layer->directions = strcmp(direction, "bidirectional") == 0 ? 2 : 1;
}

static olstm_dtype parse_dtype(const char* name) {
  for (olstm_dtype dtype = 1; dtype <= OLSTM_DTYPE_BFLOAT16; dtype++) {
    if (strcmp(olstm_dtype_name(dtype), name) == 0) return dtype;
  }
  fail_msg("no dtype '%s'", name);
  return OLSTM_DTYPE_UNDEFINED;
}

static bool parse_size(olstm_lstm_case* layer, const char* word) {
  if (word[1] < '0' || word[1] > '9') return false;
  const int64_t size = strtoll(word + 1, NULL, 10);
  if (word[0] == 'T') layer->steps = size;
  if (word[0] == 'N') layer->rows = size;
  if (word[0] == 'I') layer->inputs = size;
  if (word[0] == 'H') layer->hidden = size;
  return strchr("TNIH", word[0]) != NULL;
}

/// Inputs that are there are marked by a dtype; wrong shapes come after the right ones.
static bool parse_input(olstm_lstm_case* layer, char* word, size_t length) {
  for (size_t i = 0; i < OLSTM_RECURRENT_INPUT_COUNT; i++) {
    if (strlen(kShortNames[i]) != length || memcmp(kShortNames[i], word, length) != 0) {
      continue;
    }
    olstm_tensor_desc* desc = &layer->tensors[i].desc;
    if (word[length] == '\0' || word[length] == '=') {
      if (!desc->dtype)
        desc->dtype = i == OLSTM_RECURRENT_SEQUENCE_LENS ? OLSTM_DTYPE_INT32 : -1;
    } else {
      desc->dtype = parse_dtype(word + length + 1);
    }
    return true;
  }
  return false;
}

static bool parse_output(olstm_lstm_case* layer, const char* word) {
  static const char* const kNames[] = {"-Y", "-Yh", "-Yc"};
  for (size_t i = 0; i < OLSTM_RECURRENT_OUTPUT_COUNT; i++) {
    if (strcmp(word, kNames[i]) == 0) {
      layer->output_names[i] = "";
      return true;
    }
  }
  return false;
}

static bool parse_value(olstm_lstm_case* layer, const char* name, char* value) {
  if (strcmp(name, "act") == 0) {
    add_activations(layer, value);
  } else if (strcmp(name, "alpha") == 0) {
    add_floats(layer, "activation_alpha", value, layer->alpha);
  } else if (strcmp(name, "beta") == 0) {
    add_floats(layer, "activation_beta", value, layer->beta);
  } else if (strcmp(name, "clip") == 0) {
    add_attribute(layer, "clip", OLSTM_ATTRIBUTE_FLOAT)->f = strtof(value, NULL);
  } else if (strcmp(name, "lbr") == 0) {
    add_int(layer, "linear_before_reset", value);
  } else if (strcmp(name, "layout") == 0) {
    layer->layout = (int32_t)strtol(value, NULL, 10);
    add_int(layer, name, value);
  } else if (strcmp(name, "direction") == 0) {
    set_direction(layer, value);
  } else if (strcmp(name, "hidden_size") == 0) {
    if (strcmp(value, "none") != 0) add_int(layer, name, value);
  } else if (strcmp(name, "opset") == 0) {
    layer->node.opset_version = (int32_t)strtol(value, NULL, 10);
  } else if (strcmp(name, "seed") == 0) {
    layer->seed = strtoll(value, NULL, 10);
  } else if (strcmp(name, "dtype") == 0) {
    layer->dtype = parse_dtype(value);
  } else if (strcmp(name, "input_forget") == 0 || strcmp(name, "output_sequence") == 0) {
    add_int(layer, name, value);
  } else if (strncmp(name, "int:", 4) == 0) {
    add_int(layer, name + 4, value);
  } else {
    return false;
  }
  return true;
}

static void parse_word(olstm_lstm_case* layer, char* word) {
  const size_t name_length = strcspn(word, "=:");
  if (parse_size(layer, word) || parse_output(layer, word)) return;
  if (parse_input(layer, word, name_length)) return;
  if (strcmp(word, "forward") == 0 || strcmp(word, "reverse") == 0 ||
      strcmp(word, "bidirectional") == 0) {
    set_direction(layer, word);
    return;
  }
  if (strcmp(word, "dynamic") == 0) {
    layer->dynamic = true;
    return;
  }
  char* equals = strchr(word, '=');
  if (equals) *equals = '\0';
  if (!equals || !parse_value(layer, word, equals + 1))
    fail_msg("'%s' in '%s'", word, layer->text);
}

// ---------------------------------------------------------------- the tensors

static void set_shape(olstm_lstm_case* layer, size_t index, int32_t rank, int64_t a,
                      int64_t b, int64_t c) {
  olstm_tensor_desc* desc = &layer->tensors[index].desc;
  desc->rank = rank;
  desc->dims[0] = a;
  desc->dims[1] = b;
  desc->dims[2] = c;
  if (desc->dtype == -1) desc->dtype = layer->dtype;
}

static void set_shapes(olstm_lstm_case* layer, olstm__cell cell) {
  const int64_t d = layer->directions;
  const int64_t gates = olstm__cell_gate_count(cell) * layer->hidden;
  const int64_t n = layer->rows;
  const bool wide = layer->layout == 1;
  set_shape(layer, OLSTM_RECURRENT_X, 3, wide ? n : layer->steps, wide ? layer->steps : n,
            layer->inputs);
  set_shape(layer, OLSTM_RECURRENT_W, 3, d, gates, layer->inputs);
  set_shape(layer, OLSTM_RECURRENT_R, 3, d, gates, layer->hidden);
  set_shape(layer, OLSTM_RECURRENT_B, 2, d, 2 * gates, 0);
  set_shape(layer, OLSTM_RECURRENT_SEQUENCE_LENS, 1, n, 0, 0);
  set_shape(layer, OLSTM_RECURRENT_INITIAL_H, 3, wide ? n : d, wide ? d : n,
            layer->hidden);
  set_shape(layer, OLSTM_RECURRENT_INITIAL_C, 3, wide ? n : d, wide ? d : n,
            layer->hidden);
  set_shape(layer, OLSTM_RECURRENT_P, 2, d, 3 * layer->hidden, 0);
}

/// "W=1x16x4" among the words of the line.
static void override_shapes(olstm_lstm_case* layer) {
  for (size_t i = 1; i < OLSTM_RECURRENT_INPUT_COUNT; i++) {
    char key[16];
    (void)snprintf(key, sizeof key, " %s=", kShortNames[i]);
    const char* found = strstr(layer->text, key);
    if (!found || i == OLSTM_RECURRENT_SEQUENCE_LENS) continue;
    olstm_tensor_desc* desc = &layer->tensors[i].desc;
    char* end = (char*)found + strlen(key) - 1;
    desc->rank = 0;
    do {
      desc->dims[desc->rank++] = strtoll(end + 1, &end, 10);
    } while (*end == 'x');
  }
}

int64_t olstm_lstm_case_x_at(const olstm_lstm_case* layer, int64_t t, int64_t n,
                             int64_t i) {
  const int64_t first = layer->layout == 1 ? n * layer->steps + t : t * layer->rows + n;
  return first * layer->inputs + i;
}

int64_t olstm_lstm_case_y_at(const olstm_lstm_case* layer, int64_t t, int64_t d,
                             int64_t n, int64_t h) {
  const int64_t directions = layer->directions;
  const int64_t first = layer->layout == 1 ? (n * layer->steps + t) * directions + d
                                           : (t * directions + d) * layer->rows + n;
  return first * layer->hidden + h;
}

int64_t olstm_lstm_case_state_at(const olstm_lstm_case* layer, int64_t d, int64_t n,
                                 int64_t h) {
  const int64_t first =
      layer->layout == 1 ? n * layer->directions + d : d * layer->rows + n;
  return first * layer->hidden + h;
}

double olstm_lstm_case_x(const olstm_lstm_case* layer, int64_t t, int64_t n, int64_t i) {
  return olstm__real_load(layer->dtype, layer->tensors[OLSTM_RECURRENT_X].data,
                          olstm_lstm_case_x_at(layer, t, n, i));
}

double olstm_lstm_case_y(const olstm_lstm_case* layer, int64_t t, int64_t d, int64_t n,
                         int64_t h) {
  return olstm__real_load(layer->dtype, layer->outputs[OLSTM_RECURRENT_Y].data,
                          olstm_lstm_case_y_at(layer, t, d, n, h));
}

double olstm_lstm_case_state(const olstm_lstm_case* layer, const olstm_tensor* state,
                             int64_t d, int64_t n, int64_t h) {
  return olstm__real_load(layer->dtype, state->data,
                          olstm_lstm_case_state_at(layer, d, n, h));
}

static void fill_x(olstm_lstm_case* layer) {
  int64_t index = 0;
  for (int64_t t = 0; t < layer->steps; t++) {
    for (int64_t n = 0; n < layer->rows; n++) {
      for (int64_t i = 0; i < layer->inputs; i++) {
        olstm__real_store(layer->dtype, layer->tensors[OLSTM_RECURRENT_X].data,
                          olstm_lstm_case_x_at(layer, t, n, i),
                          olstm_lstm_case_value(layer->seed, OLSTM_RECURRENT_X, index++));
      }
    }
  }
}

static void fill_state(olstm_lstm_case* layer, size_t tensor) {
  int64_t index = 0;
  for (int64_t d = 0; d < layer->directions; d++) {
    for (int64_t n = 0; n < layer->rows; n++) {
      for (int64_t h = 0; h < layer->hidden; h++) {
        olstm__real_store(layer->dtype, layer->tensors[tensor].data,
                          olstm_lstm_case_state_at(layer, d, n, h),
                          olstm_lstm_case_value(layer->seed, tensor, index++));
      }
    }
  }
}

/// The more terms a sum has, the smaller they are; a power of two keeps them exact.
static double scale_of(const olstm_lstm_case* layer, size_t tensor) {
  if (tensor == OLSTM_RECURRENT_W)
    return exp2(-floor(log2((double)layer->inputs + 1) / 2));
  if (tensor == OLSTM_RECURRENT_R) return exp2(-floor(log2((double)layer->hidden) / 2));
  return 1;
}

static void fill_weight(olstm_lstm_case* layer, size_t tensor) {
  const int64_t count = olstm_tensor_desc_count(&layer->tensors[tensor].desc);
  const double scale = scale_of(layer, tensor);
  for (int64_t i = 0; i < count; i++) {
    olstm__real_store(layer->dtype, layer->tensors[tensor].data, i,
                      scale * olstm_lstm_case_value(layer->seed, tensor, i));
  }
}

static void fill_lens(olstm_lstm_case* layer) {
  int32_t* lens = layer->tensors[OLSTM_RECURRENT_SEQUENCE_LENS].data;
  const char* given = strstr(layer->text, " lens=");
  char* end = given ? (char*)given + strlen(" lens") : NULL;
  for (int64_t n = 0; n < layer->rows; n++) {
    lens[n] = given ? (int32_t)strtol(end + 1, &end, 10)
                    : (int32_t)(hash(layer->seed, OLSTM_RECURRENT_SEQUENCE_LENS, n) %
                                (uint64_t)(layer->steps + 1));
  }
}

/// Tensors of a wrong shape or dtype get room, and zeros.
static void make_tensor(olstm_lstm_case* layer, size_t i,
                        const olstm_tensor_desc* right) {
  olstm_tensor* tensor = &layer->tensors[i];
  size_t bytes = 0;
  assert_true(olstm_tensor_desc_bytes(&tensor->desc, &bytes));
  tensor->data = olstm__aligned_allocate(OLSTM_ALIGNMENT,
                                         (bytes / OLSTM_ALIGNMENT + 2) * OLSTM_ALIGNMENT);
  memset(tensor->data, 0, bytes);
  if (!olstm_tensor_desc_equal(&tensor->desc, right)) return;
  if (i == OLSTM_RECURRENT_X) {
    fill_x(layer);
  } else if (i == OLSTM_RECURRENT_SEQUENCE_LENS) {
    fill_lens(layer);
  } else if (i == OLSTM_RECURRENT_INITIAL_H || i == OLSTM_RECURRENT_INITIAL_C) {
    fill_state(layer, i);
  } else {
    fill_weight(layer, i);
  }
}

static bool is_weight(size_t i) {
  return i == OLSTM_RECURRENT_W || i == OLSTM_RECURRENT_R || i == OLSTM_RECURRENT_B ||
         i == OLSTM_RECURRENT_P;
}

static void make_tensors(olstm_lstm_case* layer, olstm__cell cell) {
  olstm_tensor_desc right[OLSTM_RECURRENT_INPUT_COUNT];
  set_shapes(layer, cell);
  for (size_t i = 0; i < OLSTM_RECURRENT_INPUT_COUNT; i++) {
    right[i] = layer->tensors[i].desc;
    if (i != OLSTM_RECURRENT_SEQUENCE_LENS) right[i].dtype = layer->dtype;
  }
  override_shapes(layer);
  for (size_t i = 0; i < OLSTM_RECURRENT_INPUT_COUNT; i++) {
    if (!layer->tensors[i].desc.dtype) continue;
    make_tensor(layer, i, &right[i]);
    layer->input_names[i] = kShortNames[i];
    layer->node.input_count = i + 1;
    if (is_weight(i) && !layer->dynamic) layer->constants[i] = &layer->tensors[i];
  }
}

void olstm_lstm_case_init(olstm_lstm_case* layer, const char* text) {
  char* rest = NULL;
  memset(layer, 0, sizeof *layer);
  (void)snprintf(layer->text, sizeof layer->text, "%s", text);
  (void)snprintf(layer->words, sizeof layer->words, "%s", text);
  layer->steps = 3;
  layer->rows = 2;
  layer->inputs = 3;
  layer->hidden = 4;
  layer->directions = 1;
  layer->dtype = OLSTM_DTYPE_FLOAT;
  layer->node = (olstm_node){.struct_size = sizeof(olstm_node),
                             .name = "n",
                             .op_type = strtok_r(layer->words, " ", &rest),
                             .domain = "",
                             .opset_version = 14,
                             .attributes = layer->attributes,
                             .input_names = layer->input_names,
                             .constants = layer->constants,
                             .output_names = layer->output_names};
  const bool is_lstm = strcmp(layer->node.op_type, "LSTM") == 0;
  const bool is_gru = strcmp(layer->node.op_type, "GRU") == 0;
  layer->node.output_count = is_lstm ? 3 : 2;
  for (size_t i = 0; i < OLSTM_RECURRENT_INPUT_COUNT; i++) {
    layer->input_names[i] = "";
    if (i <= OLSTM_RECURRENT_R) layer->tensors[i].desc.dtype = -1;
  }
  layer->output_names[0] = "Y";
  layer->output_names[1] = "Y_h";
  layer->output_names[2] = "Y_c";
  for (char* word = strtok_r(NULL, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
    parse_word(layer, word);
  }
  if (!strstr(text, "hidden_size=")) {
    add_attribute(layer, "hidden_size", OLSTM_ATTRIBUTE_INT)->i = layer->hidden;
  }
  make_tensors(layer, is_lstm  ? OLSTM__CELL_LSTM
                      : is_gru ? OLSTM__CELL_GRU
                               : OLSTM__CELL_RNN);
}

void olstm_lstm_case_deinit(olstm_lstm_case* layer) {
  for (size_t i = 0; i < OLSTM_RECURRENT_INPUT_COUNT; i++)
    olstm__aligned_release(layer->tensors[i].data);
  for (size_t i = 0; i < OLSTM_RECURRENT_OUTPUT_COUNT; i++)
    olstm__aligned_release(layer->outputs[i].data);
}
