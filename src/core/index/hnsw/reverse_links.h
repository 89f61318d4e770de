// Who links to each member of a level, with the lengths of the links.
#pragma once

#include <span>
#include <vector>

#include "core/index/hnsw/level_graph.h"
#include "core/index/hnsw/pair_table.h"

namespace rv::index::hnsw {

class ReverseLinks {
 public:
  // Of the links of `graph`, whose lengths are distances[member * graph.degree + number]. A member
  // that more than `most` link to keeps those to which it is among the nearest: by the number of
  // the link, then by member.
  ReverseLinks(const LevelGraph& graph, const LargeArray<float>& distances, std::size_t most,
               const Work& work);
  std::span<const Pair> of(std::size_t member) const noexcept {
    return {pairs_.data() + first_[member], std::min(first_[member + 1] - first_[member], most_)};
  }

 private:
  void trim(const LevelGraph& graph, std::size_t member);

  std::size_t most_;
  std::vector<std::size_t> first_;
  LargeArray<Pair> pairs_;
};

}  // namespace rv::index::hnsw
