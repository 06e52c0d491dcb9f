// runtime/convert/state_convert.h: states of layers as inputs and outputs, and back.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/convert/state_names.h"
#include "tests/support/convert_case.h"
#include "tests/support/test_main.h"

enum { kSteps = 7, kRows = 2, kFeatures = 3, kMost = 4096, kMaxTensors = 16 };

#define WEIGHTS                                            \
  "const w1 float[1,8,3] 0.3 -0.2 0.1 0.4 0.25 -0.5 0.7\n" \
  "const r1 float[1,8,2] 0.2 0.5 -0.4 0.1 -0.3\n"          \
  "const w2 float[1,6,2] 0.3 -0.1 0.2 0.6\nconst r2 float[1,6,2] -0.2 0.4 0.1\n"
#define ONE "const one int64[1] 1\n"

/// An LSTM, and a GRU on it.
static const char kStack[] = "input x float[T,N,3]\n" WEIGHTS ONE
                             "node LSTM x,w1,r1 -> y1 hidden_size=2 name=first\n"
                             "node Squeeze y1,one -> s1\n"
                             "node GRU s1,w2,r2 -> y2,last hidden_size=2 name=second\n"
                             "output y2\noutput last\n";

/// The outputs of a run, by the names that they have in the session.
typedef struct ran {
  olstm_session* session;
  olstm_context* context;
  olstm_tensor outputs[kMaxTensors];
} ran;

static float sequence[kSteps * kRows * kFeatures];

static void end(ran* run) {
  olstm_context_destroy(run->context);
  olstm_session_destroy(run->session);
}

static const olstm_tensor* output_of(const ran* run, const char* name) {
  for (size_t o = 0; o < olstm_session_output_count(run->session); o++) {
    if (strcmp(olstm_session_get_output(run->session, o)->name, name) == 0) {
      return &run->outputs[o];
    }
  }
  fail_msg("no output '%s'", name);
  return NULL;
}

/// Feeds steps `first` to `last` of the sequence; states from `before` ("NAME.in" from
/// "NAME.out"), or zeros.
static void feed(olstm_model* model, int first, int last, const ran* before, ran* out) {
  static float zeros[kMost];
  olstm_tensor inputs[kMaxTensors];
  olstm_error error = {""};
  memset(out, 0, sizeof *out);
  if (olstm_session_create(model, NULL, NULL, &out->session, &error) ||
      olstm_context_create(out->session, &out->context, &error)) {
    fail_msg("%s", error.message);
  }
  for (int i = 0; i < kSteps * kRows * kFeatures; i++) {
    sequence[i] = sinf((float)i * 1.3F);
  }
  const size_t count = olstm_session_input_count(out->session);
  for (size_t i = 0; i < count; i++) {
    const olstm_value_info* info = olstm_session_get_input(out->session, i);
    const char* dot = strrchr(info->name, '.');
    inputs[i] = (olstm_tensor){.desc = {info->dtype, info->rank, {0}}, .data = zeros};
    for (int32_t d = 0; d < info->rank; d++) {
      inputs[i].desc.dims[d] = info->dims[d] < 0 ? kRows : info->dims[d];
    }
    if (!dot) {
      inputs[i].desc.dims[0] = last - first;
      inputs[i].data = sequence + first * kRows * kFeatures;
    } else if (before) {
      char name[256];
      (void)snprintf(name, sizeof name, "%.*s.out", (int)(dot - info->name), info->name);
      inputs[i] = *output_of(before, name);
    }
  }
  if (olstm_context_run(out->context, inputs, count, out->outputs,
                        olstm_session_output_count(out->session), &error)) {
    fail_msg("%s", error.message);
  }
}

static void expect_close(const float* a, const float* b, int64_t count) {
  for (int64_t i = 0; i < count; i++) assert_true(fabsf(a[i] - b[i]) <= 1e-6F);
}

