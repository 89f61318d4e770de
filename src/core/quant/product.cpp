#include "core/quant/product.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/cluster/kmeans.h"
#include "core/quant/code_kernels.h"
#include "core/simd/distance.h"

namespace rv::quant {
namespace {

float part_of(ProductModel::Part part, const float* a, const float* b, int n) noexcept {
  float sum = 0;
  for (int i = 0; i < n; ++i) {
    switch (part) {
      case ProductModel::Part::squared:
        sum += (a[i] - b[i]) * (a[i] - b[i]);
        break;
      case ProductModel::Part::product:
        sum += a[i] * b[i];
        break;
      case ProductModel::Part::absolute:
        sum += std::abs(a[i] - b[i]);
        break;
    }
  }
  return sum;
}

}  // namespace

ProductModel::ProductModel(int dim, int subspaces, int bits, std::vector<float> codebooks)
    : dim_(dim), subspaces_(subspaces), bits_(bits), codebooks_(std::move(codebooks)) {
  if (bits != 4 && bits != 8)
    throw Error(ErrorCode::invalid_argument,
                "bits of a product quantizer must be 4 or 8, not " + std::to_string(bits));
  if (subspaces < 1 || subspaces > dim)
    throw Error(ErrorCode::invalid_argument,
                "subspaces of a product quantizer must be between 1 and the dimension " +
                    std::to_string(dim) + ", not " + std::to_string(subspaces));
  if (codebooks_.size() != static_cast<std::size_t>(dim) << bits)
    throw Error(ErrorCode::internal, "codebooks of the wrong size");
  columns_.resize(codebooks_.size());
  const auto n = static_cast<std::size_t>(centroids());
  for (int s = 0; s < subspaces_; ++s) {
    const auto size = static_cast<std::size_t>(subspace(s).size);
    const float* from = centroid(s, 0);
    float* to = columns_.data() + (from - codebooks_.data());
    for (std::size_t c = 0; c < n; ++c)
      for (std::size_t j = 0; j < size; ++j) to[j * n + c] = from[c * size + j];
  }
}

void ProductModel::parts(const float* q, int s, Part part, float* out) const noexcept {
  const Subspace sub = subspace(s);
  const CodeKernels& k = code_kernels();
  const auto kernel = part == Part::squared   ? k.centroid_squares
                      : part == Part::product ? k.centroid_products
                                              : k.centroid_absolutes;
  kernel(q + sub.first, columns_.data() + (static_cast<std::size_t>(sub.first) << bits_),
         static_cast<std::size_t>(sub.size), static_cast<std::size_t>(centroids()), out);
}

Subspace ProductModel::subspace(int s) const noexcept {
  const int size = dim_ / subspaces_, larger = dim_ % subspaces_;
  return {s * size + std::min(s, larger), size + (s < larger ? 1 : 0)};
}

const float* ProductModel::centroid(int s, int c) const noexcept {
  const Subspace sub = subspace(s);
  return codebooks_.data() + (static_cast<std::size_t>(sub.first) << bits_) +
         static_cast<std::size_t>(c) * static_cast<std::size_t>(sub.size);
}

std::size_t ProductModel::code_bytes() const noexcept {
  return static_cast<std::size_t>(bits_ == 8 ? subspaces_ : (subspaces_ + 1) / 2);
}

int ProductModel::number(const std::uint8_t* code, int s) const noexcept {
  return bits_ == 8 ? code[s] : (code[s / 2] >> (s % 2 * 4)) & 15;
}

void ProductModel::encode(const float* x, std::uint8_t* code) const {
  std::memset(code, 0, code_bytes());
  const CodeKernels& k = code_kernels();
  float distance[256];
  for (int s = 0; s < subspaces_; ++s) {
    parts(x, s, Part::squared, distance);
    const auto best =
        static_cast<unsigned>(k.least(distance, static_cast<std::size_t>(centroids())));
    if (bits_ == 8)
      code[s] = static_cast<std::uint8_t>(best);
    else
      code[s / 2] = static_cast<std::uint8_t>(code[s / 2] | best << (s % 2 * 4));
  }
}

void ProductModel::decode(const std::uint8_t* code, float* x) const noexcept {
  for (int s = 0; s < subspaces_; ++s) {
    const Subspace sub = subspace(s);
    std::memcpy(x + sub.first, centroid(s, number(code, s)),
                static_cast<std::size_t>(sub.size) * sizeof(float));
  }
}

std::vector<float> ProductModel::table(const float* q, Part part) const {
  std::vector<float> t;
  table(q, part, t);
  return t;
}

void ProductModel::table(const float* q, Part part, std::vector<float>& t) const {
  t.resize(code_bytes() * 256);
  if (bits_ == 8) {
    for (int s = 0; s < subspaces_; ++s) parts(q, s, part, &t[static_cast<std::size_t>(s) * 256]);
    return;
  }
  for (int s = 0; s < subspaces_; s += 2) {
    float low[16], high[16] = {};
    parts(q, s, part, low);
    if (s + 1 < subspaces_) parts(q, s + 1, part, high);
    float* out = &t[static_cast<std::size_t>(s / 2) * 256];
    for (int c = 0; c < 256; ++c) out[c] = low[c & 15] + high[c >> 4];
  }
}

float ProductModel::sum(const std::vector<float>& table, const std::uint8_t* code) const noexcept {
  const std::size_t n = code_bytes();
  const float* t = table.data();
  float s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4, t += 1024) {
    s0 += t[code[i]];
    s1 += t[256 + code[i + 1]];
    s2 += t[512 + code[i + 2]];
    s3 += t[768 + code[i + 3]];
  }
  for (; i < n; ++i, t += 256) s0 += t[code[i]];
  return (s0 + s1) + (s2 + s3);
}

