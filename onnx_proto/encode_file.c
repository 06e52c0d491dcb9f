#include "onnx_proto/encode_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "system/file.h"
#include "system/path.h"
#include "system/random_bytes.h"

/// kSuffixBytes: of the name of a file that is not whole yet.
enum { kMostTries = 16, kSuffixBytes = 32 };

/// A file that takes the place of another when it is whole.
typedef struct new_file {
  const char* path;
  char* temporary;
  size_t temporary_bytes;
  FILE* file;
} new_file;

static olstm_status fail_io(const char* what, const char* path, olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "cannot %s '%.300s': %s", what, path,
                    strerror(errno));
}

/// Creates a file of a name that nobody has, beside `path`.
static olstm_status create(const olstm_allocator* allocator, const char* path,
                           new_file* out_file, olstm_error* error) {
  *out_file = (new_file){.path = path, .temporary_bytes = strlen(path) + kSuffixBytes};
  out_file->temporary = olstm_allocate(allocator, out_file->temporary_bytes, 1);
  if (!out_file->temporary) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a path");
  }
  for (int i = 0; i < kMostTries && !out_file->file; i++) {
    uint64_t number = 0;
    (void)olstm__random_bytes(&number, sizeof number);
    (void)snprintf(out_file->temporary, out_file->temporary_bytes, "%s.%016" PRIx64, path,
                   number + (uint64_t)i);
    out_file->file = olstm__path_create(out_file->temporary);
    if (!out_file->file && errno != EEXIST) break;
  }
  return out_file->file ? OLSTM_STATUS_OK : fail_io("write", path, error);
}

static olstm_status close_file(new_file* file, olstm_error* error) {
  FILE* open = file->file;
  file->file = NULL;
  // A full disk may show only when the stream is flushed.
  return fclose(open) == 0 ? OLSTM_STATUS_OK : fail_io("write", file->path, error);
}

static olstm_status take_place(new_file* file, olstm_error* error) {
  errno = olstm__path_replace(file->temporary, file->path);
  if (errno != 0) return fail_io("write", file->path, error);
  file->temporary[0] = '\0';
  return OLSTM_STATUS_OK;
}

/// Removes what did not take its place. A zeroed file is legal.
static void discard(const olstm_allocator* allocator, new_file* file) {
  if (file->file) (void)fclose(file->file);
  if (file->temporary && file->temporary[0]) (void)olstm__path_remove(file->temporary);
  olstm_release(allocator, file->temporary, file->temporary_bytes, 1);
}

static bool write_zeros(FILE* file, uint64_t count) {
  while (count > 0 && fputc(0, file) != EOF) count--;
  return count == 0;
}

static olstm_status write_segments(const new_file* file, const olstm__encoding* encoding,
                                   uint64_t* out_bytes, olstm_error* error) {
  uint64_t at = 0;
  for (size_t s = 0; s < encoding->segment_count; s++) {
    const olstm__encode_segment* segment = &encoding->segments[s];
    if (!write_zeros(file->file, segment->offset - at) ||
        fwrite(segment->data, 1, segment->bytes, file->file) != segment->bytes) {
      return fail_io("write", file->path, error);
    }
    at = segment->offset + segment->bytes;
  }
  *out_bytes = at;
  return OLSTM_STATUS_OK;
}

/// data_path: where external data goes.
static olstm_status write_both(const olstm__encoding* encoding, const char* path,
                               const char* data_path, olstm__encode_written* out_written,
                               olstm_error* error) {
  new_file model = {0}, data = {0};
  const bool has_data = encoding->segment_count > 0;
  olstm_status status = create(&encoding->allocator, path, &model, error);
  if (status == OLSTM_STATUS_OK && has_data) {
    status = create(&encoding->allocator, data_path, &data, error);
  }
  if (status == OLSTM_STATUS_OK && has_data) {
    status = write_segments(&data, encoding, &out_written->data_bytes, error);
  }
  if (status == OLSTM_STATUS_OK && has_data) status = close_file(&data, error);
  if (status == OLSTM_STATUS_OK && fwrite(encoding->bytes, 1, encoding->byte_count,
                                          model.file) != encoding->byte_count) {
    status = fail_io("write", path, error);
  }
  if (status == OLSTM_STATUS_OK) status = close_file(&model, error);
  if (status == OLSTM_STATUS_OK && has_data) status = take_place(&data, error);
  if (status == OLSTM_STATUS_OK) status = take_place(&model, error);
  discard(&encoding->allocator, &data);
  discard(&encoding->allocator, &model);
  out_written->model_bytes = encoding->byte_count;
  out_written->external_count = encoding->segment_count;
  return status;
}

olstm_status olstm__encode_file_write(olstm__encode_model* model, const char* path,
                                      size_t least_bytes,
                                      olstm__encode_written* out_written,
                                      olstm_error* error) {
  const size_t capacity = strlen(path) + sizeof OLSTM__ENCODE_DATA_SUFFIX;
  olstm__encoding encoding;
  memset(out_written, 0, sizeof *out_written);
  char* data_path = olstm_allocate(&model->allocator, capacity, 1);
  if (!data_path) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a path");
  }
  (void)snprintf(data_path, capacity, "%s%s", path, OLSTM__ENCODE_DATA_SUFFIX);
  const olstm__encode_policy policy = {olstm__file_name(data_path), least_bytes};
  olstm_status status = olstm__encode(model, &policy, &encoding, error);
  if (status == OLSTM_STATUS_OK) {
    status = write_both(&encoding, path, data_path, out_written, error);
  }
  olstm__encoding_deinit(&encoding);
  olstm_release(&model->allocator, data_path, capacity, 1);
  return status;
}