/// Expects that pieces are the whole, of which Y is [T,...].
static void expect_pieces(const convert_case* made, const char* y, const char* last) {
  ran whole, first, second;
  feed(made->before, 0, kSteps, NULL, &whole);
  feed(made->after, 0, 3, NULL, &first);
  feed(made->after, 3, kSteps, &first, &second);
  const int64_t head = olstm_tensor_desc_count(&output_of(&first, y)->desc);
  const int64_t tail = olstm_tensor_desc_count(&output_of(&second, y)->desc);
  expect_close(output_of(&whole, y)->data, output_of(&first, y)->data, head);
  expect_close((const float*)output_of(&whole, y)->data + head,
               output_of(&second, y)->data, tail);
  if (last) {
    expect_close(output_of(&whole, last)->data, output_of(&second, last)->data,
                 olstm_tensor_desc_count(&output_of(&whole, last)->desc));
  }
  end(&whole);
  end(&first);
  end(&second);
}

static const olstm__convert_options kIo = {.states = OLSTM__CONVERT_STATES_IO};

static void states_become_inputs_and_outputs_behind_the_others(void** state) {
  (void)state;
  static const char* const kInputs[] = {"x", "first/h.in", "first/c.in", "second/h.in"};
  static const char* const kOutputs[] = {"y2", "last", "first/h.out", "first/c.out",
                                         "second/h.out"};
  convert_case made;
  convert_case_text(&made, kStack, &kIo);
  assert_int_equal(olstm_model_input_count(made.after), 4);
  assert_int_equal(olstm_model_output_count(made.after), 5);
  for (size_t i = 0; i < 4; i++) {
    assert_string_equal(olstm_model_get_input(made.after, i)->name, kInputs[i]);
  }
  for (size_t o = 0; o < 5; o++) {
    assert_string_equal(olstm_model_get_output(made.after, o)->name, kOutputs[o]);
  }
  const olstm_value_info* h = olstm_model_get_input(made.after, 1);
  assert_int_equal(h->rank, 3);
  assert_int_equal(h->dims[0], 1);
  assert_string_equal(h->dim_params[1], "N");
  assert_int_equal(h->dims[2], 2);
  convert_case_expect_note(&made,
                           "changed state second: h is input 'second/h.in' and output "
                           "'second/h.out'; feed zeros at first");
  expect_pieces(&made, "y2", "last");
  convert_case_deinit(&made);
}

static void frozen_states_are_dropped_and_said(void** state) {
  (void)state;
  convert_case made;
  convert_case_text(&made,
                    "input x float[T,2,3]\n" WEIGHTS
                    "const h0 float[1,1,2] 0.5\nconst to int64[3] 1 2 2\n"
                    "const c0 float[1,2,2] 0\nnode Expand h0,to -> h\n"
                    "node LSTM x,w1,r1,_,_,h,c0 -> y hidden_size=2 name=rnn\noutput y\n",
                    &kIo);
  convert_case_expect_ops(&made, "LSTM");
  convert_case_expect_note(&made,
                           "changed state rnn: h is input 'rnn/h.in' and output "
                           "'rnn/h.out'; feed what initial state the model had, not 0, "
                           "at first");
  convert_case_expect_note(&made,
                           "changed state rnn: c is input 'rnn/c.in' and output "
                           "'rnn/c.out'; feed zeros at first");
  convert_case_deinit(&made);
}

static void frozen_states_that_others_read_stay_for_them(void** state) {
  (void)state;
  convert_case made;
  convert_case_text(&made,
                    "input x float[T,2,3]\n" WEIGHTS
                    "const s float[1,2,2] 0.5\nnode LSTM x,w1,r1,_,_,s,s -> y,h "
                    "hidden_size=2 name=rnn\nnode Add h,s -> z\noutput y\noutput z\n",
                    &kIo);
  convert_case_expect_ops(&made, "Add Identity LSTM");
  convert_case_expect_note(&made,
                           "changed state rnn: c is input 'rnn/c.in' and output "
                           "'rnn/c.out'; feed what initial state the model had, not 0, "
                           "at first");
  convert_case_deinit(&made);
}

static void loops_become_layers_with_states(void** state) {
  (void)state;
  convert_case made;
  convert_case_file(&made, OLSTM_TEST_DATA "/loops/lstm_plain.onnx", &kIo);
  assert_int_equal(convert_case_count(&made, "LSTM"), 1);
  convert_case_deinit(&made);
}

