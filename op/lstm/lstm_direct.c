// The LSTM layer without a graph (olstm/lstm.h). Kernels are prepared for blocks of 1, 2,
// 4, ... steps, so that a sequence of any length is a few blocks, without preparing
// anything while it runs.
#include "olstm/lstm.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "olstm/sized_struct.h"

#include "op/lstm/lstm_choose.h"
#include "op/lstm/lstm_problem.h"
#include "op/lstm/lstm_spec.h"
#include "op/lstm/lstm_weights.h"
#include "op/packed_memory.h"

enum { kMaxBlocks = 20, kDefaultBlockSteps = 64, kAllRows = -1 };

/// One prepared length.
typedef struct block {
  olstm__lstm_problem problem;
  void* handle;
} block;

/// What clones share: const once it is made.
typedef struct shared_layer {
  atomic_int reference_count;
  olstm_allocator allocator;
  const olstm__lstm_kernel* kernel;
  int64_t input_size, hidden_size, batch;
  /// Block i computes 2^i steps.
  block blocks[kMaxBlocks];
  size_t block_count;
  void* packed;
  size_t packed_bytes;
  size_t workspace_bytes;
} shared_layer;

struct olstm_lstm {
  shared_layer* shared;
  /// h and c [N,H] twice: a step reads one pair and writes the other.
  float* state;
  int current;
  /// Where a block writes outputs that the caller does not want.
  float* unwanted_y;
  void* workspace;
};

// ---------------------------------------------------------------- sizes

static size_t state_count(const shared_layer* shared) {
  return (size_t)(shared->batch * shared->hidden_size);
}

static float* state_of(const olstm_lstm* lstm, int which, int tensor) {
  return lstm->state + (size_t)(2 * which + tensor) * state_count(lstm->shared);
}

static int64_t longest_block(const shared_layer* shared) {
  return INT64_C(1) << (shared->block_count - 1);
}

/// Whether the bytes of a block's x, y and states fit in a size_t.
static bool sizes_fit(const olstm_lstm_options* options) {
  const int64_t i = options->input_size;
  const int64_t h = options->hidden_size;
  const int64_t n = options->batch_size;
  const int64_t t = options->block_steps;
  const olstm_tensor_desc descs[] = {
      {OLSTM_DTYPE_DOUBLE, 3, {t, n, i}},
      {OLSTM_DTYPE_DOUBLE, 3, {t, n, h}},
      {OLSTM_DTYPE_DOUBLE, 3, {8, h, i}},
      {OLSTM_DTYPE_DOUBLE, 3, {8, h, h}},
  };
  size_t bytes = 0;
  for (size_t d = 0; d < sizeof descs / sizeof descs[0]; d++) {
    if (!olstm_tensor_desc_bytes(&descs[d], &bytes)) return false;
  }
  return true;
}

// ---------------------------------------------------------------- options

void olstm_lstm_options_init_sized(olstm_lstm_options* options, size_t struct_size) {
  const olstm_lstm_options defaults = {.batch_size = 1,
                                       .block_steps = kDefaultBlockSteps};
  olstm_sized_struct_init(options, struct_size, &defaults, sizeof defaults);
}

static olstm_status check_size(const char* name, int64_t size, olstm_error* error) {
  if (size >= 1 && size <= INT32_MAX) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                    "LSTM: %s is %" PRId64 ", expected 1..%d", name, size, INT32_MAX);
}

static olstm_status check_options(const olstm_lstm_options* options, olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(check_size("input_size", options->input_size, error));
  OLSTM_RETURN_IF_ERROR(check_size("hidden_size", options->hidden_size, error));
  OLSTM_RETURN_IF_ERROR(check_size("batch_size", options->batch_size, error));
  OLSTM_RETURN_IF_ERROR(check_size("block_steps", options->block_steps, error));
  if (!sizes_fit(options)) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "LSTM: the sizes together fit in no memory");
  }
  if (options->clip == 0 || (isfinite(options->clip) && options->clip > 0)) {
    return OLSTM_STATUS_OK;
  }
  return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                    "LSTM: clip is %g, expected 0 or a finite value above it",
                    (double)options->clip);
}

static olstm_status check_weights(const olstm_lstm_weights* weights, olstm_error* error) {
  const bool is_keras = weights->order == OLSTM_LSTM_ORDER_KERAS;
  if (!is_keras && weights->order != OLSTM_LSTM_ORDER_ONNX) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "LSTM: order of weights is %d, expected OLSTM_LSTM_ORDER_KERAS or "
                      "OLSTM_LSTM_ORDER_ONNX",
                      (int)weights->order);
  }
  if (!weights->kernel || !weights->recurrent_kernel) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "LSTM: %s is NULL",
                      weights->kernel ? "recurrent_kernel" : "kernel");
  }
  if (is_keras && weights->peepholes) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "LSTM: peepholes are given, but Keras' order has none");
  }
  return OLSTM_STATUS_OK;
}

