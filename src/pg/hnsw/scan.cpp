// ambeginscan .. amendscan: ordered scans.
#include <algorithm>
#include <limits>
#include <utility>

#include "core/index/hnsw/scan_features.h"
#include "core/index/hnsw/search.h"
#include "pg/am/heap_rows.h"
#include "pg/am/indexed_vectors.h"
#include "pg/am/reranker.h"
#include "pg/am/scan_advice.h"
#include "pg/am/scan_stats.h"
#include "pg/base/memory.h"
#include "pg/hnsw/hnsw.h"
#include "pg/hnsw/options.h"

extern "C" {
#include "access/relscan.h"
#include "pgstat.h"
}

using namespace rv;
using namespace rv::pg;

namespace {

namespace core = rv::index::hnsw;

class OrderedScan {
 public:
  OrderedScan(IndexScanDesc scan, MemoryContext context)
      : scan_(scan),
        vectors_(scan->indexRelation, hnsw::kName, context),
        store_(scan->indexRelation, BufferStore::Mode::logged),
        graph_(hnsw::open_graph(scan->indexRelation, store_)),
        query_(graph_.codec().query()),
        search_(graph_, *query_),
        rows_(scan, context) {
    store_.unpin_all();
    store_.keep_few_pins();
  }

  void restart(bool null_query, Datum query);
  bool next(ItemPointerData* tid);
  void close() {
    rows_.close();
    store_.unpin_all();
    report();
  }

 private:
  enum class Stage { start, graph, sweep, done };

  static constexpr int kLargestBatch = 4000;
  static constexpr double kWalkToSweep = 4;
  // The order by sketches is a rough one: the true neighbours are among so many times ef_search.
  static constexpr int kSketchBeam = 4;

  void begin();
  int beam(int ef) const { return vectors_.sketched() ? kSketchBeam * ef : ef; }
  // One pass over all codes has become as cheap as the walk has been: a distance on a walk, which
  // jumps, takes about four times that of one in order. What a filter leaves may lie anywhere.
  bool walked_far() {
    return kWalkToSweep * static_cast<double>(search_.stats().distances) >=
           static_cast<double>(store_.blocks()) * graph_.meta().node_slots;
  }
  bool bounds_known() const { return !rerank_all_ && !null_query_; }
  bool more();
  void take_batch();
  void look_up(core::NodeId node);
  void report();

