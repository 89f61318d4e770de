#include "core/index/ivf/entries.h"
#include "pg/base/memory.h"
#include "pg/ivf/callbacks.h"
#include "pg/ivf/description_cache.h"
#include "pg/ivf/options.h"
#include "pg/storage/buffer_store.h"

extern "C" {
#include "nodes/execnodes.h"
}

namespace rv::pg::ivf {
namespace {

// Kept for the rows of a statement.
struct InsertState {
  InsertState(Relation index, MemoryContext context) : vectors(index, kAmName, context) {}
  IndexedVectors vectors;
};

}  // namespace

bool insert(Relation index, Datum* values, bool* nulls, ItemPointer tid, Relation, IndexUniqueCheck,
            bool, IndexInfo* info) {
  return boundary([&] {
    if (nulls[0]) return false;
    auto* state = static_cast<InsertState*>(info->ii_AmCache);
    if (state == nullptr) {
      state = make_owned_by<InsertState>(info->ii_Context, index, info->ii_Context);
      info->ii_AmCache = state;
    }
    const float* x = state->vectors.floats(values[0]);
    if (x == nullptr) return false;
    BufferStore store(index, BufferStore::Mode::logged);
    const auto description = description_of(index, store);
    index::ivf::insert(
        store, *description, x,
        index::ivf::RowId{ItemPointerGetBlockNumber(tid)} << 16 | ItemPointerGetOffsetNumber(tid));
    store.unpin_all();
    return false;
  });
}

}  // namespace rv::pg::ivf
