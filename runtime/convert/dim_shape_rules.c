// Where a dimension goes through operators that move, join and cut (dim_rule.h).
#include <string.h>

#include "runtime/convert/dim_rule.h"
#include "runtime/fuse/fuse_match.h"

/// Elements behind dimension `axis`.
static int64_t count_behind(const olstm_tensor_desc* desc, int32_t axis) {
  int64_t count = 1;
  for (int32_t d = axis + 1; d < desc->rank; d++) count *= desc->dims[d];
  return count;
}

/// The dimension of a shape in which a place with so many elements behind it lies. One of
/// just its size comes first, at `like` above all; then the first that may contain it.
static olstm__dim_place find_place(const olstm__dim_walkthrough* walk,
                                   const olstm_tensor_desc* desc, int64_t behind,
                                   int32_t like) {
  olstm__dim_place found = olstm__dim_nowhere;
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
  const olstm_tensor_desc* after = olstm__dim_desc(walk, node->outputs[0]);
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

static olstm__dim_result place_reshape(olstm__dim_walkthrough* walk,
                                       const olstm__graph_node* node) {
  const int32_t from = node->inputs[0];
  if (swaps_first(olstm__dim_desc(walk, from), olstm__dim_desc(walk, node->outputs[0])) &&
      walk->places[from].axis <= 1 && walk->places[from].inner == 1) {
    return olstm__dim_add_fix(walk, OLSTM__DIM_FIX_TRANSPOSE, node, 0, 0, 1)
               ? olstm__dim_at(1 - walk->places[from].axis, 1)
               : olstm__dim_refuse(NULL);
  }
  const olstm_tensor_desc* before = olstm__dim_desc(walk, from);
  const olstm_tensor_desc* after = olstm__dim_desc(walk, node->outputs[0]);
  const olstm__dim_place place = walk->places[from];
  const olstm_tensor* shape =
      olstm__graph_constant(walk->graph, olstm__graph_node_input(node, 1));
  const olstm__dim_place found =
      find_place(walk, after, place.inner * count_behind(before, place.axis), place.axis);
  if (brings_to_front(walk, node, found)) {
    return olstm__dim_add_fix(walk, OLSTM__DIM_FIX_FRONT, node, 0, place.axis, 1)
               ? olstm__dim_at(0, 1)
               : olstm__dim_refuse(NULL);
  }
  if (found.axis < 0) return olstm__dim_refuse("its shape leaves no room for it");
  if (!shape) return olstm__dim_at(found.axis, found.inner);
  int64_t number = 0;
  if (!olstm__match_whole_element(shape, found.axis, &number)) {
    return olstm__dim_refuse("its shape is not known");
  }
  // A dimension that is copied, or follows from the others, is as large as it must be.
  const bool is_copied = number == 0 && found.axis == place.axis;
  if (number != -1 && !is_copied &&
      !olstm__dim_add_fix(walk, OLSTM__DIM_FIX_RESHAPE, node, 1, found.axis,
                          after->dims[found.axis] / walk->size)) {
    return olstm__dim_refuse(NULL);
  }
  return olstm__dim_at(found.axis, found.inner);
}

static olstm__dim_result place_flatten(olstm__dim_walkthrough* walk,
                                       const olstm__graph_node* node) {
  const olstm_tensor_desc* before = olstm__dim_desc(walk, node->inputs[0]);
  const olstm__dim_place place = walk->places[node->inputs[0]];
  const olstm__dim_place found =
      find_place(walk, olstm__dim_desc(walk, node->outputs[0]),
                 place.inner * count_behind(before, place.axis), place.axis);
  return olstm__dim_at(found.axis, found.inner);
}

static olstm__dim_result place_transpose(olstm__dim_walkthrough* walk,
                                         const olstm__graph_node* node) {
  const olstm__dim_place place = walk->places[node->inputs[0]];
  const olstm_attribute* perm = olstm__graph_find_attribute(node, "perm");
  const int32_t rank = olstm__dim_desc(walk, node->inputs[0])->rank;
  if (!perm) return olstm__dim_at(rank - 1 - place.axis, place.inner);
  for (int32_t d = 0; d < rank && (size_t)d < perm->count; d++) {
    if (perm->ints[d] == place.axis) return olstm__dim_at(d, place.inner);
  }
  return olstm__dim_refuse("its perm lacks it");
}

/// Squeeze, Unsqueeze, and reductions that drop what they reduce.
static olstm__dim_result place_axes(olstm__dim_walkthrough* walk,
                                    const olstm__graph_node* node) {
  const olstm__dim_place place = walk->places[node->inputs[0]];
  const int32_t rank = olstm__dim_desc(walk, node->inputs[0])->rank;
  const bool adds = olstm__match_is(node, "Unsqueeze");
  int64_t axes[OLSTM_MAX_RANK];
  size_t count = 0;
  if (!olstm__match_axes(walk->graph, node, axes, &count)) {
    return olstm__dim_refuse(
        "it takes all dimensions of size 1 away, or its axes are computed");
  }
  const int32_t full = adds ? rank + (int32_t)count : rank;
  bool is_listed[OLSTM_MAX_RANK + 1] = {false};
  for (size_t i = 0; i < count; i++) {
    const int64_t axis = axes[i] < 0 ? axes[i] + full : axes[i];
    if (axis < 0 || axis >= full || axis >= OLSTM_MAX_RANK)
      return olstm__dim_refuse("its axes are out of range");
    is_listed[axis] = true;
  }
  if (adds) {
    int32_t next = 0;
    for (int32_t d = 0; d < full; d++) {
      if (is_listed[d]) continue;
      if (next++ == place.axis) return olstm__dim_at(d, place.inner);
    }
    return olstm__dim_refuse("its axes are out of range");
  }
  if (is_listed[place.axis]) return olstm__dim_refuse("it takes the dimension away");
  int32_t before = 0;
  for (int32_t d = 0; d < place.axis; d++) before += is_listed[d];
  return olstm__dim_at(place.axis - before, place.inner);
}

/// What is reduced over the dimension is there whatever its size.
static olstm__dim_result place_reduction(olstm__dim_walkthrough* walk,
                                         const olstm__graph_node* node) {
  const olstm__dim_place place = walk->places[node->inputs[0]];
  const olstm_tensor_desc* after = olstm__dim_desc(walk, node->outputs[0]);
  const olstm_tensor_desc* before = olstm__dim_desc(walk, node->inputs[0]);
  // With a size of 1 it cannot be seen: the axes tell.
  int64_t axes[OLSTM_MAX_RANK];
  size_t count = 0;
  if (!olstm__match_axes(walk->graph, node, axes, &count)) {
    return olstm__dim_refuse("it reduces over all dimensions, or its axes are computed");
  }
  for (size_t i = 0; i < count; i++) {
    if ((axes[i] < 0 ? axes[i] + before->rank : axes[i]) == place.axis) {
      return place.inner == 1 ? olstm__dim_at(-1, 1)
                              : olstm__dim_refuse("it reduces over the dimension");
    }
  }
  if (olstm__match_int(node, "keepdims", 1) == 0) return place_axes(walk, node);
  return after->rank == before->rank ? olstm__dim_at(place.axis, place.inner)
                                     : olstm__dim_refuse("its rank changes");
}

static olstm__dim_result place_expand(olstm__dim_walkthrough* walk,
                                      const olstm__graph_node* node) {
  const olstm__dim_place place = walk->places[node->inputs[0]];
  const int32_t shift = olstm__dim_desc(walk, node->outputs[0])->rank -
                        olstm__dim_desc(walk, node->inputs[0])->rank;
  const olstm_tensor* shape =
      olstm__graph_constant(walk->graph, olstm__graph_node_input(node, 1));
  int64_t number = 1;
  if (shape) {
    const int64_t index = place.axis + shift -
                          (olstm__dim_desc(walk, node->outputs[0])->rank -
                           olstm_tensor_desc_count(&shape->desc));
    if (index >= 0 && !olstm__match_whole_element(shape, index, &number)) {
      return olstm__dim_refuse("its shape is not known");
    }
    if (number != 1 && number != walk->size * place.inner) {
      return olstm__dim_refuse("it repeats the dimension");
    }
    if (index >= 0 && number != 1 &&
        !olstm__dim_add_fix(walk, OLSTM__DIM_FIX_EXPAND, node, 1, index, 1)) {
      return olstm__dim_refuse(NULL);
    }
  }
  return olstm__dim_at(place.axis + shift, place.inner);
}

static olstm__dim_result place_concat(olstm__dim_walkthrough* walk,
                                      const olstm__graph_node* node) {
  const olstm_tensor_desc* after = olstm__dim_desc(walk, node->outputs[0]);
  int64_t axis = olstm__match_int(node, "axis", 0);
  olstm__dim_place place = olstm__dim_nowhere;
  if (axis < 0) axis += after->rank;
  for (size_t i = 0; i < node->own_input_count; i++) {
    if (olstm__dim_has(walk, node->inputs[i])) place = walk->places[node->inputs[i]];
  }
  if (axis == place.axis) return olstm__dim_refuse("it joins along the dimension");
  for (size_t i = 0; i < node->own_input_count; i++) {
    if (!olstm__graph_constant(walk->graph, node->inputs[i])) continue;
    if (!olstm__dim_add_fix(walk, OLSTM__DIM_FIX_REPEAT, node, i, place.axis,
                            place.inner)) {
      return olstm__dim_refuse(NULL);
    }
  }
  return olstm__dim_at(place.axis, place.inner);
}

static olstm__dim_result place_gather(olstm__dim_walkthrough* walk,
                                      const olstm__graph_node* node) {
  const bool of_data = olstm__dim_has(walk, node->inputs[0]);
  const olstm_tensor_desc* data = olstm__dim_desc(walk, node->inputs[0]);
  const int32_t more = olstm__dim_desc(walk, node->inputs[1])->rank - 1;
  int64_t axis = olstm__match_int(node, "axis", 0);
  if (axis < 0) axis += data->rank;
  if (!of_data) {
    const olstm__dim_place index = walk->places[node->inputs[1]];
    return olstm__dim_at((int32_t)axis + index.axis, index.inner);
  }
  const olstm__dim_place place = walk->places[node->inputs[0]];
  if (olstm__dim_has(walk, node->inputs[1]))
    return olstm__dim_refuse("it indexes what it is in with it");
  if (place.axis == axis) {
    // What counts from the end, or is not the last one now, stays what it is where there
    // are more; a run with fewer is refused.
    int64_t index = 0;
    const bool is_there = olstm__match_scalar_int(walk->graph, node->inputs[1], &index) &&
                          (index < 0 || index + 1 < walk->size);
    return is_there ? olstm__dim_at(-1, 1)
                    : olstm__dim_refuse("it picks elements of the dimension");
  }
  return olstm__dim_at(place.axis < axis ? place.axis : place.axis + more, place.inner);
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
static olstm__dim_result place_slice(olstm__dim_walkthrough* walk,
                                     const olstm__graph_node* node) {
  const olstm__dim_place place = walk->places[node->inputs[0]];
  const int32_t rank = olstm__dim_desc(walk, node->inputs[0])->rank;
  olstm__match_slice slice;
  int64_t count = 1;
  bool is_one = olstm__match_slice_of(walk->graph, node, &slice);
  const olstm_tensor* starts =
      olstm__graph_constant(walk->graph, olstm__graph_node_input(node, 1));
  if (!is_one && starts) count = olstm_tensor_desc_count(&starts->desc);
  if (is_one && slice.axis < 0) slice.axis += rank;
  for (int64_t k = 0; k < count; k++) {
    if (!is_one && !read_slice(walk, node, k, rank, &slice)) {
      return olstm__dim_refuse("its axes are not known");
    }
    if (slice.axis != place.axis) continue;
    const bool is_there = slice.start < 0 ? slice.end < 0 || slice.end >= INT32_MAX
                                          : slice.end >= 0 && slice.end < walk->size;
    if (slice.start == 0 && slice.end >= INT32_MAX) continue;
    if (is_there) return olstm__dim_at(-1, 1);
    if (slice.start != 0 || slice.end != walk->size || place.inner != 1 ||
        node->opset_version < kSliceInputsOpset) {
      return olstm__dim_refuse("it cuts the dimension");
    }
    if (!olstm__dim_add_fix(walk, OLSTM__DIM_FIX_SLICE, node, 2, k, 1))
      return olstm__dim_refuse(NULL);
  }
  return olstm__dim_at(place.axis, place.inner);
}

/// Split, Pad: along other dimensions.
static olstm__dim_result place_parts(olstm__dim_walkthrough* walk,
                                     const olstm__graph_node* node) {
  const olstm__dim_place place = walk->places[node->inputs[0]];
  const olstm_tensor_desc* before = olstm__dim_desc(walk, node->inputs[0]);
  if (olstm__match_is(node, "Slice")) return place_slice(walk, node);
  if (olstm__match_is(node, "Split")) {
    int64_t axis = olstm__match_int(node, "axis", 0);
    if (axis < 0) axis += before->rank;
    return axis == place.axis ? olstm__dim_refuse("it cuts the dimension")
                              : olstm__dim_at(place.axis, place.inner);
  }
  return before->dims[place.axis] ==
                 olstm__dim_desc(walk, node->outputs[0])->dims[place.axis]
             ? olstm__dim_at(place.axis, place.inner)
             : olstm__dim_refuse("it changes the dimension");
}

olstm__dim_rule* olstm__dim_shape_rule(const olstm__graph_node* node) {
  static const struct {
    const char* op_type;
    olstm__dim_rule* rule;
  } kRules[] = {{"Reshape", place_reshape},
                {"Flatten", place_flatten},
                {"Squeeze", place_axes},
                {"Unsqueeze", place_axes},
                {"Expand", place_expand},
                {"Concat", place_concat},
                {"Transpose", place_transpose},
                {"Gather", place_gather},
                {"Split", place_parts},
                {"Slice", place_parts},
                {"Pad", place_parts}};
  for (size_t i = 0; i < sizeof kRules / sizeof kRules[0]; i++) {
    if (strcmp(node->op_type, kRules[i].op_type) == 0) return kRules[i].rule;
  }
  return olstm__graph_node_has(node, OLSTM__TRAIT_REDUCES) ? place_reduction : NULL;
}
