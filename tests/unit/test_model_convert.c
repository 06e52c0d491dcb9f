// runtime/convert/model_convert.h: when memory runs out anywhere, nothing is left behind,
// and nothing is written.
#include <stdio.h>
#include <stdlib.h>

#include "runtime/convert/model_convert.h"
#include "tests/support/model_text.h"
#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"
#include "tests/support/test_system.h"

/// Writes the model of lines of text to a file.
static void write_text(const char* text) {
  size_t count = 0;
  void* bytes = olstm_test_model_bytes(text, &count);
  FILE* file = fopen(olstm_test_path("in.onnx"), "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, count, file), count);
  assert_int_equal(fclose(file), 0);
  free(bytes);
}

static bool has_output(void) {
  FILE* file = fopen(olstm_test_path("out.onnx"), "rb");
  return file && fclose(file) == 0;
}

/// Converts a model again and again, with one allocation more that works. path: NULL for
/// what write_text wrote.
static void fail_everywhere(const char* path, olstm__convert_options options) {
  olstm_test_allocator memory;
  olstm_status status = OLSTM_STATUS_OUT_OF_MEMORY;
  for (int64_t nth = 1; status != OLSTM_STATUS_OK; nth++) {
    olstm_error error = {""};
    olstm__convert_report report;
    olstm_test_allocator_init(&memory);
    options.allocator = &memory.allocator;
    olstm__convert_report_init(&report, &memory.allocator);
    olstm_test_allocator_fail_at(&memory, nth);
    status = olstm__convert_file(path ? path : olstm_test_path("in.onnx"),
                                 olstm_test_path("out.onnx"), &options, &report, &error);
    if (status != OLSTM_STATUS_OK && status != OLSTM_STATUS_OUT_OF_MEMORY) {
      fail_msg("allocation %lld: %s", (long long)nth, error.message);
    }
    assert_int_equal(has_output(), status == OLSTM_STATUS_OK);
    olstm__convert_report_deinit(&report);
    olstm_test_allocator_assert_clean(&memory);
  }
}

static void fail_text(const char* text, olstm__convert_options options) {
  olstm_test_folder_begin();
  write_text(text);
  fail_everywhere(NULL, options);
  olstm_test_folder_end();
}

static void loops_need_memory(void** state) {
  (void)state;
  olstm_test_folder_begin();
  fail_everywhere(OLSTM_TEST_DATA "/loops/lstm_masked.onnx",
                  (olstm__convert_options){.max_memory = 0});
  olstm_test_folder_end();
}

#define WEIGHTS                                           \
  "const w float[1,8,3] 0.3 -0.2 0.1 0.4 0.25 -0.5 0.7\n" \
  "const r float[1,8,2] 0.2 0.5 -0.4 0.1 -0.3\n"

static void states_and_batches_need_memory(void** state) {
  (void)state;
  fail_text("input x float[1,4,3]\ninput l int32[1]\n" WEIGHTS
            "const s float[1,1,2] 0.5\nnode Transpose x -> xt perm=[1,0,2]\n"
            "node LSTM xt,w,r,_,l,s,s -> y hidden_size=2 name=rnn\n"
            "const to int64[3] 1 4 2\nnode Reshape y,to -> z\n"
            "const k float[1,4,2] 3\nnode Neg k -> n\nnode Add z,n -> out\noutput out\n",
            (olstm__convert_options){.states = OLSTM__CONVERT_STATES_IO,
                                     .state_names = "h{node},c{node}"});
}

static void the_way_back_and_external_data_need_memory(void** state) {
  (void)state;
  fail_text("input x float[T,N,3]\ninput s float[1,N,2]\n" WEIGHTS
            "node LSTM x,w,r,_,_,s,s -> y,h hidden_size=2 name=rnn\n"
            "output y\noutput h\n",
            (olstm__convert_options){.states = OLSTM__CONVERT_STATES_NONE,
                                     .external_data_bytes = 1});
}

int main(int argc, char** argv) {
  static const struct CMUnitTest kTests[] = {
      cmocka_unit_test(loops_need_memory),
      cmocka_unit_test(states_and_batches_need_memory),
      cmocka_unit_test(the_way_back_and_external_data_need_memory),
  };
  return olstm_test_main(argc, argv, kTests, sizeof kTests / sizeof kTests[0]);
}
