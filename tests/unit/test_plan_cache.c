// runtime/plan/plan_cache.c: seen shapes make no new plan, and there are never too many.
#include "tests/support/fake_ops.h"
#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

static const char kModel[] =
    "input x float[n]\nnode test:Inc x -> a\nnode test:Inc a -> y\noutput y\n";

static float data[64];

static void run(olstm_context* context, int64_t count) {
  const olstm_tensor input = olstm_fake_vector(data, count);
  olstm_tensor output = {.data = NULL};
  olstm_error error = {""};
  if (olstm_context_run(context, &input, 1, &output, 1, &error) != OLSTM_STATUS_OK) {
    fail_msg("%s", error.message);
  }
  assert_int_equal(output.desc.dims[0], count);
}

static void a_seen_shape_makes_no_new_plan(void** state) {
  olstm_fake_session fake;
  (void)state;
  olstm_session* session = olstm_fake_session_must(kModel, NULL, &fake);
  olstm_context* a = olstm_fake_context(session);
  olstm_context* b = olstm_fake_context(session);
  run(a, 3);
  run(a, 5);
  assert_int_equal(olstm_fake.prepare, 4);
  run(a, 3);
  run(b, 3);
  run(b, 5);
  run(a, 5);
  assert_int_equal(olstm_fake.prepare, 4);
  olstm_context_destroy(a);
  olstm_context_destroy(b);
  olstm_fake_session_destroy(&fake);
  assert_int_equal(olstm_fake.release, 4);
}

static void the_plan_not_used_for_longest_goes_first(void** state) {
  olstm_session_options options;
  olstm_fake_session fake;
  (void)state;
  olstm_session_options_init(&options);
  options.plan_cache_capacity = 2;
  olstm_context* context =
      olstm_fake_context(olstm_fake_session_must(kModel, &options, &fake));
  run(context, 1);
  run(context, 2);
  run(context, 1);
  run(context, 3);
  assert_int_equal(olstm_fake.prepare, 6);
  // 2 is gone, 1 and 3 are there.
  assert_int_equal(olstm_fake.release, 2);
  run(context, 1);
  run(context, 3);
  assert_int_equal(olstm_fake.prepare, 6);
  run(context, 2);
  assert_int_equal(olstm_fake.prepare, 8);
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
}

static void a_context_keeps_the_plan_that_the_cache_dropped(void** state) {
  olstm_session_options options;
  olstm_fake_session fake;
  (void)state;
  olstm_session_options_init(&options);
  options.plan_cache_capacity = 1;
  olstm_session* session = olstm_fake_session_must(kModel, &options, &fake);
  olstm_context* a = olstm_fake_context(session);
  olstm_context* b = olstm_fake_context(session);
  run(a, 3);
  run(b, 4);
  const int prepared = olstm_fake.prepare;
  run(a, 3);
  run(b, 4);
  assert_int_equal(olstm_fake.prepare, prepared);
  olstm_context_destroy(a);
  olstm_context_destroy(b);
  olstm_fake_session_destroy(&fake);
  assert_int_equal(olstm_fake.release, olstm_fake.prepare);
}

static void memory_stays_flat_over_many_shapes(void** state) {
  olstm_test_allocator counting;
  olstm_session_options options;
  olstm_fake_session fake;
  int64_t after_first_round = 0;
  (void)state;
  olstm_test_allocator_init(&counting);
  olstm_session_options_init(&options);
  options.allocator = &counting.allocator;
  olstm_context* context =
      olstm_fake_context(olstm_fake_session_must(kModel, &options, &fake));
  for (int round = 0; round < 20; round++) {
    for (int64_t count = 1; count <= 64; count++) run(context, count);
    if (round == 0) after_first_round = counting.live_bytes;
  }
  assert_int_equal(counting.live_bytes, after_first_round);
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
  olstm_test_allocator_assert_clean(&counting);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_seen_shape_makes_no_new_plan),
      cmocka_unit_test(the_plan_not_used_for_longest_goes_first),
      cmocka_unit_test(a_context_keeps_the_plan_that_the_cache_dropped),
      cmocka_unit_test(memory_stays_flat_over_many_shapes),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
