#include "runtime/convert/dim_open.h"

#include <string.h>

#include "runtime/plan/plan_cache.h"

/// Sizes of symbolic dimensions, one after the other: some models need several steps.
static const int64_t kMadeUpSizes[] = {3, 1, 16, 64, 512};

static olstm_status fail_memory(olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory to open a dimension");
}

olstm_status olstm__dim_opening_init(olstm__dim_opening* opening,
                                     olstm__encode_model* model, olstm_error* error) {
  olstm_session_options options;
  memset(opening, 0, sizeof *opening);
  opening->model = model;
  olstm_session_options_init(&options);
  options.allocator = &model->allocator;
  options.fuse = false;
  OLSTM_RETURN_IF_ERROR(
      olstm__scratch_graph_open(model, &options, &opening->scratch, error));
  OLSTM_RETURN_IF_ERROR(olstm__proto_names_init(&opening->names, model, error));
  OLSTM_RETURN_IF_ERROR(olstm__graph_edit_init(&opening->edit, model, &opening->names,
                                               &opening->scratch, opening->scratch.graph,
                                               model->proto->graph, error));
  OLSTM_RETURN_IF_ERROR(olstm_session_create(opening->scratch.model, NULL, &options,
                                             &opening->session, error));
  olstm__arena* memory = &opening->edit.memory;
  const size_t values = (size_t)opening->session->graph->value_count;
  opening->inferred = olstm__arena_allocate(memory, values, sizeof *opening->inferred);
  opening->descs = olstm__arena_allocate(memory, values, sizeof *opening->descs);
  opening->walk.places =
      olstm__arena_allocate(memory, values, sizeof *opening->walk.places);
  opening->axes =
      olstm__arena_allocate(memory, opening->session->input_count, sizeof *opening->axes);
  return memory->has_failed ? fail_memory(error) : OLSTM_STATUS_OK;
}

void olstm__dim_opening_deinit(olstm__dim_opening* opening) {
  olstm_session_destroy(opening->session);
  if (opening->edit.graph) olstm__graph_edit_deinit(&opening->edit);
  olstm__proto_names_deinit(&opening->names);
  olstm__scratch_graph_close(&opening->scratch);
}

/// Lists what the axes that are opened are called.
static bool list_opened(const olstm__dim_opening* opening, olstm__name_table* names) {
  const olstm_session* session = opening->session;
  bool is_new = false, is_done = true;
  for (size_t i = 0; i < session->input_count && is_done; i++) {
    const char* own =
        opening->axes[i] < 0 ? NULL : session->inputs[i].dim_params[opening->axes[i]];
    is_done = !own || olstm__name_table_add(names, own, 0, &is_new);
  }
  return is_done;
}

static bool is_opened(const olstm__name_table* names, const char* name) {
  int32_t found = 0;
  return name && olstm__name_table_find(names, name, &found);
}

/// The inputs, with `size` along the axes and dimensions of their `names`, and `other`
/// along other symbolic dimensions.
static void describe_inputs(const olstm__dim_opening* opening,
                            const olstm__name_table* names, int64_t size, int64_t other,
                            olstm_tensor* inputs) {
  const olstm_session* session = opening->session;
  for (size_t i = 0; i < session->input_count; i++) {
    const olstm_value_info* info = &session->inputs[i];
    inputs[i] = (olstm_tensor){{info->dtype, info->rank < 0 ? 0 : info->rank, {0}}, NULL};
    for (int32_t d = 0; d < info->rank; d++) {
      const int64_t open = is_opened(names, info->dim_params[d]) ? size : other;
      inputs[i].desc.dims[d] = info->dims[d] < 0 ? open : info->dims[d];
    }
    if (opening->axes[i] >= 0) inputs[i].desc.dims[opening->axes[i]] = size;
  }
}

/// As olstm__dim_opening_infer, with `names` of the axes.
static olstm_status infer_with(olstm__dim_opening* opening,
                               const olstm__name_table* names, int64_t size,
                               olstm_error* error) {
  const olstm_session* session = opening->session;
  olstm_tensor* inputs =
      olstm__arena_allocate(&opening->edit.memory, session->input_count, sizeof *inputs);
  if (!inputs) return fail_memory(error);
  olstm_status status = OLSTM_STATUS_OK;
  for (size_t i = 0; i < sizeof kMadeUpSizes / sizeof kMadeUpSizes[0]; i++) {
    opening->made_up = kMadeUpSizes[i];
    describe_inputs(opening, names, size ? size : OLSTM__ANY_SIZE, opening->made_up,
                    inputs);
    status = olstm__plan_describe(session->program, inputs, opening->inferred, error);
    if (status == OLSTM_STATUS_OK || status == OLSTM_STATUS_OUT_OF_MEMORY) break;
  }
  OLSTM_RETURN_IF_ERROR(status);
  for (int32_t v = 0; v < session->graph->value_count; v++) {
    opening->descs[v] = opening->inferred[v].desc;
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__dim_opening_infer(olstm__dim_opening* opening, int64_t size,
                                      olstm_error* error) {
  olstm__name_table names;
  olstm__name_table_init(&names, &opening->model->allocator, &opening->names.key);
  const olstm_status status = list_opened(opening, &names)
                                  ? infer_with(opening, &names, size, error)
                                  : fail_memory(error);
  olstm__name_table_deinit(&names);
  return status;
}

bool olstm__dim_opening_walk(olstm__dim_opening* opening, int64_t size) {
  const olstm__graph* graph = opening->session->graph;
  olstm__dim_place* places = opening->walk.places;
  opening->walk = (olstm__dim_walkthrough){.graph = graph,
                                           .descs = opening->descs,
                                           .size = size ? size : OLSTM__ANY_SIZE,
                                           .is_open = size == 0,
                                           .memory = &opening->edit.memory,
                                           .places = places};
  for (size_t i = 0; i < opening->session->input_count; i++) {
    places[graph->inputs[i]] = (olstm__dim_place){opening->axes[i], 1};
  }
  return olstm__dim_walk_through(&opening->walk);
}
