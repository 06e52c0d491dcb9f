#include "op/dnnl_compat.h"

#include <oneapi/dnnl/dnnl.h>
#include <string.h>

#include "system/library.h"
#include "system/thread.h"

// Memory descriptors are values in 2.x and handles in 3.x. A `desc` owns one; functions
// take a `desc_ref`, a pointer in both versions.
#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t desc;
typedef const_dnnl_memory_desc_t desc_ref;
typedef dnnl_memory_desc_t* desc_out;
#else
typedef dnnl_memory_desc_t desc;
typedef const dnnl_memory_desc_t* desc_ref;
typedef dnnl_memory_desc_t* desc_out;
#endif

/// The functions used, by their names without the prefix.
typedef struct dnnl_api {
  const dnnl_version_t* (*version)(void);
  dnnl_status_t (*engine_create)(dnnl_engine_t*, dnnl_engine_kind_t, size_t);
  dnnl_status_t (*stream_create)(dnnl_stream_t*, dnnl_engine_t, unsigned);
  dnnl_status_t (*stream_wait)(dnnl_stream_t);
  dnnl_status_t (*stream_destroy)(dnnl_stream_t);
  dnnl_status_t (*memory_create)(dnnl_memory_t*, desc_ref, dnnl_engine_t, void*);
  dnnl_status_t (*memory_destroy)(dnnl_memory_t);
  size_t (*memory_desc_get_size)(desc_ref);
  int (*memory_desc_equal)(desc_ref, desc_ref);
  dnnl_status_t (*primitive_attr_create)(dnnl_primitive_attr_t*);
  dnnl_status_t (*primitive_attr_set_scratchpad_mode)(dnnl_primitive_attr_t,
                                                      dnnl_scratchpad_mode_t);
  dnnl_status_t (*primitive_attr_destroy)(dnnl_primitive_attr_t);
  desc_ref (*primitive_desc_query_md)(const_dnnl_primitive_desc_t, dnnl_query_t, int);
  dnnl_status_t (*primitive_desc_destroy)(dnnl_primitive_desc_t);
  dnnl_status_t (*primitive_create)(dnnl_primitive_t*, const_dnnl_primitive_desc_t);
  dnnl_status_t (*primitive_execute)(const_dnnl_primitive_t, dnnl_stream_t, int,
                                     const dnnl_exec_arg_t*);
  dnnl_status_t (*primitive_destroy)(dnnl_primitive_t);
  dnnl_status_t (*reorder_primitive_desc_create)(dnnl_primitive_desc_t*, desc_ref,
                                                 dnnl_engine_t, desc_ref, dnnl_engine_t,
                                                 const_dnnl_primitive_attr_t);
#if DNNL_VERSION_MAJOR >= 3
  dnnl_status_t (*memory_desc_create_with_strides)(desc_out, int, const dnnl_dims_t,
                                                   dnnl_data_type_t, const dnnl_dims_t);
  dnnl_status_t (*memory_desc_create_with_tag)(desc_out, int, const dnnl_dims_t,
                                               dnnl_data_type_t, dnnl_format_tag_t);
  dnnl_status_t (*memory_desc_destroy)(dnnl_memory_desc_t);
  dnnl_status_t (*lstm_forward_primitive_desc_create)(
      dnnl_primitive_desc_t*, dnnl_engine_t, dnnl_prop_kind_t, dnnl_rnn_direction_t,
      desc_ref, desc_ref, desc_ref, desc_ref, desc_ref, desc_ref, desc_ref, desc_ref,
      desc_ref, desc_ref, desc_ref, unsigned, const_dnnl_primitive_attr_t);
#else
  dnnl_status_t (*memory_desc_create_with_strides)(desc_out, int, const dnnl_dims_t,
                                                   dnnl_data_type_t, const dnnl_dims_t);
  dnnl_status_t (*memory_desc_create_with_tag)(desc_out, int, const dnnl_dims_t,
                                               dnnl_data_type_t, dnnl_format_tag_t);
  dnnl_status_t (*lstm_forward_desc_init_v2)(dnnl_rnn_desc_t*, dnnl_prop_kind_t,
                                             dnnl_rnn_direction_t, desc_ref, desc_ref,
                                             desc_ref, desc_ref, desc_ref, desc_ref,
                                             desc_ref, desc_ref, desc_ref, desc_ref,
                                             unsigned);
  dnnl_status_t (*primitive_desc_create)(dnnl_primitive_desc_t*, const_dnnl_op_desc_t,
                                         const_dnnl_primitive_attr_t, dnnl_engine_t,
                                         const_dnnl_primitive_desc_t);
#endif
} dnnl_api;

