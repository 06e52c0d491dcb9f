// Resize, and Upsample before it: one pass along each axis that changes. Coordinates and
// weights are resize_axis's.
#include "op/image/resize.h"

#include <math.h>
#include <string.h>

#include "op/image/image_ops.h"

/// Features of a node, in the order in which opsets added them.
enum {
  kScalesAreAttribute = 7,
  kScalesAreInput = 9,
  kHasSizes = 11,
  kHasOptionalScales = 13,
  kHasAspectRatio = 18,
  kHasSymmetric = 19
};

enum { kNoInput = -1 };

static olstm_status find_name(const olstm__op_base* base, const char* attribute,
                              const char* fallback, const char* const* names,
                              int32_t name_count, int32_t* out_found,
                              olstm_error* error) {
  const char* value = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_string(base->node, attribute, fallback, &value, error));
  for (int32_t i = 0; i < name_count; i++) {
    if (names[i] && strcmp(names[i], value) == 0) {
      *out_found = i;
      return OLSTM_STATUS_OK;
    }
  }
  return olstm__op_fail(base, error, OLSTM_STATUS_UNSUPPORTED,
                        "%s='%s' is unknown (opset %d)", attribute, value,
                        (int)base->node->opset_version);
}

/// Before opset 11 coordinates were simply divided by the scale.
static olstm_status parse_rule(olstm__resize_op* op, int32_t code, olstm_error* error) {
  static const char* const kModes[] = {"nearest", "linear", "cubic"};
  static const char* const kRoundings[] = {"round_prefer_floor", "round_prefer_ceil",
                                           "floor", "ceil"};
  const char* const coordinates[] = {
      "half_pixel",
      "pytorch_half_pixel",
      "align_corners",
      "asymmetric",
      code < kHasAspectRatio ? "tf_half_pixel_for_nn" : NULL,
      "tf_crop_and_resize",
      code >= kHasSymmetric ? "half_pixel_symmetric" : NULL};
  olstm__resize_rule* rule = &op->rule;
  int32_t found = 0;
  float number = 0;
  int64_t flag = 0;
  OLSTM_RETURN_IF_ERROR(find_name(&op->base, "mode", "nearest", kModes,
                                  code < kHasSizes ? 2 : 3, &found, error));
  rule->mode = (olstm__resize_mode)found;
  if (code < kHasSizes) {
    rule->coordinates = OLSTM__RESIZE_ASYMMETRIC;
    rule->rounding = OLSTM__RESIZE_FLOOR;
    return OLSTM_STATUS_OK;
  }
  OLSTM_RETURN_IF_ERROR(find_name(&op->base, "coordinate_transformation_mode",
                                  "half_pixel", coordinates, 7, &found, error));
  rule->coordinates = (olstm__resize_coordinates)found;
  OLSTM_RETURN_IF_ERROR(find_name(&op->base, "nearest_mode", "round_prefer_floor",
                                  kRoundings, 4, &found, error));
  rule->rounding = (olstm__resize_rounding)found;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_float(op->base.node, "cubic_coeff_a", -0.75f, &number, error));
  rule->cubic_a = number;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(op->base.node, "exclude_outside", 0, &flag, error));
  rule->exclude_outside = flag != 0;
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(op->base.node, "antialias", 0, &flag, error));
  rule->antialias = flag != 0;
  return olstm_node_get_float(op->base.node, "extrapolation_value", 0,
                              &op->extrapolation_value, error);
}

static olstm_status parse_resize(void* instance, olstm_error* error) {
  static const char* const kPolicies[] = {"stretch", "not_larger", "not_smaller"};
  olstm__resize_op* op = instance;
  const olstm_node* node = op->base.node;
  const int32_t code = ((const olstm__op_schema*)op->base.self->variant)->code;
  int32_t policy = 0;
  OLSTM_RETURN_IF_ERROR(parse_rule(op, code, error));
  op->scales_input = code == kScalesAreAttribute ? kNoInput : code < kHasSizes ? 1 : 2;
  op->sizes_input = code < kHasSizes ? kNoInput : 3;
  OLSTM_RETURN_IF_ERROR(olstm__op_copy_ints(&op->base, "axes", OLSTM_MAX_RANK, op->axes,
                                            &op->axis_count, &op->has_axes, error));
  OLSTM_RETURN_IF_ERROR(find_name(&op->base, "keep_aspect_ratio_policy", "stretch",
                                  kPolicies, 3, &policy, error));
  op->policy = (olstm__resize_policy)policy;
  if (code != kScalesAreAttribute) return OLSTM_STATUS_OK;
  const olstm_attribute* scales = olstm_node_find_attribute(node, "scales");
  if (!scales) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_MODEL,
                          "attribute scales is missing");
  }
  OLSTM_RETURN_IF_ERROR(
      olstm_node_check_attribute(node, scales, OLSTM_ATTRIBUTE_FLOATS, error));
  if (scales->count > OLSTM_MAX_RANK) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_MODEL,
                          "scales has %zu values, expected at most %d", scales->count,
                          (int)OLSTM_MAX_RANK);
  }
  op->scale_count = scales->count;
  memcpy(op->scales, scales->floats, scales->count * sizeof *op->scales);
  return OLSTM_STATUS_OK;
}

static const char* const kAttributes7[] = {"mode", "scales", NULL};
static const char* const kAttributes9[] = {"mode", NULL};
static const char* const kAttributes11[] = {"mode",
                                            "coordinate_transformation_mode",
                                            "cubic_coeff_a",
                                            "exclude_outside",
                                            "extrapolation_value",
                                            "nearest_mode",
                                            NULL};
static const char* const kAttributes18[] = {"mode",
                                            "coordinate_transformation_mode",
                                            "cubic_coeff_a",
                                            "exclude_outside",
                                            "extrapolation_value",
                                            "nearest_mode",
                                            "antialias",
                                            "axes",
                                            "keep_aspect_ratio_policy",
                                            NULL};

#define RESIZE_SCHEMA(REQUIRED, MAX, ATTRIBUTES, CODE) \
  OLSTM__OP_SCHEMA(REQUIRED, MAX, 1, ATTRIBUTES, olstm__resize_op, parse_resize, CODE)
const olstm__op_schema olstm__resize_schema_7 =
    RESIZE_SCHEMA(1, 1, kAttributes7, kScalesAreAttribute);
const olstm__op_schema olstm__resize_schema_9 =
    RESIZE_SCHEMA(2, 2, kAttributes9, kScalesAreInput);
const olstm__op_schema olstm__resize_schema_11 =
    RESIZE_SCHEMA(1, 4, kAttributes11, kHasSizes);
const olstm__op_schema olstm__resize_schema_13 =
    RESIZE_SCHEMA(1, 4, kAttributes11, kHasOptionalScales);
const olstm__op_schema olstm__resize_schema_18 =
    RESIZE_SCHEMA(1, 4, kAttributes18, kHasAspectRatio);
const olstm__op_schema olstm__resize_schema_19 =
    RESIZE_SCHEMA(1, 4, kAttributes18, kHasSymmetric);
