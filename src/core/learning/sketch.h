// A short likeness of a query: signed sums of its components (count sketch; Charikar, Chen and
// Farach-Colton 2002), which keeps inner products and distances on average.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/rng.h"

namespace rv::learning {

inline constexpr std::size_t kSketch = 64;

// sum i is scale * value[i] / 127.
struct Sketch {
  float scale = 0;
  std::array<std::int8_t, kSketch> value{};

  std::array<float, kSketch> sums() const noexcept {
    std::array<float, kSketch> s{};
    for (std::size_t i = 0; i < kSketch; ++i) s[i] = scale * static_cast<float>(value[i]) / 127.0F;
    return s;
  }
};

// Components that are not finite count as zero.
inline Sketch sketch_of(std::span<const float> x) noexcept {
  std::array<float, kSketch> sum{};
  for (std::size_t d = 0; d < x.size(); ++d) {
    const std::uint64_t hash = mix64(d);
    const float v = std::isfinite(x[d]) ? x[d] : 0.0F;
    sum[hash % kSketch] += (hash >> 32 & 1) != 0 ? v : -v;
  }
  Sketch s;
  for (const float v : sum) s.scale = std::max(s.scale, std::abs(v));
  if (!(s.scale > 0) || !std::isfinite(s.scale)) return Sketch{};
  for (std::size_t i = 0; i < kSketch; ++i)
    s.value[i] = static_cast<std::int8_t>(std::lround(127.0F * sum[i] / s.scale));
  return s;
}

}  // namespace rv::learning
