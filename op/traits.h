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
  OLSTM__TRAIT_OPTIONAL_LATER_OUTPUTS = 1 << 12
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
