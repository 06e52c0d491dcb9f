// runtime/plan/wavefront.h: every piece once, in an order that its inputs allow.
#include "runtime/plan/wavefront.h"

#include "tests/support/test_main.h"

enum { kMaxThreads = OLSTM__WAVEFRONT_MAX_LAYERS };

/// Runs all rounds, checking each; returns how many there are.
static int64_t count_rounds(int32_t layers, int64_t pieces, int32_t threads) {
  olstm__wavefront w = {.layer_count = layers, .piece_count = pieces};
  int32_t chosen[kMaxThreads];
  int64_t rounds = 0;
  int32_t count = 0;
  while ((count = olstm__wavefront_next(&w, threads, chosen)) > 0) {
    const olstm__wavefront before = w;
    int32_t found = 0;
    for (int32_t t = 0; t < threads; t++) {
      const int32_t l = chosen[t];
      if (l < 0) continue;
      found++;
      assert_in_range(l, 0, layers - 1);
      assert_true(before.done[l] < pieces);
      // What it reads was written in an earlier round, and no other thread has its layer.
      if (l > 0) assert_true(before.done[l - 1] > before.done[l]);
      assert_int_equal(w.done[l], before.done[l]);
      w.done[l]++;
    }
    assert_int_equal(found, count);
    assert_true(++rounds <= layers * pieces);
  }
  for (int32_t l = 0; l < layers; l++) assert_int_equal(w.done[l], pieces);
  return rounds;
}

static void a_thread_for_each_layer_takes_one_round_a_diagonal(void** state) {
  (void)state;
  for (int32_t layers = 2; layers <= OLSTM__WAVEFRONT_MAX_LAYERS; layers++) {
    for (int64_t pieces = 1; pieces < 20; pieces++) {
      assert_int_equal(count_rounds(layers, pieces, layers), pieces + layers - 1);
    }
  }
}

static void fewer_threads_are_kept_busy(void** state) {
  (void)state;
  for (int32_t layers = 3; layers <= OLSTM__WAVEFRONT_MAX_LAYERS; layers++) {
    for (int32_t threads = 2; threads < layers; threads++) {
      const int64_t work = layers * 40;
      const int64_t rounds = count_rounds(layers, 40, threads);
      // All rounds are full but for some at both ends.
      assert_true(rounds >= (work + threads - 1) / threads);
      assert_true(rounds <= (work + threads - 1) / threads + layers);
    }
  }
}

static void one_thread_does_everything(void** state) {
  (void)state;
  assert_int_equal(count_rounds(4, 7, 1), 28);
}

static void a_layer_stays_with_its_thread(void** state) {
  olstm__wavefront w = {.layer_count = 2, .piece_count = 3};
  int32_t chosen[2];
  (void)state;
  assert_int_equal(olstm__wavefront_next(&w, 2, chosen), 1);
  assert_int_equal(chosen[0], 0);
  w.done[0] = 2;
  w.done[1] = 1;
  assert_int_equal(olstm__wavefront_next(&w, 2, chosen), 2);
  assert_int_equal(chosen[0], 0);
  assert_int_equal(chosen[1], 1);
  w.done[0] = 3;
  w.done[1] = 2;
  assert_int_equal(olstm__wavefront_next(&w, 2, chosen), 1);
  assert_int_equal(chosen[0], -1);
  assert_int_equal(chosen[1], 1);
}

static void time_is_that_of_the_slowest_of_each_round(void** state) {
  const olstm__wavefront_cost costs[] = {{1e6, 0}, {2e6, 5e6}};
  (void)state;
  // Rounds: layer 0; both, twice as slow and 5 ms on top; layer 1. Joining them is
  // little.
  const double time = olstm__wavefront_time(2, 20, 10, costs, 2);
  assert_in_range((uint64_t)(time / 1e6), 10 + 25 + 25, 10 + 25 + 25 + 1);
  // The last piece may be shorter, and there may be one alone.
  assert_true(olstm__wavefront_time(2, 20, 20, costs, 2) > 65e6);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_thread_for_each_layer_takes_one_round_a_diagonal),
      cmocka_unit_test(fewer_threads_are_kept_busy),
      cmocka_unit_test(one_thread_does_everything),
      cmocka_unit_test(a_layer_stays_with_its_thread),
      cmocka_unit_test(time_is_that_of_the_slowest_of_each_round),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
