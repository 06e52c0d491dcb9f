// A server as far as a backend sees one: defines the functions of Triton's backend API
// that a backend calls, opens the library as servers do, keeps the state of sequences,
// and fails the test when something is done out of order, twice, or never.
//
// What real servers do was taken from the API's documentation and from trials with the
// real core: states pair by the order of their names unless they share a buffer, and hold
// anything but zeros at the start of a sequence.
#ifndef OLSTM_TESTS_TRITON_FAKE_SERVER_H_
#define OLSTM_TESTS_TRITON_FAKE_SERVER_H_

#include <cJSON.h>

#include "adapters/triton/triton_api.h"
#include "tests/support/test_main.h"

enum { FAKE_MAX_TENSORS = 24, FAKE_MAX_RANK = 8, FAKE_MAX_EVENTS = 128, FAKE_NAME = 192 };

// ---------------------------------------------------------------- the library

/// What the library exports.
typedef struct fake_backend {
  void* library;
  TRITONSERVER_Error* (*initialize)(TRITONBACKEND_Backend*);
  TRITONSERVER_Error* (*attribute)(TRITONBACKEND_Backend*,
                                   TRITONBACKEND_BackendAttribute*);
  TRITONSERVER_Error* (*model_initialize)(TRITONBACKEND_Model*);
  TRITONSERVER_Error* (*model_finalize)(TRITONBACKEND_Model*);
  TRITONSERVER_Error* (*instance_initialize)(TRITONBACKEND_ModelInstance*);
  TRITONSERVER_Error* (*instance_finalize)(TRITONBACKEND_ModelInstance*);
  TRITONSERVER_Error* (*execute)(TRITONBACKEND_ModelInstance*, TRITONBACKEND_Request**,
                                 uint32_t);
} fake_backend;

/// What the server is like; may be changed before a library is opened.
typedef struct fake_options {
  uint32_t api_major;
  uint32_t api_minor;
  /// Whether configurations may name use_same_buffer_for_input_output.
  bool knows_same_buffer;
  /// Errors and other objects that are there; 0 when nothing leaked.
  int live_objects;
  /// What the library asked for.
  uint32_t preferred_kind;
  bool loads_in_parallel;
  /// The last line that it logged.
  char log[1024];
} fake_options;
extern fake_options fake_server;

/// Opens the library with dlopen, as servers do, and initializes it. Returns the error of
/// that, "" for none; borrowed until the next call.
const char* fake_open(fake_backend* backend);
void fake_close(fake_backend* backend);

/// The text of an error, which is deleted; "" for none. Borrowed until the next call.
const char* fake_error(TRITONSERVER_Error* error);

// ---------------------------------------------------------------- models

struct TRITONBACKEND_Model {
  fake_backend* backend;
  /// REPOSITORY/NAME: holds 1/model.onnx.
  char folder[512];
  bool completes;
  cJSON* config;
  int set_count;
  void* state;
};

struct TRITONBACKEND_ModelInstance {
  TRITONBACKEND_Model* model;
  uint32_t kind;
  void* state;
  uint64_t batch_size;
  int batch_reports;
};

/// Loads REPOSITORY/NAME with a configuration (JSON, without name). Returns the error, ""
/// for none. Unload it only when there is none.
const char* fake_load(fake_backend* backend, TRITONBACKEND_Model* model,
                      const char* folder, const char* config, bool completes);
void fake_unload(TRITONBACKEND_Model* model);
const char* fake_add_instance(TRITONBACKEND_ModelInstance* instance,
                              TRITONBACKEND_Model* model, uint32_t kind);
void fake_remove_instance(TRITONBACKEND_ModelInstance* instance);

/// A value of the model's configuration, as text: fake_config(model,
/// "sequence_batching.state.0.dims") is "[1,4]". "" where there is none. Borrowed until
/// the next call.
const char* fake_config(const TRITONBACKEND_Model* model, const char* path);

// ---------------------------------------------------------------- sequences

/// Memory that two sides of a state may share.
typedef struct fake_memory {
  int users;
  size_t bytes;
  char* data;
} fake_memory;

struct TRITONBACKEND_State {
  char name[FAKE_NAME];
  uint32_t type;
  uint32_t rank;
  int64_t dims[FAKE_MAX_RANK];
  fake_memory* memory;
  bool is_shared;
  /// The side that this one shares memory with.
  struct TRITONBACKEND_State* partner;
  struct fake_sequence* sequence;
  bool has_buffer;
};

/// What a server keeps of a sequence. Zeroed: not started.
typedef struct fake_sequence {
  uint64_t id;
  const char* text_id;
  size_t count;
  /// In the order of the names.
  TRITONBACKEND_State inputs[FAKE_MAX_TENSORS];
  TRITONBACKEND_State outputs[FAKE_MAX_TENSORS];
} fake_sequence;

/// Starts it: states as the configuration says, filled with what is no number.
void fake_sequence_start(fake_sequence* sequence, const TRITONBACKEND_Model* model);
void fake_sequence_end(fake_sequence* sequence);

// ---------------------------------------------------------------- requests

struct TRITONBACKEND_Input {
  char name[FAKE_NAME];
  uint32_t type;
  uint32_t rank;
  int64_t dims[FAKE_MAX_RANK];
  const char* data;
  size_t bytes;
  /// Pieces that it is given in.
  uint32_t piece_count;
  uint32_t memory_type;
};

struct TRITONBACKEND_Output {
  char name[FAKE_NAME];
  uint32_t type;
  uint32_t rank;
  int64_t dims[FAKE_MAX_RANK];
  size_t bytes;
  void* data;
  struct TRITONBACKEND_Response* response;
};

struct TRITONBACKEND_Response {
  struct TRITONBACKEND_Request* request;
  size_t output_count;
  TRITONBACKEND_Output outputs[FAKE_MAX_TENSORS];
};

struct TRITONBACKEND_Request {
  uint32_t flags;
  uint64_t id;
  const char* text_id;
  fake_sequence* sequence;
  size_t input_count;
  TRITONBACKEND_Input inputs[FAKE_MAX_TENSORS];
  size_t wanted_count;
  char wanted[FAKE_MAX_TENSORS][FAKE_NAME];
  /// Calls about it, a letter each: N response, O output buffer, S state, R response
  /// sent, E error sent, T statistics, F release.
  char events[FAKE_MAX_EVENTS];
  /// What was sent.
  char error[1024];
  TRITONBACKEND_Response* response;
  /// Calls that shall fail: 'N', 'O' or 'S'. And the memory of output buffers.
  char failing;
  uint32_t output_memory_type;
  bool success;
  bool is_released;
};

/// A request of a sequence (NULL: of none) that wants all outputs of the model's
/// configuration. START starts the sequence.
void fake_request(TRITONBACKEND_Request* request, const TRITONBACKEND_Model* model,
                  fake_sequence* sequence, uint32_t flags);
/// Adds an input; data is borrowed. Returns it, to be changed.
TRITONBACKEND_Input* fake_input(TRITONBACKEND_Request* request, const char* name,
                                uint32_t type, const void* data, size_t bytes,
                                uint32_t rank, const int64_t* dims);
/// Runs requests, and checks that every one was answered and released once, in order.
void fake_execute(TRITONBACKEND_ModelInstance* instance, TRITONBACKEND_Request* requests,
                  size_t count);
/// An output of the response. Fails the test when there is none.
const TRITONBACKEND_Output* fake_output(const TRITONBACKEND_Request* request,
                                        const char* name);
/// Frees the response.
void fake_forget(TRITONBACKEND_Request* request);

#endif  // OLSTM_TESTS_TRITON_FAKE_SERVER_H_
