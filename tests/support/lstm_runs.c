// Runs of a case through the operator table, and comparisons.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "op/builtin.h"
#include "op/math/real.h"
#include "system/aligned_memory.h"
#include "tests/support/lstm_problems.h"
#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

static void drop_outputs(olstm_lstm_case* layer) {
  for (size_t i = 0; i < OLSTM_RECURRENT_OUTPUT_COUNT; i++) {
    olstm__aligned_release(layer->outputs[i].data);
    layer->outputs[i].data = NULL;
  }
}

static const olstm_operator* find_operator(const olstm_node* node) {
  const olstm_plugin* plugin = olstm__builtin_plugin();
  for (size_t i = 0; i < plugin->operator_count(); i++) {
    const olstm_operator* found = plugin->get_operator(i);
    if (strcmp(found->op_type, node->op_type) == 0 &&
        found->first_opset <= node->opset_version &&
        (found->last_opset == 0 || found->last_opset >= node->opset_version)) {
      return found;
    }
  }
  fail_msg("no operator %s", node->op_type);
  return NULL;
}

/// NaN in every dtype: whatever is read before it was written shows.
static void* allocate_poisoned(size_t bytes) {
  const size_t room = (bytes / OLSTM_ALIGNMENT + 2) * OLSTM_ALIGNMENT;
  void* memory = olstm__aligned_allocate(OLSTM_ALIGNMENT, room);
  assert_non_null(memory);
  return memset(memory, 0xFF, room);
}

static olstm_status run_prepared(olstm_lstm_case* layer, const olstm_operator* op,
                                 const void* instance, const olstm_prepared* prepared,
                                 const olstm_lstm_case_options* options,
                                 olstm_error* error) {
  const void* inputs[OLSTM_RECURRENT_INPUT_COUNT] = {NULL};
  void* outputs[OLSTM_RECURRENT_OUTPUT_COUNT] = {NULL};
  void* workspace = allocate_poisoned(prepared->workspace_bytes);
  for (size_t i = 0; i < layer->node.input_count; i++) {
    if (olstm_tensor_desc_count(&layer->tensors[i].desc) > 0) {
      inputs[i] = layer->tensors[i].data;
    }
  }
  for (size_t i = 0; i < layer->node.output_count; i++) {
    size_t bytes = 0;
    if (!olstm_node_has_output(&layer->node, i)) continue;
    assert_true(olstm_tensor_desc_bytes(&layer->outputs[i].desc, &bytes));
    layer->outputs[i].data = allocate_poisoned(bytes);
    if (bytes) outputs[i] = layer->outputs[i].data;
  }
  const olstm_run_args args = {
      sizeof args,       inputs, outputs, prepared->workspace_bytes ? workspace : NULL,
      options->parallel, 0};
  const olstm_status status = op->run(instance, prepared->handle, &args, error);
  olstm__aligned_release(workspace);
  return status;
}

static olstm_status run_instance(olstm_lstm_case* layer, const olstm_operator* op,
                                 void* instance, const olstm_lstm_case_options* options,
                                 olstm_error* error) {
  olstm_tensor known[OLSTM_RECURRENT_INPUT_COUNT];
  const olstm_tensor* inputs[OLSTM_RECURRENT_INPUT_COUNT] = {NULL};
  olstm_tensor_desc descs[OLSTM_RECURRENT_OUTPUT_COUNT];
  const size_t input_count = layer->node.input_count;
  const size_t output_count = layer->node.output_count;
  olstm_prepared prepared = {.struct_size = sizeof prepared, .view_of_input = -1};
  for (size_t i = 0; i < input_count; i++) {
    known[i] = layer->tensors[i];
    if (!layer->constants[i]) known[i].data = NULL;
    if (layer->tensors[i].data) inputs[i] = &known[i];
  }
  const olstm_infer_args infer = {sizeof infer, input_count, inputs, output_count};
  OLSTM_RETURN_IF_ERROR(op->infer(instance, &infer, descs, error));
  for (size_t i = 0; i < output_count; i++) layer->outputs[i].desc = descs[i];
  const olstm_prepare_args prepare = {sizeof prepare, input_count, inputs, output_count,
                                      descs};
  OLSTM_RETURN_IF_ERROR(op->prepare(instance, &prepare, &prepared, error));
  (void)snprintf(layer->kernel, sizeof layer->kernel, "%s",
                 prepared.kernel ? prepared.kernel : "");
  (void)snprintf(layer->reason, sizeof layer->reason, "%s",
                 prepared.reason ? prepared.reason : "");
  layer->workspace_bytes = prepared.workspace_bytes;
  const olstm_status status =
      run_prepared(layer, op, instance, &prepared, options, error);
  op->release(instance, prepared.handle);
  return status;
}

