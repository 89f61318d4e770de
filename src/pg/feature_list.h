// The features that can be left out of a build, and whether this one has them.
#pragma once

namespace rv::pg {

struct Feature {
  const char* name;
  bool built;
};

inline constexpr Feature kFeatures[] = {
#define FEATURE_ON(name) {#name, true},
#define FEATURE_OFF(name) {#name, false},
#include "features.inc"
#undef FEATURE_ON
#undef FEATURE_OFF
};

}  // namespace rv::pg
