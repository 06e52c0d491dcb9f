// Scratch for packing lives for the call only.
#include "op/dense/packed_weight.h"

/// What a packed constant depends on. No gaps may differ: it is zeroed first.
typedef struct packing_key {
  olstm_dtype dtype;
  int64_t k, n;
  olstm__weight_layout layout;
  const void* data;
} packing_key;

static olstm_status no_memory(const olstm__op_base* base, olstm_error* error) {
  return olstm__op_fail(base, error, OLSTM_STATUS_OUT_OF_MEMORY,
                        "no memory to pack the weights");
}

olstm_status olstm__packed_weight_init(olstm__packed_weight* weight,
                                       const olstm__op_base* base,
                                       const olstm__product* product,
                                       const olstm__weight_layout* layout,
                                       const void* data, olstm_error* error) {
  packing_key key;
  size_t scratch_bytes = 0;
  size_t total_bytes = 0;
  bool is_new = false;
  memset(&key, 0, sizeof key);
  key.dtype = product->dtype;
  key.k = product->k;
  key.n = product->n;
  key.layout = *layout;
  key.data = data;
  if (!olstm__product_packed_bytes(product, &weight->matrix_bytes) ||
      !olstm_size_align(weight->matrix_bytes, &weight->matrix_bytes) ||
      !olstm_size_multiply(weight->matrix_bytes, (size_t)layout->matrix_count,
                           &total_bytes) ||
      !olstm__product_pack_scratch_bytes(product, &scratch_bytes)) {
    return no_memory(base, error);
  }
  void* scratch = olstm_allocate(&base->allocator, scratch_bytes, 1);
  if (!scratch) return no_memory(base, error);
  const olstm_status status =
      olstm__packed_memory_init(&weight->packed, base, layout->is_temporary ? NULL : &key,
                                sizeof key, total_bytes, &is_new, error);
  if (status == OLSTM_STATUS_OK && is_new) {
    const size_t element_bytes = olstm_dtype_size(product->dtype);
    for (int64_t i = 0; i < layout->matrix_count; i++) {
      const olstm__gemm_matrix matrix = {
          (const char*)data + (size_t)(i * layout->matrix_stride) * element_bytes,
          layout->row_stride, layout->column_stride};
      olstm__product_pack(
          product, &matrix, scratch,
          (char*)weight->packed.memory + (size_t)i * weight->matrix_bytes);
    }
  }
  olstm_release(&base->allocator, scratch, scratch_bytes, 1);
  return status;
}

void olstm__packed_weight_deinit(olstm__packed_weight* weight,
                                 const olstm__op_base* base) {
  olstm__packed_memory_deinit(&weight->packed, base);
}