float ProductModel::between(const std::uint8_t* a, const std::uint8_t* b,
                            Part part) const noexcept {
  float sum = 0;
  for (int s = 0; s < subspaces_; ++s)
    sum += part_of(part, centroid(s, number(a, s)), centroid(s, number(b, s)), subspace(s).size);
  return sum;
}

int default_subspaces(int dim, int bits) noexcept { return std::max(1, dim / (bits == 8 ? 8 : 4)); }

ProductModel train_product(const float* x, std::size_t count, int dim, int subspaces, int bits,
                           std::uint64_t seed, const Work& work) {
  const auto d = static_cast<std::size_t>(dim);
  ProductModel model(dim, subspaces, bits, std::vector<float>(d << bits));
  std::vector<float> codebooks(d << bits);
  // More rows than this move the centroids little.
  const std::size_t rows = std::min(count, std::size_t{32} << bits);
  std::vector<float> directions;
  std::size_t used = rows;
  if (rows == 0) {
    used = std::size_t{4} << bits;
    directions.resize(used * d);
    Rng rng(seed);
    const double size = 1 / std::sqrt(static_cast<double>(dim));
    for (float& v : directions) v = static_cast<float>(rng.normal() * size);
  }
  work.for_range(static_cast<std::size_t>(subspaces), 1, [&](std::size_t from, std::size_t to) {
    for (std::size_t s = from; s < to; ++s) {
      const Subspace sub = model.subspace(static_cast<int>(s));
      const auto first = static_cast<std::size_t>(sub.first);
      const auto size = static_cast<std::size_t>(sub.size);
      std::vector<float> part(used * size);
      for (std::size_t r = 0; r < used; ++r) {
        const float* row = rows == 0 ? &directions[r * d] : x + r * count / rows * d;
        std::memcpy(&part[r * size], row + first, size * sizeof(float));
      }
      cluster::KMeansOptions options;
      options.centres = std::size_t{1} << bits;
      options.seed = mix64(seed + s);
      options.iterations = 10;
      const auto centres = cluster::kmeans(part.data(), used, size, options);
      std::copy(centres.begin(), centres.end(),
                codebooks.begin() + static_cast<std::ptrdiff_t>(first << bits));
    }
  });
  return {dim, subspaces, bits, std::move(codebooks)};
}

}  // namespace rv::quant
