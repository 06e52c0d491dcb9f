// The layout of every struct of the operator ABI on 64-bit machines, as version 1 of the
// ABI has it. Fields are only ever appended: no number here ever changes, new lines may
// be added.
#include <stddef.h>

#include "olstm/plugin.h"
#include "tests/support/test_main.h"

#define FIELD(type, field, offset) \
  _Static_assert(offsetof(type, field) == (offset), #type "." #field " has moved")
// The least size that a struct of version 1 has; appended fields make it larger.
#define SIZE(type, bytes) _Static_assert(sizeof(type) >= (bytes), #type " has shrunk")
// Structs that lie in arrays or in others, or that have no struct_size, never grow.
#define EXACT_SIZE(type, bytes) \
  _Static_assert(sizeof(type) == (bytes), #type " has another size")

#if UINTPTR_MAX == UINT64_MAX

/// olstm/allocator.h
FIELD(olstm_allocator, user, 0);
FIELD(olstm_allocator, allocate, 8);
FIELD(olstm_allocator, release, 16);
EXACT_SIZE(olstm_allocator, 24);

/// olstm/status.h
FIELD(olstm_error, message, 0);
EXACT_SIZE(olstm_error, 512);

/// olstm/tensor.h
FIELD(olstm_string, bytes, 0);
FIELD(olstm_string, byte_count, 8);
EXACT_SIZE(olstm_string, 16);
FIELD(olstm_tensor_desc, dtype, 0);
FIELD(olstm_tensor_desc, rank, 4);
FIELD(olstm_tensor_desc, dims, 8);
EXACT_SIZE(olstm_tensor_desc, 72);
FIELD(olstm_tensor, desc, 0);
FIELD(olstm_tensor, data, 72);
EXACT_SIZE(olstm_tensor, 80);
FIELD(olstm_text, text, 0);
EXACT_SIZE(olstm_text, 192);

/// olstm/node.h
FIELD(olstm_attribute, name, 0);
FIELD(olstm_attribute, kind, 8);
FIELD(olstm_attribute, f, 12);
FIELD(olstm_attribute, i, 16);
FIELD(olstm_attribute, count, 24);
FIELD(olstm_attribute, floats, 32);
FIELD(olstm_attribute, ints, 40);
FIELD(olstm_attribute, strings, 48);
FIELD(olstm_attribute, tensor, 56);
FIELD(olstm_attribute, graph, 64);
EXACT_SIZE(olstm_attribute, 72);
FIELD(olstm_node, struct_size, 0);
FIELD(olstm_node, name, 8);
FIELD(olstm_node, op_type, 16);
FIELD(olstm_node, domain, 24);
FIELD(olstm_node, opset_version, 32);
FIELD(olstm_node, attribute_count, 40);
FIELD(olstm_node, attributes, 48);
FIELD(olstm_node, input_count, 56);
FIELD(olstm_node, input_names, 64);
FIELD(olstm_node, constants, 72);
FIELD(olstm_node, output_count, 80);
FIELD(olstm_node, output_names, 88);
SIZE(olstm_node, 96);

/// olstm/plugin.h
FIELD(olstm_host, struct_size, 0);
FIELD(olstm_host, abi_version, 8);
FIELD(olstm_host, name, 16);
FIELD(olstm_host, allocator, 24);
FIELD(olstm_host, shared, 32);
FIELD(olstm_host, share, 40);
FIELD(olstm_host, unshare, 48);
SIZE(olstm_host, 32);
FIELD(olstm_parallel, struct_size, 0);
FIELD(olstm_parallel, pool, 8);
FIELD(olstm_parallel, thread_count, 16);
FIELD(olstm_parallel, run, 24);
SIZE(olstm_parallel, 32);
FIELD(olstm_operator_options, struct_size, 0);
FIELD(olstm_operator_options, thread_count, 8);
FIELD(olstm_operator_options, precision, 12);
FIELD(olstm_operator_options, kernel, 16);
FIELD(olstm_operator_options, has_seed, 24);
FIELD(olstm_operator_options, seed, 32);
SIZE(olstm_operator_options, 24);
FIELD(olstm_create_args, struct_size, 0);
FIELD(olstm_create_args, host, 8);
FIELD(olstm_create_args, node, 16);
FIELD(olstm_create_args, options, 24);
SIZE(olstm_create_args, 32);
FIELD(olstm_infer_args, struct_size, 0);
FIELD(olstm_infer_args, input_count, 8);
FIELD(olstm_infer_args, inputs, 16);
FIELD(olstm_infer_args, output_count, 24);
SIZE(olstm_infer_args, 32);
FIELD(olstm_prepare_args, struct_size, 0);
FIELD(olstm_prepare_args, input_count, 8);
FIELD(olstm_prepare_args, inputs, 16);
FIELD(olstm_prepare_args, output_count, 24);
FIELD(olstm_prepare_args, outputs, 32);
SIZE(olstm_prepare_args, 40);
FIELD(olstm_prepared, struct_size, 0);
FIELD(olstm_prepared, handle, 8);
FIELD(olstm_prepared, workspace_bytes, 16);
FIELD(olstm_prepared, view_of_input, 24);
FIELD(olstm_prepared, inplace_inputs, 28);
FIELD(olstm_prepared, kernel, 32);
FIELD(olstm_prepared, reason, 40);
FIELD(olstm_prepared, run_allocates, 48);
FIELD(olstm_prepared, work, 56);
FIELD(olstm_prepared, sequence, 64);
SIZE(olstm_prepared, 56);
FIELD(olstm_run_args, struct_size, 0);
FIELD(olstm_run_args, inputs, 8);
FIELD(olstm_run_args, outputs, 16);
FIELD(olstm_run_args, workspace, 24);
FIELD(olstm_run_args, parallel, 32);
FIELD(olstm_run_args, trip, 40);
SIZE(olstm_run_args, 48);
FIELD(olstm_operator, struct_size, 0);
FIELD(olstm_operator, domain, 8);
FIELD(olstm_operator, op_type, 16);
FIELD(olstm_operator, first_opset, 24);
FIELD(olstm_operator, last_opset, 28);
FIELD(olstm_operator, flags, 32);
FIELD(olstm_operator, dtypes, 40);
FIELD(olstm_operator, variant, 48);
FIELD(olstm_operator, create, 56);
FIELD(olstm_operator, infer, 64);
FIELD(olstm_operator, prepare, 72);
FIELD(olstm_operator, run, 80);
FIELD(olstm_operator, release, 88);
FIELD(olstm_operator, destroy, 96);
SIZE(olstm_operator, 104);
FIELD(olstm_plugin, struct_size, 0);
FIELD(olstm_plugin, abi_version, 8);
FIELD(olstm_plugin, name, 16);
FIELD(olstm_plugin, version, 24);
FIELD(olstm_plugin, operator_count, 32);
FIELD(olstm_plugin, get_operator, 40);
SIZE(olstm_plugin, 48);

#endif

static void has_the_abi_version_of_this_file(void** state) {
  (void)state;
  assert_int_equal(OLSTM_ABI_VERSION, 1);
}

static void keeps_the_numbers_of_codes_and_dtypes(void** state) {
  (void)state;
  assert_int_equal(OLSTM_STATUS_INVALID_VALUE, 13);
  assert_int_equal(OLSTM_STATUS_NEEDS_DATA, 12);
  assert_int_equal(OLSTM_DTYPE_BFLOAT16, 16);
  assert_int_equal(OLSTM_MAX_RANK, 8);
  assert_int_equal(OLSTM_ALIGNMENT, 64);
  assert_int_equal(OLSTM_ERROR_CAPACITY, 512);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(has_the_abi_version_of_this_file),
      cmocka_unit_test(keeps_the_numbers_of_codes_and_dtypes),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
