#include "core/sparse/segment_reader.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/base/error.h"
#include "core/sparse/document.h"
#include "core/sparse/pages.h"

namespace rv::sparse {
namespace {

constexpr std::uint32_t kMaxHeight = 16;

}  // namespace

SegmentReader::SegmentReader(index::PageStore& store, Scoring scoring, std::uint32_t id, Block root)
    : store_(store), scoring_(scoring), root_block_(root) {
  const std::byte* page = store.pin(root, kRootPage);
  root_ = load_at<SegmentRoot>(page);
  if (root_.id != id) store.fail(root, "root of another segment");
  if (root_.height > kMaxHeight) store.fail(root, "dictionary of impossible height");
  const std::size_t on_root = (store.content_bytes() - sizeof(SegmentRoot)) / sizeof(Extent);
  const std::size_t on_page = (store.content_bytes() - sizeof(ExtentPage)) / sizeof(Extent);
  if (root_.extents > root_.pages) store.fail(root, "more extents than pages");
  const auto take = [this](const std::byte* from, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
      extents_.push_back(load_at<Extent>(from + i * sizeof(Extent)));
  };
  take(page + sizeof(SegmentRoot), std::min<std::size_t>(root_.extents, on_root));
  for (Block next = root_.next; next != kNoBlock;) {
    page = store.pin(next, kExtentPage);
    const auto head = load_at<ExtentPage>(page);
    if (head.segment != id || head.count > on_page || head.count == 0 ||
        extents_.size() + head.count > root_.extents)
      store.fail(next, "extents of another segment");
    take(page + sizeof(ExtentPage), head.count);
    next = head.next;
  }
  std::uint64_t pages = 0;
  for (const Extent& e : extents_) {
    first_page_.push_back(static_cast<std::uint32_t>(pages));
    pages += e.count;
  }
  if (extents_.size() != root_.extents || pages != root_.pages)
    store.fail(root, "extents do not add up to the segment's pages");
  const std::uint32_t row_pages = (root_.docs + rows_per_page(store) - 1) / rows_per_page(store);
  if (row_pages > root_.pages) store.fail(root, "fewer pages than the documents need");
}

void SegmentReader::fail(std::uint32_t page, const char* what) const {
  store_.fail(page < root_.pages ? block_of(page) : root_block_, what);
  __builtin_unreachable();  // GCC 12 does not see it through the virtual call
}

Block SegmentReader::block_of(std::uint32_t page) const {
  if (page >= root_.pages) store_.fail(root_block_, "reference beyond the segment's pages");
  const auto it = std::upper_bound(first_page_.begin(), first_page_.end(), page) - 1;
  const auto i = static_cast<std::size_t>(it - first_page_.begin());
  return extents_[i].start + (page - *it);
}

void SegmentReader::check_page(const std::byte* bytes, Block block, std::uint32_t page,
                               DataType type) const {
  const auto head = load_at<DataPage>(bytes);
  // On a standby a long scan may meet a page that the primary has given to another segment.
  if (head.segment != root_.id || head.page != page)
    store_.fail_replaced(block, "page of another segment");
  if (head.type != type || head.used > data_bytes(store_))
    store_.fail(block, "not the page that the segment says");
}

const std::byte* SegmentReader::data_page(std::uint32_t page, DataType type) const {
  const Block block = block_of(page);
  const std::byte* bytes = store_.pin(block, kDataPage);
  check_page(bytes, block, page, type);
  return bytes;
}

std::optional<TermEntry> SegmentReader::find(std::string_view key) const {
  if (root_.dictionary == kNoBlock) return std::nullopt;
  std::uint32_t page = root_.dictionary;
  for (std::uint32_t level = root_.height; level > 0; --level) {
    const DictionaryPage inner(*this, page, DataType::inner);
    const std::uint32_t at = inner.lower_bound(key);
    if (at < inner.count() && inner.key(at) == key)
      page = inner.child(at);
    else if (at == 0)
      return std::nullopt;
    else
      page = inner.child(at - 1);
  }
  const DictionaryPage leaf(*this, page, DataType::leaf);
  const std::uint32_t at = leaf.lower_bound(key);
  if (at == leaf.count() || leaf.key(at) != key) return std::nullopt;
  return leaf.term(at);
}

Row SegmentReader::row(std::uint32_t doc) const {
  if (doc >= root_.docs) store_.fail(root_block_, "document beyond the segment's");
  const std::uint32_t per_page = rows_per_page(store_);
  const Block block = block_of(doc / per_page);
  const index::PageRead page(store_, block, kDataPage);
  check_page(page.bytes(), block, doc / per_page, DataType::rows);
  const Row row = load_row(page.bytes() + sizeof(DataPage) + doc % per_page * kRowBytes);
  if (row.kind != RowKind::dead) store_.check_row(block, row.block);
  return row;
}

void SegmentReader::rows(std::uint32_t first, std::uint32_t n, std::vector<Row>& out) const {
  out.clear();
  const std::uint32_t per_page = rows_per_page(store_);
  const std::uint32_t end = first < root_.docs ? first + std::min(n, root_.docs - first) : first;
  while (first < end) {
    const Block block = block_of(first / per_page);
    const index::PageRead page(store_, block, kDataPage);
    check_page(page.bytes(), block, first / per_page, DataType::rows);
    do {
      out.push_back(load_row(page.bytes() + sizeof(DataPage) + first % per_page * kRowBytes));
      if (out.back().kind != RowKind::dead) store_.check_row(block, out.back().block);
    } while (++first < end && first % per_page != 0);
  }
}

void SegmentReader::lengths(std::uint32_t first, std::uint32_t n, std::uint32_t* out) const {
  const std::uint32_t per_page = lengths_per_page(store_);
  while (n > 0) {
    const std::byte* page = data_page(root_.lengths_page + first / per_page, DataType::lengths);
    const std::uint32_t part = std::min(n, per_page - first % per_page);
    std::memcpy(out, page + sizeof(DataPage) + first % per_page * 4, std::size_t{4} * part);
    first += part;
    out += part;
    n -= part;
  }
}

DictionaryPage::DictionaryPage(const SegmentReader& segment, std::uint32_t page, DataType type)
    : segment_(segment), page_(page), type_(type) {
  const std::byte* bytes = segment.data_page(page, type);
  const auto head = load_at<DataPage>(bytes);
  count_ = head.count;
  used_ = head.used;
  data_ = bytes + sizeof(DataPage);
  if (count_ == 0 || used_ + std::size_t{2} * count_ > data_bytes(segment.store()))
    segment.fail(page, "damaged dictionary page");
}

const std::byte* DictionaryPage::entry(std::uint32_t i, std::size_t* room) const {
  const std::uint32_t offset =
      load_at<std::uint16_t>(data_ + data_bytes(segment_.store()) - std::size_t{2} * (i + 1));
  const std::size_t tail = type_ == DataType::leaf ? kTermEntryBytes : 4;
  if (i >= count_ || offset + 2 > used_) segment_.fail(page_, "damaged dictionary entry");
  const std::size_t size = load_at<std::uint16_t>(data_ + offset);
  if (offset + 2 + size + tail > used_) segment_.fail(page_, "damaged dictionary entry");
  *room = size;
  return data_ + offset + 2;
}

std::string_view DictionaryPage::key(std::uint32_t i) const {
  std::size_t size;
  const std::byte* p = entry(i, &size);
  return {reinterpret_cast<const char*>(p), size};
}

TermEntry DictionaryPage::term(std::uint32_t i) const {
  std::size_t size;
  const std::byte* p = entry(i, &size) + size;
  return {load_at<std::uint32_t>(p), load_at<std::uint32_t>(p + 4), load_at<std::uint16_t>(p + 8),
          load_at<float>(p + 10),    load_at<float>(p + 14),        load_at<float>(p + 18)};
}

std::uint32_t DictionaryPage::child(std::uint32_t i) const {
  std::size_t size;
  const std::byte* p = entry(i, &size) + size;
  return load_at<std::uint32_t>(p);
}

std::uint32_t DictionaryPage::lower_bound(std::string_view wanted) const {
  std::uint32_t low = 0, high = count_;
  while (low < high) {
    const std::uint32_t middle = (low + high) / 2;
    if (key(middle) < wanted)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

DictionaryCursor::DictionaryCursor(const SegmentReader& segment, std::string_view from)
    : segment_(segment) {
  if (segment.root().dictionary == kNoBlock) return;
  std::uint32_t page = segment.root().dictionary;
  for (std::uint32_t level = segment.root().height; level > 0; --level) {
    const DictionaryPage inner(segment, page, DataType::inner);
    std::uint32_t at = inner.lower_bound(from);
    if (at > 0 && (at == inner.count() || inner.key(at) != from)) --at;
    path_.push_back({page, at});
    page = inner.child(at);
  }
  path_.push_back({page, DictionaryPage(segment, page, DataType::leaf).lower_bound(from)});
  settle();
}

void DictionaryCursor::next() {
  ++path_.back().at;
  settle();
}

// Moves to the next leaf when the current one is used up, and takes the entry.
void DictionaryCursor::settle() {
  valid_ = false;
  for (;;) {
    const std::size_t depth = path_.size() - 1;
    const DictionaryPage leaf(segment_, path_[depth].page, DataType::leaf);
    if (path_[depth].at < leaf.count()) {
      key_ = leaf.key(path_[depth].at);
      term_ = leaf.term(path_[depth].at);
      valid_ = true;
      return;
    }
    // Up to the first level that has a next child, then down its first children.
    std::size_t level = depth;
    std::uint32_t page = 0;
    for (;;) {
      if (level == 0) return;
      --level;
      const DictionaryPage inner(segment_, path_[level].page, DataType::inner);
      if (++path_[level].at < inner.count()) {
        page = inner.child(path_[level].at);
        break;
      }
    }
    for (++level; level < depth; ++level) {
      path_[level] = {page, 0};
      page = DictionaryPage(segment_, page, DataType::inner).child(0);
    }
    path_[depth] = {page, 0};
  }
}

bool ListCursor::next(std::uint32_t end_window, BlockView& out) {
  if (left_ == 0) return false;
  const std::byte* page = segment_->data_page(page_, DataType::postings);
  std::uint32_t used = load_at<DataPage>(page).used;
  while (offset_ >= used) {
    // The list goes on on the next page of postings; dictionary leaves may lie between.
    do {
      if (++page_ >= segment_->root().pages) segment_->fail(page_, "inverted list ends early");
      page = segment_->store().pin(segment_->block_of(page_), kDataPage);
    } while (load_at<DataPage>(page).type == DataType::leaf);
    page = segment_->data_page(page_, DataType::postings);
    used = load_at<DataPage>(page).used;
    offset_ = 0;
  }
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(page) + sizeof(DataPage) + offset_;
  const std::size_t room = used - offset_;
  if (room < kBlockHeader) segment_->fail(page_, "damaged block of postings");
  const BlockHead head = block_head(bytes);
  if (head.first / kWindow >= end_window) return false;
  if (head.first >= segment_->root().docs || head.count > left_ ||
      !decode_block({bytes, room}, segment_->scoring() == Scoring::bm25, out))
    segment_->fail(page_, "damaged block of postings");
  offset_ += static_cast<std::uint32_t>(out.size);
  left_ -= head.count;
  return true;
}

bool SegmentTerms::next() {
  if (started_) at_.next();
  started_ = true;
  segment_.store().check_interrupts();
  return at_.valid();
}

void SegmentTerms::read(std::vector<Posting>& out) {
  ListCursor list(segment_, at_.term());
  const TermEntry& t = at_.term();
  BlockView block;
  while (list.next(std::numeric_limits<std::uint32_t>::max(), block)) {
    std::uint32_t escape = 0;
    for (std::uint32_t i = 0; i < block.count; ++i) {
      std::uint32_t value = block.values == nullptr ? block.codes[i] : 0;
      if (block.values != nullptr) {
        std::memcpy(&value, block.values + std::size_t{4} * i, 4);
      } else if (segment_.scoring() != Scoring::bm25) {
        // Rounded to a float it may fall below the bound: step up.
        const double bound = static_cast<double>(t.low) + static_cast<double>(t.step) * value;
        auto weight = static_cast<float>(bound);
        if (weight < bound) weight = std::nextafter(weight, std::numeric_limits<float>::infinity());
        value = value_of(weight);
      } else if (value == 255) {
        std::memcpy(&value, block.escapes + std::size_t{4} * escape++, 4);
      }
      const std::uint32_t old = block.doc(i);
      if (old >= new_number_.size())
        segment_.fail(t.page, "posting of a document that is not there");
      if (new_number_[old] != kGone) out.push_back({new_number_[old], value});
    }
  }
}

}  // namespace rv::sparse
