// See keras_layer.h.
#include "tools/keras_layer.h"

#include <string.h>

#include "olstm/model.h"
#include "tools/element.h"

enum { kMaxGates = 4 };

/// One kind of cell: how many gates, and where ONNX has each of Keras' gates.
typedef struct cell_kind {
  const char* op_type;
  int64_t gate_count;
  int64_t onnx_gate[kMaxGates];
  const char* gates;
  const char* w_source;
  const char* r_source;
  const char* b_source;
} cell_kind;

static const cell_kind kCells[] = {
    {"LSTM",
     4,
     {0, 2, 3, 1},
     "i f c o",
     "W, gates i o f c, transposed",
     "R, gates i o f c, transposed",
     "B, Wb + Rb, gates i o f c"},
    {"GRU",
     3,
     {0, 1, 2},
     "z r h",
     "W, gates z r h, transposed",
     "R, gates z r h, transposed",
     "B, Wb + Rb, gates z r h"},
    {"RNN", 1, {0}, "h", "W, transposed", "R, transposed", "B, Wb + Rb"},
};
enum { kCellCount = sizeof kCells / sizeof kCells[0] };

/// State of reading one layer.
typedef struct layer_reader {
  const olstm_node* node;
  const cell_kind* cell;
  int64_t direction;
  olstm__keras_layer* layer;
  olstm_error* error;
} layer_reader;

static bool is_masked(const olstm_node* node) {
  return strncmp(node->op_type, "Masked", strlen("Masked")) == 0;
}

/// Fused nodes have the weights of ONNX's nodes; masked ones are called "Masked" and
/// ONNX's name.
static const cell_kind* find_cell(const olstm_node* node) {
  const char* op_type = node->op_type;
  const bool is_fused = strcmp(node->domain, "olstm.fused") == 0;
  if (node->domain[0] && !is_fused) return NULL;
  if (is_fused && is_masked(node)) op_type += strlen("Masked");
  for (size_t i = 0; i < kCellCount; i++) {
    if (strcmp(op_type, kCells[i].op_type) == 0) return &kCells[i];
  }
  return NULL;
}

bool olstm__keras_layer_is_recurrent(const olstm_node* node) {
  return find_cell(node) != NULL;
}

/// The constant of input `index`, whose shape must be [D, dims...]; -1 takes any size.
/// NULL where the node has no such input.
static olstm_status get_constant(const layer_reader* reader, size_t index,
                                 const char* name, int64_t rows, int64_t columns,
                                 const olstm_tensor** out_tensor) {
  const olstm_node* node = reader->node;
  const olstm_tensor_desc expected = {OLSTM_DTYPE_FLOAT,
                                      columns == 0 ? 2 : 3,
                                      {reader->layer->direction_count, rows, columns}};
  *out_tensor = NULL;
  if (!olstm_node_has_input(node, index)) return OLSTM_STATUS_OK;
  const olstm_tensor* tensor = node->constants[index];
  if (!tensor) {
    return olstm_fail(reader->error, OLSTM_STATUS_UNSUPPORTED,
                      "%s '%s': %s is computed in the graph, it is no constant",
                      node->op_type, node->name, name);
  }
  bool fits =
      tensor->desc.rank == expected.rank && olstm__element_is_real(tensor->desc.dtype);
  for (int32_t d = 0; fits && d < expected.rank; d++) {
    fits = expected.dims[d] < 0 || tensor->desc.dims[d] == expected.dims[d];
  }
  if (!fits) {
    return olstm_fail(reader->error, OLSTM_STATUS_SHAPE_MISMATCH,
                      "%s '%s': %s is %s %s, expected a float %s", node->op_type,
                      node->name, name, olstm_dtype_name(tensor->desc.dtype),
                      olstm_shape_text(&tensor->desc).text,
                      olstm_shape_text(&expected).text);
  }
  *out_tensor = tensor;
  return OLSTM_STATUS_OK;
}

