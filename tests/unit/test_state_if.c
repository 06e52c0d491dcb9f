// Stateful nodes in branches of Ifs, through contexts: a branch that runs goes on from
// where it was, one that does not run leaves its state alone. Every expectation comes
// from the same layer in a model without Ifs.
#include <stdio.h>
#include <string.h>

#include "olstm/olstm.h"
#include "tests/support/fake_ops.h"
#include "tests/support/model_text.h"
#include "tests/support/test_main.h"

enum { T = 2, N = 3, I = 2, H = 2, kChunks = 6, kChunk = T * N * I, kYCount = T * N * H };

#define WEIGHTS                                                                      \
  "const wt float[1,8,2] 0.5 -0.25 0.125 0.75 -0.5 0.25\n"                           \
  "const rt float[1,8,2] 0.25 0.5 -0.75\nconst we float[1,8,2] -0.5 0.25 0.5 0.75\n" \
  "const re float[1,8,2] 0.125 -0.5 0.75\n"
#define THEN "graph t\nnode LSTM x,wt,rt -> yt name=then hidden_size=2\noutput yt\nend\n"
#define ELSE "graph e\nnode LSTM x,we,re -> ye name=else hidden_size=2\noutput ye\nend\n"

/// One session of a model, and one context.
typedef struct stream {
  olstm_fake_session fake;
  olstm_context* context;
} stream;

static void open_stream(stream* s, const char* text) {
  static const char* const kAll[] = {"all"};
  olstm_session_options options;
  olstm_session_options_init(&options);
  options.stateful_count = 1;
  options.stateful = kAll;
  s->context = olstm_fake_context(olstm_fake_session_must(text, &options, &s->fake));
}

static void close_stream(stream* s) {
  olstm_context_destroy(s->context);
  olstm_fake_session_destroy(&s->fake);
}

/// Chunk `chunk` of a made-up sequence of `rows` rows.
static olstm_tensor make_chunk(float* values, int chunk, int64_t rows) {
  for (int i = 0; i < kChunk; i++) {
    values[i] = (float)((chunk * kChunk + i) * 37 % 17) / 8.0F - 1.0F;
  }
  return (olstm_tensor){{OLSTM_DTYPE_FLOAT, 3, {T, rows, I}}, values};
}

static olstm_tensor flag(const uint8_t* value) {
  return (olstm_tensor){{OLSTM_DTYPE_BOOL, 0, {0}}, (void*)value};
}

/// Runs, and copies Y.
static void run(olstm_context* context, const olstm_tensor* inputs, size_t count,
                float* y) {
  olstm_error error = {""};
  olstm_tensor output = {.data = NULL};
  if (olstm_context_run(context, inputs, count, &output, 1, &error)) {
    fail_msg("%s", error.message);
  }
  memcpy(y, output.data, (size_t)olstm_tensor_desc_count(&output.desc) * sizeof *y);
}

static void set(olstm_context* context, const char* name, float first) {
  float values[N * H];
  olstm_error error = {""};
  for (int i = 0; i < N * H; i++) values[i] = first + 0.125F * (float)i;
  const olstm_tensor tensor = {{OLSTM_DTYPE_FLOAT, 3, {1, N, H}}, values};
  if (olstm_context_set_state(context, name, &tensor, &error)) {
    fail_msg("%s", error.message);
  }
}

/// The layers of the branches, each in a model of its own.
typedef struct reference {
  stream branches[2];
} reference;

static void open_reference(reference* r) {
  open_stream(&r->branches[1],
              "input x float[T,N,2]\n" WEIGHTS
              "node LSTM x,wt,rt -> y name=then hidden_size=2\noutput y\n");
  open_stream(&r->branches[0],
              "input x float[T,N,2]\n" WEIGHTS
              "node LSTM x,we,re -> y name=else hidden_size=2\noutput y\n");
}

static void close_reference(reference* r) {
  close_stream(&r->branches[0]);
  close_stream(&r->branches[1]);
}

