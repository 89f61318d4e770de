#include "core/index/ivf/build.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/cluster/kmeans.h"
#include "core/simd/distance.h"

namespace rv::index::ivf {
namespace {

constexpr std::size_t kGrain = 96;

// How well lists fit rows that were not in the sample depends on its size first: with 50 rows a
// list a search must read half as many lists again as with 256 for the same recall.
constexpr std::size_t kSample = 256, kWarmUp = 32;  // rows a list
constexpr int kIterations = 8;
constexpr double kTolerance = 3e-4;
constexpr std::size_t kCodecSample = 65536;

void to_unit(float* x, std::size_t dim) noexcept {
  double sum = 0;
  for (std::size_t i = 0; i < dim; ++i) sum += static_cast<double>(x[i]) * x[i];
  if (!(sum > 0)) return;
  const double factor = 1 / std::sqrt(sum);
  for (std::size_t i = 0; i < dim; ++i) x[i] = static_cast<float>(x[i] * factor);
}

// Brings random rows to the front, so that the first `rows` are a fair sample of all.
void shuffle_front(std::vector<float>* x, std::size_t dim, std::size_t rows, std::uint64_t seed) {
  const std::size_t count = x->size() / dim;
  Rng rng(seed);
  for (std::size_t i = 0; i + 1 < count && i < rows; ++i) {
    float* to = x->data() + i * dim;
    std::swap_ranges(to, to + dim, x->data() + (i + rng.below(count - i)) * dim);
  }
}

// Writes a stream of bytes onto new pages of a kind; `at` is the block the first must get.
void write_stream(PageStore& store, PageKind kind, std::span<const std::byte> bytes, Block at) {
  const std::size_t content = store.content_bytes();
  for (std::size_t from = 0; from < bytes.size(); from += content, ++at) {
    PageEdits edits(store);
    Block block;
    std::byte* page = edits.create(kind, &block);
    if (block != at) throw Error(ErrorCode::internal, "index pages are not in order");
    const std::size_t n = std::min(content, bytes.size() - from);
    std::memcpy(page, bytes.data() + from, n);
    edits.set_used(page, (n + 7) & ~std::size_t{7});
    edits.commit();
  }
}

void write_centre_codes(PageStore& store, const quant::Codec& codec,
                        const std::vector<float>& centres, const Meta& m) {
  const std::size_t per_page = centre_codes_per_page(store.content_bytes(), m.centre_code_bytes);
  std::vector<std::byte> page;
  Block at = m.centre_codes;
  for (std::size_t first = 0; first < m.lists; first += per_page, ++at) {
    const std::size_t n = std::min<std::size_t>(per_page, m.lists - first);
    page.resize(n * m.centre_code_bytes);
    for (std::size_t i = 0; i < n; ++i)
      codec.encode(&centres[(first + i) * m.dim], &page[i * m.centre_code_bytes]);
    write_stream(store, kCentreCodePage, page, at);
  }
}

}  // namespace

Training train(const BuildOptions& options, std::vector<float> sample, const Work& work) {
  Training t;
  t.options = options;
  const auto dim = static_cast<std::size_t>(options.codec.dim);
  const std::size_t count = sample.size() / dim;
  cluster::KMeansOptions k;
  k.centres = options.lists;
  k.measure = measure_of(options.codec.metric);
  k.seed = options.seed;
  k.balance = true;
  k.search = cluster::Search::fast;
  k.iterations = kIterations;
  k.tolerance = kTolerance;
  k.warm_up = kWarmUp * options.lists;
  shuffle_front(&sample, dim, std::max(k.warm_up, kCodecSample), options.seed);
  t.codec = quant::train_codec(options.codec, sample.data(), std::min(count, kCodecSample));
  work.poll();
  if (k.measure == cluster::Measure::direction)
    work.for_range(count, kGrain, [&](std::size_t begin, std::size_t end) {
      for (std::size_t r = begin; r < end; ++r) to_unit(&sample[r * dim], dim);
    });
  t.centres = cluster::kmeans(sample.data(), count, dim, k, work);
  // Sums of huge vectors may overflow; a centre must be a number.
  for (float& v : t.centres)
    if (!std::isfinite(v)) v = 0;
  return t;
}

std::size_t training_bytes(const BuildOptions& options, std::size_t count) noexcept {
  return cluster::kmeans_bytes(count, static_cast<std::size_t>(options.codec.dim), options.lists);
}

std::uint32_t default_lists(double rows) noexcept {
  if (!(rows > 0)) return 100;
  if (rows < 1e4 || rows > 1e6)
    return static_cast<std::uint32_t>(std::clamp(std::round(std::sqrt(rows)), 1.0, 32768.0));
  return static_cast<std::uint32_t>(std::max(100.0, std::round(rows / 1000)));
}

std::size_t sample_size(std::uint32_t lists) noexcept {
  return std::max<std::size_t>(kSample * lists, 10000);
}

void write_fixed_parts(PageStore& store, const Training& t, std::uint64_t rows) {
  const std::size_t content = store.content_bytes();
  const auto dim = static_cast<std::size_t>(t.options.codec.dim);
  const std::size_t lists = t.options.lists;
  const auto model = t.codec->save();
  if (list_page_capacity(content, t.codec->code_bytes()) < 1)
    throw Error(ErrorCode::limit_exceeded,
                "codes of " + std::to_string(t.codec->code_bytes()) +
                    " bytes do not fit on an index page of " + std::to_string(content),
                {}, "Use a quantization with fewer bits a dimension.");
  if (store.blocks() != 0) throw Error(ErrorCode::internal, "index is not empty");
  Meta m{};
  m.magic = kMagic;
  m.version = kVersion;
  m.metric = static_cast<std::uint8_t>(t.options.codec.metric);
  m.rerank = static_cast<std::uint8_t>(t.options.rerank);
  m.dim = static_cast<std::uint32_t>(dim);
  m.lists = t.options.lists;
  m.code_bytes = static_cast<std::uint32_t>(t.codec->code_bytes());
  m.model_bytes = static_cast<std::uint32_t>(model.size());
  m.model = 1;
  m.centre_model = static_cast<Block>(m.model + pages_for(model.size(), content));
  // Their model is the mean of the centres.
  const auto centre_codec =
      quant::train_codec(centre_codec_spec(t.options.codec.metric, dim), t.centres.data(), lists);
  std::vector<std::byte> centre_model;
  if (centre_codec->code_bytes() <= content) {
    centre_model = centre_codec->save();
    m.centre_code_bytes = static_cast<std::uint32_t>(centre_codec->code_bytes());
    m.centre_model_bytes = static_cast<std::uint32_t>(centre_model.size());
  }
  m.centre_codes = static_cast<Block>(m.centre_model + pages_for(centre_model.size(), content));
  m.centres =
      static_cast<Block>(m.centre_codes + centre_code_pages(content, m.centre_code_bytes, lists));
  m.directory = static_cast<Block>(m.centres + centre_pages(content, dim, lists));
  m.entries = static_cast<Block>(m.directory + pages_for(lists * sizeof(ListHead), content));
  m.built_rows = rows;
  {
    PageEdits edits(store);
    Block block;
    std::byte* page = edits.create(kMetaPage, &block);
    std::memcpy(page, &m, sizeof m);
    edits.set_used(page, sizeof m);
    edits.commit();
  }
  write_stream(store, kModelPage, model, m.model);
  write_stream(store, kModelPage, centre_model, m.centre_model);
  if (m.centre_code_bytes > 0) write_centre_codes(store, *centre_codec, t.centres, m);
  const CentreLayout layout = centre_layout(content, dim);
  const std::size_t chunk = layout.rows_per_page > 0 ? layout.rows_per_page : 1;
  Block at = m.centres;
  for (std::size_t i = 0; i < lists; i += chunk) {
    const std::size_t n = std::min(chunk, lists - i);
    const std::span<const float> part(&t.centres[i * dim], n * dim);
    write_stream(store, kCentrePage, std::as_bytes(part), at);
    at += static_cast<Block>(layout.pages_per_row);
  }
  const std::vector<ListHead> heads(lists, ListHead{kNoBlock, kNoBlock});
  write_stream(store, kDirectoryPage, std::as_bytes(std::span(heads)), m.directory);
}

Encoder::Encoder(const Training& training)
    : training_(training),
      nearest_(training.centres.data(), training.options.lists,
               static_cast<std::size_t>(training.options.codec.dim),
               measure_of(training.options.codec.metric), cluster::Search::fast) {}

void Encoder::encode(const float* x, std::size_t count, std::uint32_t* lists, std::byte* codes,
                     const Work& work) const {
  const auto dim = static_cast<std::size_t>(training_.options.codec.dim);
  const std::size_t bytes = training_.codec->code_bytes();
  work.for_range(count, kGrain, [&](std::size_t begin, std::size_t end) {
    // The order of inner products does not depend on the length of x.
    nearest_.find(x + begin * dim, end - begin, lists + begin, nullptr);
    for (std::size_t i = begin; i < end; ++i)
      training_.codec->encode(x + i * dim, codes + i * bytes);
  });
}

ListWriter::ListWriter(PageStore& store, const Description& index)
    : store_(store),
      index_(index),
      capacity_(list_page_capacity(store.content_bytes(), index.meta.code_bytes)),
      page_(store.content_bytes()),
      heads_(index.lists(), ListHead{kNoBlock, kNoBlock}),
      next_block_(store.blocks()) {}

void ListWriter::add(std::uint32_t list, RowId row, const std::byte* code) {
  if (list >= heads_.size() || list < list_)
    throw Error(ErrorCode::internal, "entries are not sorted by list");
  if (list != list_) {
    flush(false);
    list_ = list;
  } else if (count_ == capacity_) {
    flush(true);
  }
  std::memcpy(&page_[row_offset(count_)], &row, sizeof row);
  std::memcpy(&page_[code_offset(capacity_, index_.meta.code_bytes, count_)], code,
              index_.meta.code_bytes);
  ++count_;
}

void ListWriter::flush(bool more) {
  if (count_ == 0) return;
  const Block at = next_block_++;
  const ListPage head{list_, more ? next_block_ : kNoBlock, count_, 0, 0};
  std::memcpy(page_.data(), &head, sizeof head);
  PageEdits edits(store_);
  Block block;
  std::byte* page = edits.create(kListPage, &block);
  if (block != at) throw Error(ErrorCode::internal, "index pages are not in order");
  const std::size_t used = code_offset(capacity_, index_.meta.code_bytes, count_);
  std::memcpy(page, page_.data(), used);
  edits.set_used(page, used);
  edits.commit();
  if (heads_[list_].first == kNoBlock) heads_[list_].first = at;
  heads_[list_].insert = at;
  std::fill(page_.begin(), page_.end(), std::byte{0});
  count_ = 0;
}

void ListWriter::finish() {
  flush(false);
  const std::size_t per_page = store_.content_bytes() / sizeof(ListHead);
  for (std::size_t i = 0; i < heads_.size(); i += per_page) {
    PageEdits edits(store_);
    const HeadPlace place = head_place(store_, index_, static_cast<std::uint32_t>(i));
    const std::size_t n = std::min(per_page, heads_.size() - i);
    std::byte* page = edits.edit(place.block, kDirectoryPage);
    std::memcpy(page, &heads_[i], n * sizeof(ListHead));
    edits.commit();
  }
}

}  // namespace rv::index::ivf
