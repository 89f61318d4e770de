#include "core/cluster/kmeans.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "core/base/rng.h"
#include "core/simd/distance.h"

namespace rv::cluster {
namespace {

// k-means++ costs a pass over its rows a round: not more rounds, nor more rows, than this.
constexpr std::size_t kRounds = 256;
constexpr std::size_t seeding_rows(std::size_t centres) noexcept {
  return std::max({8 * centres, std::min<std::size_t>(16 * centres, 4096), std::size_t{2048}});
}
constexpr std::size_t kGrain = 96;

class KMeans {
 public:
  KMeans(const float* x, std::size_t count, std::size_t dim, const KMeansOptions& options,
         const Work& work)
      : x_(x), n_(count), d_(dim), k_(options.centres), o_(options), work_(work), rng_(o_.seed) {}

  std::vector<float> run();

 private:
  const float* row(std::size_t i) const noexcept { return x_ + i * d_; }
  float* centre(std::size_t c) noexcept { return &centres_[c * d_]; }
  float distance(const float* a, const float* b) const noexcept {
    return o_.measure == Measure::euclidean
               ? simd::kernels().l2_squared(a, b, d_)
               : std::max(0.0f, 1 - simd::kernels().inner_product(a, b, d_));
  }
  void to_unit(float* c) const noexcept;
  void place_near(const float* from, float* to, float amount);
  void fill_up(std::size_t filled);
  void seed();
  double assign();
  void update();
  bool split_large(double factor);
  void iterate(int most);
  void balance();

  const float* x_;
  std::size_t n_, d_, k_;
  KMeansOptions o_;
  const Work& work_;
  Rng rng_;
  std::vector<float> centres_;
  std::vector<std::uint32_t> nearest_;
  std::vector<float> distance_;
  std::vector<std::uint32_t> begin_;  // begin_[c] .. begin_[c + 1]: rows of cluster c in members_
  std::vector<std::uint32_t> members_;
};

void KMeans::to_unit(float* c) const noexcept {
  if (o_.measure != Measure::direction) return;
  const double norm = std::sqrt(static_cast<double>(simd::kernels().inner_product(c, c, d_)));
  if (norm > 0)
    for (std::size_t i = 0; i < d_; ++i) c[i] = static_cast<float>(c[i] / norm);
}

// A centre a little beside a vector.
void KMeans::place_near(const float* from, float* to, float amount) {
  double sum = 0;
  for (std::size_t i = 0; i < d_; ++i) sum += std::abs(static_cast<double>(from[i]));
  const double size = sum > 0 ? sum / static_cast<double>(d_) : 1.0;
  for (std::size_t i = 0; i < d_; ++i)
    to[i] = static_cast<float>(from[i] + amount * size * rng_.normal());
  to_unit(to);
}

void KMeans::fill_up(std::size_t filled) {
  const std::vector<float> zero(d_);
  for (std::size_t c = filled; c < k_; ++c)
    place_near(n_ > 0 ? row(rng_.below(n_)) : zero.data(), centre(c), n_ > 0 ? 0.05f : 1.0f);
}

// k-means++ on a part of the sample. The seeds of a round do not know of each other; with as few as
// there are in one, that shows in no error.
void KMeans::seed() {
  const std::size_t rows = std::min(n_, seeding_rows(k_));
  const std::size_t batch = std::max<std::size_t>(1, k_ / kRounds);
  std::vector<std::uint32_t> pick(n_);
  std::iota(pick.begin(), pick.end(), 0u);
  for (std::size_t i = 0; i < rows; ++i) std::swap(pick[i], pick[i + rng_.below(n_ - i)]);
  std::vector<float> nearest(rows, std::numeric_limits<float>::max());
  std::vector<double> sum(rows);
  std::memcpy(centre(0), row(pick[rng_.below(rows)]), d_ * sizeof(float));
  for (std::size_t old = 0, have = 1; have < k_;) {
    work_.for_range(rows, 512, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i)
        for (std::size_t c = old; c < have; ++c)
          nearest[i] = std::min(nearest[i], distance(row(pick[i]), centre(c)));
    });
    double total = 0;
    for (std::size_t i = 0; i < rows; ++i) sum[i] = total += nearest[i];
    if (!(total > 0) || !std::isfinite(total)) return fill_up(have);  // no more different rows
    old = have;
    for (; have < std::min(k_, old + batch); ++have) {
      const auto at = std::upper_bound(sum.begin(), sum.end() - 1, rng_.uniform() * total);
      std::memcpy(centre(have), row(pick[static_cast<std::size_t>(at - sum.begin())]),
                  d_ * sizeof(float));
    }
  }
}

