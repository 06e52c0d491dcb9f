// runtime/plan/liveness.c: views, results in place, outputs written directly, memory
// shared.
#include <string.h>

#include "tests/support/fake_ops.h"
#include "tests/support/test_main.h"

typedef struct run_case {
  olstm_fake_session fake;
  olstm_context* context;
  olstm_plan_info info;
  float x[4];
  olstm_tensor outputs[4];
} run_case;

/// Runs a model with one input x [4] = 1 2 3 4 and `output_count` outputs.
static void run(run_case* c, const char* text, size_t output_count) {
  olstm_error error = {""};
  memset(c, 0, sizeof *c);
  c->context = olstm_fake_context(olstm_fake_session_must(text, NULL, &c->fake));
  for (int i = 0; i < 4; i++) c->x[i] = (float)(i + 1);
  const olstm_tensor input = olstm_fake_vector(c->x, 4);
  if (olstm_context_run(c->context, &input, 1, c->outputs, output_count, &error) !=
      OLSTM_STATUS_OK) {
    fail_msg("%s", error.message);
  }
  assert_int_equal(olstm_context_get_plan_info(c->context, &c->info, NULL),
                   OLSTM_STATUS_OK);
}

static void finish(run_case* c) {
  olstm_context_destroy(c->context);
  olstm_fake_session_destroy(&c->fake);
}

static float at(const run_case* c, size_t output, int i) {
  return ((const float*)c->outputs[output].data)[i];
}

static void views_are_not_run(void** state) {
  run_case c;
  (void)state;
  run(&c,
      "input x float[4]\nnode test:Inc x -> a\nnode test:Flat a -> b\n"
      "node test:Flat b -> d\nnode test:Inc d -> y\noutput y\n",
      1);
  assert_true(at(&c, 0, 3) == 6);
  assert_int_equal(olstm_fake.run, 2);
  // One result, used in place: it lies in the output itself.
  assert_int_equal(c.info.workspace_bytes, 0);
  assert_int_equal(c.info.step_count, 4);
  finish(&c);
}

static void parts_are_not_run(void** state) {
  run_case c;
  (void)state;
  run(&c,
      "input x float[4]\nnode test:Inc x -> a\nnode Split a -> b,d axis=0\n"
      "node Add b,d -> y\noutput y\n",
      1);
  assert_true(at(&c, 0, 0) == 6 && at(&c, 0, 1) == 8);
  // One result, of which both are parts.
  assert_int_equal(c.info.workspace_bytes, 64);
  finish(&c);
}

static void parts_keep_what_they_lie_in(void** state) {
  run_case c;
  (void)state;
  run(&c,
      "input x float[4]\nnode test:Inc x -> a\nnode Split a -> b,d axis=0\n"
      "node test:Inc a -> e\nnode Split e -> f,g axis=0\nnode Split f -> h,i axis=0\n"
      "node Add b,f -> j\nnode Add d,g -> k\nnode Add h,i -> l\n"
      "node Concat j,k,l -> y axis=0\noutput y\n",
      1);
  static const float kExpected[] = {5, 7, 9, 11, 7};
  for (int i = 0; i < 5; i++) assert_true(at(&c, 0, i) == kExpected[i]);
  finish(&c);
}

static void nothing_is_written_over_what_a_part_of_it_is_read_of(void** state) {
  run_case c;
  (void)state;
  run(&c,
      "input x float[4]\nconst first int64[1] 0\nnode test:Inc x -> a\n"
      "node Gather a,first -> b\nnode Add a,b -> y\nnode Gather x,first -> d\n"
      "node test:Inc d -> z\noutput y\noutput z\n",
      2);
  for (int i = 0; i < 4; i++) assert_true(at(&c, 0, i) == (float)(i + 4));
  assert_true(at(&c, 1, 0) == 2 && c.x[0] == 1);
  finish(&c);
}

