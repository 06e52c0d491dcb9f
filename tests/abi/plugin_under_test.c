// A plugin with one operator, "Negate" of domain "test", compiled once for each way in
// which a plugin can be right or wrong.
#include "olstm/plugin.h"

static olstm_status negate_create(const olstm_operator* self,
                                  const olstm_create_args* args, void** out_instance,
                                  olstm_error* error) {
  (void)self;
  (void)args;
  (void)error;
  *out_instance = NULL;
  return OLSTM_STATUS_OK;
}

static olstm_status negate_infer(const void* instance, const olstm_infer_args* args,
                                 olstm_tensor_desc* out_outputs, olstm_error* error) {
  (void)instance;
  (void)error;
  out_outputs[0] = args->inputs[0]->desc;
  return OLSTM_STATUS_OK;
}

static olstm_status negate_prepare(void* instance, const olstm_prepare_args* args,
                                   olstm_prepared* out_prepared, olstm_error* error) {
  (void)instance;
  (void)args;
  (void)out_prepared;
  (void)error;
  return OLSTM_STATUS_OK;
}

static olstm_status negate_run(const void* instance, const void* handle,
                               const olstm_run_args* args, olstm_error* error) {
  const float* input = args->inputs[0];
  float* output = args->outputs[0];
  (void)instance;
  (void)handle;
  (void)error;
  output[0] = -input[0];
  return OLSTM_STATUS_OK;
}

static void negate_release(void* instance, void* handle) {
  (void)instance;
  (void)handle;
}

static void negate_destroy(void* instance) {
  (void)instance;
}

static const olstm_operator kNegate = {
    .struct_size = sizeof(olstm_operator),
    .domain = "test",
    .op_type = "Negate",
    .first_opset = 1,
    .dtypes = OLSTM_DTYPE_BIT(OLSTM_DTYPE_FLOAT),
    .create = negate_create,
    .infer = negate_infer,
    .prepare = negate_prepare,
#ifndef PLUGIN_BROKEN
    .run = negate_run,
#endif
    .release = negate_release,
    .destroy = negate_destroy,
};

static size_t count(void) {
  return 1;
}

static const olstm_operator* get(size_t index) {
  (void)negate_run;
  return index == 0 ? &kNegate : NULL;
}

static const olstm_plugin kPlugin = {
    .struct_size = sizeof(olstm_plugin),
#ifdef PLUGIN_NEWER
    .abi_version = OLSTM_ABI_VERSION + 1,
#else
    .abi_version = OLSTM_ABI_VERSION,
#endif
    .name = "negate",
    .version = "1.0",
    .operator_count = count,
    .get_operator = get,
};

#ifdef PLUGIN_EMPTY
#define ENTRY not_the_entry
OLSTM_API const olstm_plugin* ENTRY(const olstm_host* host, olstm_error* error);
#else
#define ENTRY olstm_plugin_entry
#endif

const olstm_plugin* ENTRY(const olstm_host* host, olstm_error* error) {
#ifdef PLUGIN_REFUSING
  (void)olstm_fail(error, OLSTM_STATUS_UNSUPPORTED, "needs ABI version 7, %s has %u",
                   host->name, (unsigned)host->abi_version);
  return host->abi_version < 7 ? NULL : &kPlugin;
#else
  (void)host;
  (void)error;
  return &kPlugin;
#endif
}
