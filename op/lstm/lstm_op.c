// The recurrent operators: connects node, shapes and kernels. Weights that are constants
// of the node are packed once for each kernel, when a plan first chooses it; weights that
// are known when a plan is made are packed for that plan; weights that the graph computes
// are packed in every run.
#include "op/lstm/lstm_op.h"

#include <string.h>

#include "op/lstm/lstm_fastest.h"
#include "op/lstm/lstm_lens.h"
#include "op/lstm/lstm_problem.h"
#include "op/lstm/lstm_shapes.h"
#include "op/op_work.h"
#include "op/packed_memory.h"

enum { kMaxTimings = 8 };

/// The node's weights, packed for one kernel and one precision.
typedef struct packing {
  const olstm__lstm_kernel* kernel;
  int32_t precision;
  olstm__packed_memory packed;
} packing;

/// What packed weights depend on: see olstm__lstm_kernel.packed_bytes. No gaps may
/// differ: it is zeroed first.
typedef struct packing_key {
  const olstm__lstm_kernel* kernel;
  olstm__lstm_spec spec;
  olstm_dtype dtype;
  int32_t precision;
  int64_t input_size, hidden_size;
  olstm__lstm_weights weights;
} packing_key;

/// A timing, and what it is of. The session's nodes share the memory.
typedef struct known_timing {
  olstm__lstm_timing_key key;
  olstm__packed_memory timing;
} known_timing;

typedef struct lstm_op {
  olstm__op_base base;
  olstm__lstm_attributes attributes;
  /// Whether those of W, R, B and P that are present are constants of the node.
  bool has_constant_weights;
  packing packings[OLSTM__LSTM_MAX_KERNELS];
  size_t packing_count;
  /// With kernel "fastest": what was measured, the newest kMaxTimings of them.
  known_timing timings[kMaxTimings];
  size_t timing_count;
} lstm_op;

/// What prepare makes.
typedef struct lstm_handle {
  olstm__lstm_problem problem;
  /// Its kernel is NULL when there is nothing to compute: no step or no row.
  olstm__lstm_choice choice;
  void* kernel_handle;
  /// NULL: every run packs into its workspace, behind the kernel's part of it.
  const void* packed;
  size_t pack_offset;
  /// Where lengths that are not int32 are made so, behind the kernel's part, too.
  olstm__lstm_lens lens;
  size_t lens_offset;
  /// Packed for this plan alone.
  packing own;
  /// How to run in pieces, where the kernel can.
  olstm_sequence sequence;
} lstm_handle;

static uint64_t allowed_dtypes(const lstm_op* op) {
  const uint64_t bfloat16 = OLSTM_DTYPE_BIT(OLSTM_DTYPE_BFLOAT16);
  return op->base.node->opset_version >= 22 ? OLSTM__DTYPES_REAL
                                            : OLSTM__DTYPES_REAL & ~bfloat16;
}

static const void* data_of(const olstm_tensor* tensor) {
  return tensor ? tensor->data : NULL;
}

// ---------------------------------------------------------------- create

static olstm_status check_constants(const lstm_op* op, olstm_error* error) {
  const olstm_node* node = op->base.node;
  const olstm_tensor_desc* descs[OLSTM_RECURRENT_INPUT_COUNT] = {NULL};
  olstm__lstm_sizes sizes;
  for (size_t i = 0; i < node->input_count && i < OLSTM_RECURRENT_INPUT_COUNT; i++) {
    const bool given = olstm_node_has_input(node, i) && node->constants[i];
    if (given) descs[i] = &node->constants[i]->desc;
  }
  return olstm__lstm_shapes_check(node, &op->attributes, allowed_dtypes(op), descs,
                                  &sizes, error);
}

static bool weights_are_constant(const olstm_node* node) {
  static const size_t kWeights[] = {OLSTM_RECURRENT_W, OLSTM_RECURRENT_R,
                                    OLSTM_RECURRENT_B, OLSTM_RECURRENT_P};
  for (size_t i = 0; i < sizeof kWeights / sizeof kWeights[0]; i++) {
    const size_t index = kWeights[i];
    if (olstm_node_has_input(node, index) && !data_of(node->constants[index])) {
      return false;
    }
  }
  return true;
}

