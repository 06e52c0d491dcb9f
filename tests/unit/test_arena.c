// onnx_proto/arena.h: aligned, counted, given back at once.
#include "onnx_proto/arena.h"

#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

static void takes_zeroed_and_aligned_pieces_of_every_size(void** state) {
  olstm_test_allocator memory;
  olstm__arena arena;
  (void)state;
  olstm_test_allocator_init(&memory);
  olstm__arena_init(&arena, &memory.allocator, SIZE_MAX);
  for (size_t size = 0; size < 20000; size = size * 2 + 1) {
    unsigned char* piece = olstm__arena_take(&arena, 1, size);
    unsigned char* elements = olstm__arena_take_elements(&arena, size, true);
    assert_non_null(piece);
    assert_non_null(elements);
    assert_int_equal((uintptr_t)piece % 16, 0);
    assert_int_equal((uintptr_t)elements % OLSTM_ALIGNMENT, 0);
    for (size_t i = 0; i < size; i++) assert_int_equal(piece[i], 0);
    memset(piece, 0xff, size);
    memset(elements, 0xff, size);
  }
  olstm__arena_deinit(&arena);
  olstm_test_allocator_assert_clean(&memory);
}

static void says_whether_the_limit_or_the_allocator_said_no(void** state) {
  olstm_test_allocator memory;
  olstm__arena arena;
  olstm_error error;
  (void)state;
  olstm_test_allocator_init(&memory);
  olstm__arena_init(&arena, &memory.allocator, 100);
  assert_non_null(olstm__arena_take(&arena, 1, 90));
  assert_null(olstm__arena_take(&arena, 1, 16));
  assert_int_equal(olstm__arena_fail(&arena, &error), OLSTM_STATUS_LIMIT_EXCEEDED);
  assert_string_equal(error.message, "the model takes more than max_memory=100 bytes");
  assert_non_null(olstm__arena_take_elements(&arena, 5000, false));
  olstm_test_allocator_fail_at(&memory, 1);
  assert_null(olstm__arena_take_elements(&arena, 5000, false));
  assert_int_equal(olstm__arena_fail(&arena, &error), OLSTM_STATUS_OUT_OF_MEMORY);
  olstm__arena_deinit(&arena);
  olstm_test_allocator_assert_clean(&memory);
}

static void refuses_products_that_do_not_fit(void** state) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  olstm__arena arena;
  (void)state;
  olstm__arena_init(&arena, &allocator, SIZE_MAX);
  assert_null(olstm__arena_take(&arena, SIZE_MAX / 2, 3));
  assert_null(olstm__arena_take(&arena, SIZE_MAX, 1));
  assert_null(olstm__arena_take_elements(&arena, SIZE_MAX, false));
  assert_null(olstm__arena_copy(&arena, "", SIZE_MAX));
  olstm__arena_deinit(&arena);
}

static void grows_an_array_and_keeps_what_is_in_it(void** state) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  olstm__arena arena;
  void* items = NULL;
  size_t capacity = 0;
  (void)state;
  olstm__arena_init(&arena, &allocator, SIZE_MAX);
  for (size_t i = 0; i < 1000; i++) {
    assert_int_equal(
        olstm__arena_grow(&arena, &items, i, &capacity, sizeof(size_t), NULL),
        OLSTM_STATUS_OK);
    ((size_t*)items)[i] = i;
  }
  for (size_t i = 0; i < 1000; i++) assert_int_equal(((size_t*)items)[i], i);
  olstm__arena_deinit(&arena);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(takes_zeroed_and_aligned_pieces_of_every_size),
      cmocka_unit_test(says_whether_the_limit_or_the_allocator_said_no),
      cmocka_unit_test(refuses_products_that_do_not_fit),
      cmocka_unit_test(grows_an_array_and_keeps_what_is_in_it),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
