#include "node_runner.h"

#include <pthread.h>

#include "node_copy.h"

/// How an LSTM's eight inputs and three outputs bound the nodes that are run here.
enum { kMaxInputs = 8, kMaxOutputs = 3, kMaxIdleExecutions = 16 };

/// The node prepared for one set of input shapes, with the workspace of one run at a
/// time.
typedef struct execution {
  struct execution* next;
  olstm_tensor_desc inputs[kMaxInputs];
  olstm_tensor_desc outputs[kMaxOutputs];
  olstm_prepared prepared;
  void* workspace;
} execution;

struct olstm__node_runner {
  olstm__node_copy copy;
  olstm_allocator allocator;
  olstm_host host;
  const olstm_operator* operator_table;
  void* instance;
  // Guards all below, and the calls that the ABI wants serialised.
  pthread_mutex_t mutex;
  // Most recently used first.
  execution* idle;
  size_t idle_count;
};

static const olstm_operator* find_operator(const olstm_plugin* plugin,
                                           const olstm_node* node) {
  for (size_t i = 0; i < plugin->operator_count(); i++) {
    const olstm_operator* candidate = plugin->get_operator(i);
    if (strcmp(candidate->domain, node->domain) == 0 &&
        strcmp(candidate->op_type, node->op_type) == 0 &&
        candidate->first_opset <= node->opset_version &&
        (candidate->last_opset == 0 || candidate->last_opset >= node->opset_version)) {
      return candidate;
    }
  }
  return NULL;
}

static olstm_status create_instance(olstm__node_runner* runner, int32_t thread_count,
                                    olstm_error* error) {
  const olstm_operator_options options = {.struct_size = sizeof options,
                                          .thread_count = thread_count,
                                          .precision = OLSTM_PRECISION_F32};
  const olstm_node* node = &runner->copy.node;
  const olstm_create_args args = {.struct_size = sizeof args,
                                  .host = &runner->host,
                                  .node = node,
                                  .options = &options};
  const olstm_plugin* plugin = olstm_plugin_entry(&runner->host, error);
  if (!plugin) return OLSTM_STATUS_UNSUPPORTED;
  runner->operator_table = find_operator(plugin, node);
  if (!runner->operator_table || node->input_count > kMaxInputs ||
      node->output_count > kMaxOutputs) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "%s '%s': no such operator in domain '%s', opset %d", node->op_type,
                      node->name, node->domain, (int)node->opset_version);
  }
  return runner->operator_table->create(runner->operator_table, &args, &runner->instance,
                                        error);
}

olstm_status olstm__node_runner_create(const olstm_node* node,
                                       olstm__node_runner** out_runner,
                                       olstm_error* error) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  olstm__node_runner* runner = olstm_allocate_zeroed(&allocator, 1, sizeof *runner);
  *out_runner = NULL;
  if (!runner) return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory");
  runner->allocator = allocator;
  runner->host = (olstm_host){.struct_size = sizeof runner->host,
                              .abi_version = OLSTM_ABI_VERSION,
                              .name = "olstm for ONNX Runtime",
                              .allocator = &runner->allocator};
  (void)pthread_mutex_init(&runner->mutex, NULL);
  olstm_status status = olstm__node_copy_init(&runner->copy, node, error);
  if (status == OLSTM_STATUS_OK) status = create_instance(runner, 1, error);
  if (status != OLSTM_STATUS_OK) {
    olstm__node_runner_destroy(runner);
    return status;
  }
  *out_runner = runner;
  return OLSTM_STATUS_OK;
}

static void execution_destroy(olstm__node_runner* runner, execution* dead) {
  if (!dead) return;
  runner->operator_table->release(runner->instance, dead->prepared.handle);
  olstm_release(&runner->allocator, dead->workspace, 1, dead->prepared.workspace_bytes);
  olstm_release(&runner->allocator, dead, 1, sizeof *dead);
}

static olstm_status prepare_execution(olstm__node_runner* runner, execution* made,
                                      const olstm_tensor* const* inputs,
                                      olstm_error* error) {
  const olstm_node* node = &runner->copy.node;
  const olstm_operator* table = runner->operator_table;
  const olstm_infer_args infer = {.struct_size = sizeof infer,
                                  .input_count = node->input_count,
                                  .inputs = inputs,
                                  .output_count = node->output_count};
  OLSTM_RETURN_IF_ERROR(table->infer(runner->instance, &infer, made->outputs, error));
  const olstm_prepare_args prepare = {.struct_size = sizeof prepare,
                                      .input_count = node->input_count,
                                      .inputs = inputs,
                                      .output_count = node->output_count,
                                      .outputs = made->outputs};
  OLSTM_RETURN_IF_ERROR(
      table->prepare(runner->instance, &prepare, &made->prepared, error));
  made->workspace = olstm_allocate(&runner->allocator, 1, made->prepared.workspace_bytes);
  return made->workspace
             ? OLSTM_STATUS_OK
             : olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY,
                          "%s '%s': no memory for %zu bytes of workspace", node->op_type,
                          node->name, made->prepared.workspace_bytes);
}

