// See recurrent_case.h.
#include "tools/recurrent_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/element.h"
#include "tools/job.h"
#include "tools/proto_writer.h"
#include "tools/tensor_file.h"

enum { kInputs = OLSTM_RECURRENT_INPUT_COUNT, kOutputs = OLSTM_RECURRENT_OUTPUT_COUNT };
/// IR versions that came with opsets 22 and 14 at the latest.
enum { kNewIrVersion = 10, kIrVersion = 7, kNewOpset = 22 };

static const char* const kOutputNames[kOutputs] = {"Y", "Y_h", "Y_c"};

static int64_t count_directions(const olstm__recurrent_case* spec) {
  return strcmp(spec->direction, "bidirectional") == 0 ? 2 : 1;
}

static int64_t count_gates(const olstm__recurrent_case* spec) {
  return spec->op_type[0] == 'L' ? 4 : spec->op_type[0] == 'G' ? 3 : 1;
}

static bool has_input(const olstm__recurrent_case* spec, size_t index) {
  switch (index) {
    case OLSTM_RECURRENT_B:
      return spec->has_bias;
    case OLSTM_RECURRENT_SEQUENCE_LENS:
      return spec->lens != OLSTM__LENS_ABSENT;
    case OLSTM_RECURRENT_INITIAL_H:
      return spec->has_initial_h;
    case OLSTM_RECURRENT_INITIAL_C:
      return spec->has_initial_c;
    case OLSTM_RECURRENT_P:
      return spec->has_peepholes;
    default:
      return true;
  }
}

/// A state, or with `steps` >= 0 a sequence, whose layout says where the batch stands.
static olstm_tensor_desc input_desc(const olstm__recurrent_case* spec, size_t index) {
  const int64_t d = count_directions(spec);
  const int64_t g = count_gates(spec) * spec->hidden_size;
  const bool batch_first = spec->layout == 1;
  const int64_t first = batch_first ? spec->batch : spec->steps;
  const int64_t second = batch_first ? spec->steps : spec->batch;
  switch (index) {
    case OLSTM_RECURRENT_X:
      return (olstm_tensor_desc){spec->dtype, 3, {first, second, spec->input_size}};
    case OLSTM_RECURRENT_W:
      return (olstm_tensor_desc){spec->dtype, 3, {d, g, spec->input_size}};
    case OLSTM_RECURRENT_R:
      return (olstm_tensor_desc){spec->dtype, 3, {d, g, spec->hidden_size}};
    case OLSTM_RECURRENT_B:
      return (olstm_tensor_desc){spec->dtype, 2, {d, 2 * g}};
    case OLSTM_RECURRENT_SEQUENCE_LENS:
      return (olstm_tensor_desc){OLSTM_DTYPE_INT32, 1, {spec->batch}};
    case OLSTM_RECURRENT_P:
      return (olstm_tensor_desc){spec->dtype, 2, {d, 3 * spec->hidden_size}};
    default:
      return (olstm_tensor_desc){spec->dtype,
                                 3,
                                 {batch_first ? spec->batch : d,
                                  batch_first ? d : spec->batch, spec->hidden_size}};
  }
}

/// Y, or one of the states, which have the shape of an initial one.
static olstm_tensor_desc output_desc(const olstm__recurrent_case* spec, size_t index) {
  const int64_t d = count_directions(spec);
  if (index != OLSTM_RECURRENT_Y) return input_desc(spec, OLSTM_RECURRENT_INITIAL_H);
  if (spec->layout == 1) {
    return (olstm_tensor_desc){
        spec->dtype, 4, {spec->batch, spec->steps, d, spec->hidden_size}};
  }
  return (olstm_tensor_desc){
      spec->dtype, 4, {spec->steps, d, spec->batch, spec->hidden_size}};
}

// ---------------------------------------------------------------- the model

enum { kTypeFloat = 1, kTypeInt = 2, kTypeString = 3, kTypeFloats = 6, kTypeStrings = 8 };

/// Ends an attribute that has its value in `attribute` already.
static void put_attribute(olstm__proto* node, olstm__proto* attribute, const char* name,
                          int type) {
  olstm__proto_text(attribute, 1, name);
  olstm__proto_int(attribute, 20, type);
  olstm__proto_message(node, 5, attribute);
}

