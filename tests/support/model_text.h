// ONNX models written as lines of text, for tests. One thing a line:
//
//   opset 13                         of domain "" (default 13); "opset test 1" of another
//   ir 8                             the IR version (default 8)
//   producer someone                 producer_name
//   name g                           of the main graph (default "main")
//   input x float[2,n]               a name, dtype and shape; "float" alone: no shape
//   input s seq:float[2]             a sequence of such tensors
//   const w float[2,3] 1 2 3 4 5 6   an initializer; values are repeated to fill it
//   node Add a,b -> c                operator, inputs, outputs; "_" for an absent one
//   node test:Fake a -> c,d name=foo axis=1 alpha=0.5 perm=[1,0] mode="x" body=@g
//                                    and lists of texts, names=["x","y"]
//   output c                         with or without dtype and shape
//   value c float[2,n]               what is declared of a value between
//   graph g ... end                  a subgraph, to be used below as an attribute @g
//
// A node without name= is called after its first output.
#ifndef OLSTM_TESTS_SUPPORT_MODEL_TEXT_H_
#define OLSTM_TESTS_SUPPORT_MODEL_TEXT_H_

#include "olstm/runtime.h"

/// The bytes of a ModelProto; free() them. A line that makes no sense fails the test.
void* olstm_test_model_bytes(const char* text, size_t* out_byte_count);

/// The loaded model; fails the test when it does not load.
olstm_model* olstm_test_model(const char* text);

/// Creates sessions of a model, each with one allocation more that works than the one
/// before, until all do. Asserts that each failure is OUT_OF_MEMORY and leaves nothing
/// allocated. options: their allocator is not used; NULL for defaults.
void olstm_test_session_out_of_memory(const char* text,
                                      const olstm_session_options* options);

#endif  // OLSTM_TESTS_SUPPORT_MODEL_TEXT_H_
