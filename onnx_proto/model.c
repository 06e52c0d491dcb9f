#include "onnx_proto/model.h"

#include <stdatomic.h>

#include "olstm/sized_struct.h"

#include "base/arena.h"
#include "onnx_proto/budget.h"
#include "onnx_proto/decode.h"
#include "onnx_proto/external_data.h"
#include "onnx_proto/file_guess.h"
#include "onnx_proto/model_file.h"
#include "onnx_proto/opset.h"
#include "onnx_proto/tensor_data.h"
#include "onnx_proto/wire_scan.h"

enum {
  kFirstIrVersion = 3,
  kLastIrVersion = 13,
  kDefaultDepth = 100,
  /// protobuf-c and the decoder use about 1 KB of stack for each level.
  kLargestDepth = 1000,
  kDefaultNodes = 1000000,
  /// Limit on hashing and comparing names: this many bytes, plus so many for each byte of
  /// the file.
  kLeastWork = 64 << 20,
  kWorkPerByte = 64
};

typedef struct metadata_entry {
  const char* key;
  const char* value;
} metadata_entry;

struct olstm_model {
  atomic_size_t reference_count;
  olstm_allocator allocator;
  /// Holds everything below.
  olstm__arena arena;
  const olstm__decoded_graph* graph;
  int64_t ir_version;
  const char* producer;
  olstm__opset_list opsets;
  metadata_entry* metadata;
  size_t metadata_count;
};

/// A load in progress.
typedef struct load_state {
  olstm_model_options options;
  olstm_allocator allocator;
  size_t byte_count;
  size_t max_memory;
  olstm__budget budget;
  olstm__arena scratch;
  /// The file's bytes, which are not needed once it is unpacked: the model's arena takes
  /// them, since its tensors need as much. NULL for a model from memory.
  uint8_t* file_bytes;
  const olstm__model_proto* proto;
  olstm_error* error;
} load_state;

// ----------------------------------------------------------------- options

void olstm_model_options_init_sized(olstm_model_options* options, size_t struct_size) {
  const olstm_model_options defaults = {.max_depth = kDefaultDepth,
                                        .max_nodes = kDefaultNodes};
  olstm_sized_struct_init(options, struct_size, &defaults, sizeof defaults);
}

static olstm_status take_options(load_state* load, const olstm_model_options* options) {
  olstm_model_options_init(&load->options);
  load->allocator = olstm_allocator_or_default(NULL);
  if (options) {
    OLSTM_RETURN_IF_ERROR(olstm_sized_struct_read(
        options, "model options", &load->options, sizeof load->options, load->error));
  }
  if (load->options.max_depth < 1 || load->options.max_depth > kLargestDepth) {
    return olstm_fail(load->error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "max_depth is %u, expected 1..%d",
                      (unsigned)load->options.max_depth, kLargestDepth);
  }
  for (size_t i = 0; i < load->options.external_file_count; i++) {
    const olstm_external_file* file = &load->options.external_files[i];
    if (file->location && (file->bytes || file->byte_count == 0)) continue;
    return olstm_fail(load->error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "external_files[%zu] has no %s", i,
                      file->location ? "bytes" : "location");
  }
  load->allocator = olstm_allocator_or_default(load->options.allocator);
  return OLSTM_STATUS_OK;
}

// ----------------------------------------------------------------- loading

