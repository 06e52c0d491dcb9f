// ModelProto to what a model keeps.
#ifndef OLSTM_ONNX_PROTO_DECODE_H_
#define OLSTM_ONNX_PROTO_DECODE_H_

#include "onnx_proto/decoder.h"

/// Decodes functions, imports and the main graph of a model into decoder->arena.
/// The decoder's first fields (up to max_work) are set; the rest is zero.
/// Release with olstm__decoder_deinit, also after a failure.
olstm_status olstm__decode_model(olstm__decoder* decoder, const olstm__model_proto* proto,
                                 const olstm__decoded_graph** out_graph);

/// Frees what the decoder took beyond its arenas.
void olstm__decoder_deinit(olstm__decoder* decoder);

#endif  // OLSTM_ONNX_PROTO_DECODE_H_
