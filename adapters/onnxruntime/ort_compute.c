#include "ort_compute.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "node_runner.h"
#include "ort_node.h"
#include "ort_threads.h"

/// One claimed node: where its inputs and outputs are among those of the fused node.
typedef struct compiled_node {
  OrtNodeComputeInfo base;
  const OrtApi* api;
  olstm__ort_threads* threads;
  olstm__node_runner* runner;
  // Threads that the runner is made for; 0 until the first run finds out.
  atomic_int thread_count;
  // Position in the fused node, or -1 for an input that is absent or constant, and for an
  // unused output.
  int input_positions[OLSTM__ORT_MAX_INPUTS];
  int output_positions[OLSTM__ORT_MAX_OUTPUTS];
} compiled_node;

// ---------------------------------------------------------------- running

typedef struct output_request {
  const compiled_node* node;
  OrtKernelContext* context;
} output_request;

static void* get_output(void* user, size_t index, const olstm_tensor_desc* desc) {
  const output_request* request = user;
  const OrtApi* api = request->node->api;
  OrtValue* value = NULL;
  void* data = NULL;
  OrtStatus* status = api->KernelContext_GetOutput(
      request->context, (size_t)request->node->output_positions[index], desc->dims,
      (size_t)desc->rank, &value);
  if (!status) status = api->GetTensorMutableData(value, &data);
  if (status) api->ReleaseStatus(status);
  return data;
}

/// Only a run can tell how many threads there are, and only the first run of a node finds
/// it idle for sure.
static olstm_status find_threads(compiled_node* node, const OrtKernelContext* context,
                                 olstm_error* error) {
  olstm__ort_threads* threads = node->threads;
  olstm_status status = OLSTM_STATUS_OK;
  (void)pthread_mutex_lock(&threads->mutex);
  if (atomic_load(&node->thread_count) == 0) {
    if (threads->count == 0) {
      threads->count = olstm__ort_count_threads(node->api, context);
    }
    if (threads->count > 1) {
      status = olstm__node_runner_set_threads(node->runner, threads->count, error);
    }
    if (status == OLSTM_STATUS_OK) atomic_store(&node->thread_count, threads->count);
  }
  (void)pthread_mutex_unlock(&threads->mutex);
  return status;
}

static olstm_status read_inputs(const compiled_node* node, OrtKernelContext* context,
                                olstm_tensor* tensors, const olstm_tensor** inputs,
                                olstm_error* error) {
  for (size_t i = 0; i < OLSTM__ORT_MAX_INPUTS; i++) {
    const OrtValue* value = NULL;
    if (node->input_positions[i] < 0) continue;
    OLSTM_RETURN_IF_ERROR(
        olstm__ort_check(node->api,
                         node->api->KernelContext_GetInput(
                             context, (size_t)node->input_positions[i], &value),
                         error));
    OLSTM_RETURN_IF_ERROR(olstm__ort_tensor_view(node->api, value, &tensors[i], error));
    inputs[i] = &tensors[i];
  }
  return OLSTM_STATUS_OK;
}

static olstm_status run_node(compiled_node* node, OrtKernelContext* context,
                             olstm_error* error) {
  const output_request request = {node, context};
  const olstm__output_source outputs = {(void*)(uintptr_t)&request, get_output};
  olstm_tensor tensors[OLSTM__ORT_MAX_INPUTS];
  const olstm_tensor* inputs[OLSTM__ORT_MAX_INPUTS] = {NULL};
  OLSTM_RETURN_IF_ERROR(read_inputs(node, context, tensors, inputs, error));
  if (atomic_load(&node->thread_count) == 0) {
    OLSTM_RETURN_IF_ERROR(find_threads(node, context, error));
  }
  const int32_t thread_count = atomic_load(&node->thread_count);
  olstm__ort_pool pool;
  olstm__ort_pool_init(&pool, node->api, context, thread_count);
  return olstm__node_runner_run(node->runner, inputs, &outputs,
                                thread_count > 1 ? &pool.parallel : NULL, error);
}

static OrtStatus* ORT_API_CALL compute(OrtNodeComputeInfo* this_ptr, void* state,
                                       OrtKernelContext* context) {
  compiled_node* node = (compiled_node*)this_ptr;
  olstm_error error = {""};
  (void)state;
  return olstm__ort_status(node->api, run_node(node, context, &error), &error);
}

/// All there is to a node's state is in compiled_node, shared by every session thread.
static OrtStatus* ORT_API_CALL create_state(OrtNodeComputeInfo* this_ptr,
                                            OrtNodeComputeContext* context,
                                            void** out_state) {
  (void)context;
  *out_state = this_ptr;
  return NULL;
}

