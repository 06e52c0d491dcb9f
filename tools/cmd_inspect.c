// olstm inspect: a model's inputs and outputs, its nodes after fusion, its plan, and the
// chosen kernels with the reasons.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "olstm/olstm.h"
#include "tools/cli.h"
#include "tools/command.h"
#include "tools/input_set.h"
#include "tools/job.h"
#include "tools/json_writer.h"
#include "tools/model_picture.h"
#include "tools/progress.h"
#include "tools/say.h"
#include "tools/tensor_print.h"

typedef struct inspect_options {
  const char* model;
  olstm__job_options job;
  olstm__input_options input;
  bool json;
  bool dot;
  bool weights;
} inspect_options;

/// A model opened, and planned for the shapes of its inputs where that was possible.
typedef struct inspected_model {
  olstm__job job;
  olstm__input_set inputs;
  bool is_planned;
  olstm_plan_info plan;
  /// Why there is no plan.
  olstm_error no_plan;
} inspected_model;

static olstm_status make_plan(inspected_model* inspection, const inspect_options* options,
                              olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(olstm__input_set_describe(
      inspection->job.session, &options->input, &inspection->inputs, error));
  olstm_tensor_desc* descs = calloc(inspection->inputs.count + 1, sizeof *descs);
  if (!descs) return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory");
  for (size_t i = 0; i < inspection->inputs.count; i++) {
    descs[i] = inspection->inputs.tensors[i].desc;
  }
  olstm_status status = olstm_context_prepare(inspection->job.context, descs,
                                              inspection->inputs.count, error);
  free(descs);
  OLSTM_RETURN_IF_ERROR(olstm__input_set_explain(&inspection->inputs, status, error));
  return olstm_context_get_plan_info(inspection->job.context, &inspection->plan, error);
}

/// A model that cannot be planned is shown all the same, with the reason.
static olstm_status open_inspection(const inspect_options* options,
                                    inspected_model* inspection, olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(
      olstm__job_open(options->model, &options->job, NULL, &inspection->job, error));
  const olstm_status status = make_plan(inspection, options, &inspection->no_plan);
  inspection->is_planned = status == OLSTM_STATUS_OK;
  // A --dim that matches no dimension is a usage error.
  if (status == OLSTM_STATUS_NOT_FOUND || status == OLSTM_STATUS_INVALID_ARGUMENT) {
    return olstm_fail(error, status, "%s", inspection->no_plan.message);
  }
  return OLSTM_STATUS_OK;
}

static void print_values(const olstm_model* model, const olstm_session* session) {
  for (size_t i = 0; i < olstm_session_input_count(session); i++) {
    const olstm_value_info* info = olstm_session_get_input(session, i);
    olstm__say(stdout, "input   %s: %s %s\n", info->name, olstm_dtype_name(info->dtype),
               olstm__value_shape_text(info).text);
  }
  for (size_t i = 0; i < olstm_model_default_input_count(model); i++) {
    const olstm_value_info* info = olstm_model_get_default_input(model, i);
    olstm__say(stdout, "input   %s: %s %s, the model's own unless given\n", info->name,
               olstm_dtype_name(info->dtype), olstm__value_shape_text(info).text);
  }
  for (size_t i = 0; i < olstm_session_output_count(session); i++) {
    const olstm_value_info* info = olstm_session_get_output(session, i);
    olstm__say(stdout, "output  %s: %s %s\n", info->name, olstm_dtype_name(info->dtype),
               olstm__value_shape_text(info).text);
  }
}

static void print_states(const olstm_context* context) {
  olstm_state_info info;
  for (size_t i = 0; i < olstm_context_state_count(context); i++) {
    if (olstm_context_get_state_info(context, i, &info, NULL) != OLSTM_STATUS_OK) return;
    olstm__say(
        stdout, "state   %s: %s %s%s\n", info.name, olstm_dtype_name(info.dtype),
        info.rank >= 0 ? olstm_dims_text(info.dims, info.rank).text : "of any rank",
        info.is_set ? "" : ", not set");
  }
}

