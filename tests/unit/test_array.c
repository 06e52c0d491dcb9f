// base/array.h: grows, keeps its items, changes nothing when it cannot.
#include "base/array.h"

#include "base/arena.h"
#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

static void fill_and_check(const olstm_allocator* source) {
  size_t* items = NULL;
  size_t capacity = 0, moves = 0;
  for (size_t i = 0; i < 1000; i++) {
    size_t* grown = olstm__array_reserve(source, items, i, 1, &capacity, sizeof *items);
    assert_non_null(grown);
    moves += grown != items;
    items = grown;
    assert_true(capacity > i);
    items[i] = i;
  }
  for (size_t i = 0; i < 1000; i++) assert_int_equal(items[i], i);
  // 16, 32, ... 1024.
  assert_int_equal(moves, 7);
  olstm_release(source, items, capacity, sizeof *items);
}

static void keeps_items_while_it_grows(void** state) {
  olstm_test_allocator memory;
  (void)state;
  olstm_test_allocator_init(&memory);
  fill_and_check(&memory.allocator);
  olstm_test_allocator_assert_clean(&memory);
}

static void grows_in_an_arena(void** state) {
  olstm_test_allocator memory;
  olstm__arena arena;
  (void)state;
  olstm_test_allocator_init(&memory);
  olstm__arena_init(&arena, &memory.allocator, SIZE_MAX);
  const olstm_allocator source = olstm__arena_as_allocator(&arena);
  fill_and_check(&source);
  olstm__arena_deinit(&arena);
  olstm_test_allocator_assert_clean(&memory);
}

static void makes_room_for_many_at_once(void** state) {
  const olstm_allocator source = olstm_allocator_or_default(NULL);
  size_t capacity = 0;
  (void)state;
  int32_t* items = olstm__array_reserve(&source, NULL, 0, 0, &capacity, sizeof *items);
  assert_non_null(items);
  items = olstm__array_reserve(&source, items, 0, 777, &capacity, sizeof *items);
  assert_int_equal(capacity, 777);
  items = olstm__array_reserve(&source, items, 777, 1, &capacity, sizeof *items);
  assert_int_equal(capacity, 2 * 777);
  olstm_release(&source, items, capacity, sizeof *items);
}

static void changes_nothing_without_memory(void** state) {
  olstm_test_allocator memory;
  size_t capacity = 0;
  (void)state;
  olstm_test_allocator_init(&memory);
  char* items = olstm__array_reserve(&memory.allocator, NULL, 0, 1, &capacity, 1);
  const size_t before = capacity;
  assert_non_null(items);
  memset(items, 'x', before);
  olstm_test_allocator_fail_at(&memory, 1);
  assert_null(olstm__array_reserve(&memory.allocator, items, before, 1, &capacity, 1));
  assert_int_equal(capacity, before);
  for (size_t i = 0; i < before; i++) assert_int_equal(items[i], 'x');
  // Sums and products that do not fit.
  assert_null(
      olstm__array_reserve(&memory.allocator, items, before, SIZE_MAX, &capacity, 1));
  assert_null(
      olstm__array_reserve(&memory.allocator, items, before, SIZE_MAX / 2, &capacity, 8));
  assert_int_equal(capacity, before);
  olstm_release(&memory.allocator, items, capacity, 1);
  olstm_test_allocator_assert_clean(&memory);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keeps_items_while_it_grows),
      cmocka_unit_test(grows_in_an_arena),
      cmocka_unit_test(makes_room_for_many_at_once),
      cmocka_unit_test(changes_nothing_without_memory),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
