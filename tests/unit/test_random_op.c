// op/random: seeds repeat, other runs do not, and the numbers are distributed as they
// say.
#include <math.h>
#include <stdio.h>

#include "olstm/olstm.h"
#include "op/random/philox.h"
#include "tests/support/model_text.h"
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

enum { kCount = 40000 };

/// Runs a model without inputs, or with one, and copies its only output as doubles.
typedef struct draw {
  olstm_session* session;
  olstm_context* context;
} draw;

static void start(draw* d, const char* text, bool has_seed, uint64_t seed) {
  olstm_session_options options;
  olstm_error error = {""};
  olstm_model* model = olstm_test_model(text);
  olstm_session_options_init(&options);
  options.has_seed = has_seed;
  options.seed = seed;
  if (olstm_session_create(model, NULL, &options, &d->session, &error) ||
      olstm_context_create(d->session, &d->context, &error)) {
    fail_msg("%s", error.message);
  }
  olstm_model_destroy(model);
}

static void run(draw* d, const olstm_tensor* input, float* numbers, size_t count) {
  olstm_tensor output = {.data = NULL};
  olstm_error error = {""};
  if (olstm_context_run(d->context, input, input != NULL, &output, 1, &error)) {
    fail_msg("%s", error.message);
  }
  assert_int_equal(output.desc.dtype, OLSTM_DTYPE_FLOAT);
  assert_int_equal(olstm_tensor_desc_count(&output.desc), count);
  memcpy(numbers, output.data, count * sizeof *numbers);
}

static void end(draw* d) {
  olstm_context_destroy(d->context);
  olstm_session_destroy(d->session);
}

static void draw_once(const char* text, float* numbers, size_t count) {
  draw d;
  start(&d, text, true, 1);
  run(&d, NULL, numbers, count);
  end(&d);
}

/// The authors' answers for a counter and key of zeros, and of ones.
static void the_generator_is_philox(void** state) {
  static const uint32_t kZeros[] = {0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u};
  static const uint32_t kOnes[] = {0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu};
  (void)state;
  olstm__philox_block block = olstm__philox(0, 0, 0);
  assert_memory_equal(block.words, kZeros, sizeof kZeros);
  block = olstm__philox(UINT64_MAX, UINT64_MAX, UINT64_MAX);
  assert_memory_equal(block.words, kOnes, sizeof kOnes);
}

/// Mean and variance, and how many are below each of ten quantiles: within five standard
/// deviations of what chance allows.
static void expect_distribution(const float* numbers, double mean, double variance,
                                const double* quantiles) {
  double sum = 0, squares = 0;
  for (int i = 0; i < kCount; i++) sum += numbers[i];
  for (int i = 0; i < kCount; i++) {
    squares += (numbers[i] - sum / kCount) * (numbers[i] - sum / kCount);
  }
  assert_true(fabs(sum / kCount - mean) < 5 * sqrt(variance / kCount));
  assert_true(fabs(squares / kCount - variance) < 5 * variance * sqrt(2.0 / kCount));
  for (int q = 1; q < 10; q++) {
    int below = 0;
    for (int i = 0; i < kCount; i++) below += numbers[i] < quantiles[q - 1];
    const double p = q / 10.0;
    assert_true(fabs(below - p * kCount) < 5 * sqrt(p * (1 - p) * kCount));
  }
}

static void normal_numbers_are_normal(void** state) {
  // Deciles of the standard normal distribution.
  static const double kDeciles[] = {
      -1.2815515655, -0.8416212336, -0.5244005127, -0.2533471031, 0,
      0.2533471031,  0.5244005127,  0.8416212336,  1.2815515655};
  static float numbers[kCount];
  double scaled[9];
  (void)state;
  draw_once("node RandomNormal -> y shape=[200,200]\noutput y\n", numbers, kCount);
  expect_distribution(numbers, 0, 1, kDeciles);
  draw_once("node RandomNormal -> y shape=[40000] mean=3.0 scale=0.5\noutput y\n",
            numbers, kCount);
  for (int q = 0; q < 9; q++) scaled[q] = 3 + 0.5 * kDeciles[q];
  expect_distribution(numbers, 3, 0.25, scaled);
}

static void uniform_numbers_are_uniform(void** state) {
  static float numbers[kCount];
  double deciles[9];
  (void)state;
  draw_once("node RandomUniform -> y shape=[200,200] low=-1.0 high=3.0\noutput y\n",
            numbers, kCount);
  for (int q = 0; q < 9; q++) deciles[q] = -1 + 0.4 * (q + 1);
  expect_distribution(numbers, 1, 16.0 / 12, deciles);
  for (int i = 0; i < kCount; i++) assert_true(numbers[i] >= -1 && numbers[i] <= 3);
}

