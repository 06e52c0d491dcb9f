// runtime/control_table: If, Loop and Scan are listed, and a node without its graph is
// refused by name.
#include "runtime/host/control_table.h"

#include "runtime/host/registry.h"
#include "tests/support/test_main.h"

static void refuses_a_node_without_its_graph(void** state) {
  olstm_registry* registry = NULL;
  const olstm_node node = {.struct_size = sizeof node, .name = "n", .op_type = "Loop"};
  const olstm_create_args args = {.struct_size = sizeof args, .node = &node};
  olstm_error error;
  void* instance = &error;
  (void)state;
  assert_int_equal(olstm_registry_create(NULL, &registry, NULL), OLSTM_STATUS_OK);
  const olstm_operator* loop = olstm__registry_find(registry, "", "Loop", 13);
  assert_non_null(loop);
  assert_int_equal(loop->create(loop, &args, &instance, &error),
                   OLSTM_STATUS_INVALID_MODEL);
  assert_string_equal(error.message, "Loop 'n': has no graph attribute");
  assert_null(instance);
  olstm_registry_destroy(registry);
}

static void lists_each_from_its_first_opset_on(void** state) {
  olstm_registry* registry = NULL;
  (void)state;
  assert_int_equal(olstm_registry_create(NULL, &registry, NULL), OLSTM_STATUS_OK);
  assert_non_null(olstm__registry_find(registry, "", "If", 1));
  assert_non_null(olstm__registry_find(registry, "", "Loop", 1));
  assert_null(olstm__registry_find(registry, "", "Scan", 7));
  assert_non_null(olstm__registry_find(registry, "", "Scan", OLSTM__NEWEST_ONNX_OPSET));
  olstm_registry_destroy(registry);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(refuses_a_node_without_its_graph),
      cmocka_unit_test(lists_each_from_its_first_opset_on),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