  IndexScanDesc scan_;
  IndexedVectors vectors_;
  BufferStore store_;
  core::Graph graph_;
  std::unique_ptr<quant::CodeQuery> query_;
  core::Search search_;
  HeapRows rows_;
  Reranker reranker_;
  std::vector<core::HeapTid> tids_;
  Stage stage_ = Stage::start;
  hnsw::Iterative iterative_ = hnsw::Iterative::off;
  bool just_opened_ = true;  // the meta page was read a moment ago
  bool null_query_ = false;
  bool trust_codes_ = false;  // the codes are exact, or were asked to be taken as such
  bool rerank_all_ = false;
  int ef_ = 0;
  int batch_size_ = 0;
  double last_distance_ = 0;
  std::vector<float> estimates_;  // by candidate number, where codes are trusted
  std::vector<core::NodeId> nodes_;
  ScanStats stats_;
};

void OrderedScan::restart(bool null_query, Datum query) {
  report();
  if (!std::exchange(just_opened_, false)) {
    graph_.refresh();
    store_.refresh_blocks();
  }
  stage_ = Stage::start;
  ef_ = hnsw::ef_search(scan_->indexRelation);
  iterative_ = hnsw::iterative_scan(scan_->indexRelation);
  trust_codes_ = hnsw::option_rerank(scan_->indexRelation) == hnsw::Rerank::none;
  rerank_all_ = vectors_.rerank_all() && !trust_codes_;
  batch_size_ = beam(ef_);
  null_query_ = null_query;
  last_distance_ = -std::numeric_limits<double>::infinity();
  store_.set_table(scan_->heapRelation);
  reranker_.clear();
  nodes_.clear();
  estimates_.clear();
  if (!null_query) {
    vectors_.set_query(query);
    query_->set(vectors_.query_floats());
  }
  stats_ = {};
  stats_.index = RelationGetRelid(scan_->indexRelation);
  stats_.method = hnsw::kName;
  stats_.ef = ef_;
}

void OrderedScan::report() {
  if (stats_.index == InvalidOid || stage_ == Stage::start) return;
  stats_.hops = search_.stats().hops;
  stats_.distances = search_.stats().distances;
  stats_.pages = store_.pins();
  report_scan(stats_, null_query_ ? ScanQuery{}
                                  : ScanQuery{vectors_.query_bytes(),
                                              {vectors_.query_floats(),
                                               static_cast<std::size_t>(vectors_.dim())}});
  stats_.index = InvalidOid;
}

void OrderedScan::take_batch() {
  ++stats_.batches;
  for (const core::Candidate& c : search_.batch()) {
    float lower = bounds_known() ? c.distance - c.error : -std::numeric_limits<float>::infinity();
    if (trust_codes_) lower = c.distance;
    reranker_.add(lower, static_cast<std::uint32_t>(nodes_.size()));
    nodes_.push_back(c.node);
    // Codes without error need no second look.
    estimates_.push_back(trust_codes_ || (c.error == 0 && !rerank_all_)
                             ? c.distance
                             : std::numeric_limits<float>::quiet_NaN());
  }
  reranker_.sort();
  store_.unpin_all();
}

// The first batch. Who has learned how much effort queries need is asked after a little of it.
void OrderedScan::begin() {
  const ScanAdvisor* advisor = null_query_ ? nullptr : scan_advisor();
  const int first = advisor != nullptr ? advisor->first(scan_->indexRelation, ef_) : 0;
  search_.begin(beam(first > 0 ? first : ef_));
  if (first <= 0) return;
  int effort = first;
  for (;;) {
    const auto features = core::features(search_);
    const int next =
        advisor->next(scan_->indexRelation, features, core::margin(features), effort, ef_);
    if (next <= effort) break;
    search_.widen(beam(next));
    effort = next;
  }
  stats_.ef = ef_ = effort;
}

// Brings further candidates; false when there are none.
bool OrderedScan::more() {
  const std::size_t sweep_most =
      std::max<std::size_t>(1000, static_cast<std::size_t>(hnsw::scan_memory_bytes()) / 32);
  for (;;) {
    switch (stage_) {
      case Stage::start:
        stage_ = Stage::graph;
        if (null_query_) {
          std::vector<float> zero(static_cast<std::size_t>(vectors_.dim()), 1.0f);
          query_->set(zero.data());
        }
        begin();
        break;
      case Stage::graph: {
        const bool spent = search_.visited() >= static_cast<std::size_t>(hnsw::max_scan_tuples()) ||
                           static_cast<double>(search_.bytes()) > hnsw::scan_memory_bytes();
        if (iterative_ == hnsw::Iterative::off) {
          stage_ = Stage::done;
          return false;
        }
        // A bound that was set is kept; the default one only ends the walk through the graph. What
        // was compared on the way is returned all the same.
        const bool bounded = hnsw::max_scan_tuples_is_set();
        if (spent && bounded) {
          stage_ = Stage::done;
          if (!search_.leftovers()) continue;
          break;
        }
        if (spent || (walked_far() && !bounded)) {
          stage_ = Stage::sweep;
          if (search_.leftovers()) take_batch();  // in one order with what the pass finds
          continue;
        }
        // Who goes deep needs a wide beam, or what it misses comes late.
        batch_size_ = std::min(batch_size_ + batch_size_ / 2, kLargestBatch);
        if (!search_.next(batch_size_)) {
          stage_ = Stage::sweep;
          continue;
        }
        break;
      }
      case Stage::sweep:
        stats_.swept = true;
        if (!search_.sweep(sweep_most)) {
          stage_ = Stage::done;
          store_.unpin_all();
          return false;
        }
        break;
      case Stage::done:
        return false;
    }
    take_batch();
    if (reranker_.candidates_left()) return true;
  }
}

void OrderedScan::look_up(core::NodeId number) {
  tids_.clear();
  graph_.heap_rows(nodes_[number], tids_);
  const float estimate = estimates_[number];
  for (const core::HeapTid& row : tids_) {
    const ItemPointerData tid = hnsw::from_heap_tid(row);
    if (estimate == estimate) {
      reranker_.push({estimate, tid});
      continue;
    }
    Datum value;
    ++stats_.reranked;
    if (null_query_) {
      reranker_.push({0, tid});
    } else if (rows_.fetch(tid, &value)) {
      reranker_.push({vectors_.distance(value), tid});
    }
  }
}

bool OrderedScan::next(ItemPointerData* tid) {
  for (;;) {
    // Rows that wait may be farther than what the next batch holds: it is asked for first, so that
    // the order only breaks where the graph itself misleads. Where estimates have no bounds every
    // batch would have to be seen first, so its rows leave before the next one is asked for.
    if (reranker_.ready() &&
        (reranker_.candidates_left() || stage_ == Stage::done || !bounds_known())) {
      const Reranker::Row row = reranker_.pop();
      if (row.distance < last_distance_ && iterative_ == hnsw::Iterative::strict_order) continue;
      last_distance_ = std::max(last_distance_, row.distance);
      *tid = row.tid;
      ++stats_.returned;
      return true;
    }
    if (reranker_.candidates_left()) {
      look_up(reranker_.take_candidate());
      check_interrupts();
      continue;
    }
    if (!more() && !reranker_.rows_left()) return false;
  }
}

struct Opaque {
  MemoryContext context;
  OrderedScan* scan;
  bool null_query;
  Datum query;
};

}  // namespace

