// A TensorProto's bytes are refused with a message, or written and read again: the same
// tensor.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "olstm/model.h"
#include "tests/fuzz/fuzz_target.h"

static void require(bool condition, const char* what, const char* detail) {
  if (condition) return;
  (void)fprintf(stderr, "fuzz_tensor_pb: %s: %s\n", what, detail);
  abort();
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  olstm_tensor tensor;
  olstm_tensor again;
  olstm_error error = {""};
  char name[OLSTM_ERROR_CAPACITY];
  void* bytes = NULL;
  size_t byte_count = 0;
  if (olstm_tensor_read_pb(data, size, NULL, &tensor, name, &error) != OLSTM_STATUS_OK) {
    require(error.message[0] != '\0', "failed without a message", "");
    return 0;
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
  return 0;
}
