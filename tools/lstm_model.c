// See lstm_model.h.
#include "tools/lstm_model.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "olstm/tensor.h"
#include "tools/file_bytes.h"
#include "tools/plain_text.h"
#include "tools/proto_writer.h"

enum { kMaxSize = 1 << 20, kMaxLayers = 64, kIrVersion = 8, kOpset = 14, kMaxDims = 3 };
enum { kNameBytes = 32 };

// ---------------------------------------------------------------- the model

/// The messages of a model that is being written, outermost first.
typedef struct model_writer {
  olstm__proto model;
  olstm__proto graph;
  olstm__proto part;
  olstm__proto inner;
  olstm__proto innermost;
  olstm__proto dim;
} model_writer;

/// A tensor of small random numbers, as GraphProto.initializer.
static void put_initializer(model_writer* writer, const char* name, const int64_t* dims,
                            double scale) {
  uint64_t state = 88172645463325252U;
  olstm__proto* tensor = &writer->part;
  olstm__proto* raw = &writer->inner;
  int64_t count = 1;
  for (size_t d = 0; d < kMaxDims && dims[d] > 0; d++) {
    olstm__proto_int(tensor, 1, dims[d]);
    count *= dims[d];
  }
  olstm__proto_int(tensor, 2, OLSTM_DTYPE_FLOAT);
  olstm__proto_text(tensor, 8, name);
  for (int64_t i = 0; i < count; i++) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    const float value = (float)(((double)(state >> 11) * 0x1p-52 - 1.0) * scale);
    olstm__proto_bytes(raw, &value, sizeof value);
  }
  olstm__proto_message(tensor, 9, raw);
  olstm__proto_message(&writer->graph, 5, tensor);
}

/// A float value of these dimensions, as GraphProto.input (11) or output (12).
static void put_value(model_writer* writer, unsigned field, const char* name,
                      const int64_t* dims, size_t rank) {
  for (size_t d = 0; d < rank; d++) {
    olstm__proto_int(&writer->dim, 1, dims[d]);
    olstm__proto_message(&writer->innermost, 1, &writer->dim);
  }
  olstm__proto_int(&writer->inner, 1, OLSTM_DTYPE_FLOAT);
  olstm__proto_message(&writer->inner, 2, &writer->innermost);
  // TypeProto.tensor_type, ValueInfoProto.type.
  olstm__proto_message(&writer->dim, 1, &writer->inner);
  olstm__proto_text(&writer->part, 1, name);
  olstm__proto_message(&writer->part, 2, &writer->dim);
  olstm__proto_message(&writer->graph, field, &writer->part);
}

/// Attribute types of ONNX.
enum { kTypeInt = 2, kTypeString = 3, kTypeInts = 7 };

static void put_attribute(model_writer* writer, const char* name, const char* text,
                          int64_t value) {
  olstm__proto_text(&writer->inner, 1, name);
  if (text) {
    olstm__proto_text(&writer->inner, 4, text);
  } else {
    olstm__proto_int(&writer->inner, 3, value);
  }
  olstm__proto_int(&writer->inner, 20, text ? kTypeString : kTypeInt);
  olstm__proto_message(&writer->part, 5, &writer->inner);
}

/// An int64 vector, as GraphProto.initializer.
static void put_ints(model_writer* writer, const char* name, const int64_t* values,
                     size_t count) {
  olstm__proto_int(&writer->part, 1, (int64_t)count);
  olstm__proto_int(&writer->part, 2, OLSTM_DTYPE_INT64);
  olstm__proto_text(&writer->part, 8, name);
  for (size_t i = 0; i < count; i++) olstm__proto_int(&writer->part, 7, values[i]);
  olstm__proto_message(&writer->graph, 5, &writer->part);
}

/// Begins a node with two inputs and one output; olstm__proto_message(graph, 1, part)
/// ends it.
static void start_node(model_writer* writer, const char* op_type, const char* input,
                       const char* second, const char* output) {
  olstm__proto_text(&writer->part, 1, input);
  if (second) olstm__proto_text(&writer->part, 1, second);
  olstm__proto_text(&writer->part, 2, output);
  olstm__proto_text(&writer->part, 3, output);
  olstm__proto_text(&writer->part, 4, op_type);
}

