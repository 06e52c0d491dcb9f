// op/builtin.c: what is known of operators by their type. Whether the shapes and elements
// of operators are what their traits say is checked with ONNX's data
// (tests/support/node_case.c).
#include "op/builtin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "op/lstm/activation.h"
#include "op/op_family.h"
#include "tests/support/fuse_case.h"
#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

static void every_row_of_every_family_is_an_operator(void** state) {
  const olstm_plugin* plugin = olstm__builtin_plugin();
  size_t count = 0;
  (void)state;
#define COUNT(name) count += olstm__##name##_family.row_count;
  OLSTM__FOR_EACH_FAMILY(COUNT)
  assert_int_equal(plugin->operator_count(), count);
  const olstm_operator* last = plugin->get_operator(count - 1);
  assert_string_equal(last->op_type, olstm__join_steps_family.rows[0].op_type);
  assert_string_equal(last->domain, OLSTM__FUSED_DOMAIN);
  assert_null(plugin->get_operator(count));
}

static void traits_belong_to_a_domain(void** state) {
  (void)state;
  assert_true(olstm__builtin_traits("", "Relu") & OLSTM__TRAIT_KEEPS_SHAPE);
  assert_int_equal(olstm__builtin_traits("acme", "Relu"), 0);
  assert_int_equal(olstm__builtin_traits("", "Frobnicate"), 0);
  assert_int_equal(olstm__builtin_traits("", "MaskedLSTM"), 0);
  assert_int_equal(olstm__builtin_traits("", "DynamicQuantizeLSTM"), 0);
}

static void recurrent_operators_are_told_apart(void** state) {
  static const struct {
    const char* domain;
    const char* op_type;
    olstm__traits besides;
  } kRecurrent[] = {
      {"", "LSTM", OLSTM__TRAIT_HAS_C},
      {"", "GRU", 0},
      {"", "RNN", 0},
      {OLSTM__FUSED_DOMAIN, "LSTM", OLSTM__TRAIT_HAS_C},
      {OLSTM__FUSED_DOMAIN, "GRU", 0},
      {OLSTM__FUSED_DOMAIN, "RNN", 0},
      {OLSTM__FUSED_DOMAIN, "MaskedLSTM", OLSTM__TRAIT_HAS_C | OLSTM__TRAIT_MASKED},
      {OLSTM__FUSED_DOMAIN, "MaskedGRU", OLSTM__TRAIT_MASKED},
      {OLSTM__FUSED_DOMAIN, "MaskedRNN", OLSTM__TRAIT_MASKED},
      {"com.microsoft", "DynamicQuantizeLSTM",
       OLSTM__TRAIT_HAS_C | OLSTM__TRAIT_QUANTIZED},
  };
  const olstm_plugin* plugin = olstm__builtin_plugin();
  size_t found = 0;
  (void)state;
  for (size_t i = 0; i < sizeof kRecurrent / sizeof kRecurrent[0]; i++) {
    assert_int_equal(
        olstm__builtin_traits(kRecurrent[i].domain, kRecurrent[i].op_type),
        OLSTM__TRAIT_RECURRENT | OLSTM__TRAIT_OPTIONAL_OUTPUTS | kRecurrent[i].besides);
  }
  // No other operator is one.
  const char* last = "";
  const char* last_domain = "";
  for (size_t i = 0; i < plugin->operator_count(); i++) {
    const olstm_operator* op = plugin->get_operator(i);
    if (strcmp(op->op_type, last) == 0 && strcmp(op->domain, last_domain) == 0) continue;
    last = op->op_type;
    last_domain = op->domain;
    found +=
        (olstm__builtin_traits(op->domain, op->op_type) & OLSTM__TRAIT_RECURRENT) != 0;
  }
  assert_int_equal(found, sizeof kRecurrent / sizeof kRecurrent[0]);
}