/// A run of `s` with condition c, of which `taken` says whether the layers of a branch
/// run (-1: none): Y is that of the branch, or X.
static void expect_chunk(const stream* s, reference* r, int chunk, const uint8_t* c,
                         size_t condition_count, int taken) {
  float values[kChunk], y[kYCount], expected[kYCount];
  olstm_tensor inputs[3] = {make_chunk(values, chunk, N)};
  for (size_t i = 0; i < condition_count; i++) inputs[1 + i] = flag(&c[i]);
  run(s->context, inputs, 1 + condition_count, y);
  if (taken < 0) {
    assert_memory_equal(y, values, sizeof y);
    return;
  }
  run(r->branches[taken].context, inputs, 1, expected);
  assert_memory_equal(y, expected, sizeof y);
}

static void each_branch_goes_on_from_where_it_was(void** state) {
  static const uint8_t kConditions[kChunks] = {1, 0, 0, 1, 1, 0};
  stream s;
  reference r;
  (void)state;
  open_stream(&s, "input x float[T,N,2]\ninput c bool[]\n" WEIGHTS THEN ELSE
                  "node If c -> y then_branch=@t else_branch=@e\noutput y\n");
  open_reference(&r);
  assert_int_equal(olstm_context_state_count(s.context), 4);
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < kChunks; i++) {
      expect_chunk(&s, &r, i, &kConditions[i], 1, kConditions[i]);
    }
    olstm_tensor got, expected;
    assert_int_equal(olstm_context_get_state(s.context, "else/c", &got, NULL), 0);
    assert_int_equal(
        olstm_context_get_state(r.branches[0].context, "else/c", &expected, NULL), 0);
    assert_memory_equal(got.data, expected.data, N * H * sizeof(float));
    assert_int_equal(olstm_context_reset(s.context, NULL), OLSTM_STATUS_OK);
    for (int b = 0; b < 2; b++) {
      assert_int_equal(olstm_context_reset(r.branches[b].context, NULL), OLSTM_STATUS_OK);
    }
  }
  close_reference(&r);
  close_stream(&s);
}

static void slots_pass_through_ifs_in_ifs(void** state) {
  static const uint8_t kConditions[kChunks][2] = {{1, 1}, {0, 1}, {1, 0},
                                                  {1, 1}, {0, 0}, {1, 0}};
  stream s;
  reference r;
  (void)state;
  open_stream(&s, "input x float[T,N,2]\ninput c bool[]\ninput d bool[]\n" WEIGHTS
                  "graph inner\n" THEN ELSE
                  "node If d -> yi then_branch=@t else_branch=@e\noutput yi\nend\n"
                  "graph outer\noutput x\nend\n"
                  "node If c -> y then_branch=@inner else_branch=@outer\noutput y\n");
  open_reference(&r);
  for (int i = 0; i < kChunks; i++) {
    const uint8_t* c = kConditions[i];
    expect_chunk(&s, &r, i, c, 2, c[0] ? c[1] : -1);
  }
  close_reference(&r);
  close_stream(&s);
}

static void a_known_condition_keeps_the_slots_of_both_branches(void** state) {
  static const char* const kText =
      "input x float[T,N,2]\nconst c bool[] 1\n" WEIGHTS THEN ELSE
      "node If c -> y then_branch=@t else_branch=@e\noutput y\n";
  stream s;
  reference r;
  olstm_tensor idle;
  (void)state;
  open_stream(&s, kText);
  open_reference(&r);
  for (int i = 0; i < 3; i++) expect_chunk(&s, &r, i, NULL, 0, 1);
  assert_int_equal(olstm_context_get_state(s.context, "else/h", &idle, NULL), 0);
  assert_int_equal(idle.desc.dims[1], N);
  assert_true(((const float*)idle.data)[0] == 0);
  close_reference(&r);
  close_stream(&s);
}

