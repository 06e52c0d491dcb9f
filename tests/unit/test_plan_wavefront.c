// runtime/plan/plan_wavefront.c and runtime/execute/wavefront_run.c, by whole models:
// layers on top of each other give with several threads, bit for bit, what they give with
// one, which runs them one after the other.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "olstm/olstm.h"
#include "tests/support/model_text.h"
#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

enum { kMaxTensors = 16, kTextBytes = 16384, kSteps = 60, kUnits = 64 };

/// A model as text that grows.
typedef struct text {
  char data[kTextBytes];
  size_t length;
} text;

static void add(text* to, const char* format, ...) {
  va_list args;
  va_start(args, format);
  const int count =
      vsnprintf(to->data + to->length, sizeof to->data - to->length, format, args);
  va_end(args);
  assert_true(count >= 0 && to->length + (size_t)count < sizeof to->data);
  to->length += (size_t)count;
}

/// One recurrent layer with its weights: reads x, writes y<k> (its other inputs and
/// outputs as given).
static void add_layer(text* to, const char* cell, int k, int inputs, const char* x,
                      const char* others, const char* outputs, const char* attributes) {
  const int gates = strcmp(cell, "LSTM") == 0 ? 4 : strcmp(cell, "GRU") == 0 ? 3 : 1;
  add(to, "const w%d float[1,%d,%d] 0.11 -0.07 0.05 0.13 -0.12 0.02 -0.03\n", k,
      gates * kUnits, inputs);
  add(to, "const r%d float[1,%d,%d] 0.06 -0.11 0.08 -0.02 0.04 -0.09 0.12 0.01 -0.05\n",
      k, gates * kUnits, kUnits);
  add(to, "const b%d float[1,%d] 0.1 -0.2 0.3\n", k, 2 * gates * kUnits);
  add(to, "node %s %s,w%d,r%d,b%d%s -> %s name=layer%d hidden_size=%d %s\n", cell, x, k,
      k, k, others, outputs, k, kUnits, attributes);
}

/// `layers` layers, as PyTorch's exporter writes them; all their outputs are the model's.
static void add_stack(text* to, const char* cell, int layers, int steps, int batch,
                      int inputs) {
  const bool is_lstm = strcmp(cell, "LSTM") == 0;
  add(to, "opset 14\ninput x float[%d,%d,%d]\nconst axes int64[1] 1\n", steps, batch,
      inputs);
  for (int k = 0; k < layers; k++) {
    char x[16] = "x";
    char outputs[64];
    if (k > 0) (void)snprintf(x, sizeof x, "x%d", k);
    (void)snprintf(outputs, sizeof outputs, is_lstm ? "y%d,h%d,c%d" : "y%d,h%d", k, k, k);
    add_layer(to, cell, k, k == 0 ? inputs : kUnits, x, "", outputs, "");
    add(to, "node Squeeze y%d,axes -> x%d\noutput y%d\noutput h%d\n", k, k + 1, k, k);
    if (is_lstm) add(to, "output c%d\n", k);
  }
}

// ---------------------------------------------------------------- running

typedef struct session {
  olstm_session* session;
  olstm_context* context;
  olstm_tensor outputs[kMaxTensors];
  olstm_error error;
} session;

static void start(session* s, const char* model_text, int threads, bool is_stateful,
                  int precision) {
  static const char* const kAll[] = {"all"};
  olstm_model* model = olstm_test_model(model_text);
  olstm_session_options options;
  olstm_session_options_init(&options);
  options.thread_count = threads;
  options.stateful_count = is_stateful;
  options.stateful = kAll;
  options.precision = precision;
  memset(s, 0, sizeof *s);
  if (olstm_session_create(model, NULL, &options, &s->session, &s->error) != 0 ||
      olstm_context_create(s->session, &s->context, &s->error) != 0) {
    fail_msg("%s", s->error.message);
  }
  olstm_model_destroy(model);
}

