// A model made ready to run the way the command line says: plugins, model, session,
// context. All commands that run models go through here.
#ifndef OLSTM_TOOLS_JOB_H_
#define OLSTM_TOOLS_JOB_H_

#include "olstm/olstm.h"
#include "tools/cli.h"

enum { OLSTM__JOB_MAX_BINDINGS = 64, OLSTM__JOB_MAX_STATEFUL = 256 };

/// What the options say. Init with olstm__job_options_init.
typedef struct olstm__job_options {
  int64_t thread_count;
  const char* kernel;
  const char* precision;
  /// 0: the library's defaults.
  int64_t max_memory_mb;
  int64_t max_work;
  bool fuse;
  bool broadcast_state;
  bool real_time;
  /// A folder that the model's external data may come from, too; NULL for none.
  const char* external_data;
  /// Of random operators; below 0: none.
  int64_t seed;
  olstm__cli_list plugins;
  /// "all", or names with commas between them.
  olstm__cli_list stateful;
  /// "OUT=IN".
  olstm__cli_list bindings;
  /// NULL, or says which of the model's inputs with initializers runs will give:
  /// out_given[i] of olstm_model_get_default_input(model, i), false before.
  void (*choose_given)(const void* data, const olstm_model* model, bool* out_given);
  const void* choose_data;
} olstm__job_options;

void olstm__job_options_init(olstm__job_options* options);

// One option a row; clang-format would give every designator a line.
// clang-format off

/// Rows of an options table that fill an olstm__job_options called `job`: those that all
/// commands have.
#define OLSTM__JOB_CLI_OPTIONS(job)                                                     \
  {.name = "threads", .kind = OLSTM__CLI_INT, .target = &(job).thread_count,            \
   .value_name = "N", .min = 1, .max = 1024,                                            \
   .help = "threads a run may use (default 1)"},                                        \
  {.name = "kernel", .kind = OLSTM__CLI_CHOICE, .target = &(job).kernel,                \
   .value_name = "K", .choices = "auto|onednn|native|reference|fastest",                        \
   .help = "auto, onednn, native, reference or fastest (times them): for recurrent layers"},                  \
  {.name = "precision", .kind = OLSTM__CLI_CHOICE, .target = &(job).precision,          \
   .value_name = "P", .choices = "f32|bf16|int8",                                       \
   .help = "f32 (default), bf16 or int8 weights"},                                      \
  {.name = "plugin", .kind = OLSTM__CLI_LIST, .target = &(job).plugins,                 \
   .value_name = "FILE",                                                                \
   .help = "load operators from a plugin library (runs its code)"},                     \
  {.name = "external-data", .kind = OLSTM__CLI_TEXT, .target = &(job).external_data,    \
   .value_name = "DIR",                                                                 \
   .help = "read external data from DIR too, links included"},                          \
  {.name = "max-memory", .kind = OLSTM__CLI_INT, .target = &(job).max_memory_mb,        \
   .value_name = "MB", .min = 1, .max = OLSTM__CLI_MOST_MB,                             \
   .help = "most that a plan's workspace, or its constants, may take; or loading"},     \
  {.name = "max-work", .kind = OLSTM__CLI_INT, .target = &(job).max_work,               \
   .value_name = "N", .min = 1, .max = INT64_MAX,                                       \
   .help = "most work of one run, in units of an eighth of a nanosecond"},                    \
  {.name = "no-fuse", .kind = OLSTM__CLI_UNFLAG, .target = &(job).fuse,                 \
   .help = "run every node as the model has it"},                                       \
  {.name = "broadcast-state", .kind = OLSTM__CLI_FLAG,                                   \
   .target = &(job).broadcast_state,                                                    \
   .help = "an initial state of batch 1 serves every row"},                             \
  {.name = "real-time", .kind = OLSTM__CLI_FLAG, .target = &(job).real_time,            \
   .help = "refuse plans with a step that may allocate while it runs"},                 \
  {.name = "seed", .kind = OLSTM__CLI_INT, .target = &(job).seed, .value_name = "N",    \
   .min = 0, .max = INT64_MAX,                                                          \
   .help = "seed of random operators that have none (default: draw anew)"}

/// Those of commands that keep state.
#define OLSTM__JOB_CLI_STATE_OPTIONS(job)                                               \
  {.name = "stateful", .kind = OLSTM__CLI_LIST, .target = &(job).stateful,              \
   .value_name = "all|NODE[,..]",                                                       \
   .help = "recurrent nodes that keep their state from run to run"},                    \
  {.name = "bind", .kind = OLSTM__CLI_PAIRS, .target = &(job).bindings,                 \
   .value_name = "OUT=IN",                                                              \
   .help = "feed an output back into an input on the next run"}

// clang-format on

/// The model and what was made of it. Zeroed before open.
typedef struct olstm__job {
  olstm_registry* registry;
  olstm_model* model;
  olstm_session* session;
  olstm_context* context;
  char* names[2];
} olstm__job;

/// Where a model comes from: a file, or, when path is NULL, memory.
typedef struct olstm__job_source {
  const char* path;
  const void* bytes;
  size_t byte_count;
} olstm__job_source;

/// Loads and creates all of it. Errors: what the library's functions say. On failure the
/// job holds what there is: deinit frees it. `allocator`: NULL for the C library's.
olstm_status olstm__job_open(const char* model_path, const olstm__job_options* options,
                             const olstm_allocator* allocator, olstm__job* out_job,
                             olstm_error* error);
olstm_status olstm__job_open_source(const olstm__job_source* source,
                                    const olstm__job_options* options,
                                    const olstm_allocator* allocator, olstm__job* out_job,
                                    olstm_error* error);

/// Loads the plugins that the options name, and forgets them: one error instead of one in
/// every job.
olstm_status olstm__job_check_plugins(const olstm__job_options* options,
                                      olstm_error* error);

void olstm__job_deinit(olstm__job* job);

#endif  // OLSTM_TOOLS_JOB_H_
