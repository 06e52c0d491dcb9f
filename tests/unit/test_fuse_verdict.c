// Fusion neither refuses what runs nor accepts what is wrong: models whose layers are
// recognised are broken in one place after the other (an attribute, the shape or the
// numbers of a constant, the shape of an input), and run with fusion as without: the same
// verdict, and the same results.
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "olstm/olstm.h"
#include "onnx_proto/model.h"
#include "tests/support/test_main.h"

enum {
  kMaxValues = 32,
  kMaxResults = 1 << 15,
  kMaxElements = 1 << 14,
  kOpenDimension = 3
};

/// What came of one way to run a model.
typedef struct outcome {
  olstm_status status;
  olstm_error error;
  size_t count;
  float values[kMaxResults];
} outcome;

/// One place of a model that can be broken, and its old contents.
typedef struct change {
  char what[600];
  void* place;
  size_t bytes;
  char old[sizeof(olstm_tensor_desc)];
} change;

typedef struct verdict_case {
  const char* name;
  olstm_model* model;
  size_t tried, accepted;
  char differences[4096];
  size_t difference_count;
} verdict_case;

// ---------------------------------------------------------------- running

static olstm_status run_session(const olstm_session* session, olstm_context* context,
                                outcome* out) {
  static float data[kMaxElements];
  olstm_tensor inputs[kMaxValues], outputs[kMaxValues] = {{{0}, NULL}};
  const size_t input_count = olstm_session_input_count(session);
  const size_t output_count = olstm_session_output_count(session);
  if (input_count > kMaxValues || output_count > kMaxValues) fail();
  for (size_t e = 0; e < kMaxElements; e++) data[e] = sinf(1.3F * (float)e);
  for (size_t i = 0; i < input_count; i++) {
    const olstm_value_info* info = olstm_session_get_input(session, i);
    inputs[i] = (olstm_tensor){{info->dtype, info->rank, {0}}, data};
    for (int32_t d = 0; d < info->rank; d++) {
      inputs[i].desc.dims[d] = info->dims[d] < 0 ? kOpenDimension : info->dims[d];
    }
    const int64_t elements = olstm_tensor_desc_count(&inputs[i].desc);
    if (elements < 0 || elements > kMaxElements / 2) return OLSTM_STATUS_LIMIT_EXCEEDED;
    if (info->dtype == OLSTM_DTYPE_BOOL) {
      static bool flags[kMaxElements];
      for (size_t e = 0; e < kMaxElements; e++) flags[e] = e % 4 != 2;
      inputs[i].data = flags;
    }
  }
  OLSTM_RETURN_IF_ERROR(olstm_context_run(context, inputs, input_count, outputs,
                                          output_count, &out->error));
  for (size_t o = 0; o < output_count; o++) {
    const int64_t elements = olstm_tensor_desc_count(&outputs[o].desc);
    for (int64_t e = 0; e < elements && out->count < kMaxResults; e++) {
      out->values[out->count++] = outputs[o].desc.dtype == OLSTM_DTYPE_FLOAT
                                      ? ((float*)outputs[o].data)[e]
                                      : 0.0F;
    }
  }
  return OLSTM_STATUS_OK;
}

static void run_model(olstm_model* model, bool fuse, outcome* out) {
  olstm_session_options options;
  olstm_session* session = NULL;
  olstm_context* context = NULL;
  olstm_session_options_init(&options);
  options.fuse = fuse;
  options.max_work = 1 << 26;
  options.max_memory = 1 << 24;
  out->count = 0;
  out->error = (olstm_error){""};
  out->status = olstm_session_create(model, NULL, &options, &session, &out->error);
  if (out->status == OLSTM_STATUS_OK) {
    out->status = olstm_context_create(session, &context, &out->error);
  }
  if (out->status == OLSTM_STATUS_OK) out->status = run_session(session, context, out);
  olstm_context_destroy(context);
  olstm_session_destroy(session);
}

static bool is_near(float a, float b) {
  return a == b || (isnan(a) && isnan(b)) ||
         fabsf(a - b) <= 1e-4F + 1e-4F * fmaxf(fabsf(a), fabsf(b));
}

static bool agree(const outcome* a, const outcome* b) {
  if (!a->status != !b->status) return false;
  if (a->status) return true;
  if (a->count != b->count) return false;
  for (size_t i = 0; i < a->count; i++) {
    if (!is_near(a->values[i], b->values[i])) return false;
  }
  return true;
}

static void compare(verdict_case* c, const char* what) {
  static outcome with, without;
  run_model(c->model, true, &with);
  run_model(c->model, false, &without);
  c->tried++;
  c->accepted += !without.status;
  if (agree(&with, &without)) return;
  const size_t used = strlen(c->differences);
  c->difference_count++;
  (void)snprintf(c->differences + used, sizeof c->differences - used,
                 "%s: %s:\n  fused: %s\n  not:   %s\n", c->name, what,
                 with.status ? with.error.message : "runs",
                 without.status ? without.error.message
                                : (with.status ? "runs" : "runs with other results"));
}

