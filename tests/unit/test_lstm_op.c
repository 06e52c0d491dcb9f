// op/lstm/lstm_op.c: the laws that every kernel has to keep, whatever the numbers; empty
// tensors, lengths, computed weights.
#include <math.h>
#include <string.h>

#include "op/lstm/lstm_choose.h"
#include "op/math/real.h"
#include "tests/support/lstm_problems.h"
#include "tests/support/test_main.h"

enum { kLawSeeds = 60 };

static const char* const kCells[] = {"LSTM", "GRU", "RNN"};

/// The laws hold bit for bit. oneDNN alone adds up in another order where T, N or strides
/// differ.
static bool same_value(double got, double expected, const char* kernel) {
  if (got == expected || (isnan(got) && isnan(expected))) return true;
  return strcmp(kernel, "onednn") == 0 && fabs(got - expected) <= 1e-6;
}

/// Calls `law` on random lines for every kernel that takes them.
typedef void (*law_check)(const char* text, const char* kernel);

static bool kernel_takes(const char* text, const char* kernel) {
  const olstm_lstm_case_options options = {.kernel = kernel};
  olstm_lstm_case layer;
  olstm_lstm_case_init(&layer, text);
  const olstm_status status = olstm_lstm_case_run(&layer, &options, NULL);
  olstm_lstm_case_deinit(&layer);
  return status == OLSTM_STATUS_OK;
}

static void for_every_kernel(law_check law, const char* extra, uint64_t count) {
  char text[512];
  for (uint64_t seed = 1; seed <= 4 * count; seed++) {
    if (seed % 4 == 3) {
      olstm_lstm_case_draw_plain(seed, extra, text);
    } else {
      olstm_lstm_case_draw(seed, kCells[seed % 4], extra, text);
    }
    for (size_t k = 0; olstm__lstm_kernel_at(k); k++) {
      const char* kernel = olstm__lstm_kernel_at(k)->name;
      if (kernel_takes(text, kernel)) law(text, kernel);
    }
  }
}

/// Copies the text without one of its words.
static void drop_word(const char* text, const char* word, char out[512]) {
  const char* found = strstr(text, word);
  (void)snprintf(out, 512, "%s", text);
  if (found) {
    (void)snprintf(out + (found - text), (size_t)(512 - (found - text)), "%s",
                   found + strcspn(found + 1, " ") + 1);
  }
}

// ---------------------------------------------------------------- chunks

/// The first `steps` steps, and the rest, of the same sequence.
static void make_chunk(const char* text, int64_t first, int64_t steps,
                       const olstm_lstm_case* whole, olstm_lstm_case* chunk) {
  char line[600];
  char rest[512];
  drop_word(text, " T", rest);
  (void)snprintf(line, sizeof line, "%s T%d h0%s", rest, (int)steps,
                 strncmp(text, "LSTM", 4) == 0 ? " c0" : "");
  olstm_lstm_case_init(chunk, line);
  for (int64_t t = 0; t < steps; t++) {
    for (int64_t n = 0; n < whole->rows; n++) {
      for (int64_t i = 0; i < whole->inputs; i++) {
        olstm__real_store(chunk->dtype, chunk->tensors[OLSTM_RECURRENT_X].data,
                          olstm_lstm_case_x_at(chunk, t, n, i),
                          olstm_lstm_case_x(whole, first + t, n, i));
      }
    }
  }
}

static void copy_tensor(const olstm_tensor* from, olstm_tensor* to) {
  size_t bytes = 0;
  if (!from->data || !to->data) return;
  assert_true(olstm_tensor_desc_bytes(&from->desc, &bytes));
  memcpy(to->data, from->data, bytes);
}

static void clear_tensor(olstm_tensor* tensor) {
  size_t bytes = 0;
  assert_true(olstm_tensor_desc_bytes(&tensor->desc, &bytes));
  memset(tensor->data, 0, bytes);
}

static void check_same_y(const olstm_lstm_case* a, int64_t t_a, const olstm_lstm_case* b,
                         int64_t t_b) {
  for (int64_t n = 0; n < a->rows; n++) {
    for (int64_t h = 0; h < a->hidden; h++) {
      const double expected = olstm_lstm_case_y(a, t_a, 0, n, h);
      const double got = olstm_lstm_case_y(b, t_b, 0, n, h);
      if (!same_value(got, expected, a->kernel)) {
        fail_msg("'%s' (%s): Y(%d,%d,%d) is %.17g, expected %.17g", a->text, a->kernel,
                 (int)t_a, (int)n, (int)h, got, expected);
      }
    }
  }
}

