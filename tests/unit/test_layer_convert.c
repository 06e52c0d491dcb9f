// runtime/convert/layer_convert.h: layers that exporters wrote as Loops, Scans and
// unrolled cells, written back as LSTM, GRU and RNN.
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/convert_case.h"
#include "tests/support/test_main.h"

#define GATES                                                                      \
  "node Gather x,i -> xt\nnode MatMul xt,w -> xw\nnode MatMul h,r -> hr\n"         \
  "node Add xw,hr -> xh\nnode Add xh,b -> s\nnode Split s -> si,sf,sg,so axis=1\n" \
  "node Sigmoid si -> gi\nnode Sigmoid sf -> gf\nnode Tanh sg -> gg\n"             \
  "node Sigmoid so -> go_\nnode Mul gf,c -> kept\nnode Mul gi,gg -> added\n"       \
  "node Add kept,added -> c1\nnode Tanh c1 -> a\nnode Mul go_,a -> h1\n"
#define BODY(type)                                                                       \
  "graph g\ninput i int64[]\ninput go bool[]\n"                                          \
  "input h " type "[N,2]\ninput c " type "[N,2]\n" GATES                                 \
  "node Identity h1 -> y\nnode Identity go -> more\n"                                    \
  "output more bool[]\noutput h1 " type "[N,2]\noutput c1 " type "[N,2]\noutput y " type \
  "[N,2]\nend\n"
#define OUTSIDE(type)                      \
  "const zero int64[] 0\nconst b " type    \
  "[8] 0.1 -0.3 0.2 0.05 -0.1 0.4\n"       \
  "const w " type                          \
  "[2,8] 0.3 -0.2 0.1 0.4 0.25 -0.5 0.7\n" \
  "const r " type                          \
  "[2,8] 0.2 0.5 -0.4 0.1 -0.3\n"          \
  "node Shape x -> dims\nnode Gather dims,zero -> len\n"
#define INPUTS(type) \
  "input x " type "[T,N,2]\ninput h0 " type "[N,2]\ninput c0 " type "[N,2]\n"
#define LOOP "node Loop len,_,h0,c0 -> hT,cT,ys body=@g name=rnn\n"

static const char kLoop[] = INPUTS("float") OUTSIDE("float") BODY("float") LOOP
    "output ys\noutput hT\noutput cT\n";

static bool has_layer(const convert_case* made) {
  return convert_case_count(made, "LSTM") + convert_case_count(made, "GRU") +
             convert_case_count(made, "RNN") >
         0;
}

static void all_that_is_recognised_is_written(void** state) {
  (void)state;
  size_t count = 0;
  DIR* folder = opendir(OLSTM_TEST_DATA "/loops");
  assert_non_null(folder);
  for (const struct dirent* entry = readdir(folder); entry; entry = readdir(folder)) {
    char path[512];
    convert_case made;
    if (!strstr(entry->d_name, ".onnx")) continue;
    (void)snprintf(path, sizeof path, OLSTM_TEST_DATA "/loops/%s", entry->d_name);
    convert_case_file(&made, path, NULL);
    const bool is_layer = strncmp(entry->d_name, "almost", 6) != 0;
    if (has_layer(&made) != is_layer) fail_msg("%s", path);
    if (is_layer) assert_int_equal(convert_case_count(&made, "Loop"), 0);
    convert_case_expect_same(&made, 4);
    convert_case_deinit(&made);
    count++;
  }
  (void)closedir(folder);
  assert_true(count > 35);
}

static void a_loop_becomes_a_layer_and_nothing_else_is_left_of_it(void** state) {
  (void)state;
  convert_case made;
  convert_case_text(&made, kLoop, NULL);
  convert_case_expect_ops(&made, "LSTM Squeeze Squeeze Squeeze Unsqueeze Unsqueeze");
  convert_case_expect_note(&made, "changed layer rnn: Loop recognised as LSTM");
  assert_string_equal(olstm_model_get_output(made.after, 0)->name, "ys");
  convert_case_expect_same(&made, 5);
  convert_case_deinit(&made);
}

/// A Loop whose states are frozen for two rows; `listed`: further inputs.
#define FROZEN(listed)                                                                 \
  "input x float[T,N,2]\n" listed OUTSIDE("float")                                     \
      BODY("float") "const h0 float[2,2] 0.5 -0.25\nconst c0 float[2,2] 0.25 1\n" LOOP \
                    "output ys\noutput hT\n"

static const char* const kFrozen[] = {
    FROZEN(""), FROZEN("input zero int64[]\ninput b float[8]\ninput w float[2,8]\n"
                       "input r float[2,8]\ninput h0 float[2,2]\ninput c0 float[2,2]\n")};

