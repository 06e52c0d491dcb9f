// Transposed convolutions that are computed as plain ones (olstm__conv_unfold): their
// weights and results.
#ifndef OLSTM_OP_CONV_CONV_UNFOLD_H_
#define OLSTM_OP_CONV_CONV_UNFOLD_H_

#include <string.h>

#include "op/conv/conv_piece.h"

/// Copies a real of `size` bytes.
static inline void olstm__conv_copy_real(int64_t size, const char* from, char* to) {
  memcpy(to, from, size == (int64_t)sizeof(float) ? sizeof(float) : sizeof(double));
}

/// Packs the weights of `conv` for `plain`, `block` output channels side by side.
/// [no-alloc]
void olstm__conv_pack_unfolded(const olstm__conv* conv, const olstm__conv* plain,
                               int64_t block, const void* weights, void* packed);

/// Puts the results of a piece, [channels][positions], where they belong: the phases of
/// each channel together. A row's room is behind them. [no-alloc]
void olstm__conv_place(const olstm__conv_piece* piece, const olstm__conv_args* args,
                       char* results);

#endif  // OLSTM_OP_CONV_CONV_UNFOLD_H_
