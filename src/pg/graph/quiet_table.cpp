#include "pg/graph/quiet_table.h"

#include "pg/base/compat.h"

extern "C" {
#include "access/heapam.h"
#include "access/visibilitymap.h"
#include "access/xact.h"
#include "storage/bufmgr.h"
#include "storage/bufpage.h"
}

namespace rv::pg {

QuietState quiet_state(Relation table, Snapshot snapshot) {
  // Heap blocks whose bits, two each, one page of the map holds.
  constexpr BlockNumber kBlocksOfMapPage = (BLCKSZ - MAXALIGN(SizeOfPageHeaderData)) * 4;
  QuietState out;
  // Serializable transactions must read rows to leave their marks; without WAL there is no LSN.
  if (table->rd_tableam != GetHeapamTableAmRoutine() || !RelationNeedsWAL(table) ||
      snapshot->takenDuringRecovery || IsolationIsSerializable() || rv_snapshots_grow_old())
    return out;
  out.blocks = RelationGetNumberOfBlocks(table);
  if (out.blocks == 0) return out;
  // First the bits, then the LSNs: whoever changed rows before this and had VACUUM set the bits
  // again has moved an LSN by then.
  BlockNumber all_visible = 0;
  visibilitymap_count(table, &all_visible, nullptr);
  if (all_visible != out.blocks) return out;
  Buffer map = InvalidBuffer;
  for (BlockNumber block = 0; block < out.blocks; block += kBlocksOfMapPage) {
    const bool visible = VM_ALL_VISIBLE(table, block, &map);
    if (!visible || !BufferIsValid(map)) {
      if (BufferIsValid(map)) ReleaseBuffer(map);
      return out;
    }
    LockBuffer(map, BUFFER_LOCK_SHARE);
    out.map += PageGetLSN(BufferGetPage(map));
    LockBuffer(map, BUFFER_LOCK_UNLOCK);
  }
  ReleaseBuffer(map);
  out.quiet = true;
  return out;
}

}  // namespace rv::pg