/// Y of a layer, [T,D,N,H], as the X of the next one, [T,N,D*H].
static void put_joint(model_writer* writer, const olstm__lstm_shape* s, const char* from,
                      const char* to) {
  static const int64_t kOrder[] = {0, 2, 1, 3};
  char name[kNameBytes];
  if (s->directions == 1) {
    start_node(writer, "Squeeze", from, "axes", to);
    olstm__proto_message(&writer->graph, 1, &writer->part);
    return;
  }
  (void)snprintf(name, sizeof name, "%s_t", from);
  start_node(writer, "Transpose", from, NULL, name);
  olstm__proto_text(&writer->inner, 1, "perm");
  for (size_t i = 0; i < 4; i++) olstm__proto_int(&writer->inner, 8, kOrder[i]);
  olstm__proto_int(&writer->inner, 20, kTypeInts);
  olstm__proto_message(&writer->part, 5, &writer->inner);
  olstm__proto_message(&writer->graph, 1, &writer->part);
  start_node(writer, "Reshape", name, "shape", to);
  olstm__proto_message(&writer->graph, 1, &writer->part);
}

/// Layer `index`, with its weights: reads x, writes y.
static void put_layer(model_writer* writer, const olstm__lstm_shape* s, int64_t index,
                      const char* x, const char* y) {
  static const char kWeights[] = {'W', 'R', 'B'};
  const int64_t input_size = index == 0 ? s->input_size : s->directions * s->units;
  const int64_t dims[][kMaxDims] = {{s->directions, 4 * s->units, input_size},
                                    {s->directions, 4 * s->units, s->units},
                                    {s->directions, 8 * s->units, 0}};
  char names[3][kNameBytes];
  char node[kNameBytes] = "lstm";
  if (index > 0) (void)snprintf(node, sizeof node, "lstm_%" PRId64, index);
  for (size_t i = 0; i < 3; i++) {
    (void)snprintf(names[i], kNameBytes, index == 0 ? "%c" : "%c_%" PRId64, kWeights[i],
                   index);
  }
  olstm__proto_text(&writer->part, 1, x);
  for (size_t i = 0; i < 3; i++) olstm__proto_text(&writer->part, 1, names[i]);
  olstm__proto_text(&writer->part, 2, y);
  olstm__proto_text(&writer->part, 3, node);
  olstm__proto_text(&writer->part, 4, "LSTM");
  put_attribute(writer, "hidden_size", NULL, s->units);
  put_attribute(writer, "direction", s->directions == 2 ? "bidirectional" : "forward", 0);
  olstm__proto_message(&writer->graph, 1, &writer->part);
  // The scale of Keras' and PyTorch's initial weights: gates neither saturate nor vanish.
  for (size_t i = 0; i < 3; i++) {
    put_initializer(writer, names[i], dims[i], 1.0 / sqrt((double)s->units));
  }
}

static void put_graph(model_writer* writer, const olstm__lstm_shape* s) {
  static const int64_t kAxes[] = {1};
  static const int64_t kShape[] = {0, 0, -1};
  const int64_t x[] = {s->steps, s->batch, s->input_size};
  const int64_t y[] = {s->steps, s->directions, s->batch, s->units};
  char from[kNameBytes] = "X";
  for (int64_t l = 0; l < s->layers; l++) {
    const bool is_last = l + 1 == s->layers;
    char to[kNameBytes] = "Y";
    if (!is_last) (void)snprintf(to, sizeof to, "Y_%" PRId64, l);
    put_layer(writer, s, l, from, to);
    (void)snprintf(from, sizeof from, "X_%" PRId64, l + 1);
    if (!is_last) put_joint(writer, s, to, from);
  }
  olstm__proto_text(&writer->graph, 2, "lstm");
  if (s->layers > 1 && s->directions == 1) put_ints(writer, "axes", kAxes, 1);
  if (s->layers > 1 && s->directions == 2) put_ints(writer, "shape", kShape, 3);
  put_value(writer, 11, "X", x, 3);
  put_value(writer, 12, "Y", y, 4);
}

