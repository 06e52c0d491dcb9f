// base/arena.h: aligned, counted, freed as a whole.
#include "base/arena.h"

#include <stdalign.h>

#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

static void takes_zeroed_and_aligned_pieces_of_every_size(void** state) {
  olstm_test_allocator memory;
  olstm__arena arena;
  (void)state;
  olstm_test_allocator_init(&memory);
  olstm__arena_init(&arena, &memory.allocator, SIZE_MAX);
  for (size_t size = 0; size < 20000; size = size * 2 + 1) {
    unsigned char* piece = olstm__arena_allocate(&arena, 1, size);
    unsigned char* elements = olstm__arena_allocate_data(&arena, size);
    assert_non_null(piece);
    assert_non_null(elements);
    assert_int_equal((uintptr_t)piece % alignof(max_align_t), 0);
    assert_int_equal((uintptr_t)elements % OLSTM_ALIGNMENT, 0);
    for (size_t i = 0; i < size; i++) assert_int_equal(piece[i], 0);
    memset(piece, 0xff, size);
    memset(elements, 0xff, size);
  }
  olstm__arena_deinit(&arena);
  olstm_test_allocator_assert_clean(&memory);
}

static void gives_out_distinct_memory_that_is_freed_as_a_whole(void** state) {
  olstm_test_allocator memory;
  olstm__arena arena;
  (void)state;
  olstm_test_allocator_init(&memory);
  olstm__arena_init(&arena, &memory.allocator, SIZE_MAX);
  for (size_t i = 0; i < 3000; i++) {
    const size_t bytes = i % 97 == 0 ? 10000 + i : i % 50;
    unsigned char* piece = olstm__arena_allocate(&arena, bytes, 1);
    assert_non_null(piece);
    for (size_t b = 0; b < bytes; b++) assert_int_equal(piece[b], 0);
    memset(piece, 0xFF, bytes);
  }
  olstm__arena_deinit(&arena);
  olstm_test_allocator_assert_clean(&memory);
  // Twice, and of zeroes, is legal.
  olstm__arena_deinit(&arena);
  arena = (olstm__arena){.limit = 0};
  olstm__arena_deinit(&arena);
}

static void says_whether_the_limit_or_the_allocator_said_no(void** state) {
  olstm_test_allocator memory;
  olstm__arena arena;
  (void)state;
  olstm_test_allocator_init(&memory);
  olstm__arena_init(&arena, &memory.allocator, 100);
  assert_non_null(olstm__arena_allocate(&arena, 1, 90));
  assert_false(arena.has_failed);
  assert_null(olstm__arena_allocate(&arena, 1, 16));
  assert_true(arena.over_limit);
  assert_true(arena.has_failed);
  assert_non_null(olstm__arena_allocate_uncounted(&arena, 5000));
  assert_false(arena.over_limit);
  // A failure is remembered whatever comes after it.
  assert_true(arena.has_failed);
  olstm_test_allocator_fail_at(&memory, 1);
  assert_null(olstm__arena_allocate_uncounted(&arena, 5000));
  assert_false(arena.over_limit);
  olstm__arena_deinit(&arena);
  olstm_test_allocator_assert_clean(&memory);
}

static void charges_what_is_allocated_elsewhere(void** state) {
  olstm__arena arena;
  (void)state;
  olstm__arena_init(&arena, NULL, 100);
  assert_true(olstm__arena_charge(&arena, 60));
  assert_false(olstm__arena_charge(&arena, 41));
  assert_true(arena.over_limit);
  assert_int_equal(arena.used, 60);
  assert_true(olstm__arena_charge(&arena, 40));
  assert_null(olstm__arena_allocate(&arena, 1, 1));
  assert_null(olstm__arena_copy(&arena, "a", 1));
  olstm__arena_deinit(&arena);
}

static void copies_text(void** state) {
  olstm__arena arena;
  (void)state;
  olstm__arena_init(&arena, NULL, SIZE_MAX);
  assert_string_equal(olstm__arena_copy(&arena, "lstm/kernel", 4), "lstm");
  assert_string_equal(olstm__arena_copy(&arena, NULL, 0), "");
  olstm__arena_deinit(&arena);
}

static void refuses_products_that_do_not_fit(void** state) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  olstm__arena arena;
  (void)state;
  olstm__arena_init(&arena, &allocator, SIZE_MAX);
  assert_null(olstm__arena_allocate(&arena, SIZE_MAX / 2, 3));
  assert_null(olstm__arena_allocate(&arena, SIZE_MAX, 1));
  assert_null(olstm__arena_allocate_uncounted(&arena, SIZE_MAX));
  assert_null(olstm__arena_allocate_data(&arena, SIZE_MAX));
  assert_true(arena.has_failed);
  assert_null(olstm__arena_copy(&arena, "", SIZE_MAX));
  olstm__arena_deinit(&arena);
}

static void serves_as_an_allocator_that_frees_nothing_early(void** state) {
  olstm_test_allocator memory;
  olstm__arena arena;
  (void)state;
  olstm_test_allocator_init(&memory);
  olstm__arena_init(&arena, &memory.allocator, 1000);
  const olstm_allocator source = olstm__arena_as_allocator(&arena);
  unsigned char* piece = olstm_allocate(&source, 4, 100);
  assert_non_null(piece);
  assert_int_equal((uintptr_t)piece % OLSTM_ALIGNMENT, 0);
  memset(piece, 7, 400);
  olstm_release(&source, piece, 4, 100);
  assert_non_null(olstm_allocate(&source, 1, 500));
  for (size_t i = 0; i < 400; i++) assert_int_equal(piece[i], 7);
  // It counts against the arena's limit.
  assert_null(olstm_allocate(&source, 1, 500));
  assert_true(arena.over_limit);
  olstm__arena_deinit(&arena);
  olstm_test_allocator_assert_clean(&memory);
}

static void pieces_are_cut_from_a_block_that_it_takes(void** state) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  enum { kBytes = 5000 };
  olstm__arena arena;
  (void)state;
  olstm__arena_init(&arena, NULL, SIZE_MAX);
  char* block = olstm_allocate(&allocator, kBytes, 1);
  assert_non_null(block);
  olstm__arena_take_block(&arena, block, kBytes);
  assert_int_equal(arena.used, 0);
  char* large = olstm__arena_allocate_data(&arena, 4000);
  assert_true(large > block && large + 4000 <= block + kBytes);
  assert_int_equal(arena.used, 4000);
  // What does not fit any more is allocated as ever.
  char* other = olstm__arena_allocate_data(&arena, 4000);
  assert_true(other + 4000 <= block || other >= block + kBytes);
  memset(large, 1, 4000);
  memset(other, 2, 4000);
  assert_int_equal(large[3999], 1);
  // One that is too small to cut anything from is freed at once.
  olstm__arena_take_block(&arena, olstm_allocate(&allocator, 3, 1), 3);
  olstm__arena_deinit(&arena);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(takes_zeroed_and_aligned_pieces_of_every_size),
      cmocka_unit_test(pieces_are_cut_from_a_block_that_it_takes),
      cmocka_unit_test(gives_out_distinct_memory_that_is_freed_as_a_whole),
      cmocka_unit_test(says_whether_the_limit_or_the_allocator_said_no),
      cmocka_unit_test(charges_what_is_allocated_elsewhere),
      cmocka_unit_test(copies_text),
      cmocka_unit_test(refuses_products_that_do_not_fit),
      cmocka_unit_test(serves_as_an_allocator_that_frees_nothing_early),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
