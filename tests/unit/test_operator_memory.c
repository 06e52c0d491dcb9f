// runtime/host/operator_memory.h: what operators keep is counted, and shared.
#include "runtime/host/operator_memory.h"

#include "olstm/olstm.h"
#include "tests/support/model_text.h"
#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

// ---------------------------------------------------------------- alone

typedef struct fixture {
  olstm_test_allocator source;
  olstm__operator_memory memory;
  olstm_host host;
} fixture;

static void start(fixture* f, size_t limit) {
  olstm_test_allocator_init(&f->source);
  f->host = (olstm_host){.struct_size = 0};
  olstm__operator_memory_init(&f->memory, &f->source.allocator, limit);
  olstm__operator_memory_offer(&f->memory, &f->host);
}

static void end(fixture* f) {
  olstm__operator_memory_deinit(&f->memory);
  olstm_test_allocator_assert_clean(&f->source);
}

static void gives_equal_keys_one_block(void** state) {
  fixture f;
  bool is_new = false;
  (void)state;
  start(&f, 1 << 20);
  char* first = f.host.share(&f.host, "key", 3, 1000, &is_new);
  assert_non_null(first);
  assert_true(is_new);
  assert_int_equal((uintptr_t)first % OLSTM_ALIGNMENT, 0);
  memset(first, 7, 1000);
  assert_ptr_equal(f.host.share(&f.host, "key", 3, 1000, &is_new), first);
  assert_false(is_new);
  char* other = f.host.share(&f.host, "kex", 3, 1000, &is_new);
  assert_true(is_new && other && other != first);
  f.host.unshare(&f.host, "key", 3);
  assert_int_equal(first[999], 7);
  f.host.unshare(&f.host, "key", 3);
  f.host.unshare(&f.host, "kex", 3);
  // Given back, and made anew.
  assert_non_null(f.host.share(&f.host, "key", 3, 8, &is_new));
  assert_true(is_new);
  f.host.unshare(&f.host, "key", 3);
  end(&f);
}

static void keeps_many_keys_apart(void** state) {
  enum { kCount = 3000 };
  fixture f;
  bool is_new = false;
  static char* blocks[kCount];
  (void)state;
  start(&f, 1 << 24);
  for (int i = 0; i < kCount; i++) {
    blocks[i] = f.host.share(&f.host, &i, sizeof i, sizeof i, &is_new);
    assert_true(blocks[i] && is_new);
    memcpy(blocks[i], &i, sizeof i);
  }
  for (int i = 0; i < kCount; i++) {
    assert_ptr_equal(f.host.share(&f.host, &i, sizeof i, sizeof i, &is_new), blocks[i]);
    assert_memory_equal(blocks[i], &i, sizeof i);
  }
  for (int i = 0; i < 2 * kCount; i++) {
    const int key = i % kCount;
    f.host.unshare(&f.host, &key, sizeof key);
  }
  end(&f);
}

static void refuses_more_than_the_limit_and_says_so(void** state) {
  const olstm_node node = {.op_type = "LSTM", .name = "l"};
  olstm_error error = {""};
  fixture f;
  (void)state;
  start(&f, 100);
  void* piece = olstm_allocate(f.host.allocator, 1, 60);
  assert_non_null(piece);
  assert_null(olstm_allocate(f.host.allocator, 1, 41));
  assert_int_equal(olstm__operator_memory_explain(&f.memory, &node,
                                                  OLSTM_STATUS_OUT_OF_MEMORY, &error),
                   OLSTM_STATUS_LIMIT_EXCEEDED);
  assert_string_equal(error.message,
                      "LSTM 'l': packed weights and tables of operators need more than "
                      "the 100 bytes that max_memory and the model's constants allow");
  // Once: another failure is another's.
  assert_int_equal(olstm__operator_memory_explain(&f.memory, &node,
                                                  OLSTM_STATUS_OUT_OF_MEMORY, &error),
                   OLSTM_STATUS_OUT_OF_MEMORY);
  olstm_release(f.host.allocator, piece, 1, 60);
  piece = olstm_allocate(f.host.allocator, 1, 100);
  assert_non_null(piece);
  olstm_release(f.host.allocator, piece, 1, 100);
  end(&f);
}

static void fails_cleanly_when_memory_runs_out(void** state) {
  (void)state;
  for (int64_t nth = 1; nth <= 3; nth++) {
    fixture f;
    bool is_new = true;
    start(&f, 1 << 20);
    olstm_test_allocator_fail_at(&f.source, nth);
    assert_null(f.host.share(&f.host, "key", 3, 1000, &is_new));
    olstm_test_allocator_fail_at(&f.source, 0);
    assert_non_null(f.host.share(&f.host, "key", 3, 1000, &is_new));
    assert_true(is_new);
    f.host.unshare(&f.host, "key", 3);
    end(&f);
  }
}

// ---------------------------------------------------------------- in a session

enum { kNodes = 40, kHidden = 64 };