static void frozen_states_of_loops_are_opened(void** state) {
  (void)state;
  const olstm__convert_options options = {.opens_batch = true};
  for (size_t i = 0; i < sizeof kFrozen / sizeof kFrozen[0]; i++) {
    convert_case made;
    convert_case_text(&made, kFrozen[i], &options);
    convert_case_expect_note(&made, "changed batch: open, was 2; 3 nodes changed for it");
    convert_case_expect_same(&made, 2);
    // The states have one row for as many as there are.
    convert_case_expect_same(&(convert_case){.before = made.after, .after = made.after},
                             5);
    convert_case_deinit(&made);
  }
}

static void states_of_loops_take_frozen_rows_along(void** state) {
  (void)state;
  const olstm__convert_options options = {.states = OLSTM__CONVERT_STATES_IO};
  for (size_t i = 0; i < sizeof kFrozen / sizeof kFrozen[0]; i++) {
    convert_case made;
    convert_case_text(&made, kFrozen[i], &options);
    convert_case_expect_note(&made, "changed batch: open, was 2; 1 nodes changed for it");
    assert_int_equal(convert_case_count(&made, "Expand"), 0);
    assert_int_equal(olstm_model_input_count(made.after), 3);
    convert_case_expect_same(&(convert_case){.before = made.after, .after = made.after},
                             5);
    convert_case_deinit(&made);
  }
}

static void loops_stay_when_they_are_to(void** state) {
  (void)state;
  convert_case made;
  const olstm__convert_options options = {.keeps_loops = true};
  convert_case_text(&made, kLoop, &options);
  assert_int_equal(convert_case_count(&made, "Loop"), 1);
  assert_int_equal(made.report.count, 0);
  convert_case_deinit(&made);
}

static void layers_of_double_stay_loops(void** state) {
  (void)state;
  convert_case made;
  convert_case_text(&made,
                    INPUTS("double") OUTSIDE("double") BODY("double") LOOP
                    "output ys\noutput hT\noutput cT\n",
                    NULL);
  assert_int_equal(convert_case_count(&made, "Loop"), 1);
  assert_int_equal(convert_case_count(&made, "LSTM"), 0);
  convert_case_expect_note(
      &made,
      "stays layer rnn: Loop recognised as LSTM, but ONNX Runtime has no LSTM of double");
  convert_case_expect_same(&made, 3);
  convert_case_deinit(&made);
}

static void layers_of_branches_are_found(void** state) {
  (void)state;
  convert_case made;
  convert_case_text(&made,
                    INPUTS("float") "input p bool[]\n" OUTSIDE("float") BODY("float")
                    "graph yes\nnode Shape x -> dims1\n"
                    "node Gather dims1,zero -> len1\n"
                    "node Loop len1,_,h0,c0 -> hT,cT,ys body=@g name=rnn\n"
                    "node Neg ys -> out\noutput out\nend\n"
                    "graph no\nnode Concat x,x -> wide axis=0\n"
                    "node Mul wide,wide -> other\noutput other\nend\n"
                    "node If p -> z then_branch=@yes else_branch=@no\noutput z\n",
                    NULL);
  assert_int_equal(convert_case_count(&made, "LSTM"), 1);
  assert_int_equal(convert_case_count(&made, "Loop"), 0);
  convert_case_expect_same(&made, 3);
  convert_case_deinit(&made);
}

static void stacked_layers_lose_the_transposes_between_them(void** state) {
  (void)state;
  convert_case made;
  convert_case_text(
      &made,
      INPUTS("float") OUTSIDE("float") BODY("float") LOOP
      "node Transpose ys -> t1 perm=[1,0,2]\nnode Transpose t1 -> t2 perm=[1,0,2]\n"
      "graph f\ninput i int64[]\ninput go bool[]\n"
      "input h float[N,2]\ninput c float[N,2]\n"
      "node Gather t2,i -> xt\nnode MatMul xt,w -> xw\nnode MatMul h,r -> hr\n"
      "node Add xw,hr -> xh\nnode Add xh,b -> s\n"
      "node Split s -> si,sf,sg,so axis=1\n"
      "node Sigmoid si -> gi\nnode Sigmoid sf -> gf\nnode Tanh sg -> gg\n"
      "node Sigmoid so -> go_\nnode Mul gf,c -> kept\nnode Mul gi,gg -> added\n"
      "node Add kept,added -> c1\nnode Tanh c1 -> a\nnode Mul go_,a -> h1\n"
      "node Identity h1 -> y\nnode Identity go -> more\n"
      "output more bool[]\noutput h1 float[N,2]\noutput c1 float[N,2]\n"
      "output y float[N,2]\nend\n"
      "node Shape t2 -> dims2\nnode Gather dims2,zero -> len2\n"
      "node Loop len2,_,hT,cT -> hU,cU,zs body=@f name=second\noutput zs\n",
      NULL);
  assert_int_equal(convert_case_count(&made, "LSTM"), 2);
  assert_int_equal(convert_case_count(&made, "Transpose"), 0);
  convert_case_expect_same(&made, 4);
  convert_case_deinit(&made);
}

