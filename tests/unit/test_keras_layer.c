// tools/keras_layer.h: gate orders as Keras' and ONNX's documentation give them.
#include "tools/keras_layer.h"

#include <string.h>

#include "tests/support/test_main.h"

/// A recurrent node out of constants.
typedef struct layer_case {
  olstm_node node;
  olstm_attribute attribute;
  const char* input_names[8];
  const olstm_tensor* constants[8];
} layer_case;

static void init_case(layer_case* c, const char* op_type, const olstm_tensor* w,
                      const olstm_tensor* r, const olstm_tensor* b) {
  memset(c, 0, sizeof *c);
  const char* names[] = {"X", "W", "R", b ? "B" : ""};
  const olstm_tensor* constants[] = {NULL, w, r, b};
  memcpy(c->input_names, names, sizeof names);
  memcpy(c->constants, constants, sizeof constants);
  c->node = (olstm_node){.struct_size = sizeof(olstm_node),
                         .name = "n",
                         .op_type = op_type,
                         .domain = "",
                         .opset_version = 14,
                         .input_count = 4,
                         .input_names = c->input_names,
                         .constants = c->constants};
}

static void expect_floats(const olstm_tensor* tensor, const float* expected,
                          size_t count) {
  assert_int_equal(olstm_tensor_desc_count(&tensor->desc), count);
  for (size_t i = 0; i < count; i++) {
    assert_true(((const float*)tensor->data)[i] == expected[i]);
  }
}

