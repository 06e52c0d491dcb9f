// runtime/convert/batch_convert.h: a batch that is baked in is opened, row by row as it
// was, or the node is named that prevents it; and time, for pieces of sequences.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "onnx_proto/model.h"
#include "tests/support/convert_case.h"
#include "tests/support/test_main.h"

enum { kSteps = 4, kFeatures = 3, kRows = 6, kMost = 4096 };

#define WEIGHTS                                           \
  "const w float[1,8,3] 0.3 -0.2 0.1 0.4 0.25 -0.5 0.7\n" \
  "const r float[1,8,2] 0.2 0.5 -0.4 0.1 -0.3\n"

static const olstm__convert_options kFix = {.opens_batch = true};

/// Runs rows first .. first + count - 1 of a sequence [N,T,I]; writes the first output,
/// which has rows first.
static int64_t run_rows(olstm_model* model, int first, int count, float out[kMost]) {
  static float x[kRows * kSteps * kFeatures];
  olstm_session* session = NULL;
  olstm_context* context = NULL;
  olstm_error error = {""};
  olstm_tensor outputs[4] = {{.data = NULL}};
  for (int i = 0; i < kRows * kSteps * kFeatures; i++) x[i] = sinf((float)i * 1.1F);
  olstm_tensor input = {.desc = {OLSTM_DTYPE_FLOAT, 3, {count, kSteps, kFeatures}},
                        .data = x + first * kSteps * kFeatures};
  if (olstm_session_create(model, NULL, NULL, &session, &error) ||
      olstm_context_create(session, &context, &error) ||
      olstm_context_run(context, &input, 1, outputs, olstm_session_output_count(session),
                        &error)) {
    fail_msg("%s", error.message);
  }
  const int64_t elements = olstm_tensor_desc_count(&outputs[0].desc);
  assert_int_equal(outputs[0].desc.dims[0], count);
  assert_in_range(elements, 1, kMost);
  memcpy(out, outputs[0].data, (size_t)elements * sizeof *out);
  olstm_context_destroy(context);
  olstm_session_destroy(session);
  return elements / count;
}

/// Expects that a batch of all rows has what the model had for `size` of them at a time.
static void expect_rows(const convert_case* made, int size) {
  static float all[kMost], some[kMost];
  const int64_t row = run_rows(made->after, 0, kRows, all);
  for (int first = 0; first < kRows; first += size) {
    assert_int_equal(run_rows(made->before, first, size, some), row);
    for (int64_t i = 0; i < row * size; i++) {
      assert_true(fabsf(all[first * row + i] - some[i]) <= 1e-6F);
    }
  }
}

static void expect_open(const char* text, int size) {
  convert_case made;
  convert_case_text(&made, text, &kFix);
  const olstm_value_info* x = olstm_model_get_input(made.after, 0);
  assert_int_equal(x->dims[0], -1);
  assert_non_null(x->dim_params[0]);
  expect_rows(&made, size);
  convert_case_deinit(&made);
}

#define IN_1 "input x float[1,4,3]\n" WEIGHTS "node Transpose x -> xt perm=[1,0,2]\n"
#define IN_2 "input x float[2,4,3]\n" WEIGHTS "node Transpose x -> xt perm=[1,0,2]\n"
#define OUT                                                                 \
  "const one int64[1] 1\nnode Squeeze y,one -> ys\nnode Transpose ys -> z " \
  "perm=[1,0,2]\noutput z\n"

static void frozen_states_are_opened(void** state) {
  (void)state;
  expect_open(IN_1
              "const s float[1,1,2] 0\n"
              "node LSTM xt,w,r,_,_,s,s -> y hidden_size=2\n" OUT,
              1);
  expect_open(IN_2
              "const s float[1,2,2] 0.5 -0.25\n"
              "node LSTM xt,w,r,_,_,s,s -> y hidden_size=2\n" OUT,
              2);
  expect_open(IN_2
              "const l int32[2] 3 3\n"
              "node LSTM xt,w,r,_,l -> y hidden_size=2\n" OUT,
              2);
}

static void zeros_of_a_state_are_dropped(void** state) {
  (void)state;
  convert_case made;
  convert_case_text(&made,
                    IN_1
                    "const s float[1,1,2] 0\n"
                    "node LSTM xt,w,r,_,_,s,s -> y hidden_size=2\n" OUT,
                    &kFix);
  convert_case_expect_ops(&made, "LSTM Squeeze Transpose Transpose");
  convert_case_expect_note(&made, "changed batch: open, was 1; 2 nodes changed for it");
  convert_case_deinit(&made);
}

