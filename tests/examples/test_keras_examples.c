// The questions that Keras users come with, answered in C: five exported models
// (tests/data/make_keras_examples.py), run with the public API, and compared with Keras'
// own equations. docs/keras.md points here; every case reads by itself.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "olstm/olstm.h"
#include "tests/support/test_main.h"

#define DATA OLSTM_TEST_DATA "/keras_examples/"

static olstm_error error;

static void ok(olstm_status status) {
  if (status != OLSTM_STATUS_OK) fail_msg("%s", error.message);
}

// ---------------------------------------------------------------- tensors of the
// examples

static olstm_tensor load(const char* name) {
  static char bytes[1 << 20];
  char path[512];
  olstm_tensor tensor;
  (void)snprintf(path, sizeof path, DATA "%s.pb", name);
  FILE* file = fopen(path, "rb");
  if (!file) fail_msg("cannot open %s", path);
  const size_t count = fread(bytes, 1, sizeof bytes, file);
  (void)fclose(file);
  ok(olstm_tensor_read_pb(bytes, count, NULL, &tensor, NULL, &error));
  return tensor;
}

static void unload(olstm_tensor* tensor) {
  olstm_tensor_deinit(tensor, NULL);
}

/// 1e-5, and the same number of elements: a state [1,N,H] is compared with Keras' [N,H].
static void assert_is(const olstm_tensor* actual, const char* name) {
  olstm_tensor expected = load(name);
  const int64_t count = olstm_tensor_desc_count(&expected.desc);
  assert_int_equal(olstm_tensor_desc_count(&actual->desc), count);
  for (int64_t i = 0; i < count; i++) {
    const float a = ((const float*)actual->data)[i], e = ((const float*)expected.data)[i];
    if (!(fabsf(a - e) <= 1e-5F)) {
      fail_msg("%s[%lld]: %.8g, expected %.8g", name, (long long)i, (double)a, (double)e);
    }
  }
  unload(&expected);
}

// ---------------------------------------------------------------- a model and its state

typedef struct runtime {
  olstm_session* session;
  olstm_context* context;
} runtime;

static runtime open_model(const char* name, const char* stateful_node) {
  runtime made = {NULL, NULL};
  olstm_model* model = NULL;
  olstm_session_options options;
  char path[512];
  (void)snprintf(path, sizeof path, DATA "%s/model.onnx", name);
  olstm_session_options_init(&options);
  options.stateful = &stateful_node;
  options.stateful_count = stateful_node ? 1 : 0;
  ok(olstm_model_load_file(path, NULL, &model, &error));
  ok(olstm_session_create(model, NULL, &options, &made.session, &error));
  olstm_model_destroy(model);
  ok(olstm_context_create(made.session, &made.context, &error));
  return made;
}

static void close_model(runtime* open) {
  olstm_context_destroy(open->context);
  olstm_session_destroy(open->session);
}

/// Runs with tensors loaded by name, in the graph's order; outputs are the context's
/// until its next call.
static void run_named(runtime* open, const char* const* names, size_t count,
                      olstm_tensor* outputs, size_t output_count) {
  olstm_tensor inputs[3];
  for (size_t i = 0; i < count; i++) inputs[i] = load(names[i]);
  for (size_t o = 0; o < output_count; o++) outputs[o].data = NULL;
  ok(olstm_context_run(open->context, inputs, count, outputs, output_count, &error));
  for (size_t i = 0; i < count; i++) unload(&inputs[i]);
}

static void run_one(runtime* open, const char* input, const char* expected) {
  olstm_tensor output;
  run_named(open, &input, 1, &output, 1);
  assert_is(&output, expected);
}

static void set_named(runtime* open, const char* slot, const char* name) {
  olstm_tensor value = load(name);
  ok(olstm_context_set_state(open->context, slot, &value, &error));
  unload(&value);
}

static void assert_state_is(runtime* open, const char* slot, const char* name) {
  olstm_tensor value;
  ok(olstm_context_get_state(open->context, slot, &value, &error));
  assert_is(&value, name);
}

// ---------------------------------------------------------------- the five questions

static void a_constant_initial_state_tiled_over_the_batch(void** state) {
  runtime open = open_model("a", NULL);
  (void)state;
  run_one(&open, "a/x", "a/dense");
  run_one(&open, "a/x", "a/dense");
  close_model(&open);
}

static void b_initial_state_given_with_every_call(void** state) {
  static const char* const kInputs[] = {"b_inputs/x", "b_inputs/h_0", "b_inputs/c_0"};
  runtime open = open_model("b_inputs", NULL);
  olstm_tensor outputs[3];
  (void)state;
  run_named(&open, kInputs, 3, outputs, 3);
  assert_is(&outputs[0], "b_inputs/y");
  assert_is(&outputs[1], "b_inputs/h");
  assert_is(&outputs[2], "b_inputs/c");
  close_model(&open);
}

static void b_stateful_over_several_calls_read_reset_and_set(void** state) {
  runtime open = open_model("b_stateful", "lstm");
  char x[32], y[32], h[32], c[32];
  (void)state;
  for (int pass = 0; pass < 2; pass++) {
    for (int call = 0; call < 3; call++) {
      (void)snprintf(x, sizeof x, "b_stateful/x_%d", call);
      (void)snprintf(y, sizeof y, "b_stateful/y_%d", call);
      (void)snprintf(h, sizeof h, "b_stateful/h_%d_after", call);
      (void)snprintf(c, sizeof c, "b_stateful/c_%d_after", call);
      run_one(&open, x, y);
      assert_state_is(&open, "lstm/h", h);
      assert_state_is(&open, "lstm/c", c);
    }
    // As model.reset_states(): the second pass gives the same again.
    ok(olstm_context_reset(open.context, &error));
  }
  // As layer.reset_states([h_0, c_0]).
  set_named(&open, "lstm/h", "b_stateful/h_0");
  set_named(&open, "lstm/c", "b_stateful/c_0");
  run_one(&open, "b_stateful/x_0", "b_stateful/y_from_h_0");
  close_model(&open);
}

