// Relationships of an import, held back until there are many of them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <tuple>
#include <vector>

namespace rv::pg {

// Relationships that leave in the order of index edge_out: source, type, target; equal ones as they
// came. The index is then built from rows in order, without sorting them, and what hangs at a node
// lies together.
class ImportEdges {
 public:
  struct Edge {
    std::int64_t source, target;
    std::int32_t type;
    std::size_t at;  // of its properties among all bytes
  };

  void add(std::int64_t source, std::int64_t target, std::int32_t type,
           std::string_view properties) {
    const std::size_t at = bytes_.size();
    const std::size_t end = at + properties.size();
    edges_.push_back({source, target, type, at});
    bytes_.resize((end + kAlignment - 1) / kAlignment * kAlignment);
    std::memcpy(bytes_.data() + at, properties.data(), properties.size());
  }
  std::size_t memory() const noexcept { return edges_.size() * sizeof(Edge) + bytes_.size(); }

  // Calls take(edge, properties) for each, and forgets them.
  template <class Take>
  void drain(Take take) {
    std::sort(edges_.begin(), edges_.end(), [](const Edge& a, const Edge& b) {
      return std::tie(a.source, a.type, a.target, a.at) <
             std::tie(b.source, b.type, b.target, b.at);
    });
    for (const Edge& e : edges_) take(e, bytes_.data() + e.at);
    edges_.clear();
    bytes_.clear();
  }

 private:
  static constexpr std::size_t kAlignment = 8;  // of a value that PostgreSQL reads in place

  std::vector<Edge> edges_;
  std::vector<char> bytes_;
};

}  // namespace rv::pg
