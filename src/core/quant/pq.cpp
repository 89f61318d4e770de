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
  // `largest`: see augmenting_norm().
  Pq(Metric metric, ProductModel model, float squared_error, float factor, float largest)
      : metric_(metric),
        model_(std::move(model)),
        squared_error_(squared_error),
        factor_(factor),
        largest_(largest) {
    if (largest > 0)
      norms_ = model_.table(std::vector<float>(static_cast<std::size_t>(dim())).data(),
                            ProductModel::Part::squared);
  }

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
  std::unique_ptr<CodeQuery> query() const override;

  // For the metric or, for links, for the metric that links have.
  static ProductModel::Part part(Metric metric) noexcept {
    switch (metric) {
      case Metric::l2:
        return ProductModel::Part::squared;
      case Metric::l1:
        return ProductModel::Part::absolute;
      default:
        return ProductModel::Part::product;
    }
  }
  // The size of an estimate's error: the lost part of x meets the rest in any direction.
  float error(Metric metric, float distance, float query_norm) const noexcept {
    switch (metric) {
      case Metric::l2:
        return factor_ * (std::sqrt(std::max(distance, squared_error_) * squared_error_));
      case Metric::l1:
        return factor_ * std::sqrt(squared_error_ * static_cast<float>(dim()));
      default:
        return factor_ * query_norm * std::sqrt(squared_error_);
    }
  }
  // What the further component adds to a link distance.
  float augmented(const std::byte* code, float query_norm) const noexcept {
    return largest_ == 0 ? 0
                         : augmented_part(largest_, query_norm * query_norm,
                                          model_.sum(norms_, numbers(code)));
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
    out.put(largest_);
    out.put(model_.codebooks());
    return out.take();
  }

 private:
  Metric metric_;
  ProductModel model_;
  float squared_error_, factor_, largest_;
  std::vector<float> norms_;  // table of the squared norms, when augmented
};

class PqQuery final : public CodeQuery {
 public:
  explicit PqQuery(const Pq& codec) : codec_(codec), y_(static_cast<std::size_t>(codec.dim())) {}
  void set(const float* q) override {
    prepare(codec_.metric(), q, codec_.dim(), y_.data());
    aim(false);
  }
  void set_link(const float* x) override {
    prepare(codec_.metric(), x, codec_.dim(), y_.data());
    aim(true);
  }
  void set_code(const std::byte* code) override {
    codec_.decode(code, y_.data());
    aim(true);
  }
  void distances(const std::byte* const* codes, int n, float* distance, float* error) override {
    const bool direct = !have_table_ && compared_ + n <= kDirect;
    compared_ += n;
    if (!direct && !have_table_) {
      codec_.model().table(y_.data(), Pq::part(metric_), table_);
      have_table_ = true;
    }
    for (int i = 0; i < n; ++i) {
      const float sum = direct ? compare(codes[i]) : codec_.model().sum(table_, numbers(codes[i]));
      switch (metric_) {
        case Metric::inner_product:
          distance[i] = -sum;
          break;
        case Metric::cosine:
          distance[i] = 1 - sum;
          break;
        default:
          distance[i] = link_ ? sum + codec_.augmented(codes[i], norm_) : sum;
      }
      error[i] = codec_.error(metric_, distance[i], norm_);
    }
  }

 private:
  void aim(bool link) {
    link_ = link;
    metric_ = link ? link_metric(codec_.metric()) : codec_.metric();
    norm_ = std::sqrt(squared_norm(y_));
    have_table_ = false;
    compared_ = 0;
  }
  // What the table would give for one code.
  float compare(const std::byte* code) {
    const auto n = static_cast<std::size_t>(codec_.dim());
    decoded_.resize(n);
    codec_.decode(code, decoded_.data());
    const auto& k = simd::kernels();
    switch (Pq::part(metric_)) {
      case ProductModel::Part::squared:
        return k.l2_squared(y_.data(), decoded_.data(), n);
      case ProductModel::Part::absolute:
        return k.l1(y_.data(), decoded_.data(), n);
      case ProductModel::Part::product:
        break;
    }
    return k.inner_product(y_.data(), decoded_.data(), n);
  }

  // So many codes are compared as vectors before a table pays: choosing a node's links aims at
  // many codes and compares each with few others.
  static constexpr int kDirect = 48;

  const Pq& codec_;
  std::vector<float> y_, table_, decoded_;
  bool have_table_ = false;
  int compared_ = 0;
  float norm_ = 0;
  Metric metric_ = Metric::l2;
  bool link_ = false;
};

std::unique_ptr<CodeQuery> Pq::query() const { return std::make_unique<PqQuery>(*this); }

// An index takes more subspaces than a value does by default. Estimates of near vectors lie above
// the truth by what the code has lost, so bounds have to be wide, and with 8 dimensions a byte 256
// rows are looked up for ten on 9,844 embeddings of 768 dimensions; with 6, 65; with 4, 27. Whole
// words, because codes are padded to them.
int index_subspaces(int dim, int bits) noexcept {
  const int wanted = bits == 8 ? (dim + 5) / 6 : (dim + 2) / 3;
  const int word = bits == 8 ? 4 : 8;
  return std::clamp((wanted + word - 1) / word * word, 1, dim);
}

}  // namespace

std::unique_ptr<Codec> train_pq(const CodecSpec& spec, const float* sample, std::size_t count) {
  const auto d = static_cast<std::size_t>(spec.dim);
  const int bits = spec.bits == 0 ? 8 : spec.bits;
  const int subspaces = spec.subspaces == 0 ? index_subspaces(spec.dim, bits) : spec.subspaces;
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
  const float largest = augmenting_norm(spec, sample, count);
  const Pq first(spec.metric, model, mean, 1.0f, largest);
  const float factor = error_quantile(first, sample, count, spec.seed, 1.0f);
  return std::make_unique<Pq>(spec.metric, std::move(model), mean, std::max(factor, 1e-3f),
                              largest);
}

std::unique_ptr<Codec> load_pq(ModelReader& model) {
  const ModelHeader& h = model.header();
  if (h.bits != 4 && h.bits != 8) fail_model("impossible number of bits");
  if (h.subspaces < 1 || h.subspaces > h.dim) fail_model("impossible number of subspaces");
  const float squared_error = model.number(), factor = model.number(), largest = model.number();
  if (squared_error < 0 || factor < 0 || largest < 0) fail_model("negative error bound");
  auto codebooks = model.floats(static_cast<std::size_t>(h.dim) << h.bits);
  model.expect_end();
  return std::make_unique<Pq>(static_cast<Metric>(h.metric),
                              ProductModel(static_cast<int>(h.dim), static_cast<int>(h.subspaces),
                                           h.bits, std::move(codebooks)),
                              squared_error, factor, largest);
}

}  // namespace rv::quant
