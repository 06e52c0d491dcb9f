// State through contexts: runtime/context.c with runtime/state*.c. Models are those of
// tests/data/make_control_models.py.
#include <stdlib.h>

#include "runtime/context.h"
#include "system/aligned_memory.h"
#include "tests/support/model_fixture.h"

#define MODEL(name) OLSTM_TEST_DATA "/state/" name ".onnx"

enum { T = 7, N = 2, kMaxFloats = 512 };

static void fill(float* values, size_t count, unsigned seed) {
  uint32_t state = seed * 7919U + 1;
  for (size_t i = 0; i < count; i++) {
    state = state * 1664525U + 1013904223U;
    values[i] = (float)(state >> 8) / (float)(1 << 23) - 1.0F;
  }
}

static void start_stateful(model_fixture* fixture, const char* path) {
  static const char* const kAll[] = {"all"};
  olstm_session_options options;
  olstm_session_options_init(&options);
  options.kernel = "reference";
  options.stateful_count = 1;
  options.stateful = kAll;
  model_start(fixture, path, &options);
}

/// Runs `count` steps of x [T,N,3] from step `first` on.
static void run_steps(model_fixture* fixture, const float* x, int64_t first,
                      int64_t count) {
  model_input(fixture, 0, OLSTM_DTYPE_FLOAT, x + first * N * 3, MODEL_SHAPE(count, N, 3));
  model_must_run(fixture);
}

static const float* get_state(const model_fixture* fixture, const char* name) {
  olstm_tensor tensor;
  olstm_error error;
  if (olstm_context_get_state(fixture->context, name, &tensor, &error)) {
    fail_msg("%s", error.message);
  }
  return tensor.data;
}

static void lists_slots_before_the_first_run(void** state) {
  static const char* const kNames[] = {"lstm_y0/h", "lstm_y0/c", "lstm_y/h", "lstm_y/c"};
  static const int64_t kHidden[] = {4, 4, 5, 5};
  static const int64_t kBatch[] = {-1, -1, 2, 2};
  model_fixture fixture;
  (void)state;
  start_stateful(&fixture, MODEL("lstm_stack"));
  assert_int_equal(olstm_context_state_count(fixture.context), 4);
  for (size_t i = 0; i < 4; i++) {
    olstm_state_info info;
    assert_int_equal(olstm_context_get_state_info(fixture.context, i, &info, NULL),
                     OLSTM_STATUS_OK);
    assert_string_equal(info.name, kNames[i]);
    assert_int_equal(info.dtype, OLSTM_DTYPE_FLOAT);
    assert_int_equal(info.rank, 3);
    assert_int_equal(info.dims[0], 1);
    assert_int_equal(info.dims[1], kBatch[i]);
    assert_int_equal(info.dims[2], kHidden[i]);
    assert_false(info.is_set);
  }
  model_end(&fixture);
}

static void chunks_give_what_the_whole_sequence_gives(void** state) {
  float x[T * N * 3];
  float whole[T * N * 5];
  model_fixture stateless;
  model_fixture fixture;
  olstm_session_options options;
  (void)state;
  fill(x, T * N * 3, 1);
  olstm_session_options_init(&options);
  options.kernel = "reference";
  model_start(&stateless, MODEL("lstm_stack"), &options);
  run_steps(&stateless, x, 0, T);
  memcpy(whole, stateless.outputs[0].data, sizeof whole);
  start_stateful(&fixture, MODEL("lstm_stack"));
  for (int round = 0; round < 2; round++) {
    for (int64_t first = 0; first < T; first += 3) {
      const int64_t count = first + 3 < T ? 3 : T - first;
      run_steps(&fixture, x, first, count);
      assert_memory_equal(fixture.outputs[0].data, whole + first * N * 5,
                          (size_t)count * N * 5 * sizeof *whole);
    }
    assert_memory_equal(fixture.outputs[1].data, stateless.outputs[1].data,
                        N * 5 * sizeof *whole);
    assert_memory_equal(get_state(&fixture, "lstm_y/c"), stateless.outputs[1].data,
                        N * 5 * sizeof *whole);
    assert_int_equal(olstm_context_reset(fixture.context, NULL), OLSTM_STATUS_OK);
  }
  model_end(&fixture);
  model_end(&stateless);
}

