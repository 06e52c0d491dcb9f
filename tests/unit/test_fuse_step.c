// runtime/fuse/fuse_chain.c: a cell alone, as a model of a single step has it.
#include "tests/support/fuse_case.h"
#include "tests/support/test_main.h"

#define COUNT(edits) (sizeof(edits) / sizeof(edits)[0])
#define RECURRENT "LSTM GRU RNN"

/// x [N,3], states [N,2].
#define INPUTS "input x float[N,3]\ninput h0 float[N,2]\ninput c0 float[N,2]\n"
#define WEIGHTS                                                                    \
  "const w float[3,8] 0.3 -0.2 0.1 0.4 0.25 -0.1\nconst b float[8] 0.1 -0.3 0.2\n" \
  "const r float[2,8] 0.2 -0.5 0.3 0.15\nconst v float[2,8] 0.1 0.7 -0.3 0.2\n"    \
  "const zero int64[] 0\nconst one int64[] 1\nconst at int64[1] 0\n"               \
  "const to int64[1] 1\nconst square float[2,2] 0.3 -0.2 0.5\n"

/// The step `n` of an LSTM from states h, c of that number, and x of it.
#define LSTM_STEP(n, m)                                                                \
  "node MatMul x" n ",w -> xw" n "\nnode MatMul h" n ",r -> hr" n "\nnode Add xw" n    \
  ",hr" n " -> p" n "\nnode Add p" n ",b -> s" n "\nnode Split s" n " -> si" n ",sf" n \
  ",sg" n ",so" n " axis=1\nnode Sigmoid si" n " -> gi" n "\nnode Sigmoid sf" n        \
  " -> gf" n "\nnode Tanh sg" n " -> gg" n "\nnode Sigmoid so" n " -> go" n            \
  "\nnode Mul gf" n ",c" n " -> kept" n "\nnode Mul gi" n ",gg" n " -> add" n          \
  "\nnode Add kept" n ",add" n " -> c" m "\nnode Tanh c" m " -> a" n "\nnode Mul go" n \
  ",a" n " -> h" m "\n"

#define LSTM_ALONE \
  INPUTS WEIGHTS "node Identity x -> x0\n" LSTM_STEP("0", "1") "output h1\noutput c1\n"

static void an_lstm_alone_is_known(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"of Gemms",
       {{"node MatMul x0,w -> xw0\nnode MatMul h0,r -> hr0\n",
         "node Gemm x0,w,b -> xw0\nnode Gemm h0,r -> hr0\n"},
        {"Add p0,b -> s0", "Identity p0 -> s0"}},
       false},
      {"of Gemms of an x of unknown rank",
       {{"x float[N,3]", "x float"},
        {"node MatMul x0,w -> xw0\n", "node Gemm x0,w -> xw0\n"}},
       true},
      {"x is a step of a sequence",
       {{"x float[N,3]", "x float[1,N,3]"}, {"Identity x -> x0", "Gather x,zero -> x0"}},
       false},
      {"x is one of several steps",
       {{"x float[N,3]", "x float[N,4,3]"},
        {"Identity x -> x0", "Gather x,one -> x0 axis=1"}},
       false},
      {"x is a step, and may be a state",
       {{"x float[N,3]", "x float[1,N,2]"},
        {"Identity x -> x0", "Split x -> xs\nnode Squeeze xs,at -> x0"},
        {"w float[3,8]", "w float[2,8]"}},
       false},
      {"x is computed, and may be a state",
       {{"x float[N,3]", "x float[N,2]"},
        {"Identity x -> x0", "MatMul x,square -> x0"},
        {"w float[3,8]", "w float[2,8]"}},
       false},
      {"the state is a part of an input",
       {{"h0 float[N,2]", "hs float[1,2,N,2]"},
        {"node Identity x",
         "node Slice hs,at,to,to -> part\nconst both int64[2] 0 1\n"
         "node Squeeze part,both -> h0\nnode Identity x"}},
       false},
      {"the state is masked",
       {{"h0 float[N,2]", "hs float[N,2]\ninput m float[N,1]"},
        {"node Identity x", "node Mul hs,m -> h0\nnode Identity x"}},
       false},
      {"the state is zeros",
       {{"input c0 float[N,2]\n", ""},
        {"node Identity x",
         "node Shape h0 -> d0\nnode ConstantOfShape d0 -> c0\n"
         "node Identity x"}},
       false},
      {"one row of state", {{"h0 float[N,2]", "h0 float[1,2]"}}, false},
      {"without c outside", {{"output h1\noutput c1\n", "output h1\n"}}, false},
      {"h is stacked",
       {{"output h1\noutput c1\n",
         "node Unsqueeze h1,at -> u\nnode Concat u -> y axis=0\noutput y\noutput c1\n"}},
       false},
      {"h goes into a dense layer of another shape",
       {{"output h1\noutput c1\n",
         "node MatMul h1,square -> y\noutput y\noutput c1\noutput h1\n"}},
       false},
  };
  (void)state;
  fuse_case_expect_steps(LSTM_ALONE, "LSTM");
  fuse_case_expect_variants(LSTM_ALONE, "LSTM", kEdits, COUNT(kEdits));
}