/// Batch-major layers [N,T,I] do the same.
static void batch_first_layers_keep_theirs(void** state) {
  stream s, whole;
  float values[kChunk], y[kYCount], expected[kYCount];
  (void)state;
  open_stream(&s, "opset 14\ninput x float[N,T,2]\ninput c bool[]\n" WEIGHTS
                  "graph t\nnode LSTM x,wt,rt -> yt name=l hidden_size=2 layout=1\n"
                  "node Squeeze yt,two -> zt\noutput zt\nend\nconst two int64[1] 2\n"
                  "graph e\noutput x\nend\n"
                  "node If c -> y then_branch=@t else_branch=@e\noutput y\n");
  open_stream(&whole, "opset 14\ninput x float[N,T,2]\nconst two int64[1] 2\n" WEIGHTS
                      "node LSTM x,wt,rt -> yt name=l hidden_size=2 layout=1\n"
                      "node Squeeze yt,two -> y\noutput y\n");
  for (int i = 0; i < 4; i++) {
    const uint8_t taken = i != 1;
    olstm_tensor inputs[] = {make_chunk(values, i, N), flag(&taken)};
    run(s.context, inputs, 2, y);
    if (!taken) continue;
    run(whole.context, inputs, 1, expected);
    assert_memory_equal(y, expected, sizeof y);
  }
  close_stream(&whole);
  close_stream(&s);
}

#define STARTED                                                                   \
  "input x float[T,N,2]\ninput c bool[]\ninput h float[1,N,2]\n" WEIGHTS          \
  "node Neg h -> g\n"                                                             \
  "graph t\nnode LSTM x,wt,rt,_,_,g -> yt name=l hidden_size=2\noutput yt\nend\n" \
  "graph e\noutput x\nend\n"                                                      \
  "node If c -> y then_branch=@t else_branch=@e\noutput y\n"

/// A start that the graph computes counts at the first run that takes the branch, and
/// for a row at the first one after its reset.
static void starts_from_what_the_graph_computes(void** state) {
  static const uint8_t kTaken[] = {0, 1, 0, 1};
  stream s, whole;
  olstm_tensor got;
  float values[kChunk], start[N * H], y[kYCount], expected[kYCount];
  (void)state;
  open_stream(&s, STARTED);
  open_stream(&whole, "input x float[T,N,2]\ninput h float[1,N,2]\n" WEIGHTS
                      "node Neg h -> g\nnode LSTM x,wt,rt,_,_,g -> y name=l "
                      "hidden_size=2\noutput y\n");
  for (int i = 0; i < 8; i++) {
    const uint8_t taken = kTaken[i % 4];
    for (int e = 0; e < N * H; e++) start[e] = (float)(e + i) / 4.0F;
    olstm_tensor inputs[] = {make_chunk(values, i, N),
                             flag(&taken),
                             {{OLSTM_DTYPE_FLOAT, 3, {1, N, H}}, start}};
    run(s.context, inputs, 3, y);
    if (i == 0) {
      assert_int_equal(olstm_context_get_state(s.context, "l/h", &got, NULL),
                       OLSTM_STATUS_WRONG_STATE);
    }
    if (!taken) continue;
    inputs[1] = inputs[2];
    run(whole.context, inputs, 2, expected);
    assert_memory_equal(y, expected, sizeof y);
    assert_int_equal(olstm_context_get_state(s.context, "l/h", &got, NULL), 0);
    if (i != 3) continue;
    assert_int_equal(olstm_context_reset_row(s.context, 1, NULL), OLSTM_STATUS_OK);
    assert_int_equal(olstm_context_reset_row(whole.context, 1, NULL), OLSTM_STATUS_OK);
  }
  close_stream(&whole);
  close_stream(&s);
}

/// A slot of a branch that never ran may have another batch in the next run.
static void what_never_ran_is_bound_to_no_batch(void** state) {
  stream s;
  float values[kChunk], start[N * H] = {0}, y[kYCount];
  const uint8_t no = 0;
  (void)state;
  open_stream(&s, STARTED);
  for (int64_t rows = 1; rows <= N; rows++) {
    // The slot c starts from zeros, and has a batch from its first run on.
    assert_int_equal(olstm_context_reset_state(s.context, "l/c", NULL), OLSTM_STATUS_OK);
    olstm_tensor inputs[] = {make_chunk(values, 0, rows),
                             flag(&no),
                             {{OLSTM_DTYPE_FLOAT, 3, {1, rows, H}}, start}};
    run(s.context, inputs, 3, y);
  }
  close_stream(&s);
}