static void c_states_of_two_layers_are_set_for_every_minibatch(void** state) {
  runtime open = open_model("c", "all");
  char x[16], out[16], value[16];
  static const char* const kSlots[] = {"lstm/h", "lstm/c", "lstm_1/h", "lstm_1/c"};
  static const char* const kNames[] = {"h1", "c1", "h2", "c2"};
  (void)state;
  for (int batch = 0; batch < 2; batch++) {
    for (int s = 0; s < 4; s++) {
      (void)snprintf(value, sizeof value, "c/%s_%d", kNames[s], batch);
      set_named(&open, kSlots[s], value);
    }
    (void)snprintf(x, sizeof x, "c/x_%d", batch);
    (void)snprintf(out, sizeof out, "c/out_%d", batch);
    run_one(&open, x, out);
  }
  close_model(&open);
}

static void c_a_state_of_another_shape_is_an_error_that_names_both(void** state) {
  runtime open = open_model("c", "all");
  float zeros[20] = {0};
  const olstm_tensor wrong = {{OLSTM_DTYPE_FLOAT, 2, {10, 2}}, zeros};
  (void)state;
  set_named(&open, "lstm/h", "c/h1_0");
  assert_int_equal(olstm_context_set_state(open.context, "lstm/h", &wrong, &error),
                   OLSTM_STATUS_SHAPE_MISMATCH);
  assert_non_null(strstr(error.message, "10,2]"));
  assert_non_null(strstr(error.message, "[1,10,8]"));
  // Nothing has changed.
  assert_state_is(&open, "lstm/h", "c/h1_0");
  close_model(&open);
}

static void d_outputs_h_and_c_of_every_layer(void** state) {
  static const char* const kInput[] = {"d/x"};
  static const char* const kNames[] = {"d/y1", "d/h1", "d/c1", "d/y2", "d/h2", "d/c2"};
  runtime open = open_model("d", NULL);
  olstm_tensor outputs[6];
  (void)state;
  run_named(&open, kInput, 1, outputs, 6);
  for (int o = 0; o < 6; o++) assert_is(&outputs[o], kNames[o]);
  close_model(&open);
}

static void e_padded_and_masked_sequences(void** state) {
  runtime open = open_model("e", NULL);
  (void)state;
  run_one(&open, "e/x", "e/out");
  close_model(&open);
}

static void e_the_loop_of_a_mask_runs_as_an_lstm(void** state) {
  runtime open = open_model("e", NULL);
  olstm_plan_info plan;
  olstm_step_info step;
  bool recognised = false;
  (void)state;
  run_one(&open, "e/x", "e/out");
  ok(olstm_context_get_plan_info(open.context, &plan, &error));
  for (size_t s = 0; s < plan.step_count; s++) {
    ok(olstm_context_get_step_info(open.context, s, &step, &error));
    if (strcmp(step.fused_from, "Loop recognised as masked LSTM") == 0) recognised = true;
  }
  assert_true(recognised);
  assert_false(plan.has_dynamic_part);
  close_model(&open);
}

/// A masked layer made stateful: what was saved before the second half is what it goes on
/// from.
static void e_a_masked_layer_keeps_its_state_too(void** state) {
  runtime open = open_model("e", "lstm");
  olstm_tensor first, second, output;
  float kept[6 * 2];
  (void)state;
  run_one(&open, "e/x", "e/out");
  ok(olstm_context_get_state(open.context, "lstm/h", &first, &error));
  assert_int_equal(first.desc.dims[2], 16);
  ok(olstm_context_reset(open.context, &error));
  run_one(&open, "e/x", "e/out");
  // Without the reset the next run starts from what the last one left.
  output.data = NULL;
  olstm_tensor x = load("e/x");
  ok(olstm_context_run(open.context, &x, 1, &output, 1, &error));
  memcpy(kept, output.data, sizeof kept);
  ok(olstm_context_get_state(open.context, "lstm/c", &second, &error));
  ok(olstm_context_reset(open.context, &error));
  output.data = NULL;
  ok(olstm_context_run(open.context, &x, 1, &output, 1, &error));
  assert_memory_not_equal(kept, output.data, sizeof kept);
  unload(&x);
  close_model(&open);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_constant_initial_state_tiled_over_the_batch),
      cmocka_unit_test(b_initial_state_given_with_every_call),
      cmocka_unit_test(b_stateful_over_several_calls_read_reset_and_set),
      cmocka_unit_test(c_states_of_two_layers_are_set_for_every_minibatch),
      cmocka_unit_test(c_a_state_of_another_shape_is_an_error_that_names_both),
      cmocka_unit_test(d_outputs_h_and_c_of_every_layer),
      cmocka_unit_test(e_padded_and_masked_sequences),
      cmocka_unit_test(e_the_loop_of_a_mask_runs_as_an_lstm),
      cmocka_unit_test(e_a_masked_layer_keeps_its_state_too),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
