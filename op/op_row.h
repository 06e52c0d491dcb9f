// Rows of a family's table for operators whose callbacks are in another file.
#ifndef OLSTM_OP_OP_ROW_H_
#define OLSTM_OP_OP_ROW_H_

#include "op/op_support.h"

/// A row with the callbacks olstm__NAME_infer, olstm__NAME_prepare and olstm__NAME_run,
/// and the schema olstm__SCHEMA.
#define OLSTM__OP_ROW(TYPE, FIRST, LAST, DTYPES, NAME, SCHEMA)                        \
  OLSTM__OP_ENTRY(TYPE, FIRST, LAST, DTYPES, &olstm__##SCHEMA, olstm__##NAME##_infer, \
                  olstm__##NAME##_prepare, olstm__##NAME##_run)

/// Declares those three callbacks.
#define OLSTM__OP_DECLARE(NAME)                                                          \
  olstm_status olstm__##NAME##_infer(const void* instance, const olstm_infer_args* args, \
                                     olstm_tensor_desc* out_outputs,                     \
                                     olstm_error* error);                                \
  olstm_status olstm__##NAME##_prepare(void* instance, const olstm_prepare_args* args,   \
                                       olstm_prepared* out_prepared,                     \
                                       olstm_error* error);                              \
  olstm_status olstm__##NAME##_run(const void* instance, const void* handle,             \
                                   const olstm_run_args* args, olstm_error* error)

#endif  // OLSTM_OP_OP_ROW_H_
