#include "runtime/plan/memory_plan.h"

#include <stdlib.h>

/// A request with aligned bytes.
typedef struct plan_item {
  size_t first_step;
  size_t last_step;
  size_t bytes;
  size_t index;
} plan_item;

static int compare_sizes(size_t a, size_t b) {
  return (a > b) - (a < b);
}

/// Largest first, then earliest, then by index: a total order.
static int by_size(const void* left, const void* right) {
  const plan_item* a = left;
  const plan_item* b = right;
  int order = compare_sizes(b->bytes, a->bytes);
  if (order == 0) order = compare_sizes(a->first_step, b->first_step);
  return order ? order : compare_sizes(a->index, b->index);
}

static int by_first_step(const void* left, const void* right) {
  const plan_item* a = left;
  const plan_item* b = right;
  int order = compare_sizes(a->first_step, b->first_step);
  if (order == 0) order = compare_sizes(b->bytes, a->bytes);
  return order ? order : compare_sizes(a->index, b->index);
}

static int by_last_step(const void* left, const void* right) {
  const plan_item* a = left;
  const plan_item* b = right;
  const int order = compare_sizes(a->last_step, b->last_step);
  return order ? order : compare_sizes(a->index, b->index);
}

static olstm_status fail_size(olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_LIMIT_EXCEEDED,
                    "memory plan: the buffers' total does not fit a size_t");
}

static olstm_status fail_memory(olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "memory plan: no memory");
}

// ------------------------------------------------ by size, best fit

/// Finds the offset for `item` among `placed`, which is sorted by offset. False when it
/// does not fit a size_t.
static bool find_gap(const plan_item* item, const plan_item* const* placed,
                     size_t placed_count, const size_t* offsets, size_t* out_offset) {
  size_t end = 0;
  size_t best_bytes = SIZE_MAX;
  size_t unused = 0;
  *out_offset = SIZE_MAX;
  for (size_t p = 0; p < placed_count; p++) {
    const plan_item* other = placed[p];
    const size_t start = offsets[other->index];
    if (other->first_step > item->last_step || other->last_step < item->first_step) {
      continue;
    }
    if (start > end && start - end >= item->bytes && start - end < best_bytes) {
      best_bytes = start - end;
      *out_offset = end;
    }
    if (start + other->bytes > end) end = start + other->bytes;
  }
  if (*out_offset == SIZE_MAX) *out_offset = end;
  return olstm_size_add(*out_offset, item->bytes, &unused);
}

static olstm_status plan_by_size(size_t count, plan_item* items,
                                 const olstm_allocator* scratch, size_t* offsets,
                                 size_t* out_total, olstm_error* error) {
  olstm_status status = OLSTM_STATUS_OK;
  const plan_item** placed = olstm_allocate(scratch, count, sizeof *placed);
  if (!placed) return fail_memory(error);
  qsort(items, count, sizeof *items, by_size);
  for (size_t i = 0; i < count; i++) {
    const plan_item* item = &items[i];
    size_t offset = 0;
    if (!find_gap(item, placed, i, offsets, &offset)) {
      status = fail_size(error);
      break;
    }
    offsets[item->index] = offset;
    if (offset + item->bytes > *out_total) *out_total = offset + item->bytes;
    size_t p = i;
    for (; p > 0 && offsets[placed[p - 1]->index] > offset; p--) {
      placed[p] = placed[p - 1];
    }
    placed[p] = item;
  }
  olstm_release(scratch, placed, count, sizeof *placed);
  return status;
}

// ------------------------------------------------ by time

/// The heap is divided into blocks, linked in the order of addresses; free blocks are in
/// another list besides. Links are indices, NO_BLOCK ends a list.
typedef struct plan_block {
  size_t offset;
  size_t bytes;
  size_t before;
  size_t after;
  size_t free_before;
  size_t free_after;
  bool is_free;
} plan_block;

enum { kMaxGapsTried = 64 };
static const size_t NO_BLOCK = SIZE_MAX;

typedef struct plan_heap {
  plan_block* blocks;
  size_t block_count;
  size_t last;
  size_t first_free;
} plan_heap;

static void push_free(plan_heap* heap, size_t index) {
  plan_block* block = &heap->blocks[index];
  block->is_free = true;
  block->free_before = NO_BLOCK;
  block->free_after = heap->first_free;
  if (heap->first_free != NO_BLOCK) heap->blocks[heap->first_free].free_before = index;
  heap->first_free = index;
}

static void pop_free(plan_heap* heap, size_t index) {
  plan_block* block = &heap->blocks[index];
  block->is_free = false;
  if (block->free_before == NO_BLOCK) {
    heap->first_free = block->free_after;
  } else {
    heap->blocks[block->free_before].free_after = block->free_after;
  }
  if (block->free_after != NO_BLOCK) {
    heap->blocks[block->free_after].free_before = block->free_before;
  }
}

/// Inserts a block of `bytes` after block `before` (NO_BLOCK: as the first one).
static size_t insert_block(plan_heap* heap, size_t before, size_t offset, size_t bytes) {
  const size_t index = heap->block_count++;
  plan_block* block = &heap->blocks[index];
  const size_t after = before == NO_BLOCK ? NO_BLOCK : heap->blocks[before].after;
  *block = (plan_block){offset, bytes, before, after, NO_BLOCK, NO_BLOCK, false};
  if (before != NO_BLOCK) heap->blocks[before].after = index;
  if (after != NO_BLOCK) heap->blocks[after].before = index;
  if (before == heap->last) heap->last = index;
  return index;
}

