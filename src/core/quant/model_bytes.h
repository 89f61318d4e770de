// Codec models as bytes. Writing is plain; reading trusts nothing: every length and number is
// checked, and what does not fit is Error(corrupted_index).
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/quant/codec.h"

namespace rv::quant {

// Every model begins with this. Numbers are in the machine's byte order, as pages are.
struct ModelHeader {
  std::uint32_t magic;  // kModelMagic
  std::uint8_t kind;    // CodecKind
  std::uint8_t metric;  // Metric
  std::uint8_t bits;
  std::uint8_t flags;  // the kind's own
  std::uint32_t dim;
  std::uint32_t subspaces;
};
static_assert(sizeof(ModelHeader) == 16);
inline constexpr std::uint32_t kModelMagic = 0x31515652;  // "RVQ1"
inline constexpr int kMaxModelDim = 64000;                // bit strings have the most

class ModelWriter {
 public:
  explicit ModelWriter(const ModelHeader& header) { put(&header, 1); }
  template <class T>
  void put(const T* x, std::size_t n) {
    const auto* from = reinterpret_cast<const std::byte*>(x);
    bytes_.insert(bytes_.end(), from, from + n * sizeof(T));
  }
  void put(float x) { put(&x, 1); }
  void put(const std::vector<float>& x) { put(x.data(), x.size()); }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

[[noreturn]] inline void fail_model(const std::string& what) {
  throw Error(ErrorCode::corrupted_index, "quantization model is damaged: " + what);
}

class ModelReader {
 public:
  explicit ModelReader(std::span<const std::byte> bytes) : bytes_(bytes) {
    get(&header_, 1);
    if (header_.magic != kModelMagic) fail_model("wrong magic number");
    if (header_.kind > static_cast<int>(CodecKind::pq)) fail_model("unknown kind");
    if (header_.metric > static_cast<int>(Metric::hyperbolic)) fail_model("unknown metric");
    if (header_.dim < 1 || header_.dim > kMaxModelDim) fail_model("impossible dimension");
  }
  const ModelHeader& header() const noexcept { return header_; }

  template <class T>
  void get(T* out, std::size_t n) {
    if (n > (bytes_.size() - position_) / sizeof(T)) fail_model("it ends early");
    std::memcpy(out, bytes_.data() + position_, n * sizeof(T));
    position_ += n * sizeof(T);
  }
  // Finite numbers only.
  std::vector<float> floats(std::size_t n) {
    if (n > (bytes_.size() - position_) / sizeof(float)) fail_model("it ends early");
    std::vector<float> x(n);
    get(x.data(), n);
    for (const float v : x)
      if (!std::isfinite(v)) fail_model("a number is not finite");
    return x;
  }
  float number() { return floats(1)[0]; }
  void expect_end() const {
    if (position_ != bytes_.size()) fail_model("bytes are left over");
  }

 private:
  std::span<const std::byte> bytes_;
  std::size_t position_ = 0;
  ModelHeader header_{};
};

}  // namespace rv::quant
