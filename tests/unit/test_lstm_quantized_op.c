// op/lstm/lstm_quantized_op.c against ONNX's LSTM run step by step on what quantisation
// makes of X, h and the weights.
#include <math.h>
#include <string.h>

#include "tests/support/op_fixture.h"
#include "tests/support/test_main.h"

enum { T = 4, N = 3, I = 5, H = 6, G = 4 };

typedef struct layer {
  float x[T * N * I], b[2 * 2 * G * H], p[2 * 3 * H], h0[2 * N * H], c0[2 * N * H];
  int8_t w[2 * I * G * H], r[2 * H * G * H];
  float w_scale[2], r_scale[2 * G * H];
  int8_t w_zero[2], r_zero[2 * G * H];
  int32_t lens[N];
} layer;

static float wave(int i) {
  return sinf(0.9F * (float)i + 0.2F);
}

static void make_layer(layer* l) {
  for (int i = 0; i < T * N * I; i++) l->x[i] = wave(i);
  for (int i = 0; i < 2 * I * G * H; i++) l->w[i] = (int8_t)(100 * wave(3 * i));
  for (int i = 0; i < 2 * H * G * H; i++) l->r[i] = (int8_t)(100 * wave(5 * i + 1));
  for (int i = 0; i < 2 * 2 * G * H; i++) l->b[i] = 0.1F * wave(i + 7);
  for (int i = 0; i < 2 * 3 * H; i++) l->p[i] = 0.3F * wave(2 * i);
  for (int i = 0; i < 2 * N * H; i++) l->h0[i] = 0.5F * wave(i + 3);
  for (int i = 0; i < 2 * N * H; i++) l->c0[i] = 0.7F * wave(i + 5);
  for (int i = 0; i < 2 * G * H; i++) l->r_scale[i] = 0.004F + 0.0001F * (float)i;
  for (int i = 0; i < 2 * G * H; i++) l->r_zero[i] = (int8_t)(i - 20);
  l->w_scale[0] = 0.01F;
  l->w_scale[1] = 0.005F;
  l->w_zero[0] = 3;
  l->w_zero[1] = -4;
  l->lens[0] = T;
  l->lens[1] = 0;
  l->lens[2] = 2;
}

/// What a run through uint8 leaves of the values.
static void round_trip(const float* values, int count, float* out) {
  float low = 0;
  float high = 0;
  for (int i = 0; i < count; i++) {
    low = fminf(low, values[i]);
    high = fmaxf(high, values[i]);
  }
  const float scale = high > low ? (high - low) / 255 : 1;
  const float zero = nearbyintf(-low / scale);
  for (int i = 0; i < count; i++) {
    const float q = nearbyintf(values[i] / scale) + zero;
    out[i] = scale * (fminf(fmaxf(q, 0), 255) - zero);
  }
}

/// One direction's weights, in float and in ONNX's order of axes.
static void widen(const layer* l, int d, float w[G * H * I], float r[G * H * H]) {
  for (int row = 0; row < G * H; row++) {
    for (int i = 0; i < I; i++) {
      const int8_t value = l->w[(d * I + i) * G * H + row];
      w[row * I + i] = l->w_scale[d] * (float)(value - l->w_zero[d]);
    }
    for (int i = 0; i < H; i++) {
      const int8_t value = l->r[(d * H + i) * G * H + row];
      const int column = d * G * H + row;
      r[row * H + i] = l->r_scale[column] * (float)(value - l->r_zero[column]);
    }
  }
}

/// h and c after one step of ONNX's LSTM.
static void run_step(const layer* l, int d, const float* x, float* h, float* c) {
  float w[G * H * I];
  float r[G * H * H];
  float rounded[N * H];
  widen(l, d, w, r);
  round_trip(h, N * H, rounded);
  const olstm_tensor tensors[] = {OP_TENSOR(FLOAT, x, 3, 1, N, I),
                                  OP_TENSOR(FLOAT, w, 3, 1, G * H, I),
                                  OP_TENSOR(FLOAT, r, 3, 1, G * H, H),
                                  OP_TENSOR(FLOAT, l->b + d * 2 * G * H, 2, 1, 2 * G * H),
                                  OP_TENSOR(FLOAT, rounded, 3, 1, N, H),
                                  OP_TENSOR(FLOAT, c, 3, 1, N, H),
                                  OP_TENSOR(FLOAT, l->p + d * 3 * H, 2, 1, 3 * H)};
  op_fixture step = {.op_type = "LSTM",
                     .opset_version = 14,
                     .input_count = 8,
                     .inputs = {&tensors[0], &tensors[1], &tensors[2], &tensors[3], NULL,
                                &tensors[4], &tensors[5], &tensors[6]},
                     .output_count = 3};
  assert_int_equal(op_fixture_run(&step), OLSTM_STATUS_OK);
  memcpy(h, step.outputs[1].data, N * H * sizeof(float));
  memcpy(c, step.outputs[2].data, N * H * sizeof(float));
  op_fixture_deinit(&step);
}