static olstm_status set_up(lstm_op* op, olstm__cell cell, olstm_error* error) {
  const bool is_lstm = cell == OLSTM__CELL_LSTM;
  const olstm__op_arity arity = {3, is_lstm ? 8 : 6, is_lstm ? 3 : 2};
  const char* kernel = op->base.options.kernel;  // may be gone after create
  OLSTM_RETURN_IF_ERROR(olstm__op_check_arity(&op->base, &arity, error));
  OLSTM_RETURN_IF_ERROR(olstm__lstm_attributes_parse(
      op->base.node, op->base.node->opset_version, cell, &op->attributes, error));
  OLSTM_RETURN_IF_ERROR(check_constants(op, error));
  op->has_constant_weights = weights_are_constant(op->base.node);
  if (olstm__lstm_kernel_find(kernel, &op->base.options.kernel)) return OLSTM_STATUS_OK;
  return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_ARGUMENT, "no kernel '%s'",
                        kernel);
}

olstm_status olstm__lstm_op_create(const olstm_operator* self,
                                   const olstm_create_args* args, void** out_instance,
                                   olstm_error* error) {
  const olstm__lstm_variant* variant = self->variant;
  void* instance = NULL;
  OLSTM_RETURN_IF_ERROR(olstm__op_create(self, args, sizeof(lstm_op), &instance, error));
  const olstm_status status = set_up(instance, variant->cell, error);
  if (status != OLSTM_STATUS_OK) {
    olstm__lstm_op_destroy(instance);
    return status;
  }
  *out_instance = instance;
  return OLSTM_STATUS_OK;
}

void olstm__lstm_op_destroy(void* instance) {
  lstm_op* op = instance;
  if (!op) return;
  for (size_t i = 0; i < op->packing_count; i++) {
    olstm__packed_memory_deinit(&op->packings[i].packed, &op->base);
  }
  for (size_t i = 0; i < kMaxTimings; i++) {
    olstm__packed_memory_deinit(&op->timings[i].timing, &op->base);
  }
  olstm__op_destroy(op);
}

// ---------------------------------------------------------------- infer

static olstm_status read_sizes(const lstm_op* op, const olstm_tensor* const* inputs,
                               size_t input_count, olstm__lstm_sizes* out_sizes,
                               olstm_error* error) {
  const olstm_node* node = op->base.node;
  const olstm_tensor_desc* descs[OLSTM_RECURRENT_INPUT_COUNT] = {NULL};
  for (size_t i = 0; i < node->input_count && i < OLSTM_RECURRENT_INPUT_COUNT; i++) {
    if (!olstm_node_has_input(node, i)) continue;
    if (i >= input_count || !inputs[i]) {
      return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_ARGUMENT,
                            "the host gives no desc of %s",
                            olstm_recurrent_input_name(i));
    }
    descs[i] = &inputs[i]->desc;
  }
  return olstm__lstm_shapes_check(op->base.node, &op->attributes, allowed_dtypes(op),
                                  descs, out_sizes, error);
}

