// runtime/fuse/fuse_sequence.c and fuse_sequence_ops.c: sequences of tensors become
// tensors. Outputs are compared with those of operators that have no sequences.
#include <stdio.h>
#include <stdlib.h>

#include "olstm/runtime.h"
#include "tests/support/fuse_case.h"
#include "tests/support/model_text.h"
#include "tests/support/test_main.h"

#define COUNT(items) (sizeof(items) / sizeof(items)[0])
#define RECURRENT "LSTM GRU RNN"
#define ABC "input a float[2,3]\ninput b float[2,3]\ninput c float[2,3]\n"

static void tensors_are_listed(void** state) {
  (void)state;
  fuse_case_expect_pairs(
      ABC
      "const i1 int64[] 1\nconst i2 int32[] -3\nconst three int64[] 3\n"
      "node SequenceConstruct a,b,c -> s\n"
      "node ConcatFromSequence s -> y0 axis=0\nnode Concat a,b,c -> z0 axis=0\n"
      "node ConcatFromSequence s -> y1 axis=-1\nnode Concat a,b,c -> z1 axis=1\n"
      "node SequenceAt s,i1 -> y2\nnode SequenceAt s,i2 -> y3\n"
      "node SequenceLength s -> y4\n"
      "output y0\noutput z0\noutput y1\noutput z1\noutput y2\noutput b\noutput y3\n"
      "output a\noutput y4\noutput three\n");
}

static void tensors_are_stacked_on_a_new_axis(void** state) {
  (void)state;
  fuse_case_expect_pairs(
      ABC
      "const at0 int64[1] 0\nconst at1 int64[1] 1\nconst at2 int64[1] 2\n"
      "node SequenceConstruct a,b -> s\n"
      "node Unsqueeze a,at0 -> a0\nnode Unsqueeze b,at0 -> b0\n"
      "node Unsqueeze a,at1 -> a1\nnode Unsqueeze b,at1 -> b1\n"
      "node Unsqueeze a,at2 -> a2\nnode Unsqueeze b,at2 -> b2\n"
      "node ConcatFromSequence s -> y0 axis=0 new_axis=1\n"
      "node Concat a0,b0 -> z0 axis=0\n"
      "node ConcatFromSequence s -> y1 axis=-2 new_axis=1\n"
      "node Concat a1,b1 -> z1 axis=1\n"
      "node ConcatFromSequence s -> y2 axis=2 new_axis=1\n"
      "node Concat a2,b2 -> z2 axis=2\n"
      "output y0\noutput z0\noutput y1\noutput z1\noutput y2\noutput z2\n");
}

/// What stood in a list stays in it, whoever makes another of it.
static void lists_are_edited(void** state) {
  (void)state;
  fuse_case_expect_pairs(
      ABC
      "const i0 int64[] 0\nconst m1 int64[] -1\nconst i1 int64[] 1\n"
      "node SequenceEmpty -> e dtype=1\nnode SequenceInsert e,a -> s1\n"
      "node SequenceInsert s1,b -> s2\nnode Identity s2 -> t2\n"
      "node SequenceInsert s2,c,i0 -> s3\nnode SequenceInsert t2,c,m1 -> t3\n"
      "node SequenceInsert s1,c,i1 -> u2\nnode SequenceErase s3 -> s4\n"
      "node SequenceErase t3,i0 -> t4\n"
      "node ConcatFromSequence s2 -> y2 axis=0\nnode Concat a,b -> z2 axis=0\n"
      "node ConcatFromSequence s3 -> y3 axis=0\nnode Concat c,a,b -> z3 axis=0\n"
      "node ConcatFromSequence t3 -> y4 axis=0\nnode Concat a,c,b -> z4 axis=0\n"
      "node ConcatFromSequence u2 -> y5 axis=0\nnode Concat a,c -> z5 axis=0\n"
      "node ConcatFromSequence s4 -> y6 axis=0\nnode Concat c,a -> z6 axis=0\n"
      "node ConcatFromSequence t4 -> y7 axis=0\nnode Concat c,b -> z7 axis=0\n"
      "output y2\noutput z2\noutput y3\noutput z3\noutput y4\noutput z4\noutput y5\n"
      "output z5\noutput y6\noutput z6\noutput y7\noutput z7\n");
}

