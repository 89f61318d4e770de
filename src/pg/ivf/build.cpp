// CREATE INDEX: sample the table, train centres and codec, sort all rows into lists, write them.
#include "core/index/ivf/build.h"

#include <optional>

#include "pg/am/table_sample.h"
#include "pg/base/threads.h"
#include "pg/ivf/callbacks.h"
#include "pg/ivf/description_cache.h"
#include "pg/ivf/list_sort.h"
#include "pg/ivf/options.h"
#include "pg/storage/buffer_store.h"

extern "C" {
#include "access/tableam.h"
#include "catalog/index.h"
#include "commands/progress.h"
#include "optimizer/cost.h"
#include "utils/backend_progress.h"
}

namespace rv::pg::ivf {
namespace {

namespace core = index::ivf;

// Below this a table says nothing about the rows that may come.
constexpr double kLittleData = 100;
// Centres of an index over nothing take no more than this, when nobody says how many there are.
constexpr std::size_t kEmptyCentreBytes = std::size_t{1} << 20;
// Two batches: one is encoded while the other is read.
constexpr std::size_t kBatchBytes = std::size_t{4} << 20;

void report(int what, double value) {
  call([&] { pgstat_progress_update_param(what, static_cast<int64>(value)); });
}
void phase(int64 number) { report(PROGRESS_CREATEIDX_SUBPHASE, static_cast<double>(number)); }

void notice_little_data() {
  call([] {
    ereport(NOTICE, (errmsg("ivfflat index created with little data"),
                     errdetail("This will cause low recall."),
                     errhint("Drop the index until the table has more data.")));
  });
}

std::uint32_t lists_for(Relation index, const IndexedVectors& vectors, double rows) {
  const Options* o = options_of(index);
  if (o != nullptr && o->lists > 0) return static_cast<std::uint32_t>(o->lists);
  std::uint32_t lists = core::default_lists(rows);
  if (rows <= 0) {
    const std::size_t fit =
        kEmptyCentreBytes / (sizeof(float) * static_cast<std::size_t>(vectors.dim()));
    lists = std::min(lists, static_cast<std::uint32_t>(std::max<std::size_t>(fit, 1)));
  }
  return lists;
}

core::BuildOptions build_options(Relation index, const IndexedVectors& vectors, double rows) {
  const auto metric = vectors.metric();
  if (vectors.dim() < 2 && core::measure_of(metric) == cluster::Measure::direction)
    throw Error(ErrorCode::invalid_argument,
                "dimensions must be greater than one for this opclass");
  core::BuildOptions options;
  options.codec = codec_spec(index, vectors);
  options.lists = lists_for(index, vectors, rows);
  const Options* o = options_of(index);
  if (o != nullptr) options.rerank = static_cast<core::Rerank>(o->rerank);
  return options;
}

// How large a sample fits into maintenance_work_mem beside the training; 54000 when not even one
// vector a list does.
std::size_t affordable_sample(const core::BuildOptions& options, double rows) {
  const std::size_t budget = static_cast<std::size_t>(maintenance_work_mem) * 1024;
  const std::size_t row = static_cast<std::size_t>(options.codec.dim) * sizeof(float);
  const std::size_t wanted = core::sample_size(options.lists);
  const auto need = [&](std::size_t n) { return core::training_bytes(options, n) + n * row; };
  const auto least = static_cast<std::size_t>(std::min(rows, static_cast<double>(options.lists)));
  if (rows >= 1 && need(least) > budget)
    throw Error(ErrorCode::limit_exceeded,
                "memory required is " + std::to_string((need(least) >> 20) + 1) +
                    " MB, maintenance_work_mem is " + std::to_string(budget >> 20) + " MB",
                {}, "Increase maintenance_work_mem or use fewer lists.");
  std::size_t n = wanted;
  while (n > least && need(n) > budget) n -= std::max<std::size_t>(1, n / 16);
  return std::max(n, least);
}

class Builder {
 public:
  Builder(Relation heap, Relation index, IndexInfo* info)
      : heap_(heap),
        index_(index),
        info_(info),
        vectors_(index, kAmName, CurrentMemoryContext),
        work_(pool_.threads() > 1 ? &pool_ : nullptr, [] { check_interrupts(); }) {}

  IndexBuildResult* run();
  // Called for every row of the table.
  void add(ItemPointer tid, Datum value);

 private:
  void train();
  void assign();
  void load();
  void flush();
  void keep_encoded();

  Relation heap_, index_;
  IndexInfo* info_;
  IndexedVectors vectors_;
  WorkerPool& pool_ = maintenance_pool();
  Work work_;
  core::Training training_;
  std::optional<core::Encoder> encoder_;
  std::optional<ListSort> sort_;
  double heap_rows_ = 0, index_rows_ = 0;

