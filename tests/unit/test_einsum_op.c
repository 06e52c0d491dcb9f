// op/dense/einsum_op.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void products_are_summed_over_letters_the_output_lacks(void** state) {
  (void)state;
  op_text_expect("Einsum-12 equation='ij,jk->ik'", "f32[2,3] 0..; f32[3,2] 0..",
                 "f32[2,2] 10 13 28 40");
  op_text_expect("Einsum-12 equation='bt,bth->bh'", "f32[1,2] 2 3; f32[1,2,2] 1 2 3 4",
                 "f32[1,2] 11 16");
  op_text_expect("Einsum-12 equation='i,i,i->'",
                 "i32[3] 1 2 3; i32[3] 1 1 2; i32[3] 5 5 5", "i32[] 45");
}

static void one_operand_is_turned_summed_or_read_along_its_diagonal(void** state) {
  (void)state;
  op_text_expect("Einsum-12 equation='ij->ji'", "f64[2,3] 0..", "f64[3,2] 0 3 1 4 2 5");
  op_text_expect("Einsum-12 equation='ij->i'", "f32[2,3] 0..", "f32[2] 3 12");
  // Sums over some dimensions, the others in their order, or not.
  op_text_expect_same("Einsum-12 equation='abcd->bd'", "f32[3,4,5,6] ~",
                      "ReduceSum-11 axes=[0,2] keepdims=0", "f32[3,4,5,6] ~", 0);
  op_text_expect_same("Einsum-12 equation='ab->b'", "i32[30,40] ~",
                      "ReduceSum-11 axes=[0] keepdims=0", "i32[30,40] ~", 0);
  op_text_expect_same("Einsum-12 equation='...a->'", "f64[7,5,9] ~",
                      "ReduceSum-11 keepdims=0", "f64[7,5,9] ~", 1e-12);
  op_text_expect_same("Einsum-12 equation='abcd->ab'", "f32[1,4,5,6] ~",
                      "ReduceSum-11 axes=[2,3] keepdims=0", "f32[1,4,5,6] ~", 1e-5);
  op_text_expect("Einsum-12 equation='abc->ca'", "f32[2,2,3] 0..",
                 "f32[3,2] 3 15 5 17 7 19");
  op_text_expect("Einsum-12 equation='abc->ac'", "f32[2,1,2] 1 2 3 4",
                 "f32[2,2] 1 2 3 4");
  op_text_expect("Einsum-12 equation='ii->i'", "f32[2,2] 0..", "f32[2] 0 3");
}

static void products_of_which_nothing_is_summed_are_broadcast(void** state) {
  (void)state;
  op_text_expect_same("Einsum-12 equation='abc,c->abc'", "f32[4,5,19] ~; f32[19] ~",
                      "Mul-7", "f32[4,5,19] ~; f32[19] ~", 0);
  op_text_expect_same("Einsum-12 equation='ab,abc->abc'", "f64[4,5] ~; f64[4,5,19] ~",
                      "Mul-7", "f64[4,5,1] ~; f64[4,5,19] ~", 0);
  op_text_expect("Einsum-12 equation='a,ba->ba'", "i32[2] 3 4; i32[2,2] 1 2 3 4",
                 "i32[2,2] 3 8 9 16");
  op_text_expect("Einsum-12 equation='ab,ba->ab'", "f32[2,2] 1 2 3 4; f32[2,2] 1 2 3 4",
                 "f32[2,2] 1 6 6 16");
}

static void products_of_one_row_or_column_are_those_of_a_matrix(void** state) {
  (void)state;
  op_text_expect_same("Einsum-12 equation='ij,j->i'", "f32[37,41] ~; f32[41] ~",
                      "MatMul-13", "f32[37,41] ~; f32[41] ~", 1e-5);
  op_text_expect_same("Einsum-12 equation='bij,bj->bi'", "f64[3,20,9] ~; f64[3,9] ~",
                      "Einsum-12 equation='bij,bjk->bi'", "f64[3,20,9] ~; f64[3,9,1] ~",
                      1e-12);
  op_text_expect("Einsum-12 equation='bij,bj->ib'",
                 "f32[2,2,3] 0..; f32[2,3] 1 1 1 2 0 1", "f32[2,2] 3 20 12 29");
  op_text_expect_same("Einsum-12 equation='ij,ij->i'", "f32[3,50] ~; f32[3,50] ~",
                      "Einsum-12 equation='ij,ij,i->i'",
                      "f32[3,50] ~; f32[3,50] ~; f32[3] 1 1 1", 1e-5);
}

static void without_an_arrow_letters_that_occur_once_are_left(void** state) {
  (void)state;
  op_text_expect("Einsum-12 equation='bc, ab'", "f32[1,2] 3 4; f32[2,1] 1 2",
                 "f32[2,2] 3 4 6 8");
  op_text_expect("Einsum-12 equation='ii'", "i64[2,2] 1 2 3 4", "i64[] 5");
}