/// One of them is longer than the others: they need not be of one shape.
static void tensors_of_several_shapes_are_listed(void** state) {
  (void)state;
  fuse_case_expect_pairs(
      "input a float[1,3]\ninput b float[4,3]\nconst m1 int64[] -1\n"
      "node SequenceConstruct a,b,a -> s\nnode SequenceErase s,m1 -> t\n"
      "node ConcatFromSequence t -> y axis=0\nnode Concat a,b -> z axis=0\n"
      "node SequenceAt t,m1 -> u\noutput y\noutput z\noutput u\noutput b\n");
}

static void a_tensor_is_split(void** state) {
  (void)state;
  fuse_case_expect_pairs(
      "input x float[4,3]\nconst one int64[] 1\nconst row int64[1] 1\n"
      "const m1 int64[] -1\nconst last int64[1] -1\nconst three int64[] 3\n"
      "const four int64[] 4\n"
      "node SplitToSequence x -> s\nnode SequenceAt s,one -> y0\n"
      "node Gather x,row -> z0\nnode SequenceAt s,m1 -> y1\nnode Gather x,last -> z1\n"
      "node SplitToSequence x -> t axis=1 keepdims=0\nnode SequenceAt t,m1 -> y2\n"
      "node Gather x,m1 -> z2 axis=1\nnode SequenceLength t -> y3\n"
      "node SplitToSequence x,one -> u axis=-2 keepdims=0\nnode SequenceAt u,one -> y4\n"
      "node SequenceLength s -> y5\n"
      "output y0\noutput z0\noutput y1\noutput z1\noutput y2\noutput z2\noutput y3\n"
      "output three\noutput y4\noutput z0\noutput y5\noutput four\n");
}

static void a_tensor_is_split_into_pieces(void** state) {
  (void)state;
  fuse_case_expect_pairs(
      "input x float[4,3]\nconst one int64[] 1\nconst m1 int64[] -1\n"
      "const last int64[1] -1\nconst sizes int64[2] 1 3\nconst two int64[] 2\n"
      "const three int32[] 3\nnode Gather x,last -> z1\n"
      "node SplitToSequence x,sizes -> v\nnode Split x,sizes -> v0,v1\n"
      "node SequenceAt v,one -> y5\nnode SplitToSequence x,three -> w\n"
      "node SequenceLength w -> y6\nnode SequenceAt w,m1 -> y7\n"
      "node SplitToSequence x,two -> p axis=1\nnode ConcatFromSequence p -> y8 axis=1\n"
      "output y5\noutput v1\noutput y6\noutput two\noutput y7\noutput z1\noutput y8\n"
      "output x\n");
}

/// Whole again, or turned.
static void what_was_split_is_joined(void** state) {
  (void)state;
  fuse_case_expect_pairs(
      "input x float[2,3,2]\nconst line int64[2] 6 2\nconst rows int64[2] 2 6\n"
      "const flat int64[2] 2 6\n"
      "node SplitToSequence x -> k axis=1\nnode SplitToSequence x -> d keepdims=0\n"
      "node ConcatFromSequence k -> y0 axis=1\nnode ConcatFromSequence k -> y1 axis=-2\n"
      "node ConcatFromSequence d -> y2 axis=0 new_axis=1\n"
      "node ConcatFromSequence d -> y3 axis=1 new_axis=1\n"
      "node Transpose x -> z3 perm=[1,0,2]\n"
      "node ConcatFromSequence d -> y4 axis=0\nnode Reshape x,line -> z4\n"
      "node ConcatFromSequence d -> y5 axis=-1\nnode Transpose x -> q perm=[1,0,2]\n"
      "const wide int64[2] 3 4\nnode Reshape q,wide -> z5\n"
      "node ConcatFromSequence k -> y6 axis=0\nnode Transpose x -> r perm=[1,0,2]\n"
      "const tall int64[3] 6 1 2\nnode Reshape r,tall -> z6\n"
      "output y0\noutput x\noutput y1\noutput x\noutput y2\noutput x\noutput y3\n"
      "output z3\noutput y4\noutput z4\noutput y5\noutput z5\noutput y6\noutput z6\n");
}

