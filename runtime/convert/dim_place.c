#include "runtime/convert/dim_place.h"

#include <string.h>

#include "base/array.h"
#include "runtime/fuse/fuse_match.h"

static const olstm__dim_place kNowhere = {-1, 1};

/// What a rule found: the place in the first output, and in others where it is the same.
typedef struct place_result {
  olstm__dim_place place;
  const char* reason;
} place_result;

static place_result at(int32_t axis, int64_t inner) {
  return (place_result){{axis, inner}, NULL};
}

static place_result refuse(const char* reason) {
  return (place_result){kNowhere, reason};
}

// ---------------------------------------------------------------- values

static bool has_place(const olstm__dim_walkthrough* walk, int32_t value) {
  return value != OLSTM__NO_VALUE && walk->places[value].axis >= 0;
}

static const olstm_tensor_desc* desc_of(const olstm__dim_walkthrough* walk,
                                        int32_t value) {
  static const olstm_tensor_desc kNone = {.dtype = OLSTM_DTYPE_UNDEFINED};
  return value == OLSTM__NO_VALUE ? &kNone : &walk->descs[value];
}

static bool is_known(const olstm__dim_walkthrough* walk, int32_t value) {
  return desc_of(walk, value)->dtype != OLSTM_DTYPE_UNDEFINED;
}

/// Elements behind dimension `axis`.
static int64_t count_behind(const olstm_tensor_desc* desc, int32_t axis) {
  int64_t count = 1;
  for (int32_t d = axis + 1; d < desc->rank; d++) count *= desc->dims[d];
  return count;
}

static bool add_fix(olstm__dim_walkthrough* walk, olstm__dim_fix_kind kind,
                    const olstm__graph_node* node, size_t slot, int64_t index,
                    int64_t factor) {
  const olstm_allocator memory = olstm__arena_as_allocator(walk->memory);
  olstm__dim_fix* fixes = olstm__array_reserve(&memory, walk->fixes, walk->fix_count, 1,
                                               &walk->fix_capacity, sizeof *fixes);
  if (!fixes) return false;
  walk->fixes = fixes;
  fixes[walk->fix_count++] = (olstm__dim_fix){
      kind, olstm__graph_node_index(walk->graph, node), slot, index, factor};
  return true;
}

// ---------------------------------------------------------------- shapes

/// The dimension of a shape in which a place with so many elements behind it lies. One of
/// just its size comes first, at `like` above all; then the first that may contain it.
static olstm__dim_place find_place(const olstm__dim_walkthrough* walk,
                                   const olstm_tensor_desc* desc, int64_t behind,
                                   int32_t like) {
  olstm__dim_place found = kNowhere;
  bool is_exact = false;
  for (int32_t d = 0; d < desc->rank; d++) {
    const int64_t after = count_behind(desc, d), dim = desc->dims[d];
    if (after == 0 || behind % after != 0) continue;
    const int64_t inner = behind / after;
    if (dim == 0 || dim % (inner * walk->size) != 0) continue;
    const bool exact = dim == walk->size && inner == 1;
    if (found.axis >= 0 && !(exact && (!is_exact || d == like))) continue;
    found = (olstm__dim_place){d, inner};
    is_exact = exact;
  }
  return found;
}

/// Whether a Reshape does what a Transpose of the first two dimensions would, as
/// exporters write it where one of them is 1.
static bool swaps_first(const olstm_tensor_desc* before, const olstm_tensor_desc* after) {
  if (before->rank < 2 || before->rank != after->rank ||
      before->dims[0] == before->dims[1] || before->dims[0] != after->dims[1] ||
      before->dims[1] != after->dims[0] ||
      (before->dims[0] != 1 && before->dims[1] != 1)) {
    return false;
  }
  for (int32_t d = 2; d < before->rank; d++) {
    if (before->dims[d] != after->dims[d]) return false;
  }
  return true;
}