static void print_step(const olstm_step_info* step) {
  olstm__say(stdout, "step    %s '%s'", step->op_type, step->node);
  if (step->is_view) olstm__say(stdout, ", a view");
  if (step->kernel[0]) olstm__say(stdout, ", kernel %s", step->kernel);
  if (step->reason[0]) olstm__say(stdout, " (%s)", step->reason);
  if (step->fused_from[0]) olstm__say(stdout, ", %s", step->fused_from);
  if (step->workspace_bytes > 0)
    olstm__say(stdout, ", %zu bytes of its own", step->workspace_bytes);
  if (step->is_dynamic)
    olstm__say(stdout, ", dynamic: its shapes are known only while running");
  if (step->run_allocates) olstm__say(stdout, ", allocates and locks in every run");
  olstm__say(stdout, "\n");
}

static void print_plan(const inspected_model* inspection) {
  olstm_step_info step;
  if (!inspection->is_planned) {
    olstm__say(stdout, "no plan: %s\n", inspection->no_plan.message);
    return;
  }
  olstm__say(stdout, "plan for");
  for (size_t i = 0; i < inspection->inputs.count; i++) {
    olstm__say(stdout, " %s %s",
               olstm_session_get_input(inspection->job.session, i)->name,
               olstm_shape_text(&inspection->inputs.tensors[i].desc).text);
  }
  olstm__say(stdout, ":\n");
  for (size_t i = 0; i < inspection->plan.step_count; i++) {
    if (olstm_context_get_step_info(inspection->job.context, i, &step, NULL) ==
        OLSTM_STATUS_OK) {
      print_step(&step);
    }
  }
  olstm__say(stdout, "folded  %zu nodes computed while planning\n",
             inspection->plan.folded_count);
  olstm__say(stdout,
             "memory  constants %zu bytes, workspace %zu bytes (%zu without reuse)%s\n",
             inspection->plan.constant_bytes, inspection->plan.workspace_bytes,
             inspection->plan.unshared_bytes,
             inspection->plan.has_dynamic_part ? "; dynamic steps may allocate" : "");
  olstm__say(stdout, "work    %" PRIu64 " units a run%s\n", inspection->plan.work,
             inspection->plan.has_dynamic_part ? ", dynamic steps left out" : "");
}

static void print_text(const inspected_model* inspection,
                       const inspect_options* options) {
  const olstm_model* model = inspection->job.model;
  olstm__say(stdout, "model   %s: graph '%s', IR %lld, opset %d, by '%s', %zu nodes\n",
             options->model, olstm_model_graph_name(model),
             (long long)olstm_model_ir_version(model),
             (int)olstm_model_opset_version(model, ""), olstm_model_producer(model),
             olstm_model_node_count(model));
  print_values(model, inspection->job.session);
  print_states(inspection->job.context);
  print_plan(inspection);
}

static void json_value(olstm__json_writer* json, const olstm_value_info* info) {
  olstm__json_open(json, NULL, '{');
  olstm__json_text(json, "name", info->name);
  olstm__json_text(json, "dtype", olstm_dtype_name(info->dtype));
  if (info->rank >= 0) {
    olstm__json_open(json, "shape", '[');
    for (int32_t d = 0; d < info->rank; d++) {
      if (info->dims[d] >= 0) {
        olstm__json_int(json, NULL, info->dims[d]);
      } else {
        olstm__json_text(json, NULL, info->dim_params[d] ? info->dim_params[d] : "?");
      }
    }
    olstm__json_close(json, ']');
  }
  olstm__json_close(json, '}');
}

