// olstm ops: lists all operators, as lines or as the table of docs/operators.md.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "olstm/runtime.h"
#include "tools/cli.h"
#include "tools/command.h"
#include "tools/say.h"

/// Orders by domain, name, first opset.
static int compare_operators(const void* a, const void* b) {
  const olstm_operator* left = *(const olstm_operator* const*)a;
  const olstm_operator* right = *(const olstm_operator* const*)b;
  int order = strcmp(left->domain, right->domain);
  if (order == 0) order = strcmp(left->op_type, right->op_type);
  if (order == 0) order = left->first_opset - right->first_opset;
  return order;
}

static bool is_same_operator(const olstm_operator* a, const olstm_operator* b) {
  return strcmp(a->domain, b->domain) == 0 && strcmp(a->op_type, b->op_type) == 0;
}

#define DTYPE_BIT(name) OLSTM_DTYPE_BIT(OLSTM_DTYPE_##name)

/// Sets of dtypes that have a name of their own; docs/operators.md says which.
typedef struct dtype_group {
  const char* name;
  uint64_t dtypes;
} dtype_group;

static const dtype_group kGroups[] = {
    {"floats",
     DTYPE_BIT(FLOAT) | DTYPE_BIT(DOUBLE) | DTYPE_BIT(FLOAT16) | DTYPE_BIT(BFLOAT16)},
    {"integers", DTYPE_BIT(INT8) | DTYPE_BIT(INT16) | DTYPE_BIT(INT32) |
                     DTYPE_BIT(INT64) | DTYPE_BIT(UINT8) | DTYPE_BIT(UINT16) |
                     DTYPE_BIT(UINT32) | DTYPE_BIT(UINT64)},
};

static void print_dtypes(uint64_t dtypes) {
  const char* separator = "";
  for (size_t i = 0; i < sizeof kGroups / sizeof kGroups[0]; i++) {
    if ((dtypes & kGroups[i].dtypes) != kGroups[i].dtypes) continue;
    olstm__say(stdout, "%s%s", separator, kGroups[i].name);
    dtypes &= ~kGroups[i].dtypes;
    separator = ", ";
  }
  for (olstm_dtype dtype = 1; dtype <= OLSTM_DTYPE_BFLOAT16; dtype++) {
    if (!(dtypes & OLSTM_DTYPE_BIT(dtype))) continue;
    olstm__say(stdout, "%s%s", separator, olstm_dtype_name(dtype));
    separator = ", ";
  }
}

/// One line for all entries of one operator: `count` of them, neighbours in opset.
static void print_operator(const olstm_operator* const* entries, size_t count,
                           bool markdown) {
  const olstm_operator* first = entries[0];
  const char* domain = first->domain[0] ? first->domain : "ai.onnx";
  uint64_t dtypes = 0;
  for (size_t i = 0; i < count; i++) dtypes |= entries[i]->dtypes;
  olstm__say(stdout, markdown ? "| %s | %s | " : "%-24s %s  ", first->op_type, domain);
  for (size_t i = 0; i < count; i++) {
    olstm__say(stdout, "%s%d", i ? ", " : "", (int)entries[i]->first_opset);
    if (entries[i]->last_opset == 0) {
      olstm__say(stdout, "+");
    } else if (entries[i]->last_opset != entries[i]->first_opset) {
      olstm__say(stdout, "-%d", (int)entries[i]->last_opset);
    }
  }
  olstm__say(stdout, markdown ? " | " : "  ");
  print_dtypes(dtypes);
  olstm__say(stdout, markdown ? " |\n" : "\n");
}

static void print_all(const olstm_operator** entries, size_t count, bool markdown) {
  if (markdown) {
    olstm__say(stdout, "| operator | domain | opsets | dtypes of its first input |\n");
    olstm__say(stdout, "| --- | --- | --- | --- |\n");
  }
  for (size_t i = 0, next = 0; i < count; i = next) {
    for (next = i + 1; next < count && is_same_operator(entries[i], entries[next]);) {
      next++;
    }
    print_operator(entries + i, next - i, markdown);
  }
}

static int list_operators(const olstm__cli_list* plugins, bool markdown) {
  olstm_error error;
  olstm_registry* registry = NULL;
  olstm_status status = olstm_registry_create(NULL, &registry, &error);
  for (size_t i = 0; status == OLSTM_STATUS_OK && i < plugins->count; i++) {
    status = olstm_registry_load_plugin(registry, plugins->values[i], &error);
  }
  if (status != OLSTM_STATUS_OK) {
    olstm_registry_destroy(registry);
    return olstm__cli_fail(&error);
  }
  const size_t count = olstm_registry_operator_count(registry);
  const olstm_operator** entries = calloc(count + 1, sizeof(olstm_operator*));
  for (size_t i = 0; entries && i < count; i++) {
    entries[i] = olstm_registry_get_operator(registry, i);
  }
  if (entries) {
    qsort(entries, count, sizeof(olstm_operator*), compare_operators);
    print_all(entries, count, markdown);
  }
  const int exit_code =
      entries ? OLSTM__EXIT_OK
              : olstm__cli_complain(OLSTM__EXIT_FAILED, "no memory for a list");
  free(entries);
  olstm_registry_destroy(registry);
  return exit_code;
}

int olstm__command_ops(int argc, char** argv) {
  bool markdown = false;
  olstm__cli_list plugins = {0};
  olstm__cli_list operands;
  const olstm__cli_option options[] = {
      {"markdown", OLSTM__CLI_FLAG, &markdown, NULL, "as a Markdown table", 0, 0, NULL},
      {"plugin", OLSTM__CLI_LIST, &plugins, "FILE",
       "with the operators of a plugin library (runs its code)", 0, 0, NULL},
  };
  const olstm__cli_command command = {"ops",
                                      "olstm ops [options]",
                                      "Lists every operator with its domain, the opsets "
                                      "it is right for, and dtypes.",
                                      options,
                                      sizeof options / sizeof options[0],
                                      0,
                                      0};
  const olstm__cli_result parsed = olstm__cli_parse(&command, argc, argv, &operands);
  if (parsed != OLSTM__CLI_PARSED) return olstm__cli_exit_code(parsed);
  return list_operators(&plugins, markdown);
}
