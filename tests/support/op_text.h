// Runs one operator on a case written as text, so that a case is a line.
//
//   node     "Slice-13 axis=1 perm=[1,0] scale=2.5 mode='edge' value=f32[1]{3} outputs=2"
//            op type (after its domain and a colon where that is not ONNX's), opset,
//            attributes (int, ints, float where a '.' says so, floats,
//            string, tensor); outputs=N where there is more than one, "outputs=_1" where
//            the first is absent.
//   tensors  "f32[2,3] 1 2 3 4 5 6; _; ?i64[1] 0; bool[] 1": separated by "; ". _ is an
//            absent one; ? hides the values from infer and prepare, # makes them a
//            constant of the node; "0.." counts up to fill the rest, "~" fills it with
//            made-up values: reals from -2 to 2, integers from 0 to 9.
//            dtypes: f16 bf16 f32 f64 i8 i16 i32 i64 u8 u16 u32 u64 bool.
#ifndef OLSTM_TESTS_SUPPORT_OP_TEXT_H_
#define OLSTM_TESTS_SUPPORT_OP_TEXT_H_

#include "olstm/status.h"

/// Asserts that the outputs are these: dtype, shape, and values (floats to 1e-5). Runs
/// once more in place where prepare allows it.
void op_text_expect(const char* node, const char* inputs, const char* outputs);

/// As op_text_expect, and asserts that output 0 is a view of input 0, or that it is not.
void op_text_expect_view(const char* node, const char* inputs, const char* outputs);
void op_text_expect_copy(const char* node, const char* inputs, const char* outputs);

/// Asserts that output 0 of a case with inputs of float is what the same operator makes
/// of them as doubles, within `tolerance` of the larger of 1 and the value; and that it
/// is the same bit for bit in place, where prepare allows that, and with three threads.
void op_text_expect_as_double(const char* node, const char* inputs, double tolerance);

/// Asserts that threads share what there is to do, and that all outputs are the same bit
/// for bit with two to five of them as with one.
void op_text_expect_shared(const char* node, const char* inputs);

/// Asserts that output 0 of two cases is the same, within `tolerance` of the larger of 1
/// and the value.
void op_text_expect_same(const char* node, const char* inputs, const char* other_node,
                         const char* other_inputs, double tolerance);

/// Asserts that the node fails with this code and message. The node is called 'node', its
/// inputs x0, x1, ...
void op_text_expect_failure(const char* node, const char* inputs, olstm_status code,
                            const char* message);

#endif  // OLSTM_TESTS_SUPPORT_OP_TEXT_H_
