// onnx_proto/budget.h: protobuf-c's memory, counted and dropped at once.
#include "onnx_proto/budget.h"

#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

static void* take(olstm__budget* budget, size_t bytes) {
  return budget->protobuf.alloc(budget->protobuf.allocator_data, bytes);
}

static void give_back(olstm__budget* budget, void* memory) {
  budget->protobuf.free(budget->protobuf.allocator_data, memory);
}

static void keeps_pieces_apart_and_aligned(void** state) {
  enum { kCount = 200 };
  olstm_test_allocator memory;
  olstm__budget budget;
  unsigned char* pieces[kCount];
  (void)state;
  olstm_test_allocator_init(&memory);
  olstm__budget_init(&budget, &memory.allocator, 64 << 20);
  for (size_t i = 0; i < kCount; i++) {
    pieces[i] = take(&budget, i * i);
    assert_non_null(pieces[i]);
    assert_int_equal((uintptr_t)pieces[i] % 16, 0);
    memset(pieces[i], (int)i, i * i);
  }
  for (size_t i = 0; i < kCount; i += 2) give_back(&budget, pieces[i]);
  for (size_t i = 0; i < kCount; i += 2) memset(take(&budget, i * i), 0xff, i * i);
  for (size_t i = 1; i < kCount; i += 2) {
    for (size_t b = 0; b < i * i; b++) assert_int_equal(pieces[i][b], i);
  }
  olstm__budget_deinit(&budget);
  olstm_test_allocator_assert_clean(&memory);
}

static void counts_what_is_in_use_and_stops_at_the_limit(void** state) {
  olstm_test_allocator memory;
  olstm__budget budget;
  (void)state;
  olstm_test_allocator_init(&memory);
  olstm__budget_init(&budget, &memory.allocator, 100000);
  void* large = take(&budget, 90000);
  assert_non_null(large);
  assert_null(take(&budget, 20000));
  assert_true(budget.over_limit);
  give_back(&budget, large);
  assert_int_equal(budget.used, 0);
  assert_non_null(take(&budget, 20000));
  assert_null(take(&budget, SIZE_MAX));
  give_back(&budget, NULL);
  olstm__budget_deinit(&budget);
  olstm_test_allocator_assert_clean(&memory);
}

static void notes_that_the_allocator_said_no(void** state) {
  olstm_test_allocator memory;
  olstm__budget budget;
  (void)state;
  olstm_test_allocator_init(&memory);
  olstm__budget_init(&budget, &memory.allocator, 1 << 20);
  olstm_test_allocator_fail_at(&memory, 1);
  assert_null(take(&budget, 10));
  assert_null(take(&budget, 100000));
  assert_true(budget.out_of_memory);
  assert_false(budget.over_limit);
  olstm__budget_deinit(&budget);
  olstm_test_allocator_assert_clean(&memory);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keeps_pieces_apart_and_aligned),
      cmocka_unit_test(counts_what_is_in_use_and_stops_at_the_limit),
      cmocka_unit_test(notes_that_the_allocator_said_no),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
