// The olstm command: finds the command that is asked for.
#include <stdio.h>
#include <string.h>

#include "olstm/version.h"

#include "system/standard_files.h"
#include "tools/cli.h"
#include "tools/command.h"
#include "tools/say.h"

typedef struct command {
  const char* name;
  int (*run)(int argc, char** argv);
  const char* summary;
} command;

static const command kCommands[] = {
    {"run", olstm__command_run, "run a model on files or made-up inputs"},
    {"inspect", olstm__command_inspect,
     "show inputs, outputs, steps, kernels, state and memory of a model"},
    {"conform", olstm__command_conform, "check ONNX test cases"},
    {"cases", olstm__command_cases, "write test cases of LSTM, GRU and RNN"},
    {"convert", olstm__command_convert, "write a model that other runtimes run better"},
    {"bench", olstm__command_bench, "measure a model"},
    {"ops", olstm__command_ops, "list the operators"},
    {"weights", olstm__command_weights,
     "write recurrent layers' weights as Keras has them"},
};
enum { kCommandCount = sizeof kCommands / sizeof kCommands[0] };

static void print_help(void) {
  printf("olstm %s: runs ONNX models with LSTM layers\n\nusage: olstm COMMAND ...\n\n",
         OLSTM_VERSION_TEXT);
  for (size_t i = 0; i < kCommandCount; i++) {
    printf("  %-10s %s\n", kCommands[i].name, kCommands[i].summary);
  }
  printf("\nolstm COMMAND --help lists a command's options.\n");
}

static int run(int argc, char** argv) {
  if (argc < 2) {
    return olstm__cli_complain(OLSTM__EXIT_USAGE,
                               "a command is missing (olstm --help lists them)");
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
    print_help();
    return OLSTM__EXIT_OK;
  }
  if (strcmp(argv[1], "--version") == 0) {
    printf("olstm %s\n", OLSTM_VERSION_TEXT);
    return OLSTM__EXIT_OK;
  }
  for (size_t i = 0; i < kCommandCount; i++) {
    if (strcmp(argv[1], kCommands[i].name) == 0) {
      return kCommands[i].run(argc - 2, argv + 2);
    }
  }
  return olstm__cli_complain(OLSTM__EXIT_USAGE,
                             "unknown command '%s' (olstm --help lists them)", argv[1]);
}

int main(int argc, char** argv) {
  olstm__standard_files_begin();
  return olstm__cli_end(run(argc, argv));
}
