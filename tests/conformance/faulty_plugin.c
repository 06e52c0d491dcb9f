// A plugin whose LSTM, GRU and RNN are olstm's own with one fault, which OLSTM_FAULT in
// the environment names: for tests of what finds faults. Without it they are right.
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "op/builtin.h"
#include "system/thread.h"

enum {
  kMaxOperators = 64,
  kMaxInputs = 8,
  kMaxAttributes = 16,
  kNone = -1,
  kNowhere = 64
};

/// What is wrong. An attribute or an input is taken away when the node is made; the rest
/// happens in a run.
typedef struct fault {
  const char* name;
  const char* attribute;
  /// The input is taken away in this direction alone; NULL: in all.
  const char* direction;
  void (*before_run)(void);
  int input;
  bool swaps_peepholes, swaps_final_states;
} fault;

static void crash(void) {
  // Nothing is there on any system.
  volatile int* volatile nowhere = (volatile int*)(uintptr_t)kNowhere;
  (void)signal(SIGSEGV, SIG_DFL);
  *nowhere = 1;
}

static void hang(void) {
  for (;;) olstm__thread_pause();
}

static void allocate_endlessly(void) {
  enum { kBytes = 1 << 26 };
  for (;;) {
    char* memory = malloc(kBytes);
    // What a C++ runtime does.
    if (!memory) abort();
    memset(memory, 1, kBytes);
  }
}

static const fault kFaults[] = {
    {.name = "clip", .attribute = "clip", .input = kNone},
    {.name = "sequence_lens", .input = OLSTM_RECURRENT_SEQUENCE_LENS},
    {.name = "reverse", .input = OLSTM_RECURRENT_SEQUENCE_LENS, .direction = "reverse"},
    {.name = "peepholes", .input = kNone, .swaps_peepholes = true},
    {.name = "y_h", .input = kNone, .swaps_final_states = true},
    {.name = "layout", .attribute = "layout", .input = kNone},
    {.name = "initial_c", .input = OLSTM_RECURRENT_INITIAL_C},
    {.name = "linear_before_reset", .attribute = "linear_before_reset", .input = kNone},
    {.name = "alpha", .attribute = "activation_alpha", .input = kNone},
    {.name = "input_forget", .attribute = "input_forget", .input = kNone},
    {.name = "crash", .input = kNone, .before_run = crash},
    {.name = "hang", .input = kNone, .before_run = hang},
    {.name = "allocate", .input = kNone, .before_run = allocate_endlessly},
};

static const fault* find_fault(void) {
  static const fault kRight = {.name = "", .input = kNone};
  const char* name = getenv("OLSTM_FAULT");
  for (size_t i = 0; name && i < sizeof kFaults / sizeof kFaults[0]; i++) {
    if (strcmp(kFaults[i].name, name) == 0) return &kFaults[i];
  }
  return &kRight;
}

/// An operator with the one that it wraps.
typedef struct faulty_operator {
  olstm_operator table;
  const olstm_operator* right;
} faulty_operator;

typedef struct faulty_instance {
  const olstm_operator* right;
  void* inner;
  const fault* fault;
  bool drops_input;
  /// What the operator was made of; it borrows it.
  olstm_node node;
  olstm_attribute attributes[kMaxAttributes];
  const char* input_names[kMaxInputs];
  const olstm_tensor* constants[kMaxInputs];
  /// Of the last prepare.
  olstm_tensor_desc peepholes, final_state;
} faulty_instance;

// ---------------------------------------------------------------- nodes

static bool is_in_direction(const olstm_node* node, const char* direction) {
  const olstm_attribute* found = olstm_node_find_attribute(node, "direction");
  return !direction || (found && strcmp(found->strings[0].bytes, direction) == 0);
}

static void change_node(faulty_instance* instance, const olstm_node* node) {
  const fault* wrong = instance->fault;
  olstm_node* changed = &instance->node;
  *changed = *node;
  changed->attribute_count = 0;
  for (size_t a = 0; a < node->attribute_count; a++) {
    if (wrong->attribute && strcmp(node->attributes[a].name, wrong->attribute) == 0) {
      continue;
    }
    instance->attributes[changed->attribute_count++] = node->attributes[a];
  }
  changed->attributes = instance->attributes;
  instance->drops_input =
      wrong->input != kNone && is_in_direction(node, wrong->direction);
  for (size_t i = 0; i < node->input_count; i++) {
    const bool is_dropped = instance->drops_input && (int)i == wrong->input;
    instance->input_names[i] = is_dropped ? "" : node->input_names[i];
    instance->constants[i] = is_dropped ? NULL : node->constants[i];
  }
  changed->input_names = instance->input_names;
  changed->constants = instance->constants;
}

static olstm_status create(const olstm_operator* self, const olstm_create_args* args,
                           void** out_instance, olstm_error* error) {
  faulty_instance* instance = calloc(1, sizeof *instance);
  olstm_create_args changed = *args;
  if (!instance) return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory");
  instance->right = ((const faulty_operator*)self)->right;
  instance->fault = find_fault();
  change_node(instance, args->node);
  changed.node = &instance->node;
  const olstm_status status =
      instance->right->create(instance->right, &changed, &instance->inner, error);
  if (status == OLSTM_STATUS_OK) {
    *out_instance = instance;
  } else {
    free(instance);
  }
  return status;
}

// ---------------------------------------------------------------- inputs

static void drop_desc(const faulty_instance* instance, size_t count,
                      const olstm_tensor* const* inputs, const olstm_tensor** changed) {
  for (size_t i = 0; i < count; i++) {
    const bool is_dropped = instance->drops_input && (int)i == instance->fault->input;
    changed[i] = is_dropped ? NULL : inputs[i];
  }
}

