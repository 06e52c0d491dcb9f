// runtime/fuse/fuse_layout.c: Transposes around recurrent nodes go away, and nothing else
// changes.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "olstm/olstm.h"
#include "runtime/fuse/fuse.h"
#include "tests/support/fuse_case.h"
#include "tests/support/test_main.h"

enum { H = 4 };

static const olstm_attribute kHidden = {
    .name = "hidden_size", .kind = OLSTM_ATTRIBUTE_INT, .i = H};

typedef struct built {
  olstm__graph* graph;
  int32_t x, lstm, y;
} built;

static int32_t add_node(olstm__graph* graph, const char* op_type, const int32_t* inputs,
                        size_t input_count, const olstm_attribute* attribute) {
  int32_t output = olstm__graph_add_value(graph, OLSTM__VALUE_NODE, op_type);
  const olstm__graph_node made = {.kind = OLSTM__NODE_OPERATOR,
                                  .name = op_type,
                                  .op_type = op_type,
                                  .opset_version = 11,
                                  .attribute_count = 1,
                                  .attributes = attribute,
                                  .input_count = input_count,
                                  .inputs = (int32_t*)inputs,
                                  .output_count = 1,
                                  .outputs = &output};
  (void)olstm__graph_add_node(graph, &made);
  return output;
}

static int32_t transpose(olstm__graph* graph, int32_t input, const int64_t* perm,
                         size_t rank) {
  olstm_attribute* attribute = olstm__graph_allocate(graph, 1, sizeof *attribute);
  *attribute = (olstm_attribute){
      .name = "perm", .kind = OLSTM_ATTRIBUTE_INTS, .count = rank, .ints = perm};
  return add_node(graph, "Transpose", &input, 1, attribute);
}

/// x -> Transpose -> LSTM -> y.
static built build(void) {
  static const int64_t kSwap[] = {1, 0, 2};
  built made = {.graph = olstm__graph_create_empty("n", NULL)};
  made.x = olstm__graph_add_value(made.graph, OLSTM__VALUE_INPUT, "x");
  const int32_t w = olstm__graph_add_value(made.graph, OLSTM__VALUE_INPUT, "w");
  const int32_t r = olstm__graph_add_value(made.graph, OLSTM__VALUE_INPUT, "r");
  const int32_t inputs[] = {transpose(made.graph, made.x, kSwap, 3), w, r};
  made.y = add_node(made.graph, "LSTM", inputs, 3, &kHidden);
  made.lstm = made.graph->values[made.y].producer;
  return made;
}

static int64_t layout_of(const built* b, const char* name) {
  const olstm_attribute* attribute =
      olstm__graph_find_attribute(&b->graph->nodes[b->lstm], name);
  return attribute ? attribute->i : -1;
}

static int count_nodes(const olstm__graph* graph, const char* op_type) {
  int count = 0;
  for (int32_t i = 0; i < graph->order_count; i++) {
    if (strcmp(graph->nodes[graph->order[i]].op_type, op_type) == 0) count++;
  }
  return count;
}

/// One way to lay Y out again, and what becomes of it.
static void expect(const int64_t* perm, bool is_squeezed, int64_t y_layout) {
  static const int64_t kOne[] = {1};
  static const olstm_attribute kAxes = {
      .name = "axes", .kind = OLSTM_ATTRIBUTE_INTS, .count = 1, .ints = kOne};
  built b = build();
  int32_t y = b.y;
  if (is_squeezed) y = add_node(b.graph, "Squeeze", &y, 1, &kAxes);
  if (perm) y = transpose(b.graph, y, perm, is_squeezed ? 3 : 4);
  (void)olstm__graph_add_output(b.graph, y);
  assert_int_equal(olstm__fuse_layouts(b.graph, NULL), OLSTM_STATUS_OK);
  assert_string_equal(b.graph->nodes[b.lstm].domain, "olstm.fused");
  assert_int_equal(b.graph->nodes[b.lstm].inputs[0], b.x);
  assert_int_equal(layout_of(&b, "x_layout"), 1);
  assert_int_equal(layout_of(&b, "y_layout"), y_layout);
  const bool keeps_transpose = perm && y_layout == 0;
  assert_int_equal(count_nodes(b.graph, "Transpose"), keeps_transpose ? 1 : 0);
  assert_int_equal(count_nodes(b.graph, "Squeeze"), is_squeezed ? 1 : 0);
  olstm__graph_destroy(b.graph);
}

