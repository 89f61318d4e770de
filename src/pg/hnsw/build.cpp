// ambuild and ambuildempty. The table is read once by this process; encoding and linking run on the
// worker pool over copied data; pages are written in partition order and logged whole at the end.
// A table that does not fit into maintenance_work_mem is built in parts, by way of temporary files.
#include "core/index/hnsw/bulk_build.h"

#include "core/base/rng.h"
#include "core/index/hnsw/insert.h"
#include "core/index/hnsw/parted_build.h"
#include "core/index/hnsw/reach.h"
#include "pg/am/build_reader.h"
#include "pg/am/table_sample.h"
#include "pg/base/memory.h"
#include "pg/base/threads.h"
#include "pg/hnsw/hnsw.h"
#include "pg/hnsw/options.h"
#include "pg/storage/temporary_file.h"

extern "C" {
#include "access/tableam.h"
#include "catalog/index.h"
#include "commands/progress.h"
#include "storage/bufmgr.h"
#include "utils/backend_progress.h"
}

using namespace rv;
using namespace rv::pg;

namespace {

namespace core = rv::index::hnsw;

constexpr std::size_t kSampleRows = 10000;
constexpr std::size_t kBatchRows = 1024;
constexpr std::uint64_t kSeed = 42;
// Links that lead to every node after a build: one is enough to be found, the second for those that
// arrive from elsewhere.
constexpr int kIncomingLinks = 2;

enum Phase : int64 {
  kLoading = 2,  // 1 is PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE
  kLinking = 3,
  kWriting = 4,
  kInserting = 5
};

void progress(int64 phase, std::size_t done, std::size_t total) {
  call([=] {
    const int index[] = {PROGRESS_CREATEIDX_SUBPHASE, PROGRESS_CREATEIDX_TUPLES_DONE,
                         PROGRESS_CREATEIDX_TUPLES_TOTAL};
    const int64 value[] = {phase, static_cast<int64>(done), static_cast<int64>(total)};
    pgstat_progress_update_multi_param(3, index, value);
  });
}

core::Options options_of(Relation index) {
  const core::Options o{hnsw::option_m(index), hnsw::option_ef_construction(index)};
  if (o.ef_construction < 2 * o.m)
    throw Error(ErrorCode::invalid_argument,
                "ef_construction must be greater than or equal to 2 * m");
  return o;
}

struct Built {
  double heap_rows = 0;
  double index_rows = 0;
};

Built build(Relation heap, Relation index, IndexInfo* info) {
  const core::Options options = options_of(index);
  hnsw::forget_codec(index);
  const ScopedContext memory("hnsw build");
  IndexedVectors vectors(index, hnsw::kName, memory.get());
  BuildReader reader(heap, index, info, vectors);
  progress(PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE, 0, 0);

  const auto dim = static_cast<std::size_t>(vectors.dim());
  const double estimate = estimate_rows(heap, index, info);
  std::shared_ptr<const quant::Codec> codec;
  std::unique_ptr<core::CodeArray> leaders;
  {
    const std::size_t budget =
        static_cast<std::size_t>(maintenance_work_mem) * 1024 / 4 / (dim * sizeof(float));
    const auto sample = sample_vectors(heap, index, info, &vectors,
                                       std::clamp<std::size_t>(budget, 256, kSampleRows), estimate);
    codec =
        quant::train_codec(hnsw::codec_spec(index, vectors), sample.data(), sample.size() / dim);
    BufferStore store(index, BufferStore::Mode::building);
    core::Graph::create(store, options, *codec, sample.size() / dim);
    leaders = core::encode_leaders(*codec, sample.data(), sample.size() / dim);
  }

  WorkerPool& pool = maintenance_pool();
  call([&pool] {
    ereport(DEBUG1, (errmsg_internal("using %d parallel workers", pool.threads() - 1)));
  });
  const Work work(
      &pool, [] { check_interrupts(); }, interrupt_pending);
  BufferStore store(index, BufferStore::Mode::building);
  const auto limit = static_cast<std::size_t>(maintenance_work_mem) * 1024;
  auto bulk = std::make_unique<core::BulkBuild>(codec, options, work, kSeed);
  std::unique_ptr<core::PartedBuild> parted;
  std::unique_ptr<core::Graph> graph;
  std::unique_ptr<core::Inserter> inserter;
  std::size_t rows = 0;
  const auto total = static_cast<std::size_t>(std::max(0.0, estimate));

  // Concepts near the centre are near to everything: partitions would gather around them. Points of
  // hyperbolic space are linked one by one.
  if (vectors.metric() == quant::Metric::hyperbolic) {
    bulk.reset();
    graph = std::make_unique<core::Graph>(store, codec);
    inserter = std::make_unique<core::Inserter>(*graph);
  }

  const auto to_parts = [&] {
    // The estimate may be too low: what was read tells at least this much.
    const std::size_t expected = std::max(total, bulk->rows() + bulk->rows() / 4);
    parted = std::make_unique<core::PartedBuild>(codec, options, work, kSeed, limit, expected,
                                                 std::move(leaders),
                                                 [] { return std::make_unique<TemporaryFile>(); });
    const std::size_t done = bulk->rows(), parts = parted->parts();
    call([done, parts] {
      ereport(NOTICE,
              (errmsg("hnsw graph no longer fits into maintenance_work_mem after %zu tuples", done),
               errdetail("It is built in %zu parts, by way of temporary files.", parts),
               errhint("Increase maintenance_work_mem to speed up builds.")));
    });
    bulk->hand_over([&](const std::byte* code, core::HeapTid tid) { parted->add_code(code, tid); });
    bulk.reset();
  };

  Built result;
  std::vector<core::HeapTid> places;
  progress(kLoading, 0, total);
  result.heap_rows =
      reader.read(kBatchRows, [&](const float* x, const ItemPointerData* tids, std::size_t n) {
        places.clear();
        for (std::size_t i = 0; i < n; ++i) places.push_back(hnsw::to_heap_tid(tids[i]));
        if (bulk != nullptr &&
            bulk->bytes_when_built() + n * core::BulkBuild::bytes_per_row(*codec, options) > limit)
          to_parts();
        if (bulk != nullptr) {
          bulk->add(x, places.data(), n);
        } else if (parted != nullptr) {
          parted->add(x, places.data(), n);
        } else {
          for (std::size_t i = 0; i < n; ++i) {
            Rng rng(mix64(rows + i));
            inserter->insert(x + i * dim, places[i], rng);
            check_interrupts();
          }
        }
        rows += n;
        progress(inserter == nullptr ? kLoading : kInserting, rows, std::max(total, rows));
      });
  const auto linking = [](std::size_t done, std::size_t of) { progress(kLinking, done, of); };
  if (bulk != nullptr) {
    bulk->build(linking);
    bulk->link_unreached(kIncomingLinks);
    bulk->write(store, [](std::size_t done, std::size_t of) { progress(kWriting, done, of); });
    bulk.reset();
  } else {
    if (parted != nullptr) {
      parted->finish(store, linking);
      parted.reset();
      graph = std::make_unique<core::Graph>(store, codec);
    }
    core::link_unreached(*graph, kIncomingLinks);
    store.unpin_all();
  }
  result.index_rows = static_cast<double>(rows);
  store.log_whole_fork();
  return result;
}

}  // namespace

