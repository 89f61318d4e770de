// Differences between PostgreSQL 14 and 18. The only file that may mention PG_VERSION_NUM
// (test/tools/check_layers.sh greps). One block per change, newest PostgreSQL first.
#pragma once

#include <fcntl.h>

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

// PG 15: shared memory is asked for in a hook, no longer while the library is loaded.
extern "C" {
#include "storage/ipc.h"
}
inline void rv_request_shared_memory(void (*request)()) {
#if PG_VERSION_NUM >= 150000
  static shmem_request_hook_type previous;
  static void (*wanted)();
  previous = shmem_request_hook;
  wanted = request;
  shmem_request_hook = [] {
    if (previous != nullptr) previous();
    wanted();
  };
#else
  request();
#endif
}

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

// PG 15: files shared by processes belong to a FileSet, of which a SharedFileSet is one.
extern "C" {
#include "storage/buffile.h"
#include "storage/sharedfileset.h"
}
#if PG_VERSION_NUM >= 150000
inline BufFile* rv_create_shared_file(SharedFileSet* set, const char* name) {
  return BufFileCreateFileSet(&set->fs, name);
}
inline BufFile* rv_open_shared_file(SharedFileSet* set, const char* name) {
  return BufFileOpenFileSet(&set->fs, name, O_RDONLY, false);
}
inline void rv_export_shared_file(BufFile* file) { BufFileExportFileSet(file); }
#else
inline BufFile* rv_create_shared_file(SharedFileSet* set, const char* name) {
  return BufFileCreateShared(set, name);
}
inline BufFile* rv_open_shared_file(SharedFileSet* set, const char* name) {
  return BufFileOpenShared(set, name, O_RDONLY);
}
inline void rv_export_shared_file(BufFile* file) { BufFileExportShared(file); }
#endif

// PG 17: index_build() asks the planner how many workers a build may have, for access methods that
// say amcanbuildparallel; before, only for btree.
extern "C" {
#include "nodes/execnodes.h"
#include "optimizer/optimizer.h"
#include "utils/rel.h"
}
inline int rv_index_build_workers(Relation heap, Relation index, IndexInfo* info) {
#if PG_VERSION_NUM >= 170000
  (void)heap;
  (void)index;
  return info->ii_ParallelWorkers;
#else
  (void)info;
  return plan_create_index_workers(RelationGetRelid(heap), RelationGetRelid(index));
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

// PG 17: old_snapshot_threshold is gone: rows that a snapshot sees are never pruned.
inline bool rv_snapshots_grow_old() {
#if PG_VERSION_NUM >= 170000
  return false;
#else
  return old_snapshot_threshold >= 0;
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

// PG 18: what prints properties, and the state of EXPLAIN, have headers of their own.
extern "C" {
#include "commands/explain.h"
#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#endif
}

// PG 16: walkers have a type; before, it is one of functions without parameters.
extern "C" {
#include "nodes/nodeFuncs.h"
}
inline bool rv_walk_expression(Node* node, bool (*walker)(Node*, void*), void* context) {
#if PG_VERSION_NUM >= 160000
  return expression_tree_walker(node, walker, context);
#else
  return expression_tree_walker(
      node, reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(walker)), context);
#endif
}

// PG 16: object_aclcheck() and object_ownercheck() replace a function per kind of object;
// summarizing indexes (BRIN) are told apart when a tuple is updated in place. PG 18: index scans
// carry instrumentation, ExecCheckIndexConstraints() the tuple that is replaced.
extern "C" {
#include "access/genam.h"
#include "access/tableam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "executor/executor.h"
#include "utils/acl.h"
}
inline AclResult rv_namespace_aclcheck(Oid schema, Oid role, AclMode mode) {
#if PG_VERSION_NUM >= 160000
  return object_aclcheck(NamespaceRelationId, schema, role, mode);
#else
  return pg_namespace_aclcheck(schema, role, mode);
#endif
}
inline AclResult rv_function_aclcheck(Oid function, Oid role, AclMode mode) {
#if PG_VERSION_NUM >= 160000
  return object_aclcheck(ProcedureRelationId, function, role, mode);
#else
  return pg_proc_aclcheck(function, role, mode);
#endif
}
inline bool rv_class_ownercheck(Oid relation, Oid role) {
#if PG_VERSION_NUM >= 160000
  return object_ownercheck(RelationRelationId, relation, role);
#else
  return pg_class_ownercheck(relation, role);
#endif
}
inline List* rv_insert_index_tuples(ResultRelInfo* target, TupleTableSlot* slot, EState* estate,
                                    bool update, bool no_duplicate_error, bool* conflict) {
#if PG_VERSION_NUM >= 160000
  return ExecInsertIndexTuples(target, slot, estate, update, no_duplicate_error, conflict, NIL,
                               false);
#else
  return ExecInsertIndexTuples(target, slot, estate, update, no_duplicate_error, conflict, NIL);
#endif
}
inline bool rv_check_index_constraints(ResultRelInfo* target, TupleTableSlot* slot, EState* estate,
                                       ItemPointer conflict) {
#if PG_VERSION_NUM >= 180000
  ItemPointerData none;
  ItemPointerSetInvalid(&none);
  return ExecCheckIndexConstraints(target, slot, estate, conflict, &none, NIL);
#else
  return ExecCheckIndexConstraints(target, slot, estate, conflict, NIL);
#endif
}
// `update_indexes`: whether the new version needs index entries.
inline TM_Result rv_table_tuple_update(Relation rel, ItemPointer tid, TupleTableSlot* slot,
                                       CommandId command, Snapshot snapshot,
                                       TM_FailureData* failure, LockTupleMode* lock_mode,
                                       bool* update_indexes) {
#if PG_VERSION_NUM >= 160000
  TU_UpdateIndexes update = TU_None;
  const TM_Result r = table_tuple_update(rel, tid, slot, command, snapshot, InvalidSnapshot, true,
                                         failure, lock_mode, &update);
  *update_indexes = update != TU_None;
  return r;
#else
  return table_tuple_update(rel, tid, slot, command, snapshot, InvalidSnapshot, true, failure,
                            lock_mode, update_indexes);
#endif
}
inline IndexScanDesc rv_index_beginscan(Relation heap, Relation index, Snapshot snapshot,
                                        int keys) {
#if PG_VERSION_NUM >= 180000
  return index_beginscan(heap, index, snapshot, nullptr, keys, 0);
#else
  return index_beginscan(heap, index, snapshot, keys, 0);
#endif
}

// PG 16: parseTypeString() reports errors softly.
extern "C" {
#include "parser/parse_type.h"
}
inline void rv_parse_type(const char* text, Oid* type, int32* typmod) {
#if PG_VERSION_NUM >= 160000
  parseTypeString(text, type, typmod, nullptr);
#else
  parseTypeString(text, type, typmod, false);
#endif
}
