// runtime/memory_plan: whatever is alive at the same time lies apart, and little is
// wasted.
#include "runtime/plan/memory_plan.h"

#include <stdlib.h>

#include "tests/support/test_main.h"

static uint32_t random_state;

static uint32_t next_random(void) {
  random_state = random_state * UINT32_C(1664525) + UINT32_C(1013904223);
  return random_state >> 8;
}

static size_t plan(size_t count, const olstm__memory_request* requests, size_t* offsets) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  size_t total = 0;
  assert_int_equal(olstm__memory_plan(count, requests, OLSTM__MEMORY_PLAN_EXACT_COUNT,
                                      &allocator, offsets, &total, NULL),
                   OLSTM_STATUS_OK);
  return total;
}

static size_t align(size_t bytes) {
  return (bytes + 63) / 64 * 64;
}

/// The plan's laws, each checked in the dullest way.
static void check_plan(size_t count, const olstm__memory_request* requests,
                       const size_t* offsets, size_t total) {
  for (size_t i = 0; i < count; i++) {
    const olstm__memory_request* a = &requests[i];
    assert_int_equal(offsets[i] % OLSTM_ALIGNMENT, 0);
    assert_true(offsets[i] + a->bytes <= total);
    for (size_t j = 0; j < i; j++) {
      const olstm__memory_request* b = &requests[j];
      const bool together =
          a->first_step <= b->last_step && b->first_step <= a->last_step;
      const bool overlap = a->bytes && b->bytes && offsets[i] < offsets[j] + b->bytes &&
                           offsets[j] < offsets[i] + a->bytes;
      assert_false(together && overlap);
    }
  }
}

static void fill_randomly(size_t count, olstm__memory_request* requests, uint32_t steps) {
  for (size_t i = 0; i < count; i++) {
    const size_t first = next_random() % steps;
    const size_t length = next_random() % (next_random() % 8 ? 4 : steps);
    const size_t bytes = next_random() % (next_random() % 4 ? 300 : 100000);
    requests[i] = (olstm__memory_request){first, first + length, bytes};
  }
}

static void keeps_live_buffers_apart_in_random_cases(void** state) {
  enum { kMax = 120 };
  olstm__memory_request requests[kMax];
  size_t offsets[kMax];
  (void)state;
  for (uint32_t seed = 0; seed < 600; seed++) {
    random_state = seed;
    const size_t count = next_random() % (kMax + 1);
    fill_randomly(count, requests, 1 + next_random() % 60);
    check_plan(count, requests, offsets, plan(count, requests, offsets));
  }
}

static void keeps_live_buffers_apart_in_large_random_cases(void** state) {
  enum { kCount = 2500 };
  olstm__memory_request* requests = malloc(kCount * sizeof *requests);
  size_t* offsets = malloc(kCount * sizeof *offsets);
  (void)state;
  for (uint32_t seed = 0; seed < 4; seed++) {
    random_state = seed;
    fill_randomly(kCount, requests, seed % 2 ? 20 : 3000);
    check_plan(kCount, requests, offsets, plan(kCount, requests, offsets));
  }
  free(requests);
  free(offsets);
}

static void reuses_memory_along_a_chain(void** state) {
  enum { kCount = 5000 };
  olstm__memory_request* requests = malloc(kCount * sizeof *requests);
  size_t* offsets = malloc(kCount * sizeof *offsets);
  (void)state;
  for (size_t i = 0; i < kCount; i++) {
    requests[i] = (olstm__memory_request){i, i + 1, 1000};
  }
  assert_int_equal(plan(kCount, requests, offsets), 2 * align(1000));
  assert_int_equal(plan(100, requests, offsets), 2 * align(1000));
  free(requests);
  free(offsets);
}

static void plans_a_hundred_thousand_buffers_without_delay(void** state) {
  enum { kCount = 100000 };
  olstm__memory_request* requests = malloc(kCount * sizeof *requests);
  size_t* offsets = malloc(kCount * sizeof *offsets);
  size_t live_bytes = 0;
  (void)state;
  // Every other buffer lives to the end, so that gaps are many and too small.
  for (size_t i = 0; i < kCount; i++) {
    requests[i] = (olstm__memory_request){i, i % 2 ? kCount : i + 1, 64 * (1 + i % 97)};
    live_bytes += requests[i].bytes;
  }
  assert_true(plan(kCount, requests, offsets) <= live_bytes);
  free(requests);
  free(offsets);
}