olstm_status olstm__lstm_op_infer(const void* instance, const olstm_infer_args* args,
                                  olstm_tensor_desc* out_outputs, olstm_error* error) {
  const lstm_op* op = instance;
  olstm__lstm_sizes sizes;
  OLSTM_RETURN_IF_ERROR(read_sizes(op, args->inputs, args->input_count, &sizes, error));
  for (size_t i = 0; i < args->output_count; i++) {
    if (olstm__lstm_output_desc(&op->attributes, &sizes, i, &out_outputs[i])) continue;
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_LIMIT_EXCEEDED,
                          "output %zu of shape %s does not fit in memory", i,
                          olstm_shape_text(&out_outputs[i]).text);
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- prepare

static bool is_given(const olstm_prepare_args* args, size_t index) {
  return index < args->input_count && args->inputs[index];
}

static void make_problem(const lstm_op* op, const olstm_prepare_args* args,
                         const olstm__lstm_sizes* sizes, olstm__lstm_problem* problem) {
  const olstm_node* node = op->base.node;
  olstm__lstm_problem_init(&op->attributes.spec, sizes->dtype, sizes->steps, sizes->batch,
                           sizes->input_size, sizes->hidden_size, &op->attributes.layouts,
                           problem);
  problem->has_bias = is_given(args, OLSTM_RECURRENT_B);
  problem->has_lens = is_given(args, OLSTM_RECURRENT_SEQUENCE_LENS);
  problem->has_initial_h = is_given(args, OLSTM_RECURRENT_INITIAL_H);
  problem->has_initial_c = is_given(args, OLSTM_RECURRENT_INITIAL_C);
  problem->has_peepholes = is_given(args, OLSTM_RECURRENT_P);
  problem->wants_y = olstm_node_has_output(node, OLSTM_RECURRENT_Y);
  problem->wants_y_h = olstm_node_has_output(node, OLSTM_RECURRENT_Y_H);
  problem->wants_y_c = olstm_node_has_output(node, OLSTM_RECURRENT_Y_C);
  problem->thread_count = op->base.options.thread_count;
  problem->precision = op->base.options.precision;
}

/// What was measured of the handle's problem: by this node, or another one of the
/// session, or now.
static olstm_status find_timing(lstm_op* op, const lstm_handle* handle,
                                const olstm__lstm_timing** out_timing,
                                olstm_error* error) {
  // Tells the key from those of packed weights.
  static const char kKind[] = "timing";
  struct {
    const char* kind;
    olstm__lstm_timing_key key;
  } shared;
  bool is_new = false;
  memset(&shared, 0, sizeof shared);
  shared.kind = kKind;
  shared.key = olstm__lstm_timing_key_of(&handle->problem);
  for (size_t i = 0; i < op->timing_count && i < kMaxTimings; i++) {
    // The bytes between members are zeros.
    // NOLINTNEXTLINE(bugprone-suspicious-memory-comparison,cert-exp42-c,cert-flp37-c)
    if (memcmp(&op->timings[i].key, &shared.key, sizeof shared.key) != 0) continue;
    *out_timing = op->timings[i].timing.memory;
    return OLSTM_STATUS_OK;
  }
  known_timing made = {.key = shared.key};
  const olstm_status status =
      olstm__packed_memory_init(&made.timing, &op->base, &shared, sizeof shared,
                                sizeof(olstm__lstm_timing), &is_new, NULL);
  if (status != OLSTM_STATUS_OK)
    return olstm_fail(error, status, "no memory for timings");
  if (is_new) {
    olstm__lstm_time_kernels(&handle->problem, &op->base.allocator, made.timing.memory);
  }
  known_timing* oldest = &op->timings[op->timing_count++ % kMaxTimings];
  olstm__packed_memory_deinit(&oldest->timing, &op->base);
  *oldest = made;
  *out_timing = made.timing.memory;
  return OLSTM_STATUS_OK;
}

/// Chooses the handle's kernel.
static olstm_status choose(lstm_op* op, lstm_handle* handle, olstm_error* error) {
  const olstm__lstm_timing* timing = NULL;
  if (!olstm__lstm_is_fastest(op->base.options.kernel)) {
    return olstm__lstm_choose(&handle->problem, op->base.options.kernel, &handle->choice,
                              error);
  }
  OLSTM_RETURN_IF_ERROR(find_timing(op, handle, &timing, error));
  return olstm__lstm_choose_fastest(&handle->problem, timing, &handle->choice, error);
}

/// Packs weights, which other nodes may share where they are constants of the node.
static olstm_status make_packing(const lstm_op* op, const lstm_handle* handle,
                                 const olstm__lstm_weights* weights, bool are_constant,
                                 packing* out_packing, olstm_error* error) {
  const olstm__lstm_kernel* kernel = handle->choice.kernel;
  const olstm__lstm_problem* problem = &handle->problem;
  packing_key key;
  size_t bytes = 0;
  bool is_new = false;
  memset(&key, 0, sizeof key);
  key.kernel = kernel;
  key.spec = problem->spec;
  key.dtype = problem->dtype;
  key.precision = problem->precision;
  key.input_size = problem->input_size;
  key.hidden_size = problem->hidden_size;
  key.weights = *weights;
  if (!kernel->packed_bytes(problem, &bytes)) bytes = SIZE_MAX;
  packing made = {.kernel = kernel, .precision = problem->precision};
  OLSTM_RETURN_IF_ERROR(olstm__packed_memory_init(&made.packed, &op->base,
                                                  are_constant ? &key : NULL, sizeof key,
                                                  bytes, &is_new, error));
  if (is_new) kernel->pack(problem, weights, made.packed.memory);
  *out_packing = made;
  return OLSTM_STATUS_OK;
}

/// The node's constant weights, packed for the handle's kernel: now, or by an earlier
/// plan.
static olstm_status share_packing(lstm_op* op, lstm_handle* handle, olstm_error* error) {
  const olstm_tensor* const* constants = op->base.node->constants;
  const bool has_b = handle->problem.has_bias;
  const bool has_p = handle->problem.has_peepholes;
  const olstm__lstm_weights weights = {
      data_of(constants[OLSTM_RECURRENT_W]), data_of(constants[OLSTM_RECURRENT_R]),
      has_b ? data_of(constants[OLSTM_RECURRENT_B]) : NULL,
      has_p ? data_of(constants[OLSTM_RECURRENT_P]) : NULL};
  for (size_t i = 0; i < op->packing_count; i++) {
    const packing* known = &op->packings[i];
    if (known->kernel == handle->choice.kernel &&
        known->precision == handle->problem.precision) {
      handle->packed = known->packed.memory;
      return OLSTM_STATUS_OK;
    }
  }
  packing* added = &op->packings[op->packing_count];
  OLSTM_RETURN_IF_ERROR(make_packing(op, handle, &weights, true, added, error));
  op->packing_count++;
  handle->packed = added->packed.memory;
  return OLSTM_STATUS_OK;
}

/// Whether the values of all weights are known when the plan is made; sets *out_weights
/// if so.
static bool find_planned_weights(const olstm_prepare_args* args,
                                 olstm__lstm_weights* out_weights) {
  *out_weights = (olstm__lstm_weights){
      args->inputs[OLSTM_RECURRENT_W]->data, args->inputs[OLSTM_RECURRENT_R]->data,
      is_given(args, OLSTM_RECURRENT_B) ? args->inputs[OLSTM_RECURRENT_B]->data : NULL,
      is_given(args, OLSTM_RECURRENT_P) ? args->inputs[OLSTM_RECURRENT_P]->data : NULL};
  return out_weights->w && out_weights->r &&
         (out_weights->b || !is_given(args, OLSTM_RECURRENT_B)) &&
         (out_weights->p || !is_given(args, OLSTM_RECURRENT_P));
}

static olstm_status provide_weights(lstm_op* op, lstm_handle* handle,
                                    const olstm_prepare_args* args, olstm_error* error) {
  olstm__lstm_weights weights;
  if (op->has_constant_weights) return share_packing(op, handle, error);
  if (!find_planned_weights(args, &weights)) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(make_packing(op, handle, &weights, false, &handle->own, error));
  handle->packed = handle->own.packed.memory;
  return OLSTM_STATUS_OK;
}

/// Room behind what there is so far.
static bool append_room(size_t* total, size_t bytes, size_t* out_offset) {
  return olstm_size_align(*total, out_offset) &&
         olstm_size_add(*out_offset, bytes, total);
}

/// Workspace: the kernel's, then the weights where every run packs them, then lengths.
static olstm_status add_workspace(const lstm_op* op, lstm_handle* handle,
                                  size_t kernel_bytes, size_t* out_bytes,
                                  olstm_error* error) {
  const olstm__lstm_kernel* kernel = handle->choice.kernel;
  size_t packed_bytes = 0;
  size_t lens_bytes = 0;
  *out_bytes = kernel_bytes;
  const bool fits =
      (handle->packed || (kernel->packed_bytes(&handle->problem, &packed_bytes) &&
                          append_room(out_bytes, packed_bytes, &handle->pack_offset))) &&
      (!handle->lens.is_wide ||
       (olstm_size_multiply((size_t)handle->lens.batch, sizeof(int32_t), &lens_bytes) &&
        append_room(out_bytes, lens_bytes, &handle->lens_offset)));
  if (fits) return OLSTM_STATUS_OK;
  return olstm__op_fail(&op->base, error, OLSTM_STATUS_OUT_OF_MEMORY,
                        "workspace does not fit in memory");
}

static olstm_status prepare_kernel(lstm_op* op, lstm_handle* handle,
                                   const olstm_prepare_args* args,
                                   size_t* out_workspace_bytes, olstm_error* error) {
  size_t kernel_bytes = 0;
  olstm_error inner = {""};
  olstm_status status = choose(op, handle, &inner);
  if (status == OLSTM_STATUS_OK) {
    handle->problem.precision = handle->choice.precision;
    OLSTM_RETURN_IF_ERROR(provide_weights(op, handle, args, error));
    status = handle->choice.kernel->prepare(&handle->problem, handle->packed,
                                            &op->base.allocator, &handle->kernel_handle,
                                            &kernel_bytes, &inner);
  }
  if (status != OLSTM_STATUS_OK) {
    return olstm__op_fail(&op->base, error, status, "%s", inner.message);
  }
  return add_workspace(op, handle, kernel_bytes, out_workspace_bytes, error);
}

// How to run in pieces: see the end of this file.
static olstm_status begin(const void* instance, const void* handle,
                          const olstm_run_args* args, olstm_error* error);
static void advance(const void* instance, const void* handle, const olstm_run_args* args,
                    int64_t first_step, int64_t end_step);
static void finish(const void* instance, const void* handle, const olstm_run_args* args);

/// Steps in the order of the only direction, whose rows have `row_count` elements.
static olstm_sequence_layout sequence_layout(const olstm__lstm_problem* problem,
                                             const olstm__lstm_strides* strides,
                                             int64_t row_count) {
  const int64_t size = (int64_t)olstm_dtype_size(problem->dtype);
  const int64_t step = strides->step * size;
  const bool is_reverse = problem->spec.is_reverse[0];
  return (olstm_sequence_layout){.first = is_reverse ? (problem->steps - 1) * step : 0,
                                 .step = is_reverse ? -step : step,
                                 .row = strides->row * size,
                                 .row_bytes = row_count * size};
}

/// Offers to run in pieces where the kernel can, and where steps are the same in all rows
/// (in reverse, sequence_lens shifts them).
static const olstm_sequence* offer_sequence(lstm_handle* handle) {
  const olstm__lstm_problem* problem = &handle->problem;
  const olstm__lstm_kernel* kernel = handle->choice.kernel;
  if (!kernel->advance || problem->spec.direction_count != 1) return NULL;
  if (problem->spec.is_reverse[0] && problem->has_lens) return NULL;
  const olstm__lstm_estimate time = kernel->estimate(handle->kernel_handle);
  handle->sequence = (olstm_sequence){
      .struct_size = sizeof handle->sequence,
      .step_count = problem->steps,
      .row_count = problem->batch,
      .input = sequence_layout(problem, &problem->x, problem->input_size),
      .output = sequence_layout(problem, &problem->y, problem->hidden_size),
      .alone_ns = (int64_t)time.alone_ns,
      .run_ns = (int64_t)time.split_ns,
      .piece_ns = (int64_t)time.piece_ns,
      .begin = begin,
      .advance = advance,
      .finish = finish};
  return &handle->sequence;
}

/// Units of work of a run, packing included where every run packs.
static uint64_t count_work(const lstm_handle* handle, const olstm_prepare_args* args) {
  enum { kUnitsPerPackedWeight = 24, kUnitsPerOtherWeight = 80 };
  const bool packs = handle->choice.kernel && !handle->packed;
  const int64_t weights =
      olstm_tensor_desc_count(&args->inputs[OLSTM_RECURRENT_W]->desc) +
      olstm_tensor_desc_count(&args->inputs[OLSTM_RECURRENT_R]->desc);
  return olstm__op_work_sum(
      olstm__lstm_problem_work(&handle->problem),
      olstm__op_element_work("LSTM", args, packs ? weights : 0,
                             handle->problem.dtype == OLSTM_DTYPE_FLOAT
                                 ? kUnitsPerPackedWeight
                                 : kUnitsPerOtherWeight));
}

olstm_status olstm__lstm_op_prepare(void* instance, const olstm_prepare_args* args,
                                    olstm_prepared* out_prepared, olstm_error* error) {
  lstm_op* op = instance;
  olstm__lstm_sizes sizes;
  OLSTM_RETURN_IF_ERROR(read_sizes(op, args->inputs, args->input_count, &sizes, error));
  lstm_handle* handle = olstm_allocate_zeroed(&op->base.allocator, 1, sizeof *handle);
  if (!handle) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory");
  }
  make_problem(op, args, &sizes, &handle->problem);
  handle->lens = (olstm__lstm_lens){
      sizes.batch, sizes.steps,
      handle->problem.has_lens &&
          args->inputs[OLSTM_RECURRENT_SEQUENCE_LENS]->desc.dtype == OLSTM_DTYPE_INT64};
  if (sizes.steps > 0 && sizes.batch > 0) {
    const olstm_status status =
        prepare_kernel(op, handle, args, &out_prepared->workspace_bytes, error);
    if (status != OLSTM_STATUS_OK) {
      olstm__lstm_op_release(op, handle);
      return status;
    }
    out_prepared->kernel = handle->choice.kernel->name;
    out_prepared->reason = handle->choice.reason;
    out_prepared->run_allocates = handle->choice.kernel->run_allocates;
    // Hosts of before this field have a shorter struct.
    if (out_prepared->struct_size > offsetof(olstm_prepared, sequence)) {
      out_prepared->sequence = offer_sequence(handle);
    }
  }
  out_prepared->handle = handle;
  out_prepared->work = count_work(handle, args);
  return OLSTM_STATUS_OK;
}

