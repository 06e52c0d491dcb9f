// runtime/fuse/fuse_dense.c and op/dense/dense_op.c: layers become one step that gives
// what their nodes gave.
#include <string.h>

#include "tests/support/fuse_case.h"
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

#define LAYER                                       \
  "input x float[n,5]\n"                            \
  "const w float[5,7] 0.3 -0.2 0.1 0.4 -0.5 0.7\n"  \
  "const wt float[7,5] 0.3 -0.2 0.1 0.4 -0.5 0.7\n" \
  "const b float[7] 0.1 -0.3 0.2 0.05 -0.7 0.4 0.9\n"
#define SEQUENCE                                       \
  "input x float[n,4,5]\n"                             \
  "const w float[5,7] 0.3 -0.2 0.1 0.4 -0.5 0.7\n"     \
  "const b float[7] 0.1 -0.3 0.2 0.05 -0.7 0.4 0.9\n"  \
  "const rows int64[2] -1 5\nconst units int32[1] 7\n" \
  "const zero int64[1] 0\nconst two int64[1] 2\n"

static void every_activation_follows_a_dense(void** state) {
  static const char* const kActivations[] = {
      "Relu",          "Sigmoid",
      "Tanh",          "Elu",
      "Elu alpha=0.5", "Selu",
      "Softplus",      "Softsign",
      "LeakyRelu",     "Celu",
      "HardSwish",     "Selu alpha=1.5 gamma=1.25",
      "Exp",           "HardSigmoid alpha=0.25 beta=0.4",
  };
  (void)state;
  for (size_t i = 0; i < sizeof kActivations / sizeof kActivations[0]; i++) {
    char text[1024], name[32];
    (void)sscanf(kActivations[i], "%31s", name);
    (void)snprintf(text, sizeof text,
                   "opset 14\n" LAYER
                   "node MatMul x,w -> p\nnode Add p,b -> s\n"
                   "node %s s -> y%s\noutput y\n",
                   name, kActivations[i] + strlen(name));
    fuse_case_expect(text, "Dense");
    (void)snprintf(text, sizeof text,
                   "opset 14\n" LAYER
                   "node Gemm x,wt,b -> s transB=1\nnode %s s -> y%s\noutput y\n",
                   name, kActivations[i] + strlen(name));
    fuse_case_expect(text, "Dense");
  }
}

static void the_bias_may_stand_on_either_side_or_be_absent(void** state) {
  (void)state;
  fuse_case_expect(LAYER "node MatMul x,w -> p\nnode Add b,p -> y\noutput y\n", "Dense");
  fuse_case_expect(LAYER "node MatMul x,w -> p\nnode Relu p -> y\noutput y\n", "Dense");
  fuse_case_expect(LAYER "node Gemm x,w -> p\nnode Relu p -> y\noutput y\n", "Dense");
}

static void doubles_and_single_columns_do_the_same(void** state) {
  (void)state;
  fuse_case_expect(
      "input x float[n,5]\nnode Cast x -> d to=11\n"
      "const w double[5,3] 0.3 -0.2 0.1 0.4\nconst b double[3] 0.1 0.2 0.3\n"
      "node MatMul d,w -> p\nnode Add p,b -> s\nnode Tanh s -> y\noutput y\n",
      "Cast Dense");
  fuse_case_expect(
      "input x float[100,5]\nconst w float[5,1] 0.3 -0.2 0.1 0.4 0.5\n"
      "const b float[1] 0.1\nnode MatMul x,w -> p\nnode Add p,b -> y\noutput y\n",
      "Dense");
}

static void a_reshape_back_to_sequences_comes_behind(void** state) {
  (void)state;
  fuse_case_expect(SEQUENCE
                   "node Shape x -> d\nnode Cast d -> di to=6\n"
                   "node Slice di,zero,two,zero -> nt\nnode Concat nt,units -> o axis=0\n"
                   "node Cast o -> oo to=7\n"
                   "node Reshape x,rows -> r\nnode MatMul r,w -> p\n"
                   "node Reshape p,oo -> q\nnode Add q,b -> s\nnode Sigmoid s -> y\n"
                   "output y\n",
                   "Dense");
  // Shapes that are constants, of both dtypes.
  fuse_case_expect(SEQUENCE
                   "const back int64[3] -1 4 7\nnode Reshape x,rows -> r\n"
                   "node MatMul r,w -> p\nnode Reshape p,back -> q\nnode Add q,b -> y\n"
                   "output y\n",
                   "Dense");
  fuse_case_expect(SEQUENCE
                   "const back int32[3] -1 4 7\nnode Cast back -> b64 to=7\n"
                   "node Reshape x,rows -> r\nnode MatMul r,w -> p\n"
                   "node Reshape p,b64 -> q\nnode Add q,b -> y\noutput y\n",
                   "Dense");
  // One that takes the columns apart stays where it is.
  fuse_case_expect(SEQUENCE
                   "const other int64[3] -1 7 4\nconst c float[4] 1 2 3 4\n"
                   "node Reshape x,rows -> r\nnode MatMul r,w -> p\n"
                   "node Reshape p,other -> q\nnode Add q,c -> y\noutput y\n",
                   "MatMul Add");
}

static void a_sequence_needs_no_reshape(void** state) {
  (void)state;
  fuse_case_expect(
      SEQUENCE "node MatMul x,w -> p\nnode Add p,b -> s\nnode Relu s -> y\noutput y\n",
      "Dense");
}

