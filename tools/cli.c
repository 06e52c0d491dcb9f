// See cli.h.
#include "tools/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/say.h"

static bool has_complained;

int olstm__cli_complain(int exit_code, const char* format, ...) {
  char message[2 * OLSTM_ERROR_CAPACITY];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  olstm__say_flush();
  olstm__say(stderr, "olstm: %s\n", message);
  has_complained = true;
  return exit_code;
}

int olstm__cli_end(int exit_code) {
  const char* why = olstm__say_end();
  if (!why || has_complained) return exit_code;
  return olstm__cli_complain(OLSTM__EXIT_FAILED, "cannot write to standard output: %s",
                             why);
}

int olstm__cli_fail(const olstm_error* error) {
  return olstm__cli_complain(OLSTM__EXIT_FAILED, "%s", error->message);
}

bool olstm__cli_read_int(const char* text, int64_t min, int64_t max, int64_t* out_value) {
  char* end = NULL;
  if (!*text || *text == ' ') return false;
  errno = 0;
  const long long value = strtoll(text, &end, 10);
  if (errno != 0 || *end != '\0' || value < min || value > max) return false;
  *out_value = value;
  return true;
}

static bool read_real(const char* text, double* out_value) {
  char* end = NULL;
  if (!*text || *text == ' ') return false;
  const double value = strtod(text, &end);
  if (*end != '\0' || !isfinite(value) || value < 0) return false;
  *out_value = value;
  return true;
}

/// Whether `word` is among "a|b|c".
static bool is_choice(const char* choices, const char* word) {
  const size_t length = strlen(word);
  for (const char* at = choices; length > 0 && at; at = strchr(at, '|')) {
    if (*at == '|') at++;
    if (strncmp(at, word, length) == 0 && (at[length] == '|' || at[length] == '\0')) {
      return true;
    }
  }
  return false;
}

static const char* dashes(const char* name) {
  return name[1] ? "--" : "-";
}

static bool takes_value(const olstm__cli_option* option) {
  return option->kind != OLSTM__CLI_FLAG && option->kind != OLSTM__CLI_UNFLAG;
}

/// Appends to a list; pairs must have a name and a value.
static bool store_in_list(const olstm__cli_command* command,
                          const olstm__cli_option* option, const char* value) {
  olstm__cli_list* list = (olstm__cli_list*)option->target;
  const char* equals = strchr(value, '=');
  if (option->kind == OLSTM__CLI_PAIRS &&
      (!equals || equals == value || value[strlen(value) - 1] == '=')) {
    (void)olstm__cli_complain(0, "%s: %s%s wants %s, not '%s'", command->name,
                              dashes(option->name), option->name, option->value_name,
                              value);
    return false;
  }
  if (list->count == OLSTM__CLI_LIST_CAPACITY) {
    (void)olstm__cli_complain(0, "%s: %s%s is given more than %d times", command->name,
                              dashes(option->name), option->name,
                              (int)OLSTM__CLI_LIST_CAPACITY);
    return false;
  }
  list->values[list->count++] = value;
  return true;
}

/// Puts the value into the option's target; says what is wrong and returns false if it
/// cannot be.
static bool store(const olstm__cli_command* command, const olstm__cli_option* option,
                  const char* value) {
  switch (option->kind) {
    case OLSTM__CLI_FLAG:
      *(bool*)option->target = true;
      return true;
    case OLSTM__CLI_UNFLAG:
      *(bool*)option->target = false;
      return true;
    case OLSTM__CLI_TEXT:
      *(const char**)option->target = value;
      return true;
    case OLSTM__CLI_INT:
      if (olstm__cli_read_int(value, option->min, option->max,
                              (int64_t*)option->target)) {
        return true;
      }
      (void)olstm__cli_complain(
          0, "%s: %s%s wants an integer from %" PRId64 " to %" PRId64 ", not '%s'",
          command->name, dashes(option->name), option->name, option->min, option->max,
          value);
      return false;
    case OLSTM__CLI_REAL:
      if (read_real(value, (double*)option->target)) return true;
      (void)olstm__cli_complain(0, "%s: %s%s wants a number, 0 or more, not '%s'",
                                command->name, dashes(option->name), option->name, value);
      return false;
    case OLSTM__CLI_LIST:
    case OLSTM__CLI_PAIRS:
      return store_in_list(command, option, value);
    case OLSTM__CLI_CHOICE:
      *(const char**)option->target = value;
      if (is_choice(option->choices, value)) return true;
      (void)olstm__cli_complain(0, "%s: %s%s is one of %s, not '%s'", command->name,
                                dashes(option->name), option->name, option->choices,
                                value);
      return false;
  }
  return false;
}