static void what_may_be_no_lstm_is_refused(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"x and h may change places",
       {{"x float[N,3]", "x float[N,2]"}, {"w float[3,8]", "w float[2,8]"}},
       false},
      {"both are steps of sequences",
       {{"x float[N,3]", "x float[1,N,2]"},
        {"Identity x -> x0", "Gather x,zero -> x0"},
        {"h0 float[N,2]", "hs float[1,N,2]"},
        {"node Gather x", "node Gather hs,zero -> h0\nnode Gather x"},
        {"w float[3,8]", "w float[2,8]"}},
       false},
      {"h is computed by a layer",
       {{"h0 float[N,2]", "hs float[N,2]"},
        {"node Identity x", "node MatMul hs,square -> h0\nnode Identity x"}},
       false},
      {"c is computed by a layer",
       {{"c0 float[N,2]", "cs float[N,2]"},
        {"node Identity x", "node MatMul cs,square -> c0\nnode Identity x"}},
       false},
      {"the recurrent weights are used once more",
       {{"output h1\n", "node MatMul h1,r -> y\noutput h1\noutput y\n"}},
       false},
      {"a copy of the recurrent weights is used",
       {{"output h1\n",
         "const r2 float[2,8] 0.2 -0.5 0.3 0.15\n"
         "node Gemm h1,r2 -> y\noutput h1\noutput y\n"}},
       false},
      {"a gate is read", {{"output h1\n", "output h1\noutput gf0\n"}}, false},
      {"a sum is used",
       {{"output h1\n", "node Exp s0 -> y\noutput h1\noutput y\n"}},
       false},
      {"x has three dimensions", {{"x float[N,3]", "x float[1,N,3]"}}, true},
      {"x may have three dimensions", {{"x float[N,3]", "x float"}}, true},
      {"h has three dimensions", {{"h0 float[N,2]", "h0 float[1,N,2]"}}, true},
      {"the gate of c is no sigmoid", {{"Sigmoid sf0", "Tanh sf0"}}, false},
      {"the weights are none",
       {{"const r float[2,8] 0.2 -0.5 0.3 0.15\n", "input r float[2,8]\n"}},
       false},
  };
  (void)state;
  fuse_case_expect_refusals(LSTM_ALONE, RECURRENT, kEdits, COUNT(kEdits));
}

/// A decoder that reads what it said: no step of it is a layer of its own.
static void steps_that_feed_each_other_are_refused(void** state) {
  (void)state;
  static const fuse_case_edit kEdits[] = {
      {"fed by the step before",
       {{"output h1\noutput c1\n",
         "node MatMul h1,out -> x1\nconst out float[2,3] 0.3 0.1\n" LSTM_STEP(
             "1", "2") "output h2\noutput c2\n"}},
       false},
      {"the same input again",
       {{"output h1\noutput c1\n",
         "node Exp x0 -> x1\n" LSTM_STEP("1", "2") "output h2\noutput c2\n"}},
       false},
  };
  fuse_case_expect_refusals(LSTM_ALONE, RECURRENT, kEdits, COUNT(kEdits));
}