static void end(session* s) {
  olstm_context_destroy(s->context);
  olstm_session_destroy(s->session);
}

/// Inputs that a model declares: small numbers, and lengths from 0 to kSteps.
static void make_inputs(const session* s, int seed, olstm_tensor* inputs) {
  for (size_t i = 0; i < olstm_session_input_count(s->session); i++) {
    const olstm_value_info* info = olstm_session_get_input(s->session, i);
    inputs[i].desc = (olstm_tensor_desc){.dtype = info->dtype, .rank = info->rank};
    memcpy(inputs[i].desc.dims, info->dims, sizeof info->dims[0] * (size_t)info->rank);
    const int64_t count = olstm_tensor_desc_count(&inputs[i].desc);
    inputs[i].data = calloc((size_t)count, sizeof(double));
    assert_non_null(inputs[i].data);
    for (int64_t k = 0; k < count; k++) {
      const int value = (int)((k * 37 + seed * 101 + (int64_t)i * 11) % 127);
      if (info->dtype == OLSTM_DTYPE_FLOAT) {
        ((float*)inputs[i].data)[k] = (float)(value - 63) / 32;
      } else if (info->dtype == OLSTM_DTYPE_DOUBLE) {
        ((double*)inputs[i].data)[k] = (double)(value - 63) / 32;
      } else if (info->dtype == OLSTM_DTYPE_INT32) {
        ((int32_t*)inputs[i].data)[k] = value % (kSteps + 1);
      } else {
        ((uint16_t*)inputs[i].data)[k] = (uint16_t)(0x3800 + value);
      }
    }
  }
}

static void run(session* s, int seed) {
  const size_t output_count = olstm_session_output_count(s->session);
  const size_t input_count = olstm_session_input_count(s->session);
  olstm_tensor inputs[kMaxTensors] = {0};
  assert_true(output_count <= kMaxTensors && input_count <= kMaxTensors);
  memset(s->outputs, 0, sizeof s->outputs);
  make_inputs(s, seed, inputs);
  const olstm_status status = olstm_context_run(s->context, inputs, input_count,
                                                s->outputs, output_count, &s->error);
  for (size_t i = 0; i < input_count; i++) free(inputs[i].data);
  if (status != OLSTM_STATUS_OK) fail_msg("%s", s->error.message);
}

/// How many layers of the plan run in pieces.
static int count_layers_in_pieces(const session* s) {
  olstm_plan_info plan;
  int count = 0;
  assert_int_equal(olstm_context_get_plan_info(s->context, &plan, NULL), 0);
  for (size_t i = 0; i < plan.step_count; i++) {
    olstm_step_info step;
    assert_int_equal(olstm_context_get_step_info(s->context, i, &step, NULL), 0);
    count += strstr(step.reason, " steps at a time beside 'layer") != NULL;
  }
  return count;
}

/// Three runs each; with `threads` as many layers as expected run in pieces.
static void expect_same(const char* model_text, int threads, bool is_stateful,
                        int precision, int expected_layers) {
  session alone, together;
  start(&alone, model_text, 1, is_stateful, precision);
  start(&together, model_text, threads, is_stateful, precision);
  for (int seed = 0; seed < 3; seed++) {
    run(&alone, seed);
    run(&together, seed);
    for (size_t o = 0; o < olstm_session_output_count(alone.session); o++) {
      const olstm_tensor_desc* desc = &alone.outputs[o].desc;
      size_t bytes = 0;
      assert_true(olstm_tensor_desc_equal(desc, &together.outputs[o].desc));
      assert_true(olstm_tensor_desc_bytes(desc, &bytes));
      assert_memory_equal(alone.outputs[o].data, together.outputs[o].data, bytes);
    }
  }
  assert_int_equal(count_layers_in_pieces(&alone), 0);
  assert_int_equal(count_layers_in_pieces(&together), threads == 1 ? 0 : expected_layers);
  end(&alone);
  end(&together);
}