typedef struct dnnl_symbol {
  const char* name;
  size_t offset;
} dnnl_symbol;

#define SYMBOL(name) \
  { "dnnl_" #name, offsetof(dnnl_api, name) }

static const dnnl_symbol kSymbols[] = {
    SYMBOL(version),
    SYMBOL(engine_create),
    SYMBOL(stream_create),
    SYMBOL(stream_wait),
    SYMBOL(stream_destroy),
    SYMBOL(memory_create),
    SYMBOL(memory_destroy),
    SYMBOL(memory_desc_get_size),
    SYMBOL(memory_desc_equal),
    SYMBOL(primitive_attr_create),
    SYMBOL(primitive_attr_set_scratchpad_mode),
    SYMBOL(primitive_attr_destroy),
    SYMBOL(primitive_desc_query_md),
    SYMBOL(primitive_desc_destroy),
    SYMBOL(primitive_create),
    SYMBOL(primitive_execute),
    SYMBOL(primitive_destroy),
    SYMBOL(reorder_primitive_desc_create),
#if DNNL_VERSION_MAJOR >= 3
    SYMBOL(memory_desc_create_with_strides),
    SYMBOL(memory_desc_create_with_tag),
    SYMBOL(memory_desc_destroy),
    SYMBOL(lstm_forward_primitive_desc_create),
#else
    {"dnnl_memory_desc_init_by_strides",
     offsetof(dnnl_api, memory_desc_create_with_strides)},
    {"dnnl_memory_desc_init_by_tag", offsetof(dnnl_api, memory_desc_create_with_tag)},
    SYMBOL(lstm_forward_desc_init_v2),
    SYMBOL(primitive_desc_create),
#endif
};

/// The library, opened once and never closed.
static struct {
  dnnl_api api;
  dnnl_engine_t engine;
  /// OpenMP's functions; NULL when oneDNN was built without OpenMP.
  int (*omp_get_max_threads)(void);
  void (*omp_set_num_threads)(int);
  char version[32];
  char why_absent[192];
} g_dnnl;

static pthread_once_t g_once = PTHREAD_ONCE_INIT;

// ---------------------------------------------------------------- opening

static void say_absent(const char* why) {
  (void)snprintf(g_dnnl.why_absent, sizeof g_dnnl.why_absent, "%s", why);
}

static void* open_library(void) {
  static const char* const kNames[] = {OLSTM_ONEDNN_SONAME, "libdnnl.so"};
  void* library = NULL;
  for (size_t i = 0; i < sizeof kNames / sizeof kNames[0] && !library; i++) {
    (void)olstm__library_open_name(kNames[i], &library);
  }
  if (!library) say_absent("oneDNN (" OLSTM_ONEDNN_SONAME ") is not installed");
  return library;
}

static bool find_symbols(void* library) {
  for (size_t i = 0; i < sizeof kSymbols / sizeof kSymbols[0]; i++) {
    void* symbol = NULL;
    olstm__library_find(library, kSymbols[i].name, &symbol);
    if (!symbol) {
      (void)snprintf(g_dnnl.why_absent, sizeof g_dnnl.why_absent, "oneDNN has no %s",
                     kSymbols[i].name);
      return false;
    }
    memcpy((char*)&g_dnnl.api + kSymbols[i].offset, &symbol, sizeof symbol);
  }
  return true;
}

static bool check_version(void) {
  const dnnl_version_t* version = g_dnnl.api.version();
  (void)snprintf(g_dnnl.version, sizeof g_dnnl.version, "%d.%d.%d", version->major,
                 version->minor, version->patch);
  if (version->major == DNNL_VERSION_MAJOR) return true;
  (void)snprintf(g_dnnl.why_absent, sizeof g_dnnl.why_absent,
                 "oneDNN is version %s, built for %d.x", g_dnnl.version,
                 DNNL_VERSION_MAJOR);
  return false;
}

/// oneDNN asks OpenMP how many threads the calling thread may have, each time it works.
static bool find_thread_limit(void* library) {
  const unsigned runtime = g_dnnl.api.version()->cpu_runtime;
  if (runtime == DNNL_RUNTIME_SEQ) return true;
  if (runtime == DNNL_RUNTIME_OMP) {
    olstm__library_find(library, "omp_get_max_threads", &g_dnnl.omp_get_max_threads);
    olstm__library_find(library, "omp_set_num_threads", &g_dnnl.omp_set_num_threads);
    if (g_dnnl.omp_get_max_threads && g_dnnl.omp_set_num_threads) return true;
  }
  say_absent("oneDNN's threads cannot be limited in this build of it");
  return false;
}

static void open_once(void) {
  void* library = open_library();
  if (!library || !find_symbols(library) || !check_version() ||
      !find_thread_limit(library)) {
    return;
  }
  if (g_dnnl.api.engine_create(&g_dnnl.engine, dnnl_cpu, 0) != dnnl_success) {
    say_absent("oneDNN has no engine for this CPU");
  }
}

const char* olstm__dnnl_why_absent(void) {
  (void)pthread_once(&g_once, open_once);
  return g_dnnl.why_absent[0] ? g_dnnl.why_absent : NULL;
}

// ---------------------------------------------------------------- threads

/// The limit holds for the calling thread only, and is restored: the host may use OpenMP
/// too.
static int hold_threads(void) {
  if (!g_dnnl.omp_set_num_threads) return 0;
  const int before = g_dnnl.omp_get_max_threads();
  g_dnnl.omp_set_num_threads(1);
  return before;
}

static void release_threads(int before) {
  if (g_dnnl.omp_set_num_threads) g_dnnl.omp_set_num_threads(before);
}

// ---------------------------------------------------------------- descriptors

static desc_ref desc_ref_of(const desc* owned) {
#if DNNL_VERSION_MAJOR >= 3
  return *owned;
#else
  return owned->ndims ? owned : NULL;
#endif
}

static void desc_deinit(desc* owned) {
#if DNNL_VERSION_MAJOR >= 3
  if (*owned) (void)g_dnnl.api.memory_desc_destroy(*owned);
#else
  (void)owned;
#endif
}

typedef struct tensor_shape {
  bool is_there;
  bool is_any;
  int rank;
  dnnl_dims_t dims, strides;
} tensor_shape;

static dnnl_status_t desc_init(desc* out, const tensor_shape* shape) {
  if (!shape->is_there) return dnnl_success;
  return shape->is_any ? g_dnnl.api.memory_desc_create_with_tag(
                             out, shape->rank, shape->dims, dnnl_f32, dnnl_format_tag_any)
                       : g_dnnl.api.memory_desc_create_with_strides(
                             out, shape->rank, shape->dims, dnnl_f32, shape->strides);
}

// ---------------------------------------------------------------- LSTM

struct olstm__dnnl_lstm {
  dnnl_primitive_t primitive;
  dnnl_primitive_desc_t primitive_desc;
  /// The layout asked for: plain for W and R, the primitive's own for others.
  desc descs[OLSTM__DNNL_TENSOR_COUNT];
  bool plain_weights;
};

static const int kArguments[OLSTM__DNNL_TENSOR_COUNT] = {
    [OLSTM__DNNL_X] = DNNL_ARG_SRC_LAYER,
    [OLSTM__DNNL_INITIAL_H] = DNNL_ARG_SRC_ITER,
    [OLSTM__DNNL_INITIAL_C] = DNNL_ARG_SRC_ITER_C,
    [OLSTM__DNNL_W] = DNNL_ARG_WEIGHTS_LAYER,
    [OLSTM__DNNL_R] = DNNL_ARG_WEIGHTS_ITER,
    [OLSTM__DNNL_PEEPHOLES] = DNNL_ARG_WEIGHTS_PEEPHOLE,
    [OLSTM__DNNL_BIAS] = DNNL_ARG_BIAS,
    [OLSTM__DNNL_Y] = DNNL_ARG_DST_LAYER,
    [OLSTM__DNNL_Y_H] = DNNL_ARG_DST_ITER,
    [OLSTM__DNNL_Y_C] = DNNL_ARG_DST_ITER_C,
};

/// Shapes with oneDNN's leading axes: layers and directions, both 1.
static void shape_tensors(const olstm__dnnl_lstm_spec* s,
                          tensor_shape shapes[OLSTM__DNNL_TENSOR_COUNT]) {
  const int64_t t = s->steps;
  const int64_t n = s->rows;
  const int64_t i = s->inputs;
  const int64_t h = s->hidden;
  const int64_t r = s->state_row;
  const tensor_shape state = {true, false, 4, {1, 1, n, h}, {n * r, n * r, r, 1}};
  const tensor_shape filled[OLSTM__DNNL_TENSOR_COUNT] = {
      [OLSTM__DNNL_X] = {true, false, 3, {t, n, i}, {s->x_step, s->x_row, 1}},
      [OLSTM__DNNL_INITIAL_H] = state,
      [OLSTM__DNNL_INITIAL_C] = state,
      [OLSTM__DNNL_W] =
          {true, false, 5, {1, 1, i, 4, h}, {i * 4 * h, i * 4 * h, 4 * h, h, 1}},
      [OLSTM__DNNL_R] =
          {true, false, 5, {1, 1, h, 4, h}, {h * 4 * h, h * 4 * h, 4 * h, h, 1}},
      [OLSTM__DNNL_PEEPHOLES] =
          {s->has_peepholes, false, 4, {1, 1, 3, h}, {3 * h, 3 * h, h, 1}},
      [OLSTM__DNNL_BIAS] = {true, false, 4, {1, 1, 4, h}, {4 * h, 4 * h, h, 1}},
      [OLSTM__DNNL_Y] = {true, false, 3, {t, n, h}, {s->y_step, s->y_row, 1}},
      [OLSTM__DNNL_Y_H] = state,
      [OLSTM__DNNL_Y_C] = state,
  };
  memcpy(shapes, filled, sizeof filled);
  shapes[OLSTM__DNNL_INITIAL_H].is_there = s->has_initial_state;
  shapes[OLSTM__DNNL_INITIAL_C].is_there = s->has_initial_state;
  shapes[OLSTM__DNNL_Y_H].is_there = s->wants_final_state;
  shapes[OLSTM__DNNL_Y_C].is_there = s->wants_final_state;
}

static olstm_status fail_status(olstm_error* error, dnnl_status_t status,
                                const char* what) {
  if (status == dnnl_out_of_memory) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "oneDNN: no memory: %s", what);
  }
  if (status == dnnl_unimplemented || status == dnnl_invalid_arguments) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED, "oneDNN %s cannot: %s",
                      g_dnnl.version, what);
  }
  return olstm_fail(error, OLSTM_STATUS_BACKEND_ERROR, "oneDNN %s, status %d: %s",
                    g_dnnl.version, (int)status, what);
}