/// Whether a Reshape brings a dimension of size 1 to the front, past others, as exporters
/// write it where the batch is 1: [T,1,1,H] to [1,T,H]. Zeros in its shape, behind the
/// first number, would copy others then.
static bool brings_to_front(const olstm__dim_walkthrough* walk,
                            const olstm__graph_node* node, olstm__dim_place strict) {
  const olstm_tensor_desc* after = desc_of(walk, node->outputs[0]);
  const olstm_tensor* shape =
      olstm__graph_constant(walk->graph, olstm__graph_node_input(node, 1));
  const olstm__dim_place place = walk->places[node->inputs[0]];
  if (walk->size != 1 || place.inner != 1 || place.axis == 0 || strict.axis <= 0 ||
      after->dims[strict.axis] == 1 || after->dims[0] != 1 || !shape ||
      olstm__match_int(node, "allowzero", 0) != 0) {
    return false;
  }
  for (int64_t i = 0; i < after->rank; i++) {
    int64_t number = 0;
    if (!olstm__match_whole_element(shape, i, &number) || (i > 0 && number == 0)) {
      return false;
    }
  }
  return true;
}

static place_result place_reshape(olstm__dim_walkthrough* walk,
                                  const olstm__graph_node* node) {
  const int32_t from = node->inputs[0];
  if (swaps_first(desc_of(walk, from), desc_of(walk, node->outputs[0])) &&
      walk->places[from].axis <= 1 && walk->places[from].inner == 1) {
    return add_fix(walk, OLSTM__DIM_FIX_TRANSPOSE, node, 0, 0, 1)
               ? at(1 - walk->places[from].axis, 1)
               : refuse(NULL);
  }
  const olstm_tensor_desc* before = desc_of(walk, from);
  const olstm_tensor_desc* after = desc_of(walk, node->outputs[0]);
  const olstm__dim_place place = walk->places[from];
  const olstm_tensor* shape =
      olstm__graph_constant(walk->graph, olstm__graph_node_input(node, 1));
  const olstm__dim_place found =
      find_place(walk, after, place.inner * count_behind(before, place.axis), place.axis);
  if (brings_to_front(walk, node, found)) {
    return add_fix(walk, OLSTM__DIM_FIX_FRONT, node, 0, place.axis, 1) ? at(0, 1)
                                                                       : refuse(NULL);
  }
  if (found.axis < 0) return refuse("its shape leaves no room for it");
  if (!shape) return at(found.axis, found.inner);
  int64_t number = 0;
  if (!olstm__match_whole_element(shape, found.axis, &number)) {
    return refuse("its shape is not known");
  }
  // A dimension that is copied, or follows from the others, is as large as it must be.
  const bool is_copied = number == 0 && found.axis == place.axis;
  if (number != -1 && !is_copied &&
      !add_fix(walk, OLSTM__DIM_FIX_RESHAPE, node, 1, found.axis,
               after->dims[found.axis] / walk->size)) {
    return refuse(NULL);
  }
  return at(found.axis, found.inner);
}

static place_result place_flatten(olstm__dim_walkthrough* walk,
                                  const olstm__graph_node* node) {
  const olstm_tensor_desc* before = desc_of(walk, node->inputs[0]);
  const olstm__dim_place place = walk->places[node->inputs[0]];
  const olstm__dim_place found =
      find_place(walk, desc_of(walk, node->outputs[0]),
                 place.inner * count_behind(before, place.axis), place.axis);
  return at(found.axis, found.inner);
}

static place_result place_transpose(const olstm__dim_walkthrough* walk,
                                    const olstm__graph_node* node) {
  const olstm__dim_place place = walk->places[node->inputs[0]];
  const olstm_attribute* perm = olstm__graph_find_attribute(node, "perm");
  const int32_t rank = desc_of(walk, node->inputs[0])->rank;
  if (!perm) return at(rank - 1 - place.axis, place.inner);
  for (int32_t d = 0; d < rank && (size_t)d < perm->count; d++) {
    if (perm->ints[d] == place.axis) return at(d, place.inner);
  }
  return refuse("its perm lacks it");
}

