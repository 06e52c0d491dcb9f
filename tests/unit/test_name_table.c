// onnx_proto/name_table.h: finds what was added, and nothing else.
#include "onnx_proto/name_table.h"

#include <stdio.h>

#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

enum { kNameCount = 5000 };

static void finds_each_name_that_was_added(void** state) {
  static char names[kNameCount][24];
  olstm_test_allocator memory;
  olstm__name_key key;
  olstm__name_table table;
  int32_t value = 0;
  bool added = false;
  (void)state;
  olstm_test_allocator_init(&memory);
  olstm__name_key_init(&key);
  olstm__name_table_init(&table, &memory.allocator, &key);
  assert_false(olstm__name_table_find(&table, "x", &value));
  for (int32_t i = 0; i < kNameCount; i++) {
    (void)snprintf(names[i], sizeof names[i], "%.*s%d", i % 9, "layer/lstm", i);
    assert_true(olstm__name_table_add(&table, names[i], i, &added));
    assert_true(added);
  }
  for (int32_t i = 0; i < kNameCount; i++) {
    assert_true(olstm__name_table_find(&table, names[i], &value));
    assert_int_equal(value, i);
  }
  assert_false(olstm__name_table_find(&table, "layer", &value));
  assert_true(key.work > kNameCount);
  olstm__name_table_deinit(&table);
  olstm_test_allocator_assert_clean(&memory);
}

static void keeps_the_first_of_two_equal_names(void** state) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  olstm__name_key key;
  olstm__name_table table;
  int32_t value = 0;
  bool added = true;
  (void)state;
  olstm__name_key_init(&key);
  olstm__name_table_init(&table, &allocator, &key);
  assert_true(olstm__name_table_add(&table, "a", 1, &added));
  assert_true(olstm__name_table_add(&table, "a", 2, &added));
  assert_false(added);
  assert_true(olstm__name_table_find(&table, "a", &value));
  assert_int_equal(value, 1);
  olstm__name_table_deinit(&table);
}

static void says_that_there_is_no_memory(void** state) {
  olstm_test_allocator memory;
  olstm__name_key key;
  olstm__name_table table;
  bool added = false;
  (void)state;
  olstm_test_allocator_init(&memory);
  olstm__name_key_init(&key);
  olstm__name_table_init(&table, &memory.allocator, &key);
  olstm_test_allocator_fail_at(&memory, 1);
  assert_false(olstm__name_table_add(&table, "a", 1, &added));
  olstm__name_table_deinit(&table);
  olstm_test_allocator_assert_clean(&memory);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_each_name_that_was_added),
      cmocka_unit_test(keeps_the_first_of_two_equal_names),
      cmocka_unit_test(says_that_there_is_no_memory),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