/// The descs that the primitive is created with: any layout for W and R, unless they stay
/// plain.
static dnnl_status_t create_lstm_desc(const olstm__dnnl_lstm_spec* spec,
                                      const desc d[OLSTM__DNNL_TENSOR_COUNT],
                                      dnnl_primitive_attr_t attr,
                                      dnnl_primitive_desc_t* out) {
  const dnnl_rnn_direction_t direction =
      spec->is_reverse ? dnnl_unidirectional_right2left : dnnl_unidirectional_left2right;
  const desc_ref x = desc_ref_of(&d[OLSTM__DNNL_X]);
  const desc_ref initial_h = desc_ref_of(&d[OLSTM__DNNL_INITIAL_H]);
  const desc_ref initial_c = desc_ref_of(&d[OLSTM__DNNL_INITIAL_C]);
  const desc_ref w = desc_ref_of(&d[OLSTM__DNNL_W]);
  const desc_ref r = desc_ref_of(&d[OLSTM__DNNL_R]);
  const desc_ref peepholes = desc_ref_of(&d[OLSTM__DNNL_PEEPHOLES]);
  const desc_ref bias = desc_ref_of(&d[OLSTM__DNNL_BIAS]);
  const desc_ref y = desc_ref_of(&d[OLSTM__DNNL_Y]);
  const desc_ref y_h = desc_ref_of(&d[OLSTM__DNNL_Y_H]);
  const desc_ref y_c = desc_ref_of(&d[OLSTM__DNNL_Y_C]);
#if DNNL_VERSION_MAJOR >= 3
  return g_dnnl.api.lstm_forward_primitive_desc_create(
      out, g_dnnl.engine, dnnl_forward_inference, direction, x, initial_h, initial_c, w,
      r, peepholes, NULL, bias, y, y_h, y_c, dnnl_rnn_flags_undef, attr);
#else
  dnnl_rnn_desc_t rnn;
  const dnnl_status_t status = g_dnnl.api.lstm_forward_desc_init_v2(
      &rnn, dnnl_forward_inference, direction, x, initial_h, initial_c, w, r, peepholes,
      bias, y, y_h, y_c, dnnl_rnn_flags_undef);
  if (status != dnnl_success) return status;
  return g_dnnl.api.primitive_desc_create(out, &rnn, attr, g_dnnl.engine, NULL);
#endif
}

