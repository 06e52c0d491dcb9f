// olstm run: inputs from files or made up, state as asked for, outputs printed and
// written.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "olstm/olstm.h"
#include "system/path.h"
#include "tools/cli.h"
#include "tools/command.h"
#include "tools/file_bytes.h"
#include "tools/file_name.h"
#include "tools/input_set.h"
#include "tools/job.h"
#include "tools/plot.h"
#include "tools/progress.h"
#include "tools/say.h"
#include "tools/tensor_file.h"
#include "tools/tensor_print.h"
#include "tools/written_files.h"

/// The command line.
typedef struct run_options {
  const char* model;
  olstm__job_options job;
  olstm__input_options input;
  const char* seed;
  const char* folder;
  const char* format;
  int64_t repeat;
  const char* load_state;
  const char* save_state;
  olstm__cli_list set_state;
  bool reset;
  const char* plot;
  const char* plot_output;
} run_options;

static olstm_status load_state(olstm_context* context, const char* path,
                               olstm_error* error) {
  olstm__file_bytes bytes;
  OLSTM_RETURN_IF_ERROR(olstm__file_bytes_read(path, &bytes, error));
  const olstm_status status =
      olstm_context_load_state(context, bytes.data, bytes.count, error);
  olstm__file_bytes_deinit(&bytes);
  return status;
}

static olstm_status save_state(olstm_context* context, const char* path,
                               olstm_error* error) {
  void* bytes = NULL;
  size_t count = 0;
  OLSTM_RETURN_IF_ERROR(olstm_context_save_state(context, &bytes, &count, error));
  const olstm_status status = olstm__file_bytes_write(path, bytes, count, NULL, 0, error);
  olstm_context_free_blob(context, bytes, count);
  return status;
}

/// SLOT=FILE. Slot names come out of node names, which may have "=" in them: the longest
/// that fits.
static olstm_status set_state(olstm_context* context, const char* argument, bool cast,
                              olstm_error* error) {
  const char* path = NULL;
  olstm_state_info slot = {0};
  olstm_tensor value;
  for (size_t i = 0; i < olstm_context_state_count(context); i++) {
    olstm_state_info info;
    OLSTM_RETURN_IF_ERROR(olstm_context_get_state_info(context, i, &info, error));
    const size_t length = strlen(info.name);
    if (strncmp(argument, info.name, length) == 0 && argument[length] == '=' &&
        (!path || length > strlen(slot.name))) {
      slot = info;
      path = argument + length + 1;
    }
  }
  if (!path) {
    return olstm_fail(error, OLSTM_STATUS_NOT_FOUND,
                      "no state slot '%.*s' (olstm inspect lists them; --stateful and "
                      "--bind make them)",
                      (int)strcspn(argument, "="), argument);
  }
  OLSTM_RETURN_IF_ERROR(olstm__tensor_file_read(path, slot.name, &value, NULL, error));
  olstm_status status =
      olstm__input_fit_dtype("state slot", slot.name, slot.dtype, cast, &value, error);
  if (status == OLSTM_STATUS_OK) {
    status = olstm_context_set_state(context, slot.name, &value, error);
  }
  olstm_tensor_deinit(&value, NULL);
  return status;
}

/// Options about state need a model that has state.
static olstm_status require_state(const olstm_context* context,
                                  const run_options* options, olstm_error* error) {
  const char* option = options->load_state   ? "load-state"
                       : options->save_state ? "save-state"
                       : options->reset      ? "reset"
                                             : NULL;
  if (!option || olstm_context_state_count(context) > 0) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_WRONG_STATE,
                    "--%s: there are no state slots (--stateful and --bind make them)",
                    option);
}

/// In this order: load, reset, set.
static olstm_status prepare_state(olstm_context* context, const run_options* options,
                                  olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(require_state(context, options, error));
  if (options->load_state) {
    OLSTM_RETURN_IF_ERROR(load_state(context, options->load_state, error));
  }
  if (options->reset) OLSTM_RETURN_IF_ERROR(olstm_context_reset(context, error));
  for (size_t i = 0; i < options->set_state.count; i++) {
    OLSTM_RETURN_IF_ERROR(
        set_state(context, options->set_state.values[i], options->input.cast, error));
  }
  return OLSTM_STATUS_OK;
}

