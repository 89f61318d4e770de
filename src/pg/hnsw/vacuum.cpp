// ambulkdelete and amvacuumcleanup.
#include "core/index/hnsw/remove.h"
#include "pg/hnsw/hnsw.h"

extern "C" {
#include "commands/vacuum.h"
#include "storage/indexfsm.h"
}

using namespace rv;
using namespace rv::pg;

IndexBulkDeleteResult* rv_hnsw_bulk_delete(IndexVacuumInfo* info, IndexBulkDeleteResult* stats,
                                           IndexBulkDeleteCallback callback, void* state) {
  return boundary([&] {
    if (stats == nullptr)
      stats = call([] {
        return static_cast<IndexBulkDeleteResult*>(palloc0(sizeof(IndexBulkDeleteResult)));
      });
    BufferStore store(info->index, BufferStore::Mode::logged);
    index::hnsw::Graph graph = hnsw::open_graph(info->index, store);
    index::hnsw::Remover remover(graph);
    const auto pause = [&store] {
      store.refresh_blocks();
      call([] { rv_vacuum_delay_point(); });
    };
    const auto counts = remover.mark(
        [&](index::hnsw::HeapTid row) {
          ItemPointerData tid = hnsw::from_heap_tid(row);
          return call([&] { return callback(&tid, state); });
        },
        pause);
    if (counts.nodes_deleted > 0) {
      remover.repair(pause);
      remover.free(pause);
    }
    store.unpin_all();
    stats->tuples_removed += static_cast<double>(counts.rows_removed);
    stats->num_index_tuples = static_cast<double>(counts.rows_left);
    stats->num_pages = store.blocks();
    return stats;
  });
}

IndexBulkDeleteResult* rv_hnsw_vacuum_cleanup(IndexVacuumInfo* info, IndexBulkDeleteResult* stats) {
  return boundary([&]() -> IndexBulkDeleteResult* {
    if (info->analyze_only || stats == nullptr) return stats;
    stats->num_pages = call([info] {
      IndexFreeSpaceMapVacuum(info->index);  // pages that a crash left unwritten
      return RelationGetNumberOfBlocks(info->index);
    });
    return stats;
  });
}