static dnnl_status_t create_primitive_desc(const olstm__dnnl_lstm_spec* spec,
                                           const tensor_shape* shapes,
                                           dnnl_primitive_desc_t* out) {
  desc wanted[OLSTM__DNNL_TENSOR_COUNT];
  dnnl_primitive_attr_t attr = NULL;
  dnnl_status_t status = g_dnnl.api.primitive_attr_create(&attr);
  memset(wanted, 0, sizeof wanted);
  if (status == dnnl_success) {
    status =
        g_dnnl.api.primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user);
  }
  for (int i = 0; i < OLSTM__DNNL_TENSOR_COUNT && status == dnnl_success; i++) {
    tensor_shape shape = shapes[i];
    shape.is_any = !spec->plain_weights && (i == OLSTM__DNNL_W || i == OLSTM__DNNL_R);
    status = desc_init(&wanted[i], &shape);
  }
  if (status == dnnl_success) status = create_lstm_desc(spec, wanted, attr, out);
  for (int i = 0; i < OLSTM__DNNL_TENSOR_COUNT; i++) desc_deinit(&wanted[i]);
  if (attr) (void)g_dnnl.api.primitive_attr_destroy(attr);
  return status;
}

static dnnl_status_t build(const olstm__dnnl_lstm_spec* spec, olstm__dnnl_lstm* lstm) {
  tensor_shape shapes[OLSTM__DNNL_TENSOR_COUNT];
  shape_tensors(spec, shapes);
  lstm->plain_weights = spec->plain_weights;
  dnnl_status_t status = create_primitive_desc(spec, shapes, &lstm->primitive_desc);
  for (int i = 0; i < OLSTM__DNNL_TENSOR_COUNT && status == dnnl_success; i++) {
    status = desc_init(&lstm->descs[i], &shapes[i]);
  }
  if (status != dnnl_success) return status;
  return g_dnnl.api.primitive_create(&lstm->primitive, lstm->primitive_desc);
}

