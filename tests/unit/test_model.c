// Loading models: ONNX's own node models, hostile bytes, limits, failing memory, and what
// a model says of itself.
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "onnx_proto/model.h"
#include "system/aligned_memory.h"
#include "system/path.h"
#include "tests/support/model_verify.h"
#include "tests/support/onnx_writer.h"
#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

#define NODE_TESTS "/usr/share/libonnx-testdata/data/node"

/// How ONNX 1.12's node models fare; 932 in all.
enum { kNodeModelCount = 932, kNodeModelsWithoutTensors = 24 };

/// How many models there were, and how many of them were refused.
typedef struct model_counts {
  size_t all, refused;
} model_counts;

static bool load_node_model(void* user, const char* name) {
  model_counts* counts = user;
  olstm_model* model = NULL;
  olstm_error error = {""};
  char path[1024];
  (void)snprintf(path, sizeof path, NODE_TESTS "/%s/model.onnx", name);
  if (olstm__path_look(path) != OLSTM__PATH_FILE) return true;
  counts->all++;
  const olstm_status status = olstm_model_load_file(path, NULL, &model, &error);
  if (status == OLSTM_STATUS_OK) {
    const char* broken = olstm_model_verify(model);
    if (broken) fail_msg("%s: %s", path, broken);
  } else {
    assert_null(model);
    assert_int_equal(status, OLSTM_STATUS_UNSUPPORTED);
    if (!strstr(error.message, "only tensors are supported") &&
        !strstr(error.message, "is not supported")) {
      fail_msg("%s: %s", path, error.message);
    }
    counts->refused++;
  }
  olstm_model_destroy(model);
  return true;
}

static void loads_every_node_model_or_names_what_it_lacks(void** state) {
  model_counts counts = {0, 0};
  (void)state;
  if (olstm__folder_visit(NODE_TESTS, load_node_model, &counts) != 0) skip();
  print_message("%zu node models, %zu refused\n", counts.all, counts.refused);
  if (counts.all == kNodeModelCount) {
    assert_int_equal(counts.refused, kNodeModelsWithoutTensors);
  }
}

// ----------------------------------------------------------- a small model

/// Every kind of thing that a model may hold, in about 500 bytes.
static pb_bytes small_model(void) {
  const float weights[4] = {1, 2, 3, 4};
  pb_bytes graph = {0};
  pb_bytes body = {0};
  pb_bytes value = onnx_value("x", OLSTM_DTYPE_FLOAT, "N,2");
  pb_bytes tensor = onnx_tensor("W", OLSTM_DTYPE_FLOAT, "2,2");
  pb_data(&tensor, TENSOR_RAW_DATA, weights, sizeof weights);
  pb_text(&graph, GRAPH_NAME, "small");
  pb_message(&graph, GRAPH_INPUT, &value);
  value = onnx_value("c", OLSTM_DTYPE_BOOL, "");
  pb_message(&graph, GRAPH_INPUT, &value);
  pb_message(&graph, GRAPH_INITIALIZER, &tensor);
  tensor = onnx_tensor("text", OLSTM_DTYPE_STRING, "1");
  pb_text(&tensor, TENSOR_STRING_DATA, "abc");
  pb_message(&graph, GRAPH_INITIALIZER, &tensor);

  pb_bytes node = onnx_node("Add", "", "x,W", "u");
  pb_message(&body, GRAPH_NODE, &node);
  value = onnx_value("u", OLSTM_DTYPE_FLOAT, NULL);
  pb_message(&body, GRAPH_OUTPUT, &value);
  node = onnx_node("If", "pick", "c", "y");
  onnx_attribute_graph(&node, "then_branch", &body);
  pb_message(&graph, GRAPH_NODE, &node);
  node = onnx_node("Constant", "k", "", "k");
  onnx_attribute_int(&node, "value_int", 3);
  pb_message(&graph, GRAPH_NODE, &node);
  node = onnx_node("F", "f", "y,k", "z");
  onnx_attribute_float(&node, "slope", 0.5f);
  pb_text(&node, NODE_DOMAIN, "own");
  pb_message(&graph, GRAPH_NODE, &node);
  value = onnx_value("z", OLSTM_DTYPE_FLOAT, "N,?");
  pb_message(&graph, GRAPH_OUTPUT, &value);

  pb_bytes model = onnx_model(&graph);
  pb_bytes function = {0};
  pb_bytes opset = onnx_opset("", 15);
  pb_text(&function, FUNCTION_NAME, "F");
  pb_text(&function, FUNCTION_DOMAIN, "own");
  pb_text(&function, FUNCTION_INPUT, "a");
  pb_text(&function, FUNCTION_INPUT, "b");
  pb_text(&function, FUNCTION_OUTPUT, "r");
  pb_text(&function, FUNCTION_ATTRIBUTE, "slope");
  pb_message(&function, FUNCTION_OPSET, &opset);
  node = onnx_node("LeakyRelu", "l", "a", "r");
  onnx_attribute_reference(&node, "alpha", OLSTM_ATTRIBUTE_FLOAT, "slope");
  onnx_attribute_text(&node, "note", "text");
  pb_message(&function, FUNCTION_NODE, &node);
  pb_message(&model, MODEL_FUNCTION, &function);
  pb_text(&model, MODEL_PRODUCER, "test");
  pb_bytes entry = {0};
  pb_text(&entry, 1, "key");
  pb_text(&entry, 2, "value");
  pb_message(&model, MODEL_METADATA, &entry);
  return model;
}

