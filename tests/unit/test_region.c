// runtime/region.h: aligned, zeroed, freed as a whole.
#include "runtime/region.h"

#include <string.h>

#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

static void gives_out_distinct_zeroed_memory(void** state) {
  olstm_test_allocator counting;
  olstm__region region;
  (void)state;
  olstm_test_allocator_init(&counting);
  olstm__region_init(&region, &counting.allocator);
  for (size_t i = 0; i < 3000; i++) {
    const size_t bytes = i % 97 == 0 ? 10000 + i : i % 50;
    unsigned char* memory = olstm__region_allocate(&region, bytes, 1);
    assert_non_null(memory);
    assert_int_equal((uintptr_t)memory % 16, 0);
    for (size_t b = 0; b < bytes; b++) assert_int_equal(memory[b], 0);
    memset(memory, 0xFF, bytes);
  }
  olstm__region_deinit(&region);
  olstm_test_allocator_assert_clean(&counting);
}

static void aligns_data(void** state) {
  olstm__region region;
  (void)state;
  olstm__region_init(&region, NULL);
  for (size_t i = 0; i < 100; i++) {
    (void)olstm__region_allocate(&region, 1, 1);
    assert_int_equal((uintptr_t)olstm__region_allocate_data(&region, i) % OLSTM_ALIGNMENT,
                     0);
  }
  olstm__region_deinit(&region);
}

static void remembers_a_failure(void** state) {
  olstm_test_allocator failing;
  olstm__region region;
  (void)state;
  olstm_test_allocator_init(&failing);
  olstm__region_init(&region, &failing.allocator);
  assert_null(olstm__region_allocate(&region, SIZE_MAX, 2));
  assert_true(region.out_of_memory);
  region.out_of_memory = false;
  assert_null(olstm__region_allocate_data(&region, SIZE_MAX));
  assert_true(region.out_of_memory);
  region.out_of_memory = false;
  olstm_test_allocator_fail_at(&failing, 1);
  assert_null(olstm__region_allocate(&region, 1, 1));
  assert_true(region.out_of_memory);
  olstm__region_deinit(&region);
  olstm_test_allocator_assert_clean(&failing);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gives_out_distinct_zeroed_memory),
      cmocka_unit_test(aligns_data),
      cmocka_unit_test(remembers_a_failure),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
