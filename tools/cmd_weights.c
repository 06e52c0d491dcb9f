// olstm weights: writes every recurrent layer's weights as Keras keeps them.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "olstm/model.h"
#include "olstm/runtime.h"
#include "tools/cli.h"
#include "tools/command.h"
#include "tools/file_bytes.h"
#include "tools/file_name.h"
#include "tools/keras_layer.h"
#include "tools/say.h"
#include "tools/tensor_file.h"
#include "tools/written_files.h"

/// Where weights are written to.
typedef struct target {
  const char* folder;
  olstm__written_files written;
} target;

/// Where a node's arrays go: NODE.kernel.npy, or NODE.forward.kernel.npy of one that has
/// two directions. A node that is itself called "x.forward" has its dot encoded.
static void name_array(const char* node_file, const olstm__keras_layer* layer,
                       const char* array, char out_name[OLSTM_ERROR_CAPACITY]) {
  static const char* const kDirections[] = {".forward", ".backward"};
  const size_t length = strlen(node_file);
  size_t stem = length;
  for (size_t i = 0; i < 2; i++) {
    const size_t bytes = strlen(kDirections[i]);
    if (length > bytes && strcasecmp(node_file + length - bytes, kDirections[i]) == 0) {
      stem = length - bytes;
    }
  }
  (void)snprintf(out_name, OLSTM_ERROR_CAPACITY, "%.*s%s%s%s%s.%s", (int)stem, node_file,
                 stem < length ? "%2E" : "", stem < length ? node_file + stem + 1 : "",
                 layer->direction_count > 1 ? "." : "",
                 layer->direction_count > 1 ? layer->direction : "", array);
}

static olstm_status write_layer(const olstm_node* node, const char* node_file,
                                const olstm__keras_layer* layer, target* to,
                                olstm_error* error) {
  for (size_t i = 0; i < layer->array_count; i++) {
    const olstm__keras_array* array = &layer->arrays[i];
    char name[OLSTM_ERROR_CAPACITY];
    char path[OLSTM__PATH_CAPACITY];
    name_array(node_file, layer, array->name, name);
    OLSTM_RETURN_IF_ERROR(olstm__tensor_file_write(to->folder, name, "npy", node->name,
                                                   &array->tensor, path, error));
    OLSTM_RETURN_IF_ERROR(olstm__written_files_add(&to->written, path, error));
    olstm__say(stdout, "%s: %s %s, gates %s (%s)\n", path,
               olstm_dtype_name(array->tensor.desc.dtype),
               olstm_shape_text(&array->tensor.desc).text, array->gates, array->source);
  }
  return OLSTM_STATUS_OK;
}

/// Writes all directions of a node.
static olstm_status write_node(const olstm_node* node, const char* node_file, target* to,
                               olstm_error* error) {
  int64_t direction_count = 1;
  for (int64_t d = 0; d < direction_count; d++) {
    olstm__keras_layer layer;
    OLSTM_RETURN_IF_ERROR(olstm__keras_layer_read(node, d, &layer, error));
    direction_count = layer.direction_count;
    const olstm_status status = write_layer(node, node_file, &layer, to, error);
    olstm__keras_layer_deinit(&layer);
    OLSTM_RETURN_IF_ERROR(status);
  }
  return OLSTM_STATUS_OK;
}

/// The session's nodes, recognised layers included; the model's own where no session can
/// be created.
static const olstm_node* get_node(const olstm_session* session,
                                  const olstm_model_nodes* nodes, size_t index) {
  if (session) return olstm_session_get_node(session, index);
  return index < olstm_model_nodes_count(nodes) ? olstm_model_nodes_get(nodes, index)
                                                : NULL;
}