static void says_what_the_file_says_of_itself(void** state) {
  pb_bytes bytes = small_model();
  olstm_model* model = NULL;
  olstm_error error = {""};
  (void)state;
  if (onnx_load(&bytes, &model, &error) != OLSTM_STATUS_OK) fail_msg("%s", error.message);
  assert_null(olstm_model_verify(model));
  assert_int_equal(olstm_model_ir_version(model), 8);
  assert_string_equal(olstm_model_producer(model), "test");
  assert_string_equal(olstm_model_graph_name(model), "small");
  assert_int_equal(olstm_model_opset_version(model, ""), 17);
  assert_int_equal(olstm_model_opset_version(model, "other"), 0);
  assert_int_equal(olstm_model_node_count(model), 2);
  assert_string_equal(olstm_model_get_metadata(model, "key"), "value");
  assert_null(olstm_model_get_metadata(model, "other"));
  assert_int_equal(olstm_model_input_count(model), 2);
  assert_int_equal(olstm_model_output_count(model), 1);
  const olstm_value_info* x = olstm_model_get_input(model, 0);
  assert_string_equal(x->name, "x");
  assert_int_equal(x->dtype, OLSTM_DTYPE_FLOAT);
  assert_int_equal(x->rank, 2);
  assert_int_equal(x->dims[0], -1);
  assert_string_equal(x->dim_params[0], "N");
  assert_int_equal(x->dims[1], 2);
  assert_null(x->dim_params[1]);
  const olstm_value_info* c = olstm_model_get_input(model, 1);
  assert_int_equal(c->rank, 0);
  assert_null(olstm_model_get_input(model, 2));
  assert_null(olstm_model_get_output(model, 1));
  assert_null(olstm_model_get_output(model, 0)->dim_params[1]);
  olstm_model_destroy(model);
}

// ------------------------------------------------------------ hostile bytes

/// Loads from memory of exactly that size, so that a sanitizer sees a read beyond it.
static void load_exactly(const uint8_t* bytes, size_t count) {
  uint8_t* copy = malloc(count ? count : 1);
  olstm_model* model = NULL;
  olstm_error error = {""};
  assert_non_null(copy);
  if (count > 0) memcpy(copy, bytes, count);
  if (olstm_model_load_memory(copy, count, NULL, &model, &error) == OLSTM_STATUS_OK) {
    assert_null(olstm_model_verify(model));
  } else {
    assert_null(model);
    assert_true(error.message[0] != '\0');
    assert_null(strpbrk(error.message, "\n\r"));
  }
  olstm_model_destroy(model);
  free(copy);
}

static void survives_being_cut_at_every_byte(void** state) {
  pb_bytes bytes = small_model();
  (void)state;
  for (size_t count = 0; count <= bytes.count; count++) load_exactly(bytes.bytes, count);
  pb_deinit(&bytes);
}

static void survives_every_flipped_bit(void** state) {
  pb_bytes bytes = small_model();
  (void)state;
  for (size_t bit = 0; bit < bytes.count * 8; bit++) {
    bytes.bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    load_exactly(bytes.bytes, bytes.count);
    bytes.bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
  }
  pb_deinit(&bytes);
}

