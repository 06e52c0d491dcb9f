// runtime/fuse/fuse_chain.c: cells that step over a sequence one by one. What
// make_loop_models.py writes is tested in test_fuse_loop.c; here, chains that differ in
// one place, which is no recurrent layer then.
#include <stdio.h>

#include "op/builtin.h"
#include "tests/support/fuse_case.h"
#include "tests/support/test_main.h"

#define COUNT(edits) (sizeof(edits) / sizeof(edits)[0])
#define RECURRENT "LSTM GRU RNN"

#define WEIGHTS                                                                 \
  "const t0 int64[] 0\nconst t1 int64[] 1\nconst t2 int64[] 2\n"                \
  "const w float[2,2] 0.3 -0.2 0.1 0.4\nconst w2 float[2,2] 0.3 -0.2 0.1 0.5\n" \
  "const r float[2,2] 0.2 0.5 -0.4 0.1\nconst r2 float[2,2] 0.2 0.5 -0.4 0.2\n" \
  "const b float[2] 0.1 -0.3\nconst b2 float[2] 0.1 -0.2\n"

/// Two steps of a SimpleRNN layer.
#define RNN_CHAIN                                                             \
  "input x float[2,N,2]\ninput h0 float[N,2]\ninput v float[2,N,2]\n" WEIGHTS \
  "node Gather x,t0 -> x0\nnode Gather x,t1 -> x1\n"                          \
  "node MatMul x0,w -> xw0\nnode Add xw0,b -> xb0\nnode MatMul h0,r -> hr0\n" \
  "node Add xb0,hr0 -> s0\nnode Tanh s0 -> h1\n"                              \
  "node MatMul x1,w -> xw1\nnode Add xw1,b -> xb1\nnode MatMul h1,r -> hr1\n" \
  "node Add xb1,hr1 -> s1\nnode Tanh s1 -> h2\noutput h2\n"

static void ways_to_take_steps_are_known(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"backwards",
       {{"Gather x,t0", "Gather x,t1"}, {"Gather x,t1 -> x1", "Gather x,t0 -> x1"}},
       false},
      {"rows first",
       {{"x float[2,N,2]", "x float[N,2,2]"},
        {"Gather x,t0 -> x0", "Gather x,t0 -> x0 axis=1"},
        {"Gather x,t1 -> x1", "Gather x,t1 -> x1 axis=1"}},
       false},
      {"some of them",
       {{"x float[2,N,2]", "x float[4,N,2]"},
        {"Gather x,t0", "Gather x,t1"},
        {"Gather x,t1 -> x1", "Gather x,t2 -> x1"}},
       false},
      {"from the end",
       {{"const t0 int64[] 0", "const t0 int64[] -2"},
        {"const t1 int64[] 1", "const t1 int64[] -1"}},
       false},
      {"by Split and Squeeze",
       {{"Gather x,t0 -> x0", "Split x,ones -> p0,p1\nnode Squeeze p0,axis0 -> x0"},
        {"Gather x,t1 -> x1", "Squeeze p1,axis0 -> x1"},
        {"const t2", "const ones int64[2] 1\nconst axis0 int64[1] 0\nconst t2"}},
       false},
      {"by Slice and Squeeze",
       {{"Gather x,t0 -> x0",
         "Slice x,axis0,one,axis0 -> p0\nnode Squeeze p0,axis0 -> x0"},
        {"Gather x,t1 -> x1", "Slice x,one,two,axis0 -> p1\nnode Squeeze p1,axis0 -> x1"},
        {"const t2",
         "const one int64[1] 1\nconst two int64[1] 2\nconst axis0 int64[1] 0\nconst t2"}},
       false},
      {"the first h is used by a node",
       {{"output h2\n", "node Exp h1 -> e\noutput h2\noutput e\n"}},
       false},
      {"h0 is computed, and used elsewhere",
       {{"input h0 float[N,2]\n", "input g0 float[N,2]\n"},
        {"node Gather x,t0", "node Neg g0 -> h0\nnode Gather x,t0"},
        {"output h2\n", "output h2\noutput h0\n"}},
       false},
      {"a step is used elsewhere", {{"output h2\n", "output h2\noutput x0\n"}}, false},
      {"Gemm of a sequence of unknown rank",
       {{"x float[2,N,2]", "x float"},
        {"MatMul x0,w -> xw0\nnode Add xw0,b -> xb0", "Gemm x0,w,b -> xb0"},
        {"MatMul x1,w -> xw1\nnode Add xw1,b -> xb1", "Gemm x1,w,b -> xb1"}},
       true},
      {"the first h is read as well", {{"output h2\n", "output h2\noutput h1\n"}}, false},
      {"Gemm",
       {{"MatMul x0,w -> xw0\nnode Add xw0,b -> xb0", "Gemm x0,w,b -> xb0"},
        {"MatMul x1,w -> xw1\nnode Add xw1,b -> xb1", "Gemm x1,w,b -> xb1"}},
       false},
  };
  (void)state;
  fuse_case_expect_variants(RNN_CHAIN, "RNN", kEdits, COUNT(kEdits));
}

