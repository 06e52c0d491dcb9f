#include "onnx_proto/function_inline.h"

#include "onnx_proto/attribute.h"
#include "onnx_proto/graph_builder.h"
#include "onnx_proto/newer_field.h"
#include "onnx_proto/opset.h"
#include "onnx_proto/scope.h"

enum {
  /// Separates the parts of a function's key: a character that names do not contain.
  kKeySeparator = '\x1f',
  /// Cost of comparing two names, in hashed bytes.
  kComparisonWork = 4
};

// ------------------------------------------------------- finding functions

/// Writes domain, name and overload to decoder->key_text.
static olstm_status write_key(olstm__decoder* decoder, const char* domain,
                              const char* name, const char* overload) {
  const size_t bytes = strlen(domain) + strlen(name) + strlen(overload) + 3;
  if (bytes > decoder->key_capacity) {
    char* larger = olstm_allocate(decoder->allocator, bytes, 2);
    if (!larger) {
      return olstm_fail(decoder->error, OLSTM_STATUS_OUT_OF_MEMORY,
                        "no memory for the names of functions");
    }
    olstm_release(decoder->allocator, decoder->key_text, decoder->key_capacity, 1);
    decoder->key_text = larger;
    decoder->key_capacity = bytes * 2;
  }
  (void)snprintf(decoder->key_text, decoder->key_capacity, "%s%c%s%c%s", domain,
                 kKeySeparator, name, kKeySeparator, overload);
  return OLSTM_STATUS_OK;
}

