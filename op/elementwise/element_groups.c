// What remains after whole groups is done with the elements before it, as the array's
// last group; in arrays that are too short for one, in a group of its own. So nothing is
// read or written beyond an array.
#include "op/elementwise/element_groups.h"

#include <string.h>

#include "op/math/cpu.h"

/// Room for a group of any type.
typedef struct group_room {
  uint64_t elements[OLSTM__GROUP];
} group_room;

static const olstm__element_blocks* find_blocks(void) {
#if defined(__x86_64__)
  if (olstm__cpu_get()->avx2_fma) return &olstm__element_blocks_f32_avx2;
#endif
  return &olstm__element_blocks_f32_plain;
}

#define BYTES(name, from_bytes, to_bytes) {from_bytes, to_bytes},
static const struct loop_bytes {
  uint8_t from, to;
} kBinary[] = {OLSTM__BINARY_BLOCKS(BYTES)}, kUnary[] = {OLSTM__UNARY_BLOCKS(BYTES)};

/// One number, as a group of it.
static const void* repeat(size_t bytes, const void* x, group_room* room) {
  if (bytes == 1) {
    memset(room, *(const uint8_t*)x, OLSTM__GROUP);
  } else if (bytes == 4) {
    uint32_t value;
    memcpy(&value, x, sizeof value);
    const uint64_t both = value | (uint64_t)value << 32;
    for (int i = 0; i < OLSTM__GROUP / 2; i++) room->elements[i] = both;
  } else if (bytes == 8) {
    uint64_t value;
    memcpy(&value, x, sizeof value);
    for (int i = 0; i < OLSTM__GROUP; i++) room->elements[i] = value;
  } else {
    for (int i = 0; i < OLSTM__GROUP; i++) memcpy((char*)room + i * (int)bytes, x, bytes);
  }
  return room;
}

void olstm__repeat_element(size_t bytes, const void* x, int64_t count, void* y) {
  enum { kAtOnce = 32 };
  const size_t size = (size_t)count * bytes;
  group_room room;
  char* to = y;
  if (bytes == 1) {
    memset(y, *(const uint8_t*)x, size);
    return;
  }
  repeat(bytes, x, &room);
  for (size_t i = 0; i < size; i += kAtOnce) memcpy(to + i, &room, kAtOnce);
}

/// Where the group begins that ends with the array, or a group with all its elements.
static const void* last_group(const void* x, size_t step, size_t count, size_t bytes,
                              group_room* room) {
  if (!step) return x;
  if (count >= OLSTM__GROUP) return (const char*)x + (count - OLSTM__GROUP) * bytes;
  memcpy(room, x, count * bytes);
  memset((char*)room + count * bytes, 0, (OLSTM__GROUP - count) * bytes);
  return room;
}

/// Where a last group's results go that the array itself has no room for, or not yet: it
/// is computed first, from operands that the results may overwrite.
static void copy_rest(void* y, size_t count, size_t bytes, const group_room* room) {
  const size_t rest = count % OLSTM__GROUP;
  const size_t before = count < OLSTM__GROUP ? 0 : OLSTM__GROUP - rest;
  memcpy((char*)y + (count - rest) * bytes, (const char*)room + before * bytes,
         rest * bytes);
}

void olstm__binary_groups_run(olstm__binary_loop loop, int64_t count, const void* a,
                              int64_t a_step, const void* b, int64_t b_step, void* y) {
  const olstm__binary_blocks run = find_blocks()->binary[loop];
  const struct loop_bytes bytes = kBinary[loop];
  const size_t size = (size_t)count, groups = size / OLSTM__GROUP;
  const size_t a_group = a_step ? OLSTM__GROUP : 0;
  const size_t b_group = b_step ? OLSTM__GROUP : 0;
  group_room a_room, b_room, y_room;
  if (!a_step) a = repeat(bytes.from, a, &a_room);
  if (!b_step) b = repeat(bytes.from, b, &b_room);
  if (groups && y != a && y != b) {
    run(groups, a, a_group, b, b_group, y);
    if (size % OLSTM__GROUP) {
      run(1, last_group(a, a_group, size, bytes.from, &a_room), 0,
          last_group(b, b_group, size, bytes.from, &b_room), 0,
          (char*)y + (size - OLSTM__GROUP) * bytes.to);
    }
    return;
  }
  if (size % OLSTM__GROUP) {
    run(1, last_group(a, a_group, size, bytes.from, &a_room), 0,
        last_group(b, b_group, size, bytes.from, &b_room), 0, &y_room);
  }
  if (groups) run(groups, a, a_group, b, b_group, y);
  if (size % OLSTM__GROUP) copy_rest(y, size, bytes.to, &y_room);
}