static void makes_one_node_stateful_by_name(void** state) {
  static const char* const kName[] = {"lstm_y0"};
  float x[T * N * 3];
  olstm_session_options options;
  model_fixture fixture;
  (void)state;
  fill(x, T * N * 3, 1);
  olstm_session_options_init(&options);
  options.stateful_count = 1;
  options.stateful = kName;
  model_start(&fixture, MODEL("lstm_stack"), &options);
  assert_int_equal(olstm_context_state_count(fixture.context), 2);
  run_steps(&fixture, x, 0, T);
  run_steps(&fixture, x, 0, T);
  model_end(&fixture);
}

static void a_failed_run_leaves_the_state_alone(void** state) {
  float x[T * N * 3];
  float before[N * 4];
  float buffer[3] = {0};
  model_fixture fixture;
  (void)state;
  fill(x, T * N * 3, 1);
  start_stateful(&fixture, MODEL("lstm_stack"));
  run_steps(&fixture, x, 0, 3);
  memcpy(before, get_state(&fixture, "lstm_y0/h"), sizeof before);
  fixture.outputs[0] = (olstm_tensor){{OLSTM_DTYPE_FLOAT, 1, {3}}, buffer};
  fixture.outputs[1].data = NULL;
  assert_int_equal(olstm_context_run(fixture.context, fixture.inputs, 1, fixture.outputs,
                                     2, &fixture.error),
                   OLSTM_STATUS_SHAPE_MISMATCH);
  assert_memory_equal(get_state(&fixture, "lstm_y0/h"), before, sizeof before);
  model_end(&fixture);
}

static void names_both_shapes_for_another_batch(void** state) {
  float x[5 * 3] = {0};
  model_fixture fixture;
  (void)state;
  start_stateful(&fixture, MODEL("lstm_stack"));
  run_steps(&fixture, x, 0, 1);
  model_input(&fixture, 0, OLSTM_DTYPE_FLOAT, x, MODEL_SHAPE(1, 5, 3));
  assert_int_equal(model_run(&fixture), OLSTM_STATUS_SHAPE_MISMATCH);
  assert_string_equal(fixture.error.message,
                      "state 'lstm_y0/h' has shape [1,2,4], this run needs [1,5,4]: "
                      "reset it before a run with another batch");
  // The second layer starts from a constant of batch 2: it can take no other.
  assert_int_equal(olstm_context_reset(fixture.context, NULL), OLSTM_STATUS_OK);
  assert_int_equal(model_run(&fixture), OLSTM_STATUS_SHAPE_MISMATCH);
  assert_non_null(strstr(fixture.error.message,
                         "state 'lstm_y/h' starts from a constant of shape [1,2,5]"));
  model_end(&fixture);
}

static void takes_values_that_are_set_and_refuses_wrong_ones(void** state) {
  float x[T * N * 3];
  float h[N * 4];
  float expected[N * 5];
  olstm_tensor value = {{OLSTM_DTYPE_FLOAT, 2, {N, 2}}, h};
  model_fixture fixture;
  (void)state;
  fill(x, T * N * 3, 1);
  start_stateful(&fixture, MODEL("lstm_stack"));
  run_steps(&fixture, x, 0, 3);
  memcpy(h, get_state(&fixture, "lstm_y0/h"), sizeof h);
  assert_int_equal(
      olstm_context_set_state(fixture.context, "lstm_y0/h", &value, &fixture.error),
      OLSTM_STATUS_SHAPE_MISMATCH);
  assert_string_equal(fixture.error.message,
                      "state 'lstm_y0/h' has shape [1,2,2], expected [1,2,4]");
  // The same step again gives something else: the state has moved on.
  run_steps(&fixture, x, 3, 1);
  memcpy(expected, fixture.outputs[1].data, sizeof expected);
  run_steps(&fixture, x, 3, 1);
  assert_memory_not_equal(fixture.outputs[1].data, expected, sizeof expected);
  value.desc.dims[1] = 4;
  assert_int_equal(olstm_context_set_state(fixture.context, "lstm_y0/h", &value, NULL),
                   OLSTM_STATUS_OK);
  assert_memory_equal(get_state(&fixture, "lstm_y0/h"), h, sizeof h);
  model_end(&fixture);
}