/// Appends an array of zeros to the layer; NULL when there is no memory.
static olstm_tensor* append_array(const layer_reader* reader, const char* name,
                                  const char* gates, const char* source,
                                  const olstm_tensor_desc* desc) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  olstm__keras_layer* layer = reader->layer;
  size_t bytes = 0;
  if (!olstm_tensor_desc_bytes(desc, &bytes)) return NULL;
  void* data = olstm_allocate_zeroed(&allocator, bytes, 1);
  if (!data) return NULL;
  olstm__keras_array* array = &layer->arrays[layer->array_count++];
  *array = (olstm__keras_array){name, gates, source, {*desc, data}};
  return &array->tensor;
}

static olstm_status fail_memory(const layer_reader* reader) {
  return olstm_fail(reader->error, OLSTM_STATUS_OUT_OF_MEMORY,
                    "%s '%s': no memory for its weights", reader->node->op_type,
                    reader->node->name);
}

/// W [D,GH,K] or R [D,GH,K] of the direction becomes (K, GH), gates reordered.
static olstm_status append_kernel(const layer_reader* reader, const char* name,
                                  const char* source, const olstm_tensor* from) {
  const int64_t units = reader->layer->units;
  const int64_t gate_count = reader->cell->gate_count;
  const int64_t depth = from->desc.dims[2];
  const olstm_tensor_desc desc = {from->desc.dtype, 2, {depth, gate_count * units}};
  const olstm_tensor* to = append_array(reader, name, reader->cell->gates, source, &desc);
  if (!to) return fail_memory(reader);
  for (int64_t k = 0; k < depth; k++) {
    for (int64_t column = 0; column < gate_count * units; column++) {
      const int64_t row =
          reader->cell->onnx_gate[column / units] * units + column % units;
      const int64_t at = (reader->direction * gate_count * units + row) * depth + k;
      olstm__element_set(to, k * gate_count * units + column,
                         olstm__element_get(from, at));
    }
  }
  return OLSTM_STATUS_OK;
}

/// B [D,2GH] becomes (GH), the sum of both halves; of a GRU that resets after the product
/// (2,3H), both halves. Absent means zero.
static olstm_status append_bias(const layer_reader* reader, const olstm_tensor* from,
                                olstm_dtype dtype, bool is_apart) {
  const int64_t units = reader->layer->units;
  const int64_t columns = reader->cell->gate_count * units;
  const olstm_tensor_desc sum = {dtype, 1, {columns}};
  const olstm_tensor_desc apart = {dtype, 2, {2, columns}};
  const char* source = !from      ? "no B: zeros"
                       : is_apart ? "B, Wb and Rb, gates z r h"
                                  : reader->cell->b_source;
  const olstm_tensor* to =
      append_array(reader, "bias", reader->cell->gates, source, is_apart ? &apart : &sum);
  if (!to) return fail_memory(reader);
  for (int64_t i = 0; from && i < 2 * columns; i++) {
    const int64_t half = i / columns;
    const int64_t column = i % columns;
    const int64_t row = reader->cell->onnx_gate[column / units] * units + column % units;
    const double value =
        olstm__element_get(from, (reader->direction * 2 + half) * columns + row);
    const int64_t at = is_apart ? i : column;
    olstm__element_set(to, at, olstm__element_get(to, at) + value);
  }
  return OLSTM_STATUS_OK;
}

static olstm_status append_peephole(const layer_reader* reader,
                                    const olstm_tensor* from) {
  const int64_t units = reader->layer->units;
  const olstm_tensor_desc desc = {from->desc.dtype, 2, {3, units}};
  const olstm_tensor* to =
      append_array(reader, "peephole", "i o f", "P, gates i o f; Keras has none", &desc);
  if (!to) return fail_memory(reader);
  for (int64_t i = 0; i < 3 * units; i++) {
    olstm__element_set(to, i,
                       olstm__element_get(from, reader->direction * 3 * units + i));
  }
  return OLSTM_STATUS_OK;
}