static void put_int(olstm__proto* node, olstm__proto* scratch, const char* name,
                    int64_t value) {
  olstm__proto_int(scratch, 3, value);
  put_attribute(node, scratch, name, kTypeInt);
}

/// A list of one direction, once for each.
static void put_floats(const olstm__recurrent_case* spec, olstm__proto* node,
                       olstm__proto* scratch, const char* name, const float* values,
                       size_t count) {
  if (count == 0) return;
  for (int64_t d = 0; d < count_directions(spec); d++) {
    for (size_t i = 0; i < count; i++) olstm__proto_float(scratch, 7, values[i]);
  }
  put_attribute(node, scratch, name, kTypeFloats);
}

static void put_attributes(const olstm__recurrent_case* spec, olstm__proto* node,
                           olstm__proto* scratch) {
  for (int64_t d = 0; d < count_directions(spec) && spec->activation_count > 0; d++) {
    for (size_t i = 0; i < spec->activation_count; i++) {
      olstm__proto_text(scratch, 9, spec->activations[i]);
    }
  }
  if (spec->activation_count > 0) {
    put_attribute(node, scratch, "activations", kTypeStrings);
  }
  put_floats(spec, node, scratch, "activation_alpha", spec->alphas, spec->alpha_count);
  put_floats(spec, node, scratch, "activation_beta", spec->betas, spec->beta_count);
  olstm__proto_text(scratch, 4, spec->direction);
  put_attribute(node, scratch, "direction", kTypeString);
  if (spec->clip > 0) {
    olstm__proto_float(scratch, 2, spec->clip);
    put_attribute(node, scratch, "clip", kTypeFloat);
  }
  if (spec->has_hidden_size) put_int(node, scratch, "hidden_size", spec->hidden_size);
  if (spec->layout == 1) put_int(node, scratch, "layout", 1);
  if (spec->input_forget) put_int(node, scratch, "input_forget", 1);
  if (spec->linear_before_reset) put_int(node, scratch, "linear_before_reset", 1);
}

/// A value of the graph: its name, dtype and shape.
static void put_value(olstm__proto* graph, unsigned field, const char* name,
                      const olstm_tensor_desc* desc) {
  olstm__proto value = {0}, type = {0}, tensor = {0}, shape = {0}, dim = {0};
  olstm__proto_int(&tensor, 1, desc->dtype);
  for (int32_t d = 0; d < desc->rank; d++) {
    olstm__proto_int(&dim, 1, desc->dims[d]);
    olstm__proto_message(&shape, 1, &dim);
  }
  olstm__proto_message(&tensor, 2, &shape);
  olstm__proto_message(&type, 1, &tensor);
  olstm__proto_text(&value, 1, name);
  olstm__proto_message(&value, 2, &type);
  olstm__proto_message(graph, field, &value);
  free(value.data);
  free(type.data);
  free(tensor.data);
  free(shape.data);
  free(dim.data);
}

static void put_node(const olstm__recurrent_case* spec, olstm__proto* graph) {
  olstm__proto node = {0};
  olstm__proto scratch = {0};
  size_t input_count = kInputs;
  while (!has_input(spec, input_count - 1)) input_count--;
  for (size_t i = 0; i < input_count; i++) {
    olstm__proto_text(&node, 1, has_input(spec, i) ? olstm_recurrent_input_name(i) : "");
  }
  for (unsigned o = 0; spec->outputs >> o; o++) {
    olstm__proto_text(&node, 2, spec->outputs >> o & 1 ? kOutputNames[o] : "");
  }
  olstm__proto_text(&node, 4, spec->op_type);
  put_attributes(spec, &node, &scratch);
  olstm__proto_message(graph, 1, &node);
  free(node.data);
  free(scratch.data);
}

/// The bytes of the model; free(data).
static olstm__proto make_model(const olstm__recurrent_case* spec) {
  olstm__proto model = {0}, graph = {0}, opset = {0};
  put_node(spec, &graph);
  olstm__proto_text(&graph, 2, spec->name);
  for (size_t i = 0; i < kInputs; i++) {
    const olstm_tensor_desc desc = input_desc(spec, i);
    if (has_input(spec, i)) put_value(&graph, 11, olstm_recurrent_input_name(i), &desc);
  }
  for (unsigned o = 0; o < kOutputs; o++) {
    const olstm_tensor_desc desc = output_desc(spec, o);
    if (spec->outputs >> o & 1) put_value(&graph, 12, kOutputNames[o], &desc);
  }
  olstm__proto_int(&model, 1, spec->opset >= kNewOpset ? kNewIrVersion : kIrVersion);
  olstm__proto_text(&model, 2, "olstm cases");
  olstm__proto_message(&model, 7, &graph);
  olstm__proto_text(&opset, 1, "");
  olstm__proto_int(&opset, 2, spec->opset);
  olstm__proto_message(&model, 8, &opset);
  free(graph.data);
  free(opset.data);
  return model;
}

