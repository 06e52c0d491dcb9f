// What a dynamic step prepared last, and for which inputs: the preparation serves again
// as long as their descs are the same, and the small values that the operator was shown.
#ifndef OLSTM_RUNTIME_EXECUTE_PREPARED_CACHE_H_
#define OLSTM_RUNTIME_EXECUTE_PREPARED_CACHE_H_

#include "base/arena.h"
#include "runtime/plan/plan.h"

/// Which inputs an operator may read when it infers and prepares. The fewer it needs, the
/// more runs its preparation serves.
typedef enum olstm__visible_inputs {
  /// Constants alone.
  OLSTM__VISIBLE_CONSTANTS,
  /// Small integers too: shapes, axes, indices. They are compared before reuse.
  OLSTM__VISIBLE_INTEGERS,
  /// All small tensors: scales, limits. They are compared before reuse.
  OLSTM__VISIBLE_SMALL,
  /// Everything: never reused.
  OLSTM__VISIBLE_ALL
} olstm__visible_inputs;

/// One step's. Init with olstm__prepared_cache_init.
typedef struct olstm__prepared_cache {
  bool has_prepared;
  olstm__visible_inputs visible;
  olstm_prepared prepared;
  /// Of one run, as olstm__step_work counts it.
  uint64_t work;
  /// What it was prepared for: the inputs' descs, and the small values, concatenated.
  olstm_tensor_desc* inputs;
  unsigned char* values;
  olstm_tensor_desc* outputs;
} olstm__prepared_cache;

/// A step's inputs, and working memory, all as long as the step has inputs or outputs.
typedef struct olstm__step_lists {
  /// desc and data of each; of absent ones nothing is read.
  olstm_tensor* inputs;
  /// As the operator sees them, and pointers to them (NULL where absent).
  olstm_tensor* visible;
  const olstm_tensor** visible_list;
  olstm_tensor_desc* output_descs;
} olstm__step_lists;

/// Memory comes from the arena. Errors: OUT_OF_MEMORY (false).
bool olstm__prepared_cache_init(olstm__prepared_cache* cache,
                                const olstm__dynamic_step* step, olstm__arena* memory);

/// Releases what is prepared. The environment is locked.
void olstm__prepared_cache_release(olstm__prepared_cache* cache,
                                   const olstm__dynamic_step* step);

/// Whether what is prepared serves these inputs.
bool olstm__prepared_cache_serves(const olstm__prepared_cache* cache,
                                  const olstm__dynamic_step* step,
                                  const olstm__step_lists* lists);

/// Infers and prepares the step anew. The environment is locked.
/// Errors: the operator's, LIMIT_EXCEEDED (an output larger than max_memory).
olstm_status olstm__prepared_cache_fill(olstm__prepared_cache* cache,
                                        const olstm__dynamic_step* step,
                                        const olstm__step_lists* lists, size_t max_memory,
                                        olstm__operator_memory* memory,
                                        olstm_error* error);

/// Whether input `i` of a step is there.
static inline bool olstm__step_has_input(const olstm__dynamic_step* step, size_t i) {
  return step->node->inputs[i] != OLSTM__NO_VALUE;
}

#endif  // OLSTM_RUNTIME_EXECUTE_PREPARED_CACHE_H_