static void ORT_API_CALL release_state(OrtNodeComputeInfo* this_ptr, void* state) {
  (void)this_ptr;
  (void)state;
}

// ---------------------------------------------------------------- compiling

/// Where `name` is among the fused node's inputs or outputs: ONNX Runtime orders them as
/// it likes.
static int find_name(const char* const* names, size_t count, const char* name) {
  for (size_t i = 0; name[0] && i < count; i++) {
    if (strcmp(names[i], name) == 0) return (int)i;
  }
  return -1;
}

static olstm_status map_values(const olstm_node* node, const olstm__ort_node* fused,
                               compiled_node* out, olstm_error* error) {
  for (size_t i = 0; i < OLSTM__ORT_MAX_INPUTS; i++) {
    out->input_positions[i] = -1;
    if (!olstm_node_has_input(node, i) || node->constants[i]) continue;
    out->input_positions[i] =
        find_name(fused->input_names, fused->node.input_count, node->input_names[i]);
    if (out->input_positions[i] < 0) {
      return olstm_fail(error, OLSTM_STATUS_BACKEND_ERROR,
                        "%s '%s': the fused node lacks input '%s'", node->op_type,
                        node->name, node->input_names[i]);
    }
  }
  for (size_t i = 0; i < OLSTM__ORT_MAX_OUTPUTS; i++) {
    out->output_positions[i] =
        i < node->output_count ? find_name(fused->output_names, fused->node.output_count,
                                           node->output_names[i])
                               : -1;
  }
  return OLSTM_STATUS_OK;
}

/// Outputs that the fused node does not have are unused.
static void drop_unwanted_outputs(olstm__ort_node* node, const olstm__ort_node* fused) {
  for (size_t i = 0; i < node->node.output_count; i++) {
    if (find_name(fused->output_names, fused->node.output_count, node->output_names[i]) <
        0) {
      node->output_names[i] = "";
    }
  }
}

static olstm_status compile_node(const OrtApi* api, const OrtGraph* graph,
                                 const OrtNode* fused_node, compiled_node* out,
                                 olstm_error* error) {
  const OrtNode* source = NULL;
  size_t count = 0;
  olstm__ort_node node;
  olstm__ort_node fused;
  memset(&node, 0, sizeof node);
  memset(&fused, 0, sizeof fused);
  OLSTM_RETURN_IF_ERROR(
      olstm__ort_check(api, api->Graph_GetNumNodes(graph, &count), error));
  if (count != 1) {
    return olstm_fail(error, OLSTM_STATUS_BACKEND_ERROR,
                      "a fused graph has %zu nodes, expected 1", count);
  }
  OLSTM_RETURN_IF_ERROR(
      olstm__ort_check(api, api->Graph_GetNodes(graph, &source, 1), error));
  olstm_status status = olstm__ort_node_init(api, source, true, &node, error);
  if (status == OLSTM_STATUS_OK) {
    status = olstm__ort_node_init(api, fused_node, false, &fused, error);
  }
  if (status == OLSTM_STATUS_OK) {
    drop_unwanted_outputs(&node, &fused);
    status = map_values(&node.node, &fused, out, error);
  }
  if (status == OLSTM_STATUS_OK) {
    status = olstm__node_runner_create(&node.node, &out->runner, error);
  }
  olstm__ort_node_deinit(&node);
  olstm__ort_node_deinit(&fused);
  return status;
}

olstm_status olstm__ort_compute_create(const OrtApi* api, olstm__ort_threads* threads,
                                       const OrtGraph* graph, const OrtNode* fused_node,
                                       OrtNodeComputeInfo** out_info,
                                       olstm_error* error) {
  compiled_node* node = calloc(1, sizeof *node);
  *out_info = NULL;
  if (!node) return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory");
  node->base.ort_version_supported = ORT_API_VERSION;
  node->base.CreateState = create_state;
  node->base.Compute = compute;
  node->base.ReleaseState = release_state;
  node->api = api;
  node->threads = threads;
  const olstm_status status = compile_node(api, graph, fused_node, node, error);
  if (status != OLSTM_STATUS_OK) {
    olstm__ort_compute_destroy(&node->base);
    return status;
  }
  *out_info = &node->base;
  return OLSTM_STATUS_OK;
}

void olstm__ort_compute_destroy(OrtNodeComputeInfo* info) {
  compiled_node* node = (compiled_node*)info;
  if (!node) return;
  olstm__node_runner_destroy(node->runner);
  free(node);
}
