// What remains after whole groups is done with the elements before it, as the array's
// last group; in arrays that are too short for one, in a group of its own.
#include "op/quantize/quantize_bytes.h"

#include <math.h>
#include <string.h>

#include "op/math/cpu.h"
#include "op/quantize/quantize_blocks.h"

enum { kGroup = OLSTM__QUANTIZE_GROUP };

static const olstm__quantize_table* find_table(void) {
#if defined(__x86_64__)
  if (olstm__cpu_get()->avx2_fma) return &olstm__quantize_blocks_f32_avx2;
#endif
  return &olstm__quantize_blocks_f32_plain;
}

/// A group of scales and zero points, for elements that have the same, or that remain.
typedef struct scale_room {
  float scales[kGroup], zeros[kGroup];
} scale_room;

static olstm__quantize_scales scales_of(const olstm__byte_scale* scale,
                                        olstm_dtype dtype) {
  const size_t bytes = olstm_dtype_size(dtype);
  const bool is_unsigned = dtype == OLSTM_DTYPE_UINT8 || dtype == OLSTM_DTYPE_UINT16;
  const float values = bytes == 1 ? 256 : 65536;
  const float least = is_unsigned ? 0 : -values / 2;
  return (olstm__quantize_scales){.scales = scale->scales,
                                  .zeros = scale->zeros,
                                  .step = scale->step ? kGroup : 0,
                                  .least = least,
                                  .most = least + values - 1,
                                  .bytes = bytes};
}

/// The scales of the group that ends with the array, or of a group with all its elements.
static olstm__quantize_scales last_of(const olstm__quantize_scales* by, size_t count,
                                      scale_room* room) {
  olstm__quantize_scales last = *by;
  if (!by->step) return last;
  if (count >= kGroup) {
    last.scales += count - kGroup;
    last.zeros += count - kGroup;
    return last;
  }
  for (size_t i = 0; i < kGroup; i++) {
    room->scales[i] = by->scales[i < count ? i : 0];
    room->zeros[i] = by->zeros[i < count ? i : 0];
  }
  last.scales = room->scales;
  last.zeros = room->zeros;
  return last;
}

/// A row that is not whole groups.
static void quantize_row(size_t size, const float* x, const olstm__quantize_scales* by,
                         char* y) {
  const olstm__quantize_table* table = find_table();
  const size_t groups = size / kGroup, at = size - kGroup;
  scale_room room;
  const olstm__quantize_scales last = last_of(by, size, &room);
  if (groups) {
    table->quantize(1, groups, x, by, y);
    table->quantize(1, 1, x + at, &last, y + at * by->bytes);
  } else {
    float from[kGroup] = {0};
    uint16_t to[kGroup];
    memcpy(from, x, size * sizeof *from);
    table->quantize(1, 1, from, &last, to);
    memcpy(y, to, size * by->bytes);
  }
}

void olstm__quantize_bytes(int64_t rows, int64_t count, const float* x,
                           const olstm__byte_scale* scale, olstm_dtype dtype, void* y) {
  const size_t size = (size_t)count;
  olstm__quantize_scales by = scales_of(scale, dtype);
  char* to = y;
  if (size % kGroup == 0) {
    find_table()->quantize((size_t)rows, size / kGroup, x, &by, y);
    return;
  }
  for (int64_t r = 0; r < rows; r++, x += size, to += size * by.bytes) {
    quantize_row(size, x, &by, to);
    by.scales++;
    by.zeros++;
  }
}

void olstm__dequantize_bytes(int64_t count, const void* x, const olstm__byte_scale* scale,
                             olstm_dtype dtype, float* y) {
  const olstm__quantize_table* table = find_table();
  const size_t size = (size_t)count, groups = size / kGroup;
  const size_t bytes = olstm_dtype_size(dtype);
  scale_room room;
  olstm__quantize_scales by = scales_of(scale, dtype);
  void (*const run)(size_t, const void*, const olstm__quantize_scales*, float*) =
      dtype == OLSTM_DTYPE_UINT8    ? table->dequantize_u8
      : dtype == OLSTM_DTYPE_INT8   ? table->dequantize_i8
      : dtype == OLSTM_DTYPE_UINT16 ? table->dequantize_u16
      : dtype == OLSTM_DTYPE_INT16  ? table->dequantize_i16
                                    : table->dequantize_i32;
  if (!by.step) {
    for (int i = 0; i < kGroup; i++) {
      room.scales[i] = scale->scales[0];
      room.zeros[i] = scale->zeros[0];
    }
    by.scales = room.scales;
    by.zeros = room.zeros;
  }
  if (groups) run(groups, x, &by, y);
  if (size % kGroup == 0) return;
  const olstm__quantize_scales last = last_of(&by, size, &room);
  if (groups) {
    run(1, (const char*)x + (size - kGroup) * bytes, &last, y + size - kGroup);
  } else {
    int32_t from[kGroup] = {0};
    float to[kGroup];
    memcpy(from, x, size * bytes);
    run(1, from, &last, to);
    memcpy(y, to, size * sizeof *to);
  }
}