static void expect_same_for_threads(const text* model, int expected_layers) {
  for (int threads = 1; threads <= 3; threads++) {
    expect_same(model->data, threads, false, OLSTM_PRECISION_F32, expected_layers);
  }
}

// ---------------------------------------------------------------- cases

static void stacks_give_what_one_thread_gives(void** state) {
  static const char* const kCells[] = {"LSTM", "GRU", "RNN"};
  (void)state;
  for (size_t c = 0; c < 3; c++) {
    for (int layers = 2; layers <= 4; layers++) {
      text model = {{0}, 0};
      // RNN's steps are short.
      add_stack(&model, kCells[c], layers, c == 2 ? 4 * kSteps : kSteps, 1, 20);
      expect_same_for_threads(&model, layers);
    }
  }
}

static void so_do_other_batches_and_inputs(void** state) {
  static const int kSizes[][2] = {{1, 1}, {1, 65}, {2, 7}, {3, 20}};
  (void)state;
  for (size_t i = 0; i < 4; i++) {
    text model = {{0}, 0};
    add_stack(&model, "LSTM", 3, kSteps, kSizes[i][0], kSizes[i][1]);
    // With two threads, rows may be the better way to split.
    session together;
    start(&together, model.data, 2, false, OLSTM_PRECISION_F32);
    run(&together, 0);
    const int layers = count_layers_in_pieces(&together);
    end(&together);
    expect_same(model.data, 2, false, OLSTM_PRECISION_F32, layers);
    if (kSizes[i][0] == 1) assert_int_equal(layers, 3);
  }
}

static void precision_and_dtype_stay(void** state) {
  (void)state;
  text model = {{0}, 0};
  add_stack(&model, "LSTM", 2, 2 * kSteps, 1, 20);
  expect_same(model.data, 2, false, OLSTM_PRECISION_BF16, 2);
  expect_same(model.data, 2, false, OLSTM_PRECISION_INT8, 2);
  static const char* const kDtypes[] = {"double", "float16"};
  for (size_t d = 0; d < 2; d++) {
    const char* dtype = kDtypes[d];
    text other = {{0}, 0};
    add(&other, "opset 14\ninput x %s[60,1,20]\nconst axes int64[1] 1\n", dtype);
    for (int k = 0; k < 2; k++) {
      const int inputs = k == 0 ? 20 : kUnits;
      add(&other, "const w%d %s[1,256,%d] 0.11 -0.07 0.05 0.13 -0.12\n", k, dtype,
          inputs);
      add(&other, "const r%d %s[1,256,64] 0.06 -0.11 0.08 -0.02 0.04 -0.09\n", k, dtype);
    }
    add(&other,
        "node LSTM x,w0,r0 -> y0 name=layer0 hidden_size=64\nnode Squeeze y0,axes -> x1\n"
        "node LSTM x1,w1,r1 -> y1,h1,c1 name=layer1 hidden_size=64\n"
        "output y1\noutput h1\noutput c1\n");
    expect_same_for_threads(&other, 2);
  }
}

static void batch_major_layers_are_recognised(void** state) {
  (void)state;
  text model = {{0}, 0};
  add(&model, "opset 14\ninput x float[1,%d,20]\nconst axes int64[1] 2\n", kSteps);
  add_layer(&model, "LSTM", 0, 20, "x", "", "y0", "layout=1");
  add(&model, "node Squeeze y0,axes -> x1\n");
  add_layer(&model, "LSTM", 1, kUnits, "x1", "", "y1,h1,c1", "layout=1");
  add(&model, "output y1\noutput h1\noutput c1\n");
  expect_same_for_threads(&model, 2);
}