static void what_others_need_too_stays(void** state) {
  (void)state;
  fuse_case_expect(LAYER
                   "node MatMul x,w -> p\nnode Add p,b -> s\nnode Relu s -> y\n"
                   "output y\noutput s\n",
                   "Dense Relu");
  fuse_case_expect(LAYER "node MatMul x,w -> p\nnode Add p,b -> y\noutput y\noutput p\n",
                   "MatMul Add");
}

static void what_is_no_dense_stays(void** state) {
  (void)state;
  // A bias of every element's own; scales; a softmax.
  fuse_case_expect(
      "input x float[2,5]\nconst w float[5,2] 0.3 -0.2 0.1\nconst b float[2,2] 1 2 3 4\n"
      "node MatMul x,w -> p\nnode Add p,b -> y\noutput y\n",
      "MatMul Add");
  fuse_case_expect(LAYER
                   "const b1 float[1] 0.5\nnode MatMul x,w -> p\nnode Add p,b1 -> y\n"
                   "output y\n",
                   "MatMul Add");
  fuse_case_expect(LAYER
                   "const b2 float[1,7] 0.5\nnode MatMul x,w -> p\nnode Add p,b2 -> y\n"
                   "output y\n",
                   "MatMul Add");
  // Weights of three dimensions, and computed ones.
  fuse_case_expect(LAYER
                   "const w3 float[2,5,7] 0.5 0.1\nnode MatMul x,w3 -> p\n"
                   "node Add p,b -> y\noutput y\n",
                   "MatMul Add");
  fuse_case_expect(LAYER
                   "input v float[5,7]\nnode MatMul x,v -> p\nnode Add p,b -> y\n"
                   "output y\n",
                   "MatMul Add");
  // Before opset 7, Add broadcast in another way.
  fuse_case_expect("opset 6\n" LAYER
                   "node MatMul x,w -> p\nnode Add p,b -> y broadcast=1\noutput y\n",
                   "MatMul Add");
  // Gemm with anything but its product and a bias.
  fuse_case_expect(LAYER "node Gemm x,w,b -> p beta=0.5\nnode Relu p -> y\noutput y\n",
                   "Gemm Relu");
  fuse_case_expect("input z float[5,n]\n" LAYER
                   "node Gemm z,w,b -> p transA=1\nnode Relu p -> y\noutput y\n",
                   "Gemm Relu");
  fuse_case_expect(LAYER
                   "const c float[3,7] 0.5 0.1\nnode Gemm x,w,c -> p\n"
                   "node Relu p -> y\noutput y\n",
                   "Gemm Relu");
  fuse_case_expect(LAYER "node Gemm x,w -> p\nnode Add p,b -> y\noutput y\n", "Gemm Add");
  fuse_case_expect(LAYER "node Gemm x,w,b -> p alpha=0.5\nnode Relu p -> y\noutput y\n",
                   "Gemm Relu");
  fuse_case_expect(LAYER
                   "node MatMul x,w -> p\nnode Add p,b -> s\nnode Softmax s -> y\n"
                   "output y\n",
                   "Dense Softmax");
}

#define W "f32[2,3] 1 0 2 0 1 2"

static void shapes_that_do_not_fit_are_named(void** state) {
  (void)state;
  op_text_expect("olstm.fused:Dense-1 activation='Relu'",
                 "f32[2,2] 1 2 -3 4; #" W "; f32[3] 1 1 1", "f32[2,3] 2 3 7 0 5 3");
  op_text_expect_failure("olstm.fused:Dense-1", "f32[2,3] 0..; #" W,
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "Dense 'node': input 'x0' has shape [2,3], expected [...,2] as "
                         "'x1' has it");
  op_text_expect_failure("olstm.fused:Dense-1 gemm=1", "f32[2,2,2] 0..; #" W,
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "Dense 'node': input 'x0' has shape [2,2,2], expected rank 2");
  op_text_expect_failure("olstm.fused:Dense-1", "f32[2,2] 0..; #" W "; f32[2] 1 1",
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "Dense 'node': input 'x2' has shape [2], expected [3]");
}

static void what_it_is_not_made_for_is_refused(void** state) {
  (void)state;
  op_text_expect_failure(
      "olstm.fused:Dense-1", "f32[2,2] 0..; " W, OLSTM_STATUS_INVALID_MODEL,
      "Dense 'node': input 'x1' is no constant matrix of real numbers");
  op_text_expect_failure(
      "olstm.fused:Dense-1 activation='Softmax'", "f32[2,2] 0..; #" W,
      OLSTM_STATUS_INVALID_MODEL,
      "Dense 'node': attribute activation is 'Softmax', which is none");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_activation_follows_a_dense),
      cmocka_unit_test(the_bias_may_stand_on_either_side_or_be_absent),
      cmocka_unit_test(doubles_and_single_columns_do_the_same),
      cmocka_unit_test(a_reshape_back_to_sequences_comes_behind),
      cmocka_unit_test(a_sequence_needs_no_reshape),
      cmocka_unit_test(what_others_need_too_stays),
      cmocka_unit_test(what_is_no_dense_stays),
      cmocka_unit_test(shapes_that_do_not_fit_are_named),
      cmocka_unit_test(what_it_is_not_made_for_is_refused),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