static void masked_steps_keep_the_state_of_the_piece_before(void** state) {
  (void)state;
  convert_case made;
  // The second row has no step in the second piece.
  convert_case_text(&made,
                    "opset 14\ninput x float[T,N,3]\n" WEIGHTS
                    "const zero int64[] 0\nconst three int64[] 3\n"
                    "node Shape x -> dims\nnode Gather dims,zero -> t\n"
                    "node Sub t,three -> back\nconst first int64[1] 0\n"
                    "const at int64[1] 0\nnode Unsqueeze t,at -> t1\n"
                    "node Unsqueeze back,at -> b1\n"
                    "const is_long int64[] 4\nnode Equal t,is_long -> second_piece\n"
                    "const none int64[1] 0\nconst all int64[1] 3\n"
                    "const seven int64[] 7\nnode Equal t,seven -> is_whole\n"
                    "node Where second_piece,none,all -> short\n"
                    "node Concat t1,short -> lens64 axis=0\n"
                    "node Cast lens64 -> lens to=6\n"
                    "node LSTM x,w1,r1,_,lens -> y,h hidden_size=2 name=rnn\n"
                    "output y\noutput h\n",
                    &kIo);
  expect_pieces(&made, "y", "h");
  convert_case_deinit(&made);
}

static void sequence_lens_of_either_type_choose_states(void** state) {
  (void)state;
  static const char* const kTypes[] = {"int32", "int64"};
  for (size_t i = 0; i < 2; i++) {
    char text[1024];
    convert_case made;
    (void)snprintf(text, sizeof text,
                   "input x float[T,N,3]\ninput lens %s[N]\n" WEIGHTS
                   "node LSTM x,w1,r1,_,lens -> y hidden_size=2 name=rnn\noutput y\n",
                   kTypes[i]);
    convert_case_text(&made, text, &kIo);
    convert_case_expect_ops(&made,
                            "Cast Cast Identity Identity LSTM Unsqueeze Unsqueeze "
                            "Where Where");
    convert_case_expect_same(&(convert_case){.before = made.after, .after = made.after},
                             3);
    convert_case_deinit(&made);
  }
}

static void states_that_the_model_has_or_computes_stay(void** state) {
  (void)state;
  convert_case made;
  convert_case_text(
      &made,
      "input x float[T,N,3]\ninput s float[1,N,2]\n" WEIGHTS ONE
      "node Identity s -> h\nnode LSTM x,w1,r1,_,_,h,s -> y1,h1,c1 hidden_size=2 name=a\n"
      "node Mul h1,h1 -> h2\n"
      "node LSTM x,w1,r1,_,_,h2,c1 -> y2 hidden_size=2 name=b\noutput y2\n",
      &kIo);
  assert_int_equal(olstm_model_input_count(made.after), 2);
  convert_case_expect_note(&made, "stays state a: h is input 's' already");
  convert_case_expect_note(&made, "stays state b: the model computes its initial_h");
  convert_case_deinit(&made);
}

static void layers_of_bodies_stay_and_backward_ones_are_said(void** state) {
  (void)state;
  convert_case made;
  convert_case_text(
      &made,
      "input x float[T,N,3]\ninput p bool[]\n" WEIGHTS
      "graph yes\nnode LSTM x,w1,r1 -> y1 hidden_size=2 name=inner\noutput y1\nend\n"
      "graph no\nnode LSTM x,w1,r1 -> y2 hidden_size=2 name=other\noutput y2\nend\n"
      "node If p -> y then_branch=@yes else_branch=@no name=choice\n"
      "node LSTM x,w1,r1 -> z hidden_size=2 direction=\"reverse\" name=back\n"
      "output y\noutput z\n",
      &kIo);
  convert_case_expect_note(&made,
                           "stays state inner: the node is in a body of If 'choice'");
  convert_case_expect_note(
      &made,
      "stays state back: it reads backwards: pieces of a sequence are not the whole");
  convert_case_deinit(&made);
}

