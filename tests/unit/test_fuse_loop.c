// runtime/fuse/fuse_loop.c and fuse_chain.c on what tests/data/make_loop_models.py
// writes: what is recognised, what is not, and that both ways of running a model give the
// same.
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "olstm/olstm.h"
#include "runtime/session.h"
#include "tests/support/test_main.h"

enum { kMaxValues = 8, kMaxModels = 64, N = 3, T = 6, kMaxElements = 256 };

typedef struct model_list {
  char names[kMaxModels][64];
  size_t count;
} model_list;

static void list_models(model_list* list) {
  DIR* folder = opendir(OLSTM_TEST_DATA "/loops");
  list->count = 0;
  assert_non_null(folder);
  for (struct dirent* entry = readdir(folder); entry; entry = readdir(folder)) {
    const char* dot = strrchr(entry->d_name, '.');
    if (!dot || strcmp(dot, ".onnx") != 0) continue;
    assert_in_range(list->count, 0, kMaxModels - 1);
    (void)snprintf(list->names[list->count++], sizeof list->names[0], "%.63s",
                   entry->d_name);
  }
  (void)closedir(folder);
  assert_in_range(list->count, 40, kMaxModels);
}

static olstm_model* load(const char* name) {
  olstm_error error = {""};
  olstm_model* model = NULL;
  char path[512];
  (void)snprintf(path, sizeof path, OLSTM_TEST_DATA "/loops/%s", name);
  if (olstm_model_load_file(path, NULL, &model, &error) != OLSTM_STATUS_OK) {
    fail_msg("%s", error.message);
  }
  return model;
}

/// What a session's graph is made of: loops that are left, and what was recognised.
static int describe_graph(const olstm_session* session, char* recognised,
                          size_t capacity) {
  const olstm__graph* graph = session->graph;
  int loops = 0;
  recognised[0] = '\0';
  for (int32_t i = 0; i < graph->order_count; i++) {
    const olstm__graph_node* node = &graph->nodes[graph->order[i]];
    if (node->kind == OLSTM__NODE_CONTROL) loops++;
    if (strstr(node->fused_from, "recognised")) {
      const size_t used = strlen(recognised);
      (void)snprintf(recognised + used, capacity - used, "%s%s", used ? "; " : "",
                     node->fused_from);
    }
  }
  return loops;
}

static olstm_session* make_session(olstm_model* model, bool fuse) {
  olstm_error error = {""};
  olstm_session_options options;
  olstm_session* session = NULL;
  olstm_session_options_init(&options);
  options.fuse = fuse;
  if (olstm_session_create(model, NULL, &options, &session, &error) != OLSTM_STATUS_OK) {
    fail_msg("%s", error.message);
  }
  return session;
}

static bool starts_with(const char* text, const char* start) {
  return strncmp(text, start, strlen(start)) == 0;
}

static void recognises_cells_and_nothing_else(void** state) {
  static const struct {
    const char *name, *op_type;
  } kCells[] = {{"lstm_", "LSTM"}, {"gru_", "GRU"}, {"rnn_", "RNN"}};
  static model_list list;
  (void)state;
  list_models(&list);
  for (size_t m = 0; m < list.count; m++) {
    const char* name = list.names[m];
    char recognised[512], expected[128] = "";
    olstm_model* model = load(name);
    olstm_session* session = make_session(model, true);
    const bool is_chain = strstr(name, "chain_") != NULL;
    const int loops = describe_graph(session, recognised, sizeof recognised);
    const char* cell = starts_with(name, "chain_") ? name + strlen("chain_") : name;
    for (size_t c = 0; c < sizeof kCells / sizeof kCells[0]; c++) {
      if (!starts_with(cell, kCells[c].name)) continue;
      (void)snprintf(expected, sizeof expected, "%s%s%s",
                     is_chain ? "unrolled steps recognised as " : "Loop recognised as ",
                     strstr(name, "masked") ? "masked " : "", kCells[c].op_type);
    }
    const bool almost = starts_with(name, "almost_");
    if (almost == (expected[0] != '\0')) fail_msg("%s has no name of its kind", name);
    if (loops != (almost && !is_chain ? 1 : 0)) fail_msg("%s: %d loops", name, loops);
    if (almost ? recognised[0] != '\0' : !strstr(recognised, expected)) {
      fail_msg("%s: '%s'", name, recognised);
    }
    olstm_session_destroy(session);
    olstm_model_destroy(model);
  }
}

static void without_fusion_loops_stay_loops(void** state) {
  olstm_model* model = load("lstm_plain.onnx");
  olstm_session* session = make_session(model, false);
  char recognised[64];
  (void)state;
  assert_int_equal(describe_graph(session, recognised, sizeof recognised), 1);
  assert_string_equal(recognised, "");
  olstm_session_destroy(session);
  olstm_model_destroy(model);
}