void olstm__lstm_op_release(void* instance, void* handle) {
  lstm_op* op = instance;
  lstm_handle* released = handle;
  if (!released) return;
  if (released->choice.kernel) {
    released->choice.kernel->release(&op->base.allocator, released->kernel_handle);
  }
  olstm__packed_memory_deinit(&released->own.packed, &op->base);
  olstm_release(&op->base.allocator, released, 1, sizeof *released);
}

// ---------------------------------------------------------------- run

/// Without steps the final state is the initial one. The states share one layout.
static void copy_state(const olstm__lstm_problem* problem, const void* from, void* to) {
  const size_t bytes =
      olstm_dtype_size(problem->dtype) *
      (size_t)(problem->spec.direction_count * problem->batch * problem->hidden_size);
  if (!to) return;
  if (from) {
    memcpy(to, from, bytes);
  } else {
    memset(to, 0, bytes);
  }
}

static const void* input_at(const lstm_op* op, const olstm_run_args* args, size_t index) {
  return olstm_node_has_input(op->base.node, index) ? args->inputs[index] : NULL;
}

static void* output_at(const lstm_op* op, const olstm_run_args* args, size_t index) {
  return olstm_node_has_output(op->base.node, index) ? args->outputs[index] : NULL;
}

/// Where a run makes int32 of lengths that are int64.
static int32_t* lens_room(const lstm_handle* handle, const olstm_run_args* args) {
  return handle->choice.kernel
             ? (int32_t*)(void*)((char*)args->workspace + handle->lens_offset)
             : NULL;
}