/// The recurrent nodes; the caller frees them.
static olstm_status list_layers(const olstm_session* session,
                                const olstm_model_nodes* nodes,
                                const olstm_node*** out_layers, size_t* out_count,
                                olstm_error* error) {
  size_t count = 0;
  while (get_node(session, nodes, count)) count++;
  *out_count = 0;
  *out_layers = calloc(count + 1, sizeof(olstm_node*));
  if (!*out_layers) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a list");
  }
  for (size_t i = 0; i < count; i++) {
    const olstm_node* node = get_node(session, nodes, i);
    if (olstm__keras_layer_is_recurrent(node)) (*out_layers)[(*out_count)++] = node;
  }
  if (*out_count > 0) return OLSTM_STATUS_OK;
  free(*out_layers);
  return olstm_fail(error, OLSTM_STATUS_NOT_FOUND,
                    "the model has no LSTM, GRU or RNN node in its main graph");
}

static olstm_status write_layers(const olstm_node* const* layers, size_t count,
                                 const char* folder, olstm_error* error) {
  olstm__file_names files;
  target to = {.folder = folder};
  const char** names = calloc(count, sizeof(char*));
  if (!names) return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for names");
  for (size_t i = 0; i < count; i++) names[i] = layers[i]->name;
  olstm_status status = olstm__file_names_make(names, count, &files, error);
  free(names);
  OLSTM_RETURN_IF_ERROR(status);
  for (size_t i = 0; i < count && status == OLSTM_STATUS_OK; i++) {
    status = write_node(layers[i], files.names[i], &to, error);
  }
  olstm__written_files_deinit(&to.written);
  olstm__file_names_deinit(&files);
  return status;
}

static olstm_status write_all(const olstm_session* session,
                              const olstm_model_nodes* nodes, const char* folder,
                              olstm_error* error) {
  const olstm_node** layers = NULL;
  size_t count = 0;
  OLSTM_RETURN_IF_ERROR(list_layers(session, nodes, &layers, &count, error));
  const olstm_status status = write_layers(layers, count, folder, error);
  free(layers);
  return status;
}

static olstm_status write_weights(const char* path, const char* folder,
                                  const char* external_data, olstm_error* error) {
  olstm_model_options options;
  olstm_model* model = NULL;
  olstm_model_nodes* nodes = NULL;
  olstm_session* session = NULL;
  OLSTM_RETURN_IF_ERROR(olstm__folder_make(folder, error));
  olstm_model_options_init(&options);
  options.external_data_folder = external_data;
  olstm_status status = olstm_model_load_file(path, &options, &model, error);
  if (status == OLSTM_STATUS_OK) {
    status = olstm_model_nodes_create(model, NULL, &nodes, error);
  }
  if (status == OLSTM_STATUS_OK) {
    (void)olstm_session_create(model, NULL, NULL, &session, NULL);
    status = write_all(session, nodes, folder, error);
  }
  olstm_session_destroy(session);
  olstm_model_nodes_destroy(nodes);
  olstm_model_destroy(model);
  return status;
}

int olstm__command_weights(int argc, char** argv) {
  const char* folder = NULL;
  const char* external_data = NULL;
  olstm_error error;
  olstm__cli_list operands;
  const olstm__cli_option options[] = {
      {"o", OLSTM__CLI_TEXT, &folder, "DIR", "the folder to write to", 0, 0, NULL},
      {"external-data", OLSTM__CLI_TEXT, &external_data, "DIR",
       "read external data from DIR too, links included", 0, 0, NULL},
  };
  const olstm__cli_command command = {
      "weights",
      "olstm weights MODEL -o DIR",
      "Writes every LSTM's, GRU's and RNN's weights as Keras' get_weights() has them:\n"
      "NODE.kernel.npy, NODE.recurrent_kernel.npy, NODE.bias.npy.",
      options,
      sizeof options / sizeof options[0],
      1,
      1};
  const olstm__cli_result parsed = olstm__cli_parse(&command, argc, argv, &operands);
  if (parsed != OLSTM__CLI_PARSED) return olstm__cli_exit_code(parsed);
  if (!folder)
    return olstm__cli_complain(OLSTM__EXIT_USAGE, "weights: -o DIR is missing");
  return write_weights(operands.values[0], folder, external_data, &error) ==
                 OLSTM_STATUS_OK
             ? OLSTM__EXIT_OK
             : olstm__cli_fail(&error);
}