bool olstm__find_range(int64_t count, const float* x, float* least, float* most) {
  const int64_t whole = count - count % kGroup;
  float probe = 0;
  find_table()->find_range((size_t)(whole / kGroup), x, least, most, &probe);
  for (int64_t i = whole; i < count; i++) {
    *least = x[i] < *least ? x[i] : *least;
    *most = x[i] > *most ? x[i] : *most;
    probe += x[i] * 0;
  }
  return probe == 0;
}

/// 0 and infinity make NaN, which becomes 0; factors that are no finite numbers are no
/// more worth a loop of their own.
static void requantize_strange(int64_t count, const void* x,
                               const olstm__byte_factors* factors,
                               const olstm__quantize_range* range, uint8_t* y) {
  for (int64_t i = 0; i < count; i++) {
    const int32_t own =
        range->is_float ? (int32_t)((const float*)x)[i] : ((const int32_t*)x)[i];
    const int32_t sum = (int32_t)((uint32_t)own + range->bias);
    const double moved = rint(sum * factors->values[i * factors->step]) + range->zero;
    const double bounded = fmin(fmax(moved, range->least), range->most);
    y[i] = (uint8_t)(int32_t)(moved == moved ? bounded : 0);
  }
}

static void requantize_row(const olstm__quantize_table* table, size_t size, const char* x,
                           const olstm__quantize_factors* factors,
                           const olstm__quantize_range* range, uint8_t* y) {
  const size_t groups = size / kGroup, at = size - kGroup;
  olstm__quantize_factors last = *factors;
  if (groups) table->requantize(groups, x, factors, range, y);
  if (size % kGroup == 0) return;
  if (groups) {
    if (last.step) last.values += at, last.floats += at;
    table->requantize(1, x + at * sizeof(int32_t), &last, range, y + at);
  } else {
    int32_t from[kGroup] = {0};
    double values[kGroup] = {0};
    float floats[kGroup] = {0};
    uint8_t to[kGroup];
    memcpy(from, x, size * sizeof *from);
    memcpy(values, last.values, size * sizeof *values);
    memcpy(floats, last.floats, size * sizeof *floats);
    last = (olstm__quantize_factors){values, floats, 0};
    table->requantize(1, from, &last, range, to);
    memcpy(y, to, size);
  }
}

void olstm__requantize(int64_t rows, int64_t columns, const void* x, int64_t x_step,
                       const olstm__byte_factors* factors, float zero, olstm_dtype dtype,
                       void* y) {
  const olstm__quantize_table* table = find_table();
  const bool is_unsigned = dtype == OLSTM_DTYPE_UINT8;
  const olstm__quantize_range range = {zero, is_unsigned ? 0 : -128,
                                       is_unsigned ? 255 : 127, (uint32_t)factors->bias,
                                       factors->are_floats};
  double values[kGroup];
  float floats[kGroup];
  olstm__quantize_factors by = {factors->values, factors->floats, kGroup};
  if (!factors->step) {
    for (int i = 0; i < kGroup; i++) {
      values[i] = factors->values[0];
      floats[i] = (float)values[i];
    }
    by = (olstm__quantize_factors){values, floats, 0};
    if (x_step == columns) {
      columns *= rows;
      rows = 1;
    }
  }
  const char* from = x;
  for (int64_t r = 0; r < rows; r++, from += x_step * (int64_t)sizeof(int32_t)) {
    uint8_t* to = (uint8_t*)y + r * columns;
    if (factors->are_finite) {
      requantize_row(table, (size_t)columns, from, &by, &range, to);
    } else {
      requantize_strange(columns, from, factors, &range, to);
    }
  }
}
