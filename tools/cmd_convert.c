// olstm convert: an ONNX file that other runtimes run better.
#include <stdio.h>
#include <string.h>

#include "runtime/convert/model_convert.h"
#include "system/file.h"
#include "system/path.h"
#include "tools/cli.h"
#include "tools/command.h"
#include "tools/file_bytes.h"
#include "tools/json_writer.h"
#include "tools/say.h"

typedef struct convert_options {
  const char* to;
  const char* json;
  const char* external_data;
  int64_t external_data_size;
  int64_t max_memory_mb;
  int64_t max_work;
  bool in_place;
  bool keep_loops;
  bool keep_constants;
  bool fix_batch;
  bool state_io;
  bool stateless;
  const char* state_names;
} convert_options;

// ---------------------------------------------------------------- files

/// False when it cannot be read: a model can.
static bool look(const char* path, olstm__file_facts* out_facts) {
  olstm__file file = OLSTM__NO_FILE;
  const bool is_seen =
      !olstm__file_open(path, &file) && !olstm__file_look(file, out_facts);
  olstm__file_close(file);
  return is_seen;
}

static bool is_same_file(const char* a, const char* b) {
  olstm__file_facts of_a, of_b;
  if (strcmp(a, b) == 0) return true;
  return look(a, &of_a) && look(b, &of_b) && of_a.number != 0 &&
         of_a.number == of_b.number && of_a.device == of_b.device;
}

/// Makes sure that the file can be written, and that it is no device: a new file takes
/// its place.
static olstm_status check_target(const char* path, olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(olstm__file_check_writable(path, error));
  if (olstm__path_look(path) == OLSTM__PATH_OTHER) {
    return olstm_fail(error, OLSTM_STATUS_IO_ERROR,
                      "cannot write '%s': it is not a regular file", path);
  }
  return OLSTM_STATUS_OK;
}

static olstm_status check_targets(const char* from, const convert_options* options,
                                  olstm_error* error) {
  char data[OLSTM__PATH_CAPACITY];
  const int length =
      snprintf(data, sizeof data, "%s%s", options->to, olstm__convert_data_suffix);
  if (length < 0 || (size_t)length >= sizeof data) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "path too long: '%.200s'",
                      options->to);
  }
  if (!options->in_place && is_same_file(from, options->to)) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "'%s' is the model itself: --in-place replaces it", options->to);
  }
  if (is_same_file(from, data)) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "'%s' is the model itself: external data would replace it", data);
  }
  if (options->json &&
      (is_same_file(options->json, from) || is_same_file(options->json, options->to) ||
       is_same_file(options->json, data))) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "'%s' is a file of the model: the report would replace it",
                      options->json);
  }
  OLSTM_RETURN_IF_ERROR(check_target(options->to, error));
  return check_target(data, error);
}

// ---------------------------------------------------------------- reports

static void print_report(const olstm__convert_report* report) {
  for (size_t i = 0; i < report->count; i++) {
    const olstm__convert_note* note = &report->notes[i];
    olstm__say(stdout, "%-7s  %s%s%s: %s\n", note->is_change ? "changed" : "stays",
               note->subject, note->name[0] ? " " : "", note->name, note->text);
  }
}

static olstm_status write_json(const char* path, const char* from, const char* to,
                               const olstm__convert_report* report, olstm_error* error) {
  FILE* file = olstm__path_open(path, "w");
  olstm__json_writer json = {file, true};
  if (!file) {
    return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "cannot write '%s'", path);
  }
  olstm__json_open(&json, NULL, '{');
  olstm__json_text(&json, "from", from);
  olstm__json_text(&json, "to", to);
  olstm__json_open(&json, "notes", '[');
  for (size_t i = 0; i < report->count; i++) {
    const olstm__convert_note* note = &report->notes[i];
    olstm__json_open(&json, NULL, '{');
    olstm__json_bool(&json, "changed", note->is_change);
    olstm__json_text(&json, "subject", note->subject);
    olstm__json_text(&json, "name", note->name);
    olstm__json_text(&json, "text", note->text);
    olstm__json_close(&json, '}');
  }
  olstm__json_close(&json, ']');
  olstm__json_close(&json, '}');
  const bool is_whole = fputc('\n', file) != EOF && !ferror(file);
  if (fclose(file) == 0 && is_whole) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "cannot write '%s'", path);
}

// ---------------------------------------------------------------- command

