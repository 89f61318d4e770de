// ambuild, ambuildempty, aminsert.
#include "core/sparse/builder.h"
#include "pg/sparse/callbacks.h"
#include "pg/sparse/extract.h"
#include "pg/sparse/options.h"
#include "pg/sparse/surroundings.h"
#include "pg/storage/buffer_store.h"

extern "C" {
#include "access/tableam.h"
#include "commands/progress.h"
#include "pgstat.h"
#include "storage/buffile.h"
#include "utils/backend_progress.h"
}

namespace rv::pg {
namespace {

class TemporaryFile final : public sparse::ScratchFile {
 public:
  TemporaryFile() : file_(call([] { return BufFileCreateTemp(false); })) {}
  ~TemporaryFile() override {
    if (std::uncaught_exceptions() == 0) BufFileClose(file_);
  }
  void append(std::span<const std::byte> bytes) override {
    call([&] { BufFileWrite(file_, const_cast<std::byte*>(bytes.data()), bytes.size()); });
  }
  void read(std::uint64_t offset, std::span<std::byte> out) override {
    call([&] {
      if (BufFileSeek(file_, 0, static_cast<off_t>(offset), SEEK_SET) != 0 ||
          BufFileRead(file_, out.data(), out.size()) != out.size())
        ereport(ERROR, (errcode_for_file_access(),
                        errmsg("could not read from temporary file of an index build")));
    });
  }

 private:
  BufFile* file_;
};

enum Phase { kPhaseScan = 2, kPhaseWrite = 3 };

void report(int index, int64 value) noexcept { pgstat_progress_update_param(index, value); }

struct Build {
  Extractor extractor;
  sparse::Builder builder;
  sparse::Document document;
  double rows = 0;

  explicit Build(Relation index)
      : extractor(index), builder(scoring_of(index), std::size_t(maintenance_work_mem) * 1024, [] {
          return std::make_unique<TemporaryFile>();
        }) {}
};

void add_row(Relation, ItemPointer row, Datum* values, bool* nulls, bool, void* state) {
  boundary([&] {
    auto* build = static_cast<Build*>(state);
    build->extractor.fill(values[0], nulls[0], *row, build->document);
    build->builder.add(build->document);
    build->rows += 1;
    report(PROGRESS_CREATEIDX_TUPLES_DONE, static_cast<int64>(build->rows));
  });
}

}  // namespace

IndexBuildResult* sparse_build(Relation heap, Relation index, IndexInfo* info) {
  return boundary([&] {
    if (RelationGetNumberOfBlocks(index) != 0)
      throw Error(ErrorCode::internal, "index \"" + std::string(RelationGetRelationName(index)) +
                                           "\" already contains data");
    BufferStore store(index, BufferStore::Mode::building);
    sparse::create_index(store, scoring_of(index));
    Build build(index);
    report(PROGRESS_CREATEIDX_SUBPHASE, kPhaseScan);
    const double heap_rows = call([&] {
      return table_index_build_scan(heap, index, info, true, true, add_row, &build, nullptr);
    });
    report(PROGRESS_CREATEIDX_SUBPHASE, kPhaseWrite);
    build.builder.finish(store);
    store.log_whole_fork();
    return call([&] {
      auto* result = static_cast<IndexBuildResult*>(palloc(sizeof(IndexBuildResult)));
      result->heap_tuples = heap_rows;
      result->index_tuples = build.rows;
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
