// Transposes of elements of 1, 2, 4 or 8 bytes, at the speed of the CPU's vectors.
#ifndef OLSTM_OP_SHAPE_TRANSPOSE_TILES_H_
#define OLSTM_OP_SHAPE_TRANSPOSE_TILES_H_

#include <stdint.h>

/// Element (r, c) of a source whose rows are neighbours and whose columns are
/// `source_step` bytes apart goes to a target whose columns are neighbours and whose rows
/// are `target_step` bytes apart. Nothing between them is written; no alignment is asked
/// for. [no-alloc]
typedef void (*olstm__transpose_tiles)(int64_t rows, int64_t columns, const char* source,
                                       int64_t source_step, char* target,
                                       int64_t target_step);

/// By the logarithm of an element's bytes.
extern const olstm__transpose_tiles olstm__transpose_tiles_f32_plain[4];

#endif  // OLSTM_OP_SHAPE_TRANSPOSE_TILES_H_