/// Unpacks `bytes` into load->proto. The bytes are not needed afterwards.
static olstm_status unpack(load_state* load, const uint8_t* bytes, size_t byte_count) {
  load->byte_count = byte_count;
  load->max_memory = load->options.max_memory > 0
                         ? load->options.max_memory
                         : olstm__budget_default_limit(byte_count);
  olstm__budget_init(&load->budget, &load->allocator, load->max_memory);
  olstm__arena_init(&load->scratch, &load->allocator, load->max_memory);
  const ProtobufCMessageDescriptor* descriptor = &onnx__model_proto__descriptor;
  const olstm__wire_limits limits = {.max_depth = load->options.max_depth,
                                     .max_memory = load->max_memory};
  const ProtobufCMessage* message = NULL;
  const char* guess = olstm__file_guess(bytes, byte_count);
  olstm_status status =
      byte_count > 0 && byte_count <= OLSTM__MAX_FILE_BYTES
          ? olstm__wire_scan(descriptor, bytes, byte_count, &limits, &load->allocator,
                             NULL, load->error)
          : olstm_fail(load->error, OLSTM_STATUS_INVALID_MODEL,
                       "a model has 1 byte to 2 GB, not %zu bytes", byte_count);
  if (status == OLSTM_STATUS_OK) {
    status = olstm__budget_unpack(&load->budget, descriptor, bytes, byte_count, &message,
                                  load->error);
  }
  load->proto = (const olstm__model_proto*)message;
  if (status == OLSTM_STATUS_OK && !load->proto->graph) {
    status =
        olstm_fail(load->error, OLSTM_STATUS_INVALID_MODEL, "the model has no graph");
  }
  if (status == OLSTM_STATUS_INVALID_MODEL && guess) {
    return olstm_fail(load->error, status, "not an ONNX model: it is %s", guess);
  }
  return status;
}

static olstm_status check_ir_version(const load_state* load) {
  if (!load->proto->has_ir_version) {
    return olstm_fail(load->error, OLSTM_STATUS_INVALID_MODEL,
                      "the model has no ir_version");
  }
  if (load->proto->ir_version < kFirstIrVersion ||
      load->proto->ir_version > kLastIrVersion) {
    return olstm_fail(load->error, OLSTM_STATUS_UNSUPPORTED,
                      "IR version %" PRId64 " is not supported, only %d to %d",
                      load->proto->ir_version, kFirstIrVersion, kLastIrVersion);
  }
  return OLSTM_STATUS_OK;
}

static olstm_status copy_text(const load_state* load, olstm_model* model,
                              const char* text, const char** out_copy) {
  *out_copy =
      olstm__arena_copy(&model->arena, olstm__text(text), strlen(olstm__text(text)));
  return *out_copy ? OLSTM_STATUS_OK : olstm__memory_fail(&model->arena, load->error);
}

/// Of two entries of one key, which ONNX does not allow but writers leave, the later
/// counts.
static olstm_status keep_metadata(const load_state* load, olstm_model* model,
                                  olstm__name_table* keys) {
  const size_t count = load->proto->n_metadata_props;
  model->metadata = olstm__arena_allocate(&model->arena, count, sizeof *model->metadata);
  if (!model->metadata) return olstm__memory_fail(&model->arena, load->error);
  for (size_t i = 0; i < count; i++) {
    const Onnx__StringStringEntryProto* entry = load->proto->metadata_props[i];
    metadata_entry kept;
    int32_t index = (int32_t)model->metadata_count;
    bool added = false;
    OLSTM_RETURN_IF_ERROR(copy_text(load, model, entry->key, &kept.key));
    OLSTM_RETURN_IF_ERROR(copy_text(load, model, entry->value, &kept.value));
    if (!olstm__name_table_add(keys, kept.key, index, &added)) {
      return olstm_fail(load->error, OLSTM_STATUS_OUT_OF_MEMORY,
                        "no memory for metadata_props");
    }
    if (added) model->metadata_count++;
    if (!added) (void)olstm__name_table_find(keys, kept.key, &index);
    model->metadata[index] = kept;
  }
  return OLSTM_STATUS_OK;
}

static olstm_status decode_into(load_state* load, olstm_model* model,
                                olstm__decoder* decoder) {
  olstm__name_table keys;
  OLSTM_RETURN_IF_ERROR(check_ir_version(load));
  OLSTM_RETURN_IF_ERROR(olstm__decode_model(decoder, load->proto, &model->graph));
  model->opsets = decoder->opsets;
  model->ir_version = load->proto->ir_version;
  OLSTM_RETURN_IF_ERROR(
      copy_text(load, model, load->proto->producer_name, &model->producer));
  olstm__name_table_init(&keys, &load->allocator, &decoder->key);
  const olstm_status status = keep_metadata(load, model, &keys);
  olstm__name_table_deinit(&keys);
  return status;
}