// Gives every row its nearest centre; returns the sum of the distances.
double KMeans::assign() {
  const NearestCentre finder(centres_.data(), k_, d_, o_.measure, o_.search);
  nearest_.resize(n_);
  distance_.resize(n_);
  work_.for_range(n_, kGrain, [&](std::size_t begin, std::size_t end) {
    finder.find(row(begin), end - begin, &nearest_[begin], &distance_[begin]);
  });
  begin_.assign(k_ + 1, 0);
  for (const auto c : nearest_) ++begin_[c + 1];
  for (std::size_t c = 0; c < k_; ++c) begin_[c + 1] += begin_[c];
  members_.resize(n_);
  std::vector<std::uint32_t> next(begin_.begin(), begin_.end() - 1);
  double total = 0;
  for (std::size_t i = 0; i < n_; ++i) {
    members_[next[nearest_[i]]++] = static_cast<std::uint32_t>(i);
    total += distance_[i];
  }
  return total;
}

// Moves every centre into the middle of its rows: one thread a centre, in the rows' order, so that
// rounding does not depend on the threads. A centre without rows stays.
void KMeans::update() {
  work_.for_range(k_, 4, [&](std::size_t from, std::size_t to) {
    for (std::size_t c = from; c < to; ++c) {
      const std::size_t size = begin_[c + 1] - begin_[c];
      if (size == 0) continue;
      std::fill_n(centre(c), d_, 0.0f);
      // Divided first: sums of large numbers would overflow.
      const float share = 1.0f / static_cast<float>(size);
      for (std::size_t i = begin_[c]; i < begin_[c + 1]; ++i)
        simd::kernels().matrix.add_scaled(share, row(members_[i]), centre(c), d_);
      to_unit(centre(c));
    }
  });
}

// Gives the centres of the smallest clusters to halves of those larger than `factor` times the
// average (and of any while there are empty ones). False when there was nothing to do.
bool KMeans::split_large(double factor) {
  const double average = static_cast<double>(n_) / static_cast<double>(k_);
  std::vector<std::uint32_t> order(k_);
  std::iota(order.begin(), order.end(), 0u);
  const auto size = [&](std::uint32_t c) { return begin_[c + 1] - begin_[c]; };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return size(a) > size(b); });
  bool any = false;
  std::size_t small = k_;
  for (std::size_t large = 0; large + 1 < small; ++large) {
    const auto from = order[large], to = order[small - 1];
    const bool empty = size(to) == 0;
    if (size(from) < 2) break;
    const bool different =
        distance_[members_[begin_[from]]] > 0 || distance_[members_[begin_[from + 1] - 1]] > 0;
    if (!different) break;
    if (!(empty || (size(from) > factor * average && size(to) < average / 2))) break;
    // A random member takes the place; Lloyd's iterations settle the border.
    std::memcpy(centre(to), row(members_[begin_[from] + rng_.below(size(from))]),
                d_ * sizeof(float));
    --small;
    any = true;
  }
  return any;
}

void KMeans::iterate(int most) {
  double before = std::numeric_limits<double>::max();
  for (int i = 0; i < most; ++i) {
    const double error = assign();
    update();
    if (i >= 2 && error > before * (1 - o_.tolerance)) break;
    before = error;
  }
}

void KMeans::balance() {
  if (!o_.balance || k_ < 2) return;
  for (int round = 0; round < 3; ++round) {
    assign();
    if (!split_large(4.0)) break;
    iterate(2);
  }
}

std::vector<float> KMeans::run() {
  centres_.assign(k_ * d_, 0.0f);
  if (n_ <= k_) {
    std::copy_n(x_, n_ * d_, centres_.data());
    fill_up(n_);
    return std::move(centres_);
  }
  const std::size_t all = n_;
  if (o_.warm_up > k_) n_ = std::min(n_, o_.warm_up);
  seed();
  iterate(o_.iterations);
  balance();
  if (n_ < all) {
    n_ = all;
    iterate(o_.iterations);
  }
  return std::move(centres_);
}

}  // namespace

std::vector<float> kmeans(const float* x, std::size_t count, std::size_t dim,
                          const KMeansOptions& options, const Work& work) {
  return KMeans(x, count, dim, options, work).run();
}

std::size_t kmeans_bytes(std::size_t count, std::size_t dim, std::size_t centres) noexcept {
  // Centres and their packed copy; seeding, then four numbers a row.
  return centres * dim * sizeof(float) + NearestCentre::bytes(centres, dim) +
         std::min(count, seeding_rows(centres)) * 3 * sizeof(float) + count * 4 * sizeof(float);
}

}  // namespace rv::cluster