static olstm_status infer(const void* self, const olstm_infer_args* args,
                          olstm_tensor_desc* out_outputs, olstm_error* error) {
  const faulty_instance* instance = self;
  const olstm_tensor* inputs[kMaxInputs];
  olstm_infer_args changed = *args;
  drop_desc(instance, args->input_count, args->inputs, inputs);
  changed.inputs = inputs;
  return instance->right->infer(instance->inner, &changed, out_outputs, error);
}

static olstm_status prepare(void* self, const olstm_prepare_args* args,
                            olstm_prepared* out_prepared, olstm_error* error) {
  faulty_instance* instance = self;
  const olstm_tensor* inputs[kMaxInputs];
  olstm_prepare_args changed = *args;
  drop_desc(instance, args->input_count, args->inputs, inputs);
  changed.inputs = inputs;
  if (args->input_count > OLSTM_RECURRENT_P && args->inputs[OLSTM_RECURRENT_P]) {
    instance->peepholes = args->inputs[OLSTM_RECURRENT_P]->desc;
  }
  if (args->output_count > OLSTM_RECURRENT_Y_H) {
    instance->final_state = args->outputs[OLSTM_RECURRENT_Y_H];
  }
  return instance->right->prepare(instance->inner, &changed, out_prepared, error);
}

// ---------------------------------------------------------------- runs

/// P is i o f; this one takes it for i f o. NULL without memory.
static void* swap_peepholes(const olstm_tensor_desc* desc, const void* data) {
  const size_t bytes = (size_t)(desc->dims[1] / 3) * olstm_dtype_size(desc->dtype);
  char* swapped = malloc((size_t)desc->dims[0] * 3 * bytes + 1);
  for (int64_t d = 0; swapped && d < desc->dims[0]; d++) {
    static const size_t kTaken[] = {0, 2, 1};
    for (size_t g = 0; g < 3; g++) {
      const size_t first = (size_t)d * 3 * bytes;
      memcpy(swapped + first + g * bytes, (const char*)data + first + kTaken[g] * bytes,
             bytes);
    }
  }
  return swapped;
}

/// Y_h of the other direction.
static void swap_final_states(const olstm_tensor_desc* desc, char* data) {
  if (!data || desc->dims[0] != 2) return;
  const size_t bytes =
      (size_t)(desc->dims[1] * desc->dims[2]) * olstm_dtype_size(desc->dtype);
  for (size_t i = 0; i < bytes; i++) {
    const char byte = data[i];
    data[i] = data[bytes + i];
    data[bytes + i] = byte;
  }
}

static olstm_status run(const void* self, const void* handle, const olstm_run_args* args,
                        olstm_error* error) {
  const faulty_instance* instance = self;
  const fault* wrong = instance->fault;
  const void* inputs[kMaxInputs] = {NULL};
  olstm_run_args changed = *args;
  void* peepholes = NULL;
  (void)printf("PASS what a plugin prints is no line of conform's\n");
  (void)fflush(stdout);
  if (wrong->before_run) wrong->before_run();
  for (size_t i = 0; i < instance->node.input_count; i++) {
    const bool is_dropped = instance->drops_input && (int)i == wrong->input;
    inputs[i] = is_dropped ? NULL : args->inputs[i];
  }
  if (wrong->swaps_peepholes && inputs[OLSTM_RECURRENT_P]) {
    peepholes = swap_peepholes(&instance->peepholes, inputs[OLSTM_RECURRENT_P]);
    inputs[OLSTM_RECURRENT_P] = peepholes;
  }
  changed.inputs = inputs;
  const olstm_status status =
      instance->right->run(instance->inner, handle, &changed, error);
  if (wrong->swaps_final_states && instance->node.output_count > OLSTM_RECURRENT_Y_H) {
    swap_final_states(&instance->final_state, args->outputs[OLSTM_RECURRENT_Y_H]);
  }
  free(peepholes);
  return status;
}

static void release(void* self, void* handle) {
  const faulty_instance* instance = self;
  instance->right->release(instance->inner, handle);
}

static void destroy(void* self) {
  faulty_instance* instance = self;
  if (!instance) return;
  instance->right->destroy(instance->inner);
  free(instance);
}

// ---------------------------------------------------------------- the plugin

static faulty_operator operators[kMaxOperators];
static size_t operator_count;

static bool is_recurrent(const olstm_operator* op) {
  return op->domain[0] == '\0' &&
         (strcmp(op->op_type, "LSTM") == 0 || strcmp(op->op_type, "GRU") == 0 ||
          strcmp(op->op_type, "RNN") == 0);
}

static size_t count_operators(void) {
  return operator_count;
}

static const olstm_operator* get_operator(size_t index) {
  return &operators[index].table;
}

const olstm_plugin* olstm_plugin_entry(const olstm_host* host, olstm_error* error) {
  static const olstm_plugin kPlugin = {.struct_size = sizeof(olstm_plugin),
                                       .abi_version = OLSTM_ABI_VERSION,
                                       .name = "faulty",
                                       .version = "1",
                                       .operator_count = count_operators,
                                       .get_operator = get_operator};
  const olstm_plugin* right = olstm__builtin_plugin();
  (void)host;
  (void)error;
  operator_count = 0;
  for (size_t i = 0; i < right->operator_count(); i++) {
    const olstm_operator* op = right->get_operator(i);
    if (!is_recurrent(op) || operator_count == kMaxOperators) continue;
    faulty_operator* added = &operators[operator_count++];
    added->right = op;
    added->table = *op;
    added->table.create = create;
    added->table.infer = infer;
    added->table.prepare = prepare;
    added->table.run = run;
    added->table.release = release;
    added->table.destroy = destroy;
  }
  return &kPlugin;
}
