// The pq codec: ProductModel with estimates and their error bounds.
#include <algorithm>
#include <cmath>

#include "core/quant/kinds.h"
#include "core/quant/product.h"
#include "core/quant/vectors.h"
#include "core/simd/distance.h"

namespace rv::quant {
namespace {

const std::uint8_t* numbers(const std::byte* code) noexcept {
  return reinterpret_cast<const std::uint8_t*>(code);
}

class Pq final : public Codec {
 public:
  // `squared_error` is the mean of |x - decode(encode(x))|^2 over the sample, `factor` how many
  // of the natural scales below cover 95 % of the estimates.
  Pq(Metric metric, ProductModel model, float squared_error, float factor)
      : metric_(metric), model_(std::move(model)), squared_error_(squared_error), factor_(factor) {}

  CodecKind kind() const noexcept override { return CodecKind::pq; }
  Metric metric() const noexcept override { return metric_; }
  int dim() const noexcept override { return model_.dim(); }
  std::size_t code_bytes() const noexcept override {
    return (model_.code_bytes() + 3) & ~std::size_t{3};
  }
  const ProductModel& model() const noexcept { return model_; }

  void encode(const float* x, std::byte* code) const override {
    std::memset(code, 0, code_bytes());
    std::vector<float> y(static_cast<std::size_t>(dim()));
    prepare(metric_, x, dim(), y.data());
    model_.encode(y.data(), reinterpret_cast<std::uint8_t*>(code));
  }
  void decode(const std::byte* code, float* x) const override { model_.decode(numbers(code), x); }
  std::unique_ptr<CodeQuery> query(const float* q) const override;

  ProductModel::Part part() const noexcept {
    switch (metric_) {
      case Metric::l2:
        return ProductModel::Part::squared;
      case Metric::l1:
        return ProductModel::Part::absolute;
      default:
        return ProductModel::Part::product;
    }
  }
  // From a sum of parts to the distance.
  float distance(float sum) const noexcept {
    switch (metric_) {
      case Metric::inner_product:
        return -sum;
      case Metric::cosine:
        return 1 - sum;
      default:
        return sum;
    }
  }
  // The size of an estimate's error: the lost part of x meets the rest in any direction.
  float error(float distance, float query_norm) const noexcept {
    switch (metric_) {
      case Metric::l2:
        return factor_ * (std::sqrt(std::max(distance, squared_error_) * squared_error_));
      case Metric::l1:
        return factor_ * std::sqrt(squared_error_ * static_cast<float>(dim()));
      default:
        return factor_ * query_norm * std::sqrt(squared_error_);
    }
  }

  float between(const std::byte* a, const std::byte* b) const override {
    return distance(model_.between(numbers(a), numbers(b), part()));
  }

  std::vector<std::byte> save() const override {
    ModelHeader h{};
    h.magic = kModelMagic;
    h.kind = static_cast<std::uint8_t>(CodecKind::pq);
    h.metric = static_cast<std::uint8_t>(metric_);
    h.bits = static_cast<std::uint8_t>(model_.bits());
    h.dim = static_cast<std::uint32_t>(model_.dim());
    h.subspaces = static_cast<std::uint32_t>(model_.subspaces());
    ModelWriter out(h);
    out.put(squared_error_);
    out.put(factor_);
    out.put(model_.codebooks());
    return out.take();
  }

 private:
  Metric metric_;
  ProductModel model_;
  float squared_error_, factor_;
};

class PqQuery final : public CodeQuery {
 public:
  PqQuery(const Pq& codec, const float* q) : codec_(codec) {
    std::vector<float> y(static_cast<std::size_t>(codec.dim()));
    prepare(codec.metric(), q, codec.dim(), y.data());
    norm_ = std::sqrt(simd::kernels().inner_product(y.data(), y.data(), y.size()));
    table_ = codec.model().table(y.data(), codec.part());
  }
  void distances(const std::byte* const* codes, int n, float* distance, float* error) override {
    for (int i = 0; i < n; ++i) {
      distance[i] = codec_.distance(codec_.model().sum(table_, numbers(codes[i])));
      error[i] = codec_.error(distance[i], norm_);
    }
  }

 private:
  const Pq& codec_;
  std::vector<float> table_;
  float norm_ = 0;
};

std::unique_ptr<CodeQuery> Pq::query(const float* q) const {
  return std::make_unique<PqQuery>(*this, q);
}

}  // namespace

std::unique_ptr<Codec> train_pq(const CodecSpec& spec, const float* sample, std::size_t count) {
  const auto d = static_cast<std::size_t>(spec.dim);
  const int bits = spec.bits == 0 ? 8 : spec.bits;
  const int subspaces = spec.subspaces == 0 ? default_subspaces(spec.dim, bits) : spec.subspaces;
  std::vector<float> unit;
  if (spec.metric == Metric::cosine) {
    unit.resize(count * d);
    for (std::size_t r = 0; r < count; ++r) normalize(sample + r * d, spec.dim, &unit[r * d]);
    sample = unit.data();
  }
  ProductModel model = train_product(sample, count, spec.dim, subspaces, bits, spec.seed);
  double squares = 0;
  const std::size_t rows = std::min<std::size_t>(count, 1024);
  std::vector<std::uint8_t> code(model.code_bytes());
  std::vector<float> x(d);
  for (std::size_t r = 0; r < rows; ++r) {
    const float* row = sample + r * count / rows * d;
    model.encode(row, code.data());
    model.decode(code.data(), x.data());
    squares += simd::kernels().l2_squared(row, x.data(), d);
  }
  const auto mean = static_cast<float>(rows > 0 ? squares / static_cast<double>(rows) : 0.5);
  const Pq first(spec.metric, model, mean, 1.0f);
  const float factor = error_quantile(first, sample, count, spec.seed, 1.0f);
  return std::make_unique<Pq>(spec.metric, std::move(model), mean, std::max(factor, 1e-3f));
}

std::unique_ptr<Codec> load_pq(ModelReader& model) {
  const ModelHeader& h = model.header();
  if (h.bits != 4 && h.bits != 8) fail_model("impossible number of bits");
  if (h.subspaces < 1 || h.subspaces > h.dim) fail_model("impossible number of subspaces");
  const float squared_error = model.number(), factor = model.number();
  if (squared_error < 0 || factor < 0) fail_model("negative error bound");
  auto codebooks = model.floats(static_cast<std::size_t>(h.dim) << h.bits);
  model.expect_end();
  return std::make_unique<Pq>(static_cast<Metric>(h.metric),
                              ProductModel(static_cast<int>(h.dim), static_cast<int>(h.subspaces),
                                           h.bits, std::move(codebooks)),
                              squared_error, factor);
}

}  // namespace rv::quant
