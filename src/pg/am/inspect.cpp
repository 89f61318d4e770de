#include "pg/am/inspect.h"

#include <algorithm>
#include <array>

#include "pg/am/scan_stats.h"
#include "pg/base/datum.h"
#include "pg/base/json_options.h"
#include "pg/base/memory.h"

extern "C" {
#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/index.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "funcapi.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
}

namespace rv::pg {
namespace {

constexpr int kMostMethods = 8;
constinit std::array<Inspector, kMostMethods> inspectors{};
constinit int inspector_count = 0;

const Inspector* inspector_of(const char* method) {
  for (int i = 0; i < inspector_count; ++i)
    if (std::strcmp(inspectors[static_cast<std::size_t>(i)].method, method) == 0)
      return &inspectors[static_cast<std::size_t>(i)];
  return nullptr;
}

// An index of one of our methods, locked for reading until the end of the transaction. Its table
// may be read by the caller, or the caller may not look at the index either.
class OpenIndex {
 public:
  explicit OpenIndex(Oid id) {
    struct Found {
      Relation index;
      char name[NAMEDATALEN];
      bool allowed;
      bool is_index;
    };
    const Found f = call([id] {
      Found out{};
      out.is_index = get_rel_relkind(id) == RELKIND_INDEX;
      if (!out.is_index) return out;
      out.index = index_open(id, AccessShareLock);
      out.allowed =
          pg_class_aclcheck(out.index->rd_index->indrelid, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
      char* name = get_am_name(out.index->rd_rel->relam);
      if (name != nullptr) strlcpy(out.name, name, NAMEDATALEN);
      return out;
    });
    if (!f.is_index)
      throw Error(ErrorCode::type_mismatch, "relation " + std::to_string(id) + " is not an index",
                  {}, "Of a partitioned index, name one partition's index.");
    index_ = f.index;
    if (!f.allowed)
      call([this] {
        aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, get_rel_name(index_->rd_index->indrelid));
      });
    inspector_ = inspector_of(f.name);
    if (inspector_ == nullptr)
      throw Error(ErrorCode::not_supported,
                  std::string("index \"") + RelationGetRelationName(index_) +
                      "\" is of access method \"" + f.name + "\", which cannot be inspected");
    if (!call([this] { return index_->rd_index->indisvalid; }))
      throw Error(ErrorCode::wrong_state,
                  std::string("index \"") + RelationGetRelationName(index_) + "\" is not valid");
  }
  ~OpenIndex() {
    if (std::uncaught_exceptions() == 0) index_close(index_, NoLock);
  }
  OpenIndex(const OpenIndex&) = delete;
  OpenIndex& operator=(const OpenIndex&) = delete;
  Relation get() const noexcept { return index_; }
  const Inspector& inspector() const noexcept { return *inspector_; }

