// Requests, responses and the states of sequences.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_server.h"

static void note(TRITONBACKEND_Request* request, char event) {
  const size_t length = strlen(request->events);
  if (request->is_released) fail_msg("a request was used after its release");
  if (length + 1 < sizeof request->events) request->events[length] = event;
}

static TRITONSERVER_Error* failure(const TRITONBACKEND_Request* request, char event) {
  return request->failing == event
             ? TRITONSERVER_ErrorNew(OLSTM__TRITON_ERROR_UNAVAILABLE, "told to fail")
             : NULL;
}

// ---------------------------------------------------------------- sequences

static fake_memory* new_memory(size_t bytes) {
  fake_memory* memory = calloc(1, sizeof *memory);
  memory->users = 1;
  memory->bytes = bytes;
  memory->data = malloc(bytes + 1);
  // Neither zeros nor numbers.
  memset(memory->data, 0xFF, bytes + 1);
  return memory;
}

static void leave_memory(fake_memory* memory) {
  if (!memory || --memory->users > 0) return;
  free(memory->data);
  free(memory);
}

static size_t type_size(uint32_t type) {
  static const uint8_t kSizes[] = {0, 1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 4, 8, 0, 2};
  return kSizes[type];
}

static uint32_t type_of(const char* name) {
  static const char* const kNames[] = {"INVALID", "BOOL", "UINT8", "UINT16", "UINT32",
                                       "UINT64",  "INT8", "INT16", "INT32",  "INT64",
                                       "FP16",    "FP32", "FP64",  "STRING", "BF16"};
  for (uint32_t t = 0; t < 15; t++) {
    if (strcmp(name + strlen("TYPE_"), kNames[t]) == 0) return t;
  }
  fail_msg("no type %s", name);
  return 0;
}

static const char* text_of(const cJSON* object, const char* name) {
  const char* text = cJSON_GetStringValue(cJSON_GetObjectItem(object, name));
  return text ? text : "";
}

static void init_state(TRITONBACKEND_State* state, fake_sequence* sequence,
                       const cJSON* config, const char* name_key, int64_t max_batch) {
  const cJSON* dim = NULL;
  *state = (TRITONBACKEND_State){.sequence = sequence};
  (void)snprintf(state->name, sizeof state->name, "%s", text_of(config, name_key));
  state->type = type_of(text_of(config, "data_type"));
  state->is_shared =
      cJSON_IsTrue(cJSON_GetObjectItem(config, "use_same_buffer_for_input_output")) != 0;
  if (max_batch > 0) state->dims[state->rank++] = 1;
  cJSON_ArrayForEach(dim, cJSON_GetObjectItem(config, "dims")) {
    state->dims[state->rank++] = dim->valuedouble < 0 ? 1 : (int64_t)dim->valuedouble;
  }
}

static size_t state_bytes(const TRITONBACKEND_State* state) {
  size_t bytes = type_size(state->type);
  for (uint32_t d = 0; d < state->rank; d++) bytes *= (size_t)state->dims[d];
  return bytes;
}

static int by_name(const void* a, const void* b) {
  return strcmp(((const TRITONBACKEND_State*)a)->name,
                ((const TRITONBACKEND_State*)b)->name);
}

void fake_sequence_end(fake_sequence* sequence) {
  for (size_t s = 0; s < sequence->count; s++) {
    leave_memory(sequence->inputs[s].memory);
    leave_memory(sequence->outputs[s].memory);
  }
  sequence->count = 0;
}

static TRITONBACKEND_State* find_state(TRITONBACKEND_State* states, size_t count,
                                       const char* name) {
  for (size_t s = 0; s < count; s++) {
    if (strcmp(states[s].name, name) == 0) return &states[s];
  }
  return NULL;
}

void fake_sequence_start(fake_sequence* sequence, const TRITONBACKEND_Model* model) {
  const cJSON* batching = cJSON_GetObjectItem(model->config, "sequence_batching");
  const cJSON* states = cJSON_GetObjectItem(batching, "state");
  const cJSON* max_batch = cJSON_GetObjectItem(model->config, "max_batch_size");
  const int64_t batch = max_batch ? (int64_t)max_batch->valuedouble : 0;
  const cJSON* config = NULL;
  fake_sequence_end(sequence);
  cJSON_ArrayForEach(config, states) {
    const size_t s = sequence->count++;
    init_state(&sequence->inputs[s], sequence, config, "input_name", batch);
    init_state(&sequence->outputs[s], sequence, config, "output_name", batch);
    sequence->inputs[s].memory = new_memory(state_bytes(&sequence->inputs[s]));
    if (cJSON_GetArraySize(cJSON_GetObjectItem(config, "initial_state")) > 0) {
      memset(sequence->inputs[s].memory->data, 0, sequence->inputs[s].memory->bytes);
    }
    if (sequence->inputs[s].is_shared) {
      sequence->outputs[s].memory = sequence->inputs[s].memory;
      sequence->outputs[s].memory->users++;
    } else {
      sequence->outputs[s].memory = new_memory(0);
    }
  }
  qsort(sequence->inputs, sequence->count, sizeof sequence->inputs[0], by_name);
  qsort(sequence->outputs, sequence->count, sizeof sequence->outputs[0], by_name);
  // Shared memory joins what the configuration joins, whatever the order of the names.
  cJSON_ArrayForEach(config, states) {
    TRITONBACKEND_State* input =
        find_state(sequence->inputs, sequence->count, text_of(config, "input_name"));
    TRITONBACKEND_State* output =
        find_state(sequence->outputs, sequence->count, text_of(config, "output_name"));
    output->partner = input;
  }
}

