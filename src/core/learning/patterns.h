// Kinds of queries: clusters of sketches with what searches for them cost. For people who want to
// see what is asked of an index; efforts are steered by effort_model.h, which told more.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/learning/sketch.h"
#include "core/parallel/work.h"

namespace rv::learning {

inline constexpr std::size_t kMostPatterns = 64;  // an index

// One sampled scan. weight: what age has left of it.
struct PatternScan {
  std::array<float, kSketch> sketch{};
  double weight = 1;
  double effort = 0, hops = 0, distances = 0;
  double relevant = 0, irrelevant = 0;
  std::int64_t noted_at = 0;
};

struct Pattern {
  std::array<float, kSketch> centre{};
  double weight = 0;  // sum of the scans' weights
  std::int64_t scans = 0;
  double effort = 0, hops = 0, distances = 0;  // weighted means
  double spread = 0;                           // mean squared distance of its scans to the centre
  double relevant = 0, irrelevant = 0;
  std::int64_t first_seen = 0, last_seen = 0;
};

// At most `count` patterns (k-means++), the heaviest first; fewer when scans coincide.
std::vector<Pattern> extract_patterns(std::span<const PatternScan> scans, std::size_t count,
                                      std::uint64_t seed, const Work& work = Work());

double cosine_similarity(const Pattern& a, const Pattern& b) noexcept;

// Two patterns as one.
Pattern merged(const Pattern& a, const Pattern& b) noexcept;

// Merges the pair of least Ward cost (Ward, JASA 1963: w_a w_b / (w_a + w_b) |a - b|^2) among those
// with a cosine similarity of at least `similarity`, until there is none. into[i]: where pattern i
// went; into[i] = i for those that stay, which are changed in place.
std::vector<std::size_t> consolidate_patterns(std::vector<Pattern>& patterns, double similarity);

}  // namespace rv::learning
