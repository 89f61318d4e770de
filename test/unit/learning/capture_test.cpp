// The ring of sampled scans against a model, sketches, and patterns of queries.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <deque>

#include "core/learning/capture_ring.h"
#include "core/learning/patterns.h"

namespace rv::learning {
namespace {

struct OwnedRing {
  OwnedRing(std::uint32_t slots, std::uint32_t queries)
      : memory(CaptureRing::bytes(slots, queries)),
        ring(CaptureRing::create(memory.data(), slots, queries)) {}
  std::vector<std::byte> memory;
  CaptureRing ring;
};

Sample sample_of(std::int64_t id, std::uint32_t database, std::uint32_t index) {
  Sample s;
  s.id = id;
  s.database = database;
  s.index = index;
  return s;
}

std::vector<std::byte> bytes_of(std::int64_t id, std::size_t n) {
  std::vector<std::byte> b(n, static_cast<std::byte>(id & 0xFF));
  if (n >= sizeof id) std::memcpy(b.data(), &id, sizeof id);
  return b;
}

// Whatever is pushed and taken in whatever order: every sample comes out once, in order, or was
// overwritten and counted.
TEST(CaptureRing, KeepsTheNewestAndCountsWhatItLost) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Rng rng(seed);
    const auto slots = static_cast<std::uint32_t>(1 + rng.below(20));
    OwnedRing owned(slots, 0);
    std::deque<std::pair<std::uint64_t, Sample>> model;  // with the number of the push
    std::uint64_t pushed = 0;
    std::uint64_t lost = 0;
    for (int step = 0; step < 500; ++step) {
      if (rng.below(3) > 0) {
        const Sample s = sample_of(step, static_cast<std::uint32_t>(rng.below(2)), 7);
        owned.ring.push(s, {});
        // A slot is used again after `slots` pushes, whether or not it was emptied.
        if (!model.empty() && model.front().first + slots <= pushed) {
          model.pop_front();
          ++lost;
        }
        model.emplace_back(pushed++, s);
        continue;
      }
      const auto database = static_cast<std::uint32_t>(rng.below(2));
      std::vector<Sample> out(1 + rng.below(5));
      const std::size_t n = owned.ring.take([&](const Sample& s) { return s.database == database; },
                                            out.data(), out.size());
      std::size_t expected = 0;
      for (auto at = model.begin(); at != model.end() && expected < out.size();) {
        if (at->second.database != database) {
          ++at;
          continue;
        }
        ASSERT_LT(expected, n);
        EXPECT_EQ(out[expected].id, at->second.id);
        ++expected;
        at = model.erase(at);
      }
      EXPECT_EQ(n, expected);
      EXPECT_EQ(owned.ring.waiting(), model.size());
    }
    EXPECT_EQ(owned.ring.lost(), lost);
  }
}

TEST(CaptureRing, NeverTakesOneQueryForAnother) {
  OwnedRing owned(64, 4);
  for (std::int64_t id = 1; id <= 10; ++id) {
    Sample s = sample_of(id, 1, id % 2 == 0 ? 20 : 30);
    owned.ring.push(s, bytes_of(id, 100));
  }
  std::vector<Sample> out(64);
  ASSERT_EQ(owned.ring.take([](const Sample&) { return true; }, out.data(), out.size()), 10U);
  for (std::size_t i = 0; i < 10; ++i) {
    const auto q = owned.ring.query(out[i].query);
    ASSERT_EQ(q.empty(), i < 6) << i;  // the four newest are there
    if (q.empty()) continue;
    std::int64_t id = 0;
    std::memcpy(&id, q.data(), sizeof id);
    EXPECT_EQ(id, out[i].id);
  }
  EXPECT_EQ(owned.ring.take_queries(1, 20).size(), 2U);
  EXPECT_EQ(owned.ring.take_queries(1, 20).size(), 0U);
  EXPECT_EQ(owned.ring.take_queries(2, 30).size(), 0U);
  EXPECT_TRUE(owned.ring.query(out[9].query).empty());
  EXPECT_FALSE(owned.ring.query(out[8].query).empty());
  // Too long to be kept: the sample is there all the same.
  owned.ring.push(sample_of(11, 1, 20), bytes_of(11, CaptureRing::kQueryBytes + 1));
  ASSERT_EQ(owned.ring.take([](const Sample&) { return true; }, out.data(), out.size()), 1U);
  EXPECT_EQ(out[0].query, 0U);
}

