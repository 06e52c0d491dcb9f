// See model_picture.h.
#include "tools/model_picture.h"

#include <string.h>

#include "tools/keras_layer.h"
#include "tools/say.h"
#include "tools/tensor_print.h"

static void write_escaped(FILE* out, const char* text) {
  olstm__say_escaped(out, OLSTM__ESCAPE_DOT, text);
}

/// The plan's step of that node; false where it has none.
static bool find_step(const olstm_context* context, const char* node,
                      olstm_step_info* out_step) {
  olstm_plan_info plan;
  if (olstm_context_get_plan_info(context, &plan, NULL) != OLSTM_STATUS_OK) return false;
  for (size_t i = 0; i < plan.step_count; i++) {
    if (olstm_context_get_step_info(context, i, out_step, NULL) == OLSTM_STATUS_OK &&
        strcmp(out_step->node, node) == 0) {
      return true;
    }
  }
  return false;
}

static void draw_value(FILE* out, const char* kind, const olstm_value_info* info,
                       size_t index) {
  olstm__say(out, "  %s%zu [shape=ellipse, label=\"", kind, index);
  write_escaped(out, info->name);
  olstm__say(out, "\\n%s ", olstm_dtype_name(info->dtype));
  write_escaped(out, olstm__value_shape_text(info).text);
  olstm__say(out, "\"];\n");
}

static void draw_node(FILE* out, const olstm__job* job, const olstm_node* node,
                      size_t index) {
  olstm_plan_info plan;
  olstm_step_info step = {0};
  const bool has_plan =
      olstm_context_get_plan_info(job->context, &plan, NULL) == OLSTM_STATUS_OK;
  const bool is_step = find_step(job->context, node->name, &step);
  olstm__say(out, "  n%zu [label=\"", index);
  write_escaped(out, node->op_type);
  olstm__say(out, "\\n");
  write_escaped(out, node->name);
  if (is_step && step.kernel[0]) olstm__say(out, "\\nkernel %s", step.kernel);
  if (is_step && step.fused_from[0]) {
    olstm__say(out, "\\n");
    write_escaped(out, step.fused_from);
  }
  if (has_plan && !is_step) olstm__say(out, "\\nfolded or fused");
  olstm__say(out, "\"");
  if (olstm__keras_layer_is_recurrent(node) || (is_step && step.fused_from[0])) {
    olstm__say(out, ", style=\"filled,bold\", fillcolor=\"#cfe3ff\"");
  } else if (has_plan && !is_step) {
    olstm__say(out, ", style=dashed, fontcolor=gray40");
  } else if (is_step && step.is_view) {
    olstm__say(out, ", style=dotted");
  }
  olstm__say(out, "];\n");
}

/// The number of the node that makes a value, or -1.
static long find_producer(const olstm_model_nodes* nodes, const char* value) {
  for (size_t i = 0; i < olstm_model_nodes_count(nodes); i++) {
    const olstm_node* node = olstm_model_nodes_get(nodes, i);
    for (size_t o = 0; o < node->output_count; o++) {
      if (strcmp(node->output_names[o], value) == 0) return (long)i;
    }
  }
  return -1;
}

/// Writes "source -> TARGET" for the value's source: a node, or an input of the model.
static void draw_edge(FILE* out, const olstm__job* job, const olstm_model_nodes* nodes,
                      const char* value, const char* target_kind, size_t target) {
  const long producer = find_producer(nodes, value);
  if (producer >= 0) {
    olstm__say(out, "  n%ld -> %s%zu;\n", producer, target_kind, target);
    return;
  }
  for (size_t i = 0; i < olstm_model_input_count(job->model); i++) {
    if (strcmp(olstm_model_get_input(job->model, i)->name, value) == 0) {
      olstm__say(out, "  in%zu -> %s%zu;\n", i, target_kind, target);
    }
  }
}

/// A state slot "NODE/h" hangs at its node, both ways.
static void draw_states(FILE* out, const olstm__job* job,
                        const olstm_model_nodes* nodes) {
  olstm_state_info info;
  for (size_t s = 0; s < olstm_context_state_count(job->context); s++) {
    if (olstm_context_get_state_info(job->context, s, &info, NULL) != OLSTM_STATUS_OK) {
      return;
    }
    olstm__say(out,
               "  s%zu [shape=cylinder, style=filled, fillcolor=\"#ffe9c7\", "
               "label=\"state ",
               s);
    write_escaped(out, info.name);
    olstm__say(out, "\"];\n");
    const char* slash = strrchr(info.name, '/');
    const size_t length = slash ? (size_t)(slash - info.name) : 0;
    for (size_t i = 0; i < olstm_model_nodes_count(nodes) && length > 0; i++) {
      const char* name = olstm_model_nodes_get(nodes, i)->name;
      if (strlen(name) == length && strncmp(name, info.name, length) == 0) {
        olstm__say(out, "  s%zu -> n%zu [dir=both, style=bold];\n", s, i);
      }
    }
  }
}

