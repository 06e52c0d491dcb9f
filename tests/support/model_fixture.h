// A model of tests/data with a session and a context, for tests that run models. All
// their memory is counted: model_end expects it back, with its sizes.
#ifndef OLSTM_TESTS_SUPPORT_MODEL_FIXTURE_H_
#define OLSTM_TESTS_SUPPORT_MODEL_FIXTURE_H_

#include <string.h>

#include "olstm/olstm.h"
#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

enum { MODEL_FIXTURE_MAX = 8 };

/// Not to be copied or moved.
typedef struct model_fixture {
  olstm_test_allocator allocator;
  olstm_session* session;
  olstm_context* context;
  /// The inputs of the next run, in the session's order, and the outputs of the last one.
  size_t input_count;
  olstm_tensor inputs[MODEL_FIXTURE_MAX];
  olstm_tensor outputs[MODEL_FIXTURE_MAX];
  olstm_error error;
} model_fixture;

/// `path` is what follows tests/data. Fails the test when there is no session. The
/// allocator of `options` is not used.
static inline void model_start(model_fixture* fixture, const char* path,
                               const olstm_session_options* options) {
  olstm_model* model = NULL;
  olstm_model_options model_options;
  olstm_session_options session_options;
  memset(fixture, 0, sizeof *fixture);
  olstm_test_allocator_init(&fixture->allocator);
  olstm_model_options_init(&model_options);
  model_options.allocator = &fixture->allocator.allocator;
  olstm_session_options_init(&session_options);
  if (options) session_options = *options;
  session_options.allocator = &fixture->allocator.allocator;
  olstm_error* error = &fixture->error;
  olstm_status status = olstm_model_load_file(path, &model_options, &model, error);
  if (status == OLSTM_STATUS_OK) {
    status =
        olstm_session_create(model, NULL, &session_options, &fixture->session, error);
  }
  olstm_model_destroy(model);
  if (status == OLSTM_STATUS_OK) {
    status = olstm_context_create(fixture->session, &fixture->context, error);
  }
  if (status != OLSTM_STATUS_OK) fail_msg("%s: %s", path, error->message);
}

static inline void model_end(model_fixture* fixture) {
  olstm_context_destroy(fixture->context);
  olstm_session_destroy(fixture->session);
  olstm_test_allocator_assert_clean(&fixture->allocator);
}

/// Gives input `index` (the session's order) a value. dims: MODEL_SHAPE(2, 3), or
/// MODEL_SCALAR.
static inline void model_input(model_fixture* fixture, size_t index, olstm_dtype dtype,
                               const void* data, const int64_t* dims) {
  olstm_tensor* input = &fixture->inputs[index];
  *input = (olstm_tensor){{.dtype = dtype}, (void*)data};
  while (dims[input->desc.rank] >= 0) {
    input->desc.dims[input->desc.rank] = dims[input->desc.rank];
    input->desc.rank++;
  }
  if (index >= fixture->input_count) fixture->input_count = index + 1;
}

#define MODEL_SHAPE(...) ((const int64_t[]){__VA_ARGS__, -1})
#define MODEL_SCALAR ((const int64_t[]){-1})

static inline olstm_status model_run(model_fixture* fixture) {
  memset(fixture->outputs, 0, sizeof fixture->outputs);
  return olstm_context_run(fixture->context, fixture->inputs, fixture->input_count,
                           fixture->outputs, olstm_session_output_count(fixture->session),
                           &fixture->error);
}

/// Runs, and fails the test when that fails.
static inline void model_must_run(model_fixture* fixture) {
  if (model_run(fixture) != OLSTM_STATUS_OK) fail_msg("%s", fixture->error.message);
}

static inline void model_expect_shape(const model_fixture* fixture, size_t output,
                                      const char* shape) {
  assert_string_equal(olstm_shape_text(&fixture->outputs[output].desc).text, shape);
}

/// Expects an output of floats of that shape and these elements.
static inline void model_expect(const model_fixture* fixture, size_t output,
                                const char* shape, const float* values) {
  const float* got = fixture->outputs[output].data;
  model_expect_shape(fixture, output, shape);
  assert_int_equal(fixture->outputs[output].desc.dtype, OLSTM_DTYPE_FLOAT);
  const int64_t count = olstm_tensor_desc_count(&fixture->outputs[output].desc);
  for (int64_t i = 0; i < count; i++) {
    if (got[i] != values[i]) {
      fail_msg("output %zu, element %d: %g, expected %g", output, (int)i, (double)got[i],
               (double)values[i]);
    }
  }
}

static inline void model_expect_int64(const model_fixture* fixture, size_t output,
                                      const char* shape, const int64_t* values) {
  model_expect_shape(fixture, output, shape);
  assert_int_equal(fixture->outputs[output].desc.dtype, OLSTM_DTYPE_INT64);
  const int64_t count = olstm_tensor_desc_count(&fixture->outputs[output].desc);
  if (count) {
    assert_memory_equal(fixture->outputs[output].data, values,
                        (size_t)count * sizeof *values);
  }
}

#endif  // OLSTM_TESTS_SUPPORT_MODEL_FIXTURE_H_
