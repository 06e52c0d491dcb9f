#include "tests/support/fake_ops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/model_text.h"
#include "tests/support/test_main.h"

olstm_fake_counts olstm_fake;

typedef enum fake_kind {
  kFakeInc,
  kFakeAdd,
  kFakeFlat,
  kFakeBoth,
  kFakeShapeOf,
  kFakeFill,
  kFakeKeep,
  kFakePositive,
  kFakeCheck
} fake_kind;

typedef struct fake_instance {
  olstm_allocator allocator;
  fake_kind kind;
  int64_t scratch;
  char name[32];
} fake_instance;

/// What run needs to know of the shapes.
typedef struct fake_handle {
  olstm_tensor_desc input, output;
} fake_handle;

static olstm_status fake_create(const olstm_operator* self, const olstm_create_args* args,
                                void** out_instance, olstm_error* error) {
  fake_instance* instance =
      olstm_allocate_zeroed(args->host->allocator, 1, sizeof *instance);
  if (!instance) return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "fake: no memory");
  instance->allocator = *args->host->allocator;
  instance->kind = *(const fake_kind*)self->variant;
  (void)snprintf(instance->name, sizeof instance->name, "%s", args->node->name);
  const olstm_status status =
      olstm_node_get_int(args->node, "scratch", 0, &instance->scratch, error);
  if (status != OLSTM_STATUS_OK) {
    olstm_release(&instance->allocator, instance, 1, sizeof *instance);
    return status;
  }
  for (size_t i = 0; i < args->node->input_count; i++) {
    olstm_fake.constants += args->node->constants[i] != NULL;
  }
  olstm_fake.create++;
  *out_instance = instance;
  return OLSTM_STATUS_OK;
}

static void fake_destroy(void* pointer) {
  fake_instance* instance = pointer;
  if (!instance) return;
  const olstm_allocator allocator = instance->allocator;
  olstm_release(&allocator, instance, 1, sizeof *instance);
  olstm_fake.destroy++;
}

static olstm_status infer_from_data(const fake_instance* instance,
                                    const olstm_tensor* const* inputs,
                                    olstm_tensor_desc* output) {
  const olstm_tensor* source = inputs[instance->kind == kFakeKeep ? 1 : 0];
  if (!source->data) return OLSTM_STATUS_NEEDS_DATA;
  *output = (olstm_tensor_desc){OLSTM_DTYPE_FLOAT, 1, {0}};
  if (instance->kind == kFakeKeep) {
    output->dims[0] = *(const int64_t*)source->data;
  } else if (instance->kind == kFakeFill) {
    output->rank = (int32_t)source->desc.dims[0];
    for (int32_t d = 0; d < output->rank; d++) {
      output->dims[d] = ((const int64_t*)source->data)[d];
    }
  } else {
    for (int64_t i = 0; i < olstm_tensor_desc_count(&source->desc); i++) {
      output->dims[0] += ((const float*)source->data)[i] > 0;
    }
  }
  return OLSTM_STATUS_OK;
}

static olstm_status fake_infer(const void* pointer, const olstm_infer_args* args,
                               olstm_tensor_desc* outputs, olstm_error* error) {
  const fake_instance* instance = pointer;
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  olstm_fake.infer++;
  switch (instance->kind) {
    case kFakeFlat:
      outputs[0] = (olstm_tensor_desc){input->dtype, 1, {olstm_tensor_desc_count(input)}};
      return OLSTM_STATUS_OK;
    case kFakeShapeOf:
      outputs[0] = (olstm_tensor_desc){OLSTM_DTYPE_INT64, 1, {input->rank}};
      return OLSTM_STATUS_OK;
    case kFakeFill:
    case kFakeKeep:
    case kFakePositive:
      return infer_from_data(instance, args->inputs, &outputs[0]);
    case kFakeAdd:
      if (!olstm_tensor_desc_equal(input, &args->inputs[1]->desc)) {
        return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH, "Add '%s': shapes differ",
                          instance->name);
      }
      break;
    default:
      break;
  }
  outputs[0] = *input;
  if (instance->kind == kFakeBoth) outputs[1] = *input;
  return OLSTM_STATUS_OK;
}

static olstm_status fake_prepare(void* pointer, const olstm_prepare_args* args,
                                 olstm_prepared* prepared, olstm_error* error) {
  fake_instance* instance = pointer;
  fake_handle* handle = olstm_allocate_zeroed(&instance->allocator, 1, sizeof *handle);
  if (!handle) return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "fake: no memory");
  handle->input = args->inputs[0]->desc;
  handle->output = args->outputs[0];
  prepared->handle = handle;
  prepared->workspace_bytes = (size_t)instance->scratch;
  prepared->kernel = "fake";
  if (instance->kind == kFakeFlat || instance->kind == kFakeBoth) {
    prepared->view_of_input = 0;
  }
  if (instance->kind == kFakeInc) prepared->inplace_inputs = 1;
  if (instance->kind == kFakeAdd) prepared->inplace_inputs = 3;
  olstm_fake.prepare++;
  return OLSTM_STATUS_OK;
}

static void fake_release(void* pointer, void* handle) {
  fake_instance* instance = pointer;
  if (!handle) return;
  olstm_release(&instance->allocator, handle, 1, sizeof(fake_handle));
  olstm_fake.release++;
}

