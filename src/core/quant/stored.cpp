#include "core/quant/stored.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string>

#include "core/base/binary_reader.h"
#include "core/base/rng.h"
#include "core/types/dense.h"

namespace rv::quant {
namespace {

constexpr std::uint8_t kStoredVersion = 1;
constexpr std::size_t kQuantvecHead = 8, kCodebookHead = 20;

[[noreturn]] void fail_stored(const char* type, const std::string& what) {
  throw Error(ErrorCode::data_exception, std::string("invalid ") + type + " value: " + what);
}

void check_stored_dim(const char* type, std::int32_t dim) {
  if (dim < 1 || dim > rv::kMaxDim)
    fail_stored(type, std::to_string(dim) + " dimensions, not 1 to " + std::to_string(rv::kMaxDim));
}

std::uint64_t id_of(const ProductModel& m) noexcept {
  std::uint64_t h =
      mix64(static_cast<std::uint64_t>(m.dim()) << 32 |
            static_cast<std::uint64_t>(m.subspaces()) << 8 | static_cast<std::uint64_t>(m.bits()));
  for (const float v : m.codebooks()) h = mix64(h ^ std::bit_cast<std::uint32_t>(v));
  return h;
}

}  // namespace

VectorDistance distance_by_name(std::string_view name) {
  if (name == "l2") return VectorDistance::l2;
  if (name == "inner_product") return VectorDistance::inner_product;
  if (name == "cosine") return VectorDistance::cosine;
  if (name == "l1") return VectorDistance::l1;
  throw Error(ErrorCode::invalid_argument, "unknown distance \"" + std::string(name) + "\"", {},
              "Distances are l2, inner_product, cosine and l1.");
}

QuantvecView view_quantvec(std::span<const std::byte> value) {
  constexpr const char* kType = "quantvec";
  if (value.size() < kQuantvecHead) fail_stored(kType, "it ends early");
  BinaryReader in(value);
  const auto word = in.read<std::uint32_t>();
  QuantvecView v{};
  if (word >> 24 != kStoredVersion) fail_stored(kType, "unknown version");
  if ((word & 0xFF) != 0) fail_stored(kType, "unused byte is not 0");
  v.kind = static_cast<CodecKind>(word >> 16 & 0xFF);
  v.bits = static_cast<int>(word >> 8 & 0xFF);
  v.dim = in.read<std::int32_t>();
  check_stored_dim(kType, v.dim);
  std::size_t bytes = 0;
  if (v.kind == CodecKind::sq8) {
    if (in.remaining() < 8) fail_stored(kType, "it ends early");
    v.low = in.read<float>();
    v.step = in.read<float>();
    if (v.bits != 8) fail_stored(kType, "scalar codes have 8 bits");
    if (!std::isfinite(v.low) || !std::isfinite(v.step) || v.step < 0)
      fail_stored(kType, "range is not finite");
    bytes = static_cast<std::size_t>(v.dim);
  } else if (v.kind == CodecKind::pq) {
    if (in.remaining() < 12) fail_stored(kType, "it ends early");
    v.subspaces = in.read<std::int32_t>();
    v.codebook = in.read<std::uint64_t>();
    if (v.bits != 4 && v.bits != 8) fail_stored(kType, "product codes have 4 or 8 bits");
    if (v.subspaces < 1 || v.subspaces > v.dim) fail_stored(kType, "impossible subspaces");
    bytes = static_cast<std::size_t>(v.bits == 8 ? v.subspaces : (v.subspaces + 1) / 2);
  } else {
    fail_stored(kType, "unknown kind");
  }
  if (in.remaining() != bytes) fail_stored(kType, "code of the wrong length");
  v.code = {reinterpret_cast<const std::uint8_t*>(value.data() + in.position()), bytes};
  return v;
}

std::vector<std::byte> quantize_scalar(const float* x, int dim) {
  const auto d = static_cast<std::size_t>(dim);
  const auto [low, high] = std::minmax_element(x, x + d);
  // Halves first: the difference of two floats may not be one.
  const float step = (*high / 2 - *low / 2) / 127.5f;
  const float scale = step > 0 && std::isfinite(1 / step) ? 1 / step : 0;
  std::vector<std::byte> out(kQuantvecHead + 8 + d);
  BinaryWriter w(out);
  w.write(std::uint32_t{kStoredVersion} << 24 | static_cast<std::uint32_t>(CodecKind::sq8) << 16 |
          8u << 8);
  w.write(static_cast<std::int32_t>(dim));
  w.write(*low);
  w.write(scale > 0 ? step : 0.0f);
  for (std::size_t i = 0; i < d; ++i) {
    const double level =
        std::nearbyint((static_cast<double>(x[i]) - *low) * static_cast<double>(scale));
    out[w.position() + i] =
        static_cast<std::byte>(static_cast<std::uint8_t>(std::clamp(level, 0.0, 255.0)));
  }
  return out;
}

Codebook::Codebook(ProductModel model) : model_(std::move(model)), id_(id_of(model_)) {}

Codebook Codebook::read(std::span<const std::byte> value) {
  constexpr const char* kType = "pqcodebook";
  if (value.size() < kCodebookHead) fail_stored(kType, "it ends early");
  BinaryReader in(value);
  const auto word = in.read<std::uint32_t>();
  if (word >> 24 != kStoredVersion || (word & 0xFFFF) != 0) fail_stored(kType, "unknown version");
  const int bits = static_cast<int>(word >> 16 & 0xFF);
  const auto dim = in.read<std::int32_t>(), subspaces = in.read<std::int32_t>();
  const auto id = in.read<std::uint64_t>();
  check_stored_dim(kType, dim);
  if (bits != 4 && bits != 8) fail_stored(kType, "bits are neither 4 nor 8");
  if (subspaces < 1 || subspaces > dim) fail_stored(kType, "impossible subspaces");
  const std::size_t floats = static_cast<std::size_t>(dim) << bits;
  if (in.remaining() != floats * sizeof(float)) fail_stored(kType, "codebooks of the wrong length");
  std::vector<float> x(floats);
  in.read_array(x.data(), floats);
  for (const float v : x)
    if (!std::isfinite(v)) fail_stored(kType, "a number is not finite");
  Codebook book(ProductModel(dim, subspaces, bits, std::move(x)));
  if (book.id_ != id) fail_stored(kType, "checksum does not match");
  return book;
}

std::vector<std::byte> Codebook::write() const {
  std::vector<std::byte> out(kCodebookHead + model_.codebooks().size() * sizeof(float));
  BinaryWriter w(out);
  w.write(std::uint32_t{kStoredVersion} << 24 | static_cast<std::uint32_t>(model_.bits()) << 16);
  w.write(static_cast<std::int32_t>(model_.dim()));
  w.write(static_cast<std::int32_t>(model_.subspaces()));
  w.write(id_);
  w.write_array(model_.codebooks().data(), model_.codebooks().size());
  return out;
}

std::vector<std::byte> Codebook::quantize(const float* x, int dim) const {
  check_expected_dim(model_.dim(), dim);
  std::vector<std::byte> out(kQuantvecHead + 12 + model_.code_bytes());
  BinaryWriter w(out);
  w.write(std::uint32_t{kStoredVersion} << 24 | static_cast<std::uint32_t>(CodecKind::pq) << 16 |
          static_cast<std::uint32_t>(model_.bits()) << 8);
  w.write(static_cast<std::int32_t>(dim));
  w.write(static_cast<std::int32_t>(model_.subspaces()));
  w.write(id_);
  model_.encode(x, reinterpret_cast<std::uint8_t*>(out.data() + w.position()));
  return out;
}

void Codebook::check(const QuantvecView& code) const {
  if (code.kind != CodecKind::pq)
    throw Error(ErrorCode::invalid_argument, "the code is not of a product quantizer", {},
                "Leave the codebook out.");
  if (code.codebook != id_ || code.dim != model_.dim() || code.bits != model_.bits() ||
      code.subspaces != model_.subspaces())
    throw Error(ErrorCode::invalid_argument, "the code was made with another codebook");
}

void dequantize(const QuantvecView& value, const Codebook* codebook, float* out) {
  if (value.kind == CodecKind::pq) {
    if (codebook == nullptr)
      throw Error(ErrorCode::invalid_argument, "the code of a product quantizer needs its codebook",
                  {}, "Pass the codebook that it was made with.");
    codebook->check(value);
    codebook->model().decode(value.code.data(), out);
    return;
  }
  if (codebook != nullptr) codebook->check(value);
  // In float64, and back into the range of float32: the ends may be its largest numbers.
  constexpr double kMost = std::numeric_limits<float>::max();
  for (std::size_t i = 0; i < value.code.size(); ++i)
    out[i] = static_cast<float>(
        std::clamp(value.low + static_cast<double>(value.step) * value.code[i], -kMost, kMost));
}

double vector_distance(VectorDistance distance, const float* a, const float* b, int dim) noexcept {
  switch (distance) {
    case VectorDistance::l2:
      return std::sqrt(l2_squared<Vector>(a, b, dim));
    case VectorDistance::inner_product:
      return -inner_product<Vector>(a, b, dim);
    case VectorDistance::cosine:
      return cosine_distance<Vector>(a, b, dim);
    case VectorDistance::l1:
      return l1_distance<Vector>(a, b, dim);
  }
  return 0;
}

}  // namespace rv::quant
