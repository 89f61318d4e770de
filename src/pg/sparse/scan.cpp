// Index scans: rows in the order of the operator, as many as the executor asks for.
#include <algorithm>
#include <limits>
#include <optional>

#include "core/sparse/search.h"
#include "pg/am/scan_stats.h"
#include "pg/sparse/bm25_query.h"
#include "pg/sparse/callbacks.h"
#include "pg/sparse/extract.h"
#include "pg/sparse/options.h"
#include "pg/sparse/rescorer.h"
#include "pg/sparse/row_score.h"
#include "pg/sparse/statistics.h"
#include "pg/storage/buffer_store.h"
#include "pg/types/sparse_datum.h"

extern "C" {
#include "access/relscan.h"
#include "catalog/partition.h"
#include "pgstat.h"
#include "utils/lsyscache.h"
}

namespace rv::pg {
namespace {

class Scan {
 public:
  explicit Scan(IndexScanDesc scan)
      : scan_(scan),
        store_(scan->indexRelation, BufferStore::Mode::logged),
        scoring_(scoring_of(scan->indexRelation)) {}
  ~Scan() { forget_row_score(scan_); }
  Scan(const Scan&) = delete;
  Scan& operator=(const Scan&) = delete;

  bool next() {
    if (!search_) start();
    sparse::Hit hit;
    const bool found = rescorer_ ? rescorer_->next(*search_, hit) : search_->next(hit);
    store_.unpin_all();
    if (found) hand_out(hit);
    return found;
  }

  void close() {
    forget_row_score(scan_);
    if (rescorer_) rescorer_->close();
    if (!search_) return;
    stats_.postings = search_->statistics().postings;
    stats_.batches = static_cast<int>(search_->statistics().rounds);
    stats_.pages = store_.pins();
    if (rescorer_) stats_.reranked = rescorer_->compared();
    report_scan(stats_);
  }

 private:
  void start() {
    pgstat_count_index_scan(scan_->indexRelation);
    stats_.index = RelationGetRelid(scan_->indexRelation);
    stats_.method = scoring_ == sparse::Scoring::bm25 ? "ruvector_bm25" : "ruvector_sparse";
    rv_count_index_search(scan_);
    store_.set_table(scan_->heapRelation);
    view_.emplace(store_);
    const ScanKey key = scan_->numberOfOrderBys > 0 ? scan_->orderByData : nullptr;
    sparse::SearchOptions options;
    options.memory = std::size_t(work_mem) * 1024;
    if (key == nullptr || (key->sk_flags & SK_ISNULL) != 0) {
      sparse::Query q;
      q.null = true;
      own_.emplace(*view_, std::move(q));
    } else if (scoring_ == sparse::Scoring::bm25) {
      prepare_text(key->sk_argument);
    } else {
      prepare_vector(key->sk_argument, options);
    }
    search_.emplace(*view_, text_ && !foreign_ ? *text_->prepared : *own_, options);
  }

  void prepare_vector(Datum argument, sparse::SearchOptions& options) {
    const varlena* v = call([argument] { return PG_DETOAST_DATUM(argument); });
    const SparseView query =
        view_sparse({reinterpret_cast<const std::byte*>(VARDATA(v)), VARSIZE(v) - VARHDRSZ});
    own_.emplace(*view_, sparse::vector_query(scoring_, query));
    if (scan_->heapRelation == nullptr) return;
    const SparseSettings& settings = sparse_settings();
    std::size_t batch = 0;
    // An irregular query is compared with every row whatever the settings say.
    if (!own_->query().irregular && (settings.query_share < 1 || view_->meta().pruned != 0)) {
      options.share = settings.query_share;
      options.batch = static_cast<std::uint32_t>(settings.candidates);
      stats_.ef = settings.candidates;
      batch = static_cast<std::size_t>(settings.candidates);
    }
    rescorer_.emplace(scan_, argument, batch, false);
  }

  void prepare_text(Datum argument) {
    const auto* q = call(
        [argument] { return reinterpret_cast<const Bm25QueryData*>(PG_DETOAST_DATUM(argument)); });
    const Oid self = RelationGetRelid(scan_->indexRelation);
    const Oid wanted = OidIsValid(q->index) ? q->index : self;
    text_ = prepared_text(wanted, q->kind, payload_of(q));
    foreign_ = !knows_scores_of(wanted);
    if (foreign_) {
      // Every row is compared.
      sparse::Query all;
      all.irregular = true;
      own_.emplace(*view_, std::move(all));
    }
    if ((foreign_ || text_->rough) && scan_->heapRelation != nullptr)
      rescorer_.emplace(scan_, argument, 0, text_->rough);
  }

