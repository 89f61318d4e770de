// Parameters of attention types from jsonb: numbers, booleans, strings and (nested) arrays.
#pragma once

#include "core/attention/params.h"
#include "pg/base/datum.h"

namespace rv::pg {

// Adds the members of a jsonb object; null members are left out. 22023 for anything else.
void read_params(Datum jsonb, attention::Params& into);

}  // namespace rv::pg