static void goes_on_from_bytes_and_from_a_clone(void** state) {
  float x[T * N * 3];
  float expected[N * 5];
  void* blob = NULL;
  size_t blob_bytes = 0;
  model_fixture fixture;
  model_fixture other;
  (void)state;
  fill(x, T * N * 3, 1);
  start_stateful(&fixture, MODEL("lstm_stack"));
  start_stateful(&other, MODEL("lstm_stack"));
  run_steps(&fixture, x, 0, 3);
  assert_int_equal(olstm_context_save_state(fixture.context, &blob, &blob_bytes, NULL),
                   OLSTM_STATUS_OK);
  olstm_context* clone = NULL;
  assert_int_equal(olstm_context_clone(fixture.context, &clone, NULL), OLSTM_STATUS_OK);
  run_steps(&fixture, x, 3, 4);
  memcpy(expected, fixture.outputs[1].data, sizeof expected);
  assert_int_equal(olstm_context_load_state(other.context, blob, blob_bytes, NULL),
                   OLSTM_STATUS_OK);
  run_steps(&other, x, 3, 4);
  assert_memory_equal(other.outputs[1].data, expected, sizeof expected);
  olstm_context_destroy(other.context);
  other.context = clone;
  run_steps(&other, x, 3, 4);
  assert_memory_equal(other.outputs[1].data, expected, sizeof expected);
  olstm_context_free_blob(fixture.context, blob, blob_bytes);
  // The clone belongs to the first session.
  olstm_context_destroy(other.context);
  other.context = NULL;
  model_end(&fixture);
  model_end(&other);
}

/// x [N,T,3] and h [N,2,4] of a batch-first GRU in both directions.
static void run_gru(model_fixture* fixture, const float* x, const float* h) {
  model_input(fixture, 0, OLSTM_DTYPE_FLOAT, x, MODEL_SHAPE(3, 2, 3));
  model_input(fixture, 1, OLSTM_DTYPE_FLOAT, h, MODEL_SHAPE(3, 2, 4));
  model_must_run(fixture);
}

static void starts_from_what_the_graph_computes_row_by_row(void** state) {
  float x[18];
  float h[24];
  float first[24];
  float second[24];
  olstm_session_options options;
  model_fixture stateless;
  model_fixture fixture;
  (void)state;
  fill(x, 18, 3);
  fill(h, 24, 4);
  olstm_session_options_init(&options);
  options.kernel = "reference";
  model_start(&stateless, MODEL("gru_start"), &options);
  start_stateful(&fixture, MODEL("gru_start"));
  assert_int_equal(olstm_context_state_count(fixture.context), 1);
  run_gru(&stateless, x, h);
  run_gru(&fixture, x, h);
  memcpy(first, fixture.outputs[1].data, sizeof first);
  assert_memory_equal(first, stateless.outputs[1].data, sizeof first);
  // The slot is [D,N,H], the output [N,D,H].
  const float* slot = get_state(&fixture, "gru_y/h");
  for (int n = 0; n < 3; n++) {
    for (int d = 0; d < 2; d++) {
      assert_memory_equal(slot + (d * 3 + n) * 4, first + (n * 2 + d) * 4, 16);
    }
  }
  run_gru(&fixture, x, h);
  memcpy(second, fixture.outputs[1].data, sizeof second);
  assert_memory_not_equal(second, first, sizeof first);
  // Row 1 starts anew, the others go on.
  assert_int_equal(olstm_context_reset(fixture.context, NULL), OLSTM_STATUS_OK);
  run_gru(&fixture, x, h);
  assert_int_equal(olstm_context_reset_row(fixture.context, 1, NULL), OLSTM_STATUS_OK);
  run_gru(&fixture, x, h);
  const float* last = fixture.outputs[1].data;
  assert_memory_equal(last, second, 32);
  assert_memory_equal(last + 8, first + 8, 32);
  assert_memory_equal(last + 16, second + 16, 32);
  model_end(&fixture);
  model_end(&stateless);
}