static void print_inputs(const olstm_session* session, const olstm__input_set* inputs) {
  for (size_t i = 0; i < inputs->count; i++) {
    olstm__tensor_print(stdout, "input", olstm_session_get_input(session, i)->name,
                        &inputs->tensors[i]);
  }
}

static olstm_status write_output(const char* name, const olstm_tensor* output,
                                 const char* file_name, const run_options* options,
                                 olstm__written_files* written, olstm_error* error) {
  char path[OLSTM__PATH_CAPACITY];
  OLSTM_RETURN_IF_ERROR(olstm__tensor_file_write(
      options->folder, file_name, options->format, name, output, path, error));
  OLSTM_RETURN_IF_ERROR(olstm__written_files_add(written, path, error));
  olstm__say(stdout, "  written to %s\n", path);
  return OLSTM_STATUS_OK;
}

static olstm_status print_outputs(const olstm_session* session,
                                  const olstm_tensor* outputs,
                                  const olstm__file_names* files,
                                  const run_options* options,
                                  olstm__written_files* written, olstm_error* error) {
  for (size_t i = 0; i < olstm_session_output_count(session); i++) {
    const char* name = olstm_session_get_output(session, i)->name;
    olstm__tensor_print(stdout, "output", name, &outputs[i]);
    if (!options->folder) continue;
    OLSTM_RETURN_IF_ERROR(
        write_output(name, &outputs[i], files->names[i], options, written, error));
  }
  return OLSTM_STATUS_OK;
}

/// Draws the output that was asked for, or the first.
static olstm_status plot_output(const olstm_session* session, const olstm_tensor* outputs,
                                const run_options* options, olstm__written_files* written,
                                olstm_error* error) {
  const size_t count = olstm_session_output_count(session);
  size_t index = 0;
  while (options->plot_output && index < count &&
         strcmp(olstm_session_get_output(session, index)->name, options->plot_output) !=
             0) {
    index++;
  }
  if (index == count) {
    return olstm_fail(error, OLSTM_STATUS_NOT_FOUND, "no output '%s' to plot",
                      options->plot_output ? options->plot_output : "");
  }
  FILE* file = olstm__path_open(options->plot, "w");
  if (!file) {
    return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "cannot write '%s'", options->plot);
  }
  olstm__plot_write(file, olstm_session_get_output(session, index)->name,
                    &outputs[index]);
  const bool has_failed = ferror(file) != 0;
  if (fclose(file) != 0 || has_failed) {
    return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "cannot write '%s'", options->plot);
  }
  OLSTM_RETURN_IF_ERROR(olstm__written_files_add(written, options->plot, error));
  olstm__say(stdout, "  drawn in %s\n", options->plot);
  return OLSTM_STATUS_OK;
}

static olstm_status print_states(olstm_context* context, olstm_error* error) {
  for (size_t i = 0; i < olstm_context_state_count(context); i++) {
    olstm_state_info info;
    olstm_tensor value;
    OLSTM_RETURN_IF_ERROR(olstm_context_get_state_info(context, i, &info, error));
    if (olstm_context_get_state(context, info.name, &value, NULL) == OLSTM_STATUS_OK) {
      olstm__tensor_print(stdout, "state", info.name, &value);
    }
  }
  return OLSTM_STATUS_OK;
}

/// All that is written is a file of its own.
static olstm_status write_all(const olstm__job* job, const run_options* options,
                              const olstm__file_names* files, const olstm_tensor* outputs,
                              olstm__written_files* written, olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(
      print_outputs(job->session, outputs, files, options, written, error));
  if (options->plot) {
    OLSTM_RETURN_IF_ERROR(plot_output(job->session, outputs, options, written, error));
  }
  OLSTM_RETURN_IF_ERROR(print_states(job->context, error));
  if (!options->save_state) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(save_state(job->context, options->save_state, error));
  return olstm__written_files_add(written, options->save_state, error);
}

