#include "triton_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/triton/triton_dtype.h"
#include "tests/support/model_text.h"

#define WEIGHTS(l, in)                           \
  "const w" l " float[1,16," in                  \
  "] 0.3 -0.2 0.1 0.4 -0.35 0.25 0.15\n"         \
  "const r" l                                    \
  " float[1,16,4] 0.2 -0.1 0.3 -0.25 0.05 0.6\n" \
  "const b" l " float[1,32] 0.1 -0.05 0.02\n"

const char kTwoLayers[] =
    "opset 17\n"
    "input x float[t,n,3]\n" WEIGHTS("b", "3") WEIGHTS("a", "4")
    "const one int64[1] 1\n"
    "node LSTM x,wb,rb,bb -> yb name=b hidden_size=4\n"
    "node Squeeze yb,one -> sb\n"
    "node LSTM sb,wa,ra,ba -> ya,last name=a hidden_size=4\n"
    "node Squeeze ya,one -> y\n"
    "output y float[t,n,4]\n"
    "output last float[1,n,4]\n";

const char kOneLayer[] =
    "opset 17\n"
    "input x float[n,t,3]\n" WEIGHTS("l", "3")
    "node LSTM x,wl,rl,bl -> y4,h name=l hidden_size=4 layout=1\n"
    "const two int64[1] 2\n"
    "node Squeeze y4,two -> y\n"
    "output y float[n,t,4]\n";

const char kDense[] =
    "input x float[n,3]\n"
    "const w float[3,2] 0.5 -1 2 0.25 -0.75 1.5\n"
    "const one float[2] 1\n"
    "node MatMul x,w -> m\n"
    "node Add m,one -> y\n"
    "output y float[n,2]\n";

static void write_model(triton_fixture* fixture, const char* text) {
  char path[128];
  size_t count = 0;
  void* bytes = olstm_test_model_bytes(text, &count);
  (void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/olstm-triton-XXXXXX");
  assert_non_null(mkdtemp(fixture->folder));
  (void)snprintf(path, sizeof path, "%s/1", fixture->folder);
  assert_int_equal(mkdir(path, 0700), 0);
  (void)snprintf(path, sizeof path, "%s/1/model.onnx", fixture->folder);
  FILE* file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, count, file), count);
  assert_int_equal(fclose(file), 0);
  free(bytes);
}

const char* fixture_load(triton_fixture* fixture, const char* model_text,
                         const char* config, bool completes) {
  *fixture = (triton_fixture){0};
  write_model(fixture, model_text);
  assert_string_equal(fake_open(&fixture->backend), "");
  return fake_load(&fixture->backend, &fixture->model, fixture->folder, config,
                   completes);
}

void fixture_unload(triton_fixture* fixture) {
  char path[128];
  fake_close(&fixture->backend);
  (void)snprintf(path, sizeof path, "%s/1/model.onnx", fixture->folder);
  assert_int_equal(unlink(path), 0);
  (void)snprintf(path, sizeof path, "%s/1", fixture->folder);
  assert_int_equal(rmdir(path), 0);
  assert_int_equal(rmdir(fixture->folder), 0);
}

void fixture_start(triton_fixture* fixture, const char* model_text, const char* config,
                   const olstm_session_options* options) {
  static const char* const kAll[] = {"all"};
  olstm_session_options stateful;
  olstm_error error = {""};
  assert_string_equal(fixture_load(fixture, model_text, config, true), "");
  for (int i = 0; i < FIXTURE_INSTANCES; i++) {
    assert_string_equal(fake_add_instance(&fixture->instances[i], &fixture->model,
                                          OLSTM__TRITON_KIND_CPU),
                        "");
  }
  olstm_session_options_init(&stateful);
  stateful.stateful = kAll;
  stateful.stateful_count = 1;
  olstm_model* model = olstm_test_model(model_text);
  olstm_status status = olstm_session_create(model, NULL, options ? options : &stateful,
                                             &fixture->alone, &error);
  // No recurrent node.
  if (!options && status == OLSTM_STATUS_NOT_FOUND) {
    status = olstm_session_create(model, NULL, NULL, &fixture->alone, &error);
  }
  olstm_model_destroy(model);
  if (status != OLSTM_STATUS_OK) fail_msg("%s", error.message);
}

void fixture_end(triton_fixture* fixture) {
  for (int i = 0; i < FIXTURE_INSTANCES; i++) {
    fake_remove_instance(&fixture->instances[i]);
  }
  fake_unload(&fixture->model);
  olstm_session_destroy(fixture->alone);
  fixture_unload(fixture);
}

void fixture_numbers(float* out_numbers, size_t count, uint32_t seed) {
  uint32_t x = seed * 2654435761u + 1u;
  for (size_t i = 0; i < count; i++) {
    x = x * 1664525u + 1013904223u;
    out_numbers[i] = (float)(x >> 8) / 8388608.0F - 1.0F;
  }
}

void fixture_expect(const TRITONBACKEND_Request* request, const char* name,
                    const olstm_tensor* expected) {
  const TRITONBACKEND_Output* output = fake_output(request, name);
  size_t bytes = 0;
  uint32_t at = 0;
  assert_true(olstm_tensor_desc_bytes(&expected->desc, &bytes));
  assert_int_equal(output->type, olstm__triton_type_of(expected->desc.dtype));
  assert_int_equal(output->bytes, bytes);
  for (int32_t d = 0; d < expected->desc.rank; d++) {
    if (expected->desc.dims[d] == 1) continue;
    while (at < output->rank && output->dims[at] == 1) at++;
    assert_true(at < output->rank);
    assert_int_equal(output->dims[at++], expected->desc.dims[d]);
  }
  assert_memory_equal(output->data, expected->data, bytes);
}
