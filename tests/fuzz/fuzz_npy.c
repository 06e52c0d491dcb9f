// A .npy file's bytes are refused with a message, or written and read again: the same
// tensor.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "olstm/model.h"
#include "tests/fuzz/fuzz_target.h"
#include "tools/npy.h"

static void require(bool condition, const char* what) {
  if (condition) return;
  (void)fprintf(stderr, "fuzz_npy: %s\n", what);
  abort();
}

static void write_and_read_again(const olstm_tensor* tensor) {
  char header[OLSTM__NPY_HEADER_CAPACITY];
  size_t header_bytes = 0, data_bytes = 0;
  olstm_tensor again;
  require(olstm__npy_write_header(&tensor->desc, header, &header_bytes, NULL) ==
              OLSTM_STATUS_OK,
          "cannot write what was read");
  require(olstm_tensor_desc_bytes(&tensor->desc, &data_bytes), "a desc that cannot be");
  unsigned char* file = malloc(header_bytes + data_bytes);
  require(file != NULL, "no memory");
  memcpy(file, header, header_bytes);
  if (data_bytes > 0) memcpy(file + header_bytes, tensor->data, data_bytes);
  require(olstm__npy_read(file, header_bytes + data_bytes, "again", &again, NULL) ==
              OLSTM_STATUS_OK,
          "cannot read what was written");
  require(olstm_tensor_desc_equal(&tensor->desc, &again.desc) &&
              (data_bytes == 0 || memcmp(tensor->data, again.data, data_bytes) == 0),
          "another tensor came back");
  olstm_tensor_deinit(&again, NULL);
  free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  olstm_tensor tensor;
  olstm_error error = {""};
  if (olstm__npy_read(data, size, "fuzz", &tensor, &error) != OLSTM_STATUS_OK) {
    require(error.message[0] != '\0', "failed without a message");
    return 0;
  }
  write_and_read_again(&tensor);
  olstm_tensor_deinit(&tensor, NULL);
  return 0;
}
