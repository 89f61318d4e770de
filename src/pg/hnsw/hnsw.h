// The access method's callbacks, one file each, and what they share.
#pragma once

#include <memory>

#include "core/index/hnsw/graph.h"
#include "pg/am/am_routine.h"
#include "pg/storage/buffer_store.h"

extern "C" {
#include "access/amapi.h"
}

namespace rv::pg::hnsw {

inline constexpr const char* kName = "hnsw";

// The callbacks of this engine; an access method of another name replaces what differs.
AmTraits traits();

// Opens an index's graph with the codec that the backend keeps, reading it where it keeps none.
index::hnsw::Graph open_graph(Relation index, BufferStore& store);
// The index is about to be built, perhaps into the file it has.
void forget_codec(Relation index);

inline index::hnsw::HeapTid to_heap_tid(const ItemPointerData& tid) noexcept {
  return {tid.ip_blkid.bi_hi, tid.ip_blkid.bi_lo, tid.ip_posid};
}
inline ItemPointerData from_heap_tid(const index::hnsw::HeapTid& tid) noexcept {
  ItemPointerData out;
  out.ip_blkid.bi_hi = tid.block_high;
  out.ip_blkid.bi_lo = tid.block_low;
  out.ip_posid = tid.offset;
  return out;
}

}  // namespace rv::pg::hnsw

extern "C" {
IndexBuildResult* rv_hnsw_build(Relation heap, Relation index, IndexInfo* info);
void rv_hnsw_build_empty(Relation index);
bool rv_hnsw_insert(Relation index, Datum* values, bool* nulls, ItemPointer tid, Relation heap,
                    IndexUniqueCheck check, bool unchanged, IndexInfo* info);
IndexBulkDeleteResult* rv_hnsw_bulk_delete(IndexVacuumInfo* info, IndexBulkDeleteResult* stats,
                                           IndexBulkDeleteCallback callback, void* state);
IndexBulkDeleteResult* rv_hnsw_vacuum_cleanup(IndexVacuumInfo* info, IndexBulkDeleteResult* stats);
void rv_hnsw_cost_estimate(PlannerInfo* root, IndexPath* path, double loop_count, Cost* startup,
                           Cost* total, Selectivity* selectivity, double* correlation,
                           double* pages);
bytea* rv_hnsw_options(Datum reloptions, bool validate);
char* rv_hnsw_phase_name(int64 phase);
IndexScanDesc rv_hnsw_begin_scan(Relation index, int keys, int orderings);
void rv_hnsw_rescan(IndexScanDesc scan, ScanKey keys, int key_count, ScanKey orderings,
                    int ordering_count);
bool rv_hnsw_get_tuple(IndexScanDesc scan, ScanDirection direction);
void rv_hnsw_end_scan(IndexScanDesc scan);
}
