// Rows of a family's table: operators in a third of the bytes of an olstm_operator.
#ifndef OLSTM_OP_OP_ROW_H_
#define OLSTM_OP_OP_ROW_H_

#include "op/fused.h"
#include "op/op_support.h"

/// The callbacks of an olstm_operator, which all its versions share.
typedef struct olstm__op_callbacks {
  olstm_status (*create)(const olstm_operator* self, const olstm_create_args* args,
                         void** out_instance, olstm_error* error);
  olstm_status (*infer)(const void* instance, const olstm_infer_args* args,
                        olstm_tensor_desc* out_outputs, olstm_error* error);
  olstm_status (*prepare)(void* instance, const olstm_prepare_args* args,
                          olstm_prepared* out_prepared, olstm_error* error);
  olstm_status (*run)(const void* instance, const void* handle,
                      const olstm_run_args* args, olstm_error* error);
  void (*release)(void* instance, void* handle);
  void (*destroy)(void* instance);
} olstm__op_callbacks;

/// NAME_infer, NAME_prepare and NAME_run, of instances that olstm__op_create_schema
/// makes, whose handles own nothing but themselves.
#define OLSTM__OP_CALLBACKS(NAME) \
  OLSTM__OP_CALLBACKS_WITH_DESTROY(NAME, olstm__op_destroy)
#define OLSTM__OP_CALLBACKS_WITH_DESTROY(NAME, DESTROY)                                  \
  {                                                                                      \
    .create = olstm__op_create_schema, .infer = NAME##_infer, .prepare = NAME##_prepare, \
    .run = NAME##_run, .release = olstm__op_release_handle, .destroy = DESTROY           \
  }

/// Declares callbacks that are in another file than the table.
#define OLSTM__OP_DECLARE(NAME)                                                          \
  olstm_status olstm__##NAME##_infer(const void* instance, const olstm_infer_args* args, \
                                     olstm_tensor_desc* out_outputs,                     \
                                     olstm_error* error);                                \
  olstm_status olstm__##NAME##_prepare(void* instance, const olstm_prepare_args* args,   \
                                       olstm_prepared* out_prepared,                     \
                                       olstm_error* error);                              \
  olstm_status olstm__##NAME##_run(const void* instance, const void* handle,             \
                                   const olstm_run_args* args, olstm_error* error)

typedef enum olstm__op_domain {
  OLSTM__DOMAIN_ONNX,
  OLSTM__DOMAIN_FUSED,
  OLSTM__DOMAIN_MICROSOFT
} olstm__op_domain;

/// An olstm_operator: its fields of the same names.
typedef struct olstm__op_row {
  const char* op_type;
  const olstm__op_callbacks* callbacks;
  const void* variant;
  /// There is no bit above 31.
  uint32_t dtypes;
  uint8_t first_opset;
  uint8_t last_opset;
  uint8_t flags;
  /// An olstm__op_domain.
  uint8_t domain;
} olstm__op_row;

/// A row of ONNX's own domain.
#define OLSTM__OP_ROW(TYPE, FIRST, LAST, DTYPES, CALLBACKS, VARIANT) \
  OLSTM__OP_ROW_WITH_FLAGS(TYPE, FIRST, LAST, DTYPES, CALLBACKS, VARIANT, 0)
#define OLSTM__OP_ROW_WITH_FLAGS(TYPE, FIRST, LAST, DTYPES, CALLBACKS, VARIANT, FLAGS)   \
  {                                                                                      \
    .op_type = TYPE, .callbacks = &(CALLBACKS), .variant = &(VARIANT), .dtypes = DTYPES, \
    .first_opset = FIRST, .last_opset = LAST, .flags = FLAGS                             \
  }

/// A row of what fusion alone creates.
#define OLSTM__OP_ROW_FUSED(TYPE, DTYPES, CALLBACKS, VARIANT)                            \
  {                                                                                      \
    .op_type = TYPE, .callbacks = &(CALLBACKS), .variant = &(VARIANT), .dtypes = DTYPES, \
    .first_opset = OLSTM__FUSED_OPSET, .last_opset = OLSTM__FUSED_OPSET,                 \
    .domain = OLSTM__DOMAIN_FUSED                                                        \
  }

#endif  // OLSTM_OP_OP_ROW_H_
