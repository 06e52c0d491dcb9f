#include "runtime/convert/dim_edit.h"

#include <string.h>

#include "base/array.h"
#include "runtime/fuse/fuse_match.h"

static const char kInFunction[] = "it is inside a local function";
static const char kUnknownShape[] = "its shape is not known";

static const olstm__graph* graph_of(const olstm__dim_edit* edit) {
  return edit->opening->session->graph;
}

static bool refuse(olstm__dim_edit* edit, const char* reason) {
  edit->refusal = reason;
  return false;
}

void olstm__dim_edit_undo(olstm__dim_edit* edit) {
  *edit->opening->model->proto->graph = edit->before;
  for (size_t i = edit->changed_count; i-- > 0;) {
    *edit->changed[i].proto = edit->changed[i].before;
  }
}

// ---------------------------------------------------------------- nodes

static char* take_name(olstm__dim_edit* edit, const char* node, const char* what) {
  return olstm__proto_names_take(&edit->opening->names, "%s/%s", node, what);
}

/// Adds a node of up to two inputs; its output, or NULL. attribute: NULL for none.
static char* add_node(olstm__dim_edit* edit, const char* at, const char* op_type,
                      char* const* inputs, size_t count,
                      const olstm_attribute* attribute) {
  char* output = take_name(edit, at, op_type);
  return output && olstm__node_write_new(&edit->opening->edit.writer, op_type, inputs,
                                         count, attribute, output)
             ? output
             : NULL;
}

static char* add_constant(olstm__dim_edit* edit, const char* at,
                          const olstm_tensor* tensor) {
  char* name = take_name(edit, at, "opened");
  return name && olstm__node_write_constant(&edit->opening->edit.writer, name, tensor)
             ? name
             : NULL;
}

static char* add_numbers(olstm__dim_edit* edit, const char* at, const int64_t* numbers,
                         int64_t count) {
  const olstm_tensor tensor = {.desc = {OLSTM_DTYPE_INT64, 1, {count}},
                               .data = (void*)(uintptr_t)numbers};
  return add_constant(edit, at, &tensor);
}

static const olstm_attribute kAxis0 = {
    .name = "axis", .kind = OLSTM_ATTRIBUTE_INT, .i = 0};

/// The size, as a list of one number: of the first input that has the dimension.
static char* get_size(olstm__dim_edit* edit) {
  const olstm__dim_opening* opening = edit->opening;
  if (edit->size) return edit->size;
  for (size_t i = 0; i < opening->session->input_count; i++) {
    if (opening->axes[i] < 0) continue;
    const int64_t axis = opening->axes[i];
    char* input = olstm__build_text(
        opening->model, opening->edit.origin->names[graph_of(edit)->inputs[i]]);
    char* shape = add_node(edit, edit->opened.name, "Shape", &input, 1, NULL);
    char* const inputs[] = {shape, add_numbers(edit, edit->opened.name, &axis, 1)};
    edit->size = add_node(edit, edit->opened.name, "Gather", inputs, 2, &kAxis0);
    break;
  }
  return edit->size;
}

/// The size times a factor.
static char* get_product(olstm__dim_edit* edit, const char* at, int64_t factor) {
  if (factor == 1) return get_size(edit);
  char* const inputs[] = {get_size(edit), add_numbers(edit, at, &factor, 1)};
  return add_node(edit, at, "Mul", inputs, 2, NULL);
}

/// A shape whose element `index` is the size times a factor.
static char* add_shape(olstm__dim_edit* edit, const char* at, const int64_t* numbers,
                       int64_t count, int64_t index, int64_t factor) {
  char* parts[3];
  size_t part_count = 0;
  if (index > 0) parts[part_count++] = add_numbers(edit, at, numbers, index);
  parts[part_count++] = get_product(edit, at, factor);
  if (index + 1 < count) {
    parts[part_count++] = add_numbers(edit, at, numbers + index + 1, count - index - 1);
  }
  return add_node(edit, at, "Concat", parts, part_count, &kAxis0);
}

// ---------------------------------------------------------------- inputs

static olstm__node_proto* find_proto(const olstm__dim_edit* edit,
                                     const olstm__graph_node* node) {
  for (size_t o = 0; o < node->output_count; o++) {
    if (node->outputs[o] == OLSTM__NO_VALUE) continue;
    return olstm__graph_edit_producer(&edit->opening->edit, node->outputs[o]);
  }
  return NULL;
}

/// Notes what a node was. False when it cannot be changed.
static bool note_node(olstm__dim_edit* edit, olstm__node_proto* proto) {
  const olstm_allocator scratch = olstm__arena_as_allocator(&edit->opening->edit.memory);
  if (!proto) return refuse(edit, kInFunction);
  struct olstm__changed_node* changed =
      olstm__array_reserve(&scratch, edit->changed, edit->changed_count, 1,
                           &edit->changed_capacity, sizeof *changed);
  if (!changed) return false;
  edit->changed = changed;
  changed[edit->changed_count++] = (struct olstm__changed_node){proto, *proto};
  return true;
}

