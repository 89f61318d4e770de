// The pending list: documents as they arrived, before they become a segment.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/index/page_store.h"
#include "core/sparse/document.h"
#include "core/sparse/layout.h"

namespace rv::sparse {

// A document's bytes on pending pages.
std::vector<std::byte> encode_pending(const Document& d);

// One document of the list. Views are valid during the call that hands it out.
struct PendingDocument {
  Row row;
  std::uint32_t length;
  std::uint32_t terms;
  const std::byte* entries;
  std::size_t bytes;
};

// Reads entries one after the other.
class PendingEntries {
 public:
  explicit PendingEntries(const PendingDocument& d) : at_(d.entries), end_(d.entries + d.bytes) {}
  // False at the end; a damaged entry ends the list early.
  bool next(Term& out) noexcept;

 private:
  const std::byte *at_, *end_;
};

// Walks the documents of a chain in order, at most `max_docs` of them; dead ones too.
// XX002 when the chain is damaged. Returns how many there were.
std::uint64_t read_pending(index::PageStore& store, Block head,
                           const std::function<void(const PendingDocument&)>& each,
                           std::vector<Block>* pages = nullptr);

// Marks the documents of a chain dead for which `is_dead` says so; returns how many, and counts
// those that live in *live.
std::uint64_t mark_pending(index::PageStore& store, Block head,
                           const std::function<bool(const Row&)>& is_dead, std::uint64_t* live);

}  // namespace rv::sparse
