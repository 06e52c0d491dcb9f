// A graph runner in small: runs one LSTM node with initial_h and initial_c through
// olstm's operator ABI.
//
//   cc -std=c11 runner.c -o runner -ldl && ./runner /path/to/libolstm_ops.so
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "olstm/plugin.h"

enum { T = 3, N = 1, I = 2, H = 2 };  // steps, batch, input size, hidden size

/// Gates in ONNX order: i o f c; here every weight is alike, to keep the example short.
static float X[T * N * I] = {0.1F, 0.2F, 0.3F, 0.4F, 0.5F, 0.6F};
static float W[4 * H * I], R[4 * H * H];
static float initial_h[N * H] = {0.5F, -0.5F}, initial_c[N * H] = {1.0F, -1.0F};
static float Y[T * N * H], Y_h[N * H], Y_c[N * H];

static olstm_tensor tensor3(int64_t a, int64_t b, int64_t c, float* data) {
  return (olstm_tensor){{OLSTM_DTYPE_FLOAT, 3, {a, b, c}}, data};
}

/// 1. Find the operator among those the library offers.
static const olstm_operator* find(const olstm_plugin* plugin, const olstm_node* node) {
  for (size_t i = 0; i < plugin->operator_count(); i++) {
    const olstm_operator* op = plugin->get_operator(i);
    if (!strcmp(op->domain, node->domain) && !strcmp(op->op_type, node->op_type) &&
        op->first_opset <= node->opset_version &&
        (!op->last_opset || op->last_opset >= node->opset_version)) {
      return op;
    }
  }
  return NULL;
}

static void check(olstm_status status, const olstm_error* error) {
  if (status == OLSTM_STATUS_OK) return;
  (void)fprintf(stderr, "runner: %s\n", error->message);
  exit(1);
}

static olstm_plugin_entry_function open_library(const char* path, void** out_library) {
  olstm_plugin_entry_function entry = NULL;
  *out_library = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
  if (*out_library) *(void**)&entry = dlsym(*out_library, OLSTM_PLUGIN_SYMBOL);
  return entry;
}

/// The operators' memory: every block is aligned to OLSTM_ALIGNMENT.
static void* allocate(void* user, size_t bytes) {
  size_t aligned = 0;
  (void)user;
  return olstm_size_align(bytes, &aligned) ? aligned_alloc(OLSTM_ALIGNMENT, aligned)
                                           : NULL;
}

static void release(void* user, void* memory, size_t bytes) {
  (void)user;
  (void)bytes;
  free(memory);
}

int main(int argc, char** argv) {
  olstm_error error = {""};
  void* library = NULL;
  const olstm_plugin_entry_function entry =
      open_library(argc > 1 ? argv[1] : NULL, &library);
  if (!entry) {
    (void)fprintf(stderr, "usage: runner LIBOLSTM_OPS.SO\n");
    return 2;
  }
  const olstm_allocator allocator = {NULL, allocate, release};
  const olstm_host host = {.struct_size = sizeof host,
                           .abi_version = OLSTM_ABI_VERSION,
                           .name = "runner",
                           .allocator = &allocator};
  const olstm_plugin* plugin = entry(&host, &error);
  if (!plugin) check(OLSTM_STATUS_UNSUPPORTED, &error);

  // 2. Describe the node: W and R are constants, the other inputs come with every run.
  for (int i = 0; i < 4 * H * I; i++) W[i] = 0.1F;
  for (int i = 0; i < 4 * H * H; i++) R[i] = 0.1F;
  olstm_tensor x = tensor3(T, N, I, X), w = tensor3(1, 4 * H, I, W);
  olstm_tensor r = tensor3(1, 4 * H, H, R);
  olstm_tensor h = tensor3(1, N, H, initial_h), c = tensor3(1, N, H, initial_c);
  const olstm_attribute hidden = {
      .name = "hidden_size", .kind = OLSTM_ATTRIBUTE_INT, .i = H};
  const char* inputs[] = {"X", "W", "R", "", "", "initial_h", "initial_c"};
  const char* outputs[] = {"Y", "Y_h", "Y_c"};
  const olstm_tensor* constants[7] = {NULL, &w, &r};
  const olstm_node node = {sizeof node, "lstm", "LSTM", "",        14, 1,
                           &hidden,     7,      inputs, constants, 3,  outputs};

  // 3. Create the operator once; infer and prepare once for these shapes.
  const olstm_operator* op = find(plugin, &node);
  if (!op) check(olstm_fail(&error, OLSTM_STATUS_UNSUPPORTED, "no LSTM"), &error);
  const olstm_operator_options options = {
      .struct_size = sizeof options, .thread_count = 1, .precision = OLSTM_PRECISION_F32};
  const olstm_create_args create = {sizeof create, &host, &node, &options};
  void* instance = NULL;
  check(op->create(op, &create, &instance, &error), &error);
  x.data = h.data = c.data = NULL;  // not known before the run
  const olstm_tensor* known[7] = {&x, &w, &r, NULL, NULL, &h, &c};
  olstm_tensor_desc descs[3];
  const olstm_infer_args infer = {sizeof infer, 7, known, 3};
  check(op->infer(instance, &infer, descs, &error), &error);
  const olstm_prepare_args prepare = {sizeof prepare, 7, known, 3, descs};
  olstm_prepared prepared = {.struct_size = sizeof prepared, .view_of_input = -1};
  check(op->prepare(instance, &prepare, &prepared, &error), &error);

  // 4. Run as often as you like: pointers only, nothing is allocated.
  void* workspace = olstm_allocate(&allocator, 1, prepared.workspace_bytes);
  if (!workspace) check(olstm_fail(&error, OLSTM_STATUS_OUT_OF_MEMORY, "-"), &error);
  const void* in[7] = {X, W, R, NULL, NULL, initial_h, initial_c};
  void* out[3] = {Y, Y_h, Y_c};
  const olstm_run_args run = {
      .struct_size = sizeof run, .inputs = in, .outputs = out, .workspace = workspace};
  check(op->run(instance, prepared.handle, &run, &error), &error);
  printf("Y_h = %.6f %.6f\nY_c = %.6f %.6f\n", Y_h[0], Y_h[1], Y_c[0], Y_c[1]);

  olstm_release(&allocator, workspace, 1, prepared.workspace_bytes);
  op->release(instance, prepared.handle);
  op->destroy(instance);
  return dlclose(library);
}
