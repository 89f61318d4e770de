// Overlapping partitions of a set of codes: the places where neighbours are looked for.
//
// Random leaders; every point joins its `fan` nearest leaders' clusters; clusters that are too
// large are divided in the same way (fan 1) until all are leaves. Inside a leaf every pair is
// compared, by an integer matrix product. After "PiPNN: Ultra-Scalable Graph-Based Nearest Neighbor
// Indexing" (arXiv 2602.21247).
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "core/base/large_array.h"
#include "core/parallel/work.h"
#include "core/quant/codec.h"

namespace rv::index::hnsw {

// Codes by number, in fixed-size chunks so that adding never moves them.
class CodeArray {
 public:
  explicit CodeArray(std::size_t code_bytes) : code_bytes_(code_bytes) {}
  std::byte* append();
  void drop_last() noexcept { --size_; }
  // Code order[i] becomes number i, for a permutation of all of them, in place.
  void reorder(const std::vector<std::uint32_t>& order);
  const std::byte* operator[](std::size_t i) const noexcept {
    return chunks_[i / kChunk] + (i % kChunk) * code_bytes_;
  }
  // Codes lie anywhere in memory, and what is done with one often takes less time than its way.
  void prefetch(std::size_t i) const noexcept {
    const std::byte* code = (*this)[i];
    const std::size_t bytes = std::min<std::size_t>(code_bytes_, 512);
    for (std::size_t at = 0; at < bytes; at += 64) __builtin_prefetch(code + at);
  }
  std::size_t size() const noexcept { return size_; }
  std::size_t code_bytes() const noexcept { return code_bytes_; }

 private:
  static constexpr std::size_t kChunk = 4096;
  std::byte* at(std::size_t i) noexcept { return chunks_[i / kChunk] + (i % kChunk) * code_bytes_; }
  std::size_t code_bytes_;
  std::size_t size_ = 0;
  std::vector<std::byte*> chunks_;
  std::vector<LargeArray<std::byte>> blocks_;  // of one chunk and more
};

struct PartitionParams {
  int fan = 4;
  int leaf_size = 384;  // most points in a leaf
  int leaders = 1000;   // most leaders at a time
  std::uint64_t seed = 1;
};

// A leaf's members; the top bit marks those whose nearest leader led here.
inline constexpr std::uint32_t kPrimary = 0x80000000u;
using Leaf = std::vector<std::uint32_t>;

std::vector<Leaf> partition(const quant::Codec& codec, const CodeArray& codes,
                            const std::vector<std::uint32_t>& members,
                            const PartitionParams& params, const Work& work);

// The same for codecs without expanded form: leaders are compared one by one.
std::vector<Leaf> partition_by_query(const quant::Codec& codec, const CodeArray& codes,
                                     const std::vector<std::uint32_t>& members,
                                     const PartitionParams& params, const Work& work);

// Finds the nearest leaders of codes. One object a thread.
class Assigner {
 public:
  virtual ~Assigner() = default;
  virtual void lead(const std::vector<std::uint32_t>& leaders) = 0;
  // near[i * fan + rank] for the codes ids[begin, end); ~0 where there are fewer leaders.
  virtual void assign(const std::uint32_t* ids, std::size_t begin, std::size_t end, int fan,
                      std::uint32_t* near) = 0;
};
// The fitting one for the codec; leaders and ids are numbers of `codes`.
std::unique_ptr<Assigner> make_assigner(const quant::Codec& codec, const CodeArray& codes);

// A set of codes made ready for products with many rows.
class PackedCodes {
 public:
  explicit PackedCodes(const quant::Codec& codec);
  void assign(const CodeArray& codes, const std::uint32_t* ids, std::size_t count);
  std::size_t count() const noexcept { return count_; }
  const std::int8_t* row(std::size_t i) const noexcept { return rows_.data() + i * dim_; }
  // The k nearest columns of `rows` (1 to 4 of them). best and index have 4 * k entries; found[r]
  // tells how many. `skip` leaves column skip[r] out.
  void nearest(const std::int8_t* const* rows, const quant::Codec::Expanded* expanded,
               int row_count, const std::size_t* skip, int k, float* best, std::uint32_t* index,
               int* found);
  quant::Codec::Expanded expanded(std::size_t i) const noexcept { return {norms_[i], scales_[i]}; }
  // Link distances of code i to all count() codes.
  void distances(std::size_t i, float* out);

 private:
  const quant::Codec& codec_;
  std::size_t dim_;
  std::size_t count_ = 0;
  std::size_t columns_ = 0;  // count_ rounded up to 64
  std::vector<std::int8_t> rows_, packed_;
  std::vector<std::int32_t> sums_, dots_;
  std::vector<float> norms_, scales_;
};

}  // namespace rv::index::hnsw