static void every_activation_of_cells_is_known(void** state) {
  const olstm_plugin* plugin = olstm__builtin_plugin();
  size_t found = 0;
  (void)state;
  for (size_t i = 0; i < plugin->operator_count(); i++) {
    const olstm_operator* op = plugin->get_operator(i);
    char first[64], second[64];
    if (op->last_opset != 0 || !(olstm__builtin_traits(op->domain, op->op_type) &
                                 OLSTM__TRAIT_CELL_ACTIVATION)) {
      continue;
    }
    (void)snprintf(first, sizeof first, "%s s0", op->op_type);
    (void)snprintf(second, sizeof second, "%s s1", op->op_type);
    const fuse_case_edit edit = {
        op->op_type, {{"Tanh s0", first}, {"Tanh s1", second}}, false};
    fuse_case_expect_variants(RNN_CHAIN, "RNN", &edit, 1);
    found++;
  }
  assert_int_equal(found, 9);
}

static const fuse_case_edit kOtherSteps[] = {
    {"the same step twice", {{"Gather x,t1 -> x1", "Gather x,t0 -> x1"}}, false},
    {"a step is left out",
     {{"x float[2,N,2]", "x float[3,N,2]"}, {"Gather x,t1 -> x1", "Gather x,t2 -> x1"}},
     false},
    {"of another sequence", {{"Gather x,t1 -> x1", "Gather v,t1 -> x1"}}, false},
    {"of another axis",
     {{"x float[2,N,2]", "x float[3,3,2]"},
      {"h0 float[N,2]", "h0 float[3,2]"},
      {"Gather x,t1 -> x1", "Gather x,t1 -> x1 axis=1"}},
     false},
    {"along the features",
     {{"x float[2,N,2]", "x float[N,2,2]"},
      {"Gather x,t0 -> x0", "Gather x,t0 -> x0 axis=2"},
      {"Gather x,t1 -> x1", "Gather x,t1 -> x1 axis=2"}},
     false},
    {"of two dimensions", {{"x float[2,N,2]", "x float[2,2]"}}, false},
    {"of four dimensions",
     {{"x float[2,N,2]", "x float[2,K,N,2]"}, {"h0 float[N,2]", "h0 float[K,N,2]"}},
     false},
    {"with an axis of their own",
     {{"const t0 int64[] 0", "const t0 int64[1] 0"},
      {"const t1 int64[] 1", "const t1 int64[1] 1"}},
     false},
    {"of indices that are computed",
     {{"node Gather x,t0",
       "node ReduceMax v -> top keepdims=0\nnode Cast top -> k to=7\n"
       "node Mul k,t0 -> ix\nnode Gather x,ix"}},
     false},
    {"two at a time",
     {{"Gather x,t0 -> x0",
       "Slice x,axis0,two,axis0 -> p0\nnode ReduceSum p0,axis0 -> x0 keepdims=0"},
      {"const t2", "const two int64[1] 2\nconst axis0 int64[1] 0\nconst t2"}},
     false},
    {"squeezed of another axis",
     {{"x float[2,N,2]", "x float[2,1,2]"},
      {"h0 float[N,2]", "h0 float[2,2]"},
      {"Gather x,t0 -> x0", "Split x,ones -> p0,p1\nnode Squeeze p0,axis1 -> x0"},
      {"Gather x,t1 -> x1", "Squeeze p1,axis1 -> x1"},
      {"const t2", "const ones int64[2] 1\nconst axis1 int64[1] 1\nconst t2"}},
     false},
    {"sliced of another axis",
     {{"x float[2,N,2]", "x float[2,1,2]"},
      {"h0 float[N,2]", "h0 float[2,2]"},
      {"Gather x,t0 -> x0", "Slice x,axis0,one,axis0 -> p0\nnode Squeeze p0,one -> x0"},
      {"Gather x,t1 -> x1", "Slice x,one,two,axis0 -> p1\nnode Squeeze p1,one -> x1"},
      {"const t2",
       "const one int64[1] 1\nconst two int64[1] 2\nconst axis0 int64[1] 0\nconst t2"}},
     false},
    {"of an axis that counts from the end",
     {{"Gather x,t0 -> x0", "Gather x,t0 -> x0 axis=-3"},
      {"Gather x,t1 -> x1", "Gather x,t1 -> x1 axis=-3"}},
     false},
    {"of a sequence of unknown rank", {{"x float[2,N,2]", "x float"}}, true},
    {"an input of its own",
     {{"Gather x,t1 -> x1", "Squeeze u,axis0 -> x1"},
      {"const t2", "input u float[1,N,2]\nconst axis0 int64[1] 0\nconst t2"}},
     false},
    {"sliced from the end",
     {{"Gather x,t0 -> x0", "Slice x,m2,m1,axis0 -> p0\nnode Squeeze p0,axis0 -> x0"},
      {"Gather x,t1 -> x1", "Slice x,m1,end,axis0 -> p1\nnode Squeeze p1,axis0 -> x1"},
      {"const t2",
       "const m2 int64[1] -2\nconst m1 int64[1] -1\nconst end int64[1] 2147483647\n"
       "const axis0 int64[1] 0\nconst t2"}},
     false},
    {"slices of two",
     {{"Gather x,t0 -> x0", "Slice x,axis0,two,axis0 -> p0\nnode Squeeze p0,axis0 -> x0"},
      {"const t2", "const two int64[1] 2\nconst axis0 int64[1] 0\nconst t2"}},
     true},
    {"parts along the features",
     {{"x float[2,N,2]", "x float[N,2,2]"},
      {"Gather x,t0 -> x0", "Split x -> p0,p1 axis=2\nnode Squeeze p0,two -> x0"},
      {"Gather x,t1 -> x1", "Squeeze p1,two -> x1"},
      {"const t2", "const two int64[1] 2\nconst t2"}},
     false},
    {"parts along the last axis",
     {{"x float[2,N,2]", "x float[N,2,2]"},
      {"Gather x,t0 -> x0", "Split x -> p0,p1 axis=-1\nnode Squeeze p0,m1 -> x0"},
      {"Gather x,t1 -> x1", "Squeeze p1,m1 -> x1"},
      {"const t2", "const m1 int64[1] -1\nconst t2"}},
     false},
    {"only one", {{"MatMul h1,r -> hr1", "MatMul xb0,r -> hr1"}}, false},
};

