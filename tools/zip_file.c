// See zip_file.h. Records as PKWARE's APPNOTE has them: all numbers are little-endian.
#include "tools/zip_file.h"

#include <stdlib.h>
#include <string.h>
#ifdef OLSTM_WITH_ZLIB
#include <zlib.h>
#endif

enum {
  kLocalBytes = 30,
  kEntryBytes = 46,
  kEndBytes = 22,
  kLocatorBytes = 20,
  kEnd64Bytes = 56,
  /// A comment may follow the end.
  kMaxComment = 65535,
  kZip64Extra = 1,
  kStored = 0,
  kDeflated = 8,
  kIsEncrypted = 1,
  /// Deflate's best ratio.
  kMaxRatio = 1032
};

static uint64_t read_le(const unsigned char* at, size_t count) {
  uint64_t value = 0;
  while (count-- > 0) value = value << 8 | at[count];
  return value;
}

static bool has_signature(const unsigned char* at, const char* signature) {
  return memcmp(at, signature, 4) == 0;
}

static olstm_status fail(olstm_error* error, const char* what) {
  return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                    "the zip archive is damaged: %s", what);
}

bool olstm__zip_is_one(const unsigned char* data, size_t byte_count) {
  return byte_count >= kEndBytes &&
         (has_signature(data, "PK\3\4") || has_signature(data, "PK\5\6"));
}

/// The central directory: where it is, and how many entries it has.
typedef struct zip_list {
  uint64_t offset;
  uint64_t bytes;
  uint64_t count;
} zip_list;

/// Reads fields that do not fit the end record from zip64's end record.
static bool read_end64(const unsigned char* data, size_t end, zip_list* list) {
  if (end < kLocatorBytes || !has_signature(data + end - kLocatorBytes, "PK\6\7")) {
    return true;
  }
  const uint64_t at = read_le(data + end - kLocatorBytes + 8, 8);
  if (at > end || end - at < kEnd64Bytes || !has_signature(data + at, "PK\6\6")) {
    return false;
  }
  list->count = read_le(data + at + 32, 8);
  list->bytes = read_le(data + at + 40, 8);
  list->offset = read_le(data + at + 48, 8);
  return true;
}

static bool find_list(const unsigned char* data, size_t byte_count, zip_list* list) {
  size_t end = byte_count - kEndBytes;
  const size_t first = end > kMaxComment ? end - kMaxComment : 0;
  while (!has_signature(data + end, "PK\5\6")) {
    if (end == first) return false;
    end--;
  }
  list->count = read_le(data + end + 10, 2);
  list->bytes = read_le(data + end + 12, 4);
  list->offset = read_le(data + end + 16, 4);
  return read_end64(data, end, list) && list->offset <= end &&
         list->bytes <= end - list->offset && list->count <= list->bytes / kEntryBytes;
}

/// Sizes and the offset that do not fit into 32 bits stand in an extra field, in this
/// order.
static bool read_extra(const unsigned char* extra, size_t extra_bytes,
                       olstm__zip_entry* entry) {
  uint64_t* const wide[] = {&entry->bytes, &entry->packed_bytes, &entry->offset};
  while (extra_bytes >= 4) {
    const uint64_t id = read_le(extra, 2);
    const size_t bytes = (size_t)read_le(extra + 2, 2);
    if (bytes > extra_bytes - 4) return false;
    size_t at = 0;
    for (size_t i = 0; id == kZip64Extra && i < sizeof wide / sizeof wide[0]; i++) {
      if (*wide[i] != UINT32_MAX) continue;
      if (bytes - at < 8) return false;
      *wide[i] = read_le(extra + 4 + at, 8);
      at += 8;
    }
    extra += 4 + bytes;
    extra_bytes -= 4 + bytes;
  }
  return true;
}

/// Reads the entry at *at and moves on to the next.
static bool read_entry(const unsigned char** at, const unsigned char* end,
                       olstm__zip_entry* entry) {
  const unsigned char* record = *at;
  const size_t room = (size_t)(end - record);
  if (room < kEntryBytes || !has_signature(record, "PK\1\2")) return false;
  const size_t name_bytes = (size_t)read_le(record + 28, 2);
  const size_t extra_bytes = (size_t)read_le(record + 30, 2);
  const size_t comment_bytes = (size_t)read_le(record + 32, 2);
  if (room - kEntryBytes < name_bytes + extra_bytes + comment_bytes) return false;
  *entry = (olstm__zip_entry){.name = (const char*)record + kEntryBytes,
                              .name_bytes = name_bytes,
                              .flags = (unsigned)read_le(record + 8, 2),
                              .method = (unsigned)read_le(record + 10, 2),
                              .checksum = (uint32_t)read_le(record + 16, 4),
                              .packed_bytes = read_le(record + 20, 4),
                              .bytes = read_le(record + 24, 4),
                              .offset = read_le(record + 42, 4)};
  *at = record + kEntryBytes + name_bytes + extra_bytes + comment_bytes;
  return read_extra(record + kEntryBytes + name_bytes, extra_bytes, entry);
}