IndexScanDesc rv_hnsw_begin_scan(Relation index, int keys, int orderings) {
  return boundary([&] {
    return call([&] {
      IndexScanDesc scan = RelationGetIndexScan(index, keys, orderings);
      auto* opaque = static_cast<Opaque*>(palloc0(sizeof(Opaque)));
      opaque->context =
          AllocSetContextCreate(CurrentMemoryContext, "hnsw scan", ALLOCSET_DEFAULT_SIZES);
      scan->opaque = opaque;
      return scan;
    });
  });
}

void rv_hnsw_rescan(IndexScanDesc scan, ScanKey keys, int, ScanKey orderings, int) {
  boundary([&] {
    if (keys != nullptr && scan->numberOfKeys > 0)
      std::memmove(scan->keyData, keys,
                   static_cast<std::size_t>(scan->numberOfKeys) * sizeof(ScanKeyData));
    if (orderings != nullptr && scan->numberOfOrderBys > 0)
      std::memmove(scan->orderByData, orderings,
                   static_cast<std::size_t>(scan->numberOfOrderBys) * sizeof(ScanKeyData));
    auto* opaque = static_cast<Opaque*>(scan->opaque);
    if (scan->numberOfOrderBys == 0) return;
    const ScanKeyData& key = scan->orderByData[0];
    opaque->null_query = (key.sk_flags & SK_ISNULL) != 0;
    opaque->query = key.sk_argument;
    if (opaque->scan != nullptr) opaque->scan->restart(opaque->null_query, opaque->query);
  });
}

bool rv_hnsw_get_tuple(IndexScanDesc scan, ScanDirection direction) {
  return boundary([&] {
    Assert(ScanDirectionIsForward(direction));
    (void)direction;
    auto* opaque = static_cast<Opaque*>(scan->opaque);
    if (opaque->scan == nullptr) {
      if (scan->numberOfOrderBys == 0)
        throw Error(ErrorCode::internal, "cannot scan hnsw index without order");
      if (!IsMVCCSnapshot(scan->xs_snapshot))
        throw Error(ErrorCode::internal, "non-MVCC snapshots are not supported with hnsw");
      call([scan] {
        pgstat_count_index_scan(scan->indexRelation);
        rv_count_index_search(scan);
      });
      opaque->scan = make_owned_by<OrderedScan>(opaque->context, scan, opaque->context);
      opaque->scan->restart(opaque->null_query, opaque->query);
    }
    ItemPointerData tid;
    if (!opaque->scan->next(&tid)) return false;
    scan->xs_heaptid = tid;
    scan->xs_recheck = false;
    scan->xs_recheckorderby = false;
    return true;
  });
}

void rv_hnsw_end_scan(IndexScanDesc scan) {
  boundary([&] {
    auto* opaque = static_cast<Opaque*>(scan->opaque);
    if (opaque->scan != nullptr) opaque->scan->close();
    call([opaque] { MemoryContextDelete(opaque->context); });
    scan->opaque = nullptr;
  });
}
