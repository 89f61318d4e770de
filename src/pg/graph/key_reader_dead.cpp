// Marks of index entries whose rows are dead to everyone, as kill_prior_tuple leaves them.
#include "pg/graph/key_reader.h"

extern "C" {
#include "access/nbtree.h"
#include "storage/bufmgr.h"
}

namespace rv::pg {

void KeyReader::note_dead(std::size_t i) {
  if (!skip_dead_) return;  // a standby's snapshots are not known to who called these rows dead
  if (!some_dead_) memset(dead_, 0, count_);
  some_dead_ = true;
  dead_[i] = true;
}

// As _bt_killitems() of a scan that kept its pin: no place in the heap was given to another row
// since the entries were read. Entries may have moved right by insertions; one that is not found
// stays as it is. The lock of readers is enough for hints.
void KeyReader::mark_dead() {
  if (!some_dead_) return;
  some_dead_ = false;
  LockBuffer(leaf_, BUFFER_LOCK_SHARE);
  Page page = BufferGetPage(leaf_);
  const OffsetNumber last = PageGetMaxOffsetNumber(page);
  bool marked = false;
  for (std::size_t i = 0, n = 0; i < count_; i += n) {
    // The rows of one entry, and whether all of them are dead.
    bool dead = true;
    for (n = 0; i + n < count_ && offsets_[i + n] == offsets_[i]; ++n) dead = dead && dead_[i + n];
    if (!dead) continue;
    for (OffsetNumber at = offsets_[i]; at <= last; at = OffsetNumberNext(at)) {
      const ItemId item = PageGetItemId(page, at);
      auto* entry = reinterpret_cast<IndexTuple>(PageGetItem(page, item));
      const bool posting = BTreeTupleIsPosting(entry);
      const std::size_t rows = posting ? BTreeTupleGetNPosting(entry) : 1;
      bool same = rows == n;
      for (std::size_t k = 0; same && k < n; ++k) {
        ItemPointer row =
            posting ? BTreeTupleGetPostingN(entry, static_cast<int>(k)) : &entry->t_tid;
        same = ItemPointerEquals(row, &rows_[i + k]);
      }
      if (!same) continue;
      if (!ItemIdIsDead(item)) {
        ItemIdMarkDead(item);
        marked = true;
      }
      break;
    }
  }
  if (marked) {
    auto* opaque = reinterpret_cast<BTPageOpaque>(PageGetSpecialPointer(page));
    opaque->btpo_flags |= BTP_HAS_GARBAGE;
    MarkBufferDirtyHint(leaf_, true);
  }
  LockBuffer(leaf_, BUFFER_LOCK_UNLOCK);
}

}  // namespace rv::pg
