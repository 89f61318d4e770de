// Reads a segment. Nothing it finds on a page is trusted: what does not fit is XX002.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/index/page_store.h"
#include "core/sparse/block_codec.h"
#include "core/sparse/layout.h"
#include "core/sparse/term_source.h"

namespace rv::sparse {

class SegmentReader {
 public:
  SegmentReader(index::PageStore& store, Scoring scoring, std::uint32_t id, Block root);

  const SegmentRoot& root() const noexcept { return root_; }
  const std::vector<Extent>& extents() const noexcept { return extents_; }
  Block root_block() const noexcept { return root_block_; }
  Scoring scoring() const noexcept { return scoring_; }
  index::PageStore& store() const noexcept { return store_; }
  Block block_of(std::uint32_t page) const;

  // The header of logical page `page`, pinned (page_store.h); its data follow.
  const std::byte* data_page(std::uint32_t page, DataType type) const;

  std::optional<TermEntry> find(std::string_view key) const;
  Row row(std::uint32_t doc) const;
  // Rows [first, first + n) or as many as there are.
  void rows(std::uint32_t first, std::uint32_t n, std::vector<Row>& out) const;
  // Lengths of [first, first + n); BM25 only. `out` has room for n.
  void lengths(std::uint32_t first, std::uint32_t n, std::uint32_t* out) const;

  [[noreturn]] void fail(std::uint32_t page, const char* what) const;

 private:
  friend class DictionaryCursor;
  void check_page(const std::byte* bytes, Block block, std::uint32_t page, DataType type) const;
  index::PageStore& store_;
  Scoring scoring_;
  Block root_block_;
  SegmentRoot root_;
  std::vector<Extent> extents_;
  std::vector<std::uint32_t> first_page_;  // of each extent
};

// A dictionary page: entries in key order.
class DictionaryPage {
 public:
  DictionaryPage(const SegmentReader& segment, std::uint32_t page, DataType type);
  std::uint32_t count() const noexcept { return count_; }
  std::string_view key(std::uint32_t i) const;
  TermEntry term(std::uint32_t i) const;
  std::uint32_t child(std::uint32_t i) const;
  // First entry whose key is not below `key`.
  std::uint32_t lower_bound(std::string_view key) const;

 private:
  const std::byte* entry(std::uint32_t i, std::size_t* room) const;
  const SegmentReader& segment_;
  std::uint32_t page_, count_, used_;
  DataType type_;
  const std::byte* data_;
};

// Walks the dictionary upwards from a key.
class DictionaryCursor {
 public:
  DictionaryCursor(const SegmentReader& segment, std::string_view from);
  bool valid() const noexcept { return valid_; }
  const std::string& key() const noexcept { return key_; }
  const TermEntry& term() const noexcept { return term_; }
  void next();

 private:
  struct Level {
    std::uint32_t page, at;
  };
  void settle();
  const SegmentReader& segment_;
  std::vector<Level> path_;  // from the top to the leaf
  bool valid_ = false;
  std::string key_;
  TermEntry term_{};
};

// Walks the blocks of a list.
class ListCursor {
 public:
  ListCursor() = default;
  ListCursor(const SegmentReader& segment, const TermEntry& term)
      : segment_(&segment), page_(term.page), offset_(term.offset), left_(term.df) {}
  bool valid() const noexcept { return left_ > 0; }
  // Decodes the next block when it belongs to a window below `end_window`; false when it does not
  // or when there is none. The block's bytes are pinned.
  bool next(std::uint32_t end_window, BlockView& out);

 private:
  const SegmentReader* segment_ = nullptr;
  std::uint32_t page_ = 0, offset_ = 0, left_ = 0;
};

// A segment's lists for merging: documents renumbered by `new_number`, those of kGone left out.
class SegmentTerms final : public TermSource {
 public:
  static constexpr std::uint32_t kGone = 0xFFFFFFFFu;
  SegmentTerms(const SegmentReader& segment, std::vector<std::uint32_t> new_number)
      : segment_(segment), new_number_(std::move(new_number)), at_(segment, {}) {}
  bool next() override;
  std::string_view key() const override { return at_.key(); }
  float error() const override { return at_.term().error; }
  void read(std::vector<Posting>& out) override;

 private:
  const SegmentReader& segment_;
  std::vector<std::uint32_t> new_number_;
  DictionaryCursor at_;
  bool started_ = false;
};

}  // namespace rv::sparse
