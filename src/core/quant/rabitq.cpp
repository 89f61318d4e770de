#include "core/quant/rabitq.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/base/binary_reader.h"
#include "core/base/error.h"
#include "core/quant/code_kernels.h"
#include "core/quant/rabitq_query.h"
#include "core/types/dense.h"

namespace rv::quant {
namespace {

// Steps of the uniform quantiser with the least mean squared error for a standard Gaussian, by bits
// (J. Max, "Quantizing for minimum distortion", 1960).
constexpr float kGaussianStep[9] = {0,       1.5958f, 0.9957f, 0.5860f, 0.3352f,
                                    0.1881f, 0.1041f, 0.0569f, 0.0308f};

constexpr float kErrorQuantile = 1.9f;

}  // namespace

CodecKind default_kind(Metric metric, int dim) noexcept {
  if (dim < 16) return CodecKind::none;
  return metric == Metric::l1 ? CodecKind::sq8 : CodecKind::rabitq;
}

int default_rabitq_bits(int dim) noexcept {
  if (dim < 100) return 8;
  if (dim <= 1024) return 4;
  if (dim <= 2048) return 3;
  return dim <= 4096 ? 2 : 1;
}

RabitqCodec::RabitqCodec(Model model)
    : model_(std::move(model)),
      rotation_(static_cast<std::size_t>(model_.dim) + (model_.augmented ? 1 : 0), model_.seed),
      offset_(static_cast<float>((1 << model_.bits) - 1) / 2),
      step_(kGaussianStep[model_.bits]) {
  for (int width : {8, 4, 2, 1})
    if ((model_.bits & width) != 0) planes_[plane_count_++] = width;
  code_bytes_ = sizeof(Header) + rotation_.padded() * static_cast<std::size_t>(model_.bits) / 8;
}

std::unique_ptr<RabitqCodec> RabitqCodec::train(const CodecSpec& spec, const float* sample,
                                                std::size_t count) {
  const int bits = spec.bits == 0 ? default_rabitq_bits(spec.dim) : spec.bits;
  if (bits < 1 || bits > 8)
    throw Error(ErrorCode::invalid_argument,
                "bits must be between 1 and 8, not " + std::to_string(bits));
  if (spec.metric == Metric::l1)
    throw Error(ErrorCode::not_supported, "quantization rabitq does not keep L1 distances", {},
                "Use quantization sq8 for L1 distance.");
  Model model;
  model.metric = spec.metric;
  model.dim = spec.dim;
  model.bits = bits;
  model.seed = spec.seed;
  const auto dim = static_cast<std::size_t>(spec.dim);
  double least = 0, most = 0;
  std::vector<double> sum(dim + 1);
  std::vector<double> norms(count);
  for (std::size_t i = 0; i < count; ++i) {
    const float* x = sample + i * dim;
    double norm2 = 0;
    for (std::size_t j = 0; j < dim; ++j) norm2 += static_cast<double>(x[j]) * x[j];
    norms[i] = norm2;
    least = i == 0 ? norm2 : std::min(least, norm2);
    most = std::max(most, norm2);
    const double scale = spec.metric == Metric::cosine && norm2 > 0 ? 1 / std::sqrt(norm2) : 1.0;
    for (std::size_t j = 0; j < dim; ++j) sum[j] += x[j] * scale;
  }
  model.augmented = spec.metric == Metric::inner_product && most > least * 1.02;
  model.max_norm2 = static_cast<float>(std::min(most, 3e38));
  if (model.augmented)
    for (double norm2 : norms) sum[dim] += std::sqrt(std::max(0.0, most - norm2));
  model.centroid.resize(dim + (model.augmented ? 1 : 0));
  if (count > 0)
    for (std::size_t j = 0; j < model.centroid.size(); ++j) {
      const double mean = sum[j] / static_cast<double>(count);
      model.centroid[j] =
          std::isfinite(mean) && std::fabs(mean) < 3e38 ? static_cast<float>(mean) : 0;
    }
  return std::make_unique<RabitqCodec>(std::move(model));
}

void RabitqCodec::residual(const float* x, float* out) const {
  const auto dim = static_cast<std::size_t>(model_.dim);
  float scale = 1;
  double norm2 = 0;
  if (model_.metric == Metric::cosine) {
    norm2 = simd::kernels().inner_product(x, x, dim);
    // A vector whose squared norm leaves the range of float is measured in double.
    if (!(norm2 > 1e-30 && norm2 < 1e30)) {
      norm2 = 0;
      for (std::size_t i = 0; i < dim; ++i) norm2 += static_cast<double>(x[i]) * x[i];
    }
    const double inverse = norm2 > 0 ? 1 / std::sqrt(norm2) : 0;
    if (inverse > 1e30) {  // 1 / norm does not fit: scale in double
      for (std::size_t i = 0; i < dim; ++i)
        out[i] = static_cast<float>(x[i] * inverse) - model_.centroid[i];
      std::fill(out + dim, out + rotation_.padded(), 0.0f);
      rotation_.apply(out);
      return;
    }
    scale = static_cast<float>(inverse);
  }
  for (std::size_t i = 0; i < dim; ++i) out[i] = x[i] * scale - model_.centroid[i];
  std::fill(out + dim, out + rotation_.padded(), 0.0f);
  if (model_.augmented) {
    norm2 = simd::kernels().inner_product(x, x, dim);
    out[dim] = std::sqrt(std::max(0.0f, model_.max_norm2 - static_cast<float>(norm2))) -
               model_.centroid[dim];
  }
  rotation_.apply(out);
}

void RabitqCodec::encode(const float* x, std::byte* code) const {
  const std::size_t n = rotation_.padded();
  thread_local std::vector<float> rotated;
  thread_local std::vector<std::uint8_t> grid;
  rotated.resize(n);
  grid.resize(n);
  residual(x, rotated.data());
  const CodeKernels& k = code_kernels();
  const double norm = simd::kernels().inner_product(rotated.data(), rotated.data(), n);
  Header header{};
  if (norm > 0 && std::isfinite(norm)) {
    const double sigma = std::sqrt(norm / static_cast<double>(n));
    const QuantizeSums sums = k.quantize(rotated.data(), n, static_cast<float>(1 / (sigma * step_)),
                                         offset_, (1 << model_.bits) - 1, grid.data());
    header.norm = static_cast<float>(norm);
    const double cosine =
        std::clamp(sums.dot / std::sqrt(norm * static_cast<double>(sums.norm2)), 1e-3, 1.0);
    // A product that is not positive cannot be corrected by a factor: the code then says nothing.
    header.scale = sums.dot > 0 ? static_cast<float>(norm / sums.dot) : 0;
    header.error = static_cast<float>(
        kErrorQuantile *
        std::sqrt(norm * (1 - cosine * cosine) / (cosine * cosine) / static_cast<double>(n - 1)));
  } else {
    std::fill(grid.begin(), grid.end(), static_cast<std::uint8_t>(1 << (model_.bits - 1)));
    // Too long for float: navigation cannot place it; it is far from everything.
    if (!std::isfinite(norm)) header = {3e38f, 0, 3e38f};
  }
  std::memcpy(code, &header, sizeof header);
  pack(grid.data(), code);
}

void RabitqCodec::pack(const std::uint8_t* u, std::byte* code) const {
  auto* plane = reinterpret_cast<std::uint8_t*>(code + sizeof(Header));
  int shift = model_.bits;
  for (int p = 0; p < plane_count_; ++p) {
    shift -= planes_[p];
    pack_plane(u, rotation_.padded(), planes_[p], shift, plane);
    plane += plane_bytes(planes_[p], rotation_.padded());
  }
}

void RabitqCodec::unpack(const std::byte* code, std::uint8_t* u) const {
  const auto* plane = reinterpret_cast<const std::uint8_t*>(code + sizeof(Header));
  std::memset(u, 0, rotation_.padded());
  int shift = model_.bits;
  for (int p = 0; p < plane_count_; ++p) {
    shift -= planes_[p];
    unpack_plane(plane, rotation_.padded(), planes_[p], shift, u);
    plane += plane_bytes(planes_[p], rotation_.padded());
  }
}

void RabitqCodec::decode(const std::byte* code, float* x) const {
  const std::size_t n = rotation_.padded();
  std::vector<std::uint8_t> u(n);
  std::vector<float> r(n);
  unpack(code, u.data());
  Header header;
  std::memcpy(&header, code, sizeof header);
  for (std::size_t i = 0; i < n; ++i) r[i] = (static_cast<float>(u[i]) - offset_) * header.scale;
  rotation_.invert(r.data());
  for (std::size_t i = 0; i < static_cast<std::size_t>(model_.dim); ++i)
    x[i] = r[i] + model_.centroid[i];
}

// Up to 7 bits twice the centred grid point is an odd int8; the 8-bit grid is shifted by 128 and
// its centre is half a step off, which the 8-bit resolution hides.
Codec::Expanded RabitqCodec::expand(const std::byte* code, std::int8_t* x) const {
  const std::size_t n = rotation_.padded();
  auto* u = reinterpret_cast<std::uint8_t*>(x);
  unpack(code, u);
  Header header;
  std::memcpy(&header, code, sizeof header);
  code_kernels().centre(u, n, model_.bits);
  return {header.norm, header.scale * (model_.bits == 8 ? 1.41421356f : 0.70710678f)};
}

std::unique_ptr<CodeQuery> RabitqCodec::query() const {
  return std::make_unique<RabitqQuery>(*this);
}

std::vector<std::byte> RabitqCodec::save() const {
  std::vector<std::byte> out;
  const auto put = [&out](const auto& value) {
    const auto* p = reinterpret_cast<const std::byte*>(&value);
    out.insert(out.end(), p, p + sizeof value);
  };
  put(static_cast<std::uint8_t>(CodecKind::rabitq));
  put(static_cast<std::uint8_t>(model_.metric));
  put(static_cast<std::uint8_t>(model_.bits));
  put(static_cast<std::uint8_t>(model_.augmented ? 1 : 0));
  put(static_cast<std::int32_t>(model_.dim));
  put(model_.seed);
  put(model_.max_norm2);
  for (float c : model_.centroid) put(c);
  return out;
}

std::unique_ptr<Codec> RabitqCodec::load_body(std::span<const std::byte> body) {
  const auto bad = [](const char* what) {
    return Error(ErrorCode::corrupted_index, std::string("rabitq model: ") + what);
  };
  constexpr std::size_t kFixed = 3 + 4 + 8 + 4;
  if (body.size() < kFixed) throw bad("too short");
  std::size_t at = 0;
  const auto get = [&](auto& value) {
    std::memcpy(&value, body.data() + at, sizeof value);
    at += sizeof value;
  };
  std::uint8_t metric, bits, augmented;
  std::int32_t dim;
  Model model;
  get(metric);
  get(bits);
  get(augmented);
  get(dim);
  get(model.seed);
  get(model.max_norm2);
  if (metric > static_cast<std::uint8_t>(Metric::cosine)) throw bad("unknown metric");
  if (bits < 1 || bits > 8) throw bad("bits out of range");
  if (dim < 1 || dim > kMaxDim) throw bad("dimensions out of range");
  if (augmented > 1) throw bad("bad flag");
  if (!std::isfinite(model.max_norm2) || model.max_norm2 < 0) throw bad("bad norm");
  model.metric = static_cast<Metric>(metric);
  model.bits = bits;
  model.dim = dim;
  model.augmented = augmented != 0;
  const std::size_t floats = static_cast<std::size_t>(dim) + augmented;
  if (body.size() != kFixed + floats * sizeof(float)) throw bad("wrong length");
  model.centroid.resize(floats);
  for (float& c : model.centroid) {
    get(c);
    if (!std::isfinite(c)) throw bad("centroid is not finite");
  }
  return std::make_unique<RabitqCodec>(std::move(model));
}

}  // namespace rv::quant
