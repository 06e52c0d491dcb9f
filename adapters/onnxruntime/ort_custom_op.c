// Custom operators for ONNX Runtime 1.16 and later, domain "olstm": LSTM has ONNX's
// signature, StatefulLSTM keeps its state from run to run of a session and takes a ninth
// input, reset (bool, one element): true starts from the initial state.
#include <onnxruntime_c_api.h>
#include <pthread.h>
#include <stdlib.h>

#include "olstm/export.h"
#include "ort_custom_node.h"
#include "ort_node.h"

enum { kApiVersion = 16, kResetInput = OLSTM_RECURRENT_INPUT_COUNT, kMaxCustomInputs };

/// One registered operator: a name, a dtype, and whether it keeps state.
typedef struct custom_op {
  OrtCustomOp base;
  const char* name;
  ONNXTensorElementDataType dtype;
  bool is_stateful;
} custom_op;

/// The state of one StatefulLSTM node: h and c, and the room that the next ones are
/// computed into.
typedef struct node_state {
  pthread_mutex_t mutex;
  bool is_set;
  olstm_tensor_desc desc;
  void* current[2];
  void* next[2];
  size_t bytes;
} node_state;

typedef struct custom_kernel {
  const OrtApi* api;
  const custom_op* op;
  olstm__node_runner* runner;
  node_state state;
} custom_kernel;

/// One call: the tensors that came, and where outputs go.
typedef struct custom_call {
  custom_kernel* kernel;
  OrtKernelContext* context;
  olstm_tensor tensors[kMaxCustomInputs];
  const olstm_tensor* inputs[kMaxCustomInputs];
} custom_call;

static olstm_status read_inputs(custom_call* call, olstm_error* error) {
  const OrtApi* api = call->kernel->api;
  size_t count = 0;
  OLSTM_RETURN_IF_ERROR(olstm__ort_check(
      api, api->KernelContext_GetInputCount(call->context, &count), error));
  for (size_t i = 0; i < count && i < kMaxCustomInputs; i++) {
    const OrtValue* value = NULL;
    OLSTM_RETURN_IF_ERROR(olstm__ort_check(
        api, api->KernelContext_GetInput(call->context, i, &value), error));
    if (!value) continue;
    OLSTM_RETURN_IF_ERROR(olstm__ort_tensor_view(api, value, &call->tensors[i], error));
    call->inputs[i] = &call->tensors[i];
  }
  return OLSTM_STATUS_OK;
}

static void* get_context_output(const custom_call* call, size_t index,
                                const olstm_tensor_desc* desc) {
  const OrtApi* api = call->kernel->api;
  OrtValue* value = NULL;
  void* data = NULL;
  OrtStatus* status = api->KernelContext_GetOutput(call->context, index, desc->dims,
                                                   (size_t)desc->rank, &value);
  if (!status && value) status = api->GetTensorMutableData(value, &data);
  if (status) api->ReleaseStatus(status);
  return data;
}

static void* get_output(void* user, size_t index, const olstm_tensor_desc* desc) {
  return get_context_output(user, index, desc);
}

// ---------------------------------------------------------------- state

/// Y goes to ONNX Runtime; Y_h and Y_c to the state's other half, and from there to
/// whoever wants them.
static void* get_stateful_output(void* user, size_t index,
                                 const olstm_tensor_desc* desc) {
  custom_call* call = user;
  return index == 0 ? get_context_output(call, 0, desc)
                    : call->kernel->state.next[index - 1];
}

static void release_state(node_state* state) {
  for (size_t i = 0; i < 2; i++) {
    free(state->current[i]);
    free(state->next[i]);
    state->current[i] = state->next[i] = NULL;
  }
  state->bytes = 0;
  state->is_set = false;
}

static bool reserve_state(node_state* state, size_t bytes) {
  if (bytes == state->bytes && state->current[0]) return true;
  release_state(state);
  for (size_t i = 0; i < 2; i++) {
    state->current[i] = calloc(bytes + 1, 1);
    state->next[i] = calloc(bytes + 1, 1);
  }
  state->bytes = bytes;
  return state->current[0] && state->current[1] && state->next[0] && state->next[1];
}

