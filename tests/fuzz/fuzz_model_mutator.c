// Lets libFuzzer change models as olstm_mutate_model does, and, now and then, as bytes.
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/model_mutator.h"

enum { kBytesOneIn = 8 };

/// libFuzzer's own.
size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                               unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                               unsigned seed) {
  const size_t count =
      seed % kBytesOneIn == 0 ? 0 : olstm_mutate_model(data, size, data, max_size, seed);
  return count ? count : LLVMFuzzerMutate(data, size, max_size);
}
