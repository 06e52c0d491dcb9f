// Takes choices out of a fuzzer's bytes; zeros when there are none left.
#ifndef OLSTM_TESTS_FUZZ_BYTE_READER_H_
#define OLSTM_TESTS_FUZZ_BYTE_READER_H_

#include <stddef.h>
#include <stdint.h>

typedef struct byte_reader {
  const uint8_t* at;
  size_t left;
} byte_reader;

static inline uint8_t read_byte(byte_reader* reader) {
  if (reader->left == 0) return 0;
  reader->left--;
  return *reader->at++;
}

/// A number below `count`, which is at most 256.
static inline size_t read_choice(byte_reader* reader, size_t count) {
  return read_byte(reader) % count;
}

#endif  // OLSTM_TESTS_FUZZ_BYTE_READER_H_