static void shapes_and_constants_are_opened(void** state) {
  (void)state;
  static const char* const kBetween[] = {
      // A shape with the batch, with and without another open dimension.
      "const to int64[2] 2 12\nnode Reshape x,to -> f\n"
      "const back int64[3] 2 4 3\nnode Reshape f,back -> a\n",
      "const to int64[3] 2 -1 1\nnode Reshape x,to -> f\n"
      "const back int64[3] 2 -1 3\nnode Reshape f,back -> a\n",
      "const to int64[2] 8 -1\nnode Reshape x,to -> f\n"
      "const back int64[3] 2 4 -1\nnode Reshape f,back -> a\n",
      "node Flatten x -> f\nconst back int64[3] 2 4 3\nnode Reshape f,back -> a\n",
      // Constants with rows of their own, of which all are equal.
      "const k float[2,4,3] 0.25\nnode Add x,k -> a\n",
      "const k float[2,4,1] 0.25\nnode Concat x,k -> wide axis=2\n"
      "const b int64[1] 0\nconst e int64[1] 3\nconst ax int64[1] 2\n"
      "node Slice wide,b,e,ax -> a\n",
      "const to int64[3] 2 4 3\nnode Expand x,to -> a\n",
      "const b int64[2] 0 0\nconst e int64[2] 2 9\nconst ax int64[2] 0 1\n"
      "node Slice x,b,e,ax -> a\n"};
  for (size_t i = 0; i < sizeof kBetween / sizeof kBetween[0]; i++) {
    char text[4096];
    (void)snprintf(text, sizeof text,
                   "input x float[2,4,3]\n" WEIGHTS
                   "%snode Transpose a -> xt perm=[1,0,2]\n"
                   "node LSTM xt,w,r -> y hidden_size=2\n" OUT,
                   kBetween[i]);
    expect_open(text, 2);
  }
}

static void reshapes_that_were_transposes_are_ones_again(void** state) {
  (void)state;
  expect_open(
      "input x float[1,4,3]\n" WEIGHTS
      "const to int64[3] 4 1 3\nnode Reshape x,to -> xt\n"
      "node LSTM xt,w,r -> y hidden_size=2\nconst one int64[1] 1\n"
      "node Squeeze y,one -> ys\nconst back int64[3] 1 4 2\nnode Reshape ys,back -> z\n"
      "output z\n",
      1);
}

static void reshapes_that_bring_the_batch_to_the_front_are_opened(void** state) {
  (void)state;
  static const char* const kShapes[] = {"1 4 2", "1 -1 2", "-1 4 2"};
  for (size_t i = 0; i < sizeof kShapes / sizeof kShapes[0]; i++) {
    char text[1024];
    (void)snprintf(text, sizeof text,
                   "%snode LSTM xt,w,r -> y hidden_size=2\n"
                   "const to int64[3] %s\nnode Reshape y,to -> z\noutput z\n",
                   IN_1, kShapes[i]);
    expect_open(text, 1);
  }
}

static void the_node_that_prevents_it_is_named(void** state) {
  (void)state;
  static const struct {
    const char *text, *note;
  } kCases[] = {
      {IN_2 "const s float[1,2,2] 0.5 1 2\n"
            "node LSTM xt,w,r,_,_,s,s -> y hidden_size=2 name=rnn\n" OUT,
       "stays batch rnn: 2 is baked in: LSTM: its constant differs from row to row"},
      {"input x float[1,4,3]\n" WEIGHTS
       "const zero int64[1] 0\nnode Squeeze x,zero -> row name=cut\n"
       "node Unsqueeze row,zero -> a\nnode Transpose a -> xt perm=[1,0,2]\n"
       "node LSTM xt,w,r -> y hidden_size=2\n" OUT,
       "stays batch cut: 1 is baked in: Squeeze: it takes the dimension away"},
      {"input x float[2,4,3]\n" WEIGHTS
       "node Split x -> a,b axis=0 name=cut\nnode Add a,b -> c\n"
       "node Transpose c -> xt perm=[1,0,2]\nnode LSTM xt,w,r -> y hidden_size=2\n" OUT,
       "stays batch cut: 2 is baked in: Split: it cuts the dimension"},
      {"input x float[2,4,3]\n" WEIGHTS
       "node Transpose x -> xt perm=[1,0,2]\nnode LSTM xt,w,r -> y hidden_size=2\n"
       "const to int64[2] 1 16\nnode Reshape y,to -> flat\n"
       "const k float[16,1] 1\nnode MatMul flat,k -> z name=dense\noutput z\n",
       "stays batch dense: 2 is baked in: MatMul: it sums over the dimension"},
  };
  for (size_t i = 0; i < sizeof kCases / sizeof kCases[0]; i++) {
    convert_case made;
    convert_case_text(&made, kCases[i].text, &kFix);
    convert_case_expect_note(&made, kCases[i].note);
    assert_true(olstm_model_get_input(made.after, 0)->dims[0] > 0);
    convert_case_expect_same(&made, 2);
    convert_case_deinit(&made);
  }
}

