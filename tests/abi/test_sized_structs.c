// Options of callers that were compiled against an older, this, or a newer olstm: nothing
// beyond their own bytes is written, and nothing of what they ask for is overlooked.
#include "olstm/sized_struct.h"

#include "olstm/olstm.h"
#include "tests/support/test_main.h"

enum { kBytes = 512, kGuard = 0xa5 };

/// One kind of options, as the caller's bytes.
typedef struct kind {
  const char* name;
  size_t known_size;
  void (*init)(void* options, size_t struct_size);
  /// Gives them to what takes them.
  olstm_status (*use)(const void* options, olstm_error* error);
  /// A field of an older header that has a default other than 0.
  size_t old_size, default_offset, default_bytes;
  uint64_t default_value;
} kind;

// ---------------------------------------------------------------- the kinds

static void init_session(void* options, size_t struct_size) {
  olstm_session_options_init_sized(options, struct_size);
}

static void init_model(void* options, size_t struct_size) {
  olstm_model_options_init_sized(options, struct_size);
}

static void init_lstm(void* options, size_t struct_size) {
  olstm_lstm_options_init_sized(options, struct_size);
}

static olstm_model* load_model(void) {
  olstm_model* model = NULL;
  assert_int_equal(olstm_model_load_file(OLSTM_TEST_DATA "/broken/small_lstm.onnx", NULL,
                                         &model, NULL),
                   OLSTM_STATUS_OK);
  return model;
}

static olstm_status use_session(const void* options, olstm_error* error) {
  olstm_model* model = load_model();
  olstm_session* session = NULL;
  const olstm_status status = olstm_session_create(model, NULL, options, &session, error);
  assert_int_equal(session == NULL, status != OLSTM_STATUS_OK);
  olstm_session_destroy(session);
  olstm_model_destroy(model);
  return status;
}

static olstm_status use_model(const void* options, olstm_error* error) {
  olstm_model* model = NULL;
  const olstm_status status = olstm_model_load_file(
      OLSTM_TEST_DATA "/broken/small_lstm.onnx", options, &model, error);
  assert_int_equal(model == NULL, status != OLSTM_STATUS_OK);
  olstm_model_destroy(model);
  return status;
}

static olstm_status create_lstm(const void* options, const void* weights,
                                olstm_error* error) {
  olstm_lstm* lstm = NULL;
  const olstm_status status = olstm_lstm_create(options, weights, &lstm, error);
  assert_int_equal(lstm == NULL, status != OLSTM_STATUS_OK);
  olstm_lstm_destroy(lstm);
  return status;
}

static const float kNumbers[4] = {0};
static const olstm_lstm_weights kWeights = {
    .struct_size = sizeof kWeights, .kernel = kNumbers, .recurrent_kernel = kNumbers};

static olstm_status use_lstm(const void* options, olstm_error* error) {
  _Alignas(olstm_lstm_options) unsigned char bytes[kBytes];
  olstm_lstm_options* sized = (olstm_lstm_options*)bytes;
  memcpy(bytes, options, kBytes);
  sized->input_size = sized->hidden_size = 1;
  return create_lstm(sized, &kWeights, error);
}

static const kind kKinds[] = {
    {"session options", sizeof(olstm_session_options), init_session, use_session,
     offsetof(olstm_session_options, plan_cache_capacity),
     offsetof(olstm_session_options, thread_count), sizeof(int32_t), 1},
    {"model options", sizeof(olstm_model_options), init_model, use_model,
     offsetof(olstm_model_options, max_memory), offsetof(olstm_model_options, max_depth),
     sizeof(uint32_t), 100},
    {"LSTM: options", sizeof(olstm_lstm_options), init_lstm, use_lstm,
     offsetof(olstm_lstm_options, block_steps), offsetof(olstm_lstm_options, batch_size),
     sizeof(int64_t), 1},
};
enum { kKindCount = sizeof kKinds / sizeof *kKinds };

// ---------------------------------------------------------------- the cases

