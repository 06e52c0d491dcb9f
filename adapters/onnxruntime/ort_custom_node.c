#include "ort_custom_node.h"

#include <stdlib.h>

#include "ort_node.h"

enum { kMaxText = 256, kMaxFloats = 6, kAttributeCount = 8, kLstmOpset = 22 };

/// What is read from a kernel's info, on its way into an olstm_node.
typedef struct node_draft {
  olstm_node node;
  char name[kMaxText];
  olstm_attribute attributes[kAttributeCount];
  float floats[2][kMaxFloats];
  char texts[2][kMaxText];
  olstm_string strings[1 + 2 * OLSTM__ORT_MAX_OUTPUTS];
  const char* input_names[OLSTM_RECURRENT_INPUT_COUNT];
  const olstm_tensor* constants[OLSTM_RECURRENT_INPUT_COUNT];
  olstm_tensor constant_tensors[OLSTM_RECURRENT_INPUT_COUNT];
  const char* output_names[OLSTM__ORT_MAX_OUTPUTS];
} node_draft;

/// ONNX Runtime has no way to ask whether an attribute is there: asking for it fails, and
/// the message tells.
static bool is_absent(const OrtApi* api, OrtStatus* status) {
  const bool absent = strstr(api->GetErrorMessage(status), "No attribute") != NULL;
  if (absent) api->ReleaseStatus(status);
  return absent;
}

static olstm_attribute* next_attribute(node_draft* draft, const char* name,
                                       int32_t kind) {
  olstm_attribute* attribute = &draft->attributes[draft->node.attribute_count++];
  attribute->name = name;
  attribute->kind = kind;
  return attribute;
}

static olstm_status read_int(const OrtApi* api, const OrtKernelInfo* info,
                             const char* name, node_draft* draft, olstm_error* error) {
  int64_t value = 0;
  OrtStatus* status = api->KernelInfoGetAttribute_int64(info, name, &value);
  if (status) {
    return is_absent(api, status) ? OLSTM_STATUS_OK
                                  : olstm__ort_check(api, status, error);
  }
  next_attribute(draft, name, OLSTM_ATTRIBUTE_INT)->i = value;
  return OLSTM_STATUS_OK;
}

static olstm_status read_clip(const OrtApi* api, const OrtKernelInfo* info,
                              node_draft* draft, olstm_error* error) {
  float value = 0.0F;
  OrtStatus* status = api->KernelInfoGetAttribute_float(info, "clip", &value);
  if (status) {
    return is_absent(api, status) ? OLSTM_STATUS_OK
                                  : olstm__ort_check(api, status, error);
  }
  next_attribute(draft, "clip", OLSTM_ATTRIBUTE_FLOAT)->f = value;
  return OLSTM_STATUS_OK;
}

static olstm_status read_floats(const OrtApi* api, const OrtKernelInfo* info,
                                const char* name, float* values, node_draft* draft,
                                olstm_error* error) {
  size_t count = kMaxFloats;
  OrtStatus* status = api->KernelInfoGetAttributeArray_float(info, name, values, &count);
  if (status) {
    return is_absent(api, status) ? OLSTM_STATUS_OK
                                  : olstm__ort_check(api, status, error);
  }
  olstm_attribute* attribute = next_attribute(draft, name, OLSTM_ATTRIBUTE_FLOATS);
  attribute->floats = values;
  attribute->count = count;
  return OLSTM_STATUS_OK;
}

/// Reads a text attribute into `text`; "" when it is absent.
static olstm_status read_text(const OrtApi* api, const OrtKernelInfo* info,
                              const char* name, char* text, olstm_error* error) {
  size_t size = kMaxText - 1;
  OrtStatus* status = api->KernelInfoGetAttribute_string(info, name, text, &size);
  text[kMaxText - 1] = '\0';
  if (!status) return OLSTM_STATUS_OK;
  text[0] = '\0';
  return is_absent(api, status) ? OLSTM_STATUS_OK : olstm__ort_check(api, status, error);
}

static olstm_status read_direction(const OrtApi* api, const OrtKernelInfo* info,
                                   node_draft* draft, olstm_error* error) {
  char* text = draft->texts[0];
  OLSTM_RETURN_IF_ERROR(read_text(api, info, "direction", text, error));
  if (!text[0]) return OLSTM_STATUS_OK;
  draft->strings[0] = (olstm_string){text, strlen(text)};
  olstm_attribute* attribute = next_attribute(draft, "direction", OLSTM_ATTRIBUTE_STRING);
  attribute->strings = draft->strings;
  attribute->count = 1;
  return OLSTM_STATUS_OK;
}

/// Custom operators cannot read lists of texts: activations is one text,
/// "Sigmoid,Tanh,Tanh".
static olstm_status read_activations(const OrtApi* api, const OrtKernelInfo* info,
                                     node_draft* draft, olstm_error* error) {
  enum { kMost = 2 * OLSTM__ORT_MAX_OUTPUTS };
  char* text = draft->texts[1];
  const olstm_status status = read_text(api, info, "activations", text, error);
  if (status != OLSTM_STATUS_OK) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "olstm.LSTM '%s': activations must be one string such as "
                      "\"Sigmoid,Tanh,Tanh\"",
                      draft->name);
  }
  if (!text[0]) return OLSTM_STATUS_OK;
  olstm_attribute* attribute =
      next_attribute(draft, "activations", OLSTM_ATTRIBUTE_STRINGS);
  attribute->strings = &draft->strings[1];
  char* rest = text;
  for (char* part = strtok_r(text, ",", &rest); part; part = strtok_r(NULL, ",", &rest)) {
    if (attribute->count == kMost) {
      return olstm_fail(error, OLSTM_STATUS_INVALID_MODEL,
                        "olstm.LSTM '%s': more than %d activations", draft->name,
                        (int)kMost);
    }
    draft->strings[1 + attribute->count++] = (olstm_string){part, strlen(part)};
  }
  return OLSTM_STATUS_OK;
}

