// Takes a model cut off at every length, and with every bit flipped, all the way to its
// outputs: `flip_bits FILE`. Each must run or be refused in one line of text.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/model_session.h"

enum { kMaxBytes = 4096, kBits = 8 };

int main(int argc, char** argv) {
  static uint8_t bytes[kMaxBytes], changed[kMaxBytes];
  olstm_error error;
  size_t ran = 0;
  FILE* file = argc == 2 ? fopen(argv[1], "rb") : NULL;
  if (!file) {
    (void)fprintf(stderr, "usage: %s FILE\n", argv[0]);
    return 2;
  }
  const size_t count = fread(bytes, 1, sizeof bytes, file);
  (void)fclose(file);
  if (olstm_model_session_try(bytes, count, &error) != MODEL_SESSION_RAN) {
    (void)fprintf(stderr, "the model itself does not run: %s\n", error.message);
    return 1;
  }
  for (size_t i = 0; i < count; i++) {
    // In memory of just that length, so that a step too far is seen.
    uint8_t* start = malloc(i + 1);
    if (!start) return 1;
    memcpy(start, bytes, i);
    ran += olstm_model_session_try(start, i, &error) == MODEL_SESSION_RAN;
    free(start);
    for (int bit = 0; bit < kBits; bit++) {
      memcpy(changed, bytes, count);
      changed[i] ^= (uint8_t)(1U << bit);
      ran += olstm_model_session_try(changed, count, &error) == MODEL_SESSION_RAN;
    }
  }
  (void)printf("%zu changes, %zu of them ran\n", count * (kBits + 1), ran);
  return 0;
}
