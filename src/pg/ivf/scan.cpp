// Index scans: probe lists, order candidates by estimate, look up exact distances lazily, go on to
// further lists when the caller wants more.
#include "core/index/ivf/search.h"

#include <algorithm>
#include <optional>

#include "core/index/ivf/scan_features.h"

#include "pg/am/heap_rows.h"
#include "pg/am/scan_advice.h"
#include "pg/am/scan_stats.h"
#include "pg/base/memory.h"
#include "pg/ivf/callbacks.h"
#include "pg/ivf/description_cache.h"
#include "pg/ivf/options.h"
#include "pg/storage/buffer_store.h"

extern "C" {
#include "access/relscan.h"
#include "pgstat.h"
}

namespace rv::pg::ivf {
namespace {

struct Scan {
  Scan(IndexScanDesc scan, MemoryContext context)
      : vectors(scan->indexRelation, kAmName, context),
        store(scan->indexRelation, BufferStore::Mode::logged),
        search(store, description_of(scan->indexRelation, store),
               static_cast<std::size_t>(work_mem) * 1024),
        rows(scan, context),
        settings(scan_settings(scan->indexRelation, search.index().lists())) {}

  IndexedVectors vectors;
  BufferStore store;
  index::ivf::Search search;
  HeapRows rows;
  ScanSettings settings;
  bool started = false;
  bool null_query = false;
  int first = 0;  // lists to begin with when the scan is advised; 0: it is not
  ScanStats stats;

  void report() {
    if (!started) return;
    stats.hops = search.counts().lists;
    stats.distances = search.counts().codes;
    stats.pages = search.counts().pages;
    report_scan(stats, null_query ? ScanQuery{}
                                  : ScanQuery{vectors.query_bytes(),
                                              {vectors.query_floats(), search.index().dim()}});
    started = false;
  }
};

ItemPointerData tid_of(index::ivf::RowId row) {
  ItemPointerData tid;
  ItemPointerSet(&tid, static_cast<BlockNumber>(row >> 16),
                 static_cast<OffsetNumber>(row & 0xFFFF));
  return tid;
}

// The first lists. Who has learned how many lists queries need is asked after a few of them.
bool begin(IndexScanDesc scan, Scan* s) {
  s->stats.batches = 1;
  if (s->first <= 0) return s->search.probe(s->settings.probes);
  if (!s->search.probe(static_cast<std::uint32_t>(s->first))) return false;
  const int total =
      std::clamp(scan_advisor()->next(scan->indexRelation, index::ivf::features(s->search), 0,
                                      s->first, static_cast<int>(s->settings.probes)),
                 s->first, static_cast<int>(s->search.ordered_lists()));
  s->search.widen(static_cast<std::uint32_t>(total));
  s->settings.probes = static_cast<std::uint32_t>(total);
  s->stats.ef = total;
  return true;
}

void start(IndexScanDesc scan, Scan* s) {
  if (scan->orderByData == nullptr || scan->numberOfOrderBys < 1)
    throw Error(ErrorCode::internal, "cannot scan ivfflat index without order");
  if (!IsMVCCSnapshot(scan->xs_snapshot))
    throw Error(ErrorCode::internal, "non-MVCC snapshots are not supported with ivfflat");
  call([scan] {
    pgstat_count_index_scan(scan->indexRelation);
    rv_count_index_search(scan);
  });
  s->store.set_table(scan->heapRelation);
  s->settings = scan_settings(scan->indexRelation, s->search.index().lists());
  s->null_query = (scan->orderByData->sk_flags & SK_ISNULL) != 0;
  const ScanAdvisor* advisor = s->null_query ? nullptr : scan_advisor();
  const int configured = static_cast<int>(s->settings.probes);
  s->first = advisor == nullptr
                 ? 0
                 : std::min(kFirstProbes, advisor->first(scan->indexRelation, configured));
  // Advice may lead beyond the configured probes, not beyond ivfflat.max_probes.
  const std::uint32_t most =
      s->first > 0 && !s->settings.iterative ? s->search.index().lists() : s->settings.max_probes;
  if (s->null_query) {
    // No distance is known: any order is right.
    const std::vector<float> any(s->search.index().dim(), 1.0f);
    s->search.start(any.data(), s->settings.max_probes);
  } else {
    s->vectors.set_query(scan->orderByData->sk_argument);
    s->search.start(s->vectors.query_floats(), most);
  }
  s->stats = {};
  s->stats.index = RelationGetRelid(scan->indexRelation);
  s->stats.method = kAmName;
  s->stats.ef = static_cast<int>(s->settings.probes);
  s->started = true;
}

}  // namespace

IndexScanDesc begin_scan(Relation index, int keys, int orderbys) {
  return boundary([&] {
    IndexScanDesc scan = call([&] { return RelationGetIndexScan(index, keys, orderbys); });
    scan->opaque = make_owned_by<Scan>(CurrentMemoryContext, scan, CurrentMemoryContext);
    return scan;
  });
}

void rescan(IndexScanDesc scan, ScanKey keys, int, ScanKey orderbys, int) {
  boundary([&] {
    auto* s = static_cast<Scan*>(scan->opaque);
    s->rows.close();
    s->report();
    if (keys != nullptr && scan->numberOfKeys > 0)
      memmove(scan->keyData, keys,
              static_cast<std::size_t>(scan->numberOfKeys) * sizeof(ScanKeyData));
    if (orderbys != nullptr && scan->numberOfOrderBys > 0)
      memmove(scan->orderByData, orderbys,
              static_cast<std::size_t>(scan->numberOfOrderBys) * sizeof(ScanKeyData));
  });
}

bool get_tuple(IndexScanDesc scan, ScanDirection) {
  return boundary([&] {
    auto* s = static_cast<Scan*>(scan->opaque);
    if (!s->started) {
      start(scan, s);
      if (!begin(scan, s)) return false;
    }
    const auto exact = [s](index::ivf::RowId row, float* distance) {
      if (s->null_query) {
        *distance = 0;
        return true;
      }
      Datum value;
      ++s->stats.reranked;
      if (!s->rows.fetch(tid_of(row), &value)) return false;
      *distance = static_cast<float>(s->vectors.distance(value));
      return true;
    };
    index::ivf::RowId row;
    float distance;
    while (!s->search.next(exact, &row, &distance)) {
      check_interrupts();
      if (!s->settings.iterative || !s->search.probe(s->settings.probes)) return false;
      ++s->stats.batches;
    }
    ++s->stats.returned;
    scan->xs_heaptid = tid_of(row);
    scan->xs_recheck = false;
    scan->xs_recheckorderby = false;
    return true;
  });
}

void end_scan(IndexScanDesc scan) {
  boundary([&] {
    auto* s = static_cast<Scan*>(scan->opaque);
    s->rows.close();
    s->report();
    s->store.unpin_all();
  });
}

}  // namespace rv::pg::ivf