static void check_chunks(const char* line, const char* kernel) {
  char text[512];
  char forward[512];
  olstm_lstm_case whole;
  olstm_lstm_case parts[2];
  if (strstr(line, " lens") || strstr(line, "bidirectional") || strstr(line, "reverse") ||
      strstr(line, " -Y") || strstr(line, "T1 ")) {
    return;
  }
  drop_word(line, " h0", text);
  drop_word(text, " c0", forward);
  const bool has_h = strstr(line, " h0") != NULL;
  const bool has_c = strstr(line, " c0") != NULL;
  olstm_lstm_case_init(&whole, line);
  olstm_lstm_case_must_run(&whole, kernel);
  const int64_t first = whole.steps / 2;
  make_chunk(forward, 0, first, &whole, &parts[0]);
  make_chunk(forward, first, whole.steps - first, &whole, &parts[1]);
  if (!has_h) clear_tensor(&parts[0].tensors[OLSTM_RECURRENT_INITIAL_H]);
  if (!has_c && parts[0].tensors[OLSTM_RECURRENT_INITIAL_C].data) {
    clear_tensor(&parts[0].tensors[OLSTM_RECURRENT_INITIAL_C]);
  }
  olstm_lstm_case_must_run(&parts[0], kernel);
  copy_tensor(&parts[0].outputs[OLSTM_RECURRENT_Y_H],
              &parts[1].tensors[OLSTM_RECURRENT_INITIAL_H]);
  copy_tensor(&parts[0].outputs[OLSTM_RECURRENT_Y_C],
              &parts[1].tensors[OLSTM_RECURRENT_INITIAL_C]);
  olstm_lstm_case_must_run(&parts[1], kernel);
  for (int64_t t = 0; t < whole.steps; t++) {
    check_same_y(&whole, t, &parts[t >= first], t >= first ? t - first : t);
  }
  olstm_lstm_case_deinit(&whole);
  olstm_lstm_case_deinit(&parts[0]);
  olstm_lstm_case_deinit(&parts[1]);
}

static void chunks_with_the_state_carried_over_give_the_whole(void** state) {
  (void)state;
  for_every_kernel(check_chunks, "", 4 * kLawSeeds);
  for_every_kernel(check_chunks, "dtype=float16", kLawSeeds);
  check_chunks("LSTM T8 N4 I5 H40 B h0 c0", "reference");
}

// ---------------------------------------------------------------- rows

static void check_row_alone(const char* text, const char* kernel) {
  olstm_lstm_case alone;
  olstm_lstm_case among;
  if (strstr(text, " -Y")) return;
  olstm_lstm_case_init(&alone, text);
  olstm_lstm_case_init(&among, text);
  olstm_lstm_case_must_run(&alone, kernel);
  // Every row but the first becomes something else.
  for (int64_t t = 0; t < among.steps; t++) {
    for (int64_t n = 1; n < among.rows; n++) {
      for (int64_t i = 0; i < among.inputs; i++) {
        olstm__real_store(among.dtype, among.tensors[OLSTM_RECURRENT_X].data,
                          olstm_lstm_case_x_at(&among, t, n, i), n % 2 ? NAN : 0.75);
      }
    }
  }
  olstm_lstm_case_must_run(&among, kernel);
  for (int64_t t = 0; t < among.steps; t++) {
    for (int64_t d = 0; d < among.directions; d++) {
      for (int64_t h = 0; h < among.hidden; h++) {
        const double expected = olstm_lstm_case_y(&alone, t, d, 0, h);
        const double got = olstm_lstm_case_y(&among, t, d, 0, h);
        if (got != expected) {
          fail_msg("'%s' (%s): %.17g, expected %.17g", text, kernel, got, expected);
        }
      }
    }
  }
  olstm_lstm_case_deinit(&alone);
  olstm_lstm_case_deinit(&among);
}

static void a_row_does_not_depend_on_its_neighbours(void** state) {
  (void)state;
  for_every_kernel(check_row_alone, "", kLawSeeds);
}

// ---------------------------------------------------------------- reversal

