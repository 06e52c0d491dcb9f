#include "runtime/convert/scratch_graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "onnx_proto/encode.h"
#include "runtime/plan/fold.h"

enum { kNumberBytes = 24 };

static olstm_status fail_memory(olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a graph");
}

// ---------------------------------------------------------------- loading

/// Names the segments of an encoding as files.
static olstm_external_file* list_files(olstm__arena* memory,
                                       const olstm__encoding* encoding) {
  olstm_external_file* files =
      olstm__arena_allocate(memory, encoding->segment_count, sizeof *files);
  for (size_t s = 0; files && s < encoding->segment_count; s++) {
    char* name = olstm__arena_allocate(memory, kNumberBytes, 1);
    if (!name) return NULL;
    (void)snprintf(name, kNumberBytes, "%zu", s);
    files[s] = (olstm_external_file){name, encoding->segments[s].data,
                                     encoding->segments[s].bytes};
  }
  return files;
}

static olstm_status load(olstm__encode_model* model, olstm__scratch_graph* scratch,
                         olstm_error* error) {
  const olstm__encode_policy policy = {NULL, 0};
  olstm__encoding encoding;
  olstm_model_options options;
  olstm_status status = olstm__encode(model, &policy, &encoding, error);
  olstm_model_options_init(&options);
  options.allocator = &model->allocator;
  if (model->max_memory > olstm__budget_default_limit(encoding.byte_count)) {
    options.max_memory = model->max_memory;
  }
  if (status == OLSTM_STATUS_OK) {
    options.external_file_count = encoding.segment_count;
    options.external_files = list_files(&scratch->memory, &encoding);
    status = options.external_files
                 ? olstm_model_load_memory(encoding.bytes, encoding.byte_count, &options,
                                           &scratch->model, error)
                 : fail_memory(error);
  }
  olstm__encoding_deinit(&encoding);
  return status;
}

// ---------------------------------------------------------------- importing

static olstm_status import_graph(const olstm__encode_model* model,
                                 olstm__scratch_graph* scratch, olstm_error* error) {
  const olstm__decoded_graph* source = olstm__model_graph(scratch->model);
  int32_t* given =
      olstm__arena_allocate(&scratch->memory, source->declared_count, sizeof *given);
  size_t count = 0;
  if (!given) return fail_memory(error);
  for (size_t i = 0; model->has_defaults && i < source->declared_count; i++) {
    const int32_t value = source->declared[i].value;
    if (source->values[value].constant) given[count++] = value;
  }
  return olstm__graph_create(source, count, given, &model->allocator, &scratch->graph,
                             error);
}

static bool note_origin(olstm__scratch_graph* scratch, const olstm__graph* graph) {
  const olstm_allocator memory = olstm__arena_as_allocator(&scratch->memory);
  olstm__graph_origin* origins =
      olstm__array_reserve(&memory, scratch->origins, scratch->origin_count, 1,
                           &scratch->origin_capacity, sizeof *origins);
  if (!origins) return false;
  scratch->origins = origins;
  const size_t count = (size_t)graph->value_count;
  olstm__graph_origin* origin = &origins[scratch->origin_count++];
  *origin = (olstm__graph_origin){
      graph, graph->value_count, graph->node_count,
      olstm__arena_allocate(&scratch->memory, count, sizeof *origin->names),
      olstm__arena_allocate(&scratch->memory, count, sizeof *origin->producers)};
  if (!origin->names || !origin->producers) return false;
  for (size_t v = 0; v < count; v++) {
    origin->names[v] = graph->values[v].info.name;
    origin->producers[v] = graph->values[v].producer;
  }
  return true;
}

// Graphs are nested no deeper than OLSTM__MAX_NESTING.
// NOLINTNEXTLINE(misc-no-recursion)
static bool note_origins(olstm__scratch_graph* scratch, const olstm__graph* graph) {
  if (!note_origin(scratch, graph)) return false;
  for (int32_t n = 0; n < graph->node_count; n++) {
    for (size_t b = 0; b < graph->nodes[n].body_count; b++) {
      if (!note_origins(scratch, graph->nodes[n].bodies[b].graph)) return false;
    }
  }
  return true;
}

static int compare_origins(const void* a, const void* b) {
  const uintptr_t of_a = (uintptr_t)((const olstm__graph_origin*)a)->graph;
  const uintptr_t of_b = (uintptr_t)((const olstm__graph_origin*)b)->graph;
  return of_a < of_b ? -1 : of_a > of_b;
}

olstm_status olstm__scratch_graph_open(olstm__encode_model* model,
                                       const olstm_session_options* options,
                                       olstm__scratch_graph* out_scratch,
                                       olstm_error* error) {
  memset(out_scratch, 0, sizeof *out_scratch);
  olstm__arena_init(&out_scratch->memory, &model->allocator, SIZE_MAX);
  OLSTM_RETURN_IF_ERROR(load(model, out_scratch, error));
  OLSTM_RETURN_IF_ERROR(
      olstm_registry_create(&model->allocator, &out_scratch->registry, error));
  OLSTM_RETURN_IF_ERROR(olstm__environment_init(&out_scratch->environment,
                                                out_scratch->registry, options, error));
  OLSTM_RETURN_IF_ERROR(import_graph(model, out_scratch, error));
  if (!note_origins(out_scratch, out_scratch->graph)) return fail_memory(error);
  qsort(out_scratch->origins, out_scratch->origin_count, sizeof *out_scratch->origins,
        compare_origins);
  return OLSTM_STATUS_OK;
}

void olstm__scratch_graph_close(olstm__scratch_graph* scratch) {
  olstm__graph_destroy(scratch->graph);
  olstm__environment_deinit(&scratch->environment);
  olstm_registry_destroy(scratch->registry);
  olstm_model_destroy(scratch->model);
  olstm__arena_deinit(&scratch->memory);
  memset(scratch, 0, sizeof *scratch);
}

olstm_status olstm__scratch_graph_fold(olstm__scratch_graph* scratch,
                                       olstm_error* error) {
  return olstm__fold_graph(&scratch->environment, scratch->graph, error);
}

const olstm__graph_origin* olstm__scratch_graph_origin(
    const olstm__scratch_graph* scratch, const olstm__graph* graph) {
  const olstm__graph_origin key = {.graph = graph};
  return bsearch(&key, scratch->origins, scratch->origin_count, sizeof key,
                 compare_origins);
}
