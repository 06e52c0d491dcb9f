// Graphs nested as deep as they may be (graph.h: OLSTM__MAX_NESTING) give what the
// innermost one computes, whatever nests them; one more is refused.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "olstm/olstm.h"
#include "runtime/graph/graph.h"
#include "tests/support/model_text.h"
#include "tests/support/test_main.h"

enum { kCapacity = 1 << 16, kCount = 2, kRuns = 3 };

/// How a graph runs the next deeper one. "#" is its own number, "@" the deeper one's.
typedef struct nesting_case {
  const char* name;
  /// The inputs of the graph, "" in an If.
  const char* inputs;
  /// Computes y# by graph g@. v# is the value that goes down.
  const char* node;
  /// Outputs before y#.
  const char* outputs;
} nesting_case;

static const nesting_case kCases[] = {
    {"If that the run chooses", "",
     "node If c -> y# then_branch=@g@ else_branch=@other\n", ""},
    {"If that shapes choose", "",
     "node Shape x -> s#\nnode Gather s#,zero -> n#\nnode Equal n#,two -> c#\n"
     "node If c# -> y# then_branch=@g@ else_branch=@other\n",
     ""},
    {"Loop", "input i# int64[]\ninput go# bool[]\ninput v# float[2]\n",
     "node Loop one,_,v# -> y# body=@g@\n", "output go#\n"},
    {"Scan", "input v# float[2]\ninput e# float[2]\n",
     "node Scan v#,rows -> y# body=@g@ num_scan_inputs=1\n", ""},
};

/// Appends text with "#" replaced by `number` and "@g@" by "@gN" of the next number.
static void append(char* text, const char* part, int number) {
  for (; *part; part++) {
    const size_t used = strlen(text);
    assert_true(used + 16 < kCapacity);
    if (strncmp(part, "@g@", 3) == 0) {
      (void)sprintf(text + used, "@g%d", number + 1);
      part += 2;
    } else if (*part == '#') {
      (void)sprintf(text + used, "%d", number);
    } else {
      text[used] = *part;
      text[used + 1] = '\0';
    }
  }
}

/// Loads it with limits that are above those of sessions.
static olstm_model* load(const char* text) {
  olstm_model_options options;
  olstm_model* model = NULL;
  olstm_error error = {""};
  size_t byte_count = 0;
  void* bytes = olstm_test_model_bytes(text, &byte_count);
  olstm_model_options_init(&options);
  options.max_depth = 4 * OLSTM__MAX_NESTING;
  if (olstm_model_load_memory(bytes, byte_count, &options, &model, &error) !=
      OLSTM_STATUS_OK) {
    fail_msg("%s", error.message);
  }
  free(bytes);
  return model;
}

/// A model whose graph of that depth (0: the main graph) holds `innermost`, which
/// computes y# of v#.
static olstm_model* make_model(const nesting_case* nesting, const char* consts,
                               const char* innermost, int depth) {
  static char text[kCapacity];
  const bool is_if = nesting->inputs[0] == '\0';
  text[0] = '\0';
  append(text, "graph other\nnode Neg x -> negated\noutput negated\nend\n", 0);
  for (int d = depth; d > 0; d--) {
    append(text, "graph g#\n", d);
    append(text, nesting->inputs, d);
    if (is_if) append(text, "node Identity x -> v#\n", d);
    append(text, d == depth ? innermost : nesting->node, d);
    append(text, nesting->outputs, d);
    append(text, "output y#\nend\n", d);
  }
  append(text,
         "input c bool[]\ninput x float[2]\nconst zero int64[] 0\nconst two int64[] 2\n"
         "const one int64[] 1\nconst rows float[1,2] 1\nconst step float[2] 1\n",
         0);
  append(text, consts, 0);
  append(text, "node Identity x -> v#\n", 0);
  append(text, depth == 0 ? innermost : nesting->node, 0);
  append(text, "output y#\n", 0);
  return load(text);
}

