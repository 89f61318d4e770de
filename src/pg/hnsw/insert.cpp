// aminsert: one row.
#include "core/index/hnsw/insert.h"

#include "core/base/rng.h"
#include "pg/am/indexed_vectors.h"
#include "pg/base/memory.h"
#include "pg/hnsw/hnsw.h"
#include "pg/hnsw/options.h"

extern "C" {
#include "nodes/execnodes.h"
}

using namespace rv;
using namespace rv::pg;

namespace {

// What the rows of one statement share. The relation outlives it: the executor keeps it open.
struct InsertState {
  InsertState(Relation index, MemoryContext context)
      : vectors(index, hnsw::kName, context),
        store(index, BufferStore::Mode::logged),
        graph(hnsw::open_graph(index, store)),
        inserter(graph) {}
  IndexedVectors vectors;
  BufferStore store;
  index::hnsw::Graph graph;
  index::hnsw::Inserter inserter;
};

}  // namespace

bool rv_hnsw_insert(Relation index, Datum* values, bool* nulls, ItemPointer tid, Relation,
                    IndexUniqueCheck, bool, IndexInfo* info) {
  return boundary([&] {
    if (nulls[0]) return false;
    auto* state = static_cast<InsertState*>(info->ii_AmCache);
    if (state == nullptr) {
      state = make_owned_by<InsertState>(info->ii_Context, index, info->ii_Context);
      info->ii_AmCache = state;
    }
    const float* x = state->vectors.floats(values[0]);
    if (x == nullptr) return false;
    // The level of a node depends on its heap row alone, which is as good as chance.
    Rng rng(mix64((static_cast<std::uint64_t>(ItemPointerGetBlockNumberNoCheck(tid)) << 16 |
                   ItemPointerGetOffsetNumberNoCheck(tid)) ^
                  static_cast<std::uint64_t>(RelationGetRelid(index)) << 40));
    state->store.refresh_blocks();
    state->inserter.insert(x, hnsw::to_heap_tid(*tid), rng, hnsw::option_ef_construction(index));
    state->store.unpin_all();
    check_interrupts();
    return false;
  });
}