static void zeros_from_outside_are_no_start_of_their_own(void** state) {
  // Of a constant shape, and of one with as many rows as x has.
  static const char* const kShapes[] = {
      "const shape int64[3] 1 3 2\n",
      "const one int64[1] 1\nconst two int64[1] 2\nnode Shape x -> dims\n"
      "node Slice dims,one,two -> n\nnode Concat one,n,two -> shape axis=0\n"};
  stream other;
  void* blob = NULL;
  size_t started = 0;
  (void)state;
  open_stream(&other, STARTED);
  assert_int_equal(olstm_context_save_state(other.context, &blob, &started, NULL), 0);
  olstm_context_free_blob(other.context, blob, started);
  close_stream(&other);
  for (int i = 0; i < 2; i++) {
    stream s;
    char text[2048];
    size_t with = 0;
    (void)snprintf(text, sizeof text,
                   "input x float[T,N,2]\ninput c bool[]\n" WEIGHTS
                   "%snode ConstantOfShape shape -> z\n"
                   "graph t\nnode LSTM x,wt,rt,_,_,z,z -> yt name=l hidden_size=2\n"
                   "output yt\nend\ngraph e\noutput x\nend\n"
                   "node If c -> y then_branch=@t else_branch=@e\noutput y\n",
                   kShapes[i]);
    open_stream(&s, text);
    // Slots alone: no flags that say where the start has been used.
    assert_int_equal(olstm_context_save_state(s.context, &blob, &with, NULL), 0);
    olstm_context_free_blob(s.context, blob, with);
    assert_true(with < started);
    close_stream(&s);
  }
}

