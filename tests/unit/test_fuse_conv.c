// runtime/fuse/fuse_conv.c and the fused nodes of op/conv/: convolutions become one step
// with what stands behind them.
#include <string.h>

#include "tests/support/fuse_case.h"
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

#define LAYER                                              \
  "opset 14\ninput x float[n,2,5,6]\n"                     \
  "const w float[3,2,3,3] 0.3 -0.2 0.1 0.4 -0.5 0.7 1.1\n" \
  "const b float[3] 0.1 -0.3 0.2\n"
#define LISTS                                                       \
  "const s float[3] 0.5 -0.5 0.25\nconst t float[3] 0.1 0.2 -0.3\n" \
  "const m float[3] 0.4 -0.6 0.2\nconst v float[3] 0.75 1.5 1\n"
#define CONV "node Conv x,w,b -> c pads=[1,1,1,1]\n"

static void every_function_follows_a_convolution(void** state) {
  static const char* const kFunctions[] = {"Relu",          "LeakyRelu alpha=0.1",
                                           "Sigmoid",       "Tanh",
                                           "HardSwish",     "HardSigmoid alpha=0.3",
                                           "Elu alpha=0.5", "Selu",
                                           "Softplus",      "Abs"};
  (void)state;
  for (size_t i = 0; i < sizeof kFunctions / sizeof kFunctions[0]; i++) {
    char text[1024], name[32];
    (void)sscanf(kFunctions[i], "%31s", name);
    (void)snprintf(text, sizeof text, LAYER CONV "node %s c -> y%s\noutput y\n", name,
                   kFunctions[i] + strlen(name));
    fuse_case_expect(text, "Conv");
  }
}

static void bounds_of_clip_are_taken_where_floats_hold_them(void** state) {
  (void)state;
  fuse_case_expect(LAYER "const lo float[] -0.2\nconst hi float[] 0.3\n" CONV
                         "node Clip c,lo,hi -> y\noutput y\n",
                   "Conv");
  fuse_case_expect(LAYER "const hi float[] 0.3\n" CONV "node Clip c,,hi -> y\noutput y\n",
                   "Conv");
  fuse_case_expect(
      "opset 8\ninput x float[1,1,6]\nconst w float[2,1,3] 0.3 -0.2 0.5\n"
      "node Conv x,w -> c\nnode Clip c -> y min=-0.1 max=0.2\noutput y\n",
      "Conv");
  // What a float does not hold, and what is computed, stays where it is.
  fuse_case_expect(
      "opset 14\ninput x float[1,1,6]\nnode Cast x -> d to=11\n"
      "const w double[2,1,3] 0.3 -0.2 0.5\nconst hi double[] 0.1\n"
      "node Conv d,w -> c\nnode Clip c,,hi -> y\noutput y\n",
      "Cast Conv Clip");
  fuse_case_expect(LAYER "input hi float[]\n" CONV "node Clip c,,hi -> y\noutput y\n",
                   "Conv Clip");
}

static void norms_and_arithmetic_go_into_the_weights(void** state) {
  (void)state;
  fuse_case_expect_steps(
      LAYER LISTS CONV "node BatchNormalization c,s,t,m,v -> y epsilon=0.001\noutput y\n",
      "Conv");
  fuse_case_expect_steps(LAYER LISTS
                         "node Conv x,w -> c\nnode BatchNormalization c,s,t,m,v -> n\n"
                         "node Relu n -> y\noutput y\n",
                         "Conv");
  fuse_case_expect_steps(
      LAYER
      "const f float[3,1,1] 0.5 -0.5 0.25\nconst g float[1,3,1,1] 0.1 0.2 0.3\n"
      "const k float[] 0.25\n" CONV
      "node Mul f,c -> p\nnode Add p,g -> q\nnode Sub q,k -> y\noutput y\n",
      "Conv");
  // One number for each column, or for each row, is none for each channel.
  fuse_case_expect(LAYER "const f float[6] 0.5 -1.5 2\n" CONV
                         "node Mul c,f -> y\noutput y\n",
                   "Conv Mul");
  fuse_case_expect(LAYER "const f float[5,1] 0.5 -1.5 2\n" CONV
                         "node Add c,f -> y\noutput y\n",
                   "Conv Add");
}

static void groups_and_transposed_convolutions_do_the_same(void** state) {
  (void)state;
  fuse_case_expect_steps(
      "opset 14\ninput x float[n,4,7]\n"
      "const w float[6,2,3] 0.3 -0.2 0.1 0.4 -0.5 0.7 1.1\n"
      "const s float[6] 0.5 -0.5 0.25 0.1 0.3 -0.1\nconst t float[6] 0.1 0.2 -0.3\n"
      "node Conv x,w -> c group=2\nnode BatchNormalization c,s,t,t,s -> n epsilon=2.0\n"
      "node Elu n -> y\noutput y\n",
      "Conv");
  fuse_case_expect_steps(
      "opset 14\ninput x float[n,4,7]\n"
      "const w float[4,3,3] 0.3 -0.2 0.1 0.4 -0.5 0.7 1.1\n"
      "const s float[6] 0.5 -0.5 0.25 0.1 0.3 -0.1\nconst t float[6] 0.1 0.2 -0.3\n"
      "node ConvTranspose x,w -> c group=2 strides=[2]\n"
      "node BatchNormalization c,s,t,t,s -> n epsilon=2.0\n"
      "node Elu n -> y\noutput y\n",
      "ConvTranspose");
  fuse_case_expect(
      "opset 14\ninput x float[n,4,7]\nconst w float[4,3,3] 0.3 -0.2 0.1\n"
      "node ConvTranspose x,w -> c\nnode Tanh c -> y\noutput y\n",
      "ConvTranspose");
}

