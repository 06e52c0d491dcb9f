// runtime/graph/graph_import.c: a model's graph becomes a graph; what bodies capture
// becomes explicit.
#include "runtime/graph/graph.h"
#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

static float kWeights[2] = {1, 2};
static const olstm_tensor kConstant = {{OLSTM_DTYPE_FLOAT, 1, {2}}, kWeights};

/// Body: inputs none; captures w (constant outside) and x; Add(x, w) -> y.
static const int32_t kBodyNodeInputs[] = {1, 0};
static const int32_t kBodyNodeOutputs[] = {2};
static const olstm__decoded_node kBodyNodes[] = {
    {"body_add", "Add", "", 13, 0, NULL, 2, kBodyNodeInputs, 1, kBodyNodeOutputs}};
static const olstm__value kBodyValues[] = {{{.name = "w", .rank = -1}, NULL},
                                           {{.name = "x", .rank = -1}, NULL},
                                           {{.name = "y", .rank = -1}, NULL}};
static const int32_t kBodyOutputs[] = {2};
static const olstm__capture kCaptures[] = {{2, 0}, {1, 1}};
static const olstm__decoded_graph kBody = {
    .name = "then",
    .value_count = 3,
    .values = kBodyValues,
    .node_count = 1,
    .nodes = kBodyNodes,
    .output_count = 1,
    .outputs = kBodyOutputs,
    .capture_count = 2,
    .captures = kCaptures,
};

/// Main: inputs c, x; constant w; If(c) with kBody as both branches -> z.
static const olstm_attribute kAttributes[] = {
    {.name = "then_branch", .kind = OLSTM_ATTRIBUTE_GRAPH, .graph = &kBody},
    {.name = "else_branch", .kind = OLSTM_ATTRIBUTE_GRAPH, .graph = &kBody}};
static const int32_t kNodeInputs[] = {0};
static const int32_t kNodeOutputs[] = {3};
static const olstm__decoded_node kNodes[] = {
    {"if", "If", "", 13, 2, kAttributes, 1, kNodeInputs, 1, kNodeOutputs}};
static const olstm__value kValues[] = {{{.name = "c", .rank = -1}, NULL},
                                       {{.name = "x", .rank = -1}, NULL},
                                       {{.name = "w", .rank = -1}, &kConstant},
                                       {{.name = "z", .rank = -1}, NULL}};
static const int32_t kInputs[] = {0, 1};
static const int32_t kOutputs[] = {3};
static const olstm__decoded_graph kMain = {
    .name = "main",
    .value_count = 4,
    .values = kValues,
    .node_count = 1,
    .nodes = kNodes,
    .input_count = 2,
    .inputs = kInputs,
    .output_count = 1,
    .outputs = kOutputs,
};

static void makes_captures_inputs_of_the_control_node(void** state) {
  olstm__graph* graph = NULL;
  (void)state;
  assert_int_equal(olstm__graph_create(&kMain, 0, NULL, NULL, &graph, NULL),
                   OLSTM_STATUS_OK);
  const olstm__graph_node* node = &graph->nodes[0];
  assert_int_equal(node->kind, OLSTM__NODE_CONTROL);
  assert_int_equal(node->own_input_count, 1);
  // x once for each branch; w is a constant in both.
  assert_int_equal(node->input_count, 3);
  assert_int_equal(node->inputs[1], 1);
  assert_int_equal(node->inputs[2], 1);
  assert_int_equal(graph->values[1].use_count, 2);
  assert_int_equal(graph->values[2].use_count, 0);
  assert_int_equal(node->bodies[1].first_capture, 2);
  assert_int_equal(node->bodies[1].capture_count, 1);
  const olstm__graph* body = node->bodies[0].graph;
  assert_int_equal(body->input_count, 1);
  assert_int_equal(body->inputs[0], 1);
  assert_ptr_equal(olstm__graph_constant(body, 0), &kConstant);
  olstm__graph_destroy(graph);
}

static void survives_every_failing_allocation(void** state) {
  (void)state;
  for (int64_t nth = 1;; nth++) {
    olstm_test_allocator failing;
    olstm__graph* graph = NULL;
    olstm_test_allocator_init(&failing);
    olstm_test_allocator_fail_at(&failing, nth);
    const olstm_status status =
        olstm__graph_create(&kMain, 0, NULL, &failing.allocator, &graph, NULL);
    olstm__graph_destroy(graph);
    olstm_test_allocator_assert_clean(&failing);
    if (status == OLSTM_STATUS_OK) break;
    assert_int_equal(status, OLSTM_STATUS_OUT_OF_MEMORY);
    assert_null(graph);
    assert_true(nth < 100);
  }
}

static void refuses_graphs_nested_too_deep(void** state) {
  enum { kDepth = OLSTM__MAX_NESTING + 2 };
  static olstm__decoded_graph graphs[kDepth];
  static olstm__decoded_node nodes[kDepth];
  static olstm_attribute attributes[kDepth];
  olstm__graph* graph = NULL;
  olstm_error error;
  (void)state;
  for (int d = 0; d < kDepth; d++) {
    graphs[d] = (olstm__decoded_graph){
        .name = "g", .node_count = d + 1 < kDepth, .nodes = &nodes[d]};
    nodes[d] = (olstm__decoded_node){.name = "n",
                                     .op_type = "If",
                                     .domain = "",
                                     .attribute_count = 1,
                                     .attributes = &attributes[d]};
    attributes[d] = (olstm_attribute){.name = "then_branch",
                                      .kind = OLSTM_ATTRIBUTE_GRAPH,
                                      .graph = &graphs[(d + 1) % kDepth]};
  }
  assert_int_equal(olstm__graph_create(&graphs[0], 0, NULL, NULL, &graph, &error),
                   OLSTM_STATUS_LIMIT_EXCEEDED);
  assert_string_equal(error.message, "graph 'g': graphs are nested deeper than 32");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(makes_captures_inputs_of_the_control_node),
      cmocka_unit_test(survives_every_failing_allocation),
      cmocka_unit_test(refuses_graphs_nested_too_deep),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
