#include "pg/learning/audited_index.h"

#include <algorithm>
#include <cmath>

#include "core/base/rng.h"
#include "pg/base/datum.h"
#include "pg/learning/capture.h"

extern "C" {
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/index.h"
#include "commands/defrem.h"
#include "portability/instr_time.h"
#include "utils/acl.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
}

namespace rv::pg::learn {
namespace {
constexpr int kBatch = 200;

// Expressions and predicates of indexes are their owner's code: it runs with the owner's rights, as
// when the server itself evaluates it. An error ends this with the (sub)transaction.
class AsOwner {
 public:
  explicit AsOwner(Relation table) {
    GetUserIdAndSecContext(&user_, &context_);
    SetUserIdAndSecContext(table->rd_rel->relowner, context_ | SECURITY_RESTRICTED_OPERATION);
    level_ = call([] { return NewGUCNestLevel(); });
  }
  ~AsOwner() {
    if (std::uncaught_exceptions() > 0) return;
    AtEOXact_GUC(false, level_);
    SetUserIdAndSecContext(user_, context_);
  }
  AsOwner(const AsOwner&) = delete;
  AsOwner& operator=(const AsOwner&) = delete;

 private:
  Oid user_ = InvalidOid;
  int context_ = 0;
  int level_ = 0;
};
}  // namespace

AuditedIndex::AuditedIndex(Oid index) {
  call([&] {
    index_ = index_open(index, AccessShareLock);  // 42809 when it is no index
    heap_ = table_open(index_->rd_index->indrelid, AccessShareLock);
    const Oid table = RelationGetRelid(heap_);
    if (pg_class_aclcheck(table, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
      aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, RelationGetRelationName(heap_));
    const Oid type = index_->rd_opcintype[0];
    const Oid op = get_opfamily_member(index_->rd_opfamily[0], type, type, 1);
    if (!index_->rd_indam->amcanorderbyop || !OidIsValid(op))
      ereport(ERROR,
              (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
               errmsg("index \"%s\" is not ordered by a distance", RelationGetRelationName(index_)),
               errhint("Audits are for hnsw and ivfflat indexes.")));
    type_ = type;
    collation_ = index_->rd_indcollation[0];
    fmgr_info(get_opcode(op), &distance_);
    get_typlenbyval(type, &length_, &by_value_);
    info_ = BuildIndexInfo(index_);
    state_ = CreateExecutorState();
    predicate_ = ExecPrepareQual(info_->ii_Predicate, state_);
    slot_ = table_slot_create(heap_, nullptr);
    GetPerTupleExprContext(state_)->ecxt_scantuple = slot_;
  });
}

// After an error the resource owner lets go of all of it.
AuditedIndex::~AuditedIndex() {
  if (std::uncaught_exceptions() > 0) return;
  ExecDropSingleTupleTableSlot(slot_);
  FreeExecutorState(state_);
  table_close(heap_, NoLock);
  index_close(index_, NoLock);
}

std::string AuditedIndex::method() const {
  const Oid am = index_->rd_rel->relam;
  const char* name = call([am] { return get_am_name(am); });
  return name == nullptr ? std::string() : std::string(name);
}

Datum AuditedIndex::value_of(const std::vector<std::byte>& bytes) {
  void* value = palloc_varlena(VARHDRSZ + bytes.size());
  std::memcpy(VARDATA(value), bytes.data(), bytes.size());
  return PointerGetDatum(value);
}

template <class Use>
void AuditedIndex::read_rows(Use&& use) {
  TableScanDesc scan =
      call([&] { return table_beginscan(heap_, GetActiveSnapshot(), 0, nullptr); });
  std::vector<Datum> values(kBatch);
  Datum* out = values.data();
  MemoryContext batch_memory = call([] {
    return AllocSetContextCreateInternal(CurrentMemoryContext, "audit rows",
                                         ALLOCSET_DEFAULT_SIZES);
  });
  bool more = true;
  while (more) {
    const int n = call([&] {
      MemoryContextReset(batch_memory);
      int count = 0;
      while (count < kBatch) {
        CHECK_FOR_INTERRUPTS();
        if (!table_scan_getnextslot(scan, ForwardScanDirection, slot_)) {
          more = false;
          break;
        }
        ExprContext* expression = GetPerTupleExprContext(state_);
        ResetExprContext(expression);
        expression->ecxt_scantuple = slot_;
        if (predicate_ != nullptr && !ExecQual(predicate_, expression)) continue;
        Datum value[INDEX_MAX_KEYS];
        bool null[INDEX_MAX_KEYS];
        FormIndexDatum(info_, slot_, state_, value, null);
        if (null[0]) continue;
        MemoryContext old = MemoryContextSwitchTo(batch_memory);
        out[count] = by_value_ ? value[0] : PointerGetDatum(PG_DETOAST_DATUM_COPY(value[0]));
        MemoryContextSwitchTo(old);
        ++count;
      }
      return count;
    });
    if (n > 0) use(out, n);
  }
  call([&] {
    table_endscan(scan);
    ExecClearTuple(slot_);
    MemoryContextDelete(batch_memory);
  });
}

std::vector<Datum> AuditedIndex::sample(std::size_t n, std::uint64_t seed) {
  const AsOwner owner(heap_);
  std::vector<Datum> kept;
  Rng rng(seed);
  std::uint64_t seen = 0;
  // Reservoir sampling (Vitter's algorithm R).
  read_rows([&](const Datum* rows, int count) {
    for (int i = 0; i < count; ++i) {
      ++seen;
      std::size_t at = kept.size();
      if (kept.size() >= n) {
        at = rng.below(seen);
        if (at >= n) continue;
      }
      const Datum row = rows[i];
      const Datum copy = call([&] { return datumCopy(row, by_value_, length_); });
      if (at < kept.size())
        kept[at] = copy;
      else
        kept.push_back(copy);
    }
  });
  return kept;
}

std::vector<std::vector<double>> AuditedIndex::exact(const std::vector<Datum>& queries,
                                                     std::size_t k) {
  const AsOwner owner(heap_);
  std::vector<std::vector<double>> best(queries.size());  // max-heaps of k
  std::vector<double> distances(queries.size() * kBatch);
  const Datum* query = queries.data();
  double* out = distances.data();
  const std::size_t q_count = queries.size();
  read_rows([&](const Datum* rows, int n) {
    call([&] {
      for (std::size_t q = 0; q < q_count; ++q) {
        CHECK_FOR_INTERRUPTS();
        for (int i = 0; i < n; ++i)
          out[q * kBatch + static_cast<std::size_t>(i)] =
              DatumGetFloat8(FunctionCall2Coll(&distance_, collation_, rows[i], query[q]));
      }
    });
    for (std::size_t q = 0; q < q_count; ++q)
      for (int i = 0; i < n; ++i) {
        const double d = out[q * kBatch + static_cast<std::size_t>(i)];
        if (std::isnan(d)) continue;  // no direction: such rows are not in the index
        auto& heap = best[q];
        if (heap.size() >= k) {
          if (!(d < heap.front())) continue;
          std::pop_heap(heap.begin(), heap.end());
          heap.pop_back();
        }
        heap.push_back(d);
        std::push_heap(heap.begin(), heap.end());
      }
  });
  for (auto& heap : best) std::sort(heap.begin(), heap.end());
  return best;
}

AuditedIndex::Found AuditedIndex::search(Datum query, std::size_t k) {
  const AsOwner owner(heap_);
  const Unobserved unobserved;
  Found f;
  std::vector<double> distance(k);
  double* out = distance.data();
  std::size_t n = 0;
  call([&] {
    instr_time begin;
    instr_time end;
    INSTR_TIME_SET_CURRENT(begin);
    IndexScanDesc scan = rv_index_beginscan(heap_, index_, GetActiveSnapshot(), 0, 1);
    ScanKeyData key;
    ScanKeyEntryInitialize(&key, SK_ORDER_BY, 1, 1, type_, collation_, distance_.fn_oid, query);
    index_rescan(scan, nullptr, 0, &key, 1);
    while (n < k && index_getnext_slot(scan, ForwardScanDirection, slot_)) {
      ExprContext* expression = GetPerTupleExprContext(state_);
      ResetExprContext(expression);
      expression->ecxt_scantuple = slot_;
      Datum value[INDEX_MAX_KEYS];
      bool null[INDEX_MAX_KEYS];
      FormIndexDatum(info_, slot_, state_, value, null);
      if (null[0]) continue;
      out[n++] = DatumGetFloat8(FunctionCall2Coll(&distance_, collation_, value[0], query));
    }
    index_endscan(scan);
    INSTR_TIME_SET_CURRENT(end);
    INSTR_TIME_SUBTRACT(end, begin);
    f.microseconds = INSTR_TIME_GET_DOUBLE(end) * 1e6;
    ExecClearTuple(slot_);
  });
  distance.resize(n);
  f.distance = std::move(distance);
  return f;
}

double recall_of(const std::vector<double>& found, const std::vector<double>& exact) {
  if (exact.empty()) return 1;
  const double last = exact.back() + std::abs(exact.back()) * 1e-9;
  const auto hits = static_cast<std::size_t>(
      std::count_if(found.begin(), found.end(), [last](double d) { return d <= last; }));
  return static_cast<double>(std::min(hits, exact.size())) / static_cast<double>(exact.size());
}

}  // namespace rv::pg::learn
