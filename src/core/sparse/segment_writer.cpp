#include "core/sparse/segment_writer.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "core/base/error.h"
#include "core/sparse/block_codec.h"
#include "core/sparse/document.h"
#include "core/sparse/pages.h"

namespace rv::sparse {
namespace {

// Data pages under construction. They are numbered when they are begun and stored in that order,
// so a page that is finished before an earlier one waits.
class PageWriter {
 public:
  PageWriter(index::PageStore& store, std::uint32_t segment) : store_(store), segment_(segment) {}

  struct Page {
    std::vector<std::byte> bytes;
    DataPage head{};
    std::byte* data() noexcept { return bytes.data() + sizeof(DataPage); }
  };

  Page begin(DataType type) {
    Page p;
    p.bytes.resize(store_.content_bytes());
    p.head = {segment_, next_++, type, 0, 0};
    return p;
  }
  void finish(Page&& p) {
    store_at(p.bytes.data(), p.head);
    waiting_.emplace(p.head.page, std::move(p.bytes));
    for (auto it = waiting_.begin(); it != waiting_.end() && it->first == stored_;
         it = waiting_.erase(it), ++stored_)
      store(it->second);
    store_.check_interrupts();
  }
  std::uint32_t pages() const noexcept { return next_; }
  const std::vector<Extent>& extents() const noexcept { return extents_; }

 private:
  void store(const std::vector<std::byte>& bytes) {
    index::PageEdits edits(store_);
    Block block;
    std::memcpy(edits.create(kDataPage, &block), bytes.data(), bytes.size());
    edits.commit();
    if (!extents_.empty() && extents_.back().start + extents_.back().count == block)
      ++extents_.back().count;
    else
      extents_.push_back({block, 1});
  }

  index::PageStore& store_;
  std::uint32_t segment_, next_ = 0, stored_ = 0;
  std::map<std::uint32_t, std::vector<std::byte>> waiting_;
  std::vector<Extent> extents_;
};

// One level of the dictionary: the page that is being filled, and the first key of every page.
class DictionaryLevel {
 public:
  DictionaryLevel(PageWriter& out, DataType type, std::size_t room)
      : out_(out), type_(type), room_(room) {}

  // `entry` are the bytes behind the key.
  void add(std::string_view key, std::span<const std::byte> entry) {
    const std::size_t need = 2 + key.size() + entry.size();
    if (open_ && page_.head.used + need + 2u * (page_.head.count + 1u) > room_) close();
    if (!open_) {
      page_ = out_.begin(type_);
      open_ = true;
      fences_.emplace_back(std::string(key), page_.head.page);
    }
    std::byte* p = page_.data() + page_.head.used;
    store_at(page_.data() + room_ - 2u * (page_.head.count + 1u),
             static_cast<std::uint16_t>(page_.head.used));
    store_at(p, static_cast<std::uint16_t>(key.size()));
    std::memcpy(p + 2, key.data(), key.size());
    std::memcpy(p + 2 + key.size(), entry.data(), entry.size());
    page_.head.used += static_cast<std::uint32_t>(need);
    ++page_.head.count;
  }
  void close() {
    if (open_) out_.finish(std::move(page_));
    open_ = false;
  }
  const std::vector<std::pair<std::string, std::uint32_t>>& fences() const noexcept {
    return fences_;
  }

 private:
  PageWriter& out_;
  DataType type_;
  std::size_t room_;
  PageWriter::Page page_;
  bool open_ = false;
  std::vector<std::pair<std::string, std::uint32_t>> fences_;
};

// Codes of a list's values and how to read them.
struct Quantizer {
  float low = 0, step = 0, error = 0;

