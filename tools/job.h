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
  olstm__cli_list plugins;
  /// "all", or names with commas between them.
  olstm__cli_list stateful;
  /// "OUT=IN".
  olstm__cli_list bindings;
} olstm__job_options;

void olstm__job_options_init(olstm__job_options* options);

/// Rows of an options table that fill an olstm__job_options called `job`: those that all
/// commands have, and those of commands that keep state.
#define OLSTM__JOB_CLI_OPTIONS(job)                                   \
  {"threads",                                                         \
   OLSTM__CLI_INT,                                                    \
   &(job).thread_count,                                               \
   "N",                                                               \
   "threads a run may use (default 1)",                               \
   1,                                                                 \
   1024,                                                              \
   NULL},                                                             \
      {"kernel",                                                      \
       OLSTM__CLI_CHOICE,                                             \
       &(job).kernel,                                                 \
       "K",                                                           \
       "auto, onednn, native or reference: for recurrent layers",     \
       0,                                                             \
       0,                                                             \
       "auto|onednn|native|reference"},                               \
      {"precision",                                                   \
       OLSTM__CLI_CHOICE,                                             \
       &(job).precision,                                              \
       "P",                                                           \
       "f32 (default), bf16 or int8 weights",                         \
       0,                                                             \
       0,                                                             \
       "f32|bf16|int8"},                                              \
      {"plugin",                                                      \
       OLSTM__CLI_LIST,                                               \
       &(job).plugins,                                                \
       "FILE",                                                        \
       "load operators from a plugin library (runs its code)",        \
       0,                                                             \
       0,                                                             \
       NULL},                                                         \
      {"max-memory",                                                  \
       OLSTM__CLI_INT,                                                \
       &(job).max_memory_mb,                                          \
       "MB",                                                          \
       "most that a plan's workspace, or its constants, may take",    \
       1,                                                             \
       INT32_MAX,                                                     \
       NULL},                                                         \
      {"max-work",                                                    \
       OLSTM__CLI_INT,                                                \
       &(job).max_work,                                               \
       "N",                                                           \
       "most multiply-adds, or what takes as long, of one run",       \
       1,                                                             \
       INT64_MAX,                                                     \
       NULL},                                                         \
      {"no-fuse",                                                     \
       OLSTM__CLI_UNFLAG,                                             \
       &(job).fuse,                                                   \
       NULL,                                                          \
       "run every node as the model has it",                          \
       0,                                                             \
       0,                                                             \
       NULL},                                                         \
  {                                                                   \
    "broadcast-state", OLSTM__CLI_FLAG, &(job).broadcast_state, NULL, \
        "an initial state of batch 1 serves every row", 0, 0, NULL    \
  }
#define OLSTM__JOB_CLI_STATE_OPTIONS(job)                               \
  {"stateful",                                                          \
   OLSTM__CLI_LIST,                                                     \
   &(job).stateful,                                                     \
   "all|NODE[,..]",                                                     \
   "recurrent nodes that keep their state from run to run",             \
   0,                                                                   \
   0,                                                                   \
   NULL},                                                               \
  {                                                                     \
    "bind", OLSTM__CLI_PAIRS, &(job).bindings, "OUT=IN",                \
        "feed an output back into an input on the next run", 0, 0, NULL \
  }

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

void olstm__job_deinit(olstm__job* job);

#endif  // OLSTM_TOOLS_JOB_H_
