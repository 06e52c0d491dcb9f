// Mutations of models that keep them readable: numbers, names, attributes, dimensions and
// the order of things change, not the bytes that hold them together. So they get past
// protobuf and deep into what runs models.
#ifndef OLSTM_TESTS_FUZZ_MODEL_MUTATOR_H_
#define OLSTM_TESTS_FUZZ_MODEL_MUTATOR_H_

#include <stddef.h>
#include <stdint.h>

/// Writes a mutation of the model in `data` to out_bytes, which has room for `capacity`
/// bytes and may be `data` itself. The same seed gives the same mutation on every
/// machine. Returns the number of bytes: 0 when `data` is no model, or the mutation does
/// not fit.
size_t olstm_mutate_model(const uint8_t* data, size_t size, uint8_t* out_bytes,
                          size_t capacity, uint64_t seed);

#endif  // OLSTM_TESTS_FUZZ_MODEL_MUTATOR_H_