olstm_status olstm__lstm_model_write(const olstm__lstm_shape* shape,
                                     unsigned char** out_bytes, size_t* out_byte_count,
                                     olstm_error* error) {
  model_writer writer = {0};
  olstm__proto_int(&writer.model, 1, kIrVersion);
  put_graph(&writer, shape);
  olstm__proto_message(&writer.model, 7, &writer.graph);
  olstm__proto_int(&writer.part, 2, kOpset);
  olstm__proto_message(&writer.model, 8, &writer.part);
  free(writer.graph.data);
  free(writer.part.data);
  free(writer.inner.data);
  free(writer.innermost.data);
  free(writer.dim.data);
  if (writer.model.failed) {
    free(writer.model.data);
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a model");
  }
  *out_bytes = writer.model.data;
  *out_byte_count = writer.model.count;
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- files of shapes

/// Reads one line; false when it is neither a shape nor empty.
static bool read_line(const char* line, olstm__lstm_shape* out_shape,
                      bool* out_is_shape) {
  static const int64_t kMost[] = {kMaxSize, kMaxSize, kMaxSize, kMaxSize, 2, kMaxLayers};
  enum { kLayers = 5, kCount };
  int64_t* sizes[kCount] = {&out_shape->steps,      &out_shape->batch,
                            &out_shape->input_size, &out_shape->units,
                            &out_shape->directions, &out_shape->layers};
  const char* blanks = " \t\r";
  *out_is_shape = line[strspn(line, blanks)] != '\0';
  if (!*out_is_shape) return true;
  out_shape->layers = 1;
  for (size_t i = 0; i < kCount; i++) {
    char* end = NULL;
    if (i == kLayers && line[strspn(line, blanks)] == '\0') return true;
    *sizes[i] = strtoll(line, &end, 10);
    if (end == line || !strchr(blanks, *end) || *sizes[i] < 1 || *sizes[i] > kMost[i]) {
      return false;
    }
    line = end;
  }
  return line[strspn(line, blanks)] == '\0';
}

static olstm_status read_lines(char* text, const char* path, olstm__lstm_shape* shapes,
                               size_t* out_count, olstm_error* error) {
  char* saved = NULL;
  for (char* line = strtok_r(text, "\n", &saved); line;
       line = strtok_r(NULL, "\n", &saved)) {
    bool is_shape = false;
    line[strcspn(line, "#")] = '\0';
    if (!read_line(line, &shapes[*out_count], &is_shape)) {
      return olstm_fail(
          error, OLSTM_STATUS_INVALID_ARGUMENT,
          "'%s': a line is T N I H D (D 1 or 2) or T N I H D L, not '%.80s'", path, line);
    }
    if (is_shape) (*out_count)++;
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__lstm_shapes_read(const char* path, olstm__lstm_shape** out_shapes,
                                     size_t* out_count, olstm_error* error) {
  olstm__file_bytes file;
  *out_shapes = NULL;
  *out_count = 0;
  OLSTM_RETURN_IF_ERROR(olstm__file_bytes_read(path, &file, error));
  char* text = olstm__text_copy((const char*)file.data, file.count);
  // A shape has ten bytes at least, its line end included.
  olstm__lstm_shape* shapes = calloc(file.count / 10 + 2, sizeof *shapes);
  olstm__file_bytes_deinit(&file);
  olstm_status status = text && shapes ? read_lines(text, path, shapes, out_count, error)
                                       : olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY,
                                                    "no memory for '%s'", path);
  if (status == OLSTM_STATUS_OK && *out_count == 0) {
    status = olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "'%s' has no shapes", path);
  }
  free(text);
  if (status == OLSTM_STATUS_OK) {
    *out_shapes = shapes;
  } else {
    free(shapes);
  }
  return status;
}