TRITONSERVER_Error* TRITONBACKEND_StateNew(TRITONBACKEND_State** state,
                                           TRITONBACKEND_Request* request,
                                           const char* name, uint32_t datatype,
                                           const int64_t* shape, uint32_t dims_count) {
  note(request, 'S');
  if (request->failing == 'S') return failure(request, 'S');
  if (!request->sequence) {
    return TRITONSERVER_ErrorNew(OLSTM__TRITON_ERROR_INVALID_ARG,
                                 "State configuration is missing");
  }
  fake_sequence* sequence = request->sequence;
  TRITONBACKEND_State* found = find_state(sequence->outputs, sequence->count, name);
  if (!found) {
    return TRITONSERVER_ErrorNew(OLSTM__TRITON_ERROR_INVALID_ARG, "no such state");
  }
  assert_int_equal(found->type, datatype);
  found->rank = dims_count;
  memcpy(found->dims, shape, dims_count * sizeof *shape);
  found->has_buffer = false;
  *state = found;
  return NULL;
}

TRITONSERVER_Error* TRITONBACKEND_StateBuffer(TRITONBACKEND_State* state, void** buffer,
                                              uint64_t byte_size, uint32_t* memory_type,
                                              int64_t* memory_type_id) {
  assert_int_equal(*memory_type, OLSTM__TRITON_MEMORY_CPU);
  assert_int_equal(*memory_type_id, 0);
  assert_true(byte_size >= state_bytes(state));
  if (state->memory->bytes != byte_size) {
    leave_memory(state->memory);
    state->memory = new_memory(byte_size);
    if (state->is_shared) {
      leave_memory(state->partner->memory);
      state->partner->memory = state->memory;
      state->memory->users++;
    }
  }
  *buffer = state->memory->data;
  state->has_buffer = true;
  return NULL;
}

TRITONSERVER_Error* TRITONBACKEND_StateUpdate(TRITONBACKEND_State* state) {
  assert_true(state->has_buffer);
  if (state->is_shared) return NULL;
  // The two sides swap: those of the same place in the order of their names.
  TRITONBACKEND_State* input = &state->sequence->inputs[state - state->sequence->outputs];
  fake_memory* memory = input->memory;
  input->memory = state->memory;
  state->memory = memory;
  input->rank = state->rank;
  input->type = state->type;
  memcpy(input->dims, state->dims, sizeof state->dims);
  return NULL;
}

// ---------------------------------------------------------------- what is asked

#ifndef FAKE_ANCIENT_SERVER
TRITONSERVER_Error* TRITONBACKEND_RequestFlags(TRITONBACKEND_Request* request,
                                               uint32_t* flags);
TRITONSERVER_Error* TRITONBACKEND_RequestFlags(TRITONBACKEND_Request* request,
                                               uint32_t* flags) {
  *flags = request->flags;
  return NULL;
}
#endif

TRITONSERVER_Error* TRITONBACKEND_RequestCorrelationId(TRITONBACKEND_Request* request,
                                                       uint64_t* id) {
  if (request->text_id) {
    return TRITONSERVER_ErrorNew(OLSTM__TRITON_ERROR_INVALID_ARG, "not a number");
  }
  *id = request->id;
  return NULL;
}

#ifndef FAKE_OLD_SERVER
TRITONSERVER_Error* TRITONBACKEND_RequestCorrelationIdString(
    TRITONBACKEND_Request* request, const char** id);
TRITONSERVER_Error* TRITONBACKEND_RequestCorrelationIdString(
    TRITONBACKEND_Request* request, const char** id) {
  *id = request->text_id;
  return NULL;
}
#endif

TRITONSERVER_Error* TRITONBACKEND_RequestInput(TRITONBACKEND_Request* request,
                                               const char* name,
                                               TRITONBACKEND_Input** input) {
  *input = NULL;
  if (request->is_released) fail_msg("input '%s' after the release", name);
  for (size_t i = 0; i < request->input_count; i++) {
    if (strcmp(request->inputs[i].name, name) == 0) *input = &request->inputs[i];
  }
  return *input ? NULL
                : TRITONSERVER_ErrorNew(OLSTM__TRITON_ERROR_INVALID_ARG,
                                        "unknown request input name");
}

