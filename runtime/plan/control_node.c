#include "runtime/plan/control_node.h"

#include <stdio.h>
#include <string.h>

olstm_status olstm__control_fail(const olstm__program_node* node, olstm_error* error,
                                 olstm_status code, const char* format, ...) {
  char detail[OLSTM_ERROR_CAPACITY];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(detail, sizeof detail, format, arguments);
  va_end(arguments);
  return olstm_fail(error, code, "%s '%s': %s", node->node.op_type, node->node.name,
                    detail);
}

bool olstm__control_wants(const olstm__program_node* node, size_t index) {
  return index < node->output_count && node->outputs[index] != OLSTM__NO_VALUE;
}

static olstm_status check_scalar(const olstm__program_node* node, const char* what,
                                 const olstm_tensor* tensor, olstm_dtype dtype,
                                 olstm_error* error) {
  if (tensor->desc.dtype != dtype) {
    return olstm__control_fail(
        node, error, OLSTM_STATUS_DTYPE_MISMATCH, "%s has dtype %s, expected %s", what,
        olstm_dtype_name(tensor->desc.dtype), olstm_dtype_name(dtype));
  }
  if (olstm_tensor_desc_count(&tensor->desc) == 1) return OLSTM_STATUS_OK;
  return olstm__control_fail(node, error, OLSTM_STATUS_SHAPE_MISMATCH,
                             "%s has shape %s, expected one element", what,
                             olstm_shape_text(&tensor->desc).text);
}

olstm_status olstm__control_read_bool(const olstm__program_node* node, const char* what,
                                      const olstm_tensor* tensor, bool* out_value,
                                      olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(check_scalar(node, what, tensor, OLSTM_DTYPE_BOOL, error));
  *out_value = *(const uint8_t*)tensor->data != 0;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__control_read_int64(const olstm__program_node* node, const char* what,
                                       const olstm_tensor* tensor, int64_t* out_value,
                                       olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(check_scalar(node, what, tensor, OLSTM_DTYPE_INT64, error));
  memcpy(out_value, tensor->data, sizeof *out_value);
  return OLSTM_STATUS_OK;
}

size_t olstm__loop_carried_count(const olstm__program_node* node) {
  const size_t count = node->node.input_count;
  return count > OLSTM__LOOP_FIRST_CARRIED ? count - OLSTM__LOOP_FIRST_CARRIED : 0;
}

const olstm__program_body* olstm__if_find_branch(const olstm__program_node* node,
                                                 bool condition) {
  const char* attribute = condition ? "then_branch" : "else_branch";
  for (size_t b = 0; b < node->body_count; b++) {
    if (strcmp(node->bodies[b].attribute, attribute) == 0) return &node->bodies[b];
  }
  return NULL;
}
