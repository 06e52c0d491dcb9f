// The operator ABI, version 1: how a host (olstm's runtime, ONNX Runtime, your own
// runner) uses operators, and how a library offers them. olstm's built-in operators go
// through exactly this table.
//
// The life of an operator:
//
//   create   once a node: reads attributes, packs constant inputs. May allocate.
//   infer    once a set of input shapes: dtypes and shapes of the outputs. May not
//            allocate.
//   prepare  once a set of input shapes: chooses kernels, says how much workspace a run
//            needs; what it makes is const from then on. May allocate.
//   run      as often as you like, on any number of threads at once, each with its own
//            outputs and workspace: pointers only. May not allocate, lock, or call the
//            system.
//   release, destroy
//
// Calls of create, infer, prepare, release and destroy on one instance are serialised by
// the host; run is not. All mutable memory of a run (outputs, workspace) comes from the
// host. Operators keep no state between runs: a recurrent operator takes its state as
// inputs and gives the next one as outputs.
//
// Growth: every struct of this header, and olstm_node, starts with its size; fields are
// only ever appended. Whoever reads a struct made by the other side looks at struct_size
// before it touches a field that version 1 did not have. The structs of other headers
// (olstm_tensor, olstm_attribute, olstm_allocator, ...) never grow.
#ifndef OLSTM_PLUGIN_H_
#define OLSTM_PLUGIN_H_

#include "olstm/allocator.h"
#include "olstm/export.h"
#include "olstm/node.h"
#include "olstm/status.h"
#include "olstm/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The version of this ABI. A plugin that needs version V runs on every host of version V
/// or later.
enum { OLSTM_ABI_VERSION = 1 };

/// What an operator computes floating-point products in. Anything but F32 is the user's
/// explicit wish; operators that have no such kernel compute as usual.
enum { OLSTM_PRECISION_F32 = 0, OLSTM_PRECISION_BF16 = 1, OLSTM_PRECISION_INT8 = 2 };

/// The host, as operators see it. Borrowed for as long as any instance made with it
/// lives.
typedef struct olstm_host {
  size_t struct_size;
  uint32_t abi_version;
  /// For messages: "olstm 0.1.0".
  const char* name;
  /// For everything that create and prepare keep. Never NULL.
  const olstm_allocator* allocator;
  /// The host's own; not for operators.
  void* shared;
  /// Memory that instances share: a constant packed for several nodes, once. NULL, as the
  /// next is, where a host has none (struct_size says whether it has the fields).
  ///
  /// Gives `bytes` of memory that all calls with the same key get, aligned to
  /// OLSTM_ALIGNMENT; NULL without memory. *out_is_new: the first one, which has to fill
  /// it before its own callback returns; nobody writes to it afterwards. A key is any
  /// bytes that say all that the content depends on; the address of a node's constant
  /// stands for its value. To be called, and given back, in create, prepare, release and
  /// destroy alone.
  void* (*share)(const struct olstm_host* host, const void* key, size_t key_bytes,
                 size_t bytes, bool* out_is_new);
  /// Gives back what one call of share gave.
  void (*unshare)(const struct olstm_host* host, const void* key, size_t key_bytes);
} olstm_host;

/// Threads that a run may use. A host with one thread passes NULL.
typedef struct olstm_parallel {
  size_t struct_size;
  void* pool;
  /// How many tasks can run at the same time, the caller's thread included.
  int32_t thread_count;
  /// Runs task(argument, 0) ... task(argument, task_count - 1), in any order, some of
  /// them at the same time, and returns when all are done. Tasks must not wait for each
  /// other: the caller's thread does what no other has begun, so that a busy machine
  /// slows a run in proportion and no more.
  void (*run)(void* pool, int32_t task_count, void (*task)(void* argument, int32_t index),
              void* argument);
} olstm_parallel;

/// What the user asked of operators.
typedef struct olstm_operator_options {
  size_t struct_size;
  /// The most threads that help; 1 or more. Work is split for as many; a run with fewer
  /// gives the same results, in more time.
  int32_t thread_count;
  /// One of OLSTM_PRECISION_*.
  int32_t precision;
  /// The kernel to use for recurrent operators: "onednn", "native", "reference"; NULL or
  /// "auto" for the best, "fastest" for the one that prepare measures to be. One that
  /// cannot do a node makes create or prepare fail with UNSUPPORTED and the reason.
  const char* kernel;
  /// Where random operators without a seed of their own begin; else they draw anew in
  /// every run.
  bool has_seed;
  uint64_t seed;
} olstm_operator_options;