static void broadcasts_a_frozen_state_only_when_asked_to(void** state) {
  static const char* const kAll[] = {"all"};
  float x[2 * 3 * 3];
  float expected[kMaxFloats];
  olstm_session_options options;
  model_fixture fixture;
  (void)state;
  fill(x, 18, 5);
  olstm_session_options_init(&options);
  model_start(&fixture, MODEL("lstm_frozen"), &options);
  model_input(&fixture, 0, OLSTM_DTYPE_FLOAT, x, MODEL_SHAPE(2, 3, 3));
  assert_int_equal(model_run(&fixture), OLSTM_STATUS_SHAPE_MISMATCH);
  // One by one they run.
  for (int64_t n = 0; n < 3; n++) {
    float row[6];
    for (int t = 0; t < 2; t++) memcpy(row + 3 * t, x + (t * 3 + n) * 3, 12);
    model_input(&fixture, 0, OLSTM_DTYPE_FLOAT, row, MODEL_SHAPE(2, 1, 3));
    model_must_run(&fixture);
    for (int t = 0; t < 2; t++) {
      memcpy(expected + (t * 3 + n) * 4, (float*)fixture.outputs[0].data + t * 4, 16);
    }
  }
  model_end(&fixture);
  options.broadcast_state = true;
  for (int stateful = 0; stateful < 2; stateful++) {
    options.stateful_count = (size_t)stateful;
    options.stateful = kAll;
    model_start(&fixture, MODEL("lstm_frozen"), &options);
    model_input(&fixture, 0, OLSTM_DTYPE_FLOAT, x, MODEL_SHAPE(2, 3, 3));
    model_must_run(&fixture);
    for (int i = 0; i < 24; i++) {
      const float difference = ((float*)fixture.outputs[0].data)[i] - expected[i];
      assert_true(difference < 1e-6F && difference > -1e-6F);
    }
    model_end(&fixture);
  }
}

static void carries_a_bound_input(void** state) {
  static const olstm_binding kBinding = {"h_next", "h"};
  const float x[] = {1, 2, 3, 4};
  const float expected[] = {7, 14, 21, 28};
  olstm_session_options options;
  model_fixture fixture;
  (void)state;
  olstm_session_options_init(&options);
  options.binding_count = 1;
  options.bindings = &kBinding;
  model_start(&fixture, MODEL("carry"), &options);
  assert_int_equal(olstm_session_input_count(fixture.session), 1);
  assert_int_equal(olstm_session_output_count(fixture.session), 2);
  model_input(&fixture, 0, OLSTM_DTYPE_FLOAT, x, MODEL_SHAPE(2, 2));
  for (int run = 0; run < 3; run++) model_must_run(&fixture);
  model_expect(&fixture, 1, "[2,2]", expected);
  assert_memory_equal(get_state(&fixture, "h"), expected, sizeof expected);
  assert_int_equal(olstm_context_reset_row(fixture.context, 0, NULL), OLSTM_STATUS_OK);
  model_must_run(&fixture);
  const float again[] = {1, 2, 45, 60};
  model_expect(&fixture, 1, "[2,2]", again);
  // Only a reset lets another batch in.
  model_input(&fixture, 0, OLSTM_DTYPE_FLOAT, x, MODEL_SHAPE(1, 2));
  assert_int_equal(model_run(&fixture), OLSTM_STATUS_SHAPE_MISMATCH);
  assert_int_equal(olstm_context_reset(fixture.context, NULL), OLSTM_STATUS_OK);
  model_must_run(&fixture);
  model_expect(&fixture, 1, "[1,2]", x);
  model_end(&fixture);
}

static size_t allocation_count;

static void expect_same_state(const model_fixture* a, const model_fixture* b) {
  float expected[N * 5];
  memcpy(expected, get_state(b, "lstm_y/h"), sizeof expected);
  assert_memory_equal(get_state(a, "lstm_y/h"), expected, sizeof expected);
}