/// Sets an input of a node of the file (NULL: absent).
static bool set_input(olstm__dim_edit* edit, const olstm__dim_fix* fix, char* name,
                      bool is_absent) {
  static char absent[] = "";
  olstm__arena* memory = &edit->opening->model->memory;
  olstm__node_proto* proto = find_proto(edit, &graph_of(edit)->nodes[fix->node]);
  if ((!name && !is_absent) || !note_node(edit, proto)) return false;
  char** inputs = olstm__arena_allocate(memory, proto->n_input, sizeof *inputs);
  if (!inputs) return false;
  memcpy(inputs, proto->input, proto->n_input * sizeof *inputs);
  if (!olstm__build_append(edit->opening->model, &edit->unused, inputs[fix->slot])) {
    return false;
  }
  inputs[fix->slot] = is_absent ? absent : name;
  proto->input = inputs;
  return true;
}

// ---------------------------------------------------------------- shapes

enum { kMostNumbers = OLSTM_MAX_RANK };

/// The numbers of a constant shape. False when there are more than dimensions.
static bool read_numbers(const olstm_tensor* tensor, int64_t numbers[kMostNumbers],
                         int64_t* out_count) {
  *out_count = olstm_tensor_desc_count(&tensor->desc);
  if (*out_count > kMostNumbers) return false;
  for (int64_t i = 0; i < *out_count; i++) {
    if (!olstm__match_whole_element(tensor, i, &numbers[i])) return false;
  }
  return true;
}

/// Whether a 0 at `index` of a Reshape's shape means the dimension.
static bool zero_copies_it(const olstm__dim_edit* edit, const olstm__graph_node* node,
                           const olstm__dim_fix* fix) {
  const olstm__dim_walkthrough* walk = &edit->opening->walk;
  const int32_t input = node->inputs[0];
  return fix->factor == 1 && walk->places[input].axis == fix->index &&
         walk->descs[input].dims[fix->index] == walk->size &&
         olstm__match_int(node, "allowzero", 0) == 0;
}

static bool fix_reshape(olstm__dim_edit* edit, const olstm__dim_fix* fix) {
  const olstm__graph_node* node = &graph_of(edit)->nodes[fix->node];
  int64_t numbers[kMostNumbers], count = 0;
  bool has_open = false;
  if (!read_numbers(olstm__graph_constant(graph_of(edit), node->inputs[1]), numbers,
                    &count)) {
    return refuse(edit, kUnknownShape);
  }
  for (int64_t i = 0; i < count; i++) has_open = has_open || numbers[i] == -1;
  if (!has_open || zero_copies_it(edit, node, fix)) {
    numbers[fix->index] = has_open ? 0 : -1;
    return set_input(edit, fix, add_numbers(edit, node->name, numbers, count), false);
  }
  return set_input(edit, fix,
                   add_shape(edit, node->name, numbers, count, fix->index, fix->factor),
                   false);
}

/// Makes the node one of another type, with the first input alone. attribute: NULL for
/// none.
static bool fix_type(olstm__dim_edit* edit, const olstm__dim_fix* fix,
                     const char* op_type, const olstm_attribute* attribute) {
  olstm__encode_model* model = edit->opening->model;
  olstm__node_proto* proto = find_proto(edit, &graph_of(edit)->nodes[fix->node]);
  if (!note_node(edit, proto)) return false;
  void* attributes = olstm__arena_allocate(&model->memory, 1, sizeof(void*));
  char* name = olstm__build_text(model, op_type);
  if (!name || !attributes ||
      !olstm__build_append(model, &edit->unused, proto->input[1])) {
    return false;
  }
  proto->op_type = name;
  proto->n_input = 1;
  proto->attribute = attributes;
  proto->n_attribute = 0;
  return !attribute || olstm__build_add_attribute(model, proto, attribute);
}

static bool fix_expand(olstm__dim_edit* edit, const olstm__dim_fix* fix) {
  const olstm__graph_node* node = &graph_of(edit)->nodes[fix->node];
  int64_t numbers[kMostNumbers], count = 0;
  if (!read_numbers(olstm__graph_constant(graph_of(edit), node->inputs[1]), numbers,
                    &count)) {
    return refuse(edit, kUnknownShape);
  }
  numbers[fix->index] = 1;
  bool is_one = count <= edit->opening->walk.descs[node->inputs[0]].rank;
  for (int64_t i = 0; i < count; i++) is_one = is_one && numbers[i] == 1;
  if (is_one) return fix_type(edit, fix, "Identity", NULL);
  return set_input(edit, fix, add_numbers(edit, node->name, numbers, count), false);
}

