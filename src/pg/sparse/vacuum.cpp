// ambulkdelete, amvacuumcleanup.
#include "core/sparse/index.h"
#include "pg/sparse/callbacks.h"
#include "pg/sparse/options.h"
#include "pg/sparse/surroundings.h"
#include "pg/storage/buffer_store.h"

extern "C" {
#include "commands/vacuum.h"
#include "storage/bufmgr.h"
}

namespace rv::pg {
namespace {

IndexBulkDeleteResult* allocated(IndexBulkDeleteResult* stats) {
  if (stats != nullptr) return stats;
  return call(
      [] { return static_cast<IndexBulkDeleteResult*>(palloc0(sizeof(IndexBulkDeleteResult))); });
}

}  // namespace

IndexBulkDeleteResult* sparse_bulk_delete(IndexVacuumInfo* info, IndexBulkDeleteResult* stats,
                                          IndexBulkDeleteCallback callback, void* state) {
  return boundary([&] {
    stats = allocated(stats);
    BufferStore store(info->index, BufferStore::Mode::logged);
    ServerSurroundings around(info->index, nullptr);
    sparse::Index index(store, around, index_options(info->index));
    const auto result = index.remove([&](const sparse::Row& row) {
      ItemPointerData tid;
      ItemPointerSet(&tid, row.block, row.offset);
      return call([&] { return callback(&tid, state); });
    });
    store.unpin_all();
    stats->tuples_removed += static_cast<double>(result.deleted);
    stats->num_index_tuples = static_cast<double>(result.live);
    stats->estimated_count = false;
    return stats;
  });
}

IndexBulkDeleteResult* sparse_vacuum_cleanup(IndexVacuumInfo* info, IndexBulkDeleteResult* stats) {
  return boundary([&] {
    if (info->analyze_only) return stats;
    const bool counted = stats != nullptr;
    stats = allocated(stats);
    BufferStore store(info->index, BufferStore::Mode::logged);
    ServerSurroundings around(info->index, nullptr);
    sparse::Index index(store, around, index_options(info->index));
    const std::uint64_t free = index.clean_up();
    store.unpin_all();
    if (!counted) {
      const sparse::Meta meta = sparse::read_meta(store);
      for (std::uint32_t i = 0; i < meta.segments; ++i)
        stats->num_index_tuples += meta.segment[i].docs - meta.segment[i].dead;
      stats->estimated_count = true;
    }
    store.refresh_blocks();
    stats->num_pages = store.blocks();
    stats->pages_free = static_cast<BlockNumber>(free);
    return stats;
  });
}

}  // namespace rv::pg
