// ambulkdelete, amvacuumcleanup.
#include <exception>

#include "core/sparse/index.h"
#include "pg/sparse/callbacks.h"
#include "pg/sparse/options.h"
#include "pg/sparse/surroundings.h"
#include "pg/storage/buffer_store.h"

extern "C" {
#include "access/table.h"
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

// VACUUM has the table open and locked. Knowing it, pages can be recycled while sessions of other
// databases hold old snapshots.
class OpenTable {
 public:
  explicit OpenTable(Relation index)
      : table_(call([index] { return table_open(index->rd_index->indrelid, NoLock); })) {}
  ~OpenTable() {
    if (std::uncaught_exceptions() == 0) table_close(table_, NoLock);
  }
  OpenTable(const OpenTable&) = delete;
  OpenTable& operator=(const OpenTable&) = delete;
  Relation get() const noexcept { return table_; }

 private:
  Relation table_;
};

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
    const OpenTable table(info->index);
    ServerSurroundings around(info->index, table.get());
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
