// Shared by GatherND and ScatterND: tuples of indices, each of a slice of the data.
#ifndef OLSTM_OP_GATHER_GATHER_ND_H_
#define OLSTM_OP_GATHER_GATHER_ND_H_

#include "op/gather/index_list.h"

/// Const once it is initialised.
typedef struct olstm__tuple_walk {
  size_t batch_count;
  size_t tuples_per_batch;
  int32_t tuple_length;
  /// Of the data's dimensions that a tuple indexes; strides in bytes.
  int64_t dims[OLSTM_MAX_RANK];
  size_t strides[OLSTM_MAX_RANK];
  size_t batch_bytes;
  size_t slice_bytes;
  size_t slice_count;
} olstm__tuple_walk;

/// Checks that the indices are int64 tuples that the data has dimensions for after
/// `batch_dims` common ones. *out_length is a tuple's length.
olstm_status olstm__tuple_walk_check(const olstm__op_base* base,
                                     const olstm_infer_args* args, int32_t batch_dims,
                                     int32_t* out_length, olstm_error* error);

/// For what olstm__tuple_walk_check took.
void olstm__tuple_walk_init(olstm__tuple_walk* walk, const olstm_tensor_desc* data,
                            const olstm_tensor_desc* indices, int32_t batch_dims);

/// The offset in bytes of the slice that tuple number `tuple` of all names.
olstm_status olstm__tuple_walk_find(const olstm__tuple_walk* walk,
                                    const olstm__op_base* base, const int64_t* indices,
                                    size_t tuple, size_t* out_offset, olstm_error* error);

#endif  // OLSTM_OP_GATHER_GATHER_ND_H_
