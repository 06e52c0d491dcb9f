// usage: write_model FILE < TEXT
// Writes an ONNX model from the lines that tests/support/model_text.h tells of.
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/model_text.h"

enum { kMaxText = 1 << 20 };

int main(int argc, char** argv) {
  size_t count = 0;
  char* text = calloc(kMaxText, 1);
  if (argc != 2 || !text || fread(text, 1, kMaxText - 1, stdin) == 0) return 2;
  void* bytes = olstm_test_model_bytes(text, &count);
  FILE* file = fopen(argv[1], "wb");
  const int is_written = file && fwrite(bytes, 1, count, file) == count;
  const int is_closed = file && fclose(file) == 0;
  free(bytes);
  free(text);
  return is_written && is_closed ? 0 : 1;
}