static void sums_of_tensors_are_taken_along(void** state) {
  (void)state;
  fuse_case_expect(LAYER "input z float[n,3,5,6]\n" CONV
                         "node Add c,z -> s\nnode Relu s -> y\noutput y\n",
                   "Conv");
  fuse_case_expect(LAYER "input z float[n,3,5,6]\n" CONV "node Add z,c -> y\noutput y\n",
                   "Conv");
  // Two convolutions: one takes the other's result along.
  fuse_case_expect(LAYER CONV
                   "node Conv x,w -> d pads=[1,1,1,1]\nnode Add c,d -> s\n"
                   "node Tanh s -> y\noutput y\n",
                   "Conv Conv");
}

/// Whatever the shapes come to when they are known.
static void sums_broadcast_as_ever(void** state) {
  (void)state;
  fuse_case_expect(LAYER "input z float[6]\n" CONV
                         "node Add c,z -> s\nnode Relu s -> y\noutput y\n",
                   "Conv");
  fuse_case_expect(LAYER "input z float[3,1,1]\n" CONV "node Add z,c -> y\noutput y\n",
                   "Conv");
  fuse_case_expect(
      "opset 14\ninput x float[1,2,5]\ninput z float[2,4,3,3]\n"
      "const w float[1,2,3] 0.3 -0.2 0.1\nnode Conv x,w -> c\n"
      "node Add c,z -> s\nnode Relu s -> y\noutput y\n",
      "Conv");
  op_text_expect_failure(
      "olstm.fused:Conv-1", "f32[1,1,4] 0..; f32[1,1,2] 0..; f32[1] 0; f32[1,1,2] 0..",
      OLSTM_STATUS_SHAPE_MISMATCH,
      "Conv 'node': input 'x3' has shape [1,1,2], which is added to a convolution of "
      "shape [1,1,3]");
}

static void what_somebody_else_uses_stays(void** state) {
  (void)state;
  fuse_case_expect(LAYER CONV "node Relu c -> y\noutput y\noutput c\n", "Conv Relu");
  fuse_case_expect(LAYER LISTS CONV
                   "node BatchNormalization c,s,t,m,v -> y\noutput y\noutput c\n",
                   "Conv BatchNormalization");
  fuse_case_expect(LAYER CONV "node Add c,c -> y\noutput y\n", "Conv Add");
  // Weights that two nodes share are not made twice.
  fuse_case_expect(LAYER LISTS CONV
                   "node BatchNormalization c,s,t,m,v -> y\noutput y\n"
                   "node Conv x,w -> d\noutput d\n",
                   "Conv BatchNormalization Conv");
  // Weights that are no constant, and half floats.
  fuse_case_expect(
      "opset 14\ninput x float[1,2,5]\ninput w float[1,2,3]\n"
      "node Conv x,w -> c\nnode Relu c -> y\noutput y\n",
      "Conv Relu");
  fuse_case_expect(
      "opset 14\ninput x float[1,2,5]\nnode Cast x -> h to=10\n"
      "const w float16[1,2,3] 0.5 -1 2\nnode Conv h,w -> c\n"
      "node Relu c -> r\nnode Cast r -> y to=1\noutput y\n",
      "Cast Conv Relu Cast");
}

static void fused_nodes_are_checked(void** state) {
  (void)state;
  op_text_expect(
      "olstm.fused:Conv-1 activation='Clip' activation_alpha=-1.0 "
      "activation_beta=15.0",
      "f32[1,1,3] 1 2 -3; #f32[1,1,2] 1 10", "f32[1,1,2] 15 -1");
  op_text_expect_failure("olstm.fused:Conv-1 activation='Swoosh'",
                         "f32[1,1,3] 0..; #f32[1,1,2] 0..", OLSTM_STATUS_INVALID_MODEL,
                         "Conv 'node': attribute activation is 'Swoosh', which is none");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_function_follows_a_convolution),
      cmocka_unit_test(bounds_of_clip_are_taken_where_floats_hold_them),
      cmocka_unit_test(norms_and_arithmetic_go_into_the_weights),
      cmocka_unit_test(groups_and_transposed_convolutions_do_the_same),
      cmocka_unit_test(sums_of_tensors_are_taken_along),
      cmocka_unit_test(sums_broadcast_as_ever),
      cmocka_unit_test(what_somebody_else_uses_stays),
      cmocka_unit_test(fused_nodes_are_checked),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