/// The whole operator by its definition: Y [T,2,N,H], Y_h and Y_c [2,N,H].
static void expect(const layer* l, float* y, float* y_h, float* y_c) {
  float x[T * N * I];
  round_trip(l->x, T * N * I, x);
  memset(y, 0, T * 2 * N * H * sizeof(float));
  for (int d = 0; d < 2; d++) {
    float* h = y_h + (ptrdiff_t)d * N * H;
    float* c = y_c + (ptrdiff_t)d * N * H;
    memcpy(h, l->h0 + (ptrdiff_t)d * N * H, N * H * sizeof(float));
    memcpy(c, l->c0 + (ptrdiff_t)d * N * H, N * H * sizeof(float));
    for (int i = 0; i < T; i++) {
      float step_x[N * I] = {0};
      float new_h[N * H];
      float new_c[N * H];
      for (int n = 0; n < N; n++) {
        const int t = d ? l->lens[n] - 1 - i : i;
        if (i >= l->lens[n]) continue;
        memcpy(step_x + (ptrdiff_t)n * I, x + (ptrdiff_t)(t * N + n) * I,
               I * sizeof(float));
      }
      memcpy(new_h, h, sizeof new_h);
      memcpy(new_c, c, sizeof new_c);
      run_step(l, d, step_x, new_h, new_c);
      for (int n = 0; n < N; n++) {
        const int t = d ? l->lens[n] - 1 - i : i;
        if (i >= l->lens[n]) continue;
        memcpy(h + (ptrdiff_t)n * H, new_h + (ptrdiff_t)n * H, H * sizeof(float));
        memcpy(c + (ptrdiff_t)n * H, new_c + (ptrdiff_t)n * H, H * sizeof(float));
        memcpy(y + (ptrdiff_t)((t * 2 + d) * N + n) * H, h + (ptrdiff_t)n * H,
               H * sizeof(float));
      }
    }
  }
}

static void check_close(const olstm_tensor* got, const float* expected, int count) {
  assert_int_equal(olstm_tensor_desc_count(&got->desc), count);
  for (int i = 0; i < count; i++) {
    const float value = ((const float*)got->data)[i];
    if (!(fabsf(value - expected[i]) < 2e-5F)) {
      fail_msg("[%d] is %g, expected %g", i, (double)value, (double)expected[i]);
    }
  }
}

/// The fixture's tensors; a test may change them before it runs.
typedef struct quantized_fixture {
  olstm_tensor tensors[12];
  olstm_string direction;
  olstm_attribute attributes[2];
  op_fixture op;
} quantized_fixture;

static void init_fixture(quantized_fixture* f, layer* l) {
  const quantized_fixture fixture = {
      .tensors = {OP_TENSOR(FLOAT, l->x, 3, T, N, I),
                  OP_TENSOR(INT8, l->w, 3, 2, I, G * H),
                  OP_TENSOR(INT8, l->r, 3, 2, H, G * H),
                  OP_TENSOR(FLOAT, l->b, 2, 2, 2 * G * H),
                  OP_TENSOR(INT32, l->lens, 1, N), OP_TENSOR(FLOAT, l->h0, 3, 2, N, H),
                  OP_TENSOR(FLOAT, l->c0, 3, 2, N, H),
                  OP_TENSOR(FLOAT, l->p, 2, 2, 3 * H), OP_TENSOR(FLOAT, l->w_scale, 1, 2),
                  OP_TENSOR(INT8, l->w_zero, 1, 2),
                  OP_TENSOR(FLOAT, l->r_scale, 2, 2, G * H),
                  OP_TENSOR(INT8, l->r_zero, 2, 2, G * H)},
      .direction = {"bidirectional", 13},
      .op = {.domain = "com.microsoft",
             .op_type = "DynamicQuantizeLSTM",
             .opset_version = 1,
             .attribute_count = 1,
             .input_count = 12,
             .output_count = 3}};
  make_layer(l);
  *f = fixture;
  f->attributes[0] = (olstm_attribute){.name = "direction",
                                       .kind = OLSTM_ATTRIBUTE_STRING,
                                       .count = 1,
                                       .strings = &f->direction};
  f->op.attributes = f->attributes;
  for (size_t i = 0; i < 12; i++) f->op.inputs[i] = &f->tensors[i];
}

static void computes_as_lstm_on_quantised_values(void** state) {
  float y[T * 2 * N * H];
  float y_h[2 * N * H];
  float y_c[2 * N * H];
  layer l;
  quantized_fixture f;
  (void)state;
  init_fixture(&f, &l);
  expect(&l, y, y_h, y_c);
  assert_int_equal(op_fixture_run(&f.op), OLSTM_STATUS_OK);
  check_close(&f.op.outputs[0], y, T * 2 * N * H);
  check_close(&f.op.outputs[1], y_h, 2 * N * H);
  check_close(&f.op.outputs[2], y_c, 2 * N * H);
  op_fixture_deinit(&f.op);
}