static void steps_that_do_not_follow_are_refused(void** state) {
  (void)state;
  fuse_case_expect_refusals(RNN_CHAIN, RECURRENT, kOtherSteps, COUNT(kOtherSteps));
}

static void cells_that_differ_are_refused(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"another weight", {{"MatMul x1,w", "MatMul x1,w2"}}, false},
      {"another recurrent weight", {{"MatMul h1,r", "MatMul h1,r2"}}, false},
      {"another bias", {{"Add xw1,b ", "Add xw1,b2 "}}, false},
      {"no bias", {{"Add xw1,b ", "Identity xw1 "}}, false},
      {"no bias at first", {{"Add xw0,b ", "Identity xw0 "}}, false},
      {"the weight's transpose",
       {{"MatMul x1,w -> xw1\nnode Add xw1,b -> xb1", "Gemm x1,w,b -> xb1 transB=1"}},
       false},
      {"another activation", {{"Tanh s1", "Relu s1"}}, false},
      {"another parameter of it",
       {{"Tanh s0 -> h1", "LeakyRelu s0 -> h1 alpha=0.2"},
        {"Tanh s1 -> h2", "LeakyRelu s1 -> h2 alpha=0.3"}},
       false},
      {"not of the h before", {{"MatMul h1,r", "MatMul h0,r"}}, false},
      {"h changes in between",
       {{"MatMul h1,r", "Neg h1 -> n1\nnode MatMul n1,r"}},
       false},
      {"a function that is none of a cell's",
       {{"Tanh s0", "Sin s0"}, {"Tanh s1", "Sin s1"}},
       false},
  };
  (void)state;
  fuse_case_expect_refusals(RNN_CHAIN, RECURRENT, kEdits, COUNT(kEdits));
}

