// Test cases that are wrong themselves: ONNX's own data contradicts the specification,
// and a later ONNX has other. Known by name and by their data, so that mended ones count
// again.
#ifndef OLSTM_TOOLS_CONFORM_WRONG_CASE_H_
#define OLSTM_TOOLS_CONFORM_WRONG_CASE_H_

/// Why the case of that name in that folder cannot be passed; NULL when it can.
const char* olstm__wrong_case_find(const char* folder, const char* name);

#endif  // OLSTM_TOOLS_CONFORM_WRONG_CASE_H_