static olstm_status read_lens(const lstm_op* op, const lstm_handle* handle,
                              const olstm_run_args* args, olstm_error* error) {
  const int32_t* lens = NULL;
  return olstm__lstm_lens_read(&op->base, &handle->lens,
                               input_at(op, args, OLSTM_RECURRENT_SEQUENCE_LENS),
                               lens_room(handle, args), &lens, error);
}

/// Pointers as kernels take them. Weights that every run packs are behind the kernel's
/// workspace.
static olstm__lstm_args kernel_args(const lstm_op* op, const lstm_handle* handle,
                                    const olstm_run_args* args) {
  return (olstm__lstm_args){
      .packed = handle->packed ? handle->packed
                               : (const char*)args->workspace + handle->pack_offset,
      .x = input_at(op, args, OLSTM_RECURRENT_X),
      .sequence_lens = handle->lens.is_wide
                           ? lens_room(handle, args)
                           : input_at(op, args, OLSTM_RECURRENT_SEQUENCE_LENS),
      .initial_h = input_at(op, args, OLSTM_RECURRENT_INITIAL_H),
      .initial_c = input_at(op, args, OLSTM_RECURRENT_INITIAL_C),
      .y = output_at(op, args, OLSTM_RECURRENT_Y),
      .y_h = output_at(op, args, OLSTM_RECURRENT_Y_H),
      .y_c = output_at(op, args, OLSTM_RECURRENT_Y_C),
      .workspace = args->workspace,
      .parallel = args->parallel,
  };
}

