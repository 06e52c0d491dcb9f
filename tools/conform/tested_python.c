// A Python backend of ONNX's interface as a runtime under test. python_backend.py runs
// it, in a process of its own: what ends that process ends this one in the same way. See
// tested_runtime.h.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system/path.h"
#include "system/process.h"
#include "tools/conform/tested_runtime.h"

/// The text of python_backend.py, which CMake puts into a source file.
extern const char olstm__python_backend[];

/// Longer answers than this are no results.
static const uint64_t kMaxBytes = UINT64_C(1) << 31;

// ---------------------------------------------------------------- the process

static const char* python(void) {
  const char* chosen = getenv("PYTHON");
  return chosen && *chosen ? chosen : "python3";
}

static bool start(const olstm__tested_spec* spec, olstm__process* process) {
  const char* const arguments[] = {python(), "-c", olstm__python_backend, spec->target,
                                   NULL};
  return olstm__process_start_program(arguments, spec->memory_mb, process);
}

// ---------------------------------------------------------------- the pipe

static bool hear(const olstm__process* process, void* bytes, size_t count) {
  return olstm__process_read(process, 0, bytes, count) == OLSTM__PROCESS_ANSWERED;
}

static bool write_number(const olstm__process* process, uint64_t number) {
  unsigned char bytes[8];
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(number >> 8 * i);
  return olstm__pipe_write(process->requests, bytes, sizeof bytes);
}

static bool write_text(const olstm__process* process, const void* text, size_t count) {
  return write_number(process, count) &&
         olstm__pipe_write(process->requests, text, count);
}

static bool read_number(const olstm__process* process, uint64_t* out_number) {
  unsigned char bytes[8];
  *out_number = 0;
  if (!hear(process, bytes, sizeof bytes)) return false;
  for (size_t i = 0; i < sizeof bytes; i++) *out_number |= (uint64_t)bytes[i] << 8 * i;
  return true;
}

/// A text, terminated; the caller frees it. NULL where there is none.
static char* read_text(const olstm__process* process, size_t* out_count) {
  uint64_t count = 0;
  if (!read_number(process, &count) || count > kMaxBytes) return NULL;
  char* text = malloc((size_t)count + 1);
  if (!text || !hear(process, text, (size_t)count)) {
    free(text);
    return NULL;
  }
  text[count] = '\0';
  *out_count = (size_t)count;
  return text;
}

/// Reads a text into a buffer, cut where it is too long.
static bool read_line(const olstm__process* process, char* out, size_t capacity) {
  size_t count = 0;
  char* text = read_text(process, &count);
  if (!text) return false;
  (void)snprintf(out, capacity, "%s", text);
  free(text);
  return true;
}

/// Reads whether a request worked. *out_heard is false when the process is gone.
static olstm_status read_status(const olstm__process* process, bool* out_heard,
                                olstm_error* error) {
  char kind = 'E';
  char message[OLSTM_ERROR_CAPACITY] = "";
  *out_heard = hear(process, &kind, 1);
  if (*out_heard && kind != 'K') {
    *out_heard = read_line(process, message, sizeof message);
  }
  if (!*out_heard) return OLSTM_STATUS_BACKEND_ERROR;
  if (kind == 'K') return OLSTM_STATUS_OK;
  return olstm_fail(
      error, kind == 'U' ? OLSTM_STATUS_UNSUPPORTED : olstm__tested_status_of(message),
      "%s", message);
}

/// The process is gone: so is this one.
static _Noreturn void follow(olstm__process* process) {
  olstm__process_follow(olstm__process_end(process));
}

// ---------------------------------------------------------------- the kind

static olstm_status fail_to_run(const char* module, olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_IO_ERROR,
                    "python:%.100s: cannot run '%.200s' (PYTHON in the environment "
                    "names another)",
                    module, python());
}

static olstm_status greet(olstm__process* process, const char* module,
                          olstm__tested_info* out_info, olstm_error* error) {
  olstm_error reason = {""};
  char text[64];
  bool is_heard = false;
  const olstm_status status = read_status(process, &is_heard, &reason);
  if (is_heard && status == OLSTM_STATUS_OK &&
      read_line(process, out_info->name, sizeof out_info->name) &&
      read_line(process, out_info->version, sizeof out_info->version)) {
    return OLSTM_STATUS_OK;
  }
  const int64_t ended = olstm__process_end(process);
  if (is_heard) {
    return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "python:%.100s: %.350s", module,
                      reason.message);
  }
  if (olstm__process_exit_code(ended) == OLSTM__PROCESS_NOT_STARTED) {
    return fail_to_run(module, error);
  }
  olstm__process_explain(ended, text);
  return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "python:%.100s: %.200s: %s", module,
                    python(), text);
}

