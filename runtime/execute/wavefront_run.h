// Runs a wavefront (runtime/plan/wavefront.h): recurrent layers in pieces, several at the
// same time. Every round is one run of the pool, so that no piece waits for another, and
// the caller does what no thread has begun.
#ifndef OLSTM_RUNTIME_EXECUTE_WAVEFRONT_RUN_H_
#define OLSTM_RUNTIME_EXECUTE_WAVEFRONT_RUN_H_

#include "olstm/plugin.h"

/// One layer: what its operator prepared, and the pointers of this run.
typedef struct olstm__wavefront_layer {
  const olstm_sequence* sequence;
  const void* instance;
  const void* handle;
  const olstm_run_args* args;
} olstm__wavefront_layer;

/// What the runs of a wavefront have learnt of the machine. Zero at the beginning; one
/// caller at a time.
typedef struct olstm__wavefront_pace {
  /// The least time that the layers are known to take on one thread, 0: not known yet.
  int64_t alone_ns;
  /// Runs that stay on one thread after one that was no faster on several, and how many
  /// of them are left.
  int32_t backoff, left;
} olstm__wavefront_pace;

/// Does what running the layers one after the other does, bit for bit. On a busy machine,
/// where several threads are no faster, most runs stay on the caller's.
///
/// layers: 2..OLSTM__WAVEFRONT_MAX_LAYERS, bottom first, each reading the output of the
/// one before. Errors: those of an operator; *out_failed is its layer. [no-alloc]
olstm_status olstm__wavefront_run(const olstm__wavefront_layer* layers,
                                  int32_t layer_count, int64_t piece_steps,
                                  const olstm_parallel* parallel,
                                  olstm__wavefront_pace* pace, int32_t* out_failed,
                                  olstm_error* error);

#endif  // OLSTM_RUNTIME_EXECUTE_WAVEFRONT_RUN_H_
