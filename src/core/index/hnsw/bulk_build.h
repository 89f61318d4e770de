// Building an index from all of its vectors at once: encode, link level by level, write pages in
// partition order, so that neighbours share pages.
#pragma once

#include <functional>

#include "core/index/hnsw/code_table.h"
#include "core/index/hnsw/graph.h"
#include "core/index/hnsw/level_graph.h"

namespace rv::index::hnsw {

// How a level is built that shall have the quality of insertion with these options.
LevelParams level_params(const Options& options, int degree, std::uint64_t seed) noexcept;

class BulkBuild {
 public:
  BulkBuild(std::shared_ptr<const quant::Codec> codec, const Options& options, const Work& work,
            std::uint64_t seed);

  // Takes `count` vectors, row by row; equal ones become one node. Encodes on the workers.
  void add(const float* vectors, const HeapTid* tids, std::size_t count);
  std::size_t rows() const noexcept { return rows_; }
  std::size_t nodes() const noexcept { return codes_.size(); }
  // Memory in use now, and what build() and write() will need in all.
  std::size_t bytes_when_built() const noexcept;
  static std::size_t bytes_per_row(const quant::Codec& codec, const Options& options) noexcept;

  // Gives every row to `take`, for a build that needs less memory.
  void hand_over(const std::function<void(const std::byte* code, HeapTid tid)>& take);

  // Links all levels. `progress(done, of)` is called between steps.
  void build(const std::function<void(std::size_t, std::size_t)>& progress);
  // After build(): gives every node at least so many links that lead to it (reach.h). Returns how
  // many were set.
  std::size_t link_unreached(int least);
  // Writes nodes and records behind the pages that Graph::create() wrote, and the entry point.
  void write(PageStore& store, const std::function<void(std::size_t, std::size_t)>& progress);

 private:
  struct Level {
    std::vector<std::uint32_t> members;
    LevelGraph graph;
  };
  struct ExtraRow {
    std::uint32_t node;
    HeapTid tid;
  };

  void take_row(std::uint64_t hash, HeapTid tid);
  void renumber(const std::vector<std::uint32_t>& order);

  std::shared_ptr<const quant::Codec> codec_;
  Options options_;
  Work work_;
  std::uint64_t seed_;
  CodeArray codes_;
  std::vector<HeapTid> tids_;
  std::vector<ExtraRow> extra_;
  CodeTable table_;
  std::vector<std::uint8_t> levels_;
  std::vector<Level> graphs_;  // by level
  std::size_t rows_ = 0;
};

}  // namespace rv::index::hnsw
