// Transposes of 4-byte elements, at the speed of the CPU's vectors.
#ifndef OLSTM_OP_SHAPE_TRANSPOSE_TILES_H_
#define OLSTM_OP_SHAPE_TRANSPOSE_TILES_H_

#include <stdint.h>

/// Element (r, c) of a source whose rows are neighbours and whose columns are
/// `source_step` elements apart goes to a target whose columns are neighbours and whose
/// rows are `target_step` elements apart. No alignment is asked for. [no-alloc]
void olstm__transpose_tiles_f32_plain(int64_t rows, int64_t columns, const char* source,
                                      int64_t source_step, char* target,
                                      int64_t target_step);

#endif  // OLSTM_OP_SHAPE_TRANSPOSE_TILES_H_