static void outputs_are_no_parts(void** state) {
  run_case c;
  (void)state;
  run(&c,
      "input x float[4]\nnode test:Inc x -> a\nnode Split a -> b,d axis=0\n"
      "node test:Flat d -> v\nnode Split a -> e,f axis=0\nnode test:Inc a -> g\n"
      "node test:Inc g -> h\noutput v\noutput e\noutput h\n",
      3);
  assert_true(at(&c, 0, 0) == 4 && at(&c, 0, 1) == 5);
  assert_true(at(&c, 1, 0) == 2 && at(&c, 1, 1) == 3);
  assert_true(at(&c, 2, 0) == 4 && at(&c, 2, 3) == 7);
  for (size_t o = 0; o < 3; o++) {
    for (size_t p = 0; p < o; p++) {
      assert_ptr_not_equal(c.outputs[o].data, c.outputs[p].data);
    }
  }
  finish(&c);
}

static void dynamic_steps_read_parts_as_well(void** state) {
  run_case c;
  (void)state;
  run(&c,
      "input x float[4]\nnode test:Inc x -> a\nnode Split a -> b,d axis=0\n"
      "node Split x -> e,f axis=0\nnode NonZero d -> n\nnode Gather d,n -> y\n"
      "node Gather f,n -> z\nnode test:Inc a -> g\nnode test:Inc g -> h\n"
      "output y\noutput z\noutput h\n",
      3);
  assert_true(at(&c, 0, 0) == 4 && at(&c, 0, 1) == 5);
  assert_true(at(&c, 1, 0) == 3 && at(&c, 1, 1) == 4);
  finish(&c);
}

static void a_chain_in_place_needs_no_workspace(void** state) {
  run_case c;
  (void)state;
  run(&c,
      "input x float[4]\nnode test:Inc x -> a\nnode test:Inc a -> b\n"
      "node test:Inc b -> d\nnode test:Inc d -> y\noutput y\n",
      1);
  assert_true(at(&c, 0, 0) == 5);
  assert_int_equal(c.info.workspace_bytes, 0);
  finish(&c);
}

static void never_writes_over_inputs_or_what_is_needed_later(void** state) {
  run_case c;
  (void)state;
  run(&c,
      "input x float[4]\nnode test:Inc x -> a\nnode test:Inc a -> b\n"
      "node test:Add a,b -> d\nnode test:Add d,x -> y\noutput y\n",
      1);
  assert_true(c.x[0] == 1 && c.x[3] == 4);
  // (x + 1) + (x + 2) + x
  assert_true(at(&c, 0, 0) == 6 && at(&c, 0, 3) == 15);
  finish(&c);
}

static void an_input_used_twice_is_not_written_over(void** state) {
  run_case c;
  (void)state;
  run(&c, "input x float[4]\nnode test:Inc x -> a\nnode test:Add a,a -> y\noutput y\n",
      1);
  assert_true(at(&c, 0, 1) == 6);
  assert_int_equal(c.info.workspace_bytes, 64);
  finish(&c);
}

static void a_view_with_a_second_output_runs(void** state) {
  run_case c;
  (void)state;
  run(&c, "input x float[4]\nnode test:Both x -> y,z\noutput y\noutput z\n", 2);
  assert_true(at(&c, 0, 2) == 3 && at(&c, 1, 2) == 6);
  assert_int_equal(olstm_fake.run, 1);
  finish(&c);
}

static void outputs_alias_neither_inputs_nor_constants_nor_each_other(void** state) {
  run_case c;
  (void)state;
  run(&c,
      "input x float[4]\nconst w float[2] 7 8\nnode test:Flat x -> v\n"
      "node test:Inc x -> a\noutput v\noutput w\noutput a\noutput a\n",
      4);
  for (size_t o = 0; o < 4; o++) {
    assert_ptr_not_equal(c.outputs[o].data, c.x);
    for (size_t p = 0; p < o; p++) {
      assert_ptr_not_equal(c.outputs[o].data, c.outputs[p].data);
    }
  }
  assert_true(at(&c, 0, 3) == 4 && at(&c, 1, 1) == 8);
  assert_true(at(&c, 2, 0) == 2 && at(&c, 3, 0) == 2);
  finish(&c);
}

