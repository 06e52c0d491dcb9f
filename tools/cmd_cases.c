// olstm cases: writes test cases of the recurrent operators, for any runtime.
#include <inttypes.h>
#include <stdio.h>

#include "tools/case_catalog.h"
#include "tools/cli.h"
#include "tools/command.h"
#include "tools/file_bytes.h"
#include "tools/plain_text.h"
#include "tools/say.h"

typedef struct cases_options {
  const char* op_type;
  const char* folder;
  int64_t count;
  int64_t seed;
  olstm__cli_list filters;
} cases_options;

typedef struct writing {
  const cases_options* options;
  /// Of the cases with an answer, named as ONNX names its own; and of the others.
  char node_folder[OLSTM__PATH_CAPACITY];
  char open_folder[OLSTM__PATH_CAPACITY];
  size_t written;
  size_t open;
} writing;

static bool is_wanted(const olstm__cli_list* filters, const char* name) {
  bool is_found = filters->count == 0;
  for (size_t i = 0; i < filters->count && !is_found; i++) {
    is_found = olstm__text_matches(filters->values[i], name);
  }
  return is_found;
}

static olstm_status write_one(void* user, const olstm__recurrent_case* spec,
                              olstm_error* error) {
  writing* state = user;
  if (!is_wanted(&state->options->filters, spec->name)) return OLSTM_STATUS_OK;
  state->written++;
  if (spec->open) state->open++;
  return olstm__recurrent_case_write(spec,
                                     spec->open ? state->open_folder : state->node_folder,
                                     (uint64_t)state->options->seed, error);
}

static olstm_status write_all(const cases_options* options, olstm_error* error) {
  writing state = {.options = options};
  OLSTM_RETURN_IF_ERROR(olstm__folder_make(options->folder, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__path_join(options->folder, "node", state.node_folder, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__path_join(options->folder, "open", state.open_folder, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__case_catalog_visit(options->op_type, write_one, &state, error));
  const size_t systematic = state.written;
  OLSTM_RETURN_IF_ERROR(
      olstm__case_catalog_visit_random(options->op_type, (uint64_t)options->seed,
                                       options->count, write_one, &state, error));
  if (state.written == 0) {
    return olstm_fail(error, OLSTM_STATUS_NOT_FOUND, "--filter leaves no case of %s",
                      options->op_type);
  }
  olstm__say(stdout, "%zu cases of %s in %s, %zu of them random, %zu open\n",
             state.written, options->op_type, options->folder, state.written - systematic,
             state.open);
  return OLSTM_STATUS_OK;
}

int olstm__command_cases(int argc, char** argv) {
  cases_options given = {.count = 0, .seed = 1};
  olstm__cli_list operands;
  olstm_error error;
  const olstm__cli_option options[] = {
      {"op", OLSTM__CLI_CHOICE, &given.op_type, "OP", "LSTM, GRU or RNN", 0, 0,
       "LSTM|GRU|RNN"},
      {"o", OLSTM__CLI_TEXT, &given.folder, "DIR", "the folder to write to", 0, 0, NULL},
      {"count", OLSTM__CLI_INT, &given.count, "N",
       "random cases, besides the systematic ones (default 0)", 0, 9999, NULL},
      {"seed", OLSTM__CLI_INT, &given.seed, "S", "of the values (default 1)", 0,
       INT64_MAX, NULL},
      {"filter", OLSTM__CLI_LIST, &given.filters, "GLOB",
       "only cases of such names; several add up", 0, 0, NULL},
  };
  const olstm__cli_command command = {
      "cases",
      "olstm cases --op LSTM|GRU|RNN -o DIR [options]",
      "Writes test cases in ONNX's backend format: each feature of the operator, each\n"
      "pair of them, and random mixtures: in DIR/node, as ONNX has its own. What the\n"
      "specification leaves open is in DIR/open, with the sentence.",
      options,
      sizeof options / sizeof options[0],
      0,
      0};
  const olstm__cli_result parsed = olstm__cli_parse(&command, argc, argv, &operands);
  if (parsed != OLSTM__CLI_PARSED) return olstm__cli_exit_code(parsed);
  if (!given.op_type || !given.folder) {
    return olstm__cli_complain(OLSTM__EXIT_USAGE, "cases: %s is missing (usage: %s)",
                               given.op_type ? "-o DIR" : "--op", command.usage);
  }
  return write_all(&given, &error) == OLSTM_STATUS_OK ? OLSTM__EXIT_OK
                                                      : olstm__cli_fail(&error);
}
