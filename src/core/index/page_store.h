// Pages as the index algorithms see them. PostgreSQL's shared buffers implement this interface in
// production (src/pg/storage), plain memory in unit tests, so every algorithm and every check runs
// without a server.
//
// A page has a kind, set when it is created and verified whenever it is opened, and content_bytes()
// bytes of content, aligned to 8. Readers and writers are separated by page locks:
//
//   PageRead   shared lock; bytes do not change while it lives.
//   pin()      no lock: only for bytes that are never rewritten while a reader can reach them.
//   PageEdits  exclusive locks on up to four pages that change together: after a crash all of the
//              changes are there or none.
//
// Lock order, to exclude deadlocks: each type of index defines one over its kinds of pages, and
// says so in its layout.h; pages that were just created are known to nobody and exempt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace rv::index {

using Block = std::uint32_t;
inline constexpr Block kNoBlock = 0xFFFFFFFFu;

// What a page holds. Every index type numbers its kinds from its own base: hnsw 0x10, ivfflat 0x20,
// sparse 0x30. 0 is a page that nobody uses.
using PageKind = std::uint16_t;
inline constexpr PageKind kFreePage = 0;

class PageStore {
 public:
  PageStore() = default;
  PageStore(const PageStore&) = delete;
  PageStore& operator=(const PageStore&) = delete;
  virtual ~PageStore() = default;

  virtual std::size_t content_bytes() const noexcept = 0;
  virtual Block blocks() = 0;

  // Promises that no page of this index ever changes its kind: then pin() may trust what it has
  // seen before. Looking at the kind costs two cache misses a page.
  virtual void kinds_never_change() {}

  // The content of a page without a lock. The pointer stays valid for at least pin_window() further
  // pins, which is kPinWindow unless the store was asked for less, or until unpin_all().
  static constexpr int kPinWindow = 64;
  virtual const std::byte* pin(Block block, PageKind kind) = 0;
  virtual int pin_window() const noexcept { return kPinWindow; }
  virtual void unpin_all() = 0;

  // A hint that pages will be pinned soon: to have them read from disk, and to have these bytes of
  // their content brought from memory into the processor's caches.
  virtual void prefetch(Block) {}
  virtual void touch(Block, std::size_t /*offset*/, std::size_t /*bytes*/) {}

  // Gives a page back for create(). The caller has made sure that nobody follows a reference to it
  // any more, or that who does recognises a foreign page by its kind.
  virtual void release(Block block) = 0;

  // The kind of any existing page; kFreePage also for one that was never written. Without a lock
  // that its writers respect the answer may be old.
  virtual PageKind kind_of_block(Block block);
  // Makes a free page findable for create() again: after a crash the store may not know it.
  virtual void note_free(Block) {}

  // Throws Error(corrupted_index) that names the index and the block.
  [[noreturn]] virtual void fail(Block block, const std::string& what) const = 0;
  // For a page that another use was found for while somebody read it, which only a reader that its
  // writer knows nothing of (a standby's) may meet: there, an error that says to repeat the query.
  [[noreturn]] virtual void fail_replaced(Block block, const std::string& what) const {
    fail(block, what);
    __builtin_unreachable();  // GCC 12 does not see it through the virtual call
  }
  // Throws as fail() does when a row that stands on `block` lies beyond the end of the table.
  void check_row(Block block, std::uint32_t table_block) {
    if (table_block >= table_blocks_) [[unlikely]]
      row_beyond(block, table_block);
  }
  // Lets a pending cancel take effect (throws). Called about every millisecond of work, never with
  // a page locked.
  virtual void check_interrupts() {}

 protected:
  // Blocks that the table has at least. Stores that know no table let any row pass.
  std::uint64_t table_blocks_ = std::uint64_t{1} << 32;
  virtual void row_beyond(Block, std::uint32_t /*table_block*/) {}

  friend class PageRead;
  friend class PageEdits;
  // A token names the locked page to the store.
  struct Opened {
    std::byte* bytes;
    std::uint32_t token;
  };
  // kind kFreePage accepts any kind.
  virtual Opened lock_shared(Block block, PageKind kind) = 0;
  virtual void unlock_shared(std::uint32_t token) = 0;
  virtual void begin_edits() = 0;
  virtual std::byte* edit(Block block, PageKind kind) = 0;
  virtual std::byte* create(PageKind kind, Block* block) = 0;
  virtual void set_used(std::byte* page, std::size_t bytes) = 0;
  virtual void set_kind(std::byte* page, PageKind kind) = 0;
  virtual void commit_edits() = 0;
  virtual void abandon_edits() = 0;  // also while an exception is in flight
  virtual PageKind kind_of(const std::byte* page) const noexcept = 0;
};

// A page under a shared lock.
class PageRead {
 public:
  PageRead(PageStore& store, Block block, PageKind kind)
      : store_(&store), opened_(store.lock_shared(block, kind)) {}
  ~PageRead() { store_->unlock_shared(opened_.token); }
  PageRead(const PageRead&) = delete;
  PageRead& operator=(const PageRead&) = delete;

  const std::byte* bytes() const noexcept { return opened_.bytes; }
  PageKind kind() const noexcept { return store_->kind_of(opened_.bytes); }
  template <class T>
  const T* at(std::size_t offset = 0) const noexcept {
    return reinterpret_cast<const T*>(opened_.bytes + offset);
  }

 private:
  PageStore* store_;
  PageStore::Opened opened_;
};

inline PageKind PageStore::kind_of_block(Block block) {
  return PageRead(*this, block, kFreePage).kind();
}

// Up to four pages that change together. Pointers are to private copies (or, while an index is
// being built, to the pages themselves) and end with commit() or the object. Without commit()
// nothing happened, except that created pages stay unused.
class PageEdits {
 public:
  static constexpr int kMaxPages = 4;

  explicit PageEdits(PageStore& store) : store_(&store) { store.begin_edits(); }
  ~PageEdits() {
    if (store_ != nullptr) store_->abandon_edits();
  }
  PageEdits(const PageEdits&) = delete;
  PageEdits& operator=(const PageEdits&) = delete;

  std::byte* edit(Block block, PageKind kind) { return store_->edit(block, kind); }
  template <class T>
  T* edit_as(Block block, PageKind kind) {
    return reinterpret_cast<T*>(store_->edit(block, kind));
  }
  // A zeroed page, from the released ones or at the end of the index.
  std::byte* create(PageKind kind, Block* block) { return store_->create(kind, block); }
  // Content beyond `bytes` need not be kept (and is not logged). A new page counts as full.
  void set_used(std::byte* page, std::size_t bytes) { store_->set_used(page, bytes); }
  void set_kind(std::byte* page, PageKind kind) { store_->set_kind(page, kind); }
  void commit() {
    PageStore* store = store_;
    store_ = nullptr;
    store->commit_edits();
  }

 private:
  PageStore* store_;
};

}  // namespace rv::index