olstm_status olstm__zip_open(const unsigned char* data, size_t byte_count,
                             olstm__zip_file* out_zip, olstm_error* error) {
  zip_list list = {0, 0, 0};
  *out_zip = (olstm__zip_file){data, byte_count, 0, NULL};
  if (byte_count < kEndBytes || !find_list(data, byte_count, &list)) {
    return fail(error, "it has no list of what is in it (is the file cut short?)");
  }
  out_zip->entries = calloc((size_t)list.count + 1, sizeof *out_zip->entries);
  if (!out_zip->entries) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a list");
  }
  const unsigned char* at = data + list.offset;
  const unsigned char* end = at + list.bytes;
  for (; out_zip->entry_count < list.count; out_zip->entry_count++) {
    if (!read_entry(&at, end, &out_zip->entries[out_zip->entry_count])) {
      olstm__zip_deinit(out_zip);
      return fail(error, "an entry of its list is broken");
    }
  }
  return OLSTM_STATUS_OK;
}

void olstm__zip_deinit(olstm__zip_file* zip) {
  free(zip->entries);
  *zip = (olstm__zip_file){NULL, 0, 0, NULL};
}

#ifdef OLSTM_WITH_ZLIB

/// Inflates into exactly as many bytes as the entry says.
static olstm_status inflate_entry(const unsigned char* packed,
                                  const olstm__zip_entry* entry, unsigned char* out,
                                  olstm_error* error) {
  // zlib counts in unsigned ints.
  enum { kPiece = 1 << 30 };
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory to unpack");
  }
  uint64_t in_left = entry->packed_bytes;
  uint64_t out_left = entry->bytes;
  int result = Z_OK;
  stream.next_in = (unsigned char*)(uintptr_t)packed;
  stream.next_out = out;
  while (result == Z_OK) {
    const uint64_t in_piece = in_left < kPiece ? in_left : kPiece;
    const uint64_t out_piece = out_left < kPiece ? out_left : kPiece;
    stream.avail_in = (uInt)in_piece;
    stream.avail_out = (uInt)out_piece;
    result = inflate(&stream, Z_NO_FLUSH);
    in_left -= in_piece - stream.avail_in;
    out_left -= out_piece - stream.avail_out;
  }
  (void)inflateEnd(&stream);
  if (result == Z_STREAM_END && out_left == 0) return OLSTM_STATUS_OK;
  return fail(error, "what is packed in it does not unpack");
}

static uint32_t sum_bytes(const unsigned char* bytes, size_t count) {
  return (uint32_t)crc32_z(0, bytes, count);
}

#else

static olstm_status inflate_entry(const unsigned char* packed,
                                  const olstm__zip_entry* entry, unsigned char* out,
                                  olstm_error* error) {
  (void)packed;
  (void)out;
  return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                    "'%.*s' is compressed, and this olstm was built without zlib: save "
                    "it with numpy.savez, not savez_compressed",
                    (int)entry->name_bytes, entry->name);
}

static uint32_t sum_bytes(const unsigned char* bytes, size_t count) {
  uint32_t sum = UINT32_MAX;
  for (size_t i = 0; i < count; i++) {
    sum ^= bytes[i];
    for (int bit = 0; bit < 8; bit++)
      sum = sum >> 1 ^ (UINT32_C(0xedb88320) & (0 - (sum & 1)));
  }
  return ~sum;
}

#endif

/// Where the entry's packed bytes are; NULL when not in the file.
static const unsigned char* find_packed(const olstm__zip_file* zip,
                                        const olstm__zip_entry* entry) {
  if (entry->offset > zip->byte_count || zip->byte_count - entry->offset < kLocalBytes) {
    return NULL;
  }
  const unsigned char* local = zip->data + entry->offset;
  const size_t room = zip->byte_count - (size_t)entry->offset - kLocalBytes;
  const uint64_t names = read_le(local + 26, 2) + read_le(local + 28, 2);
  if (!has_signature(local, "PK\3\4") || names > room ||
      entry->packed_bytes > room - names) {
    return NULL;
  }
  return local + kLocalBytes + names;
}

olstm_status olstm__zip_read(const olstm__zip_file* zip, const olstm__zip_entry* entry,
                             unsigned char** out_bytes, size_t* out_byte_count,
                             olstm_error* error) {
  const unsigned char* packed = find_packed(zip, entry);
  *out_bytes = NULL;
  *out_byte_count = 0;
  if ((entry->flags & kIsEncrypted) != 0 ||
      (entry->method != kStored && entry->method != kDeflated)) {
    return olstm_fail(
        error, OLSTM_STATUS_UNSUPPORTED,
        "'%.*s' is %s: only stored and deflated entries are read", (int)entry->name_bytes,
        entry->name,
        (entry->flags & kIsEncrypted) != 0 ? "encrypted" : "packed in another way");
  }
  const bool fits = entry->method == kStored
                        ? entry->bytes == entry->packed_bytes
                        : entry->bytes / kMaxRatio <= entry->packed_bytes;
  if (!packed || !fits || entry->bytes >= PTRDIFF_MAX)
    return fail(error, "an entry is not where its list has it");
  unsigned char* bytes = malloc((size_t)entry->bytes + 1);
  if (!bytes) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for %llu bytes",
                      (unsigned long long)entry->bytes);
  }
  olstm_status status = OLSTM_STATUS_OK;
  if (entry->method == kStored) {
    memcpy(bytes, packed, (size_t)entry->bytes);
  } else {
    status = inflate_entry(packed, entry, bytes, error);
  }
  if (status == OLSTM_STATUS_OK &&
      sum_bytes(bytes, (size_t)entry->bytes) != entry->checksum) {
    status = fail(error, "the checksum of an entry is another");
  }
  if (status != OLSTM_STATUS_OK) {
    free(bytes);
    return status;
  }
  *out_bytes = bytes;
  *out_byte_count = (size_t)entry->bytes;
  return OLSTM_STATUS_OK;
}