static void check_reversal(const char* line, const char* kernel) {
  char text[512];
  olstm_lstm_case forward;
  olstm_lstm_case reverse;
  const char* at = strstr(line, " forward");
  if (!at || strstr(line, " lens") || strstr(line, " -Y")) return;
  (void)snprintf(text, sizeof text, "%.*s reverse%s", (int)(at - line), line,
                 at + strlen(" forward"));
  olstm_lstm_case_init(&forward, line);
  olstm_lstm_case_init(&reverse, text);
  for (int64_t t = 0; t < forward.steps; t++) {
    for (int64_t n = 0; n < forward.rows; n++) {
      for (int64_t i = 0; i < forward.inputs; i++) {
        olstm__real_store(reverse.dtype, reverse.tensors[OLSTM_RECURRENT_X].data,
                          olstm_lstm_case_x_at(&reverse, forward.steps - 1 - t, n, i),
                          olstm_lstm_case_x(&forward, t, n, i));
      }
    }
  }
  olstm_lstm_case_must_run(&forward, kernel);
  olstm_lstm_case_must_run(&reverse, kernel);
  for (int64_t t = 0; t < forward.steps; t++) {
    check_same_y(&forward, t, &reverse, forward.steps - 1 - t);
  }
  olstm_lstm_case_deinit(&forward);
  olstm_lstm_case_deinit(&reverse);
}

static void reverse_is_forward_on_the_reversed_input(void** state) {
  (void)state;
  for_every_kernel(check_reversal, "", 2 * kLawSeeds);
}

// ---------------------------------------------------------------- layout

static void check_layout(const char* line, const char* kernel) {
  char text[512];
  olstm_lstm_case time_major;
  olstm_lstm_case batch_major;
  if (strstr(line, " -Y") || strstr(line, " layout=1")) return;
  (void)snprintf(text, sizeof text, "%s layout=1", line);
  olstm_lstm_case_init(&time_major, line);
  olstm_lstm_case_init(&batch_major, text);
  olstm_lstm_case_must_run(&time_major, kernel);
  olstm_lstm_case_must_run(&batch_major, kernel);
  for (int64_t d = 0; d < time_major.directions; d++) {
    for (int64_t n = 0; n < time_major.rows; n++) {
      for (int64_t h = 0; h < time_major.hidden; h++) {
        for (int64_t t = 0; t < time_major.steps; t++) {
          assert_true(same_value(olstm_lstm_case_y(&batch_major, t, d, n, h),
                                 olstm_lstm_case_y(&time_major, t, d, n, h), kernel));
        }
        for (size_t o = OLSTM_RECURRENT_Y_H; o < time_major.node.output_count; o++) {
          assert_true(same_value(
              olstm_lstm_case_state(&batch_major, &batch_major.outputs[o], d, n, h),
              olstm_lstm_case_state(&time_major, &time_major.outputs[o], d, n, h),
              kernel));
        }
      }
    }
  }
  olstm_lstm_case_deinit(&time_major);
  olstm_lstm_case_deinit(&batch_major);
}

static void layout_1_is_the_transposed_layout_0(void** state) {
  (void)state;
  for_every_kernel(check_layout, "", 2 * kLawSeeds);
}

// ---------------------------------------------------------------- lengths

static int64_t length_of(const olstm_lstm_case* layer, int64_t n) {
  return ((const int32_t*)layer->tensors[OLSTM_RECURRENT_SEQUENCE_LENS].data)[n];
}

static void check_padding(const char* text, const char* kernel) {
  olstm_lstm_case plain;
  olstm_lstm_case padded;
  if (!strstr(text, " lens")) return;
  olstm_lstm_case_init(&plain, text);
  olstm_lstm_case_init(&padded, text);
  for (int64_t n = 0; n < plain.rows; n++) {
    for (int64_t t = length_of(&plain, n); t < plain.steps; t++) {
      for (int64_t i = 0; i < plain.inputs; i++) {
        olstm__real_store(padded.dtype, padded.tensors[OLSTM_RECURRENT_X].data,
                          olstm_lstm_case_x_at(&padded, t, n, i), NAN);
      }
    }
  }
  olstm_lstm_case_must_run(&plain, kernel);
  olstm_lstm_case_must_run(&padded, kernel);
  olstm_lstm_case_must_agree(&padded, &plain, 0, 0);
  for (int64_t n = 0; n < plain.rows && plain.outputs[OLSTM_RECURRENT_Y].data; n++) {
    for (int64_t t = length_of(&plain, n); t < plain.steps; t++) {
      for (int64_t d = 0; d < plain.directions; d++) {
        for (int64_t h = 0; h < plain.hidden; h++) {
          assert_true(olstm_lstm_case_y(&plain, t, d, n, h) == 0);
        }
      }
    }
  }
  olstm_lstm_case_deinit(&plain);
  olstm_lstm_case_deinit(&padded);
}