void olstm__unary_groups_run(olstm__unary_loop loop, int64_t count, const void* x,
                             void* y) {
  const olstm__unary_blocks run = find_blocks()->unary[loop];
  const struct loop_bytes bytes = kUnary[loop];
  const size_t size = (size_t)count, groups = size / OLSTM__GROUP;
  group_room x_room, y_room;
  if (size % OLSTM__GROUP) run(1, last_group(x, 1, size, bytes.from, &x_room), &y_room);
  if (groups) run(groups, x, y);
  if (size % OLSTM__GROUP) copy_rest(y, size, bytes.to, &y_room);
}

void olstm__clip_groups_run(bool is_signed, int64_t count, const void* x, const void* low,
                            const void* high, void* y) {
  const olstm__binary_blocks run = find_blocks()->clip[is_signed ? 0 : 1];
  const size_t size = (size_t)count, groups = size / OLSTM__GROUP;
  group_room bounds, x_room, y_room;
  memset(&bounds, *(const uint8_t*)low, OLSTM__GROUP);
  memset((char*)&bounds + OLSTM__GROUP, *(const uint8_t*)high, OLSTM__GROUP);
  if (size % OLSTM__GROUP) {
    run(1, last_group(x, 1, size, 1, &x_room), 0, &bounds, 0, &y_room);
  }
  if (groups) run(groups, x, OLSTM__GROUP, &bounds, 0, y);
  if (size % OLSTM__GROUP) copy_rest(y, size, 1, &y_room);
}

void olstm__product_i32_run(int64_t rows, int64_t k, int64_t n, const uint32_t* a,
                            const uint32_t* b, uint32_t* c) {
  if (n >= OLSTM__GROUP) {
    find_blocks()->product_i32(rows, k, n, a, b, c);
    return;
  }
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < n; j++) {
      uint32_t sum = 0;
      for (int64_t p = 0; p < k; p++) sum += a[i * k + p] * b[p * n + j];
      c[i * n + j] = sum;
    }
  }
}

void olstm__where_groups_run(size_t bytes, int64_t count,
                             const olstm__where_operand* mask,
                             const olstm__where_operand* a, const olstm__where_operand* b,
                             void* y) {
  const int log = bytes == 1 ? 0 : bytes == 2 ? 1 : bytes == 4 ? 2 : 3;
  const olstm__where_blocks run = find_blocks()->where[log];
  const olstm__where_operand* const operands[] = {mask, a, b};
  const size_t size = (size_t)count, groups = size / OLSTM__GROUP;
  const void* data[3];
  const void* last[3];
  size_t steps[3];
  group_room rooms[3], y_room;
  for (int i = 0; i < 3; i++) {
    const size_t element = i ? bytes : 1;
    steps[i] = operands[i]->step ? OLSTM__GROUP : 0;
    data[i] = operands[i]->step ? operands[i]->data
                                : repeat(element, operands[i]->data, &rooms[i]);
    if (size % OLSTM__GROUP) {
      last[i] = last_group(data[i], steps[i], size, element, &rooms[i]);
    }
  }
  if (size % OLSTM__GROUP) run(1, last[0], 0, last[1], 0, last[2], 0, &y_room);
  if (groups) run(groups, data[0], steps[0], data[1], steps[1], data[2], steps[2], y);
  if (size % OLSTM__GROUP) copy_rest(y, size, bytes, &y_room);
}