/// A step of a GRU, the reset behind the product.
#define GRU_STEP(x, h, new_h, t)                                                         \
  "node MatMul " x ",wz -> xz" t "\nnode MatMul " h ",rz -> hz" t "\nnode Add xz" t      \
  ",hz" t " -> sz" t "\nnode Sigmoid sz" t " -> z" t "\nnode MatMul " x ",wr -> xr" t    \
  "\nnode MatMul " h ",rr -> hr" t "\nnode Add xr" t ",hr" t " -> sr" t                  \
  "\nnode Sigmoid sr" t " -> r" t "\nnode MatMul " x ",wn -> xn" t "\nnode MatMul " h    \
  ",rn -> hn" t "\nnode Mul r" t ",hn" t " -> rh" t "\nnode Add xn" t ",rh" t " -> sn" t \
  "\nnode Tanh sn" t " -> n" t "\nnode Mul z" t "," h " -> zh" t "\nnode Sub unit,z" t   \
  " -> nz" t "\nnode Mul nz" t ",n" t " -> new" t "\nnode Add zh" t ",new" t             \
  " -> " new_h "\n"

static void gru_cells_reset_all_alike(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"one before the product",
       {{"MatMul h1,rn -> hn1\nnode Mul r1,hn1 -> rh1",
         "Mul r1,h1 -> g1\nnode MatMul g1,rn -> rh1"}},
       false},
      {"the first before the product",
       {{"MatMul h0,rn -> hn0\nnode Mul r0,hn0 -> rh0",
         "Mul r0,h0 -> g0\nnode MatMul g0,rn -> rh0"}},
       false},
  };
  (void)state;
  fuse_case_expect_refusals(
      "input x float[2,N,2]\ninput h0 float[N,2]\nconst t0 int64[] 0\n"
      "const t1 int64[] 1\nconst unit float[] 1\nconst wz float[2,2] 0.3 -0.2 0.1 0.4\n"
      "const wr float[2,2] 0.1 -0.4 0.2\nconst wn float[2,2] -0.3 0.2 0.5\n"
      "const rz float[2,2] 0.2 0.5 -0.4\nconst rr float[2,2] -0.2 0.3\n"
      "const rn float[2,2] 0.5 0.1 -0.1\n"
      "node Gather x,t0 -> x0\nnode Gather x,t1 -> x1\n" GRU_STEP("x0", "h0", "h1", "0")
          GRU_STEP("x1", "h1", "h2", "1") "output h2\n",
      RECURRENT, kEdits, COUNT(kEdits));
}

static void what_is_inside_may_not_be_used_outside(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"a sum is an output", {{"output h2\n", "output h2\noutput s0\n"}}, false},
      {"a product is an output", {{"output h2\n", "output h2\noutput hr1\n"}}, false},
      {"a sum is used",
       {{"output h2\n", "node Exp s0 -> e\noutput h2\noutput e\n"}},
       false},
  };
  (void)state;
  fuse_case_expect_refusals(RNN_CHAIN, RECURRENT, kEdits, COUNT(kEdits));
}

