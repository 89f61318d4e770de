// Distances by their definitions, in float64: what codecs and indexes are tested against.
#pragma once

#include <cmath>
#include <cstddef>

#include "core/quant/codec.h"

namespace rv::quant {

inline double exact(Metric metric, const float* a, const float* b, std::size_t n) {
  double l2 = 0, dot = 0, na = 0, nb = 0, l1 = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double x = a[i], y = b[i];
    l2 += (x - y) * (x - y);
    dot += x * y;
    na += x * x;
    nb += y * y;
    l1 += std::abs(x - y);
  }
  switch (metric) {
    case Metric::l2:
      return l2;
    case Metric::inner_product:
      return -dot;
    case Metric::cosine:
      return 1 - dot / std::sqrt(na * nb);
    case Metric::l1:
      return l1;
    case Metric::hyperbolic:  // has a test of its own
      break;
  }
  return 0;
}

}  // namespace rv::quant
