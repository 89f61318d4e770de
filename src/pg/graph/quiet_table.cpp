#include "pg/graph/quiet_table.h"

#include "pg/base/compat.h"

extern "C" {
#include "access/heapam.h"
#include "access/table.h"
#include "access/visibilitymap.h"
#include "access/xact.h"
#include "storage/bufmgr.h"
#include "storage/bufpage.h"
}

namespace rv::pg {

namespace {

// Heap blocks whose bits, two each, one page of the map holds.
constexpr BlockNumber kBlocksOfMapPage = (BLCKSZ - MAXALIGN(SizeOfPageHeaderData)) * 4;

}  // namespace

bool has_telling_map(Relation table, Snapshot snapshot) {
  // Serializable transactions must read rows to leave their marks; without WAL there is no LSN.
  return table->rd_tableam == GetHeapamTableAmRoutine() && RelationNeedsWAL(table) &&
         !snapshot->takenDuringRecovery && !IsolationIsSerializable() && !rv_snapshots_grow_old();
}

std::uint64_t map_lsn(Relation table, BlockNumber blocks) {
  std::uint64_t sum = 0;
  Buffer map = InvalidBuffer;
  for (BlockNumber block = 0; block < blocks; block += kBlocksOfMapPage) {
    (void)VM_ALL_VISIBLE(table, block, &map);
    if (!BufferIsValid(map)) continue;  // no bit was ever set
    LockBuffer(map, BUFFER_LOCK_SHARE);
    sum += PageGetLSN(BufferGetPage(map));
    LockBuffer(map, BUFFER_LOCK_UNLOCK);
  }
  if (BufferIsValid(map)) ReleaseBuffer(map);
  return sum;
}

namespace {

QuietState state_of(Relation table, Snapshot snapshot) {
  QuietState out;
  if (!has_telling_map(table, snapshot)) return out;
  out.blocks = RelationGetNumberOfBlocks(table);
  if (out.blocks == 0) return out;
  // First the bits, then the LSNs: whoever changed rows before this and had VACUUM set the bits
  // again has moved an LSN by then.
  BlockNumber all_visible = 0;
  visibilitymap_count(table, &all_visible, nullptr);
  if (all_visible != out.blocks) return out;
  out.map = map_lsn(table, out.blocks);
  out.quiet = true;
  return out;
}

}  // namespace

QuietState quiet_state(Oid table, Snapshot snapshot) {
  Relation rel = table_open(table, AccessShareLock);
  const QuietState state = state_of(rel, snapshot);
  table_close(rel, NoLock);
  return state;
}

}  // namespace rv::pg
