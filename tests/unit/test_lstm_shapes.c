// op/lstm/lstm_shapes.c: the shape and dtype of every input, at create for constants and
// later for the others, with messages that say what was expected and why.
#include "op/lstm/lstm_shapes.h"

#include <string.h>

#include "tests/support/lstm_problems.h"
#include "tests/support/test_main.h"

static void refuse_shape(const char* text, const char* message) {
  olstm_lstm_case_must_fail(text, OLSTM_STATUS_SHAPE_MISMATCH, message);
}

static void refuse_dtype(const char* text, const char* message) {
  olstm_lstm_case_must_fail(text, OLSTM_STATUS_DTYPE_MISMATCH, message);
}

static void refuses_r_with_another_hidden_size(void** state) {
  (void)state;
  refuse_shape("LSTM R=1x16x5",
               "LSTM 'n': R has shape [1,16,5], expected [1,16,4] from hidden_size=4");
  refuse_shape("LSTM R=1x12x4 dynamic",
               "LSTM 'n': R has shape [1,12,4], expected [1,16,4] from hidden_size=4");
  refuse_shape("GRU R=2x12x4",
               "GRU 'n': R has shape [2,12,4], expected [1,12,4] from direction=forward");
  refuse_shape("RNN R=4x4",
               "RNN 'n': R has shape [4,4], expected [1,4,4] from "
               "hidden_size=4");
}

static void refuses_r_that_is_not_square_without_hidden_size(void** state) {
  (void)state;
  refuse_shape("LSTM hidden_size=none R=1x16x5",
               "LSTM 'n': R has shape [1,16,5], expected [1,20,5] from a hidden size of "
               "5");
  refuse_shape("LSTM hidden_size=none R=16x5",
               "LSTM 'n': R has shape [16,5], expected [1,?,?]");
  refuse_shape("LSTM hidden_size=none R=1x0x0 W=1x0x3",
               "LSTM 'n': R has shape [1,0,0], which makes a hidden size of 0");
}

static void refuses_w_of_another_shape(void** state) {
  (void)state;
  refuse_shape("LSTM W=1x12x3",
               "LSTM 'n': W has shape [1,12,3], expected [1,16,3] from hidden_size=4");
  refuse_shape(
      "LSTM bidirectional W=1x16x3 hidden_size=4",
      "LSTM 'n': W has shape [1,16,3], expected [2,16,3] from direction=bidirectional");
  refuse_shape("LSTM W=16x3",
               "LSTM 'n': W has shape [16,3], expected [1,16,?] from hidden_size=4");
}

static void refuses_x_that_w_does_not_fit(void** state) {
  (void)state;
  refuse_shape("LSTM W=1x16x7",
               "LSTM 'n': X has shape [3,2,3], expected [3,2,7] from W [1,16,7]");
  refuse_shape("GRU layout=1 W=1x12x7",
               "GRU 'n': X has shape [2,3,3], expected [2,3,7] from W [1,12,7] "
               "(batch first)");
}

static void refuses_x_of_another_rank(void** state) {
  const olstm_lstm_case_options options = {.kernel = NULL};
  olstm_lstm_case layer;
  olstm_error error;
  (void)state;
  olstm_lstm_case_init(&layer, "LSTM");
  layer.tensors[OLSTM_RECURRENT_X].desc.rank = 2;
  assert_int_equal(olstm_lstm_case_run(&layer, &options, &error),
                   OLSTM_STATUS_SHAPE_MISMATCH);
  assert_string_equal(error.message,
                      "LSTM 'n': X has shape [3,2], expected [?,?,3] from W [1,16,3]");
  olstm_lstm_case_deinit(&layer);
}

static void refuses_negative_dimensions(void** state) {
  const olstm_lstm_case_options options = {.kernel = NULL};
  olstm_lstm_case layer;
  olstm_error error;
  (void)state;
  olstm_lstm_case_init(&layer, "LSTM");
  layer.tensors[OLSTM_RECURRENT_X].desc.dims[1] = -1;
  assert_int_equal(olstm_lstm_case_run(&layer, &options, &error),
                   OLSTM_STATUS_SHAPE_MISMATCH);
  assert_string_equal(error.message,
                      "LSTM 'n': X has shape [3,-1,3], expected no negative dimension");
  olstm_lstm_case_deinit(&layer);
}