/// Squeeze, Unsqueeze, and reductions that drop what they reduce.
static place_result place_axes(olstm__dim_walkthrough* walk,
                               const olstm__graph_node* node) {
  const olstm__dim_place place = walk->places[node->inputs[0]];
  const int32_t rank = desc_of(walk, node->inputs[0])->rank;
  const bool adds = olstm__match_is(node, "Unsqueeze");
  int64_t axes[OLSTM_MAX_RANK];
  size_t count = 0;
  if (!olstm__match_axes(walk->graph, node, axes, &count)) {
    return refuse("it takes all dimensions of size 1 away, or its axes are computed");
  }
  const int32_t full = adds ? rank + (int32_t)count : rank;
  bool is_listed[OLSTM_MAX_RANK + 1] = {false};
  for (size_t i = 0; i < count; i++) {
    const int64_t axis = axes[i] < 0 ? axes[i] + full : axes[i];
    if (axis < 0 || axis >= full || axis >= OLSTM_MAX_RANK) return refuse("its axes");
    is_listed[axis] = true;
  }
  if (adds) {
    int32_t next = 0;
    for (int32_t d = 0; d < full; d++) {
      if (is_listed[d]) continue;
      if (next++ == place.axis) return at(d, place.inner);
    }
    return refuse("its axes");
  }
  if (is_listed[place.axis]) return refuse("it takes the dimension away");
  int32_t before = 0;
  for (int32_t d = 0; d < place.axis; d++) before += is_listed[d];
  return at(place.axis - before, place.inner);
}

/// What is reduced over the dimension is there whatever its size.
static place_result place_reduction(olstm__dim_walkthrough* walk,
                                    const olstm__graph_node* node) {
  const olstm__dim_place place = walk->places[node->inputs[0]];
  const olstm_tensor_desc* after = desc_of(walk, node->outputs[0]);
  const olstm_tensor_desc* before = desc_of(walk, node->inputs[0]);
  // With a size of 1 it cannot be seen: the axes tell.
  int64_t axes[OLSTM_MAX_RANK];
  size_t count = 0;
  if (!olstm__match_axes(walk->graph, node, axes, &count)) {
    return refuse("it reduces over all dimensions, or its axes are computed");
  }
  for (size_t i = 0; i < count; i++) {
    if ((axes[i] < 0 ? axes[i] + before->rank : axes[i]) == place.axis) {
      return place.inner == 1 ? at(-1, 1) : refuse("it reduces over the dimension");
    }
  }
  if (olstm__match_int(node, "keepdims", 1) == 0) return place_axes(walk, node);
  return after->rank == before->rank ? at(place.axis, place.inner) : refuse("its rank");
}

static place_result place_expand(olstm__dim_walkthrough* walk,
                                 const olstm__graph_node* node) {
  const olstm__dim_place place = walk->places[node->inputs[0]];
  const int32_t shift =
      desc_of(walk, node->outputs[0])->rank - desc_of(walk, node->inputs[0])->rank;
  const olstm_tensor* shape =
      olstm__graph_constant(walk->graph, olstm__graph_node_input(node, 1));
  int64_t number = 1;
  if (shape) {
    const int64_t index =
        place.axis + shift -
        (desc_of(walk, node->outputs[0])->rank - olstm_tensor_desc_count(&shape->desc));
    if (index >= 0 && !olstm__match_whole_element(shape, index, &number)) {
      return refuse("its shape is not known");
    }
    if (number != 1 && number != walk->size * place.inner) {
      return refuse("it repeats the dimension");
    }
    if (index >= 0 && number != 1 &&
        !add_fix(walk, OLSTM__DIM_FIX_EXPAND, node, 1, index, 1)) {
      return refuse(NULL);
    }
  }
  return at(place.axis + shift, place.inner);
}

static place_result place_concat(olstm__dim_walkthrough* walk,
                                 const olstm__graph_node* node) {
  const olstm_tensor_desc* after = desc_of(walk, node->outputs[0]);
  int64_t axis = olstm__match_int(node, "axis", 0);
  olstm__dim_place place = kNowhere;
  if (axis < 0) axis += after->rank;
  for (size_t i = 0; i < node->own_input_count; i++) {
    if (has_place(walk, node->inputs[i])) place = walk->places[node->inputs[i]];
  }
  if (axis == place.axis) return refuse("it joins along the dimension");
  for (size_t i = 0; i < node->own_input_count; i++) {
    if (!olstm__graph_constant(walk->graph, node->inputs[i])) continue;
    if (!add_fix(walk, OLSTM__DIM_FIX_REPEAT, node, i, place.axis, place.inner)) {
      return refuse(NULL);
    }
  }
  return at(place.axis, place.inner);
}

