// The random masks of dropout: a function of (seed, element), the same for any number of threads.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/rng.h"

namespace rv::gnn {

// 0 with probability p (to 2^-32), otherwise 1 / (1 - p).
template <class T>
class DropoutMask {
 public:
  DropoutMask(std::uint64_t seed, double p) noexcept
      : seed_(seed),
        below_(static_cast<std::uint32_t>(p * 4294967296.0)),
        scale_(static_cast<T>(1.0 / (1.0 - p))) {}
  T at(std::size_t i) const noexcept {
    const std::uint64_t h = mix64(seed_ + (i >> 1) * 0x9E3779B97F4A7C15ULL);
    const auto u = static_cast<std::uint32_t>((i & 1) != 0 ? h >> 32 : h);
    return u < below_ ? T(0) : scale_;
  }

 private:
  std::uint64_t seed_;
  std::uint32_t below_;
  T scale_;
};

}  // namespace rv::gnn
