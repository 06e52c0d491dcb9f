// op/quantize/quantize_bytes.h: against the definitions, one element at a time, for
// lengths around a group's, and where quotients lie in the middle between whole numbers.
#include "op/quantize/quantize_bytes.h"

#include <math.h>

#include "tests/support/test_main.h"

enum { kMost = 70 };

static const int64_t kCounts[] = {1, 3, 15, 16, 17, 33, kMost};
enum { kCountCount = sizeof kCounts / sizeof kCounts[0] };

/// The integers that are quantized to, or from.
static const struct {
  olstm_dtype dtype;
  double least, most;
} kWholes[] = {{OLSTM_DTYPE_UINT8, 0, 255},
               {OLSTM_DTYPE_INT8, -128, 127},
               {OLSTM_DTYPE_UINT16, 0, 65535},
               {OLSTM_DTYPE_INT16, -32768, 32767},
               {OLSTM_DTYPE_INT32, INT32_MIN, INT32_MAX}};
enum { kWholeCount = sizeof kWholes / sizeof kWholes[0], kRows = 3 };

static int64_t whole_at(olstm_dtype dtype, const void* y, int64_t i) {
  switch (dtype) {
    case OLSTM_DTYPE_UINT8:
      return ((const uint8_t*)y)[i];
    case OLSTM_DTYPE_INT8:
      return ((const int8_t*)y)[i];
    case OLSTM_DTYPE_UINT16:
      return ((const uint16_t*)y)[i];
    case OLSTM_DTYPE_INT16:
      return ((const int16_t*)y)[i];
    default:
      return ((const int32_t*)y)[i];
  }
}

static int saturated(double value, olstm_dtype dtype) {
  const double least = kWholes[dtype - OLSTM_DTYPE_UINT8].least;
  const double most = kWholes[dtype - OLSTM_DTYPE_UINT8].most;
  return value != value ? 0 : (int)fmin(fmax(value, least), most);
}

static void floats_become_integers_as_quotients_do(void** state) {
  static const float kScales[] = {1,      2,     0.1f,  0.007f, -0.5f,
                                  1e-30f, 1e30f, 3e38f, 0,      INFINITY};
  (void)state;
  for (size_t s = 0; s < sizeof kScales / sizeof kScales[0]; s++) {
    float x[kRows * kMost], scales[kMost], zeros[kMost];
    for (int i = 0; i < kRows * kMost; i++) {
      // Ties, neighbours of ties, and what is out of range.
      const float half = (float)(i % kMost - 35) * 0.5f * kScales[s];
      x[i] = i % 3 == 0   ? half
             : i % 3 == 1 ? nextafterf(half, 0)
                          : half * (i % 2 ? 40.0f : 9000.0f);
      scales[i % kMost] = kScales[i % 2 ? s : 0];
      zeros[i % kMost] = (float)(i % 5);
    }
    x[3] = NAN;
    x[40] = INFINITY;
    x[41] = -INFINITY;
    // The last of them, int32, is none of these; and each element has a scale, or each
    // row.
    for (int d = 0; d < 2 * (kWholeCount - 1); d++) {
      const olstm_dtype dtype = kWholes[d / 2].dtype;
      const bool is_each = d % 2;
      const olstm__byte_scale by = {scales + 1, zeros + 1, is_each};
      for (int c = 0; c < kCountCount; c++) {
        const int64_t count = is_each && kCounts[c] == kMost ? kMost - 1 : kCounts[c];
        const int64_t rows = is_each ? 1 : kRows;
        uint16_t y[kRows * kMost] = {0};
        olstm__quantize_bytes(rows, count, x, &by, dtype, y);
        for (int64_t i = 0; i < rows * count; i++) {
          const int64_t at = is_each ? i : i / count;
          const double moved = (double)rintf(x[i] / by.scales[at]) + by.zeros[at];
          assert_int_equal(whole_at(dtype, y, i), saturated(moved, dtype));
        }
      }
    }
  }
}