static void transposes_around_layers_are_no_hindrance(void** state) {
  (void)state;
  text model = {{0}, 0};
  add(&model, "opset 14\ninput x float[1,%d,20]\nconst axes int64[1] 1\n", kSteps);
  add(&model, "node Transpose x -> t0 perm=[1,0,2]\n");
  add_layer(&model, "LSTM", 0, 20, "t0", "", "y0", "");
  add(&model,
      "node Squeeze y0,axes -> s0\nnode Transpose s0 -> n0 perm=[1,0,2]\n"
      "node Transpose n0 -> t1 perm=[1,0,2]\n");
  add_layer(&model, "LSTM", 1, kUnits, "t1", "", "y1", "");
  add(&model,
      "node Squeeze y1,axes -> s1\nnode Transpose s1 -> n1 perm=[1,0,2]\noutput n1\n");
  expect_same_for_threads(&model, 2);
}

static void layers_that_go_backwards_are_recognised(void** state) {
  (void)state;
  text model = {{0}, 0};
  add(&model, "opset 14\ninput x float[%d,1,20]\nconst axes int64[1] 1\n", kSteps);
  add_layer(&model, "GRU", 0, 20, "x", "", "y0", "direction=\"reverse\"");
  add(&model, "node Squeeze y0,axes -> x1\n");
  add_layer(&model, "LSTM", 1, kUnits, "x1", "", "y1,h1,c1", "direction=\"reverse\"");
  add(&model, "output y1\noutput h1\noutput c1\n");
  expect_same_for_threads(&model, 2);
}

static void layers_of_opposite_directions_run_one_after_the_other(void** state) {
  (void)state;
  text model = {{0}, 0};
  add(&model, "opset 14\ninput x float[%d,1,20]\nconst axes int64[1] 1\n", kSteps);
  add_layer(&model, "LSTM", 0, 20, "x", "", "y0", "");
  add(&model, "node Squeeze y0,axes -> x1\n");
  add_layer(&model, "LSTM", 1, kUnits, "x1", "", "y1", "direction=\"reverse\"");
  add(&model, "output y1\n");
  expect_same_for_threads(&model, 0);
}

static void lengths_of_rows_are_kept(void** state) {
  (void)state;
  text model = {{0}, 0};
  add(&model,
      "opset 14\ninput x float[%d,2,20]\ninput lens0 int32[2]\ninput lens1 int32[2]\n"
      "const axes int64[1] 1\n",
      kSteps);
  add_layer(&model, "LSTM", 0, 20, "x", ",lens0", "y0,h0,c0", "");
  add(&model, "node Squeeze y0,axes -> x1\n");
  // Longer rows than below read the zeros there.
  add_layer(&model, "LSTM", 1, kUnits, "x1", ",lens1", "y1,h1,c1", "");
  add(&model, "node Squeeze y1,axes -> x2\n");
  add_layer(&model, "LSTM", 2, kUnits, "x2", "", "y2", "");
  add(&model, "output y0\noutput h0\noutput c0\noutput y1\noutput h1\noutput c1\n");
  add(&model, "output y2\n");
  // With three threads no split of rows is as good.
  expect_same(model.data, 3, false, OLSTM_PRECISION_F32, 3);
}

static void wrong_lengths_name_the_layer(void** state) {
  const olstm_tensor_desc x_desc = {OLSTM_DTYPE_FLOAT, 3, {kSteps, 2, 20}};
  const olstm_tensor_desc lens_desc = {OLSTM_DTYPE_INT32, 1, {2}};
  static float x[kSteps * 2 * 20];
  int32_t lens[] = {3, kSteps + 1};
  const olstm_tensor inputs[] = {{x_desc, x}, {lens_desc, lens}};
  session s;
  (void)state;
  text model = {{0}, 0};
  add(&model, "opset 14\ninput x float[%d,2,20]\ninput lens int32[2]\n", kSteps);
  add(&model, "const axes int64[1] 1\n");
  add_layer(&model, "LSTM", 0, 20, "x", "", "y0", "");
  add(&model, "node Squeeze y0,axes -> x1\n");
  add_layer(&model, "LSTM", 1, kUnits, "x1", ",lens", "y1", "");
  add(&model, "output y1\n");
  start(&s, model.data, 2, false, OLSTM_PRECISION_F32);
  for (int threads = 0; threads < 2; threads++) {
    memset(s.outputs, 0, sizeof s.outputs);
    assert_int_equal(olstm_context_run(s.context, inputs, 2, s.outputs, 1, &s.error),
                     OLSTM_STATUS_INVALID_VALUE);
    assert_string_equal(s.error.message,
                        "LSTM 'layer1': sequence_lens[1] is 61, expected 0..60");
  }
  end(&s);
}

