// An inverted file index that exists: what it is, its centres, its directory.
#pragma once

#include <memory>

#include "core/cluster/nearest.h"
#include "core/index/ivf/layout.h"

namespace rv::index::ivf {

// The part of an index that never changes. May be kept as long as the index is not rebuilt.
struct Description {
  Meta meta;
  std::unique_ptr<const quant::Codec> codec;
  std::unique_ptr<const quant::Codec> centre_codec;  // null: there are no codes of centres

  quant::Metric metric() const noexcept { return static_cast<quant::Metric>(meta.metric); }
  std::size_t dim() const noexcept { return meta.dim; }
  std::uint32_t lists() const noexcept { return meta.lists; }
  cluster::Measure measure() const noexcept;
};

// Reads block 0 and the model; checks every number. Throws Error(corrupted_index).
std::shared_ptr<const Description> open(PageStore& store);
// Block 0 alone, checked: for planning.
Meta read_meta(PageStore& store);

// How metrics see centres: directions for inner product and cosine.
constexpr cluster::Measure measure_of(quant::Metric metric) noexcept {
  return metric == quant::Metric::l2 || metric == quant::Metric::l1 ? cluster::Measure::euclidean
                                                                    : cluster::Measure::direction;
}

// How the centres of an index are encoded for the choice of lists.
quant::CodecSpec centre_codec_spec(quant::Metric metric, std::size_t dim) noexcept;
// Pages that a scan reads to choose its lists.
Block pages_of_choice(const Meta& meta) noexcept;
// Centre i, into dim floats.
void read_centre(PageStore& store, const Description& index, std::uint32_t i, float* out);

// Block and offset of a list's head.
struct HeadPlace {
  Block block;
  std::size_t offset;
};
HeadPlace head_place(PageStore& store, const Description& index, std::uint32_t list);
ListHead read_head(PageStore& store, const Description& index, std::uint32_t list);

// Ends a walk along a list's pages that damage has made a circle. Asking the store how many pages
// there are is a system call: only long walks do.
class ChainGuard {
 public:
  explicit ChainGuard(PageStore& store) noexcept : store_(store) {}
  void step(Block at) {
    if (++steps_ <= most_) return;
    most_ = store_.blocks();
    if (steps_ > most_) store_.fail(at, "the pages of a list form a circle");
  }

 private:
  PageStore& store_;
  std::uint64_t steps_ = 0, most_ = 256;
};

// Checks a list page against its list; returns it. Throws Error(corrupted_index).
const ListPage* checked_list_page(const PageStore& store, const std::byte* page, Block block,
                                  const Description& index, std::uint32_t list);

}  // namespace rv::index::ivf
