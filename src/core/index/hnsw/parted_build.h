// Building an index that is larger than the memory for it: the rows go to parts by nearness, each
// part to a temporary file, and one part at a time is linked in memory. The graphs of the parts
// overlap, which joins them.
//
//   1. Every row goes to the part of its nearest leader (leaders are a sample, grouped into parts
//      of about equal weight), with a note of its neighbour parts: the nearest
//      other ones.
//   2. Part by part: equal codes become one node, nodes are written to pages in the order of
//      nearness, without links. Each node is handed to its neighbour parts as a guest.
//   3. Part by part: own nodes and guests are linked as in BulkBuild. What a node has links from
//      twice, at home and as a guest, is united and chosen from again.
//   4. Upper levels are sparser than usual when they have to be, so that they fit into memory.
//
// After DiskANN's merged build (Jayaram Subramanya et al., NeurIPS 2019, section 3.3).
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/base/rng.h"
#include "core/base/scratch_file.h"
#include "core/index/hnsw/bulk_build.h"
#include "core/index/hnsw/part_links.h"

namespace rv::index::hnsw {

// Some codes from all over the table, of which leaders are chosen.
std::unique_ptr<CodeArray> encode_leaders(const quant::Codec& codec, const float* sample,
                                          std::size_t count);

// What a build in parts within `memory` comes to.
struct PartedPlan {
  std::size_t capacity;  // nodes and guests that are linked at a time
  std::size_t parts;
  std::size_t bytes;  // of one part while it is linked, and of the upper levels
};
PartedPlan plan_parts(const quant::Codec& codec, const Options& options, std::size_t memory,
                      std::size_t rows);

class PartedBuild {
 public:
  // `memory` bounds what is in memory at a time; expected_rows need not be exact. `leaders` come
  // from encode_leaders().
  PartedBuild(std::shared_ptr<const quant::Codec> codec, const Options& options, const Work& work,
              std::uint64_t seed, std::size_t memory, std::size_t expected_rows,
              std::unique_ptr<CodeArray> leaders, MakeScratchFile make_file);

  void add(const float* vectors, const HeapTid* tids, std::size_t count);
  void add_code(const std::byte* code, HeapTid tid);
  std::size_t rows() const noexcept { return rows_ + batch_.size(); }
  std::size_t parts() const noexcept { return parts_.size(); }

  // Writes nodes, links and records behind the pages that Graph::create() wrote, and the entry
  // point. `progress(done, of)` counts steps of nodes: each is written, linked.
  void finish(PageStore& store, const std::function<void(std::size_t, std::size_t)>& progress);

 private:
  friend PartedPlan plan_parts(const quant::Codec& codec, const Options& options,
                               std::size_t memory, std::size_t rows);
  struct Part {
    std::unique_ptr<ScratchFile> rows, guests;
    std::size_t row_count = 0, guest_count = 0;
  };
  // Nodes on consecutive pages; more than one a part when it turned out too large for memory.
  struct Placed {
    std::size_t part;
    Block first;
    std::size_t count;
  };
  static constexpr int kGuestParts = 2;
  struct Row {
    HeapTid tid;
    std::uint16_t neighbours[kGuestParts];  // kNoPart: none so near
  };
  static_assert(sizeof(Row) == 10);
  static constexpr std::uint16_t kNoPart = 0xFFFF;

  void group_leaders(std::size_t parts);
  void flush();
  void place_part(PageStore& store, std::size_t part);
  void place(PageStore& store, std::size_t part, const CodeArray& codes,
             const std::vector<Row>& rows, std::vector<std::pair<std::uint32_t, HeapTid>>& extra);
  void write_extra(PageStore& store, const std::vector<NodeId>& id_of,
                   std::vector<std::pair<std::uint32_t, HeapTid>>& extra);
  int random_level();
  void link_part(PageStore& store, const Placed& placed);
  void write_upper_levels(PageStore& store);
  void link_hubs(PageStore& store);

  std::shared_ptr<const quant::Codec> codec_;
  Options options_;
  Work work_;
  std::uint64_t seed_;
  MakeScratchFile make_file_;
  Rng rng_;
  LevelParams params_;
  std::size_t expected_rows_;
  std::size_t capacity_ = 0;  // nodes and guests that are linked at a time
  double upper_share_ = 0;    // of nodes on level 1 and above
  std::size_t most_upper_ = 0;

  std::unique_ptr<CodeArray> codes_;  // leaders, behind them the batch that waits
  std::vector<std::uint32_t> leaders_;
  std::vector<std::uint16_t> part_of_;  // by leader
  std::vector<HeapTid> batch_;
  std::size_t batch_rows_ = 0;
  std::vector<Part> parts_;
  std::vector<Placed> placed_;
  std::size_t rows_ = 0;

  CodeArray upper_codes_;
  std::vector<NodeId> upper_ids_;
  std::vector<std::uint8_t> upper_levels_;
};

}  // namespace rv::index::hnsw