 private:
  Relation index_;
  const Inspector* inspector_;
};

Datum jsonb_of(const std::string& text) {
  const char* s = text.c_str();
  return call([s] { return DirectFunctionCall1(jsonb_in, CStringGetDatum(s)); });
}

// Whether every row of the table that the index should hold is in it.
struct HeapCheck {
  std::vector<std::uint64_t> known;
  std::vector<ItemPointerData> missing;
  static std::uint64_t key(const ItemPointerData& t) {
    return static_cast<std::uint64_t>(ItemPointerGetBlockNumberNoCheck(&t)) << 16 |
           ItemPointerGetOffsetNumberNoCheck(&t);
  }
};

void check_heap_row(Relation, ItemPointer tid, Datum*, bool* nulls, bool alive, void* state) {
  boundary([&] {
    if (nulls[0] || !alive) return;
    auto* check = static_cast<HeapCheck*>(state);
    if (!std::binary_search(check->known.begin(), check->known.end(), HeapCheck::key(*tid)))
      check->missing.push_back(*tid);
  });
}

void check_against_heap(Relation index, const Inspector& inspector,
                        const std::function<void(const IndexProblem&)>& report) {
  std::vector<ItemPointerData> rows;
  HeapCheck check;
  struct State {
    Relation heap;
    Snapshot snapshot;
    IndexInfo* info;
    TableScanDesc scan;
  };
  // The snapshot is older than the look into the index: what it sees has been inserted there.
  const State s = call([index] {
    State out{};
    out.heap = table_open(index->rd_index->indrelid, AccessShareLock);
    out.snapshot = RegisterSnapshot(GetTransactionSnapshot());
    out.info = BuildIndexInfo(index);
    out.info->ii_Concurrent = true;  // an MVCC scan
    out.info->ii_Unique = false;
    out.info->ii_ExclusionOps = nullptr;
    return out;
  });
  inspector.heap_rows(index, rows);
  for (const ItemPointerData& t : rows) check.known.push_back(HeapCheck::key(t));
  std::sort(check.known.begin(), check.known.end());
  call([&] {
    TableScanDesc scan = table_beginscan_strat(s.heap, s.snapshot, 0, nullptr, true, true);
    table_index_build_scan(s.heap, index, s.info, true, false, check_heap_row, &check, scan);
    UnregisterSnapshot(s.snapshot);
    table_close(s.heap, NoLock);
  });
  for (const ItemPointerData& t : check.missing)
    report({"error", 0,
            "row (" + std::to_string(ItemPointerGetBlockNumberNoCheck(&t)) + "," +
                std::to_string(ItemPointerGetOffsetNumberNoCheck(&t)) + ")",
            "is in the table but not in the index"});
}

}  // namespace

void register_inspector(const Inspector& inspector) {
  if (inspector_count < kMostMethods)
    inspectors[static_cast<std::size_t>(inspector_count++)] = inspector;
}

}  // namespace rv::pg

using namespace rv;
using namespace rv::pg;

RV_FUNCTION(rv_index_check)
{
  const bool heap = PG_GETARG_BOOL(1);
  const OpenIndex index(PG_GETARG_OID(0));
  call([fcinfo] { rv_init_materialized_srf(fcinfo); });
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  const auto report = [&](const IndexProblem& p) {
    const Datum values[4] = {text_datum(p.severity), Int64GetDatum(static_cast<int64>(p.block)),
                             text_datum(p.item), text_datum(p.message)};
    call([&] {
      bool nulls[4] = {false, false, false, false};
      tuplestore_putvalues(result->setResult, result->setDesc, const_cast<Datum*>(values), nulls);
    });
  };
  index.inspector().check(index.get(), report);
  if (heap) check_against_heap(index.get(), index.inspector(), report);
  PG_RETURN_NULL();
}

RV_FUNCTION(rv_index_stats)
{
  const OpenIndex index(PG_GETARG_OID(0));
  return jsonb_of(index.inspector().stats(index.get()));
}

RV_FUNCTION(rv_prewarm)
{
  const OpenIndex index(PG_GETARG_OID(0));
  const BlockNumber blocks = call([&] { return RelationGetNumberOfBlocks(index.get()); });
  for (BlockNumber b = 0; b < blocks; ++b) {
    call([&] {
      if (b % 64 == 0)
        for (BlockNumber ahead = b; ahead < std::min(blocks, b + 64); ++ahead)
          PrefetchBuffer(index.get(), MAIN_FORKNUM, ahead);
      ReleaseBuffer(ReadBuffer(index.get(), b));
    });
    check_interrupts();
  }
  PG_RETURN_INT64(blocks);
}

