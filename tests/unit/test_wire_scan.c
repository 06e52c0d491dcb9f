// onnx_proto/wire_scan.h: what is refused before protobuf-c sees it.
#include "onnx_proto/wire_scan.h"

#include <string.h>

#include "tests/support/onnx_writer.h"
#include "tests/support/test_main.h"

extern const ProtobufCMessageDescriptor onnx__model_proto__descriptor;

static olstm_status scan(const pb_bytes* pb, uint32_t max_depth, size_t max_memory,
                         olstm__wire_counts* counts, olstm_error* error) {
  const olstm__wire_limits limits = {.max_depth = max_depth, .max_memory = max_memory};
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  return olstm__wire_scan(&onnx__model_proto__descriptor, pb->bytes, pb->count, &limits,
                          &allocator, counts, error);
}

/// Scans with generous limits, expects a failure with `text` in its message, and frees.
static void expect_refusal(pb_bytes* pb, olstm_status expected, const char* text) {
  olstm__wire_counts counts;
  olstm_error error = {""};
  assert_int_equal(scan(pb, 100, 1 << 20, &counts, &error), expected);
  if (!strstr(error.message, text)) fail_msg("'%s' not in '%s'", text, error.message);
  pb_deinit(pb);
}

static void counts_messages_fields_and_depth(void** state) {
  pb_bytes graph = {0};
  pb_bytes node = onnx_node("Add", "n", "a,b", "c");
  olstm__wire_counts counts;
  (void)state;
  pb_message(&graph, GRAPH_NODE, &node);
  pb_bytes model = onnx_model(&graph);
  assert_int_equal(scan(&model, 3, 1 << 20, &counts, NULL), OLSTM_STATUS_OK);
  // Model, opset, graph, node.
  assert_int_equal(counts.message_count, 4);
  assert_int_equal(counts.depth, 3);
  assert_int_equal(counts.field_count, 3 + 2 + 1 + 5);
  pb_deinit(&model);
}

static void refuses_nesting_beyond_the_limit(void** state) {
  pb_bytes inner = {0};
  (void)state;
  for (int level = 0; level < 50; level++) {
    pb_bytes attribute = {0};
    pb_bytes node = {0};
    pb_bytes graph = {0};
    pb_message(&attribute, ATTRIBUTE_G, &inner);
    pb_message(&node, NODE_ATTRIBUTE, &attribute);
    pb_message(&graph, GRAPH_NODE, &node);
    inner = graph;
  }
  pb_bytes model = onnx_model(&inner);
  expect_refusal(&model, OLSTM_STATUS_LIMIT_EXCEEDED, "deeper than max_depth");
}

static void refuses_empty_messages_that_unpack_to_too_much(void** state) {
  pb_bytes graph = {0};
  (void)state;
  for (int i = 0; i < 20000; i++) pb_data(&graph, GRAPH_NODE, "", 0);
  assert_true(graph.count < 50000);
  pb_bytes model = onnx_model(&graph);
  expect_refusal(&model, OLSTM_STATUS_LIMIT_EXCEEDED, "max_memory=1048576");
}

static void refuses_a_field_given_twice(void** state) {
  pb_bytes graph = {0};
  pb_bytes model = onnx_model(&graph);
  (void)state;
  pb_data(&model, MODEL_GRAPH, "", 0);
  expect_refusal(&model, OLSTM_STATUS_INVALID_MODEL, "ModelProto.graph: is given twice");
}

static void refuses_two_members_of_a_oneof(void** state) {
  // A dimension with both a value and a name.
  pb_bytes dim = {0};
  pb_bytes shape = {0};
  pb_bytes tensor = {0};
  pb_bytes type = {0};
  pb_bytes value = {0};
  pb_bytes graph = {0};
  (void)state;
  pb_int(&dim, 1, 3);
  pb_text(&dim, 2, "N");
  pb_message(&shape, 1, &dim);
  pb_message(&tensor, 2, &shape);
  pb_message(&type, 1, &tensor);
  pb_message(&value, 2, &type);
  pb_message(&graph, GRAPH_INPUT, &value);
  pb_bytes model = onnx_model(&graph);
  expect_refusal(&model, OLSTM_STATUS_INVALID_MODEL, "dim_param: is given twice");
}

