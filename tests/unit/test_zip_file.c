// tools/zip_file.h: archives that NumPy wrote, and the same with bytes changed, cut off
// or made up.
#include "tools/zip_file.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/test_main.h"
#include "tools/file_bytes.h"

static olstm__file_bytes read_archive(const char* name) {
  char path[OLSTM__PATH_CAPACITY];
  olstm__file_bytes bytes;
  (void)snprintf(path, sizeof path, OLSTM_TEST_DATA "/npz/%s", name);
  assert_int_equal(olstm__file_bytes_read(path, &bytes, NULL), OLSTM_STATUS_OK);
  return bytes;
}

/// Reads all entries. How many could be read.
static size_t read_all(const unsigned char* bytes, size_t count) {
  olstm__zip_file zip;
  olstm_error error;
  size_t read_count = 0;
  if (olstm__zip_open(bytes, count, &zip, &error) != OLSTM_STATUS_OK) return 0;
  for (size_t i = 0; i < zip.entry_count; i++) {
    unsigned char* data = NULL;
    size_t data_count = 0;
    if (olstm__zip_read(&zip, &zip.entries[i], &data, &data_count, &error) ==
        OLSTM_STATUS_OK) {
      read_count++;
    }
    free(data);
  }
  olstm__zip_deinit(&zip);
  return read_count;
}

static void reads_what_numpy_writes(void** state) {
  olstm__file_bytes bytes = read_archive("stored.npz");
  olstm__zip_file zip;
  unsigned char* data = NULL;
  size_t count = 0;
  (void)state;
  assert_true(olstm__zip_is_one(bytes.data, bytes.count));
  assert_int_equal(olstm__zip_open(bytes.data, bytes.count, &zip, NULL), OLSTM_STATUS_OK);
  assert_int_equal(zip.entry_count, 1);
  assert_int_equal(zip.entries[0].name_bytes, 5);
  assert_memory_equal(zip.entries[0].name, "X.npy", 5);
  assert_int_equal(olstm__zip_read(&zip, &zip.entries[0], &data, &count, NULL),
                   OLSTM_STATUS_OK);
  assert_int_equal(count, 128 + 24);
  assert_memory_equal(data, "\x93NUMPY", 6);
  free(data);
  olstm__zip_deinit(&zip);
  olstm__file_bytes_deinit(&bytes);
}

static void reads_deflated_entries(void** state) {
#ifdef OLSTM_WITH_ZLIB
  olstm__file_bytes bytes = read_archive("deflated.npz");
  (void)state;
  assert_int_equal(read_all(bytes.data, bytes.count), 2);
  olstm__file_bytes_deinit(&bytes);
#else
  (void)state;
  skip();
#endif
}

static void finds_the_list_before_a_comment(void** state) {
  olstm__file_bytes bytes = read_archive("stored.npz");
  const size_t count = bytes.count + 3;
  unsigned char* longer = calloc(count, 1);
  (void)state;
  assert_non_null(longer);
  memcpy(longer, bytes.data, bytes.count);
  longer[bytes.count - 2] = 3;
  assert_int_equal(read_all(longer, count), 1);
  free(longer);
  olstm__file_bytes_deinit(&bytes);
}

/// Files that end early, and each byte changed in many ways: an error or the data, and no
/// access beyond the bytes, which sanitizers see.
static void survives_damage(void** state) {
  static const char* const kFiles[] = {"stored.npz", "deflated.npz"};
  static const unsigned char kBits[] = {0x01, 0x80, 0xff};
  (void)state;
  for (size_t f = 0; f < 2; f++) {
    olstm__file_bytes bytes = read_archive(kFiles[f]);
    for (size_t count = 0; count < bytes.count; count++) {
      unsigned char* cut = malloc(count + 1);
      assert_non_null(cut);
      memcpy(cut, bytes.data, count);
      (void)read_all(cut, count);
      free(cut);
    }
    for (size_t at = 0; at < bytes.count; at++) {
      for (size_t b = 0; b < sizeof kBits; b++) {
        bytes.data[at] ^= kBits[b];
        (void)read_all(bytes.data, bytes.count);
        bytes.data[at] ^= kBits[b];
      }
    }
    olstm__file_bytes_deinit(&bytes);
  }
}

static void a_changed_element_fails_the_checksum(void** state) {
  olstm__file_bytes bytes = read_archive("stored.npz");
  olstm__zip_file zip;
  olstm_error error;
  unsigned char* data = NULL;
  size_t count = 0;
  (void)state;
  unsigned char* at = bytes.data;
  while (memcmp(at, "\x93NUMPY", 6) != 0) at++;
  at[130] ^= 1;
  assert_int_equal(olstm__zip_open(bytes.data, bytes.count, &zip, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm__zip_read(&zip, &zip.entries[0], &data, &count, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message,
                      "the zip archive is damaged: the checksum of an entry is another");
  olstm__zip_deinit(&zip);
  olstm__file_bytes_deinit(&bytes);
}

static void other_methods_are_refused_by_name(void** state) {
  olstm__file_bytes bytes = read_archive("stored.npz");
  olstm__zip_file zip;
  olstm_error error;
  unsigned char* data = NULL;
  size_t count = 0;
  (void)state;
  assert_int_equal(olstm__zip_open(bytes.data, bytes.count, &zip, NULL), OLSTM_STATUS_OK);
  zip.entries[0].method = 12;
  assert_int_equal(olstm__zip_read(&zip, &zip.entries[0], &data, &count, &error),
                   OLSTM_STATUS_UNSUPPORTED);
  assert_string_equal(
      error.message,
      "'X.npy' is packed in another way: only stored and deflated entries "
      "are read");
  zip.entries[0].method = 0;
  zip.entries[0].flags = 1;
  assert_int_equal(olstm__zip_read(&zip, &zip.entries[0], &data, &count, &error),
                   OLSTM_STATUS_UNSUPPORTED);
  olstm__zip_deinit(&zip);
  olstm__file_bytes_deinit(&bytes);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_what_numpy_writes),
      cmocka_unit_test(reads_deflated_entries),
      cmocka_unit_test(finds_the_list_before_a_comment),
      cmocka_unit_test(survives_damage),
      cmocka_unit_test(a_changed_element_fails_the_checksum),
      cmocka_unit_test(other_methods_are_refused_by_name),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