olstm_status olstm__dnnl_lstm_create(const olstm__dnnl_lstm_spec* spec,
                                     const olstm_allocator* allocator,
                                     olstm__dnnl_lstm** out_lstm, olstm_error* error) {
  const char* why_absent = olstm__dnnl_why_absent();
  if (why_absent) return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED, "%s", why_absent);
  olstm__dnnl_lstm* lstm = olstm_allocate_zeroed(allocator, 1, sizeof *lstm);
  if (!lstm) return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory");
  const int threads = hold_threads();
  const dnnl_status_t status = build(spec, lstm);
  release_threads(threads);
  if (status != dnnl_success) {
    olstm__dnnl_lstm_destroy(lstm, allocator);
    return fail_status(error, status, "make an LSTM primitive");
  }
  *out_lstm = lstm;
  return OLSTM_STATUS_OK;
}

void olstm__dnnl_lstm_destroy(olstm__dnnl_lstm* lstm, const olstm_allocator* allocator) {
  if (!lstm) return;
  if (lstm->primitive) (void)g_dnnl.api.primitive_destroy(lstm->primitive);
  if (lstm->primitive_desc) (void)g_dnnl.api.primitive_desc_destroy(lstm->primitive_desc);
  for (int i = 0; i < OLSTM__DNNL_TENSOR_COUNT; i++) desc_deinit(&lstm->descs[i]);
  olstm_release(allocator, lstm, 1, sizeof *lstm);
}

/// The layout that the primitive chose for a tensor.
static desc_ref wanted_desc(const olstm__dnnl_lstm* lstm, int tensor) {
  if (tensor == OLSTM__DNNL_W || tensor == OLSTM__DNNL_R) {
    return g_dnnl.api.primitive_desc_query_md(lstm->primitive_desc, dnnl_query_weights_md,
                                              tensor == OLSTM__DNNL_W ? 0 : 1);
  }
  return desc_ref_of(&lstm->descs[tensor]);
}

static desc_ref scratch_desc(const olstm__dnnl_lstm* lstm) {
  return g_dnnl.api.primitive_desc_query_md(lstm->primitive_desc,
                                            dnnl_query_scratchpad_md, 0);
}

size_t olstm__dnnl_lstm_scratch_bytes(const olstm__dnnl_lstm* lstm) {
  const desc_ref scratch = scratch_desc(lstm);
  return scratch ? g_dnnl.api.memory_desc_get_size(scratch) : 0;
}

size_t olstm__dnnl_lstm_weight_bytes(const olstm__dnnl_lstm* lstm,
                                     olstm__dnnl_tensor tensor) {
  return g_dnnl.api.memory_desc_get_size(wanted_desc(lstm, (int)tensor));
}

