// See model_session.h.
#include "tests/fuzz/model_session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "olstm/olstm.h"

enum {
  kMaxEnds = 16,
  /// Models that want more are prepared, but not run.
  kMaxInputBytes = 1 << 20,
  kMaxMemory = 64 << 20,
  kMaxWork = 1 << 28,
  /// What model, session and context may take in all.
  kMaxLiveBytes = 512 << 20
};

/// What is live, and what never may be more.
typedef struct counted_memory {
  size_t live;
} counted_memory;

static void* counted_allocate(void* user, size_t bytes) {
  counted_memory* memory = user;
  if (bytes > kMaxLiveBytes - memory->live) return NULL;
  void* data = olstm_allocator_or_default(NULL).allocate(NULL, bytes);
  if (data) memory->live += bytes;
  return data;
}

static void counted_release(void* user, void* data, size_t bytes) {
  ((counted_memory*)user)->live -= bytes;
  olstm_allocator_or_default(NULL).release(NULL, data, bytes);
}

typedef struct model_session {
  counted_memory memory;
  olstm_allocator allocator;
  olstm_model* model;
  olstm_session* session;
  olstm_context* context;
  size_t input_count;
  size_t output_count;
  olstm_tensor inputs[kMaxEnds];
  olstm_tensor outputs[kMaxEnds];
  /// Of the first run.
  void* kept[kMaxEnds];
  size_t kept_bytes[kMaxEnds];
  uint64_t random;
} model_session;

static void require(bool holds, const char* what, const char* detail) {
  if (holds) return;
  (void)fprintf(stderr, "model_session: %s: %s\n", what, detail);
  abort();
}

static bool is_good(olstm_status status, const olstm_error* error) {
  if (status == OLSTM_STATUS_OK) return true;
  require(error->message[0] != '\0', "failed without a message", "");
  require(strpbrk(error->message, "\n\r") == NULL, "not one line", error->message);
  return false;
}

static uint64_t draw(uint64_t* random) {
  // xorshift64*.
  *random ^= *random >> 12;
  *random ^= *random << 25;
  *random ^= *random >> 27;
  return *random * UINT64_C(0x2545f4914f6cdd1d);
}

/// Small numbers mostly; now and then one that nothing is prepared for.
static double draw_real(uint64_t* random) {
  static const double kRare[] = {0.0, -0.0, 1e30, -1e30, 1e-40, 65504, HUGE_VAL, NAN};
  const uint64_t bits = draw(random);
  return bits % 16 == 0 ? kRare[(bits >> 8) % (sizeof kRare / sizeof kRare[0])]
                        : (double)((bits >> 8) % 17) / 8 - 1;
}

static int64_t draw_int(uint64_t* random) {
  static const int64_t kRare[] = {-1,        -2,        100,       1 << 16,
                                  1 << 24,   INT32_MAX, INT32_MIN, 1LL << 31,
                                  1LL << 40, 1LL << 59, INT64_MAX, INT64_MIN};
  const uint64_t bits = draw(random);
  return bits % 8 == 0 ? kRare[(bits >> 8) % (sizeof kRare / sizeof kRare[0])]
                       : (int64_t)((bits >> 8) % 5);
}

static void fill(olstm_tensor* tensor, uint64_t* random) {
  const int64_t count = olstm_tensor_desc_count(&tensor->desc);
  const size_t size = olstm_dtype_size(tensor->desc.dtype);
  for (int64_t i = 0; i < count; i++) {
    char* element = (char*)tensor->data + (size_t)i * size;
    const double real = draw_real(random);
    const float single = (float)real;
    const int64_t whole = tensor->desc.dtype == OLSTM_DTYPE_BOOL
                              ? (int64_t)(draw(random) >> 63)
                              : draw_int(random);
    if (tensor->desc.dtype == OLSTM_DTYPE_DOUBLE) {
      memcpy(element, &real, size);
    } else if (tensor->desc.dtype == OLSTM_DTYPE_FLOAT) {
      memcpy(element, &single, size);
    } else {
      // The low bytes of a number come first; halves are any.
      memcpy(element, &whole, size < sizeof whole ? size : sizeof whole);
    }
  }
}

/// Inputs depend on the model's bytes alone.
static uint64_t mix(const uint8_t* data, size_t size) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < size; i++) hash = (hash ^ data[i]) * UINT64_C(0x100000001b3);
  return hash | 1;
}

/// Describes the inputs as the model declares them; false when they are too many.
static bool describe_inputs(model_session* self) {
  self->input_count = olstm_session_input_count(self->session);
  self->output_count = olstm_session_output_count(self->session);
  if (self->input_count > kMaxEnds || self->output_count > kMaxEnds) return false;
  for (size_t i = 0; i < self->input_count; i++) {
    const olstm_value_info* info = olstm_session_get_input(self->session, i);
    olstm_tensor_desc* desc = &self->inputs[i].desc;
    desc->dtype = info->dtype ? info->dtype : OLSTM_DTYPE_FLOAT;
    desc->rank = info->rank < 0 ? 2 : info->rank;
    for (int32_t d = 0; d < desc->rank; d++) {
      desc->dims[d] = info->rank < 0 || info->dims[d] < 0 ? 2 : info->dims[d];
    }
  }
  return true;
}

