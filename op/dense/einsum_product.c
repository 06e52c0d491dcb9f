#include "op/dense/einsum_product.h"

/// Multiply-adds of one product from which it gains where nothing is summed. (Where
/// something is, a product's chain of fma rounds otherwise than the definition: sizes of
/// the output must not decide.)
enum { kLeastWork = 64 };

typedef enum letter_kind { kBatch, kRow, kColumn, kSummed, kKindCount } letter_kind;

/// Letters of one kind: indices into the equation's.
typedef struct letter_list {
  int32_t count;
  int32_t letters[OLSTM__STRIDED_MAX_RANK];
  int64_t size;
} letter_list;

/// False for a letter that one operand alone has, and that is summed.
static bool find_kind(const olstm__einsum_letters* letters, int32_t letter,
                      letter_kind* out_kind) {
  const bool in_a = letters->strides[0][letter] != 0;
  const bool in_b = letters->strides[1][letter] != 0;
  const bool is_summed = letter >= letters->output_count;
  *out_kind = is_summed ? kSummed : in_a && in_b ? kBatch : in_b ? kColumn : kRow;
  return !is_summed || (in_a && in_b);
}

static bool sort_letters(const olstm__einsum_letters* letters, letter_list* lists) {
  for (int32_t kind = 0; kind < kKindCount; kind++) {
    lists[kind] = (letter_list){.size = 1};
  }
  for (int32_t i = 0; i < letters->count; i++) {
    letter_kind kind = kBatch;
    if (letters->dims[i] == 1) continue;
    if (!find_kind(letters, i, &kind)) return false;
    letter_list* list = &lists[kind];
    if (list->count == OLSTM__STRIDED_MAX_RANK) return false;
    list->letters[list->count++] = i;
    list->size *= letters->dims[i];
  }
  return true;
}

/// A copy between a tensor with `strides` (by letter) and one without gaps whose
/// dimensions are those of three kinds in turn. False where it has too many.
static bool plan_copy(const olstm__einsum_letters* letters, const letter_list* lists,
                      const letter_kind* kinds, const int64_t* strides, size_t bytes,
                      bool is_gathering, olstm__strided_copy* out_copy) {
  int64_t dims[OLSTM__STRIDED_MAX_RANK];
  olstm__strided_view spread = {.offset = 0}, dense;
  int32_t rank = 0;
  for (int32_t k = 0; k < 3; k++) {
    const letter_list* list = &lists[kinds[k]];
    for (int32_t i = 0; i < list->count; i++) {
      if (rank == OLSTM__STRIDED_MAX_RANK) return false;
      dims[rank] = letters->dims[list->letters[i]];
      spread.strides[rank++] = strides[list->letters[i]];
    }
  }
  olstm__strided_view_init_dense(&dense, rank, dims);
  olstm__strided_copy_init(out_copy, bytes, rank, dims, is_gathering ? &spread : &dense,
                           is_gathering ? &dense : &spread);
  return true;
}

static bool plan_copies(olstm__einsum_product* self, const olstm__einsum_letters* letters,
                        const letter_list* lists, size_t bytes) {
  static const letter_kind kA[] = {kBatch, kRow, kSummed};
  static const letter_kind kB[] = {kBatch, kSummed, kColumn};
  static const letter_kind kC[] = {kBatch, kRow, kColumn};
  int64_t output_strides[OLSTM__EINSUM_MAX_LETTERS] = {0};
  int64_t stride = 1;
  for (int32_t i = letters->output_count - 1; i >= 0; i--) {
    output_strides[i] = stride;
    stride *= letters->dims[i];
  }
  if (!plan_copy(letters, lists, kA, letters->strides[0], bytes, true, &self->a) ||
      !plan_copy(letters, lists, kB, letters->strides[1], bytes, true, &self->b) ||
      !plan_copy(letters, lists, kC, output_strides, bytes, false, &self->c)) {
    return false;
  }
  self->copies_a = !olstm__strided_copy_is_plain(&self->a);
  self->copies_b = !olstm__strided_copy_is_plain(&self->b);
  self->copies_c = !olstm__strided_copy_is_plain(&self->c);
  return true;
}