  Quantizer(const std::vector<Posting>& list, float error_before) {
    low = weight_of(list.front().value);
    float high = low;
    for (const Posting& p : list) {
      low = std::min(low, weight_of(p.value));
      high = std::max(high, weight_of(p.value));
    }
    const double range = static_cast<double>(high) - low;
    step = static_cast<float>(range / 255);
    // 255 steps must reach the top although the step was rounded.
    while (step > 0 && value(255) < high) step = std::nextafter(step, INFINITY);
    error = std::nextafter(step + error_before, INFINITY);
    if (step == 0 && error_before == 0) error = 0;
  }
  double value(int code) const noexcept {
    return static_cast<double>(low) + static_cast<double>(step) * code;
  }
  // The smallest code whose value is not below w.
  std::uint8_t code(float w) const noexcept {
    if (step == 0) return 0;
    int c = static_cast<int>(std::ceil((static_cast<double>(w) - low) / step));
    c = std::clamp(c, 0, 255);
    while (c > 0 && value(c - 1) >= w) --c;
    while (c < 255 && value(c) < w) ++c;
    return static_cast<std::uint8_t>(c);
  }
};

class ListWriter {
 public:
  ListWriter(index::PageStore& store, PageWriter& out, Scoring scoring, Quantization quantization)
      : out_(out),
        room_(data_bytes(store)),
        bm25_(scoring == Scoring::bm25),
        floats_(!bm25_ && quantization == Quantization::float32) {}

  TermEntry write(const std::vector<Posting>& list, float error_before) {
    TermEntry entry{static_cast<std::uint32_t>(list.size()), 0, 0, 0, 0, 0};
    if (bm25_) {
      encode(list, entry, [](std::uint32_t tf) {
        return static_cast<std::uint8_t>(std::min<std::uint32_t>(tf, 255));
      });
      return entry;
    }
    const Quantizer q(list, error_before);
    entry.low = q.low;
    entry.step = q.step;
    entry.error = floats_ ? error_before : q.error;
    encode(list, entry, [&q](std::uint32_t value) { return q.code(weight_of(value)); });
    return entry;
  }
  void close() {
    if (open_) out_.finish(std::move(page_));
    open_ = false;
  }

 private:
  template <class Code>
  void encode(const std::vector<Posting>& list, TermEntry& entry, Code code) {
    for (std::size_t at = 0; at < list.size();) {
      docs_.clear();
      codes_.clear();
      values_.clear();
      escapes_.clear();
      const std::uint32_t window = list[at].doc / kWindow;
      for (; at < list.size() && docs_.size() < kBlockLength && list[at].doc / kWindow == window;
           ++at) {
        docs_.push_back(list[at].doc);
        if (floats_) {
          values_.push_back(weight_of(list[at].value));
          continue;
        }
        codes_.push_back(code(list[at].value));
        if (bm25_ && codes_.back() == 255) escapes_.push_back(list[at].value);
      }
      block_.clear();
      if (floats_)
        encode_float_block(docs_, values_, block_);
      else
        encode_block(docs_, codes_, escapes_, block_);
      if (open_ && page_.head.used + block_.size() > room_) close();
      if (!open_) {
        page_ = out_.begin(DataType::postings);
        open_ = true;
      }
      if (docs_.front() == list.front().doc) {
        entry.page = page_.head.page;
        entry.offset = static_cast<std::uint16_t>(page_.head.used);
      }
      std::memcpy(page_.data() + page_.head.used, block_.data(), block_.size());
      page_.head.used += static_cast<std::uint32_t>(block_.size());
    }
  }

