#include "core/cluster/kmeans.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/base/rng.h"
#include "core/simd/distance.h"

namespace rv::cluster {
namespace {

std::vector<float> blobs(std::size_t count, std::size_t dim, std::size_t clusters, double spread,
                         std::uint64_t seed) {
  Rng rng(seed);
  std::vector<float> centres(clusters * dim), x(count * dim);
  for (float& v : centres) v = static_cast<float>(10 * rng.normal());
  for (std::size_t r = 0; r < count; ++r)
    for (std::size_t i = 0; i < dim; ++i)
      x[r * dim + i] = static_cast<float>(centres[r % clusters * dim + i] + spread * rng.normal());
  return x;
}

double error_of(const std::vector<float>& x, const std::vector<float>& centres, std::size_t dim) {
  double total = 0;
  for (std::size_t r = 0; r < x.size() / dim; ++r) {
    double least = 1e300;
    for (std::size_t c = 0; c < centres.size() / dim; ++c) {
      double d = 0;
      for (std::size_t i = 0; i < dim; ++i) {
        const double v = x[r * dim + i] - centres[c * dim + i];
        d += v * v;
      }
      least = std::min(least, d);
    }
    total += least;
  }
  return total;
}

// What the fast search returns is the nearest, or hardly farther.
TEST(NearestCentre, FastSearchFindsWhatIsAboutAsNear) {
  Rng rng(3);
  for (const Measure measure : {Measure::euclidean, Measure::direction})
    for (const std::size_t dim : {64u, 100u, 768u})
      for (const std::size_t k : {64u, 300u, 1100u}) {
        std::vector<float> centres(k * dim), x(203 * dim);
        const float offset = measure == Measure::euclidean ? 30.0f : 0.3f;
        for (float& v : centres) v = offset + static_cast<float>(rng.normal());
        for (float& v : x) v = offset + static_cast<float>(rng.normal());
        if (measure == Measure::direction)
          for (std::vector<float>* m : {&centres, &x})
            for (std::size_t r = 0; r < m->size() / dim; ++r) {
              float* v = m->data() + r * dim;
              const float norm = std::sqrt(simd::kernels().inner_product(v, v, dim));
              for (std::size_t i = 0; i < dim; ++i) v[i] /= norm;
            }
        const NearestCentre exact(centres.data(), k, dim, measure);
        const NearestCentre fast(centres.data(), k, dim, measure, Search::fast);
        std::vector<std::uint32_t> a(203), b(203);
        std::vector<float> da(203), db(203);
        exact.find(x.data(), 203, a.data(), da.data());
        fast.find(x.data(), 203, b.data(), db.data());
        std::size_t same = 0;
        for (std::size_t r = 0; r < 203; ++r) {
          same += a[r] == b[r];
          ASSERT_LE(db[r], da[r] * 1.01f + 1e-5f) << dim << ' ' << k << ' ' << r;
        }
        EXPECT_GE(same, 200u) << dim << ' ' << k;
      }
}

// Numbers that no byte stands for.
TEST(NearestCentre, FastSearchCopesWithExtremes) {
  const std::size_t dim = 64, k = 70;
  std::vector<float> centres(k * dim), x(3 * dim);
  for (std::size_t c = 0; c < k; ++c) centres[c * dim + c % dim] = c < dim ? 1.0f : 1e20f;
  for (std::size_t i = 0; i < dim; ++i) x[i] = centres[5 * dim + i];
  x[dim + 3] = 1e20f;  // the sixty-eighth
  const NearestCentre fast(centres.data(), k, dim, Measure::euclidean, Search::fast);
  std::vector<std::uint32_t> nearest(3);
  std::vector<float> distance(3);
  fast.find(x.data(), 3, nearest.data(), distance.data());
  EXPECT_EQ(nearest[0], 5u);
  EXPECT_EQ(nearest[1], 67u);
  EXPECT_LE(distance[2], 1.0f);
}

TEST(NearestCentre, AgreesWithTryingAll) {
  Rng rng(1);
  for (const std::size_t dim : {1u, 7u, 64u, 130u})
    for (const std::size_t k : {1u, 5u, 256u, 300u}) {
      std::vector<float> centres(k * dim), x(200 * dim);
      for (float& v : centres) v = static_cast<float>(1000 + rng.normal());
      for (float& v : x) v = static_cast<float>(1000 + rng.normal());
      const NearestCentre finder(centres.data(), k, dim, Measure::euclidean);
      std::vector<std::uint32_t> nearest(200);
      std::vector<float> distance(200);
      finder.find(x.data(), 200, nearest.data(), distance.data());
      for (std::size_t r = 0; r < 200; ++r) {
        double least = 1e300, found = 0;
        for (std::size_t c = 0; c < k; ++c) {
          double d = 0;
          for (std::size_t i = 0; i < dim; ++i) {
            const double v = static_cast<double>(x[r * dim + i]) - centres[c * dim + i];
            d += v * v;
          }
          least = std::min(least, d);
          if (c == nearest[r]) found = d;
        }
        ASSERT_LT(nearest[r], k);
        EXPECT_NEAR(found, least, 1e-3 * (1 + least));
        EXPECT_NEAR(distance[r], least, 1e-3 * (1 + least));
      }
    }
}

TEST(KMeans, FindsSeparateBlobs) {
  for (const std::size_t k : {2u, 10u, 40u}) {
    const auto x = blobs(2000, 8, k, 0.1, k);
    KMeansOptions options;
    options.centres = k;
    const auto centres = kmeans(x.data(), 2000, 8, options);
    // Every blob is 0.1 wide: 8 * 0.01 a row.
    EXPECT_LT(error_of(x, centres, 8), 2000 * 8 * 0.01 * 4) << k;
  }
}

TEST(KMeans, SeedsInRoundsAreGoodSeeds) {
  const auto x = blobs(8000, 16, 700, 2.0, 3);
  KMeansOptions options;
  options.centres = 600;  // two seeds a round
  const auto found = kmeans(x.data(), 8000, 16, options);
  ASSERT_EQ(found.size(), 600u * 16);
  // Random rows as centres are a poor clustering; a good one is far below.
  Rng rng(5);
  std::vector<float> random(600 * 16);
  for (std::size_t c = 0; c < 600; ++c) std::copy_n(&x[rng.below(8000) * 16], 16, &random[c * 16]);
  EXPECT_LT(error_of(x, found, 16), 0.65 * error_of(x, random, 16));
}

// A warm-up with the same number of iterations on all afterwards: about as good as on all from the
// beginning, though it sees an eighth of the rows first.
TEST(KMeans, WarmingUpOnAPartComesAsClose) {
  const auto x = blobs(16000, 16, 300, 8.0, 21);
  KMeansOptions options;
  options.centres = 200;
  options.iterations = 6;
  const double whole = error_of(x, kmeans(x.data(), 16000, 16, options), 16);
  options.warm_up = 2000;
  const double warm = error_of(x, kmeans(x.data(), 16000, 16, options), 16);
  EXPECT_LT(warm, 1.03 * whole);
  // Without the iterations on all rows it stays behind.
  const double part = error_of(x, kmeans(x.data(), 2000, 16, options), 16);
  EXPECT_LT(warm, 0.98 * part);
}

TEST(KMeans, DoesNotDependOnThreads) {
  const auto x = blobs(6000, 12, 50, 3.0, 7);
  WorkerPool pool(3);
  int polls = 0;
  for (const std::size_t k : {20u, 300u}) {
    KMeansOptions options;
    options.centres = k;
    options.balance = true;
    const auto alone = kmeans(x.data(), 6000, 12, options);
    const auto together = kmeans(x.data(), 6000, 12, options, Work(&pool, [&] { ++polls; }));
    EXPECT_EQ(alone, together);
  }
  EXPECT_GT(polls, 10);
}

TEST(KMeans, ThePollEndsIt) {
  const auto x = blobs(6000, 12, 50, 3.0, 7);
  KMeansOptions options;
  options.centres = 300;
  int left = 20;
  EXPECT_THROW(kmeans(x.data(), 6000, 12, options,
                      Work(nullptr,
                           [&] {
                             if (--left == 0) throw 7;
                           })),
               int);
}

TEST(KMeans, DirectionsGiveUnitCentres) {
  auto x = blobs(3000, 10, 30, 5.0, 9);
  for (std::size_t r = 0; r < 3000; ++r) {
    const float norm = std::sqrt(simd::kernels().inner_product(&x[r * 10], &x[r * 10], 10));
    for (std::size_t i = 0; i < 10; ++i) x[r * 10 + i] /= norm;
  }
  for (const std::size_t k : {25u, 300u}) {
    KMeansOptions options;
    options.centres = k;
    options.measure = Measure::direction;
    const auto centres = kmeans(x.data(), 3000, 10, options);
    for (std::size_t c = 0; c < k; ++c)
      EXPECT_NEAR(simd::kernels().inner_product(&centres[c * 10], &centres[c * 10], 10), 1, 1e-4);
  }
}

TEST(KMeans, BalanceBreaksUpLargeClusters) {
  // Nine tenths of the rows lie in one blob.
  auto x = blobs(10000, 4, 1, 1.0, 11);
  Rng rng(12);
  for (std::size_t r = 0; r < 1000; ++r)
    for (std::size_t i = 0; i < 4; ++i) x[r * 4 + i] = static_cast<float>(100 * rng.normal());
  KMeansOptions options;
  options.centres = 50;
  options.balance = true;
  const auto centres = kmeans(x.data(), 10000, 4, options);
  const NearestCentre finder(centres.data(), 50, 4, Measure::euclidean);
  std::vector<std::uint32_t> nearest(10000);
  finder.find(x.data(), 10000, nearest.data(), nullptr);
  std::vector<int> sizes(50);
  for (const auto c : nearest) ++sizes[c];
  EXPECT_LT(*std::max_element(sizes.begin(), sizes.end()), 10000 / 50 * 16);
}

TEST(KMeans, HandlesLessDataThanCentres) {
  const auto x = blobs(5, 6, 5, 0.0, 13);
  KMeansOptions options;
  options.centres = 20;
  const auto few = kmeans(x.data(), 5, 6, options);
  ASSERT_EQ(few.size(), 20u * 6);
  EXPECT_TRUE(std::equal(x.begin(), x.end(), few.begin()));
  const auto none = kmeans(nullptr, 0, 6, options);
  ASSERT_EQ(none.size(), 20u * 6);
  std::set<float> values(none.begin(), none.end());
  EXPECT_GT(values.size(), 100u);
  for (const float v : none) EXPECT_TRUE(std::isfinite(v));
}

TEST(KMeans, SurvivesEqualAndHugeVectors) {
  KMeansOptions options;
  options.centres = 30;
  options.balance = true;
  const std::vector<float> same(1000 * 3, 1.5f);
  const auto centres = kmeans(same.data(), 1000, 3, options);
  for (const float v : centres) EXPECT_TRUE(std::isfinite(v));
  std::vector<float> huge(1000 * 3);
  Rng rng(1);
  for (float& v : huge) v = static_cast<float>(3e37 * rng.normal());
  options.centres = 300;
  kmeans(huge.data(), 1000, 3, options);
}

}  // namespace
}  // namespace rv::cluster