/// A binding "OUT=IN": from the model's output back to its input.
static void draw_bindings(FILE* out, const olstm__job* job,
                          const olstm__job_options* options) {
  for (size_t b = 0; b < options->bindings.count; b++) {
    const char* pair = options->bindings.values[b];
    const size_t length = strcspn(pair, "=");
    for (size_t o = 0; o < olstm_model_output_count(job->model); o++) {
      const char* output = olstm_model_get_output(job->model, o)->name;
      if (strlen(output) != length || strncmp(output, pair, length) != 0) continue;
      for (size_t i = 0; i < olstm_model_input_count(job->model); i++) {
        if (strcmp(olstm_model_get_input(job->model, i)->name, pair + length + 1) == 0) {
          olstm__say(out, "  out%zu -> in%zu [style=dashed, label=\"next run\"];\n", o,
                     i);
        }
      }
    }
  }
}

static void draw_graph(FILE* out, const olstm__job* job, const olstm_model_nodes* nodes) {
  for (size_t i = 0; i < olstm_model_input_count(job->model); i++) {
    draw_value(out, "in", olstm_model_get_input(job->model, i), i);
  }
  for (size_t i = 0; i < olstm_model_nodes_count(nodes); i++) {
    const olstm_node* node = olstm_model_nodes_get(nodes, i);
    draw_node(out, job, node, i);
    for (size_t k = 0; k < node->input_count; k++) {
      if (olstm_node_has_input(node, k) && !node->constants[k]) {
        draw_edge(out, job, nodes, node->input_names[k], "n", i);
      }
    }
  }
  for (size_t i = 0; i < olstm_model_output_count(job->model); i++) {
    const olstm_value_info* info = olstm_model_get_output(job->model, i);
    draw_value(out, "out", info, i);
    draw_edge(out, job, nodes, info->name, "out", i);
  }
}

olstm_status olstm__model_draw(FILE* out, const olstm__job* job,
                               const olstm__job_options* options, olstm_error* error) {
  olstm_model_nodes* nodes = NULL;
  OLSTM_RETURN_IF_ERROR(olstm_model_nodes_create(job->model, NULL, &nodes, error));
  olstm__say(out, "digraph model {\n");
  olstm__say(out, "  rankdir=TB;\n");
  olstm__say(out, "  node [shape=box, fontname=\"sans-serif\"];\n");
  draw_graph(out, job, nodes);
  draw_states(out, job, nodes);
  draw_bindings(out, job, options);
  olstm__say(out, "}\n");
  olstm_model_nodes_destroy(nodes);
  return OLSTM_STATUS_OK;
}

static void print_layer(FILE* out, const olstm_node* node,
                        const olstm__keras_layer* layer) {
  olstm__say(out, "weights %s '%s', %s: %lld units, input of %lld\n", node->op_type,
             node->name, layer->direction, (long long)layer->units,
             (long long)layer->input_size);
  for (size_t i = 0; i < layer->array_count; i++) {
    const olstm__keras_array* array = &layer->arrays[i];
    char kind[80];
    (void)snprintf(kind, sizeof kind, "  (%s) gates %s:", array->source, array->gates);
    olstm__tensor_print(out, kind, array->name, &array->tensor);
  }
}

void olstm__session_print_weights(FILE* out, const olstm_session* session) {
  for (size_t i = 0; i < olstm_session_node_count(session); i++) {
    const olstm_node* node = olstm_session_get_node(session, i);
    int64_t direction_count = olstm__keras_layer_is_recurrent(node) ? 1 : 0;
    for (int64_t d = 0; d < direction_count; d++) {
      olstm__keras_layer layer;
      olstm_error reason;
      // A layer whose weights are computed is reported, and the others are printed.
      if (olstm__keras_layer_read(node, d, &layer, &reason) != OLSTM_STATUS_OK) {
        olstm__say(out, "weights %s\n", reason.message);
        break;
      }
      direction_count = layer.direction_count;
      print_layer(out, node, &layer);
      olstm__keras_layer_deinit(&layer);
    }
  }
}
