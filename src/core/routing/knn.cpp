#include "core/routing/knn.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/base/rng.h"
#include "core/simd/distance.h"

namespace rv::routing {
namespace {

// Prior evidence of the agent's mean in a neighbourhood's estimate, in units of similarity^4.
constexpr double kShrinkage = 1.0;

bool normalise(std::span<const float> x, float* out) {
  double n = 0;
  for (const float v : x) n += static_cast<double>(v) * static_cast<double>(v);
  if (!(n > 0)) {
    std::fill_n(out, x.size(), 0.0F);
    return false;
  }
  const double scale = 1 / std::sqrt(n);
  for (std::size_t i = 0; i < x.size(); ++i)
    out[i] = static_cast<float>(static_cast<double>(x[i]) * scale);
  return true;
}

}  // namespace

KnnQuality::KnnQuality(std::size_t dim, std::size_t agents, std::size_t k)
    : dim_(dim), agents_(agents), k_(k), sum_(agents), count_(agents) {}

void KnnQuality::add(std::span<const float> x, std::size_t agent, float quality) {
  sum_[agent] += static_cast<double>(quality);
  count_[agent] += 1;
  unit_.resize(unit_.size() + dim_);
  if (!normalise(x, unit_.data() + unit_.size() - dim_)) {
    unit_.resize(unit_.size() - dim_);
    return;
  }
  agent_.push_back(static_cast<std::uint32_t>(agent));
  quality_.push_back(quality);
  if (list_.empty()) return;
  const auto row = static_cast<std::uint32_t>(agent_.size() - 1);
  list_[nearest_list(unit_.data() + row * dim_)].push_back(row);
}

std::size_t KnnQuality::nearest_list(const float* x) const {
  const auto& kernels = simd::kernels();
  std::size_t best = 0;
  float top = -2;
  for (std::size_t c = 0; c < list_.size(); ++c) {
    const float s = kernels.inner_product(x, centre_.data() + c * dim_, dim_);
    if (s > top) {
      top = s;
      best = c;
    }
  }
  return best;
}

void KnnQuality::build_lists() {
  const std::size_t n = size();
  list_.clear();
  centre_.clear();
  if (n <= kExact) return;
  const auto lists = static_cast<std::size_t>(std::sqrt(static_cast<double>(n)));
  // k-means on the sphere over a sample: means of the members, normalised.
  Rng rng(n);
  const std::size_t sample = std::min<std::size_t>(n, 32 * lists);
  std::vector<std::uint32_t> rows(n);
  std::iota(rows.begin(), rows.end(), 0U);
  for (std::size_t i = 0; i < sample; ++i) std::swap(rows[i], rows[i + rng.below(n - i)]);
  centre_.resize(lists * dim_);
  list_.resize(lists);
  for (std::size_t c = 0; c < lists; ++c)
    std::copy_n(unit_.data() + rows[c] * dim_, dim_, centre_.data() + c * dim_);
  std::vector<double> sums(lists * dim_);
  for (int round = 0; round < 4; ++round) {
    std::fill(sums.begin(), sums.end(), 0.0);
    for (std::size_t i = 0; i < sample; ++i) {
      const float* x = unit_.data() + rows[i] * dim_;
      double* to = sums.data() + nearest_list(x) * dim_;
      for (std::size_t d = 0; d < dim_; ++d) to[d] += static_cast<double>(x[d]);
    }
    for (std::size_t c = 0; c < lists; ++c) {
      std::vector<float> mean(dim_);
      for (std::size_t d = 0; d < dim_; ++d) mean[d] = static_cast<float>(sums[c * dim_ + d]);
      std::vector<float> unit(dim_);
      // An empty list keeps its centre.
      if (normalise(mean, unit.data()))
        std::copy(unit.begin(), unit.end(),
                  centre_.begin() + static_cast<std::ptrdiff_t>(c * dim_));
    }
  }
  for (std::uint32_t row = 0; row < n; ++row)
    list_[nearest_list(unit_.data() + row * dim_)].push_back(row);
  sort_by_list();
}

// Rows of a list one after the other: they are read together, and memory is read in order then.
void KnnQuality::sort_by_list() {
  const std::size_t n = size();
  std::vector<float> unit(n * dim_);
  std::vector<std::uint32_t> agent(n);
  std::vector<float> quality(n);
  std::uint32_t to = 0;
  for (auto& list : list_)
    for (std::uint32_t& row : list) {
      std::copy_n(unit_.data() + row * dim_, dim_, unit.data() + to * dim_);
      agent[to] = agent_[row];
      quality[to] = quality_[row];
      row = to++;
    }
  unit_ = std::move(unit);
  agent_ = std::move(agent);
  quality_ = std::move(quality);
}

void KnnQuality::candidates(const float* unit, std::vector<std::uint32_t>& rows) const {
  if (list_.empty()) {
    rows.resize(size());
    std::iota(rows.begin(), rows.end(), 0U);
    return;
  }
  const auto& kernels = simd::kernels();
  std::vector<std::pair<float, std::uint32_t>> order(list_.size());
  for (std::uint32_t c = 0; c < order.size(); ++c)
    order[c] = {-kernels.inner_product(unit, centre_.data() + c * dim_, dim_), c};
  std::sort(order.begin(), order.end());
  for (const auto& [unused, c] : order) {
    rows.insert(rows.end(), list_[c].begin(), list_[c].end());
    if (rows.size() >= kExact) break;
  }
}

void KnnQuality::estimate(std::span<const float> x, std::span<const Estimate> base,
                          std::span<Estimate> out) const {
  std::copy(base.begin(), base.end(), out.begin());
  std::vector<float> unit(dim_);
  if (size() == 0 || !normalise(x, unit.data())) return;
  std::vector<std::uint32_t> rows;
  candidates(unit.data(), rows);
  struct Near {
    float similarity, quality;
  };
  std::vector<std::vector<Near>> near(agents_);
  const auto& kernels = simd::kernels();
  for (const std::uint32_t row : rows) {
    const float s = kernels.inner_product(unit.data(), unit_.data() + row * dim_, dim_);
    if (s > 0) near[agent_[row]].push_back({s, quality_[row]});
  }
  for (std::size_t a = 0; a < agents_; ++a) {
    auto& all = near[a];
    if (all.size() > k_)
      std::nth_element(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(k_ - 1), all.end(),
                       [](const Near& l, const Near& r) { return l.similarity > r.similarity; });
    double weight = 0;
    double sum = 0;
    double squares = 0;
    for (std::size_t i = 0; i < std::min(k_, all.size()); ++i) {
      const double s2 =
          static_cast<double>(all[i].similarity) * static_cast<double>(all[i].similarity);
      const double w = s2 * s2;
      weight += w;
      squares += w * w;
      sum += w * static_cast<double>(all[i].quality);
    }
    if (weight <= 0) continue;
    const double own = kShrinkage / (kShrinkage + weight);  // what stays of the base
    // Kish's effective number of outcomes, besides the evidence that stays.
    out[a] = {own * out[a].mean + sum / (kShrinkage + weight),
              own * out[a].weight + weight * weight / squares};
  }
}

Estimate KnnQuality::shrunk_mean(std::size_t agent, double prior, double weight) const noexcept {
  const double n = weight + count_[agent];
  return {n > 0 ? (weight * prior + sum_[agent]) / n : prior, n};
}

}  // namespace rv::routing
