// Opens a dimension of a model's inputs that has its size baked in: the batch, or time.
#ifndef OLSTM_RUNTIME_CONVERT_DIM_OPEN_H_
#define OLSTM_RUNTIME_CONVERT_DIM_OPEN_H_

#include "runtime/convert/dim_place.h"
#include "runtime/convert/graph_edit.h"
#include "runtime/plan/plan.h"
#include "runtime/session.h"

/// Stands for a dimension that is open, and is no size that models often have.
enum { OLSTM__ANY_SIZE = 7 };

/// A model whose dimension is to be opened. Init with olstm__dim_opening_init.
typedef struct olstm__dim_opening {
  olstm__encode_model* model;
  olstm__scratch_graph scratch;
  olstm__proto_names names;
  /// Of the file's main graph; its values and nodes are numbered as the session's.
  olstm__graph_edit edit;
  /// Without fusion.
  olstm_session* session;
  olstm__inferred_value* inferred;
  olstm_tensor_desc* descs;
  /// Of each input of the session: the axis that is to be opened, or -1; to be set.
  int32_t* axes;
  /// What its dimensions are taken to be where they are symbolic.
  int64_t made_up;
  olstm__dim_walkthrough walk;
} olstm__dim_opening;

/// Errors: those of a load and of a session. Memory: olstm__dim_opening_deinit, whatever
/// the result.
olstm_status olstm__dim_opening_init(olstm__dim_opening* opening,
                                     olstm__encode_model* model, olstm_error* error);
void olstm__dim_opening_deinit(olstm__dim_opening* opening);

/// Infers the shapes of all values, with `size` along the axes (0: any); other symbolic
/// dimensions have whatever size works. Errors: the last one's that was tried.
olstm_status olstm__dim_opening_infer(olstm__dim_opening* opening, int64_t size,
                                      olstm_error* error);

/// Finds out what has to be done to open the axes, where they have `size` (0: any), with
/// opening->walk. False when there is an obstacle, or no memory.
bool olstm__dim_opening_walk(olstm__dim_opening* opening, int64_t size);

#endif  // OLSTM_RUNTIME_CONVERT_DIM_OPEN_H_