static void survives_every_byte_being_anything(void** state) {
  static const uint8_t kValues[] = {0x00, 0x7f, 0x80, 0xff};
  pb_bytes bytes = small_model();
  (void)state;
  for (size_t at = 0; at < bytes.count; at++) {
    const uint8_t before = bytes.bytes[at];
    for (size_t v = 0; v < sizeof kValues; v++) {
      bytes.bytes[at] = kValues[v];
      load_exactly(bytes.bytes, bytes.count);
    }
    bytes.bytes[at] = before;
  }
  pb_deinit(&bytes);
}

static void expect_refusal(pb_bytes* bytes, const olstm_model_options* options,
                           olstm_status expected, const char* text) {
  olstm_model* model = NULL;
  olstm_error error = {""};
  const olstm_status status =
      olstm_model_load_memory(bytes->bytes, bytes->count, options, &model, &error);
  if (status != expected || !strstr(error.message, text)) {
    fail_msg("%d '%s', expected %d '%s'", (int)status, error.message, (int)expected,
             text);
  }
  assert_null(model);
  pb_deinit(bytes);
}

static void refuses_graphs_nested_beyond_all_reason(void** state) {
  pb_bytes graph = {0};
  (void)state;
  for (int level = 0; level < 2000; level++) {
    pb_bytes outer = {0};
    pb_bytes node = onnx_node("If", "", "c", "y");
    onnx_attribute_graph(&node, "then_branch", &graph);
    pb_message(&outer, GRAPH_NODE, &node);
    graph = outer;
  }
  pb_bytes model = onnx_model(&graph);
  expect_refusal(&model, NULL, OLSTM_STATUS_LIMIT_EXCEEDED, "deeper than max_depth");
}

static void refuses_two_megabytes_of_empty_messages(void** state) {
  pb_bytes graph = {0};
  (void)state;
  for (int i = 0; i < 1000000; i++) pb_append(&graph, "\x0a\x00", 2);
  pb_bytes model = onnx_model(&graph);
  expect_refusal(&model, NULL, OLSTM_STATUS_LIMIT_EXCEEDED, "max_memory");
}

// ---------------------------------------------------------- limits, options

static void honours_the_limits_it_is_given(void** state) {
  olstm_model_options options;
  (void)state;
  olstm_model_options_init(&options);
  options.max_nodes = 3;
  pb_bytes bytes = small_model();
  expect_refusal(&bytes, &options, OLSTM_STATUS_LIMIT_EXCEEDED, "max_nodes=3");
  olstm_model_options_init(&options);
  options.max_depth = 4;
  bytes = small_model();
  expect_refusal(&bytes, &options, OLSTM_STATUS_LIMIT_EXCEEDED, "max_depth");
  olstm_model_options_init(&options);
  options.max_memory = 1000;
  bytes = small_model();
  expect_refusal(&bytes, &options, OLSTM_STATUS_LIMIT_EXCEEDED, "max_memory=1000");
}

/// Memory in use, and the most that ever was.
typedef struct peak_counter {
  size_t live;
  size_t peak;
} peak_counter;

static void* peak_allocate(void* user, size_t bytes) {
  peak_counter* counter = user;
  void* memory = olstm__aligned_allocate(
      OLSTM_ALIGNMENT, (bytes + OLSTM_ALIGNMENT - 1) / OLSTM_ALIGNMENT * OLSTM_ALIGNMENT);
  counter->live += bytes;
  if (counter->live > counter->peak) counter->peak = counter->live;
  return memory;
}

static void peak_release(void* user, void* memory, size_t bytes) {
  ((peak_counter*)user)->live -= bytes;
  olstm__aligned_release(memory);
}

static void takes_a_small_multiple_of_the_limit_at_most(void** state) {
  peak_counter counter = {0, 0};
  const olstm_allocator allocator = {&counter, peak_allocate, peak_release};
  olstm_model_options options;
  pb_bytes graph = {0};
  (void)state;
  for (int i = 0; i < 20000; i++) {
    char output[16];
    (void)snprintf(output, sizeof output, "v%d", i);
    pb_bytes node = onnx_node("Neg", "", "", output);
    pb_message(&graph, GRAPH_NODE, &node);
  }
  pb_bytes bytes = onnx_model(&graph);
  // Somewhere in this range unpacking fits and the model does not.
  for (size_t limit = 1 << 20; limit <= 16 << 20; limit += 1 << 20) {
    olstm_model* model = NULL;
    olstm_model_options_init(&options);
    options.allocator = &allocator;
    options.max_memory = limit;
    counter.peak = 0;
    const olstm_status status =
        olstm_model_load_memory(bytes.bytes, bytes.count, &options, &model, NULL);
    assert_true(status == OLSTM_STATUS_OK || status == OLSTM_STATUS_LIMIT_EXCEEDED);
    assert_true(counter.peak <= 4 * limit + (1 << 20));
    olstm_model_destroy(model);
    assert_int_equal(counter.live, 0);
    if (limit == 16 << 20) assert_int_equal(status, OLSTM_STATUS_OK);
  }
  pb_deinit(&bytes);
}

