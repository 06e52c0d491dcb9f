// tools/case_catalog.h: names of cases say what they test, and can be read again.
#include "tools/case_catalog.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/test_main.h"

/// The name that a title stands for.
static void print_title(const olstm__case_title* title, const char* stem, char* out,
                        size_t capacity) {
  int used = snprintf(out, capacity, "%s_%s", stem,
                      olstm__case_catalog_direction(title->direction));
  for (size_t f = 0; f < title->feature_count; f++) {
    used += snprintf(out + used, capacity - (size_t)used, "_%s",
                     olstm__case_catalog_feature(title->features[f]));
  }
}

static const char* stem_of(const char* op_type) {
  return op_type[0] == 'L' ? "lstm" : op_type[0] == 'G' ? "gru" : "rnn";
}

static olstm_status check_name(void* user, const olstm__recurrent_case* spec,
                               olstm_error* error) {
  size_t* counts = user;
  olstm__case_title title;
  char name[OLSTM__CASE_NAME_BYTES];
  (void)error;
  assert_true(olstm__case_catalog_parse(spec->name, &title));
  assert_string_equal(title.op_type, spec->op_type);
  assert_string_equal(olstm__case_catalog_direction(title.direction), spec->direction);
  print_title(&title, stem_of(spec->op_type), name, sizeof name);
  assert_string_equal(name, spec->name);
  counts[title.feature_count]++;
  return OLSTM_STATUS_OK;
}

static void reads_every_name_that_it_makes(void** state) {
  static const char* const kOperators[] = {"LSTM", "GRU", "RNN"};
  (void)state;
  for (size_t o = 0; o < 3; o++) {
    size_t counts[3] = {0, 0, 0};
    olstm_error error;
    assert_int_equal(olstm__case_catalog_visit(kOperators[o], check_name, counts, &error),
                     0);
    assert_int_equal(counts[0], 3);
    assert_true(counts[1] > 100 && counts[1] % 3 == 0);
    assert_true(counts[2] > 1000 && counts[2] % 3 == 0);
  }
}

static void reads_no_other_name(void** state) {
  static const char* const kNames[] = {"test_lstm_defaults",
                                       "lstm",
                                       "lstm_forwards",
                                       "lstm_forward_",
                                       "lstm_forward_clip",
                                       "lstm_forward_clip_all_",
                                       "lstm_forward_layout_1_clip_all",
                                       "lstm_forward_clip_all_clip_all",
                                       "lstm_forward_no_bias_clip_all_layout_1"};
  olstm__case_title title;
  (void)state;
  for (size_t i = 0; i < sizeof kNames / sizeof kNames[0]; i++) {
    assert_false(olstm__case_catalog_parse(kNames[i], &title));
  }
  assert_null(olstm__case_catalog_feature(1000));
  assert_null(olstm__case_catalog_direction(3));
}

static void knows_random_ones(void** state) {
  olstm__case_title title;
  (void)state;
  assert_true(olstm__case_catalog_parse("gru_random_7_0000", &title));
  assert_true(title.is_random);
  assert_string_equal(title.op_type, "GRU");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_every_name_that_it_makes),
      cmocka_unit_test(reads_no_other_name),
      cmocka_unit_test(knows_random_ones),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
