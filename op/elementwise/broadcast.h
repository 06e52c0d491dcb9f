// Multidirectional broadcasting: the common shape of several inputs, and a plan to
// iterate over them together.
#ifndef OLSTM_OP_ELEMENTWISE_BROADCAST_H_
#define OLSTM_OP_ELEMENTWISE_BROADCAST_H_

#include "op/op_support.h"

enum { OLSTM__BROADCAST_MAX_INPUTS = 3 };

/// How to iterate over an output and up to three inputs. Neighbouring dimensions are
/// merged where all tensors allow it, so that the innermost one, the run, is as long as
/// possible. Within a run an input's step is 1, or 0 where it is broadcast.
typedef struct olstm__broadcast {
  int32_t rank;
  int32_t input_count;
  int64_t dims[OLSTM_MAX_RANK];
  int64_t strides[OLSTM__BROADCAST_MAX_INPUTS][OLSTM_MAX_RANK];
  /// Elements of a run; how many runs there are.
  int64_t run_length;
  int64_t run_count;
  /// Items of a run, and of all.
  int64_t run_items;
  int64_t item_count;
} olstm__broadcast;

/// The position of an iteration over some items: neighbours of one run, their first
/// element in every input, and in the output.
typedef struct olstm__broadcast_cursor {
  int64_t index[OLSTM_MAX_RANK];
  int64_t offsets[OLSTM__BROADCAST_MAX_INPUTS];
  int64_t output;
  /// How many they are: 0 after the last.
  int64_t length;
  /// Elements of the output that are left.
  int64_t left;
} olstm__broadcast_cursor;

/// Long runs are divided: an item is a run, or so many neighbours of one.
enum { OLSTM__BROADCAST_ITEM = 2048 };

/// The shape that inputs `first` to `first + count - 1` have in common, in *out_shape;
/// its dtype is left alone. Fails with SHAPE_MISMATCH naming both inputs.
olstm_status olstm__broadcast_infer(const olstm__op_base* base,
                                    const olstm_infer_args* args, size_t first,
                                    size_t count, olstm_tensor_desc* out_shape,
                                    olstm_error* error);

/// Whether `from` can be broadcast to `to` without changing `to`.
bool olstm__broadcast_fits(const olstm_tensor_desc* from, const olstm_tensor_desc* to);

/// Plans the walk. Every input must fit the output.
void olstm__broadcast_init(olstm__broadcast* plan, const olstm_tensor_desc* output,
                           const olstm_tensor_desc* const* inputs, int32_t input_count);

/// The same of dimensions, at most OLSTM_MAX_RANK, and every input's strides in them: 0
/// where it is repeated. The last dimension's are not checked.
void olstm__broadcast_init_strides(olstm__broadcast* plan, int32_t rank,
                                   const int64_t* dims, int64_t strides[][OLSTM_MAX_RANK],
                                   int32_t input_count);

/// Moves the cursor to item `begin`, and what of its run is before item `end`. [no-alloc]
void olstm__broadcast_seek(const olstm__broadcast* plan, int64_t begin, int64_t end,
                           olstm__broadcast_cursor* cursor);

/// Moves the cursor, which may be zeroed for the first run, to the next. [no-alloc]
void olstm__broadcast_next(const olstm__broadcast* plan, olstm__broadcast_cursor* cursor);

/// The step of an input within a run: 0 or 1.
static inline int64_t olstm__broadcast_step(const olstm__broadcast* plan, int32_t input) {
  return plan->strides[input][plan->rank - 1];
}

#endif  // OLSTM_OP_ELEMENTWISE_BROADCAST_H_
