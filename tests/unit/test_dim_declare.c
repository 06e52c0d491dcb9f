// runtime/convert/dim_declare.h: what is declared of values when a dimension is open.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onnx_proto/encode_model.h"
#include "runtime/convert/model_convert.h"
#include "tests/support/model_text.h"
#include "tests/support/test_main.h"
#include "tests/support/test_system.h"

enum { kCapacity = 1024 };

/// Appends "name[2,n,?] ".
static void append(char* text, const olstm__value_info_proto* info) {
  const Onnx__TensorShapeProto* shape = info->type->tensor_type->shape;
  size_t used = strlen(text);
  used += (size_t)snprintf(text + used, kCapacity - used, "%s[", info->name);
  for (size_t d = 0; shape && d < shape->n_dim; d++) {
    const Onnx__TensorShapeProto__Dimension* dim = shape->dim[d];
    char number[24] = "?";
    if (dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE) {
      (void)snprintf(number, sizeof number, "%lld", (long long)dim->dim_value);
    }
    const bool has_name =
        dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
    used += (size_t)snprintf(text + used, kCapacity - used, "%s%s", d ? "," : "",
                             has_name ? dim->dim_param : number);
  }
  (void)snprintf(text + used, kCapacity - used, "] ");
}

/// Converts a model of lines of text; expects its outputs, and values between.
static void expect(const char* text, olstm__convert_options options, const char* outputs,
                   const char* values) {
  char found[2][kCapacity] = {"", ""};
  size_t count = 0;
  olstm_error error = {""};
  olstm__convert_report report;
  olstm__encode_model model;
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  void* bytes = olstm_test_model_bytes(text, &count);
  olstm_test_folder_begin();
  FILE* file = fopen(olstm_test_path("in.onnx"), "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, count, file), count);
  assert_int_equal(fclose(file), 0);
  free(bytes);
  olstm__convert_report_init(&report, &allocator);
  if (olstm__convert_file(olstm_test_path("in.onnx"), olstm_test_path("out.onnx"),
                          &options, &report, &error) ||
      olstm__encode_model_open(olstm_test_path("out.onnx"), NULL, &model, &error)) {
    fail_msg("%s", error.message);
  }
  const olstm__graph_proto* graph = model.proto->graph;
  for (size_t o = 0; o < graph->n_output; o++) append(found[0], graph->output[o]);
  for (size_t v = 0; v < graph->n_value_info; v++) append(found[1], graph->value_info[v]);
  assert_string_equal(found[0], outputs);
  assert_string_equal(found[1], values);
  olstm__encode_model_close(&model);
  olstm__convert_report_deinit(&report);
  olstm_test_folder_end();
}

#define WEIGHTS                                           \
  "const w float[1,8,3] 0.3 -0.2 0.1 0.4 0.25 -0.5 0.7\n" \
  "const r float[1,8,2] 0.2 0.5 -0.4 0.1 -0.3\n"
#define LAYER                                                                      \
  "input x float[2,4,3]\n" WEIGHTS                                                 \
  "node Transpose x -> xt perm=[1,0,2]\nnode LSTM xt,w,r -> y,h,c hidden_size=2\n" \
  "value xt float[4,2,3]\nvalue y float[4,1,2,2]\nvalue c float\n"

static void values_between_are_declared_open(void** state) {
  (void)state;
  const olstm__convert_options options = {.opens_batch = true};
  // What is 2 for another reason stays, and so does what has no shape; flat has T in it.
  expect(LAYER
         "node Squeeze y,one -> ys\nvalue ys float[4,2,2]\nconst one int64[1] 1\n"
         "node Transpose ys -> yt perm=[1,0,2]\n"
         "const to int64[2] 8 2\nnode Reshape yt,to -> flat\nvalue flat float[8,2]\n"
         "const v float[2,2] 0.5\nvalue v float[2,2]\n"
         "node MatMul flat,v -> z\nvalue gone float[2]\nvalue z float[8,2]\n"
         "const back int64[3] 2 4 2\nnode Reshape z,back -> o\noutput o float[2,4,2]\n"
         "output h float[1,2,2]\n",
         options, "o[batch,4,2] h[1,batch,2] ",
         "xt[4,batch,3] y[4,1,batch,2] c[] ys[4,batch,2] flat[?,2] v[2,2] z[?,2] ");
}

static void what_stays_is_declared_as_it_was(void** state) {
  (void)state;
  const olstm__convert_options options = {.opens_batch = true};
  // The rows meet.
  expect(LAYER
         "node ReduceMean y -> m axes=[2] keepdims=1\nnode Add y,m -> z\n"
         "value m float[4,1,1,2]\noutput z float[4,1,2,2]\n",
         options, "z[4,1,2,2] ", "xt[4,2,3] y[4,1,2,2] c[] m[4,1,1,2] ");
}

static void outputs_with_the_dimension_twice_are_open_twice(void** state) {
  (void)state;
  const olstm__convert_options options = {.states = OLSTM__CONVERT_STATES_IO};
  expect(
      "input x float[N,4,3]\n" WEIGHTS
      "node Transpose x -> xt perm=[1,0,2]\nnode LSTM xt,w,r -> y hidden_size=2 name=l\n"
      "node Transpose x -> t perm=[0,2,1]\nvalue t float[N,3,4]\n"
      "node MatMul x,t -> s\noutput s float[N,4,4]\noutput y float[4,1,N,2]\n",
      options, "s[N,time,time] y[time,1,N,2] l/h.out[1,N,2] l/c.out[1,N,2] ",
      "t[N,3,time] ");
}

int main(int argc, char** argv) {
  static const struct CMUnitTest kTests[] = {
      cmocka_unit_test(values_between_are_declared_open),
      cmocka_unit_test(what_stays_is_declared_as_it_was),
      cmocka_unit_test(outputs_with_the_dimension_twice_are_open_twice),
  };
  return olstm_test_main(argc, argv, kTests, sizeof kTests / sizeof kTests[0]);
}
