// The pieces of depthwise convolutions (conv_piece.h) whose plans have `depthwise`, or
// `plane` as well.
#ifndef OLSTM_OP_CONV_CONV_DEPTHWISE_H_
#define OLSTM_OP_CONV_CONV_DEPTHWISE_H_

#include "op/conv/conv_piece.h"

/// Computes a piece in `memory` of the plan's thread_bytes. [no-alloc]
void olstm__conv_run_depthwise(const olstm__conv_piece* piece,
                               const olstm__conv_args* args, char* memory);
void olstm__conv_run_planes(const olstm__conv_piece* piece, const olstm__conv_args* args,
                            char* memory);

#endif  // OLSTM_OP_CONV_CONV_DEPTHWISE_H_