/// Decodes load->proto into a model.
static olstm_status decode(load_state* load, olstm__external_source* external,
                           olstm_model** out_model) {
  olstm_model* model = olstm_allocate_zeroed(&load->allocator, 1, sizeof *model);
  if (!model) {
    return olstm_fail(load->error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a model");
  }
  atomic_init(&model->reference_count, 1);
  model->allocator = load->allocator;
  olstm__arena_init(&model->arena, &load->allocator, load->max_memory);
  if (load->file_bytes) {
    olstm__arena_take_block(&model->arena, load->file_bytes, load->byte_count);
    load->file_bytes = NULL;
  }
  olstm__decoder decoder = {
      .arena = &model->arena,
      .scratch = &load->scratch,
      .budget = &load->budget,
      .allocator = &load->allocator,
      .max_depth = load->options.max_depth,
      .max_nodes = load->options.max_nodes,
      .external = external,
      .max_work = kLeastWork + (uint64_t)load->byte_count * kWorkPerByte,
      .error = load->error,
  };
  const olstm_status status = decode_into(load, model, &decoder);
  olstm__decoder_deinit(&decoder);
  if (status != OLSTM_STATUS_OK) {
    olstm_model_destroy(model);
    return status;
  }
  *out_model = model;
  return OLSTM_STATUS_OK;
}

/// Opens the folder of the model file, and the one that the options name.
static olstm_status open_folders(const char* path, const load_state* load,
                                 olstm__confined_folders* folders) {
  const char* named = load->options.external_data_folder;
  if (named) {
    const char* reason = olstm__confined_open_folder(named, &folders->named);
    if (reason) {
      return olstm_fail(load->error, OLSTM_STATUS_IO_ERROR,
                        "cannot open external_data_folder '%.300s': %s", named, reason);
    }
  }
  if (!path) return OLSTM_STATUS_OK;
  const char* reason = olstm__confined_open_beside(path, &folders->beside);
  if (!reason) return OLSTM_STATUS_OK;
  return olstm_fail(load->error, OLSTM_STATUS_IO_ERROR,
                    "cannot open the folder of '%.300s': %s", path, reason);
}

/// Decodes load->proto into a model. path: NULL for a model from memory. real_folder is
/// taken. The folders are opened first, which is cheap, because only decoding tells
/// whether the model has external data.
static olstm_status decode_with_folders(load_state* load, const char* path,
                                        olstm__file real_folder,
                                        olstm_model** out_model) {
  olstm__external_source external = {
      .folders = {.beside = OLSTM__NO_FILE, .real = real_folder, .named = OLSTM__NO_FILE},
      .given = load->options.external_files,
      .given_count = load->options.external_file_count,
      .max_bytes = load->options.max_external_bytes,
      .scratch = &load->scratch};
  olstm_status status = open_folders(path, load, &external.folders);
  if (status == OLSTM_STATUS_OK) status = decode(load, &external, out_model);
  olstm__confined_folders_close(&external.folders);
  return status;
}

static void load_deinit(load_state* load) {
  olstm__budget_deinit(&load->budget);
  olstm__arena_deinit(&load->scratch);
  olstm_release(&load->allocator, load->file_bytes, load->byte_count, 1);
}

static olstm_status load_path(load_state* load, const char* path,
                              olstm_model** out_model) {
  size_t byte_count = 0;
  olstm__file real_folder = OLSTM__NO_FILE;
  OLSTM_RETURN_IF_ERROR(olstm__model_file_read(path, &load->allocator, &load->file_bytes,
                                               &byte_count, &real_folder, load->error));
  const olstm_status status = unpack(load, load->file_bytes, byte_count);
  if (status == OLSTM_STATUS_OK) {
    return decode_with_folders(load, path, real_folder, out_model);
  }
  olstm__file_close(real_folder);
  return status;
}

olstm_status olstm_model_load_file(const char* path, const olstm_model_options* options,
                                   olstm_model** out_model, olstm_error* error) {
  load_state load = {.error = error};
  if (!path || !out_model) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "path or out_model is NULL");
  }
  *out_model = NULL;
  olstm_status status = take_options(&load, options);
  if (status == OLSTM_STATUS_OK) status = load_path(&load, path, out_model);
  load_deinit(&load);
  return status;
}