/// Chunks of other lengths, resets and values that are set between runs of the same plan.
static void goes_on_from_whatever_came_between(void** state) {
  static float x[T * N * 3], ones[N * 5];
  model_fixture fixture, other;
  olstm_tensor value = {{OLSTM_DTYPE_FLOAT, 3, {1, N, 5}}, ones};
  (void)state;
  fill(x, sizeof x / sizeof *x, 3);
  for (size_t i = 0; i < N * 5; i++) ones[i] = 1.0F;
  start_stateful(&fixture, MODEL("lstm_stack"));
  for (int64_t t = 0; t < 4; t++) run_steps(&fixture, x, t, 1);
  run_steps(&fixture, x, 4, 2);
  run_steps(&fixture, x, 6, 1);
  start_stateful(&other, MODEL("lstm_stack"));
  run_steps(&other, x, 0, T);
  expect_same_state(&fixture, &other);
  // A reset, and what was set, are what the next run starts from.
  assert_int_equal(olstm_context_reset(fixture.context, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm_context_reset(other.context, NULL), OLSTM_STATUS_OK);
  run_steps(&fixture, x, 0, 1);
  run_steps(&fixture, x, 1, 1);
  run_steps(&other, x, 0, 2);
  expect_same_state(&fixture, &other);
  assert_int_equal(olstm_context_set_state(fixture.context, "lstm_y/h", &value, NULL),
                   OLSTM_STATUS_OK);
  assert_int_equal(olstm_context_set_state(other.context, "lstm_y/h", &value, NULL),
                   OLSTM_STATUS_OK);
  run_steps(&fixture, x, 2, 1);
  run_steps(&fixture, x, 3, 1);
  run_steps(&other, x, 2, 2);
  expect_same_state(&fixture, &other);
  // One row back to its start, and no other.
  assert_int_equal(olstm_context_reset_row(fixture.context, 1, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm_context_reset_row(other.context, 1, NULL), OLSTM_STATUS_OK);
  run_steps(&fixture, x, 4, 1);
  run_steps(&fixture, x, 5, 1);
  run_steps(&other, x, 4, 2);
  expect_same_state(&fixture, &other);
  model_end(&fixture);
  model_end(&other);
}

static void* count_allocate(void* user, size_t bytes) {
  (void)user;
  allocation_count++;
  return olstm__aligned_allocate(64, (bytes + 63) / 64 * 64);
}

static void count_release(void* user, void* memory, size_t bytes) {
  (void)user;
  (void)bytes;
  olstm__aligned_release(memory);
}

static void allocates_nothing_from_run_to_run(void** state) {
  static const char* const kAll[] = {"all"};
  const olstm_allocator allocator = {NULL, count_allocate, count_release};
  float x[T * N * 3];
  olstm_session_options options;
  model_fixture fixture;
  (void)state;
  fill(x, T * N * 3, 1);
  olstm_session_options_init(&options);
  options.allocator = &allocator;
  options.stateful_count = 1;
  options.stateful = kAll;
  model_start(&fixture, MODEL("lstm_stack"), &options);
  const olstm_tensor_desc desc = {OLSTM_DTYPE_FLOAT, 3, {1, N, 3}};
  assert_int_equal(olstm_context_prepare(fixture.context, &desc, 1, NULL),
                   OLSTM_STATUS_OK);
  const size_t before = allocation_count;
  for (int64_t t = 0; t < T; t++) run_steps(&fixture, x, t, 1);
  assert_int_equal(allocation_count, before);
  model_end(&fixture);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lists_slots_before_the_first_run),
      cmocka_unit_test(chunks_give_what_the_whole_sequence_gives),
      cmocka_unit_test(makes_one_node_stateful_by_name),
      cmocka_unit_test(a_failed_run_leaves_the_state_alone),
      cmocka_unit_test(names_both_shapes_for_another_batch),
      cmocka_unit_test(takes_values_that_are_set_and_refuses_wrong_ones),
      cmocka_unit_test(goes_on_from_bytes_and_from_a_clone),
      cmocka_unit_test(starts_from_what_the_graph_computes_row_by_row),
      cmocka_unit_test(broadcasts_a_frozen_state_only_when_asked_to),
      cmocka_unit_test(carries_a_bound_input),
      cmocka_unit_test(goes_on_from_whatever_came_between),
      cmocka_unit_test(allocates_nothing_from_run_to_run),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
