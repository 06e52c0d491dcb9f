// olstm as a plugin execution provider of ONNX Runtime (1.23 and later): it claims the
// recurrent nodes that olstm runs, each as a fused node of its own, and keeps copies of
// their constant weights.
//
// Nothing that belongs to an OrtGraph is kept after Compile.
#include <onnxruntime_c_api.h>
#include <onnxruntime_session_options_config_keys.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node_runner.h"
#include "olstm/export.h"
#include "olstm/version.h"
#include "ort_compute.h"
#include "ort_node.h"

static const char kProviderName[] = "OlstmExecutionProvider";
static const char kVendor[] = "olstm";

typedef struct provider_factory {
  OrtEpFactory base;
  const OrtApi* api;
  const OrtEpApi* ep_api;
  // ONNX Runtime's registration and every provider: a session may outlive the former.
  atomic_int user_count;
} provider_factory;

typedef struct provider {
  OrtEp base;
  provider_factory* factory;
  olstm__ort_threads threads;
} provider;

// ---------------------------------------------------------------- claiming and compiling

/// Whether olstm runs this node: asked by creating its operator, which is where nodes are
/// refused.
static bool can_run(const OrtApi* api, const OrtNode* source) {
  olstm__ort_node node;
  olstm__node_runner* runner = NULL;
  const bool can =
      olstm__ort_node_init(api, source, true, &node, NULL) == OLSTM_STATUS_OK &&
      node.node.domain[0] == '\0' &&
      olstm__node_runner_create(&node.node, &runner, NULL) == OLSTM_STATUS_OK;
  olstm__node_runner_destroy(runner);
  olstm__ort_node_deinit(&node);
  return can;
}

static OrtStatus* claim_nodes(const provider_factory* factory, const OrtNode** nodes,
                              size_t count, OrtEpGraphSupportInfo* support) {
  const OrtNodeFusionOptions options = {.ort_version_supported = ORT_API_VERSION,
                                        .drop_constant_initializers = true};
  for (size_t i = 0; i < count; i++) {
    const char* op_type = "";
    OrtStatus* status = factory->api->Node_GetOperatorType(nodes[i], &op_type);
    if (status) return status;
    if (!olstm_recurrent_is_op_type(op_type)) continue;
    if (!can_run(factory->api, nodes[i])) continue;
    status = factory->ep_api->EpGraphSupportInfo_AddNodesToFuse(support, &nodes[i], 1,
                                                                &options);
    if (status) return status;
  }
  return NULL;
}

static OrtStatus* ORT_API_CALL get_capability(OrtEp* this_ptr, const OrtGraph* graph,
                                              OrtEpGraphSupportInfo* support) {
  const provider_factory* factory = ((const provider*)this_ptr)->factory;
  size_t count = 0;
  OrtStatus* status = factory->api->Graph_GetNumNodes(graph, &count);
  if (status || count == 0) return status;
  const OrtNode** nodes = calloc(count, sizeof(const OrtNode*));
  if (!nodes) return factory->api->CreateStatus(ORT_FAIL, "olstm: no memory");
  status = factory->api->Graph_GetNodes(graph, nodes, count);
  if (!status) status = claim_nodes(factory, nodes, count, support);
  free((void*)nodes);
  return status;
}

static void ORT_API_CALL release_compute_infos(OrtEp* this_ptr,
                                               OrtNodeComputeInfo** infos, size_t count) {
  (void)this_ptr;
  for (size_t i = 0; i < count; i++) {
    olstm__ort_compute_destroy(infos[i]);
    infos[i] = NULL;
  }
}

static OrtStatus* ORT_API_CALL compile(OrtEp* this_ptr, const OrtGraph** graphs,
                                       const OrtNode** fused_nodes, size_t count,
                                       OrtNodeComputeInfo** out_infos,
                                       OrtNode** out_context_nodes) {
  provider* self = (provider*)this_ptr;
  const OrtApi* api = self->factory->api;
  olstm_error error = {""};
  olstm_status status = OLSTM_STATUS_OK;
  (void)out_context_nodes;
  for (size_t i = 0; i < count; i++) out_infos[i] = NULL;
  for (size_t i = 0; i < count && status == OLSTM_STATUS_OK; i++) {
    status = olstm__ort_compute_create(api, &self->threads, graphs[i], fused_nodes[i],
                                       &out_infos[i], &error);
  }
  if (status != OLSTM_STATUS_OK) release_compute_infos(this_ptr, out_infos, count);
  return olstm__ort_status(api, status, &error);
}

