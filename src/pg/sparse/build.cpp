// ambuild, ambuildempty, aminsert.
#include "pg/am/table_sample.h"
#include "pg/sparse/build_rows.h"
#include "pg/sparse/callbacks.h"
#include "pg/sparse/options.h"
#include "pg/sparse/parallel_build.h"
#include "pg/sparse/scratch_file.h"
#include "pg/sparse/surroundings.h"
#include "pg/storage/buffer_store.h"

extern "C" {
#include "commands/progress.h"
#include "pgstat.h"
#include "utils/backend_progress.h"
}

namespace rv::pg {
namespace {

enum Phase { kPhaseScan = 2, kPhaseWrite = 3 };

void report(int index, int64 value) noexcept { pgstat_progress_update_param(index, value); }

}  // namespace

IndexBuildResult* sparse_build(Relation heap, Relation index, IndexInfo* info) {
  return boundary([&] {
    if (RelationGetNumberOfBlocks(index) != 0)
      throw Error(ErrorCode::internal, "index \"" + std::string(RelationGetRelationName(index)) +
                                           "\" already contains data");
    report(PROGRESS_CREATEIDX_TUPLES_TOTAL,
           static_cast<int64>(estimate_rows(heap, index, info, true)));
    BufferStore store(index, BufferStore::Mode::building);
    sparse::create_index(store, scoring_of(index));
    BuildTeam team(heap, index, info);
    sparse::Builder builder(scoring_of(index), team.memory(), make_scratch_file);
    BuildTeam::Rows rows;
    report(PROGRESS_CREATEIDX_SUBPHASE, kPhaseScan);
    {
      BuildRows own(index, builder, team.counter(), true);
      rows.heap = own.read(heap, index, info, team.scan());
      rows.indexed = own.indexed();
    }
    team.gather(builder, rows);
    // The total was an estimate.
    report(PROGRESS_CREATEIDX_TUPLES_TOTAL, static_cast<int64>(rows.indexed));
    report(PROGRESS_CREATEIDX_SUBPHASE, kPhaseWrite);
    builder.finish(store, index_options(index));
    store.log_whole_fork();
    team.end();
    return call([&rows] {
      auto* result = static_cast<IndexBuildResult*>(palloc(sizeof(IndexBuildResult)));
      result->heap_tuples = rows.heap;
      result->index_tuples = rows.indexed;
      return result;
    });
  });
}

char* sparse_build_phase(int64 phase) {
  switch (phase) {
    case PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE:
      return pstrdup("initializing");
    case kPhaseScan:
      return pstrdup("inverting rows");
    case kPhaseWrite:
      return pstrdup("writing lists");
    default:
      return nullptr;
  }
}

void sparse_build_empty(Relation index) {
  boundary([index] {
    BufferStore store(index, BufferStore::Mode::building, INIT_FORKNUM);
    sparse::create_index(store, scoring_of(index));
    store.log_whole_fork();
  });
}

bool sparse_insert(Relation index, Datum* values, bool* nulls, ItemPointer row, Relation heap,
                   IndexUniqueCheck, bool, IndexInfo* info) {
  return boundary([&] {
    if (info->ii_AmCache == nullptr)
      info->ii_AmCache = make_owned_by<Extractor>(info->ii_Context, index);
    sparse::Document document;
    static_cast<Extractor*>(info->ii_AmCache)->fill(values[0], nulls[0], *row, document);
    BufferStore store(index, BufferStore::Mode::logged);
    ServerSurroundings around(index, heap);
    sparse::Index(store, around, index_options(index)).insert(document);
    store.unpin_all();
    return false;
  });
}

}  // namespace rv::pg
