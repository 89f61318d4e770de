#include "core/quant/rotation.h"

#include <cmath>

#include "core/base/rng.h"
#include "core/quant/code_kernels.h"

namespace rv::quant {

Rotation::Rotation(std::size_t dim, std::uint64_t seed)
    : dim_(dim), padded_((dim + 63) / 64 * 64), block_(64), seed_(seed) {
  while (block_ * 2 <= padded_) block_ *= 2;
  const float scale = 1.0f / std::sqrt(static_cast<float>(block_));
  signs_.resize(kRounds * padded_);
  Rng rng(seed);
  for (int round = 0; round < kRounds; ++round) {
    const std::size_t start = round % 2 == 0 ? 0 : padded_ - block_;
    for (std::size_t i = 0; i < padded_; ++i) {
      const float sign = (rng.next() >> 63) != 0 ? 1.0f : -1.0f;
      const bool in_block = i >= start && i < start + block_;
      signs_[static_cast<std::size_t>(round) * padded_ + i] = in_block ? sign * scale : sign;
    }
  }
}

void Rotation::apply(float* x) const {
  const CodeKernels& k = code_kernels();
  for (int round = 0; round < kRounds; ++round) {
    k.multiply(x, signs_.data() + static_cast<std::size_t>(round) * padded_, padded_);
    k.hadamard(round % 2 == 0 ? x : x + (padded_ - block_), block_);
    if (block_ != padded_) k.mix_halves(x, padded_);
  }
}

void Rotation::invert(float* x) const {
  const CodeKernels& k = code_kernels();
  for (int round = kRounds - 1; round >= 0; --round) {
    if (block_ != padded_) k.mix_halves(x, padded_);                  // its own inverse
    k.hadamard(round % 2 == 0 ? x : x + (padded_ - block_), block_);  // as well, up to 1 / block_
    k.multiply(x, signs_.data() + static_cast<std::size_t>(round) * padded_, padded_);
  }
}

}  // namespace rv::quant