olstm_status olstm_model_load_memory(const void* bytes, size_t byte_count,
                                     const olstm_model_options* options,
                                     olstm_model** out_model, olstm_error* error) {
  load_state load = {.error = error};
  if ((!bytes && byte_count > 0) || !out_model) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "bytes or out_model is NULL");
  }
  *out_model = NULL;
  olstm_status status = take_options(&load, options);
  if (status == OLSTM_STATUS_OK) status = unpack(&load, bytes, byte_count);
  if (status == OLSTM_STATUS_OK) {
    status = decode_with_folders(&load, NULL, -1, out_model);
  }
  load_deinit(&load);
  return status;
}

// ------------------------------------------------------------------- model

void olstm__model_retain(olstm_model* model) {
  (void)atomic_fetch_add_explicit(&model->reference_count, 1, memory_order_relaxed);
}

void olstm_model_destroy(olstm_model* model) {
  if (!model) return;
  if (atomic_fetch_sub_explicit(&model->reference_count, 1, memory_order_acq_rel) > 1) {
    return;
  }
  const olstm_allocator allocator = model->allocator;
  olstm__arena_deinit(&model->arena);
  olstm_release(&allocator, model, 1, sizeof *model);
}

const olstm__decoded_graph* olstm__model_graph(const olstm_model* model) {
  return model->graph;
}

size_t olstm_model_input_count(const olstm_model* model) {
  return model->graph->input_count;
}

size_t olstm_model_output_count(const olstm_model* model) {
  return model->graph->output_count;
}

const olstm_value_info* olstm_model_get_input(const olstm_model* model, size_t index) {
  const olstm__decoded_graph* graph = model->graph;
  return index < graph->input_count ? &graph->values[graph->inputs[index]].info : NULL;
}

const olstm_value_info* olstm_model_get_output(const olstm_model* model, size_t index) {
  const olstm__decoded_graph* graph = model->graph;
  return index < graph->output_count ? &graph->values[graph->outputs[index]].info : NULL;
}

static bool is_default(const olstm__decoded_graph* graph, size_t declared) {
  return graph->values[graph->declared[declared].value].constant != NULL;
}

size_t olstm_model_default_input_count(const olstm_model* model) {
  return model->graph->declared_count - model->graph->input_count;
}

const olstm_value_info* olstm_model_get_default_input(const olstm_model* model,
                                                      size_t index) {
  const olstm__decoded_graph* graph = model->graph;
  for (size_t i = 0; i < graph->declared_count; i++) {
    if (is_default(graph, i) && index-- == 0) return &graph->declared[i].info;
  }
  return NULL;
}

int64_t olstm_model_ir_version(const olstm_model* model) {
  return model->ir_version;
}

const char* olstm_model_producer(const olstm_model* model) {
  return model->producer;
}

const char* olstm_model_graph_name(const olstm_model* model) {
  return model->graph->name;
}

int32_t olstm_model_opset_version(const olstm_model* model, const char* domain) {
  return olstm__opset_version(&model->opsets, olstm__domain(domain));
}

size_t olstm_model_node_count(const olstm_model* model) {
  return model->graph->node_count;
}

const char* olstm_model_get_metadata(const olstm_model* model, const char* key) {
  for (size_t i = 0; i < model->metadata_count; i++) {
    if (strcmp(model->metadata[i].key, key) == 0) return model->metadata[i].value;
  }
  return NULL;
}
