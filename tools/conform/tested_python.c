// A Python backend of ONNX's interface as a runtime under test. python_backend.py runs
// it, in a process of its own: what ends that process ends this one in the same way. See
// tested_runtime.h.
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/conform/case_process.h"
#include "tools/conform/tested_runtime.h"

/// The text of python_backend.py, which CMake puts into a source file.
extern const char olstm__python_backend[];

/// Longer answers than this are no results.
static const uint64_t kMaxBytes = UINT64_C(1) << 31;
enum { kNotStarted = 127 };

typedef struct python_runtime {
  pid_t process;
  int requests, answers;
} python_runtime;

// ---------------------------------------------------------------- the process

static const char* python(void) {
  const char* chosen = getenv("PYTHON");
  return chosen && *chosen ? chosen : "python3";
}

static _Noreturn void become_python(const olstm__tested_spec* spec, int requests,
                                    int answers) {
  const char* const arguments[] = {python(), "-c", olstm__python_backend, spec->target,
                                   NULL};
  olstm__case_process_confine(spec->memory_mb);
  (void)dup2(requests, STDIN_FILENO);
  (void)dup2(answers, STDOUT_FILENO);
  // execvp takes pointers that are not const, and changes nothing.
  (void)execvp(arguments[0], (char* const*)(uintptr_t)arguments);
  _Exit(kNotStarted);
}

static bool start(const olstm__tested_spec* spec, python_runtime* runtime) {
  int requests[2], answers[2];
  if (!olstm__pipe_open(requests)) return false;
  if (!olstm__pipe_open(answers)) {
    (void)close(requests[0]);
    (void)close(requests[1]);
    return false;
  }
  runtime->process = fork();
  if (runtime->process == 0) become_python(spec, requests[0], answers[1]);
  (void)close(requests[0]);
  (void)close(answers[1]);
  runtime->requests = requests[1];
  runtime->answers = answers[0];
  return runtime->process > 0;
}

/// Its status as waitpid gives it.
static int end(python_runtime* runtime) {
  int status = 0;
  (void)close(runtime->requests);
  (void)close(runtime->answers);
  if (waitpid(runtime->process, &status, 0) != runtime->process) return 0;
  return status;
}

// ---------------------------------------------------------------- the pipe

static bool write_number(const python_runtime* runtime, uint64_t number) {
  unsigned char bytes[8];
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(number >> 8 * i);
  return olstm__pipe_write(runtime->requests, bytes, sizeof bytes);
}

static bool write_text(const python_runtime* runtime, const void* text, size_t count) {
  return write_number(runtime, count) &&
         olstm__pipe_write(runtime->requests, text, count);
}

static bool read_number(const python_runtime* runtime, uint64_t* out_number) {
  unsigned char bytes[8];
  *out_number = 0;
  if (!olstm__pipe_read(runtime->answers, bytes, sizeof bytes)) return false;
  for (size_t i = 0; i < sizeof bytes; i++) *out_number |= (uint64_t)bytes[i] << 8 * i;
  return true;
}

/// A text, terminated; the caller frees it. NULL where there is none.
static char* read_text(const python_runtime* runtime, size_t* out_count) {
  uint64_t count = 0;
  if (!read_number(runtime, &count) || count > kMaxBytes) return NULL;
  char* text = malloc((size_t)count + 1);
  if (!text || !olstm__pipe_read(runtime->answers, text, (size_t)count)) {
    free(text);
    return NULL;
  }
  text[count] = '\0';
  *out_count = (size_t)count;
  return text;
}

/// Reads a text into a buffer, cut where it is too long.
static bool read_line(const python_runtime* runtime, char* out, size_t capacity) {
  size_t count = 0;
  char* text = read_text(runtime, &count);
  if (!text) return false;
  (void)snprintf(out, capacity, "%s", text);
  free(text);
  return true;
}

/// Reads whether a request worked. *out_heard is false when the process is gone.
static olstm_status read_status(const python_runtime* runtime, bool* out_heard,
                                olstm_error* error) {
  char kind = 'E';
  char message[OLSTM_ERROR_CAPACITY] = "";
  *out_heard = olstm__pipe_read(runtime->answers, &kind, 1);
  if (*out_heard && kind != 'K') {
    *out_heard = read_line(runtime, message, sizeof message);
  }
  if (!*out_heard) return OLSTM_STATUS_BACKEND_ERROR;
  if (kind == 'K') return OLSTM_STATUS_OK;
  return olstm_fail(
      error, kind == 'U' ? OLSTM_STATUS_UNSUPPORTED : olstm__tested_status_of(message),
      "%s", message);
}

/// The process is gone: so is this one.
static _Noreturn void follow(python_runtime* runtime) {
  olstm__case_process_follow(end(runtime));
}

// ---------------------------------------------------------------- the kind

