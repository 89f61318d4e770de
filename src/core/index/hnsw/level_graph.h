// The links of one level of a bulk-built graph: candidates from the leaves of an overlapping
// partition, the relative neighbourhood rule, reverse links, the rule again where they are too
// many.
#pragma once

#include <vector>

#include "core/base/large_array.h"
#include "core/index/hnsw/partition.h"

namespace rv::index::hnsw {

struct LevelGraph {
  int degree = 0;                    // most links
  LargeArray<std::uint32_t> links;   // room for degree of each member: positions in `members`
  std::vector<std::uint8_t> counts;  // links that are set
};

struct LevelParams {
  int degree = 32;
  int per_leaf = 8;  // candidates a point takes from each of its leaves
  bool hubs = true;  // some members get links of every length (hubs.h)
  PartitionParams partition;
};

// Bytes that build_level needs for each member.
std::size_t level_bytes_per_member(const LevelParams& params) noexcept;

// Where each of some distinct numbers stands among them, by number.
std::vector<std::uint32_t> places_of(const std::vector<std::uint32_t>& numbers);

// The places where neighbours are looked for, and the codes of all members in their order: leaves
// hold members by their place in it.
struct LevelPartition {
  std::vector<Leaf> leaves;
  std::vector<std::uint32_t> order;
};

// Of the codes with the numbers `members`.
LevelPartition partition_level(const quant::Codec& codec, const CodeArray& codes,
                               const std::vector<std::uint32_t>& members, const LevelParams& params,
                               const Work& work);

// Links inside the leaves; `members` has the numbers of the codes in the order of the partition, in
// which the graph goes by them.
LevelGraph link_level(const quant::Codec& codec, const CodeArray& codes,
                      const std::vector<std::uint32_t>& members, std::vector<Leaf> leaves,
                      const LevelParams& params, const Work& work);

// Both, for members in any order.
LevelGraph build_level(const quant::Codec& codec, const CodeArray& codes,
                       const std::vector<std::uint32_t>& members, const LevelParams& params,
                       const Work& work);

}  // namespace rv::index::hnsw
