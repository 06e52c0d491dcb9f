// op/dense/einsum_op, and the steps that it makes.
#include <inttypes.h>
#include <math.h>

#include "tests/support/op_fixture.h"
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

/// As its definition says: in double, for each element of the output over all others.
typedef struct definition {
  char letters[24];
  int64_t dims[24];
  int32_t count;
} definition;

static int32_t letter_of(definition* self, char letter, int64_t dim) {
  int32_t i = 0;
  while (i < self->count && self->letters[i] != letter) i++;
  if (i == self->count) {
    self->letters[self->count] = letter;
    self->dims[self->count++] = 1;
  }
  if (dim > 1) self->dims[i] = dim;
  return i;
}

/// The offset in a tensor with these letters; dimensions of 1 are broadcast.
static int64_t place_of(definition* self, const char* term, const olstm_tensor_desc* desc,
                        const int64_t* index) {
  int64_t place = 0;
  for (int32_t d = 0; d < desc->rank; d++) {
    const int64_t at = index[letter_of(self, term[d], 0)];
    place = place * desc->dims[d] + (desc->dims[d] == 1 ? 0 : at);
  }
  return place;
}

/// One equation "ab,bc->ac", its operands of one dtype, and what the operator made.
typedef struct equation {
  char text[64];
  const char* terms[7];
  char storage[64];
  olstm_attribute attribute;
  olstm_string string;
  op_fixture fixture;
} equation;

static void open_equation(equation* self, const char* text) {
  memset(self, 0, sizeof *self);
  (void)snprintf(self->text, sizeof self->text, "%s", text);
  (void)snprintf(self->storage, sizeof self->storage, "%s", text);
  for (char* term = self->storage; term;) {
    char* end = strpbrk(term, ",-");
    const bool is_last = end && *end == '-';
    self->terms[self->fixture.input_count++] = term;
    if (end) *end = '\0';
    if (is_last) self->terms[self->fixture.input_count] = end + 2;
    term = end && !is_last ? end + 1 : NULL;
  }
  self->string = (olstm_string){self->text, strlen(self->text)};
  self->attribute = (olstm_attribute){.name = "equation",
                                      .kind = OLSTM_ATTRIBUTE_STRING,
                                      .count = 1,
                                      .strings = &self->string};
  self->fixture.op_type = "Einsum";
  self->fixture.opset_version = 12;
  self->fixture.attribute_count = 1;
  self->fixture.attributes = &self->attribute;
}

static double value_of(const olstm_tensor* tensor, int64_t i) {
  switch (tensor->desc.dtype) {
    case OLSTM_DTYPE_FLOAT:
      return ((const float*)tensor->data)[i];
    case OLSTM_DTYPE_DOUBLE:
      return ((const double*)tensor->data)[i];
    default:
      return (double)((const int32_t*)tensor->data)[i];
  }
}

static void assert_is_defined(equation* self) {
  const size_t inputs = self->fixture.input_count;
  const olstm_tensor* y = &self->fixture.outputs[0];
  const int64_t output_count = olstm_tensor_desc_count(&y->desc);
  definition all = {.count = 0};
  int64_t index[24] = {0}, total = 1;
  for (size_t o = 0; o < inputs; o++) {
    const olstm_tensor_desc* desc = &self->fixture.inputs[o]->desc;
    for (int32_t d = 0; d < desc->rank; d++) {
      (void)letter_of(&all, self->terms[o][d], desc->dims[d]);
    }
  }
  double* sums = calloc((size_t)output_count, sizeof *sums);
  for (int32_t i = 0; i < all.count; i++) total *= all.dims[i];
  for (int64_t n = 0; n < total; n++) {
    double product = 1;
    for (size_t o = 0; o < inputs; o++) {
      const olstm_tensor* x = self->fixture.inputs[o];
      product *= value_of(x, place_of(&all, self->terms[o], &x->desc, index));
    }
    sums[place_of(&all, self->terms[inputs], &y->desc, index)] += product;
    for (int32_t i = 0; i < all.count && ++index[i] == all.dims[i]; i++) index[i] = 0;
  }
  for (int64_t i = 0; i < output_count; i++) {
    const double found = value_of(y, i);
    if (!(fabs(found - sums[i]) <= 2e-5 * (1 + fabs(sums[i])))) {
      fail_msg("%s: element %" PRId64 " is %g, expected %g", self->text, i, found,
               sums[i]);
    }
  }
  free(sums);
}

