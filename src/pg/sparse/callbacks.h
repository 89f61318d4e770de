// The callbacks of the access methods ruvector_sparse and ruvector_bm25.
#pragma once

#include "pg/am/am_routine.h"
#include "pg/base/guard.h"

namespace rv::pg {

IndexBuildResult* sparse_build(Relation heap, Relation index, IndexInfo* info);
char* sparse_build_phase(int64 phase);
void sparse_build_empty(Relation index);
bool sparse_insert(Relation index, Datum* values, bool* nulls, ItemPointer row, Relation heap,
                   IndexUniqueCheck unique, bool unchanged, IndexInfo* info);
IndexBulkDeleteResult* sparse_bulk_delete(IndexVacuumInfo* info, IndexBulkDeleteResult* stats,
                                          IndexBulkDeleteCallback callback, void* state);
IndexBulkDeleteResult* sparse_vacuum_cleanup(IndexVacuumInfo* info, IndexBulkDeleteResult* stats);
void sparse_cost(PlannerInfo* root, IndexPath* path, double loops, Cost* startup, Cost* total,
                 Selectivity* selectivity, double* correlation, double* pages);
IndexScanDesc sparse_begin_scan(Relation index, int keys, int orderbys);
void sparse_rescan(IndexScanDesc scan, ScanKey keys, int key_count, ScanKey orderbys,
                   int orderby_count);
bool sparse_get_tuple(IndexScanDesc scan, ScanDirection direction);
void sparse_end_scan(IndexScanDesc scan);
void register_sparse_inspection();

}  // namespace rv::pg
