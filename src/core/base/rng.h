// A small deterministic generator: the same numbers on every machine, compiler and library,
// which std::normal_distribution and friends do not promise.
#pragma once

#include <cmath>
#include <cstdint>

namespace rv {

// splitmix64: also a good 64-bit mixer. Steele, Lea, Flood, OOPSLA 2014.
constexpr std::uint64_t mix64(std::uint64_t x) noexcept {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

class Rng {
 public:
  explicit constexpr Rng(std::uint64_t seed) noexcept : state_(seed) {}

  constexpr std::uint64_t next() noexcept {
    const std::uint64_t r = mix64(state_);
    state_ += 0x9E3779B97F4A7C15ULL;
    return r;
  }
  // Uniform in [0, n); n > 0. Lemire's multiply-shift; the bias is below n / 2^64.
  constexpr std::uint64_t below(std::uint64_t n) noexcept {
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(next()) * n) >> 64);
  }
  // Uniform in [0, 1).
  constexpr double uniform() noexcept { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  // Standard normal by Box-Muller, one value per call.
  double normal() noexcept {
    const double u = 1.0 - uniform();
    return std::sqrt(-2.0 * std::log(u)) * std::cos(6.283185307179586 * uniform());
  }

 private:
  std::uint64_t state_;
};

}  // namespace rv