/// Behind a layer: the step that goes on from there is no layer of its own, either.
static void a_step_behind_a_layer_is_refused(void** state) {
  (void)state;
  fuse_case_expect(
      INPUTS WEIGHTS
      "input s float[T,N,3]\nconst lw float[1,8,3] 0.3 -0.2 0.1 0.4\n"
      "const lr float[1,8,2] 0.1 0.5 -0.3\nconst c float[N,2] 0.1\n"
      "node LSTM s,lw,lr -> y9,last hidden_size=2\nnode Squeeze last,at -> h9\n"
      "node Identity x -> x9\nnode Identity c0 -> c9\n" LSTM_STEP("9", "8") "output h8\n",
      "LSTM MatMul MatMul Add Add Split Sigmoid Sigmoid Tanh Sigmoid Mul Mul Add Tanh "
      "Mul");
}

#define GRU_ALONE                                                              \
  "input x float[N,3]\ninput h float[N,2]\nconst wz float[3,2] 0.3 -0.2 0.1\n" \
  "const wr float[3,2] 0.2 0.4\nconst wn float[3,2] -0.3 0.2\n"                \
  "const rz float[2,2] 0.1 -0.3 0.2\nconst rr float[2,2] 0.5 0.2\n"            \
  "const rn float[2,2] -0.4 0.3\nconst one float[] 1\n"                        \
  "node MatMul x,wz -> az\nnode MatMul h,rz -> hz\nnode Add az,hz -> sz\n"     \
  "node Sigmoid sz -> z\nnode MatMul x,wr -> ar\nnode MatMul h,rr -> hr\n"     \
  "node Add ar,hr -> sr\nnode Sigmoid sr -> g\nnode MatMul x,wn -> an\n"       \
  "node Mul g,h -> gh\nnode MatMul gh,rn -> hn\nnode Add an,hn -> sn\n"        \
  "node Tanh sn -> n\nnode Sub one,z -> z1\nnode Mul z,h -> old\n"             \
  "node Mul z1,n -> new\nnode Add old,new -> h1\noutput h1\n"

static void a_gru_alone_is_known(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"reset after the product",
       {{"node Mul g,h -> gh\nnode MatMul gh,rn -> hn\n",
         "node MatMul h,rn -> hq\nnode Mul g,hq -> hn\n"}},
       false},
  };
  static const fuse_case_edit kRefusals[] = {
      {"a gate is read", {{"output h1\n", "output h1\noutput z\n"}}, false},
      {"h is computed by a layer",
       {{"input h float[N,2]\n", "input hs float[N,2]\n"},
        {"node MatMul x,wz", "node MatMul hs,rr -> h\nnode MatMul x,wz"}},
       false},
      {"the reset takes something else", {{"Mul g,h -> gh", "Mul g,z -> gh"}}, false},
  };
  (void)state;
  fuse_case_expect_steps(GRU_ALONE, "GRU");
  fuse_case_expect_variants(GRU_ALONE, "GRU", kEdits, COUNT(kEdits));
  fuse_case_expect_refusals(GRU_ALONE, RECURRENT, kRefusals, COUNT(kRefusals));
}

/// Two dense layers and a function may be a SimpleRNN's step, or anything else.
static void a_simple_cell_alone_is_refused(void** state) {
  (void)state;
  fuse_case_expect(
      "input x float[N,3]\ninput h float[N,2]\nconst w float[3,2] 0.3 -0.2\n"
      "const r float[2,2] 0.1 0.4\nnode MatMul x,w -> a\n"
      "node MatMul h,r -> b\nnode Add a,b -> s\nnode Tanh s -> y\noutput y\n",
      "MatMul MatMul Add Tanh");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_lstm_alone_is_known),
      cmocka_unit_test(what_may_be_no_lstm_is_refused),
      cmocka_unit_test(steps_that_feed_each_other_are_refused),
      cmocka_unit_test(a_step_behind_a_layer_is_refused),
      cmocka_unit_test(a_gru_alone_is_known),
      cmocka_unit_test(a_simple_cell_alone_is_refused),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
