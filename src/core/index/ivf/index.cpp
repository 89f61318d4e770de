#include "core/index/ivf/index.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/base/error.h"
#include "core/index/stored_codec.h"

namespace rv::index::ivf {
namespace {

std::unique_ptr<const quant::Codec> read_codec(PageStore& store, Block first, std::size_t bytes) {
  const std::size_t content = store.content_bytes();
  std::vector<std::byte> model(bytes);
  for (std::size_t at = 0; at < bytes; at += content) {
    const std::byte* page = store.pin(first + static_cast<Block>(at / content), kModelPage);
    std::memcpy(&model[at], page, std::min(content, bytes - at));
  }
  return load_codec(store, first, model);
}

}  // namespace

cluster::Measure Description::measure() const noexcept { return measure_of(metric()); }

Meta read_meta(PageStore& store) {
  Meta m;
  {
    const PageRead page(store, 0, kMetaPage);
    m = *page.at<Meta>();
  }
  const std::size_t content = store.content_bytes();
  if (m.magic != kMagic) store.fail(0, "ivfflat index is not valid");
  if (m.version != kVersion)
    store.fail(0, "format version " + std::to_string(m.version) + " is not known");
  if (m.metric > static_cast<int>(quant::Metric::l1) || m.rerank > static_cast<int>(Rerank::heap))
    store.fail(0, "unknown metric or rerank mode");
  if (m.dim < 1 || m.dim > kMaxDim || m.lists < 1 || m.lists > kMaxLists)
    store.fail(0, "impossible number of dimensions or lists");
  if (m.code_bytes < 1 || m.code_bytes % 4 != 0 || list_page_capacity(content, m.code_bytes) < 1)
    store.fail(0, "impossible size of codes");
  if (m.centre_code_bytes % 4 != 0 || m.centre_code_bytes > content)
    store.fail(0, "impossible size of centre codes");
  // The parts follow each other, so that no block has two meanings.
  const std::uint64_t centre_model = m.model + std::uint64_t{pages_for(m.model_bytes, content)};
  const std::uint64_t centre_codes = centre_model + pages_for(m.centre_model_bytes, content);
  const std::uint64_t centres =
      centre_codes + centre_code_pages(content, m.centre_code_bytes, m.lists);
  const std::uint64_t directory = centres + centre_pages(content, m.dim, m.lists);
  const std::uint64_t entries = directory + pages_for(m.lists * sizeof(ListHead), content);
  if (m.model != 1 || m.centre_model != centre_model || m.centre_codes != centre_codes ||
      m.centres != centres || m.directory != directory || m.entries != entries)
    store.fail(0, "parts of the index are not where they should be");
  return m;
}

quant::CodecSpec centre_codec_spec(quant::Metric metric, std::size_t dim) noexcept {
  quant::CodecSpec spec;
  spec.kind = quant::CodecKind::sq8;
  spec.metric = measure_of(metric) == cluster::Measure::euclidean ? quant::Metric::l2
                                                                  : quant::Metric::inner_product;
  spec.dim = static_cast<int>(dim);
  return spec;
}

Block pages_of_choice(const Meta& m) noexcept {
  return m.centre_code_bytes > 0 ? m.centres - m.centre_codes : m.directory - m.centres;
}

std::shared_ptr<const Description> open(PageStore& store) {
  auto index = std::make_shared<Description>();
  index->meta = read_meta(store);
  const Meta& m = index->meta;
  if (m.entries > store.blocks()) store.fail(0, "the index is cut short");
  index->codec = read_codec(store, m.model, m.model_bytes);
  if (static_cast<std::uint32_t>(index->codec->dim()) != m.dim ||
      index->codec->metric() != index->metric() || index->codec->code_bytes() != m.code_bytes)
    store.fail(0, "quantization model and index do not belong together");
  if (m.centre_code_bytes > 0) {
    index->centre_codec = read_codec(store, m.centre_model, m.centre_model_bytes);
    const quant::CodecSpec spec = centre_codec_spec(index->metric(), m.dim);
    const quant::Codec& c = *index->centre_codec;
    if (c.kind() != spec.kind || c.metric() != spec.metric || c.dim() != spec.dim ||
        c.code_bytes() != m.centre_code_bytes)
      store.fail(0, "model of the centre codes and index do not belong together");
  }
  return index;
}

void read_centre(PageStore& store, const Description& index, std::uint32_t i, float* out) {
  const std::size_t dim = index.dim();
  const CentreLayout layout = centre_layout(store.content_bytes(), dim);
  if (layout.rows_per_page > 0) {
    const auto block = static_cast<Block>(index.meta.centres + i / layout.rows_per_page);
    const auto* rows = reinterpret_cast<const float*>(store.pin(block, kCentrePage));
    std::memcpy(out, rows + i % layout.rows_per_page * dim, dim * sizeof(float));
    return;
  }
  auto block = static_cast<Block>(index.meta.centres + i * layout.pages_per_row);
  for (std::size_t at = 0; at < dim; at += layout.floats_per_page, ++block)
    std::memcpy(out + at, store.pin(block, kCentrePage),
                std::min(layout.floats_per_page, dim - at) * sizeof(float));
}

HeadPlace head_place(PageStore& store, const Description& index, std::uint32_t list) {
  const std::size_t per_page = store.content_bytes() / sizeof(ListHead);
  return {static_cast<Block>(index.meta.directory + list / per_page),
          list % per_page * sizeof(ListHead)};
}

ListHead read_head(PageStore& store, const Description& index, std::uint32_t list) {
  const HeadPlace place = head_place(store, index, list);
  const PageRead page(store, place.block, kDirectoryPage);
  return *page.at<ListHead>(place.offset);
}

const ListPage* checked_list_page(const PageStore& store, const std::byte* page, Block block,
                                  const Description& index, std::uint32_t list) {
  const auto* p = reinterpret_cast<const ListPage*>(page);
  if (p->list != list)
    store.fail(block,
               "page of list " + std::to_string(p->list) + " in list " + std::to_string(list));
  if (p->count > list_page_capacity(store.content_bytes(), index.meta.code_bytes))
    store.fail(block, "more entries than a page holds");
  return p;
}

}  // namespace rv::index::ivf
