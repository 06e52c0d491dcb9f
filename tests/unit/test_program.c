// runtime/plan/program_create.c: an operator for every node, or a refusal that names what
// is missing.
#include "runtime/plan/program.h"

#include "tests/support/fake_ops.h"
#include "tests/support/test_main.h"

static void names_the_operator_that_is_missing(void** state) {
  olstm_fake_session fake;
  olstm_error error = {""};
  (void)state;
  assert_int_equal(
      olstm_fake_session_create("input x float[n]\nnode Frobnicate x -> y name=frob\n"
                                "output y\n",
                                NULL, &fake, &error),
      OLSTM_STATUS_UNSUPPORTED);
  assert_string_equal(error.message,
                      "Frobnicate 'frob': no operator 'Frobnicate' in domain 'ai.onnx'");
  olstm_fake_session_destroy(&fake);
}

static void creates_no_operator_for_dead_nodes(void** state) {
  olstm_fake_session fake;
  (void)state;
  (void)olstm_fake_session_must(
      "input x float[n]\nnode test:Inc x -> a\nnode test:Inc a -> b\n"
      "node test:Inc x -> y\noutput y\n",
      NULL, &fake);
  assert_int_equal(olstm_fake.create, 1);
  olstm_fake_session_destroy(&fake);
  assert_int_equal(olstm_fake.destroy, 1);
}

static void operators_see_what_was_folded_as_constants(void** state) {
  olstm_fake_session fake;
  (void)state;
  (void)olstm_fake_session_must(
      "input x float[2]\nconst w float[2] 1 2\nnode test:Inc w -> v\n"
      "node test:Inc v -> u\nnode test:Add x,u -> y\noutput y\n",
      NULL, &fake);
  // Inc twice while folding, then Add.
  assert_int_equal(olstm_fake.create, 3);
  assert_int_equal(olstm_fake.constants, 3);
  assert_int_equal(olstm_fake.run, 2);
  olstm_fake_session_destroy(&fake);
  assert_int_equal(olstm_fake.release, olstm_fake.prepare);
  assert_int_equal(olstm_fake.destroy, olstm_fake.create);
}

static void creates_operators_in_bodies(void** state) {
  olstm_fake_session fake;
  (void)state;
  (void)olstm_fake_session_must(
      "input c bool[]\ninput x float[n]\n"
      "graph t\nnode test:Inc x -> t1\noutput t1\nend\n"
      "graph e\nnode test:Flat x -> e1\noutput e1\nend\n"
      "node If c -> y then_branch=@t else_branch=@e\noutput y\n",
      NULL, &fake);
  assert_int_equal(olstm_fake.create, 2);
  olstm_fake_session_destroy(&fake);
  assert_int_equal(olstm_fake.destroy, 2);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_the_operator_that_is_missing),
      cmocka_unit_test(creates_no_operator_for_dead_nodes),
      cmocka_unit_test(operators_see_what_was_folded_as_constants),
      cmocka_unit_test(creates_operators_in_bodies),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