/// h and a scan output of it, beside what is collected of it.
#define COLLECT(insert, init, type)                                                  \
  "input x float[T,2]\ninput h0 float[2]\nconst go bool[] 1\nconst zero int64[] 0\n" \
  "const at int64[1] 0\nconst at1 int64[1] 1\nconst m1 int64[1] -1\n"                \
  "const min int64[1] -9223372036854775807\n"                                        \
  "graph g\ninput i int64[]\ninput c bool[]\ninput h float[2]\ninput s " type        \
  "\n"                                                                               \
  "node Gather x,i -> xt\nnode Add h,xt -> h1\nnode Identity h1 -> y\n" insert       \
  "\nnode Identity c -> d\noutput d bool[]\noutput h1 float[2]\noutput s1 " type     \
  "\noutput y float[2]\nend\n" init                                                  \
  "\nnode Shape x -> dims\nnode Gather dims,zero -> len\n"                           \
  "node Loop len,go,h0,s0 -> hT,sT,ys name=loop body=@g\n"
#define EMPTY "node SequenceEmpty -> s0"
#define APPEND "node SequenceInsert s,h1 -> s1"

static void a_loop_collects(void** state) {
  (void)state;
  fuse_case_expect_pairs(COLLECT(
      APPEND, EMPTY,
      "seq:float[2]") "node ConcatFromSequence sT -> y0 axis=0 new_axis=1\n"
                      "node ConcatFromSequence sT -> y1 axis=1 new_axis=1\n"
                      "node Transpose ys -> z1 perm=[1,0]\n"
                      "node ConcatFromSequence sT -> y2 axis=0\n"
                      "const flat int64[1] -1\nnode Reshape ys,flat -> z2\n"
                      "const two int64[] -2\nnode SequenceAt sT,two -> y3\n"
                      "node Gather ys,two -> z3\nnode SequenceLength sT -> y4\n"
                      "output y0\noutput ys\noutput y1\noutput z1\noutput y2\n"
                      "output z2\noutput y3\noutput z3\noutput y4\noutput len\n");
  // Declared to be a tensor, or not at all: no declaration is believed.
  fuse_case_expect_pairs(COLLECT(
      APPEND, EMPTY,
      "float[2]") "node ConcatFromSequence sT -> y0 axis=-2 new_axis=1\n"
                  "output y0\noutput ys\n");
}

static void a_loop_collects_from_the_end(void** state) {
  (void)state;
  fuse_case_expect_pairs(COLLECT(
      "node SequenceInsert s,h1,zero -> s1", EMPTY,
      "seq:float") "node Slice ys,m1,min,at,m1 -> back\n"
                   "node ConcatFromSequence sT -> y0 axis=0 new_axis=1\n"
                   "output y0\noutput back\n");
}

static void a_loop_adds_to_a_list(void** state) {
  (void)state;
#define LIST "node Neg h0 -> n0\nnode SequenceConstruct h0,n0 -> s0"
#define HEADS "node Unsqueeze h0,at -> r0\nnode Unsqueeze n0,at -> r1\n"
  fuse_case_expect_pairs(
      COLLECT(APPEND, LIST, "seq:float") HEADS
      "node ConcatFromSequence sT -> y0 axis=0 new_axis=1\n"
      "node Concat r0,r1,ys -> z0 axis=0\nconst one int64[] 1\n"
      "node SequenceAt sT,one -> y1\nconst three int64[] 3\n"
      "node SequenceAt sT,three -> y2\nnode Gather ys,one -> z2\n"
      "node SequenceLength sT -> y3\nconst two int64[] 2\nnode Add len,two -> z3\n"
      "output y0\noutput z0\noutput y1\noutput n0\noutput y2\noutput z2\noutput y3\n"
      "output z3\n");
  fuse_case_expect_pairs(
      COLLECT("node SequenceInsert s,h1,zero -> s1", LIST, "seq:float") HEADS
      "node Slice ys,m1,min,at,m1 -> back\nnode ConcatFromSequence sT -> y0 axis=0 "
      "new_axis=1\nnode Concat back,r0,r1 -> z0 axis=0\nconst last int64[] -1\n"
      "node SequenceAt sT,last -> y1\nconst m3 int64[] -3\nnode SequenceAt sT,m3 -> y2\n"
      "node Gather ys,zero -> z2\n"
      "output y0\noutput z0\noutput y1\noutput n0\noutput y2\noutput z2\n");
  // It passes through.
  fuse_case_expect_pairs(COLLECT("node Identity s -> s1", LIST, "seq:float") HEADS
                         "node ConcatFromSequence sT -> y0 axis=0 new_axis=1\n"
                         "node Concat r0,r1 -> z0 axis=0\noutput y0\noutput z0\n");
}

