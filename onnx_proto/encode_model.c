#include "onnx_proto/encode_model.h"

#include "olstm/sized_struct.h"

#include "onnx_proto/external_data.h"
#include "onnx_proto/memory_fail.h"
#include "onnx_proto/model_file.h"
#include "onnx_proto/name_table.h"
#include "onnx_proto/wire_scan.h"

// ---------------------------------------------------------------- visiting

typedef struct tensor_visit {
  olstm__encode_visit call;
  void* user;
  olstm_error* error;
} tensor_visit;

static olstm_status visit_one(const tensor_visit* visit, olstm__tensor_proto* tensor,
                              bool is_initializer) {
  const olstm__encode_tensor one = {tensor, is_initializer};
  return tensor ? visit->call(visit->user, &one, visit->error) : OLSTM_STATUS_OK;
}

static olstm_status visit_sparse(const tensor_visit* visit,
                                 const olstm__sparse_tensor_proto* sparse) {
  OLSTM_RETURN_IF_ERROR(visit_one(visit, sparse->values, false));
  return visit_one(visit, sparse->indices, false);
}

static olstm_status visit_graph(const tensor_visit* visit,
                                const olstm__graph_proto* graph);

// Messages are nested no deeper than the scan of the file allowed.
// NOLINTNEXTLINE(misc-no-recursion)
static olstm_status visit_attribute(const tensor_visit* visit,
                                    const olstm__attribute_proto* attribute) {
  OLSTM_RETURN_IF_ERROR(visit_one(visit, attribute->t, false));
  for (size_t i = 0; i < attribute->n_tensors; i++) {
    OLSTM_RETURN_IF_ERROR(visit_one(visit, attribute->tensors[i], false));
  }
  if (attribute->sparse_tensor) {
    OLSTM_RETURN_IF_ERROR(visit_sparse(visit, attribute->sparse_tensor));
  }
  for (size_t i = 0; i < attribute->n_sparse_tensors; i++) {
    OLSTM_RETURN_IF_ERROR(visit_sparse(visit, attribute->sparse_tensors[i]));
  }
  if (attribute->g) OLSTM_RETURN_IF_ERROR(visit_graph(visit, attribute->g));
  for (size_t i = 0; i < attribute->n_graphs; i++) {
    OLSTM_RETURN_IF_ERROR(visit_graph(visit, attribute->graphs[i]));
  }
  return OLSTM_STATUS_OK;
}

// NOLINTNEXTLINE(misc-no-recursion)
static olstm_status visit_nodes(const tensor_visit* visit, size_t count,
                                olstm__node_proto* const* nodes) {
  for (size_t n = 0; n < count; n++) {
    for (size_t a = 0; a < nodes[n]->n_attribute; a++) {
      OLSTM_RETURN_IF_ERROR(visit_attribute(visit, nodes[n]->attribute[a]));
    }
  }
  return OLSTM_STATUS_OK;
}

// NOLINTNEXTLINE(misc-no-recursion)
static olstm_status visit_graph(const tensor_visit* visit,
                                const olstm__graph_proto* graph) {
  for (size_t i = 0; i < graph->n_initializer; i++) {
    OLSTM_RETURN_IF_ERROR(visit_one(visit, graph->initializer[i], true));
  }
  for (size_t i = 0; i < graph->n_sparse_initializer; i++) {
    OLSTM_RETURN_IF_ERROR(visit_sparse(visit, graph->sparse_initializer[i]));
  }
  return visit_nodes(visit, graph->n_node, graph->node);
}