/// Fills an operand of the dtype with made-up values; integers from -4 to 4.
static void make_operand(olstm_tensor* x, olstm_dtype dtype, const char* dims,
                         uint32_t* seed) {
  *x = (olstm_tensor){.desc = {.dtype = dtype}};
  for (const char* at = dims; *at;) {
    char* end = NULL;
    x->desc.dims[x->desc.rank++] = strtoll(at, &end, 10);
    at = *end == ',' ? end + 1 : end;
  }
  const int64_t count = olstm_tensor_desc_count(&x->desc);
  x->data = malloc((size_t)count * sizeof(double));
  for (int64_t i = 0; i < count; i++) {
    *seed = *seed * 1664525u + 1013904223u;
    const double value = (double)(*seed >> 8) / (1 << 23) - 1;
    if (dtype == OLSTM_DTYPE_FLOAT) ((float*)x->data)[i] = (float)value;
    if (dtype == OLSTM_DTYPE_DOUBLE) ((double*)x->data)[i] = value;
    if (dtype == OLSTM_DTYPE_INT32) ((int32_t*)x->data)[i] = (int32_t)(value * 4);
  }
}

static const struct {
  const char* equation;
  const char* dims[6];
} kEquations[] = {
    {"ij,jk->ik", {"5,9", "9,7"}},
    {"ij,jk->ki", {"5,9", "9,7"}},
    {"bij,bkj->bik", {"3,5,9", "3,4,9"}},
    {"bij,bkj->kbi", {"3,5,9", "3,4,9"}},
    {"abc,cd->abd", {"3,4,9", "9,5"}},
    {"bhwc,hkc->bhwk", {"2,3,4,9", "3,5,9"}},
    {"ij,kl->ijkl", {"4,5", "3,6"}},
    {"bind,bjnd->bnij", {"2,4,3,8", "2,5,3,8"}},
    {"ijk,kji->i", {"3,5,9", "9,5,3"}},
    {"ijk,jk->i", {"6,4,9", "4,9"}},
    {"ab,ba->ab", {"4,5", "5,4"}},
    {"ij,ij->i", {"3,50", "3,50"}},
    {"ij,ij->", {"3,50", "3,50"}},
    // Letters that one operand alone has are summed first.
    {"ij,kj->", {"5,9", "4,9"}},
    {"ijk,jl->lj", {"5,9,3", "9,4"}},
    {"i,j->", {"7", "9"}},
    {"iij,jk->k", {"4,4,5", "5,3"}},
    {"iji,ki->kj", {"4,5,4", "3,4"}},
    // Chains, forms, scales, and what only the third operand connects.
    {"ij,jk,kl->il", {"4,5", "5,6", "6,3"}},
    {"ij,jk,kl->li", {"4,5", "5,6", "6,3"}},
    {"bi,oij,bj->bo", {"4,5", "3,5,6", "4,6"}},
    {"ij,,jk->ik", {"4,5", "", "5,6"}},
    {"a,b,c->abc", {"4", "5", "6"}},
    {"abc,c,a->abc", {"4,5,6", "6", "4"}},
    {"c,abc,b->cba", {"6", "4,5,6", "5"}},
    {"ij,kl,jk->il", {"4,5", "6,3", "5,6"}},
    {"ia,ja,ka->ijk", {"3,7", "4,7", "5,7"}},
    {"ijk,ja,ka->ia", {"3,4,5", "4,6", "5,6"}},
    {"ab,ac,bd,cd,ad,bc->", {"3,4", "3,5", "4,6", "5,6", "3,6", "4,5"}},
    {"bhqd,bhkd,bhkv->bqhv", {"2,2,5,8", "2,2,6,8", "2,2,6,7"}},
    {"ii,ij,jj->i", {"4,4", "4,5", "5,5"}},
    {"bij,bjk,bk->bi", {"1,4,5", "3,5,6", "3,6"}},
    {"ab,b,b,b->a", {"3,1", "4", "1", "4"}},
};