static void add_layout(quantized_fixture* f, const char* name, int64_t value) {
  f->attributes[1] =
      (olstm_attribute){.name = name, .kind = OLSTM_ATTRIBUTE_INT, .i = value};
  f->op.attribute_count = 2;
}

static void takes_the_layout_that_it_has(void** state) {
  float y[T * 2 * N * H];
  float y_h[2 * N * H];
  float y_c[2 * N * H];
  layer l;
  quantized_fixture f;
  (void)state;
  init_fixture(&f, &l);
  add_layout(&f, "layout", 0);
  expect(&l, y, y_h, y_c);
  assert_int_equal(op_fixture_run(&f.op), OLSTM_STATUS_OK);
  check_close(&f.op.outputs[0], y, T * 2 * N * H);
  op_fixture_deinit(&f.op);
}

static void lengths_of_64_bits_are_the_same(void** state) {
  float y[T * 2 * N * H];
  float y_h[2 * N * H];
  float y_c[2 * N * H];
  int64_t lens[N];
  layer l;
  quantized_fixture f;
  (void)state;
  init_fixture(&f, &l);
  for (int n = 0; n < N; n++) lens[n] = l.lens[n];
  f.tensors[4] = (olstm_tensor)OP_TENSOR(INT64, lens, 1, N);
  expect(&l, y, y_h, y_c);
  assert_int_equal(op_fixture_run(&f.op), OLSTM_STATUS_OK);
  check_close(&f.op.outputs[0], y, T * 2 * N * H);
  check_close(&f.op.outputs[1], y_h, 2 * N * H);
  op_fixture_deinit(&f.op);
}

static void no_steps_give_the_initial_state(void** state) {
  layer l;
  quantized_fixture f;
  (void)state;
  init_fixture(&f, &l);
  memset(l.lens, 0, sizeof l.lens);
  f.tensors[0].desc.dims[0] = 0;
  assert_int_equal(op_fixture_run(&f.op), OLSTM_STATUS_OK);
  check_close(&f.op.outputs[1], l.h0, 2 * N * H);
  check_close(&f.op.outputs[2], l.c0, 2 * N * H);
  op_fixture_deinit(&f.op);
}

static void refuse(quantized_fixture* f, olstm_status code, const char* message) {
  assert_int_equal(op_fixture_run(&f->op), code);
  assert_non_null(strstr(f->op.error.message, message));
  op_fixture_deinit(&f->op);
}

static void refuses_wrong_tensors_by_name(void** state) {
  layer l;
  quantized_fixture f;
  (void)state;
  init_fixture(&f, &l);
  f.tensors[1].desc.dims[1] = I + 1;
  refuse(&f, OLSTM_STATUS_SHAPE_MISMATCH, "W has shape [2,6,24], expected [2,5,24]");
  init_fixture(&f, &l);
  f.tensors[2].desc.dims[2] = 20;
  refuse(&f, OLSTM_STATUS_SHAPE_MISMATCH, "R has shape [2,6,20], expected [2,6,24]");
  init_fixture(&f, &l);
  f.tensors[10].desc.dims[1] = 7;
  refuse(&f, OLSTM_STATUS_SHAPE_MISMATCH,
         "R_scale has shape [2,7], expected [2] or [2,24]");
  init_fixture(&f, &l);
  f.tensors[9].desc.dtype = OLSTM_DTYPE_UINT8;
  refuse(&f, OLSTM_STATUS_DTYPE_MISMATCH, "W_zero_point has dtype uint8, expected int8");
  init_fixture(&f, &l);
  f.tensors[1].desc.dtype = OLSTM_DTYPE_FLOAT;
  refuse(&f, OLSTM_STATUS_DTYPE_MISMATCH, "W has dtype float, expected int8 or uint8");
  init_fixture(&f, &l);
  f.op.inputs[8] = NULL;
  refuse(&f, OLSTM_STATUS_INVALID_MODEL, "input W_scale is missing");
  init_fixture(&f, &l);
  l.lens[2] = 9;
  refuse(&f, OLSTM_STATUS_INVALID_VALUE, "sequence_lens[2] is 9, expected 0..4");
}

/// Messages name the opset of the operator's own domain.
static void refuses_other_attributes_by_name(void** state) {
  layer l;
  quantized_fixture f;
  (void)state;
  init_fixture(&f, &l);
  add_layout(&f, "layout", 1);
  refuse(&f, OLSTM_STATUS_UNSUPPORTED, "': layout is 1, expected 0");
  init_fixture(&f, &l);
  add_layout(&f, "color", 1);
  refuse(&f, OLSTM_STATUS_UNSUPPORTED, "unknown attribute 'color' (opset 1)");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(computes_as_lstm_on_quantised_values),
      cmocka_unit_test(takes_the_layout_that_it_has),
      cmocka_unit_test(lengths_of_64_bits_are_the_same),
      cmocka_unit_test(refuses_other_attributes_by_name),
      cmocka_unit_test(no_steps_give_the_initial_state),
      cmocka_unit_test(refuses_wrong_tensors_by_name),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