static place_result place_gather(const olstm__dim_walkthrough* walk,
                                 const olstm__graph_node* node) {
  const bool of_data = has_place(walk, node->inputs[0]);
  const olstm_tensor_desc* data = desc_of(walk, node->inputs[0]);
  const int32_t more = desc_of(walk, node->inputs[1])->rank - 1;
  int64_t axis = olstm__match_int(node, "axis", 0);
  if (axis < 0) axis += data->rank;
  if (!of_data) {
    const olstm__dim_place index = walk->places[node->inputs[1]];
    return at((int32_t)axis + index.axis, index.inner);
  }
  const olstm__dim_place place = walk->places[node->inputs[0]];
  if (has_place(walk, node->inputs[1])) return refuse("it indexes what it is in with it");
  if (place.axis == axis) {
    // What counts from the end, or is not the last one now, stays what it is where there
    // are more; a run with fewer is refused.
    int64_t index = 0;
    const bool is_there = olstm__match_scalar_int(walk->graph, node->inputs[1], &index) &&
                          (index < 0 || index + 1 < walk->size);
    return is_there ? at(-1, 1) : refuse("it picks elements of the dimension");
  }
  return at(place.axis < axis ? place.axis : place.axis + more, place.inner);
}

enum { kSliceInputsOpset = 10 };

/// The numbers of a Slice along its k-th axis.
static bool read_slice(const olstm__dim_walkthrough* walk, const olstm__graph_node* node,
                       int64_t k, int32_t rank, olstm__match_slice* out) {
  const olstm__graph* graph = walk->graph;
  const olstm_tensor* starts =
      olstm__graph_constant(graph, olstm__graph_node_input(node, 1));
  const olstm_tensor* ends =
      olstm__graph_constant(graph, olstm__graph_node_input(node, 2));
  const int32_t axes = olstm__graph_node_input(node, 3);
  if (node->opset_version < kSliceInputsOpset || !starts || !ends) return false;
  out->axis = k;
  if (axes != OLSTM__NO_VALUE &&
      (!olstm__graph_constant(graph, axes) ||
       !olstm__match_whole_element(olstm__graph_constant(graph, axes), k, &out->axis))) {
    return false;
  }
  if (out->axis < 0) out->axis += rank;
  return olstm__match_whole_element(starts, k, &out->start) &&
         olstm__match_whole_element(ends, k, &out->end);
}

/// A Slice along the dimension: of all of it, or of what is the same where there is more.
static place_result place_slice(olstm__dim_walkthrough* walk,
                                const olstm__graph_node* node) {
  const olstm__dim_place place = walk->places[node->inputs[0]];
  const int32_t rank = desc_of(walk, node->inputs[0])->rank;
  olstm__match_slice slice;
  int64_t count = 1;
  bool is_one = olstm__match_slice_of(walk->graph, node, &slice);
  const olstm_tensor* starts =
      olstm__graph_constant(walk->graph, olstm__graph_node_input(node, 1));
  if (!is_one && starts) count = olstm_tensor_desc_count(&starts->desc);
  if (is_one && slice.axis < 0) slice.axis += rank;
  for (int64_t k = 0; k < count; k++) {
    if (!is_one && !read_slice(walk, node, k, rank, &slice)) {
      return refuse("its axes are not known");
    }
    if (slice.axis != place.axis) continue;
    const bool is_there = slice.start < 0 ? slice.end < 0 || slice.end >= INT32_MAX
                                          : slice.end >= 0 && slice.end < walk->size;
    if (slice.start == 0 && slice.end >= INT32_MAX) continue;
    if (is_there) return at(-1, 1);
    if (slice.start != 0 || slice.end != walk->size || place.inner != 1 ||
        node->opset_version < kSliceInputsOpset) {
      return refuse("it cuts the dimension");
    }
    if (!add_fix(walk, OLSTM__DIM_FIX_SLICE, node, 2, k, 1)) return refuse(NULL);
  }
  return at(place.axis, place.inner);
}

