// What olstm.js calls besides the public functions: memory, and a session of a model's
// bytes.
//
// Options come as doubles, which JavaScript can write without knowing C's structs; NaN is
// an option's default.
#include <math.h>
#include <unistd.h>

#define OLSTM_EXPERIMENTAL_STREAMS
#include "olstm/olstm.h"
#include "web_api.h"

// JavaScript reads and writes these structs where their fields are here.
_Static_assert(sizeof(olstm_tensor) == 80 && offsetof(olstm_tensor, data) == 72,
               "tensor");
_Static_assert(offsetof(olstm_tensor_desc, rank) == 4, "rank of a tensor");
_Static_assert(offsetof(olstm_tensor_desc, dims) == 8, "dims of a tensor");
_Static_assert(offsetof(olstm_value_info, dtype) == 4, "dtype of a value");
_Static_assert(offsetof(olstm_value_info, dims) == 16, "dims of a value");
_Static_assert(offsetof(olstm_value_info, dim_params) == 80, "dim_params of a value");
_Static_assert(offsetof(olstm_state_info, name) == 4, "name of a state slot");
_Static_assert(offsetof(olstm_state_info, dtype) == 8, "dtype of a state slot");
_Static_assert(offsetof(olstm_state_info, dims) == 16, "dims of a state slot");
_Static_assert(offsetof(olstm_state_info, is_set) == 80, "is_set of a state slot");
_Static_assert(sizeof(olstm_streams_options) == 32 && sizeof(olstm_streams_info) == 28 &&
                   sizeof(olstm_stream_step) == 16 && sizeof(olstm_batch_axis) == 8,
               "structs of streams");
_Static_assert(offsetof(olstm_streams_options, capacity) == 4, "capacity of streams");
_Static_assert(offsetof(olstm_streams_options, largest_batch) == 8, "batch of streams");
_Static_assert(offsetof(olstm_streams_options, step_capacity) == 20, "plans of streams");
_Static_assert(offsetof(olstm_streams_options, batch_axis_count) == 24,
               "axes of streams");
_Static_assert(offsetof(olstm_streams_info, capacity) == 4, "capacity of streams");
_Static_assert(offsetof(olstm_streams_info, reason) == 16, "reason of streams");
_Static_assert(offsetof(olstm_stream_step, inputs) == 8, "inputs of a step");

// ----------------------------------------------------------------- randomness

// The loader's (host_functions.js): fills bytes.
void olstm_random(void* bytes, size_t byte_count);

// Instead of emscripten's own, which aborts in a standalone module in some releases, and
// is an import of another name in others.
int getentropy(void* bytes, size_t byte_count) {
  olstm_random(bytes, byte_count);
  return 0;
}

// ----------------------------------------------------------------- memory

static double allocation_count;
static double live_bytes;

static void* allocate(void* user, size_t bytes) {
  const olstm_allocator plain = olstm_allocator_or_default(NULL);
  void* memory = plain.allocate(plain.user, bytes);
  (void)user;
  if (memory) {
    allocation_count++;
    live_bytes += (double)bytes;
  }
  return memory;
}

static void release(void* user, void* memory, size_t bytes) {
  const olstm_allocator plain = olstm_allocator_or_default(NULL);
  (void)user;
  live_bytes -= (double)bytes;
  plain.release(plain.user, memory, bytes);
}

static const olstm_allocator kAllocator = {NULL, allocate, release};

void* olstm_web_allocate(size_t bytes) {
  return olstm_allocate(&kAllocator, 1, bytes);
}

void olstm_web_release(void* memory, size_t bytes) {
  olstm_release(&kAllocator, memory, 1, bytes);
}

double olstm_web_allocation_count(void) {
  return allocation_count;
}

double olstm_web_live_bytes(void) {
  return live_bytes;
}

// ----------------------------------------------------------------- options

static uint64_t count_or(double number, uint64_t other) {
  if (isnan(number)) return other;
  return number < 0x1p64 ? (uint64_t)number : UINT64_MAX;
}

static size_t size_or(double number, size_t other) {
  const uint64_t count = count_or(number, other);
  return count < SIZE_MAX ? (size_t)count : SIZE_MAX;
}

static bool flag_or(double number, bool other) {
  return isnan(number) ? other : number != 0;
}

static const void* address(double number) {
  return (const void*)(uintptr_t)count_or(number, 0);
}

static void fill_model_options(const double* from, olstm_model_options* options) {
  olstm_model_options_init(options);
  options->allocator = &kAllocator;
  options->max_depth = (uint32_t)size_or(from[OLSTM_WEB_MAX_DEPTH], options->max_depth);
  options->max_memory = size_or(from[OLSTM_WEB_MAX_MODEL_MEMORY], options->max_memory);
  options->max_nodes = size_or(from[OLSTM_WEB_MAX_NODES], options->max_nodes);
  options->max_external_bytes =
      size_or(from[OLSTM_WEB_MAX_EXTERNAL_BYTES], options->max_external_bytes);
  options->external_file_count = size_or(from[OLSTM_WEB_EXTERNAL_FILE_COUNT], 0);
  options->external_files = address(from[OLSTM_WEB_EXTERNAL_FILES]);
}

static void fill_session_options(const double* from, olstm_session_options* options) {
  olstm_session_options_init(options);
  options->allocator = &kAllocator;
  options->precision = (int32_t)size_or(from[OLSTM_WEB_PRECISION], 0);
  options->kernel = address(from[OLSTM_WEB_KERNEL]);
  options->plan_cache_capacity =
      size_or(from[OLSTM_WEB_PLAN_CACHE_CAPACITY], options->plan_cache_capacity);
  options->max_memory = size_or(from[OLSTM_WEB_MAX_MEMORY], options->max_memory);
  options->max_work = count_or(from[OLSTM_WEB_MAX_WORK], options->max_work);
  options->fuse = flag_or(from[OLSTM_WEB_FUSE], options->fuse);
  options->broadcast_state =
      flag_or(from[OLSTM_WEB_BROADCAST_STATE], options->broadcast_state);
  options->real_time = flag_or(from[OLSTM_WEB_REAL_TIME], options->real_time);
  options->has_seed = !isnan(from[OLSTM_WEB_SEED]);
  options->seed = count_or(from[OLSTM_WEB_SEED], 0);
  options->stateful_count = size_or(from[OLSTM_WEB_STATEFUL_COUNT], 0);
  options->stateful = address(from[OLSTM_WEB_STATEFUL]);
  // A binding is its two names.
  options->binding_count = size_or(from[OLSTM_WEB_BINDING_COUNT], 0) / 2;
  options->bindings = address(from[OLSTM_WEB_BINDINGS]);
  options->given_input_count = size_or(from[OLSTM_WEB_GIVEN_INPUT_COUNT], 0);
  options->given_inputs = address(from[OLSTM_WEB_GIVEN_INPUTS]);
}

olstm_status olstm_web_load(const void* bytes, size_t byte_count, const double* options,
                            olstm_session** out_session, olstm_error* error) {
  olstm_model_options model_options;
  olstm_session_options session_options;
  olstm_model* model = NULL;
  *out_session = NULL;
  fill_model_options(options, &model_options);
  fill_session_options(options, &session_options);
  OLSTM_RETURN_IF_ERROR(
      olstm_model_load_memory(bytes, byte_count, &model_options, &model, error));
  const olstm_status status =
      olstm_session_create(model, NULL, &session_options, out_session, error);
  olstm_model_destroy(model);
  return status;
}
