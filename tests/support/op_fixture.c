// Every buffer is its own allocation of exactly the size asked for, filled with a pattern
// first, so that a sanitizer sees what runs over and nothing is right by luck.
#include "tests/support/op_fixture.h"

#include <string.h>

#include "op/builtin.h"
#include "tests/support/test_allocator.h"
#include "tests/support/test_system.h"

static const char* const kInputNames[OP_FIXTURE_MAX_INPUTS] = {
    "x0", "x1", "x2",  "x3",  "x4",  "x5",  "x6",  "x7",
    "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15"};
static const char* const kOutputNames[OP_FIXTURE_MAX_OUTPUTS] = {"y0", "y1", "y2", "y3",
                                                                 "y4", "y5", "y6", "y7"};

const olstm_operator* op_fixture_find(const char* domain, const char* op_type,
                                      int32_t opset_version) {
  const olstm_plugin* plugin = olstm__builtin_plugin();
  for (size_t i = 0; i < plugin->operator_count(); i++) {
    const olstm_operator* entry = plugin->get_operator(i);
    if (strcmp(entry->op_type, op_type) == 0 && strcmp(entry->domain, domain) == 0 &&
        entry->first_opset <= opset_version &&
        (entry->last_opset == 0 || entry->last_opset >= opset_version)) {
      return entry;
    }
  }
  return NULL;
}

/// Of exactly the size asked for, which aligned_alloc would round up.
static void* allocate_filled(size_t bytes) {
  void* memory = olstm_test_allocate_exactly(OLSTM_ALIGNMENT, bytes);
  return memory ? memset(memory, 0xa5, bytes ? bytes : 1) : NULL;
}

static olstm_status make_outputs(op_fixture* fixture, const olstm_tensor_desc* descs,
                                 void** pointers) {
  for (size_t i = 0; i < fixture->output_count; i++) {
    olstm_tensor* output = &fixture->outputs[i];
    size_t bytes = 0;
    pointers[i] = NULL;
    if (fixture->absent_outputs >> i & 1u) continue;
    output->desc = descs[i];
    if (!olstm_tensor_desc_bytes(&output->desc, &bytes)) {
      return olstm_fail(&fixture->error, OLSTM_STATUS_INVALID_VALUE,
                        "output %zu has an invalid desc", i);
    }
    output->data = allocate_filled(bytes);
    pointers[i] = bytes ? output->data : NULL;
  }
  return OLSTM_STATUS_OK;
}

static olstm_status run_prepared(op_fixture* fixture, const olstm_operator* entry,
                                 const void* instance, const olstm_tensor_desc* descs) {
  const void* inputs[OP_FIXTURE_MAX_INPUTS] = {NULL};
  void* outputs[OP_FIXTURE_MAX_OUTPUTS] = {NULL};
  OLSTM_RETURN_IF_ERROR(make_outputs(fixture, descs, outputs));
  for (size_t i = 0; i < fixture->input_count; i++) {
    const olstm_tensor* input = fixture->inputs[i];
    if (input && olstm_tensor_desc_count(&input->desc) > 0) inputs[i] = input->data;
  }
  for (size_t i = 0; fixture->in_place && i < fixture->input_count; i++) {
    if (!(fixture->prepared.inplace_inputs >> i & 1u) || !fixture->inputs[i]) continue;
    size_t bytes = 0;
    (void)olstm_tensor_desc_bytes(&fixture->inputs[i]->desc, &bytes);
    if (inputs[i] && outputs[0]) memcpy(outputs[0], inputs[i], bytes);
    inputs[i] = outputs[0];
    break;
  }
  void* workspace = allocate_filled(fixture->prepared.workspace_bytes);
  const olstm_run_args args = {.struct_size = sizeof args,
                               .inputs = inputs,
                               .outputs = outputs,
                               .workspace = workspace,
                               .parallel = fixture->parallel};
  const olstm_status status =
      entry->run(instance, fixture->prepared.handle, &args, &fixture->error);
  olstm_test_release_exactly(workspace);
  return status;
}