static void puts_a_small_buffer_into_the_smallest_gap(void** state) {
  // 0, 1 and 2 lie side by side from step 0 on; 3 takes the place of 1, 4 that of 2.
  const olstm__memory_request requests[] = {
      {0, 9, 6400}, {0, 1, 3200}, {0, 1, 640}, {5, 6, 3000}, {5, 6, 600}};
  size_t offsets[5];
  (void)state;
  assert_int_equal(plan(5, requests, offsets), 6400 + 3200 + 640);
  check_plan(5, requests, offsets, 6400 + 3200 + 640);
}

static void gives_the_same_offsets_every_time(void** state) {
  olstm__memory_request requests[80];
  size_t first[80];
  size_t second[80];
  (void)state;
  random_state = 7;
  fill_randomly(80, requests, 30);
  assert_int_equal(plan(80, requests, first), plan(80, requests, second));
  assert_memory_equal(first, second, sizeof first);
}

static void takes_no_requests_and_empty_ones(void** state) {
  const olstm__memory_request requests[] = {{0, 3, 0}, {1, 2, 0}};
  size_t offsets[2] = {9, 9};
  (void)state;
  assert_int_equal(plan(0, NULL, NULL), 0);
  assert_int_equal(plan(2, requests, offsets), 0);
  assert_int_equal(offsets[0], 0);
  assert_int_equal(offsets[1], 0);
}

static void refuses_totals_that_do_not_fit(void** state) {
  const olstm__memory_request pair[] = {{0, 3, SIZE_MAX / 2}, {1, 2, SIZE_MAX / 2 + 64}};
  const olstm__memory_request single = {0, 0, SIZE_MAX - 3};
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  olstm__memory_request* many = malloc(2000 * sizeof *many);
  size_t* offsets = malloc(2000 * sizeof *offsets);
  size_t total = 1;
  (void)state;
  assert_int_equal(olstm__memory_plan(2, pair, OLSTM__MEMORY_PLAN_EXACT_COUNT, &allocator,
                                      offsets, &total, NULL),
                   OLSTM_STATUS_LIMIT_EXCEEDED);
  assert_int_equal(total, 0);
  assert_int_equal(olstm__memory_plan(1, &single, OLSTM__MEMORY_PLAN_EXACT_COUNT,
                                      &allocator, offsets, &total, NULL),
                   OLSTM_STATUS_LIMIT_EXCEEDED);
  for (size_t i = 0; i < 2000; i++) {
    many[i] = (olstm__memory_request){0, 1, SIZE_MAX / 1000};
  }
  assert_int_equal(olstm__memory_plan(2000, many, OLSTM__MEMORY_PLAN_EXACT_COUNT,
                                      &allocator, offsets, &total, NULL),
                   OLSTM_STATUS_LIMIT_EXCEEDED);
  free(many);
  free(offsets);
}

typedef struct failing_memory {
  int allowed;
  int live;
} failing_memory;

static void* failing_allocate(void* user, size_t bytes) {
  failing_memory* memory = user;
  if (memory->allowed-- <= 0) return NULL;
  memory->live++;
  return malloc(bytes);
}

static void failing_release(void* user, void* memory, size_t bytes) {
  (void)bytes;
  ((failing_memory*)user)->live--;
  free(memory);
}

static void reports_a_failed_allocation(void** state) {
  olstm__memory_request* requests = malloc(2000 * sizeof *requests);
  size_t* offsets = malloc(2000 * sizeof *offsets);
  (void)state;
  random_state = 3;
  fill_randomly(2000, requests, 30);
  for (int large = 0; large < 2; large++) {
    olstm_status status = OLSTM_STATUS_OUT_OF_MEMORY;
    for (int allowed = 0; status != OLSTM_STATUS_OK; allowed++) {
      failing_memory memory = {allowed, 0};
      const olstm_allocator allocator = {&memory, failing_allocate, failing_release};
      size_t total = 0;
      assert_true(allowed < 10);
      status =
          olstm__memory_plan(large ? 2000 : 20, requests, OLSTM__MEMORY_PLAN_EXACT_COUNT,
                             &allocator, offsets, &total, NULL);
      assert_true(status == OLSTM_STATUS_OK || status == OLSTM_STATUS_OUT_OF_MEMORY);
      assert_int_equal(memory.live, 0);
    }
  }
  free(requests);
  free(offsets);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keeps_live_buffers_apart_in_random_cases),
      cmocka_unit_test(keeps_live_buffers_apart_in_large_random_cases),
      cmocka_unit_test(reuses_memory_along_a_chain),
      cmocka_unit_test(plans_a_hundred_thousand_buffers_without_delay),
      cmocka_unit_test(puts_a_small_buffer_into_the_smallest_gap),
      cmocka_unit_test(gives_the_same_offsets_every_time),
      cmocka_unit_test(takes_no_requests_and_empty_ones),
      cmocka_unit_test(refuses_totals_that_do_not_fit),
      cmocka_unit_test(reports_a_failed_allocation),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
