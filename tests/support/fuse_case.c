#include "tests/support/fuse_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "olstm/olstm.h"
#include "tests/support/model_text.h"
#include "tests/support/test_main.h"

enum { kMaxTensors = 16, kMaxValues = 4096, kOpenDimension = 3, kMaxText = 4096 };

typedef struct fuse_run {
  olstm_session* session;
  olstm_context* context;
  olstm_tensor outputs[kMaxTensors];
} fuse_run;

static void run(olstm_model* model, bool fuse, fuse_run* out) {
  static float values[kMaxValues];
  olstm_tensor inputs[kMaxTensors];
  olstm_error error = {""};
  olstm_session_options options;
  olstm_session_options_init(&options);
  options.fuse = fuse;
  *out = (fuse_run){NULL, NULL, {{.data = NULL}}};
  for (int i = 0; i < kMaxValues; i++) values[i] = sinf((float)i);
  if (olstm_session_create(model, NULL, &options, &out->session, &error) ||
      olstm_context_create(out->session, &out->context, &error)) {
    fail_msg("%s", error.message);
  }
  const size_t count = olstm_session_input_count(out->session);
  assert_in_range(count, 0, kMaxTensors);
  for (size_t i = 0; i < count; i++) {
    const olstm_value_info* info = olstm_session_get_input(out->session, i);
    inputs[i] = (olstm_tensor){{info->dtype, info->rank, {0}}, values};
    for (int32_t d = 0; d < info->rank; d++) {
      inputs[i].desc.dims[d] = info->dims[d] < 0 ? kOpenDimension : info->dims[d];
    }
    assert_in_range(olstm_tensor_desc_count(&inputs[i].desc), 0, kMaxValues / 2);
  }
  if (olstm_context_run(out->context, inputs, count, out->outputs,
                        olstm_session_output_count(out->session), &error)) {
    fail_msg("%s", error.message);
  }
}

static void expect_steps(const olstm_context* context, const char* expected) {
  char text[512] = "";
  olstm_plan_info plan;
  olstm_step_info step;
  assert_int_equal(olstm_context_get_plan_info(context, &plan, NULL), OLSTM_STATUS_OK);
  for (size_t i = 0; i < plan.step_count; i++) {
    assert_int_equal(olstm_context_get_step_info(context, i, &step, NULL),
                     OLSTM_STATUS_OK);
    if (step.is_view) continue;
    const size_t used = strlen(text);
    (void)snprintf(text + used, sizeof text - used, "%s%s", used ? " " : "",
                   step.op_type);
  }
  assert_string_equal(text, expected);
}

/// Runs a model both ways; `with` and `without` keep the sessions.
static void run_both(olstm_model* model, fuse_run* with, fuse_run* without) {
  run(model, true, with);
  run(model, false, without);
}

static void end_run(fuse_run* ran) {
  olstm_context_destroy(ran->context);
  olstm_session_destroy(ran->session);
}

/// A tolerance of 0: bit for bit. Others are for outputs of floats.
static void expect_equal_outputs(const fuse_run* with, const fuse_run* without,
                                 const char* what, double tolerance) {
  for (size_t o = 0; o < olstm_session_output_count(with->session); o++) {
    const olstm_tensor *a = &with->outputs[o], *b = &without->outputs[o];
    size_t bytes = 0;
    assert_true(olstm_tensor_desc_equal(&a->desc, &b->desc));
    assert_true(olstm_tensor_desc_bytes(&a->desc, &bytes));
    if (memcmp(a->data, b->data, bytes) == 0) continue;
    assert_int_equal(a->desc.dtype, OLSTM_DTYPE_FLOAT);
    for (int64_t i = 0; i < olstm_tensor_desc_count(&a->desc); i++) {
      const double difference =
          (double)((const float*)a->data)[i] - (double)((const float*)b->data)[i];
      if (!(fabs(difference) <= tolerance)) {
        fail_msg("%s: output %zu differs by %.9g at %lld", what, o, difference,
                 (long long)i);
      }
    }
  }
}

static void expect_same(olstm_model* model, const char* what, double tolerance) {
  fuse_run with, without;
  run_both(model, &with, &without);
  expect_equal_outputs(&with, &without, what, tolerance);
  end_run(&with);
  end_run(&without);
}

static void expect_both(const char* model_text, const char* steps, double tolerance) {
  olstm_model* model = olstm_test_model(model_text);
  fuse_run with, without;
  run_both(model, &with, &without);
  expect_steps(with.context, steps);
  expect_equal_outputs(&with, &without, steps, tolerance);
  end_run(&with);
  end_run(&without);
  olstm_model_destroy(model);
}