// ---------------------------------------------------------------- provider and factory

static const char* ORT_API_CALL get_provider_name(const OrtEp* this_ptr) {
  (void)this_ptr;
  return kProviderName;
}

static const char* ORT_API_CALL get_factory_name(const OrtEpFactory* this_ptr) {
  (void)this_ptr;
  return kProviderName;
}

static const char* ORT_API_CALL get_vendor(const OrtEpFactory* this_ptr) {
  (void)this_ptr;
  return kVendor;
}

static uint32_t ORT_API_CALL get_vendor_id(const OrtEpFactory* this_ptr) {
  (void)this_ptr;
  return 0;
}

static const char* ORT_API_CALL get_version(const OrtEpFactory* this_ptr) {
  (void)this_ptr;
  return OLSTM_VERSION_TEXT;
}

static OrtStatus* ORT_API_CALL get_supported_devices(
    OrtEpFactory* this_ptr, const OrtHardwareDevice* const* devices, size_t device_count,
    OrtEpDevice** out_devices, size_t max_devices, size_t* out_count) {
  const provider_factory* factory = (const provider_factory*)this_ptr;
  *out_count = 0;
  for (size_t i = 0; i < device_count && *out_count < max_devices; i++) {
    if (factory->api->HardwareDevice_Type(devices[i]) != OrtHardwareDeviceType_CPU) {
      continue;
    }
    OrtStatus* status = factory->ep_api->CreateEpDevice(this_ptr, devices[i], NULL, NULL,
                                                        &out_devices[*out_count]);
    if (status) return status;
    (*out_count)++;
  }
  return NULL;
}

static void release_factory(provider_factory* factory) {
  if (atomic_fetch_sub(&factory->user_count, 1) == 1) free(factory);
}

/// Where ONNX Runtime keeps the provider's own options: "ep.", its name in lower case,
/// ".".
static const char kOptionPrefix[] = "ep.olstmexecutionprovider.";

static OrtStatus* refuse_option(const OrtApi* api, const char* key, const char* value) {
  char message[256];
  if (strcmp(key, kOrtSessionOptionEpContextEnable) == 0 && strcmp(value, "1") == 0) {
    // Such models spare others a long compilation; here there is none to spare.
    return api->CreateStatus(ORT_NOT_IMPLEMENTED,
                             "OlstmExecutionProvider makes no EPContext models: run the "
                             "model itself, without ep.context_enable");
  }
  if (strncmp(key, kOptionPrefix, sizeof kOptionPrefix - 1) != 0) return NULL;
  (void)snprintf(message, sizeof message,
                 "OlstmExecutionProvider has no options, and so none called '%.100s'",
                 key + sizeof kOptionPrefix - 1);
  return api->CreateStatus(ORT_INVALID_ARGUMENT, message);
}

static OrtStatus* refuse_options(const OrtApi* api, const OrtSessionOptions* options) {
  OrtKeyValuePairs* entries = NULL;
  const char* const* keys = NULL;
  const char* const* values = NULL;
  size_t count = 0;
  OrtStatus* status = api->GetSessionOptionsConfigEntries(options, &entries);
  if (status) return status;
  api->GetKeyValuePairs(entries, &keys, &values, &count);
  for (size_t i = 0; i < count && !status; i++) {
    status = refuse_option(api, keys[i], values[i]);
  }
  api->ReleaseKeyValuePairs(entries);
  return status;
}

static OrtStatus* ORT_API_CALL create_provider(
    OrtEpFactory* this_ptr, const OrtHardwareDevice* const* devices,
    const OrtKeyValuePairs* const* metadata, size_t device_count,
    const OrtSessionOptions* options, const OrtLogger* logger, OrtEp** out_provider) {
  provider_factory* factory = (provider_factory*)this_ptr;
  (void)devices;
  (void)metadata;
  (void)device_count;
  (void)logger;
  OrtStatus* refusal = refuse_options(factory->api, options);
  if (refusal) return refusal;
  provider* made = calloc(1, sizeof *made);
  if (!made) return factory->api->CreateStatus(ORT_FAIL, "olstm: no memory");
  made->factory = factory;
  (void)atomic_fetch_add(&factory->user_count, 1);
  (void)pthread_mutex_init(&made->threads.mutex, NULL);
  made->base.ort_version_supported = ORT_API_VERSION;
  made->base.GetName = get_provider_name;
  made->base.GetCapability = get_capability;
  made->base.Compile = compile;
  made->base.ReleaseNodeComputeInfos = release_compute_infos;
  *out_provider = &made->base;
  return NULL;
}