TRITONSERVER_Error* TRITONBACKEND_InputProperties(TRITONBACKEND_Input* input,
                                                  const char** name, uint32_t* datatype,
                                                  const int64_t** shape,
                                                  uint32_t* dims_count,
                                                  uint64_t* byte_size,
                                                  uint32_t* buffer_count) {
  if (name) *name = input->name;
  if (datatype) *datatype = input->type;
  if (shape) *shape = input->dims;
  if (dims_count) *dims_count = input->rank;
  if (byte_size) *byte_size = input->bytes;
  if (buffer_count) *buffer_count = input->piece_count;
  return NULL;
}

TRITONSERVER_Error* TRITONBACKEND_InputBuffer(TRITONBACKEND_Input* input, uint32_t index,
                                              const void** buffer, uint64_t* byte_size,
                                              uint32_t* memory_type,
                                              int64_t* memory_type_id) {
  assert_true(index < input->piece_count);
  const size_t first = input->bytes * index / input->piece_count;
  *buffer = input->data + first;
  *byte_size = input->bytes * (index + 1) / input->piece_count - first;
  *memory_type = input->memory_type;
  *memory_type_id = 0;
  return NULL;
}

TRITONSERVER_Error* TRITONBACKEND_RequestOutputCount(TRITONBACKEND_Request* request,
                                                     uint32_t* count) {
  *count = (uint32_t)request->wanted_count;
  return NULL;
}

TRITONSERVER_Error* TRITONBACKEND_RequestOutputName(TRITONBACKEND_Request* request,
                                                    uint32_t index, const char** name) {
  assert_true(index < request->wanted_count);
  *name = request->wanted[index];
  return NULL;
}

// ---------------------------------------------------------------- what is answered

TRITONSERVER_Error* TRITONBACKEND_ResponseNew(TRITONBACKEND_Response** response,
                                              TRITONBACKEND_Request* request) {
  note(request, 'N');
  if (request->failing == 'N') return failure(request, 'N');
  assert_null(request->response);
  request->response = calloc(1, sizeof *request->response);
  request->response->request = request;
  *response = request->response;
  return NULL;
}

TRITONSERVER_Error* TRITONBACKEND_ResponseDelete(TRITONBACKEND_Response* response) {
  fail_msg("a response of %zu outputs was deleted", response->output_count);
  return NULL;
}

TRITONSERVER_Error* TRITONBACKEND_ResponseOutput(TRITONBACKEND_Response* response,
                                                 TRITONBACKEND_Output** output,
                                                 const char* name, uint32_t datatype,
                                                 const int64_t* shape,
                                                 uint32_t dims_count) {
  assert_true(response->output_count < FAKE_MAX_TENSORS);
  TRITONBACKEND_Output* added = &response->outputs[response->output_count++];
  (void)snprintf(added->name, sizeof added->name, "%s", name);
  added->type = datatype;
  added->rank = dims_count;
  added->bytes = type_size(datatype);
  added->response = response;
  memcpy(added->dims, shape, dims_count * sizeof *shape);
  for (uint32_t d = 0; d < dims_count; d++) added->bytes *= (size_t)shape[d];
  *output = added;
  return NULL;
}

TRITONSERVER_Error* TRITONBACKEND_OutputBuffer(TRITONBACKEND_Output* output,
                                               void** buffer, uint64_t byte_size,
                                               uint32_t* memory_type,
                                               int64_t* memory_type_id) {
  TRITONBACKEND_Request* request = output->response->request;
  note(request, 'O');
  if (request->failing == 'O') return failure(request, 'O');
  assert_int_equal(byte_size, output->bytes);
  assert_null(output->data);
  output->data = malloc(byte_size + 1);
  *buffer = output->data;
  *memory_type = request->output_memory_type;
  *memory_type_id = 0;
  return NULL;
}

TRITONSERVER_Error* TRITONBACKEND_ResponseSend(TRITONBACKEND_Response* response,
                                               uint32_t send_flags,
                                               TRITONSERVER_Error* error) {
  TRITONBACKEND_Request* request = response->request;
  note(request, error ? 'E' : 'R');
  assert_int_equal(send_flags, OLSTM__TRITON_RESPONSE_FINAL);
  if (error) {
    (void)snprintf(request->error, sizeof request->error, "%s",
                   TRITONSERVER_ErrorMessage(error));
  }
  return NULL;
}

