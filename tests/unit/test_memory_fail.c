// onnx_proto/memory_fail.h: which failure it was.
#include "onnx_proto/memory_fail.h"

#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

static void says_whether_the_limit_or_the_allocator_said_no(void** state) {
  olstm_test_allocator memory;
  olstm__arena arena;
  olstm_error error;
  (void)state;
  olstm_test_allocator_init(&memory);
  olstm__arena_init(&arena, &memory.allocator, 100);
  assert_null(olstm__arena_allocate(&arena, 1, 101));
  assert_int_equal(olstm__memory_fail(&arena, &error), OLSTM_STATUS_LIMIT_EXCEEDED);
  assert_string_equal(error.message, "the model takes more than max_memory=100 bytes");
  olstm_test_allocator_fail_at(&memory, 1);
  assert_null(olstm__arena_allocate(&arena, 1, 50));
  assert_int_equal(olstm__memory_fail(&arena, &error), OLSTM_STATUS_OUT_OF_MEMORY);
  assert_string_equal(error.message, "no memory for the model");
  olstm__arena_deinit(&arena);
  olstm_test_allocator_assert_clean(&memory);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(says_whether_the_limit_or_the_allocator_said_no),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
