// Pages in plain memory, for unit tests, fuzzers and tools. Checks the rules of page_store.h: lock
// order, kinds, edits inside a group; a test that breaks one fails with Error(internal).
#pragma once

#include <memory>
#include <vector>

#include "core/index/page_store.h"

namespace rv::index {

class MemoryPageStore final : public PageStore {
 public:
  explicit MemoryPageStore(std::size_t page_bytes = 8192) : page_bytes_(page_bytes) {}

  std::size_t content_bytes() const noexcept override { return page_bytes_ - kHeader; }
  Block blocks() override { return static_cast<Block>(pages_.size()); }
  const std::byte* pin(Block block, PageKind kind) override;
  int pin_window() const noexcept override {
    return copies_.empty() ? kPinWindow : static_cast<int>(copies_.size()) - 1;
  }
  void unpin_all() override {}
  void touch(Block block, std::size_t offset, std::size_t bytes) override {
    if (block >= pages_.size()) return;
    for (std::size_t b = 0; b < bytes; b += 64) __builtin_prefetch(content(block) + offset + b);
  }
  void release(Block block) override;
  void note_free(Block block) override;
  [[noreturn]] void fail(Block block, const std::string& what) const override;

  // As a server makes its files smaller.
  void hide(Block block);  // from create()
  void truncate(Block end);

  // From now on pins are copies, and only so many further pins leave one as it was: who uses a page
  // for longer reads another one.
  void keep_pins(int window);

  // For tests of damaged pages and of crashes.
  std::byte* raw(Block block) { return content(block); }
  std::uint64_t pins() const noexcept { return pins_; }
  std::uint64_t commits() const noexcept { return commits_; }
  int open_locks() const noexcept { return shared_; }

 protected:
  Opened lock_shared(Block block, PageKind kind) override;
  void unlock_shared(std::uint32_t token) override;
  void begin_edits() override;
  std::byte* edit(Block block, PageKind kind) override;
  std::byte* create(PageKind kind, Block* block) override;
  void set_used(std::byte* page, std::size_t bytes) override;
  void set_kind(std::byte* page, PageKind kind) override;
  void commit_edits() override;
  void abandon_edits() override;
  PageKind kind_of(const std::byte* page) const noexcept override;

 private:
  static constexpr std::size_t kHeader = 32;  // as much as a PostgreSQL page spends
  struct Edit {
    Block block;
    std::unique_ptr<std::byte[]> copy;
    std::size_t used;
  };

  std::byte* content(Block block) { return pages_[block].get() + kHeader; }
  void check(Block block, PageKind kind) const;
  Edit& edit_of(std::byte* page);

  std::size_t page_bytes_;
  std::vector<std::unique_ptr<std::byte[]>> pages_;
  std::vector<Block> free_;
  std::vector<Edit> edits_;
  bool editing_ = false;
  int shared_ = 0;
  std::uint64_t pins_ = 0;
  std::vector<std::vector<std::byte>> copies_;
  std::uint64_t commits_ = 0;
};

}  // namespace rv::index