// ---------------------------------------------------------------- values

/// SplitMix64, begun from the seed and the name: a case is the same whatever others there
/// are.
static uint64_t begin_random(uint64_t seed, const char* name) {
  uint64_t state = seed ^ UINT64_C(0xcbf29ce484222325);
  for (; *name; name++) {
    state = (state ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
  }
  return state;
}

/// Between -1 and 1.
static double next_random(uint64_t* state) {
  uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return (double)((z ^ (z >> 31)) >> 11) * 0x1p-52 - 1.0;
}

static int32_t length_of(const olstm__recurrent_case* spec, int64_t row) {
  const int32_t steps = (int32_t)spec->steps;
  switch (spec->lens) {
    case OLSTM__LENS_MIXED:
      return steps == 0 ? 0 : 1 + (int32_t)((row * 2 + steps - 1) % steps);
    case OLSTM__LENS_ZERO:
      return row % 2 == 0 ? 0 : steps;
    case OLSTM__LENS_ALL_ZERO:
      return 0;
    default:
      return steps;
  }
}

static bool allocate(olstm_tensor* tensor) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  size_t bytes = 0;
  if (!olstm_tensor_desc_bytes(&tensor->desc, &bytes)) return false;
  tensor->data = olstm_allocate(&allocator, bytes, 1);
  return tensor->data != NULL;
}

/// An input of the case, and the same in double: what rounding left of it.
static bool make_input(const olstm__recurrent_case* spec, size_t index, uint64_t* random,
                       olstm_tensor* narrow, olstm_tensor* wide) {
  narrow->desc = wide->desc = input_desc(spec, index);
  const bool is_lens = index == OLSTM_RECURRENT_SEQUENCE_LENS;
  if (!is_lens) wide->desc.dtype = OLSTM_DTYPE_DOUBLE;
  if (!allocate(narrow) || !allocate(wide)) return false;
  // With larger weights, unbounded activations leave the range of floats.
  const double scale = index == OLSTM_RECURRENT_X ? 1.0 : 0.5;
  for (int64_t i = 0; i < olstm_tensor_desc_count(&narrow->desc); i++) {
    const double value = is_lens ? length_of(spec, i) : scale * next_random(random);
    olstm__element_set(narrow, i, value);
    olstm__element_set(wide, i, olstm__element_get(narrow, i));
  }
  return true;
}

/// What a case is made of while it is written; all of it freed in one place.
typedef struct case_data {
  size_t input_count;
  size_t indices[kInputs];
  olstm_tensor narrow[kInputs];
  olstm_tensor wide[kInputs];
  olstm__proto model;
  olstm__proto wide_model;
  olstm__job job;
} case_data;

static void deinit_data(case_data* data) {
  for (size_t i = 0; i < data->input_count; i++) {
    olstm_tensor_deinit(&data->narrow[i], NULL);
    olstm_tensor_deinit(&data->wide[i], NULL);
  }
  free(data->model.data);
  free(data->wide_model.data);
  olstm__job_deinit(&data->job);
}

static olstm_status make_data(const olstm__recurrent_case* spec, uint64_t seed,
                              case_data* data, olstm_error* error) {
  olstm__recurrent_case wide = *spec;
  uint64_t random = begin_random(seed, spec->name);
  bool is_made = true;
  for (size_t i = 0; i < kInputs && is_made; i++) {
    if (!has_input(spec, i)) continue;
    data->indices[data->input_count] = i;
    is_made = make_input(spec, i, &random, &data->narrow[data->input_count],
                         &data->wide[data->input_count]);
    data->input_count++;
  }
  wide.dtype = OLSTM_DTYPE_DOUBLE;
  data->model = make_model(spec);
  data->wide_model = make_model(&wide);
  if (is_made && !data->model.failed && !data->wide_model.failed) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a case");
}

// ---------------------------------------------------------------- writing

