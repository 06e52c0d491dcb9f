#include "op/signal/fourier.h"

#include <math.h>
#include <string.h>

#include "olstm/allocator.h"

static const double kPi = 3.14159265358979323846;

/// The longest that is taken: sizes and squares stay far from overflow.
static const int64_t kMaxLength = (int64_t)1 << 28;

static bool is_power_of_two(int64_t n) {
  return (n & (n - 1)) == 0;
}

static int64_t size_of(int64_t length) {
  int64_t size = 1;
  const int64_t least = is_power_of_two(length) ? length : 2 * length - 1;
  while (size < least) size *= 2;
  return size;
}

bool olstm__fourier_bytes(int64_t length, size_t* out_table_bytes,
                          size_t* out_scratch_bytes) {
  if (length < 1 || length > kMaxLength) return false;
  const size_t pair = 2 * sizeof(double);
  const size_t size = (size_t)size_of(length);
  const bool is_plain = is_power_of_two(length);
  const size_t count = size / 2 + 1 + (is_plain ? 0 : (size_t)length + size);
  *out_scratch_bytes = is_plain ? 0 : size * pair;
  return olstm_size_multiply(count, pair, out_table_bytes);
}

uint64_t olstm__fourier_work(int64_t length) {
  const int64_t size = size_of(length);
  uint64_t steps = 1;
  for (int64_t s = size; s > 1; s /= 2) steps++;
  const uint64_t one = (uint64_t)size * steps * 20;
  return is_power_of_two(length) ? one : 2 * one + (uint64_t)size * 48;
}

/// values[i] *= factor, both complex; the factor is conjugated where `sign` is -1.
static void multiply(double* value, const double* factor, double sign) {
  const double re = value[0] * factor[0] - value[1] * factor[1] * sign;
  const double im = value[0] * factor[1] * sign + value[1] * factor[0];
  value[0] = re;
  value[1] = im;
}

static void reverse_bits(int64_t size, double* values) {
  for (int64_t i = 1, j = 0; i < size; i++) {
    int64_t bit = size / 2;
    for (; j & bit; bit /= 2) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    for (int part = 0; part < 2; part++) {
      const double value = values[2 * i + part];
      values[2 * i + part] = values[2 * j + part];
      values[2 * j + part] = value;
    }
  }
}

/// A power of two, in place.
static void transform(const double* roots, int64_t size, double sign, double* values) {
  reverse_bits(size, values);
  for (int64_t half = 1; half < size; half *= 2) {
    const int64_t stride = size / (2 * half);
    for (int64_t block = 0; block < size; block += 2 * half) {
      for (int64_t k = 0; k < half; k++) {
        double* a = values + 2 * (block + k);
        double* b = a + 2 * half;
        double turned[2] = {b[0], b[1]};
        multiply(turned, roots + 2 * k * stride, sign);
        b[0] = a[0] - turned[0];
        b[1] = a[1] - turned[1];
        a[0] += turned[0];
        a[1] += turned[1];
      }
    }
  }
}

/// chirp[k] = exp(-i pi k^2 / length), whose angle is taken from an exact remainder.
static void fill_chirp(int64_t length, double* chirp) {
  for (int64_t k = 0; k < length; k++) {
    const int64_t square = (int64_t)((uint64_t)k * (uint64_t)k % (uint64_t)(2 * length));
    const double angle = kPi * (double)square / (double)length;
    chirp[2 * k] = cos(angle);
    chirp[2 * k + 1] = -sin(angle);
  }
}

void olstm__fourier_init(olstm__fourier* fourier, int64_t length, void* table,
                         void* scratch) {
  const int64_t size = size_of(length);
  double* roots = table;
  (void)scratch;
  *fourier = (olstm__fourier){.length = length, .size = size, .roots = roots};
  for (int64_t k = 0; k < size / 2; k++) {
    const double angle = 2 * kPi * (double)k / (double)size;
    roots[2 * k] = cos(angle);
    roots[2 * k + 1] = -sin(angle);
  }
  if (is_power_of_two(length)) return;
  double* chirp = roots + 2 * (size / 2 + 1);
  double* spectrum = chirp + 2 * length;
  fourier->chirp = chirp;
  fourier->spectrum = spectrum;
  fill_chirp(length, chirp);
  // The chirp's conjugate, around 0.
  memset(spectrum, 0, (size_t)size * 2 * sizeof *spectrum);
  for (int64_t k = 0; k < length; k++) {
    const int64_t mirrored = k ? size - k : 0;
    spectrum[2 * k] = spectrum[2 * mirrored] = chirp[2 * k];
    spectrum[2 * k + 1] = spectrum[2 * mirrored + 1] = -chirp[2 * k + 1];
  }
  transform(roots, size, 1, spectrum);
}

void olstm__fourier_run(const olstm__fourier* fourier, bool inverse, double* values,
                        void* scratch) {
  const int64_t length = fourier->length, size = fourier->size;
  const double sign = inverse ? -1 : 1;
  if (!fourier->chirp) {
    transform(fourier->roots, size, sign, values);
    return;
  }
  // The inverse is the transform of the conjugate, conjugated.
  double* padded = scratch;
  memset(padded, 0, (size_t)size * 2 * sizeof *padded);
  for (int64_t k = 0; k < length; k++) {
    padded[2 * k] = values[2 * k];
    padded[2 * k + 1] = sign * values[2 * k + 1];
    multiply(padded + 2 * k, fourier->chirp + 2 * k, 1);
  }
  transform(fourier->roots, size, 1, padded);
  for (int64_t k = 0; k < size; k++) {
    multiply(padded + 2 * k, fourier->spectrum + 2 * k, 1);
  }
  transform(fourier->roots, size, -1, padded);
  for (int64_t k = 0; k < length; k++) {
    multiply(padded + 2 * k, fourier->chirp + 2 * k, 1);
    values[2 * k] = padded[2 * k] / (double)size;
    values[2 * k + 1] = sign * padded[2 * k + 1] / (double)size;
  }
}
