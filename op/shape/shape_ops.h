// The callbacks and schemas of this folder's operators, for its table.
#ifndef OLSTM_OP_SHAPE_SHAPE_OPS_H_
#define OLSTM_OP_SHAPE_SHAPE_OPS_H_

#include "op/op_row.h"

OLSTM__OP_DECLARE(cast);
/// `to` is a dtype's name, and its number from opset 6 on; saturate and round_mode came
/// later.
extern const olstm__op_schema olstm__cast_schema_1;
extern const olstm__op_schema olstm__cast_schema_6;
extern const olstm__op_schema olstm__cast_schema_19;
extern const olstm__op_schema olstm__cast_schema_24;
extern const olstm__op_schema olstm__cast_like_schema_15;
extern const olstm__op_schema olstm__cast_like_schema_19;
extern const olstm__op_schema olstm__cast_like_schema_24;

OLSTM__OP_DECLARE(tensor_shape);
OLSTM__OP_DECLARE(tensor_size);
extern const olstm__op_schema olstm__tensor_shape_schema_1;
/// With start and end.
extern const olstm__op_schema olstm__tensor_shape_schema_15;
extern const olstm__op_schema olstm__tensor_size_schema;

olstm_status olstm__reshape_infer(const void* instance, const olstm_infer_args* args,
                                  olstm_tensor_desc* out_outputs, olstm_error* error);
/// The shape as an attribute, as an input, and as an input with allowzero.
extern const olstm__op_schema olstm__reshape_schema_1;
extern const olstm__op_schema olstm__reshape_schema_5;
extern const olstm__op_schema olstm__reshape_schema_14;

olstm_status olstm__flatten_infer(const void* instance, const olstm_infer_args* args,
                                  olstm_tensor_desc* out_outputs, olstm_error* error);
extern const olstm__op_schema olstm__flatten_schema;

olstm_status olstm__squeeze_infer(const void* instance, const olstm_infer_args* args,
                                  olstm_tensor_desc* out_outputs, olstm_error* error);
olstm_status olstm__unsqueeze_infer(const void* instance, const olstm_infer_args* args,
                                    olstm_tensor_desc* out_outputs, olstm_error* error);
/// Axes as an attribute, and as an input.
extern const olstm__op_schema olstm__squeeze_schema_1;
extern const olstm__op_schema olstm__squeeze_schema_13;
extern const olstm__op_schema olstm__unsqueeze_schema_1;
extern const olstm__op_schema olstm__unsqueeze_schema_13;

olstm_status olstm__identity_infer(const void* instance, const olstm_infer_args* args,
                                   olstm_tensor_desc* out_outputs, olstm_error* error);
extern const olstm__op_schema olstm__identity_schema;

OLSTM__OP_DECLARE(dropout);
/// With is_test and consumed_inputs; with is_test; with ratio alone; with a mask of bool;
/// with ratio and training_mode as inputs.
extern const olstm__op_schema olstm__dropout_schema_1;
extern const olstm__op_schema olstm__dropout_schema_6;
extern const olstm__op_schema olstm__dropout_schema_7;
extern const olstm__op_schema olstm__dropout_schema_10;
extern const olstm__op_schema olstm__dropout_schema_12;

OLSTM__OP_DECLARE(transpose);
extern const olstm__op_schema olstm__transpose_schema;

OLSTM__OP_DECLARE(concat);
/// axis may be absent, and must be given.
extern const olstm__op_schema olstm__concat_schema_1;
extern const olstm__op_schema olstm__concat_schema_4;

OLSTM__OP_DECLARE(slice);
/// Everything as attributes, and as inputs.
extern const olstm__op_schema olstm__slice_schema_1;
extern const olstm__op_schema olstm__slice_schema_10;

OLSTM__OP_DECLARE(expand);
extern const olstm__op_schema olstm__expand_schema;

OLSTM__OP_DECLARE(tile);
extern const olstm__op_schema olstm__tile_schema;

OLSTM__OP_DECLARE(constant_of_shape);
extern const olstm__op_schema olstm__constant_of_shape_schema;

OLSTM__OP_DECLARE(split);
/// Sizes as an attribute, as an input, and as an input or num_outputs.
extern const olstm__op_schema olstm__split_schema_1;
extern const olstm__op_schema olstm__split_schema_13;
extern const olstm__op_schema olstm__split_schema_18;

OLSTM__OP_DECLARE(range);
extern const olstm__op_schema olstm__range_schema;

OLSTM__OP_DECLARE(eye_like);
extern const olstm__op_schema olstm__eye_like_schema;

OLSTM__OP_DECLARE(reverse_sequence);
extern const olstm__op_schema olstm__reverse_sequence_schema;

OLSTM__OP_DECLARE(trilu);
extern const olstm__op_schema olstm__trilu_schema;

OLSTM__OP_DECLARE(pad);
/// paddings and value as attributes; pads instead; as inputs; with axes; with the mode
/// wrap.
extern const olstm__op_schema olstm__pad_schema_1;
extern const olstm__op_schema olstm__pad_schema_2;
extern const olstm__op_schema olstm__pad_schema_11;
extern const olstm__op_schema olstm__pad_schema_18;
extern const olstm__op_schema olstm__pad_schema_19;

#endif  // OLSTM_OP_SHAPE_SHAPE_OPS_H_