void fuse_case_expect(const char* model_text, const char* steps) {
  expect_both(model_text, steps, 0.0);
}

void fuse_case_expect_same(const char* model_text) {
  olstm_model* model = olstm_test_model(model_text);
  expect_same(model, model_text, 0.0);
  olstm_model_destroy(model);
}

void fuse_case_expect_pairs(const char* model_text) {
  olstm_model* model = olstm_test_model(model_text);
  fuse_run with, without;
  run_both(model, &with, &without);
  expect_equal_outputs(&with, &without, model_text, 0.0);
  for (size_t o = 0; o < olstm_session_output_count(with.session); o += 2) {
    const olstm_tensor *a = &with.outputs[o], *b = &with.outputs[o + 1];
    size_t bytes = 0;
    if (!olstm_tensor_desc_equal(&a->desc, &b->desc)) {
      fail_msg("output '%s' has shape %s, its pair %s",
               olstm_session_get_output(with.session, o)->name,
               olstm_shape_text(&a->desc).text, olstm_shape_text(&b->desc).text);
    }
    assert_true(olstm_tensor_desc_bytes(&a->desc, &bytes));
    if (a->data && b->data && memcmp(a->data, b->data, bytes) != 0) {
      fail_msg("output '%s' is not what its pair is",
               olstm_session_get_output(with.session, o)->name);
    }
  }
  end_run(&with);
  end_run(&without);
  olstm_model_destroy(model);
}

void fuse_case_expect_steps(const char* model_text, const char* steps) {
  expect_both(model_text, steps, 1e-6);
}

// ---------------------------------------------------------------- edits

static void apply_edit(const char* text, const fuse_case_edit* edit, char* out,
                       size_t capacity) {
  const size_t count = sizeof edit->places / sizeof edit->places[0];
  assert_in_range(strlen(text), 1, capacity - 1);
  (void)snprintf(out, capacity, "%s", text);
  for (size_t p = 0; p < count && edit->places[p].from; p++) {
    const char *from = edit->places[p].from, *to = edit->places[p].to;
    char* at = strstr(out, from);
    if (!at || strstr(at + 1, from)) {
      fail_msg("%s: '%s' does not occur once", edit->what, from);
    }
    const size_t tail = strlen(at + strlen(from)) + 1;
    assert_in_range((size_t)(at - out) + strlen(to) + tail, 1, capacity);
    memmove(at + strlen(to), at + strlen(from), tail);
    memcpy(at, to, strlen(to));
  }
}

/// Whether a word is among those of a list with blanks between them.
static bool is_listed(const char* words, const char* word) {
  const size_t length = strlen(word);
  for (const char* at = strstr(words, word); at; at = strstr(at + 1, word)) {
    const bool begins = at == words || at[-1] == ' ';
    if (begins && (at[length] == '\0' || at[length] == ' ')) return true;
  }
  return false;
}

static bool has_node(olstm_model* model, const char* op_types) {
  olstm_error error = {""};
  olstm_session* session = NULL;
  bool has = false;
  if (olstm_session_create(model, NULL, NULL, &session, &error) != OLSTM_STATUS_OK) {
    fail_msg("%s", error.message);
  }
  for (size_t n = 0; n < olstm_session_node_count(session); n++) {
    has = has || is_listed(op_types, olstm_session_get_node(session, n)->op_type);
  }
  olstm_session_destroy(session);
  return has;
}

static void expect_edits(const char* model_text, const char* op_types,
                         const fuse_case_edit* edits, size_t count, bool is_recognised,
                         double tolerance) {
  olstm_model* model = olstm_test_model(model_text);
  assert_true(has_node(model, op_types));
  olstm_model_destroy(model);
  for (size_t e = 0; e < count; e++) {
    char text[kMaxText];
    apply_edit(model_text, &edits[e], text, sizeof text);
    model = olstm_test_model(text);
    if (has_node(model, op_types) != is_recognised) {
      fail_msg("%s: %s", edits[e].what,
               is_recognised ? "not recognised" : "recognised all the same");
    }
    if (!edits[e].is_not_run) expect_same(model, edits[e].what, tolerance);
    olstm_model_destroy(model);
  }
}

void fuse_case_expect_refusals(const char* model_text, const char* op_types,
                               const fuse_case_edit* edits, size_t count) {
  expect_edits(model_text, op_types, edits, count, false, 0.0);
}

void fuse_case_expect_variants(const char* model_text, const char* op_types,
                               const fuse_case_edit* edits, size_t count) {
  expect_edits(model_text, op_types, edits, count, true, 1e-6);
}
