// op/lstm/lstm_masked_op.c against the ONNX operator run one step at a time: a masked
// step leaves the state of its row as it is and repeats the row's output.
#include <math.h>
#include <string.h>

#include "op/fused.h"
#include "tests/support/op_fixture.h"
#include "tests/support/test_main.h"

enum { T = 7, N = 4, I = 3, H = 5, G = 4 };

typedef struct layer {
  float x[T * N * I], w[G * H * I], r[G * H * H], b[2 * G * H];
  float h[N * H], c[N * H], y[N * H];
  bool mask[T * N];
} layer;

static float wave(int i) {
  return sinf(0.9F * (float)i + 0.2F);
}

/// Rows: unmasked, padded at the end, masked in the middle, masked everywhere.
static void make_layer(layer* l) {
  for (int i = 0; i < T * N * I; i++) l->x[i] = wave(i);
  for (int i = 0; i < G * H * I; i++) l->w[i] = 0.5F * wave(3 * i);
  for (int i = 0; i < G * H * H; i++) l->r[i] = 0.4F * wave(5 * i + 1);
  for (int i = 0; i < 2 * G * H; i++) l->b[i] = 0.1F * wave(i + 7);
  for (int i = 0; i < N * H; i++) {
    l->h[i] = 0.3F * wave(i + 2);
    l->c[i] = 0.6F * wave(i + 4);
    l->y[i] = 0.2F * wave(i + 9);
  }
  for (int t = 0; t < T; t++) {
    const bool row[N] = {true, t < 4, t != 2 && t != 3 && t != 6, false};
    memcpy(&l->mask[t * N], row, sizeof row);
  }
}

static void run_step(const layer* l, int t, const float* h, const float* c, float* new_h,
                     float* new_c) {
  const olstm_tensor x = OP_TENSOR(FLOAT, &l->x[t * N * I], 3, 1, N, I);
  const olstm_tensor w = OP_TENSOR(FLOAT, l->w, 3, 1, G * H, I);
  const olstm_tensor r = OP_TENSOR(FLOAT, l->r, 3, 1, G * H, H);
  const olstm_tensor b = OP_TENSOR(FLOAT, l->b, 2, 1, 2 * G * H);
  const olstm_tensor h0 = OP_TENSOR(FLOAT, h, 3, 1, N, H);
  const olstm_tensor c0 = OP_TENSOR(FLOAT, c, 3, 1, N, H);
  const olstm_attribute hidden = {
      .name = "hidden_size", .kind = OLSTM_ATTRIBUTE_INT, .i = H};
  op_fixture step = {.op_type = "LSTM",
                     .opset_version = 14,
                     .attribute_count = 1,
                     .attributes = &hidden,
                     .input_count = 7,
                     .inputs = {&x, &w, &r, &b, NULL, &h0, &c0},
                     .output_count = 3};
  assert_int_equal(op_fixture_run(&step), OLSTM_STATUS_OK);
  memcpy(new_h, step.outputs[1].data, N * H * sizeof(float));
  memcpy(new_c, step.outputs[2].data, N * H * sizeof(float));
  op_fixture_deinit(&step);
}

/// What Keras computes: all steps in order, a row's values kept where its mask is false.
static void run_step_by_step(const layer* l, float* y, float* h, float* c, float* last) {
  float new_h[N * H], new_c[N * H];
  memcpy(h, l->h, sizeof l->h);
  memcpy(c, l->c, sizeof l->c);
  memcpy(last, l->y, sizeof l->y);
  for (int t = 0; t < T; t++) {
    run_step(l, t, h, c, new_h, new_c);
    for (int n = 0; n < N; n++) {
      if (!l->mask[t * N + n]) continue;
      memcpy(&h[n * H], &new_h[n * H], H * sizeof(float));
      memcpy(&c[n * H], &new_c[n * H], H * sizeof(float));
      memcpy(&last[n * H], &new_h[n * H], H * sizeof(float));
    }
    memcpy(&y[t * N * H], last, N * H * sizeof(float));
  }
}

typedef struct masked_run {
  olstm_tensor x, w, r, b, mask, h, c, y;
  olstm_attribute hidden;
  op_fixture fixture;
} masked_run;

