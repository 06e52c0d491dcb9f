// See tested_runtime.h.
#include "tools/conform/tested_runtime.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "system/process.h"

static const olstm__tested_kind* const kKinds[] = {
    &olstm__tested_olstm, &olstm__tested_plugin, &olstm__tested_python,
    &olstm__tested_onnxruntime};

/// Seconds to open a runtime in: Python with NumPy takes a few on a slow disk.
enum { kOpenSeconds = 120 };

static bool is_of_kind(const char* word, const olstm__tested_kind* kind) {
  const size_t length = strlen(kind->prefix);
  const bool takes_more = length == 0 || kind->prefix[length - 1] == ':';
  return takes_more ? strncmp(word, kind->prefix, length) == 0
                    : strcmp(word, kind->prefix) == 0;
}

olstm_status olstm__tested_spec_parse(const char* word, const olstm__job_options* options,
                                      const char* provider, olstm__tested_spec* out_spec,
                                      olstm_error* error) {
  size_t k = 0;
  while (!is_of_kind(word, kKinds[k])) k++;
  const char* target = word + strlen(kKinds[k]->prefix);
  if (*target == '\0' && kKinds[k] != &olstm__tested_olstm) {
    return olstm_fail(
        error, OLSTM_STATUS_INVALID_ARGUMENT,
        "--runtime is olstm, an ONNX Runtime library's path, plugin:FILE or "
        "python:MODULE, not '%s'",
        word);
  }
  *out_spec =
      (olstm__tested_spec){.kind = kKinds[k], .target = target, .options = options};
  if (kKinds[k] == &olstm__tested_onnxruntime) out_spec->provider = provider;
  return OLSTM_STATUS_OK;
}

bool olstm__tested_spec_is_olstm(const olstm__tested_spec* spec) {
  return spec->kind == &olstm__tested_olstm || spec->kind == &olstm__tested_plugin;
}

olstm_status olstm__tested_status_of(const char* message) {
  static const char* const kPhrases[] = {"not support", "unsupported", "not implement",
                                         "notimplement", "no implementation"};
  olstm_status status = OLSTM_STATUS_BACKEND_ERROR;
  for (size_t i = 0; i < sizeof kPhrases / sizeof kPhrases[0]; i++) {
    const size_t length = strlen(kPhrases[i]);
    for (const char* at = message; *at; at++) {
      if (strncasecmp(at, kPhrases[i], length) == 0) status = OLSTM_STATUS_UNSUPPORTED;
    }
  }
  return status;
}

/// What the process that opened a runtime says.
typedef struct probe_answer {
  olstm_status status;
  olstm__tested_info info;
  olstm_error error;
} probe_answer;

static int probe_in_child(void* user, olstm__pipe answers) {
  const olstm__tested_spec* spec = user;
  probe_answer answer = {.status = OLSTM_STATUS_OK};
  void* runtime = NULL;
  answer.status = spec->kind->open(spec, &runtime, &answer.info, &answer.error);
  const bool is_heard = olstm__pipe_write(answers, &answer, sizeof answer);
  if (answer.status == OLSTM_STATUS_OK) spec->kind->close(runtime);
  return is_heard ? 0 : 1;
}

int olstm__tested_spec_work(olstm__tested_spec* spec, olstm__pipe answers) {
  return probe_in_child(spec, answers);
}

/// What a message calls the runtime.
static const char* name_target(const olstm__tested_spec* spec) {
  return spec->target[0] != '\0' ? spec->target : spec->kind->prefix;
}

olstm_status olstm__tested_spec_probe(const olstm__tested_spec* spec,
                                      olstm__tested_info* out_info, olstm_error* error) {
  olstm__tested_spec copy = *spec;
  olstm__process process;
  probe_answer answer;
  char text[64];
  (void)snprintf(text, sizeof text, OLSTM__TESTED_SPEC_TASK " %zu", spec->index);
  const olstm__process_work work = {probe_in_child, &copy, text};
  if (!olstm__process_start(&work, 0, &process)) {
    return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "no process to open a runtime in");
  }
  const olstm__process_heard heard =
      olstm__process_read(&process, kOpenSeconds, &answer, sizeof answer);
  if (heard == OLSTM__PROCESS_LATE) {
    olstm__process_kill(&process);
    return olstm_fail(error, OLSTM_STATUS_BACKEND_ERROR,
                      "'%s' could not be opened within %d s", name_target(spec),
                      kOpenSeconds);
  }
  const int64_t status = olstm__process_end(&process);
  if (heard == OLSTM__PROCESS_GONE) {
    olstm__process_explain(status, text);
    return olstm_fail(error, OLSTM_STATUS_BACKEND_ERROR, "opening '%s': %s",
                      name_target(spec), text);
  }
  if (answer.status != OLSTM_STATUS_OK) {
    return olstm_fail(error, answer.status, "%s", answer.error.message);
  }
  *out_info = answer.info;
  return OLSTM_STATUS_OK;
}
