// Fusion hides no mistake: a node that is refused for what it is, is refused with the
// same words where a pattern could have replaced it.
#include <stdio.h>
#include <string.h>

#include "olstm/olstm.h"
#include "tests/support/model_text.h"
#include "tests/support/test_main.h"

#define DENSE                                                                   \
  "input x float[n,5]\nconst w float[5,7] 0.3 -0.2 0.1\nconst b float[7] 0.1\n" \
  "const wt float[7,5] 0.3 -0.2\n"
#define CONV                                                                     \
  "input x float[1,2,5]\nconst w float[3,2,3] 0.25 -0.5\nconst b float[3] 0.1\n" \
  "const s float[3] 0.5\nconst k float[3,1] 0.5\ninput r float[1,3,3]\n"
#define LAYER                                                    \
  "input x float[T,N,2]\nconst w float[1,8,2] 0.5 -0.25 0.125\n" \
  "const r float[1,8,2] 0.25 0.5 -0.75\nconst one int64[1] 1\n"  \
  "const last int64 -1\n"

static olstm_status create(const char* text, bool fuse, olstm_error* error) {
  olstm_session_options options;
  olstm_session* session = NULL;
  olstm_model* model = olstm_test_model(text);
  olstm_session_options_init(&options);
  options.fuse = fuse;
  error->message[0] = '\0';
  const olstm_status status =
      olstm_session_create(model, NULL, &options, &session, error);
  olstm_session_destroy(session);
  olstm_model_destroy(model);
  return status;
}

/// Of `model` with `extra` in place of "#".
static void expect_same_refusal(const char* model, const char* extra) {
  char text[2048] = "";
  olstm_error plain, fused;
  for (const char* from = model; *from; from++) {
    const size_t used = strlen(text);
    (void)snprintf(text + used, sizeof text - used, "%s%.*s", *from == '#' ? extra : "",
                   *from == '#' ? 0 : 1, from);
  }
  if (create(text, false, &plain) != OLSTM_STATUS_INVALID_MODEL)
    fail_msg("accepted: %s", text);
  assert_non_null(strstr(plain.message, " outputs, expected at most "));
  if (create(text, true, &fused) != OLSTM_STATUS_INVALID_MODEL ||
      strcmp(fused.message, plain.message) != 0) {
    fail_msg("%s\n'%s', expected '%s'", text, fused.message, plain.message);
  }
}

static void nodes_with_an_output_too_many_are_refused(void** state) {
  // "#" is an output more.
  static const char* const kModels[] = {
      DENSE "node MatMul x,w -> p#\nnode Add p,b -> s\nnode Relu s -> y\noutput y\n",
      DENSE "node MatMul x,w -> p\nnode Add p,b -> s#\nnode Relu s -> y\noutput y\n",
      DENSE "node MatMul x,w -> p\nnode Add p,b -> s\nnode Relu s -> y#\noutput y\n",
      DENSE "node Gemm x,wt,b -> s# transB=1\nnode Tanh s -> y\noutput y\n",
      CONV "node Conv x,w,b -> c#\nnode Relu c -> y\noutput y\n",
      CONV "node Conv x,w,b -> c\nnode Relu c -> y#\noutput y\n",
      CONV "node Conv x,w,b -> c\nnode Add c,r -> y#\noutput y\n",
      CONV "node Conv x,w,b -> c\nnode Mul c,k -> y#\noutput y\n",
      CONV "node Conv x,w,b -> c\nnode InstanceNormalization c,s,b -> y#\noutput y\n",
      LAYER
      "node LSTM x,w,r -> Y hidden_size=2\nnode Squeeze Y,one -> q#\n"
      "node Gather q,last -> y\noutput y\n",
      LAYER
      "node LSTM x,w,r -> Y hidden_size=2\nnode Squeeze Y,one -> q\n"
      "node Gather q,last -> y#\noutput y\n",
      LAYER
      "node LSTM x,w,r -> Y,_,_# hidden_size=2\nnode Squeeze Y,one -> q\n"
      "node Gather q,last -> y\noutput y\n",
      LAYER "node LSTM x,w,r -> _,y,c# hidden_size=2\noutput y\n",
      LAYER
      "node Transpose x -> t# perm=[1,0,2]\nnode LSTM t,w,r -> Y hidden_size=2\n"
      "node Squeeze Y,one -> q\nnode Transpose q -> y perm=[1,0,2]\noutput y\n",
  };
  (void)state;
  for (size_t m = 0; m < sizeof kModels / sizeof kModels[0]; m++) {
    expect_same_refusal(kModels[m], ",extra");
    expect_same_refusal(kModels[m], ",_");
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nodes_with_an_output_too_many_are_refused),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