/// The options of a caller whose struct has so many bytes; guards behind them.
static void init(const kind* k, size_t struct_size, unsigned char* bytes) {
  size_t written = 0;
  uint64_t value = 0;
  memset(bytes, kGuard, kBytes);
  k->init(bytes, struct_size);
  memcpy(&written, bytes, sizeof written);
  memcpy(&value, bytes + k->default_offset, k->default_bytes);
  assert_int_equal(written, struct_size);
  assert_int_equal(value, k->default_value);
  for (size_t b = k->known_size; b < struct_size; b++) assert_int_equal(bytes[b], 0);
  for (size_t b = struct_size; b < kBytes; b++) assert_int_equal(bytes[b], kGuard);
}

static void assert_taken(const kind* k, size_t struct_size) {
  _Alignas(max_align_t) unsigned char bytes[kBytes];
  init(k, struct_size, bytes);
  assert_int_equal(k->use(bytes, NULL), OLSTM_STATUS_OK);
}

static void takes_options_of_an_older_caller(void** state) {
  (void)state;
  for (size_t k = 0; k < kKindCount; k++) assert_taken(&kKinds[k], kKinds[k].old_size);
}

static void takes_options_of_an_equal_caller(void** state) {
  (void)state;
  for (size_t k = 0; k < kKindCount; k++) assert_taken(&kKinds[k], kKinds[k].known_size);
}

static void takes_options_of_a_newer_caller_that_wants_nothing_new(void** state) {
  (void)state;
  for (size_t k = 0; k < kKindCount; k++) {
    assert_taken(&kKinds[k], kKinds[k].known_size + 24);
  }
}

static void refuses_what_a_newer_caller_wants(void** state) {
  _Alignas(max_align_t) unsigned char bytes[kBytes];
  (void)state;
  for (size_t k = 0; k < kKindCount; k++) {
    const kind* it = &kKinds[k];
    char expected[OLSTM_ERROR_CAPACITY];
    olstm_error error = {""};
    init(it, it->known_size + 24, bytes);
    bytes[it->known_size + 9] = 1;
    (void)snprintf(expected, sizeof expected,
                   "%s have struct_size %zu and a value at byte %zu, of which this olstm "
                   "knows %zu: it is older than what was compiled against it",
                   it->name, it->known_size + 24, it->known_size + 9, it->known_size);
    assert_int_equal(it->use(bytes, &error), OLSTM_STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.message, expected);
  }
}

static void refuses_options_without_a_size(void** state) {
  _Alignas(max_align_t) unsigned char bytes[kBytes] = {0};
  (void)state;
  for (size_t k = 0; k < kKindCount; k++) {
    char expected[OLSTM_ERROR_CAPACITY];
    olstm_error error = {""};
    (void)snprintf(expected, sizeof expected, "%s were not initialised: struct_size is 0",
                   kKinds[k].name);
    assert_int_equal(kKinds[k].use(bytes, &error), OLSTM_STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.message, expected);
  }
}

static void takes_weights_of_an_older_caller_alone(void** state) {
  struct {
    olstm_lstm_weights weights;
    float* newer;
  } more = {kWeights, NULL};
  olstm_lstm_weights older = kWeights;
  olstm_lstm_options options;
  olstm_error error = {""};
  float peepholes[3] = {0};
  (void)state;
  olstm_lstm_options_init(&options);
  options.input_size = options.hidden_size = 1;
  // Keras' order has no peepholes, so this one does not know them.
  older.peepholes = peepholes;
  older.struct_size = offsetof(olstm_lstm_weights, peepholes);
  assert_int_equal(create_lstm(&options, &older, &error), OLSTM_STATUS_OK);
  more.weights.struct_size = sizeof more;
  assert_int_equal(create_lstm(&options, &more, &error), OLSTM_STATUS_OK);
  more.newer = peepholes;
  assert_int_equal(create_lstm(&options, &more, &error), OLSTM_STATUS_INVALID_ARGUMENT);
  assert_memory_equal(error.message, "LSTM: weights have struct_size",
                      strlen("LSTM: weights have struct_size"));
  older.struct_size = 0;
  assert_int_equal(create_lstm(&options, &older, &error), OLSTM_STATUS_INVALID_ARGUMENT);
}

