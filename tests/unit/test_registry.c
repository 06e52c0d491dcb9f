// runtime/registry: operators are found by domain, type and opset; what is not there is
// refused by name.
#include "runtime/host/registry.h"

#include <string.h>

#include "op/builtin.h"
#include "tests/support/test_main.h"

static olstm_status fake_create(const olstm_operator* self, const olstm_create_args* args,
                                void** out_instance, olstm_error* error) {
  (void)self;
  (void)args;
  (void)error;
  *out_instance = NULL;
  return OLSTM_STATUS_OK;
}
static olstm_status fake_infer(const void* instance, const olstm_infer_args* args,
                               olstm_tensor_desc* out_outputs, olstm_error* error) {
  (void)instance;
  (void)args;
  (void)out_outputs;
  (void)error;
  return OLSTM_STATUS_OK;
}
static olstm_status fake_prepare(void* instance, const olstm_prepare_args* args,
                                 olstm_prepared* out_prepared, olstm_error* error) {
  (void)instance;
  (void)args;
  (void)out_prepared;
  (void)error;
  return OLSTM_STATUS_OK;
}
static olstm_status fake_run(const void* instance, const void* handle,
                             const olstm_run_args* args, olstm_error* error) {
  (void)instance;
  (void)handle;
  (void)args;
  (void)error;
  return OLSTM_STATUS_OK;
}
static void fake_release(void* instance, void* handle) {
  (void)instance;
  (void)handle;
}
static void fake_destroy(void* instance) {
  (void)instance;
}

static olstm_operator make_operator(const char* domain, const char* op_type,
                                    int32_t first_opset, int32_t last_opset) {
  return (olstm_operator){.struct_size = sizeof(olstm_operator),
                          .domain = domain,
                          .op_type = op_type,
                          .first_opset = first_opset,
                          .last_opset = last_opset,
                          .create = fake_create,
                          .infer = fake_infer,
                          .prepare = fake_prepare,
                          .run = fake_run,
                          .release = fake_release,
                          .destroy = fake_destroy};
}

static olstm_registry* make_registry(void) {
  olstm_registry* registry = NULL;
  assert_int_equal(olstm_registry_create(NULL, &registry, NULL), OLSTM_STATUS_OK);
  return registry;
}

static void holds_the_built_in_operators(void** state) {
  olstm_registry* registry = make_registry();
  const olstm_plugin* builtin = olstm__builtin_plugin();
  (void)state;
  const size_t count = olstm_registry_operator_count(registry);
  assert_int_equal(count, builtin->operator_count() + 3);
  for (size_t i = 0; i < builtin->operator_count(); i++) {
    const olstm_operator* table = builtin->get_operator(i);
    assert_ptr_equal(olstm_registry_get_operator(registry, i), table);
    assert_ptr_equal(
        olstm__registry_find(registry, table->domain, table->op_type, table->first_opset),
        table);
  }
  assert_non_null(olstm__registry_find(registry, "", "If", 1));
  assert_non_null(olstm__registry_find(registry, "", "Loop", 13));
  assert_non_null(olstm__registry_find(registry, "", "Scan", 8));
  assert_null(olstm_registry_get_operator(registry, count));
  olstm_registry_destroy(registry);
}