static olstm_status run_and_print(olstm__job* job, const run_options* options,
                                  const olstm__input_set* inputs,
                                  const olstm__file_names* files, olstm_tensor* outputs,
                                  olstm_error* error) {
  const size_t output_count = olstm_session_output_count(job->session);
  olstm__written_files written = {0};
  olstm__progress_begin("running");
  for (int64_t i = 0; i < options->repeat; i++) {
    memset(outputs, 0, output_count * sizeof *outputs);
    const olstm_status status = olstm_context_run(
        job->context, inputs->tensors, inputs->count, outputs, output_count, error);
    OLSTM_RETURN_IF_ERROR(olstm__input_set_explain(inputs, status, error));
  }
  olstm__progress_end();
  print_inputs(job->session, inputs);
  if (options->repeat > 1) {
    olstm__say(stdout, "after %lld runs:\n", (long long)options->repeat);
  }
  const olstm_status status = write_all(job, options, files, outputs, &written, error);
  olstm__written_files_deinit(&written);
  return status;
}

/// Checks in advance what would fail after the run only.
static olstm_status check_outputs(const olstm_session* session,
                                  const run_options* options, olstm_error* error) {
  for (size_t i = 0; options->folder && i < olstm_session_output_count(session); i++) {
    OLSTM_RETURN_IF_ERROR(olstm__tensor_file_check(
        options->format, olstm_session_get_output(session, i)->dtype, error));
  }
  if (options->plot) {
    OLSTM_RETURN_IF_ERROR(olstm__file_check_writable(options->plot, error));
  }
  if (options->save_state) {
    OLSTM_RETURN_IF_ERROR(olstm__file_check_writable(options->save_state, error));
  }
  return options->folder ? olstm__folder_make(options->folder, error) : OLSTM_STATUS_OK;
}

/// The names of the files that outputs are written to.
static olstm_status name_files(const olstm_session* session, olstm__file_names* files,
                               olstm_error* error) {
  const size_t count = olstm_session_output_count(session);
  const char** names = calloc(count + 1, sizeof(char*));
  if (!names) return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for names");
  for (size_t i = 0; i < count; i++)
    names[i] = olstm_session_get_output(session, i)->name;
  const olstm_status status = olstm__file_names_make(names, count, files, error);
  free(names);
  return status;
}

static olstm_status run_job(olstm__job* job, const run_options* options,
                            olstm__input_set* inputs, olstm_error* error) {
  olstm__file_names files;
  olstm__progress_begin("loading the model");
  OLSTM_RETURN_IF_ERROR(olstm__job_open(options->model, &options->job, NULL, job, error));
  olstm__progress_update("reading inputs");
  OLSTM_RETURN_IF_ERROR(
      olstm__input_set_load(job->session, &options->input, inputs, error));
  OLSTM_RETURN_IF_ERROR(prepare_state(job->context, options, error));
  OLSTM_RETURN_IF_ERROR(check_outputs(job->session, options, error));
  OLSTM_RETURN_IF_ERROR(name_files(job->session, &files, error));
  olstm_tensor* outputs =
      calloc(olstm_session_output_count(job->session) + 1, sizeof *outputs);
  const olstm_status status =
      outputs ? run_and_print(job, options, inputs, &files, outputs, error)
              : olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for outputs");
  free(outputs);
  olstm__file_names_deinit(&files);
  return status;
}

/// What the table of options cannot tell: -i, and options that go together.
static olstm__cli_result check_options(run_options* out) {
  for (size_t i = 0; i < out->input.files.count; i++) {
    const char* argument = out->input.files.values[i];
    const char* equals = strchr(argument, '=');
    const size_t length = strlen(argument);
    const bool is_pair = equals && equals > argument && argument[length - 1] != '=';
    const bool is_npz = length > 4 && strcmp(argument + length - 4, ".npz") == 0;
    if (is_pair || is_npz) continue;
    (void)olstm__cli_complain(0, "run: -i wants NAME=FILE or FILE.npz, not '%s'",
                              argument);
    return OLSTM__CLI_REFUSED;
  }
  if (out->plot_output && !out->plot) {
    (void)olstm__cli_complain(0, "run: --plot-output without --plot");
    return OLSTM__CLI_REFUSED;
  }
  if (out->seed &&
      !olstm__cli_read_int(out->seed, INT64_MIN, INT64_MAX, &out->input.seed)) {
    (void)olstm__cli_complain(0, "run: --random wants an integer, not '%s'", out->seed);
    return OLSTM__CLI_REFUSED;
  }
  return OLSTM__CLI_PARSED;
}

