// Values are compared as ONNX's own runner does, rtol 1e-3 and atol 1e-7; bfloat16 to its
// last bit, because older data was rounded towards zero.
#include "tests/support/node_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "olstm/model.h"
#include "onnx_proto/model.h"
#include "op/builtin.h"
#include "op/elementwise/compute_type.h"
#include "tests/support/op_fixture.h"

enum { kPathCapacity = 1024 };

static olstm_status read_tensor(const char* folder, const char* kind, size_t index,
                                olstm_tensor* out_tensor, olstm_error* error) {
  char path[kPathCapacity];
  char name[OLSTM_ERROR_CAPACITY];
  (void)snprintf(path, sizeof path, "%s/test_data_set_0/%s_%zu.pb", folder, kind, index);
  FILE* file = fopen(path, "rb");
  if (!file) return olstm_fail(error, OLSTM_STATUS_NOT_FOUND, "no %s", path);
  const long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : 0;
  rewind(file);
  // Of the file's size: sanitizers mark every byte of a buffer.
  char* bytes = malloc(size > 0 ? (size_t)size : 1);
  const size_t byte_count = bytes && size > 0 ? fread(bytes, 1, (size_t)size, file) : 0;
  (void)fclose(file);
  const olstm_status status =
      olstm_tensor_read_pb(bytes, byte_count, NULL, out_tensor, name, error);
  free(bytes);
  return status;
}

/// ONNX's data before 1.14 stores bfloat16 as uint16.
static void restore_dtype(const olstm__decoded_graph* graph, int32_t value,
                          olstm_tensor* tensor) {
  if (graph->values[value].info.dtype == OLSTM_DTYPE_BFLOAT16 &&
      tensor->desc.dtype == OLSTM_DTYPE_UINT16) {
    tensor->desc.dtype = OLSTM_DTYPE_BFLOAT16;
  }
}

static bool is_close(double got, double expected, double rtol) {
  if (isnan(expected)) return isnan(got);
  if (isinf(expected)) return got == expected;
  return fabs(got - expected) <= 1e-7 + rtol * fabs(expected);
}

