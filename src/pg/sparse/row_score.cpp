#include "pg/sparse/row_score.h"

extern "C" {
#include "access/heapam.h"
#include "access/htup_details.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"
}

namespace rv::pg {
namespace {

struct {
  IndexScanDesc scan;  // null: nothing is remembered
  const PreparedText* text;
  double score;
} last;

}  // namespace

void remember_row_score(IndexScanDesc scan, const PreparedText* text, double score) noexcept {
  last = {scan, text, score};
}

void forget_row_score(IndexScanDesc scan) noexcept {
  if (last.scan == scan) last.scan = nullptr;
}

// The scan's table access keeps the row's page pinned, and has put the place of the visible version
// into xs_heaptid. A value that lies at the same address as the column of that version is it.
std::optional<double> row_score(const PreparedText* text, Datum value) {
  IndexScanDesc scan = last.scan;
  if (scan == nullptr || last.text != text || scan->heapRelation == nullptr ||
      scan->xs_heapfetch == nullptr || scan->heapRelation->rd_tableam != GetHeapamTableAmRoutine())
    return std::nullopt;
  const AttrNumber column = scan->indexRelation->rd_index->indkey.values[0];
  const Buffer buffer = reinterpret_cast<IndexFetchHeapData*>(scan->xs_heapfetch)->xs_cbuf;
  if (column <= 0 || !BufferIsValid(buffer)) return std::nullopt;
  const bool same = call([&] {
    if (BufferGetBlockNumber(buffer) != ItemPointerGetBlockNumber(&scan->xs_heaptid)) return false;
    Page page = BufferGetPage(buffer);
    const OffsetNumber at = ItemPointerGetOffsetNumber(&scan->xs_heaptid);
    if (at > PageGetMaxOffsetNumber(page)) return false;
    ItemId item = PageGetItemId(page, at);
    if (!ItemIdIsNormal(item)) return false;
    HeapTupleData tuple;
    tuple.t_data = reinterpret_cast<HeapTupleHeader>(PageGetItem(page, item));
    tuple.t_len = ItemIdGetLength(item);
    tuple.t_self = scan->xs_heaptid;
    tuple.t_tableOid = RelationGetRelid(scan->heapRelation);
    bool null;
    const Datum found = heap_getattr(&tuple, column, RelationGetDescr(scan->heapRelation), &null);
    return !null && found == value;
  });
  return same ? std::optional(last.score) : std::nullopt;
}

}  // namespace rv::pg