static olstm_status start(const nesting_case* nesting, const char* consts,
                          const char* innermost, int depth, bool is_stateful,
                          olstm_session** out_session, olstm_error* error) {
  static const char* const kAll[] = {"all"};
  olstm_session_options options;
  olstm_session_options_init(&options);
  options.stateful = kAll;
  options.stateful_count = is_stateful ? 1 : 0;
  olstm_model* model = make_model(nesting, consts, innermost, depth);
  const olstm_status status =
      olstm_session_create(model, NULL, &options, out_session, error);
  olstm_model_destroy(model);
  return status;
}

/// Runs a few times, on one input. `out` has kCount numbers of each run.
static void run(const nesting_case* nesting, olstm_session* session, float* out) {
  olstm_context* context = NULL;
  bool condition = true;
  float x[kCount] = {0.5F, -2.0F};
  const olstm_tensor inputs[] = {{{OLSTM_DTYPE_BOOL, 0, {0}}, &condition},
                                 {{OLSTM_DTYPE_FLOAT, 1, {kCount}}, x}};
  olstm_error error = {""};
  assert_int_equal(olstm_context_create(session, &context, &error), OLSTM_STATUS_OK);
  for (int r = 0; r < kRuns; r++) {
    olstm_tensor y = {.data = NULL};
    if (olstm_context_run(context, inputs, 2, &y, 1, &error) != OLSTM_STATUS_OK) {
      fail_msg("%s: %s", nesting->name, error.message);
    }
    assert_int_equal(olstm_tensor_desc_count(&y.desc), kCount);
    memcpy(out + (size_t)r * kCount, y.data, kCount * sizeof *out);
  }
  olstm_context_destroy(context);
}

static void the_deepest_graph_runs_and_a_deeper_one_is_refused(void** state) {
  static const char kAdd[] = "node Add v#,step -> y#\n";
  (void)state;
  for (size_t c = 0; c < sizeof kCases / sizeof kCases[0]; c++) {
    olstm_session* session = NULL;
    olstm_error error = {""};
    float y[kRuns * kCount];
    if (start(&kCases[c], "", kAdd, OLSTM__MAX_NESTING, false, &session, &error) !=
        OLSTM_STATUS_OK) {
      fail_msg("%s: %s", kCases[c].name, error.message);
    }
    run(&kCases[c], session, y);
    olstm_session_destroy(session);
    for (int r = 0; r < kRuns; r++) {
      assert_true(y[r * kCount] == 1.5F);
      assert_true(y[r * kCount + 1] == -1.0F);
    }
    assert_int_equal(
        start(&kCases[c], "", kAdd, OLSTM__MAX_NESTING + 1, false, &session, &error),
        OLSTM_STATUS_LIMIT_EXCEEDED);
    assert_non_null(strstr(error.message, "': graphs are nested deeper than 32"));
    assert_null(session);
  }
}

/// State goes through every If around a layer: as if there was none.
static void the_deepest_layer_keeps_its_state(void** state) {
  static const char kConsts[] =
      "const w float[1,8,1] 0.5 -0.25 0.125 0.75\nconst r float[1,8,2] 0.25 0.5 -0.75\n"
      "const by int64[3] 1 2 1\nconst last int64[1] 2\n";
  static const char kLayer[] =
      "node Reshape v#,by -> s#\nnode Transpose s# -> t# perm=[1,0,2]\n"
      "node LSTM t#,w,r -> _,h# name=layer hidden_size=2\n"
      "node Reshape h#,last -> y#\n";
  float flat[kRuns * kCount], nested[kRuns * kCount];
  (void)state;
  for (size_t c = 0; c < 2; c++) {
    olstm_session* session = NULL;
    olstm_error error = {""};
    const int depths[] = {0, OLSTM__MAX_NESTING};
    for (int d = 0; d < 2; d++) {
      if (start(&kCases[c], kConsts, kLayer, depths[d], true, &session, &error) !=
          OLSTM_STATUS_OK) {
        fail_msg("%s, depth %d: %s", kCases[c].name, depths[d], error.message);
      }
      run(&kCases[c], session, d == 0 ? flat : nested);
      olstm_session_destroy(session);
    }
    assert_memory_equal(nested, flat, sizeof flat);
    assert_true(flat[0] != flat[kCount]);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_deepest_graph_runs_and_a_deeper_one_is_refused),
      cmocka_unit_test(the_deepest_layer_keeps_its_state),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