/// Split, Pad: along other dimensions.
static place_result place_parts(olstm__dim_walkthrough* walk,
                                const olstm__graph_node* node) {
  const olstm__dim_place place = walk->places[node->inputs[0]];
  const olstm_tensor_desc* before = desc_of(walk, node->inputs[0]);
  if (olstm__match_is(node, "Slice")) return place_slice(walk, node);
  if (olstm__match_is(node, "Split")) {
    int64_t axis = olstm__match_int(node, "axis", 0);
    if (axis < 0) axis += before->rank;
    return axis == place.axis ? refuse("it cuts the dimension")
                              : at(place.axis, place.inner);
  }
  return before->dims[place.axis] == desc_of(walk, node->outputs[0])->dims[place.axis]
             ? at(place.axis, place.inner)
             : refuse("it changes the dimension");
}

// ---------------------------------------------------------------- computing

/// Operators that broadcast: constants that have the size must be one row.
static place_result place_broadcast(olstm__dim_walkthrough* walk,
                                    const olstm__graph_node* node) {
  const olstm_tensor_desc* after = desc_of(walk, node->outputs[0]);
  olstm__dim_place place = kNowhere;
  for (size_t i = 0; i < node->own_input_count; i++) {
    const int32_t input = node->inputs[i];
    if (!has_place(walk, input)) continue;
    place = walk->places[input];
    place.axis += after->rank - desc_of(walk, input)->rank;
  }
  for (size_t i = 0; i < node->own_input_count; i++) {
    const int32_t input = node->inputs[i];
    const olstm_tensor* constant = olstm__graph_constant(walk->graph, input);
    if (!constant) continue;
    const int32_t axis = place.axis - (after->rank - constant->desc.rank);
    if (axis < 0 || constant->desc.dims[axis] == 1) continue;
    if (!add_fix(walk, OLSTM__DIM_FIX_ONE_ROW, node, i, axis, place.inner)) {
      return refuse(NULL);
    }
  }
  return at(place.axis, place.inner);
}

static place_result place_product(const olstm__dim_walkthrough* walk,
                                  const olstm__graph_node* node) {
  const olstm_tensor_desc *a = desc_of(walk, node->inputs[0]),
                          *b = desc_of(walk, node->inputs[1]);
  const int32_t rank = desc_of(walk, node->outputs[0])->rank;
  if (olstm__match_is(node, "Gemm")) {
    const olstm__dim_place place = walk->places[node->inputs[0]];
    const bool is_first = has_place(walk, node->inputs[0]) &&
                          place.axis == olstm__match_int(node, "transA", 0);
    return is_first ? at(0, place.inner) : refuse("it sums over the dimension");
  }
  const bool of_a = has_place(walk, node->inputs[0]);
  const olstm__dim_place place = walk->places[node->inputs[of_a ? 0 : 1]];
  const olstm_tensor_desc* of = of_a ? a : b;
  const int32_t summed = of_a ? of->rank - 1 : of->rank - 2;
  if (place.axis == summed || rank < of->rank) {
    return refuse("it sums over the dimension");
  }
  return at(place.axis + rank - of->rank, place.inner);
}

static const char kNoSize[] =
    "its initial state or sequence_lens is neither constant nor "
    "has the dimension";

/// A frozen state that is expanded to the batch must have one row. It may be [N,H] before
/// an Unsqueeze, as Loops have it.
static bool fix_expanded(olstm__dim_walkthrough* walk, int32_t value, int32_t row_axis) {
  const olstm__graph_node* lift =
      olstm__graph_producer_of_type(walk->graph, value, "Unsqueeze");
  if (lift && row_axis == 1) {
    value = lift->inputs[0];
    row_axis = 0;
  }
  const olstm__graph_node* expand =
      olstm__graph_producer_of_type(walk->graph, value, "Expand");
  const olstm_tensor* state =
      expand ? olstm__graph_constant(walk->graph, expand->inputs[0]) : NULL;
  const int32_t rank = lift && row_axis == 0 ? 2 : 3;
  if (!state || state->desc.rank != rank || state->desc.dims[row_axis] == 1) return true;
  return add_fix(walk, OLSTM__DIM_FIX_ONE_ROW, expand, 0, row_axis, 1);
}

