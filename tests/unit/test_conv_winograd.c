// op/conv/conv_winograd.c: against the same convolutions of doubles, which tiles compute;
// what is not finite, and samples beside it.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/op_fixture.h"
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void results_are_as_doubles_are(void** state) {
  static const char* const kCases[][2] = {
      {"Conv-11 pads=[1,1,1,1]", "f32[1,24,14,14] ~; #f32[24,24,3,3] ~; f32[24] ~"},
      {"Conv-11 pads=[1,1,1,1]", "f32[2,24,15,31] ~; #f32[25,24,3,3] ~; f32[25] ~"},
      {"Conv-11", "f32[3,40,19,18] ~; #f32[70,40,3,3] ~"},
      {"Conv-11 pads=[0,1,2,1]", "f32[1,25,9,77] ~; #f32[33,25,3,3] ~; f32[33] ~"},
      {"Conv-11 pads=[2,3,0,0]", "f32[1,24,20,20] ~; #f32[24,24,3,3] ~; f32[24] ~"},
      {"Conv-11 pads=[1,1,1,1]", "f32[1,24,3,270] ~; #f32[30,24,3,3] ~; f32[30] ~"},
      {"Conv-11 pads=[1,1,1,1]", "f32[1,130,40,5] ~; #f32[24,130,3,3] ~; f32[24] ~"},
      {"Conv-11 pads=[1,0,1,0]", "f32[1,24,200,4] ~; #f32[24,24,3,3] ~; f32[24] ~"},
      {"Conv-11 pads=[2,1,2,1] dilations=[2,1]",
       "f32[2,24,21,31] ~; #f32[25,24,3,3] ~; f32[25] ~"},
      {"Conv-11 pads=[1,1,1,1] dilations=[3,1]",
       "f32[1,24,29,40] ~; #f32[24,24,3,3] ~; f32[24] ~"},
      {"olstm.fused:Conv-1 pads=[0,0,9,0] dilations=[4,1] activation='LeakyRelu' "
       "activation_alpha=0.25",
       "f32[1,24,22,26] ~; #f32[24,24,3,3] ~; f32[24] ~; f32[1,24,23,24] ~"},
      {"Conv-11 auto_pad='SAME_UPPER'", "f32[7,24,8,8] ~; #f32[24,24,3,3] ~; f32[24] ~"},
      {"olstm.fused:Conv-1 pads=[1,1,1,1] activation='Relu'",
       "f32[2,24,21,17] ~; #f32[26,24,3,3] ~; f32[26] ~; f32[2,26,21,17] ~"}};
  (void)state;
  for (size_t i = 0; i < sizeof kCases / sizeof kCases[0]; i++) {
    op_text_expect_as_double(kCases[i][0], kCases[i][1], 1e-4);
  }
}

static void threads_share_blocks(void** state) {
  (void)state;
  op_text_expect_shared("Conv-11 pads=[1,1,1,1]",
                        "f32[2,32,40,50] ~; #f32[32,32,3,3] ~; f32[32] ~");
}

enum { kChannels = 24, kSize = 20, kSample = kChannels * kSize * kSize };

/// Results of two samples. by_tiles: weights are no constant, so that they are not
/// transformed. The caller frees them.
static float* convolve(const float* x, int64_t batch, bool by_tiles) {
  static float w[kChannels * kChannels * 9];
  static const int64_t kPads[] = {1, 1, 1, 1};
  const olstm_attribute pads = {
      .name = "pads", .kind = OLSTM_ATTRIBUTE_INTS, .count = 4, .ints = kPads};
  for (int i = 0; i < kChannels * kChannels * 9; i++) w[i] = (float)(i % 37 - 18) / 16;
  const olstm_tensor input = OP_TENSOR(FLOAT, x, 4, batch, kChannels, kSize, kSize);
  const olstm_tensor weights = OP_TENSOR(FLOAT, w, 4, kChannels, kChannels, 3, 3);
  op_fixture fixture = {.op_type = "Conv",
                        .opset_version = 11,
                        .attribute_count = 1,
                        .attributes = &pads,
                        .input_count = 2,
                        .inputs = {&input, &weights},
                        .constant_inputs = by_tiles ? 0u : 2u};
  const size_t bytes = (size_t)(batch * kSample) * sizeof(float);
  float* y = malloc(bytes);
  assert_non_null(y);
  assert_int_equal(op_fixture_run(&fixture), OLSTM_STATUS_OK);
  memcpy(y, fixture.outputs[0].data, bytes);
  op_fixture_deinit(&fixture);
  return y;
}

static void fill(float* x) {
  for (int i = 0; i < 2 * kSample; i++) x[i] = (float)(i * 7 % 61 - 30) / 32;
}

static void samples_do_not_depend_on_each_other(void** state) {
  static float x[2 * kSample];
  (void)state;
  fill(x);
  float* both = convolve(x, 2, false);
  float* second = convolve(x + kSample, 1, false);
  assert_memory_equal(both + kSample, second, kSample * sizeof(float));
  free(second);
  free(both);
}

/// As tiles compute them: neighbours of infinities are not NaN, and what NaN has no part
/// in is a number. Other samples keep their bits.
static void infinities_and_nan_stay_where_they_are(void** state) {
  static const float kValues[] = {INFINITY, -INFINITY, NAN};
  static float x[2 * kSample];
  (void)state;
  fill(x);
  float* finite = convolve(x, 2, false);
  for (int i = 0; i < 3 * 4; i++) {
    const int at = 5 * kSize * kSize + (7 + i / 2 % 2) * kSize + 8 + i % 2;
    fill(x);
    x[at] = kValues[i / 4];
    float* y = convolve(x, 2, false);
    float* expected = convolve(x, 2, true);
    assert_memory_equal(y, expected, kSample * sizeof(float));
    assert_memory_equal(y + kSample, finite + kSample, kSample * sizeof(float));
    assert_true(isfinite(y[0]) && !isfinite(y[7 * kSize + 8]));
    free(expected);
    free(y);
  }
  free(finite);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(results_are_as_doubles_are),
      cmocka_unit_test(threads_share_blocks),
      cmocka_unit_test(samples_do_not_depend_on_each_other),
      cmocka_unit_test(infinities_and_nan_stay_where_they_are),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