static olstm_status convert(const char* from, const convert_options* given,
                            olstm_error* error) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  const olstm__convert_options options = {
      .external_data_folder = given->external_data,
      .external_data_bytes = (size_t)given->external_data_size,
      .max_memory = (size_t)given->max_memory_mb << 20,
      .max_work = (uint64_t)given->max_work,
      .keeps_loops = given->keep_loops,
      .keeps_constants = given->keep_constants,
      .opens_batch = given->fix_batch,
      .states = given->state_io    ? OLSTM__CONVERT_STATES_IO
                : given->stateless ? OLSTM__CONVERT_STATES_NONE
                                   : OLSTM__CONVERT_STATES_KEEP,
      .state_names = given->state_names,
  };
  olstm__convert_report report;
  OLSTM_RETURN_IF_ERROR(check_targets(from, given, error));
  if (given->json) OLSTM_RETURN_IF_ERROR(olstm__file_check_writable(given->json, error));
  olstm__convert_report_init(&report, &allocator);
  olstm_status status = olstm__convert_file(from, given->to, &options, &report, error);
  if (status == OLSTM_STATUS_OK) {
    print_report(&report);
    olstm__say(stdout, "wrote %s\n", given->to);
  }
  if (status == OLSTM_STATUS_OK && given->json) {
    status = write_json(given->json, from, given->to, &report, error);
  }
  olstm__convert_report_deinit(&report);
  return status;
}

int olstm__command_convert(int argc, char** argv) {
  convert_options given = {0};
  olstm__cli_list operands;
  olstm_error error;
  const olstm__cli_option options[] = {
      {"o", OLSTM__CLI_TEXT, &given.to, "OUT", "the file to write", 0, 0, NULL},
      {"in-place", OLSTM__CLI_FLAG, &given.in_place, NULL,
       "OUT may be the model itself, which is replaced", 0, 0, NULL},
      {"fix-batch", OLSTM__CLI_FLAG, &given.fix_batch, NULL,
       "open a batch that is baked in", 0, 0, NULL},
      {"state-io", OLSTM__CLI_FLAG, &given.state_io, NULL,
       "recurrent layers' states become inputs and outputs", 0, 0, NULL},
      {"stateless", OLSTM__CLI_FLAG, &given.stateless, NULL,
       "states that are inputs become zeros", 0, 0, NULL},
      {"state-names", OLSTM__CLI_TEXT, &given.state_names, "H,C",
       "of states: default {node}/h.{io},{node}/c.{io}", 0, 0, NULL},
      {"keep-loops", OLSTM__CLI_FLAG, &given.keep_loops, NULL,
       "leave Loops, Scans and unrolled cells as they are", 0, 0, NULL},
      {"keep-constants", OLSTM__CLI_FLAG, &given.keep_constants, NULL,
       "leave nodes that compute constants as they are", 0, 0, NULL},
      {"external-data-size", OLSTM__CLI_INT, &given.external_data_size, "BYTES",
       "initializers from this size on go to OUT.data", 1, OLSTM__CLI_MOST_BYTES, NULL},
      {"json", OLSTM__CLI_TEXT, &given.json, "FILE", "write the report as JSON, too", 0,
       0, NULL},
      {"external-data", OLSTM__CLI_TEXT, &given.external_data, "DIR",
       "read external data from DIR too, links included", 0, 0, NULL},
      {"max-memory", OLSTM__CLI_INT, &given.max_memory_mb, "MB",
       "most that constants that are computed may take; or loading", 1,
       OLSTM__CLI_MOST_MB, NULL},
      {"max-work", OLSTM__CLI_INT, &given.max_work, "N",
       "most work on constants, in units of an eighth of a nanosecond", 1, INT64_MAX,
       NULL},
  };
  const olstm__cli_command command = {
      "convert",
      "olstm convert MODEL -o OUT [options]",
      "Writes the model for other runtimes, and says what was changed and what stays.\n"
      "Names, metadata, and the order of inputs and outputs stay as they are.",
      options,
      sizeof options / sizeof options[0],
      1,
      1};
  const olstm__cli_result parsed = olstm__cli_parse(&command, argc, argv, &operands);
  if (parsed != OLSTM__CLI_PARSED) return olstm__cli_exit_code(parsed);
  if (!given.to) {
    return olstm__cli_complain(OLSTM__EXIT_USAGE,
                               "convert: -o OUT is missing (usage: %s)", command.usage);
  }
  if (given.state_io && given.stateless) {
    return olstm__cli_complain(OLSTM__EXIT_USAGE,
                               "convert: --state-io and --stateless exclude each other");
  }
  if (given.state_names && !given.state_io && !given.stateless) {
    return olstm__cli_complain(OLSTM__EXIT_USAGE,
                               "convert: --state-names is of --state-io and --stateless");
  }
  return convert(operands.values[0], &given, &error) == OLSTM_STATUS_OK
             ? OLSTM__EXIT_OK
             : olstm__cli_fail(&error);
}