static void is_set_cloned_saved_and_loaded(void** state) {
  stream s, fresh;
  reference r;
  olstm_context* clone = NULL;
  void* blob = NULL;
  size_t bytes = 0;
  float values[kChunk], y[kYCount], expected[kYCount];
  const uint8_t yes = 1;
  static const char* const kText =
      "input x float[T,N,2]\ninput c bool[]\n" WEIGHTS THEN ELSE
      "node If c -> y then_branch=@t else_branch=@e\noutput y\n";
  (void)state;
  open_stream(&s, kText);
  open_stream(&fresh, kText);
  open_reference(&r);
  set(s.context, "then/h", 0.5F);
  set(r.branches[1].context, "then/h", 0.5F);
  set(s.context, "then/c", -0.25F);
  set(r.branches[1].context, "then/c", -0.25F);
  expect_chunk(&s, &r, 0, &yes, 1, 1);
  olstm_tensor inputs[] = {make_chunk(values, 1, N), flag(&yes)};
  assert_int_equal(olstm_context_clone(s.context, &clone, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm_context_save_state(s.context, &blob, &bytes, NULL), 0);
  assert_int_equal(olstm_context_load_state(fresh.context, blob, bytes, NULL), 0);
  olstm_context_free_blob(s.context, blob, bytes);
  run(r.branches[1].context, inputs, 1, expected);
  run(clone, inputs, 2, y);
  assert_memory_equal(y, expected, sizeof y);
  run(fresh.context, inputs, 2, y);
  assert_memory_equal(y, expected, sizeof y);
  olstm_context_destroy(clone);
  close_reference(&r);
  close_stream(&fresh);
  close_stream(&s);
}

/// The batch may be known only inside: X goes through the branch's own nodes.
static void the_batch_is_found_inside_a_branch(void** state) {
  stream s, whole;
  float values[kChunk], y[kYCount], expected[kYCount];
  const uint8_t yes = 1;
  (void)state;
  open_stream(&s, "input x float[N,T,2]\ninput c bool[]\n" WEIGHTS
                  "graph t\nnode Transpose x -> xt perm=[1,0,2]\n"
                  "node LSTM xt,wt,rt -> yt name=l hidden_size=2\noutput yt\nend\n"
                  "graph e\noutput x\nend\n"
                  "node If c -> y then_branch=@t else_branch=@e\noutput y\n");
  open_stream(&whole, "input x float[N,T,2]\n" WEIGHTS
                      "node Transpose x -> xt perm=[1,0,2]\n"
                      "node LSTM xt,wt,rt -> y name=l hidden_size=2\noutput y\n");
  for (int i = 0; i < 3; i++) {
    // [N,T,I] = [2,3,2]: what was T is N.
    olstm_tensor inputs[] = {make_chunk(values, i, N), flag(&yes)};
    run(s.context, inputs, 2, y);
    run(whole.context, inputs, 1, expected);
    assert_memory_equal(y, expected, sizeof y);
  }
  close_stream(&whole);
  close_stream(&s);
}

/// A batch that data decide cannot be kept, inside or outside of a branch.
static void a_batch_that_only_the_run_knows_is_refused(void** state) {
#define ROWS                                                                       \
  "input x float[T,N,2]\ninput c bool[]\ninput m bool[N]\nconst all int64[1] -1\n" \
  "node NonZero m -> nz\nnode Reshape nz,all -> rows\nnode Gather x,rows -> some " \
  "axis=1\n"
  static const char* const kModels[] = {
      ROWS WEIGHTS "node LSTM some,wt,rt -> y name=l hidden_size=2\noutput y\n",
      ROWS WEIGHTS
      "graph t\nnode LSTM some,wt,rt -> yt name=l hidden_size=2\noutput yt\nend\n"
      "graph e\nnode Neg x -> ye\noutput ye\nend\n"
      "node If c -> y then_branch=@t else_branch=@e\noutput y\n"};
  float values[kChunk];
  const uint8_t yes = 1;
  uint8_t mask[N] = {1, 0, 1};
  (void)state;
  for (size_t m = 0; m < 2; m++) {
    stream s;
    olstm_error error = {""};
    olstm_tensor output = {.data = NULL};
    open_stream(&s, kModels[m]);
    const olstm_tensor inputs[] = {
        make_chunk(values, 0, N), flag(&yes), {{OLSTM_DTYPE_BOOL, 1, {N}}, mask}};
    assert_int_equal(olstm_context_run(s.context, inputs, 3, &output, 1, &error),
                     OLSTM_STATUS_WRONG_STATE);
    assert_string_equal(
        error.message,
        "state 'l/h' has shape [1,-1,2], and its batch is known only while "
        "running: its node cannot keep it");
    close_stream(&s);
  }
#undef ROWS
}

static void an_initial_state_of_one_row_serves_all_in_a_branch(void** state) {
  olstm_session_options options;
  olstm_fake_session fake;
  float values[kChunk], y[kYCount];
  const uint8_t yes = 1;
  (void)state;
  olstm_session_options_init(&options);
  options.broadcast_state = true;
  olstm_context* context = olstm_fake_context(olstm_fake_session_must(
      "input x float[T,N,2]\ninput c bool[]\nconst h float[1,1,2] 0.5 0.25\n" WEIGHTS
      "graph t\nnode LSTM x,wt,rt,_,_,h -> yt hidden_size=2\noutput yt\nend\n"
      "graph e\noutput x\nend\n"
      "node If c -> y then_branch=@t else_branch=@e\noutput y\n",
      &options, &fake));
  olstm_tensor inputs[] = {make_chunk(values, 0, N), flag(&yes)};
  memcpy(values + 2 * I, values, 2 * sizeof *values);
  run(context, inputs, 2, y);
  assert_true(y[0] == y[2 * H] && y[1] == y[2 * H + 1]);
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
}

static void survives_every_failing_allocation(void** state) {
  static const char* const kAll[] = {"all"};
  olstm_session_options options;
  (void)state;
  olstm_session_options_init(&options);
  options.stateful_count = 1;
  options.stateful = kAll;
  olstm_test_session_out_of_memory(STARTED, &options);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_branch_goes_on_from_where_it_was),
      cmocka_unit_test(slots_pass_through_ifs_in_ifs),
      cmocka_unit_test(a_known_condition_keeps_the_slots_of_both_branches),
      cmocka_unit_test(batch_first_layers_keep_theirs),
      cmocka_unit_test(starts_from_what_the_graph_computes),
      cmocka_unit_test(what_never_ran_is_bound_to_no_batch),
      cmocka_unit_test(zeros_from_outside_are_no_start_of_their_own),
      cmocka_unit_test(is_set_cloned_saved_and_loaded),
      cmocka_unit_test(the_batch_is_found_inside_a_branch),
      cmocka_unit_test(a_batch_that_only_the_run_knows_is_refused),
      cmocka_unit_test(an_initial_state_of_one_row_serves_all_in_a_branch),
      cmocka_unit_test(survives_every_failing_allocation),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
