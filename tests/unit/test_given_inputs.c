// Inputs with initializers: constants, unless a session's options name them.
#include <string.h>

#include "olstm/olstm.h"
#include "tests/support/model_text.h"
#include "tests/support/test_main.h"

/// y = a + b + c; b and d have initializers, d feeds nothing but an If's branches.
static const char kModel[] =
    "input a float[1]\ninput b float[1]\ninput c float[1]\ninput d float[1]\n"
    "input on bool\nconst b float[1] 10\nconst d float[1] 1000\nconst w float[1] 7\n"
    "node Add a,b -> ab\nnode Add ab,c -> abc\n"
    "graph yes\nnode Add abc,d -> y\noutput y\nend\n"
    "graph no\nnode Sub abc,d -> z\noutput z\nend\n"
    "node If on -> r then_branch=@yes else_branch=@no\nnode Add r,w -> out\n"
    "output out float[1]\n";

static olstm_status create(const char* text, size_t count, const char* const* names,
                           size_t binding_count, const olstm_binding* bindings,
                           olstm_session** out_session, olstm_error* error) {
  olstm_session_options options;
  olstm_model* model = olstm_test_model(text);
  olstm_session_options_init(&options);
  options.given_input_count = count;
  options.given_inputs = names;
  options.binding_count = binding_count;
  options.bindings = bindings;
  const olstm_status status =
      olstm_session_create(model, NULL, &options, out_session, error);
  olstm_model_destroy(model);
  return status;
}

static olstm_session* create_must(const char* text, size_t count,
                                  const char* const* names) {
  olstm_session* session = NULL;
  olstm_error error = {""};
  if (create(text, count, names, 0, NULL, &session, &error) != OLSTM_STATUS_OK) {
    fail_msg("%s", error.message);
  }
  return session;
}

/// The session's inputs as "a b c".
static void expect_inputs(const olstm_session* session, const char* expected) {
  char text[128] = "";
  for (size_t i = 0; i < olstm_session_input_count(session); i++) {
    if (i > 0) (void)strcat(text, " ");
    (void)strcat(text, olstm_session_get_input(session, i)->name);
  }
  assert_string_equal(text, expected);
}

/// Runs with values for the session's inputs; a bool is any that is called "on".
static float run(olstm_session* session, const float* values) {
  olstm_context* context = NULL;
  olstm_tensor inputs[8];
  olstm_tensor output = {.data = NULL};
  olstm_error error = {""};
  bool on = true;
  const size_t count = olstm_session_input_count(session);
  for (size_t i = 0; i < count; i++) {
    const bool is_on = strcmp(olstm_session_get_input(session, i)->name, "on") == 0;
    inputs[i] = (olstm_tensor){{OLSTM_DTYPE_FLOAT, 1, {1}}, (void*)&values[i]};
    if (is_on) inputs[i] = (olstm_tensor){{OLSTM_DTYPE_BOOL, 0, {0}}, &on};
  }
  assert_int_equal(olstm_context_create(session, &context, NULL), OLSTM_STATUS_OK);
  if (olstm_context_run(context, inputs, count, &output, 1, &error) != OLSTM_STATUS_OK) {
    fail_msg("%s", error.message);
  }
  const float result = *(float*)output.data;
  olstm_context_destroy(context);
  return result;
}

static void they_are_constants_unless_named(void** state) {
  static const float kValues[] = {1, 3, 0};
  (void)state;
  olstm_session* session = create_must(kModel, 0, NULL);
  expect_inputs(session, "a c on");
  assert_true(run(session, kValues) == 1 + 10 + 3 + 1000 + 7);
  olstm_session_destroy(session);
}

static void named_ones_are_inputs_in_the_models_order(void** state) {
  static const char* const kB[] = {"b"};
  static const char* const kBoth[] = {"d", "b", "d", "a"};
  static const float kFour[] = {1, 2, 3, 0};
  static const float kFive[] = {1, 2, 3, 4, 0};
  (void)state;
  olstm_session* session = create_must(kModel, 1, kB);
  expect_inputs(session, "a b c on");
  assert_true(run(session, kFour) == 1 + 2 + 3 + 1000 + 7);
  olstm_session_destroy(session);
  session = create_must(kModel, 4, kBoth);
  expect_inputs(session, "a b c d on");
  assert_true(run(session, kFive) == 1 + 2 + 3 + 4 + 7);
  olstm_session_destroy(session);
}

static void older_models_have_them_too(void** state) {
  static const char* const kNames[] = {"b"};
  static const float kValues[] = {1, 2};
  (void)state;
  olstm_session* session = create_must(
      "ir 3\ninput a float[1]\ninput b float[1]\nconst b float[1] 10\n"
      "node Add a,b -> y\noutput y\n",
      1, kNames);
  assert_true(run(session, kValues) == 3);
  olstm_session_destroy(session);
}