TEST(Sketch, KeepsAnglesRoughlyAndSizesExactly) {
  Rng rng(1);
  std::vector<float> a(768);
  std::vector<float> b(768);
  double error = 0;
  for (int round = 0; round < 200; ++round) {
    const double mix = rng.uniform();
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      a[i] = static_cast<float>(rng.normal());
      b[i] = static_cast<float>(mix * static_cast<double>(a[i]) + (1 - mix) * rng.normal());
      ab += static_cast<double>(a[i]) * static_cast<double>(b[i]);
      aa += static_cast<double>(a[i]) * static_cast<double>(a[i]);
      bb += static_cast<double>(b[i]) * static_cast<double>(b[i]);
    }
    const auto x = sketch_of(a).sums();
    const auto y = sketch_of(b).sums();
    double xy = 0;
    double xx = 0;
    double yy = 0;
    for (std::size_t i = 0; i < kSketch; ++i) {
      xy += static_cast<double>(x[i]) * static_cast<double>(y[i]);
      xx += static_cast<double>(x[i]) * static_cast<double>(x[i]);
      yy += static_cast<double>(y[i]) * static_cast<double>(y[i]);
    }
    error += std::abs(xy / std::sqrt(xx * yy) - ab / std::sqrt(aa * bb)) / 200;
  }
  EXPECT_LT(error, 0.12);
  const std::vector<float> zero(5);
  EXPECT_EQ(sketch_of(zero).scale, 0);
  const float odd[] = {std::nanf(""), INFINITY, 2};
  EXPECT_EQ(sketch_of(odd).scale, 2);
}

std::vector<PatternScan> three_kinds(std::size_t n) {
  Rng rng(5);
  std::vector<PatternScan> scans(n);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t kind = i % 3;
    std::vector<float> x(48);
    for (std::size_t d = 0; d < x.size(); ++d)
      x[d] = static_cast<float>((d % 3 == kind ? 5.0 : 0.0) + 0.2 * rng.normal());
    scans[i].sketch = sketch_of(x).sums();
    scans[i].effort = 10.0 * static_cast<double>(kind + 1);
    scans[i].weight = kind == 0 ? 0.5 : 1;
    scans[i].relevant = static_cast<double>(kind);
    scans[i].noted_at = static_cast<std::int64_t>(i);
  }
  return scans;
}

TEST(Patterns, TellKindsOfQueriesApart) {
  const auto scans = three_kinds(300);
  const auto patterns = extract_patterns(scans, 3, 1);
  ASSERT_EQ(patterns.size(), 3U);
  double efforts = 0;
  for (const Pattern& p : patterns) {
    EXPECT_EQ(p.scans, 100);
    EXPECT_NEAR(p.weight, p.effort == 10 ? 50 : 100, 1e-9);
    efforts += p.effort;
  }
  EXPECT_NEAR(efforts, 60, 1e-9);
  EXPECT_TRUE(extract_patterns({}, 3, 1).empty());
  EXPECT_EQ(extract_patterns({scans.data(), 2}, 10, 1).size(), 2U);
}

TEST(Patterns, ConsolidateToTheKindsThereAreAndKeepTheirSums) {
  const auto scans = three_kinds(300);
  auto patterns = extract_patterns(scans, 12, 1);
  const auto whole = extract_patterns(scans, 3, 1);
  ASSERT_GT(patterns.size(), 3U);
  const auto into = consolidate_patterns(patterns, 0.8);
  std::size_t left = 0;
  std::int64_t n = 0;
  double relevant = 0;
  for (std::size_t i = 0; i < into.size(); ++i) {
    EXPECT_EQ(into[into[i]], into[i]) << "into one that stays";
    if (into[i] != i) continue;
    ++left;
    n += patterns[i].scans;
    relevant += patterns[i].relevant;
    // Merged means and spreads are those of the scans themselves.
    double nearest = 1e9;
    for (const Pattern& w : whole)
      if (w.scans == patterns[i].scans && std::abs(w.effort - patterns[i].effort) < 1e-9)
        nearest = std::min(nearest, std::abs(w.spread - patterns[i].spread));
    EXPECT_LT(nearest, 1e-3);
  }
  EXPECT_EQ(left, 3U);
  EXPECT_EQ(n, 300);
  EXPECT_EQ(relevant, 300);
  auto untouched = whole;
  EXPECT_EQ(consolidate_patterns(untouched, 1.1), (std::vector<std::size_t>{0, 1, 2}));
}

}  // namespace
}  // namespace rv::learning