static void bernoulli_draws_each_element_by_its_own_chance(void** state) {
  static float chances[kCount], numbers[kCount];
  const olstm_tensor input = {{OLSTM_DTYPE_FLOAT, 1, {kCount}}, chances};
  draw d;
  (void)state;
  for (int i = 0; i < kCount; i++) chances[i] = (float)(i % 5) / 4;
  start(&d, "opset 15\ninput p float[n]\nnode Bernoulli p -> y\noutput y\n", false, 0);
  run(&d, &input, numbers, kCount);
  end(&d);
  for (int k = 0; k < 5; k++) {
    int ones = 0;
    for (int i = k; i < kCount; i += 5) {
      assert_true(numbers[i] == 0 || numbers[i] == 1);
      ones += numbers[i] == 1;
    }
    const double p = k / 4.0, n = kCount / 5.0;
    assert_true(fabs(ones - p * n) <= 5 * sqrt(p * (1 - p) * n));
  }
}

/// 3 trips of 4 inner ones of 2 numbers, in an If of the inner body.
static const char* const kNested =
    "graph draw\nnode RandomUniform -> u shape=[2]%s\noutput u float\nend\n"
    "graph none\nconst z float[2] 0\nnode Identity z -> v\noutput v float\nend\n"
    "graph inner\ninput j int64[]\ninput d bool[]\n"
    "node If d -> w then_branch=@draw else_branch=@none\n"
    "node Identity d -> e\noutput e bool[]\noutput w float\nend\n"
    "graph outer\ninput i int64[]\ninput c bool[]\nconst four int64[] 4\n"
    "node Loop four,c -> rows body=@inner\n"
    "node Identity c -> f\noutput f bool[]\noutput rows float\nend\n"
    "const three int64[] 3\nconst on bool[] 1\n"
    "node Loop three,on -> y body=@outer\noutput y float\n";

static void expect_all_differ(const float* numbers, size_t count) {
  for (size_t i = 0; i < count; i++) {
    for (size_t k = i + 1; k < count; k++) assert_true(numbers[i] != numbers[k]);
  }
}

static void each_trip_draws_for_itself(void** state) {
  static const struct {
    const char* seed;
    bool has_session_seed, repeats;
  } kCases[] = {{" seed=3.0", false, true}, {"", true, true}, {"", false, false}};
  enum { kNumbers = 3 * 4 * 2 };
  (void)state;
  for (size_t i = 0; i < sizeof kCases / sizeof kCases[0]; i++) {
    float first[kNumbers], second[kNumbers];
    char text[1024];
    draw d;
    (void)snprintf(text, sizeof text, kNested, kCases[i].seed);
    start(&d, text, kCases[i].has_session_seed, 7);
    run(&d, NULL, first, kNumbers);
    run(&d, NULL, second, kNumbers);
    end(&d);
    expect_all_differ(first, kNumbers);
    for (size_t k = 0; k < kNumbers; k++) {
      assert_int_equal(first[k] == second[k], kCases[i].repeats);
    }
  }
}

static void multinomial_draws_classes_by_their_weights(void** state) {
  // Logarithms of 1, 2, 3, 0 and 4; and a constant more.
  float logits[5] = {0, logf(2), logf(3), -INFINITY, logf(4)};
  const olstm_tensor input = {{OLSTM_DTYPE_FLOAT, 2, {1, 5}}, logits};
  static float numbers[kCount];
  int counts[5] = {0};
  draw d;
  (void)state;
  for (int c = 0; c < 5; c++) logits[c] += 100;
  start(&d,
        "input x float[1,5]\nnode Multinomial x -> k sample_size=40000\n"
        "node Cast k -> y to=1\noutput y\n",
        true, 3);
  run(&d, &input, numbers, kCount);
  end(&d);
  for (int i = 0; i < kCount; i++) counts[(int)numbers[i]]++;
  for (int c = 0; c < 5; c++) {
    const double p = (c == 3 ? 0 : c == 4 ? 4 : c + 1) / 10.0;
    assert_true(fabs(counts[c] - p * kCount) <= 5 * sqrt(p * (1 - p) * kCount));
  }
}

enum { kFew = 7 };

static bool runs_repeat(const char* text, bool has_seed, uint64_t seed, float* first) {
  float second[kFew];
  draw d;
  start(&d, text, has_seed, seed);
  run(&d, NULL, first, kFew);
  run(&d, NULL, second, kFew);
  end(&d);
  for (int i = 0; i < kFew; i++) {
    if (first[i] != second[i]) return false;
  }
  return true;
}