/// The option that `argument` ("--name", "--name=value" or "-n") names. *out_value is
/// what follows the "=", or NULL.
static const olstm__cli_option* find_option(const olstm__cli_command* command,
                                            const char* argument,
                                            const char** out_value) {
  const bool is_long = argument[1] == '-';
  const char* name = argument + (is_long ? 2 : 1);
  const char* equals = is_long ? strchr(name, '=') : NULL;
  const size_t length = equals ? (size_t)(equals - name) : strlen(name);
  *out_value = equals ? equals + 1 : NULL;
  for (size_t i = 0; i < command->option_count; i++) {
    const char* candidate = command->options[i].name;
    if (is_long == (candidate[1] != '\0') && strlen(candidate) == length &&
        strncmp(candidate, name, length) == 0) {
      return &command->options[i];
    }
  }
  return NULL;
}

/// Handles the option at argv[*index] and moves *index to the last argument it took.
static bool parse_option(const olstm__cli_command* command, int argc, char** argv,
                         int* index) {
  const char* value = NULL;
  const char* argument = argv[*index];
  const olstm__cli_option* option = find_option(command, argument, &value);
  if (!option) {
    (void)olstm__cli_complain(0, "%s: unknown option '%s' (olstm %s --help lists them)",
                              command->name, argument, command->name);
    return false;
  }
  if (!takes_value(option)) {
    if (!value) return store(command, option, NULL);
    (void)olstm__cli_complain(0, "%s: %s%s takes no value", command->name,
                              dashes(option->name), option->name);
    return false;
  }
  if (!value) {
    if (*index + 1 >= argc) {
      (void)olstm__cli_complain(0, "%s: %s%s wants %s after it", command->name,
                                dashes(option->name), option->name, option->value_name);
      return false;
    }
    value = argv[++*index];
  }
  return store(command, option, value);
}

static bool is_help(const char* argument) {
  return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
}

int olstm__cli_exit_code(olstm__cli_result result) {
  return result == OLSTM__CLI_REFUSED ? OLSTM__EXIT_USAGE : OLSTM__EXIT_OK;
}

olstm__cli_result olstm__cli_parse(const olstm__cli_command* command, int argc,
                                   char** argv, olstm__cli_list* out_operands) {
  bool options_ended = false;
  out_operands->count = 0;
  for (int i = 0; i < argc; i++) {
    if (!options_ended && is_help(argv[i])) {
      olstm__cli_print_help(command);
      return OLSTM__CLI_HELPED;
    }
    if (!options_ended && strcmp(argv[i], "--") == 0) {
      options_ended = true;
    } else if (!options_ended && argv[i][0] == '-' && argv[i][1] != '\0') {
      if (!parse_option(command, argc, argv, &i)) return OLSTM__CLI_REFUSED;
    } else if (out_operands->count >= command->max_operands) {
      (void)olstm__cli_complain(0, "%s: '%s' is one argument too many (usage: %s)",
                                command->name, argv[i], command->usage);
      return OLSTM__CLI_REFUSED;
    } else {
      out_operands->values[out_operands->count++] = argv[i];
    }
  }
  if (out_operands->count < command->min_operands) {
    (void)olstm__cli_complain(0, "%s: an argument is missing (usage: %s)", command->name,
                              command->usage);
    return OLSTM__CLI_REFUSED;
  }
  return OLSTM__CLI_PARSED;
}

void olstm__cli_print_help(const olstm__cli_command* command) {
  printf("usage: %s\n\n%s\n", command->usage, command->summary);
  if (command->option_count > 0) printf("\noptions:\n");
  for (size_t i = 0; i < command->option_count; i++) {
    const olstm__cli_option* option = &command->options[i];
    char left[64];
    (void)snprintf(left, sizeof left, "%s%s%s%s", dashes(option->name), option->name,
                   takes_value(option) ? " " : "",
                   takes_value(option) ? option->value_name : "");
    printf("  %-26s %s\n", left, option->help);
  }
}