static void json_values(olstm__json_writer* json, const olstm_model* model,
                        const olstm_session* session) {
  olstm__json_open(json, "inputs", '[');
  for (size_t i = 0; i < olstm_session_input_count(session); i++) {
    json_value(json, olstm_session_get_input(session, i));
  }
  olstm__json_close(json, ']');
  olstm__json_open(json, "default_inputs", '[');
  for (size_t i = 0; i < olstm_model_default_input_count(model); i++) {
    json_value(json, olstm_model_get_default_input(model, i));
  }
  olstm__json_close(json, ']');
  olstm__json_open(json, "outputs", '[');
  for (size_t i = 0; i < olstm_session_output_count(session); i++) {
    json_value(json, olstm_session_get_output(session, i));
  }
  olstm__json_close(json, ']');
}

static void json_states(olstm__json_writer* json, const olstm_context* context) {
  olstm_state_info info;
  olstm__json_open(json, "states", '[');
  for (size_t i = 0; i < olstm_context_state_count(context); i++) {
    if (olstm_context_get_state_info(context, i, &info, NULL) != OLSTM_STATUS_OK) break;
    olstm__json_open(json, NULL, '{');
    olstm__json_text(json, "name", info.name);
    olstm__json_text(json, "dtype", olstm_dtype_name(info.dtype));
    olstm__json_open(json, "shape", '[');
    for (int32_t d = 0; d < info.rank; d++) olstm__json_int(json, NULL, info.dims[d]);
    olstm__json_close(json, ']');
    olstm__json_bool(json, "is_set", info.is_set);
    olstm__json_close(json, '}');
  }
  olstm__json_close(json, ']');
}

static void json_step(olstm__json_writer* json, const olstm_step_info* step) {
  olstm__json_open(json, NULL, '{');
  olstm__json_text(json, "node", step->node);
  olstm__json_text(json, "op_type", step->op_type);
  olstm__json_text(json, "kernel", step->kernel);
  olstm__json_text(json, "reason", step->reason);
  olstm__json_text(json, "fused_from", step->fused_from);
  olstm__json_int(json, "workspace_bytes", (int64_t)step->workspace_bytes);
  olstm__json_bool(json, "is_view", step->is_view);
  olstm__json_bool(json, "is_dynamic", step->is_dynamic);
  olstm__json_bool(json, "run_allocates", step->run_allocates);
  olstm__json_close(json, '}');
}

static void json_plan(olstm__json_writer* json, const inspected_model* inspection) {
  olstm_step_info step;
  if (!inspection->is_planned) {
    olstm__json_text(json, "no_plan", inspection->no_plan.message);
    return;
  }
  olstm__json_open(json, "plan", '{');
  olstm__json_open(json, "input_shapes", '{');
  for (size_t i = 0; i < inspection->inputs.count; i++) {
    const olstm_tensor_desc* desc = &inspection->inputs.tensors[i].desc;
    olstm__json_open(json, olstm_session_get_input(inspection->job.session, i)->name,
                     '[');
    for (int32_t d = 0; d < desc->rank; d++) olstm__json_int(json, NULL, desc->dims[d]);
    olstm__json_close(json, ']');
  }
  olstm__json_close(json, '}');
  olstm__json_open(json, "steps", '[');
  for (size_t i = 0; i < inspection->plan.step_count; i++) {
    if (olstm_context_get_step_info(inspection->job.context, i, &step, NULL) ==
        OLSTM_STATUS_OK) {
      json_step(json, &step);
    }
  }
  olstm__json_close(json, ']');
  olstm__json_int(json, "folded_count", (int64_t)inspection->plan.folded_count);
  olstm__json_int(json, "constant_bytes", (int64_t)inspection->plan.constant_bytes);
  olstm__json_int(json, "workspace_bytes", (int64_t)inspection->plan.workspace_bytes);
  olstm__json_int(json, "unshared_bytes", (int64_t)inspection->plan.unshared_bytes);
  olstm__json_int(json, "work", (int64_t)inspection->plan.work);
  olstm__json_bool(json, "has_dynamic_part", inspection->plan.has_dynamic_part);
  olstm__json_close(json, '}');
}