static olstm_status write_tensor(const char* folder, const char* kind, size_t index,
                                 const char* name, const olstm_tensor* tensor,
                                 olstm_error* error) {
  char file[32];
  char path[OLSTM__PATH_CAPACITY];
  (void)snprintf(file, sizeof file, "%s_%zu", kind, index);
  return olstm__tensor_file_write(folder, file, "pb", name, tensor, path, error);
}

/// Rounds a result once, and writes it.
static olstm_status write_output(const olstm__recurrent_case* spec, const char* folder,
                                 size_t index, const char* name, const olstm_tensor* wide,
                                 olstm_error* error) {
  olstm_tensor narrow = {wide->desc, NULL};
  narrow.desc.dtype = spec->dtype;
  if (!allocate(&narrow)) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a case");
  }
  for (int64_t i = 0; i < olstm_tensor_desc_count(&wide->desc); i++) {
    olstm__element_set(&narrow, i, olstm__element_get(wide, i));
  }
  const olstm_status status = write_tensor(folder, "output", index, name, &narrow, error);
  olstm_tensor_deinit(&narrow, NULL);
  return status;
}

/// Runs the case in double on the reference kernel.
static olstm_status write_outputs(const olstm__recurrent_case* spec, const char* folder,
                                  case_data* data, olstm_error* error) {
  olstm_tensor outputs[kOutputs] = {{.data = NULL}};
  olstm__job_options options;
  const olstm__job_source source = {NULL, data->wide_model.data, data->wide_model.count};
  olstm__job_options_init(&options);
  options.kernel = "reference";
  options.fuse = false;
  OLSTM_RETURN_IF_ERROR(
      olstm__job_open_source(&source, &options, NULL, &data->job, error));
  const size_t count = olstm_session_output_count(data->job.session);
  OLSTM_RETURN_IF_ERROR(olstm_context_run(data->job.context, data->wide,
                                          data->input_count, outputs, count, error));
  for (size_t o = 0; o < count; o++) {
    const char* name = olstm_session_get_output(data->job.session, o)->name;
    OLSTM_RETURN_IF_ERROR(write_output(spec, folder, o, name, &outputs[o], error));
  }
  return OLSTM_STATUS_OK;
}

static olstm_status write_files(const olstm__recurrent_case* spec, const char* folder,
                                case_data* data, olstm_error* error) {
  char path[OLSTM__PATH_CAPACITY];
  char set[OLSTM__PATH_CAPACITY];
  OLSTM_RETURN_IF_ERROR(olstm__path_join(folder, "test_data_set_0", set, error));
  OLSTM_RETURN_IF_ERROR(olstm__folder_make(set, error));
  OLSTM_RETURN_IF_ERROR(olstm__path_join(folder, "model.onnx", path, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__file_bytes_write(path, data->model.data, data->model.count, NULL, 0, error));
  for (size_t i = 0; i < data->input_count; i++) {
    OLSTM_RETURN_IF_ERROR(write_tensor(set, "input", i,
                                       olstm_recurrent_input_name(data->indices[i]),
                                       &data->narrow[i], error));
  }
  if (spec->open) {
    OLSTM_RETURN_IF_ERROR(olstm__path_join(folder, "open.txt", path, error));
    OLSTM_RETURN_IF_ERROR(
        olstm__file_bytes_write(path, spec->open, strlen(spec->open), "\n", 1, error));
  }
  return write_outputs(spec, set, data, error);
}

olstm_status olstm__recurrent_case_write(const olstm__recurrent_case* spec,
                                         const char* folder, uint64_t seed,
                                         olstm_error* error) {
  char path[OLSTM__PATH_CAPACITY];
  // onnx.backend.test runs no case that is called otherwise.
  char name[sizeof spec->name + sizeof "test_"];
  case_data data = {0};
  olstm_error reason = {""};
  (void)snprintf(name, sizeof name, "test_%s", spec->name);
  OLSTM_RETURN_IF_ERROR(olstm__path_join(folder, name, path, error));
  olstm_status status = make_data(spec, seed, &data, &reason);
  if (status == OLSTM_STATUS_OK) status = write_files(spec, path, &data, &reason);
  deinit_data(&data);
  if (status == OLSTM_STATUS_OK) return OLSTM_STATUS_OK;
  return olstm_fail(error, status, "%s: %s", spec->name, reason.message);
}
