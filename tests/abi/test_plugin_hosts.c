// libolstm_ops.so in hosts of all versions: older ones are refused, equal and newer ones
// served.
#include <stdio.h>
#include <string.h>

#include "olstm/plugin.h"

#include "system/library.h"
#include "tests/support/test_main.h"

enum { kHidden = 2 };

/// A host of a version to come: what it appends, olstm must not read.
typedef struct newer_host {
  olstm_host host;
  unsigned char appended[64];
} newer_host;

typedef struct newer_run_args {
  olstm_run_args args;
  unsigned char appended[64];
} newer_run_args;

static void* library;

static olstm_plugin_entry_function open_entry(void) {
  olstm_plugin_entry_function entry = NULL;
  const char* reason = olstm__library_open_path(OLSTM_OPS_PATH, &library);
  if (reason) fail_msg("%s", reason);
  olstm__library_find(library, OLSTM_PLUGIN_SYMBOL, &entry);
  assert_non_null(entry);
  return entry;
}

static void an_older_host_is_refused_with_both_versions(void** state) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  const olstm_host host = {.struct_size = sizeof host,
                           .abi_version = OLSTM_ABI_VERSION - 1,
                           .name = "old",
                           .allocator = &allocator};
  olstm_error error = {""};
  (void)state;
  assert_null(open_entry()(&host, &error));
  assert_string_equal(error.message,
                      "olstm operators need a host with ABI version 1, this one has 0");
  assert_null(open_entry()(NULL, &error));
  olstm__library_close(library);
}

static const olstm_operator* find_relu(const olstm_plugin* plugin) {
  for (size_t i = 0; i < plugin->operator_count(); i++) {
    const olstm_operator* found = plugin->get_operator(i);
    if (strcmp(found->op_type, "Relu") == 0 && found->last_opset == 0) return found;
  }
  fail_msg("no Relu");
  return NULL;
}

/// A Relu, whose struct is `appended` bytes longer than version 1's.
static olstm_node relu_node(size_t appended) {
  static const char* const kInputs[] = {"x"};
  static const char* const kOutputs[] = {"y"};
  static const olstm_tensor* const kConstants[] = {NULL};
  return (olstm_node){.struct_size = sizeof(olstm_node) + appended,
                      .name = "r",
                      .op_type = "Relu",
                      .domain = "",
                      .opset_version = 14,
                      .input_count = 1,
                      .input_names = kInputs,
                      .constants = kConstants,
                      .output_count = 1,
                      .output_names = kOutputs};
}

/// Runs Relu for a host, whose structs are `appended` bytes longer than version 1's.
static void run_relu(const olstm_host* host, size_t appended) {
  const olstm_plugin* plugin = open_entry()(host, NULL);
  assert_non_null(plugin);
  assert_int_equal(plugin->abi_version, OLSTM_ABI_VERSION);
  const olstm_operator* relu = find_relu(plugin);
  const olstm_node node = relu_node(appended);
  const olstm_operator_options options = {
      .struct_size = sizeof options + appended, .thread_count = 1, .precision = 0};
  const olstm_create_args create = {sizeof create + appended, host, &node, &options};
  float x[kHidden] = {-1.0F, 2.0F}, y[kHidden] = {9.0F, 9.0F};
  const olstm_tensor input = {{OLSTM_DTYPE_FLOAT, 1, {kHidden}}, NULL};
  const olstm_tensor* inputs[] = {&input};
  const olstm_infer_args infer = {sizeof infer + appended, 1, inputs, 1};
  olstm_tensor_desc desc;
  void* instance = NULL;
  assert_int_equal(relu->create(relu, &create, &instance, NULL), OLSTM_STATUS_OK);
  assert_int_equal(relu->infer(instance, &infer, &desc, NULL), OLSTM_STATUS_OK);
  const olstm_prepare_args prepare = {sizeof prepare + appended, 1, inputs, 1, &desc};
  olstm_prepared prepared = {.struct_size = sizeof prepared, .view_of_input = -1};
  assert_int_equal(relu->prepare(instance, &prepare, &prepared, NULL), OLSTM_STATUS_OK);
  void* workspace = olstm_allocate(host->allocator, 1, prepared.workspace_bytes);
  assert_non_null(workspace);
  const void* input_data[] = {x};
  void* output_data[] = {y};
  newer_run_args run;
  memset(&run, 0xA5, sizeof run);
  run.args = (olstm_run_args){
      sizeof run.args + appended, input_data, output_data, workspace, NULL, 0};
  assert_int_equal(relu->run(instance, prepared.handle, &run.args, NULL),
                   OLSTM_STATUS_OK);
  assert_float_equal(y[0], 0.0F, 0.0F);
  assert_float_equal(y[1], 2.0F, 0.0F);
  olstm_release(host->allocator, workspace, 1, prepared.workspace_bytes);
  relu->release(instance, prepared.handle);
  relu->destroy(instance);
  olstm__library_close(library);
}