/// The attribute of a Transpose of a node's first input that brings dimension `axis` to
/// the front. perm: its memory.
static olstm_attribute front_perm(const olstm__dim_edit* edit, const olstm__dim_fix* fix,
                                  int64_t axis, int64_t perm[OLSTM_MAX_RANK]) {
  const olstm__graph_node* node = &graph_of(edit)->nodes[fix->node];
  const int32_t rank = edit->opening->walk.descs[node->inputs[0]].rank;
  perm[0] = axis;
  for (int32_t d = 0, next = 1; d < rank; d++) {
    if (d != axis) perm[next++] = d;
  }
  return (olstm_attribute){
      .name = "perm", .kind = OLSTM_ATTRIBUTE_INTS, .count = (size_t)rank, .ints = perm};
}

static bool fix_transpose(olstm__dim_edit* edit, const olstm__dim_fix* fix) {
  int64_t perm[OLSTM_MAX_RANK];
  const olstm_attribute attribute = front_perm(edit, fix, 1, perm);
  return fix_type(edit, fix, "Transpose", &attribute);
}

/// Brings a dimension of a Reshape's input to the front, which its shape then copies.
static bool fix_front(olstm__dim_edit* edit, const olstm__dim_fix* fix) {
  const olstm__graph_node* node = &graph_of(edit)->nodes[fix->node];
  const olstm__node_proto* proto = find_proto(edit, node);
  int64_t perm[OLSTM_MAX_RANK], numbers[kMostNumbers], count = 0;
  olstm__dim_fix data = *fix, shape = *fix;
  data.slot = 0;
  shape.slot = 1;
  if (!proto) return refuse(edit, kInFunction);
  if (!read_numbers(olstm__graph_constant(graph_of(edit), node->inputs[1]), numbers,
                    &count)) {
    return refuse(edit, kUnknownShape);
  }
  if (numbers[0] == 1) numbers[0] = 0;
  const olstm_attribute attribute = front_perm(edit, fix, fix->index, perm);
  return set_input(
             edit, &data,
             add_node(edit, node->name, "Transpose", &proto->input[0], 1, &attribute),
             false) &&
         set_input(edit, &shape, add_numbers(edit, node->name, numbers, count), false);
}

static bool fix_slice(olstm__dim_edit* edit, const olstm__dim_fix* fix) {
  const olstm__graph_node* node = &graph_of(edit)->nodes[fix->node];
  const olstm_tensor* ends = olstm__graph_constant(graph_of(edit), node->inputs[2]);
  olstm_tensor opened = *ends;
  int64_t numbers[kMostNumbers], count = 0;
  int32_t short_numbers[kMostNumbers];
  if (!read_numbers(ends, numbers, &count)) return refuse(edit, "its ends are not known");
  numbers[fix->index] = INT64_MAX;
  for (int64_t i = 0; i < count; i++) {
    short_numbers[i] = numbers[i] > INT32_MAX ? INT32_MAX : (int32_t)numbers[i];
  }
  const bool is_short = ends->desc.dtype == OLSTM_DTYPE_INT32;
  opened.data = is_short ? (void*)short_numbers : (void*)numbers;
  return set_input(edit, fix, add_constant(edit, node->name, &opened), false);
}

// ---------------------------------------------------------------- constants

/// How a tensor lies around a dimension: `outer` times `rows` blocks of `bytes`.
typedef struct row_layout {
  size_t outer, rows, bytes;
} row_layout;

static row_layout lay_out(const olstm_tensor* tensor, int64_t axis) {
  row_layout layout = {1, (size_t)tensor->desc.dims[axis],
                       olstm_dtype_size(tensor->desc.dtype)};
  for (int32_t d = 0; d < tensor->desc.rank; d++) {
    if (d < axis) layout.outer *= (size_t)tensor->desc.dims[d];
    if (d > axis) layout.bytes *= (size_t)tensor->desc.dims[d];
  }
  return layout;
}

static bool has_equal_rows(const olstm_tensor* tensor, int64_t axis) {
  const row_layout layout = lay_out(tensor, axis);
  const char* data = tensor->data;
  for (size_t o = 0; o < layout.outer; o++) {
    for (size_t r = 1; r < layout.rows; r++) {
      const char* first = data + o * layout.rows * layout.bytes;
      if (memcmp(first, first + r * layout.bytes, layout.bytes) != 0) return false;
    }
  }
  return layout.rows > 0;
}

/// Writes the first row of a constant whose rows are equal; its name.
static char* add_one_row(olstm__dim_edit* edit, const char* at,
                         const olstm_tensor* tensor, int64_t axis) {
  const row_layout layout = lay_out(tensor, axis);
  olstm_tensor one = *tensor;
  one.desc.dims[axis] = 1;
  one.data = olstm__arena_allocate_data(&edit->opening->edit.memory,
                                        layout.outer * layout.bytes + 1);
  if (!one.data) return NULL;
  for (size_t o = 0; o < layout.outer; o++) {
    memcpy((char*)one.data + o * layout.bytes,
           (const char*)tensor->data + o * layout.rows * layout.bytes, layout.bytes);
  }
  return add_constant(edit, at, &one);
}