static olstm_status make_spec(const olstm_lstm_options* options, olstm__lstm_spec* spec,
                              olstm_error* error) {
  bool ignored = false;
  olstm__lstm_spec_init(OLSTM__CELL_LSTM, spec);
  spec->has_clip = options->clip > 0;
  spec->clip = options->clip;
  spec->input_forget = options->input_forget != 0;
  for (int a = 0; a < 3; a++) {
    const char* name = options->activations[a];
    if (!name ||
        olstm__activation_find(name, &spec->activations[0][a], &ignored, &ignored)) {
      continue;
    }
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "LSTM: unknown activation '%s'", name);
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- create

static olstm_status fail_memory(olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "LSTM: no memory");
}

static void release_shared(shared_layer* shared) {
  if (!shared || atomic_fetch_sub(&shared->reference_count, 1) != 1) return;
  const olstm_allocator allocator = shared->allocator;
  for (size_t b = 0; b < kMaxBlocks; b++) {
    if (shared->kernel) shared->kernel->release(&allocator, shared->blocks[b].handle);
  }
  olstm_release(&allocator, shared->packed, 1, shared->packed_bytes);
  olstm_release(&allocator, shared, 1, sizeof *shared);
}

static olstm__lstm_problem make_problem(const shared_layer* shared,
                                        const olstm__lstm_spec* spec,
                                        const olstm_lstm_weights* weights,
                                        int64_t steps) {
  const olstm__lstm_layouts layouts = {OLSTM__LAYOUT_TIME_MAJOR, OLSTM__LAYOUT_TIME_MAJOR,
                                       OLSTM__LAYOUT_TIME_MAJOR};
  olstm__lstm_problem problem;
  olstm__lstm_problem_init(spec, OLSTM_DTYPE_FLOAT, steps, shared->batch,
                           shared->input_size, shared->hidden_size, &layouts, &problem);
  problem.has_bias = weights->bias != NULL;
  problem.has_peepholes = weights->peepholes != NULL;
  problem.has_initial_h = problem.has_initial_c = true;
  problem.wants_y = problem.wants_y_h = problem.wants_y_c = true;
  return problem;
}

/// Packs weights in ONNX's order.
static olstm_status pack(shared_layer* shared, const olstm__lstm_problem* problem,
                         const olstm__lstm_weights* weights, olstm_error* error) {
  if (shared->kernel->packed_bytes(problem, &shared->packed_bytes)) {
    shared->packed = olstm__allocate_weights(&shared->allocator, shared->packed_bytes);
  }
  if (!shared->packed) return fail_memory(error);
  shared->kernel->pack(problem, weights, shared->packed);
  return OLSTM_STATUS_OK;
}

/// Packs Keras' weights by way of a copy in ONNX's order, which kernels take.
static olstm_status pack_keras(shared_layer* shared, const olstm__lstm_problem* problem,
                               const olstm_lstm_weights* weights, olstm_error* error) {
  const size_t gates = 4 * (size_t)shared->hidden_size;
  const size_t columns = (size_t)shared->input_size + (size_t)shared->hidden_size + 2;
  float* copy = olstm_allocate(&shared->allocator, gates * columns, sizeof(float));
  if (!copy) return fail_memory(error);
  float* r = copy + gates * (size_t)shared->input_size;
  float* b = r + gates * (size_t)shared->hidden_size;
  olstm__lstm_matrix_from_keras(weights->kernel, shared->hidden_size, shared->input_size,
                                copy);
  olstm__lstm_matrix_from_keras(weights->recurrent_kernel, shared->hidden_size,
                                shared->hidden_size, r);
  if (weights->bias) olstm__lstm_bias_from_keras(weights->bias, shared->hidden_size, b);
  const olstm__lstm_weights onnx = {copy, r, weights->bias ? b : NULL, NULL};
  const olstm_status status = pack(shared, problem, &onnx, error);
  olstm_release(&shared->allocator, copy, gates * columns, sizeof(float));
  return status;
}

static olstm_status prepare_blocks(shared_layer* shared, const olstm__lstm_spec* spec,
                                   const olstm_lstm_weights* weights, int64_t block_steps,
                                   olstm_error* error) {
  for (int64_t steps = 1; steps <= block_steps && shared->block_count < kMaxBlocks;
       steps *= 2) {
    block* added = &shared->blocks[shared->block_count];
    size_t bytes = 0;
    added->problem = make_problem(shared, spec, weights, steps);
    OLSTM_RETURN_IF_ERROR(shared->kernel->prepare(&added->problem, shared->packed,
                                                  &shared->allocator, &added->handle,
                                                  &bytes, error));
    shared->block_count++;
    if (bytes > shared->workspace_bytes) shared->workspace_bytes = bytes;
  }
  return OLSTM_STATUS_OK;
}

