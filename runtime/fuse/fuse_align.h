// What a cell that is written out in sums and products broadcasts, and a recurrent node
// does not: rows of states, of the sequence and of a mask, and units of states. Where
// they are not known to fit, nodes of olstm.fused's Align stand between
// (op/shape/align.c).
#ifndef OLSTM_RUNTIME_FUSE_FUSE_ALIGN_H_
#define OLSTM_RUNTIME_FUSE_FUSE_ALIGN_H_

#include "runtime/graph/graph.h"

enum { OLSTM__ALIGN_MOST = 5 };

typedef enum olstm__align_role {
  /// X [T,N,I].
  OLSTM__ALIGN_SEQUENCE,
  /// [N,H], of which one row, one unit or fewer dimensions will do.
  OLSTM__ALIGN_STATE,
  /// [T,N] or [T,N,1], of which one row, or more steps than X has, will do.
  OLSTM__ALIGN_MASK
} olstm__align_role;

/// One of the values that a layer steps over; the first of a list is its X.
typedef struct olstm__aligned {
  int32_t value;
  olstm__align_role role;
} olstm__aligned;

/// Whether their ranks are known, and such as can be aligned.
bool olstm__can_align(const olstm__graph* graph, const olstm__aligned* values,
                      size_t count);

/// Puts in place of each value what is aligned with the others. False when there is no
/// memory.
bool olstm__fuse_align(olstm__graph* graph, const char* name, int64_t hidden,
                       olstm__aligned* values, size_t count);

#endif  // OLSTM_RUNTIME_FUSE_FUSE_ALIGN_H_
