#include "core/index/memory_page_store.h"

#include <algorithm>
#include <cstring>

#include "core/base/error.h"

namespace rv::index {
namespace {

// The kind stands at the start of the page, before the content.
PageKind kind_at(const std::byte* page) noexcept {
  PageKind kind;
  std::memcpy(&kind, page, sizeof kind);
  return kind;
}

}  // namespace

void MemoryPageStore::fail(Block block, const std::string& what) const {
  throw Error(ErrorCode::corrupted_index, "block " + std::to_string(block) + ": " + what);
}

void MemoryPageStore::check(Block block, PageKind kind) const {
  if (block >= pages_.size()) fail(block, "there is no such block");
  const PageKind found = kind_at(pages_[block].get());
  if (kind != kFreePage && found != kind)
    fail(block, "page of kind " + std::to_string(found) + " where kind " + std::to_string(kind) +
                    " is expected");
}

PageKind MemoryPageStore::kind_of(const std::byte* page) const noexcept {
  return kind_at(page - kHeader);
}

const std::byte* MemoryPageStore::pin(Block block, PageKind kind) {
  check(block, kind);
  ++pins_;
  if (copies_.empty()) return content(block);
  std::vector<std::byte>& copy = copies_[pins_ % copies_.size()];
  std::copy_n(content(block), content_bytes(), copy.data());
  return copy.data();
}

void MemoryPageStore::keep_pins(int window) {
  copies_.assign(static_cast<std::size_t>(window) + 1, std::vector<std::byte>(content_bytes()));
}

PageStore::Opened MemoryPageStore::lock_shared(Block block, PageKind kind) {
  check(block, kind);
  ++shared_;
  return {content(block), block};
}

void MemoryPageStore::unlock_shared(std::uint32_t) { --shared_; }

void MemoryPageStore::begin_edits() {
  if (editing_) throw Error(ErrorCode::internal, "a group of edits is open already");
  editing_ = true;
}

std::byte* MemoryPageStore::edit(Block block, PageKind kind) {
  check(block, kind);
  if (edits_.size() >= PageEdits::kMaxPages)
    throw Error(ErrorCode::internal, "more than four pages in one group of edits");
  for (const Edit& e : edits_)
    if (e.block == block) throw Error(ErrorCode::internal, "page is in the group already");
  Edit e{block, std::make_unique<std::byte[]>(page_bytes_), content_bytes()};
  std::memcpy(e.copy.get(), pages_[block].get(), page_bytes_);
  edits_.push_back(std::move(e));
  return edits_.back().copy.get() + kHeader;
}

std::byte* MemoryPageStore::create(PageKind kind, Block* block) {
  if (free_.empty()) {
    *block = static_cast<Block>(pages_.size());
    pages_.push_back(std::make_unique<std::byte[]>(page_bytes_));
  } else {
    *block = free_.back();
    free_.pop_back();
  }
  std::byte* page = edit(*block, kFreePage);
  std::memset(page - kHeader, 0, page_bytes_);
  set_kind(page, kind);
  return page;
}

MemoryPageStore::Edit& MemoryPageStore::edit_of(std::byte* page) {
  for (Edit& e : edits_)
    if (e.copy.get() + kHeader == page) return e;
  throw Error(ErrorCode::internal, "page is not in the group of edits");
}

void MemoryPageStore::set_used(std::byte* page, std::size_t bytes) { edit_of(page).used = bytes; }

void MemoryPageStore::set_kind(std::byte* page, PageKind kind) {
  edit_of(page);
  std::memcpy(page - kHeader, &kind, sizeof kind);
}

void MemoryPageStore::commit_edits() {
  for (Edit& e : edits_) {
    // What is not used is lost, as it would be after a crash.
    std::memset(e.copy.get() + kHeader + e.used, 0, content_bytes() - e.used);
    std::memcpy(pages_[e.block].get(), e.copy.get(), page_bytes_);
  }
  ++commits_;
  edits_.clear();
  editing_ = false;
}

void MemoryPageStore::abandon_edits() {
  edits_.clear();
  editing_ = false;
}

void MemoryPageStore::release(Block block) {
  PageEdits edits(*this);
  std::byte* page = edits.edit(block, kFreePage);
  set_kind(page, kFreePage);
  edits.commit();
  free_.push_back(block);
}

void MemoryPageStore::note_free(Block block) {
  hide(block);
  free_.push_back(block);
}

void MemoryPageStore::hide(Block block) {
  free_.erase(std::remove(free_.begin(), free_.end(), block), free_.end());
}

void MemoryPageStore::truncate(Block end) {
  while (pages_.size() > end) {
    hide(static_cast<Block>(pages_.size() - 1));
    pages_.pop_back();
  }
}

}  // namespace rv::index
