// Rows of a family's table of operators, for those whose variant is an olstm__op_form.
#ifndef OLSTM_OP_OP_ROW_H_
#define OLSTM_OP_OP_ROW_H_

#include "op/op_support.h"

/// One row. FORM is an olstm__op_form object; INFER, PREPARE and RUN are callbacks.
#define OLSTM__OP_ENTRY(TYPE, FIRST, LAST, FLAGS, DTYPES, FORM, INFER, PREPARE, RUN)    \
  {                                                                                     \
    .struct_size = sizeof(olstm_operator), .domain = "", .op_type = (TYPE),             \
    .first_opset = (FIRST), .last_opset = (LAST), .flags = (FLAGS), .dtypes = (DTYPES), \
    .variant = &(FORM), .create = olstm__op_create_form, .infer = (INFER),              \
    .prepare = (PREPARE), .run = (RUN), .release = olstm__op_release_handle,            \
    .destroy = olstm__op_destroy                                                        \
  }

/// A row with the callbacks olstm__NAME_infer, olstm__NAME_prepare and olstm__NAME_run,
/// and the form olstm__FORM.
#define OLSTM__OP_ROW(TYPE, FIRST, LAST, DTYPES, NAME, FORM)                          \
  OLSTM__OP_ENTRY(TYPE, FIRST, LAST, 0, DTYPES, olstm__##FORM, olstm__##NAME##_infer, \
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
