#include "op/dense/einsum_step.h"

#include "op/op_work.h"

/// Units of work of one operand of one product by the definition.
enum { kUnitsPerOperand = 24 };

// ---------------------------------------------------------------- prepare

static bool plan_walk(olstm__einsum_step* self) {
  const olstm__einsum_letters* letters = &self->letters;
  const olstm_tensor_desc one = {.dtype = self->dtype};
  int64_t strides[OLSTM__BROADCAST_MAX_INPUTS][OLSTM_MAX_RANK] = {{0}};
  if (letters->operand_count != 2 || self->sum_count > 1 ||
      letters->output_count > OLSTM_MAX_RANK) {
    return false;
  }
  for (int32_t i = 0; i < 2; i++) {
    for (int32_t d = 0; d < letters->output_count; d++) {
      strides[i][d] = letters->strides[i][d];
    }
  }
  olstm__binary_walk* walk = &self->by.walk;
  *walk = (olstm__binary_walk){.takes_bytes = false};
  olstm__binary_walk_init(walk, OLSTM__BINARY_MUL, olstm__compute_type_of(self->dtype),
                          &one, &one, &one);
  olstm__broadcast_init_strides(&walk->plan, letters->output_count, letters->dims,
                                strides, 2);
  return olstm__broadcast_step(&walk->plan, 0) <= 1 &&
         olstm__broadcast_step(&walk->plan, 1) <= 1;
}

static bool plan_product(olstm__einsum_step* self) {
  if (self->letters.operand_count != 2 ||
      !olstm__einsum_product_init(&self->by.product, self->dtype, &self->letters)) {
    return false;
  }
  self->workspace_bytes = self->by.product.workspace_bytes;
  return true;
}

static bool plan_copy(olstm__einsum_step* self) {
  const olstm__einsum_letters* letters = &self->letters;
  olstm__strided_view source = {.offset = 0}, target;
  if (letters->operand_count != 1 || self->sum_count > 1) return false;
  for (int32_t d = 0; d < letters->output_count; d++) {
    source.strides[d] = letters->strides[0][d];
  }
  olstm__strided_view_init_dense(&target, letters->output_count, letters->dims);
  olstm__strided_copy_init(&self->by.copy, olstm_dtype_size(self->dtype),
                           letters->output_count, letters->dims, &source, &target);
  return true;
}

/// The letter, among first..count-1, whose neighbours are `stride` apart; -1 for none.
static int32_t find_stride(const olstm__einsum_letters* letters, int32_t first,
                           int32_t count, int64_t stride) {
  for (int32_t i = first; i < count; i++) {
    if (letters->dims[i] > 1 && letters->strides[0][i] == stride) return i;
  }
  return -1;
}

/// From the last dimension to the first: what is kept must come in the output's order.
static bool plan_sum(olstm__einsum_step* self) {
  const olstm__einsum_letters* letters = &self->letters;
  const int64_t count = self->output_count * self->sum_count;
  olstm_tensor_desc x = {.dtype = self->dtype};
  int32_t kept = letters->output_count;
  uint32_t axes = 0;
  if (letters->operand_count != 1) return false;
  for (int64_t stride = 1; stride < count; x.rank++) {
    while (kept > 0 && letters->dims[kept - 1] == 1) kept--;
    int32_t at = find_stride(letters, letters->output_count, letters->count, stride);
    if (x.rank == OLSTM_MAX_RANK) return false;
    if (at >= 0) {
      axes |= 1u << (OLSTM_MAX_RANK - 1 - x.rank);
    } else if (kept > 0 && letters->strides[0][kept - 1] == stride) {
      at = --kept;
    } else {
      return false;
    }
    x.dims[OLSTM_MAX_RANK - 1 - x.rank] = letters->dims[at];
    stride *= letters->dims[at];
  }
  for (int32_t d = 0; d < OLSTM_MAX_RANK - x.rank; d++) x.dims[d] = 1;
  x.rank = OLSTM_MAX_RANK;
  olstm__reduce_walk_init(&self->by.sums, OLSTM__REDUCE_SUM, &x, axes);
  self->workspace_bytes = olstm__reduce_walk_workspace(&self->by.sums);
  return true;
}

static int64_t count_over(const olstm__einsum_letters* letters, int32_t first,
                          int32_t last) {
  int64_t count = 1;
  for (int32_t i = first; i < last; i++) count *= letters->dims[i];
  return count;
}

void olstm__einsum_step_init(olstm__einsum_step* self, olstm_dtype dtype,
                             const olstm__einsum_letters* letters) {
  *self = (olstm__einsum_step){.dtype = dtype, .letters = *letters};
  self->output_count = count_over(letters, 0, letters->output_count);
  self->sum_count = count_over(letters, letters->output_count, letters->count);
  self->kind = plan_walk(self)      ? OLSTM__EINSUM_WALK
               : plan_product(self) ? OLSTM__EINSUM_PRODUCT
               : plan_copy(self)    ? OLSTM__EINSUM_COPY
               : plan_sum(self)     ? OLSTM__EINSUM_SUM
                                    : OLSTM__EINSUM_LOOPS;
}

