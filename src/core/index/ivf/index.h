// An inverted file index that exists: what it is, its centres, its directory.
#pragma once

#include <memory>
#include <vector>

#include "core/cluster/nearest.h"
#include "core/index/ivf/layout.h"

namespace rv::index::ivf {

// The part of an index that never changes. May be kept as long as the index is not rebuilt.
struct Description {
  Meta meta;
  std::unique_ptr<const quant::Codec> codec;

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

// distance[i] of a vector to every centre: squared L2, or minus the inner product.
void centre_distances(PageStore& store, const Description& index, const float* x, float* distance);
// The list that a vector belongs to.
std::uint32_t nearest_list(PageStore& store, const Description& index, const float* x);
// Centre i, into dim floats.
void read_centre(PageStore& store, const Description& index, std::uint32_t i, float* out);

// Block and offset of a list's head.
struct HeadPlace {
  Block block;
  std::size_t offset;
};
HeadPlace head_place(PageStore& store, const Description& index, std::uint32_t list);
ListHead read_head(PageStore& store, const Description& index, std::uint32_t list);

// Checks a list page against its list; returns it. Throws Error(corrupted_index).
const ListPage* checked_list_page(const PageStore& store, const std::byte* page, Block block,
                                  const Description& index, std::uint32_t list);

}  // namespace rv::index::ivf
