// A runtime under test: what conform needs of one, and which there are. Each kind is a
// table in a file of its own; it is used in the process that runs cases, and nowhere
// else, so that whatever it does fails a case only.
#ifndef OLSTM_TOOLS_CONFORM_TESTED_RUNTIME_H_
#define OLSTM_TOOLS_CONFORM_TESTED_RUNTIME_H_

#include "system/process.h"
#include "tools/conform/case_data.h"
#include "tools/job.h"

typedef struct olstm__tested_kind olstm__tested_kind;

/// Which runtime, as the command line says. Strings are borrowed.
typedef struct olstm__tested_spec {
  const olstm__tested_kind* kind;
  /// Which of those that the command line names.
  size_t index;
  /// A library's path, a module's name; "" of olstm.
  const char* target;
  /// A library with an execution provider for ONNX Runtime; NULL for none.
  const char* provider;
  /// The kinds that run models with olstm heed all of it, ONNX Runtime the threads.
  const olstm__job_options* options;
  /// Of address space, for programs that a kind starts; 0: any.
  int64_t memory_mb;
} olstm__tested_spec;

/// What a runtime says of itself.
typedef struct olstm__tested_info {
  char name[160];
  /// "" where it says nothing.
  char version[64];
} olstm__tested_info;

/// One kind of runtime.
///
/// Errors of load and run: UNSUPPORTED for what the runtime says that it does not have;
/// anything else for an error where a result was due. A message goes with each.
struct olstm__tested_kind {
  /// What --runtime begins with: "plugin:"; or all of it: "olstm"; "" for a path.
  const char* prefix;
  /// Opens the library, starts the process. Errors: IO_ERROR, NOT_FOUND, UNSUPPORTED.
  olstm_status (*open)(const olstm__tested_spec* spec, void** out_runtime,
                       olstm__tested_info* out_info, olstm_error* error);
  void (*close)(void* runtime);
  /// Makes a model file ready; what was loaded before is gone.
  olstm_status (*load)(void* runtime, const char* model_path, olstm_error* error);
  /// Runs it on a data set's inputs. outputs: as many as the model has, in its order;
  /// zeroed before, the caller frees them whatever the result.
  olstm_status (*run)(void* runtime, const olstm__case_tensors* inputs,
                      olstm__case_tensors* outputs, olstm_error* error);
  /// Whether the loaded model has no answer to compare with, and why; NULL for what
  /// olstm's own operators know of its nodes.
  bool (*draws)(void* runtime, olstm_error* out_reason);
};

extern const olstm__tested_kind olstm__tested_olstm, olstm__tested_plugin,
    olstm__tested_python, olstm__tested_onnxruntime;

/// Reads the word after --runtime. Errors: INVALID_ARGUMENT.
olstm_status olstm__tested_spec_parse(const char* word, const olstm__job_options* options,
                                      const char* provider, olstm__tested_spec* out_spec,
                                      olstm_error* error);

/// Whether the runtime is olstm, alone or with a plugin: whether all job options count.
bool olstm__tested_spec_is_olstm(const olstm__tested_spec* spec);

/// The status of an error in words: UNSUPPORTED where they say that something is not
/// supported or not implemented, BACKEND_ERROR otherwise.
olstm_status olstm__tested_status_of(const char* message);

/// The task of a child process, as olstm__process_task gives it: which runtime to open.
#define OLSTM__TESTED_SPEC_TASK "runtime"

/// In such a process: opens the runtime, and answers. What the process exits with.
int olstm__tested_spec_work(olstm__tested_spec* spec, olstm__pipe answers);

/// Opens the runtime once, in a process of its own, to learn whether it can be opened and
/// what it says of itself. Errors: what open says; BACKEND_ERROR when the process ended.
olstm_status olstm__tested_spec_probe(const olstm__tested_spec* spec,
                                      olstm__tested_info* out_info, olstm_error* error);

#endif  // OLSTM_TOOLS_CONFORM_TESTED_RUNTIME_H_
