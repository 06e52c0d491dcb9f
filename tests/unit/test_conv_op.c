// op/conv/conv_op.c, conv_kernel.c and window.c: against loops straight from the
// definition, over random problems; shapes and errors by hand.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "op/math/cpu.h"
#include "tests/support/op_fixture.h"
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

typedef struct problem {
  int64_t batch, groups, channels, outputs;  // channels and outputs: of one group
  int64_t size[2], kernel[2], stride[2], dilation[2], pads[4], out[2];
} problem;

static uint32_t draw_state;

static int64_t draw(int64_t least, int64_t most) {
  draw_state = draw_state * 1664525u + 1013904223u;
  return least + (int64_t)(draw_state >> 8) % (most - least + 1);
}

static problem draw_problem(void) {
  problem p = {.batch = draw(1, 2),
               .groups = draw(1, 3),
               .channels = draw(1, 5),
               .outputs = draw(1, 9)};
  for (int d = 0; d < 2; d++) {
    p.kernel[d] = draw(1, 4);
    p.stride[d] = draw(1, 3);
    p.dilation[d] = draw(1, 2);
    p.pads[d] = draw(0, 3);
    p.pads[2 + d] = draw(0, 3);
    p.size[d] = draw((p.kernel[d] - 1) * p.dilation[d] + 1, 17);
    p.out[d] =
        (p.size[d] + p.pads[d] + p.pads[2 + d] - (p.kernel[d] - 1) * p.dilation[d] - 1) /
            p.stride[d] +
        1;
  }
  return p;
}

/// Windows times weights, in double.
static double convolve(const problem* p, const float* x, const float* w, int64_t n,
                       int64_t channel, int64_t i, int64_t j) {
  const int64_t g = channel / p->outputs;
  double sum = 0;
  for (int64_t c = 0; c < p->channels; c++) {
    for (int64_t a = 0; a < p->kernel[0]; a++) {
      for (int64_t b = 0; b < p->kernel[1]; b++) {
        const int64_t row = i * p->stride[0] - p->pads[0] + a * p->dilation[0];
        const int64_t column = j * p->stride[1] - p->pads[1] + b * p->dilation[1];
        if (row < 0 || row >= p->size[0] || column < 0 || column >= p->size[1]) continue;
        const int64_t plane = (n * p->groups + g) * p->channels + c;
        sum += (double)x[(plane * p->size[0] + row) * p->size[1] + column] *
               (double)
                   w[((channel * p->channels + c) * p->kernel[0] + a) * p->kernel[1] + b];
      }
    }
  }
  return sum;
}

static void fill(float* values, int64_t count) {
  for (int64_t i = 0; i < count; i++) values[i] = (float)draw(-100, 100) / 64;
}

static void expect_problem(const problem* p, bool constant) {
  static float x[1 << 14];
  static float w[1 << 12];
  static float bias[64];
  const int64_t channels = p->groups * p->outputs;
  const olstm_tensor tx =
      OP_TENSOR(FLOAT, x, 4, p->batch, p->groups * p->channels, p->size[0], p->size[1]);
  const olstm_tensor tw =
      OP_TENSOR(FLOAT, w, 4, channels, p->channels, p->kernel[0], p->kernel[1]);
  const olstm_tensor tb = OP_TENSOR(FLOAT, bias, 1, channels);
  const olstm_attribute attributes[] = {
      {.name = "group", .kind = OLSTM_ATTRIBUTE_INT, .i = p->groups},
      {.name = "strides", .kind = OLSTM_ATTRIBUTE_INTS, .count = 2, .ints = p->stride},
      {.name = "dilations",
       .kind = OLSTM_ATTRIBUTE_INTS,
       .count = 2,
       .ints = p->dilation},
      {.name = "pads", .kind = OLSTM_ATTRIBUTE_INTS, .count = 4, .ints = p->pads}};
  op_fixture fixture = {.op_type = "Conv",
                        .opset_version = 11,
                        .attribute_count = 4,
                        .attributes = attributes,
                        .input_count = 3,
                        .inputs = {&tx, &tw, &tb},
                        .constant_inputs = constant ? 2u : 0u};
  fill(x, olstm_tensor_desc_count(&tx.desc));
  fill(w, olstm_tensor_desc_count(&tw.desc));
  fill(bias, channels);
  assert_int_equal(op_fixture_run(&fixture), OLSTM_STATUS_OK);
  const float* y = fixture.outputs[0].data;
  for (int64_t n = 0; n < p->batch; n++) {
    for (int64_t m = 0; m < channels; m++) {
      for (int64_t i = 0; i < p->out[0]; i++) {
        for (int64_t j = 0; j < p->out[1]; j++) {
          const double expected = convolve(p, x, w, n, m, i, j) + (double)bias[m];
          assert_true(fabs((double)*y++ - expected) < 1e-4);
        }
      }
    }
  }
  op_fixture_deinit(&fixture);
}

