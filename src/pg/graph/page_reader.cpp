#include "pg/graph/page_reader.h"

extern "C" {
#include "access/heapam.h"
#include "access/xact.h"
#include "utils/rel.h"
}

namespace rv::pg {

std::int64_t PageReader::row_id(HeapTupleHeader row) {
  std::int64_t id;  // the first column lies where the header ends
  memcpy(&id, reinterpret_cast<const char*>(row) + row->t_hoff, sizeof id);
  return id;
}

BlockNumber known_blocks(Relation table, BlockNumber* known) {
  if (*known == InvalidBlockNumber) *known = RelationGetNumberOfBlocks(table);
  return *known;
}

namespace {

Buffer read_recent_page(Relation heap, BlockNumber block, const RowPlaces* places) {
  const Buffer recent = places->buffer(block);
  return BufferIsValid(recent) && rv_read_recent_buffer(heap, block, recent) ? recent
                                                                             : InvalidBuffer;
}

Buffer read_new_page(Relation heap, BlockNumber block, RowPlaces* places) {
  const Buffer buffer = ReadBuffer(heap, block);
  places->note_buffer(block, buffer);
  return buffer;
}

}  // namespace

Buffer read_page(Relation heap, BlockNumber block, RowPlaces* places) {
  const Buffer recent = read_recent_page(heap, block, places);
  return BufferIsValid(recent) ? recent : read_new_page(heap, block, places);
}

PageReader::PageReader(Relation heap, BlockNumber* blocks, Snapshot snapshot, RowPlaces* places)
    : heap_(heap),
      snapshot_(snapshot),
      places_(heap->rd_tableam == GetHeapamTableAmRoutine() ? places : nullptr),
      blocks_(blocks) {}

void PageReader::close() {
  if (BufferIsValid(buffer_)) ReleaseBuffer(buffer_);
  buffer_ = InvalidBuffer;
  block_ = InvalidBlockNumber;
}

// False: a place beyond the end, of an older file.
bool PageReader::pin(BlockNumber block) {
  if (block == block_) return true;
  close();
  buffer_ = read_recent_page(heap_, block, places_);
  if (!BufferIsValid(buffer_)) {
    if (block >= known_blocks(heap_, blocks_)) return false;
    buffer_ = read_new_page(heap_, block, places_);
  }
  block_ = block;
  return true;
}

std::size_t PageReader::read(const WantedRow* wanted, std::size_t count, HeapTupleData* found) {
  ItemPointerData place;
  found[0].t_data = nullptr;
  all_visible_ = false;
  if (places_ == nullptr || !places_->find(wanted[0].id, &place)) return 1;
  const BlockNumber block = ItemPointerGetBlockNumberNoCheck(&place);
  if (!pin(block)) return 1;
  LockBuffer(buffer_, BUFFER_LOCK_SHARE);
  // Serializable transactions must leave their marks on rows: heap_hot_search_buffer() does.
  all_visible_ = PageIsAllVisible(BufferGetPage(buffer_)) && !snapshot_->takenDuringRecovery &&
                 !IsolationIsSerializable();
  std::size_t n = 0;
  do {
    look(ItemPointerGetOffsetNumberNoCheck(&place), wanted[n].id, &found[n]);
    ++n;
  } while (n < kRun && n < count && places_->find(wanted[n].id, &place) &&
           ItemPointerGetBlockNumberNoCheck(&place) == block);
  // The pin keeps what the snapshot sees where it is.
  LockBuffer(buffer_, BUFFER_LOCK_UNLOCK);
  return n;
}

void PageReader::set_row(HeapTuple row, ItemId item, OffsetNumber offset) const {
  row->t_data = reinterpret_cast<HeapTupleHeader>(PageGetItem(BufferGetPage(buffer_), item));
  row->t_len = ItemIdGetLength(item);
  row->t_tableOid = RelationGetRelid(heap_);
  ItemPointerSet(&row->t_self, block_, offset);
}

void PageReader::look(OffsetNumber offset, std::int64_t id, HeapTuple to) {
  to->t_data = nullptr;
  Page page = BufferGetPage(buffer_);
  if (offset > PageGetMaxOffsetNumber(page)) return;
  HeapTupleData row;
  if (all_visible_) {
    ItemId item = PageGetItemId(page, offset);
    if (ItemIdIsRedirected(item)) {
      offset = static_cast<OffsetNumber>(ItemIdGetRedirect(item));
      item = PageGetItemId(page, offset);
    }
    if (!ItemIdIsNormal(item)) return;
    set_row(&row, item, offset);
  } else {
    ItemPointerData tid;
    ItemPointerSet(&tid, block_, offset);
    bool all_dead = false;
    if (!heap_hot_search_buffer(&tid, heap_, buffer_, snapshot_, &row, &all_dead, true)) return;
  }
  if (row_id(row.t_data) == id) *to = row;
}

// Under the lock, as another session may be using a free place for a new row. The pin keeps where
// they are those that stand there now, and nobody changes what is in them.
std::size_t PageReader::rows_of_page(HeapTuple rows) {
  std::size_t n = 0;
  LockBuffer(buffer_, BUFFER_LOCK_SHARE);
  Page page = BufferGetPage(buffer_);
  const OffsetNumber last =
      PageIsAllVisible(page) ? PageGetMaxOffsetNumber(page) : InvalidOffsetNumber;
  for (OffsetNumber i = FirstOffsetNumber; i <= last; i = OffsetNumberNext(i)) {
    ItemId item = PageGetItemId(page, i);
    if (!ItemIdIsNormal(item)) continue;
    set_row(&rows[n++], item, i);
  }
  LockBuffer(buffer_, BUFFER_LOCK_UNLOCK);
  return n;
}

TM_Result PageReader::state(HeapTuple row) {
  LockBuffer(buffer_, BUFFER_LOCK_SHARE);
  const TM_Result state = HeapTupleSatisfiesUpdate(row, GetCurrentCommandId(false), buffer_);
  LockBuffer(buffer_, BUFFER_LOCK_UNLOCK);
  return state;
}

void PageReader::learn(BlockNumber block) {
  if (places_ == nullptr || block == learned_ || !pin(block)) return;
  learned_ = block;
  LockBuffer(buffer_, BUFFER_LOCK_SHARE);
  Page page = BufferGetPage(buffer_);
  const OffsetNumber last = PageGetMaxOffsetNumber(page);
  for (OffsetNumber i = FirstOffsetNumber; i <= last; i = OffsetNumberNext(i)) {
    ItemId item = PageGetItemId(page, i);
    if (ItemIdIsRedirected(item)) {
      item = PageGetItemId(page, static_cast<OffsetNumber>(ItemIdGetRedirect(item)));
    } else if (ItemIdIsNormal(item) && HeapTupleHeaderIsHeapOnly(reinterpret_cast<HeapTupleHeader>(
                                           PageGetItem(page, item)))) {
      continue;  // reached through the root of its chain
    }
    if (ItemIdIsNormal(item))
      places_->note(row_id(reinterpret_cast<HeapTupleHeader>(PageGetItem(page, item))), block, i);
  }
  LockBuffer(buffer_, BUFFER_LOCK_UNLOCK);
}

}  // namespace rv::pg