static void lstm_gates_go_from_iofc_to_ifco(void** state) {
  // One unit, two inputs: rows i o f c of W, each with its two inputs.
  float w[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  float r[4] = {10, 20, 30, 40};
  float b[8] = {1, 2, 3, 4, 100, 200, 300, 400};
  const olstm_tensor tw = {{OLSTM_DTYPE_FLOAT, 3, {1, 4, 2}}, w};
  const olstm_tensor tr = {{OLSTM_DTYPE_FLOAT, 3, {1, 4, 1}}, r};
  const olstm_tensor tb = {{OLSTM_DTYPE_FLOAT, 2, {1, 8}}, b};
  const float kernel[8] = {1, 5, 7, 3, 2, 6, 8, 4};
  const float recurrent[4] = {10, 30, 40, 20};
  const float bias[4] = {101, 303, 404, 202};
  layer_case c;
  olstm__keras_layer layer;
  (void)state;
  init_case(&c, "LSTM", &tw, &tr, &tb);
  assert_int_equal(olstm__keras_layer_read(&c.node, 0, &layer, NULL), OLSTM_STATUS_OK);
  assert_int_equal(layer.array_count, 3);
  assert_string_equal(olstm_shape_text(&layer.arrays[0].tensor.desc).text, "[2,4]");
  expect_floats(&layer.arrays[0].tensor, kernel, 8);
  expect_floats(&layer.arrays[1].tensor, recurrent, 4);
  expect_floats(&layer.arrays[2].tensor, bias, 4);
  assert_string_equal(layer.direction, "forward");
  olstm__keras_layer_deinit(&layer);
}

static void gru_that_resets_after_keeps_both_biases(void** state) {
  float w[3] = {1, 2, 3};
  float r[3] = {4, 5, 6};
  float b[6] = {1, 2, 3, 4, 5, 6};
  const olstm_tensor tw = {{OLSTM_DTYPE_FLOAT, 3, {1, 3, 1}}, w};
  const olstm_tensor tr = {{OLSTM_DTYPE_FLOAT, 3, {1, 3, 1}}, r};
  const olstm_tensor tb = {{OLSTM_DTYPE_FLOAT, 2, {1, 6}}, b};
  const float sums[3] = {5, 7, 9};
  layer_case c;
  olstm__keras_layer layer;
  (void)state;
  init_case(&c, "GRU", &tw, &tr, &tb);
  assert_int_equal(olstm__keras_layer_read(&c.node, 0, &layer, NULL), OLSTM_STATUS_OK);
  assert_string_equal(olstm_shape_text(&layer.arrays[2].tensor.desc).text, "[3]");
  expect_floats(&layer.arrays[2].tensor, sums, 3);
  olstm__keras_layer_deinit(&layer);
  c.attribute = (olstm_attribute){
      .name = "linear_before_reset", .kind = OLSTM_ATTRIBUTE_INT, .i = 1};
  c.node.attribute_count = 1;
  c.node.attributes = &c.attribute;
  assert_int_equal(olstm__keras_layer_read(&c.node, 0, &layer, NULL), OLSTM_STATUS_OK);
  assert_string_equal(olstm_shape_text(&layer.arrays[2].tensor.desc).text, "[2,3]");
  expect_floats(&layer.arrays[2].tensor, b, 6);
  olstm__keras_layer_deinit(&layer);
}

static void second_direction_is_the_backward_one(void** state) {
  double w[2] = {1, 2};
  double r[2] = {3, 4};
  const olstm_tensor tw = {{OLSTM_DTYPE_DOUBLE, 3, {2, 1, 1}}, w};
  const olstm_tensor tr = {{OLSTM_DTYPE_DOUBLE, 3, {2, 1, 1}}, r};
  layer_case c;
  olstm__keras_layer layer;
  (void)state;
  init_case(&c, "RNN", &tw, &tr, NULL);
  assert_int_equal(olstm__keras_layer_read(&c.node, 1, &layer, NULL), OLSTM_STATUS_OK);
  assert_string_equal(layer.direction, "backward");
  assert_int_equal(layer.direction_count, 2);
  assert_true(*(double*)layer.arrays[0].tensor.data == 2.0);
  assert_true(*(double*)layer.arrays[1].tensor.data == 4.0);
  assert_true(*(double*)layer.arrays[2].tensor.data == 0.0);
  olstm__keras_layer_deinit(&layer);
}

static void refuses_weights_that_are_computed_or_misshapen(void** state) {
  float w[8] = {0};
  const olstm_tensor tw = {{OLSTM_DTYPE_FLOAT, 3, {1, 4, 2}}, w};
  const olstm_tensor tr = {{OLSTM_DTYPE_FLOAT, 3, {1, 4, 1}}, w};
  const olstm_tensor short_w = {{OLSTM_DTYPE_FLOAT, 3, {1, 3, 2}}, w};
  const olstm_tensor flat_w = {{OLSTM_DTYPE_FLOAT, 2, {4, 2}}, w};
  const olstm_tensor whole_w = {{OLSTM_DTYPE_INT32, 3, {1, 4, 2}}, w};
  const olstm_tensor* const wrong[] = {&short_w, &flat_w, &whole_w};
  layer_case c;
  olstm__keras_layer layer;
  olstm_error error;
  (void)state;
  init_case(&c, "LSTM", NULL, &tr, NULL);
  assert_int_equal(olstm__keras_layer_read(&c.node, 0, &layer, &error),
                   OLSTM_STATUS_UNSUPPORTED);
  assert_string_equal(error.message,
                      "LSTM 'n': W is computed in the graph, it is no constant");
  for (size_t i = 0; i < 3; i++) {
    init_case(&c, "LSTM", wrong[i], &tr, NULL);
    assert_int_equal(olstm__keras_layer_read(&c.node, 0, &layer, NULL),
                     OLSTM_STATUS_SHAPE_MISMATCH);
    assert_int_equal(layer.array_count, 0);
  }
  init_case(&c, "LSTM", &tw, &tr, NULL);
  assert_int_equal(olstm__keras_layer_read(&c.node, 1, &layer, NULL),
                   OLSTM_STATUS_SHAPE_MISMATCH);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lstm_gates_go_from_iofc_to_ifco),
      cmocka_unit_test(gru_that_resets_after_keeps_both_biases),
      cmocka_unit_test(second_direction_is_the_backward_one),
      cmocka_unit_test(refuses_weights_that_are_computed_or_misshapen),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