/// No pointer is NULL.
typedef struct olstm_create_args {
  size_t struct_size;
  /// Borrowed until destroy, its allocator included.
  const olstm_host* host;
  /// Borrowed until destroy: names, attributes and constants included.
  const olstm_node* node;
  /// Copied, its kernel's name included.
  const olstm_operator_options* options;
} olstm_create_args;

/// Inputs as far as they are known, as many as the node has: `inputs[i]` is NULL for an
/// absent optional input; its desc is always set, with dimensions of 0 or more; its data
/// is NULL when the values are only known at run time.
typedef struct olstm_infer_args {
  size_t struct_size;
  size_t input_count;
  const olstm_tensor* const* inputs;
  /// As the node has them; outputs whose name is "" need no desc.
  size_t output_count;
} olstm_infer_args;

typedef struct olstm_prepare_args {
  size_t struct_size;
  size_t input_count;
  /// As in olstm_infer_args.
  const olstm_tensor* const* inputs;
  size_t output_count;
  /// What infer said.
  const olstm_tensor_desc* outputs;
} olstm_prepare_args;

/// The pointers of one run. Entries are NULL where the node has no such input or output,
/// and where a tensor has no elements. No two buffers overlap, other than prepare
/// allowed.
typedef struct olstm_run_args {
  size_t struct_size;
  const void* const* inputs;
  void* const* outputs;
  void* workspace;
  /// NULL for one thread.
  const olstm_parallel* parallel;
  /// 0; in the body of a Loop or Scan a number that every trip of a run has for itself,
  /// the same in each run. Read it where struct_size holds it.
  uint64_t trip;
} olstm_run_args;

/// Where a sequence's steps lie in a tensor, in bytes: row n of step s begins at
/// first + s * step + n * row. Steps count in the order in which they are computed: for
/// one that goes backwards in time `step` is negative.
typedef struct olstm_sequence_layout {
  int64_t first, step, row;
  int64_t row_bytes;
} olstm_sequence_layout;

/// A run in pieces, offered by operators that go through input 0 step by step and write
/// output 0 as they go. A host may run the steps of one layer beside later steps of the
/// layer whose output it reads, on several threads:
///   begin, then advance through [0, step_count) in order, then finish
/// give together what run gives, bit for bit. All take what run takes, with the same
/// pointers; `parallel` is not used.
typedef struct olstm_sequence {
  size_t struct_size;
  int64_t step_count, row_count;
  olstm_sequence_layout input, output;
  /// About how many nanoseconds a run takes: on one thread, and as `run` with the
  /// options' threads; and what each piece adds to a run in pieces.
  int64_t alone_ns, run_ns, piece_ns;
  /// Checks values, and writes what of output 0 no step writes. Reads nothing of input 0.
  /// [no-alloc]
  olstm_status (*begin)(const void* instance, const void* handle,
                        const olstm_run_args* args, olstm_error* error);
  /// Reads steps [first_step, end_step) of input 0, and writes those of output 0.
  /// [no-alloc] [any-thread]
  void (*advance)(const void* instance, const void* handle, const olstm_run_args* args,
                  int64_t first_step, int64_t end_step);
  /// Writes the other outputs. [no-alloc]
  void (*finish)(const void* instance, const void* handle, const olstm_run_args* args);
} olstm_sequence;

/// What prepare says about the runs to come.
typedef struct olstm_prepared {
  size_t struct_size;
  /// Handed to run and release; const in between. May be NULL when the operator needs
  /// nothing.
  void* handle;
  /// Bytes of workspace (aligned to OLSTM_ALIGNMENT, contents undefined) that each run
  /// needs.
  size_t workspace_bytes;
  /// Input whose bytes are the bytes of output 0 (a Reshape): the host may skip run and
  /// share the buffer. -1 when there is none.
  int32_t view_of_input;
  /// Bit i: output 0 may be written over input i, which has the same number of bytes.
  uint32_t inplace_inputs;
  /// Which kernel, and why this one ("native", "H=30: ..."). Borrowed until release; may
  /// be NULL.
  const char* kernel;
  const char* reason;
  /// Whether run may allocate after all (a backend that does): not for real-time threads.
  bool run_allocates;
  /// About how many units of work a run takes, each an eighth of a nanosecond: four
  /// multiply-adds of a vectorised product, or two instructions. 0: each input is read
  /// once and each output written once. A host may refuse runs by it.
  uint64_t work;
  /// How to run in pieces; NULL when the operator cannot. Borrowed until release.
  const olstm_sequence* sequence;
  /// Where each output lies in input `part_of_input`, in bytes from its start, if all of
  /// them are parts of it (a Slice of whole rows): the host may skip run and share the
  /// buffer. One for each output; borrowed until release. NULL when they are not.
  const size_t* part_offsets;
  int32_t part_of_input;
} olstm_prepared;