/// A step adds a dimension of 1, along which the whole is joined, or is not.
static void what_a_step_unsqueezes_is_joined(void** state) {
  (void)state;
  fuse_case_expect_pairs(COLLECT(
      "node Unsqueeze h1,at -> u\nnode SequenceInsert s,u -> s1", EMPTY,
      "seq:float[1,2]") "node ConcatFromSequence sT -> y0 axis=0\nnode "
                        "ConcatFromSequence sT -> y1 axis=-1\n"
                        "const wide int64[2] 1 -1\nnode Reshape ys,wide -> z1\n"
                        "node ConcatFromSequence sT -> y2 axis=0 new_axis=1\n"
                        "node Unsqueeze ys,at1 -> z2\nnode SequenceAt sT,zero -> y3\n"
                        "node Gather ys,at -> z3\n"
                        "output y0\noutput ys\noutput y1\noutput z1\noutput y2\noutput "
                        "z2\noutput y3\n"
                        "output z3\n");
  fuse_case_expect_pairs(COLLECT(
      "node Unsqueeze h1,at1 -> u\nnode SequenceInsert s,u -> s1", EMPTY,
      "seq:float[2,1]") "node ConcatFromSequence sT -> y0 axis=1\nnode Transpose ys -> "
                        "z0 perm=[1,0]\n"
                        "node SequenceAt sT,zero -> y1\nnode Gather ys,zero -> f\n"
                        "node Unsqueeze f,at1 -> z1\noutput y0\noutput z0\noutput "
                        "y1\noutput z1\n");
}

/// A loop over what was split and what another loop has collected, captured.
static void bodies_read_sequences_from_outside(void** state) {
  (void)state;
  fuse_case_expect_pairs(COLLECT(
      APPEND, EMPTY,
      "seq:float") "node SplitToSequence x -> xs keepdims=0\nnode Neg h0 -> n0\n"
                   "node SequenceConstruct h0,n0 -> pair\nconst one int64[] 1\n"
                   "graph f\ninput j int64[]\ninput k bool[]\ninput a float[2]\n"
                   "node SequenceAt sT,j -> p\nnode SequenceAt xs,j -> q\nnode "
                   "SequenceAt pair,one -> r\n"
                   "node Add p,q -> pq\nnode Add pq,r -> v\nnode Add a,v -> a1\nnode "
                   "Identity k -> l\n"
                   "output l bool[]\noutput a1 float[2]\noutput v float[2]\nend\n"
                   "node SequenceLength xs -> count\nnode Loop count,go,h0 -> aT,vs "
                   "body=@f\n"
                   "node Add ys,x -> w\nnode Add w,n0 -> z0\noutput vs\noutput z0\n"
                   "graph t\nnode ConcatFromSequence sT -> ty axis=0 new_axis=1\noutput "
                   "ty\nend\n"
                   "graph e\nnode Neg x -> ey\noutput ey\nend\n"
                   "node If go -> y1 then_branch=@t else_branch=@e\noutput y1\noutput "
                   "ys\n");
}

/// A position that is a list of one, or that may be.
static void positions_are_scalars(void** state) {
  (void)state;
  fuse_case_expect_pairs(
      "input x float[3,2]\ninput p float[1]\nconst zero int64[1] 0\nconst i0 int64[] 0\n"
      "node Clip p,low,high -> q\nconst low float[] 1\nconst high float[] 1\n"
      "node Cast q -> k to=7\nnode SplitToSequence x -> s keepdims=0\n"
      "node SequenceAt s,k -> y0\nnode Squeeze k,zero -> ks\nnode Gather x,ks -> z0\n"
      "node SplitToSequence x -> t\nnode SequenceAt t,k -> y1\nnode Gather x,k -> z1\n"
      "node SequenceAt s,zero -> y2\nnode Gather x,i0 -> z2\n"
      "output y0\noutput z0\noutput y1\noutput z1\noutput y2\noutput z2\n");
}