TRITONSERVER_Error* TRITONBACKEND_ModelInstanceReportStatistics(
    TRITONBACKEND_ModelInstance* instance, TRITONBACKEND_Request* request, bool success,
    uint64_t exec_start_ns, uint64_t compute_start_ns, uint64_t compute_end_ns,
    uint64_t exec_end_ns) {
  (void)instance;
  note(request, 'T');
  request->success = success;
  assert_true(exec_start_ns > 0 && exec_start_ns <= compute_start_ns &&
              compute_start_ns <= compute_end_ns && compute_end_ns <= exec_end_ns);
  return NULL;
}

TRITONSERVER_Error* TRITONBACKEND_ModelInstanceReportBatchStatistics(
    TRITONBACKEND_ModelInstance* instance, uint64_t batch_size, uint64_t exec_start_ns,
    uint64_t compute_start_ns, uint64_t compute_end_ns, uint64_t exec_end_ns) {
  assert_true(exec_start_ns <= compute_start_ns && compute_end_ns <= exec_end_ns);
  instance->batch_size = batch_size;
  instance->batch_reports++;
  return NULL;
}

TRITONSERVER_Error* TRITONBACKEND_RequestRelease(TRITONBACKEND_Request* request,
                                                 uint32_t release_flags) {
  note(request, 'F');
  assert_int_equal(release_flags, OLSTM__TRITON_RELEASE_ALL);
  request->is_released = true;
  return NULL;
}

// ---------------------------------------------------------------- for tests

void fake_request(TRITONBACKEND_Request* request, const TRITONBACKEND_Model* model,
                  fake_sequence* sequence, uint32_t flags) {
  const cJSON* output = NULL;
  *request = (TRITONBACKEND_Request){.flags = flags, .sequence = sequence};
  if (sequence) {
    request->id = sequence->id;
    request->text_id = sequence->text_id;
    if (flags & OLSTM__TRITON_SEQUENCE_START) fake_sequence_start(sequence, model);
    for (size_t s = 0; s < sequence->count; s++) {
      const TRITONBACKEND_State* state = &sequence->inputs[s];
      fake_input(request, state->name, state->type, state->memory->data,
                 state->memory->bytes, state->rank, state->dims);
    }
  }
  cJSON_ArrayForEach(output, cJSON_GetObjectItem(model->config, "output")) {
    (void)snprintf(request->wanted[request->wanted_count++], sizeof request->wanted[0],
                   "%s", text_of(output, "name"));
  }
}

TRITONBACKEND_Input* fake_input(TRITONBACKEND_Request* request, const char* name,
                                uint32_t type, const void* data, size_t bytes,
                                uint32_t rank, const int64_t* dims) {
  assert_true(request->input_count < FAKE_MAX_TENSORS);
  TRITONBACKEND_Input* input = &request->inputs[request->input_count++];
  (void)snprintf(input->name, sizeof input->name, "%s", name);
  input->type = type;
  input->data = data;
  input->bytes = bytes;
  input->rank = rank;
  input->piece_count = 1;
  memcpy(input->dims, dims, rank * sizeof *dims);
  return input;
}

/// Calls in order: response, outputs, states, answer, statistics, release. After an error
/// there may be states that are emptied.
static void check_order(const TRITONBACKEND_Request* request) {
  const char* at = request->events;
  assert_int_equal(*at++, 'N');
  while (*at == 'O') at++;
  while (*at == 'S') at++;
  if (request->failing == 'N') {
    assert_string_equal(at, "TF");
    return;
  }
  if (*at != 'R' && *at != 'E') fail_msg("calls came as %s", request->events);
  if ((*at == 'R') != request->success) fail_msg("statistics do not tell the truth");
  if (strcmp(at + 1, "TF") != 0) fail_msg("calls came as %s", request->events);
}

void fake_execute(TRITONBACKEND_ModelInstance* instance, TRITONBACKEND_Request* requests,
                  size_t count) {
  TRITONBACKEND_Request** list = calloc(count + 1, sizeof(TRITONBACKEND_Request*));
  for (size_t r = 0; r < count; r++) list[r] = &requests[r];
  TRITONSERVER_Error* error =
      instance->model->backend->execute(instance, list, (uint32_t)count);
  free(list);
  assert_string_equal(fake_error(error), "");
  for (size_t r = 0; r < count; r++) check_order(&requests[r]);
}

const TRITONBACKEND_Output* fake_output(const TRITONBACKEND_Request* request,
                                        const char* name) {
  if (request->error[0]) fail_msg("the request failed: %s", request->error);
  for (size_t o = 0; request->response && o < request->response->output_count; o++) {
    if (strcmp(request->response->outputs[o].name, name) == 0) {
      return &request->response->outputs[o];
    }
  }
  fail_msg("no output '%s'", name);
  return NULL;
}

void fake_forget(TRITONBACKEND_Request* request) {
  for (size_t o = 0; request->response && o < request->response->output_count; o++) {
    free(request->response->outputs[o].data);
  }
  free(request->response);
  request->response = NULL;
}