enum {
  /// Outputs depend on the inputs' dtypes and shapes alone, never on their data (Shape,
  /// Size):
  /// the host may run it with NULL for data as soon as the shapes are known.
  OLSTM_OPERATOR_SHAPE_ONLY = 1u << 0,
  /// Runs draw random numbers: never computed ahead, even where all inputs are constants.
  OLSTM_OPERATOR_RANDOM = 1u << 1
};

/// One operator: what it is called, and its callbacks, none of which may be NULL. A const
/// table that lives as long as its library. A callback that fails writes a message.
typedef struct olstm_operator {
  size_t struct_size;
  /// "" is ONNX's own domain.
  const char* domain;
  const char* op_type;
  /// Versions of `domain`'s operator set, first and last, for which this entry is right;
  /// last 0 means every later one (of ONNX's own domain, that the host knows).
  int32_t first_opset;
  int32_t last_opset;
  /// OLSTM_OPERATOR_* bits.
  uint32_t flags;
  /// OLSTM_DTYPE_BIT of every dtype that the first input may have (the output's for an
  /// operator without inputs); for documentation: infer decides.
  uint64_t dtypes;
  /// For operators that share callbacks.
  const void* variant;
  /// Reads and checks the node; what it keeps comes from a copy of the host's allocator,
  /// since release and destroy get no host. *out_instance may be NULL. Errors:
  /// INVALID_MODEL, UNSUPPORTED (names attribute or value), SHAPE_MISMATCH,
  /// DTYPE_MISMATCH (of constants), OUT_OF_MEMORY. On failure nothing is left behind.
  olstm_status (*create)(const struct olstm_operator* self, const olstm_create_args* args,
                         void** out_instance, olstm_error* error);
  /// Writes the outputs' descs. Errors: SHAPE_MISMATCH, DTYPE_MISMATCH, UNSUPPORTED,
  /// INVALID_VALUE, and NEEDS_DATA when an input's data must be known first.   [no-alloc]
  olstm_status (*infer)(const void* instance, const olstm_infer_args* args,
                        olstm_tensor_desc* out_outputs, olstm_error* error);
  /// Fills *out_prepared, whose struct_size the host has set and whose other fields it
  /// has zeroed (view_of_input: -1). Errors: UNSUPPORTED, OUT_OF_MEMORY, BACKEND_ERROR.
  olstm_status (*prepare)(void* instance, const olstm_prepare_args* args,
                          olstm_prepared* out_prepared, olstm_error* error);
  /// Computes. Errors: INVALID_VALUE, BACKEND_ERROR; outputs are undefined then.
  /// [no-alloc] [any-thread], with distinct workspace and outputs.
  olstm_status (*run)(const void* instance, const void* handle,
                      const olstm_run_args* args, olstm_error* error);
  /// Frees what prepare made. handle may be NULL.
  void (*release)(void* instance, void* handle);
  /// Frees the instance; all its prepared handles were released before. NULL is legal.
  void (*destroy)(void* instance);
} olstm_operator;

/// What a plugin library offers. Const, lives as long as the library.
typedef struct olstm_plugin {
  size_t struct_size;
  /// The ABI that the plugin needs: OLSTM_ABI_VERSION of its headers, or an older one
  /// whose fields are all it uses.
  uint32_t abi_version;
  const char* name;
  const char* version;
  /// The operators it offers: get_operator takes an index below operator_count(). Both
  /// are pure.
  size_t (*operator_count)(void);
  const olstm_operator* (*get_operator)(size_t index);
} olstm_plugin;

/// The one symbol that a plugin library exports, and its type. Returns NULL, and a
/// message, when the host is too old for it.
#define OLSTM_PLUGIN_SYMBOL "olstm_plugin_entry"
typedef const olstm_plugin* (*olstm_plugin_entry_function)(const olstm_host* host,
                                                           olstm_error* error);

/// For plugins to define. Hosts look it up (dlsym) and never call it by name.
OLSTM_PLUGIN_API const olstm_plugin* olstm_plugin_entry(const olstm_host* host,
                                                        olstm_error* error);

#ifdef __cplusplus
}
#endif

#endif  // OLSTM_PLUGIN_H_
