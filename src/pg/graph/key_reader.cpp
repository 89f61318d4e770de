#include "pg/graph/key_reader.h"

#include <algorithm>
#include <vector>

#include "pg/base/relation_watch.h"

extern "C" {
#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/nbtree.h"
#include "access/table.h"
#include "access/visibilitymap.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "pgstat.h"
#include "utils/rel.h"
}

namespace rv::pg {
namespace {

BTPageOpaque opaque_of(Page page) {
  return reinterpret_cast<BTPageOpaque>(PageGetSpecialPointer(page));
}

// What was found of an index that is read so, in slots by its number.
struct KnownIndex {
  Oid index = InvalidOid;
  std::uint64_t news = 0;  // relation_news() then
  bool plain = false;
  BlockNumber root = InvalidBlockNumber;
  BlockNumber blocks = 0;  // those of which it is worth while to know where they are
};

KnownIndex& known_index(Oid index) {
  static KnownIndex known[64];
  return known[index % 64];
}

}  // namespace

struct KeyReaderRoom {
  char entries[KeyReader::kEntryBytes * MaxTIDsPerBTreePage];
  ItemPointerData rows[MaxTIDsPerBTreePage];
  std::uint16_t offsets[MaxTIDsPerBTreePage];
  bool dead[MaxTIDsPerBTreePage];
};

namespace {

// For the next query: this much memory is dear to get and to give back. Never destroyed.
constexpr std::size_t kSpareRooms = 8;
std::vector<std::unique_ptr<KeyReaderRoom>>& spare_rooms() {
  static auto* const rooms = [] {
    auto* made = new std::vector<std::unique_ptr<KeyReaderRoom>>;
    made->reserve(kSpareRooms);
    return made;
  }();
  return *rooms;
}

}  // namespace

void KeyReader::init(Oid table, Oid index, std::initializer_list<bool> wide,
                     MemoryContext context) noexcept {
  table_ = table;
  index_ = index;
  context_ = context;
  for (const bool w : wide) {
    const std::size_t size = w ? 8 : 4;
    bytes_ = (bytes_ + size - 1) & ~(size - 1);
    wide_[columns_] = w;
    offset_[columns_++] = bytes_;
    bytes_ += size;
  }
}

KeyReader::KeyReader() = default;
KeyReader::~KeyReader() {
  if (room_ != nullptr && spare_rooms().size() < kSpareRooms)
    spare_rooms().push_back(std::move(room_));
}

// Of an index that is open: can its pages be read as this reader does?
bool KeyReader::plain() const {
  bool plain = heap_->rd_tableam == GetHeapamTableAmRoutine() &&
               rel_->rd_rel->relam == BTREE_AM_OID &&
               IndexRelationGetNumberOfKeyAttributes(rel_) == columns_ &&
               IndexRelationGetNumberOfAttributes(rel_) == columns_ && rel_->rd_index->indisvalid &&
               rel_->rd_indextuple != nullptr &&
               (of_bytes_ || heap_attisnull(rel_->rd_indextuple, Anum_pg_index_indpred, nullptr));
  if (of_bytes_) plain = plain && rel_->rd_opcintype[0] == BYTEAOID && rel_->rd_indoption[0] == 0;
  for (int i = 0; plain && !of_bytes_ && i < columns_; ++i) {
    // An entry with a NULL has another layout.
    const AttrNumber column = rel_->rd_index->indkey.values[i];
    const Oid type = wide_[i] ? INT8OID : INT4OID;
    plain = column > 0 && TupleDescAttr(heap_->rd_att, column - 1)->attnotnull &&
            TupleDescAttr(heap_->rd_att, column - 1)->atttypid == type &&
            rel_->rd_opcintype[i] == type && rel_->rd_indoption[i] == 0;
  }
  if (!plain) return false;
  bool heap_key_space, all_equal_image;
  _bt_metaversion(rel_, &heap_key_space, &all_equal_image);
  return heap_key_space;  // older trees let equal entries lie on both sides of a pivot
}

bool KeyReader::usable() {
  if (checked_) return usable_;
  checked_ = true;
  if (IsolationIsSerializable() || rv_snapshots_grow_old()) return false;
  heap_ = table_open(table_, NoLock);  // the store holds it
  rel_ = index_open(index_, AccessShareLock);
  KnownIndex& known = known_index(index_);
  if (known.index != index_ || known.news != relation_news()) {
    const std::uint64_t before = relation_news();
    KnownIndex found{index_, before, plain()};
    known = found;  // good for as long as there is no other news
  }
  if (known.plain) {
    root_ = known.root;
    if (root_ == InvalidBlockNumber) find_root();
    // Dead entries are marked for transactions of this server, not for those of a standby.
    skip_dead_ = !TransactionStartedDuringRecovery();
  }
  return usable_ = known.plain;
}

void KeyReader::close() {
  for (Buffer& b : inner_) {
    if (BufferIsValid(b)) ReleaseBuffer(b);
    b = InvalidBuffer;
  }
  keep_leaf(InvalidBuffer);
  if (BufferIsValid(visibility_map_)) ReleaseBuffer(visibility_map_);
  visibility_map_ = InvalidBuffer;
  if (fetch_ != nullptr) {
    table_index_fetch_end(fetch_);
    ExecDropSingleTupleTableSlot(slot_);
    fetch_ = nullptr;
  }
  if (rel_ != nullptr) {
    index_close(rel_, NoLock);
    table_close(heap_, NoLock);
    rel_ = heap_ = nullptr;
  }
  checked_ = usable_ = false;
  resting_ = InvalidBlockNumber;
}

// As index_getnext_tid() does, from where deletions left the only page of a level.
void KeyReader::find_root() {
  const Buffer buffer = ReadBuffer(rel_, BTREE_METAPAGE);
  LockBuffer(buffer, BUFFER_LOCK_SHARE);
  const BTMetaPageData* meta = BTPageGetMeta(BufferGetPage(buffer));
  root_ = meta->btm_fastroot == P_NONE ? InvalidBlockNumber : meta->btm_fastroot;
  UnlockReleaseBuffer(buffer);
  // A level's only page stays in the tree: descend() sees when it is that no more.
  if (KnownIndex& known = known_index(index_); known.index == index_) known.root = root_;
}

void KeyReader::rest() noexcept {
  if (!BufferIsValid(leaf_)) return;
  resting_ = BufferGetBlockNumber(leaf_);
  keep_leaf(InvalidBuffer);
  // The root of a small index is a leaf.
  Buffer& root = inner_[root_ % kInnerPins];
  if (resting_ == root_ && BufferIsValid(root)) {
    ReleaseBuffer(root);
    root = InvalidBuffer;
  }
}

void KeyReader::keep_leaf(Buffer buffer) {
  if (BufferIsValid(leaf_) && leaf_ != buffer) ReleaseBuffer(leaf_);
  leaf_ = buffer;
}

// An inner page, pinned from the first time on.
Buffer KeyReader::inner(BlockNumber block) {
  Buffer& b = inner_[block % kInnerPins];
  if (BufferIsValid(b) && BufferGetBlockNumber(b) == block) return b;
  if (BufferIsValid(b)) ReleaseBuffer(b);
  b = InvalidBuffer;
  return b = read_page(block);
}

void KeyReader::remember() {
  if (recent_ == nullptr) {
    recent_ = recent_buffers(rel_);
    if (spare_rooms().empty()) {
      room_ = std::make_unique<KeyReaderRoom>();
    } else {
      room_ = std::move(spare_rooms().back());
      spare_rooms().pop_back();
    }
    entries_ = room_->entries;
    rows_ = room_->rows;
    offsets_ = room_->offsets;
    dead_ = room_->dead;
  }
  const BlockNumber blocks = known_index(index_).blocks;
  if (blocks > recent_->size())
    recent_->resize(
        std::min<std::size_t>(std::max<std::size_t>(blocks + blocks / 4, 64), kRecentBlocks));
}

Buffer KeyReader::read_page(BlockNumber block) {
  if (block >= recent_->size()) {
    KnownIndex& known = known_index(index_);
    known.blocks = std::max(known.blocks, block + 1);
    return ReadBuffer(rel_, block);
  }
  Buffer& recent = (*recent_)[block].buffer;
  if (BufferIsValid(recent) && rv_read_recent_buffer(rel_, block, recent)) return recent;
  return recent = ReadBuffer(rel_, block);
}

inline std::int64_t KeyReader::column(const char* data, int i) const {
  if (wide_[i]) {
    std::int64_t value;
    memcpy(&value, data + offset_[i], sizeof value);
    return value;
  }
  std::int32_t value;
  memcpy(&value, data + offset_[i], sizeof value);
  return value;
}

inline bool KeyReader::has_key(const char* data) const {
  // From the last column on: what changes from entry to entry tells first.
  for (int i = key_.parts; i-- > 0;)
    if (column(data, i) != key_.value[i]) return false;
  return true;
}

// Order of an entry with so many columns and the key: negative when everything at or right of the
// key is right of the entry. Never zero: what the key leaves open is taken for less than any value,
// and a pivot's missing columns likewise.
inline int KeyReader::compare(IndexTuple entry, int columns) const {
  if (of_bytes_) return columns == 0 ? -1 : compare_bytes(entry);
  const char* data = reinterpret_cast<const char*>(entry) + sizeof(IndexTupleData);
  const int parts = columns < key_.parts ? columns : key_.parts;
  for (int i = 0; i < parts; ++i) {
    const std::int64_t value = column(data, i);
    if (value != key_.value[i]) return value < key_.value[i] ? -1 : 1;
  }
  return columns <= key_.parts && columns < columns_ ? -1 : 1;
}

// Is everything with the key right of this page?
bool KeyReader::beyond(Page page) const {
  const BTPageOpaque opaque = opaque_of(page);
  if (P_RIGHTMOST(opaque)) return false;
  if (P_IGNORE(opaque)) return true;
  auto* high = reinterpret_cast<IndexTuple>(PageGetItem(page, PageGetItemId(page, P_HIKEY)));
  return compare(high, BTreeTupleGetNAtts(high, rel_)) < 0;
}

// Does the key's first entry lie on this leaf for certain?
bool KeyReader::on_leaf(Page page) const {
  const BTPageOpaque opaque = opaque_of(page);
  if (PageIsNew(page) || !P_ISLEAF(opaque) || P_IGNORE(opaque) || beyond(page)) return false;
  const OffsetNumber first = P_FIRSTDATAKEY(opaque);
  if (first > PageGetMaxOffsetNumber(page)) return false;
  auto* entry = reinterpret_cast<IndexTuple>(PageGetItem(page, PageGetItemId(page, first)));
  return compare(entry, columns_) < 0;
}

OffsetNumber KeyReader::first_at_least(Page page) const {
  OffsetNumber low = P_FIRSTDATAKEY(opaque_of(page));
  auto high = static_cast<OffsetNumber>(PageGetMaxOffsetNumber(page) + 1);
  while (low < high) {
    const auto middle = static_cast<OffsetNumber>(low + (high - low) / 2);
    auto* entry = reinterpret_cast<IndexTuple>(PageGetItem(page, PageGetItemId(page, middle)));
    if (compare(entry, columns_) < 0) {
      low = static_cast<OffsetNumber>(middle + 1);
    } else {
      high = middle;
    }
  }
  return low;
}

// The leaf where the key's entries begin, pinned and locked for reading.
Buffer KeyReader::descend() {
  Buffer buffer = inner(root_);
  bool remembered = true;
  LockBuffer(buffer, BUFFER_LOCK_SHARE);
  const BTPageOpaque root = opaque_of(BufferGetPage(buffer));
  if (P_IGNORE(root) || !P_LEFTMOST(root) || !P_RIGHTMOST(root)) {
    // Split since. Right links would lead everywhere still, but slowly.
    LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
    find_root();
    buffer = inner(root_);
    LockBuffer(buffer, BUFFER_LOCK_SHARE);
  }
  for (;;) {
    Page page = BufferGetPage(buffer);
    BTPageOpaque opaque = opaque_of(page);
    BlockNumber to;
    bool leaf_next = false;
    if (beyond(page)) {
      to = opaque->btpo_next;
      leaf_next = P_ISLEAF(opaque);
    } else if (P_ISLEAF(opaque)) {
      if (remembered) IncrBufferRefCount(buffer);  // the root is a leaf: a pin for either use
      return buffer;
    } else {
      // The last child whose bound is left of the key; the first has no bound.
      const OffsetNumber first = P_FIRSTDATAKEY(opaque);
      auto low = first;
      auto high = PageGetMaxOffsetNumber(page);
      while (low < high) {
        const auto middle = static_cast<OffsetNumber>(low + (high - low + 1) / 2);
        auto* pivot = reinterpret_cast<IndexTuple>(PageGetItem(page, PageGetItemId(page, middle)));
        if (compare(pivot, BTreeTupleGetNAtts(pivot, rel_)) < 0) {
          low = middle;
        } else {
          high = static_cast<OffsetNumber>(middle - 1);
        }
      }
      auto* child = reinterpret_cast<IndexTuple>(PageGetItem(page, PageGetItemId(page, low)));
      to = BTreeTupleGetDownLink(child);
      leaf_next = opaque->btpo_level == 1;
    }
    LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
    if (!remembered) ReleaseBuffer(buffer);
    CHECK_FOR_INTERRUPTS();
    remembered = !leaf_next;
    buffer = leaf_next ? read_page(to) : inner(to);
    LockBuffer(buffer, BUFFER_LOCK_SHARE);
  }
}

// Copies the page's entries with the key, from this one on; the page is locked.
void KeyReader::take(Page page, OffsetNumber from) {
  const BTPageOpaque opaque = opaque_of(page);
  const OffsetNumber last = PageGetMaxOffsetNumber(page);
  count_ = 0;
  some_dead_ = false;
  following_ = InvalidBlockNumber;
  for (OffsetNumber i = from; i <= last; i = OffsetNumberNext(i)) {
    const ItemId item = PageGetItemId(page, i);
    auto* entry = reinterpret_cast<IndexTuple>(PageGetItem(page, item));
    const char* data = reinterpret_cast<const char*>(entry) + sizeof(IndexTupleData);
    if (of_bytes_ ? !has_bytes(entry) : !has_key(data)) return;
    if (skip_dead_ && ItemIdIsDead(item)) continue;
    const bool posting = BTreeTupleIsPosting(entry);
    const int n = posting ? BTreeTupleGetNPosting(entry) : 1;
    for (int k = 0; k < n; ++k) {
      if (of_bytes_) {
      } else if (bytes_ == kEntryBytes) {
        memcpy(entries_ + count_ * kEntryBytes, data, kEntryBytes);  // a few moves, no call
      } else {
        memcpy(entries_ + count_ * kEntryBytes, data, bytes_);
      }
      offsets_[count_] = i;
      rows_[count_++] = posting ? *BTreeTupleGetPostingN(entry, k) : entry->t_tid;
    }
  }
  if (!P_RIGHTMOST(opaque)) following_ = opaque->btpo_next;
}

void KeyReader::seek(const IndexKey& key, Snapshot snapshot) {
  key_ = key;
  snapshot_ = snapshot;
  go_to_key();
}

void KeyReader::go_to_key() {
  count_ = 0;
  some_dead_ = false;
  pending_ = false;
  following_ = InvalidBlockNumber;
  // Who writes in the same query may have begun the tree since.
  if (root_ == InvalidBlockNumber) find_root();
  if (root_ == InvalidBlockNumber) return;
  pgstat_count_index_scan(rel_);
  bool here = false;
  if (!BufferIsValid(leaf_) && resting_ != InvalidBlockNumber) leaf_ = read_page(resting_);
  resting_ = InvalidBlockNumber;
  if (BufferIsValid(leaf_)) {
    LockBuffer(leaf_, BUFFER_LOCK_SHARE);
    here = on_leaf(BufferGetPage(leaf_));
    if (!here) LockBuffer(leaf_, BUFFER_LOCK_UNLOCK);
  }
  if (!here) {
    keep_leaf(InvalidBuffer);
    leaf_ = descend();
  }
  Page page = BufferGetPage(leaf_);
  take(page, first_at_least(page));
  LockBuffer(leaf_, BUFFER_LOCK_UNLOCK);
  pending_ = true;
}

// On a page that not everybody sees.
bool KeyReader::visible(std::size_t i) {
  if (fetch_ == nullptr) {
    MemoryContext old = MemoryContextSwitchTo(context_);
    fetch_ = table_index_fetch_begin(heap_);
    slot_ = table_slot_create(heap_, nullptr);
    MemoryContextSwitchTo(old);
  }
  bool again = false;
  bool all_dead = false;
  ItemPointerData row = rows_[i];
  const bool found = table_index_fetch_tuple(fetch_, &row, snapshot_, slot_, &again, &all_dead);
  ExecClearTuple(slot_);
  if (all_dead) note_dead(i);
  return found;
}

// Right siblings: a deleted page holds nothing and leads on. False at the end.
bool KeyReader::next_page() {
  if (pending_) {
    pending_ = false;
    return true;
  }
  if (following_ == InvalidBlockNumber) return false;
  CHECK_FOR_INTERRUPTS();
  const BlockNumber block = following_;
  keep_leaf(InvalidBuffer);
  leaf_ = read_page(block);
  LockBuffer(leaf_, BUFFER_LOCK_SHARE);
  Page page = BufferGetPage(leaf_);
  const BTPageOpaque opaque = opaque_of(page);
  if (P_IGNORE(opaque)) {
    count_ = 0;
    following_ = P_RIGHTMOST(opaque) ? InvalidBlockNumber : opaque->btpo_next;
  } else {
    take(page, P_FIRSTDATAKEY(opaque));
  }
  LockBuffer(leaf_, BUFFER_LOCK_UNLOCK);
  return true;
}

std::size_t KeyReader::next(const char** entries) {
  while (next_page()) {
    std::size_t kept = 0;
    // All of these entries were read before: one look at a block's bit serves for its neighbours.
    BlockNumber seen_by_all = InvalidBlockNumber;
    for (std::size_t i = 0; i < count_; ++i) {
      const BlockNumber block = ItemPointerGetBlockNumber(&rows_[i]);
      if (block == seen_by_all) {
      } else if (VM_ALL_VISIBLE(heap_, block, &visibility_map_)) {
        seen_by_all = block;
      } else if (!visible(i)) {
        continue;
      }
      if (kept != i) memcpy(entries_ + kept * kEntryBytes, entries_ + i * kEntryBytes, kEntryBytes);
      ++kept;
    }
    mark_dead();
    pgstat_count_index_tuples(rel_, kept);
    *entries = entries_;
    if (kept > 0) return kept;
  }
  return 0;
}

}  // namespace rv::pg
