// Command lines: options in a table, values checked, one line for what is wrong, help out
// of the same table. Knows nothing of models.
#ifndef OLSTM_TOOLS_CLI_H_
#define OLSTM_TOOLS_CLI_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "olstm/status.h"

/// What the process returns.
enum { OLSTM__EXIT_OK = 0, OLSTM__EXIT_FAILED = 1, OLSTM__EXIT_USAGE = 2 };

/// What an option takes, and the type that its target points to.
typedef enum olstm__cli_kind {
  /// nothing; bool, becomes true
  OLSTM__CLI_FLAG,
  /// nothing; bool, becomes false
  OLSTM__CLI_UNFLAG,
  /// text; const char*
  OLSTM__CLI_TEXT,
  /// an integer between min and max; int64_t
  OLSTM__CLI_INT,
  /// a finite number >= 0; double
  OLSTM__CLI_REAL,
  /// text, as often as one likes; olstm__cli_list
  OLSTM__CLI_LIST,
  /// NAME=VALUE, as often as one likes; olstm__cli_list
  OLSTM__CLI_PAIRS,
  /// one of the words in `choices` ("a|b|c"); const char*
  OLSTM__CLI_CHOICE
} olstm__cli_kind;

enum { OLSTM__CLI_LIST_CAPACITY = 256 };

/// The largest number of bytes, and of megabytes, that an option may take: what a size_t
/// holds.
#define OLSTM__CLI_MOST_BYTES ((int64_t)(SIZE_MAX >> 1))
#define OLSTM__CLI_MOST_MB (OLSTM__CLI_MOST_BYTES >> 20)

/// Values of an option that may be repeated, and operands. Borrowed from argv.
typedef struct olstm__cli_list {
  size_t count;
  const char* values[OLSTM__CLI_LIST_CAPACITY];
} olstm__cli_list;

typedef struct olstm__cli_option {
  /// Without dashes; a name of one letter has one dash.
  const char* name;
  olstm__cli_kind kind;
  void* target;
  /// For the help: what the value is, and what the option does.
  const char* value_name;
  const char* help;
  int64_t min;
  int64_t max;
  const char* choices;
} olstm__cli_option;

typedef struct olstm__cli_command {
  const char* name;
  /// "olstm bench MODEL [options]"
  const char* usage;
  const char* summary;
  const olstm__cli_option* options;
  size_t option_count;
  size_t min_operands;
  size_t max_operands;
} olstm__cli_command;

/// How parsing came out.
typedef enum olstm__cli_result {
  OLSTM__CLI_PARSED,
  /// --help was asked for, and was printed.
  OLSTM__CLI_HELPED,
  /// What is wrong was printed.
  OLSTM__CLI_REFUSED
} olstm__cli_result;

/// Parses argv[0 .. argc-1] (what follows the command's name) into the options' targets
/// and `out_operands`.
olstm__cli_result olstm__cli_parse(const olstm__cli_command* command, int argc,
                                   char** argv, olstm__cli_list* out_operands);

/// What the process returns after a result that is not PARSED.
int olstm__cli_exit_code(olstm__cli_result result);

/// Prints a command's help to stdout.
void olstm__cli_print_help(const olstm__cli_command* command);

/// Prints "olstm: MESSAGE" to stderr as one line, whatever is in the message, and returns
/// the exit code it is given.
int olstm__cli_complain(int exit_code, const char* format, ...) OLSTM_PRINTF_(2, 3);

/// Ends standard output. The exit code of the process: `exit_code`; or, when not all
/// could be written and nothing was complained of, 1 after a line that says why.
int olstm__cli_end(int exit_code);

/// As olstm__cli_complain, of a failed job.
int olstm__cli_fail(const olstm_error* error);

/// Reads a decimal integer that ends where the text ends; false when it is none or out of
/// range.
bool olstm__cli_read_int(const char* text, int64_t min, int64_t max, int64_t* out_value);

#endif  // OLSTM_TOOLS_CLI_H_