static olstm_status collect_function(olstm__decoder* decoder,
                                     const olstm__function_proto* proto, size_t index) {
  olstm__local_function* function = &decoder->functions[index];
  const char* name = olstm__text(proto->name);
  const char* domain = olstm__domain(proto->domain);
  const char* overload = NULL;
  bool added = false;
  if (name[0] == '\0') {
    return olstm_fail(decoder->error, OLSTM_STATUS_INVALID_MODEL,
                      "local function %zu has no name", index);
  }
  function->proto = proto;
  OLSTM_RETURN_IF_ERROR(
      olstm__newer_string(decoder, &proto->base, OLSTM__FUNCTION_OVERLOAD, &overload));
  OLSTM_RETURN_IF_ERROR(
      olstm__newer_attributes(decoder, &proto->base, OLSTM__FUNCTION_ATTRIBUTE_PROTO,
                              &function->defaults, &function->default_count));
  if (proto->n_attribute > OLSTM__MAX_ATTRIBUTES ||
      function->default_count > OLSTM__MAX_ATTRIBUTES) {
    return olstm_fail(decoder->error, OLSTM_STATUS_LIMIT_EXCEEDED,
                      "local function '%.100s': at most %d attributes are supported",
                      name, OLSTM__MAX_ATTRIBUTES);
  }
  char owner[160];
  (void)snprintf(owner, sizeof owner, "local function '%.100s'", name);
  OLSTM_RETURN_IF_ERROR(olstm__opsets_decode(decoder, decoder->scratch,
                                             proto->opset_import, proto->n_opset_import,
                                             owner, &function->opsets));
  OLSTM_RETURN_IF_ERROR(write_key(decoder, domain, name, overload));
  const char* key =
      olstm__arena_copy(decoder->scratch, decoder->key_text, strlen(decoder->key_text));
  if (!key) return olstm__memory_fail(decoder->scratch, decoder->error);
  if (!olstm__name_table_add(&decoder->function_keys, key, (int32_t)index, &added)) {
    return olstm_fail(decoder->error, OLSTM_STATUS_OUT_OF_MEMORY,
                      "no memory for the names of functions");
  }
  if (!added) {
    return olstm_fail(decoder->error, OLSTM_STATUS_INVALID_MODEL,
                      "local function '%.100s' of domain '%.100s' is given twice", name,
                      domain);
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__functions_collect(olstm__decoder* decoder,
                                      const olstm__model_proto* proto) {
  const size_t count = proto->n_functions;
  if (count == 0) return OLSTM_STATUS_OK;
  decoder->functions =
      olstm__arena_allocate(decoder->scratch, count, sizeof *decoder->functions);
  if (!decoder->functions) return olstm__memory_fail(decoder->scratch, decoder->error);
  decoder->function_count = count;
  for (size_t i = 0; i < count; i++) {
    OLSTM_RETURN_IF_ERROR(collect_function(decoder, proto->functions[i], i));
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__find_function(olstm__decoder* decoder, const olstm__node_proto* node,
                                  const olstm__local_function** out_function) {
  const char* overload = NULL;
  int32_t index = 0;
  *out_function = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__newer_string(decoder, &node->base, OLSTM__NODE_OVERLOAD, &overload));
  if (decoder->function_count > 0) {
    OLSTM_RETURN_IF_ERROR(write_key(decoder, olstm__domain(node->domain),
                                    olstm__text(node->op_type), overload));
    if (olstm__name_table_find(&decoder->function_keys, decoder->key_text, &index)) {
      *out_function = &decoder->functions[index];
      return OLSTM_STATUS_OK;
    }
  }
  if (overload[0] == '\0') return OLSTM_STATUS_OK;
  return olstm__node_fail(decoder, node, OLSTM_STATUS_INVALID_MODEL,
                          "there is no local function with overload '%.100s'", overload);
}

// ---------------------------------------------------------------- the call

static bool function_has_attribute(const olstm__local_function* function,
                                   const char* name) {
  const olstm__function_proto* proto = function->proto;
  for (size_t i = 0; i < proto->n_attribute; i++) {
    if (strcmp(proto->attribute[i], name) == 0) return true;
  }
  for (size_t i = 0; i < function->default_count; i++) {
    if (strcmp(olstm__text(function->defaults[i]->name), name) == 0) return true;
  }
  return false;
}

/// Collects the attributes of the call, and the defaults of those it does not set.
static olstm_status bind_attributes(olstm__decoder* decoder, const olstm__scope* scope,
                                    const olstm__node_proto* call,
                                    olstm__call_frame* frame) {
  const olstm__local_function* function = frame->function;
  OLSTM_RETURN_IF_ERROR(olstm__attributes_check(decoder, call));
  // Every attribute is compared with every other; a file can repeat the call many times.
  decoder->key.work +=
      (call->n_attribute + function->default_count) *
      (call->n_attribute + function->proto->n_attribute + function->default_count) *
      kComparisonWork;
  olstm__bound_attribute* bound = olstm__arena_allocate(
      decoder->scratch, call->n_attribute + function->default_count, sizeof *bound);
  if (!bound) return olstm__memory_fail(decoder->scratch, decoder->error);
  size_t count = 0;
  for (size_t a = 0; a < call->n_attribute; a++) {
    const char* name = call->attribute[a]->name;
    const olstm__attribute_proto* proto = NULL;
    if (!function_has_attribute(function, name)) {
      return olstm__node_fail(decoder, call, OLSTM_STATUS_INVALID_MODEL,
                              "the local function has no attribute '%.100s'", name);
    }
    OLSTM_RETURN_IF_ERROR(olstm__attribute_resolve(decoder, scope->frame, call,
                                                   call->attribute[a], &proto));
    if (proto) bound[count++] = (olstm__bound_attribute){name, proto};
  }
  const size_t given = count;
  for (size_t d = 0; d < function->default_count; d++) {
    const char* name = olstm__text(function->defaults[d]->name);
    bool has = false;
    for (size_t a = 0; a < given && !has; a++) has = strcmp(bound[a].name, name) == 0;
    if (!has) bound[count++] = (olstm__bound_attribute){name, function->defaults[d]};
  }
  frame->attributes = bound;
  frame->attribute_count = count;
  return OLSTM_STATUS_OK;
}

static olstm_status check_recursion(olstm__decoder* decoder,
                                    const olstm__call_frame* frame,
                                    const olstm__node_proto* call,
                                    const olstm__local_function* function) {
  for (; frame; frame = frame->caller) {
    if (frame->function == function) {
      return olstm__node_fail(decoder, call, OLSTM_STATUS_INVALID_MODEL,
                              "local function '%.100s' calls itself",
                              olstm__text(function->proto->name));
    }
  }
  return OLSTM_STATUS_OK;
}

/// Binds the function's inputs to the values of the call's inputs, in the body's scope.
static olstm_status bind_inputs(olstm__decoder* decoder, olstm__scope* scope,
                                olstm__scope* body, const olstm__node_proto* call) {
  const olstm__function_proto* proto = body->frame->function->proto;
  if (call->n_input > proto->n_input || call->n_output > proto->n_output) {
    return olstm__node_fail(decoder, call, OLSTM_STATUS_INVALID_MODEL,
                            "has %zu inputs and %zu outputs, the local function has %zu "
                            "and %zu",
                            call->n_input, call->n_output, proto->n_input,
                            proto->n_output);
  }
  for (size_t i = 0; i < proto->n_input; i++) {
    int32_t value = OLSTM__NO_VALUE;
    bool found = true;
    bool added = true;
    if (i < call->n_input && call->input[i][0] != '\0') {
      OLSTM_RETURN_IF_ERROR(
          olstm__scope_find(scope, decoder, call->input[i], &value, &found));
    }
    if (!found) {
      return olstm__node_fail(decoder, call, OLSTM_STATUS_INVALID_MODEL,
                              "input %zu: '%.200s' is made by no input, initializer or "
                              "node",
                              i, call->input[i]);
    }
    OLSTM_RETURN_IF_ERROR(
        olstm__scope_bind(body, decoder, proto->input[i], value, &added));
    if (!added) {
      return olstm__node_fail(decoder, call, OLSTM_STATUS_INVALID_MODEL,
                              "the local function has two inputs '%.200s'",
                              proto->input[i]);
    }
  }
  return OLSTM_STATUS_OK;
}

/// Adds an Identity from `from` to `to`: for an output of a function that is one of its
/// inputs, or another output as well.
static olstm_status add_identity(olstm__decoder* decoder, olstm__scope* body,
                                 int32_t from, int32_t to) {
  const int32_t of_function = olstm__opset_version(&body->frame->function->opsets, "");
  const int32_t of_model = olstm__opset_version(&decoder->opsets, "");
  const int32_t version = of_function ? of_function : of_model;
  int32_t* ends = olstm__arena_allocate(decoder->arena, 2, sizeof *ends);
  if (!ends) return olstm__memory_fail(decoder->arena, decoder->error);
  ends[0] = from;
  ends[1] = to;
  const olstm__decoded_node node = {.name = "",
                                    .op_type = "Identity",
                                    .domain = "",
                                    .opset_version = version ? version : 1,
                                    .input_count = 1,
                                    .inputs = &ends[0],
                                    .output_count = 1,
                                    .outputs = &ends[1]};
  return olstm__builder_add_node(decoder, body->builder, &node);
}

static olstm_status fail_output(const olstm__decoder* decoder,
                                const olstm__node_proto* call, size_t index,
                                const char* name) {
  return olstm__node_fail(decoder, call, OLSTM_STATUS_INVALID_MODEL,
                          "output %zu: '%.200s' is made by nothing in the local function",
                          index, name);
}

/// Called before the body is decoded: maps the function's outputs to the values of the
/// call's outputs. An output that is an input of the function is copied.
static olstm_status bind_outputs(olstm__decoder* decoder, olstm__scope* scope,
                                 olstm__scope* body, const olstm__node_proto* call) {
  const olstm__function_proto* proto = body->frame->function->proto;
  for (size_t o = 0; o < call->n_output; o++) {
    int32_t wanted = OLSTM__NO_VALUE;
    int32_t input = OLSTM__NO_VALUE;
    bool found = false;
    bool added = false;
    if (call->output[o][0] == '\0') continue;
    OLSTM_RETURN_IF_ERROR(
        olstm__scope_find(scope, decoder, call->output[o], &wanted, &found));
    assert(found);  // declared with the scope's other nodes
    if (!olstm__name_table_find(&body->names, proto->output[o], &input)) {
      OLSTM_RETURN_IF_ERROR(
          olstm__scope_add_target(body, decoder, proto->output[o], wanted, &added));
    } else if (input == OLSTM__NO_VALUE) {
      return fail_output(decoder, call, o, proto->output[o]);
    } else {
      OLSTM_RETURN_IF_ERROR(add_identity(decoder, body, input, wanted));
    }
  }
  return OLSTM_STATUS_OK;
}

/// Called after the body is decoded: checks that every output that the call uses has a
/// producer. Of two outputs with one name in the function, the second is a copy.
static olstm_status connect_outputs(olstm__decoder* decoder, olstm__scope* scope,
                                    olstm__scope* body, const olstm__node_proto* call) {
  const olstm__function_proto* proto = body->frame->function->proto;
  for (size_t o = 0; o < call->n_output; o++) {
    int32_t wanted = OLSTM__NO_VALUE;
    int32_t made = OLSTM__NO_VALUE;
    bool found = false;
    if (call->output[o][0] == '\0' ||
        !olstm__name_table_find(&body->targets, proto->output[o], &made)) {
      continue;
    }
    OLSTM_RETURN_IF_ERROR(
        olstm__scope_find(scope, decoder, call->output[o], &wanted, &found));
    OLSTM_RETURN_IF_ERROR(
        olstm__scope_find(body, decoder, proto->output[o], &made, &found));
    if (!found) return fail_output(decoder, call, o, proto->output[o]);
    if (made != wanted) {
      OLSTM_RETURN_IF_ERROR(add_identity(decoder, body, made, wanted));
    }
  }
  return OLSTM_STATUS_OK;
}

/// The prefix of the body's names: "caller/call/".
static olstm_status make_prefix(olstm__decoder* decoder, const olstm__scope* scope,
                                const olstm__node_proto* call, const char** out_prefix) {
  const char* outer = scope->frame ? scope->frame->prefix : "";
  const char* name = olstm__text(call->name);
  if (name[0] == '\0') name = call->op_type;
  const size_t bytes = strlen(outer) + strlen(name) + 2;
  char* prefix = olstm__arena_allocate(decoder->scratch, bytes, 1);
  if (!prefix) return olstm__memory_fail(decoder->scratch, decoder->error);
  (void)snprintf(prefix, bytes, "%s%s/", outer, name);
  *out_prefix = prefix;
  return OLSTM_STATUS_OK;
}

static olstm_status inline_body(olstm__decoder* decoder, olstm__scope* scope,
                                olstm__scope* body, const olstm__node_proto* call) {
  const olstm__function_proto* proto = body->frame->function->proto;
  OLSTM_RETURN_IF_ERROR(bind_inputs(decoder, scope, body, call));
  OLSTM_RETURN_IF_ERROR(bind_outputs(decoder, scope, body, call));
  OLSTM_RETURN_IF_ERROR(
      olstm__scope_declare_outputs(body, decoder, proto->node, proto->n_node));
  for (size_t n = 0; n < proto->n_node; n++) {
    OLSTM_RETURN_IF_ERROR(olstm__decode_node(decoder, body, proto->node[n]));
  }
  return connect_outputs(decoder, scope, body, call);
}

olstm_status olstm__inline_call(olstm__decoder* decoder, olstm__scope* scope,
                                const olstm__node_proto* call,
                                const olstm__local_function* function) {
  OLSTM_RETURN_IF_ERROR(check_recursion(decoder, scope->frame, call, function));
  olstm__call_frame frame = {.caller = scope->frame, .function = function};
  OLSTM_RETURN_IF_ERROR(bind_attributes(decoder, scope, call, &frame));
  OLSTM_RETURN_IF_ERROR(make_prefix(decoder, scope, call, &frame.prefix));
  olstm__scope body;
  olstm_status status =
      olstm__scope_init(&body, decoder, scope->builder, NULL, &frame, scope->depth + 1);
  if (status == OLSTM_STATUS_OK) status = inline_body(decoder, scope, &body, call);
  olstm__scope_deinit(&body);
  return status;
}
