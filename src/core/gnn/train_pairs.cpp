// Which pairs of nodes link prediction and unsupervised training look at.
#include <algorithm>
#include <cmath>

#include "core/base/rng.h"
#include "core/gnn/train.h"

namespace rv::gnn {

double area_under_curve(std::vector<std::pair<float, bool>> scored) {
  std::sort(scored.begin(), scored.end());
  double rank_sum = 0;
  std::size_t positives = 0;
  for (std::size_t i = 0; i < scored.size();) {
    std::size_t end = i, here = 0;
    while (end < scored.size() && scored[end].first == scored[i].first)
      here += scored[end++].second;
    // Equal scores share their average rank.
    rank_sum += static_cast<double>(here) * 0.5 * static_cast<double>(i + 1 + end);
    positives += here;
    i = end;
  }
  const double p = static_cast<double>(positives);
  const double n = static_cast<double>(scored.size() - positives);
  if (p == 0 || n == 0) return std::numeric_limits<double>::quiet_NaN();
  return (rank_sum - p * (p + 1) / 2) / (p * n);
}

bool Trainer::linked(std::uint32_t a, std::uint32_t b) const {
  const auto has = [&](std::uint32_t target, std::uint32_t source) {
    const auto begin = graph_.in.index.begin();
    return std::binary_search(begin + static_cast<std::ptrdiff_t>(graph_.in.offset[target]),
                              begin + static_cast<std::ptrdiff_t>(graph_.in.offset[target + 1]),
                              source);
  };
  return has(a, b) || has(b, a);
}

std::vector<LabelledPair> Trainer::link_pairs(std::vector<LabelledPair>& held_out,
                                              Graph<float>& messages) {
  // An edge and its reverse are one pair: the score is symmetric.
  std::vector<LabelledPair> all;
  for (std::size_t i = 0; i < graph_.nodes; ++i)
    for (std::size_t e = graph_.in.offset[i]; e < graph_.in.offset[i + 1]; ++e) {
      const std::uint32_t j = graph_.in.index[e], k = static_cast<std::uint32_t>(i);
      if (j != k) all.push_back({std::min(j, k), std::max(j, k), true});
    }
  const auto before = [](const LabelledPair& x, const LabelledPair& y) {
    return x.a != y.a ? x.a < y.a : x.b < y.b;
  };
  std::sort(all.begin(), all.end(), before);
  all.erase(std::unique(all.begin(), all.end(),
                        [](const LabelledPair& x, const LabelledPair& y) {
                          return x.a == y.a && x.b == y.b;
                        }),
            all.end());
  const auto order = permutation(all.size(), mix64(options_.seed ^ 0x9E37u));
  const auto out = static_cast<std::size_t>(options_.holdout * static_cast<double>(all.size()));
  std::vector<LabelledPair> train;
  for (std::size_t i = 0; i < order.size(); ++i)
    (i < out ? held_out : train).push_back(all[order[i]]);
  std::sort(held_out.begin(), held_out.end(), before);
  std::vector<Edge> kept;
  for (std::size_t i = 0; i < graph_.nodes; ++i)
    for (std::size_t e = graph_.in.offset[i]; e < graph_.in.offset[i + 1]; ++e) {
      const std::uint32_t j = graph_.in.index[e], k = static_cast<std::uint32_t>(i);
      const LabelledPair pair{std::min(j, k), std::max(j, k), true};
      if (!std::binary_search(held_out.begin(), held_out.end(), pair, before))
        kept.push_back({j, k, graph_.in.weight(e)});
    }
  messages = make_graph<float>(graph_.nodes, kept, graph_.in.value.empty());
  add_negatives(held_out, mix64(options_.seed ^ 0xA5A5u));
  return train;
}

std::vector<LabelledPair> Trainer::walk_pairs(std::uint64_t seed) const {
  std::vector<LabelledPair> pairs;
  std::vector<std::uint32_t> walk;
  for (std::size_t i = 0; i < graph_.nodes; ++i) {
    Rng rng(mix64(seed ^ mix64(i)));
    std::size_t at = i;
    walk.clear();
    for (std::size_t s = 0; s < options_.walk_length; ++s) {
      const std::size_t degree = graph_.in.degree(at);
      if (degree == 0) break;
      at = graph_.in.index[graph_.in.offset[at] + rng.below(degree)];
      if (at != i) walk.push_back(static_cast<std::uint32_t>(at));
    }
    if (!walk.empty())
      pairs.push_back({static_cast<std::uint32_t>(i), walk[rng.below(walk.size())], true});
  }
  return pairs;
}

void Trainer::add_negatives(std::vector<LabelledPair>& pairs, std::uint64_t seed) const {
  const std::size_t n = pairs.size();
  pairs.reserve(n * (1 + options_.negatives));
  Rng rng(seed);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < options_.negatives; ++k)
      // In a very dense graph a false pair may not be found; the true one then stands alone.
      for (int tries = 0; tries < 20; ++tries) {
        const std::uint32_t a = options_.task == Task::unsupervised
                                    ? pairs[i].a
                                    : static_cast<std::uint32_t>(rng.below(graph_.nodes));
        const auto b = static_cast<std::uint32_t>(rng.below(graph_.nodes));
        if (a == b || linked(a, b)) continue;
        pairs.push_back({a, b, false});
        break;
      }
}

}  // namespace rv::gnn
