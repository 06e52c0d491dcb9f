// onnx_proto/function_inline.h and newer_field.h: local functions.
#include "onnx_proto/model.h"
#include "tests/support/graph_text.h"
#include "tests/support/model_verify.h"
#include "tests/support/onnx_writer.h"
#include "tests/support/test_main.h"

static void put_value(pb_bytes* graph, uint32_t field, const char* name) {
  pb_bytes value = onnx_value(name, OLSTM_DTYPE_FLOAT, NULL);
  pb_message(graph, field, &value);
}

static pb_bytes call(const char* function, const char* name, const char* inputs,
                     const char* outputs) {
  pb_bytes node = onnx_node(function, name, inputs, outputs);
  pb_text(&node, NODE_DOMAIN, "own");
  return node;
}

/// A function of domain "own" with up to two inputs and outputs each, which imports
/// ONNX's operators as opset `version`.
static pb_bytes start_function(const char* name, const char* const* inputs,
                               const char* const* outputs, int64_t version) {
  pb_bytes function = {0};
  pb_bytes opset = onnx_opset("", version);
  pb_text(&function, FUNCTION_NAME, name);
  pb_text(&function, FUNCTION_DOMAIN, "own");
  for (size_t i = 0; i < 2 && inputs[i]; i++) {
    pb_text(&function, FUNCTION_INPUT, inputs[i]);
  }
  for (size_t o = 0; o < 2 && outputs[o]; o++) {
    pb_text(&function, FUNCTION_OUTPUT, outputs[o]);
  }
  pb_message(&function, FUNCTION_OPSET, &opset);
  return function;
}

static const char* const kA[2] = {"a", NULL};
static const char* const kAb[2] = {"a", "b"};
static const char* const kR[2] = {"r", NULL};
static const char* const kRa[2] = {"r", "a"};
static const char* const kRr[2] = {"r", "r"};

/// A model whose graph has input x, the given nodes (which it frees) and output y.
static pb_bytes model_of(pb_bytes* nodes, size_t count) {
  pb_bytes graph = {0};
  put_value(&graph, GRAPH_INPUT, "x");
  for (size_t n = 0; n < count; n++) pb_message(&graph, GRAPH_NODE, &nodes[n]);
  put_value(&graph, GRAPH_OUTPUT, "y");
  pb_bytes model = onnx_model(&graph);
  pb_bytes opset = onnx_opset("own", 1);
  pb_message(&model, MODEL_OPSET, &opset);
  return model;
}

static olstm_model* load(pb_bytes* bytes) {
  olstm_model* model = NULL;
  olstm_error error = {""};
  if (onnx_load(bytes, &model, &error) != OLSTM_STATUS_OK) fail_msg("%s", error.message);
  assert_null(olstm_model_verify(model));
  return model;
}

static void expect_text(pb_bytes* bytes, const char* expected) {
  olstm_model* model = load(bytes);
  assert_string_equal(graph_text(olstm__model_graph(model)), expected);
  olstm_model_destroy(model);
}

static void expect_refusal(pb_bytes* bytes, olstm_status expected, const char* message) {
  olstm_model* model = NULL;
  olstm_error error = {""};
  assert_int_equal(onnx_load(bytes, &model, &error), expected);
  assert_string_equal(error.message, message);
}

static void inlines_nested_calls_with_names_of_their_own(void** state) {
  pb_bytes nodes[2] = {call("Twice", "one", "x", "m"), call("Twice", "", "m", "y")};
  pb_bytes model = model_of(nodes, 2);
  pb_bytes twice = start_function("Twice", kA, kR, 14);
  pb_bytes leaf = start_function("Leaf", kA, kR, 13);
  pb_bytes node = call("Leaf", "l", "a", "t");
  (void)state;
  pb_message(&twice, FUNCTION_NODE, &node);
  node = call("Leaf", "", "t", "r");
  pb_message(&twice, FUNCTION_NODE, &node);
  node = onnx_node("Neg", "n", "a", "u");
  pb_message(&leaf, FUNCTION_NODE, &node);
  node = onnx_node("Abs", NULL, "u", "r");
  pb_message(&leaf, FUNCTION_NODE, &node);
  pb_message(&model, MODEL_FUNCTION, &twice);
  pb_message(&model, MODEL_FUNCTION, &leaf);
  olstm_model* loaded = load(&model);
  const olstm__decoded_graph* graph = olstm__model_graph(loaded);
  assert_string_equal(
      graph_text(graph),
      "in(x) one/l/u=Neg'one/l/n'(x) one/t=Abs'Abs_1'(one/l/u) "
      "one/Leaf/u=Neg'one/Leaf/n'(one/t) m=Abs'Abs_3'(one/Leaf/u) "
      "Twice/l/u=Neg'Twice/l/n'(m) Twice/t=Abs'Abs_5'(Twice/l/u) "
      "Twice/Leaf/u=Neg'Twice/Leaf/n'(Twice/t) y=Abs'Abs_7'(Twice/Leaf/u) out(y)");
  assert_int_equal(graph->nodes[0].opset_version, 13);
  olstm_model_destroy(loaded);
}