static void refuses_hosts_that_keep_an_input_back(void** state) {
  const olstm_lstm_case_options options = {.kernel = NULL};
  olstm_lstm_case layer;
  olstm_error error;
  (void)state;
  olstm_lstm_case_init(&layer, "LSTM h0 c0");
  void* initial_h = layer.tensors[OLSTM_RECURRENT_INITIAL_H].data;
  layer.tensors[OLSTM_RECURRENT_INITIAL_H].data = NULL;  // a NULL among the inputs
  assert_int_equal(olstm_lstm_case_run(&layer, &options, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message, "LSTM 'n': the host gives no desc of initial_h");
  layer.tensors[OLSTM_RECURRENT_INITIAL_H].data = initial_h;
  olstm_lstm_case_deinit(&layer);
}

static void refuses_b_of_another_shape(void** state) {
  (void)state;
  refuse_shape("LSTM B=1x16",
               "LSTM 'n': B has shape [1,16], expected [1,32] from hidden_size=4");
  refuse_shape("GRU B=24",
               "GRU 'n': B has shape [24], expected [1,24] from hidden_size=4");
}

static void refuses_p_of_another_shape(void** state) {
  (void)state;
  refuse_shape("LSTM P=1x16",
               "LSTM 'n': P has shape [1,16], expected [1,12] from hidden_size=4");
}

static void refuses_initial_states_of_another_shape(void** state) {
  (void)state;
  refuse_shape(
      "LSTM h0=1x2x8",
      "LSTM 'n': initial_h has shape [1,2,8], expected [1,2,4] from hidden_size=4");
  refuse_shape("LSTM h0 c0=1x1x4",
               "LSTM 'n': initial_c has shape [1,1,4], expected [1,2,4] from X [3,2,3]");
  refuse_shape(
      "RNN layout=1 h0=1x2x4",
      "RNN 'n': initial_h has shape [1,2,4], expected [2,1,4] from X [2,3,3] (batch "
      "first)");
}

static void refuses_sequence_lens_of_another_shape(void** state) {
  const olstm_lstm_case_options options = {.kernel = NULL};
  olstm_lstm_case layer;
  olstm_error error;
  (void)state;
  olstm_lstm_case_init(&layer, "LSTM N5 lens");
  layer.tensors[OLSTM_RECURRENT_SEQUENCE_LENS].desc.dims[0] = 1;
  assert_int_equal(olstm_lstm_case_run(&layer, &options, &error),
                   OLSTM_STATUS_SHAPE_MISMATCH);
  assert_string_equal(
      error.message,
      "LSTM 'n': sequence_lens has shape [1], expected [5] from X [3,5,3]");
  olstm_lstm_case_deinit(&layer);
}

static void refuses_constants_at_create(void** state) {
  const olstm_tensor_desc r = {OLSTM_DTYPE_FLOAT, 3, {1, 16, 5}};
  const olstm_tensor_desc* descs[OLSTM_RECURRENT_INPUT_COUNT] = {[OLSTM_RECURRENT_R] =
                                                                     &r};
  olstm__lstm_attributes attributes = {.hidden_size = 4};
  olstm__lstm_sizes sizes;
  olstm_error error;
  olstm_lstm_case layer;
  (void)state;
  olstm_lstm_case_init(&layer, "LSTM");
  olstm__lstm_spec_init(OLSTM__CELL_LSTM, &attributes.spec);
  assert_int_equal(
      olstm__lstm_shapes_check(&layer.node, &attributes,
                               OLSTM_DTYPE_BIT(OLSTM_DTYPE_FLOAT), descs, &sizes, &error),
      OLSTM_STATUS_SHAPE_MISMATCH);
  assert_string_equal(
      error.message,
      "LSTM 'n': R has shape [1,16,5], expected [1,16,4] from hidden_size=4");
  olstm_lstm_case_deinit(&layer);
}

static void leaves_sizes_open_until_a_tensor_tells(void** state) {
  const olstm_tensor_desc w = {OLSTM_DTYPE_DOUBLE, 3, {1, 16, 5}};
  const olstm_tensor_desc* descs[OLSTM_RECURRENT_INPUT_COUNT] = {[OLSTM_RECURRENT_W] =
                                                                     &w};
  olstm__lstm_attributes attributes = {.hidden_size = 0};
  olstm__lstm_sizes sizes;
  olstm_lstm_case layer;
  (void)state;
  olstm_lstm_case_init(&layer, "LSTM");
  olstm__lstm_spec_init(OLSTM__CELL_LSTM, &attributes.spec);
  assert_int_equal(
      olstm__lstm_shapes_check(&layer.node, &attributes,
                               OLSTM_DTYPE_BIT(OLSTM_DTYPE_DOUBLE), descs, &sizes, NULL),
      OLSTM_STATUS_OK);
  assert_int_equal(sizes.hidden_size, 4);
  assert_int_equal(sizes.input_size, 5);
  assert_int_equal(sizes.steps, OLSTM__SIZE_UNKNOWN);
  assert_int_equal(sizes.batch, OLSTM__SIZE_UNKNOWN);
  assert_int_equal(sizes.dtype, OLSTM_DTYPE_DOUBLE);
  olstm_lstm_case_deinit(&layer);
}

static void refuses_mixed_dtypes(void** state) {
  (void)state;
  refuse_dtype("LSTM W:double dynamic",
               "LSTM 'n': W has dtype double, expected float as X has");
  refuse_dtype("LSTM B:float16 dynamic",
               "LSTM 'n': B has dtype float16, expected float as X has");
  refuse_dtype("GRU h0:double",
               "GRU 'n': initial_h has dtype double, expected float as X has");
  refuse_dtype("LSTM R:double", "LSTM 'n': R has dtype double, expected float as W has");
}

static void refuses_dtypes_that_the_opset_lacks(void** state) {
  (void)state;
  refuse_dtype("LSTM dtype=bfloat16 dynamic",
               "LSTM 'n': X has dtype bfloat16, which opset 14 has no LSTM for");
  refuse_dtype("RNN dtype=int32 opset=22 dynamic",
               "RNN 'n': X has dtype int32, which opset 22 has no RNN for");
}

static void refuses_sequence_lens_of_other_dtypes(void** state) {
  (void)state;
  refuse_dtype("LSTM lens:float",
               "LSTM 'n': sequence_lens has dtype float, expected int32");
  refuse_dtype("LSTM lens:uint32",
               "LSTM 'n': sequence_lens has dtype uint32, expected int32");
}

static void refuses_outputs_that_fit_in_no_memory(void** state) {
  const olstm__lstm_sizes sizes = {1 << 30, 1 << 30, 0, 1 << 30, OLSTM_DTYPE_FLOAT};
  olstm__lstm_attributes attributes = {.hidden_size = 0};
  olstm_tensor_desc desc;
  (void)state;
  olstm__lstm_spec_init(OLSTM__CELL_LSTM, &attributes.spec);
  assert_false(olstm__lstm_output_desc(&attributes, &sizes, OLSTM_RECURRENT_Y, &desc));
  if (SIZE_MAX >> 31 == 1) skip();  // 32-bit
  const olstm__lstm_sizes large = {2147483647, 2147483647, 0, 4, OLSTM_DTYPE_FLOAT};
  assert_true(olstm__lstm_output_desc(&attributes, &large, OLSTM_RECURRENT_Y_H, &desc));
}

static void gives_outputs_their_shapes(void** state) {
  const olstm__lstm_sizes sizes = {5, 3, 7, 4, OLSTM_DTYPE_FLOAT16};
  olstm__lstm_attributes attributes;
  olstm_tensor_desc desc;
  (void)state;
  memset(&attributes, 0, sizeof attributes);
  olstm__lstm_spec_init(OLSTM__CELL_LSTM, &attributes.spec);
  attributes.spec.direction_count = 2;
  assert_true(olstm__lstm_output_desc(&attributes, &sizes, OLSTM_RECURRENT_Y, &desc));
  assert_string_equal(olstm_shape_text(&desc).text, "[5,2,3,4]");
  assert_int_equal(desc.dtype, OLSTM_DTYPE_FLOAT16);
  assert_true(olstm__lstm_output_desc(&attributes, &sizes, OLSTM_RECURRENT_Y_C, &desc));
  assert_string_equal(olstm_shape_text(&desc).text, "[2,3,4]");
  attributes.layouts = (olstm__lstm_layouts){
      OLSTM__LAYOUT_BATCH_MAJOR, OLSTM__LAYOUT_BATCH_MAJOR, OLSTM__LAYOUT_BATCH_MAJOR};
  assert_true(olstm__lstm_output_desc(&attributes, &sizes, OLSTM_RECURRENT_Y, &desc));
  assert_string_equal(olstm_shape_text(&desc).text, "[3,5,2,4]");
  assert_true(olstm__lstm_output_desc(&attributes, &sizes, OLSTM_RECURRENT_Y_H, &desc));
  assert_string_equal(olstm_shape_text(&desc).text, "[3,2,4]");
  attributes.layouts.y = OLSTM__LAYOUT_TIME_MAJOR_CONCATENATED;
  assert_true(olstm__lstm_output_desc(&attributes, &sizes, OLSTM_RECURRENT_Y, &desc));
  assert_string_equal(olstm_shape_text(&desc).text, "[5,3,2,4]");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(refuses_r_with_another_hidden_size),
      cmocka_unit_test(refuses_r_that_is_not_square_without_hidden_size),
      cmocka_unit_test(refuses_w_of_another_shape),
      cmocka_unit_test(refuses_x_that_w_does_not_fit),
      cmocka_unit_test(refuses_x_of_another_rank),
      cmocka_unit_test(refuses_negative_dimensions),
      cmocka_unit_test(refuses_hosts_that_keep_an_input_back),
      cmocka_unit_test(refuses_b_of_another_shape),
      cmocka_unit_test(refuses_p_of_another_shape),
      cmocka_unit_test(refuses_initial_states_of_another_shape),
      cmocka_unit_test(refuses_sequence_lens_of_another_shape),
      cmocka_unit_test(refuses_constants_at_create),
      cmocka_unit_test(leaves_sizes_open_until_a_tensor_tells),
      cmocka_unit_test(refuses_mixed_dtypes),
      cmocka_unit_test(refuses_dtypes_that_the_opset_lacks),
      cmocka_unit_test(refuses_sequence_lens_of_other_dtypes),
      cmocka_unit_test(refuses_outputs_that_fit_in_no_memory),
      cmocka_unit_test(gives_outputs_their_shapes),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