static olstm_status open_runtime(const olstm__tested_spec* spec, void** out_runtime,
                                 olstm__tested_info* out_info, olstm_error* error) {
  olstm__process* process = calloc(1, sizeof *process);
  if (!process) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a runtime");
  }
  const olstm_status status = start(spec, process)
                                  ? greet(process, spec->target, out_info, error)
                                  : fail_to_run(spec->target, error);
  if (status == OLSTM_STATUS_OK) {
    *out_runtime = process;
  } else {
    free(process);
  }
  return status;
}

static void close_runtime(void* self) {
  (void)olstm__process_end(self);
  free(self);
}

static olstm_status load(void* self, const char* model_path, olstm_error* error) {
  olstm__process* process = self;
  // What runs Python may have gone to another folder.
  char whole_path[OLSTM__PATH_CAPACITY];
  if (olstm__path_complete(model_path, whole_path)) model_path = whole_path;
  bool is_heard = olstm__pipe_write(process->requests, "L", 1) &&
                  write_text(process, model_path, strlen(model_path));
  if (!is_heard) follow(process);
  const olstm_status status = read_status(process, &is_heard, error);
  if (!is_heard) follow(process);
  return status;
}

/// Inputs as the bytes of TensorProtos, before any of them is on its way.
typedef struct encoded_tensor {
  void* bytes;
  size_t count;
} encoded_tensor;

static olstm_status encode_inputs(const olstm__case_tensors* inputs,
                                  encoded_tensor* encoded, olstm_error* error) {
  for (size_t i = 0; i < inputs->count; i++) {
    OLSTM_RETURN_IF_ERROR(olstm_tensor_write_pb(&inputs->tensors[i], inputs->names[i],
                                                NULL, &encoded[i].bytes,
                                                &encoded[i].count, error));
  }
  return OLSTM_STATUS_OK;
}

/// False when the process is gone.
static bool send_encoded(const olstm__process* process, const olstm__case_tensors* inputs,
                         const encoded_tensor* encoded) {
  bool is_heard = olstm__pipe_write(process->requests, "R", 1) &&
                  write_number(process, inputs->count);
  for (size_t i = 0; i < inputs->count && is_heard; i++) {
    is_heard = write_text(process, inputs->names[i], strlen(inputs->names[i])) &&
               write_text(process, encoded[i].bytes, encoded[i].count);
  }
  return is_heard;
}

static olstm_status send_inputs(olstm__process* process,
                                const olstm__case_tensors* inputs, olstm_error* error) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  encoded_tensor* encoded = calloc(inputs->count + 1, sizeof *encoded);
  if (!encoded) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for test data");
  }
  const olstm_status status = encode_inputs(inputs, encoded, error);
  const bool is_heard =
      status != OLSTM_STATUS_OK || send_encoded(process, inputs, encoded);
  for (size_t i = 0; i < inputs->count; i++) {
    olstm_release(&allocator, encoded[i].bytes, encoded[i].count, 1);
  }
  free(encoded);
  if (!is_heard) follow(process);
  return status;
}

/// *out_heard is false when the process is gone.
static olstm_status receive_output(const olstm__process* process, char* name,
                                   olstm_tensor* tensor, bool* out_heard,
                                   olstm_error* error) {
  size_t count = 0;
  *out_heard = read_line(process, name, OLSTM_ERROR_CAPACITY);
  char* bytes = *out_heard ? read_text(process, &count) : NULL;
  *out_heard = bytes != NULL;
  if (!bytes) return OLSTM_STATUS_BACKEND_ERROR;
  const olstm_status status =
      olstm_tensor_read_pb(bytes, count, NULL, tensor, NULL, error);
  free(bytes);
  return status;
}

/// All of them are read whatever one is like: what stayed would be the next answer.
static olstm_status receive_outputs(olstm__process* process, olstm__case_tensors* outputs,
                                    olstm_error* error) {
  uint64_t count = 0;
  bool is_heard = read_number(process, &count) && count <= OLSTM__CASE_MAX_FILES;
  if (!is_heard) follow(process);
  olstm_status status = olstm__case_tensors_allocate((size_t)count, outputs, error);
  for (size_t i = 0; i < outputs->count; i++) {
    olstm_error reason = {""};
    const olstm_status received = receive_output(
        process, outputs->names[i], &outputs->tensors[i], &is_heard, &reason);
    if (!is_heard) follow(process);
    if (status == OLSTM_STATUS_OK && received != OLSTM_STATUS_OK) {
      status = olstm_fail(error, received, "output '%.100s': %.300s", outputs->names[i],
                          reason.message);
    }
  }
  return status;
}

static olstm_status run(void* self, const olstm__case_tensors* inputs,
                        olstm__case_tensors* outputs, olstm_error* error) {
  olstm__process* process = self;
  bool is_heard = true;
  OLSTM_RETURN_IF_ERROR(send_inputs(process, inputs, error));
  const olstm_status status = read_status(process, &is_heard, error);
  if (!is_heard) follow(process);
  return status == OLSTM_STATUS_OK ? receive_outputs(process, outputs, error) : status;
}

const olstm__tested_kind olstm__tested_python = {"python:", open_runtime, close_runtime,
                                                 load,      run,          NULL};