/// The shape that ONNX gives the state for this X and R: [D,N,H], or [N,D,H] with
/// layout 1.
static olstm_status state_desc(const custom_call* call, olstm_tensor_desc* out_desc,
                               olstm_error* error) {
  const olstm_node* node = olstm__node_runner_node(call->kernel->runner);
  const olstm_tensor* x = call->inputs[OLSTM_RECURRENT_X];
  const olstm_tensor* r = call->inputs[OLSTM_RECURRENT_R];
  int64_t layout = 0;
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(node, "layout", 0, &layout, error));
  if (!x || !r || x->desc.rank != 3 || r->desc.rank != 3) {
    return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                      "olstm.StatefulLSTM '%s': X and R must have rank 3", node->name);
  }
  out_desc->dtype = x->desc.dtype;
  out_desc->rank = 3;
  out_desc->dims[0] = layout ? x->desc.dims[0] : r->desc.dims[0];
  out_desc->dims[1] = layout ? r->desc.dims[0] : x->desc.dims[1];
  out_desc->dims[2] = r->desc.dims[2];
  return OLSTM_STATUS_OK;
}

/// Before the first run, and on reset: the initial state, or zeros where the node has
/// none.
static olstm_status start_state(custom_call* call, const olstm_tensor_desc* desc,
                                olstm_error* error) {
  static const size_t kInitial[2] = {OLSTM_RECURRENT_INITIAL_H,
                                     OLSTM_RECURRENT_INITIAL_C};
  node_state* state = &call->kernel->state;
  const char* name = olstm__node_runner_node(call->kernel->runner)->name;
  size_t bytes = 0;
  if (!olstm_tensor_desc_bytes(desc, &bytes) || !reserve_state(state, bytes)) {
    release_state(state);
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY,
                      "olstm.StatefulLSTM '%s': no memory for its state", name);
  }
  for (size_t i = 0; i < 2; i++) {
    const olstm_tensor* initial = call->inputs[kInitial[i]];
    if (initial && !olstm_tensor_desc_equal(&initial->desc, desc)) {
      return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                        "olstm.StatefulLSTM '%s': %s has shape %s, expected %s", name,
                        i ? "initial_c" : "initial_h",
                        olstm_shape_text(&initial->desc).text,
                        olstm_shape_text(desc).text);
    }
    if (bytes == 0) continue;
    if (initial) {
      memcpy(state->current[i], initial->data, bytes);
    } else {
      memset(state->current[i], 0, bytes);
    }
  }
  state->desc = *desc;
  state->is_set = true;
  return OLSTM_STATUS_OK;
}

static olstm_status check_state(custom_call* call, olstm_error* error) {
  node_state* state = &call->kernel->state;
  const olstm_tensor* reset = call->inputs[kResetInput];
  const char* name = olstm__node_runner_node(call->kernel->runner)->name;
  olstm_tensor_desc desc;
  memset(&desc, 0, sizeof desc);
  if (reset && olstm_tensor_desc_count(&reset->desc) != 1) {
    return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                      "olstm.StatefulLSTM '%s': reset has shape %s, expected one element",
                      name, olstm_shape_text(&reset->desc).text);
  }
  OLSTM_RETURN_IF_ERROR(state_desc(call, &desc, error));
  if (!state->is_set || (reset && *(const bool*)reset->data)) {
    return start_state(call, &desc, error);
  }
  if (olstm_tensor_desc_equal(&desc, &state->desc)) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                    "olstm.StatefulLSTM '%s': the state has shape %s, this run needs %s: "
                    "reset it",
                    name, olstm_shape_text(&state->desc).text,
                    olstm_shape_text(&desc).text);
}