static void an_ellipsis_broadcasts(void** state) {
  (void)state;
  op_text_expect("Einsum-12 equation='...ij,...jk->...ik'",
                 "f32[2,1,2] 1 2 3 4; f32[2,1] 1 1", "f32[2,1,1] 3 7");
  op_text_expect("Einsum-12 equation='...i->...'", "f32[2,2] 1 2 3 4", "f32[2] 3 7");
}

static void letters_of_no_size_leave_nothing_to_count(void** state) {
  static const char* kMany =
      "f32[1000] 0..; f32[1000] 0..; f32[1000] 0..; "
      "f32[1000] 0..; f32[1000] 0..; f32[1000] 0..; "
      "f32[1000] 0..; f32[0]";
  (void)state;
  op_text_expect("Einsum-12 equation='a,b,c,d,e,f,g,z->z'", kMany, "f32[0]");
  op_text_expect("Einsum-12 equation='a,b,c,d,e,f,g,z->'", kMany, "f32[] 0");
}

static void refuses_more_products_than_an_int64_counts(void** state) {
  (void)state;
  op_text_expect_failure(
      "Einsum-12 equation='a,b,c,d,e,f,g->'",
      "f32[1000] 0..; f32[1000] 0..; f32[1000] 0..; f32[1000] 0..; f32[1000] 0..; "
      "f32[1000] 0..; f32[1000] 0..",
      OLSTM_STATUS_LIMIT_EXCEEDED,
      "Einsum 'node': equation 'a,b,c,d,e,f,g->' takes 1e+21 products with these shapes, "
      "which are too many");
}

static void refuses_what_does_not_fit(void** state) {
  (void)state;
  op_text_expect_failure("Einsum-12", "f32[1] 0", OLSTM_STATUS_INVALID_MODEL,
                         "Einsum 'node': attribute 'equation' is missing");
  op_text_expect_failure("Einsum-12 equation='ij->ik'", "f32[1,1] 0",
                         OLSTM_STATUS_INVALID_MODEL,
                         "Einsum 'node': equation 'ij->ik' does not fit 1 inputs");
  op_text_expect_failure("Einsum-12 equation='i,i'", "f32[1] 0",
                         OLSTM_STATUS_INVALID_MODEL,
                         "Einsum 'node': equation 'i,i' does not fit 1 inputs");
  op_text_expect_failure("Einsum-12 equation='ij->i'", "f32[2] 0 1",
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "Einsum 'node': input 'x0' has shape [2], which does not fit "
                         "equation 'ij->i'");
  op_text_expect_failure("Einsum-12 equation='i,i->'", "f32[2] 0 1; f32[3] 0 1 2",
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "Einsum 'node': input 'x1' has shape [3], expected 2 at "
                         "dimension 0 of equation 'i,i->'");
}

/// By matrix products: the same letters through a third operand of ones take the
/// definition's loops.
static void products_are_what_the_definition_gives(void** state) {
  static const struct {
    const char* letters;
    const char* output;
    const char* a;
    const char* b;
  } kCases[] = {
      {"ij,jk", "ik", "5,9", "9,7"},        {"ij,jk", "ki", "5,9", "9,7"},
      {"bij,bkj", "bik", "3,5,9", "3,4,9"}, {"bij,bkj", "kbi", "3,5,9", "3,4,9"},
      {"abc,cd", "abd", "3,4,9", "9,5"},    {"bhwc,hkc", "bhwk", "2,3,4,9", "3,5,9"},
      {"ij,kl", "ijkl", "4,5", "3,6"},      {"bind,bjnd", "bnij", "2,4,3,8", "2,5,3,8"},
      {"ijk,kji", "i", "3,5,9", "9,5,3"},   {"ijk,jk", "i", "6,4,9", "4,9"},
  };
  char two[96], three[96], x[160], y[160];
  (void)state;
  for (size_t c = 0; c < sizeof kCases / sizeof kCases[0]; c++) {
    (void)snprintf(two, sizeof two, "Einsum-12 equation='%s->%s'", kCases[c].letters,
                   kCases[c].output);
    (void)snprintf(three, sizeof three, "Einsum-12 equation='%s,->%s'", kCases[c].letters,
                   kCases[c].output);
    (void)snprintf(x, sizeof x, "f32[%s] ~; f32[%s] ~", kCases[c].a, kCases[c].b);
    (void)snprintf(y, sizeof y, "f32[%s] ~; f32[%s] ~; f32[] 1", kCases[c].a,
                   kCases[c].b);
    op_text_expect_same(two, x, three, y, 1e-5);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(products_are_summed_over_letters_the_output_lacks),
      cmocka_unit_test(one_operand_is_turned_summed_or_read_along_its_diagonal),
      cmocka_unit_test(products_of_which_nothing_is_summed_are_broadcast),
      cmocka_unit_test(products_of_one_row_or_column_are_those_of_a_matrix),
      cmocka_unit_test(without_an_arrow_letters_that_occur_once_are_left),
      cmocka_unit_test(an_ellipsis_broadcasts),
      cmocka_unit_test(letters_of_no_size_leave_nothing_to_count),
      cmocka_unit_test(refuses_more_products_than_an_int64_counts),
      cmocka_unit_test(refuses_what_does_not_fit),
      cmocka_unit_test(products_are_what_the_definition_gives),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