static void a_batch_whose_rows_meet_stays(void** state) {
  (void)state;
  convert_case made;
  // The mean of the rows is added to each of them.
  convert_case_text(&made,
                    IN_2
                    "node LSTM xt,w,r -> y hidden_size=2\nconst two int64[1] 2\n"
                    "node ReduceMean y -> mean axes=[2] keepdims=1\n"
                    "node Add y,mean -> z\noutput z\n",
                    &kFix);
  assert_int_equal(olstm_model_get_input(made.after, 0)->dims[0], 2);
  assert_int_equal(made.report.count, 1);
  assert_false(made.report.notes[0].is_change);
  convert_case_expect_same(&made, 2);
  convert_case_deinit(&made);
}

static void what_is_open_stays_open(void** state) {
  (void)state;
  convert_case made;
  convert_case_text(&made,
                    "input x float[T,N,3]\n" WEIGHTS
                    "node LSTM x,w,r -> y hidden_size=2\noutput y\n",
                    &kFix);
  convert_case_expect_note(&made, "stays batch: none is baked in");
  convert_case_deinit(&made);
}

static void frozen_states_of_another_batch_are_opened(void** state) {
  (void)state;
  convert_case made;
  convert_case_text(&made,
                    "input x float[T,N,3]\n" WEIGHTS
                    "const s float[1,1,2] 0.5\n"
                    "node LSTM x,w,r,_,_,s,s -> y hidden_size=2\noutput y\n",
                    &kFix);
  convert_case_expect_note(&made, "changed batch: open, was 1; 2 nodes changed for it");
  assert_int_equal(convert_case_count(&made, "Expand"), 2);
  convert_case_deinit(&made);
}

static void states_as_inputs_open_batch_and_time(void** state) {
  (void)state;
  convert_case made;
  const olstm__convert_options options = {.states = OLSTM__CONVERT_STATES_IO};
  convert_case_text(&made,
                    IN_2
                    "const s float[1,2,2] 1 2 3 4\n"
                    "node LSTM xt,w,r,_,_,s,s -> y hidden_size=2 name=rnn\n" OUT,
                    &options);
  const olstm_value_info* x = olstm_model_get_input(made.after, 0);
  const olstm_value_info* h = olstm_model_get_input(made.after, 1);
  const olstm_value_info* next = olstm_model_get_output(made.after, 1);
  assert_string_equal(x->dim_params[0], "batch");
  assert_string_equal(x->dim_params[1], "time");
  assert_string_equal(h->dim_params[1], "batch");
  assert_string_equal(next->name, "rnn/h.out");
  assert_string_equal(next->dim_params[1], "batch");
  convert_case_expect_note(&made, "changed time: open, was 4; 0 nodes changed for it");
  convert_case_deinit(&made);
}

static void time_that_is_summed_over_stays(void** state) {
  (void)state;
  convert_case made;
  const olstm__convert_options options = {.states = OLSTM__CONVERT_STATES_IO};
  convert_case_text(&made,
                    "input x float[N,4,3]\n" WEIGHTS
                    "node Transpose x -> xt perm=[1,0,2]\n"
                    "node LSTM xt,w,r -> y hidden_size=2\n"
                    "node Transpose y -> yt perm=[2,0,1,3]\nnode Flatten yt -> flat\n"
                    "const k float[8,1] 0.5\nnode MatMul flat,k -> z name=dense\n"
                    "output z\n",
                    &options);
  convert_case_expect_note(&made,
                           "stays time dense: 4 steps are baked in: MatMul: it sums over "
                           "the dimension");
  convert_case_deinit(&made);
}