static void tells_made_up_value_names_from_the_graphs(void** state) {
  pb_bytes nodes[3] = {onnx_node("Neg", "f/u", "x", "f/u"), call("F", "f", "f/u", "m"),
                       call("F", "f", "m", "y")};
  pb_bytes model = model_of(nodes, 3);
  pb_bytes function = start_function("F", kA, kR, 17);
  (void)state;
  pb_bytes node = onnx_node("Neg", "u", "a", "u");
  pb_message(&function, FUNCTION_NODE, &node);
  node = onnx_node("Abs", "v", "u", "r");
  pb_message(&function, FUNCTION_NODE, &node);
  pb_message(&model, MODEL_FUNCTION, &function);
  expect_text(&model,
              "in(x) f/u=Neg'f/u'(x) f/u_1=Neg'f/u_1'(f/u) m=Abs'f/v'(f/u_1) "
              "f/u_2=Neg'f/u_2'(m) y=Abs'f/v_3'(f/u_2) out(y)");
}

static void passes_absent_arguments_and_unwanted_outputs(void** state) {
  pb_bytes nodes[1] = {call("F", "f", "x", "y")};
  pb_bytes model = model_of(nodes, 1);
  static const char* const kRs[2] = {"r", "s"};
  pb_bytes function = start_function("F", kAb, kRs, 17);
  (void)state;
  pb_bytes node = onnx_node("Clip", "c", "a,b,a", "r");
  pb_message(&function, FUNCTION_NODE, &node);
  node = onnx_node("Neg", "n", "a", "s");
  pb_message(&function, FUNCTION_NODE, &node);
  pb_message(&model, MODEL_FUNCTION, &function);
  expect_text(&model, "in(x) y=Clip'f/c'(x,,x) f/s=Neg'f/n'(x) out(y)");
}

static void copies_outputs_that_are_inputs_or_named_twice(void** state) {
  pb_bytes nodes[2] = {call("F", "f", "x", ",y"), call("G", "g", "y", "p,q")};
  pb_bytes model = model_of(nodes, 2);
  pb_bytes first = start_function("F", kA, kRa, 17);
  pb_bytes second = start_function("G", kA, kRr, 17);
  (void)state;
  pb_bytes node = onnx_node("Neg", "n", "a", "r");
  pb_message(&first, FUNCTION_NODE, &node);
  node = onnx_node("Abs", "m", "a", "r");
  pb_message(&second, FUNCTION_NODE, &node);
  pb_message(&model, MODEL_FUNCTION, &first);
  pb_message(&model, MODEL_FUNCTION, &second);
  expect_text(&model,
              "in(x) y=Identity'Identity_0'(x) f/r=Neg'f/n'(x) p=Abs'g/m'(y) "
              "q=Identity'Identity_3'(p) out(y)");
}

/// F(a) = LeakyRelu(a, alpha = the function's "slope"), with a default when asked for.
static pb_bytes slope_function(bool with_default) {
  pb_bytes function = start_function("F", kA, kR, 17);
  pb_bytes node = onnx_node("LeakyRelu", "n", "a", "r");
  onnx_attribute_reference(&node, "alpha", OLSTM_ATTRIBUTE_FLOAT, "slope");
  pb_message(&function, FUNCTION_NODE, &node);
  if (with_default) {
    pb_bytes attribute = {0};
    pb_text(&attribute, ATTRIBUTE_NAME, "slope");
    pb_int(&attribute, ATTRIBUTE_TYPE, OLSTM_ATTRIBUTE_FLOAT);
    pb_float(&attribute, ATTRIBUTE_F, 0.25f);
    pb_message(&function, FUNCTION_ATTRIBUTE_PROTO, &attribute);
  } else {
    pb_text(&function, FUNCTION_ATTRIBUTE, "slope");
  }
  return function;
}