static void expect_refusal(const olstm_create_args* args, const char* message) {
  const olstm_operator* relu = find_relu(open_entry()(args->host, NULL));
  olstm_error error = {""};
  void* instance = NULL;
  assert_int_equal(relu->create(relu, args, &instance, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message, message);
  olstm__library_close(library);
}

/// A host that forgets to say how long its structs are would be read wrongly one day.
static void forgotten_sizes_are_refused_by_name(void** state) {
  static const char* const kStructs[] = {"olstm_create_args", "olstm_host", "olstm_node",
                                         "olstm_operator_options"};
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  (void)state;
  for (int forgotten = 0; forgotten < 4; forgotten++) {
    olstm_host host = {.struct_size = sizeof host,
                       .abi_version = OLSTM_ABI_VERSION,
                       .name = "hasty",
                       .allocator = &allocator};
    olstm_node node = relu_node(0);
    olstm_operator_options options = {
        .struct_size = sizeof options, .thread_count = 1, .precision = 0};
    olstm_create_args args = {sizeof args, &host, &node, &options};
    size_t* const sizes[] = {&args.struct_size, &host.struct_size, &node.struct_size,
                             &options.struct_size};
    // Of version 1 of the ABI.
    const size_t first_sizes[] = {
        sizeof args, offsetof(olstm_host, allocator) + sizeof host.allocator, sizeof node,
        offsetof(olstm_operator_options, kernel) + sizeof options.kernel};
    char expected[128];
    (void)snprintf(expected, sizeof expected,
                   "Relu 'r': struct_size of %s is 0, expected at least %zu",
                   kStructs[forgotten], first_sizes[forgotten]);
    *sizes[forgotten] = 0;
    expect_refusal(&args, expected);
  }
}

static void options_that_there_are_not_are_refused(void** state) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  const olstm_host host = {.struct_size = sizeof host,
                           .abi_version = OLSTM_ABI_VERSION,
                           .name = "odd",
                           .allocator = &allocator};
  const olstm_node node = relu_node(0);
  olstm_operator_options options = {
      .struct_size = sizeof options, .thread_count = 0, .precision = 0};
  const olstm_create_args args = {sizeof args, &host, &node, &options};
  (void)state;
  expect_refusal(&args, "Relu 'r': thread_count is 0, expected 1 or more");
  options = (olstm_operator_options){
      .struct_size = sizeof options, .thread_count = 1, .precision = 9};
  expect_refusal(&args, "Relu 'r': there is no precision 9");
}

static void an_equal_host_is_served(void** state) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  const olstm_host host = {.struct_size = sizeof host,
                           .abi_version = OLSTM_ABI_VERSION,
                           .name = "equal",
                           .allocator = &allocator};
  (void)state;
  run_relu(&host, 0);
}

static void a_newer_host_is_served(void** state) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  newer_host newer;
  (void)state;
  memset(&newer, 0xA5, sizeof newer);
  newer.host = (olstm_host){.struct_size = sizeof newer,
                            .abi_version = OLSTM_ABI_VERSION + 1,
                            .name = "newer",
                            .allocator = &allocator};
  run_relu(&newer.host, 64);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_older_host_is_refused_with_both_versions),
      cmocka_unit_test(forgotten_sizes_are_refused_by_name),
      cmocka_unit_test(options_that_there_are_not_are_refused),
      cmocka_unit_test(an_equal_host_is_served),
      cmocka_unit_test(a_newer_host_is_served),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