static void ORT_API_CALL release_provider(OrtEpFactory* this_ptr, OrtEp* dead) {
  provider* self = (provider*)dead;
  (void)this_ptr;
  if (!self) return;
  (void)pthread_mutex_destroy(&self->threads.mutex);
  release_factory(self->factory);
  free(self);
}

/// Tensors stay in the CPU's ordinary memory: ONNX Runtime's own allocator and copies
/// serve.
static OrtStatus* ORT_API_CALL create_allocator(OrtEpFactory* this_ptr,
                                                const OrtMemoryInfo* memory_info,
                                                const OrtKeyValuePairs* options,
                                                OrtAllocator** out_allocator) {
  (void)this_ptr;
  (void)memory_info;
  (void)options;
  *out_allocator = NULL;
  return NULL;
}

static void ORT_API_CALL release_allocator(OrtEpFactory* this_ptr, OrtAllocator* dead) {
  (void)this_ptr;
  (void)dead;
}

static OrtStatus* ORT_API_CALL create_data_transfer(OrtEpFactory* this_ptr,
                                                    OrtDataTransferImpl** out_transfer) {
  (void)this_ptr;
  *out_transfer = NULL;
  return NULL;
}

static bool ORT_API_CALL is_stream_aware(const OrtEpFactory* this_ptr) {
  (void)this_ptr;
  return false;
}

OLSTM_API OrtStatus* CreateEpFactories(const char* registered_name,
                                       const OrtApiBase* api_base,
                                       const OrtLogger* default_logger,
                                       OrtEpFactory** factories, size_t max_factories,
                                       size_t* out_count);
OLSTM_API OrtStatus* ReleaseEpFactory(OrtEpFactory* factory);

OrtStatus* CreateEpFactories(const char* registered_name, const OrtApiBase* api_base,
                             const OrtLogger* default_logger, OrtEpFactory** factories,
                             size_t max_factories, size_t* out_count) {
  const OrtApi* api = api_base->GetApi(ORT_API_VERSION);
  (void)registered_name;
  (void)default_logger;
  *out_count = 0;
  if (!api) {
    // An older runtime has no API of this version to make a message with; this much every
    // version has.
    const OrtApi* oldest = api_base->GetApi(1);
    return oldest ? oldest->CreateStatus(ORT_FAIL,
                                         "olstm's execution provider needs ONNX Runtime "
                                         "1.23 or later")
                  : NULL;
  }
  if (max_factories < 1) {
    return api->CreateStatus(ORT_INVALID_ARGUMENT, "olstm: no room for a factory");
  }
  provider_factory* made = calloc(1, sizeof *made);
  if (!made) return api->CreateStatus(ORT_FAIL, "olstm: no memory");
  made->api = api;
  made->ep_api = api->GetEpApi();
  atomic_init(&made->user_count, 1);
  made->base.ort_version_supported = ORT_API_VERSION;
  made->base.GetName = get_factory_name;
  made->base.GetVendor = get_vendor;
  made->base.GetVendorId = get_vendor_id;
  made->base.GetVersion = get_version;
  made->base.GetSupportedDevices = get_supported_devices;
  made->base.CreateEp = create_provider;
  made->base.ReleaseEp = release_provider;
  made->base.CreateAllocator = create_allocator;
  made->base.ReleaseAllocator = release_allocator;
  made->base.CreateDataTransfer = create_data_transfer;
  made->base.IsStreamAware = is_stream_aware;
  factories[0] = &made->base;
  *out_count = 1;
  return NULL;
}

OrtStatus* ReleaseEpFactory(OrtEpFactory* factory) {
  if (factory) release_factory((provider_factory*)factory);
  return NULL;
}