static void print_json(const inspected_model* inspection) {
  const olstm_model* model = inspection->job.model;
  olstm__json_writer json = {stdout, true};
  olstm__json_open(&json, NULL, '{');
  olstm__json_text(&json, "graph", olstm_model_graph_name(model));
  olstm__json_text(&json, "producer", olstm_model_producer(model));
  olstm__json_int(&json, "ir_version", olstm_model_ir_version(model));
  olstm__json_int(&json, "opset", olstm_model_opset_version(model, ""));
  olstm__json_int(&json, "node_count", (int64_t)olstm_model_node_count(model));
  json_values(&json, model, inspection->job.session);
  json_states(&json, inspection->job.context);
  json_plan(&json, inspection);
  olstm__json_close(&json, '}');
  olstm__say(stdout, "\n");
}

static olstm_status print(const inspected_model* inspection,
                          const inspect_options* options, olstm_error* error) {
  if (options->dot) {
    return olstm__model_draw(stdout, &inspection->job, &options->job, error);
  }
  if (options->weights) {
    olstm__session_print_weights(stdout, inspection->job.session);
    return OLSTM_STATUS_OK;
  }
  if (options->json) {
    print_json(inspection);
  } else {
    print_text(inspection, options);
  }
  return OLSTM_STATUS_OK;
}

static olstm__cli_result parse(int argc, char** argv, inspect_options* out) {
  olstm__cli_list operands;
  const olstm__cli_option options[] = {
      {"json", OLSTM__CLI_FLAG, &out->json, NULL, "print one JSON object", 0, 0, NULL},
      {"dot", OLSTM__CLI_FLAG, &out->dot, NULL,
       "print the graph for Graphviz (dot -Tsvg)", 0, 0, NULL},
      {"weights", OLSTM__CLI_FLAG, &out->weights, NULL,
       "print recurrent layers' weights in Keras' shapes and gates", 0, 0, NULL},
      {"dim", OLSTM__CLI_PAIRS, &out->input.dims, "NAME=N",
       "size of a symbolic dimension (default 1), by name or INPUT:AXIS", 0, 0, NULL},
      OLSTM__JOB_CLI_STATE_OPTIONS(out->job),
      OLSTM__JOB_CLI_OPTIONS(out->job),
  };
  const olstm__cli_command command = {"inspect",
                                      "olstm inspect MODEL [options]",
                                      "Shows inputs, outputs, state slots, and the plan: "
                                      "steps, kernels and the reasons,\n"
                                      "what was folded or fused, memory.",
                                      options,
                                      sizeof options / sizeof options[0],
                                      1,
                                      1};
  const olstm__cli_result result = olstm__cli_parse(&command, argc, argv, &operands);
  if (result != OLSTM__CLI_PARSED) return result;
  out->model = operands.values[0];
  if ((int)out->json + (int)out->dot + (int)out->weights > 1) {
    (void)olstm__cli_complain(0,
                              "inspect: --json, --dot and --weights do not go together");
    return OLSTM__CLI_REFUSED;
  }
  return OLSTM__CLI_PARSED;
}

int olstm__command_inspect(int argc, char** argv) {
  inspect_options options = {0};
  inspected_model inspection = {0};
  olstm_error error = {""};
  olstm__job_options_init(&options.job);
  const olstm__cli_result parsed = parse(argc, argv, &options);
  if (parsed != OLSTM__CLI_PARSED) return olstm__cli_exit_code(parsed);
  olstm__progress_begin("loading the model");
  olstm_status status = open_inspection(&options, &inspection, &error);
  olstm__progress_end();
  if (status == OLSTM_STATUS_OK) status = print(&inspection, &options, &error);
  olstm__input_set_deinit(&inspection.inputs);
  olstm__job_deinit(&inspection.job);
  return status == OLSTM_STATUS_OK ? OLSTM__EXIT_OK : olstm__cli_fail(&error);
}
