// Inputs of models that are right: dtypes, ranks, shapes and values of any kind, buffers
// for outputs that fit or do not. Whatever comes, a run is right or refused in one line;
// refused, it has changed neither state nor the caller's outputs.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "olstm/olstm.h"
#include "tests/fuzz/byte_reader.h"
#include "tests/fuzz/fuzz_target.h"

enum {
  kMaxInputs = 8,
  kMaxRuns = 4,
  kMaxBytes = 1 << 16,
  kMaxMemory = 1 << 20,
  kMaxWork = 1 << 20
};

static const char* const kModels[] = {
    "fuzz/models/lstm_every_input.onnx", "data/state/lstm_stack.onnx",
    "data/state/gru_start.onnx",         "data/loops/lstm_masked.onnx",
    "data/control/scan_batch.onnx",      "data/control/scan_axes.onnx",
    "data/control/loop_grow.onnx",       "data/control/if_shapes.onnx",
    "data/keras_lstm/model.onnx"};
enum { kModelCount = sizeof kModels / sizeof *kModels };

static void require(bool holds, const char* what, const char* detail) {
  if (holds) return;
  (void)fprintf(stderr, "fuzz_inputs: %s: %s\n", what, detail);
  abort();
}

/// Sessions of all models, made once.
static olstm_session* get_session(size_t index) {
  static olstm_session* sessions[kModelCount];
  static const char* const kAll[] = {"all"};
  if (sessions[index]) return sessions[index];
  char path[1024];
  olstm_model* model = NULL;
  olstm_error error = {""};
  olstm_session_options options;
  olstm_session_options_init(&options);
  options.max_memory = kMaxMemory;
  options.max_work = kMaxWork;
  options.stateful = kAll;
  (void)snprintf(path, sizeof path, "%s/%s", OLSTM_TESTS, kModels[index]);
  require(olstm_model_load_file(path, NULL, &model, &error) == OLSTM_STATUS_OK, path,
          error.message);
  options.stateful_count = 1;
  // Without state where there is none, or none that can be kept.
  const olstm_status status =
      olstm_session_create(model, NULL, &options, &sessions[index], &error);
  if (status == OLSTM_STATUS_NOT_FOUND || status == OLSTM_STATUS_UNSUPPORTED) {
    options.stateful_count = 0;
    (void)olstm_session_create(model, NULL, &options, &sessions[index], &error);
  }
  require(sessions[index] != NULL, path, error.message);
  olstm_model_destroy(model);
  return sessions[index];
}

static int64_t read_dim(byte_reader* reader) {
  static const int64_t kRare[] = {-1,        1 << 16,   1LL << 31,
                                  1LL << 40, INT64_MAX, INT64_MIN};
  const size_t choice = read_byte(reader);
  return choice < 240 ? (int64_t)(choice % 6) : kRare[choice % 6];
}

/// Mostly what the model says; its open dimensions any.
static olstm_tensor_desc read_desc(byte_reader* reader, const olstm_value_info* info) {
  olstm_tensor_desc desc = {.dtype = info->dtype,
                            .rank = info->rank < 0 ? 2 : info->rank};
  const size_t change = read_byte(reader);
  if (change % 16 == 1) desc.dtype = (olstm_dtype)read_choice(reader, 20) - 1;
  if (change % 16 == 2) desc.rank = (int32_t)read_choice(reader, 12) - 1;
  for (int32_t d = 0; d < desc.rank && d < OLSTM_MAX_RANK; d++) {
    const bool is_given = d < info->rank && info->dims[d] >= 0;
    desc.dims[d] = is_given && change % 16 != 3 ? info->dims[d] : read_dim(reader);
  }
  return desc;
}

/// Elements out of the fuzzer's bytes; NULL when there are too many or none.
static void* read_data(byte_reader* reader, const olstm_tensor_desc* desc) {
  size_t bytes = 0;
  if (!olstm_tensor_desc_bytes(desc, &bytes) || bytes > kMaxBytes || bytes == 0) {
    return NULL;
  }
  uint8_t* data = malloc(bytes);
  require(data != NULL, "no memory", "inputs");
  const bool is_string = desc->dtype == OLSTM_DTYPE_STRING;
  const bool is_small = olstm_dtype_size(desc->dtype) == 8 && read_choice(reader, 2) == 0;
  for (size_t i = 0; i < bytes; i++) {
    data[i] = is_string || (is_small && i % 8 != 0) ? 0 : read_byte(reader);
    if (desc->dtype == OLSTM_DTYPE_BOOL) data[i] &= 1;
  }
  return data;
}

typedef struct saved_state {
  void* bytes;
  size_t count;
} saved_state;

static saved_state save(const olstm_context* context) {
  saved_state state = {NULL, 0};
  olstm_error error = {""};
  if (olstm_context_state_count(context) == 0) return state;
  require(olstm_context_save_state(context, &state.bytes, &state.count, &error) ==
              OLSTM_STATUS_OK,
          "cannot save", error.message);
  return state;
}

static void check_state(const olstm_context* context, const saved_state* before) {
  const saved_state after = save(context);
  require(after.count == before->count &&
              (after.count == 0 || memcmp(after.bytes, before->bytes, after.count) == 0),
          "a run that failed changed the state", "");
  olstm_context_free_blob(context, after.bytes, after.count);
}

static void run_once(olstm_context* context, const olstm_session* session,
                     byte_reader* reader) {
  olstm_tensor inputs[kMaxInputs], outputs[kMaxInputs];
  olstm_tensor_desc descs[kMaxInputs];
  float mine[16] = {0};
  olstm_error error = {""};
  const size_t input_count = olstm_session_input_count(session);
  const size_t output_count = olstm_session_output_count(session);
  require(input_count <= kMaxInputs && output_count <= kMaxInputs, "too many", "");
  memset(outputs, 0, sizeof outputs);
  for (size_t i = 0; i < input_count; i++) {
    descs[i] = read_desc(reader, olstm_session_get_input(session, i));
    inputs[i] = (olstm_tensor){descs[i], read_data(reader, &descs[i])};
  }
  const size_t choice = read_byte(reader);
  if (choice % 8 == 1) {
    outputs[0] = (olstm_tensor){{OLSTM_DTYPE_FLOAT, 2, {4, 4}}, mine};
  }
  const saved_state before = save(context);
  if (choice % 8 == 2) {
    (void)olstm_context_prepare(context, descs, input_count, NULL);
    check_state(context, &before);
  }
  if (olstm_context_run(context, inputs, input_count, outputs, output_count, &error) !=
      OLSTM_STATUS_OK) {
    require(error.message[0] != '\0', "failed without a message", "");
    require(outputs[0].data == (choice % 8 == 1 ? mine : NULL), "outputs changed hands",
            error.message);
    check_state(context, &before);
  }
  olstm_context_free_blob(context, before.bytes, before.count);
  for (size_t i = 0; i < input_count; i++) free(inputs[i].data);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  byte_reader reader = {data, size};
  olstm_session* session = get_session(read_choice(&reader, kModelCount));
  olstm_context* context = NULL;
  require(olstm_context_create(session, &context, NULL) == OLSTM_STATUS_OK, "no context",
          "");
  for (int run = 0; run < kMaxRuns && (run == 0 || reader.left > 0); run++) {
    run_once(context, session, &reader);
  }
  olstm_context_destroy(context);
  return 0;
}