#define MASKED                                                                     \
  "graph g\ninput i int64[]\ninput go bool[]\n"                                    \
  "input h float[N,2]\ninput c float[N,2]\ninput last float[N,2]\n" GATES          \
  "node Gather m,i -> mt\nnode Where mt,h1,h -> h2\nnode Where mt,c1,c -> c2\n"    \
  "node Where mt,h1,last -> y2\nnode Identity y2 -> y\nnode Identity go -> more\n" \
  "output more bool[]\noutput h2 float[N,2]\noutput c2 float[N,2]\n"               \
  "output y2 float[N,2]\noutput y float[N,2]\nend\n"                               \
  "node Loop len,_,h0,c0,y0 -> hT,cT,yT,ys body=@g name=rnn\n"                     \
  "output ys\noutput hT\noutput cT\noutput yT\n"

static void masks_of_any_kind_become_sequence_lens(void** state) {
  (void)state;
  // The first has holes, the second masks rows as a whole, and steps in front.
  static const char* const kMasks[] = {
      "input m bool[T,N,1]\n",
      "input k float[T,N,1]\nconst rows float[1,3,1] 1 0 1\nconst least float[] 0.1\n"
      "node Mul k,rows -> kept_rows\nnode Abs kept_rows -> size\n"
      "node Greater size,least -> m\n"};
  for (size_t i = 0; i < 2; i++) {
    convert_case made;
    char text[4096];
    (void)snprintf(text, sizeof text, "%s%s%s%s", INPUTS("float"), kMasks[i],
                   "input y0 float[N,2]\n", OUTSIDE("float") MASKED);
    convert_case_text(&made, text, NULL);
    assert_int_equal(convert_case_count(&made, "Loop"), 0);
    assert_int_equal(convert_case_count(&made, "LSTM"), 1);
    convert_case_expect_note(&made,
                             "changed layer rnn: Loop recognised as masked LSTM, with "
                             "sequence_lens of its mask");
    convert_case_expect_same(&made, i == 0 ? 7 : 3);
    convert_case_deinit(&made);
  }
}

static void masks_stay_loops_where_the_opset_lacks_what_they_need(void** state) {
  (void)state;
  convert_case made;
  convert_case_text(
      &made,
      "opset 10\n" INPUTS("float") "input m bool[T,N,1]\ninput y0 float[N,2]\n" OUTSIDE(
          "float") MASKED,
      NULL);
  assert_int_equal(convert_case_count(&made, "Loop"), 1);
  convert_case_expect_note(
      &made,
      "stays layer rnn: Loop recognised as masked LSTM, with sequence_lens of its mask, "
      "but it needs GatherElements of opset 11, the model has opset 10");
  convert_case_expect_same(&made, 4);
  convert_case_deinit(&made);
}

static void loops_of_other_cells_stay_and_are_named(void** state) {
  (void)state;
  convert_case made;
  convert_case_file(&made, OLSTM_TEST_DATA "/loops/almost_selu.onnx", NULL);
  convert_case_expect_note(
      &made, "stays layer Loop_7: no recurrent layer was recognised in this Loop");
  convert_case_deinit(&made);
}

static void models_with_unknown_operators_are_left(void** state) {
  (void)state;
  convert_case made;
  convert_case_text(&made,
                    "const k float[2] 1\nnode Unheard k -> u\ninput x float[2]\n"
                    "node Add x,u -> y\noutput y\n",
                    NULL);
  assert_int_equal(convert_case_count(&made, "Unheard"), 1);
  // Neither layers nor constants.
  assert_int_equal(made.report.count, 2);
  assert_string_equal(made.report.notes[0].subject, "layer");
  assert_false(made.report.notes[0].is_change);
  assert_string_equal(made.report.notes[1].subject, "constants");
  assert_false(made.report.notes[1].is_change);
  convert_case_deinit(&made);
}

int main(int argc, char** argv) {
  static const struct CMUnitTest kTests[] = {
      cmocka_unit_test(all_that_is_recognised_is_written),
      cmocka_unit_test(a_loop_becomes_a_layer_and_nothing_else_is_left_of_it),
      cmocka_unit_test(frozen_states_of_loops_are_opened),
      cmocka_unit_test(states_of_loops_take_frozen_rows_along),
      cmocka_unit_test(loops_stay_when_they_are_to),
      cmocka_unit_test(layers_of_double_stay_loops),
      cmocka_unit_test(layers_of_branches_are_found),
      cmocka_unit_test(stacked_layers_lose_the_transposes_between_them),
      cmocka_unit_test(masks_of_any_kind_become_sequence_lens),
      cmocka_unit_test(masks_stay_loops_where_the_opset_lacks_what_they_need),
      cmocka_unit_test(loops_of_other_cells_stay_and_are_named),
      cmocka_unit_test(models_with_unknown_operators_are_left),
  };
  return olstm_test_main(argc, argv, kTests, sizeof kTests / sizeof kTests[0]);
}