static void outputs_are_optional_where_onnx_says_so(void** state) {
  (void)state;
  assert_true(olstm__builtin_traits("", "Dropout") & OLSTM__TRAIT_OPTIONAL_LATER_OUTPUTS);
  assert_true(olstm__builtin_traits("", "MaxPool") & OLSTM__TRAIT_OPTIONAL_LATER_OUTPUTS);
  assert_true(olstm__builtin_traits("", "LayerNormalization") &
              OLSTM__TRAIT_OPTIONAL_LATER_OUTPUTS);
  assert_true(olstm__builtin_traits(OLSTM__FUSED_DOMAIN, "StepMask") &
              OLSTM__TRAIT_OPTIONAL_OUTPUTS);
  // Both outputs of TopK, and all of Split, must be there.
  const olstm__traits optional =
      OLSTM__TRAIT_OPTIONAL_OUTPUTS | OLSTM__TRAIT_OPTIONAL_LATER_OUTPUTS;
  assert_false(olstm__builtin_traits("", "TopK") & optional);
  assert_false(olstm__builtin_traits("", "Split") & optional);
}

static void functions_of_cells_are_operators_with_the_same_defaults(void** state) {
  static const char* const kNames[] = {
      "Relu", "Tanh",        "Sigmoid",  "LeakyRelu", "ThresholdedRelu",
      "Elu",  "HardSigmoid", "Softsign", "Softplus"};
  (void)state;
  for (size_t i = 0; i < sizeof kNames / sizeof kNames[0]; i++) {
    olstm__function_parameters parameters;
    olstm__activation activation;
    bool takes_alpha = false, takes_beta = false;
    assert_true(olstm__builtin_traits("", kNames[i]) & OLSTM__TRAIT_CELL_ACTIVATION);
    assert_true(olstm__builtin_function(kNames[i], &parameters));
    assert_true(
        olstm__activation_find(kNames[i], &activation, &takes_alpha, &takes_beta));
    assert_int_equal(takes_alpha, parameters.alpha_name != NULL);
    assert_int_equal(takes_beta, parameters.beta_name != NULL);
    assert_float_equal(activation.alpha, parameters.alpha, 0.0F);
    assert_float_equal(activation.beta, parameters.beta, 0.0F);
  }
  // Cells have Affine and ScaledTanh, which are no operators; Exp is no activation.
  assert_int_equal(olstm__builtin_traits("", "Affine"), 0);
  assert_false(olstm__builtin_traits("", "Exp") & OLSTM__TRAIT_CELL_ACTIVATION);
}

static void what_is_no_function_of_real_numbers_is_none(void** state) {
  static const char* const kNames[] = {"Not",  "BitwiseNot", "IsNaN", "IsInf",
                                       "Gelu", "Add",        "Clip",  "LSTM"};
  olstm__function_parameters parameters;
  (void)state;
  for (size_t i = 0; i < sizeof kNames / sizeof kNames[0]; i++) {
    assert_false(olstm__builtin_function(kNames[i], &parameters));
    assert_false(olstm__builtin_traits("", kNames[i]) & OLSTM__TRAIT_REAL_FUNCTION);
  }
}

static void every_function_follows_a_dense(void** state) {
  const olstm_plugin* plugin = olstm__builtin_plugin();
  size_t count = 0;
  (void)state;
  for (size_t i = 0; i < plugin->operator_count(); i++) {
    const olstm_operator* op = plugin->get_operator(i);
    char text[512];
    if (op->last_opset != 0 ||
        !(olstm__builtin_traits(op->domain, op->op_type) & OLSTM__TRAIT_REAL_FUNCTION)) {
      continue;
    }
    (void)snprintf(text, sizeof text,
                   "opset 24\ninput x float[n,5]\n"
                   "const w float[5,7] 0.3 -0.2 0.1 0.4 -0.5 0.7\n"
                   "const b float[7] 0.1 -0.3 0.2 0.05 -0.7 0.4 0.9\n"
                   "node MatMul x,w -> p\nnode Add p,b -> s\nnode %s s -> y\n"
                   "output y\n",
                   op->op_type);
    fuse_case_expect(text, "Dense");
    count++;
  }
  assert_true(count >= 36);
}