static olstm_status fill_shared(shared_layer* shared, const olstm_lstm_options* options,
                                const olstm_lstm_weights* weights, olstm_error* error) {
  olstm__lstm_spec spec;
  olstm__lstm_choice choice;
  OLSTM_RETURN_IF_ERROR(make_spec(options, &spec, error));
  shared->input_size = options->input_size;
  shared->hidden_size = options->hidden_size;
  shared->batch = options->batch_size;
  const olstm__lstm_problem one_step = make_problem(shared, &spec, weights, 1);
  OLSTM_RETURN_IF_ERROR(olstm__lstm_choose_real_time(&one_step, &choice, error));
  shared->kernel = choice.kernel;
  if (weights->order == OLSTM_LSTM_ORDER_KERAS) {
    OLSTM_RETURN_IF_ERROR(pack_keras(shared, &one_step, weights, error));
  } else {
    const olstm__lstm_weights onnx = {weights->kernel, weights->recurrent_kernel,
                                      weights->bias, weights->peepholes};
    OLSTM_RETURN_IF_ERROR(pack(shared, &one_step, &onnx, error));
  }
  return prepare_blocks(shared, &spec, weights, options->block_steps, error);
}

/// A layer with zeroed state, which takes a reference of `shared`; NULL without memory.
static olstm_lstm* make_layer(shared_layer* shared) {
  const size_t states = state_count(shared);
  const size_t y_count = states * (size_t)longest_block(shared);
  olstm_lstm* lstm = olstm_allocate_zeroed(&shared->allocator, 1, sizeof *lstm);
  if (!lstm) return NULL;
  (void)atomic_fetch_add(&shared->reference_count, 1);
  lstm->shared = shared;
  lstm->state = olstm_allocate_zeroed(&shared->allocator, 4 * states, sizeof(float));
  lstm->unwanted_y = olstm_allocate(&shared->allocator, y_count, sizeof(float));
  lstm->workspace = olstm_allocate(&shared->allocator, 1, shared->workspace_bytes);
  if (lstm->state && lstm->unwanted_y && lstm->workspace) return lstm;
  olstm_lstm_destroy(lstm);
  return NULL;
}

/// The caller's structs, which may be of another version, as this version defines them.
static olstm_status read_arguments(const olstm_lstm_options* given_options,
                                   const olstm_lstm_weights* given_weights,
                                   olstm_lstm_options* out_options,
                                   olstm_lstm_weights* out_weights, olstm_error* error) {
  if (!given_options || !given_weights) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "LSTM: %s is NULL",
                      given_options ? "weights" : "options");
  }
  olstm_lstm_options_init(out_options);
  memset(out_weights, 0, sizeof *out_weights);
  OLSTM_RETURN_IF_ERROR(olstm_sized_struct_read(given_options, "LSTM: options",
                                                out_options, sizeof *out_options, error));
  OLSTM_RETURN_IF_ERROR(olstm_sized_struct_read(given_weights, "LSTM: weights",
                                                out_weights, sizeof *out_weights, error));
  OLSTM_RETURN_IF_ERROR(check_options(out_options, error));
  return check_weights(out_weights, error);
}

olstm_status olstm_lstm_create(const olstm_lstm_options* given_options,
                               const olstm_lstm_weights* given_weights,
                               olstm_lstm** out_lstm, olstm_error* error) {
  olstm_lstm_options options;
  olstm_lstm_weights weights;
  if (!out_lstm) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "LSTM: out_lstm is NULL");
  }
  *out_lstm = NULL;
  OLSTM_RETURN_IF_ERROR(
      read_arguments(given_options, given_weights, &options, &weights, error));
  const olstm_allocator allocator = olstm_allocator_or_default(options.allocator);
  shared_layer* shared = olstm_allocate_zeroed(&allocator, 1, sizeof *shared);
  if (!shared) return fail_memory(error);
  shared->allocator = allocator;
  atomic_init(&shared->reference_count, 1);
  const olstm_status status = fill_shared(shared, &options, &weights, error);
  if (status == OLSTM_STATUS_OK) *out_lstm = make_layer(shared);
  release_shared(shared);
  if (status != OLSTM_STATUS_OK) return status;
  return *out_lstm ? OLSTM_STATUS_OK : fail_memory(error);
}

olstm_status olstm_lstm_clone(const olstm_lstm* lstm, olstm_lstm** out_lstm,
                              olstm_error* error) {
  if (!out_lstm) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "LSTM: out_lstm is NULL");
  }
  *out_lstm = NULL;
  if (!lstm) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "LSTM: lstm is NULL");
  }
  olstm_lstm* copy = make_layer(lstm->shared);
  if (!copy) return fail_memory(error);
  memcpy(copy->state, state_of(lstm, lstm->current, 0),
         2 * state_count(lstm->shared) * sizeof(float));
  *out_lstm = copy;
  return OLSTM_STATUS_OK;
}

