// Decodes a ModelProto into the graphs that a model keeps.
#ifndef OLSTM_ONNX_PROTO_DECODE_H_
#define OLSTM_ONNX_PROTO_DECODE_H_

#include "onnx_proto/decoder.h"

/// Decodes functions, imports and the main graph of a model into decoder->arena. The
/// caller sets the decoder's fields up to max_work and zeroes the rest.
/// Release with olstm__decoder_deinit, also after a failure.
olstm_status olstm__decode_model(olstm__decoder* decoder, const olstm__model_proto* proto,
                                 const olstm__decoded_graph** out_graph);

/// Frees the decoder's memory that is not in its arenas.
void olstm__decoder_deinit(olstm__decoder* decoder);

#endif  // OLSTM_ONNX_PROTO_DECODE_H_
