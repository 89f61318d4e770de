// Stored weights: tables ruvector_attention_models and ruvector_attention_parameters.
#pragma once

#include <string>

#include "core/attention/params.h"
#include "pg/base/guard.h"

namespace rv::pg {

// Fills in what the stored type of that name says (parameters that are set already win) and
// returns its type; empty when there is none.
std::string load_attention_model(FunctionCallInfo fcinfo, const std::string& name,
                                 attention::Params& params);

}  // namespace rv::pg
