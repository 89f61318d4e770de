#include "core/index/ivf/entries.h"
#include "pg/ivf/callbacks.h"
#include "pg/ivf/description_cache.h"
#include "pg/storage/buffer_store.h"

namespace rv::pg::ivf {

IndexBulkDeleteResult* bulk_delete(IndexVacuumInfo* info, IndexBulkDeleteResult* result,
                                   IndexBulkDeleteCallback callback, void* callback_state) {
  return boundary([&] {
    if (result == nullptr)
      result = call([] {
        return static_cast<IndexBulkDeleteResult*>(palloc0(sizeof(IndexBulkDeleteResult)));
      });
    BufferStore store(info->index, BufferStore::Mode::logged);
    const auto description = description_of(info->index, store);
    const auto dead = [&](index::ivf::RowId row) {
      ItemPointerData tid;
      ItemPointerSet(&tid, static_cast<BlockNumber>(row >> 16),
                     static_cast<OffsetNumber>(row & 0xFFFF));
      return call([&] { return callback(&tid, callback_state); });
    };
    const auto removed = index::ivf::remove(store, *description, dead,
                                            [] { call([] { rv_vacuum_delay_point(); }); });
    result->tuples_removed += static_cast<double>(removed.removed);
    result->num_index_tuples = static_cast<double>(removed.kept);
    return result;
  });
}

IndexBulkDeleteResult* vacuum_cleanup(IndexVacuumInfo* info, IndexBulkDeleteResult* result) {
  // Nothing was deleted: the table's count stands for the index's.
  if (info->analyze_only || result == nullptr) return result;
  result->num_pages = RelationGetNumberOfBlocks(info->index);
  return result;
}

}  // namespace rv::pg::ivf