static olstm__cli_result parse(int argc, char** argv, run_options* out) {
  olstm__cli_list operands;
  const olstm__cli_option options[] = {
      {"i", OLSTM__CLI_LIST, &out->input.files, "NAME=FILE",
       "an input: .npy, .npz:ARRAY, or TensorProto .pb; FILE.npz: all it has", 0, 0,
       NULL},
      {"cast", OLSTM__CLI_FLAG, &out->input.cast, NULL,
       "convert inputs to the model's dtypes", 0, 0, NULL},
      {"o", OLSTM__CLI_TEXT, &out->folder, "DIR", "write the outputs there", 0, 0, NULL},
      {"format", OLSTM__CLI_CHOICE, &out->format, "npy|pb",
       "of the outputs written (default npy)", 0, 0, "npy|pb"},
      {"plot", OLSTM__CLI_TEXT, &out->plot, "FILE.svg", "draw an output over time", 0, 0,
       NULL},
      {"plot-output", OLSTM__CLI_TEXT, &out->plot_output, "NAME",
       "which output to draw (default the first)", 0, 0, NULL},
      {"random", OLSTM__CLI_TEXT, &out->seed, "SEED",
       "make up the inputs that -i does not give", 0, 0, NULL},
      {"dim", OLSTM__CLI_PAIRS, &out->input.dims, "NAME=N",
       "size of a symbolic dimension (default 1), by name or INPUT:AXIS", 0, 0, NULL},
      {"repeat", OLSTM__CLI_INT, &out->repeat, "N",
       "run N times and show the last (default 1)", 1, INT32_MAX, NULL},
      OLSTM__JOB_CLI_STATE_OPTIONS(out->job),
      {"load-state", OLSTM__CLI_TEXT, &out->load_state, "FILE",
       "first, take all state from a file", 0, 0, NULL},
      {"reset", OLSTM__CLI_FLAG, &out->reset, NULL,
       "then, put all state back to its initial value", 0, 0, NULL},
      {"set-state", OLSTM__CLI_PAIRS, &out->set_state, "SLOT=FILE",
       "then, set one state slot from a .npy, .npz or .pb", 0, 0, NULL},
      {"save-state", OLSTM__CLI_TEXT, &out->save_state, "FILE",
       "after the last run, write all state to a file", 0, 0, NULL},
      OLSTM__JOB_CLI_OPTIONS(out->job),
  };
  const olstm__cli_command command = {
      "run",
      "olstm run MODEL [options]",
      "Runs a model once and prints what went in and what came out.",
      options,
      sizeof options / sizeof options[0],
      1,
      1};
  const olstm__cli_result result = olstm__cli_parse(&command, argc, argv, &operands);
  if (result != OLSTM__CLI_PARSED) return result;
  out->model = operands.values[0];
  out->job.choose_given = olstm__input_choose_given;
  out->job.choose_data = &out->input;
  out->input.has_random = out->seed != NULL;
  return check_options(out);
}

int olstm__command_run(int argc, char** argv) {
  run_options options = {0};
  olstm_error error = {""};
  olstm__job job = {0};
  olstm__input_set inputs = {0};
  olstm__job_options_init(&options.job);
  options.format = "npy";
  options.repeat = 1;
  const olstm__cli_result parsed = parse(argc, argv, &options);
  if (parsed != OLSTM__CLI_PARSED) return olstm__cli_exit_code(parsed);
  const olstm_status status = run_job(&job, &options, &inputs, &error);
  olstm__progress_end();
  olstm__input_set_deinit(&inputs);
  olstm__job_deinit(&job);
  return status == OLSTM_STATUS_OK ? OLSTM__EXIT_OK : olstm__cli_fail(&error);
}