static void seeded_runs_repeat_and_others_do_not(void** state) {
  static const char kPlain[] = "node RandomNormal -> y shape=[7]\noutput y\n";
  static const char kSeeded[] = "node RandomNormal -> y shape=[7] seed=4.5\noutput y\n";
  static const char kOther[] = "node RandomNormal -> y shape=[7] seed=5.5\noutput y\n";
  float a[kFew], b[kFew];
  (void)state;
  assert_false(runs_repeat(kPlain, false, 0, a));
  assert_false(runs_repeat(kPlain, false, 0, b));
  assert_memory_not_equal(a, b, sizeof a);
  assert_true(runs_repeat(kSeeded, false, 0, a));
  assert_true(runs_repeat(kSeeded, true, 9, b));
  assert_memory_equal(a, b, sizeof a);
  assert_true(runs_repeat(kOther, false, 0, b));
  assert_memory_not_equal(a, b, sizeof a);
  assert_true(runs_repeat(kPlain, true, 1, a));
  assert_true(runs_repeat(kPlain, true, 1, b));
  assert_memory_equal(a, b, sizeof a);
  assert_true(runs_repeat(kPlain, true, 2, b));
  assert_memory_not_equal(a, b, sizeof a);
}

/// Two nodes under one option draw different numbers.
static void nodes_of_a_session_draw_apart(void** state) {
  float numbers[kFew];
  (void)state;
  draw_once(
      "node RandomNormal -> a shape=[7]\nnode RandomNormal -> b shape=[7]\n"
      "node Sub a,b -> y\noutput y\n",
      numbers, kFew);
  for (int i = 0; i < kFew; i++) assert_true(numbers[i] != 0);
}

/// A constant input must not make a constant of it.
static void constant_inputs_are_not_computed_ahead(void** state) {
  float numbers[kFew];
  (void)state;
  assert_false(
      runs_repeat("const x float[7] 0.5\nnode RandomUniformLike x -> y\n"
                  "output y\n",
                  false, 0, numbers));
}

static void takes_dtypes_and_shapes_as_the_attributes_say(void** state) {
  (void)state;
  // Chances of 0 and 1 leave nothing to chance.
  op_text_expect("Bernoulli-15", "f32[4] 0 1 0 1", "f32[4] 0 1 0 1");
  op_text_expect("Bernoulli-15 dtype=9", "f64[2] 0 1", "bool[2] 0 1");
  op_text_expect("Bernoulli-15 dtype=7", "f16[2,1] 1 0", "i64[2,1] 1 0");
  op_text_expect("RandomUniformLike-1 low=2.0 high=2.0", "f32[2,2] ~",
                 "f32[2,2] 2 2 2 2");
  op_text_expect("RandomNormalLike-1 mean=-3.0 scale=0.0 dtype=11", "i32[3] ~",
                 "f64[3] -3 -3 -3");
  op_text_expect("RandomUniform-1 low=1.5 high=1.5 shape=[2] dtype=10", "",
                 "f16[2] 1.5 1.5");
  op_text_expect("Multinomial-7 sample_size=3", "f32[2,2] -inf 0 0 -inf",
                 "i32[2,3] 1 1 1 0 0 0");
  op_text_expect("Multinomial-7 sample_size=1 dtype=7", "f64[1,3] 5 -inf -inf",
                 "i64[1,1] 0");
}

static void refuses_what_makes_no_sense(void** state) {
  (void)state;
  op_text_expect_failure("RandomNormal-1 mean=0.0", "", OLSTM_STATUS_INVALID_MODEL,
                         "RandomNormal 'node': attribute 'shape' is missing");
  op_text_expect_failure("RandomNormal-1 shape=[2,-1]", "", OLSTM_STATUS_INVALID_MODEL,
                         "RandomNormal 'node': shape has -1");
  op_text_expect_failure("RandomUniform-1 shape=[2] dtype=7", "",
                         OLSTM_STATUS_UNSUPPORTED,
                         "RandomUniform 'node': dtype=7 (int64) is not supported");
  op_text_expect_failure("Multinomial-7", "f32[3] ~", OLSTM_STATUS_SHAPE_MISMATCH,
                         "Multinomial 'node': input 'x0' has shape [3], expected [batch, "
                         "classes]");
  op_text_expect_failure("Multinomial-7", "?f32[1,2] nan 0", OLSTM_STATUS_INVALID_VALUE,
                         "Multinomial 'node': row 0 of 'x0' has no class to draw");
  op_text_expect_failure("Multinomial-7 dtype=1", "f32[1,2] 0 0",
                         OLSTM_STATUS_UNSUPPORTED,
                         "Multinomial 'node': dtype=1 (float) is not supported");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_generator_is_philox),
      cmocka_unit_test(normal_numbers_are_normal),
      cmocka_unit_test(uniform_numbers_are_uniform),
      cmocka_unit_test(bernoulli_draws_each_element_by_its_own_chance),
      cmocka_unit_test(each_trip_draws_for_itself),
      cmocka_unit_test(multinomial_draws_classes_by_their_weights),
      cmocka_unit_test(seeded_runs_repeat_and_others_do_not),
      cmocka_unit_test(nodes_of_a_session_draw_apart),
      cmocka_unit_test(constant_inputs_are_not_computed_ahead),
      cmocka_unit_test(takes_dtypes_and_shapes_as_the_attributes_say),
      cmocka_unit_test(refuses_what_makes_no_sense),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