static void gives_referring_attributes_what_the_call_or_the_default_says(void** state) {
  static const struct {
    bool given, with_default;
    size_t count;
    float alpha;
  } kCases[] = {{true, false, 1, 0.5f},
                {true, true, 1, 0.5f},
                {false, true, 1, 0.25f},
                {false, false, 0, 0.0f}};
  (void)state;
  for (size_t c = 0; c < sizeof kCases / sizeof kCases[0]; c++) {
    pb_bytes nodes[1] = {call("F", "f", "x", "y")};
    if (kCases[c].given) onnx_attribute_float(&nodes[0], "slope", 0.5f);
    pb_bytes bytes = model_of(nodes, 1);
    pb_bytes function = slope_function(kCases[c].with_default);
    pb_message(&bytes, MODEL_FUNCTION, &function);
    olstm_model* model = load(&bytes);
    const olstm__decoded_node* node = &olstm__model_graph(model)->nodes[0];
    assert_int_equal(node->attribute_count, kCases[c].count);
    if (kCases[c].count > 0) {
      assert_string_equal(node->attributes[0].name, "alpha");
      assert_true(node->attributes[0].f == kCases[c].alpha);
    }
    olstm_model_destroy(model);
  }
}

static void refuses_attributes_that_the_function_does_not_have(void** state) {
  pb_bytes nodes[1] = {call("F", "f", "x", "y")};
  (void)state;
  onnx_attribute_float(&nodes[0], "beta", 0.5f);
  pb_bytes model = model_of(nodes, 1);
  pb_bytes function = slope_function(true);
  pb_message(&model, MODEL_FUNCTION, &function);
  expect_refusal(&model, OLSTM_STATUS_INVALID_MODEL,
                 "F 'f': the local function has no attribute 'beta'");
}

static void refuses_references_of_another_kind_or_outside_a_function(void** state) {
  pb_bytes nodes[1] = {call("F", "f", "x", "y")};
  (void)state;
  onnx_attribute_int(&nodes[0], "slope", 1);
  pb_bytes model = model_of(nodes, 1);
  pb_bytes function = slope_function(true);
  pb_message(&model, MODEL_FUNCTION, &function);
  expect_refusal(&model, OLSTM_STATUS_INVALID_MODEL,
                 "LeakyRelu 'n': attribute 'alpha' refers to 'slope' of type FLOAT, "
                 "which the call gives as INT");
  nodes[0] = onnx_node("LeakyRelu", "n", "x", "y");
  onnx_attribute_reference(&nodes[0], "alpha", OLSTM_ATTRIBUTE_FLOAT, "slope");
  model = model_of(nodes, 1);
  expect_refusal(
      &model, OLSTM_STATUS_INVALID_MODEL,
      "LeakyRelu 'n': attribute 'alpha' refers to 'slope', but stands in no function");
}

static void refuses_functions_that_call_themselves(void** state) {
  pb_bytes nodes[1] = {call("F", "f", "x", "y")};
  pb_bytes model = model_of(nodes, 1);
  pb_bytes first = start_function("F", kA, kR, 17);
  pb_bytes second = start_function("G", kA, kR, 17);
  (void)state;
  pb_bytes node = call("G", "g", "a", "r");
  pb_message(&first, FUNCTION_NODE, &node);
  node = call("F", "again", "a", "r");
  pb_message(&second, FUNCTION_NODE, &node);
  pb_message(&model, MODEL_FUNCTION, &first);
  pb_message(&model, MODEL_FUNCTION, &second);
  expect_refusal(&model, OLSTM_STATUS_INVALID_MODEL,
                 "F 'again': local function 'F' calls itself");
}

/// A chain of functions F0..F(count-1), each of which calls the next `calls` times.
static pb_bytes function_chain(int count, int calls) {
  pb_bytes nodes[1] = {call("F0", "f", "x", "y")};
  pb_bytes model = model_of(nodes, 1);
  for (int f = 0; f < count; f++) {
    char name[16];
    char next[16];
    (void)snprintf(name, sizeof name, "F%d", f);
    (void)snprintf(next, sizeof next, "F%d", f + 1);
    pb_bytes function = start_function(name, kA, kR, 17);
    for (int c = 0; c < calls; c++) {
      pb_bytes node = f + 1 < count ? call(next, "", "a", c == 0 ? "r" : "")
                                    : onnx_node("Neg", "", "a", c == 0 ? "r" : "");
      pb_message(&function, FUNCTION_NODE, &node);
    }
    pb_message(&model, MODEL_FUNCTION, &function);
  }
  return model;
}

static void refuses_calls_nested_too_deep(void** state) {
  pb_bytes model = function_chain(150, 1);
  (void)state;
  expect_refusal(&model, OLSTM_STATUS_LIMIT_EXCEEDED,
                 "graphs and function calls are nested deeper than max_depth=100");
}