/// 64-bit integers would lose bits in a double: compared as bytes.
static olstm_status compare(size_t index, const olstm_tensor* got,
                            const olstm_tensor* expected, olstm_error* error) {
  const size_t element_bytes = olstm_dtype_size(expected->desc.dtype);
  const double rtol = expected->desc.dtype == OLSTM_DTYPE_BFLOAT16 ? 0x1p-7 : 1e-3;
  if (!olstm_tensor_desc_equal(&got->desc, &expected->desc)) {
    return olstm_fail(
        error, OLSTM_STATUS_SHAPE_MISMATCH, "output %zu is %s %s, expected %s %s", index,
        olstm_dtype_name(got->desc.dtype), olstm_shape_text(&got->desc).text,
        olstm_dtype_name(expected->desc.dtype), olstm_shape_text(&expected->desc).text);
  }
  const int64_t count = olstm_tensor_desc_count(&expected->desc);
  for (int64_t i = 0; got->data && expected->data && i < count; i++) {
    const size_t offset = (size_t)i * element_bytes;
    const char* g = (const char*)got->data + offset;
    const char* e = (const char*)expected->data + offset;
    double values[2] = {0, 0};
    olstm__compute_load(OLSTM__COMPUTE_F64, got->desc.dtype, 1, g, &values[0]);
    olstm__compute_load(OLSTM__COMPUTE_F64, got->desc.dtype, 1, e, &values[1]);
    if (memcmp(g, e, element_bytes) != 0 && !is_close(values[0], values[1], rtol)) {
      return olstm_fail(error, OLSTM_STATUS_INVALID_VALUE,
                        "output %zu has %.9g at %lld, expected %.9g", index, values[0],
                        (long long)i, values[1]);
    }
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- traits

static bool occurs_in(const olstm_tensor* in, const char* element, size_t bytes) {
  const int64_t count = olstm_tensor_desc_count(&in->desc);
  for (int64_t i = 0; i < count; i++) {
    if (memcmp((const char*)in->data + (size_t)i * bytes, element, bytes) == 0) {
      return true;
    }
  }
  return false;
}

static bool keeps_elements(const olstm_tensor* const* inputs, size_t input_count,
                           const olstm_tensor* output) {
  const size_t bytes = olstm_dtype_size(output->desc.dtype);
  // A cast that changes them, or nothing to compare.
  if (output->desc.dtype != inputs[0]->desc.dtype) return true;
  for (int64_t i = 0; i < olstm_tensor_desc_count(&output->desc); i++) {
    bool found = false;
    for (size_t k = 0; !found && k < input_count; k++) {
      found = inputs[k] && inputs[k]->desc.dtype == output->desc.dtype &&
              occurs_in(inputs[k], (const char*)output->data + (size_t)i * bytes, bytes);
    }
    if (!found) return false;
  }
  return true;
}

static bool is_broadcast_of(const olstm_tensor_desc* output, const olstm_tensor_desc* a,
                            const olstm_tensor_desc* b) {
  if (output->rank != (a->rank > b->rank ? a->rank : b->rank)) return false;
  for (int32_t d = 1; d <= output->rank; d++) {
    const int64_t of_a = d <= a->rank ? a->dims[a->rank - d] : 1;
    const int64_t of_b = d <= b->rank ? b->dims[b->rank - d] : 1;
    if (output->dims[output->rank - d] != (of_a == 1 ? of_b : of_a)) return false;
  }
  return true;
}

/// Whether output `index` of a node, as ONNX's data has it, is what the operator's traits
/// say.
static olstm_status check_traits(const olstm__decoded_node* node,
                                 const op_fixture* fixture, size_t index,
                                 const olstm_tensor* output, olstm_error* error) {
  const olstm__traits traits = olstm__builtin_traits(node->domain, node->op_type);
  const olstm_tensor_desc* from = fixture->inputs[0] ? &fixture->inputs[0]->desc : NULL;
  const olstm_tensor_desc* to = &output->desc;
  const char* wrong = NULL;
  if (!from) return OLSTM_STATUS_OK;
  if ((traits & OLSTM__TRAIT_KEEPS_RANK) && to->rank != from->rank) wrong = "KEEPS_RANK";
  if (index == 0) {
    bool same_shape = to->rank == from->rank;
    for (int32_t d = 0; same_shape && d < to->rank; d++) {
      same_shape = to->dims[d] == from->dims[d];
    }
    if ((traits & OLSTM__TRAIT_KEEPS_SHAPE) && !same_shape) wrong = "KEEPS_SHAPE";
    if ((traits & OLSTM__TRAIT_BROADCASTS) &&
        !is_broadcast_of(to, from, &fixture->inputs[1]->desc)) {
      wrong = "BROADCASTS";
    }
    if ((traits & OLSTM__TRAIT_MOVES_ELEMENTS) &&
        !keeps_elements(fixture->inputs, fixture->input_count, output)) {
      wrong = "MOVES_ELEMENTS";
    }
  }
  return wrong ? olstm_fail(error, OLSTM_STATUS_INVALID_VALUE, "trait %s does not hold",
                            wrong)
               : OLSTM_STATUS_OK;
}

/// What the graph's values are in this case.
typedef struct case_values {
  olstm_tensor inputs[OP_FIXTURE_MAX_INPUTS];
  size_t input_count;
  op_fixture fixture;
  const char* input_names[OP_FIXTURE_MAX_INPUTS];
  const char* output_names[OP_FIXTURE_MAX_OUTPUTS];
  const olstm_tensor* constants[OP_FIXTURE_MAX_INPUTS];
} case_values;

static const olstm_tensor* find_value(const case_values* values,
                                      const olstm__decoded_graph* graph, int32_t value) {
  if (value == OLSTM__NO_VALUE) return NULL;
  for (size_t i = 0; i < graph->input_count; i++) {
    if (graph->inputs[i] == value) return &values->inputs[i];
  }
  return graph->values[value].constant;
}

static olstm_status run_graph(case_values* values, const char* folder,
                              const olstm__decoded_graph* graph, bool constants,
                              olstm_error* error) {
  const olstm__decoded_node* from = &graph->nodes[0];
  op_fixture* fixture = &values->fixture;
  for (; values->input_count < graph->input_count; values->input_count++) {
    const size_t i = values->input_count;
    OLSTM_RETURN_IF_ERROR(read_tensor(folder, "input", i, &values->inputs[i], error));
    restore_dtype(graph, graph->inputs[i], &values->inputs[i]);
  }
  fixture->input_count = from->input_count;
  fixture->output_count = from->output_count;
  for (size_t i = 0; i < from->input_count; i++) {
    const olstm_tensor* tensor = find_value(values, graph, from->inputs[i]);
    fixture->inputs[i] = tensor;
    values->input_names[i] = tensor ? graph->values[from->inputs[i]].info.name : "";
    values->constants[i] = constants ? tensor : NULL;
  }
  for (size_t i = 0; i < from->output_count; i++) {
    const bool wanted = from->outputs[i] != OLSTM__NO_VALUE;
    if (!wanted) fixture->absent_outputs |= 1u << i;
    values->output_names[i] = wanted ? graph->values[from->outputs[i]].info.name : "";
  }
  const olstm_node node = {.struct_size = sizeof node,
                           .name = from->name,
                           .op_type = from->op_type,
                           .domain = from->domain,
                           .opset_version = from->opset_version,
                           .attribute_count = from->attribute_count,
                           .attributes = from->attributes,
                           .input_count = from->input_count,
                           .input_names = values->input_names,
                           .constants = values->constants,
                           .output_count = from->output_count,
                           .output_names = values->output_names};
  const olstm_status status = op_fixture_run_node(fixture, &node);
  *error = fixture->error;
  OLSTM_RETURN_IF_ERROR(status);
  for (size_t i = 0; i < graph->output_count; i++) {
    olstm_tensor expected = {0};
    OLSTM_RETURN_IF_ERROR(read_tensor(folder, "output", i, &expected, error));
    restore_dtype(graph, graph->outputs[i], &expected);
    olstm_status equal = OLSTM_STATUS_OK;
    for (size_t o = 0; o < from->output_count; o++) {
      if (from->outputs[o] == graph->outputs[i]) {
        equal = compare(i, &fixture->outputs[o], &expected, error);
        if (equal == OLSTM_STATUS_OK) {
          equal = check_traits(from, fixture, o, &expected, error);
        }
      }
    }
    olstm_tensor_deinit(&expected, NULL);
    OLSTM_RETURN_IF_ERROR(equal);
  }
  return OLSTM_STATUS_OK;
}

static node_case_result skip(olstm_error* error, const char* why) {
  (void)olstm_fail(error, OLSTM_STATUS_UNSUPPORTED, "%s", why);
  return NODE_CASE_SKIPPED;
}

static node_case_result run_model(const char* folder, const olstm__decoded_graph* graph,
                                  bool constants, olstm_error* error) {
  if (graph->node_count != 1) return skip(error, "not one node");
  const olstm__decoded_node* node = &graph->nodes[0];
  const olstm_operator* op =
      op_fixture_find(node->domain, node->op_type, node->opset_version);
  if (!op) return skip(error, node->op_type);
  if (op->flags & OLSTM_OPERATOR_RANDOM) return skip(error, "random numbers");
  if (node->input_count > OP_FIXTURE_MAX_INPUTS ||
      node->output_count > OP_FIXTURE_MAX_OUTPUTS) {
    return skip(error, "too many inputs or outputs");
  }
  for (size_t i = 0; i < graph->input_count; i++) {
    const olstm_dtype dtype = graph->values[graph->inputs[i]].info.dtype;
    if (dtype == OLSTM_DTYPE_STRING || dtype == OLSTM_DTYPE_UNDEFINED) {
      return skip(error, "an input that is no tensor of numbers");
    }
  }
  case_values values;
  memset(&values, 0, sizeof values);
  const olstm_status status = run_graph(&values, folder, graph, constants, error);
  op_fixture_deinit(&values.fixture);
  for (size_t i = 0; i < values.input_count; i++) {
    olstm_tensor_deinit(&values.inputs[i], NULL);
  }
  return status == OLSTM_STATUS_OK            ? NODE_CASE_PASSED
         : status == OLSTM_STATUS_UNSUPPORTED ? NODE_CASE_SKIPPED
                                              : NODE_CASE_FAILED;
}

node_case_result node_case_run(const char* folder, bool constants,
                               olstm_error* out_reason) {
  char path[kPathCapacity];
  olstm_model* model = NULL;
  (void)snprintf(path, sizeof path, "%s/model.onnx", folder);
  if (olstm_model_load_file(path, NULL, &model, out_reason) != OLSTM_STATUS_OK) {
    return NODE_CASE_SKIPPED;
  }
  const node_case_result result =
      run_model(folder, olstm__model_graph(model), constants, out_reason);
  olstm_model_destroy(model);
  return result;
}
