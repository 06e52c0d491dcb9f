#include "onnx_proto/opset.h"

/// More than models have; a lookup is linear.
enum { kMaxImports = 256 };

int32_t olstm__opset_version(const olstm__opset_list* list, const char* domain) {
  for (size_t i = 0; i < list->count; i++) {
    if (strcmp(list->items[i].domain, domain) == 0) return list->items[i].version;
  }
  return 0;
}

olstm_status olstm__opsets_decode(olstm__decoder* decoder, olstm__arena* arena,
                                  Onnx__OperatorSetIdProto* const* imports, size_t count,
                                  const char* owner, olstm__opset_list* out_list) {
  if (count > kMaxImports) {
    return olstm_fail(decoder->error, OLSTM_STATUS_LIMIT_EXCEEDED,
                      "%s imports %zu operator sets, at most %d are supported", owner,
                      count, kMaxImports);
  }
  out_list->count = 0;
  out_list->items = olstm__arena_allocate(arena, count, sizeof *out_list->items);
  if (!out_list->items) return olstm__memory_fail(arena, decoder->error);
  for (size_t i = 0; i < count; i++) {
    const char* domain = olstm__domain(imports[i]->domain);
    const int64_t version = imports[i]->has_version ? imports[i]->version : 0;
    if (version < 1 || version > INT32_MAX) {
      return olstm_fail(decoder->error, OLSTM_STATUS_INVALID_MODEL,
                        "%s imports version %" PRId64 " of the operator set '%.100s'",
                        owner, version, domain);
    }
    if (olstm__opset_version(out_list, domain) != 0) {
      return olstm_fail(decoder->error, OLSTM_STATUS_INVALID_MODEL,
                        "%s imports the operator set '%.100s' twice", owner, domain);
    }
    const char* kept = olstm__arena_copy(arena, domain, strlen(domain));
    if (!kept) return olstm__memory_fail(arena, decoder->error);
    out_list->items[out_list->count++] =
        (olstm__opset){.domain = kept, .version = (int32_t)version};
  }
  return OLSTM_STATUS_OK;
}