static void refuses_lengths_beyond_the_message(void** state) {
  pb_bytes model = {0};
  (void)state;
  pb_varint(&model, MODEL_GRAPH << 3 | 2);
  pb_varint(&model, 5);
  pb_append(&model, "abc", 3);
  expect_refusal(&model, OLSTM_STATUS_INVALID_MODEL, "ModelProto.graph: its length runs");
}

static void refuses_broken_varints(void** state) {
  pb_bytes model = {0};
  (void)state;
  pb_varint(&model, MODEL_IR_VERSION << 3 | 0);
  for (int i = 0; i < 11; i++) pb_append(&model, "\xff", 1);
  expect_refusal(&model, OLSTM_STATUS_INVALID_MODEL, "ir_version: a number is broken");
  pb_append(&model, "\xff\xff\xff\xff\xff\xff", 6);
  expect_refusal(&model, OLSTM_STATUS_INVALID_MODEL, "a field's tag is broken");
}

static void refuses_field_number_zero_and_groups(void** state) {
  pb_bytes model = {0};
  (void)state;
  pb_append(&model, "\x00\x00", 2);
  expect_refusal(&model, OLSTM_STATUS_INVALID_MODEL, "number 0");
  pb_append(&model, "\x0b", 1);
  expect_refusal(&model, OLSTM_STATUS_INVALID_MODEL, "wire type that does not exist");
}

static void refuses_a_wire_type_of_another_kind(void** state) {
  pb_bytes model = {0};
  (void)state;
  pb_float(&model, MODEL_IR_VERSION, 1.0f);
  expect_refusal(&model, OLSTM_STATUS_INVALID_MODEL, "wire type of another kind");
}

static void refuses_text_with_a_zero_byte(void** state) {
  pb_bytes model = {0};
  (void)state;
  pb_data(&model, MODEL_PRODUCER, "a\0b", 3);
  expect_refusal(&model, OLSTM_STATUS_INVALID_MODEL, "zero byte");
}

static void refuses_packed_data_that_is_cut(void** state) {
  pb_bytes tensor = {0};
  pb_bytes graph = {0};
  (void)state;
  pb_data(&tensor, TENSOR_FLOAT_DATA, "12345", 5);
  pb_message(&graph, GRAPH_INITIALIZER, &tensor);
  pb_bytes model = onnx_model(&graph);
  expect_refusal(&model, OLSTM_STATUS_INVALID_MODEL, "no multiple");
}

static void takes_unknown_fields_of_every_wire_type(void** state) {
  pb_bytes graph = {0};
  pb_bytes model = onnx_model(&graph);
  (void)state;
  pb_int(&model, 900, -1);
  pb_float(&model, 901, 1.0f);
  pb_text(&model, 902, "new");
  pb_varint(&model, 903 << 3 | 1);
  pb_append(&model, "12345678", 8);
  assert_int_equal(scan(&model, 100, 1 << 20, NULL, NULL), OLSTM_STATUS_OK);
  pb_deinit(&model);
}

static void refuses_depth_zero_without_a_frame_to_name(void** state) {
  pb_bytes model = {0};
  olstm_error error = {""};
  (void)state;
  pb_int(&model, MODEL_IR_VERSION, 8);
  assert_int_equal(scan(&model, 0, 1 << 20, NULL, &error), OLSTM_STATUS_LIMIT_EXCEEDED);
  pb_deinit(&model);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(counts_messages_fields_and_depth),
      cmocka_unit_test(refuses_nesting_beyond_the_limit),
      cmocka_unit_test(refuses_empty_messages_that_unpack_to_too_much),
      cmocka_unit_test(refuses_a_field_given_twice),
      cmocka_unit_test(refuses_two_members_of_a_oneof),
      cmocka_unit_test(refuses_lengths_beyond_the_message),
      cmocka_unit_test(refuses_broken_varints),
      cmocka_unit_test(refuses_field_number_zero_and_groups),
      cmocka_unit_test(refuses_a_wire_type_of_another_kind),
      cmocka_unit_test(refuses_text_with_a_zero_byte),
      cmocka_unit_test(refuses_packed_data_that_is_cut),
      cmocka_unit_test(takes_unknown_fields_of_every_wire_type),
      cmocka_unit_test(refuses_depth_zero_without_a_frame_to_name),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
