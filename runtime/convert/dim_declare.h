// What is declared of inputs, outputs and values between, with a dimension open.
#ifndef OLSTM_RUNTIME_CONVERT_DIM_DECLARE_H_
#define OLSTM_RUNTIME_CONVERT_DIM_DECLARE_H_

#include "runtime/convert/dim_open.h"

/// The dimension that is opened.
typedef struct olstm__opened_name {
  /// What it is called where it has no name.
  const char* name;
  /// The size that it had.
  int64_t size;
} olstm__opened_name;

/// Opens the axes in the model's inputs, and the dimension in its outputs, where the walk
/// found it; forgets what is declared of values between. False when there is no memory.
bool olstm__dim_declare_ends(const olstm__dim_opening* opening,
                             const olstm__opened_name* opened);

/// Opens what else is another size, when the dimension is, in what is declared of outputs
/// and of values between.
///
/// trial: of the model as it is now, with shapes of one size; others: its shapes of
/// another. before: the graph's declarations, as they were; those of values that are no
/// more, or whose shapes are not known, go. False when there is no memory.
bool olstm__dim_declare_rest(const olstm__dim_opening* trial,
                             const olstm_tensor_desc* others,
                             const olstm__graph_proto* before,
                             const olstm__opened_name* opened);

#endif  // OLSTM_RUNTIME_CONVERT_DIM_DECLARE_H_