static void integers_become_floats_rounded_once(void** state) {
  int32_t whole[kMost];
  float scales[kMost], zeros[kMost];
  (void)state;
  for (int i = 0; i < kMost; i++) {
    // What floats hold, and what they do not; as smaller integers, any bits.
    whole[i] = (i % 2 ? 1 : -1) * ((i < 20 ? 0 : 16777217) + i * 7919);
    scales[i] = 0.001f * (float)(i + 1);
    zeros[i] = (float)(i % 7);
  }
  for (int d = 0; d < 2 * kWholeCount; d++) {
    const olstm_dtype dtype = kWholes[d / 2].dtype;
    const olstm__byte_scale by = {scales, zeros, d % 2};
    for (int c = 0; c < kCountCount; c++) {
      float y[kMost] = {0};
      olstm__dequantize_bytes(kCounts[c], whole, &by, dtype, y);
      for (int64_t i = 0; i < kCounts[c]; i++) {
        const int64_t at = by.step ? i : 0;
        const double value = (double)whole_at(dtype, whole, i);
        assert_true(y[i] == (float)((value - zeros[at]) * scales[at]));
      }
    }
  }
}

static void sums_are_rounded_and_saturated(void** state) {
  static const double kFactors[] = {1, 0.5, -0.25, 1e-3, 0.0117, 1e9, INFINITY, NAN};
  static const int32_t kBiases[] = {0, 7, -99, INT32_MAX};
  static const olstm_dtype kDtypes[] = {OLSTM_DTYPE_UINT8, OLSTM_DTYPE_INT8};
  int32_t x[kMost];
  float reals[kMost];
  (void)state;
  for (int i = 0; i < kMost; i++) {
    x[i] = (i - 35) * (i % 4 == 3 ? 60000000 : i % 3 + 1);
    reals[i] = (float)((i - 35) * (i % 4 == 3 ? 400000 : i % 3 + 1));
  }
  for (size_t f = 0; f < sizeof kFactors / sizeof kFactors[0]; f++) {
    double values[kMost];
    float floats[kMost];
    for (int i = 0; i < kMost; i++) {
      values[i] = kFactors[i % 2 ? f : 1];
      floats[i] = (float)values[i];
    }
    for (int d = 0; d < 32; d++) {
      const olstm_dtype dtype = kDtypes[d % 2];
      const int64_t step = d / 2 % 2;
      const int32_t bias = kBiases[d / 4 % 4];
      const bool are_floats = d >= 16;
      const olstm__byte_factors by = {step ? values : &kFactors[f], floats,     step,
                                      isfinite(kFactors[f]) != 0,   are_floats, bias};
      for (int c = 0; c < kCountCount; c++) {
        uint8_t y[kMost] = {0};
        // As one row, and as two where they fit.
        for (int64_t rows = 1; rows <= 2 && rows <= kCounts[c]; rows++) {
          const int64_t columns = kCounts[c] / rows;
          olstm__requantize(rows, columns, are_floats ? (const void*)reals : x, columns,
                            &by, 3, dtype, y);
          for (int64_t i = 0; i < rows * columns; i++) {
            const int32_t own = are_floats ? (int32_t)reals[i] : x[i];
            const int32_t sum = (int32_t)((uint32_t)own + (uint32_t)bias);
            const double moved = rint(sum * by.values[step ? i % columns : 0]) + 3;
            assert_int_equal(whole_at(dtype, y, i), saturated(moved, dtype));
          }
        }
      }
    }
  }
}

static void ranges_hold_all_elements(void** state) {
  (void)state;
  for (int c = 0; c < kCountCount; c++) {
    for (int64_t at = 0; at < kCounts[c]; at++) {
      float x[kMost] = {0}, least = 0, most = 0;
      x[at] = -2.5f;
      x[kCounts[c] - 1 - at] += 7;
      assert_true(olstm__find_range(kCounts[c], x, &least, &most));
      assert_true(most == (x[at] > 0 ? 4.5f : 7));
      assert_true(least == (x[at] > 0 ? 0 : -2.5f));
      x[at] = at % 2 ? NAN : INFINITY;
      assert_false(olstm__find_range(kCounts[c], x, &least, &most));
    }
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(floats_become_integers_as_quotients_do),
      cmocka_unit_test(integers_become_floats_rounded_once),
      cmocka_unit_test(sums_are_rounded_and_saturated),
      cmocka_unit_test(ranges_hold_all_elements),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