static void what_lies_beyond_the_lengths_changes_nothing(void** state) {
  (void)state;
  for_every_kernel(check_padding, "", 2 * kLawSeeds);
}

static void a_row_of_length_0_keeps_its_initial_state(void** state) {
  olstm_lstm_case layer;
  (void)state;
  olstm_lstm_case_init(&layer, "LSTM T3 N3 H4 bidirectional h0 c0 lens=3,0,1");
  olstm_lstm_case_must_run(&layer, NULL);
  for (int64_t d = 0; d < 2; d++) {
    for (int64_t h = 0; h < 4; h++) {
      for (size_t o = 0; o < 2; o++) {
        const olstm_tensor* initial = &layer.tensors[OLSTM_RECURRENT_INITIAL_H + o];
        const olstm_tensor* final = &layer.outputs[OLSTM_RECURRENT_Y_H + o];
        assert_true(olstm_lstm_case_state(&layer, final, d, 1, h) ==
                    olstm_lstm_case_state(&layer, initial, d, 1, h));
        assert_true(olstm_lstm_case_state(&layer, final, d, 0, h) !=
                    olstm_lstm_case_state(&layer, initial, d, 0, h));
      }
    }
  }
  olstm_lstm_case_deinit(&layer);
}

static void full_lengths_change_nothing(void** state) {
  olstm_lstm_case with;
  olstm_lstm_case without;
  (void)state;
  olstm_lstm_case_init(&with, "LSTM T3 N2 bidirectional B P h0 c0 lens=3,3");
  olstm_lstm_case_init(&without, "LSTM T3 N2 bidirectional B P h0 c0");
  olstm_lstm_case_must_run(&with, "reference");
  olstm_lstm_case_must_run(&without, "reference");
  olstm_lstm_case_must_agree(&with, &without, 0, 0);
  olstm_lstm_case_deinit(&with);
  olstm_lstm_case_deinit(&without);
}

static void refuses_lengths_outside_the_sequence(void** state) {
  (void)state;
  olstm_lstm_case_must_fail("LSTM T3 N4 lens=3,2,4,1", OLSTM_STATUS_INVALID_VALUE,
                            "LSTM 'n': sequence_lens[2] is 4, expected 0..3");
  olstm_lstm_case_must_fail("GRU T3 N2 lens=-1,2", OLSTM_STATUS_INVALID_VALUE,
                            "GRU 'n': sequence_lens[0] is -1, expected 0..3");
  olstm_lstm_case_must_fail("RNN T0 N1 lens=1", OLSTM_STATUS_INVALID_VALUE,
                            "RNN 'n': sequence_lens[0] is 1, expected 0..0");
}

/// The same lengths as int64, which ONNX does not have but exporters write.
static void widen_lens(olstm_lstm_case* layer, int64_t* wide) {
  olstm_tensor* lens = &layer->tensors[OLSTM_RECURRENT_SEQUENCE_LENS];
  for (int64_t n = 0; n < lens->desc.dims[0]; n++) wide[n] = ((int32_t*)lens->data)[n];
  lens->desc.dtype = OLSTM_DTYPE_INT64;
  lens->data = wide;
}

static void check_wide_lens(const char* line, const char* kernel) {
  olstm_lstm_case narrow;
  olstm_lstm_case wide;
  int64_t lens[256];
  char text[512];
  if (strstr(line, " lens") || strcmp(kernel, "onednn") == 0) return;
  (void)snprintf(text, sizeof text, "%s lens", line);
  olstm_lstm_case_init(&narrow, text);
  olstm_lstm_case_init(&wide, text);
  void* own = wide.tensors[OLSTM_RECURRENT_SEQUENCE_LENS].data;
  assert_true(wide.rows <= 256);
  widen_lens(&wide, lens);
  olstm_lstm_case_must_run(&narrow, kernel);
  olstm_lstm_case_must_run(&wide, kernel);
  olstm_lstm_case_must_agree(&narrow, &wide, 0, 0);
  wide.tensors[OLSTM_RECURRENT_SEQUENCE_LENS].data = own;
  olstm_lstm_case_deinit(&narrow);
  olstm_lstm_case_deinit(&wide);
}

static void lengths_of_64_bits_are_the_same(void** state) {
  (void)state;
  for_every_kernel(check_wide_lens, "", kLawSeeds);
}

