#include "core/attention/online.h"

#include <algorithm>
#include <cmath>

#include "core/attention/block.h"
#include "core/base/error.h"
#include "core/simd/distance.h"

namespace rv::attention {

bool OnlineAttention::covers(const std::string& type, const Params& params) {
  if (type != "scaled_dot_product" && type != "cosine" && type != "gaussian" && type != "bilinear")
    return false;
  // Block sizes do not change the result, and one query that comes last sees every key.
  for (const auto& [name, value] : params.values())
    if (name == "mask" || name == "query_position" || name == "num_heads") return false;
  return true;
}

OnlineAttention::OnlineAttention(const std::string& type, const Params& params) {
  if (type == "cosine") {
    kind_ = Score::cosine;
    scale_ = 1 / std::max(0.01, params.positive("tau", 0.1));
  } else if (type == "gaussian") {
    kind_ = Score::gaussian;
    const double h = params.positive("bandwidth", 1);
    scale_ = -1 / (2 * h * h);
  } else if (type == "bilinear") {
    bilinear_ = params.need_matrix("W", 0, 0);
    scale_ = params.number("scale", 1);
  } else {
    scale_ = params.number("scale", 0);
  }
}

void OnlineAttention::set_query(std::span<const float> query) {
  if (bilinear_.empty()) {
    query_.assign(query.begin(), query.end());
    return;
  }
  const Matrix q(1, query.size(), {query.begin(), query.end()});
  const Matrix product = multiply(q, bilinear_);
  query_.assign(product.data.begin(), product.data.end());
}

double OnlineAttention::score(std::span<const float> key) const {
  const std::size_t n = key.size();
  const simd::Kernels& k = simd::kernels();
  switch (kind_) {
    case Score::gaussian:
      return scale_ * static_cast<double>(k.l2_squared(query_.data(), key.data(), n));
    case Score::cosine: {
      const simd::CosineSums s = k.cosine_sums(query_.data(), key.data(), n);
      const double norms = std::sqrt(double{s.norm_a} * double{s.norm_b});
      return norms > 0 ? scale_ * double{s.dot} / norms : 0.0;
    }
    case Score::dot:
      break;
  }
  const double scale = scale_ != 0 ? scale_ : 1 / std::sqrt(static_cast<double>(n));
  return scale * static_cast<double>(k.inner_product(query_.data(), key.data(), n));
}

void OnlineAttention::rescale(double maximum) {
  const double shrink = std::exp(maximum_ - maximum);
  for (double& x : sums_) x *= shrink;
  sum_ *= shrink;
  maximum_ = maximum;
}

void OnlineAttention::add(std::span<const float> key, std::span<const float> value) {
  if (key.size() != query_.size())
    throw Error(ErrorCode::data_exception, "queries have " + std::to_string(query_.size()) +
                                               " dimensions, keys " + std::to_string(key.size()));
  const double s = score(key);
  if (!std::isfinite(s))
    throw Error(ErrorCode::out_of_range, "attention score is out of range: overflow");
  if (sums_.empty()) {
    sums_.assign(value.size(), 0.0);
    maximum_ = s;
  } else if (sums_.size() != value.size()) {
    throw Error(ErrorCode::data_exception, "expected " + std::to_string(sums_.size()) +
                                               " dimensions, not " + std::to_string(value.size()));
  }
  if (s > maximum_) rescale(s);
  const double weight = std::exp(s - maximum_);
  sum_ += weight;
  block_kernels().accumulate(sums_.data(), weight, value.data(), value.size());
}

void OnlineAttention::merge(const OnlineAttention& other) {
  if (other.empty()) return;
  if (empty()) {
    maximum_ = other.maximum_;
    sum_ = other.sum_;
    sums_ = other.sums_;
    return;
  }
  if (sums_.size() != other.sums_.size())
    throw Error(ErrorCode::data_exception, "expected " + std::to_string(sums_.size()) +
                                               " dimensions, not " +
                                               std::to_string(other.sums_.size()));
  if (other.maximum_ > maximum_) rescale(other.maximum_);
  const double factor = std::exp(other.maximum_ - maximum_);
  sum_ += factor * other.sum_;
  add_scaled(sums_.data(), factor, other.sums_.data(), sums_.size());
}

std::vector<double> OnlineAttention::result() const {
  std::vector<double> out = sums_;
  for (double& x : out) x /= sum_;
  return out;
}

std::vector<double> OnlineAttention::numbers() const {
  if (empty()) return {};
  std::vector<double> out{maximum_, sum_};
  out.insert(out.end(), sums_.begin(), sums_.end());
  return out;
}

void OnlineAttention::load(std::span<const double> numbers) {
  if (numbers.size() < 3) return;
  maximum_ = numbers[0];
  sum_ = numbers[1];
  sums_.assign(numbers.begin() + 2, numbers.end());
}

}  // namespace rv::attention