static void a_constant_sequence_lens_of_all_steps_goes_with_time(void** state) {
  (void)state;
  const olstm__convert_options options = {.states = OLSTM__CONVERT_STATES_IO};
  static const struct {
    const char *lens, *note;
  } kCases[] = {
      {"5 5", "changed time: open, was 5; 1 nodes changed for it"},
      {"3 3",
       "stays time rnn: 5 steps are baked in: LSTM: its sequence_lens is a constant"},
      {"5 3",
       "stays time rnn: 5 steps are baked in: LSTM: its sequence_lens is a constant"}};
  for (size_t i = 0; i < sizeof kCases / sizeof kCases[0]; i++) {
    char text[1024];
    convert_case made;
    (void)snprintf(text, sizeof text,
                   "input x float[5,2,3]\n" WEIGHTS
                   "const l int32[2] %s\n"
                   "node LSTM x,w,r,_,l -> y hidden_size=2 name=rnn\noutput y\n",
                   kCases[i].lens);
    convert_case_text(&made, text, &options);
    convert_case_expect_note(&made, kCases[i].note);
    if (i == 0) convert_case_expect_ops(&made, "LSTM");
    assert_int_equal(olstm_model_get_input(made.after, 0)->dims[0], i == 0 ? -1 : 5);
    convert_case_deinit(&made);
  }
}

static void time_that_is_fixed_is_not_taken_for_the_batch(void** state) {
  (void)state;
  convert_case made;
  const olstm__convert_options options = {.states = OLSTM__CONVERT_STATES_IO};
  convert_case_text(&made,
                    "input x float[5,N,3]\n" WEIGHTS
                    "node LSTM x,w,r -> y hidden_size=2\noutput y\n",
                    &options);
  convert_case_expect_note(&made, "stays batch: none is baked in");
  convert_case_expect_note(&made, "changed time: open, was 5; 0 nodes changed for it");
  convert_case_deinit(&made);
}

static void layers_of_other_steps_are_said(void** state) {
  (void)state;
  const olstm__convert_options options = {.states = OLSTM__CONVERT_STATES_IO};
  static const char* const kInputs[] = {"input x float[T,N,3]\n",
                                        "input x float[5,N,3]\n"};
  // The second layer reads what the first one ends with, twice.
  for (size_t i = 0; i < sizeof kInputs / sizeof kInputs[0]; i++) {
    char text[1024];
    convert_case made;
    (void)snprintf(text, sizeof text, "%s%s", kInputs[i],
                   WEIGHTS
                   "const w2 float[1,8,2] 0.3 -0.1\n"
                   "node LSTM x,w,r -> y,h hidden_size=2 name=reader\n"
                   "node Concat h,h -> two axis=0\n"
                   "node LSTM two,w2,r -> z hidden_size=2 name=writer\noutput z\n");
    convert_case_text(&made, text, &options);
    convert_case_expect_note(
        &made,
        "stays state writer: its steps are not the inputs': pieces of "
        "a sequence are not the whole");
    for (size_t n = 0; n < made.report.count; n++) {
      assert_true(made.report.notes[n].is_change ||
                  strcmp(made.report.notes[n].name, "reader") != 0);
    }
    convert_case_deinit(&made);
  }
}

int main(int argc, char** argv) {
  static const struct CMUnitTest kTests[] = {
      cmocka_unit_test(frozen_states_are_opened),
      cmocka_unit_test(time_that_is_fixed_is_not_taken_for_the_batch),
      cmocka_unit_test(layers_of_other_steps_are_said),
      cmocka_unit_test(zeros_of_a_state_are_dropped),
      cmocka_unit_test(shapes_and_constants_are_opened),
      cmocka_unit_test(reshapes_that_were_transposes_are_ones_again),
      cmocka_unit_test(reshapes_that_bring_the_batch_to_the_front_are_opened),
      cmocka_unit_test(a_constant_sequence_lens_of_all_steps_goes_with_time),
      cmocka_unit_test(the_node_that_prevents_it_is_named),
      cmocka_unit_test(a_batch_whose_rows_meet_stays),
      cmocka_unit_test(what_is_open_stays_open),
      cmocka_unit_test(frozen_states_of_another_batch_are_opened),
      cmocka_unit_test(states_as_inputs_open_batch_and_time),
      cmocka_unit_test(time_that_is_summed_over_stays),
  };
  return olstm_test_main(argc, argv, kTests, sizeof kTests / sizeof kTests[0]);
}
