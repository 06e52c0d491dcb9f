// runtime/execute/dynamic_pool.c: buffers are handed out, counted, used again, and given
// back.
#include "runtime/execute/dynamic_pool.h"

#include <string.h>

#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

static void a_run_like_the_last_one_allocates_nothing(void** state) {
  olstm_test_allocator counting;
  olstm__dynamic_pool pool;
  int32_t a, b;
  (void)state;
  olstm_test_allocator_init(&counting);
  olstm__dynamic_pool_init(&pool, &counting.allocator, SIZE_MAX);
  int64_t allocated = 0;
  for (int run = 0; run < 3; run++) {
    olstm__dynamic_pool_start(&pool);
    assert_int_equal(olstm__dynamic_pool_take(&pool, 100, &a, NULL), OLSTM_STATUS_OK);
    assert_int_equal(olstm__dynamic_pool_take(&pool, 5000, &b, NULL), OLSTM_STATUS_OK);
    assert_int_not_equal(a, b);
    memset(olstm__dynamic_pool_memory(&pool, a), 1, 100);
    memset(olstm__dynamic_pool_memory(&pool, b), 2, 5000);
    assert_true(olstm__dynamic_pool_holds(
        &pool, (char*)olstm__dynamic_pool_memory(&pool, b) + 4999));
    olstm__dynamic_pool_release(&pool, a);
    // The small one again, not the large one.
    assert_int_equal(olstm__dynamic_pool_take(&pool, 80, &a, NULL), OLSTM_STATUS_OK);
    olstm__dynamic_pool_trim(&pool);
    if (run == 0) allocated = counting.allocation_count;
  }
  assert_int_equal(counting.allocation_count, allocated);
  assert_false(olstm__dynamic_pool_holds(&pool, &pool));
  olstm__dynamic_pool_deinit(&pool);
  olstm_test_allocator_assert_clean(&counting);
}

static void gives_back_what_a_run_did_not_use(void** state) {
  olstm_test_allocator counting;
  olstm__dynamic_pool pool;
  int32_t buffer;
  (void)state;
  olstm_test_allocator_init(&counting);
  olstm__dynamic_pool_init(&pool, &counting.allocator, SIZE_MAX);
  olstm__dynamic_pool_start(&pool);
  assert_int_equal(olstm__dynamic_pool_take(&pool, 1 << 20, &buffer, NULL),
                   OLSTM_STATUS_OK);
  olstm__dynamic_pool_trim(&pool);
  olstm__dynamic_pool_start(&pool);
  // Far too small for the large buffer.
  assert_int_equal(olstm__dynamic_pool_take(&pool, 64, &buffer, NULL), OLSTM_STATUS_OK);
  olstm__dynamic_pool_trim(&pool);
  assert_int_equal(pool.bytes, 64);
  olstm__dynamic_pool_deinit(&pool);
  olstm_test_allocator_assert_clean(&counting);
}

static void keeps_within_its_limit(void** state) {
  olstm__dynamic_pool pool;
  olstm_error error = {""};
  int32_t a, b;
  const olstm_allocator standard = olstm_allocator_or_default(NULL);
  (void)state;
  olstm__dynamic_pool_init(&pool, &standard, 1000);
  assert_int_equal(olstm__dynamic_pool_take(&pool, 600, &a, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm__dynamic_pool_take(&pool, 600, &b, &error),
                   OLSTM_STATUS_LIMIT_EXCEEDED);
  assert_string_equal(error.message,
                      "tensors whose sizes are known only while running need 600 bytes "
                      "more than the 600 in use, and the limit is 1000");
  olstm__dynamic_pool_release(&pool, a);
  assert_int_equal(olstm__dynamic_pool_take(&pool, 900, &b, NULL), OLSTM_STATUS_OK);
  olstm__dynamic_pool_deinit(&pool);
}

static void survives_failing_allocations(void** state) {
  (void)state;
  for (int64_t nth = 1; nth <= 3; nth++) {
    olstm_test_allocator failing;
    olstm__dynamic_pool pool;
    int32_t a, b;
    olstm_test_allocator_init(&failing);
    olstm__dynamic_pool_init(&pool, &failing.allocator, SIZE_MAX);
    olstm_test_allocator_fail_at(&failing, nth);
    const olstm_status first = olstm__dynamic_pool_take(&pool, 100, &a, NULL);
    const olstm_status second = olstm__dynamic_pool_take(&pool, 200, &b, NULL);
    assert_int_equal(first, nth < 3 ? OLSTM_STATUS_OUT_OF_MEMORY : OLSTM_STATUS_OK);
    assert_int_equal(second, OLSTM_STATUS_OUT_OF_MEMORY);
    olstm_test_allocator_fail_at(&failing, 0);
    assert_int_equal(olstm__dynamic_pool_take(&pool, 200, &b, NULL), OLSTM_STATUS_OK);
    olstm__dynamic_pool_deinit(&pool);
    olstm_test_allocator_assert_clean(&failing);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_run_like_the_last_one_allocates_nothing),
      cmocka_unit_test(gives_back_what_a_run_did_not_use),
      cmocka_unit_test(keeps_within_its_limit),
      cmocka_unit_test(survives_failing_allocations),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
