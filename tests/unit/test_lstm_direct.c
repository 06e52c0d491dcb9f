// op/lstm/lstm_direct.c: the layer without a graph computes what the operator computes,
// in steps or in one go, keeps its state, and allocates nothing once it is made.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "olstm/lstm.h"
#include "tests/support/lstm_problems.h"
#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

enum { T = 9, N = 3, I = 5, H = 6 };

/// The layer of a line of text, in ONNX's order.
static olstm_lstm* make(const olstm_lstm_case* layer, olstm_lstm_options* options) {
  const olstm_lstm_weights weights = {
      .struct_size = sizeof weights,
      .order = OLSTM_LSTM_ORDER_ONNX,
      .kernel = layer->tensors[OLSTM_RECURRENT_W].data,
      .recurrent_kernel = layer->tensors[OLSTM_RECURRENT_R].data,
      .bias = layer->tensors[OLSTM_RECURRENT_B].data,
      .peepholes = layer->tensors[OLSTM_RECURRENT_P].data,
  };
  olstm_lstm* lstm = NULL;
  olstm_error error = {""};
  options->input_size = layer->inputs;
  options->hidden_size = layer->hidden;
  options->batch_size = layer->rows;
  if (olstm_lstm_create(options, &weights, &lstm, &error) != OLSTM_STATUS_OK) {
    fail_msg("'%s': %s", layer->text, error.message);
  }
  return lstm;
}

static olstm_lstm* make_plain(olstm_lstm_case* layer) {
  olstm_lstm_options options;
  olstm_lstm_options_init(&options);
  olstm_lstm_case_init(layer, "LSTM T9 N3 I5 H6 B h0 c0");
  return make(layer, &options);
}

static void check_close(const float* got, const void* expected, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const float value = ((const float*)expected)[i];
    if (!(fabsf(got[i] - value) <= 2e-5F + 1e-4F * fabsf(value))) {
      fail_msg("[%d] is %.9g, expected %.9g", (int)i, (double)got[i], (double)value);
    }
  }
}

/// Runs the whole sequence of a line, and compares with the reference kernel.
static void check_line(const char* text, olstm_lstm_options* options) {
  olstm_lstm_case layer;
  float y[T * N * H];
  float h[N * H];
  float c[N * H];
  olstm_lstm_case_init(&layer, text);
  olstm_lstm_case_must_run(&layer, "reference");
  olstm_lstm* lstm = make(&layer, options);
  olstm_lstm_set_state(lstm, layer.tensors[OLSTM_RECURRENT_INITIAL_H].data,
                       layer.tensors[OLSTM_RECURRENT_INITIAL_C].data);
  assert_int_equal(
      olstm_lstm_sequence(lstm, T, layer.tensors[OLSTM_RECURRENT_X].data, y, NULL),
      OLSTM_STATUS_OK);
  olstm_lstm_get_state(lstm, h, c);
  check_close(y, layer.outputs[OLSTM_RECURRENT_Y].data, T * N * H);
  check_close(h, layer.outputs[OLSTM_RECURRENT_Y_H].data, N * H);
  check_close(c, layer.outputs[OLSTM_RECURRENT_Y_C].data, N * H);
  olstm_lstm_destroy(lstm);
  olstm_lstm_case_deinit(&layer);
}

static void computes_what_the_operator_computes(void** state) {
  olstm_lstm_options options;
  (void)state;
  olstm_lstm_options_init(&options);
  check_line("LSTM T9 N3 I5 H6", &options);
  check_line("LSTM T9 N3 I5 H6 B h0", &options);
  check_line("LSTM T9 N3 I5 H6 B P h0 c0", &options);
}

static void takes_every_option(void** state) {
  olstm_lstm_options options;
  (void)state;
  olstm_lstm_options_init(&options);
  options.clip = 0.25F;
  check_line("LSTM T9 N3 I5 H6 B h0 c0 clip=0.25", &options);
  options.clip = 0;
  options.input_forget = 1;
  check_line("LSTM T9 N3 I5 H6 B P h0 c0 input_forget=1", &options);
  options.input_forget = 0;
  options.activations[0] = "HardSigmoid";
  options.activations[2] = "relu";
  check_line("LSTM T9 N3 I5 H6 B h0 c0 act=HardSigmoid,Tanh,Relu", &options);
}