static void random_problems_follow_the_definition(void** state) {
  (void)state;
  draw_state = 7;
  for (int i = 0; i < 300; i++) {
    const problem p = draw_problem();
    expect_problem(&p, i % 2 == 0);
  }
}

static void one_and_three_dimensions_of_space_work(void** state) {
  (void)state;
  op_text_expect("Conv-1", "f32[1,1,4] 1 2 3 4; f32[1,1,2] 1 10", "f32[1,1,3] 21 32 43");
  op_text_expect("Conv-11 pads=[1,1] strides=[2]", "f64[1,1,4] 1 2 3 4; f64[1,1,2] 1 10",
                 "f64[1,1,3] 10 32 4");
  op_text_expect("Conv-11", "f32[1,1,2,2,2] 1 2 3 4 5 6 7 8; f32[1,1,2,1,1] 1 10",
                 "f32[1,1,1,2,2] 51 62 73 84");
  op_text_expect("Conv-11",
                 "f32[1,2,2] 1 2 3 4; f32[5,2,1] 1 0 0 1 1 1 2 0 0 2; f32[5] 0 0 0 0 1",
                 "f32[1,5,2] 1 2 3 4 4 6 2 4 7 9");
}

static void auto_pad_makes_the_pads(void** state) {
  (void)state;
  op_text_expect("Conv-11 auto_pad='SAME_UPPER'", "f32[1,1,3] 1 2 3; f32[1,1,2] 1 10",
                 "f32[1,1,3] 21 32 3");
  op_text_expect("Conv-11 auto_pad='SAME_LOWER'", "f32[1,1,3] 1 2 3; f32[1,1,2] 1 10",
                 "f32[1,1,3] 10 21 32");
  op_text_expect("Conv-11 auto_pad='VALID' pads=[0,0]",
                 "f32[1,1,3] 1 2 3; f32[1,1,2] 1 10", "f32[1,1,2] 21 32");
  op_text_expect("Conv-11 auto_pad='SAME_UPPER' strides=[2]",
                 "f32[1,1,5] 1 2 3 4 5; f32[1,1,3] 1 1 1", "f32[1,1,3] 3 9 9");
}

static void half_floats_are_computed_in_float(void** state) {
  (void)state;
  op_text_expect("Conv-11", "f16[1,1,4] 1 2 3 4; f16[1,1,2] 1 10; f16[1] 1",
                 "f16[1,1,3] 22 33 44");
  op_text_expect(
      "Conv-22",
      "bf16[1,2,2] 1 2 3 4; bf16[5,2,1] 1 0 0 1 1 1 2 0 0 2; bf16[5] 0 0 0 0 1",
      "bf16[1,5,2] 1 2 3 4 4 6 2 4 7 9");
}

static void shapes_that_do_not_fit_are_named(void** state) {
  (void)state;
  op_text_expect_failure("Conv-11", "f32[1,3,4] 0..; f32[2,2,2] 0..",
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "Conv 'node': input 'x1' has shape [2,2,2], expected "
                         "[M,C/group,...] for 'x0' with shape [1,3,4] and group 1");
  op_text_expect_failure("Conv-11", "f32[1,1,2] 0..; f32[1,1,3] 0..",
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "Conv 'node': input 'x0' has shape [1,1,2]: a window of 3 does "
                         "not fit dimension 2 with its pads");
  op_text_expect_failure("Conv-11 strides=[1,1]", "f32[1,1,2] 0..; f32[1,1,1] 0..",
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "Conv 'node': attribute strides has 2 values, expected 1 for "
                         "input 'x0'");
  op_text_expect_failure("Conv-11 strides=[0]", "f32[1,1,2] 0..; f32[1,1,1] 0..",
                         OLSTM_STATUS_INVALID_MODEL,
                         "Conv 'node': attribute strides has 0, expected at least 1");
  // 2^62, 2^31: beyond what windows are counted in.
  op_text_expect_failure("Conv-11 strides=[4611686018427387904]",
                         "f32[1,1,2] 0..; f32[1,1,1] 0..", OLSTM_STATUS_INVALID_MODEL,
                         "Conv 'node': attribute strides has 4611686018427387904, "
                         "expected at most 2147483647");
  op_text_expect_failure("Conv-11 pads=[0,2147483648]", "f32[1,1,2] 0..; f32[1,1,1] 0..",
                         OLSTM_STATUS_INVALID_MODEL,
                         "Conv 'node': attribute pads has 2147483648, expected at most "
                         "2147483647");
  op_text_expect_failure("ConvTranspose-11 output_shape=[2147483648]",
                         "f32[1,1,2] 0..; f32[1,1,1] 0..", OLSTM_STATUS_INVALID_MODEL,
                         "ConvTranspose 'node': attribute output_shape has 2147483648, "
                         "expected at most 2147483647");
  op_text_expect_failure("Conv-11 group=2147483648", "f32[1,1,2] 0..; f32[1,1,1] 0..",
                         OLSTM_STATUS_INVALID_MODEL,
                         "Conv 'node': attribute group is 2147483648, expected 1 to "
                         "2147483647");
  op_text_expect_failure("Conv-11 auto_pad='SAME_UPPER' pads=[2,2]",
                         "f32[1,1,3] 0..; f32[1,1,2] 0..", OLSTM_STATUS_INVALID_MODEL,
                         "Conv 'node': attribute pads has 2 and 2, but auto_pad makes "
                         "them 0 and 1");
  // A row of 2^31 zeros, of channels that are lanes; tiles do without it.
  if (olstm__cpu_get()->avx2_fma) {
    op_text_expect_failure("Conv-11 group=16 pads=[2147483647,0] strides=[2147483647]",
                           "f32[1,16,9] 0..; f32[16,1,2] 0..", OLSTM_STATUS_OUT_OF_MEMORY,
                           "Conv 'node': the workspace does not fit");
  }
  op_text_expect_failure("Conv-11 auto_pad='SAME'", "f32[1,1,3] 0..; f32[1,1,2] 0..",
                         OLSTM_STATUS_INVALID_MODEL,
                         "Conv 'node': attribute auto_pad is 'SAME', expected NOTSET, "
                         "VALID, SAME_UPPER or SAME_LOWER");
}