/// kNodes nodes of one type on x, each with the weights `w`; their outputs' sum.
static char* shared_model(const char* op_type, const char* weights, const char* node) {
  enum { kRoom = 1 << 14 };
  char* text = malloc(kRoom);
  assert_non_null(text);
  int length = snprintf(text, kRoom, "input x float[1,1,%d]\n%s", kHidden, weights);
  for (int i = 0; i < kNodes; i++) {
    length += snprintf(text + length, kRoom - (size_t)length, node, op_type, i, i);
  }
  length += snprintf(text + length, kRoom - (size_t)length, "node Sum y0");
  for (int i = 1; i < kNodes; i++) {
    length += snprintf(text + length, kRoom - (size_t)length, ",y%d", i);
  }
  (void)snprintf(text + length, kRoom - (size_t)length, " -> z\noutput z\n");
  return text;
}

typedef struct session_case {
  olstm_test_allocator allocator;
  olstm_model* model;
  olstm_session* session;
  olstm_context* context;
} session_case;

static olstm_status open_case(session_case* c, const char* text, size_t max_memory,
                              olstm_error* error) {
  const olstm_tensor_desc input = {OLSTM_DTYPE_FLOAT, 3, {1, 1, kHidden}};
  olstm_session_options options;
  *c = (session_case){.model = olstm_test_model(text)};
  olstm_test_allocator_init(&c->allocator);
  olstm_session_options_init(&options);
  options.allocator = &c->allocator.allocator;
  options.max_memory = max_memory;
  olstm_status status =
      olstm_session_create(c->model, NULL, &options, &c->session, error);
  if (status == OLSTM_STATUS_OK) {
    status = olstm_context_create(c->session, &c->context, error);
  }
  if (status == OLSTM_STATUS_OK) {
    status = olstm_context_prepare(c->context, &input, 1, error);
  }
  return status;
}

static void close_case(session_case* c) {
  olstm_context_destroy(c->context);
  olstm_session_destroy(c->session);
  olstm_model_destroy(c->model);
  olstm_test_allocator_assert_clean(&c->allocator);
}

static void nodes_with_the_same_weights_share_one_packed_copy(void** state) {
  static const struct {
    const char *op_type, *weights, *node;
    int64_t weight_bytes;
  } kCases[] = {
      {"LSTM", "const w float[1,256,64] 0.1 -0.2 0.3\n",
       "node %s x,w,w -> _,y%d name=n%d hidden_size=64\n", 2 * 256 * 64 * 4},
      {"GRU", "const w float[1,192,64] 0.1 -0.2 0.3\n",
       "node %s x,w,w -> _,y%d name=n%d hidden_size=64\n", 2 * 192 * 64 * 4},
      {"MatMul", "const w float[64,256] 0.1 -0.2 0.3\n", "node %s x,w -> y%d name=n%d\n",
       256 * 64 * 4},
  };
  (void)state;
  for (size_t i = 0; i < sizeof kCases / sizeof *kCases; i++) {
    session_case c;
    olstm_error error = {""};
    char* text = shared_model(kCases[i].op_type, kCases[i].weights, kCases[i].node);
    if (open_case(&c, text, 0, &error) != OLSTM_STATUS_OK) fail_msg("%s", error.message);
    // Far from one copy a node; the rest of a session is less than three of them.
    assert_true(c.allocator.live_bytes < 4 * kCases[i].weight_bytes + 400000);
    close_case(&c);
    free(text);
  }
}

/// Every node with weights of its own that are none of the model's constants: what is
/// packed is more than the model's size allows.
static void what_is_packed_counts(void** state) {
  // Different attributes: no node has the packed copy of another.
  static const char kNode[] =
      "node %s x,w,w -> _,y%d name=n%d hidden_size=64 clip=%d.5\n";
  enum { kRoom = 1 << 14 };
  char* text = malloc(kRoom);
  session_case c;
  olstm_error error = {""};
  (void)state;
  assert_non_null(text);
  int length = snprintf(text, kRoom,
                        "input x float[1,1,64]\nconst w float[1,256,64] 0.1 -0.2 0.3\n");
  for (int i = 0; i < kNodes; i++) {
    length += snprintf(text + length, kRoom - (size_t)length, kNode, "LSTM", i, i, i);
  }
  length += snprintf(text + length, kRoom - (size_t)length, "node Sum y0");
  for (int i = 1; i < kNodes; i++) {
    length += snprintf(text + length, kRoom - (size_t)length, ",y%d", i);
  }
  (void)snprintf(text + length, kRoom - (size_t)length, " -> z\noutput z\n");
  assert_int_equal(open_case(&c, text, 1 << 20, &error), OLSTM_STATUS_LIMIT_EXCEEDED);
  assert_non_null(strstr(error.message, "packed weights and tables of operators need"));
  close_case(&c);
  // 64 MB are enough.
  assert_int_equal(open_case(&c, text, 64 << 20, &error), OLSTM_STATUS_OK);
  close_case(&c);
  free(text);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gives_equal_keys_one_block),
      cmocka_unit_test(keeps_many_keys_apart),
      cmocka_unit_test(refuses_more_than_the_limit_and_says_so),
      cmocka_unit_test(fails_cleanly_when_memory_runs_out),
      cmocka_unit_test(nodes_with_the_same_weights_share_one_packed_copy),
      cmocka_unit_test(what_is_packed_counts),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
