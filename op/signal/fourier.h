// Discrete Fourier transforms of any length, in double: by halves where the length is a
// power of two, else as a convolution of such (Bluestein). Knows no tensors.
#ifndef OLSTM_OP_SIGNAL_FOURIER_H_
#define OLSTM_OP_SIGNAL_FOURIER_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// A transform of `length` points. Its table is computed once and const afterwards.
typedef struct olstm__fourier {
  int64_t length;
  /// The power of two that is transformed: `length`, or one with room for the
  /// convolution.
  int64_t size;
  /// Complex numbers as pairs: roots of unity of `size` [size / 2]; for a convolution
  /// also the chirp [length] and its spectrum [size].
  const double* roots;
  const double* chirp;
  const double* spectrum;
} olstm__fourier;

/// Bytes of a transform's table, and of the scratch of each run. False when they do not
/// fit, or length is below 1.
bool olstm__fourier_bytes(int64_t length, size_t* out_table_bytes,
                          size_t* out_scratch_bytes);

/// Fills the table, which `fourier` borrows. scratch: as for a run.
void olstm__fourier_init(olstm__fourier* fourier, int64_t length, void* table,
                         void* scratch);

/// Transforms `values`, `length` complex numbers as pairs, in place; the inverse is not
/// divided by the length. [no-alloc] [any-thread] with distinct scratch.
void olstm__fourier_run(const olstm__fourier* fourier, bool inverse, double* values,
                        void* scratch);

/// Units of work (op/op_work.h) of a run.
uint64_t olstm__fourier_work(int64_t length);

#endif  // OLSTM_OP_SIGNAL_FOURIER_H_