static void pack_computed_weights(const lstm_op* op, const lstm_handle* handle,
                                  const olstm_run_args* args) {
  const olstm__lstm_weights weights = {
      input_at(op, args, OLSTM_RECURRENT_W), input_at(op, args, OLSTM_RECURRENT_R),
      input_at(op, args, OLSTM_RECURRENT_B), input_at(op, args, OLSTM_RECURRENT_P)};
  if (handle->packed) return;
  handle->choice.kernel->pack(&handle->problem, &weights,
                              (char*)args->workspace + handle->pack_offset);
}

olstm_status olstm__lstm_op_run(const void* instance, const void* handle,
                                const olstm_run_args* args, olstm_error* error) {
  const lstm_op* op = instance;
  const lstm_handle* prepared = handle;
  const olstm__lstm_problem* problem = &prepared->problem;
  const olstm__lstm_kernel* kernel = prepared->choice.kernel;
  const olstm__lstm_args run_args = kernel_args(op, prepared, args);
  OLSTM_RETURN_IF_ERROR(read_lens(op, prepared, args, error));
  if (!kernel) {
    copy_state(problem, run_args.initial_h, run_args.y_h);
    copy_state(problem, run_args.initial_c, run_args.y_c);
    return OLSTM_STATUS_OK;
  }
  pack_computed_weights(op, prepared, args);
  return kernel->run(problem, prepared->kernel_handle, &run_args, error);
}

// ---------------------------------------------------------------- in pieces

static olstm_status begin(const void* instance, const void* handle,
                          const olstm_run_args* args, olstm_error* error) {
  const lstm_op* op = instance;
  const lstm_handle* prepared = handle;
  const olstm__lstm_args run_args = kernel_args(op, prepared, args);
  OLSTM_RETURN_IF_ERROR(read_lens(op, prepared, args, error));
  pack_computed_weights(op, prepared, args);
  prepared->choice.kernel->begin(&prepared->problem, prepared->kernel_handle, &run_args);
  return OLSTM_STATUS_OK;
}

static void advance(const void* instance, const void* handle, const olstm_run_args* args,
                    int64_t first_step, int64_t end_step) {
  const lstm_handle* prepared = handle;
  const olstm__lstm_args run_args = kernel_args(instance, prepared, args);
  prepared->choice.kernel->advance(&prepared->problem, prepared->kernel_handle, &run_args,
                                   first_step, end_step);
}

static void finish(const void* instance, const void* handle, const olstm_run_args* args) {
  const lstm_handle* prepared = handle;
  const olstm__lstm_args run_args = kernel_args(instance, prepared, args);
  prepared->choice.kernel->finish(&prepared->problem, prepared->kernel_handle, &run_args);
}