static void a_result_that_is_an_output_and_used_on_is_kept(void** state) {
  run_case c;
  (void)state;
  run(&c,
      "input x float[4]\nnode test:Inc x -> a\nnode test:Inc a -> b\n"
      "node test:Flat b -> d\noutput a\noutput b\noutput d\n",
      3);
  assert_true(at(&c, 0, 0) == 2 && at(&c, 1, 0) == 3 && at(&c, 2, 0) == 3);
  finish(&c);
}

static void workspaces_of_steps_share_memory(void** state) {
  run_case c;
  (void)state;
  run(&c,
      "input x float[4]\nnode test:Inc x -> a scratch=4096\n"
      "node test:Inc a -> b scratch=4096\nnode test:Inc b -> y scratch=4096\n"
      "output y\n",
      1);
  assert_true(at(&c, 0, 0) == 4);
  assert_int_equal(c.info.workspace_bytes, 4096);
  assert_int_equal(c.info.unshared_bytes, 3 * 4096);
  finish(&c);
}

static void a_wide_graph_gives_right_results(void** state) {
  run_case c;
  char text[4096] = "input x float[4]\nnode test:Inc x -> a0\n";
  char line[128];
  (void)state;
  // a_k = x + 1 + k, all alive until they are summed up from the last one.
  for (int k = 1; k < 20; k++) {
    (void)snprintf(line, sizeof line, "node test:Inc a%d -> a%d scratch=64\n", k - 1, k);
    strcat(text, line);
  }
  strcat(text, "node test:Add a19,a18 -> s18\n");
  for (int k = 17; k >= 0; k--) {
    (void)snprintf(line, sizeof line, "node test:Add s%d,a%d -> s%d\n", k + 1, k, k);
    strcat(text, line);
  }
  strcat(text, "output s0\n");
  run(&c, text, 1);
  assert_true(at(&c, 0, 0) == 20 * 2 + 190);
  assert_true(at(&c, 0, 3) == 20 * 5 + 190);
  finish(&c);
}

static void tensors_without_elements_run_as_null(void** state) {
  olstm_fake_session fake;
  float none[1] = {0};
  const olstm_tensor input = olstm_fake_vector(none, 0);
  olstm_tensor output = {.data = NULL};
  (void)state;
  olstm_context* context = olstm_fake_context(olstm_fake_session_must(
      "input x float[n]\nnode test:Inc x -> a\nnode test:Flat a -> y\noutput y\n", NULL,
      &fake));
  assert_int_equal(olstm_context_run(context, &input, 1, &output, 1, NULL),
                   OLSTM_STATUS_OK);
  assert_int_equal(output.desc.dims[0], 0);
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(views_are_not_run),
      cmocka_unit_test(parts_are_not_run),
      cmocka_unit_test(parts_keep_what_they_lie_in),
      cmocka_unit_test(nothing_is_written_over_what_a_part_of_it_is_read_of),
      cmocka_unit_test(outputs_are_no_parts),
      cmocka_unit_test(dynamic_steps_read_parts_as_well),
      cmocka_unit_test(a_chain_in_place_needs_no_workspace),
      cmocka_unit_test(never_writes_over_inputs_or_what_is_needed_later),
      cmocka_unit_test(an_input_used_twice_is_not_written_over),
      cmocka_unit_test(a_view_with_a_second_output_runs),
      cmocka_unit_test(outputs_alias_neither_inputs_nor_constants_nor_each_other),
      cmocka_unit_test(a_result_that_is_an_output_and_used_on_is_kept),
      cmocka_unit_test(workspaces_of_steps_share_memory),
      cmocka_unit_test(a_wide_graph_gives_right_results),
      cmocka_unit_test(tensors_without_elements_run_as_null),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