RV_FUNCTION(rv_last_scan)
{
  const ScanStats& s = last_scan();
  if (s.index == InvalidOid) PG_RETURN_NULL();
  char name[NAMEDATALEN] = "";
  call([&] {
    if (const char* n = get_rel_name(s.index); n != nullptr) strlcpy(name, n, NAMEDATALEN);
  });
  return jsonb_of(
      "{\"index\": " + (name[0] != 0 ? json_quoted(name) : std::string("null")) +
      ", \"index_oid\": " + std::to_string(s.index) + ", \"method\": " + json_quoted(s.method) +
      ", \"ef\": " + std::to_string(s.ef) + ", \"hops\": " + std::to_string(s.hops) +
      ", \"distances\": " + std::to_string(s.distances) +
      ", \"postings\": " + std::to_string(s.postings) + ", \"pages\": " + std::to_string(s.pages) +
      ", \"reranked\": " + std::to_string(s.reranked) + ", \"returned\": " +
      std::to_string(s.returned) + ", \"batches\": " + std::to_string(s.batches) +
      ", \"swept\": " + (s.swept ? "true" : "false") + "}");
}

RV_FUNCTION(rv_index_memory_estimate)
{
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2)) PG_RETURN_NULL();
  const Oid table = PG_GETARG_OID(0);
  const std::string column(text_argument(fcinfo, 1));
  const std::string method(text_argument(fcinfo, 2));
  JsonOptions options(PG_ARGISNULL(3) ? 0 : PG_GETARG_DATUM(3), PG_ARGISNULL(3));
  struct Found {
    double rows;
    int dim;
    char type[NAMEDATALEN];
    bool column;
  };
  const Found f = call([&] {
    Found out{};
    Relation rel = table_open(table, AccessShareLock);
    if (pg_class_aclcheck(table, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
      aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, RelationGetRelationName(rel));
    BlockNumber pages;
    double visible;
    if (RELKIND_HAS_TABLE_AM(rel->rd_rel->relkind))
      table_relation_estimate_size(rel, nullptr, &pages, &out.rows, &visible);
    else
      out.rows = std::max<double>(0, rel->rd_rel->reltuples);
    const AttrNumber n = get_attnum(table, column.c_str());
    if (n > 0) {
      out.column = true;
      const Form_pg_attribute a = TupleDescAttr(RelationGetDescr(rel), n - 1);
      out.dim = a->atttypmod;
      HeapTuple type = SearchSysCache1(TYPEOID, ObjectIdGetDatum(a->atttypid));
      if (HeapTupleIsValid(type)) {
        strlcpy(out.type, NameStr(reinterpret_cast<Form_pg_type>(GETSTRUCT(type))->typname),
                NAMEDATALEN);
        ReleaseSysCache(type);
      }
    }
    table_close(rel, NoLock);
    return out;
  });
  if (!f.column)
    throw Error(ErrorCode::undefined_column, "column \"" + column + "\" does not exist");
  const Inspector* inspector = inspector_of(method.c_str());
  if (inspector == nullptr || inspector->estimate == nullptr)
    throw Error(ErrorCode::not_supported, "no estimate for access method \"" + method + "\"");
  const int dim =
      options.has("dimensions") ? options.integer("dimensions", 0, 1, 1000000000) : f.dim;
  if (dim < 1)
    throw Error(ErrorCode::invalid_argument, "column does not have dimensions", {},
                "Give them: options := '{\"dimensions\": 768}'.");
  const double rows = options.number("rows", f.rows, 0, 1e15);
  const IndexEstimate e = inspector->estimate(rows, dim, f.type, options);
  options.finish();
  const double allowed = maintenance_work_mem * 1024.0;
  const bool fits = e.build_bytes <= allowed;
  const std::string parts = fits || e.parts == 0
                                ? std::string()
                                : ", \"parts\": " + json_number(e.parts) +
                                      ", \"part_bytes\": " + json_number(e.part_bytes);
  return jsonb_of("{\"rows\": " + json_number(rows) + ", \"dimensions\": " + std::to_string(dim) +
                  ", \"build_bytes\": " + json_number(e.build_bytes) +
                  ", \"index_bytes\": " + json_number(e.index_bytes) +
                  ", \"maintenance_work_mem_bytes\": " + json_number(allowed) +
                  ", \"fits\": " + (fits ? "true" : "false") + parts + "}");
}