static olstm_status run_element(const fake_instance* instance, const olstm_run_args* args,
                                int64_t i, olstm_error* error) {
  const float* x = args->inputs[0];
  float* y = args->outputs[0];
  switch (instance->kind) {
    case kFakeInc:
      y[i] = x[i] + 1;
      break;
    case kFakeAdd:
      y[i] = x[i] + ((const float*)args->inputs[1])[i];
      break;
    case kFakeFill:
      y[i] = 0;
      break;
    case kFakeBoth:
      y[i] = x[i];
      if (args->outputs[1]) ((float*)args->outputs[1])[i] = 2 * x[i];
      break;
    case kFakeCheck:
      if (x[i] < 0) {
        return olstm_fail(error, OLSTM_STATUS_INVALID_VALUE, "Check '%s': %g is negative",
                          instance->name, (double)x[i]);
      }
      y[i] = x[i];
      break;
    default:
      y[i] = x[i];
      break;
  }
  return OLSTM_STATUS_OK;
}

static olstm_status fake_run(const void* pointer, const void* opaque,
                             const olstm_run_args* args, olstm_error* error) {
  const fake_instance* instance = pointer;
  const fake_handle* handle = opaque;
  const int64_t count = olstm_tensor_desc_count(&handle->output);
  olstm_fake.run++;
  // Whoever else lies in this memory shall notice.
  if (args->workspace) memset(args->workspace, 0x77, (size_t)instance->scratch);
  if (instance->kind == kFakeShapeOf) {
    for (int32_t d = 0; d < handle->input.rank; d++) {
      ((int64_t*)args->outputs[0])[d] = handle->input.dims[d];
    }
    return OLSTM_STATUS_OK;
  }
  if (instance->kind == kFakePositive) {
    float* y = args->outputs[0];
    for (int64_t i = 0; i < olstm_tensor_desc_count(&handle->input); i++) {
      const float value = ((const float*)args->inputs[0])[i];
      if (value > 0) *y++ = value;
    }
    return OLSTM_STATUS_OK;
  }
  for (int64_t i = 0; i < count; i++) {
    OLSTM_RETURN_IF_ERROR(run_element(instance, args, i, error));
  }
  return OLSTM_STATUS_OK;
}

static const fake_kind kKinds[] = {kFakeInc,  kFakeAdd,      kFakeFlat,
                                   kFakeBoth, kFakeShapeOf,  kFakeFill,
                                   kFakeKeep, kFakePositive, kFakeCheck};

#define OLSTM_FAKE_OPERATOR(kind, op_name, op_flags)                               \
  {                                                                                \
    .struct_size = sizeof(olstm_operator), .domain = "test", .op_type = (op_name), \
    .first_opset = 1, .last_opset = 0, .flags = (op_flags),                        \
    .dtypes = OLSTM_DTYPE_BIT(OLSTM_DTYPE_FLOAT), .variant = &kKinds[kind],        \
    .create = fake_create, .infer = fake_infer, .prepare = fake_prepare,           \
    .run = fake_run, .release = fake_release, .destroy = fake_destroy              \
  }

static const olstm_operator kOperators[] = {
    OLSTM_FAKE_OPERATOR(kFakeInc, "Inc", 0),
    OLSTM_FAKE_OPERATOR(kFakeAdd, "Add", 0),
    OLSTM_FAKE_OPERATOR(kFakeFlat, "Flat", 0),
    OLSTM_FAKE_OPERATOR(kFakeBoth, "Both", 0),
    OLSTM_FAKE_OPERATOR(kFakeShapeOf, "ShapeOf", OLSTM_OPERATOR_SHAPE_ONLY),
    OLSTM_FAKE_OPERATOR(kFakeFill, "Fill", 0),
    OLSTM_FAKE_OPERATOR(kFakeKeep, "Keep", 0),
    OLSTM_FAKE_OPERATOR(kFakePositive, "Positive", 0),
    OLSTM_FAKE_OPERATOR(kFakeCheck, "Check", 0),
};

olstm_registry* olstm_fake_registry(void) {
  olstm_registry* registry = NULL;
  memset(&olstm_fake, 0, sizeof olstm_fake);
  assert_int_equal(olstm_registry_create(NULL, &registry, NULL), OLSTM_STATUS_OK);
  for (size_t o = 0; o < sizeof kOperators / sizeof kOperators[0]; o++) {
    assert_int_equal(olstm_registry_add(registry, &kOperators[o], NULL), OLSTM_STATUS_OK);
  }
  return registry;
}

olstm_status olstm_fake_session_create(const char* text,
                                       const olstm_session_options* options,
                                       olstm_fake_session* out_session,
                                       olstm_error* error) {
  const size_t bytes = strlen(text) + 32;
  char* full = malloc(bytes);
  assert_non_null(full);
  (void)snprintf(full, bytes, "opset test 1\n%s", text);
  out_session->model = olstm_test_model(full);
  out_session->registry = olstm_fake_registry();
  out_session->session = NULL;
  free(full);
  return olstm_session_create(out_session->model, out_session->registry, options,
                              &out_session->session, error);
}

olstm_session* olstm_fake_session_must(const char* text,
                                       const olstm_session_options* options,
                                       olstm_fake_session* out_session) {
  olstm_error error = {""};
  if (olstm_fake_session_create(text, options, out_session, &error) != OLSTM_STATUS_OK) {
    fail_msg("%s", error.message);
  }
  return out_session->session;
}

void olstm_fake_session_destroy(olstm_fake_session* session) {
  olstm_session_destroy(session->session);
  olstm_registry_destroy(session->registry);
  olstm_model_destroy(session->model);
}

olstm_context* olstm_fake_context(olstm_session* session) {
  olstm_context* context = NULL;
  assert_int_equal(olstm_context_create(session, &context, NULL), OLSTM_STATUS_OK);
  return context;
}

olstm_tensor olstm_fake_vector(float* data, int64_t count) {
  return (olstm_tensor){{OLSTM_DTYPE_FLOAT, 1, {count}}, data};
}