void olstm_lstm_destroy(olstm_lstm* lstm) {
  if (!lstm) return;
  shared_layer* shared = lstm->shared;
  const size_t states = state_count(shared);
  const size_t y_count = states * (size_t)longest_block(shared);
  olstm_release(&shared->allocator, lstm->state, 4 * states, sizeof(float));
  olstm_release(&shared->allocator, lstm->unwanted_y, y_count, sizeof(float));
  olstm_release(&shared->allocator, lstm->workspace, 1, shared->workspace_bytes);
  olstm_release(&shared->allocator, lstm, 1, sizeof *lstm);
  release_shared(shared);
}

// ---------------------------------------------------------------- run

static olstm_status run_block(olstm_lstm* lstm, size_t index, const float* x, void* y,
                              olstm_error* error) {
  const shared_layer* shared = lstm->shared;
  const block* prepared = &shared->blocks[index];
  const int next = 1 - lstm->current;
  const olstm__lstm_args args = {
      .packed = shared->packed,
      .x = x,
      .initial_h = state_of(lstm, lstm->current, 0),
      .initial_c = state_of(lstm, lstm->current, 1),
      .y = y ? y : lstm->unwanted_y,
      .y_h = state_of(lstm, next, 0),
      .y_c = state_of(lstm, next, 1),
      .workspace = lstm->workspace,
  };
  OLSTM_RETURN_IF_ERROR(
      shared->kernel->run(&prepared->problem, prepared->handle, &args, error));
  lstm->current = next;
  return OLSTM_STATUS_OK;
}

olstm_status olstm_lstm_sequence(olstm_lstm* lstm, int64_t step_count, const float* x,
                                 float* y, olstm_error* error) {
  if (!lstm || step_count < 0 || (!x && step_count > 0)) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "LSTM: lstm or x is NULL, or step_count is %" PRId64, step_count);
  }
  const shared_layer* shared = lstm->shared;
  const int64_t x_step = shared->batch * shared->input_size;
  const int64_t y_step = shared->batch * shared->hidden_size;
  size_t index = shared->block_count - 1;
  while (step_count > 0) {
    const int64_t steps = INT64_C(1) << index;
    if (steps > step_count) {
      index--;
      continue;
    }
    OLSTM_RETURN_IF_ERROR(run_block(lstm, index, x, y, error));
    x += steps * x_step;
    if (y) y += steps * y_step;
    step_count -= steps;
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm_lstm_step(olstm_lstm* lstm, const float* x, float* y,
                             olstm_error* error) {
  return olstm_lstm_sequence(lstm, 1, x, y, error);
}

// ---------------------------------------------------------------- state

void olstm_lstm_get_state(const olstm_lstm* lstm, float* h, float* c) {
  const size_t bytes = state_count(lstm->shared) * sizeof(float);
  if (h) memcpy(h, state_of(lstm, lstm->current, 0), bytes);
  if (c) memcpy(c, state_of(lstm, lstm->current, 1), bytes);
}

void olstm_lstm_set_state(olstm_lstm* lstm, const float* h, const float* c) {
  const size_t bytes = state_count(lstm->shared) * sizeof(float);
  if (h) memcpy(state_of(lstm, lstm->current, 0), h, bytes);
  if (c) memcpy(state_of(lstm, lstm->current, 1), c, bytes);
}

olstm_status olstm_lstm_reset_state(olstm_lstm* lstm, int64_t row, olstm_error* error) {
  const shared_layer* shared = lstm->shared;
  if (row < kAllRows || row >= shared->batch) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "LSTM: row is %" PRId64 ", expected -1..%" PRId64, row,
                      shared->batch - 1);
  }
  const size_t hidden = (size_t)shared->hidden_size;
  const size_t first = row == kAllRows ? 0 : (size_t)row * hidden;
  const size_t count = row == kAllRows ? state_count(shared) : hidden;
  for (int tensor = 0; tensor < 2; tensor++) {
    memset(state_of(lstm, lstm->current, tensor) + first, 0, count * sizeof(float));
  }
  return OLSTM_STATUS_OK;
}

int64_t olstm_lstm_input_size(const olstm_lstm* lstm) {
  return lstm->shared->input_size;
}

int64_t olstm_lstm_hidden_size(const olstm_lstm* lstm) {
  return lstm->shared->hidden_size;
}

int64_t olstm_lstm_batch_size(const olstm_lstm* lstm) {
  return lstm->shared->batch;
}

const char* olstm_lstm_kernel_name(const olstm_lstm* lstm) {
  return lstm->shared->kernel->name;
}
