// Differences between PostgreSQL 14 and 18. The only file that may mention PG_VERSION_NUM
// (test/tools/check_layers.sh greps). One block per change, newest PostgreSQL first.
#pragma once

#include <cstdlib>

#include "pg/base/pg.h"  // which includes this file after PostgreSQL's own headers

#if PG_VERSION_NUM < 140000
#error "ruvector needs PostgreSQL 14 or newer"
#endif

// PG 18: modules tell name and version (pg_get_loaded_modules()).
#if PG_VERSION_NUM >= 180000
#define RV_MODULE_MAGIC(module_name, module_version) \
  PG_MODULE_MAGIC_EXT(.name = module_name, .version = module_version)
#else
#define RV_MODULE_MAGIC(module_name, module_version) PG_MODULE_MAGIC
#endif

// PG 18: index_beginscan() takes a place for instrumentation.
extern "C" {
#include "access/genam.h"
}
inline IndexScanDesc rv_index_beginscan(Relation heap, Relation index, Snapshot snapshot, int keys,
                                        int orderings) {
#if PG_VERSION_NUM >= 180000
  return index_beginscan(heap, index, snapshot, nullptr, keys, orderings);
#else
  return index_beginscan(heap, index, snapshot, keys, orderings);
#endif
}

// PG 16: varatt.h split off postgres.h.
#if PG_VERSION_NUM >= 160000
extern "C" {
#include "varatt.h"
}
#endif

// PG 15: MarkGUCPrefixReserved replaces EmitWarningsOnPlaceholders.
#if PG_VERSION_NUM >= 150000
#define rv_reserve_guc_prefix(prefix) MarkGUCPrefixReserved(prefix)
#else
#define rv_reserve_guc_prefix(prefix) EmitWarningsOnPlaceholders(prefix)
#endif

// PG 15: InitMaterializedSRF (named SetSingleFuncCall before 15.1; PG 14 has neither).
extern "C" {
#include "funcapi.h"
#include "utils/tuplestore.h"
}
inline void rv_init_materialized_srf(FunctionCallInfo fcinfo) {
#if PG_VERSION_NUM >= 150000
  InitMaterializedSRF(fcinfo, 0);
#else
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  if (result == nullptr || !IsA(result, ReturnSetInfo) ||
      (result->allowedModes & SFRM_Materialize) == 0)
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("set-valued function called in context that cannot accept a set")));
  MemoryContext old = MemoryContextSwitchTo(result->econtext->ecxt_per_query_memory);
  TupleDesc description;
  if (get_call_result_type(fcinfo, nullptr, &description) != TYPEFUNC_COMPOSITE)
    elog(ERROR, "return type must be a row type");
  result->returnMode = SFRM_Materialize;
  result->setResult =
      tuplestore_begin_heap((result->allowedModes & SFRM_Materialize_Random) != 0, false, work_mem);
  result->setDesc = BlessTupleDesc(description);
  MemoryContextSwitchTo(old);
#endif
}

// PG 18: get_toast_snapshot() returns the snapshot that init_toast_snapshot() used to fill in.
extern "C" {
#include "access/toast_internals.h"
#include "utils/snapmgr.h"
}
inline void rv_init_toast_snapshot(SnapshotData* snapshot) {
#if PG_VERSION_NUM >= 180000
  *snapshot = *get_toast_snapshot();
#else
  init_toast_snapshot(snapshot);
#endif
}

// PG 17: the local transaction id moved into PGPROC.vxid.
extern "C" {
#include "storage/proc.h"
}
inline uint32 rv_local_transaction_id() {
#if PG_VERSION_NUM >= 170000
  return MyProc->vxid.lxid;
#else
  return MyProc->lxid;
#endif
}

// PG 16: RelFileNode became RelFileLocator.
extern "C" {
#include "storage/bufmgr.h"
#include "utils/rel.h"
}
inline Oid rv_relation_file_number(Relation relation) {
#if PG_VERSION_NUM >= 160000
  return relation->rd_locator.relNumber;
#else
  return relation->rd_node.relNode;
#endif
}
inline bool rv_read_recent_buffer(Relation relation, BlockNumber block, Buffer recent) {
#if PG_VERSION_NUM >= 160000
  return ReadRecentBuffer(relation->rd_locator, MAIN_FORKNUM, block, recent);
#else
  return ReadRecentBuffer(relation->rd_node, MAIN_FORKNUM, block, recent);
#endif
}

// PG 17: aminsertcleanup, amcanbuildparallel; PG 18: amcanhash, amconsistentequality,
// amconsistentordering and the new callbacks stay zero; PG 16: amsummarizing stays zero.
extern "C" {
#include "access/amapi.h"
}
inline void rv_set_can_build_parallel(IndexAmRoutine* routine, bool can) {
#if PG_VERSION_NUM >= 170000
  routine->amcanbuildparallel = can;
#else
  (void)routine;
  (void)can;
#endif
}

// PG 18: a disabled path is counted, no longer priced out of reach.
extern "C" {
#include "nodes/pathnodes.h"
#include "optimizer/cost.h"
}
inline void rv_disable_path(IndexPath* path) {
#if PG_VERSION_NUM >= 180000
  path->path.disabled_nodes = 2;
#else
  (void)path;
#endif
}

// PG 18: the count of index searches is kept by the scan for EXPLAIN ANALYZE.
extern "C" {
#include "access/relscan.h"
}
inline void rv_count_index_search(IndexScanDesc scan) {
#if PG_VERSION_NUM >= 180000
  if (scan->instrument != nullptr) scan->instrument->nsearches++;
#else
  (void)scan;
#endif
}

// PG 18: vacuum_delay_point() tells whether ANALYZE calls it.
extern "C" {
#include "commands/vacuum.h"
}
inline void rv_vacuum_delay_point() {
#if PG_VERSION_NUM >= 180000
  vacuum_delay_point(false);
#else
  vacuum_delay_point();
#endif
}

// PG 16: what a check hook hands to its assign hook comes from guc_malloc(), before from malloc().
extern "C" {
#include "utils/guc.h"
}
inline bool rv_guc_note_source(void** extra, bool set) {
#if PG_VERSION_NUM >= 160000
  auto* note = static_cast<bool*>(guc_malloc(LOG_SERVER_ONLY, sizeof(bool)));
#else
  auto* note = static_cast<bool*>(std::malloc(sizeof(bool)));
#endif
  if (note == nullptr) return false;
  *note = set;
  *extra = note;
  return true;
}

// Internal to the buffer manager, but the same in all versions: descriptors are an array of
// cache-line-sized structs.
extern "C" {
#include "storage/buf_internals.h"
}
inline void rv_prefetch_buffer_descriptor(Buffer buffer) {
  __builtin_prefetch(GetBufferDescriptor(buffer - 1));
}
