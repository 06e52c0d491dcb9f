#include "runtime/host/control_table.h"

#include "olstm/version.h"

/// Called only for nodes without a graph attribute.
static olstm_status refuse_node(const olstm_operator* self, const olstm_create_args* args,
                                void** out_instance, olstm_error* error) {
  (void)self;
  *out_instance = NULL;
  return olstm_fail(error, OLSTM_STATUS_INVALID_MODEL, "%s '%s': has no graph attribute",
                    args->node->op_type, args->node->name);
}

/// The other callbacks are never called: create always fails.
static olstm_status infer_none(const void* instance, const olstm_infer_args* args,
                               olstm_tensor_desc* out_outputs, olstm_error* error) {
  (void)instance;
  (void)args;
  (void)out_outputs;
  return olstm_fail(error, OLSTM_STATUS_WRONG_STATE, "no instance");
}

static olstm_status prepare_none(void* instance, const olstm_prepare_args* args,
                                 olstm_prepared* out_prepared, olstm_error* error) {
  (void)instance;
  (void)args;
  (void)out_prepared;
  return olstm_fail(error, OLSTM_STATUS_WRONG_STATE, "no instance");
}

static olstm_status run_none(const void* instance, const void* handle,
                             const olstm_run_args* args, olstm_error* error) {
  (void)instance;
  (void)handle;
  (void)args;
  return olstm_fail(error, OLSTM_STATUS_WRONG_STATE, "no instance");
}

static void release_none(void* instance, void* handle) {
  (void)instance;
  (void)handle;
}

static void destroy_none(void* instance) {
  (void)instance;
}

#define CONTROL_OPERATOR(name, first, first_input_dtypes)                          \
  {                                                                                \
    .struct_size = sizeof(olstm_operator), .domain = "", .op_type = (name),        \
    .first_opset = (first), .dtypes = (first_input_dtypes), .create = refuse_node, \
    .infer = infer_none, .prepare = prepare_none, .run = run_none,                 \
    .release = release_none, .destroy = destroy_none                               \
  }

static const olstm_operator kOperators[] = {
    CONTROL_OPERATOR("If", 1, OLSTM_DTYPE_BIT(OLSTM_DTYPE_BOOL)),
    CONTROL_OPERATOR("Loop", 1, OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT64)),
    // All dtypes that a tensor may have at run time: not strings, not complex numbers.
    CONTROL_OPERATOR("Scan", 8,
                     UINT64_C(0x1fffe) & ~(OLSTM_DTYPE_BIT(OLSTM_DTYPE_STRING) |
                                           OLSTM_DTYPE_BIT(OLSTM_DTYPE_COMPLEX64) |
                                           OLSTM_DTYPE_BIT(OLSTM_DTYPE_COMPLEX128))),
};

static size_t operator_count(void) {
  return sizeof kOperators / sizeof kOperators[0];
}

static const olstm_operator* get_operator(size_t index) {
  return index < operator_count() ? &kOperators[index] : NULL;
}

const olstm_plugin* olstm__control_plugin(void) {
  static const olstm_plugin kPlugin = {
      .struct_size = sizeof(olstm_plugin),
      .abi_version = OLSTM_ABI_VERSION,
      .name = "olstm control",
      .version = OLSTM_VERSION_TEXT,
      .operator_count = operator_count,
      .get_operator = get_operator,
  };
  return &kPlugin;
}