static void every_way_that_exporters_lay_y_out_is_known(void** state) {
  static const int64_t kKeras[] = {1, 0, 2}, kKeras2onnx[] = {2, 0, 1, 3},
                       kTorch[] = {0, 2, 1, 3}, kOther[] = {3, 2, 1, 0};
  (void)state;
  expect(NULL, false, 0);
  expect(kKeras, true, 1);
  expect(kKeras2onnx, false, 1);
  expect(kTorch, false, 2);
  expect(kOther, false, 0);
}

static void a_y_that_others_use_too_stays_as_it_is(void** state) {
  static const int64_t kTorch[] = {0, 2, 1, 3};
  built b = build();
  (void)state;
  (void)olstm__graph_add_output(b.graph, transpose(b.graph, b.y, kTorch, 4));
  (void)olstm__graph_add_output(b.graph, b.y);
  assert_int_equal(olstm__fuse_layouts(b.graph, NULL), OLSTM_STATUS_OK);
  assert_int_equal(layout_of(&b, "y_layout"), 0);
  assert_int_equal(count_nodes(b.graph, "Transpose"), 1);
  olstm__graph_destroy(b.graph);
}

#define BOTH_DIRECTIONS                                                 \
  "input x float[t,n,2]\n"                                              \
  "const w float[2,16,2] 0.3 -0.2 0.1 0.4 -0.5\n"                       \
  "const r float[2,16,4] 0.2 -0.1 0.3 -0.4 0.1 0.25 -0.15\n"            \
  "const zero int64[1] 0\nconst one int64[1] 1\nconst two int64[1] 2\n" \
  "node LSTM x,w,r -> Y hidden_size=4 direction=\"bidirectional\"\n"    \
  "node Slice Y,zero,one,one -> f\nnode Squeeze f,one -> fs\n"          \
  "node Slice Y,one,two,one -> g\nnode Squeeze g,one -> gs\n"

/// As tf2onnx writes Bidirectional(..., merge_mode="concat").
static void directions_that_are_joined_lie_so(void** state) {
  (void)state;
  fuse_case_expect(BOTH_DIRECTIONS "node Concat fs,gs -> y axis=2\noutput y\n", "LSTM");
  fuse_case_expect(BOTH_DIRECTIONS
                   "node Concat fs,gs -> c axis=-1\nnode Transpose c -> y perm=[1,0,2]\n"
                   "output y\n",
                   "LSTM");
  fuse_case_expect(BOTH_DIRECTIONS "node Concat gs,fs -> y axis=2\noutput y\n",
                   "LSTM Slice Slice Concat");
  fuse_case_expect(BOTH_DIRECTIONS "node Concat fs,gs -> y axis=1\noutput y\n",
                   "LSTM Slice Slice Concat");
  fuse_case_expect(BOTH_DIRECTIONS "node Add fs,gs -> y\noutput y\n",
                   "LSTM Slice Slice Add");
}

#define ONE_DIRECTION                                        \
  "const w float[1,16,2] 0.3 -0.2 0.1 0.4 -0.5\n"            \
  "const r float[1,16,4] 0.2 -0.1 0.3 -0.4 0.1 0.25 -0.15\n" \
  "const one int64[1] 1\n"

static void other_orders_of_axes_stay(void** state) {
  (void)state;
  fuse_case_expect("input x float[n,t,2]\n" ONE_DIRECTION
                   "node Transpose x -> xt perm=[1,0,2]\n"
                   "node LSTM xt,w,r -> Y hidden_size=4\nnode Squeeze Y,one -> s\n"
                   "node Transpose s -> y perm=[1,0,2]\noutput y\n",
                   "LSTM");
  fuse_case_expect("input x float[t,2,n]\n" ONE_DIRECTION
                   "node Transpose x -> xt perm=[0,2,1]\n"
                   "node LSTM xt,w,r -> y hidden_size=4\noutput y\n",
                   "Transpose LSTM");
  fuse_case_expect("input x float[t,n,2]\n" ONE_DIRECTION
                   "node LSTM x,w,r -> Y hidden_size=4\nnode Squeeze Y,one -> s\n"
                   "node Transpose s -> y perm=[1,2,0]\noutput y\n",
                   "LSTM Transpose");
  // ONNX's own batch-major layout is another one.
  fuse_case_expect(
      "opset 14\ninput x float[n,t,2]\n" ONE_DIRECTION
      "node Transpose x -> xt perm=[1,0,2]\nnode Transpose xt -> xb perm=[1,0,2]\n"
      "node LSTM xb,w,r -> y hidden_size=4 layout=1\noutput y\n",
      "Transpose Transpose LSTM");
}