/// As TorchScript writes a layer that steps over a list of its inputs.
#define SCRIPT_LAYER                                                                     \
  "input x float[T,N,2]\ninput h0 float[N,2]\ninput c0 float[N,2]\n"                     \
  "const w float[2,8] 0.3 -0.2 0.1 0.4 0.25\nconst r float[2,8] 0.2 -0.5 0.3\n"          \
  "const b float[8] 0.1 -0.3 0.2\nconst go bool[] 1\nconst sizes int64[4] 2\n"           \
  "graph g\ninput i int64[]\ninput on bool[]\ninput h float[N,2]\ninput c float[N,2]\n"  \
  "input ys seq:float[N,2]\n"                                                            \
  "node SequenceAt xs,i -> xt\nnode MatMul xt,w -> xw\nnode MatMul h,r -> hr\n"          \
  "node Add xw,hr -> s1\nnode Add s1,b -> s\nnode Split s,sizes -> si,sf,sg,so axis=1\n" \
  "node Sigmoid si -> gi\nnode Sigmoid sf -> gf\nnode Tanh sg -> gg\n"                   \
  "node Sigmoid so -> go_\nnode Mul gf,c -> kept\nnode Mul gi,gg -> added\n"             \
  "node Add kept,added -> c1\nnode Tanh c1 -> a\nnode Mul go_,a -> h1\n"                 \
  "node SequenceInsert ys,h1 -> ys1\nnode Identity on -> on1\n"                          \
  "output on1 bool[]\noutput h1 float[N,2]\noutput c1 float[N,2]\n"                      \
  "output ys1 seq:float[N,2]\nend\n"                                                     \
  "node SplitToSequence x -> xs axis=0 keepdims=0\nnode SequenceEmpty -> y0\n"           \
  "node SequenceLength xs -> len\n"                                                      \
  "node Loop len,go,h0,c0,y0 -> hT,cT,yT name=loop body=@g\n"                            \
  "node ConcatFromSequence yT -> y axis=0 new_axis=1\n"                                  \
  "output y\noutput hT\noutput cT\n"

static void layers_with_lists_are_recognised(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"rows first",
       {{"x float[T,N,2]", "x float[N,T,2]"},
        {"SplitToSequence x -> xs axis=0", "SplitToSequence x -> xs axis=1"},
        {"axis=0 new_axis=1", "axis=1 new_axis=1"}},
       false},
      {"split into single steps",
       {{"SplitToSequence x -> xs axis=0 keepdims=0", "SplitToSequence x -> xs"},
        {"SequenceAt xs,i -> xt", "SequenceAt xs,i -> xp\nnode Squeeze xp,first -> xt"},
        {"const go", "const first int64[1] 0\nconst go"}},
       false},
      {"steps are concatenated",
       {{"SequenceInsert ys,h1 -> ys1",
         "Unsqueeze h1,first -> u\nnode SequenceInsert ys,u -> ys1"},
        {"axis=0 new_axis=1", "axis=0"},
        {"const go", "const first int64[1] 0\nconst go"}},
       false},
      {"the list comes first",
       {{"input h float[N,2]\ninput c float[N,2]\ninput ys seq:float[N,2]\n",
         "input ys seq:float[N,2]\ninput h float[N,2]\ninput c float[N,2]\n"},
        {"output h1 float[N,2]\noutput c1 float[N,2]\noutput ys1 seq:float[N,2]\n",
         "output ys1 seq:float[N,2]\noutput h1 float[N,2]\noutput c1 float[N,2]\n"},
        {"Loop len,go,h0,c0,y0 -> hT,cT,yT", "Loop len,go,y0,h0,c0 -> yT,hT,cT"}},
       false},
      {"one step of the result",
       {{"output y\n",
         "const last int64[] -1\nnode SequenceAt yT,last -> end\n"
         "output end\noutput y\n"}},
       false},
  };
  static const fuse_case_edit kRefusals[] = {
      {"c is collected", {{"SequenceInsert ys,h1", "SequenceInsert ys,c1"}}, false},
      {"a step before",
       {{"SequenceAt xs,i -> xt", "Sub i,i -> i0\nnode SequenceAt xs,i0 -> xt"}},
       false},
      {"fewer steps",
       {{"SequenceLength xs -> len", "SequenceLength xs -> l1\nnode Sub l1,one -> len"},
        {"const go", "const one int64[] 1\nconst go"}},
       false},
      {"split along the features",
       {{"x float[T,N,2]", "x float[3,3,2]"},
        {"SplitToSequence x -> xs axis=0",
         "Transpose x -> xt0 perm=[0,2,1]\n"
         "node SplitToSequence xt0 -> xs axis=2"},
        {"SequenceAt xs,i -> xt", "SequenceAt xs,i -> xu\nnode Neg xu -> xt"}},
       false},
  };
  (void)state;
  fuse_case_expect_variants(SCRIPT_LAYER, "LSTM", kEdits, COUNT(kEdits));
  fuse_case_expect_refusals(SCRIPT_LAYER, RECURRENT, kRefusals, COUNT(kRefusals));
}

// ---------------------------------------------------------------- refusals