// ---------------------------------------------------------------- breaking

/// Writes `bytes` over a place of the model's memory, compares, and puts it back.
static void try_bytes(verdict_case* c, const void* place, const void* fresh, size_t bytes,
                      const char* what) {
  char old[sizeof(olstm_tensor_desc)];
  memcpy(old, place, bytes);
  if (memcmp(old, fresh, bytes) == 0) return;
  memcpy((void*)place, fresh, bytes);
  compare(c, what);
  memcpy((void*)place, old, bytes);
}

static void try_ints(verdict_case* c, const int64_t* place, const char* what) {
  const int64_t kOthers[] = {0, 1, 2, -1, *place + 1, *place - 1, 7, INT64_MAX};
  for (size_t i = 0; i < sizeof kOthers / sizeof kOthers[0]; i++) {
    char text[700];
    (void)snprintf(text, sizeof text, "%s %lld instead of %lld", what,
                   (long long)kOthers[i], (long long)*place);
    try_bytes(c, place, &kOthers[i], sizeof *place, text);
  }
}

static void break_attributes(verdict_case* c, const olstm__decoded_node* node) {
  for (size_t a = 0; a < node->attribute_count; a++) {
    const olstm_attribute* attribute = &node->attributes[a];
    char what[600];
    (void)snprintf(what, sizeof what, "%s '%s' %s", node->op_type, node->name,
                   attribute->name);
    if (attribute->kind == OLSTM_ATTRIBUTE_INT) try_ints(c, &attribute->i, what);
    for (size_t i = 0; attribute->kind == OLSTM_ATTRIBUTE_INTS && i < attribute->count;
         i++) {
      try_ints(c, &attribute->ints[i], what);
    }
    if (attribute->kind == OLSTM_ATTRIBUTE_INTS ||
        attribute->kind == OLSTM_ATTRIBUTE_INT) {
      const int32_t other = OLSTM_ATTRIBUTE_FLOAT;
      (void)snprintf(what, sizeof what, "%s '%s' %s of another kind", node->op_type,
                     node->name, attribute->name);
      try_bytes(c, &attribute->kind, &other, sizeof other, what);
    }
    const char* name = "unknown";
    (void)snprintf(what, sizeof what, "%s '%s' %s by another name", node->op_type,
                   node->name, attribute->name);
    if (attribute->kind != OLSTM_ATTRIBUTE_GRAPH) {
      try_bytes(c, &attribute->name, &name, sizeof name, what);
    }
  }
}

static olstm_tensor_desc reshape(const olstm_tensor_desc* desc, int way) {
  olstm_tensor_desc to = *desc;
  const int32_t rank = desc->rank;
  if (way == 0 && rank < OLSTM_MAX_RANK) {  // [1,...]
    memmove(to.dims + 1, desc->dims, (size_t)rank * sizeof *to.dims);
    to.dims[0] = 1;
    to.rank++;
  } else if (way == 1 && rank < OLSTM_MAX_RANK) {  // [...,1]
    to.dims[rank] = 1;
    to.rank++;
  } else if (way == 2 && rank >= 2) {  // the last two swapped
    to.dims[rank - 1] = desc->dims[rank - 2];
    to.dims[rank - 2] = desc->dims[rank - 1];
  } else if (way == 3 && rank >= 1) {  // as one list
    to.rank = 1;
    to.dims[0] = olstm_tensor_desc_count(desc);
  } else if (way == 4 && rank >= 1 && desc->dims[rank - 1] > 1) {  // shorter
    to.dims[rank - 1]--;
  } else if (way == 5 && rank >= 1 && desc->dims[0] > 1) {
    to.dims[0]--;
  } else if (way == 6 && rank >= 1) {  // the first element alone
    to.rank = 0;
  } else if (way == 7 && rank <= OLSTM_MAX_RANK - 3) {  // [1,1,1,...]
    memmove(to.dims + 3, desc->dims, (size_t)rank * sizeof *to.dims);
    to.dims[0] = to.dims[1] = to.dims[2] = 1;
    to.rank += 3;
  }
  for (int32_t d = to.rank; d < OLSTM_MAX_RANK; d++) to.dims[d] = 0;
  return to;
}