static void refuses_calls_that_blow_up(void** state) {
  pb_bytes bytes = function_chain(40, 4);
  olstm_model* model = NULL;
  (void)state;
  assert_int_equal(onnx_load(&bytes, &model, NULL), OLSTM_STATUS_LIMIT_EXCEEDED);
}

static void refuses_outputs_that_nothing_makes(void** state) {
  pb_bytes nodes[1] = {call("F", "f", "x", "y")};
  pb_bytes model = model_of(nodes, 1);
  pb_bytes function = start_function("F", kA, kR, 17);
  (void)state;
  pb_message(&model, MODEL_FUNCTION, &function);
  expect_refusal(&model, OLSTM_STATUS_INVALID_MODEL,
                 "F 'f': output 0: 'r' is made by nothing in the local function");
}

static void refuses_more_arguments_than_the_function_has(void** state) {
  pb_bytes nodes[1] = {call("F", "f", "x,x", "y")};
  pb_bytes model = model_of(nodes, 1);
  pb_bytes function = slope_function(true);
  (void)state;
  pb_message(&model, MODEL_FUNCTION, &function);
  expect_refusal(&model, OLSTM_STATUS_INVALID_MODEL,
                 "F 'f': has 2 inputs and 1 outputs, the local function has 1 and 1");
}

static void refuses_a_body_that_sees_the_graphs_names(void** state) {
  pb_bytes nodes[1] = {call("F", "f", "x", "y")};
  pb_bytes model = model_of(nodes, 1);
  pb_bytes function = start_function("F", kA, kR, 17);
  (void)state;
  pb_bytes node = onnx_node("Neg", "n", "x", "r");
  pb_message(&function, FUNCTION_NODE, &node);
  pb_message(&model, MODEL_FUNCTION, &function);
  expect_refusal(&model, OLSTM_STATUS_INVALID_MODEL,
                 "Neg 'n': input 0: 'x' is made by no input, initializer or node");
}

static void tells_overloads_apart(void** state) {
  pb_bytes nodes[1] = {call("F", "f", "x", "y")};
  (void)state;
  pb_text(&nodes[0], NODE_OVERLOAD, "second");
  pb_bytes model = model_of(nodes, 1);
  static const char* const kOps[] = {"Neg", "Abs"};
  static const char* const kOverloads[] = {"first", "second"};
  for (size_t i = 0; i < 2; i++) {
    pb_bytes function = start_function("F", kA, kR, 17);
    pb_bytes node = onnx_node(kOps[i], "n", "a", "r");
    pb_message(&function, FUNCTION_NODE, &node);
    pb_text(&function, FUNCTION_OVERLOAD, kOverloads[i]);
    pb_message(&model, MODEL_FUNCTION, &function);
  }
  expect_text(&model, "in(x) y=Abs'f/n'(x) out(y)");
  nodes[0] = onnx_node("Neg", "n", "x", "y");
  pb_text(&nodes[0], NODE_OVERLOAD, "third");
  model = model_of(nodes, 1);
  expect_refusal(&model, OLSTM_STATUS_INVALID_MODEL,
                 "Neg 'n': there is no local function with overload 'third'");
}

static void refuses_two_functions_of_one_name(void** state) {
  pb_bytes model = model_of(NULL, 0);
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    pb_bytes function = start_function("F", kA, kR, 17);
    pb_message(&model, MODEL_FUNCTION, &function);
  }
  expect_refusal(&model, OLSTM_STATUS_INVALID_MODEL,
                 "local function 'F' of domain 'own' is given twice");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(inlines_nested_calls_with_names_of_their_own),
      cmocka_unit_test(tells_made_up_value_names_from_the_graphs),
      cmocka_unit_test(passes_absent_arguments_and_unwanted_outputs),
      cmocka_unit_test(copies_outputs_that_are_inputs_or_named_twice),
      cmocka_unit_test(gives_referring_attributes_what_the_call_or_the_default_says),
      cmocka_unit_test(refuses_attributes_that_the_function_does_not_have),
      cmocka_unit_test(refuses_references_of_another_kind_or_outside_a_function),
      cmocka_unit_test(refuses_functions_that_call_themselves),
      cmocka_unit_test(refuses_calls_nested_too_deep),
      cmocka_unit_test(refuses_calls_that_blow_up),
      cmocka_unit_test(refuses_outputs_that_nothing_makes),
      cmocka_unit_test(refuses_more_arguments_than_the_function_has),
      cmocka_unit_test(refuses_a_body_that_sees_the_graphs_names),
      cmocka_unit_test(tells_overloads_apart),
      cmocka_unit_test(refuses_two_functions_of_one_name),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
