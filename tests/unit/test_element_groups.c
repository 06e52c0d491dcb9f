// op/elementwise/element_groups.h: every loop, for lengths around a group's, operands
// that are one number and results in place, against the definition one element at a time.
#include "op/elementwise/element_groups.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "op/math/half.h"
#include "tests/support/test_main.h"

enum { kMost = 35 };

/// An element of any type: as a real or an integer that wraps to `bytes`.
typedef struct value {
  bool is_real;
  double real;
  int64_t whole;
} value;

static bool ends_with(const char* name, const char* end) {
  const size_t length = strlen(name), end_length = strlen(end);
  return length >= end_length && strcmp(name + length - end_length, end) == 0;
}

static value load(const char* type, const void* x, int i) {
  if (strcmp(type, "F32") == 0) return (value){true, ((const float*)x)[i], 0};
  if (strcmp(type, "F64") == 0) return (value){true, ((const double*)x)[i], 0};
  if (strcmp(type, "F16") == 0) {
    return (value){true, olstm__float16_to_float(((const uint16_t*)x)[i]), 0};
  }
  if (strcmp(type, "I16") == 0) return (value){false, 0, ((const int16_t*)x)[i]};
  if (strcmp(type, "I32") == 0) return (value){false, 0, ((const int32_t*)x)[i]};
  if (strcmp(type, "I64") == 0) return (value){false, 0, ((const int64_t*)x)[i]};
  if (strcmp(type, "I8") == 0) return (value){false, 0, ((const int8_t*)x)[i]};
  return (value){false, 0, ((const uint8_t*)x)[i]};
}

static void fill(const char* type, unsigned seed, void* x) {
  static const int64_t kWhole[] = {0,         1,         -1,        2,  3,  7,
                                   -5,        100,       64,        31, 32, INT32_MAX,
                                   INT32_MIN, INT64_MAX, INT64_MIN, 63};
  static const double kReal[] = {0,   -0.0, 1,     -1,   2.5,      -2.5,
                                 3.5, 1e30, -1e30, NAN,  INFINITY, -INFINITY,
                                 0.1, 7,    -0.75, 1e-30};
  for (int i = 0; i < kMost; i++) {
    seed = seed * 1664525u + 1013904223u;
    const unsigned at = seed >> 28;
    if (strcmp(type, "F32") == 0) ((float*)x)[i] = (float)kReal[at];
    if (strcmp(type, "F64") == 0) ((double*)x)[i] = kReal[at];
    if (strcmp(type, "F16") == 0) {
      ((uint16_t*)x)[i] = olstm__float_to_float16((float)kReal[at]);
    }
    if (strcmp(type, "I16") == 0) ((int16_t*)x)[i] = (int16_t)(uint64_t)kWhole[at];
    if (strcmp(type, "I32") == 0) ((int32_t*)x)[i] = (int32_t)(uint64_t)kWhole[at];
    if (strcmp(type, "I64") == 0) ((int64_t*)x)[i] = kWhole[at];
    if (strlen(type) < 3) ((uint8_t*)x)[i] = (uint8_t)(uint64_t)kWhole[at];
    if (strcmp(type, "BOOL") == 0) ((uint8_t*)x)[i] = (uint8_t)(at < 8 ? 0 : at);
  }
}

#define IS(what) (strncmp(name, what "_", sizeof what) == 0)

static int64_t floored(int64_t p, int64_t q) {
  const int64_t rest = p % q;
  return rest != 0 && (rest < 0) != (q < 0) ? rest + q : rest;
}