static void describe_run(const layer* l, masked_run* run) {
  *run = (masked_run){
      .x = OP_TENSOR(FLOAT, l->x, 3, T, N, I),
      .w = OP_TENSOR(FLOAT, l->w, 3, 1, G * H, I),
      .r = OP_TENSOR(FLOAT, l->r, 3, 1, G * H, H),
      .b = OP_TENSOR(FLOAT, l->b, 2, 1, 2 * G * H),
      .mask = OP_TENSOR(BOOL, l->mask, 3, T, N, 1),
      .h = OP_TENSOR(FLOAT, l->h, 3, 1, N, H),
      .c = OP_TENSOR(FLOAT, l->c, 3, 1, N, H),
      .y = OP_TENSOR(FLOAT, l->y, 2, N, H),
      .hidden = {.name = "hidden_size", .kind = OLSTM_ATTRIBUTE_INT, .i = H}};
  run->fixture = (op_fixture){.domain = "olstm.fused",
                              .op_type = "MaskedLSTM",
                              .opset_version = 1,
                              .attribute_count = 1,
                              .attributes = &run->hidden,
                              .input_count = 8,
                              .inputs = {&run->x, &run->w, &run->r, &run->b, &run->mask,
                                         &run->h, &run->c, &run->y},
                              .output_count = 4};
}

static void assert_close(const float* actual, const float* expected, int count) {
  for (int i = 0; i < count; i++) {
    if (!(fabsf(actual[i] - expected[i]) <= 1e-6F)) {
      fail_msg("element %d: %.9g, expected %.9g", i, (double)actual[i],
               (double)expected[i]);
    }
  }
}

static void masked_steps_keep_the_state_and_repeat_the_output(void** state) {
  static layer l;
  static float y[T * N * H], h[N * H], c[N * H], last[N * H];
  masked_run run;
  (void)state;
  make_layer(&l);
  run_step_by_step(&l, y, h, c, last);
  describe_run(&l, &run);
  run.fixture.constant_inputs = 0xE;  // W, R, B
  assert_int_equal(op_fixture_run(&run.fixture), OLSTM_STATUS_OK);
  assert_close(run.fixture.outputs[0].data, y, T * N * H);
  assert_close(run.fixture.outputs[1].data, h, N * H);
  assert_close(run.fixture.outputs[2].data, c, N * H);
  assert_close(run.fixture.outputs[3].data, last, N * H);
  op_fixture_deinit(&run.fixture);
}

/// [T,N,width] to [N,T,width].
static void swap_steps_and_rows(const float* from, int width, float* to) {
  for (int t = 0; t < T; t++) {
    for (int n = 0; n < N; n++) {
      memcpy(&to[(n * T + t) * width], &from[(t * N + n) * width],
             (size_t)width * sizeof *to);
    }
  }
}

static void sequences_and_masks_may_be_batch_major(void** state) {
  static layer l;
  static float y[T * N * H], h[N * H], c[N * H], last[N * H];
  static float x[N * T * I], expected[N * T * H];
  static bool mask[N * T];
  masked_run run;
  (void)state;
  make_layer(&l);
  run_step_by_step(&l, y, h, c, last);
  swap_steps_and_rows(l.x, I, x);
  swap_steps_and_rows(y, H, expected);
  for (int i = 0; i < N * T; i++) mask[i] = l.mask[(i % T) * N + i / T];
  // Bit k: x, y, mask.
  for (int layouts = 0; layouts < 8; layouts++) {
    const bool is_major[] = {layouts & 1, layouts & 2, layouts & 4};
    static const char* const kNames[] = {"x_layout", "y_layout", "mask_layout"};
    olstm_attribute attributes[4];
    describe_run(&l, &run);
    attributes[0] = run.hidden;
    for (int k = 0; k < 3; k++) {
      attributes[1 + k] = (olstm_attribute){
          .name = kNames[k], .kind = OLSTM_ATTRIBUTE_INT, .i = is_major[k]};
    }
    run.fixture.attribute_count = 4;
    run.fixture.attributes = attributes;
    if (is_major[0]) run.x = (olstm_tensor)OP_TENSOR(FLOAT, x, 3, N, T, I);
    if (is_major[2]) run.mask = (olstm_tensor)OP_TENSOR(BOOL, mask, 2, N, T);
    assert_int_equal(op_fixture_run(&run.fixture), OLSTM_STATUS_OK);
    assert_close(run.fixture.outputs[0].data, is_major[1] ? expected : y, T * N * H);
    assert_close(run.fixture.outputs[1].data, h, N * H);
    assert_close(run.fixture.outputs[3].data, last, N * H);
    op_fixture_deinit(&run.fixture);
  }
}