static void the_declared_shape_counts_for_what_is_given(void** state) {
  static const char* const kNames[] = {"b"};
  (void)state;
  olstm_session* session = create_must(
      "input a float[n]\ninput b float[n]\nconst b float[1] 10\n"
      "node Add a,b -> y\noutput y\n",
      1, kNames);
  const olstm_value_info* info = olstm_session_get_input(session, 1);
  assert_int_equal(info->rank, 1);
  assert_string_equal(info->dim_params[0], "n");
  olstm_session_destroy(session);
}

static void other_names_are_refused(void** state) {
  static const char* const kNames[] = {"a", "w"};
  static const char* const kNull[] = {NULL};
  olstm_session* session = NULL;
  olstm_error error;
  (void)state;
  assert_int_equal(create(kModel, 2, kNames, 0, NULL, &session, &error),
                   OLSTM_STATUS_NOT_FOUND);
  assert_string_equal(error.message,
                      "given_inputs: no input 'w' (an initializer is one only where the "
                      "graph lists it among its inputs)");
  assert_null(session);
  assert_int_equal(create(kModel, 1, kNull, 0, NULL, &session, &error),
                   OLSTM_STATUS_NOT_FOUND);
}

static void a_model_lists_them(void** state) {
  olstm_model* model = olstm_test_model(kModel);
  (void)state;
  assert_int_equal(olstm_model_input_count(model), 3);
  assert_int_equal(olstm_model_default_input_count(model), 2);
  assert_string_equal(olstm_model_get_default_input(model, 0)->name, "b");
  assert_string_equal(olstm_model_get_default_input(model, 1)->name, "d");
  assert_int_equal(olstm_model_get_default_input(model, 1)->dtype, OLSTM_DTYPE_FLOAT);
  assert_null(olstm_model_get_default_input(model, 2));
  olstm_model_destroy(model);
}

/// A binding feeds an input with an initializer, which the first run starts from.
static void a_binding_starts_from_the_initializer(void** state) {
  static const olstm_binding kBinding = {"sum", "s"};
  static const float kExpected[] = {6, 7, 6};
  olstm_session* session = NULL;
  olstm_context* context = NULL;
  olstm_error error = {""};
  float one = 1;
  const olstm_tensor input = {{OLSTM_DTYPE_FLOAT, 1, {1}}, &one};
  (void)state;
  if (create("input x float[1]\ninput s float[1]\nconst s float[1] 5\n"
             "node Add x,s -> sum\noutput sum float[1]\n",
             0, NULL, 1, &kBinding, &session, &error) != OLSTM_STATUS_OK) {
    fail_msg("%s", error.message);
  }
  expect_inputs(session, "x");
  assert_int_equal(olstm_context_create(session, &context, NULL), OLSTM_STATUS_OK);
  for (size_t i = 0; i < 3; i++) {
    olstm_tensor output = {.data = NULL};
    if (i == 2) {
      assert_int_equal(olstm_context_reset(context, NULL), OLSTM_STATUS_OK);
    }
    if (olstm_context_run(context, &input, 1, &output, 1, &error) != OLSTM_STATUS_OK) {
      fail_msg("%s", error.message);
    }
    assert_true(*(float*)output.data == kExpected[i]);
  }
  olstm_context_destroy(context);
  olstm_session_destroy(session);
}

/// Weights that are not named stay packed and recognised beside one that is given.
static void a_layer_stays_recognised(void** state) {
  static const char kLayer[] =
      "input x float[t,1,2]\ninput w float[1,8,2]\ninput h float[1,1,2]\n"
      "input r float[1,8,2]\nconst w float[1,8,2] 1\nconst r float[1,8,2] 1\n"
      "const h float[1,1,2] 0.5\n"
      "node LSTM x,w,r,_,_,h,h -> y name=lstm hidden_size=2\noutput y\n";
  static const char* const kNames[] = {"h"};
  (void)state;
  olstm_session* session = create_must(kLayer, 1, kNames);
  expect_inputs(session, "x h");
  const olstm_node* node = olstm_session_get_node(session, 0);
  assert_string_equal(node->op_type, "LSTM");
  assert_non_null(node->constants[1]);
  assert_non_null(node->constants[2]);
  assert_null(node->constants[5]);
  olstm_session_destroy(session);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(they_are_constants_unless_named),
      cmocka_unit_test(named_ones_are_inputs_in_the_models_order),
      cmocka_unit_test(older_models_have_them_too),
      cmocka_unit_test(the_declared_shape_counts_for_what_is_given),
      cmocka_unit_test(other_names_are_refused),
      cmocka_unit_test(a_model_lists_them),
      cmocka_unit_test(a_binding_starts_from_the_initializer),
      cmocka_unit_test(a_layer_stays_recognised),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
