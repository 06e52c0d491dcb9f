// See case_catalog.h.
#include "tools/case_catalog.h"

#include <stdio.h>
#include <string.h>

/// Operators that have a feature.
enum { kLstm = 1, kGru = 2, kRnn = 4, kAll = 7 };

/// A case never combines two features of one group.
typedef enum feature_group {
  kBias,
  kLens,
  kInitialH,
  kInitialC,
  kPeepholes,
  kClip,
  kGates,
  kLayout,
  kActivations,
  kVersion,
  kOutputs,
  kSizes,
  kAttribute
} feature_group;

typedef struct feature {
  const char* name;
  feature_group group;
  int operators;
  void (*apply)(olstm__recurrent_case* spec);
} feature;

// One feature a line.
// clang-format off
#define FEATURE(function, ...) static void function(olstm__recurrent_case* s) { __VA_ARGS__; }
FEATURE(no_bias, s->has_bias = false)
FEATURE(lens_mixed, s->lens = OLSTM__LENS_MIXED)
FEATURE(lens_zero, s->lens = OLSTM__LENS_ZERO)
FEATURE(lens_all_zero, s->lens = OLSTM__LENS_ALL_ZERO)
FEATURE(lens_full, s->lens = OLSTM__LENS_FULL)
FEATURE(initial_h, s->has_initial_h = true)
FEATURE(initial_c, s->has_initial_c = true)
FEATURE(peepholes, s->has_peepholes = true)
FEATURE(clip_all, s->clip = 0.05F)
FEATURE(clip_some, s->clip = 0.4F)
FEATURE(input_forget, s->input_forget = true)
FEATURE(linear_before_reset, s->linear_before_reset = true)
FEATURE(layout, s->layout = 1)
FEATURE(opset_7, s->opset = 7)
FEATURE(opset_22, s->opset = 22)
FEATURE(dtype_double, s->dtype = OLSTM_DTYPE_DOUBLE)
// Of one step: in which precision a state is kept between two steps is not specified.
FEATURE(dtype_float16, s->dtype = OLSTM_DTYPE_FLOAT16; s->steps = 1)
FEATURE(dtype_bfloat16, s->dtype = OLSTM_DTYPE_BFLOAT16; s->opset = 22; s->steps = 1)
FEATURE(only_y, s->outputs = 1)
FEATURE(only_y_h, s->outputs = 2)
FEATURE(only_y_c, s->outputs = 4)
FEATURE(one_step, s->steps = 1)
FEATURE(no_steps, s->steps = 0; s->open =
        "The specification says nothing of a sequence of no steps: X has the shape [seq_length, batch_size, input_size].")
FEATURE(one_row, s->batch = 1)
FEATURE(no_rows, s->batch = 0)
FEATURE(one_unit, s->hidden_size = 1)
FEATURE(one_input, s->input_size = 1)
FEATURE(no_hidden_size, s->has_hidden_size = false)
// clang-format on

static void set_activations(olstm__recurrent_case* s, const char* f, const char* g,
                            const char* h) {
  const size_t count = s->op_type[0] == 'L' ? 3 : s->op_type[0] == 'G' ? 2 : 1;
  s->activations[0] = f;
  s->activations[1] = g;
  s->activations[2] = h;
  s->activation_count = count;
}

/// Marks a case as open: Affine and ScaledTanh, once experimental operators, have no
/// defaults in ONNX.
static void leave_open(olstm__recurrent_case* s) {
  s->open =
      "Of activation_alpha and activation_beta the specification says that default "
      "values "
      "are the same as of corresponding ONNX operators; ONNX has no operator Affine or "
      "ScaledTanh.";
}

#define ACTIVATION(function, f, g, h)              \
  static void function(olstm__recurrent_case* s) { \
    set_activations(s, f, g, h);                   \
  }
ACTIVATION(all_relu, "Relu", "Relu", "Relu")
ACTIVATION(all_tanh, "Tanh", "Tanh", "Tanh")
ACTIVATION(all_sigmoid, "Sigmoid", "Sigmoid", "Sigmoid")
ACTIVATION(all_leaky_relu, "LeakyRelu", "LeakyRelu", "LeakyRelu")
ACTIVATION(all_thresholded_relu, "ThresholdedRelu", "ThresholdedRelu", "ThresholdedRelu")
ACTIVATION(all_hard_sigmoid, "HardSigmoid", "HardSigmoid", "HardSigmoid")
ACTIVATION(all_elu, "Elu", "Elu", "Elu")
ACTIVATION(all_softsign, "Softsign", "Softsign", "Softsign")
ACTIVATION(all_softplus, "Softplus", "Softplus", "Softplus")

static void all_affine(olstm__recurrent_case* s) {
  set_activations(s, "Affine", "Affine", "Affine");
  leave_open(s);
}

static void all_scaled_tanh(olstm__recurrent_case* s) {
  set_activations(s, "ScaledTanh", "ScaledTanh", "ScaledTanh");
  leave_open(s);
}