  PageWriter& out_;
  std::size_t room_;
  bool bm25_, floats_;
  PageWriter::Page page_;
  bool open_ = false;
  std::vector<std::uint32_t> docs_, escapes_;
  std::vector<std::uint8_t> codes_, block_;
  std::vector<float> values_;
};

void write_rows(index::PageStore& store, PageWriter& out, const DocumentMap& map) {
  const std::uint32_t per_page = rows_per_page(store);
  for (std::size_t at = 0; at < map.rows.size();) {
    auto page = out.begin(DataType::rows);
    for (; at < map.rows.size() && page.head.used < per_page * kRowBytes; ++at) {
      store_row(page.data() + page.head.used, map.rows[at]);
      page.head.used += kRowBytes;
    }
    out.finish(std::move(page));
  }
}

void write_lengths(index::PageStore& store, PageWriter& out, const DocumentMap& map) {
  const std::uint32_t per_page = lengths_per_page(store);
  for (std::size_t at = 0; at < map.lengths.size();) {
    auto page = out.begin(DataType::lengths);
    for (; at < map.lengths.size() && page.head.used < per_page * 4; ++at) {
      store_at(page.data() + page.head.used, map.lengths[at]);
      page.head.used += 4;
    }
    out.finish(std::move(page));
  }
}

std::vector<std::byte> bytes_of(const TermEntry& e) {
  std::vector<std::byte> b(kTermEntryBytes);
  store_at(b.data(), e.df);
  store_at(b.data() + 4, e.page);
  store_at(b.data() + 8, e.offset);
  store_at(b.data() + 10, e.low);
  store_at(b.data() + 14, e.step);
  store_at(b.data() + 18, e.error);
  return b;
}

// The levels above the leaves, up to a single page.
void write_inner_levels(PageWriter& out, std::size_t room, const DictionaryLevel& leaves,
                        SegmentRoot& root) {
  std::vector<std::pair<std::string, std::uint32_t>> below = leaves.fences();
  root.dictionary = below.empty() ? kNoBlock : below.front().second;
  while (below.size() > 1) {
    DictionaryLevel level(out, DataType::inner, room);
    for (const auto& [key, page] : below) {
      std::byte entry[4];
      store_at(entry, page);
      level.add(key, entry);
    }
    level.close();
    below = level.fences();
    root.dictionary = below.front().second;
    ++root.height;
  }
}

// The extents that do not fit on the root go to pages of their own, the last ones first.
Block write_root(index::PageStore& store, const SegmentRoot& root,
                 const std::vector<Extent>& extents) {
  const std::size_t on_root = (store.content_bytes() - sizeof(SegmentRoot)) / sizeof(Extent);
  const std::size_t on_page = (store.content_bytes() - sizeof(ExtentPage)) / sizeof(Extent);
  std::size_t end = extents.size();
  Block next = kNoBlock, block;
  while (end > on_root) {
    const std::size_t count = std::min(on_page, end - on_root);
    index::PageEdits edits(store);
    std::byte* page = edits.create(kExtentPage, &block);
    store_at(page, ExtentPage{root.id, static_cast<std::uint32_t>(count), next, 0});
    std::memcpy(page + sizeof(ExtentPage), extents.data() + end - count, count * sizeof(Extent));
    edits.commit();
    end -= count;
    next = block;
  }
  index::PageEdits edits(store);
  std::byte* page = edits.create(kRootPage, &block);
  SegmentRoot with_next = root;
  with_next.next = next;
  store_at(page, with_next);
  std::memcpy(page + sizeof(SegmentRoot), extents.data(), end * sizeof(Extent));
  edits.set_used(page, sizeof(SegmentRoot) + end * sizeof(Extent));
  edits.commit();
  return block;
}

}  // namespace

Block write_segment(index::PageStore& store, Scoring scoring, std::uint32_t id,
                    const DocumentMap& map, TermSource& terms, Quantization quantization) {
  SegmentRoot root{};
  root.id = id;
  root.docs = static_cast<std::uint32_t>(map.rows.size());
  root.length = map.length;
  for (const Row& r : map.rows) {
    root.nulls += r.kind == RowKind::null;
    root.undefined += r.kind == RowKind::undefined;
    root.irregular += r.kind == RowKind::irregular;
  }
  PageWriter out(store, id);
  write_rows(store, out, map);
  if (scoring == Scoring::bm25) {
    root.lengths_page = out.pages();
    write_lengths(store, out, map);
  }
  const std::size_t room = data_bytes(store);
  ListWriter lists(store, out, scoring, quantization);
  DictionaryLevel leaves(out, DataType::leaf, room);
  std::vector<Posting> list;
  while (terms.next()) {
    list.clear();
    terms.read(list);
    if (list.empty()) continue;  // all its documents are gone
    const TermEntry entry = lists.write(list, terms.error());
    leaves.add(terms.key(), bytes_of(entry));
    root.postings += list.size();
    ++root.terms;
  }
  lists.close();
  leaves.close();
  write_inner_levels(out, room, leaves, root);
  root.pages = out.pages();
  root.extents = static_cast<std::uint32_t>(out.extents().size());
  return write_root(store, root, out.extents());
}

}  // namespace rv::sparse
