// runtime/plugin_loader: plugins of this ABI load and run, all others are refused by name
// and leave nothing behind.
#include <string.h>

#include "olstm/runtime.h"
#include "olstm/version.h"
#include "op/builtin.h"
#include "runtime/host/registry.h"
#include "tests/support/test_main.h"

static olstm_registry* make_registry(void) {
  olstm_registry* registry = NULL;
  assert_int_equal(olstm_registry_create(NULL, &registry, NULL), OLSTM_STATUS_OK);
  return registry;
}

static void expect_refusal(const char* path, olstm_status code, const char* message) {
  olstm_registry* registry = make_registry();
  const size_t count = olstm_registry_operator_count(registry);
  olstm_error error = {""};
  assert_int_equal(olstm_registry_load_plugin(registry, path, &error), code);
  if (!strstr(error.message, message)) fail_msg("%s", error.message);
  assert_null(strchr(error.message, '\n'));
  assert_int_equal(olstm_registry_operator_count(registry), count);
  olstm_registry_destroy(registry);
}

static void runs_a_plugins_operator(void** state) {
  olstm_registry* registry = make_registry();
  const float input = 2.5F;
  float output = 0;
  const void* inputs[] = {&input};
  void* outputs[] = {&output};
  const olstm_run_args args = {
      .struct_size = sizeof args, .inputs = inputs, .outputs = outputs};
  (void)state;
  assert_int_equal(olstm_registry_load_plugin(registry, PLUGIN_EQUAL_PATH, NULL),
                   OLSTM_STATUS_OK);
  const olstm_operator* negate = olstm__registry_find(registry, "test", "Negate", 1);
  assert_non_null(negate);
  assert_int_equal(negate->run(NULL, NULL, &args, NULL), OLSTM_STATUS_OK);
  assert_true(output == -2.5F);
  olstm_registry_destroy(registry);
}

static void loads_the_same_plugin_twice(void** state) {
  olstm_registry* registry = make_registry();
  const size_t count = olstm_registry_operator_count(registry);
  (void)state;
  assert_int_equal(olstm_registry_load_plugin(registry, PLUGIN_EQUAL_PATH, NULL),
                   OLSTM_STATUS_OK);
  assert_int_equal(olstm_registry_load_plugin(registry, PLUGIN_EQUAL_PATH, NULL),
                   OLSTM_STATUS_OK);
  assert_int_equal(olstm_registry_operator_count(registry), count + 2);
  olstm_registry_destroy(registry);
}

static void loads_olstms_own_operators(void** state) {
  olstm_registry* registry = make_registry();
  const size_t count = olstm_registry_operator_count(registry);
  (void)state;
  assert_int_equal(olstm_registry_load_plugin(registry, OLSTM_OPS_PATH, NULL),
                   OLSTM_STATUS_OK);
  assert_int_equal(olstm_registry_operator_count(registry),
                   count + olstm__builtin_plugin()->operator_count());
  olstm_registry_destroy(registry);
}

static void refuses_a_newer_plugin(void** state) {
  (void)state;
  expect_refusal(PLUGIN_NEWER_PATH, OLSTM_STATUS_UNSUPPORTED,
                 "plugin 'negate' needs a host with ABI version 2, this one has 1");
}

static void passes_on_why_a_plugin_refuses(void** state) {
  (void)state;
  expect_refusal(PLUGIN_REFUSING_PATH, OLSTM_STATUS_UNSUPPORTED,
                 "refuses this host: needs ABI version 7, olstm " OLSTM_VERSION_TEXT
                 " has 1");
}

static void refuses_a_library_without_the_symbol(void** state) {
  (void)state;
  expect_refusal(PLUGIN_EMPTY_PATH, OLSTM_STATUS_NOT_FOUND,
                 "no symbol 'olstm_plugin_entry' in it");
}

static void refuses_a_plugin_without_a_callback(void** state) {
  (void)state;
  expect_refusal(PLUGIN_BROKEN_PATH, OLSTM_STATUS_INVALID_ARGUMENT,
                 "plugin 'negate': operator 'Negate' has no run callback");
}

static void refuses_a_file_that_is_not_there(void** state) {
  (void)state;
  expect_refusal("/nonexistent/plugin.so", OLSTM_STATUS_IO_ERROR,
                 "/nonexistent/plugin.so");
}

static void does_not_search_for_a_bare_name(void** state) {
  (void)state;
  // Libraries that systems would find.
  expect_refusal("libc.so.6", OLSTM_STATUS_IO_ERROR, "libc.so.6");
  expect_refusal("kernel32.dll", OLSTM_STATUS_IO_ERROR, "kernel32.dll");
}

static void refuses_an_empty_path(void** state) {
  (void)state;
  expect_refusal("", OLSTM_STATUS_INVALID_ARGUMENT, "path is empty");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(runs_a_plugins_operator),
      cmocka_unit_test(loads_the_same_plugin_twice),
      cmocka_unit_test(loads_olstms_own_operators),
      cmocka_unit_test(refuses_a_newer_plugin),
      cmocka_unit_test(passes_on_why_a_plugin_refuses),
      cmocka_unit_test(refuses_a_library_without_the_symbol),
      cmocka_unit_test(refuses_a_plugin_without_a_callback),
      cmocka_unit_test(refuses_a_file_that_is_not_there),
      cmocka_unit_test(does_not_search_for_a_bare_name),
      cmocka_unit_test(refuses_an_empty_path),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
