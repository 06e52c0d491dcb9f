#include "runtime/batcher/step_queue.h"

#include <string.h>

#include "base/tensor_size.h"

olstm_status olstm__step_queue_init(olstm__step_queue* queue,
                                    const olstm_allocator* allocator, size_t input_count,
                                    size_t capacity, size_t stream_count,
                                    olstm_error* error) {
  *queue = (olstm__step_queue){.allocator = *allocator,
                               .input_count = input_count,
                               .capacity = capacity,
                               .stream_count = stream_count};
  queue->streams = olstm_allocate_zeroed(allocator, stream_count, sizeof *queue->streams);
  if (queue->streams) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a batcher");
}

static void destroy_step(const olstm__step_queue* queue, olstm__queued_step* step) {
  olstm_release(&queue->allocator, step->inputs, queue->input_count + 1,
                sizeof *step->inputs);
  olstm_release(&queue->allocator, step->data, step->data_bytes, 1);
  olstm_release(&queue->allocator, step, 1, sizeof *step);
}

void olstm__step_queue_deinit(olstm__step_queue* queue) {
  while (queue->free) {
    olstm__queued_step* next = queue->free->next;
    destroy_step(queue, queue->free);
    queue->free = next;
  }
  olstm_release(&queue->allocator, queue->streams, queue->stream_count,
                sizeof *queue->streams);
  queue->streams = NULL;
}

/// Copies inputs into a step, one behind the other. False when there is no memory.
static bool copy_inputs(const olstm__step_queue* queue, olstm__queued_step* step,
                        const olstm_tensor* inputs) {
  size_t bytes = 0;
  for (size_t i = 0; i < queue->input_count; i++) {
    size_t aligned = 0;
    if (!olstm_size_align(olstm__desc_bytes(&inputs[i].desc), &aligned) ||
        !olstm_size_add(bytes, aligned, &bytes)) {
      return false;
    }
  }
  if (bytes > step->data_bytes) {
    char* data = olstm_allocate(&queue->allocator, bytes, 1);
    if (!data) return false;
    olstm_release(&queue->allocator, step->data, step->data_bytes, 1);
    step->data = data;
    step->data_bytes = bytes;
  }
  char* to = step->data;
  for (size_t i = 0; i < queue->input_count; i++) {
    const size_t own = olstm__desc_bytes(&inputs[i].desc);
    size_t aligned = 0;
    step->inputs[i] = (olstm_tensor){inputs[i].desc, own ? to : NULL};
    if (own) memcpy(to, inputs[i].data, own);
    (void)olstm_size_align(own, &aligned);
    to += aligned;
  }
  return true;
}

static void drop(olstm__step_queue* queue, olstm__queued_step* step) {
  step->next = queue->free;
  queue->free = step;
}

olstm_status olstm__step_queue_take_free(olstm__step_queue* queue,
                                         const olstm_tensor* inputs,
                                         olstm__queued_step** out_step,
                                         olstm_error* error) {
  const olstm_allocator* allocator = &queue->allocator;
  olstm__queued_step* step = queue->free;
  if (queue->count >= queue->capacity) {
    return olstm_fail(error, OLSTM_STATUS_QUEUE_FULL,
                      "the batcher's queue is full: %zu steps are waiting", queue->count);
  }
  if (step) {
    queue->free = step->next;
  } else {
    step = olstm_allocate_zeroed(allocator, 1, sizeof *step);
  }
  if (step && !step->inputs) {
    step->inputs =
        olstm_allocate_zeroed(allocator, queue->input_count + 1, sizeof *step->inputs);
  }
  if (step && step->inputs && copy_inputs(queue, step, inputs)) {
    *out_step = step;
    return OLSTM_STATUS_OK;
  }
  if (step) drop(queue, step);
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a step's inputs");
}

static void make_ready(olstm__step_queue* queue, olstm__queued_step* step) {
  step->next = NULL;
  if (queue->last_ready) {
    queue->last_ready->next = step;
  } else {
    queue->first_ready = step;
  }
  queue->last_ready = step;
  queue->ready_count++;
}

void olstm__step_queue_push(olstm__step_queue* queue, olstm__queued_step* step) {
  olstm__stream_steps* steps = olstm__step_queue_of(queue, step->stream);
  step->next_of_stream = NULL;
  queue->count++;
  steps->submitted_count++;
  if (steps->first) {
    steps->last->next_of_stream = step;
  } else {
    steps->first = step;
    make_ready(queue, step);
  }
  steps->last = step;
}

olstm__queued_step* olstm__step_queue_pop(olstm__step_queue* queue) {
  olstm__queued_step* step = queue->first_ready;
  if (!step) return NULL;
  queue->first_ready = step->next;
  if (!queue->first_ready) queue->last_ready = NULL;
  queue->ready_count--;
  return step;
}

void olstm__step_queue_finish(olstm__step_queue* queue, olstm__queued_step* step) {
  olstm__stream_steps* steps = olstm__step_queue_of(queue, step->stream);
  steps->first = step->next_of_stream;
  if (!steps->first) steps->last = NULL;
  steps->finished_count++;
  queue->count--;
  if (steps->first) make_ready(queue, steps->first);
  drop(queue, step);
}