static void directions_that_others_need_stay_apart(void** state) {
  static const char* const kRest[] = {
      "node Concat fs,fs -> y axis=2\nnode Neg gs -> z\noutput y\noutput z\n",
      "node Concat fs,gs,fs -> y axis=2\noutput y\n",
      "node Concat fs,gs -> y axis=2\noutput y\noutput fs\n",
      "node Concat fs,gs -> y axis=2\noutput y\noutput g\n",
      "node Concat fs,gs -> y axis=2\noutput y\noutput Y\n",
      "node Concat fs,gs -> y axis=2\nnode Neg Y -> z\noutput y\noutput z\n",
      "node Concat f,gs2 -> y axis=2\noutput y\n",
  };
  (void)state;
  for (size_t i = 0; i < sizeof kRest / sizeof kRest[0]; i++) {
    char text[1024];
    (void)snprintf(text, sizeof text, BOTH_DIRECTIONS "%s%s",
                   strstr(kRest[i], "gs2") ? "node Unsqueeze gs,one -> gs2\n" : "",
                   kRest[i]);
    fuse_case_expect_same(text);
  }
}

static size_t run(const char* name, bool fuse, float* values, size_t capacity) {
  static float x[1024];
  olstm_error error = {""};
  olstm_model* model = NULL;
  olstm_session* session = NULL;
  olstm_context* context = NULL;
  olstm_session_options options;
  olstm_tensor outputs[8] = {{.data = NULL}};
  olstm_tensor input = {{OLSTM_DTYPE_FLOAT, 3, {4, 6, 3}}, x};
  char path[512];
  size_t count = 0;
  for (int i = 0; i < 1024; i++) x[i] = sinf((float)i);
  olstm_session_options_init(&options);
  options.fuse = fuse;
  (void)snprintf(path, sizeof path, OLSTM_TEST_DATA "/keras_examples/%s/model.onnx",
                 name);
  if (olstm_model_load_file(path, NULL, &model, &error) != OLSTM_STATUS_OK ||
      olstm_session_create(model, NULL, &options, &session, &error) != OLSTM_STATUS_OK ||
      olstm_context_create(session, &context, &error) != OLSTM_STATUS_OK ||
      olstm_context_run(context, &input, 1, outputs, olstm_session_output_count(session),
                        &error) != OLSTM_STATUS_OK) {
    fail_msg("%s", error.message);
  }
  for (size_t o = 0; o < olstm_session_output_count(session); o++) {
    const size_t elements = (size_t)olstm_tensor_desc_count(&outputs[o].desc);
    assert_in_range(count + elements, 0, capacity);
    memcpy(values + count, outputs[o].data, elements * sizeof *values);
    count += elements;
  }
  olstm_context_destroy(context);
  olstm_session_destroy(session);
  olstm_model_destroy(model);
  return count;
}

static void results_are_the_same_bit_for_bit(void** state) {
  enum { kCapacity = 4096 };
  static float with[kCapacity], without[kCapacity];
  (void)state;
  const size_t count = run("d", true, with, kCapacity);
  assert_int_equal(run("d", false, without, kCapacity), count);
  assert_memory_equal(with, without, count * sizeof *with);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_way_that_exporters_lay_y_out_is_known),
      cmocka_unit_test(a_y_that_others_use_too_stays_as_it_is),
      cmocka_unit_test(directions_that_are_joined_lie_so),
      cmocka_unit_test(other_orders_of_axes_stay),
      cmocka_unit_test(directions_that_others_need_stay_apart),
      cmocka_unit_test(results_are_the_same_bit_for_bit),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
