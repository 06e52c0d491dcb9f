// SplitToSequence: the single steps of a tensor, or pieces whose sizes are constant.
#ifndef OLSTM_RUNTIME_FUSE_FUSE_SEQUENCE_SPLIT_H_
#define OLSTM_RUNTIME_FUSE_FUSE_SEQUENCE_SPLIT_H_

#include "runtime/fuse/fuse_sequence_parts.h"

/// Notes what a SplitToSequence makes. Errors: as olstm__sequence_handle.
olstm_status olstm__sequence_split(olstm__sequence_pass* pass, int32_t node);

#endif  // OLSTM_RUNTIME_FUSE_FUSE_SEQUENCE_SPLIT_H_