// ---------------------------------------------------------------- execution

enum { kMaxArguments = OLSTM__DNNL_TENSOR_COUNT + 1 };

/// The arguments of one execution, and the memory objects to destroy after it.
typedef struct execution {
  dnnl_exec_arg_t arguments[kMaxArguments];
  int argument_count;
  dnnl_status_t status;
} execution;

/// oneDNN's interface takes no const pointers, but writes to outputs only.
static void* without_const(const void* pointer) {
  void* result = NULL;
  memcpy(&result, &pointer, sizeof result);
  return result;
}

static void add_argument(execution* run, int argument, desc_ref description,
                         const void* data) {
  dnnl_memory_t memory = NULL;
  if (run->status != dnnl_success) return;
  run->status =
      g_dnnl.api.memory_create(&memory, description, g_dnnl.engine, without_const(data));
  if (run->status != dnnl_success) return;
  run->arguments[run->argument_count].arg = argument;
  run->arguments[run->argument_count++].memory = memory;
}

/// Executes, and destroys the arguments.
static dnnl_status_t execute(execution* run, dnnl_primitive_t primitive) {
  dnnl_stream_t stream = NULL;
  const int threads = hold_threads();
  if (run->status == dnnl_success) {
    run->status =
        g_dnnl.api.stream_create(&stream, g_dnnl.engine, dnnl_stream_default_flags);
  }
  if (run->status == dnnl_success) {
    run->status = g_dnnl.api.primitive_execute(primitive, stream, run->argument_count,
                                               run->arguments);
  }
  if (run->status == dnnl_success) run->status = g_dnnl.api.stream_wait(stream);
  if (stream) (void)g_dnnl.api.stream_destroy(stream);
  for (int i = 0; i < run->argument_count; i++) {
    (void)g_dnnl.api.memory_destroy(run->arguments[i].memory);
  }
  release_threads(threads);
  return run->status;
}

static dnnl_status_t reorder(desc_ref from, const void* source, desc_ref to,
                             void* destination) {
  dnnl_primitive_desc_t description = NULL;
  dnnl_primitive_t primitive = NULL;
  execution run = {.argument_count = 0, .status = dnnl_success};
  dnnl_status_t status = g_dnnl.api.reorder_primitive_desc_create(
      &description, from, g_dnnl.engine, to, g_dnnl.engine, NULL);
  if (status == dnnl_success) {
    status = g_dnnl.api.primitive_create(&primitive, description);
  }
  if (status == dnnl_success) {
    add_argument(&run, DNNL_ARG_FROM, from, source);
    add_argument(&run, DNNL_ARG_TO, to, destination);
    status = execute(&run, primitive);
  }
  if (primitive) (void)g_dnnl.api.primitive_destroy(primitive);
  if (description) (void)g_dnnl.api.primitive_desc_destroy(description);
  return status;
}

olstm_status olstm__dnnl_lstm_reorder(const olstm__dnnl_lstm* lstm,
                                      olstm__dnnl_tensor tensor, const void* plain,
                                      void* reordered, olstm_error* error) {
  const desc_ref from = desc_ref_of(&lstm->descs[tensor]);
  const desc_ref to = wanted_desc(lstm, (int)tensor);
  const int threads = hold_threads();
  const dnnl_status_t status = reorder(from, plain, to, reordered);
  release_threads(threads);
  if (status == dnnl_success) return OLSTM_STATUS_OK;
  return fail_status(error, status, "reorder the weights of an LSTM");
}

olstm_status olstm__dnnl_lstm_run(const olstm__dnnl_lstm* lstm, const void* const* data,
                                  void* scratch, olstm_error* error) {
  execution run = {.argument_count = 0, .status = dnnl_success};
  for (int i = 0; i < OLSTM__DNNL_TENSOR_COUNT; i++) {
    const desc_ref description = wanted_desc(lstm, i);
    if (description && desc_ref_of(&lstm->descs[i])) {
      add_argument(&run, kArguments[i], description, data[i]);
    }
  }
  if (olstm__dnnl_lstm_scratch_bytes(lstm) > 0) {
    add_argument(&run, DNNL_ARG_SCRATCHPAD, scratch_desc(lstm), scratch);
  }
  const dnnl_status_t status = execute(&run, lstm->primitive);
  if (status == dnnl_success) return OLSTM_STATUS_OK;
  return fail_status(error, status, "run an LSTM primitive");
}