static bool is_one_of(const char* name, const char* const* names) {
  while (*names && strcmp(*names, name) != 0) names++;
  return *names != NULL;
}

/// The error of a node of `op` without attributes, whose outputs after the first are
/// absent.
static void create_node(const olstm_operator* op, size_t input_count, size_t output_count,
                        olstm_error* error) {
  enum { kMost = 64 };
  const char* names[kMost];
  const char* output_names[kMost] = {"y"};
  const olstm_tensor* constants[kMost] = {NULL};
  for (size_t i = 0; i < kMost; i++) names[i] = "x";
  for (size_t i = 1; i < kMost; i++) output_names[i] = "";
  const olstm_node node = {.struct_size = sizeof node,
                           .name = "n",
                           .op_type = op->op_type,
                           .domain = op->domain,
                           .opset_version = op->first_opset,
                           .input_count = input_count,
                           .input_names = names,
                           .constants = constants,
                           .output_count = output_count,
                           .output_names = output_names};
  const olstm_operator_options options = {.struct_size = sizeof options,
                                          .thread_count = 1};
  olstm_test_allocator allocator;
  olstm_test_allocator_init(&allocator);
  const olstm_host host = {.struct_size = sizeof host, .allocator = &allocator.allocator};
  const olstm_create_args args = {sizeof args, &host, &node, &options};
  void* instance = NULL;
  *error = (olstm_error){{0}};
  if (op->create(op, &args, &instance, error) == OLSTM_STATUS_OK) op->destroy(instance);
  olstm_test_allocator_assert_clean(&allocator);
}

/// The number N of "has 64 WHAT, expected at most N"; -1 where the error says none.
static int most_of(const olstm_error* error, const char* what) {
  char start[64];
  (void)snprintf(start, sizeof start, "has 64 %s, expected at most ", what);
  const char* found = strstr(error->message, start);
  return found ? (int)strtol(found + strlen(start), NULL, 10) : -1;
}

/// ... and those whose number ONNX leaves open say nothing.
static void every_operator_refuses_surplus_inputs_and_outputs(void** state) {
  static const char* const kManyInputs[] = {"Concat", "Max", "Mean", "Min", "Sum", NULL};
  static const char* const kManyOutputs[] = {"Split", NULL};
  const olstm_plugin* plugin = olstm__builtin_plugin();
  (void)state;
  for (size_t i = 0; i < plugin->operator_count(); i++) {
    const olstm_operator* op = plugin->get_operator(i);
    olstm_error error;
    create_node(op, 64, 1, &error);
    const int inputs = most_of(&error, "inputs");
    if ((inputs < 0) != is_one_of(op->op_type, kManyInputs)) {
      fail_msg("%s of %d: %s", op->op_type, (int)op->first_opset, error.message);
    }
    create_node(op, inputs < 0 ? 2 : (size_t)inputs, 64, &error);
    if ((most_of(&error, "outputs") < 0) != is_one_of(op->op_type, kManyOutputs)) {
      fail_msg("%s of %d: %s", op->op_type, (int)op->first_opset, error.message);
    }
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_row_of_every_family_is_an_operator),
      cmocka_unit_test(traits_belong_to_a_domain),
      cmocka_unit_test(recurrent_operators_are_told_apart),
      cmocka_unit_test(outputs_are_optional_where_onnx_says_so),
      cmocka_unit_test(functions_of_cells_are_operators_with_the_same_defaults),
      cmocka_unit_test(what_is_no_function_of_real_numbers_is_none),
      cmocka_unit_test(every_function_follows_a_dense),
      cmocka_unit_test(every_operator_refuses_surplus_inputs_and_outputs),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