static void refuses_lengths_of_64_bits_outside_the_sequence(void** state) {
  static const char* const kLines[] = {"LSTM T3 N2 lens=3,2", "GRU T0 N2 lens=0,0"};
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    olstm_lstm_case layer;
    int64_t lens[2];
    olstm_error error;
    olstm_lstm_case_init(&layer, kLines[i]);
    void* own = layer.tensors[OLSTM_RECURRENT_SEQUENCE_LENS].data;
    widen_lens(&layer, lens);
    // Cut to 32 bits it would be 0.
    lens[1] = INT64_C(1) << 32;
    const olstm_lstm_case_options options = {0};
    assert_int_equal(olstm_lstm_case_run(&layer, &options, &error),
                     OLSTM_STATUS_INVALID_VALUE);
    assert_non_null(
        strstr(error.message, "sequence_lens[1] is 4294967296, expected 0.."));
    layer.tensors[OLSTM_RECURRENT_SEQUENCE_LENS].data = own;
    olstm_lstm_case_deinit(&layer);
  }
}

// ---------------------------------------------------------------- nothing to do

static void no_steps_give_the_initial_state(void** state) {
  static const char* const kLines[] = {
      "LSTM T0 N2 H3 bidirectional h0 c0 B", "LSTM T0 N2 H3 h0 c0 layout=1",
      "LSTM T0 N2 H3 h0 c0 clip=1 lens=0,0", "GRU T0 N2 H3 h0", "RNN T0 N2 H3 h0"};
  (void)state;
  for (size_t i = 0; i < sizeof kLines / sizeof kLines[0]; i++) {
    olstm_lstm_case layer;
    olstm_lstm_case_init(&layer, kLines[i]);
    olstm_lstm_case_must_run(&layer, i % 2 ? NULL : "reference");
    for (int64_t h = 0; h < 3; h++) {
      for (size_t o = 1; o < layer.node.output_count; o++) {
        assert_true(
            olstm_lstm_case_state(&layer, &layer.outputs[o], 0, 1, h) ==
            olstm_lstm_case_state(
                &layer, &layer.tensors[OLSTM_RECURRENT_INITIAL_H + o - 1], 0, 1, h));
      }
    }
    assert_int_equal(olstm_tensor_desc_count(&layer.outputs[0].desc), 0);
    olstm_lstm_case_deinit(&layer);
  }
}

static void no_steps_and_no_initial_state_give_zeros(void** state) {
  olstm_lstm_case layer;
  (void)state;
  olstm_lstm_case_init(&layer, "LSTM T0 N2 H3");
  olstm_lstm_case_must_run(&layer, NULL);
  for (int64_t h = 0; h < 3; h++) {
    assert_true(olstm_lstm_case_state(&layer, &layer.outputs[1], 0, 1, h) == 0);
    assert_true(olstm_lstm_case_state(&layer, &layer.outputs[2], 0, 1, h) == 0);
  }
  olstm_lstm_case_deinit(&layer);
}

static void no_rows_give_empty_outputs(void** state) {
  olstm_lstm_case layer;
  (void)state;
  olstm_lstm_case_init(&layer, "LSTM T3 N0 H3 h0 c0 lens B P bidirectional");
  olstm_lstm_case_must_run(&layer, NULL);
  for (size_t o = 0; o < 3; o++) {
    assert_int_equal(olstm_tensor_desc_count(&layer.outputs[o].desc), 0);
  }
  assert_int_equal(layer.outputs[0].desc.rank, 4);
  olstm_lstm_case_deinit(&layer);
}

// ---------------------------------------------------------------- outputs, weights

static void any_output_may_be_absent(void** state) {
  static const char* const kCombinations[] = {" -Y",     " -Yh",    " -Yc",
                                              " -Y -Yh", " -Y -Yc", " -Yh -Yc"};
  olstm_lstm_case full;
  (void)state;
  olstm_lstm_case_init(&full, "LSTM T3 N2 bidirectional B");
  olstm_lstm_case_must_run(&full, NULL);
  for (size_t i = 0; i < sizeof kCombinations / sizeof kCombinations[0]; i++) {
    char text[128];
    olstm_lstm_case layer;
    (void)snprintf(text, sizeof text, "LSTM T3 N2 bidirectional B%s", kCombinations[i]);
    olstm_lstm_case_init(&layer, text);
    olstm_lstm_case_must_run(&layer, NULL);
    olstm_lstm_case_must_agree(&layer, &full, 1e-6, 1e-6);
    olstm_lstm_case_deinit(&layer);
  }
  olstm_lstm_case_deinit(&full);
}

