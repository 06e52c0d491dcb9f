#include "runtime/convert/dim_declare.h"

#include <string.h>

/// What becomes of a dimension of a declaration: it stays; or is open, with the name
/// where it is the whole dimension, and without where it has others in it.
typedef enum dim_change { kStays, kOpens, kOpensAsNamed } dim_change;

static const Onnx__TensorShapeProto* shape_of(const olstm__value_info_proto* info) {
  const olstm__type_proto* type = info->type;
  return type && type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE
             ? type->tensor_type->shape
             : NULL;
}

/// A declaration with dimensions open that have a size. Its shape has at most
/// OLSTM_MAX_RANK dimensions. NULL when there is no memory.
static olstm__value_info_proto* open_dims(olstm__encode_model* model,
                                          const olstm__opened_name* opened,
                                          olstm__value_info_proto* info,
                                          const dim_change changes[OLSTM_MAX_RANK]) {
  const Onnx__TensorShapeProto* shape = shape_of(info);
  olstm_value_info read = {.dtype = info->type->tensor_type->elem_type,
                           .rank = (int32_t)shape->n_dim};
  bool is_changed = false;
  for (int32_t d = 0; d < read.rank; d++) {
    const Onnx__TensorShapeProto__Dimension* dim = shape->dim[d];
    const bool has_size =
        dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
    const bool opens = has_size && changes[d] != kStays;
    const bool is_whole = changes[d] == kOpensAsNamed && dim->dim_value == opened->size;
    read.dims[d] = has_size && !opens ? dim->dim_value : -1;
    if (dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM) {
      read.dim_params[d] = dim->dim_param;
    }
    if (opens && is_whole) read.dim_params[d] = opened->name;
    is_changed = is_changed || opens;
  }
  if (!is_changed) return info;
  olstm__value_info_proto* made = olstm__build_value_info(model, info->name, &read);
  if (made) made->doc_string = info->doc_string;
  return made;
}

// ---------------------------------------------------------------- ends

static olstm__value_info_proto* open_place(const olstm__dim_opening* opening,
                                           const olstm__opened_name* opened,
                                           olstm__value_info_proto* info,
                                           olstm__dim_place place) {
  const Onnx__TensorShapeProto* shape = shape_of(info);
  dim_change changes[OLSTM_MAX_RANK] = {kStays};
  if (!shape || shape->n_dim > OLSTM_MAX_RANK || place.axis < 0 ||
      (size_t)place.axis >= shape->n_dim) {
    return info;
  }
  changes[place.axis] = place.inner == 1 ? kOpensAsNamed : kOpens;
  return open_dims(opening->model, opened, info, changes);
}

static bool open_inputs(const olstm__dim_opening* opening,
                        const olstm__opened_name* opened) {
  olstm__graph_proto* graph = opening->model->proto->graph;
  const olstm_session* session = opening->session;
  olstm__value_info_proto** inputs = olstm__arena_allocate(
      &opening->model->memory, graph->n_input, sizeof(olstm__value_info_proto*));
  if (!inputs) return false;
  // The session's are those of the file, in their order, but for initializers.
  for (size_t i = 0, s = 0; i < graph->n_input; i++) {
    const char* name = s < session->input_count
                           ? opening->edit.origin->names[session->graph->inputs[s]]
                           : NULL;
    inputs[i] = graph->input[i];
    if (!name || !inputs[i]->name || strcmp(name, inputs[i]->name) != 0) continue;
    inputs[i] =
        open_place(opening, opened, inputs[i], (olstm__dim_place){opening->axes[s++], 1});
    if (!inputs[i]) return false;
  }
  graph->input = inputs;
  return true;
}

bool olstm__dim_declare_ends(const olstm__dim_opening* opening,
                             const olstm__opened_name* opened) {
  olstm__graph_proto* graph = opening->model->proto->graph;
  const int32_t* values = opening->session->graph->outputs;
  olstm__value_info_proto** outputs = olstm__arena_allocate(
      &opening->model->memory, graph->n_output, sizeof(olstm__value_info_proto*));
  if (!outputs || !open_inputs(opening, opened)) return false;
  for (size_t o = 0; o < graph->n_output; o++) {
    outputs[o] =
        open_place(opening, opened, graph->output[o], opening->walk.places[values[o]]);
    if (!outputs[o]) return false;
  }
  graph->output = outputs;
  graph->n_value_info = 0;
  return true;
}