/// The smallest free block of at least `bytes` among those tried, or NO_BLOCK.
static size_t find_free(const plan_heap* heap, size_t bytes) {
  size_t best = NO_BLOCK;
  size_t index = heap->first_free;
  for (int tried = 0; index != NO_BLOCK && tried < kMaxGapsTried; tried++) {
    const plan_block* block = &heap->blocks[index];
    if (block->bytes >= bytes &&
        (best == NO_BLOCK || block->bytes < heap->blocks[best].bytes)) {
      best = index;
    }
    index = block->free_after;
  }
  return best;
}

/// Allocates `bytes` of the heap. NO_BLOCK when they do not fit a size_t.
static size_t take_block(plan_heap* heap, size_t bytes) {
  size_t end = 0;
  size_t index = find_free(heap, bytes);
  if (index != NO_BLOCK) {
    plan_block* block = &heap->blocks[index];
    const size_t rest = block->bytes - bytes;
    pop_free(heap, index);
    block->bytes = bytes;
    if (rest) push_free(heap, insert_block(heap, index, block->offset + bytes, rest));
    return index;
  }
  index = heap->last;
  if (index != NO_BLOCK && heap->blocks[index].is_free) {
    plan_block* block = &heap->blocks[index];
    if (!olstm_size_add(block->offset, bytes, &end)) return NO_BLOCK;
    pop_free(heap, index);
    block->bytes = bytes;
    return index;
  }
  const size_t offset =
      index == NO_BLOCK ? 0 : heap->blocks[index].offset + heap->blocks[index].bytes;
  if (!olstm_size_add(offset, bytes, &end)) return NO_BLOCK;
  return insert_block(heap, index, offset, bytes);
}

/// Merges the block after `index` into it.
static void merge_after(plan_heap* heap, size_t index) {
  plan_block* block = &heap->blocks[index];
  const size_t gone = block->after;
  block->bytes += heap->blocks[gone].bytes;
  block->after = heap->blocks[gone].after;
  if (block->after != NO_BLOCK) heap->blocks[block->after].before = index;
  if (heap->last == gone) heap->last = index;
}

static void give_block(plan_heap* heap, size_t index) {
  const size_t after = heap->blocks[index].after;
  const size_t before = heap->blocks[index].before;
  if (after != NO_BLOCK && heap->blocks[after].is_free) {
    pop_free(heap, after);
    merge_after(heap, index);
  }
  if (before != NO_BLOCK && heap->blocks[before].is_free) {
    pop_free(heap, before);
    merge_after(heap, before);
    index = before;
  }
  push_free(heap, index);
}

/// Goes through items by first step, and frees those of `expiring`, sorted by last step,
/// before each. held[i]: the block of request i.
static olstm_status walk_time(size_t count, const plan_item* items,
                              const plan_item* expiring, plan_heap* heap, size_t* held,
                              size_t* offsets, size_t* out_total, olstm_error* error) {
  size_t expired = 0;
  for (size_t i = 0; i < count; i++) {
    const plan_item* item = &items[i];
    while (expired < i && expiring[expired].last_step < item->first_step) {
      give_block(heap, held[expiring[expired++].index]);
    }
    const size_t index = take_block(heap, item->bytes);
    if (index == NO_BLOCK) return fail_size(error);
    held[item->index] = index;
    offsets[item->index] = heap->blocks[index].offset;
    if (offsets[item->index] + item->bytes > *out_total) {
      *out_total = offsets[item->index] + item->bytes;
    }
  }
  return OLSTM_STATUS_OK;
}

static olstm_status plan_by_time(size_t count, size_t request_count, plan_item* items,
                                 const olstm_allocator* scratch, size_t* offsets,
                                 size_t* out_total, olstm_error* error) {
  olstm_status status = fail_memory(error);
  plan_item* expiring = olstm_allocate(scratch, count, sizeof *expiring);
  size_t* held = olstm_allocate(scratch, request_count, sizeof *held);
  // Each allocation adds at most one block.
  plan_heap heap = {olstm_allocate(scratch, count, sizeof *heap.blocks), 0, NO_BLOCK,
                    NO_BLOCK};
  if (expiring && held && heap.blocks) {
    memcpy(expiring, items, count * sizeof *items);
    qsort(items, count, sizeof *items, by_first_step);
    qsort(expiring, count, sizeof *expiring, by_last_step);
    status = walk_time(count, items, expiring, &heap, held, offsets, out_total, error);
  }
  olstm_release(scratch, heap.blocks, count, sizeof *heap.blocks);
  olstm_release(scratch, held, request_count, sizeof *held);
  olstm_release(scratch, expiring, count, sizeof *expiring);
  return status;
}

olstm_status olstm__memory_plan(size_t count, const olstm__memory_request* requests,
                                size_t exact_count, const olstm_allocator* scratch,
                                size_t* out_offsets, size_t* out_total,
                                olstm_error* error) {
  size_t item_count = 0;
  size_t total = 0;
  olstm_status status = OLSTM_STATUS_OK;
  *out_total = 0;
  plan_item* items = olstm_allocate(scratch, count, sizeof *items);
  if (!items) return fail_memory(error);
  for (size_t i = 0; i < count; i++) {
    plan_item* item = &items[item_count];
    out_offsets[i] = 0;
    *item = (plan_item){requests[i].first_step, requests[i].last_step, 0, i};
    if (!olstm_size_align(requests[i].bytes, &item->bytes)) status = fail_size(error);
    if (item->bytes) item_count++;
  }
  if (status == OLSTM_STATUS_OK && item_count) {
    status =
        item_count <= exact_count
            ? plan_by_size(item_count, items, scratch, out_offsets, &total, error)
            : plan_by_time(item_count, count, items, scratch, out_offsets, &total, error);
  }
  olstm_release(scratch, items, count, sizeof *items);
  if (status == OLSTM_STATUS_OK) *out_total = total;
  return status;
}