/// Each activation takes alpha and beta from the lists, in order.
static void alpha_and_beta(olstm__recurrent_case* s) {
  static const float kAlphas[] = {0.3F, 0.8F, 1.1F};
  static const float kBetas[] = {0.4F, 0.9F, 0.1F};
  set_activations(s, "HardSigmoid", "ScaledTanh", "Affine");
  s->alpha_count = s->beta_count = s->activation_count;
  memcpy(s->alphas, kAlphas, sizeof kAlphas);
  memcpy(s->betas, kBetas, sizeof kBetas);
}

/// Sigmoid takes no alpha: the lists have values for the other activations only.
static void alpha_for_some(olstm__recurrent_case* s) {
  set_activations(s, "Sigmoid", "LeakyRelu", "Elu");
  s->alpha_count = s->activation_count - 1;
  s->alphas[0] = 0.2F;
  s->alphas[1] = 0.7F;
}

static const feature kFeatures[] = {
    {"no_bias", kBias, kAll, no_bias},
    {"sequence_lens", kLens, kAll, lens_mixed},
    {"sequence_lens_zero", kLens, kAll, lens_zero},
    {"sequence_lens_all_zero", kLens, kAll, lens_all_zero},
    {"sequence_lens_full", kLens, kAll, lens_full},
    {"initial_h", kInitialH, kAll, initial_h},
    {"initial_c", kInitialC, kLstm, initial_c},
    {"peepholes", kPeepholes, kLstm, peepholes},
    {"clip_all", kClip, kAll, clip_all},
    {"clip_some", kClip, kAll, clip_some},
    {"input_forget", kGates, kLstm, input_forget},
    {"linear_before_reset", kGates, kGru, linear_before_reset},
    {"layout_1", kLayout, kAll, layout},
    {"relu", kActivations, kAll, all_relu},
    {"tanh", kActivations, kAll, all_tanh},
    {"sigmoid", kActivations, kAll, all_sigmoid},
    {"affine_defaults", kActivations, kAll, all_affine},
    {"leaky_relu_defaults", kActivations, kAll, all_leaky_relu},
    {"thresholded_relu_defaults", kActivations, kAll, all_thresholded_relu},
    {"scaled_tanh_defaults", kActivations, kAll, all_scaled_tanh},
    {"hard_sigmoid_defaults", kActivations, kAll, all_hard_sigmoid},
    {"elu_defaults", kActivations, kAll, all_elu},
    {"softsign", kActivations, kAll, all_softsign},
    {"softplus", kActivations, kAll, all_softplus},
    {"alpha_and_beta_in_order", kActivations, kAll, alpha_and_beta},
    {"alpha_for_some", kActivations, kLstm | kGru, alpha_for_some},
    {"opset_7", kVersion, kAll, opset_7},
    {"opset_22", kVersion, kAll, opset_22},
    {"double", kVersion, kAll, dtype_double},
    {"float16", kVersion, kAll, dtype_float16},
    {"bfloat16", kVersion, kAll, dtype_bfloat16},
    {"y_alone", kOutputs, kAll, only_y},
    {"y_h_alone", kOutputs, kAll, only_y_h},
    {"y_c_alone", kOutputs, kLstm, only_y_c},
    {"one_step", kSizes, kAll, one_step},
    {"no_steps", kSizes, kAll, no_steps},
    {"one_row", kSizes, kAll, one_row},
    {"no_rows", kSizes, kAll, no_rows},
    {"one_unit", kSizes, kAll, one_unit},
    {"one_input", kSizes, kAll, one_input},
    {"no_hidden_size", kAttribute, kAll, no_hidden_size},
};
enum { kFeatureCount = sizeof kFeatures / sizeof kFeatures[0], kDirectionCount = 3 };
static const char* const kDirections[kDirectionCount] = {"forward", "reverse",
                                                         "bidirectional"};

static const char* const kOperators[] = {"LSTM", "GRU", "RNN"};
static const char* const kStems[] = {"lstm_", "gru_", "rnn_"};
enum { kOperatorCount = 3 };

/// What follows `start` in a text; NULL when the text begins otherwise.
static const char* behind(const char* text, const char* start) {
  const size_t length = strlen(start);
  return strncmp(text, start, length) == 0 ? text + length : NULL;
}

/// Reads "", "_FEATURE" or "_FEATURE_FEATURE".
static bool read_features(const char* text, olstm__case_title* out_title) {
  if (*text == '\0') return true;
  if (*text++ != '_') return false;
  for (size_t a = 0; a < kFeatureCount; a++) {
    const char* rest = behind(text, kFeatures[a].name);
    out_title->features[0] = a;
    out_title->feature_count = 1;
    if (rest && *rest == '\0') return true;
    if (!rest || *rest != '_') continue;
    out_title->feature_count = 2;
    for (size_t b = a + 1; b < kFeatureCount; b++) {
      out_title->features[1] = b;
      if (strcmp(rest + 1, kFeatures[b].name) == 0) return true;
    }
  }
  return false;
}

