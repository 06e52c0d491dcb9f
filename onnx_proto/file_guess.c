#include "onnx_proto/file_guess.h"

#include <stdbool.h>
#include <string.h>

#include "olstm/shown_text.h"

/// How files of other formats start.
typedef struct known_start {
  const char* bytes;
  uint8_t count;
  /// Where in the file.
  uint16_t offset;
  const char* what;
} known_start;

#define START(offset_, text, what_) \
  { text, sizeof(text) - 1, offset_, what_ }

/// What starts with the same bytes comes after what says more.
static const known_start kStarts[] = {
    START(0, "version https://git-lfs",
          "a Git LFS pointer, not the file itself (`git lfs pull` gets it)"),
    START(0, "\x89HDF\r\n\x1a\n",
          "an HDF5 file (Keras .h5? tf2onnx makes ONNX of such a model)"),
    START(0, "PK\x03\x04", "a zip archive (.npz, .keras, .pt, .zip?)"),
    START(0, "\x1f\x8b", "a gzip archive (unpack it first)"),
    START(0, "BZh", "a bzip2 archive (unpack it first)"),
    START(0,
          "\xfd"
          "7zXZ",
          "an xz archive (unpack it first)"),
    START(0, "\x28\xb5\x2f\xfd", "a zstd archive (unpack it first)"),
    START(257, "ustar", "a tar archive (unpack it first)"),
    START(4, "TFL3", "a TensorFlow Lite model"),
    START(4, "ORTM", "a model in ONNX Runtime's own ORT format"),
    START(0, "\x93NUMPY", "a NumPy file"),
    START(0, "\x80\x02", "a Python pickle"),
    START(0, "\x80\x03", "a Python pickle"),
    START(0, "\x80\x04", "a Python pickle"),
    START(0, "\x80\x05", "a Python pickle"),
    START(0, "\x89PNG\r\n", "a PNG picture"),
    START(0, "\xff\xd8\xff", "a JPEG picture"),
    START(0, "GIF8", "a GIF picture"),
    START(8, "WAVE", "a WAV file"),
    START(0, "OggS", "an Ogg file"),
    START(0, "fLaC", "a FLAC file"),
    START(0, "ID3", "an MP3 file"),
    START(0, "%PDF", "a PDF file"),
    START(0, "PAR1", "a Parquet file"),
    START(0, "ARROW1", "an Arrow file"),
    START(0, "MATLAB 5.0", "a MATLAB file"),
    START(0,
          "\x7f"
          "ELF",
          "a program or library"),
    START(0, "GGUF", "a GGUF model"),
    START(8, "{\"__metadata__", "a safetensors file"),
    START(0, "<", "text (HTML or XML: did a download fail?)"),
    START(0, "{", "text (JSON)"),
    START(0, "[", "text (JSON)"),
};

static bool is_text(const uint8_t* bytes, size_t byte_count) {
  enum { kLookedAt = 256, kCharacter = 4 };
  char start[kLookedAt + kCharacter + 1] = "";
  const size_t count = byte_count < kLookedAt ? byte_count : kLookedAt;
  memcpy(start, bytes,
         byte_count < kLookedAt + kCharacter ? byte_count : count + kCharacter);
  for (size_t i = 0; i < count;) {
    uint32_t code = 0;
    i += olstm_text_next(start + i, &code);
    if (!olstm_text_is_shown(code) && code != '\t' && code != '\n' && code != '\r') {
      return false;
    }
  }
  return true;
}

const char* olstm__file_guess(const uint8_t* bytes, size_t byte_count) {
  if (byte_count == 0) return "empty";
  for (size_t i = 0; i < sizeof kStarts / sizeof kStarts[0]; i++) {
    const known_start* start = &kStarts[i];
    if (byte_count >= (size_t)start->offset + start->count &&
        memcmp(bytes + start->offset, start->bytes, start->count) == 0) {
      return start->what;
    }
  }
  return is_text(bytes, byte_count) ? "text" : NULL;
}