/// Whatever is summed early, multiplied as a matrix, side by side, or by the loops.
static void equations_give_what_the_definition_gives(void** state) {
  static const olstm_dtype kDtypes[] = {OLSTM_DTYPE_FLOAT, OLSTM_DTYPE_DOUBLE,
                                        OLSTM_DTYPE_INT32};
  uint32_t seed = 7;
  (void)state;
  for (size_t c = 0; c < 3 * sizeof kEquations / sizeof kEquations[0]; c++) {
    olstm_tensor operands[6];
    equation e;
    open_equation(&e, kEquations[c / 3].equation);
    for (size_t o = 0; o < e.fixture.input_count; o++) {
      make_operand(&operands[o], kDtypes[c % 3], kEquations[c / 3].dims[o], &seed);
      e.fixture.inputs[o] = &operands[o];
    }
    if (op_fixture_run(&e.fixture) != OLSTM_STATUS_OK) {
      fail_msg("%s: %s", e.text, e.fixture.error.message);
    }
    assert_is_defined(&e);
    op_fixture_deinit(&e.fixture);
    for (size_t o = 0; o < e.fixture.input_count; o++) free(operands[o].data);
  }
}

/// Rows `b` of a batch, whichever operands have it, are what each is alone.
static void rows_of_a_batch_are_what_each_is_alone(void** state) {
  static const struct {
    const char* equation;
    const char* dims[4];
  } kCases[] = {
      {"bi,ij->bj", {"7,3", "3,5"}},
      {"bi,ij->bj", {"7,40", "40,1"}},
      {"bi,i->b", {"7,5", "5"}},
      {"bi,jk,bj->bki", {"7,3", "4,5", "7,4"}},
      {"bi,oij,bj->bo", {"7,5", "3,5,6", "7,6"}},
      {"bi,ij,jk,bk->b", {"7,5", "5,6", "6,4", "7,4"}},
      {"bijk,bi,ij,ki->bk", {"7,3,4,5", "7,3", "3,4", "5,3"}},
      {"bij,bjk,bkl->bli", {"7,2,3", "7,3,2", "7,2,4"}},
  };
  enum { kRows = 7 };
  uint32_t seed = 3;
  (void)state;
  for (size_t c = 0; c < sizeof kCases / sizeof kCases[0]; c++) {
    olstm_tensor operands[4], rows[4];
    equation all, one;
    open_equation(&all, kCases[c].equation);
    for (size_t o = 0; o < all.fixture.input_count; o++) {
      make_operand(&operands[o], OLSTM_DTYPE_FLOAT, kCases[c].dims[o], &seed);
      all.fixture.inputs[o] = &operands[o];
    }
    assert_int_equal(op_fixture_run(&all.fixture), OLSTM_STATUS_OK);
    for (int64_t r = 0; r < kRows; r++) {
      open_equation(&one, kCases[c].equation);
      for (size_t o = 0; o < one.fixture.input_count; o++) {
        rows[o] = operands[o];
        one.fixture.inputs[o] = &rows[o];
        if (one.terms[o][0] != 'b') continue;
        rows[o].desc.dims[0] = 1;
        rows[o].data =
            (float*)operands[o].data + r * olstm_tensor_desc_count(&rows[o].desc);
      }
      assert_int_equal(op_fixture_run(&one.fixture), OLSTM_STATUS_OK);
      const int64_t count = olstm_tensor_desc_count(&one.fixture.outputs[0].desc);
      if (memcmp((const float*)all.fixture.outputs[0].data + r * count,
                 one.fixture.outputs[0].data, (size_t)count * sizeof(float)) != 0) {
        fail_msg("%s: row %" PRId64 " differs", all.text, r);
      }
      op_fixture_deinit(&one.fixture);
    }
    op_fixture_deinit(&all.fixture);
    for (size_t o = 0; o < all.fixture.input_count; o++) free(operands[o].data);
  }
}

static void refuses_more_products_than_an_int64_counts(void** state) {
#define SQUARE "f32[200,200] 0..; "
#define SQUARES SQUARE SQUARE SQUARE SQUARE SQUARE SQUARE SQUARE
  static const char* kEquation = "ab,ac,ad,ae,af,ag,ah,bx,cx,dx,ex,fx,gx,hx->";
  char node[96], message[160];
  (void)state;
  (void)snprintf(node, sizeof node, "Einsum-12 equation='%s'", kEquation);
  (void)snprintf(
      message, sizeof message,
      "Einsum 'node': equation '%s' takes 2.56e+18 products with these shapes, "
      "which are too many",
      kEquation);
  op_text_expect_failure(node, SQUARES SQUARES, OLSTM_STATUS_LIMIT_EXCEEDED, message);
#undef SQUARES
#undef SQUARE
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
      cmocka_unit_test(equations_give_what_the_definition_gives),
      cmocka_unit_test(rows_of_a_batch_are_what_each_is_alone),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
