// Traits: what passes over graphs need to know of an operator by its type alone, before a
// node of it is created. Each family states them beside its operators (op_family.h).
#ifndef OLSTM_OP_TRAITS_H_
#define OLSTM_OP_TRAITS_H_

#include <stdint.h>

/// A set of OLSTM__TRAIT_*. 0 for operators that are not built in.
typedef uint32_t olstm__traits;

enum {
  /// Output 0 has the shape of input 0.
  OLSTM__TRAIT_KEEPS_SHAPE = 1 << 0,
  /// Every output has the rank of input 0.
  OLSTM__TRAIT_KEEPS_RANK = 1 << 1,
  /// Output 0 has the shape that inputs 0 and 1 are broadcast to, element by element.
  OLSTM__TRAIT_BROADCASTS = 1 << 2,
  /// Reduces axes of input 0, which stay with size 1 unless keepdims is 0.
  OLSTM__TRAIT_REDUCES = 1 << 3,
  /// Every output element is an element of input 0 (Concat: of any input), possibly cast.
  OLSTM__TRAIT_MOVES_ELEMENTS = 1 << 4,
  /// Elementwise y = f(x) of real numbers, with at most two attributes, both floats
  /// (olstm__builtin_function).
  OLSTM__TRAIT_REAL_FUNCTION = 1 << 5,
  /// A REAL_FUNCTION that recurrent cells have as an activation of the same name.
  OLSTM__TRAIT_CELL_ACTIVATION = 1 << 6,
  /// Inputs and outputs up to initial_h and Y_h are OLSTM_RECURRENT_*.
  OLSTM__TRAIT_RECURRENT = 1 << 7,
  /// A recurrent operator with initial_c and Y_c.
  OLSTM__TRAIT_HAS_C = 1 << 8,
  /// A recurrent operator with a mask (op/fused.h).
  OLSTM__TRAIT_MASKED = 1 << 9,
  /// A recurrent operator whose W and R are quantized, and transposed: R is [D,H,G*H].
  OLSTM__TRAIT_QUANTIZED = 1 << 10,
  /// Any output may be absent.
  OLSTM__TRAIT_OPTIONAL_OUTPUTS = 1 << 11,
  /// Any output but the first may be absent.
  OLSTM__TRAIT_OPTIONAL_LATER_OUTPUTS = 1 << 12,
  /// Draws random numbers.
  OLSTM__TRAIT_RANDOM = 1 << 13,
  /// Draws random numbers when input 2, training_mode, is true.
  OLSTM__TRAIT_RANDOM_IN_TRAINING = 1 << 14,
  /// The attribute axis is -1 by default, and not 0.
  OLSTM__TRAIT_LAST_AXIS = 1 << 15,
  /// The axis is input 1, and no attribute.
  OLSTM__TRAIT_AXIS_INPUT = 1 << 16,
  /// Until opset 12 the attribute axis is 1 by default, and all axes behind it count too.
  OLSTM__TRAIT_FLATTENS_UNTIL_12 = 1 << 17,
  /// Inputs behind the first tell no more than which elements of it go where, by numbers
  /// that are the same for all of them (shapes, repeats, widths).
  OLSTM__TRAIT_SHAPE_INPUTS = 1 << 18,
  /// Output elements are elements of input 0, or sizes of it, as they are: some of them.
  OLSTM__TRAIT_PICKS = 1 << 19,

  /// One of the OLSTM__TRAIT_ROWS_*, which are no flags: what an operator does to the
  /// batch dimension of its inputs, beyond what the shapes tell. Those without compute
  /// every element of their outputs from elements at the same index of the batch, or show
  /// by their shapes that they do not.
  OLSTM__TRAIT_ROWS = 31 << 20,
  /// Elements keep their row-major order; dimensions change.
  OLSTM__TRAIT_ROWS_RESHAPE = 1 << 20,
  /// The output depends on the shape of the input alone.
  OLSTM__TRAIT_ROWS_SHAPE = 2 << 20,
  /// Rows are dimension 0 of every input that has them.
  OLSTM__TRAIT_ROWS_FIRST = 3 << 20,
  /// Computes along one axis.
  OLSTM__TRAIT_ROWS_ALONG = 4 << 20,
  /// Computes over that axis and all behind it.
  OLSTM__TRAIT_ROWS_FROM = 5 << 20,
  /// Computes over several axes.
  OLSTM__TRAIT_ROWS_OVER = 6 << 20,
  /// Steps along time_axis, a length for each batch_axis.
  OLSTM__TRAIT_ROWS_REVERSE = 7 << 20,
  /// Takes or sets elements along one axis, at indices that other inputs give.
  OLSTM__TRAIT_ROWS_INDEX = 8 << 20,
  /// Takes elements at positions that other inputs give.
  OLSTM__TRAIT_ROWS_GATHER = 9 << 20,
  /// Sets elements at positions that other inputs give.
  OLSTM__TRAIT_ROWS_SCATTER = 10 << 20,
  /// Shape or content depends on data of all rows.
  OLSTM__TRAIT_ROWS_DATA = 11 << 20,
  /// Over the last two axes: which elements stay depends on their index there.
  OLSTM__TRAIT_ROWS_MATRIX = 12 << 20,
  /// Takes every step-th element; backwards, rows change their order.
  OLSTM__TRAIT_ROWS_SLICE = 13 << 20,
  /// Moves rows where one side of the batch grows and the other shrinks.
  OLSTM__TRAIT_ROWS_PAD = 14 << 20,
  /// Repeats the input along its axes.
  OLSTM__TRAIT_ROWS_TILE = 15 << 20,
  /// The letters of the batch tell.
  OLSTM__TRAIT_ROWS_EINSUM = 16 << 20,
  /// Computes along the attribute axis, by default 1; from opset 20 on along input 2, by
  /// default -2.
  OLSTM__TRAIT_ROWS_DFT = 17 << 20,
  /// Input 0 is the shape of the output, whose elements are all the same.
  OLSTM__TRAIT_ROWS_FILL = 18 << 20
};

/// The parameters of a REAL_FUNCTION: the float attributes they come from (NULL: it has
/// no such parameter) and their defaults.
typedef struct olstm__function_parameters {
  const char* alpha_name;
  float alpha;
  const char* beta_name;
  float beta;
} olstm__function_parameters;

#endif  // OLSTM_OP_TRAITS_H_