olstm_status olstm_lstm_case_run(olstm_lstm_case* layer,
                                 const olstm_lstm_case_options* options,
                                 olstm_error* error) {
  olstm_test_allocator allocator;
  olstm_test_allocator_init(&allocator);
  const olstm_host host = {.struct_size = sizeof host,
                           .abi_version = OLSTM_ABI_VERSION,
                           .name = "test",
                           .allocator = &allocator.allocator};
  const olstm_operator_options operator_options = {
      .struct_size = sizeof operator_options,
      .thread_count = options->thread_count ? options->thread_count : 1,
      .precision = options->precision,
      .kernel = options->kernel};
  const olstm_create_args create = {sizeof create, &host, &layer->node,
                                    &operator_options};
  const olstm_operator* op = find_operator(&layer->node);
  void* instance = NULL;
  drop_outputs(layer);
  olstm_status status = op->create(op, &create, &instance, error);
  if (status == OLSTM_STATUS_OK) {
    status = run_instance(layer, op, instance, options, error);
    op->destroy(instance);
  }
  olstm_test_allocator_assert_clean(&allocator);
  return status;
}

void olstm_lstm_case_must_run(olstm_lstm_case* layer, const char* kernel) {
  const olstm_lstm_case_options options = {.kernel = kernel};
  olstm_error error = {""};
  const olstm_status status = olstm_lstm_case_run(layer, &options, &error);
  if (status != OLSTM_STATUS_OK) {
    fail_msg("'%s': %d %s", layer->text, (int)status, error.message);
  }
}

void olstm_lstm_case_must_fail(const char* text, olstm_status code, const char* message) {
  const olstm_lstm_case_options options = {.kernel = NULL};
  olstm_lstm_case layer;
  olstm_error error = {""};
  olstm_lstm_case_init(&layer, text);
  const olstm_status status = olstm_lstm_case_run(&layer, &options, &error);
  olstm_lstm_case_deinit(&layer);
  assert_string_equal(error.message, message);
  assert_int_equal(status, code);
}

void olstm_lstm_case_must_agree(const olstm_lstm_case* a, const olstm_lstm_case* b,
                                double rtol, double atol) {
  for (size_t o = 0; o < a->node.output_count; o++) {
    if (!a->outputs[o].data || !b->outputs[o].data) continue;
    assert_true(olstm_tensor_desc_equal(&a->outputs[o].desc, &b->outputs[o].desc));
    const int64_t count = olstm_tensor_desc_count(&a->outputs[o].desc);
    for (int64_t i = 0; i < count; i++) {
      const double got = olstm__real_load(a->dtype, a->outputs[o].data, i);
      const double expected = olstm__real_load(a->dtype, b->outputs[o].data, i);
      if (got == expected || (isnan(got) && isnan(expected))) continue;
      if (fabs(got - expected) <= atol + rtol * fabs(expected)) continue;
      fail_msg("'%s' (%s and %s): %s[%d] is %.9g, expected %.9g", a->text, a->kernel,
               b->kernel, a->output_names[o], (int)i, got, expected);
    }
  }
}
