// runtime/fuse/fuse_mask.c: what exporters write for Keras' Masking layer, and what
// differs from it in one place.
#include "tests/support/fuse_case.h"
#include "tests/support/test_main.h"

#define COUNT(edits) (sizeof(edits) / sizeof(edits)[0])

#define INPUTS                                                                  \
  "input x float[N,T,2]\ninput other float[N,T,2]\nconst v float[] 0.0\n"       \
  "const zero float[] 0\nconst tiny float[] 0.000001\nconst last int64[1] -1\n" \
  "const middle int64[1] 1\nconst one float[] 1\nconst list float[2] 0.0 0.5\n" \
  "const cell float[1,1,1] 0.0\n"
#define DIFFERS "node Equal x,v -> e\nnode Not e -> d\nnode Cast d -> f to=1\n"
#define MASK \
  INPUTS DIFFERS "node ReduceSum f,last -> s keepdims=0\nnode Greater s,zero -> m\n"
#define KEPT_MASK                               \
  INPUTS DIFFERS                                \
      "node ReduceSum f,last -> s keepdims=1\n" \
      "node Greater s,zero -> k\n"

static void the_mask_of_a_masking_layer_is_one_node(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"the value comes first", {{"Equal x,v", "Equal v,x"}}, false},
      {"another value", {{"v float[] 0.0", "v float[] -1"}}, false},
      {"of one dimension", {{"v float[] 0.0", "v float[1] 0.0"}}, false},
  };
  (void)state;
  fuse_case_expect(MASK "output m\n", "StepMask");
  fuse_case_expect_variants(MASK "output m\n", "StepMask", kEdits, COUNT(kEdits));
}

static void other_masks_are_refused(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"sums steps", {{"ReduceSum f,last", "ReduceSum f,middle"}}, false},
      {"sums everything", {{"ReduceSum f,last -> s", "ReduceSum f -> s"}}, false},
      {"takes the mean",
       {{"ReduceSum f,last -> s keepdims=0", "ReduceMean f -> s keepdims=0 axes=[-1]"}},
       false},
      {"sums the sequence", {{"ReduceSum f,last", "ReduceSum x,last"}}, false},
      {"more than one", {{"Greater s,zero", "Greater s,one"}}, false},
      {"less", {{"Greater s,zero", "Less s,zero"}}, false},
      {"the other way round", {{"Greater s,zero", "Greater zero,s"}}, false},
      {"a bound with three dimensions", {{"Greater s,zero", "Greater s,cell"}}, false},
      {"equal steps count", {{"Not e -> d", "Identity e -> d"}}, false},
      {"less than the value", {{"Equal x,v", "Less x,v"}}, false},
      {"a value for each feature", {{"Equal x,v", "Equal x,list"}}, false},
      {"a value with three dimensions", {{"Equal x,v", "Equal x,cell"}}, false},
      {"two inputs", {{"Equal x,v", "Equal x,other"}}, false},
      {"an integer",
       {{"Equal x,v", "Cast x -> xi to=7\nnode Equal xi,vi"},
        {"const v ", "const vi int64[] 0\nconst v "}},
       false},
  };
  (void)state;
  fuse_case_expect_refusals(MASK "output m\n", "StepMask", kEdits, COUNT(kEdits));
}

static void its_product_is_the_sequence_itself(void** state) {
  (void)state;
  // A mask value of 0: what is masked is 0 already.
  fuse_case_expect(KEPT_MASK "node Cast k -> kf to=1\nnode Mul x,kf -> y\noutput y\n",
                   "Copy");
  fuse_case_expect(
      INPUTS
      "const w float[] -1\nnode Equal x,w -> e\nnode Not e -> d\nnode Cast d -> f to=1\n"
      "node ReduceSum f,last -> s keepdims=1\nnode Greater s,zero -> k\n"
      "node Cast k -> kf to=1\nnode Mul kf,x -> y\noutput y\n",
      "StepMask");
}

static void other_products_stay(void** state) {
  (void)state;
  fuse_case_expect(KEPT_MASK "node Cast k -> kf to=1\nnode Mul other,kf -> y\noutput y\n",
                   "Equal Not Cast ReduceSum Greater Cast Mul");
  fuse_case_expect(KEPT_MASK "node Cast k -> kf to=1\nnode Add x,kf -> y\noutput y\n",
                   "Equal Not Cast ReduceSum Greater Cast Add");
  fuse_case_expect(KEPT_MASK
                   "node Cast k -> kf to=11\nnode Cast x -> xd to=11\n"
                   "node Mul xd,kf -> y\noutput y\n",
                   "Equal Not Cast ReduceSum Greater Cast Cast Mul");
}

static void a_kept_axis_stays(void** state) {
  (void)state;
  fuse_case_expect(KEPT_MASK "output k\n", "Equal Not Cast ReduceSum Greater");
  // Without it the mask meets other axes of the sequence.
  fuse_case_expect(
      "input x float[N,T,3]\nconst v float[] 0\nconst last int64[1] -1\n" DIFFERS
      "node ReduceSum f,last -> s keepdims=0\nnode Greater s,v -> m\n"
      "node Cast m -> mf to=1\nnode Mul x,mf -> y\noutput y\n",
      "StepMask Cast Mul");
}

static void its_lengths_come_with_it(void** state) {
  (void)state;
  fuse_case_expect(
      MASK "node Cast m -> n to=6\nnode ReduceSum n,last -> y keepdims=0\noutput y\n",
      "StepMask");
  // Anything but their number of all steps, as int32, is computed from the mask.
  fuse_case_expect(
      MASK "node Cast m -> n to=7\nnode ReduceSum n,last -> y keepdims=0\noutput y\n",
      "StepMask Cast ReduceSum");
  fuse_case_expect(
      MASK "node Cast m -> n to=6\nnode ReduceSum n,last -> y keepdims=1\noutput y\n",
      "StepMask Cast ReduceSum");
  fuse_case_expect(MASK
                   "const rows int64[1] 0\nnode Cast m -> n to=6\n"
                   "node ReduceSum n,rows -> y keepdims=0\noutput y\n",
                   "StepMask Cast ReduceSum");
  fuse_case_expect(
      MASK
      "node Cast m -> n to=6\nnode ReduceMax n -> y keepdims=0 axes=[-1]\noutput y\n",
      "StepMask Cast ReduceMax");
}

static void one_node_serves_masks_of_one_value(void** state) {
  (void)state;
  fuse_case_expect(MASK
                   "node Equal x,v -> e2\nnode Not e2 -> d2\nnode Cast d2 -> f2 to=1\n"
                   "node ReduceSum f2,last -> s2 keepdims=0\nnode Greater s2,zero -> m2\n"
                   "node Or m,m2 -> y\noutput y\n",
                   "StepMask Or");
  fuse_case_expect(MASK
                   "node Equal x,one -> e2\nnode Not e2 -> d2\nnode Cast d2 -> f2 to=1\n"
                   "node ReduceSum f2,last -> s2 keepdims=0\nnode Greater s2,zero -> m2\n"
                   "node Or m,m2 -> y\noutput y\n",
                   "StepMask StepMask Or");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_mask_of_a_masking_layer_is_one_node),
      cmocka_unit_test(other_masks_are_refused),
      cmocka_unit_test(its_product_is_the_sequence_itself),
      cmocka_unit_test(other_products_stay),
      cmocka_unit_test(a_kept_axis_stays),
      cmocka_unit_test(its_lengths_come_with_it),
      cmocka_unit_test(one_node_serves_masks_of_one_value),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