bool olstm__case_catalog_parse(const char* name, olstm__case_title* out_title) {
  for (size_t o = 0; o < kOperatorCount; o++) {
    const char* rest = behind(name, kStems[o]);
    if (!rest) continue;
    *out_title = (olstm__case_title){.op_type = kOperators[o]};
    out_title->is_random = behind(rest, "random_") != NULL;
    if (out_title->is_random) return true;
    for (size_t d = 0; d < kDirectionCount; d++) {
      const char* features = behind(rest, kDirections[d]);
      out_title->direction = d;
      if (features) return read_features(features, out_title);
    }
  }
  return false;
}

const char* olstm__case_catalog_feature(size_t index) {
  return index < kFeatureCount ? kFeatures[index].name : NULL;
}

const char* olstm__case_catalog_direction(size_t index) {
  return index < kDirectionCount ? kDirections[index] : NULL;
}

static int operator_bit(const char* op_type) {
  return op_type[0] == 'L' ? kLstm : op_type[0] == 'G' ? kGru : kRnn;
}

static olstm__recurrent_case make_base(const char* op_type, const char* direction) {
  olstm__recurrent_case spec = {.op_type = op_type,
                                .direction = direction,
                                .dtype = OLSTM_DTYPE_FLOAT,
                                .opset = 14,
                                .steps = 5,
                                .batch = 3,
                                .input_size = 4,
                                .hidden_size = 3,
                                .has_bias = true,
                                .has_hidden_size = true,
                                .outputs = op_type[0] == 'L' ? 7 : 3};
  (void)snprintf(spec.name, sizeof spec.name, "%s_%s",
                 op_type[0] == 'L'   ? "lstm"
                 : op_type[0] == 'G' ? "gru"
                                     : "rnn",
                 direction);
  return spec;
}

static void add_feature(olstm__recurrent_case* spec, const feature* added) {
  const size_t used = strlen(spec->name);
  added->apply(spec);
  (void)snprintf(spec->name + used, sizeof spec->name - used, "_%s", added->name);
}

/// Opset 7 has no layout.
static bool can_be(const olstm__recurrent_case* spec) {
  return spec->layout == 0 || spec->opset >= 14;
}

olstm_status olstm__case_catalog_visit(const char* op_type, olstm__case_visitor visit,
                                       void* user, olstm_error* error) {
  const int bit = operator_bit(op_type);
  for (size_t d = 0; d < kDirectionCount; d++) {
    const olstm__recurrent_case base = make_base(op_type, kDirections[d]);
    OLSTM_RETURN_IF_ERROR(visit(user, &base, error));
    for (size_t a = 0; a < kFeatureCount; a++) {
      olstm__recurrent_case one = base;
      if (!(kFeatures[a].operators & bit)) continue;
      add_feature(&one, &kFeatures[a]);
      OLSTM_RETURN_IF_ERROR(visit(user, &one, error));
      for (size_t b = a + 1; b < kFeatureCount; b++) {
        olstm__recurrent_case two = one;
        if (!(kFeatures[b].operators & bit) || kFeatures[a].group == kFeatures[b].group) {
          continue;
        }
        add_feature(&two, &kFeatures[b]);
        if (can_be(&two)) OLSTM_RETURN_IF_ERROR(visit(user, &two, error));
      }
    }
  }
  return OLSTM_STATUS_OK;
}

static uint64_t next_bits(uint64_t* state) {
  uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static int64_t draw(uint64_t* state, int64_t low, int64_t high) {
  return low + (int64_t)(next_bits(state) % (uint64_t)(high - low + 1));
}

olstm_status olstm__case_catalog_visit_random(const char* op_type, uint64_t seed,
                                              int64_t count, olstm__case_visitor visit,
                                              void* user, olstm_error* error) {
  const int bit = operator_bit(op_type);
  uint64_t state = seed * UINT64_C(0x2545f4914f6cdd1d) + (uint64_t)bit;
  for (int64_t i = 0; i < count; i++) {
    olstm__recurrent_case spec =
        make_base(op_type, kDirections[draw(&state, 0, kDirectionCount - 1)]);
    unsigned groups = 0;
    spec.steps = draw(&state, 1, 9);
    spec.batch = draw(&state, 1, 6);
    spec.input_size = draw(&state, 1, 9);
    spec.hidden_size = draw(&state, 1, 9);
    for (int64_t k = draw(&state, 2, 6); k > 0; k--) {
      const feature* added = &kFeatures[draw(&state, 0, kFeatureCount - 1)];
      if (!(added->operators & bit) || (groups >> added->group & 1)) continue;
      groups |= 1U << added->group;
      added->apply(&spec);
    }
    if (!can_be(&spec)) spec.layout = 0;
    const size_t stem = strcspn(spec.name, "_");
    (void)snprintf(spec.name + stem, sizeof spec.name - stem, "_random_%llu_%04lld",
                   (unsigned long long)seed, (long long)i);
    OLSTM_RETURN_IF_ERROR(visit(user, &spec, error));
  }
  return OLSTM_STATUS_OK;
}