/// Initial states are slices of the model's inputs, final ones are put together again:
/// nodes stand between the layers.
static void states_around_layers_are_no_hindrance(void** state) {
  (void)state;
  text model = {{0}, 0};
  add(&model, "opset 14\ninput x float[%d,1,20]\ninput h float[2,1,64]\n", kSteps);
  add(&model, "input c float[2,1,64]\nconst axes int64[1] 1\n");
  add(&model, "const zero int64[1] 0\nconst one int64[1] 1\nconst two int64[1] 2\n");
  add(&model, "node Slice h,zero,one,zero -> h0\nnode Slice c,zero,one,zero -> c0\n");
  add_layer(&model, "LSTM", 0, 20, "x", ",_,h0,c0", "y0,yh0,yc0", "");
  add(&model, "node Relu yh0 -> relu\n");
  add(&model, "node Squeeze y0,axes -> x1\n");
  add(&model, "node Slice h,one,two,zero -> h1\nnode Slice c,one,two,zero -> c1\n");
  add(&model, "node Sigmoid y0 -> sigmoid\n");
  add_layer(&model, "LSTM", 1, kUnits, "x1", ",_,h1,c1", "y1,yh1,yc1", "");
  add(&model, "node Concat yh0,yh1 -> hn axis=0\nnode Concat yc0,yc1 -> cn axis=0\n");
  add(&model, "output y1\noutput hn\noutput cn\noutput relu\noutput sigmoid\n");
  expect_same_for_threads(&model, 2);
}

/// An encoder's state starts a decoder that reads the encoder's output as well.
static void layers_that_start_from_the_one_below_run_after_it(void** state) {
  (void)state;
  text model = {{0}, 0};
  add(&model, "opset 14\ninput x float[%d,1,20]\nconst axes int64[1] 1\n", kSteps);
  add_layer(&model, "LSTM", 0, 20, "x", "", "y0,h0,c0", "");
  add(&model, "node Squeeze y0,axes -> x1\nnode Tanh h0 -> start\n");
  add_layer(&model, "LSTM", 1, kUnits, "x1", ",_,start,c0", "y1", "");
  add(&model, "output y1\n");
  expect_same_for_threads(&model, 0);
}

static void two_stacks_side_by_side_are_two_wavefronts(void** state) {
  (void)state;
  text model = {{0}, 0};
  add(&model, "opset 14\ninput x float[%d,1,20]\nconst axes int64[1] 1\n", kSteps);
  add_layer(&model, "LSTM", 0, 20, "x", "", "y0", "");
  add_layer(&model, "GRU", 1, 20, "x", "", "y1", "");
  add(&model, "node Squeeze y0,axes -> x0\nnode Squeeze y1,axes -> x1\n");
  add_layer(&model, "LSTM", 2, kUnits, "x0", "", "y2", "");
  add_layer(&model, "GRU", 3, kUnits, "x1", "", "y3", "");
  add(&model, "node Add y2,y3 -> sum\noutput sum\n");
  expect_same_for_threads(&model, 4);
}