/// Units of reading the operands, writing the result, and computing an element.
static uint64_t element_work(const olstm__einsum_step* self, const char* op_type,
                             int64_t rows) {
  const olstm__einsum_letters* letters = &self->letters;
  olstm_tensor operands[2] = {{.data = NULL}, {.data = NULL}};
  const olstm_tensor* const inputs[] = {&operands[0], &operands[1]};
  const olstm_tensor_desc y = {
      .dtype = self->dtype, .rank = 1, .dims = {self->output_count}};
  for (int32_t o = 0; o < letters->operand_count; o++) {
    operands[o].desc = (olstm_tensor_desc){.dtype = self->dtype, .rank = 1, .dims = {1}};
    for (int32_t i = 0; i < letters->count; i++) {
      if (letters->strides[o][i] != 0) operands[o].desc.dims[0] *= letters->dims[i];
    }
  }
  const olstm_prepare_args args = {.inputs = inputs,
                                   .input_count = (size_t)letters->operand_count,
                                   .outputs = &y,
                                   .output_count = 1};
  return olstm__op_element_work(op_type, &args, rows, kUnitsPerOperand);
}

uint64_t olstm__einsum_step_work(const olstm__einsum_step* self) {
  enum { kUnitsPerSummand = 4 };
  uint64_t work = 0;
  switch (self->kind) {
    case OLSTM__EINSUM_WALK:
      return element_work(self, "Mul", self->by.walk.plan.run_count);
    case OLSTM__EINSUM_PRODUCT:
      // Operands and result may be copied.
      work = olstm__product_units(&self->by.product.product, self->by.product.batch_count,
                                  true);
      break;
    case OLSTM__EINSUM_COPY:
      work = olstm__strided_copy_work(&self->by.copy);
      break;
    case OLSTM__EINSUM_SUM:
      work = olstm__op_work(self->output_count, self->sum_count, kUnitsPerSummand, 1);
      break;
    default:
      return olstm__op_work(self->output_count, self->sum_count, kUnitsPerOperand,
                            self->letters.operand_count + 1);
  }
  return olstm__op_work_sum(work, element_work(self, "", 0));
}

// ---------------------------------------------------------------- run

/// Advances the letters first..last-1 like an odometer, and the offsets with them.
static void step_letters(const olstm__einsum_letters* letters, int32_t first,
                         int32_t last, int64_t* index, int64_t* offsets) {
  for (int32_t i = last - 1; i >= first; i--) {
    const bool carries = ++index[i] == letters->dims[i];
    const int64_t steps = carries ? 1 - letters->dims[i] : 1;
    for (int32_t o = 0; o < 2; o++) offsets[o] += steps * letters->strides[o][i];
    if (!carries) return;
    index[i] = 0;
  }
}

// Signed integers wrap: computed as unsigned.
#define LOOPS(type)                                                                     \
  static void loop_##type(const olstm__einsum_step* self, const type* a, const type* b, \
                          type* y) {                                                    \
    const olstm__einsum_letters* l = &self->letters;                                    \
    int64_t index[OLSTM__EINSUM_MAX_LETTERS] = {0}, offsets[2] = {0};                   \
    for (int64_t n = 0; n < self->output_count; n++) {                                  \
      type sum = 0;                                                                     \
      for (int64_t k = 0; k < self->sum_count; k++) {                                   \
        type product = a[offsets[0]];                                                   \
        if (l->operand_count == 2) product = (type)(product * b[offsets[1]]);           \
        sum = (type)(sum + product);                                                    \
        step_letters(l, l->output_count, l->count, index, offsets);                     \
      }                                                                                 \
      y[n] = sum;                                                                       \
      step_letters(l, 0, l->output_count, index, offsets);                              \
    }                                                                                   \
  }
LOOPS(float)
LOOPS(double)
LOOPS(uint32_t)
LOOPS(uint64_t)

static void run_loops(const olstm__einsum_step* self, const void* a, const void* b,
                      void* y) {
  const bool is_wide = olstm_dtype_size(self->dtype) == sizeof(uint64_t);
  if (self->dtype == OLSTM_DTYPE_FLOAT) {
    loop_float(self, a, b, y);
  } else if (self->dtype == OLSTM_DTYPE_DOUBLE) {
    loop_double(self, a, b, y);
  } else if (is_wide) {
    loop_uint64_t(self, a, b, y);
  } else {
    loop_uint32_t(self, a, b, y);
  }
}

/// Products, which a sum of them begins by adding to 0: there is no -0.
static void run_walk(const olstm__einsum_step* self, const olstm_parallel* parallel,
                     const void* a, const void* b, void* y) {
  const olstm__compute_type type = olstm__compute_type_of(self->dtype);
  const double zero = 0;
  (void)olstm__binary_walk_run(&self->by.walk, parallel, a, b, y);
  if (self->dtype != OLSTM_DTYPE_FLOAT && self->dtype != OLSTM_DTYPE_DOUBLE) return;
  (void)olstm__binary_kernel_find(OLSTM__BINARY_ADD, type)(self->output_count, y, 1,
                                                           &zero, 0, y);
}

void olstm__einsum_step_run(const olstm__einsum_step* self,
                            const olstm_parallel* parallel, const void* a, const void* b,
                            void* y, void* workspace) {
  switch (self->kind) {
    case OLSTM__EINSUM_WALK:
      run_walk(self, parallel, a, b, y);
      break;
    case OLSTM__EINSUM_PRODUCT:
      olstm__einsum_product_run(&self->by.product, parallel, a, b, y, workspace);
      break;
    case OLSTM__EINSUM_SUM:
      olstm__reduce_walk_run(&self->by.sums, parallel, a, y, workspace);
      break;
    case OLSTM__EINSUM_COPY:
      olstm__strided_copy_run(&self->by.copy, parallel, a, y);
      break;
    default:
      run_loops(self, a, b, y);
  }
}