/// Keras: columns of gates i f c o; ONNX: rows of gates i o f c.
static void takes_weights_in_keras_order(void** state) {
  static const int kOnnxGate[] = {0, 2, 3, 1};
  olstm_lstm_case layer;
  olstm_lstm_options options;
  float kernel[I * 4 * H];
  float recurrent_kernel[H * 4 * H];
  float bias[4 * H];
  float onnx_y[T * N * H];
  float keras_y[T * N * H];
  olstm_lstm* keras = NULL;
  (void)state;
  olstm_lstm* onnx = make_plain(&layer);
  float* b = layer.tensors[OLSTM_RECURRENT_B].data;
  memset(b + 4 * H, 0, 4 * H * sizeof(float));
  olstm_lstm_destroy(onnx);
  olstm_lstm_options_init(&options);
  onnx = make(&layer, &options);
  for (int g = 0; g < 4; g++) {
    for (int h = 0; h < H; h++) {
      const int row = kOnnxGate[g] * H + h;
      const int column = g * H + h;
      const float* w = layer.tensors[OLSTM_RECURRENT_W].data;
      const float* r = layer.tensors[OLSTM_RECURRENT_R].data;
      for (int i = 0; i < I; i++) kernel[i * 4 * H + column] = w[row * I + i];
      for (int i = 0; i < H; i++) recurrent_kernel[i * 4 * H + column] = r[row * H + i];
      bias[column] = b[row];
    }
  }
  const olstm_lstm_weights weights = {.struct_size = sizeof weights,
                                      .order = OLSTM_LSTM_ORDER_KERAS,
                                      .kernel = kernel,
                                      .recurrent_kernel = recurrent_kernel,
                                      .bias = bias};
  assert_int_equal(olstm_lstm_create(&options, &weights, &keras, NULL), OLSTM_STATUS_OK);
  const float* x = layer.tensors[OLSTM_RECURRENT_X].data;
  assert_int_equal(olstm_lstm_sequence(onnx, T, x, onnx_y, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm_lstm_sequence(keras, T, x, keras_y, NULL), OLSTM_STATUS_OK);
  assert_memory_equal(onnx_y, keras_y, sizeof onnx_y);
  olstm_lstm_destroy(onnx);
  olstm_lstm_destroy(keras);
  olstm_lstm_case_deinit(&layer);
}

static void steps_give_the_same_bits_as_a_sequence(void** state) {
  static const int kSteps[] = {1, 2, 3, 7, 64, 65, 127, 128, 200};
  (void)state;
  for (size_t s = 0; s < sizeof kSteps / sizeof kSteps[0]; s++) {
    const int steps = kSteps[s];
    char text[64];
    olstm_lstm_case layer;
    olstm_lstm_options options;
    olstm_lstm_options_init(&options);
    (void)snprintf(text, sizeof text, "LSTM T%d N2 I3 H17 B", steps);
    olstm_lstm_case_init(&layer, text);
    olstm_lstm* whole = make(&layer, &options);
    olstm_lstm* single = make(&layer, &options);
    const size_t count = (size_t)steps * 2 * 17;
    float* y = calloc(count, 2 * sizeof *y);
    assert_non_null(y);
    const float* x = layer.tensors[OLSTM_RECURRENT_X].data;
    assert_int_equal(olstm_lstm_sequence(whole, steps, x, y, NULL), OLSTM_STATUS_OK);
    for (int t = 0; t < steps; t++) {
      float* to = y + count + (ptrdiff_t)t * 34;
      assert_int_equal(olstm_lstm_step(single, x + (ptrdiff_t)t * 6, to, NULL), 0);
    }
    assert_memory_equal(y, y + count, count * sizeof *y);
    free(y);
    olstm_lstm_destroy(whole);
    olstm_lstm_destroy(single);
    olstm_lstm_case_deinit(&layer);
  }
}

static void outputs_that_nobody_wants_may_be_null(void** state) {
  olstm_lstm_case layer;
  float with[2 * N * H];
  float without[2 * N * H];
  float y[T * N * H];
  (void)state;
  olstm_lstm* lstm = make_plain(&layer);
  const float* x = layer.tensors[OLSTM_RECURRENT_X].data;
  assert_int_equal(olstm_lstm_sequence(lstm, T, x, y, NULL), OLSTM_STATUS_OK);
  olstm_lstm_get_state(lstm, with, with + N * H);
  assert_int_equal(olstm_lstm_reset_state(lstm, -1, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm_lstm_sequence(lstm, T, x, NULL, NULL), OLSTM_STATUS_OK);
  olstm_lstm_get_state(lstm, without, NULL);
  olstm_lstm_get_state(lstm, NULL, without + N * H);
  assert_memory_equal(with, without, sizeof with);
  olstm_lstm_destroy(lstm);
  olstm_lstm_case_deinit(&layer);
}

static void state_can_be_set_and_reset_row_by_row(void** state) {
  olstm_lstm_case layer;
  float h[N * H];
  float c[N * H];
  (void)state;
  olstm_lstm* lstm = make_plain(&layer);
  const float* h0 = layer.tensors[OLSTM_RECURRENT_INITIAL_H].data;
  const float* c0 = layer.tensors[OLSTM_RECURRENT_INITIAL_C].data;
  olstm_lstm_get_state(lstm, h, c);
  for (int i = 0; i < N * H; i++) assert_true(h[i] == 0 && c[i] == 0);
  olstm_lstm_set_state(lstm, h0, NULL);
  olstm_lstm_set_state(lstm, NULL, c0);
  assert_int_equal(olstm_lstm_reset_state(lstm, 1, NULL), OLSTM_STATUS_OK);
  olstm_lstm_get_state(lstm, h, c);
  for (int i = 0; i < N * H; i++) {
    const bool is_reset = i / H == 1;
    assert_true(h[i] == (is_reset ? 0 : h0[i]));
    assert_true(c[i] == (is_reset ? 0 : c0[i]));
  }
  assert_int_equal(olstm_lstm_reset_state(lstm, -1, NULL), OLSTM_STATUS_OK);
  olstm_lstm_get_state(lstm, h, c);
  for (int i = 0; i < N * H; i++) assert_true(h[i] == 0 && c[i] == 0);
  olstm_lstm_destroy(lstm);
  olstm_lstm_case_deinit(&layer);
}

static void refuses_to_reset_a_row_that_is_not_there(void** state) {
  olstm_lstm_case layer;
  olstm_error error;
  (void)state;
  olstm_lstm* lstm = make_plain(&layer);
  assert_int_equal(olstm_lstm_reset_state(lstm, 3, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message, "LSTM: row is 3, expected -1..2");
  olstm_lstm_destroy(lstm);
  olstm_lstm_case_deinit(&layer);
}

static void a_clone_goes_its_own_way_and_may_live_longer(void** state) {
  olstm_lstm_case layer;
  olstm_lstm* clone = NULL;
  float y[2][N * H];
  (void)state;
  olstm_lstm* lstm = make_plain(&layer);
  const float* x = layer.tensors[OLSTM_RECURRENT_X].data;
  assert_int_equal(olstm_lstm_step(lstm, x, NULL, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm_lstm_clone(lstm, &clone, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm_lstm_step(lstm, x + N * I, y[0], NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm_lstm_step(lstm, x + N * I, NULL, NULL), OLSTM_STATUS_OK);
  olstm_lstm_destroy(lstm);
  assert_int_equal(olstm_lstm_step(clone, x + N * I, y[1], NULL), OLSTM_STATUS_OK);
  assert_memory_equal(y[0], y[1], sizeof y[0]);
  olstm_lstm_destroy(clone);
  olstm_lstm_case_deinit(&layer);
}

static void says_what_it_is(void** state) {
  olstm_lstm_case layer;
  (void)state;
  olstm_lstm* lstm = make_plain(&layer);
  assert_int_equal(olstm_lstm_input_size(lstm), I);
  assert_int_equal(olstm_lstm_hidden_size(lstm), H);
  assert_int_equal(olstm_lstm_batch_size(lstm), N);
  assert_true(strlen(olstm_lstm_kernel_name(lstm)) > 0);
  assert_string_not_equal(olstm_lstm_kernel_name(lstm), "onednn");
  olstm_lstm_destroy(lstm);
  olstm_lstm_case_deinit(&layer);
}

static void allocates_nothing_once_it_is_made(void** state) {
  olstm_lstm_case layer;
  float y[T * N * H];
  (void)state;
  olstm_lstm* lstm = make_plain(&layer);
  const float* x = layer.tensors[OLSTM_RECURRENT_X].data;
  const int64_t before = olstm_test_malloc_count();
  for (int i = 0; i < 100; i++) {
    (void)olstm_lstm_step(lstm, x, y, NULL);
    (void)olstm_lstm_sequence(lstm, T, x, y, NULL);
    olstm_lstm_set_state(lstm, y, NULL);
    (void)olstm_lstm_reset_state(lstm, 0, NULL);
  }
  assert_int_equal(olstm_test_malloc_count(), before);
  olstm_lstm_destroy(lstm);
  olstm_lstm_case_deinit(&layer);
}

static void every_failed_allocation_is_reported_and_leaves_nothing(void** state) {
  static const int32_t kOrders[] = {OLSTM_LSTM_ORDER_ONNX, OLSTM_LSTM_ORDER_KERAS};
  olstm_test_allocator allocator;
  olstm_lstm_options options;
  float numbers[4 * 4 * 3] = {0};
  (void)state;
  olstm_test_allocator_init(&allocator);
  olstm_lstm_options_init(&options);
  options.allocator = &allocator.allocator;
  options.input_size = 1;
  options.hidden_size = 3;
  for (size_t o = 0; o < 2; o++) {
    const olstm_lstm_weights weights = {.struct_size = sizeof weights,
                                        .order = kOrders[o],
                                        .kernel = numbers,
                                        .recurrent_kernel = numbers,
                                        .bias = numbers};
    olstm_status status = OLSTM_STATUS_OUT_OF_MEMORY;
    for (int64_t nth = 1; status != OLSTM_STATUS_OK; nth++) {
      olstm_lstm* lstm = NULL;
      olstm_test_allocator_fail_at(&allocator, nth);
      status = olstm_lstm_create(&options, &weights, &lstm, NULL);
      olstm_test_allocator_fail_at(&allocator, 0);
      if (status == OLSTM_STATUS_OK) {
        assert_true(nth > 4);
      } else {
        assert_int_equal(status, OLSTM_STATUS_OUT_OF_MEMORY);
        assert_null(lstm);
      }
      olstm_lstm_destroy(lstm);
      olstm_test_allocator_assert_clean(&allocator);
    }
  }
}

static void refuse(const olstm_lstm_options* options, const olstm_lstm_weights* weights,
                   olstm_status code, const char* message) {
  olstm_lstm* lstm = NULL;
  olstm_error error = {""};
  assert_int_equal(olstm_lstm_create(options, weights, &lstm, &error), code);
  assert_string_equal(error.message, message);
  assert_null(lstm);
}

static void refuses_wrong_options_by_name(void** state) {
  float numbers[16] = {0};
  const olstm_lstm_weights weights = {
      .struct_size = sizeof weights, .kernel = numbers, .recurrent_kernel = numbers};
  olstm_lstm_options options;
  (void)state;
  olstm_lstm_options_init(&options);
  refuse(&options, &weights, OLSTM_STATUS_INVALID_ARGUMENT,
         "LSTM: input_size is 0, expected 1..2147483647");
  options.input_size = 1;
  options.hidden_size = -1;
  refuse(&options, &weights, OLSTM_STATUS_INVALID_ARGUMENT,
         "LSTM: hidden_size is -1, expected 1..2147483647");
  options.hidden_size = INT32_MAX;
  options.batch_size = INT32_MAX;
  refuse(&options, &weights, OLSTM_STATUS_INVALID_ARGUMENT,
         "LSTM: the sizes together fit in no memory");
  options.hidden_size = options.batch_size = 1;
  options.block_steps = 0;
  refuse(&options, &weights, OLSTM_STATUS_INVALID_ARGUMENT,
         "LSTM: block_steps is 0, expected 1..2147483647");
  options.block_steps = 1;
  options.clip = -1;
  refuse(&options, &weights, OLSTM_STATUS_INVALID_ARGUMENT,
         "LSTM: clip is -1, expected 0 or a finite value above it");
  options.clip = 0;
  options.activations[1] = "gelu";
  refuse(&options, &weights, OLSTM_STATUS_INVALID_ARGUMENT,
         "LSTM: unknown activation 'gelu'");
}

static void refuses_wrong_weights_by_name(void** state) {
  float numbers[16] = {0};
  olstm_lstm_weights weights = {.struct_size = sizeof weights};
  olstm_lstm_options options;
  (void)state;
  olstm_lstm_options_init(&options);
  options.input_size = options.hidden_size = 1;
  refuse(&options, NULL, OLSTM_STATUS_INVALID_ARGUMENT, "LSTM: weights is NULL");
  refuse(NULL, &weights, OLSTM_STATUS_INVALID_ARGUMENT, "LSTM: options is NULL");
  refuse(&options, &weights, OLSTM_STATUS_INVALID_ARGUMENT, "LSTM: kernel is NULL");
  weights.kernel = numbers;
  refuse(&options, &weights, OLSTM_STATUS_INVALID_ARGUMENT,
         "LSTM: recurrent_kernel is NULL");
  weights.recurrent_kernel = numbers;
  weights.peepholes = numbers;
  refuse(&options, &weights, OLSTM_STATUS_UNSUPPORTED,
         "LSTM: peepholes are given, but Keras' order has none");
  weights.order = 7;
  refuse(&options, &weights, OLSTM_STATUS_INVALID_ARGUMENT,
         "LSTM: order of weights is 7, expected OLSTM_LSTM_ORDER_KERAS or "
         "OLSTM_LSTM_ORDER_ONNX");
  assert_int_equal(olstm_lstm_create(&options, &weights, NULL, NULL),
                   OLSTM_STATUS_INVALID_ARGUMENT);
}

static void refuses_runs_without_input(void** state) {
  olstm_lstm_case layer;
  olstm_error error;
  (void)state;
  olstm_lstm* lstm = make_plain(&layer);
  assert_int_equal(olstm_lstm_step(lstm, NULL, NULL, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message, "LSTM: lstm or x is NULL, or step_count is 1");
  assert_int_equal(olstm_lstm_sequence(lstm, -2, layer.tensors[0].data, NULL, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message, "LSTM: lstm or x is NULL, or step_count is -2");
  assert_int_equal(olstm_lstm_sequence(lstm, 0, NULL, NULL, NULL), OLSTM_STATUS_OK);
  olstm_lstm_destroy(lstm);
  olstm_lstm_destroy(NULL);
  olstm_lstm_case_deinit(&layer);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(computes_what_the_operator_computes),
      cmocka_unit_test(takes_every_option),
      cmocka_unit_test(takes_weights_in_keras_order),
      cmocka_unit_test(steps_give_the_same_bits_as_a_sequence),
      cmocka_unit_test(outputs_that_nobody_wants_may_be_null),
      cmocka_unit_test(state_can_be_set_and_reset_row_by_row),
      cmocka_unit_test(refuses_to_reset_a_row_that_is_not_there),
      cmocka_unit_test(a_clone_goes_its_own_way_and_may_live_longer),
      cmocka_unit_test(says_what_it_is),
      cmocka_unit_test(allocates_nothing_once_it_is_made),
      cmocka_unit_test(every_failed_allocation_is_reported_and_leaves_nothing),
      cmocka_unit_test(refuses_wrong_options_by_name),
      cmocka_unit_test(refuses_wrong_weights_by_name),
      cmocka_unit_test(refuses_runs_without_input),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