static olstm_status run_instance(op_fixture* fixture, const olstm_operator* entry,
                                 void* instance) {
  olstm_tensor seen[OP_FIXTURE_MAX_INPUTS];
  const olstm_tensor* inputs[OP_FIXTURE_MAX_INPUTS] = {NULL};
  olstm_tensor_desc descs[OP_FIXTURE_MAX_OUTPUTS] = {{0}};
  for (size_t i = 0; i < fixture->input_count; i++) {
    if (!fixture->inputs[i]) continue;
    seen[i] = *fixture->inputs[i];
    if (fixture->hidden_inputs >> i & 1u) seen[i].data = NULL;
    inputs[i] = &seen[i];
  }
  const olstm_infer_args infer = {.struct_size = sizeof infer,
                                  .input_count = fixture->input_count,
                                  .inputs = inputs,
                                  .output_count = fixture->output_count};
  OLSTM_RETURN_IF_ERROR(entry->infer(instance, &infer, descs, &fixture->error));
  const olstm_prepare_args prepare = {.struct_size = sizeof prepare,
                                      .input_count = fixture->input_count,
                                      .inputs = inputs,
                                      .output_count = fixture->output_count,
                                      .outputs = descs};
  fixture->prepared =
      (olstm_prepared){.struct_size = sizeof(olstm_prepared), .view_of_input = -1};
  OLSTM_RETURN_IF_ERROR(
      entry->prepare(instance, &prepare, &fixture->prepared, &fixture->error));
  const olstm_status status = run_prepared(fixture, entry, instance, descs);
  entry->release(instance, fixture->prepared.handle);
  return status;
}

olstm_status op_fixture_run_node(op_fixture* fixture, const olstm_node* node) {
  olstm_test_allocator allocator;
  olstm_test_allocator_init(&allocator);
  const olstm_host host = {.struct_size = sizeof host,
                           .abi_version = OLSTM_ABI_VERSION,
                           .name = "test",
                           .allocator = &allocator.allocator};
  const olstm_operator_options options = {
      .struct_size = sizeof options,
      .thread_count = fixture->told_threads ? fixture->told_threads : 1};
  const olstm_create_args create = {
      .struct_size = sizeof create, .host = &host, .node = node, .options = &options};
  void* instance = NULL;
  const olstm_operator* entry =
      op_fixture_find(node->domain, node->op_type, node->opset_version);
  if (!entry) {
    return olstm_fail(&fixture->error, OLSTM_STATUS_NOT_FOUND,
                      "no operator %s of opset %d", node->op_type,
                      (int)node->opset_version);
  }
  olstm_status status = entry->create(entry, &create, &instance, &fixture->error);
  if (status == OLSTM_STATUS_OK) {
    status = run_instance(fixture, entry, instance);
    entry->destroy(instance);
  }
  olstm_test_allocator_assert_clean(&allocator);
  return status;
}

olstm_status op_fixture_run(op_fixture* fixture) {
  const char* input_names[OP_FIXTURE_MAX_INPUTS];
  const char* output_names[OP_FIXTURE_MAX_OUTPUTS];
  const olstm_tensor* constants[OP_FIXTURE_MAX_INPUTS] = {NULL};
  if (fixture->output_count == 0) fixture->output_count = 1;
  for (size_t i = 0; i < fixture->input_count; i++) {
    input_names[i] = fixture->inputs[i] ? kInputNames[i] : "";
    if (fixture->constant_inputs >> i & 1u) constants[i] = fixture->inputs[i];
  }
  for (size_t i = 0; i < fixture->output_count; i++) {
    output_names[i] = fixture->absent_outputs >> i & 1u ? "" : kOutputNames[i];
  }
  const olstm_node node = {.struct_size = sizeof node,
                           .name = "node",
                           .op_type = fixture->op_type,
                           .domain = fixture->domain ? fixture->domain : "",
                           .opset_version = fixture->opset_version,
                           .attribute_count = fixture->attribute_count,
                           .attributes = fixture->attributes,
                           .input_count = fixture->input_count,
                           .input_names = input_names,
                           .constants = constants,
                           .output_count = fixture->output_count,
                           .output_names = output_names};
  return op_fixture_run_node(fixture, &node);
}

void op_fixture_deinit(op_fixture* fixture) {
  for (size_t i = 0; i < OP_FIXTURE_MAX_OUTPUTS; i++) {
    olstm_test_release_exactly(fixture->outputs[i].data);
    fixture->outputs[i].data = NULL;
  }
}
