// runtime/fuse/fuse_last_step.c: who picks the last step of Y reads Y_h, and gets the
// same.
#include <string.h>

#include "olstm/olstm.h"
#include "tests/support/fuse_case.h"
#include "tests/support/model_text.h"
#include "tests/support/test_main.h"

#define WEIGHTS(d, directions)                                            \
  "input x float[t,n,2]\n"                                                \
  "const w float[" #d                                                     \
  ",16,2] 0.3 -0.2 0.1 0.4 -0.5\n"                                        \
  "const r float[" #d                                                     \
  ",16,4] 0.2 -0.1 0.3 -0.4 0.1 0.25 -0.15\n"                             \
  "const zero int64[1] 0\nconst one int64[1] 1\nconst last int64[1] -1\n" \
  "const end int64[1] 9223372036854775807\nconst i_last int64 -1\n"       \
  "const i_first int64 0\nconst two int64[1] 2\n" directions
#define LSTM(mode) \
  WEIGHTS(1, "node LSTM x,w,r -> Y,Y_h,Y_c hidden_size=4 direction=\"" mode "\"\n")
#define FORWARD LSTM("forward")
#define BOTH \
  WEIGHTS(2, "node LSTM x,w,r -> Y hidden_size=4 direction=\"bidirectional\"\n")

#define BOTH_STATES \
  WEIGHTS(2, "node LSTM x,w,r -> Y,Y_h hidden_size=4 direction=\"bidirectional\"\n")

static void every_way_that_exporters_pick_it_is_known(void** state) {
  (void)state;
  // tf2onnx, torch, torch with batch_first.
  fuse_case_expect(FORWARD
                   "node Squeeze Y,one -> s\n"
                   "node Slice s,last,end,zero -> l\n"
                   "node Squeeze l,zero -> y\noutput y\n",
                   "LSTM");
  fuse_case_expect(FORWARD
                   "node Squeeze Y,one -> s\n"
                   "node Gather s,i_last -> y axis=0\noutput y\n",
                   "LSTM");
  fuse_case_expect(FORWARD
                   "node Squeeze Y,one -> s\n"
                   "node Transpose s -> b perm=[1,0,2]\n"
                   "node Gather b,i_last -> y axis=1\noutput y\n",
                   "LSTM");
  fuse_case_expect(FORWARD
                   "node Squeeze Y,one -> s\n"
                   "node Transpose s -> b perm=[1,0,2]\n"
                   "node Slice b,last,end,one -> y\noutput y\n",
                   "LSTM");
  fuse_case_expect(FORWARD "node Slice Y,last,end,zero -> y\noutput y\n", "LSTM");
  fuse_case_expect(FORWARD
                   "node Squeeze Y,one -> s\n"
                   "node Gather s,i_last -> y axis=-3\noutput y\n",
                   "LSTM");
}

static void the_last_step_backwards_is_the_first(void** state) {
  (void)state;
  fuse_case_expect(LSTM("reverse")
                   "node Squeeze Y,one -> s\n"
                   "node Slice s,zero,one,zero -> y\noutput y\n",
                   "LSTM");
  fuse_case_expect(LSTM("reverse")
                   "node Squeeze Y,one -> s\n"
                   "node Gather s,i_last -> y\noutput y\n",
                   "LSTM Gather");
}

static void each_direction_has_its_own(void** state) {
  (void)state;
  fuse_case_expect(
      BOTH
      "node Slice Y,zero,one,one -> f\nnode Slice Y,one,two,one -> g\n"
      "node Squeeze f,one -> fs\nnode Squeeze g,one -> gs\n"
      "node Slice fs,last,end,zero -> fl\nnode Slice gs,zero,one,zero -> gl\n"
      "node Squeeze fl,zero -> ff\nnode Squeeze gl,zero -> gg\n"
      "node Concat ff,gg -> y axis=1\noutput y\n",
      "LSTM Concat");
  // Both at the last step of X: the second is its first.
  fuse_case_expect(BOTH "node Slice Y,last,end,zero -> y\noutput y\n", "LSTM Slice");
}

static void whatever_else_is_picked_stays(void** state) {
  (void)state;
  fuse_case_expect(FORWARD "node Slice Y,zero,one,zero -> y\noutput y\n", "LSTM Slice");
  fuse_case_expect(FORWARD "node Slice Y,last,end,two -> y\noutput y\n", "LSTM Slice");
  // One row, or a unit, of every step.
  fuse_case_expect(FORWARD
                   "node Squeeze Y,one -> s\n"
                   "node Gather s,i_last -> y axis=1\noutput y\n",
                   "LSTM Gather");
  fuse_case_expect(FORWARD
                   "node Squeeze Y,one -> s\n"
                   "node Gather s,i_last -> y axis=-1\noutput y\n",
                   "LSTM Gather");
  // With an axis of its own.
  fuse_case_expect(FORWARD
                   "node Squeeze Y,one -> s\n"
                   "node Gather s,last -> y\noutput y\n",
                   "LSTM Gather");
  // Units, rows, steps.
  fuse_case_expect(FORWARD
                   "node Squeeze Y,one -> s\nnode Transpose s -> b\n"
                   "node Gather b,i_last -> y axis=2\noutput y\n",
                   "LSTM Transpose Gather");
  // The last direction of the state.
  fuse_case_expect(BOTH_STATES "node Gather Y_h,i_last -> y\noutput y\noutput Y\n",
                   "LSTM Gather");
  // Units before rows.
  fuse_case_expect(FORWARD
                   "node Squeeze Y,one -> s\n"
                   "node Transpose s -> b perm=[0,2,1]\n"
                   "node Gather b,i_last -> y axis=0\noutput y\n",
                   "LSTM Transpose Gather");
}

static void rows_of_their_own_length_end_elsewhere(void** state) {
  (void)state;
  fuse_case_expect(WEIGHTS(1, "const lens int32[3] 1 3 2\n")
                   "node LSTM x,w,r,_,lens -> Y hidden_size=4\n"
                   "node Squeeze Y,one -> s\n"
                   "node Gather s,i_last -> y\noutput y\n",
                   "LSTM Gather");
}

static void y_is_still_there_for_others(void** state) {
  (void)state;
  fuse_case_expect(FORWARD
                   "node Squeeze Y,one -> s\n"
                   "node Gather s,i_last -> y\noutput y\noutput s\noutput Y_h\n",
                   "LSTM Copy");
}

static void a_slice_by_no_lists_is_refused(void** state) {
  olstm_error error = {""};
  olstm_session* session = NULL;
  olstm_model* model = olstm_test_model("opset 9\n" FORWARD
                                        "node Slice Y -> y starts=0 ends=1\noutput y\n");
  (void)state;
  assert_int_equal(olstm_session_create(model, NULL, NULL, &session, &error),
                   OLSTM_STATUS_INVALID_MODEL);
  assert_non_null(strstr(error.message, "Slice 'y': attribute starts"));
  olstm_model_destroy(model);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_way_that_exporters_pick_it_is_known),
      cmocka_unit_test(the_last_step_backwards_is_the_first),
      cmocka_unit_test(each_direction_has_its_own),
      cmocka_unit_test(whatever_else_is_picked_stays),
      cmocka_unit_test(rows_of_their_own_length_end_elsewhere),
      cmocka_unit_test(y_is_still_there_for_others),
      cmocka_unit_test(a_slice_by_no_lists_is_refused),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