static olstm_status create_execution(olstm__node_runner* runner,
                                     const olstm_tensor* const* inputs,
                                     execution** out_made, olstm_error* error) {
  execution* made = olstm_allocate_zeroed(&runner->allocator, 1, sizeof *made);
  if (!made) return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory");
  made->prepared.struct_size = sizeof made->prepared;
  made->prepared.view_of_input = -1;
  for (size_t i = 0; i < runner->copy.node.input_count; i++) {
    if (inputs[i]) made->inputs[i] = inputs[i]->desc;
  }
  const olstm_status status = prepare_execution(runner, made, inputs, error);
  if (status != OLSTM_STATUS_OK) {
    execution_destroy(runner, made);
    return status;
  }
  *out_made = made;
  return OLSTM_STATUS_OK;
}

static bool fits(const olstm__node_runner* runner, const execution* candidate,
                 const olstm_tensor* const* inputs) {
  for (size_t i = 0; i < runner->copy.node.input_count; i++) {
    if (inputs[i] && !olstm_tensor_desc_equal(&candidate->inputs[i], &inputs[i]->desc)) {
      return false;
    }
  }
  return true;
}

/// An idle execution for these shapes, or a new one.
static olstm_status take_execution(olstm__node_runner* runner,
                                   const olstm_tensor* const* inputs,
                                   execution** out_taken, olstm_error* error) {
  olstm_status status = OLSTM_STATUS_OK;
  (void)pthread_mutex_lock(&runner->mutex);
  execution** link = &runner->idle;
  while (*link && !fits(runner, *link, inputs)) link = &(*link)->next;
  if (*link) {
    *out_taken = *link;
    *link = (*link)->next;
    runner->idle_count--;
  } else {
    status = create_execution(runner, inputs, out_taken, error);
  }
  (void)pthread_mutex_unlock(&runner->mutex);
  return status;
}

static void give_back_execution(olstm__node_runner* runner, execution* taken) {
  (void)pthread_mutex_lock(&runner->mutex);
  taken->next = runner->idle;
  runner->idle = taken;
  if (++runner->idle_count > kMaxIdleExecutions) {
    execution** link = &runner->idle;
    while ((*link)->next) link = &(*link)->next;
    execution_destroy(runner, *link);
    *link = NULL;
    runner->idle_count--;
  }
  (void)pthread_mutex_unlock(&runner->mutex);
}

static olstm_status run_execution(const olstm__node_runner* runner,
                                  const execution* taken,
                                  const olstm_tensor* const* inputs,
                                  const olstm__output_source* outputs,
                                  const olstm_parallel* parallel, olstm_error* error) {
  const olstm_node* node = &runner->copy.node;
  const void* input_data[kMaxInputs] = {NULL};
  void* output_data[kMaxOutputs] = {NULL};
  for (size_t i = 0; i < node->input_count; i++) {
    if (inputs[i]) input_data[i] = inputs[i]->data;
  }
  for (size_t i = 0; i < node->output_count; i++) {
    if (!olstm_node_has_output(node, i)) continue;
    output_data[i] = outputs->get(outputs->user, i, &taken->outputs[i]);
    if (!output_data[i] && olstm_tensor_desc_count(&taken->outputs[i]) > 0) {
      return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "%s '%s': no output '%s'",
                        node->op_type, node->name, node->output_names[i]);
    }
  }
  const olstm_run_args args = {.struct_size = sizeof args,
                               .inputs = input_data,
                               .outputs = output_data,
                               .workspace = taken->workspace,
                               .parallel = parallel};
  return runner->operator_table->run(runner->instance, taken->prepared.handle, &args,
                                     error);
}

olstm_status olstm__node_runner_run(olstm__node_runner* runner,
                                    const olstm_tensor* const* inputs,
                                    const olstm__output_source* outputs,
                                    const olstm_parallel* parallel, olstm_error* error) {
  const olstm_node* node = &runner->copy.node;
  const olstm_tensor* all[kMaxInputs] = {NULL};
  execution* taken = NULL;
  for (size_t i = 0; i < node->input_count; i++) {
    all[i] = node->constants[i] ? node->constants[i] : inputs[i];
    if (!all[i] && olstm_node_has_input(node, i)) {
      return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                        "%s '%s': input '%s' is missing", node->op_type, node->name,
                        node->input_names[i]);
    }
  }
  OLSTM_RETURN_IF_ERROR(take_execution(runner, all, &taken, error));
  const olstm_status status = run_execution(runner, taken, all, outputs, parallel, error);
  give_back_execution(runner, taken);
  return status;
}

const olstm_node* olstm__node_runner_node(const olstm__node_runner* runner) {
  return &runner->copy.node;
}

static void destroy_instance(olstm__node_runner* runner) {
  while (runner->idle) {
    execution* dead = runner->idle;
    runner->idle = dead->next;
    execution_destroy(runner, dead);
  }
  runner->idle_count = 0;
  if (runner->instance) runner->operator_table->destroy(runner->instance);
  runner->instance = NULL;
}

olstm_status olstm__node_runner_set_threads(olstm__node_runner* runner,
                                            int32_t thread_count, olstm_error* error) {
  destroy_instance(runner);
  return create_instance(runner, thread_count, error);
}

void olstm__node_runner_destroy(olstm__node_runner* runner) {
  if (!runner) return;
  destroy_instance(runner);
  olstm__node_copy_deinit(&runner->copy);
  (void)pthread_mutex_destroy(&runner->mutex);
  const olstm_allocator allocator = runner->allocator;
  olstm_release(&allocator, runner, 1, sizeof *runner);
}
