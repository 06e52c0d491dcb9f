// op/shape/index_copy: against the definition, element by element.
#include "op/shape/index_copy.h"

#include <string.h>

#include "tests/support/test_main.h"

enum { kMost = 6000, kTables = 6, kGuardBytes = 256 };

/// Fills a table of `count` places in 0..length-1, in one of several ways.
static void fill_table(int way, int64_t length, int64_t count, int64_t* table) {
  for (int64_t i = 0; i < count; i++) {
    switch (way) {
      case 0:  // as it is, then the last one repeated
        table[i] = i < length ? i : length - 1;
        break;
      case 1:  // pairs
        table[i] = i / 2 < length ? i / 2 : length - 1;
        break;
      case 2:  // backwards
        table[i] = length - 1 - i % length;
        break;
      case 3:  // a border on both sides
        table[i] = i < 3 || i - 3 >= length ? OLSTM__INDEX_OUTSIDE : i - 3;
        break;
      case 4:  // cropped
        table[i] = length - 1 - (i < count ? count - 1 - i : 0) % length;
        break;
      default:  // any, some from nowhere
        table[i] = i * 7 % (length + 1) - 1;
        break;
    }
  }
}

static void expect_copy(olstm_dtype dtype, int32_t rank, const int64_t* lengths,
                        const int64_t* counts, const int* ways) {
  static unsigned char source[8 * kMost], target[8 * kMost];
  static int64_t memory[8 * kMost];
  const size_t bytes = olstm_dtype_size(dtype);
  const unsigned char fill[8] = {201, 202, 203, 204, 205, 206, 207, 208};
  olstm_tensor_desc from = {dtype, rank, {0}};
  olstm_tensor_desc to = {dtype, rank, {0}};
  olstm__index_copy copy;
  size_t needed = 0;
  for (int32_t d = 0; d < rank; d++) {
    from.dims[d] = lengths[d];
    to.dims[d] = counts[d];
  }
  for (size_t i = 0; i < sizeof source; i++) source[i] = (unsigned char)(i * 31 % 199);
  assert_true(olstm__index_copy_measure(&to, &needed));
  assert_true(needed <= sizeof memory - kGuardBytes);
  memset((char*)memory + needed, 0xee, kGuardBytes);
  olstm__index_copy_init(&copy, &from, &to, memory);
  for (int32_t d = 0; d < rank; d++) {
    fill_table(ways[d], lengths[d], counts[d], copy.tables[d + 1]);
  }
  olstm__index_copy_finish(&copy);
  for (size_t i = 0; i < kGuardBytes; i++) {
    assert_int_equal(((const unsigned char*)memory)[needed + i], 0xee);
  }
  memset(target, 0xee, sizeof target);
  olstm__index_copy_run(&copy, fill, source, target);
  int64_t index[OLSTM_MAX_RANK] = {0};
  size_t at = 0;
  int32_t d = 0;
  do {
    size_t place = 0;
    bool is_outside = false;
    for (int32_t a = 0; a < rank; a++) {
      int64_t table[kMost];
      fill_table(ways[a], lengths[a], counts[a], table);
      is_outside = is_outside || table[index[a]] == OLSTM__INDEX_OUTSIDE;
      if (!is_outside) place = place * (size_t)lengths[a] + (size_t)table[index[a]];
    }
    assert_memory_equal(target + at, is_outside ? fill : source + place * bytes, bytes);
    at += bytes;
    for (d = rank - 1; d >= 0 && ++index[d] == counts[d]; d--) index[d] = 0;
  } while (d >= 0);
  assert_int_equal(target[at], 0xee);
}

static void every_table_on_every_axis_copies_as_it_says(void** state) {
  static const olstm_dtype kDtypes[] = {OLSTM_DTYPE_UINT8, OLSTM_DTYPE_FLOAT16,
                                        OLSTM_DTYPE_FLOAT, OLSTM_DTYPE_INT64};
  (void)state;
  for (size_t t = 0; t < sizeof kDtypes / sizeof kDtypes[0]; t++) {
    for (int first = 0; first < kTables; first++) {
      for (int last = 0; last < kTables; last++) {
        expect_copy(kDtypes[t], 1, (int64_t[]){17}, (int64_t[]){22}, (int[]){last});
        expect_copy(kDtypes[t], 2, (int64_t[]){3, 14}, (int64_t[]){8, 28},
                    (int[]){first, last});
        expect_copy(kDtypes[t], 2, (int64_t[]){20, 14}, (int64_t[]){41, 28},
                    (int[]){first, last});
        expect_copy(kDtypes[t], 2, (int64_t[]){9, 1}, (int64_t[]){14, 1},
                    (int[]){first, 0});
        expect_copy(kDtypes[t], 3, (int64_t[]){2, 3, 5}, (int64_t[]){2, 7, 5},
                    (int[]){first, last, 0});
        expect_copy(kDtypes[t], 4, (int64_t[]){2, 2, 3, 12}, (int64_t[]){4, 2, 3, 9},
                    (int[]){last, 0, first, last});
      }
    }
  }
}

static void scalars_and_single_elements_are_copied(void** state) {
  (void)state;
  expect_copy(OLSTM_DTYPE_FLOAT, 0, NULL, NULL, NULL);
  expect_copy(OLSTM_DTYPE_FLOAT, 2, (int64_t[]){1, 1}, (int64_t[]){1, 1}, (int[]){0, 0});
  expect_copy(OLSTM_DTYPE_FLOAT, 2, (int64_t[]){1, 1}, (int64_t[]){5, 9}, (int[]){0, 3});
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_table_on_every_axis_copies_as_it_says),
      cmocka_unit_test(scalars_and_single_elements_are_copied),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
