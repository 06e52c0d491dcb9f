// Constant folding: computes nodes whose inputs are constants.
#ifndef OLSTM_RUNTIME_PLAN_FOLD_H_
#define OLSTM_RUNTIME_PLAN_FOLD_H_

#include "runtime/graph/graph.h"
#include "runtime/host/environment.h"
#include "runtime/host/operator_call.h"

/// Results up to this size are kept whatever their inputs' size; larger ones only if they
/// are not larger than the inputs (an Expand is better done at run time).
enum { OLSTM__FOLD_BYTES = 1 << 20 };

/// Multiply-adds that each plan may spend on folding; the budget of a session is
/// environment->fold_work.
enum { OLSTM__FOLD_PLAN_WORK = 1 << 28 };

/// Whether the results of a node are worth keeping.
bool olstm__fold_is_worthwhile(size_t input_bytes, size_t output_bytes);

/// One node to compute. The environment is locked.
typedef struct olstm__fold_call {
  olstm__environment* environment;
  olstm__operator_instance of;
  /// NULL where absent; data may be NULL only for operators that read shapes alone.
  const olstm_tensor* const* inputs;
  const olstm_tensor_desc* outputs;
  /// NULL where unused.
  void* const* output_data;
} olstm__fold_call;

/// Prepares, runs and releases the operator. If its work exceeds *work, it is not run and
/// *out_is_done is false; otherwise the work is subtracted. Errors: the operator's,
/// LIMIT_EXCEEDED (its workspace), OUT_OF_MEMORY.
olstm_status olstm__fold_run(const olstm__fold_call* call, uint64_t* work,
                             bool* out_is_done, olstm_error* error);

/// Folds all nodes of a graph and its bodies that depend on constants alone, kept ones
/// apart: operators created afterwards see the results as constants. Errors: those of
/// operators, OUT_OF_MEMORY.
olstm_status olstm__fold_graph(olstm__environment* environment, olstm__graph* graph,
                               olstm_error* error);

#endif  // OLSTM_RUNTIME_PLAN_FOLD_H_
