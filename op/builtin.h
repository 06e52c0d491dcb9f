// olstm's own operators, as the table that a registry or the plugin entry offers, and
// what passes over graphs may ask of them. Knows which there are, not what they do.
#ifndef OLSTM_OP_BUILTIN_H_
#define OLSTM_OP_BUILTIN_H_

#include <stdbool.h>

#include "olstm/plugin.h"
#include "op/fused.h"
#include "op/traits.h"

/// The oldest host ABI that has all they use.
enum { OLSTM__BUILTIN_ABI_VERSION = 1 };

/// All built-in operators. Const, lives for ever. [any-thread]
const olstm_plugin* olstm__builtin_plugin(void);

/// The traits of a built-in operator, whatever its opset; 0 when there is none of that
/// name. [any-thread]
olstm__traits olstm__builtin_traits(const char* domain, const char* op_type);

/// Units of work (olstm_session_options.max_work) of a run of an operator that does not
/// count its own. For operators of any name: those that are not built in read each input
/// once and write each output once. [any-thread]
uint64_t olstm__builtin_work(const char* op_type, const olstm_prepare_args* args);

/// The parameters of an operator of ONNX's own domain with the trait REAL_FUNCTION; false
/// for any other. [any-thread]
bool olstm__builtin_function(const char* op_type,
                             olstm__function_parameters* out_parameters);

#endif  // OLSTM_OP_BUILTIN_H_