/// Writes one of the descriptions of a context into a caller's struct of that size.
typedef olstm_status (*describe)(const olstm_context* context, void* info,
                                 size_t struct_size, olstm_error* error);

static olstm_status describe_state(const olstm_context* context, void* info,
                                   size_t struct_size, olstm_error* error) {
  return olstm_context_get_state_info_sized(context, 0, info, struct_size, error);
}

static olstm_status describe_plan(const olstm_context* context, void* info,
                                  size_t struct_size, olstm_error* error) {
  return olstm_context_get_plan_info_sized(context, info, struct_size, error);
}

static olstm_status describe_step(const olstm_context* context, void* info,
                                  size_t struct_size, olstm_error* error) {
  return olstm_context_get_step_info_sized(context, 0, info, struct_size, error);
}

/// What a caller of this version sees, and what one of each other size does: a prefix of
/// it behind its own struct_size, zeros behind what this version knows.
static void expect_every_size(const olstm_context* context, describe call, size_t known) {
  _Alignas(max_align_t) unsigned char full[kBytes] = {0}, bytes[kBytes];
  assert_int_equal(call(context, full, known, NULL), OLSTM_STATUS_OK);
  for (size_t size = 0; size <= known + 16; size++) {
    memset(bytes, kGuard, sizeof bytes);
    assert_int_equal(call(context, bytes, size, NULL), OLSTM_STATUS_OK);
    size_t said = size;
    if (size >= sizeof said) memcpy(&said, bytes, sizeof said);
    assert_int_equal(said, size);
    for (size_t b = size < sizeof said ? 0 : sizeof said; b < kBytes; b++) {
      const int expected = b >= size ? kGuard : b < known ? full[b] : 0;
      if (size >= sizeof said || b >= size) assert_int_equal(bytes[b], expected);
    }
  }
}

static void describes_to_callers_of_every_size(void** state) {
  static const char* const kNames[] = {"all"};
  olstm_model* model = load_model();
  olstm_session* session = NULL;
  olstm_context* context = NULL;
  olstm_session_options options;
  (void)state;
  olstm_session_options_init(&options);
  options.stateful_count = 1;
  options.stateful = kNames;
  assert_int_equal(olstm_session_create(model, NULL, &options, &session, NULL),
                   OLSTM_STATUS_OK);
  assert_int_equal(olstm_context_create(session, &context, NULL), OLSTM_STATUS_OK);
  olstm_tensor_desc input = {olstm_session_get_input(session, 0)->dtype, 3, {2, 1, 1}};
  for (int32_t d = 0; d < 3; d++) {
    const int64_t dim = olstm_session_get_input(session, 0)->dims[d];
    if (dim > 0) input.dims[d] = dim;
  }
  assert_int_equal(olstm_context_prepare(context, &input, 1, NULL), OLSTM_STATUS_OK);
  expect_every_size(context, describe_state, sizeof(olstm_state_info));
  expect_every_size(context, describe_plan, sizeof(olstm_plan_info));
  expect_every_size(context, describe_step, sizeof(olstm_step_info));
  olstm_context_destroy(context);
  olstm_session_destroy(session);
  olstm_model_destroy(model);
}

static void the_library_says_its_version(void** state) {
  (void)state;
  char text[32];
  (void)snprintf(text, sizeof text, "%d.%d.%d", OLSTM_VERSION_MAJOR, OLSTM_VERSION_MINOR,
                 OLSTM_VERSION_PATCH);
  assert_string_equal(olstm_version_text(), text);
  assert_int_equal(olstm_version(), OLSTM_VERSION);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(describes_to_callers_of_every_size),
      cmocka_unit_test(the_library_says_its_version),
      cmocka_unit_test(takes_options_of_an_older_caller),
      cmocka_unit_test(takes_options_of_an_equal_caller),
      cmocka_unit_test(takes_options_of_a_newer_caller_that_wants_nothing_new),
      cmocka_unit_test(refuses_what_a_newer_caller_wants),
      cmocka_unit_test(refuses_options_without_a_size),
      cmocka_unit_test(takes_weights_of_an_older_caller_alone),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