static void publish_state(const custom_call* call) {
  const node_state* state = &call->kernel->state;
  for (size_t i = 0; i < 2; i++) {
    void* wanted = get_context_output(call, i + 1, &state->desc);
    if (wanted && state->bytes) memcpy(wanted, state->current[i], state->bytes);
  }
}

static olstm_status run_stateful(custom_call* call, olstm_error* error) {
  node_state* state = &call->kernel->state;
  const olstm__output_source outputs = {call, get_stateful_output};
  OLSTM_RETURN_IF_ERROR(check_state(call, error));
  olstm_tensor current[2];
  for (size_t i = 0; i < 2; i++) {
    current[i] = (olstm_tensor){state->desc, state->current[i]};
    call->inputs[OLSTM_RECURRENT_INITIAL_H + i] = &current[i];
  }
  OLSTM_RETURN_IF_ERROR(
      olstm__node_runner_run(call->kernel->runner, call->inputs, &outputs, NULL, error));
  for (size_t i = 0; i < 2; i++) {
    void* done = state->next[i];
    state->next[i] = state->current[i];
    state->current[i] = done;
  }
  publish_state(call);
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- ONNX Runtime's
// callbacks

static OrtStatusPtr ORT_API_CALL compute(void* op_kernel, OrtKernelContext* context) {
  custom_kernel* kernel = op_kernel;
  custom_call call = {.kernel = kernel, .context = context};
  const olstm__output_source outputs = {&call, get_output};
  olstm_error error = {""};
  olstm_status status = read_inputs(&call, &error);
  if (status == OLSTM_STATUS_OK && kernel->op->is_stateful) {
    (void)pthread_mutex_lock(&kernel->state.mutex);
    status = run_stateful(&call, &error);
    (void)pthread_mutex_unlock(&kernel->state.mutex);
  } else if (status == OLSTM_STATUS_OK) {
    status = olstm__node_runner_run(kernel->runner, call.inputs, &outputs, NULL, &error);
  }
  return olstm__ort_status(kernel->api, status, &error);
}

static void ORT_API_CALL destroy_kernel(void* op_kernel) {
  custom_kernel* kernel = op_kernel;
  if (!kernel) return;
  olstm__node_runner_destroy(kernel->runner);
  release_state(&kernel->state);
  (void)pthread_mutex_destroy(&kernel->state.mutex);
  free(kernel);
}

static OrtStatusPtr ORT_API_CALL create_kernel(const OrtCustomOp* op, const OrtApi* api,
                                               const OrtKernelInfo* info,
                                               void** out_kernel) {
  const custom_op* self = (const custom_op*)op;
  olstm_error error = {""};
  custom_kernel* kernel = calloc(1, sizeof *kernel);
  if (!kernel) return api->CreateStatus(ORT_FAIL, "olstm: no memory");
  kernel->api = api;
  kernel->op = self;
  (void)pthread_mutex_init(&kernel->state.mutex, NULL);
  const olstm_status status = olstm__ort_custom_node_create(api, info, self->is_stateful,
                                                            &kernel->runner, &error);
  if (status != OLSTM_STATUS_OK) {
    destroy_kernel(kernel);
    return olstm__ort_status(api, status, &error);
  }
  *out_kernel = kernel;
  return NULL;
}

static const char* ORT_API_CALL get_name(const OrtCustomOp* op) {
  return ((const custom_op*)op)->name;
}

static const char* ORT_API_CALL get_provider(const OrtCustomOp* op) {
  (void)op;
  return NULL;
}

static size_t ORT_API_CALL get_input_count(const OrtCustomOp* op) {
  return ((const custom_op*)op)->is_stateful ? kMaxCustomInputs
                                             : OLSTM_RECURRENT_INPUT_COUNT;
}

static ONNXTensorElementDataType ORT_API_CALL get_input_type(const OrtCustomOp* op,
                                                             size_t index) {
  if (index == OLSTM_RECURRENT_SEQUENCE_LENS) return ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32;
  if (index == kResetInput) return ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL;
  return ((const custom_op*)op)->dtype;
}

static OrtCustomOpInputOutputCharacteristic ORT_API_CALL
get_input_kind(const OrtCustomOp* op, size_t index) {
  (void)op;
  return index <= OLSTM_RECURRENT_R ? INPUT_OUTPUT_REQUIRED : INPUT_OUTPUT_OPTIONAL;
}

static size_t ORT_API_CALL get_output_count(const OrtCustomOp* op) {
  (void)op;
  return OLSTM__ORT_MAX_OUTPUTS;
}

static ONNXTensorElementDataType ORT_API_CALL get_output_type(const OrtCustomOp* op,
                                                              size_t index) {
  (void)index;
  return ((const custom_op*)op)->dtype;
}

static OrtCustomOpInputOutputCharacteristic ORT_API_CALL
get_output_kind(const OrtCustomOp* op, size_t index) {
  (void)op;
  (void)index;
  return INPUT_OUTPUT_OPTIONAL;
}

static OrtMemType ORT_API_CALL get_memory_type(const OrtCustomOp* op, size_t index) {
  (void)op;
  (void)index;
  return OrtMemTypeDefault;
}

#define CUSTOM_OP(op_name, op_dtype, stateful)                        \
  {                                                                   \
    .base = {.version = kApiVersion,                                  \
             .GetName = get_name,                                     \
             .GetExecutionProviderType = get_provider,                \
             .GetInputType = get_input_type,                          \
             .GetInputTypeCount = get_input_count,                    \
             .GetOutputType = get_output_type,                        \
             .GetOutputTypeCount = get_output_count,                  \
             .KernelDestroy = destroy_kernel,                         \
             .GetInputCharacteristic = get_input_kind,                \
             .GetOutputCharacteristic = get_output_kind,              \
             .GetInputMemoryType = get_memory_type,                   \
             .CreateKernelV2 = create_kernel,                         \
             .KernelComputeV2 = compute},                             \
    .name = (op_name), .dtype = (op_dtype), .is_stateful = (stateful) \
  }

static const custom_op kCustomOps[] = {
    CUSTOM_OP("LSTM", ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, false),
    CUSTOM_OP("LSTM", ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE, false),
    CUSTOM_OP("StatefulLSTM", ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, true),
    CUSTOM_OP("StatefulLSTM", ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE, true),
};
enum { kCustomOpCount = sizeof kCustomOps / sizeof kCustomOps[0] };

/// A domain must outlive the sessions that use it, and there is no call when the last one
/// ends: it is made once and lives as long as the process, as the operator tables it
/// names do.
static OrtCustomOpDomain* shared_domain;
static pthread_mutex_t domain_mutex = PTHREAD_MUTEX_INITIALIZER;

static OrtStatus* make_domain(const OrtApi* api) {
  if (shared_domain) return NULL;
  OrtCustomOpDomain* made = NULL;
  OrtStatus* status = api->CreateCustomOpDomain("olstm", &made);
  for (size_t i = 0; i < kCustomOpCount && !status; i++) {
    status = api->CustomOpDomain_Add(made, &kCustomOps[i].base);
  }
  if (!status) {
    shared_domain = made;
  } else if (made) {
    api->ReleaseCustomOpDomain(made);
  }
  return status;
}

OLSTM_API OrtStatus* RegisterCustomOps(OrtSessionOptions* options,
                                       const OrtApiBase* api_base);

OrtStatus* RegisterCustomOps(OrtSessionOptions* options, const OrtApiBase* api_base) {
  const OrtApi* api = api_base->GetApi(kApiVersion);
  if (!api) {
    const OrtApi* oldest = api_base->GetApi(1);
    return oldest
               ? oldest->CreateStatus(
                     ORT_FAIL, "olstm's custom operators need ONNX Runtime 1.16 or later")
               : NULL;
  }
  (void)pthread_mutex_lock(&domain_mutex);
  OrtStatus* status = make_domain(api);
  (void)pthread_mutex_unlock(&domain_mutex);
  return status ? status : api->AddCustomOpDomain(options, shared_domain);
}