/// The slots of a recurrent node that have a dimension for rows.
static bool fix_rows(olstm__dim_walkthrough* walk, const olstm__graph_node* node,
                     int32_t row_axis) {
  static const size_t kSlots[] = {OLSTM_RECURRENT_SEQUENCE_LENS,
                                  OLSTM_RECURRENT_INITIAL_H, OLSTM_RECURRENT_INITIAL_C};
  for (size_t i = 0; i < 3; i++) {
    const int32_t input = olstm__graph_node_input(node, kSlots[i]);
    const bool is_state = kSlots[i] != OLSTM_RECURRENT_SEQUENCE_LENS;
    if (!olstm__graph_constant(walk->graph, input)) {
      if (is_state && !fix_expanded(walk, input, row_axis)) return false;
      continue;
    }
    if (!add_fix(walk, is_state ? OLSTM__DIM_FIX_INITIAL : OLSTM__DIM_FIX_REPEAT, node,
                 kSlots[i], is_state ? row_axis : 0, 1)) {
      return false;
    }
  }
  return true;
}

/// The numbers of a value that is a constant, or one that is repeated; NULL for any
/// other.
static const olstm_tensor* repeated_constant(const olstm__graph* graph, int32_t value) {
  const olstm__graph_node* expand = olstm__graph_producer_of_type(graph, value, "Expand");
  return olstm__graph_constant(graph, expand ? expand->inputs[0] : value);
}

/// The slot of a recurrent node that counts steps, where it does not depend on data.
static place_result fix_steps(olstm__dim_walkthrough* walk, const olstm__graph_node* node,
                              place_result result) {
  const olstm_tensor* lens = repeated_constant(
      walk->graph, olstm__graph_node_input(node, OLSTM_RECURRENT_SEQUENCE_LENS));
  if (!lens || walk->is_open) return result;
  for (int64_t i = 0; i < olstm_tensor_desc_count(&lens->desc); i++) {
    int64_t number = 0;
    if (!olstm__match_whole_element(lens, i, &number) || number != walk->size) {
      return refuse("its sequence_lens is a constant");
    }
  }
  return add_fix(walk, OLSTM__DIM_FIX_ABSENT, node, OLSTM_RECURRENT_SEQUENCE_LENS, 0, 1)
             ? result
             : refuse(NULL);
}

static place_result place_recurrent(olstm__dim_walkthrough* walk,
                                    const olstm__graph_node* node) {
  const int64_t layout = olstm__match_int(node, "layout", 0);
  const olstm__dim_place x = walk->places[node->inputs[OLSTM_RECURRENT_X]];
  const int32_t rows = layout ? 0 : 1;
  if (!has_place(walk, node->inputs[OLSTM_RECURRENT_X])) return refuse(kNoSize);
  if (x.inner != 1 || x.axis == 2) return refuse("it is in the features of its X");
  if (x.axis == rows && !fix_rows(walk, node, layout ? 0 : 1)) return refuse(NULL);
  for (size_t o = OLSTM_RECURRENT_Y_H; o < node->output_count; o++) {
    if (node->outputs[o] == OLSTM__NO_VALUE) continue;
    walk->places[node->outputs[o]] =
        x.axis == rows ? (olstm__dim_place){layout ? 0 : 1, 1} : kNowhere;
  }
  if (x.axis != rows) return fix_steps(walk, node, at(layout ? 1 : 0, 1));
  return at(layout ? 0 : 2, 1);
}

// ---------------------------------------------------------------- nodes