static void refuses_options_that_make_no_sense(void** state) {
  olstm_model_options options;
  pb_bytes bytes = small_model();
  (void)state;
  memset(&options, 0, sizeof options);
  expect_refusal(&bytes, &options, OLSTM_STATUS_INVALID_ARGUMENT, "struct_size is 0");
  olstm_model_options_init(&options);
  options.max_depth = 1001;
  bytes = small_model();
  expect_refusal(&bytes, &options, OLSTM_STATUS_INVALID_ARGUMENT, "expected 1..1000");
}

static void takes_ir_versions_3_to_13_alone(void** state) {
  static const struct {
    int64_t version;
    olstm_status status;
  } kCases[] = {{2, OLSTM_STATUS_UNSUPPORTED},
                {3, OLSTM_STATUS_OK},
                {13, OLSTM_STATUS_OK},
                {14, OLSTM_STATUS_UNSUPPORTED}};
  (void)state;
  for (size_t c = 0; c < sizeof kCases / sizeof kCases[0]; c++) {
    pb_bytes bytes = {0};
    olstm_model* model = NULL;
    pb_int(&bytes, MODEL_IR_VERSION, kCases[c].version);
    pb_data(&bytes, MODEL_GRAPH, "", 0);
    assert_int_equal(onnx_load(&bytes, &model, NULL), kCases[c].status);
    olstm_model_destroy(model);
  }
  pb_bytes bytes = {0};
  pb_data(&bytes, MODEL_GRAPH, "", 0);
  expect_refusal(&bytes, NULL, OLSTM_STATUS_INVALID_MODEL, "no ir_version");
  pb_int(&bytes, MODEL_IR_VERSION, 8);
  expect_refusal(&bytes, NULL, OLSTM_STATUS_INVALID_MODEL, "no graph");
}

/// Against ONNX, but some writers do it; the later one counts, as in a map.
static void the_later_of_two_metadata_entries_counts(void** state) {
  pb_bytes bytes = small_model();
  pb_bytes entry = {0};
  olstm_model* model = NULL;
  (void)state;
  pb_text(&entry, 1, "key");
  pb_text(&entry, 2, "later");
  pb_message(&bytes, MODEL_METADATA, &entry);
  pb_text(&entry, 1, "more");
  pb_text(&entry, 2, "too");
  pb_message(&bytes, MODEL_METADATA, &entry);
  assert_int_equal(onnx_load(&bytes, &model, NULL), OLSTM_STATUS_OK);
  assert_string_equal(olstm_model_get_metadata(model, "key"), "later");
  assert_string_equal(olstm_model_get_metadata(model, "more"), "too");
  olstm_model_destroy(model);
}

static void keeps_messages_to_one_line(void** state) {
  pb_bytes graph = {0};
  pb_bytes node = onnx_node("Neg", "two\nlines\x1b[2J", "x", "y");
  (void)state;
  pb_message(&graph, GRAPH_NODE, &node);
  pb_bytes bytes = onnx_model(&graph);
  expect_refusal(&bytes, NULL, OLSTM_STATUS_INVALID_MODEL, "Neg 'two?lines?[2J'");
}