static void break_constants(verdict_case* c, const olstm__decoded_graph* graph) {
  for (size_t v = 0; v < graph->value_count; v++) {
    const olstm_tensor* tensor = graph->values[v].constant;
    if (!tensor) continue;
    for (int way = 0; way < 8; way++) {
      const olstm_tensor_desc fresh = reshape(&tensor->desc, way);
      char what[600];
      (void)snprintf(what, sizeof what, "constant '%s' as %s instead of %s",
                     graph->values[v].info.name, olstm_shape_text(&fresh).text,
                     olstm_shape_text(&tensor->desc).text);
      try_bytes(c, &tensor->desc, &fresh, sizeof fresh, what);
    }
    if (tensor->desc.dtype != OLSTM_DTYPE_INT64) continue;
    for (int64_t e = 0; e < olstm_tensor_desc_count(&tensor->desc) && e < 8; e++) {
      char what[600];
      (void)snprintf(what, sizeof what, "constant '%s' element %d",
                     graph->values[v].info.name, (int)e);
      try_ints(c, (const int64_t*)tensor->data + e, what);
    }
  }
}

static void break_inputs(verdict_case* c, const olstm__decoded_graph* graph) {
  for (size_t i = 0; i < graph->input_count; i++) {
    const olstm_value_info* info = &graph->values[graph->inputs[i]].info;
    char what[600];
    for (int32_t d = 0; d < info->rank; d++) {
      (void)snprintf(what, sizeof what, "input '%s' dimension %d", info->name, (int)d);
      const int64_t kSizes[] = {1, 2, info->dims[d] < 0 ? 4 : info->dims[d] + 1};
      for (size_t s = 0; s < 3; s++) {
        try_bytes(c, &info->dims[d], &kSizes[s], sizeof *info->dims, what);
      }
    }
    const int32_t kRanks[] = {info->rank - 1, info->rank + 1};
    const int64_t one = 1;
    for (size_t r = 0; r < 2; r++) {
      if (kRanks[r] < 0 || kRanks[r] > OLSTM_MAX_RANK) continue;
      (void)snprintf(what, sizeof what, "input '%s' of rank %d", info->name,
                     (int)kRanks[r]);
      // A dimension behind the others that is 0 would make it empty.
      if (info->rank >= 0 && info->rank < OLSTM_MAX_RANK) {
        memcpy((void*)&info->dims[info->rank], &one, sizeof one);
      }
      try_bytes(c, &info->rank, &kRanks[r], sizeof info->rank, what);
    }
  }
}

// NOLINTNEXTLINE(misc-no-recursion)
static void break_graph(verdict_case* c, const olstm__decoded_graph* graph) {
  break_inputs(c, graph);
  break_constants(c, graph);
  for (size_t n = 0; n < graph->node_count; n++) {
    const olstm__decoded_node* node = &graph->nodes[n];
    break_attributes(c, node);
    for (size_t a = 0; a < node->attribute_count; a++) {
      if (node->attributes[a].kind != OLSTM_ATTRIBUTE_GRAPH) continue;
      break_graph(c, node->attributes[a].graph);
    }
  }
}

static void judge_file(const char* path, verdict_case* total) {
  olstm_error error = {""};
  verdict_case c = {.name = strrchr(path, '/') + 1};
  if (olstm_model_load_file(path, NULL, &c.model, &error)) fail_msg("%s", error.message);
  compare(&c, "as it is");
  break_graph(&c, olstm__model_graph(c.model));
  olstm_model_destroy(c.model);
  if (c.difference_count) {
    print_message("%s%zu differences of %zu in %s\n", c.differences, c.difference_count,
                  c.tried, path);
  }
  total->tried += c.tried;
  total->accepted += c.accepted;
  total->difference_count += c.difference_count;
}

static void judge_folder(const char* folder, const char* prefix, verdict_case* total) {
  DIR* files = opendir(folder);
  assert_non_null(files);
  for (struct dirent* entry = readdir(files); entry; entry = readdir(files)) {
    char path[1024];
    const char* dot = strrchr(entry->d_name, '.');
    if (!dot || strcmp(dot, ".onnx") != 0 ||
        strncmp(entry->d_name, prefix, strlen(prefix)) != 0) {
      continue;
    }
    (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    judge_file(path, total);
  }
  (void)closedir(files);
}

static void expect_same_verdicts(const char* prefix) {
  verdict_case total = {.name = prefix};
  const char* only = getenv("OLSTM_VERDICT_FILE");
  if (only) {
    judge_file(only, &total);
  } else {
    judge_folder(OLSTM_TEST_DATA "/loops", prefix, &total);
  }
  print_message("%zu changes tried, %zu of them run\n", total.tried, total.accepted);
  assert_in_range(total.accepted, 1, total.tried - 1);
  assert_int_equal(total.difference_count, 0);
}

static void of_lstm_loops(void** state) {
  (void)state;
  expect_same_verdicts("lstm");
}

static void of_gru_loops(void** state) {
  (void)state;
  expect_same_verdicts("gru");
}

static void of_rnn_loops(void** state) {
  (void)state;
  expect_same_verdicts("rnn");
}

static void of_unrolled_layers(void** state) {
  (void)state;
  expect_same_verdicts("chain");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(of_lstm_loops),
      cmocka_unit_test(of_gru_loops),
      cmocka_unit_test(of_rnn_loops),
      cmocka_unit_test(of_unrolled_layers),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