static int64_t define_whole(const char* name, int64_t p, int64_t q, int bits) {
  const uint64_t mask = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
  const uint64_t a = (uint64_t)p, b = (uint64_t)q;
  if (IS("ADD")) return (int64_t)(a + b);
  if (IS("SUB")) return (int64_t)(a - b);
  if (IS("MUL")) return (int64_t)(a * b);
  if (IS("MIN")) return p < q ? p : q;
  if (IS("MAX")) return p > q ? p : q;
  if (IS("LESS")) return p < q;
  if (IS("NO_MORE")) return p <= q;
  if (IS("EQUAL")) return ends_with(name, "BOOL") ? (p != 0) == (q != 0) : p == q;
  if (IS("DIV")) return q ? p / q : 0;
  if (IS("MOD")) return q ? floored(p, q) : 0;
  if (IS("FMOD")) return q ? p % q : 0;
  if (IS("SHIFT_LEFT"))
    return (b & mask) < (unsigned)bits ? (int64_t)(a << (b & mask)) : 0;
  if (IS("SHIFT_RIGHT")) {
    return (b & mask) < (unsigned)bits ? (int64_t)((a & mask) >> (b & mask)) : 0;
  }
  if (IS("BIT_AND")) return (int64_t)(a & b);
  if (IS("BIT_OR")) return (int64_t)(a | b);
  if (IS("BIT_XOR")) return (int64_t)(a ^ b);
  if (IS("AND")) return p && q;
  if (IS("OR")) return p || q;
  if (IS("XOR")) return (p != 0) != (q != 0);
  if (IS("NEG")) return (int64_t)(0 - a);
  if (IS("ABS")) return p < 0 ? (int64_t)(0 - a) : p;
  if (IS("SIGN")) return (p > 0) - (p < 0);
  if (IS("RELU")) return p < 0 ? 0 : p;
  if (IS("BIT_NOT")) return (int64_t)~a;
  assert_true(IS("NOT"));
  return p == 0;
}

static double define_real(const char* name, double p, double q) {
  const bool is_float = ends_with(name, "F32");
  if (IS("ADD")) return is_float ? (float)p + (float)q : p + q;
  if (IS("SUB")) return is_float ? (float)p - (float)q : p - q;
  if (IS("MUL")) return is_float ? (float)p * (float)q : p * q;
  if (IS("DIV")) return is_float ? (float)p / (float)q : p / q;
  if (IS("PRELU")) return p < 0 ? is_float ? (float)p * (float)q : p * q : p;
  if (IS("MIN")) return isnan(p) || isnan(q) ? NAN : p < q ? p : q;
  if (IS("MAX")) return isnan(p) || isnan(q) ? NAN : p > q ? p : q;
  if (IS("LESS")) return p < q;
  if (IS("NO_MORE")) return p <= q;
  if (IS("EQUAL")) return p == q;
  if (IS("SAME_SIZE")) return fabs(p) == q;
  if (IS("FMOD")) return fmod(p, q);
  if (IS("SQRT")) return sqrt(p);
  if (IS("FLOOR")) return floor(p);
  if (IS("CEIL")) return ceil(p);
  if (IS("ROUND")) return rint(p);
  if (IS("ABS")) return fabs(p);
  if (IS("SIGN")) return isnan(p) ? p : (p > 0) - (p < 0);
  if (IS("RELU")) return isnan(p) ? p : fmax(p, 0);
  if (IS("IS_NAN")) return isnan(p);
  assert_true(IS("IS_INF"));
  return isinf(p) != 0;
}

static bool is_defined(const char* name, const char* type, value p, value q,
                       const void* y, int i, size_t y_bytes, size_t x_bytes) {
  const bool gives_byte = y_bytes == 1 && x_bytes > 1;
  const value got = load(gives_byte ? "U8" : type, y, i);
  if (p.is_real) {
    const double expected = define_real(name, p.real, q.real);
    const double result = gives_byte ? (double)got.whole : got.real;
    return result == expected || (isnan(result) && isnan(expected));
  }
  const int bits = (int)(8 * y_bytes);
  const uint64_t mask = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
  const int64_t expected = define_whole(name, p.whole, q.whole, bits);
  return ((uint64_t)got.whole & mask) == ((uint64_t)expected & mask);
}

static const char* type_of(const char* name) {
  return strrchr(name, '_') + 1;
}

typedef struct room {
  int64_t elements[kMost];
} room;