static bool is_zero(const olstm_tensor* tensor) {
  size_t bytes = 0;
  if (!olstm_tensor_desc_bytes(&tensor->desc, &bytes)) return false;
  for (size_t i = 0; i < bytes; i++) {
    if (((const char*)tensor->data)[i] != 0) return false;
  }
  return true;
}

static bool fix_constant(olstm__dim_edit* edit, const olstm__dim_fix* fix) {
  enum { kExpandOpset = 8 };
  const olstm__graph_node* node = &graph_of(edit)->nodes[fix->node];
  const olstm_tensor* tensor =
      olstm__graph_constant(graph_of(edit), node->inputs[fix->slot]);
  int64_t ones[OLSTM_MAX_RANK];
  if (fix->kind == OLSTM__DIM_FIX_INITIAL && is_zero(tensor)) {
    return set_input(edit, fix, NULL, true);
  }
  if (fix->index >= tensor->desc.rank || fix->factor != 1 ||
      tensor->desc.dtype == OLSTM_DTYPE_STRING) {
    return refuse(edit, "a constant of another shape meets it");
  }
  if (!has_equal_rows(tensor, fix->index)) {
    return refuse(edit, "its constant differs from row to row");
  }
  char* row = add_one_row(edit, node->name, tensor, fix->index);
  if (fix->kind == OLSTM__DIM_FIX_ONE_ROW) return set_input(edit, fix, row, false);
  if (edit->opening->edit.writer.opset < kExpandOpset) {
    return refuse(edit, "it needs Expand of opset 8");
  }
  for (int32_t d = 0; d < tensor->desc.rank; d++) ones[d] = 1;
  char* const inputs[] = {
      row, add_shape(edit, node->name, ones, tensor->desc.rank, fix->index, 1)};
  return set_input(edit, fix, add_node(edit, node->name, "Expand", inputs, 2, NULL),
                   false);
}

static bool make_fix(olstm__dim_edit* edit, const olstm__dim_fix* fix) {
  edit->refusal = NULL;
  if (fix->kind == OLSTM__DIM_FIX_RESHAPE) return fix_reshape(edit, fix);
  if (fix->kind == OLSTM__DIM_FIX_EXPAND) return fix_expand(edit, fix);
  if (fix->kind == OLSTM__DIM_FIX_TRANSPOSE) return fix_transpose(edit, fix);
  if (fix->kind == OLSTM__DIM_FIX_SLICE) return fix_slice(edit, fix);
  if (fix->kind == OLSTM__DIM_FIX_ABSENT) return set_input(edit, fix, NULL, true);
  if (fix->kind == OLSTM__DIM_FIX_FRONT) return fix_front(edit, fix);
  return fix_constant(edit, fix);
}

// ---------------------------------------------------------------- declarations

static olstm_status declare(olstm__dim_edit* edit, olstm_error* error) {
  olstm__encode_model* model = edit->opening->model;
  olstm__graph_proto* graph = model->proto->graph;
  olstm__node_writer* writer = &edit->opening->edit.writer;
  void* nodes = olstm__build_extend(model, graph->node, &graph->n_node, &writer->nodes);
  void* constants =
      nodes ? olstm__build_extend(model, graph->initializer, &graph->n_initializer,
                                  &writer->initializers)
            : NULL;
  if (constants) {
    graph->node = nodes;
    graph->initializer = constants;
  }
  if (!constants || !olstm__dim_declare_ends(edit->opening, &edit->opened)) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory to open a dimension");
  }
  return olstm__proto_tidy(model, graph, (const char* const*)edit->unused.items,
                           edit->unused.count, error);
}

olstm_status olstm__dim_edit_make(olstm__dim_edit* edit, olstm__dim_opening* opening,
                                  const char* name, bool* out_is_done,
                                  olstm_error* error) {
  *edit = (olstm__dim_edit){.opening = opening,
                            .opened = {name, opening->walk.size},
                            .before = *opening->model->proto->graph};
  *out_is_done = false;
  for (size_t f = 0; f < opening->walk.fix_count; f++) {
    const olstm__dim_fix* fix = &opening->walk.fixes[f];
    if (make_fix(edit, fix)) continue;
    olstm__dim_edit_undo(edit);
    opening->walk.obstacle = &graph_of(edit)->nodes[fix->node];
    return edit->refusal ? OLSTM_STATUS_OK
                         : olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY,
                                      "no memory to open a dimension");
  }
  *out_is_done = true;
  return declare(edit, error);
}
