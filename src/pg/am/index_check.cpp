#include "pg/am/index_check.h"

#include <algorithm>

#include "pg/base/datum.h"
#include "pg/base/memory.h"

extern "C" {
#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/index.h"
#include "catalog/pg_class.h"
#include "funcapi.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
}

namespace rv::pg {
namespace {

constexpr int kMaxCheckers = 16;
struct Registered {
  ambuild_function build;
  IndexChecker checker;
};
Registered checkers[kMaxCheckers];
int checker_count = 0;

IndexChecker checker_of(Relation index) {
  for (int i = 0; i < checker_count; ++i)
    if (index->rd_indam != nullptr && index->rd_indam->ambuild == checkers[i].build)
      return checkers[i].checker;
  throw Error(ErrorCode::invalid_argument,
              "\"" + std::string(RelationGetRelationName(index)) +
                  "\" is not an index of an access method of ruvector");
}

struct HeapScan {
  const std::vector<std::uint64_t>* rows;
  std::vector<std::uint64_t> missing;
};

void look_up(Relation, ItemPointer tid, Datum*, bool*, bool, void* state) {
  boundary([&] {
    auto* scan = static_cast<HeapScan*>(state);
    const std::uint64_t row =
        row_number(ItemPointerGetBlockNumber(tid), ItemPointerGetOffsetNumber(tid));
    if (!std::binary_search(scan->rows->begin(), scan->rows->end(), row))
      scan->missing.push_back(row);
  });
}

// Every row that a fresh build would index is in the index. The table scan sees what the snapshot
// sees, so that rows of transactions in progress are no matter.
void check_heap(Relation heap, Relation index, IndexCheckResult& result) {
  std::sort(result.rows.begin(), result.rows.end());
  HeapScan scan{&result.rows, {}};
  call([&] {
    IndexInfo* info = BuildIndexInfo(index);
    // As amcheck does: only what is visible to the snapshot, and no waiting for writers.
    info->ii_Concurrent = true;
    info->ii_Unique = false;
    Snapshot snapshot = RegisterSnapshot(GetTransactionSnapshot());
    TableScanDesc table = table_beginscan_strat(heap, snapshot, 0, nullptr, true, true);
    table_index_build_scan(heap, index, info, true, false, look_up, &scan, table);
    UnregisterSnapshot(snapshot);
  });
  for (const std::uint64_t row : scan.missing)
    result.findings.push_back({true, 0, "row",
                               "row (" + std::to_string(row >> 16) + "," +
                                   std::to_string(row & 0xFFFF) +
                                   ") of the table is not in the index"});
}

void put_rows(FunctionCallInfo fcinfo, const IndexCheckResult& result) {
  call([fcinfo] { rv_init_materialized_srf(fcinfo); });
  auto* to = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  for (const IndexFinding& f : result.findings)
    call([&] {
      Datum values[4] = {CStringGetTextDatum(f.error ? "error" : "notice"), Int64GetDatum(f.block),
                         CStringGetTextDatum(f.item.c_str()),
                         CStringGetTextDatum(f.message.c_str())};
      bool nulls[4] = {false, false, f.item.empty(), false};
      tuplestore_putvalues(to->setResult, to->setDesc, values, nulls);
    });
}

}  // namespace

void register_index_checker(ambuild_function build, IndexChecker checker) {
  if (checker_count < kMaxCheckers) checkers[checker_count++] = {build, checker};
}

}  // namespace rv::pg

using namespace rv;
using namespace rv::pg;

// The table's owner and superusers may check; 42501 for others.
RV_FUNCTION(rv_index_check)
{
  const Oid id = PG_GETARG_OID(0);
  const Relation index = call([id] { return index_open(id, AccessShareLock); });
  const IndexChecker checker = checker_of(index);
  const Relation heap = call([index] {
    if (!rv_owns_relation(RelationGetRelid(index), GetUserId()))
      aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_INDEX, RelationGetRelationName(index));
    if (index->rd_rel->relkind != RELKIND_INDEX)
      ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                      errmsg("index \"%s\" is partitioned", RelationGetRelationName(index)),
                      errhint("Check the indexes of its partitions.")));
    return table_open(index->rd_index->indrelid, AccessShareLock);
  });
  IndexCheckResult result;
  checker(index, PG_GETARG_BOOL(1), result);
  if (PG_GETARG_BOOL(1)) check_heap(heap, index, result);
  call([&] {
    table_close(heap, AccessShareLock);
    index_close(index, AccessShareLock);
  });
  put_rows(fcinfo, result);
  return Datum(0);
}