static void run_in_order(void* pool, int32_t task_count,
                         void (*task)(void* argument, int32_t index), void* argument) {
  for (int32_t i = 0; i < task_count; i++) task(argument, i);
  *(int32_t*)pool = task_count;
}

/// The workspace is for as many threads as create was told of, whatever a run has.
static void more_threads_than_announced_are_left_alone(void** state) {
  enum { kChannels = 16, kSize = 32 };
  static float x[kChannels * kSize * kSize], w[kChannels * kChannels * 9];
  int32_t most_tasks = 0;
  const olstm_parallel parallel = {sizeof parallel, &most_tasks, 64, run_in_order};
  const olstm_tensor input = OP_TENSOR(FLOAT, x, 4, 1, kChannels, kSize, kSize);
  const olstm_tensor weights = OP_TENSOR(FLOAT, w, 4, kChannels, kChannels, 3, 3);
  op_fixture fixture = {.op_type = "Conv",
                        .opset_version = 11,
                        .input_count = 2,
                        .inputs = {&input, &weights},
                        .parallel = &parallel};
  (void)state;
  for (size_t i = 0; i < sizeof x / sizeof x[0]; i++) x[i] = 1.0F;
  for (size_t i = 0; i < sizeof w / sizeof w[0]; i++) w[i] = 0.5F;
  assert_int_equal(op_fixture_run(&fixture), OLSTM_STATUS_OK);
  assert_in_range(most_tasks, 0, 1);
  const float* y = fixture.outputs[0].data;
  const int64_t count = olstm_tensor_desc_count(&fixture.outputs[0].desc);
  for (int64_t i = 0; i < count; i++) assert_true(y[i] == 0.5F * kChannels * 9);
  op_fixture_deinit(&fixture);
}

/// Rows of a few columns, around a vector's and two vectors' length, with pads and
/// strides.
static void narrow_channels_of_their_own_are_right(void** state) {
  (void)state;
  for (int width = 3; width <= 19; width++) {
    for (int kernel = 3; kernel <= 5; kernel += 2) {
      for (int stride = 1; stride <= 2; stride++) {
        char node[128], inputs[128];
        (void)snprintf(node, sizeof node,
                       "Conv-11 group=5 pads=[%d,%d,%d,%d] strides=[%d,%d]", kernel / 2,
                       kernel / 2, kernel / 2, kernel / 2, stride, stride);
        (void)snprintf(inputs, sizeof inputs,
                       "f32[2,5,9,%d] ~; f32[5,1,%d,%d] ~; f32[5] ~", width, kernel,
                       kernel);
        op_text_expect_as_double(node, inputs, 1e-5);
      }
    }
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_problems_follow_the_definition),
      cmocka_unit_test(one_and_three_dimensions_of_space_work),
      cmocka_unit_test(auto_pad_makes_the_pads),
      cmocka_unit_test(half_floats_are_computed_in_float),
      cmocka_unit_test(shapes_that_do_not_fit_are_named),
      cmocka_unit_test(more_threads_than_announced_are_left_alone),
      cmocka_unit_test(narrow_channels_of_their_own_are_right),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
