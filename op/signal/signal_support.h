// What the operators of this folder have in common: numbers that come as scalars, and
// tables of transforms in handles.
#ifndef OLSTM_OP_SIGNAL_SIGNAL_SUPPORT_H_
#define OLSTM_OP_SIGNAL_SIGNAL_SUPPORT_H_

#include "op/op_support.h"
#include "op/signal/fourier.h"

/// Reads one number of any numeric dtype. Errors: NEEDS_DATA, SHAPE_MISMATCH.
olstm_status olstm__signal_read_number(const olstm__op_base* base,
                                       const olstm_infer_args* args, size_t index,
                                       double* out_value, olstm_error* error);

/// As above, a whole number in 0..2^40.
olstm_status olstm__signal_read_size(const olstm__op_base* base,
                                     const olstm_infer_args* args, size_t index,
                                     int64_t* out_value, olstm_error* error);

/// A handle of `bytes` bytes with a transform's table behind it.
/// Errors: OUT_OF_MEMORY, LIMIT_EXCEEDED (the length).
olstm_status olstm__signal_create_handle(const olstm__op_base* base, size_t bytes,
                                         int64_t length, void** out_handle,
                                         olstm__fourier* out_fourier,
                                         size_t* out_scratch_bytes, olstm_error* error);

#endif  // OLSTM_OP_SIGNAL_SIGNAL_SUPPORT_H_