static void the_last_output_needs_no_other_output(void** state) {
  static layer l;
  static float y[T * N * H], h[N * H], c[N * H], last[N * H];
  masked_run run;
  (void)state;
  make_layer(&l);
  run_step_by_step(&l, y, h, c, last);
  describe_run(&l, &run);
  run.fixture.absent_outputs = 7;
  assert_int_equal(op_fixture_run(&run.fixture), OLSTM_STATUS_OK);
  assert_close(run.fixture.outputs[3].data, last, N * H);
  op_fixture_deinit(&run.fixture);
}

static void without_initial_y_masked_steps_at_the_front_give_zeros(void** state) {
  static layer l;
  static const float kZeros[T * H] = {0};
  masked_run run;
  (void)state;
  make_layer(&l);
  describe_run(&l, &run);
  run.fixture.inputs[7] = NULL;
  assert_int_equal(op_fixture_run(&run.fixture), OLSTM_STATUS_OK);
  for (int t = 0; t < T; t++) {
    const float* y = run.fixture.outputs[0].data;
    assert_close(&y[(t * N + N - 1) * H], kZeros, H);
  }
  op_fixture_deinit(&run.fixture);
}

static void refuses_a_mask_of_another_shape_or_dtype(void** state) {
  static layer l;
  masked_run run;
  (void)state;
  make_layer(&l);
  describe_run(&l, &run);
  run.mask.desc.dims[0] = T - 1;
  assert_int_equal(op_fixture_run(&run.fixture), OLSTM_STATUS_SHAPE_MISMATCH);
  assert_non_null(strstr(run.fixture.error.message, "the mask has shape [6,4,1]"));
  describe_run(&l, &run);
  run.mask.desc.dtype = OLSTM_DTYPE_UINT8;
  assert_int_equal(op_fixture_run(&run.fixture), OLSTM_STATUS_DTYPE_MISMATCH);
  assert_non_null(strstr(run.fixture.error.message, "dtype uint8, expected bool"));
}

static void refuses_to_go_without_a_mask(void** state) {
  layer l;
  masked_run run;
  (void)state;
  make_layer(&l);
  describe_run(&l, &run);
  run.fixture.input_count = OLSTM__MASKED_MASK;
  assert_int_equal(op_fixture_run(&run.fixture), OLSTM_STATUS_INVALID_MODEL);
  assert_string_equal(run.fixture.error.message, "MaskedLSTM 'node': input 4 is missing");
  describe_run(&l, &run);
  run.fixture.inputs[OLSTM__MASKED_MASK] = NULL;
  assert_int_equal(op_fixture_run(&run.fixture), OLSTM_STATUS_INVALID_MODEL);
  assert_string_equal(run.fixture.error.message, "MaskedLSTM 'node': input 4 is missing");
}

static void refuses_attributes_that_a_mask_leaves_without_meaning(void** state) {
  static layer l;
  masked_run run;
  (void)state;
  make_layer(&l);
  describe_run(&l, &run);
  run.hidden.name = "layout";
  run.hidden.i = 1;
  assert_int_equal(op_fixture_run(&run.fixture), OLSTM_STATUS_UNSUPPORTED);
  assert_non_null(strstr(run.fixture.error.message, "layout"));
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(masked_steps_keep_the_state_and_repeat_the_output),
      cmocka_unit_test(sequences_and_masks_may_be_batch_major),
      cmocka_unit_test(the_last_output_needs_no_other_output),
      cmocka_unit_test(without_initial_y_masked_steps_at_the_front_give_zeros),
      cmocka_unit_test(refuses_a_mask_of_another_shape_or_dtype),
      cmocka_unit_test(refuses_to_go_without_a_mask),
      cmocka_unit_test(refuses_attributes_that_a_mask_leaves_without_meaning),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