// ---------------------------------------------------------------- the rest

/// A model whose shapes of two sizes are known, and where its values are.
typedef struct two_shapes {
  const olstm__dim_opening* trial;
  const olstm_tensor_desc* others;
  olstm__name_table values;
} two_shapes;

/// Opens what differs in a declaration. *out_is_known: whether the shapes tell.
static olstm__value_info_proto* open_seen(const two_shapes* seen,
                                          const olstm__opened_name* opened,
                                          olstm__value_info_proto* info,
                                          bool* out_is_known) {
  const Onnx__TensorShapeProto* shape = shape_of(info);
  dim_change changes[OLSTM_MAX_RANK] = {kStays};
  int32_t value = OLSTM__NO_VALUE;
  *out_is_known = false;
  if (!info->name || !olstm__name_table_find(&seen->values, info->name, &value)) {
    return info;
  }
  const olstm_tensor_desc* one = &seen->trial->descs[value];
  const olstm_tensor_desc* other = &seen->others[value];
  // Without a shape there is no size in it.
  *out_is_known =
      !shape ||
      (one->dtype != OLSTM_DTYPE_UNDEFINED && other->dtype != OLSTM_DTYPE_UNDEFINED &&
       shape->n_dim == (size_t)one->rank && shape->n_dim == (size_t)other->rank);
  if (!shape || !*out_is_known) return info;
  for (int32_t d = 0; d < one->rank; d++) {
    // Both sizes are one more than those of the other.
    const int64_t more = one->dims[d] - other->dims[d];
    if (more != 0) changes[d] = more == 1 || more == -1 ? kOpensAsNamed : kOpens;
  }
  return open_dims(seen->trial->model, opened, info, changes);
}

/// Opens a list of declarations. Those that are not known stay, or go.
static olstm__value_info_proto** open_list(const two_shapes* seen,
                                           const olstm__opened_name* opened,
                                           olstm__value_info_proto* const* list,
                                           bool keeps_unknown, size_t* count) {
  size_t kept = 0;
  olstm__value_info_proto** made = olstm__arena_allocate(
      &seen->trial->model->memory, *count, sizeof(olstm__value_info_proto*));
  for (size_t i = 0; made && i < *count; i++) {
    bool is_known = false;
    olstm__value_info_proto* info = open_seen(seen, opened, list[i], &is_known);
    if (!info) return NULL;
    if (is_known || keeps_unknown) made[kept++] = info;
  }
  *count = kept;
  return made;
}

static bool list_values(two_shapes* seen) {
  const olstm__graph_origin* origin = seen->trial->edit.origin;
  bool is_new = false, is_done = true;
  for (int32_t v = 0; v < origin->value_count && is_done; v++) {
    const char* name = origin->names[v];
    is_done = !name || !name[0] || olstm__name_table_add(&seen->values, name, v, &is_new);
  }
  return is_done;
}

bool olstm__dim_declare_rest(const olstm__dim_opening* trial,
                             const olstm_tensor_desc* others,
                             const olstm__graph_proto* before,
                             const olstm__opened_name* opened) {
  olstm__graph_proto* graph = trial->model->proto->graph;
  olstm__name_key key;
  two_shapes seen = {.trial = trial, .others = others};
  size_t between_count = before->n_value_info, output_count = graph->n_output;
  olstm__name_key_init(&key);
  olstm__name_table_init(&seen.values, &trial->model->allocator, &key);
  const bool is_listed = list_values(&seen);
  void* outputs =
      is_listed ? open_list(&seen, opened, graph->output, true, &output_count) : NULL;
  void* between =
      outputs ? open_list(&seen, opened, before->value_info, false, &between_count)
              : NULL;
  olstm__name_table_deinit(&seen.values);
  if (!between) return false;
  graph->output = outputs;
  graph->value_info = between;
  graph->n_value_info = between_count;
  return true;
}
