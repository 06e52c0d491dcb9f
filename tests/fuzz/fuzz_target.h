// What every fuzz target defines. libFuzzer calls it with inputs of its own;
// fuzz_replay.c calls it with those of the corpus.
#ifndef OLSTM_TESTS_FUZZ_FUZZ_TARGET_H_
#define OLSTM_TESTS_FUZZ_FUZZ_TARGET_H_

#include <stddef.h>
#include <stdint.h>

/// Runs one input. Aborts when a promise is broken; returns 0.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

#endif  // OLSTM_TESTS_FUZZ_FUZZ_TARGET_H_