IndexBuildResult* rv_hnsw_build(Relation heap, Relation index, IndexInfo* info) {
  return boundary([&] {
    const Built result = build(heap, index, info);
    return call([&result] {
      auto* out = static_cast<IndexBuildResult*>(palloc(sizeof(IndexBuildResult)));
      out->heap_tuples = result.heap_rows;
      out->index_tuples = result.index_rows;
      return out;
    });
  });
}

// The initial fork of an unlogged index: an empty graph, which a crash brings back.
void rv_hnsw_build_empty(Relation index) {
  boundary([&] {
    const core::Options options = options_of(index);
    const ScopedContext memory("hnsw build");
    const IndexedVectors vectors(index, hnsw::kName, memory.get());
    const auto codec = quant::train_codec(hnsw::codec_spec(index, vectors), nullptr, 0);
    BufferStore store(index, BufferStore::Mode::building, INIT_FORKNUM);
    core::Graph::create(store, options, *codec, 0);
    store.log_whole_fork();
  });
}

char* rv_hnsw_phase_name(int64 phase) {
  const char* name = nullptr;
  switch (phase) {
    case PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE:
      name = "initializing";
      break;
    case kLoading:
      name = "loading tuples";
      break;
    case kLinking:
      name = "linking tuples";
      break;
    case kWriting:
      name = "writing pages";
      break;
    case kInserting:
      name = "inserting tuples";
      break;
    default:
      break;
  }
  return const_cast<char*>(name);
}
