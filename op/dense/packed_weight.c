// Scratch for packing lives for the call only.
#include "op/dense/packed_weight.h"

#include "op/math/weight_memory.h"

static olstm_status no_memory(const olstm__op_base* base, olstm_error* error) {
  return olstm__op_fail(base, error, OLSTM_STATUS_OUT_OF_MEMORY,
                        "no memory to pack the weights");
}

olstm_status olstm__packed_weight_init(olstm__packed_weight* weight,
                                       const olstm__op_base* base,
                                       const olstm__product* product,
                                       const olstm__weight_layout* layout,
                                       const void* data, olstm_error* error) {
  size_t scratch_bytes = 0;
  size_t total_bytes = 0;
  if (!olstm__product_packed_bytes(product, &weight->matrix_bytes) ||
      !olstm_size_align(weight->matrix_bytes, &weight->matrix_bytes) ||
      !olstm_size_multiply(weight->matrix_bytes, (size_t)layout->matrix_count,
                           &total_bytes) ||
      !olstm__product_pack_scratch_bytes(product, &scratch_bytes)) {
    return no_memory(base, error);
  }
  void* scratch = olstm_allocate(&base->allocator, scratch_bytes, 1);
  weight->memory = olstm__allocate_weights(&base->allocator, total_bytes);
  weight->memory_bytes = total_bytes;
  if (scratch && weight->memory) {
    const size_t element_bytes = olstm_dtype_size(product->dtype);
    for (int64_t i = 0; i < layout->matrix_count; i++) {
      const olstm__gemm_matrix matrix = {
          (const char*)data + (size_t)(i * layout->matrix_stride) * element_bytes,
          layout->row_stride, layout->column_stride};
      olstm__product_pack(product, &matrix, scratch,
                          (char*)weight->memory + (size_t)i * weight->matrix_bytes);
    }
  }
  const bool enough = scratch && weight->memory;
  olstm_release(&base->allocator, scratch, scratch_bytes, 1);
  if (!enough) {
    olstm__packed_weight_deinit(weight, base);
    return no_memory(base, error);
  }
  return OLSTM_STATUS_OK;
}

void olstm__packed_weight_deinit(olstm__packed_weight* weight,
                                 const olstm__op_base* base) {
  olstm_release(&base->allocator, weight->memory, weight->memory_bytes, 1);
  weight->memory = NULL;
}
