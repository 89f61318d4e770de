#include "pg/storage/buffer_store.h"

#include <algorithm>
#include <exception>

extern "C" {
#include "access/xlog.h"
#include "access/xloginsert.h"
#include "storage/indexfsm.h"
#include "storage/lmgr.h"
}

namespace rv::pg {
namespace {

struct Special {
  std::uint16_t kind;
  std::uint16_t magic;
  std::uint32_t reserved;
};
static_assert(sizeof(Special) == 8);

constexpr std::size_t kContentStart = MAXALIGN(SizeOfPageHeaderData);
constexpr std::size_t kContentBytes = BLCKSZ - kContentStart - sizeof(Special);
static_assert(kContentBytes % 8 == 0);

std::byte* content_of(Page page) noexcept {
  return reinterpret_cast<std::byte*>(page) + kContentStart;
}
char* page_of(const std::byte* content) noexcept {
  return const_cast<char*>(reinterpret_cast<const char*>(content - kContentStart));
}
Special* special_of(const std::byte* content) noexcept {
  return reinterpret_cast<Special*>(page_of(content) + BLCKSZ - sizeof(Special));
}

void init_page(Page page, index::PageKind kind) noexcept {
  PageInit(page, BLCKSZ, sizeof(Special));
  // GenericXLog keeps what lies below pd_lower and above pd_upper; content fills all of it until
  // set_used() says otherwise.
  reinterpret_cast<PageHeader>(page)->pd_lower =
      static_cast<LocationIndex>(kContentStart + kContentBytes);
  auto* special = special_of(content_of(page));
  special->kind = kind;
  special->magic = kPageMagic;
  special->reserved = 0;
}

constexpr std::uint32_t hash_of(index::Block block) noexcept { return block * 2654435761u; }

}  // namespace

BufferStore::BufferStore(Relation relation, Mode mode, ForkNumber fork)
    : relation_(relation), fork_(fork), mode_(mode) {
  for (auto& h : pin_hash_) h = -1;
  if (mode_ == Mode::building) forget_recent_buffers(relation_);
}

std::size_t BufferStore::content_bytes() const noexcept { return kContentBytes; }

index::Block BufferStore::blocks() {
  known_blocks_ = call([this] { return RelationGetNumberOfBlocksInFork(relation_, fork_); });
  return known_blocks_;
}

// How an error says where it is.
std::string BufferStore::place(index::Block block) const {
  return "index \"" + std::string(RelationGetRelationName(relation_)) + "\" block " +
         std::to_string(block) + ": ";
}

void BufferStore::fail(index::Block block, const std::string& what) const {
  throw Error(ErrorCode::corrupted_index, place(block) + what, {},
              "REINDEX the index; if it happens again, check the hardware.");
}

void BufferStore::fail_replaced(index::Block block, const std::string& what) const {
  if (!call([] { return RecoveryInProgress(); })) fail(block, what);
  throw Error(ErrorCode::wrong_state, place(block) + "page was used again while the scan needed it",
              {}, "Repeat the query.");
}

void BufferStore::set_table(Relation table) noexcept {
  table_ = table;
  // The first row asks how long the table is.
  if (table_ != nullptr) table_blocks_ = 0;
}

void BufferStore::row_beyond(index::Block block, std::uint32_t table_block) {
  if (table_ == nullptr) return;
  table_blocks_ = call([this] { return RelationGetNumberOfBlocks(table_); });
  if (table_block >= table_blocks_)
    fail(block, "row of block " + std::to_string(table_block) + ", table \"" +
                    std::string(RelationGetRelationName(table_)) + "\" has " +
                    std::to_string(table_blocks_) + " blocks");
}

void BufferStore::check_page(const std::byte* page, index::Block block,
                             index::PageKind kind) const {
  const auto* header = reinterpret_cast<const PageHeaderData*>(page_of(page));
  if (PageIsNew(page_of(page))) {
    // A crash may leave a page that the file was extended by and that nothing was written to. Who
    // looks at every page passes over it; nothing else refers to it.
    if (kind == index::kFreePage) return;
    fail(block, "page is empty");
  }
  if (header->pd_special != BLCKSZ - sizeof(Special) || special_of(page)->magic != kPageMagic)
    fail(block, "not a page of this kind of index");
  const index::PageKind found = special_of(page)->kind;
  if (kind != index::kFreePage && found != kind)
    fail(block, "page of kind " + std::to_string(found) + " where kind " + std::to_string(kind) +
                    " is expected");
}

index::PageKind BufferStore::kind_of(const std::byte* page) const noexcept {
  return special_of(page)->kind;
}

// What the backend remembers of a block; null where it does not.
RecentBuffer* BufferStore::recent(index::Block block) {
  if (fork_ != MAIN_FORKNUM || block >= kRecentBlocks) return nullptr;
  if (recent_ == nullptr) recent_ = recent_buffers(relation_);
  if (block >= recent_->size()) recent_->resize(std::max<std::size_t>(known_blocks_, block + 1));
  return recent_->data() + block;
}

void BufferStore::touch(index::Block block, std::size_t offset, std::size_t bytes) {
  if (recent_ == nullptr || block >= recent_->size()) return;
  const Buffer buffer = (*recent_)[block].buffer;
  if (buffer <= 0) return;  // unknown, or a temporary table's
  rv_prefetch_buffer_descriptor(buffer);
  const char* at = BufferGetPage(buffer) + kContentStart + offset;
  for (std::size_t b = 0; b < bytes; b += 64) __builtin_prefetch(at + b);
}

// A pinned buffer of an existing block.
Buffer BufferStore::read_buffer(index::Block block) {
  if (block >= known_blocks_ && block >= blocks()) fail(block, "there is no such block");
  ++pins_;
  if (RecentBuffer* known = recent(block); known != nullptr) {
    Buffer& guess = known->buffer;
    return call([&] {
      if (guess != InvalidBuffer && rv_read_recent_buffer(relation_, block, guess)) return guess;
      guess = ReadBufferExtended(relation_, fork_, block, RBM_NORMAL, nullptr);
      return guess;
    });
  }
  return call([&] { return ReadBufferExtended(relation_, fork_, block, RBM_NORMAL, nullptr); });
}

int BufferStore::find_pin(index::Block block) const noexcept {
  for (std::uint32_t h = hash_of(block) % kPinHash;; h = (h + 1) % kPinHash) {
    const int slot = pin_hash_[h];
    if (slot < 0) return -1;
    if (pinned_block_[slot] == block) return slot;
  }
}

// Linear probing without tombstones: later members of the run move up.
void BufferStore::forget_pin(int slot) noexcept {
  std::uint32_t h = hash_of(pinned_block_[slot]) % kPinHash;
  while (pin_hash_[h] != slot) h = (h + 1) % kPinHash;
  for (std::uint32_t next = (h + 1) % kPinHash; pin_hash_[next] >= 0;
       next = (next + 1) % kPinHash) {
    const std::uint32_t home = hash_of(pinned_block_[pin_hash_[next]]) % kPinHash;
    if ((next - home + kPinHash) % kPinHash >= (next - h + kPinHash) % kPinHash) {
      pin_hash_[h] = pin_hash_[next];
      h = next;
    }
  }
  pin_hash_[h] = -1;
}

const std::byte* BufferStore::pin(index::Block block, index::PageKind kind) {
  RecentBuffer* known = trust_kinds_ ? recent(block) : nullptr;
  const bool checked = known != nullptr && known->kind == kind;
  if (const int found = find_pin(block); found >= 0) {
    const std::byte* page = content_of(BufferGetPage(pinned_[found]));
    if (unlikely(!checked)) check_page(page, block, kind);
    return page;
  }
  const Buffer buffer = read_buffer(block);
  const std::byte* page = content_of(BufferGetPage(buffer));
  if (!checked) {
    check_page(page, block, kind);
    // Reading may have made the table grow.
    if (trust_kinds_ && (known = recent(block)) != nullptr) known->kind = kind;
  }
  int slot = next_pin_;
  if (pinned_count_ < ring_) {
    ++pinned_count_;
  } else {
    forget_pin(slot);
    const Buffer old = pinned_[slot];
    call([old] { ReleaseBuffer(old); });
  }
  next_pin_ = slot + 1 == ring_ ? 0 : slot + 1;
  pinned_block_[slot] = block;
  pinned_[slot] = buffer;
  std::uint32_t h = hash_of(block) % kPinHash;
  while (pin_hash_[h] >= 0) h = (h + 1) % kPinHash;
  pin_hash_[h] = static_cast<std::int16_t>(slot);
  return page;
}

void BufferStore::unpin_all() {
  if (pinned_count_ == 0) return;
  call([this] {
    for (int i = 0; i < pinned_count_; ++i) ReleaseBuffer(pinned_[i]);
  });
  pinned_count_ = 0;
  next_pin_ = 0;
  for (auto& h : pin_hash_) h = -1;
}

void BufferStore::prefetch(index::Block block) {
  call([this, block] { PrefetchBuffer(relation_, fork_, block); });
}

// Only a damaged reference leads to a page that this group of edits has locked: waiting for it
// would have no end.
void BufferStore::refuse_own_lock(index::Block block) const {
  for (int i = 0; i < edit_count_; ++i)
    if (BufferGetBlockNumber(edits_[i].buffer) == block)
      fail(block, "reference to the page that it stands on");
}

index::PageStore::Opened BufferStore::lock_shared(index::Block block, index::PageKind kind) {
  refuse_own_lock(block);
  Buffer buffer;
  if (const int slot = find_pin(block); slot >= 0) {
    buffer = pinned_[slot];
    call([buffer] {
      IncrBufferRefCount(buffer);
      LockBuffer(buffer, BUFFER_LOCK_SHARE);
    });
  } else {
    buffer = read_buffer(block);
    call([buffer] { LockBuffer(buffer, BUFFER_LOCK_SHARE); });
  }
  std::byte* page = content_of(BufferGetPage(buffer));
  check_page(page, block, kind);
  return {page, static_cast<std::uint32_t>(buffer)};
}

void BufferStore::unlock_shared(std::uint32_t token) {
  // In flight: PostgreSQL's error handling has counted the lock off already.
  if (std::uncaught_exceptions() > 0) return;
  UnlockReleaseBuffer(static_cast<Buffer>(token));
}

void BufferStore::begin_edits() {
  if (editing_) throw Error(ErrorCode::internal, "a group of page edits is open already");
  editing_ = true;
  edit_count_ = 0;
  if (mode_ == Mode::logged) xlog_ = call([this] { return GenericXLogStart(relation_); });
}

std::byte* BufferStore::edit(index::Block block, index::PageKind kind) {
  if (edit_count_ >= index::PageEdits::kMaxPages)
    throw Error(ErrorCode::internal, "more than four pages in one group of edits");
  refuse_own_lock(block);
  const Buffer buffer = read_buffer(block);
  std::byte* page = content_of(BufferGetPage(buffer));
  Page image = call([&] {
    LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
    return xlog_ == nullptr ? BufferGetPage(buffer) : GenericXLogRegisterBuffer(xlog_, buffer, 0);
  });
  edits_[edit_count_++] = {buffer, content_of(image), false};
  check_page(page, block, kind);
  return content_of(image);
}

// A page that was released and that nobody has taken since; InvalidBuffer when there is none.
Buffer BufferStore::reuse_released_page(index::Block* block) {
  for (;;) {
    const index::Block candidate = call([this] { return GetFreeIndexPage(relation_); });
    if (candidate == InvalidBlockNumber) return InvalidBuffer;
    if (candidate >= known_blocks_ && candidate >= blocks()) continue;  // the map is not crash-safe
    const Buffer buffer = read_buffer(candidate);
    const bool taken = call([buffer] {
      if (!ConditionalLockBuffer(buffer)) {
        ReleaseBuffer(buffer);
        return true;
      }
      Page page = BufferGetPage(buffer);
      const std::byte* content = content_of(page);
      if (PageIsNew(page) || (special_of(content)->magic == kPageMagic &&
                              special_of(content)->kind == index::kFreePage))
        return false;
      UnlockReleaseBuffer(buffer);
      return true;
    });
    if (!taken) {
      *block = candidate;
      return buffer;
    }
  }
}

Buffer BufferStore::extend(index::Block* block) {
  const bool lock = mode_ == Mode::logged && !RELATION_IS_LOCAL(relation_);
  const Buffer buffer = call([this, lock] {
    if (lock) LockRelationForExtension(relation_, ExclusiveLock);
    const Buffer b = ReadBufferExtended(relation_, fork_, P_NEW, RBM_ZERO_AND_LOCK, nullptr);
    if (lock) UnlockRelationForExtension(relation_, ExclusiveLock);
    return b;
  });
  *block = BufferGetBlockNumber(buffer);
  known_blocks_ = std::max(known_blocks_, *block + 1);
  return buffer;
}

std::byte* BufferStore::create(index::PageKind kind, index::Block* block) {
  if (edit_count_ >= index::PageEdits::kMaxPages)
    throw Error(ErrorCode::internal, "more than four pages in one group of edits");
  Buffer buffer = InvalidBuffer;
  if (mode_ == Mode::logged && fork_ == MAIN_FORKNUM) buffer = reuse_released_page(block);
  if (buffer == InvalidBuffer) buffer = extend(block);
  Page image = call([&] {
    return xlog_ == nullptr ? BufferGetPage(buffer)
                            : GenericXLogRegisterBuffer(xlog_, buffer, GENERIC_XLOG_FULL_IMAGE);
  });
  init_page(image, kind);
  edits_[edit_count_++] = {buffer, content_of(image), true};
  return content_of(image);
}

void BufferStore::set_used(std::byte* page, std::size_t bytes) {
  if (bytes > kContentBytes) throw Error(ErrorCode::internal, "more content than a page holds");
  reinterpret_cast<PageHeader>(page_of(page))->pd_lower =
      static_cast<LocationIndex>(kContentStart + bytes);
}

void BufferStore::set_kind(std::byte* page, index::PageKind kind) { special_of(page)->kind = kind; }

void BufferStore::commit_edits() {
  call([this] {
    if (xlog_ != nullptr) {
      GenericXLogFinish(xlog_);
    } else {
      for (int i = 0; i < edit_count_; ++i) MarkBufferDirty(edits_[i].buffer);
    }
    for (int i = 0; i < edit_count_; ++i) UnlockReleaseBuffer(edits_[i].buffer);
  });
  xlog_ = nullptr;
  edit_count_ = 0;
  editing_ = false;
}

void BufferStore::abandon_edits() {
  editing_ = false;
  GenericXLogState* xlog = xlog_;
  xlog_ = nullptr;
  const int count = edit_count_;
  edit_count_ = 0;
  if (std::uncaught_exceptions() > 0) return;  // the transaction's abort cleans up
  // pfree and lock releases: none of these raises.
  if (xlog != nullptr) GenericXLogAbort(xlog);
  for (int i = 0; i < count; ++i) {
    if (xlog == nullptr) MarkBufferDirty(edits_[i].buffer);
    UnlockReleaseBuffer(edits_[i].buffer);
  }
}

void BufferStore::release(index::Block block) {
  index::PageEdits edits(*this);
  std::byte* page = edits.edit(block, index::kFreePage);
  edits.set_kind(page, index::kFreePage);
  edits.set_used(page, 0);
  edits.commit();
  call([this, block] { RecordFreeIndexPage(relation_, block); });
}

index::PageKind BufferStore::kind_of_block(index::Block block) {
  const Buffer buffer = read_buffer(block);
  return call([buffer] {
    LockBuffer(buffer, BUFFER_LOCK_SHARE);
    Page page = BufferGetPage(buffer);
    const index::PageKind kind =
        PageIsNew(page) ? index::kFreePage : special_of(content_of(page))->kind;
    UnlockReleaseBuffer(buffer);
    return kind;
  });
}

void BufferStore::note_free(index::Block block) {
  call([this, block] { RecordFreeIndexPage(relation_, block); });
}

void BufferStore::log_whole_fork() {
  if (!RelationNeedsWAL(relation_) && fork_ != INIT_FORKNUM) return;
  const index::Block end = blocks();
  call([this, end] { log_newpage_range(relation_, fork_, 0, end, true); });
}

}  // namespace rv::pg