static void finds_by_domain_type_and_opset(void** state) {
  olstm_registry* registry = make_registry();
  const olstm_operator early = make_operator("test", "Foo", 1, 6);
  const olstm_operator late = make_operator("test", "Foo", 7, 0);
  const olstm_operator other = make_operator("test.two", "Foo", 1, 0);
  (void)state;
  assert_int_equal(olstm_registry_add(registry, &early, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm_registry_add(registry, &late, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm_registry_add(registry, &other, NULL), OLSTM_STATUS_OK);
  assert_ptr_equal(olstm__registry_find(registry, "test", "Foo", 1), &early);
  assert_ptr_equal(olstm__registry_find(registry, "test", "Foo", 6), &early);
  assert_ptr_equal(olstm__registry_find(registry, "test", "Foo", 7), &late);
  assert_ptr_equal(olstm__registry_find(registry, "test", "Foo", 1000), &late);
  assert_ptr_equal(olstm__registry_find(registry, "test.two", "Foo", 3), &other);
  assert_null(olstm__registry_find(registry, "test", "Fo", 3));
  assert_null(olstm__registry_find(registry, "tes", "tFoo", 3));
  assert_null(olstm__registry_find(registry, "test", "Foo", 0));
  olstm_registry_destroy(registry);
}

static void lets_later_ones_win(void** state) {
  olstm_registry* registry = make_registry();
  const olstm_operator first = make_operator("", "Zzz", 1, 0);
  const olstm_operator second = make_operator("ai.onnx", "Zzz", 9, 11);
  (void)state;
  assert_int_equal(olstm_registry_add(registry, &first, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm_registry_add(registry, &second, NULL), OLSTM_STATUS_OK);
  assert_ptr_equal(olstm__registry_find(registry, "", "Zzz", 8), &first);
  assert_ptr_equal(olstm__registry_find(registry, "", "Zzz", 9), &second);
  assert_ptr_equal(olstm__registry_find(registry, "ai.onnx", "Zzz", 11), &second);
  assert_ptr_equal(olstm__registry_find(registry, "ai.onnx", "Zzz", 12), &first);
  olstm_registry_destroy(registry);
}

static void finds_among_thousands(void** state) {
  enum { kCount = 3000 };
  static char names[kCount][16];
  static olstm_operator tables[kCount];
  olstm_registry* registry = make_registry();
  (void)state;
  for (int i = 0; i < kCount; i++) {
    (void)snprintf(names[i], sizeof names[i], "Op%d", i);
    tables[i] = make_operator("many", names[i], 1, 0);
    assert_int_equal(olstm_registry_add(registry, &tables[i], NULL), OLSTM_STATUS_OK);
  }
  for (int i = 0; i < kCount; i++) {
    assert_ptr_equal(olstm__registry_find(registry, "many", names[i], 1), &tables[i]);
  }
  olstm_registry_destroy(registry);
}

static void refuses_a_newer_opset_by_name(void** state) {
  olstm_registry* registry = make_registry();
  const olstm_operator table = make_operator("", "Zzz", 1, 0);
  olstm_error error;
  (void)state;
  assert_int_equal(olstm_registry_add(registry, &table, NULL), OLSTM_STATUS_OK);
  assert_ptr_equal(olstm__registry_find(registry, "", "Zzz", OLSTM__NEWEST_ONNX_OPSET),
                   &table);
  assert_null(olstm__registry_find(registry, "", "Zzz", 40));
  assert_int_equal(olstm__registry_refuse(registry, "n", "", "Zzz", 40, &error),
                   OLSTM_STATUS_UNSUPPORTED);
  assert_string_equal(
      error.message, "Zzz 'n': opset 40 is newer than 26, the newest this version knows");
  olstm_registry_destroy(registry);
}

static void refuses_what_is_not_there_by_name(void** state) {
  olstm_registry* registry = make_registry();
  const olstm_operator from_nine = make_operator("", "Zzz", 9, 0);
  const olstm_operator removed = make_operator("d", "Yyy", 7, 9);
  olstm_error error;
  (void)state;
  assert_int_equal(olstm_registry_add(registry, &from_nine, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm_registry_add(registry, &removed, NULL), OLSTM_STATUS_OK);
  (void)olstm__registry_refuse(registry, "n", "ai.onnx", "Erfc", 13, &error);
  assert_string_equal(error.message, "Erfc 'n': no operator 'Erfc' in domain 'ai.onnx'");
  (void)olstm__registry_refuse(registry, "n", "", "Zzz", 8, &error);
  assert_string_equal(error.message,
                      "Zzz 'n': opset 8 is not supported, expected 9 or later");
  (void)olstm__registry_refuse(registry, "n", "d", "Yyy", 11, &error);
  assert_string_equal(error.message,
                      "Yyy 'n': opset 11 is not supported, expected 7 to 9");
  olstm_registry_destroy(registry);
}

static void refuses_a_table_without_its_callbacks(void** state) {
  olstm_registry* registry = make_registry();
  olstm_operator table = make_operator("", "Zzz", 1, 0);
  olstm_error error;
  (void)state;
  table.run = NULL;
  assert_int_equal(olstm_registry_add(registry, &table, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message, "registry: operator 'Zzz' has no run callback");
  table = make_operator("", "Zzz", 5, 4);
  assert_int_equal(olstm_registry_add(registry, &table, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message, "registry: operator 'Zzz' has opsets 5..4");
  table = make_operator("", "", 1, 0);
  assert_int_equal(olstm_registry_add(registry, &table, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  table = make_operator("", "Zzz", 1, 0);
  table.struct_size = 8;
  assert_int_equal(olstm_registry_add(registry, &table, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_int_equal(olstm_registry_add(registry, NULL, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message, "registry: operator is NULL");
  assert_null(olstm__registry_find(registry, "", "Zzz", 1));
  olstm_registry_destroy(registry);
}

static olstm_operator plugin_tables[2];
static size_t plugin_count(void) {
  return 2;
}
static const olstm_operator* plugin_get(size_t index) {
  return &plugin_tables[index];
}

static olstm_plugin make_plugin(uint32_t abi_version) {
  return (olstm_plugin){sizeof(olstm_plugin), abi_version, "testing", "1",
                        plugin_count,         plugin_get};
}

static void adds_all_of_a_plugin_or_nothing(void** state) {
  olstm_registry* registry = make_registry();
  const size_t count = olstm_registry_operator_count(registry);
  const olstm_plugin plugin = make_plugin(1);
  olstm_error error;
  (void)state;
  plugin_tables[0] = make_operator("p", "A", 1, 0);
  plugin_tables[1] = make_operator("p", "B", 1, 0);
  plugin_tables[1].destroy = NULL;
  assert_int_equal(olstm__registry_add_plugin(registry, &plugin, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message,
                      "plugin 'testing': operator 'B' has no destroy callback");
  assert_int_equal(olstm_registry_operator_count(registry), count);
  assert_null(olstm__registry_find(registry, "p", "A", 1));
  plugin_tables[1] = make_operator("p", "B", 1, 0);
  assert_int_equal(olstm__registry_add_plugin(registry, &plugin, &error),
                   OLSTM_STATUS_OK);
  assert_ptr_equal(olstm__registry_find(registry, "p", "A", 1), &plugin_tables[0]);
  assert_ptr_equal(olstm__registry_find(registry, "p", "B", 1), &plugin_tables[1]);
  olstm_registry_destroy(registry);
}

static void takes_older_plugins_and_refuses_newer_ones(void** state) {
  const olstm_plugin old = make_plugin(1);
  const olstm_plugin newer = make_plugin(2);
  olstm_plugin broken = make_plugin(1);
  olstm_error error;
  (void)state;
  assert_int_equal(olstm__plugin_negotiate(&old, 1, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm__plugin_negotiate(&old, 2, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm__plugin_negotiate(&newer, 2, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm__plugin_negotiate(&newer, 1, &error), OLSTM_STATUS_UNSUPPORTED);
  assert_string_equal(error.message,
                      "plugin 'testing' needs a host with ABI version 2, this one has 1");
  broken.get_operator = NULL;
  assert_int_equal(olstm__plugin_negotiate(&broken, 1, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message, "plugin 'testing' has no get_operator callback");
  broken.struct_size = 16;
  assert_int_equal(olstm__plugin_negotiate(&broken, 1, NULL),
                   OLSTM_STATUS_INVALID_ARGUMENT);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(holds_the_built_in_operators),
      cmocka_unit_test(finds_by_domain_type_and_opset),
      cmocka_unit_test(lets_later_ones_win),
      cmocka_unit_test(finds_among_thousands),
      cmocka_unit_test(refuses_a_newer_opset_by_name),
      cmocka_unit_test(refuses_what_is_not_there_by_name),
      cmocka_unit_test(refuses_a_table_without_its_callbacks),
      cmocka_unit_test(adds_all_of_a_plugin_or_nothing),
      cmocka_unit_test(takes_older_plugins_and_refuses_newer_ones),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
