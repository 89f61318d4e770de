// Setting ruvector.attention_type.
#include "pg/base/settings.h"
#include "core/attention/types.h"
#include "core/base/error.h"
#include "pg/attention/arguments.h"

extern "C" {
#include "utils/guc.h"
}

namespace rv::pg {
namespace {

char* attention_type = nullptr;

}  // namespace

const char* default_attention_type() {
  return attention_type != nullptr && *attention_type != '\0' ? attention_type
                                                              : "scaled_dot_product";
}

// The name is looked up when it is used: it may be one of a stored type.
void define_attention_settings() {
  DefineCustomStringVariable(
      "ruvector.attention_type", "Attention type of functions that are called without one.",
      "A name of ruvector_attention_types() or of ruvector_attention_create().", &attention_type,
      "scaled_dot_product", PGC_USERSET, 0, nullptr, nullptr, nullptr);
}

}  // namespace rv::pg