static void weights_that_the_graph_computes_give_the_same_bits(void** state) {
  (void)state;
  for (size_t k = 0; olstm__lstm_kernel_at(k); k++) {
    olstm_lstm_case constant;
    olstm_lstm_case computed;
    olstm_lstm_case_init(&constant, "LSTM T3 N2 I5 H6 bidirectional B P h0 c0");
    olstm_lstm_case_init(&computed, "LSTM T3 N2 I5 H6 bidirectional B P h0 c0 dynamic");
    olstm_lstm_case_must_run(&constant, "reference");
    olstm_lstm_case_must_run(&computed, "reference");
    olstm_lstm_case_must_agree(&computed, &constant, 0, 0);
    olstm_lstm_case_deinit(&constant);
    olstm_lstm_case_deinit(&computed);
  }
}

static void refuses_a_kernel_that_there_is_not(void** state) {
  const olstm_lstm_case_options options = {.kernel = "cuda"};
  olstm_lstm_case layer;
  olstm_error error;
  (void)state;
  olstm_lstm_case_init(&layer, "LSTM");
  assert_int_equal(olstm_lstm_case_run(&layer, &options, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message, "LSTM 'n': no kernel 'cuda'");
  olstm_lstm_case_deinit(&layer);
}

static void refuses_missing_and_extra_inputs(void** state) {
  const olstm_lstm_case_options options = {.kernel = NULL};
  olstm_lstm_case layer;
  olstm_error error;
  (void)state;
  olstm_lstm_case_init(&layer, "LSTM");
  layer.input_names[OLSTM_RECURRENT_R] = "";
  assert_int_equal(olstm_lstm_case_run(&layer, &options, &error),
                   OLSTM_STATUS_INVALID_MODEL);
  assert_string_equal(error.message, "LSTM 'n': input 2 is missing");
  olstm_lstm_case_deinit(&layer);
  olstm_lstm_case_must_fail("GRU h0 c0", OLSTM_STATUS_INVALID_MODEL,
                            "GRU 'n': has 7 inputs, expected at most 6");
}

static void outputs_that_overflow_are_refused(void** state) {
  const olstm_lstm_case_options options = {.kernel = NULL};
  olstm_lstm_case layer;
  olstm_error error = {""};
  (void)state;
  olstm_lstm_case_init(&layer, "LSTM T1 N1 I0 H4 -Y");
  // Of no features, and so of no bytes.
  layer.tensors[OLSTM_RECURRENT_X].desc.dims[0] = INT32_MAX;
  layer.tensors[OLSTM_RECURRENT_X].desc.dims[1] = INT32_MAX;
  const olstm_status status = olstm_lstm_case_run(&layer, &options, &error);
  assert_string_equal(error.message,
                      "LSTM 'n': output 0 of shape [2147483647,1,2147483647,4] does not "
                      "fit in memory");
  assert_int_equal(status, OLSTM_STATUS_LIMIT_EXCEEDED);
  olstm_lstm_case_deinit(&layer);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(chunks_with_the_state_carried_over_give_the_whole),
      cmocka_unit_test(a_row_does_not_depend_on_its_neighbours),
      cmocka_unit_test(reverse_is_forward_on_the_reversed_input),
      cmocka_unit_test(layout_1_is_the_transposed_layout_0),
      cmocka_unit_test(what_lies_beyond_the_lengths_changes_nothing),
      cmocka_unit_test(a_row_of_length_0_keeps_its_initial_state),
      cmocka_unit_test(full_lengths_change_nothing),
      cmocka_unit_test(refuses_lengths_outside_the_sequence),
      cmocka_unit_test(lengths_of_64_bits_are_the_same),
      cmocka_unit_test(refuses_lengths_of_64_bits_outside_the_sequence),
      cmocka_unit_test(no_steps_give_the_initial_state),
      cmocka_unit_test(no_steps_and_no_initial_state_give_zeros),
      cmocka_unit_test(no_rows_give_empty_outputs),
      cmocka_unit_test(any_output_may_be_absent),
      cmocka_unit_test(weights_that_the_graph_computes_give_the_same_bits),
      cmocka_unit_test(refuses_a_kernel_that_there_is_not),
      cmocka_unit_test(refuses_missing_and_extra_inputs),
      cmocka_unit_test(outputs_that_overflow_are_refused),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