static void expect_refusal(const char* text, olstm_status status, const char* message) {
  olstm_session* session = NULL;
  olstm_error error = {""};
  olstm_model* model = olstm_test_model(text);
  assert_int_equal(olstm_session_create(model, NULL, NULL, &session, &error), status);
  assert_string_equal(error.message, message);
  olstm_model_destroy(model);
}

#define WHERE "; sequences run where they can be tensors (see docs/operators.md)"

static void sequences_that_are_no_tensors_are_refused(void** state) {
  static const struct {
    const char *text, *why;
  } kCases[] = {
      {"node SequenceConstruct a -> s\nnode Cast b -> k to=7\n"
       "node SequenceAt s,k -> y\noutput y\n",
       "SequenceAt 'y': position 'k' is computed"},
      {"node SequenceConstruct a -> s\nnode Cast b -> k to=7\n"
       "node SequenceInsert s,b,k -> t\nnode SequenceLength t -> y\noutput y\n",
       "SequenceInsert 't': position 'k' is computed"},
      {"node SplitToSequence a -> s\nnode SequenceInsert s,b,one -> t\n"
       "node SequenceLength t -> y\noutput y\n",
       "SequenceInsert 't': position 1 may be anywhere in what a Loop or Split has made"},
      {"node SplitToSequence a -> s\nnode SequenceErase s -> t\n"
       "node SequenceLength t -> y\noutput y\n",
       "SequenceErase 't': it takes a step from what a Loop or Split has made"},
      {"node Cast b -> k to=7\nnode SplitToSequence a,k -> s\n"
       "node SequenceLength s -> y\noutput y\n",
       "SplitToSequence 's': split 'k' is computed"},
      {"const two int64[] 2\nnode SplitToSequence c,two -> s\n"
       "node SequenceLength s -> y\noutput y\n",
       "SplitToSequence 's': the number of pieces of 2 steps depends on its input"},
      {"node SplitToSequence d -> s axis=1\nnode ConcatFromSequence s -> y axis=0\n"
       "output y\n",
       "ConcatFromSequence 'y': axis 0 of tensors with an unknown number of dimensions, "
       "of which it is not known whether it is the axis that they were split along"},
      {"node SequenceConstruct a,b -> s\nnode Add s,a -> y\noutput y\n",
       "Add 'y': input 's' is a sequence"},
      {"graph t\nnode SequenceConstruct a -> s\noutput s\nend\n"
       "graph e\nnode SequenceConstruct b -> r\noutput r\nend\n"
       "node If go -> q then_branch=@t else_branch=@e\n"
       "node SequenceLength q -> y\noutput y\n",
       "If 'q': output 's' of a body is a sequence"},
      {"node SequenceConstruct a,b -> s\n"
       "graph g\ninput h float[2]\ninput x float[2]\nnode Add h,x -> k\n"
       "output k\nend\nnode Scan a,s -> y body=@g num_scan_inputs=1\noutput y\n",
       "Scan 'y': input 's' is a sequence"},
  };
  char text[2048], message[512];
  (void)state;
  for (size_t i = 0; i < COUNT(kCases); i++) {
    (void)snprintf(text, sizeof text,
                   "input a float[2]\ninput b float[2]\ninput c float[N]\ninput d float\n"
                   "input go bool[]\nconst one int64[] 1\n%s",
                   kCases[i].text);
    (void)snprintf(message, sizeof message, "%s" WHERE, kCases[i].why);
    expect_refusal(text, OLSTM_STATUS_UNSUPPORTED, message);
  }
}

/// A loop whose body does `body` with its list s, and its h to h1.
static void expect_loop_refusal(const char* body, const char* why) {
  char text[2048], message[512];
  (void)snprintf(text, sizeof text,
                 "input h0 float[2]\nconst go bool[] 1\nconst len int64[] 3\n"
                 "const zero int64[] 0\ngraph g\ninput i int64[]\ninput c bool[]\n"
                 "input h float[2]\ninput s seq:float[2]\n%s\noutput c bool[]\n"
                 "output h1 float[2]\noutput s1 seq:float[2]\nend\n"
                 "node SequenceEmpty -> s0\nnode Loop len,go,h0,s0 -> hT,sT name=loop "
                 "body=@g\nnode SequenceLength sT -> y\noutput y\noutput hT\n",
                 body);
  (void)snprintf(message, sizeof message, "%s" WHERE, why);
  expect_refusal(text, OLSTM_STATUS_UNSUPPORTED, message);
}