#define LSTM_STEP(x, h, c, t)                                                            \
  "node MatMul " x ",lw -> xw" t "\nnode MatMul " h ",lr -> hr" t                        \
  "\n"                                                                                   \
  "node Add xw" t ",hr" t " -> s" t "\nnode Split s" t " -> si" t ",sf" t ",sg" t        \
  ",so" t " axis=1\nnode Sigmoid si" t " -> gi" t "\nnode Sigmoid sf" t " -> gf" t       \
  "\nnode Tanh sg" t " -> gg" t "\nnode Sigmoid so" t " -> go" t "\nnode Mul gf" t "," c \
  " -> kept" t "\nnode Mul gi" t ",gg" t " -> added" t "\nnode Add kept" t ",added" t    \
  " -> c" t "\nnode Tanh c" t " -> a" t "\nnode Mul go" t ",a" t " -> h" t "\n"

/// Two steps of an LSTM layer.
#define LSTM_CHAIN                                                                    \
  "input x float[2,N,2]\ninput h0 float[N,2]\ninput c0 float[N,2]\n" WEIGHTS          \
  "const lw float[2,8] 0.3 -0.2 0.1 0.4 0.25\nconst lr float[2,8] 0.2 -0.5\n"         \
  "node Gather x,t0 -> x0\nnode Gather x,t1 -> x1\n" LSTM_STEP("x0", "h0", "c0", "1") \
      LSTM_STEP("x1", "h1", "c1", "2") "output h2\noutput c2\n"

static void one_row_of_state_is_every_rows(void** state) {
  static const fuse_case_edit kRnn[] = {
      {"one row of state", {{"h0 float[N,2]", "h0 float[1,2]"}}, false},
  };
  static const fuse_case_edit kLstm[] = {
      {"one row of c", {{"c0 float[N,2]", "c0 float[1,2]"}}, false},
      {"one row of h", {{"h0 float[N,2]", "h0 float[1,2]"}}, false},
      {"one row of both",
       {{"h0 float[N,2]", "h0 float[1,2]"}, {"c0 float[N,2]", "c0 float[1,2]"}},
       false},
  };
  (void)state;
  fuse_case_expect_variants(RNN_CHAIN, RECURRENT, kRnn, COUNT(kRnn));
  fuse_case_expect_variants(LSTM_CHAIN, RECURRENT, kLstm, COUNT(kLstm));
}

static void chains_of_lstm_cells_carry_c(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"of the first c", {{"Mul gf2,c1", "Mul gf2,c0"}}, false},
      {"of h", {{"Mul gf2,c1", "Mul gf2,h1"}}, false},
      {"the first c is an output", {{"output c2\n", "output c2\noutput c1\n"}}, false},
      {"gates change places", {{"Split s2 -> si2,sf2", "Split s2 -> sf2,si2"}}, false},
  };
  (void)state;
  fuse_case_expect_refusals(LSTM_CHAIN, RECURRENT, kEdits, COUNT(kEdits));
}

/// As PyTorch writes it by hand: one product of x and h.
#define JOINED_CHAIN                                                              \
  "input x float[2,N,2]\ninput h0 float[N,2]\n" WEIGHTS                           \
  "const wr float[4,2] 0.3 -0.2 0.1 0.4 0.25 -0.1 0.2 0.35\n"                     \
  "node Gather x,t0 -> x0\nnode Gather x,t1 -> x1\n"                              \
  "node Concat x0,h0 -> j0 axis=1\nnode Gemm j0,wr,b -> s0\nnode Tanh s0 -> h1\n" \
  "node Concat x1,h1 -> j1 axis=1\nnode Gemm j1,wr,b -> s1\nnode Tanh s1 -> h2\n" \
  "output h2\n"