/// Reads units and directions from R [D,GH,H].
static olstm_status read_sizes(const layer_reader* reader, const olstm_tensor** out_r) {
  const char* direction = "forward";
  olstm__keras_layer* layer = reader->layer;
  layer->direction_count = -1;
  OLSTM_RETURN_IF_ERROR(get_constant(reader, OLSTM_RECURRENT_R, "R", -1, -1, out_r));
  OLSTM_RETURN_IF_ERROR(olstm_node_get_string(reader->node, "direction", "forward",
                                              &direction, reader->error));
  if (!*out_r) {
    return olstm_fail(reader->error, OLSTM_STATUS_INVALID_MODEL, "%s '%s': R is missing",
                      reader->node->op_type, reader->node->name);
  }
  layer->direction_count = (*out_r)->desc.dims[0];
  layer->units = (*out_r)->desc.dims[2];
  layer->direction = reader->direction == 1 || strcmp(direction, "reverse") == 0
                         ? "backward"
                         : "forward";
  if (reader->direction < layer->direction_count && layer->units > 0 &&
      (*out_r)->desc.dims[1] / layer->units == reader->cell->gate_count &&
      (*out_r)->desc.dims[1] % layer->units == 0) {
    return OLSTM_STATUS_OK;
  }
  return olstm_fail(reader->error, OLSTM_STATUS_SHAPE_MISMATCH,
                    "%s '%s': R has shape %s, which is none of %d gates",
                    reader->node->op_type, reader->node->name,
                    olstm_shape_text(&(*out_r)->desc).text,
                    (int)reader->cell->gate_count);
}

static olstm_status read_layer(const layer_reader* reader) {
  const olstm_tensor* r = NULL;
  const olstm_tensor* w = NULL;
  const olstm_tensor* b = NULL;
  const olstm_tensor* p = NULL;
  int64_t resets_after = 0;
  OLSTM_RETURN_IF_ERROR(read_sizes(reader, &r));
  const int64_t rows = r->desc.dims[1];
  OLSTM_RETURN_IF_ERROR(get_constant(reader, OLSTM_RECURRENT_W, "W", rows, -1, &w));
  OLSTM_RETURN_IF_ERROR(get_constant(reader, OLSTM_RECURRENT_B, "B", 2 * rows, 0, &b));
  // Masked layers have another input in P's place, and no peepholes.
  if (reader->cell->gate_count == 4 && !is_masked(reader->node)) {
    OLSTM_RETURN_IF_ERROR(
        get_constant(reader, OLSTM_RECURRENT_P, "P", 3 * reader->layer->units, 0, &p));
  }
  if (!w) {
    return olstm_fail(reader->error, OLSTM_STATUS_INVALID_MODEL, "%s '%s': W is missing",
                      reader->node->op_type, reader->node->name);
  }
  if (reader->cell->gate_count == 3) {
    OLSTM_RETURN_IF_ERROR(olstm_node_get_int(reader->node, "linear_before_reset", 0,
                                             &resets_after, reader->error));
  }
  reader->layer->input_size = w->desc.dims[2];
  OLSTM_RETURN_IF_ERROR(append_kernel(reader, "kernel", reader->cell->w_source, w));
  OLSTM_RETURN_IF_ERROR(
      append_kernel(reader, "recurrent_kernel", reader->cell->r_source, r));
  OLSTM_RETURN_IF_ERROR(append_bias(reader, b, w->desc.dtype, resets_after != 0));
  return p ? append_peephole(reader, p) : OLSTM_STATUS_OK;
}

olstm_status olstm__keras_layer_read(const olstm_node* node, int64_t direction,
                                     olstm__keras_layer* out_layer, olstm_error* error) {
  const layer_reader reader = {node, find_cell(node), direction, out_layer, error};
  memset(out_layer, 0, sizeof *out_layer);
  const olstm_status status = read_layer(&reader);
  if (status != OLSTM_STATUS_OK) olstm__keras_layer_deinit(out_layer);
  return status;
}

void olstm__keras_layer_deinit(olstm__keras_layer* layer) {
  for (size_t i = 0; i < layer->array_count; i++) {
    olstm_tensor_deinit(&layer->arrays[i].tensor, NULL);
  }
  memset(layer, 0, sizeof *layer);
}
