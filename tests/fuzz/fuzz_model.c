// Model bytes: a load gives a model that keeps the loader's promises, or one line of
// error. The same bytes as a TensorProto are refused, or written and read again.
#include <stdlib.h>
#include <string.h>

#include "olstm/model.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/support/model_verify.h"

static void require(bool condition, const char* what, const char* detail) {
  if (condition) return;
  (void)fprintf(stderr, "fuzz_model: %s: %s\n", what, detail);
  abort();
}

static void check_error(const olstm_error* error) {
  const char* const message = error->message;
  require(message[0] != '\0', "failed without a message", "");
  require(strpbrk(message, "\n\r\t\x1b") == NULL, "message is not one line", message);
}

static void load_model(const uint8_t* data, size_t size) {
  olstm_model* model = NULL;
  olstm_error error = {""};
  if (olstm_model_load_memory(data, size, NULL, &model, &error) != OLSTM_STATUS_OK) {
    require(model == NULL, "model in spite of an error", error.message);
    check_error(&error);
    return;
  }
  const char* const broken = olstm_model_verify(model);
  require(broken == NULL, "promise broken", broken ? broken : "");
  olstm_model_destroy(model);
}

static void read_tensor(const uint8_t* data, size_t size) {
  olstm_tensor tensor;
  olstm_tensor again;
  olstm_error error = {""};
  char name[OLSTM_ERROR_CAPACITY];
  void* bytes = NULL;
  size_t byte_count = 0;
  if (olstm_tensor_read_pb(data, size, NULL, &tensor, name, &error) != OLSTM_STATUS_OK) {
    check_error(&error);
    return;
  }
  require(olstm_tensor_write_pb(&tensor, name, NULL, &bytes, &byte_count, &error) ==
              OLSTM_STATUS_OK,
          "cannot write what was read", error.message);
  require(olstm_tensor_read_pb(bytes, byte_count, NULL, &again, NULL, &error) ==
              OLSTM_STATUS_OK,
          "cannot read what was written", error.message);
  size_t count = 0;
  (void)olstm_tensor_desc_bytes(&tensor.desc, &count);
  require(olstm_tensor_desc_equal(&tensor.desc, &again.desc) &&
              memcmp(tensor.data, again.data, count) == 0,
          "another tensor came back", name);
  olstm_tensor_deinit(&again, NULL);
  olstm_tensor_deinit(&tensor, NULL);
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  olstm_release(&allocator, bytes, byte_count, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  load_model(data, size);
  read_tensor(data, size);
  return 0;
}