static void other_steps_are_refused(void** state) {
  (void)state;
  expect_loop_refusal(
      "node Neg h -> h1\nnode SequenceInsert s,h -> t\nnode SequenceInsert t,h1 -> s1",
      "Loop 'loop': a step makes another sequence of 's' than with one tensor more");
  expect_loop_refusal(
      "node Neg h -> h1\nnode SequenceConstruct h1 -> s1",
      "Loop 'loop': a step makes another sequence of 's' than with one tensor more");
  expect_loop_refusal(
      "node Neg h -> h1\nnode Identity h1 -> s1",
      "Loop 'loop': a step makes another sequence of 's' than with one tensor more");
  expect_loop_refusal(
      "node SequenceAt s,zero -> h1\nnode SequenceInsert s,h1 -> s1",
      "SequenceAt 'h1': position 0 may be anywhere in what a Loop or Split has made");
  expect_loop_refusal(
      "node SequenceLength s -> n\nnode Cast n -> nf to=1\n"
      "node Add h,nf -> h1\nnode SequenceInsert s,h1 -> s1",
      "SequenceLength 'n': it counts what a Loop has collected so far");
  expect_loop_refusal(
      "node ConcatFromSequence s -> n axis=0\nnode ReduceSum n -> m\n"
      "node Add h,m -> h1\nnode SequenceInsert s,h1 -> s1",
      "ConcatFromSequence 'n': it reads what a Loop has collected so far");
  expect_loop_refusal("node SequenceConstruct h -> h1\nnode SequenceInsert s,h -> s1",
                      "Loop 'loop': output 'h1' of a body is a sequence");
}

/// A step that is to add a dimension to nothing.
static void a_step_without_a_tensor_is_refused(void** state) {
  (void)state;
  expect_refusal(
      COLLECT("node Unsqueeze _,at -> u\nnode SequenceInsert s,u -> s1", EMPTY,
              "seq:float") "node ConcatFromSequence sT -> y axis=0\noutput y\n",
      OLSTM_STATUS_INVALID_MODEL, "Unsqueeze 'u': input 0 is missing");
}

static void invalid_nodes_are_refused(void** state) {
  static const struct {
    const char* nodes;
    olstm_status status;
    const char* message;
  } kCases[] = {
      {"node SequenceConstruct a,b -> s\nnode SequenceAt s,two -> y\noutput y\n",
       OLSTM_STATUS_INVALID_VALUE, "SequenceAt 'y': position is 2 in a sequence of 2"},
      {"node SequenceConstruct a,b -> s\nnode SequenceAt s,m3 -> y\noutput y\n",
       OLSTM_STATUS_INVALID_VALUE, "SequenceAt 'y': position is -3 in a sequence of 2"},
      {"node SequenceConstruct a -> s\nnode SequenceInsert s,b,two -> t\n"
       "node SequenceLength t -> y\noutput y\n",
       OLSTM_STATUS_INVALID_VALUE,
       "SequenceInsert 't': position is 2 in a sequence of 1"},
      {"node SequenceEmpty -> s\nnode SequenceErase s -> t\n"
       "node SequenceLength t -> y\noutput y\n",
       OLSTM_STATUS_INVALID_VALUE,
       "SequenceErase 't': position is -1 in a sequence of 0"},
      {"node SequenceEmpty -> s\nnode ConcatFromSequence s -> y axis=0\noutput y\n",
       OLSTM_STATUS_INVALID_MODEL,
       "ConcatFromSequence 'y': a sequence without tensors cannot be concatenated"},
      {"node SequenceConstruct a -> s\nnode ConcatFromSequence s -> y\noutput y\n",
       OLSTM_STATUS_INVALID_MODEL, "ConcatFromSequence 'y': attribute 'axis' is missing"},
      {"node SequenceConstruct a -> s strict=1\nnode SequenceLength s -> y\noutput y\n",
       OLSTM_STATUS_INVALID_MODEL, "SequenceConstruct 's': unknown attribute 'strict'"},
      {"node SplitToSequence a -> s axis=0.5\nnode SequenceLength s -> y\noutput y\n",
       OLSTM_STATUS_INVALID_MODEL, "SplitToSequence 's': attribute 'axis' is no integer"},
      {"node SequenceConstruct a,_,b -> s\nnode SequenceLength s -> y\noutput y\n",
       OLSTM_STATUS_INVALID_MODEL, "SequenceConstruct 's': input 1 is missing"},
      {"node SequenceAt a,two -> y\noutput y\n", OLSTM_STATUS_INVALID_MODEL,
       "SequenceAt 'y': input 'a' is a tensor, expected a sequence"},
      {"node SequenceConstruct a -> s\nnode SequenceInsert s,s -> t\n"
       "node SequenceLength t -> y\noutput y\n",
       OLSTM_STATUS_INVALID_MODEL,
       "SequenceInsert 't': input 's' is a sequence, expected a tensor"},
      {"node SequenceConstruct a -> s\nnode SequenceAt s -> y\noutput y\n",
       OLSTM_STATUS_INVALID_MODEL, "SequenceAt 'y': has 1 inputs and 1 outputs"},
      {"node SplitToSequence a,zero -> s\nnode SequenceLength s -> y\noutput y\n",
       OLSTM_STATUS_INVALID_VALUE, "SplitToSequence 's': split is 0, expected 1 or more"},
      {"node SequenceConstruct a -> s\noutput s\n", OLSTM_STATUS_UNSUPPORTED,
       "graph output 's' is a sequence: only tensors are supported"},
  };
  char text[1024];
  (void)state;
  for (size_t i = 0; i < COUNT(kCases); i++) {
    (void)snprintf(text, sizeof text,
                   "input a float[2]\ninput b float[2]\nconst zero int64[] 0\n"
                   "const two int64[] 2\nconst m3 int64[] -3\n%s",
                   kCases[i].nodes);
    expect_refusal(text, kCases[i].status, kCases[i].message);
  }
}