static void check_binary(const char* name, olstm__binary_loop loop, size_t x_bytes,
                         size_t y_bytes) {
  static const int kCounts[] = {1, 2, 15, 16, 17, 31, 32, 33, kMost};
  const char* type = type_of(name);
  room a, b, y;
  fill(type, 7, &a);
  fill(type, 99, &b);
  for (size_t c = 0; c < sizeof kCounts / sizeof kCounts[0]; c++) {
    for (int steps = 0; steps < 8; steps++) {
      const int a_step = steps & 1, b_step = steps >> 1 & 1;
      const bool in_place = steps >= 4 && a_step && x_bytes == y_bytes;
      memset(&y, 0x55, sizeof y);
      if (in_place) y = a;
      olstm__binary_groups_run(loop, kCounts[c], in_place ? &y : &a, a_step, &b, b_step,
                               &y);
      for (int i = 0; i < kCounts[c]; i++) {
        if (!is_defined(name, type, load(type, &a, i * a_step),
                        load(type, &b, i * b_step), &y, i, y_bytes, x_bytes)) {
          fail_msg("%s: element %d of %d is wrong (steps %d, %d)", name, i, kCounts[c],
                   a_step, b_step);
        }
      }
      // Nothing is written beyond the end.
      const size_t end = (size_t)kCounts[c] * y_bytes;
      const unsigned char* after = (const unsigned char*)&y + end;
      if (!in_place && end < sizeof y) assert_int_equal(*after, 0x55);
    }
  }
}

static void operands_of_every_length_are_combined(void** state) {
  (void)state;
#define CHECK(name, x_bytes, y_bytes) \
  check_binary(#name, OLSTM__BLOCKS_##name, x_bytes, y_bytes);
  OLSTM__BINARY_BLOCKS(CHECK)
#undef CHECK
}

static void check_unary(const char* name, olstm__unary_loop loop, size_t x_bytes,
                        size_t y_bytes) {
  static const int kCounts[] = {1, 15, 16, 17, kMost};
  const char* type = type_of(name);
  room x, y;
  fill(type, 5, &x);
  for (size_t c = 0; c < sizeof kCounts / sizeof kCounts[0]; c++) {
    for (int in_place = 0; in_place < 1 + (x_bytes == y_bytes); in_place++) {
      y = x;
      olstm__unary_groups_run(loop, kCounts[c], in_place ? &y : &x, &y);
      for (int i = 0; i < kCounts[c]; i++) {
        const value p = load(type, &x, i);
        if (!is_defined(name, type, p, p, &y, i, y_bytes, x_bytes)) {
          fail_msg("%s: element %d of %d is wrong", name, i, kCounts[c]);
        }
      }
    }
  }
}

static void an_operand_of_every_length_is_mapped(void** state) {
  (void)state;
#define CHECK(name, x_bytes, y_bytes) \
  check_unary(#name, OLSTM__BLOCKS_##name, x_bytes, y_bytes);
  OLSTM__UNARY_BLOCKS(CHECK)
#undef CHECK
}

static void elements_of_every_size_are_chosen(void** state) {
  static const size_t kBytes[] = {1, 2, 4, 8};
  static const int kCounts[] = {1, 15, 16, 17, kMost};
  (void)state;
  for (size_t t = 0; t < 4; t++) {
    for (size_t c = 0; c < 5; c++) {
      for (int steps = 0; steps < 16; steps++) {
        const size_t bytes = kBytes[t];
        const int mask_step = steps & 1, a_step = steps >> 1 & 1, b_step = steps >> 2 & 1;
        const bool in_place = (steps & 8) && a_step;
        uint8_t mask[kMost];
        room a, b, y;
        fill("U8", 3, &a);
        fill("I64", 11, &a);
        fill("I64", 12, &b);
        for (int i = 0; i < kMost; i++) mask[i] = (uint8_t)(i % 3 == 1 ? 2 : i % 2);
        if (in_place) y = a;
        const olstm__where_operand operands[] = {
            {mask, mask_step}, {in_place ? &y : &a, a_step}, {&b, b_step}};
        olstm__where_groups_run(bytes, kCounts[c], &operands[0], &operands[1],
                                &operands[2], &y);
        for (size_t i = 0; i < (size_t)kCounts[c]; i++) {
          const bool is_first = mask[i * (size_t)mask_step] != 0;
          const char* from = is_first ? (const char*)&a + i * (size_t)a_step * bytes
                                      : (const char*)&b + i * (size_t)b_step * bytes;
          assert_memory_equal((const char*)&y + i * bytes, from, bytes);
        }
      }
    }
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(operands_of_every_length_are_combined),
      cmocka_unit_test(an_operand_of_every_length_is_mapped),
      cmocka_unit_test(elements_of_every_size_are_chosen),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
