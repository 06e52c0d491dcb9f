// onnx_proto/file_guess.h: what bytes that are neither a model nor a tensor look like.
#include "onnx_proto/file_guess.h"

#include <string.h>

#include "olstm/model.h"
#include "tests/support/onnx_writer.h"
#include "tests/support/test_main.h"

#define CASE(bytes, what) \
  { bytes, sizeof(bytes) - 1, what }

static const struct {
  const char* bytes;
  size_t count;
  const char* what;
} kCases[] = {
    CASE("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer"),
    CASE("\x89HDF\r\n\x1a\n\0\0\0\0", "HDF5"),
    CASE("PK\x03\x04\x14\0\0\0", "zip"),
    CASE("\x1f\x8b\x08\0", "gzip"),
    CASE("\x1c\0\0\0TFL3\0\0", "TensorFlow Lite"),
    CASE("\x93NUMPY\x01\0", "NumPy"),
    CASE("\x80\x02}q\0", "pickle"),
    CASE("<!DOCTYPE html><html>", "HTML"),
    CASE("{\"class_name\": \"Sequential\"}", "JSON"),
    CASE("404: Not Found\n", "it is text"),
    CASE("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a PNG picture"),
    CASE("\xff\xd8\xff\xe0\0\x10JFIF", "a JPEG picture"),
    CASE("RIFF\x24\0\0\0WAVEfmt ", "a WAV file"),
    CASE("\x80\x04\x95\x10\0\0\0", "a Python pickle"),
    CASE("PAR1\x15\0", "a Parquet file"),
    CASE("MATLAB 5.0 MAT-file, Platform: GLNXA64", "a MATLAB file"),
    CASE("\x18\0\0\0\0\0\0\0{\"__metadata__\":{}}", "a safetensors file"),
    CASE("1.0, 2.0\n3.0, 4.0\n", "it is text"),
    CASE("", "empty"),
};

static void says_what_a_file_is_when_it_is_no_model(void** state) {
  (void)state;
  for (size_t c = 0; c < sizeof kCases / sizeof kCases[0]; c++) {
    olstm_model* model = NULL;
    olstm_error error = {""};
    assert_int_equal(
        olstm_model_load_memory(kCases[c].bytes, kCases[c].count, NULL, &model, &error),
        OLSTM_STATUS_INVALID_MODEL);
    if (!strstr(error.message, kCases[c].what)) {
      fail_msg("'%s' not in '%s'", kCases[c].what, error.message);
    }
  }
}

static void says_it_of_tensors_too(void** state) {
  (void)state;
  for (size_t c = 0; c < sizeof kCases / sizeof kCases[0]; c++) {
    olstm_tensor tensor;
    olstm_error error = {""};
    assert_int_equal(olstm_tensor_read_pb(kCases[c].bytes, kCases[c].count, NULL, &tensor,
                                          NULL, &error),
                     OLSTM_STATUS_INVALID_MODEL);
    if (!strstr(error.message, kCases[c].what)) {
      fail_msg("'%s' not in '%s'", kCases[c].what, error.message);
    }
  }
}

static void knows_a_model_where_a_tensor_is_wanted(void** state) {
  pb_bytes graph = {0};
  pb_bytes model = {0};
  olstm_tensor tensor;
  olstm_error error = {""};
  (void)state;
  pb_int(&model, MODEL_IR_VERSION, 8);
  pb_text(&model, MODEL_PRODUCER, "someone");
  pb_message(&model, MODEL_GRAPH, &graph);
  assert_int_equal(
      olstm_tensor_read_pb(model.bytes, model.count, NULL, &tensor, NULL, &error),
      OLSTM_STATUS_INVALID_MODEL);
  assert_string_equal(error.message, "not a TensorProto: it is an ONNX model");
  pb_deinit(&model);
}

static void has_no_guess_for_a_model(void** state) {
  pb_bytes graph = {0};
  pb_bytes model = onnx_model(&graph);
  (void)state;
  assert_null(olstm__file_guess(model.bytes, model.count));
  pb_deinit(&model);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(says_what_a_file_is_when_it_is_no_model),
      cmocka_unit_test(says_it_of_tensors_too),
      cmocka_unit_test(knows_a_model_where_a_tensor_is_wanted),
      cmocka_unit_test(has_no_guess_for_a_model),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
