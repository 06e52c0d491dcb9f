// runtime/convert/constant_convert.h: what is computed of constants alone becomes
// constants.
#include "onnx_proto/model.h"
#include "tests/support/convert_case.h"
#include "tests/support/test_main.h"

static const char kComputed[] =
    "input x float[2,4]\nconst a float[4,2] 1 2 3\n"
    "node Transpose a -> at perm=[1,0]\nnode Mul at,at -> b\nnode Add x,b -> y\n"
    "node Neg at -> z\noutput y\noutput z\n";

/// How many constants the converted main graph has.
static size_t count_constants(const convert_case* made) {
  const olstm__decoded_graph* graph = olstm__model_graph(made->after);
  size_t count = 0;
  for (size_t v = 0; v < graph->value_count; v++) {
    count += graph->values[v].constant != NULL;
  }
  return count;
}

static void results_take_the_place_of_what_they_are_computed_of(void** state) {
  (void)state;
  convert_case made;
  convert_case_text(&made, kComputed, NULL);
  convert_case_expect_ops(&made, "Add");
  assert_int_equal(count_constants(&made), 2);
  convert_case_expect_note(&made, "changed constants: 3 nodes computed ahead");
  convert_case_expect_same(&made, 2);
  convert_case_deinit(&made);
}

static void they_stay_when_they_are_to(void** state) {
  (void)state;
  convert_case made;
  const olstm__convert_options options = {.keeps_constants = true};
  convert_case_text(&made, kComputed, &options);
  convert_case_expect_ops(&made, "Add Mul Neg Transpose");
  assert_int_equal(made.report.count, 0);
  convert_case_deinit(&made);
}

static void quantization_stays_and_what_depends_on_it(void** state) {
  (void)state;
  convert_case made;
  convert_case_text(
      &made,
      "input x float[2,2]\nconst q uint8[2,2] 1 2 3\nconst s float[] 0.5\n"
      "const z uint8[] 1\nnode DequantizeLinear q,s,z -> w\n"
      "node Transpose w -> wt perm=[1,0]\nnode MatMul x,wt -> y\noutput y\n",
      NULL);
  convert_case_expect_ops(&made, "DequantizeLinear MatMul Transpose");
  convert_case_deinit(&made);
}

static void what_makes_the_file_larger_stays(void** state) {
  (void)state;
  convert_case made;
  convert_case_text(&made,
                    "input x float[1,64]\nconst h float16[64,64] 1\n"
                    "node Cast h -> w to=1\nnode Transpose w -> wt perm=[1,0]\n"
                    "node MatMul x,wt -> y\nconst small float16[4] 1 2\n"
                    "node Cast small -> v to=1\nnode Neg v -> z\noutput y\noutput z\n",
                    NULL);
  convert_case_expect_ops(&made, "Cast MatMul Transpose");
  convert_case_expect_same(&made, 2);
  convert_case_deinit(&made);
}

static void values_that_graphs_within_read_are_folded_too(void** state) {
  (void)state;
  convert_case made;
  convert_case_text(&made,
                    "input p bool[]\ninput x float[2]\nconst a float[2] 1 2\n"
                    "node Neg a -> b\ngraph yes\nnode Add x,b -> u\noutput u\nend\n"
                    "graph no\nnode Sub x,b -> v\noutput v\nend\n"
                    "node If p -> y then_branch=@yes else_branch=@no\noutput y\n",
                    NULL);
  convert_case_expect_ops(&made, "If");
  assert_int_equal(convert_case_count(&made, "Neg"), 0);
  convert_case_expect_same(&made, 2);
  convert_case_deinit(&made);
}

static void what_nothing_reads_is_not_computed(void** state) {
  (void)state;
  convert_case made;
  // A scalar has no axis 0.
  convert_case_text(&made,
                    "input x float[2]\nconst s float[] 3\nconst z int64[1] 0\n"
                    "node Slice s,z,z,z -> d\nnode Neg s -> n\nnode Add x,n -> y\n"
                    "output y\n",
                    NULL);
  convert_case_expect_ops(&made, "Add Slice");
  convert_case_expect_same(&made, 2);
  convert_case_deinit(&made);
}

static void old_files_have_constants_as_nodes(void** state) {
  (void)state;
  convert_case made;
  convert_case_text(
      &made,
      "ir 3\nopset 8\ninput x float[2]\ninput a float[2]\n"
      "const a float[2] 1 2\nnode Neg a -> b\nnode Add x,b -> y\noutput y\n",
      NULL);
  convert_case_expect_ops(&made, "Add");
  assert_int_equal(olstm_model_input_count(made.after), 1);
  assert_int_equal(olstm_model_default_input_count(made.after), 0);
  convert_case_expect_same(&made, 2);
  convert_case_deinit(&made);
}

int main(int argc, char** argv) {
  static const struct CMUnitTest kTests[] = {
      cmocka_unit_test(results_take_the_place_of_what_they_are_computed_of),
      cmocka_unit_test(they_stay_when_they_are_to),
      cmocka_unit_test(quantization_stays_and_what_depends_on_it),
      cmocka_unit_test(what_makes_the_file_larger_stays),
      cmocka_unit_test(values_that_graphs_within_read_are_folded_too),
      cmocka_unit_test(what_nothing_reads_is_not_computed),
      cmocka_unit_test(old_files_have_constants_as_nodes),
  };
  return olstm_test_main(argc, argv, kTests, sizeof kTests / sizeof kTests[0]);
}