static void products_of_both_have_one_order(void** state) {
  static const fuse_case_edit kVariants[] = {
      {"h first",
       {{"Concat x0,h0", "Concat h0,x0"}, {"Concat x1,h1", "Concat h1,x1"}},
       false},
  };
  static const fuse_case_edit kRefusals[] = {
      {"another order in the second step", {{"Concat x1,h1", "Concat h1,x1"}}, false},
      {"a part in between",
       {{"Concat x1,h1", "Concat x1,h1,x1"},
        {"Gemm j1,wr,b", "Gemm j1,wr6,b"},
        {"const wr ",
         "const wr6 float[6,2] 0.3 -0.2 0.1 0.4 0.25 -0.1 0.2 0.35\nconst wr "}},
       false},
  };
  (void)state;
  fuse_case_expect_variants(JOINED_CHAIN, "RNN", kVariants, COUNT(kVariants));
  fuse_case_expect_refusals(JOINED_CHAIN, RECURRENT, kRefusals, COUNT(kRefusals));
}

#define STACK(axis, first, second)                       \
  "const axis int64[1] " #axis "\nnode Unsqueeze " first \
  ",axis -> u1\n"                                        \
  "node Unsqueeze " second ",axis -> u2\n"
#define TWO_STEPS                                                             \
  "input x float[2,N,2]\ninput h0 float[N,2]\n" WEIGHTS                       \
  "node Gather x,t0 -> x0\nnode Gather x,t1 -> x1\n"                          \
  "node MatMul x0,w -> xw0\nnode Add xw0,b -> xb0\nnode MatMul h0,r -> hr0\n" \
  "node Add xb0,hr0 -> s0\nnode Tanh s0 -> h1\n"                              \
  "node MatMul x1,w -> xw1\nnode Add xw1,b -> xb1\nnode MatMul h1,r -> hr1\n" \
  "node Add xb1,hr1 -> s1\nnode Tanh s1 -> h2\n"

/// The steps that are left tell whether Y took the place of the Concat.
static void stacks_of_all_steps_are_y(void** state) {
  (void)state;
  fuse_case_expect_steps(
      TWO_STEPS STACK(0, "h1", "h2") "node Concat u1,u2 -> y axis=0\noutput y\n", "RNN");
  fuse_case_expect_steps(
      TWO_STEPS STACK(1, "h1", "h2") "node Concat u1,u2 -> y axis=1\noutput y\n", "RNN");
  fuse_case_expect_steps(
      TWO_STEPS STACK(0, "h2", "h1") "node Concat u1,u2 -> y axis=0\noutput y\n",
      "RNN Slice");
  // One that is used elsewhere is a step of Y.
  fuse_case_expect_steps(
      TWO_STEPS STACK(0, "h1",
                      "h2") "node Concat u1,u2 -> y axis=0\noutput y\noutput u2\n",
      "RNN");
}

static void other_stacks_are_put_together(void** state) {
  (void)state;
  fuse_case_expect_steps(
      TWO_STEPS STACK(0, "h1",
                      "h1") "node Concat u1,u2 -> y axis=0\noutput y\noutput h2\n",
      "RNN Concat");
  fuse_case_expect_steps(
      TWO_STEPS STACK(0, "h1", "h2") "node Concat u1,u2 -> y axis=1\noutput y\n",
      "RNN Concat");
  fuse_case_expect_steps(
      TWO_STEPS STACK(2, "h1", "h2") "node Concat u1,u2 -> y axis=2\noutput y\n",
      "RNN Concat");
  fuse_case_expect_steps(
      TWO_STEPS STACK(0, "h1", "h2") "node Concat u1,u2,u1 -> y axis=0\noutput y\n",
      "RNN Concat");
  fuse_case_expect_steps(TWO_STEPS STACK(0, "h1", "h2") "node Add u1,u2 -> y\noutput y\n",
                         "RNN Add");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ways_to_take_steps_are_known),
      cmocka_unit_test(every_activation_of_cells_is_known),
      cmocka_unit_test(steps_that_do_not_follow_are_refused),
      cmocka_unit_test(cells_that_differ_are_refused),
      cmocka_unit_test(gru_cells_reset_all_alike),
      cmocka_unit_test(what_is_inside_may_not_be_used_outside),
      cmocka_unit_test(products_of_both_have_one_order),
      cmocka_unit_test(stacks_of_all_steps_are_y),
      cmocka_unit_test(other_stacks_are_put_together),
      cmocka_unit_test(one_row_of_state_is_every_rows),
      cmocka_unit_test(chains_of_lstm_cells_carry_c),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