static olstm_status greet(python_runtime* runtime, const char* module,
                          olstm__tested_info* out_info, olstm_error* error) {
  olstm_error reason = {""};
  bool is_heard = false;
  const olstm_status status = read_status(runtime, &is_heard, &reason);
  if (is_heard && status == OLSTM_STATUS_OK &&
      read_line(runtime, out_info->name, sizeof out_info->name) &&
      read_line(runtime, out_info->version, sizeof out_info->version)) {
    return OLSTM_STATUS_OK;
  }
  const int ended = end(runtime);
  if (is_heard) {
    return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "python:%.100s: %.350s", module,
                      reason.message);
  }
  if (WIFEXITED(ended) && WEXITSTATUS(ended) == kNotStarted) {
    return olstm_fail(error, OLSTM_STATUS_IO_ERROR,
                      "python:%.100s: cannot run '%.200s' (PYTHON in the environment "
                      "names another)",
                      module, python());
  }
  olstm__case_process_explain(ended, &reason);
  return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "python:%.100s: %.200s: %s", module,
                    python(), reason.message);
}

static olstm_status open_runtime(const olstm__tested_spec* spec, void** out_runtime,
                                 olstm__tested_info* out_info, olstm_error* error) {
  python_runtime* runtime = calloc(1, sizeof *runtime);
  // A process that is gone is found when its answer is read.
  (void)signal(SIGPIPE, SIG_IGN);
  if (!runtime || !start(spec, runtime)) {
    free(runtime);
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no process for Python");
  }
  const olstm_status status = greet(runtime, spec->target, out_info, error);
  if (status == OLSTM_STATUS_OK) {
    *out_runtime = runtime;
  } else {
    free(runtime);
  }
  return status;
}

static void close_runtime(void* self) {
  (void)end(self);
  free(self);
}

static olstm_status load(void* self, const char* model_path, olstm_error* error) {
  python_runtime* runtime = self;
  // What runs Python may have gone to another folder.
  char* whole_path = realpath(model_path, NULL);
  if (whole_path) model_path = whole_path;
  bool is_heard = olstm__pipe_write(runtime->requests, "L", 1) &&
                  write_text(runtime, model_path, strlen(model_path));
  free(whole_path);
  if (!is_heard) follow(runtime);
  const olstm_status status = read_status(runtime, &is_heard, error);
  if (!is_heard) follow(runtime);
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
static bool send_encoded(const python_runtime* runtime, const olstm__case_tensors* inputs,
                         const encoded_tensor* encoded) {
  bool is_heard = olstm__pipe_write(runtime->requests, "R", 1) &&
                  write_number(runtime, inputs->count);
  for (size_t i = 0; i < inputs->count && is_heard; i++) {
    is_heard = write_text(runtime, inputs->names[i], strlen(inputs->names[i])) &&
               write_text(runtime, encoded[i].bytes, encoded[i].count);
  }
  return is_heard;
}

static olstm_status send_inputs(python_runtime* runtime,
                                const olstm__case_tensors* inputs, olstm_error* error) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  encoded_tensor* encoded = calloc(inputs->count + 1, sizeof *encoded);
  if (!encoded) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for test data");
  }
  const olstm_status status = encode_inputs(inputs, encoded, error);
  const bool is_heard =
      status != OLSTM_STATUS_OK || send_encoded(runtime, inputs, encoded);
  for (size_t i = 0; i < inputs->count; i++) {
    olstm_release(&allocator, encoded[i].bytes, encoded[i].count, 1);
  }
  free(encoded);
  if (!is_heard) follow(runtime);
  return status;
}

/// *out_heard is false when the process is gone.
static olstm_status receive_output(const python_runtime* runtime, char* name,
                                   olstm_tensor* tensor, bool* out_heard,
                                   olstm_error* error) {
  size_t count = 0;
  *out_heard = read_line(runtime, name, OLSTM_ERROR_CAPACITY);
  char* bytes = *out_heard ? read_text(runtime, &count) : NULL;
  *out_heard = bytes != NULL;
  if (!bytes) return OLSTM_STATUS_BACKEND_ERROR;
  const olstm_status status =
      olstm_tensor_read_pb(bytes, count, NULL, tensor, NULL, error);
  free(bytes);
  return status;
}

/// All of them are read whatever one is like: what stayed would be the next answer.
static olstm_status receive_outputs(python_runtime* runtime, olstm__case_tensors* outputs,
                                    olstm_error* error) {
  uint64_t count = 0;
  bool is_heard = read_number(runtime, &count) && count <= OLSTM__CASE_MAX_FILES;
  if (!is_heard) follow(runtime);
  olstm_status status = olstm__case_tensors_allocate((size_t)count, outputs, error);
  for (size_t i = 0; i < outputs->count; i++) {
    olstm_error reason = {""};
    const olstm_status received = receive_output(
        runtime, outputs->names[i], &outputs->tensors[i], &is_heard, &reason);
    if (!is_heard) follow(runtime);
    if (status == OLSTM_STATUS_OK && received != OLSTM_STATUS_OK) {
      status = olstm_fail(error, received, "output '%.100s': %.300s", outputs->names[i],
                          reason.message);
    }
  }
  return status;
}

static olstm_status run(void* self, const olstm__case_tensors* inputs,
                        olstm__case_tensors* outputs, olstm_error* error) {
  python_runtime* runtime = self;
  bool is_heard = true;
  OLSTM_RETURN_IF_ERROR(send_inputs(runtime, inputs, error));
  const olstm_status status = read_status(runtime, &is_heard, error);
  if (!is_heard) follow(runtime);
  return status == OLSTM_STATUS_OK ? receive_outputs(runtime, outputs, error) : status;
}

const olstm__tested_kind olstm__tested_python = {"python:", open_runtime, close_runtime,
                                                 load,      run,          NULL};