static void refuses_null_and_folders_and_what_is_not_there(void** state) {
  olstm_model* model = NULL;
  olstm_error error = {""};
  (void)state;
  assert_int_equal(olstm_model_load_file(NULL, NULL, &model, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_int_equal(olstm_model_load_memory("", 0, NULL, NULL, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_int_equal(olstm_model_load_memory(NULL, 1, NULL, &model, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_int_equal(olstm_model_load_file("/tmp", NULL, &model, &error),
                   OLSTM_STATUS_IO_ERROR);
  assert_string_equal(error.message, "'/tmp' is not a regular file");
  assert_int_equal(olstm_model_load_file("absent.onnx", NULL, &model, &error),
                   OLSTM_STATUS_IO_ERROR);
  assert_string_equal(error.message,
                      "cannot open 'absent.onnx': No such file or directory");
  assert_null(model);
}

// ---------------------------------------------------------- memory, threads

static void fails_cleanly_when_memory_runs_out(void** state) {
  olstm_test_allocator memory;
  olstm_model_options options;
  olstm_model* model = NULL;
  olstm_status status = OLSTM_STATUS_OUT_OF_MEMORY;
  pb_bytes bytes = small_model();
  int64_t nth = 1;
  (void)state;
  olstm_test_allocator_init(&memory);
  olstm_model_options_init(&options);
  options.allocator = &memory.allocator;
  for (; status != OLSTM_STATUS_OK; nth++) {
    olstm_error error = {""};
    olstm_test_allocator_fail_at(&memory, nth);
    status = olstm_model_load_memory(bytes.bytes, bytes.count, &options, &model, &error);
    if (status == OLSTM_STATUS_OK) break;
    assert_int_equal(status, OLSTM_STATUS_OUT_OF_MEMORY);
    assert_true(error.message[0] != '\0');
    assert_null(model);
    olstm_test_allocator_assert_clean(&memory);
  }
  assert_true(nth > 5);
  olstm_model_destroy(model);
  olstm_test_allocator_assert_clean(&memory);
  pb_deinit(&bytes);
}

static void lives_until_its_last_reference_goes(void** state) {
  olstm_test_allocator memory;
  olstm_model_options options;
  olstm_model* model = NULL;
  pb_bytes bytes = small_model();
  (void)state;
  olstm_test_allocator_init(&memory);
  olstm_model_options_init(&options);
  options.allocator = &memory.allocator;
  assert_int_equal(
      olstm_model_load_memory(bytes.bytes, bytes.count, &options, &model, NULL),
      OLSTM_STATUS_OK);
  pb_deinit(&bytes);
  olstm__model_retain(model);
  olstm_model_destroy(model);
  assert_null(olstm_model_verify(model));
  olstm_model_destroy(model);
  olstm_test_allocator_assert_clean(&memory);
  olstm_model_destroy(NULL);
}

static void* load_repeatedly(void* argument) {
  const pb_bytes* bytes = argument;
  for (int i = 0; i < 50; i++) {
    olstm_model* model = NULL;
    if (olstm_model_load_memory(bytes->bytes, bytes->count, NULL, &model, NULL) !=
        OLSTM_STATUS_OK) {
      return NULL;
    }
    olstm_model_destroy(model);
  }
  return argument;
}

static void loads_on_many_threads_at_once(void** state) {
  enum { kThreads = 4 };
  pthread_t threads[kThreads];
  pb_bytes bytes = small_model();
  (void)state;
  for (int t = 0; t < kThreads; t++) {
    assert_int_equal(pthread_create(&threads[t], NULL, load_repeatedly, &bytes), 0);
  }
  for (int t = 0; t < kThreads; t++) {
    void* result = NULL;
    assert_int_equal(pthread_join(threads[t], &result), 0);
    assert_non_null(result);
  }
  pb_deinit(&bytes);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(loads_every_node_model_or_names_what_it_lacks),
      cmocka_unit_test(says_what_the_file_says_of_itself),
      cmocka_unit_test(survives_being_cut_at_every_byte),
      cmocka_unit_test(survives_every_flipped_bit),
      cmocka_unit_test(survives_every_byte_being_anything),
      cmocka_unit_test(refuses_graphs_nested_beyond_all_reason),
      cmocka_unit_test(refuses_two_megabytes_of_empty_messages),
      cmocka_unit_test(honours_the_limits_it_is_given),
      cmocka_unit_test(takes_a_small_multiple_of_the_limit_at_most),
      cmocka_unit_test(refuses_options_that_make_no_sense),
      cmocka_unit_test(takes_ir_versions_3_to_13_alone),
      cmocka_unit_test(the_later_of_two_metadata_entries_counts),
      cmocka_unit_test(keeps_messages_to_one_line),
      cmocka_unit_test(refuses_null_and_folders_and_what_is_not_there),
      cmocka_unit_test(fails_cleanly_when_memory_runs_out),
      cmocka_unit_test(lives_until_its_last_reference_goes),
      cmocka_unit_test(loads_on_many_threads_at_once),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