/// A row of `length` insertions, of which every one is read `reads` times.
static char* write_row(size_t length, size_t reads) {
  const size_t capacity = 256 + 64 * (length + reads);
  char* text = malloc(capacity);
  assert_non_null(text);
  size_t used = (size_t)snprintf(text, capacity,
                                 "input a float[1]\nnode SequenceEmpty -> "
                                 "s0\n");
  for (size_t i = 0; i < length; i++) {
    used += (size_t)snprintf(text + used, capacity - used,
                             "node SequenceInsert s%zu,a -> s%zu\n", i, i + 1);
  }
  for (size_t i = 0; i < reads; i++) {
    used += (size_t)snprintf(text + used, capacity - used,
                             "node ConcatFromSequence s%zu -> y%zu axis=0\noutput y%zu\n",
                             length, i, i);
  }
  return text;
}

static void long_lists_run_and_are_limited(void** state) {
  (void)state;
  char* text = write_row(3000, 1);
  olstm_session* session = NULL;
  olstm_error error = {""};
  olstm_model* model = olstm_test_model(text);
  if (olstm_session_create(model, NULL, NULL, &session, &error) != OLSTM_STATUS_OK) {
    fail_msg("%s", error.message);
  }
  assert_int_equal(olstm_session_get_node(session, 0)->input_count, 3000);
  olstm_session_destroy(session);
  olstm_model_destroy(model);
  free(text);
  text = write_row(2000, 600);
  expect_refusal(text, OLSTM_STATUS_LIMIT_EXCEEDED,
                 "graph 'main': its sequences have more than 1048576 tensors");
  free(text);
}

static void survives_every_failing_allocation(void** state) {
  (void)state;
  olstm_test_session_out_of_memory(SCRIPT_LAYER, NULL);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tensors_are_listed),
      cmocka_unit_test(tensors_are_stacked_on_a_new_axis),
      cmocka_unit_test(lists_are_edited),
      cmocka_unit_test(tensors_of_several_shapes_are_listed),
      cmocka_unit_test(a_tensor_is_split),
      cmocka_unit_test(a_tensor_is_split_into_pieces),
      cmocka_unit_test(what_was_split_is_joined),
      cmocka_unit_test(a_loop_collects),
      cmocka_unit_test(a_loop_collects_from_the_end),
      cmocka_unit_test(a_loop_adds_to_a_list),
      cmocka_unit_test(what_a_step_unsqueezes_is_joined),
      cmocka_unit_test(bodies_read_sequences_from_outside),
      cmocka_unit_test(positions_are_scalars),
      cmocka_unit_test(layers_with_lists_are_recognised),
      cmocka_unit_test(sequences_that_are_no_tensors_are_refused),
      cmocka_unit_test(other_steps_are_refused),
      cmocka_unit_test(a_step_without_a_tensor_is_refused),
      cmocka_unit_test(invalid_nodes_are_refused),
      cmocka_unit_test(long_lists_run_and_are_limited),
      cmocka_unit_test(survives_every_failing_allocation),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
