// Callbacks of operators whose output has the same bytes as input 0.
#ifndef OLSTM_OP_SHAPE_VIEW_H_
#define OLSTM_OP_SHAPE_VIEW_H_

#include "op/op_support.h"

/// The prepare callback: tells the host that it may share the buffer.
olstm_status olstm__view_prepare(void* instance, const olstm_prepare_args* args,
                                 olstm_prepared* out_prepared, olstm_error* error);

/// The run callback, for hosts that call it all the same: copies.
olstm_status olstm__view_run(const void* instance, const void* handle,
                             const olstm_run_args* args, olstm_error* error);

#endif  // OLSTM_OP_SHAPE_VIEW_H_