olstm_status olstm__encode_visit_tensors(const olstm__model_proto* model,
                                         olstm__encode_visit visit, void* user,
                                         olstm_error* error) {
  const tensor_visit state = {visit, user, error};
  if (model->graph) OLSTM_RETURN_IF_ERROR(visit_graph(&state, model->graph));
  for (size_t f = 0; f < model->n_functions; f++) {
    OLSTM_RETURN_IF_ERROR(
        visit_nodes(&state, model->functions[f]->n_node, model->functions[f]->node));
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- opening

typedef struct open_state {
  olstm__encode_model* model;
  olstm__external_source external;
  olstm__arena scratch;
} open_state;

/// Brings the elements of external data into raw_data.
static olstm_status bring_in(void* user, const olstm__encode_tensor* tensor,
                             olstm_error* error) {
  open_state* state = user;
  olstm__tensor_proto* proto = tensor->proto;
  const olstm__tensor_label label = {.tensor_name = proto->name};
  olstm_tensor_desc desc;
  size_t bytes = 0;
  void* elements = NULL;
  if (proto->data_location != ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL) {
    // Entries without the location that they belong to say nothing.
    proto->n_external_data = 0;
    return OLSTM_STATUS_OK;
  }
  OLSTM_RETURN_IF_ERROR(olstm__tensor_describe(proto, &label, &desc, &bytes, error));
  OLSTM_RETURN_IF_ERROR(olstm__external_read(&state->external, &state->model->memory,
                                             proto, &label, &desc, bytes, &elements,
                                             error));
  proto->has_data_location = false;
  proto->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__DEFAULT;
  proto->has_raw_data = true;
  proto->raw_data = (ProtobufCBinaryData){bytes, elements};
  return OLSTM_STATUS_OK;
}

/// Opens the folder of the model file, and the one that the options name.
static olstm_status open_folders(const char* path, const olstm_model_options* options,
                                 olstm__confined_folders* folders, olstm_error* error) {
  const char* named = options->external_data_folder;
  const char* reason = olstm__confined_open_beside(path, &folders->beside);
  if (reason) {
    return olstm_fail(error, OLSTM_STATUS_IO_ERROR,
                      "cannot open the folder of '%.300s': %s", path, reason);
  }
  if (named) reason = olstm__confined_open_folder(named, &folders->named);
  return reason
             ? olstm_fail(error, OLSTM_STATUS_IO_ERROR,
                          "cannot open external_data_folder '%.300s': %s", named, reason)
             : OLSTM_STATUS_OK;
}

/// Takes real_folder.
static olstm_status bring_in_external(olstm__encode_model* model, const char* path,
                                      olstm__file real_folder,
                                      const olstm_model_options* options,
                                      olstm_error* error) {
  open_state state = {.model = model,
                      .external = {
                          .folders = {OLSTM__NO_FILE, real_folder, OLSTM__NO_FILE},
                          .given = options->external_files,
                          .given_count = options->external_file_count,
                          .max_bytes = options->max_external_bytes,
                      }};
  olstm__arena_init(&state.scratch, &model->allocator, SIZE_MAX);
  state.external.scratch = &state.scratch;
  olstm_status status = open_folders(path, options, &state.external.folders, error);
  if (status == OLSTM_STATUS_OK) {
    status = olstm__encode_visit_tensors(model->proto, bring_in, &state, error);
  }
  olstm__confined_folders_close(&state.external.folders);
  olstm__arena_deinit(&state.scratch);
  return status;
}

/// Finds out whether inputs have defaults: whether any initializer is no input.
static olstm_status find_defaults(olstm__encode_model* model, olstm_error* error) {
  enum { kFirstIrWithDefaults = 4 };
  const olstm__graph_proto* graph = model->proto->graph;
  olstm__name_key key;
  olstm__name_table inputs;
  bool is_new = false, is_done = true, is_other = false;
  int32_t found = 0;
  olstm__name_key_init(&key);
  olstm__name_table_init(&inputs, &model->allocator, &key);
  for (size_t i = 0; i < graph->n_input && is_done; i++) {
    const char* name = graph->input[i]->name;
    is_done = !name || olstm__name_table_add(&inputs, name, 0, &is_new);
  }
  for (size_t i = 0; i < graph->n_initializer && is_done; i++) {
    const char* name = graph->initializer[i]->name;
    is_other = is_other || !name || !olstm__name_table_find(&inputs, name, &found);
  }
  olstm__name_table_deinit(&inputs);
  model->has_defaults = is_other && model->proto->ir_version >= kFirstIrWithDefaults;
  return is_done ? OLSTM_STATUS_OK
                 : olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for names");
}

static olstm_status unpack(olstm__encode_model* model, const uint8_t* bytes,
                           size_t byte_count, const olstm_model_options* options,
                           olstm_error* error) {
  const ProtobufCMessageDescriptor* descriptor = &onnx__model_proto__descriptor;
  const ProtobufCMessage* message = NULL;
  const size_t limit = options->max_memory > 0 ? options->max_memory
                                               : olstm__budget_default_limit(byte_count);
  const olstm__wire_limits limits = {.max_depth = options->max_depth,
                                     .max_memory = limit};
  olstm__budget_init(&model->budget, &model->allocator, limit);
  olstm__arena_init(&model->memory, &model->allocator, SIZE_MAX);
  OLSTM_RETURN_IF_ERROR(olstm__wire_scan(descriptor, bytes, byte_count, &limits,
                                         &model->allocator, NULL, error));
  OLSTM_RETURN_IF_ERROR(olstm__budget_unpack(&model->budget, descriptor, bytes,
                                             byte_count, &message, error));
  // Unpacked into memory of this model's own.
  model->proto = (olstm__model_proto*)(uintptr_t)message;
  return model->proto->graph
             ? find_defaults(model, error)
             : olstm_fail(error, OLSTM_STATUS_INVALID_MODEL, "the model has no graph");
}

olstm_status olstm__encode_model_open(const char* path,
                                      const olstm_model_options* options,
                                      olstm__encode_model* out_model,
                                      olstm_error* error) {
  olstm_model_options read;
  uint8_t* bytes = NULL;
  size_t byte_count = 0;
  olstm__file real_folder = OLSTM__NO_FILE;
  memset(out_model, 0, sizeof *out_model);
  olstm_model_options_init(&read);
  if (options) {
    OLSTM_RETURN_IF_ERROR(
        olstm_sized_struct_read(options, "model options", &read, sizeof read, error));
  }
  out_model->allocator = olstm_allocator_or_default(read.allocator);
  out_model->max_memory = read.max_memory;
  OLSTM_RETURN_IF_ERROR(olstm__model_file_read(path, &out_model->allocator, &bytes,
                                               &byte_count, &real_folder, error));
  const olstm_status status = unpack(out_model, bytes, byte_count, &read, error);
  olstm_release(&out_model->allocator, bytes, byte_count, 1);
  if (status == OLSTM_STATUS_OK) {
    return bring_in_external(out_model, path, real_folder, &read, error);
  }
  olstm__file_close(real_folder);
  return status;
}

void olstm__encode_model_close(olstm__encode_model* model) {
  olstm__budget_deinit(&model->budget);
  olstm__arena_deinit(&model->memory);
  memset(model, 0, sizeof *model);
}
