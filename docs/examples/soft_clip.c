// An operator plugin in small: com.example.audio:SoftClip, y = d x / (1 + |d x|) with the
// attribute drive (default 1).
//
//   cc -std=c11 -shared -fPIC soft_clip.c -o libsoft_clip.so -lm
//   olstm run MODEL --plugin ./libsoft_clip.so ...
#include <math.h>

#include "olstm/plugin.h"

/// What one node keeps: made by create, const for runs.
typedef struct soft_clip {
  olstm_allocator allocator;
  float drive;
} soft_clip;

static olstm_status create(const olstm_operator* self, const olstm_create_args* args,
                           void** out_instance, olstm_error* error) {
  static const char* const kAttributes[] = {"drive"};
  const olstm_node* node = args->node;
  float drive = 1.0F;
  (void)self;
  if (!olstm_node_has_input(node, 0)) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_MODEL,
                      "SoftClip '%s': input is missing", node->name);
  }
  OLSTM_RETURN_IF_ERROR(olstm_node_allow_attributes(node, kAttributes, 1, error));
  OLSTM_RETURN_IF_ERROR(olstm_node_get_float(node, "drive", 1.0F, &drive, error));
  soft_clip* instance = olstm_allocate(args->host->allocator, 1, sizeof *instance);
  if (!instance) return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory");
  *instance = (soft_clip){*args->host->allocator, drive};
  *out_instance = instance;
  return OLSTM_STATUS_OK;
}

static olstm_status infer(const void* instance, const olstm_infer_args* args,
                          olstm_tensor_desc* out_outputs, olstm_error* error) {
  (void)instance;
  if (args->inputs[0]->desc.dtype != OLSTM_DTYPE_FLOAT) {
    return olstm_fail(error, OLSTM_STATUS_DTYPE_MISMATCH,
                      "SoftClip: input has dtype %s, expected float",
                      olstm_dtype_name(args->inputs[0]->desc.dtype));
  }
  out_outputs[0] = args->inputs[0]->desc;
  return OLSTM_STATUS_OK;
}

/// The runs need the number of elements: it is kept where the host keeps the handle.
static olstm_status prepare(void* instance, const olstm_prepare_args* args,
                            olstm_prepared* out_prepared, olstm_error* error) {
  const soft_clip* self = instance;
  int64_t* count = olstm_allocate(&self->allocator, 1, sizeof *count);
  if (!count) return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory");
  *count = olstm_tensor_desc_count(&args->outputs[0]);
  out_prepared->handle = count;
  out_prepared->inplace_inputs = 1U;  // y may be written over x
  return OLSTM_STATUS_OK;
}

static olstm_status run(const void* instance, const void* handle,
                        const olstm_run_args* args, olstm_error* error) {
  const float drive = ((const soft_clip*)instance)->drive;
  const int64_t count = *(const int64_t*)handle;
  const float* x = args->inputs[0];
  float* y = args->outputs[0];
  (void)error;
  for (int64_t i = 0; i < count; i++) {
    const float driven = drive * x[i];
    y[i] = driven / (1.0F + fabsf(driven));
  }
  return OLSTM_STATUS_OK;
}

static void release(void* instance, void* handle) {
  const soft_clip* self = instance;
  olstm_release(&self->allocator, handle, 1, sizeof(int64_t));
}

static void destroy(void* instance) {
  if (!instance) return;
  const olstm_allocator allocator = ((soft_clip*)instance)->allocator;
  olstm_release(&allocator, instance, 1, sizeof(soft_clip));
}

static const olstm_operator kSoftClip = {.struct_size = sizeof(olstm_operator),
                                         .domain = "com.example.audio",
                                         .op_type = "SoftClip",
                                         .first_opset = 1,
                                         .dtypes = OLSTM_DTYPE_BIT(OLSTM_DTYPE_FLOAT),
                                         .create = create,
                                         .infer = infer,
                                         .prepare = prepare,
                                         .run = run,
                                         .release = release,
                                         .destroy = destroy};

static size_t operator_count(void) {
  return 1;
}
static const olstm_operator* get_operator(size_t index) {
  return index == 0 ? &kSoftClip : NULL;
}

const olstm_plugin* olstm_plugin_entry(const olstm_host* host, olstm_error* error) {
  static const olstm_plugin kPlugin = {.struct_size = sizeof(olstm_plugin),
                                       .abi_version = OLSTM_ABI_VERSION,
                                       .name = "soft_clip",
                                       .version = "1.0",
                                       .operator_count = operator_count,
                                       .get_operator = get_operator};
  (void)host;
  (void)error;
  return &kPlugin;
}
