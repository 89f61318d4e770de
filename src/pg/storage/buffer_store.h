// index::PageStore over PostgreSQL's buffer manager.
//
// A page is a standard PostgreSQL page: header, content up to the special area, and there the
// page's kind and a magic number. Changes are logged by GenericXLog, which needs no preloaded
// library and replays on any server; while an index is being built its pages are written directly
// and logged whole at the end (log_whole_fork).
//
// Locks and pins of a store that is left by an exception stay with PostgreSQL: the transaction's
// abort releases them. Otherwise they are released as soon as the guards of page_store.h end.
#pragma once

#include <vector>

#include "core/index/page_store.h"
#include "pg/base/guard.h"
#include "pg/storage/recent_buffers.h"

extern "C" {
#include "access/generic_xlog.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"
}

namespace rv::pg {

inline constexpr std::uint16_t kPageMagic = 0x5256;  // "RV"

class BufferStore final : public index::PageStore {
 public:
  enum class Mode {
    logged,   // an index in use
    building  // nobody else sees the index; call log_whole_fork() at the end
  };
  BufferStore(Relation relation, Mode mode, ForkNumber fork = MAIN_FORKNUM);
  ~BufferStore() override = default;  // pins: unpin_all() or the end of the transaction

  std::size_t content_bytes() const noexcept override;
  index::Block blocks() override;
  const std::byte* pin(index::Block block, index::PageKind kind) override;
  int pin_window() const noexcept override { return ring_ == kPins ? kPinWindow : ring_ - 1; }
  // PostgreSQL counts a backend's pins of eight buffers in an array and those of further ones in a
  // hash table, which each pin and unpin then goes to several times. A scan keeps six pages pinned
  // and leaves two for the table and its TOAST table. Before the first pin.
  void keep_few_pins() noexcept { ring_ = kFewPins; }
  void unpin_all() override;
  void kinds_never_change() override { trust_kinds_ = true; }
  void prefetch(index::Block block) override;
  void touch(index::Block block, std::size_t offset, std::size_t bytes) override;
  void release(index::Block block) override;
  index::PageKind kind_of_block(index::Block block) override;
  void note_free(index::Block block) override;
  [[noreturn]] void fail(index::Block block, const std::string& what) const override;
  [[noreturn]] void fail_replaced(index::Block block, const std::string& what) const override;
  // Rows are checked to lie within this table; null: they are not.
  void set_table(Relation table) noexcept;
  void check_interrupts() override { pg::check_interrupts(); }

  // Write-ahead logs every page of the fork. Building mode only.
  void log_whole_fork();
  // Forgets how long the index was: it may have grown.
  void refresh_blocks() noexcept { known_blocks_ = 0; }
  // Pages pinned since the store exists, for statistics.
  std::uint64_t pins() const noexcept { return pins_; }
  Relation relation() const noexcept { return relation_; }

 protected:
  void row_beyond(index::Block block, std::uint32_t table_block) override;
  Opened lock_shared(index::Block block, index::PageKind kind) override;
  void unlock_shared(std::uint32_t token) override;
  void begin_edits() override;
  std::byte* edit(index::Block block, index::PageKind kind) override;
  std::byte* create(index::PageKind kind, index::Block* block) override;
  void set_used(std::byte* page, std::size_t bytes) override;
  void set_kind(std::byte* page, index::PageKind kind) override;
  void commit_edits() override;
  void abandon_edits() override;
  index::PageKind kind_of(const std::byte* page) const noexcept override;

 private:
  static constexpr int kPins = 128;
  static constexpr int kFewPins = 6;
  static constexpr int kPinHash = 512;

  struct Editing {
    Buffer buffer;
    std::byte* page;  // GenericXLog's copy, or the buffer's page while building
    bool created;
  };

  Buffer read_buffer(index::Block block);
  void check_page(const std::byte* page, index::Block block, index::PageKind kind) const;
  std::string place(index::Block block) const;
  void refuse_own_lock(index::Block block) const;
  Buffer reuse_released_page(index::Block* block);
  Buffer extend(index::Block* block);
  RecentBuffer* recent(index::Block block);
  int find_pin(index::Block block) const noexcept;
  void forget_pin(int slot) noexcept;

  Relation relation_;
  Relation table_ = nullptr;
  std::shared_ptr<RecentBuffers> recent_;  // the main fork's; looked up when first used
  bool trust_kinds_ = false;
  ForkNumber fork_;
  Mode mode_;
  index::Block known_blocks_ = 0;
  std::uint64_t pins_ = 0;

  // Ring of pinned buffers with an open-addressed index by block.
  index::Block pinned_block_[kPins];
  Buffer pinned_[kPins];
  std::int16_t pin_hash_[kPinHash];
  int ring_ = kPins;
  int next_pin_ = 0;
  int pinned_count_ = 0;

  GenericXLogState* xlog_ = nullptr;
  Editing edits_[index::PageEdits::kMaxPages];
  int edit_count_ = 0;
  bool editing_ = false;
};

}  // namespace rv::pg
