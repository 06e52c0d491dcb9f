// What a dynamic step prepared last, and for which inputs. It is reused while their
// descs, and the small values that the operator could read, are the same.
#ifndef OLSTM_RUNTIME_EXECUTE_PREPARED_CACHE_H_
#define OLSTM_RUNTIME_EXECUTE_PREPARED_CACHE_H_

#include "base/arena.h"
#include "runtime/plan/plan.h"

/// The inputs whose data an operator may read when it infers and prepares. The fewer it
/// needs, the more often its preparation is reused.
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

/// The cache of one step. Init with olstm__prepared_cache_init.
typedef struct olstm__prepared_cache {
  bool has_prepared;
  /// Whether it ever was, so that visible and inputs tell of the last time.
  bool is_filled;
  olstm__visible_inputs visible;
  olstm_prepared prepared;
  /// Work of one run (olstm__step_work).
  uint64_t work;
  /// What it was prepared for: the inputs' descs, and the small values, concatenated.
  olstm_tensor_desc* inputs;
  unsigned char* values;
  olstm_tensor_desc* outputs;
} olstm__prepared_cache;

/// The inputs of a step, and working memory. Arrays are at least as long as the step's
/// inputs or outputs.
typedef struct olstm__step_lists {
  /// desc and data of each input; absent ones are not read.
  olstm_tensor* inputs;
  /// The inputs with visible data only, and pointers to them (NULL where absent).
  olstm_tensor* visible;
  const olstm_tensor** visible_list;
  olstm_tensor_desc* output_descs;
} olstm__step_lists;

/// Memory comes from the arena. Errors: OUT_OF_MEMORY (false).
bool olstm__prepared_cache_init(olstm__prepared_cache* cache,
                                const olstm__dynamic_step* step, olstm__arena* memory);

/// Releases the preparation. The environment is locked.
void olstm__prepared_cache_release(olstm__prepared_cache* cache,
                                   const olstm__dynamic_step* step);

/// Whether the preparation can be used for these inputs.
bool olstm__prepared_cache_serves(const olstm__prepared_cache* cache,
                                  const olstm__dynamic_step* step,
                                  const olstm__step_lists* lists);

/// Infers and prepares the step for these inputs. The environment is locked. Errors: the
/// operator's, LIMIT_EXCEEDED (an output larger than max_memory).
olstm_status olstm__prepared_cache_fill(olstm__prepared_cache* cache,
                                        const olstm__dynamic_step* step,
                                        const olstm__step_lists* lists, size_t max_memory,
                                        olstm__operator_memory* memory,
                                        olstm_error* error);

/// Whether input `i` of a step is not absent.
static inline bool olstm__step_has_input(const olstm__dynamic_step* step, size_t i) {
  return step->node->inputs[i] != OLSTM__NO_VALUE;
}

#endif  // OLSTM_RUNTIME_EXECUTE_PREPARED_CACHE_H_