/// The second stack's start waits for the first one: torn apart it would be wrong.
static void stacks_that_wait_for_each_other_are_right(void** state) {
  (void)state;
  text model = {{0}, 0};
  add(&model, "opset 14\ninput x float[%d,1,20]\nconst axes int64[1] 1\n", kSteps);
  add_layer(&model, "LSTM", 0, 20, "x", "", "y0,h0", "");
  add_layer(&model, "GRU", 1, 20, "x", "", "y1", "");
  add(&model, "node Squeeze y0,axes -> x0\nnode Squeeze y1,axes -> x1\n");
  add_layer(&model, "GRU", 2, kUnits, "x1", ",_,h0", "y2", "");
  add_layer(&model, "LSTM", 3, kUnits, "x0", "", "y3", "");
  add(&model, "node Add y2,y3 -> sum\noutput sum\n");
  for (int threads = 2; threads <= 3; threads++) {
    session together;
    start(&together, model.data, threads, false, OLSTM_PRECISION_F32);
    run(&together, 0);
    const int layers = count_layers_in_pieces(&together);
    end(&together);
    assert_true(layers >= 2);
    expect_same(model.data, threads, false, OLSTM_PRECISION_F32, layers);
  }
}

static void state_is_carried_from_run_to_run(void** state) {
  (void)state;
  text model = {{0}, 0};
  add_stack(&model, "LSTM", 3, kSteps, 1, 20);
  for (int threads = 2; threads <= 3; threads++) {
    expect_same(model.data, threads, true, OLSTM_PRECISION_F32, 3);
  }
}

static void short_runs_stay_on_one_thread(void** state) {
  (void)state;
  text model = {{0}, 0};
  add_stack(&model, "LSTM", 2, 1, 1, 20);
  expect_same_for_threads(&model, 0);
  text few = {{0}, 0};
  add_stack(&few, "LSTM", 2, 4, 1, 20);
  expect_same_for_threads(&few, 0);
}

static void runs_allocate_nothing(void** state) {
  session s;
  (void)state;
  text model = {{0}, 0};
  add_stack(&model, "LSTM", 3, kSteps, 1, 20);
  start(&s, model.data, 2, false, OLSTM_PRECISION_F32);
  run(&s, 0);
  assert_int_equal(count_layers_in_pieces(&s), 3);
  olstm_tensor inputs[kMaxTensors] = {0};
  make_inputs(&s, 1, inputs);
  const int64_t allocations = olstm_test_malloc_count();
  for (int i = 0; i < 5; i++) {
    memset(s.outputs, 0, sizeof s.outputs);
    assert_int_equal(olstm_context_run(s.context, inputs, 1, s.outputs,
                                       olstm_session_output_count(s.session), &s.error),
                     OLSTM_STATUS_OK);
  }
  assert_int_equal(olstm_test_malloc_count(), allocations);
  free(inputs[0].data);
  end(&s);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(stacks_give_what_one_thread_gives),
      cmocka_unit_test(so_do_other_batches_and_inputs),
      cmocka_unit_test(precision_and_dtype_stay),
      cmocka_unit_test(batch_major_layers_are_recognised),
      cmocka_unit_test(transposes_around_layers_are_no_hindrance),
      cmocka_unit_test(layers_that_go_backwards_are_recognised),
      cmocka_unit_test(layers_of_opposite_directions_run_one_after_the_other),
      cmocka_unit_test(lengths_of_rows_are_kept),
      cmocka_unit_test(wrong_lengths_name_the_layer),
      cmocka_unit_test(states_around_layers_are_no_hindrance),
      cmocka_unit_test(layers_that_start_from_the_one_below_run_after_it),
      cmocka_unit_test(two_stacks_side_by_side_are_two_wavefronts),
      cmocka_unit_test(stacks_that_wait_for_each_other_are_right),
      cmocka_unit_test(state_is_carried_from_run_to_run),
      cmocka_unit_test(short_runs_stay_on_one_thread),
      cmocka_unit_test(runs_allocate_nothing),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