static void a_session_lists_the_nodes_that_run(void** state) {
  olstm_model* model = load("lstm_plain.onnx");
  olstm_session* session = make_session(model, true);
  const size_t count = olstm_session_node_count(session);
  size_t found = 0;
  (void)state;
  for (size_t i = 0; i < count; i++) {
    const olstm_node* node = olstm_session_get_node(session, i);
    if (strcmp(node->op_type, "LSTM") != 0) continue;
    found++;
    assert_non_null(node->constants[1]);
    assert_int_equal(node->constants[1]->desc.dims[1], 16);
  }
  assert_int_equal(found, 1);
  assert_null(olstm_session_get_node(session, count));
  olstm_session_destroy(session);
  olstm_model_destroy(model);
}

typedef struct feed {
  olstm_tensor tensors[kMaxValues];
  double storage[kMaxValues][kMaxElements];
} feed;

/// Of "x", steps of zeros and of -1 as Masking leaves them out: the first of a row, some
/// in the middle, and all of a row.
static float smooth_value(const olstm_value_info* info, int64_t element, int input) {
  const int64_t features = info->dims[info->rank - 1];
  const int64_t step = strcmp(info->name, "x") == 0 ? element / features : -1;
  if (step >= 0 && (step / T == 1 || step % 4 == 2)) return step % 3 == 0 ? -1.0F : 0.0F;
  return sinf(1.3F * (float)element + (float)input);
}

/// Smooth values for every input, N rows and T steps; a mask with holes in the middle and
/// one row that is masked throughout.
static void fill_inputs(const olstm_session* session, feed* feeds) {
  for (size_t i = 0; i < olstm_session_input_count(session); i++) {
    const olstm_value_info* info = olstm_session_get_input(session, i);
    olstm_tensor* tensor = &feeds->tensors[i];
    tensor->desc = (olstm_tensor_desc){.dtype = info->dtype, .rank = info->rank};
    for (int32_t d = 0; d < info->rank; d++) {
      const bool is_batch = info->dim_params[d] && strcmp(info->dim_params[d], "N") == 0;
      tensor->desc.dims[d] = info->dims[d] >= 0 ? info->dims[d] : (is_batch ? N : T);
    }
    tensor->data = feeds->storage[i];
    const int64_t count = olstm_tensor_desc_count(&tensor->desc);
    assert_in_range(count, 1, kMaxElements);
    for (int64_t e = 0; e < count; e++) {
      if (info->dtype == OLSTM_DTYPE_BOOL) {
        ((bool*)tensor->data)[e] = e / T != 1 && e % 4 != 2;
      } else {
        ((float*)tensor->data)[e] = smooth_value(info, e, (int)i);
      }
    }
  }
}

/// Runs a model; copies the outputs' floats (the counter's one integer too) into `values`
/// and returns how many there are.
static size_t run(olstm_model* model, bool fuse, double* values) {
  static feed feeds;
  olstm_error error = {""};
  olstm_session* session = make_session(model, fuse);
  olstm_context* context = NULL;
  olstm_tensor outputs[kMaxValues] = {{.data = NULL}};
  size_t count = 0;
  if (olstm_context_create(session, &context, &error) != OLSTM_STATUS_OK) {
    fail_msg("%s", error.message);
  }
  fill_inputs(session, &feeds);
  const size_t output_count = olstm_session_output_count(session);
  if (olstm_context_run(context, feeds.tensors, olstm_session_input_count(session),
                        outputs, output_count, &error) != OLSTM_STATUS_OK) {
    fail_msg("%s", error.message);
  }
  for (size_t o = 0; o < output_count; o++) {
    const int64_t elements = olstm_tensor_desc_count(&outputs[o].desc);
    for (int64_t e = 0; e < elements; e++) {
      assert_in_range(count, 0, kMaxValues * kMaxElements - 1);
      values[count++] = outputs[o].desc.dtype == OLSTM_DTYPE_INT32
                            ? ((const int32_t*)outputs[o].data)[e]
                            : (double)((const float*)outputs[o].data)[e];
    }
  }
  olstm_context_destroy(context);
  olstm_session_destroy(session);
  return count;
}

static void both_ways_give_the_same(void** state) {
  static model_list list;
  static double fused[kMaxValues * kMaxElements], plain[kMaxValues * kMaxElements];
  (void)state;
  list_models(&list);
  for (size_t m = 0; m < list.count; m++) {
    olstm_model* model = load(list.names[m]);
    const size_t count = run(model, true, fused);
    assert_int_equal(run(model, false, plain), count);
    for (size_t i = 0; i < count; i++) {
      if (!(fabs(fused[i] - plain[i]) <= 1e-5)) {
        fail_msg("%s: value %zu is %.9g, without fusion %.9g", list.names[m], i, fused[i],
                 plain[i]);
      }
    }
    olstm_model_destroy(model);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(recognises_cells_and_nothing_else),
      cmocka_unit_test(without_fusion_loops_stay_loops),
      cmocka_unit_test(a_session_lists_the_nodes_that_run),
      cmocka_unit_test(both_ways_give_the_same),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