static bool make_inputs(model_session* self) {
  size_t total = 0;
  for (size_t i = 0; i < self->input_count; i++) {
    size_t bytes = 0;
    if (!olstm_tensor_desc_bytes(&self->inputs[i].desc, &bytes) ||
        bytes > kMaxInputBytes - total ||
        self->inputs[i].desc.dtype == OLSTM_DTYPE_STRING) {
      return false;
    }
    total += bytes;
    self->inputs[i].data = calloc(bytes + 1, 1);
    require(self->inputs[i].data != NULL, "no memory", "inputs");
    if (bytes) fill(&self->inputs[i], &self->random);
  }
  return true;
}

static bool run_once(model_session* self, olstm_error* error) {
  memset(self->outputs, 0, sizeof self->outputs);
  require(olstm_context_reset(self->context, NULL) == OLSTM_STATUS_OK, "no reset", "");
  return is_good(olstm_context_run(self->context, self->inputs, self->input_count,
                                   self->outputs, self->output_count, error),
                 error);
}

static void keep_outputs(model_session* self) {
  for (size_t o = 0; o < self->output_count; o++) {
    size_t bytes = 0;
    require(olstm_tensor_desc_bytes(&self->outputs[o].desc, &bytes), "bad output desc",
            olstm_shape_text(&self->outputs[o].desc).text);
    self->kept_bytes[o] = bytes;
    self->kept[o] = malloc(bytes + 1);
    require(self->kept[o] != NULL, "no memory", "outputs");
    if (bytes) memcpy(self->kept[o], self->outputs[o].data, bytes);
  }
}

static bool run_twice(model_session* self, olstm_error* error) {
  if (!run_once(self, error)) {
    require(!run_once(self, error), "the second run went well", error->message);
    return false;
  }
  keep_outputs(self);
  require(run_once(self, error), "the second run failed", error->message);
  for (size_t o = 0; o < self->output_count; o++) {
    size_t bytes = 0;
    (void)olstm_tensor_desc_bytes(&self->outputs[o].desc, &bytes);
    require(bytes == self->kept_bytes[o] &&
                (bytes == 0 || memcmp(self->kept[o], self->outputs[o].data, bytes) == 0),
            "the second run gave something else",
            olstm_session_get_output(self->session, o)->name);
  }
  return true;
}

/// Half of the models keep the state of their recurrent nodes, if they have any that can.
static olstm_status create_session(model_session* self, bool is_stateful,
                                   olstm_error* error) {
  static const char* const kAll[] = {"all"};
  olstm_session_options options;
  olstm_session_options_init(&options);
  options.allocator = &self->allocator;
  options.max_memory = kMaxMemory;
  options.max_work = kMaxWork;
  // Random nodes without a seed of their own would draw anew in every run.
  options.has_seed = true;
  options.stateful = kAll;
  options.stateful_count = is_stateful ? 1 : 0;
  const olstm_status status =
      olstm_session_create(self->model, NULL, &options, &self->session, error);
  const bool has_none =
      status == OLSTM_STATUS_NOT_FOUND || status == OLSTM_STATUS_UNSUPPORTED;
  if (!is_stateful || !has_none) return status;
  return create_session(self, false, error);
}

static model_session_stage try_all(model_session* self, const uint8_t* data, size_t size,
                                   olstm_error* error) {
  olstm_model_options model_options;
  olstm_tensor_desc descs[kMaxEnds];
  olstm_model_options_init(&model_options);
  model_options.allocator = &self->allocator;
  if (!is_good(olstm_model_load_memory(data, size, &model_options, &self->model, error),
               error)) {
    return MODEL_SESSION_REFUSED;
  }
  if (!is_good(create_session(self, size % 2 == 1, error), error)) {
    return MODEL_SESSION_LOADED;
  }
  if (!is_good(olstm_context_create(self->session, &self->context, error), error) ||
      !describe_inputs(self)) {
    return MODEL_SESSION_CREATED;
  }
  for (size_t i = 0; i < self->input_count; i++) descs[i] = self->inputs[i].desc;
  if (!is_good(olstm_context_prepare(self->context, descs, self->input_count, error),
               error)) {
    return MODEL_SESSION_CREATED;
  }
  if (!make_inputs(self) || !run_twice(self, error)) return MODEL_SESSION_PREPARED;
  return MODEL_SESSION_RAN;
}

static void deinit(model_session* self) {
  olstm_context_destroy(self->context);
  olstm_session_destroy(self->session);
  olstm_model_destroy(self->model);
  for (size_t i = 0; i < kMaxEnds; i++) {
    free(self->inputs[i].data);
    free(self->kept[i]);
  }
  require(self->memory.live == 0, "memory is left", "");
}

model_session_stage olstm_model_session_try(const uint8_t* data, size_t size,
                                            olstm_error* error) {
  model_session self = {.random = mix(data, size)};
  self.allocator = (olstm_allocator){&self.memory, counted_allocate, counted_release};
  const model_session_stage stage = try_all(&self, data, size, error);
  deinit(&self);
  return stage;
}