static place_result place_other(const olstm__dim_walkthrough* walk,
                                const olstm__graph_node* node) {
  const int32_t input = node->inputs[0];
  if (!has_place(walk, input)) return refuse("what it does with it is not known");
  const olstm__dim_place place = walk->places[input];
  const olstm_tensor_desc *before = desc_of(walk, input),
                          *after = desc_of(walk, node->outputs[0]);
  const bool is_first = (node->traits & OLSTM__TRAIT_ROWS) == OLSTM__TRAIT_ROWS_FIRST;
  const bool keeps = olstm__graph_node_has(node, OLSTM__TRAIT_KEEPS_SHAPE) ||
                     olstm__graph_node_has(node, OLSTM__TRAIT_KEEPS_RANK);
  if (is_first && place.axis != 0) return refuse("what it does with it is not known");
  if ((keeps || is_first) && after->rank == before->rank &&
      after->dims[place.axis] == before->dims[place.axis]) {
    return at(place.axis, place.inner);
  }
  return refuse("what it does with it is not known");
}

static place_result place_node(olstm__dim_walkthrough* walk,
                               const olstm__graph_node* node) {
  if (node->kind != OLSTM__NODE_OPERATOR)
    return refuse("its graphs may have it baked in");
  if ((node->traits & OLSTM__TRAIT_ROWS) == OLSTM__TRAIT_ROWS_SHAPE) return at(-1, 1);
  if (olstm__graph_node_has(node, OLSTM__TRAIT_RECURRENT)) {
    return place_recurrent(walk, node);
  }
  if (!is_known(walk, node->outputs[0])) return refuse("its shape depends on data");
  if (node->domain[0]) return place_other(walk, node);
  static const struct {
    const char* op_type;
    place_result (*rule)(olstm__dim_walkthrough* walk, const olstm__graph_node* node);
  } kRules[] = {
      {"Reshape", place_reshape}, {"Flatten", place_flatten}, {"Squeeze", place_axes},
      {"Unsqueeze", place_axes},  {"Expand", place_expand},   {"Concat", place_concat},
      {"Where", place_broadcast}, {"Mean", place_broadcast},  {"Sum", place_broadcast},
      {"Max", place_broadcast},   {"Min", place_broadcast}};
  for (size_t i = 0; i < sizeof kRules / sizeof kRules[0]; i++) {
    if (strcmp(node->op_type, kRules[i].op_type) == 0) return kRules[i].rule(walk, node);
  }
  if (strcmp(node->op_type, "Transpose") == 0) return place_transpose(walk, node);
  if (strcmp(node->op_type, "Gather") == 0) return place_gather(walk, node);
  if (strcmp(node->op_type, "Split") == 0 || strcmp(node->op_type, "Slice") == 0 ||
      strcmp(node->op_type, "Pad") == 0) {
    return place_parts(walk, node);
  }
  if (strcmp(node->op_type, "MatMul") == 0 || strcmp(node->op_type, "Gemm") == 0) {
    return place_product(walk, node);
  }
  if (olstm__graph_node_has(node, OLSTM__TRAIT_REDUCES)) {
    return place_reduction(walk, node);
  }
  return olstm__graph_node_has(node, OLSTM__TRAIT_BROADCASTS)
             ? place_broadcast(walk, node)
             : place_other(walk, node);
}

static bool reads_it(const olstm__dim_walkthrough* walk, const olstm__graph_node* node) {
  for (size_t i = 0; i < node->input_count; i++) {
    if (has_place(walk, node->inputs[i])) return true;
  }
  return false;
}

bool olstm__dim_walk_through(olstm__dim_walkthrough* walk) {
  for (int32_t v = 0; v < walk->graph->value_count; v++) {
    if (walk->graph->values[v].kind != OLSTM__VALUE_INPUT) walk->places[v] = kNowhere;
  }
  for (int32_t i = 0; i < walk->graph->order_count; i++) {
    const olstm__graph_node* node = &walk->graph->nodes[walk->graph->order[i]];
    if (!reads_it(walk, node)) continue;
    const place_result result = place_node(walk, node);
    if (result.reason) {
      walk->obstacle = node;
      walk->reason = result.reason;
      return false;
    }
    for (size_t o = 0; o < node->output_count; o++) {
      const bool is_own = o > 0 && olstm__graph_node_has(node, OLSTM__TRAIT_RECURRENT);
      if (node->outputs[o] == OLSTM__NO_VALUE || is_own) continue;
      walk->places[node->outputs[o]] = result.place;
    }
  }
  return !walk->memory->has_failed;
}