static void names_follow_the_patterns(void** state) {
  (void)state;
  convert_case made;
  const olstm__convert_options options = {.states = OLSTM__CONVERT_STATES_IO,
                                          .state_names = "{io}_h_{node},c{node}"};
  convert_case_text(&made, kStack, &options);
  assert_string_equal(olstm_model_get_input(made.after, 1)->name, "in_h_first");
  assert_string_equal(olstm_model_get_input(made.after, 2)->name, "cfirst.in");
  assert_string_equal(olstm_model_get_output(made.after, 3)->name, "cfirst.out");
  convert_case_deinit(&made);
}

static void patterns_that_make_no_two_names_are_refused(void** state) {
  (void)state;
  static const char* const kBad[] = {"h", "h,", ",c", "a,b,c", "s{io},s{io}", "{nod},c"};
  olstm__arena memory;
  olstm_error error;
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  olstm__arena_init(&memory, &allocator, SIZE_MAX);
  for (size_t i = 0; i < sizeof kBad / sizeof kBad[0]; i++) {
    olstm__state_names names;
    assert_int_equal(olstm__state_names_parse(kBad[i], &memory, &names, &error),
                     OLSTM_STATUS_INVALID_ARGUMENT);
  }
  olstm__arena_deinit(&memory);
}

static void stateless_is_the_way_back(void** state) {
  (void)state;
  convert_case there, back;
  const olstm__convert_options options = {.states = OLSTM__CONVERT_STATES_NONE};
  convert_case_text(&there,
                    "input x float[T,N,3]\ninput a/h.in float[1,N,2]\n"
                    "input a/c.in float[1,N,2]\n" WEIGHTS
                    "node LSTM x,w1,r1,_,_,a/h.in,a/c.in -> y,a/h.out,a/c.out "
                    "hidden_size=2 name=a\noutput y\noutput a/h.out\noutput a/c.out\n",
                    &options);
  assert_int_equal(olstm_model_input_count(there.after), 1);
  assert_int_equal(olstm_model_output_count(there.after), 1);
  convert_case_expect_note(&there,
                           "changed state a: h starts from zeros, not from input "
                           "'a/h.in'; output 'a/h.out' is gone");
  convert_case_deinit(&there);
  convert_case_text(&back, kStack, &options);
  assert_int_equal(back.report.count, 1);
  convert_case_expect_note(&back, "stays state: no layer starts from an input");
  convert_case_expect_same(&back, 3);
  convert_case_deinit(&back);
}

static void choices_of_others_keep_the_input_that_was_a_state(void** state) {
  (void)state;
  convert_case made;
  const olstm__convert_options options = {.states = OLSTM__CONVERT_STATES_NONE};
  convert_case_text(
      &made,
      "input x float[T,N,2]\ninput s float[1,N,2]\ninput p bool[]\n" WEIGHTS
      "const k float[] 2\nnode GRU x,w2,r2,_,_,s -> y hidden_size=2 name=a\n"
      "node Where p,k,s -> z\noutput y\noutput z\n",
      &options);
  assert_int_equal(olstm_model_input_count(made.after), 3);
  convert_case_expect_note(&made, "stays state s: other nodes read this input, too");
  convert_case_deinit(&made);
}

int main(int argc, char** argv) {
  static const struct CMUnitTest kTests[] = {
      cmocka_unit_test(states_become_inputs_and_outputs_behind_the_others),
      cmocka_unit_test(frozen_states_are_dropped_and_said),
      cmocka_unit_test(frozen_states_that_others_read_stay_for_them),
      cmocka_unit_test(choices_of_others_keep_the_input_that_was_a_state),
      cmocka_unit_test(loops_become_layers_with_states),
      cmocka_unit_test(masked_steps_keep_the_state_of_the_piece_before),
      cmocka_unit_test(sequence_lens_of_either_type_choose_states),
      cmocka_unit_test(states_that_the_model_has_or_computes_stay),
      cmocka_unit_test(layers_of_bodies_stay_and_backward_ones_are_said),
      cmocka_unit_test(names_follow_the_patterns),
      cmocka_unit_test(patterns_that_make_no_two_names_are_refused),
      cmocka_unit_test(stateless_is_the_way_back),
  };
  return olstm_test_main(argc, argv, kTests, sizeof kTests / sizeof kTests[0]);
}