  struct Batch {
    std::vector<float> floats;
    std::vector<core::RowId> rows;
    std::vector<std::uint32_t> lists;
    std::vector<std::byte> codes;
  };
  std::size_t batch_ = 0;  // rows that fit
  Batch read_, encoded_;
  BackgroundTask encoding_{pool_};  // of encoded_: waits when it goes, so it is the last member
};

void Builder::train() {
  phase(kPhaseInitialize);
  double rows = 0;
  if (heap_ != nullptr) rows = estimate_rows(heap_, index_, info_);
  const core::BuildOptions options = build_options(index_, vectors_, rows);
  const int others = pool_.threads() - 1;
  call([others] { ereport(DEBUG1, (errmsg_internal("using %d parallel workers", others))); });
  std::vector<float> sample;
  if (heap_ != nullptr) {
    phase(kPhaseKMeans);
    sample =
        sample_vectors(heap_, index_, info_, &vectors_, affordable_sample(options, rows), rows);
  }
  const std::size_t count = sample.size() / static_cast<std::size_t>(vectors_.dim());
  const Options* o = options_of(index_);
  const bool chosen = o != nullptr && o->lists > 0;
  if (heap_ != nullptr && (count < options.lists || (!chosen && rows < kLittleData)))
    notice_little_data();
  training_ = core::train(options, std::move(sample), work_);
  report(PROGRESS_CREATEIDX_TUPLES_TOTAL, rows);
}

void Builder::add(ItemPointer tid, Datum value) {
  const float* x = vectors_.floats(value);
  if (x == nullptr) return;
  read_.floats.insert(read_.floats.end(), x, x + vectors_.dim());
  read_.rows.push_back(core::RowId{ItemPointerGetBlockNumber(tid)} << 16 |
                       ItemPointerGetOffsetNumber(tid));
  if (read_.rows.size() == batch_) flush();
}

// What was read is encoded from now on, beside the reading of the next rows.
void Builder::flush() {
  keep_encoded();
  if (read_.rows.empty()) return;
  std::swap(read_, encoded_);
  encoding_.start([this] {
    Batch& b = encoded_;
    const std::size_t n = b.rows.size();
    b.lists.resize(n);
    b.codes.resize(n * training_.codec->code_bytes());
    encoder_->encode(b.floats.data(), n, b.lists.data(), b.codes.data(), Work(&pool_));
  });
}

void Builder::keep_encoded() {
  encoding_.wait();
  const std::size_t n = encoded_.rows.size();
  if (n == 0) return;
  sort_->add(encoded_.lists.data(), encoded_.rows.data(), encoded_.codes.data(), n);
  index_rows_ += static_cast<double>(n);
  report(PROGRESS_CREATEIDX_TUPLES_DONE, index_rows_);
  encoded_.floats.clear();
  encoded_.rows.clear();
}

void add_row(Relation, ItemPointer tid, Datum* values, bool* nulls, bool, void* state) {
  if (nulls[0]) return;
  boundary([&] { static_cast<Builder*>(state)->add(tid, values[0]); });
}

void Builder::assign() {
  phase(kPhaseAssign);
  const std::size_t row = static_cast<std::size_t>(vectors_.dim()) * sizeof(float);
  batch_ = std::clamp<std::size_t>(kBatchBytes / row, 16, 8192);
  for (Batch* b : {&read_, &encoded_})
    b->floats.reserve(batch_ * static_cast<std::size_t>(vectors_.dim()));
  encoder_.emplace(training_);
  sort_.emplace(training_.codec->code_bytes(), maintenance_work_mem);
  heap_rows_ = call([this] {
    return table_index_build_scan(heap_, index_, info_, true, true, add_row, this, nullptr);
  });
  flush();
  keep_encoded();
  encoder_.reset();
  read_ = encoded_ = {};
}

void Builder::load() {
  phase(kPhaseLoad);
  report(PROGRESS_CREATEIDX_TUPLES_TOTAL, index_rows_);
  report(PROGRESS_CREATEIDX_TUPLES_DONE, 0);
  sort_->sort();
  BufferStore store(index_, BufferStore::Mode::building);
  core::write_fixed_parts(store, training_, static_cast<std::uint64_t>(index_rows_));
  const auto description = core::open(store);
  store.unpin_all();
  core::ListWriter writer(store, *description);
  std::uint32_t list;
  core::RowId entry;
  const std::byte* code;
  std::uint64_t done = 0;
  while (sort_->next(&list, &entry, &code)) {
    writer.add(list, entry, code);
    if (++done % 1024 == 0) {
      check_interrupts();
      report(PROGRESS_CREATEIDX_TUPLES_DONE, static_cast<double>(done));
    }
  }
  writer.finish();
  report(PROGRESS_CREATEIDX_TUPLES_DONE, static_cast<double>(done));
  sort_->close();
  store.log_whole_fork();
}

IndexBuildResult* Builder::run() {
  forget_description(index_);
  train();
  assign();
  load();
  return call([this] {
    auto* result = static_cast<IndexBuildResult*>(palloc(sizeof(IndexBuildResult)));
    result->heap_tuples = heap_rows_;
    result->index_tuples = index_rows_;
    return result;
  });
}

}  // namespace

IndexBuildResult* build(Relation heap, Relation index, IndexInfo* info) {
  return boundary([&] { return Builder(heap, index, info).run(); });
}

// The initial fork of an unlogged index: an index over nothing.
void build_empty(Relation index) {
  boundary([&] {
    const IndexedVectors vectors(index, kAmName, CurrentMemoryContext);
    const core::BuildOptions options = build_options(index, vectors, 0);
    const core::Training training = core::train(options, {}, Work());
    BufferStore store(index, BufferStore::Mode::building, INIT_FORKNUM);
    core::write_fixed_parts(store, training, 0);
    store.log_whole_fork();
  });
}

}  // namespace rv::pg::ivf