  // A query may speak of another index: only those of the table that this one belongs to have its
  // statistics.
  bool knows_scores_of(Oid wanted) const {
    const Oid self = RelationGetRelid(scan_->indexRelation);
    if (wanted == self) return true;
    return call([self, wanted] {
      for (Oid at = self; get_rel_relispartition(at);) {
        at = get_partition_parent(at, true);
        if (at == wanted) return true;
      }
      return false;
    });
  }

  void hand_out(const sparse::Hit& hit) {
    ItemPointerSet(&scan_->xs_heaptid, hit.row.block, hit.row.offset);
    scan_->xs_recheck = false;
    scan_->xs_recheckorderby = false;
    ++stats_.returned;
    if (scan_->numberOfOrderBys == 0) return;
    const bool null = hit.kind == sparse::Hit::Value::null;
    double distance = std::numeric_limits<double>::quiet_NaN();
    if (hit.scored()) {
      distance = sparse::distance_of(scoring_, hit.value);
      scan_->xs_recheckorderby = hit.kind == sparse::Hit::Value::bound ||
                                 (!rescorer_ && text_ && text_->rough && hit.value != 0);
      if (scan_->xs_recheckorderby) ++stats_.reranked;
      if (text_ && !scan_->xs_recheckorderby) remember_row_score(scan_, text_.get(), hit.value);
    }
    scan_->xs_orderbyvals[0] = Float8GetDatum(distance);
    scan_->xs_orderbynulls[0] = null;
  }

  IndexScanDesc scan_;
  BufferStore store_;
  sparse::Scoring scoring_;
  std::optional<sparse::IndexView> view_;
  std::shared_ptr<const PreparedText> text_;
  bool foreign_ = false;
  std::optional<sparse::Prepared> own_;
  std::optional<sparse::Search> search_;
  std::optional<Rescorer> rescorer_;
  ScanStats stats_;
};

// What scan->opaque points to. The search lives in a context of its own, so that its memory and
// destructor go with the scan however it ends.
struct Opaque {
  MemoryContext context;
  Scan* scan;
};

}  // namespace

IndexScanDesc sparse_begin_scan(Relation index, int keys, int orderbys) {
  return boundary([&] {
    return call([&] {
      IndexScanDesc scan = RelationGetIndexScan(index, keys, orderbys);
      auto* opaque = static_cast<Opaque*>(palloc0(sizeof(Opaque)));
      opaque->context = AllocSetContextCreate(CurrentMemoryContext, "ruvector sparse scan",
                                              ALLOCSET_DEFAULT_SIZES);
      scan->opaque = opaque;
      if (orderbys > 0) {
        scan->xs_orderbyvals = static_cast<Datum*>(palloc0(sizeof(Datum) * Size(orderbys)));
        scan->xs_orderbynulls = static_cast<bool*>(palloc0(sizeof(bool) * Size(orderbys)));
      }
      return scan;
    });
  });
}

void sparse_rescan(IndexScanDesc scan, ScanKey keys, int, ScanKey orderbys, int) {
  boundary([&] {
    auto* opaque = static_cast<Opaque*>(scan->opaque);
    if (opaque->scan != nullptr) opaque->scan->close();
    opaque->scan = nullptr;
    MemoryContextReset(opaque->context);
    if (keys != nullptr && scan->numberOfKeys > 0)
      std::copy_n(keys, scan->numberOfKeys, scan->keyData);
    if (orderbys != nullptr && scan->numberOfOrderBys > 0)
      std::copy_n(orderbys, scan->numberOfOrderBys, scan->orderByData);
  });
}

bool sparse_get_tuple(IndexScanDesc scan, ScanDirection) {
  return boundary([&] {
    auto* opaque = static_cast<Opaque*>(scan->opaque);
    MemoryContext old = MemoryContextSwitchTo(opaque->context);
    if (opaque->scan == nullptr) opaque->scan = make_owned_by<Scan>(opaque->context, scan);
    const bool found = opaque->scan->next();
    MemoryContextSwitchTo(old);
    return found;
  });
}

void sparse_end_scan(IndexScanDesc scan) {
  boundary([&] {
    auto* opaque = static_cast<Opaque*>(scan->opaque);
    if (opaque->scan != nullptr) opaque->scan->close();
    MemoryContextDelete(opaque->context);
    pfree(opaque);
    scan->opaque = nullptr;
  });
}

}  // namespace rv::pg