/// Elements of the operands of one product.
static size_t count_a(const olstm__einsum_product* self) {
  return (size_t)(self->product.k *
                  (self->is_flipped ? self->product.n : self->product.m));
}

static size_t count_b(const olstm__einsum_product* self) {
  return (size_t)(self->product.k *
                  (self->is_flipped ? self->product.m : self->product.n));
}

static bool plan_workspace(olstm__einsum_product* self, size_t bytes) {
  const olstm__product* p = &self->product;
  const size_t batch = (size_t)self->batch_count;
  size_t packed = 0, pack_scratch = 0, run_scratch = 0;
  return olstm__product_packed_bytes(p, &packed) &&
         olstm__product_pack_scratch_bytes(p, &pack_scratch) &&
         olstm__product_run_scratch_bytes(p, &run_scratch) &&
         olstm__op_add_part(&self->workspace_bytes, packed, 1, &self->packed_offset) &&
         olstm__op_add_part(&self->workspace_bytes,
                            pack_scratch > run_scratch ? pack_scratch : run_scratch, 1,
                            &self->scratch_offset) &&
         olstm__op_add_part(&self->workspace_bytes,
                            self->copies_a ? batch * count_a(self) : 0, bytes,
                            &self->a_offset) &&
         olstm__op_add_part(&self->workspace_bytes,
                            self->copies_b ? batch * count_b(self) : 0, bytes,
                            &self->b_offset) &&
         olstm__op_add_part(&self->workspace_bytes,
                            self->copies_c ? batch * (size_t)(p->m * p->n) : 0, bytes,
                            &self->c_offset);
}

bool olstm__einsum_product_init(olstm__einsum_product* self, olstm_dtype dtype,
                                const olstm__einsum_letters* letters) {
  letter_list lists[kKindCount];
  const size_t bytes = olstm_dtype_size(dtype);
  *self = (olstm__einsum_product){.batch_count = 0};
  if (!sort_letters(letters, lists)) return false;
  self->batch_count = lists[kBatch].size;
  self->product =
      (olstm__product){dtype, lists[kRow].size, lists[kSummed].size, lists[kColumn].size};
  self->is_flipped = lists[kColumn].size == 1 && lists[kRow].size > 1;
  if (self->is_flipped) {
    self->product.n = self->product.m;
    self->product.m = 1;
  }
  return (self->product.k > 1 || olstm__product_work(&self->product) >= kLeastWork) &&
         plan_copies(self, letters, lists, bytes) && plan_workspace(self, bytes);
}

void olstm__einsum_product_run(const olstm__einsum_product* self,
                               const olstm_parallel* parallel, const void* a,
                               const void* b, void* c, void* workspace) {
  const olstm__product* p = &self->product;
  const size_t bytes = olstm_dtype_size(p->dtype);
  char* scratch = workspace;
  const char* a_data = a;
  const char* b_data = b;
  char* c_data = self->copies_c ? scratch + self->c_offset : c;
  if (self->copies_a) {
    olstm__strided_copy_run(&self->a, parallel, a, scratch + self->a_offset);
    a_data = scratch + self->a_offset;
  }
  if (self->copies_b) {
    olstm__strided_copy_run(&self->b, parallel, b, scratch + self->b_offset);
    b_data = scratch + self->b_offset;
  }
  const bool is_flipped = self->is_flipped;
  const char *left = is_flipped ? b_data : a_data, *right = is_flipped ? a_data : b_data;
  for (int64_t i = 0; i < self->batch_count; i++) {
    const olstm__gemm_matrix matrix = {right + (size_t)(i * p->k * p->n) * bytes,
                                       is_flipped ? 1 : p->n, is_flipped ? p->k : 1};
    const bool packs = !olstm__product_takes_unpacked(p, &matrix);
    const olstm__product_run_args run = {
        .a = left + (size_t)(i * p->m * p->k) * bytes,
        .b = matrix,
        .pack_to = packs ? scratch + self->packed_offset : NULL,
        .c = c_data + (size_t)(i * p->m * p->n) * bytes,
        .scratch = scratch + self->scratch_offset,
        .parallel = parallel};
    olstm__product_run(p, &run);
  }
  if (self->copies_c) olstm__strided_copy_run(&self->c, parallel, c_data, c);
}
