// Index scans: probe lists, order candidates by estimate, look up exact distances lazily, go on to
// further lists when the caller wants more.
#include "core/index/ivf/search.h"

#include <optional>

#include "pg/am/heap_rows.h"
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
  ScanStats stats;

  void report() {
    if (!started) return;
    stats.hops = search.counts().lists;
    stats.distances = search.counts().codes;
    stats.pages = search.counts().pages;
    report_scan(stats);
    started = false;
  }
};

ItemPointerData tid_of(index::ivf::RowId row) {
  ItemPointerData tid;
  ItemPointerSet(&tid, static_cast<BlockNumber>(row >> 16),
                 static_cast<OffsetNumber>(row & 0xFFFF));
  return tid;
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
  s->settings = scan_settings(scan->indexRelation, s->search.index().lists());
  s->null_query = (scan->orderByData->sk_flags & SK_ISNULL) != 0;
  if (s->null_query) {
    // No distance is known: any order is right.
    const std::vector<float> any(s->search.index().dim(), 1.0f);
    s->search.start(any.data(), s->settings.max_probes);
  } else {
    s->vectors.set_query(scan->orderByData->sk_argument);
    s->search.start(s->vectors.query_floats(), s->settings.max_probes);
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
      s->stats.batches = 1;
      if (!s->search.probe(s->settings.probes)) return false;
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
