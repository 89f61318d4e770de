// The access method's callbacks, one file each as their names say.
#pragma once

#include "pg/base/guard.h"

extern "C" {
#include "access/amapi.h"
#include "access/genam.h"
}

namespace rv::pg::ivf {

// Subphases of a build, as pg_stat_progress_create_index shows them.
inline constexpr int64 kPhaseInitialize = 1, kPhaseKMeans = 2, kPhaseAssign = 3, kPhaseLoad = 4;

IndexBuildResult* build(Relation heap, Relation index, IndexInfo* info);
void build_empty(Relation index);
bool insert(Relation index, Datum* values, bool* nulls, ItemPointer tid, Relation heap,
            IndexUniqueCheck check, bool unchanged, IndexInfo* info);
IndexBulkDeleteResult* bulk_delete(IndexVacuumInfo* info, IndexBulkDeleteResult* result,
                                   IndexBulkDeleteCallback callback, void* state);
IndexBulkDeleteResult* vacuum_cleanup(IndexVacuumInfo* info, IndexBulkDeleteResult* result);
void cost_estimate(PlannerInfo* root, IndexPath* path, double loop_count, Cost* startup,
                   Cost* total, Selectivity* selectivity, double* correlation, double* pages);
IndexScanDesc begin_scan(Relation index, int keys, int orderbys);
void rescan(IndexScanDesc scan, ScanKey keys, int nkeys, ScanKey orderbys, int norderbys);
bool get_tuple(IndexScanDesc scan, ScanDirection direction);
void end_scan(IndexScanDesc scan);

inline constexpr const char* kAmName = "ivfflat";

}  // namespace rv::pg::ivf
