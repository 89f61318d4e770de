// A vector compared with RaBitQ codes: int8 components and the constants of the estimate.
#pragma once

#include <vector>

#include "core/quant/code_kernels.h"
#include "core/quant/rabitq.h"

namespace rv::quant {

class RabitqQuery final : public CodeQuery {
 public:
  explicit RabitqQuery(const RabitqCodec& codec);
  void set(const float* q) override;
  void set_link(const float* x) override;
  void set_code(const std::byte* code) override;
  void distances(const std::byte* const* codes, int n, float* distance, float* error) override;

 private:
  void quantize();  // rotated_ -> components_
  template <class Dot>
  void run(const std::byte* const* codes, int n, float* distance, float* error, Dot dot) const;

  const RabitqCodec& codec_;
  const CodeKernels& kernels_;
  std::vector<float> rotated_;
  std::vector<std::int8_t> components_;
  std::vector<std::uint8_t> ones_;  // to sum with
  // estimate = base + weight_norm * norm - weight * scale * (dot - sum offset)
  float base_ = 0;
  float weight_norm_ = 0;
  float weight_ = 0;
  float offset_sum_ = 0;
  float error_weight_ = 0;  // times the code's error, plus query_error_ times its norm
  float query_error_ = 0;
};

}  // namespace rv::quant