static olstm_status read_attributes(const OrtApi* api, const OrtKernelInfo* info,
                                    node_draft* draft, olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(read_int(api, info, "hidden_size", draft, error));
  OLSTM_RETURN_IF_ERROR(read_int(api, info, "input_forget", draft, error));
  OLSTM_RETURN_IF_ERROR(read_int(api, info, "layout", draft, error));
  OLSTM_RETURN_IF_ERROR(read_clip(api, info, draft, error));
  OLSTM_RETURN_IF_ERROR(
      read_floats(api, info, "activation_alpha", draft->floats[0], draft, error));
  OLSTM_RETURN_IF_ERROR(
      read_floats(api, info, "activation_beta", draft->floats[1], draft, error));
  OLSTM_RETURN_IF_ERROR(read_direction(api, info, draft, error));
  return read_activations(api, info, draft, error);
}

/// An optional input that is absent has an empty name in the node.
static olstm_status has_input(const OrtApi* api, const OrtKernelInfo* info, size_t index,
                              size_t count, bool* out_has, olstm_error* error) {
  size_t size = 0;
  *out_has = false;
  if (index >= count) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(olstm__ort_check(
      api, api->KernelInfo_GetInputName(info, index, NULL, &size), error));
  *out_has = size > 1;
  return OLSTM_STATUS_OK;
}

static olstm_status read_inputs(const OrtApi* api, const OrtKernelInfo* info,
                                bool with_state, node_draft* draft, olstm_error* error) {
  size_t count = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__ort_check(api, api->KernelInfo_GetInputCount(info, &count), error));
  for (size_t i = 0; i < OLSTM_RECURRENT_INPUT_COUNT; i++) {
    const bool is_state =
        i == OLSTM_RECURRENT_INITIAL_H || i == OLSTM_RECURRENT_INITIAL_C;
    bool has = false;
    int is_constant = 0;
    const OrtValue* value = NULL;
    OLSTM_RETURN_IF_ERROR(has_input(api, info, i, count, &has, error));
    draft->input_names[i] =
        has || (is_state && with_state) ? olstm_recurrent_input_name(i) : "";
    if (!has || (is_state && with_state)) continue;
    OLSTM_RETURN_IF_ERROR(olstm__ort_check(
        api, api->KernelInfoGetConstantInput_tensor(info, i, &is_constant, &value),
        error));
    if (!is_constant) continue;
    OLSTM_RETURN_IF_ERROR(
        olstm__ort_tensor_view(api, value, &draft->constant_tensors[i], error));
    draft->constants[i] = &draft->constant_tensors[i];
  }
  return OLSTM_STATUS_OK;
}

static olstm_status read_outputs(const OrtApi* api, const OrtKernelInfo* info,
                                 bool with_state, node_draft* draft, olstm_error* error) {
  size_t count = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__ort_check(api, api->KernelInfo_GetOutputCount(info, &count), error));
  for (size_t i = 0; i < OLSTM__ORT_MAX_OUTPUTS; i++) {
    size_t size = 0;
    if (i < count) {
      OLSTM_RETURN_IF_ERROR(olstm__ort_check(
          api, api->KernelInfo_GetOutputName(info, i, NULL, &size), error));
    }
    draft->output_names[i] =
        size > 1 || (with_state && i > 0) ? olstm_recurrent_output_name(i) : "";
  }
  return OLSTM_STATUS_OK;
}

static olstm_status read_node(const OrtApi* api, const OrtKernelInfo* info,
                              bool with_state, node_draft* draft, olstm_error* error) {
  size_t size = sizeof draft->name;
  draft->node = (olstm_node){.struct_size = sizeof draft->node,
                             .name = draft->name,
                             .op_type = "LSTM",
                             .domain = "",
                             .opset_version = kLstmOpset,
                             .attributes = draft->attributes,
                             .input_count = OLSTM_RECURRENT_INPUT_COUNT,
                             .input_names = draft->input_names,
                             .constants = draft->constants,
                             .output_count = OLSTM__ORT_MAX_OUTPUTS,
                             .output_names = draft->output_names};
  OLSTM_RETURN_IF_ERROR(olstm__ort_check(
      api, api->KernelInfo_GetNodeName(info, draft->name, &size), error));
  OLSTM_RETURN_IF_ERROR(read_attributes(api, info, draft, error));
  OLSTM_RETURN_IF_ERROR(read_inputs(api, info, with_state, draft, error));
  return read_outputs(api, info, with_state, draft, error);
}

olstm_status olstm__ort_custom_node_create(const OrtApi* api, const OrtKernelInfo* info,
                                           bool with_state,
                                           olstm__node_runner** out_runner,
                                           olstm_error* error) {
  node_draft* draft = calloc(1, sizeof *draft);
  *out_runner = NULL;
  if (!draft) return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory");
  olstm_status status = read_node(api, info, with_state, draft, error);
  if (status == OLSTM_STATUS_OK) {
    status = olstm__node_runner_create(&draft->node, out_runner, error);
  }
  free(draft);
  return status;
}
