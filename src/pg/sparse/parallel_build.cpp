#include "pg/sparse/parallel_build.h"

#include <algorithm>
#include <cstring>

#include "pg/sparse/build_rows.h"
#include "pg/sparse/scratch_file.h"

extern "C" {
#include "access/table.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "commands/progress.h"
#include "pgstat.h"
#include "storage/condition_variable.h"
#include "storage/spin.h"
#include "tcop/tcopprot.h"
#include "utils/backend_progress.h"
#include "utils/snapmgr.h"
}

namespace rv::pg {

// In dynamic shared memory.
struct SharedBuild {
  Oid heap, index;
  bool concurrent;
  std::size_t memory;     // of one process
  pg_atomic_uint64 rows;  // of all processes, for the progress report
  ConditionVariable worker_ended;
  SharedFileSet files;
  slock_t mutex;  // guards what follows
  int ended;
  double heap_rows, indexed;
  bool broken_hot_chain;
};

namespace {

constexpr uint64 kKeyShared = 1, kKeyParts = 2, kKeyScan = 3, kKeyQuery = 4;
constexpr long kWaitMilliseconds = 200;

template <class T>
T* looked_up(shm_toc* toc, uint64 key) {
  return static_cast<T*>(shm_toc_lookup(toc, key, false));
}

// The worker's side.
void work(dsm_segment* segment, shm_toc* toc) {
  struct Opened {
    SharedBuild* shared;
    Relation heap, index;
    IndexInfo* info;
    TableScanDesc scan;
  };
  const Opened o = call([&] {
    Opened out{};
    out.shared = looked_up<SharedBuild>(toc, kKeyShared);
    debug_query_string = looked_up<char>(toc, kKeyQuery);
    pgstat_report_activity(STATE_RUNNING, debug_query_string);
    const bool concurrent = out.shared->concurrent;
    out.heap = table_open(out.shared->heap, concurrent ? ShareUpdateExclusiveLock : ShareLock);
    out.index = index_open(out.shared->index, concurrent ? RowExclusiveLock : AccessExclusiveLock);
    out.info = BuildIndexInfo(out.index);
    out.info->ii_Concurrent = concurrent;
    out.scan =
        table_beginscan_parallel(out.heap, looked_up<ParallelTableScanDescData>(toc, kKeyScan));
    SharedFileSetAttach(&out.shared->files, segment);
    return out;
  });
  const SharedScratchFile file(&o.shared->files, ParallelWorkerNumber);
  sparse::Part part;
  double heap_rows, indexed;
  {
    sparse::Builder builder(scoring_of(o.index), o.shared->memory,
                            [&file] { return file.create(); });
    BuildRows rows(o.index, builder, &o.shared->rows, false);
    heap_rows = rows.read(o.heap, o.index, o.info, o.scan);
    indexed = rows.indexed();
    part = builder.hand_over();
  }
  call([&] {
    looked_up<sparse::Part>(toc, kKeyParts)[ParallelWorkerNumber] = part;
    SpinLockAcquire(&o.shared->mutex);
    ++o.shared->ended;
    o.shared->heap_rows += heap_rows;
    o.shared->indexed += indexed;
    o.shared->broken_hot_chain |= o.info->ii_BrokenHotChain;
    SpinLockRelease(&o.shared->mutex);
    ConditionVariableSignal(&o.shared->worker_ended);
    index_close(o.index, o.shared->concurrent ? RowExclusiveLock : AccessExclusiveLock);
    table_close(o.heap, o.shared->concurrent ? ShareUpdateExclusiveLock : ShareLock);
  });
}

}  // namespace

BuildTeam::BuildTeam(Relation heap, Relation index, IndexInfo* info)
    : heap_(heap), index_(index), info_(info) {
  pg_atomic_init_u64(&own_counter_, 0);
  const int wanted = call([&] { return rv_index_build_workers(heap, index, info); });
  if (wanted > 0) call([this, wanted] { launch(wanted); });
}

std::size_t BuildTeam::memory() const noexcept {
  return std::size_t(maintenance_work_mem) * 1024 / static_cast<std::size_t>(workers_ + 1);
}

pg_atomic_uint64* BuildTeam::counter() noexcept {
  return shared_ == nullptr ? &own_counter_ : &shared_->rows;
}

TableScanDesc BuildTeam::scan() {
  if (scan_ == nullptr) return nullptr;
  return call([this] { return table_beginscan_parallel(heap_, scan_); });
}

void BuildTeam::launch(int wanted) {
  EnterParallelMode();
  context_ = CreateParallelContext("ruvector", "rv_sparse_build_worker", wanted);
  // As for every build: what is committed and in progress, or a snapshot when writers go on.
  snapshot_ = info_->ii_Concurrent ? RegisterSnapshot(GetTransactionSnapshot()) : SnapshotAny;
  const Size scan_bytes = table_parallelscan_estimate(heap_, snapshot_);
  const Size part_bytes = mul_size(sizeof(sparse::Part), static_cast<Size>(wanted));
  const char* query = debug_query_string == nullptr ? "" : debug_query_string;
  const Size query_bytes = std::strlen(query) + 1;
  for (const Size bytes : {sizeof(SharedBuild), part_bytes, scan_bytes, query_bytes})
    shm_toc_estimate_chunk(&context_->estimator, bytes);
  shm_toc_estimate_keys(&context_->estimator, 4);
  InitializeParallelDSM(context_);
  if (context_->seg == nullptr) return stop();  // no shared memory to be had: build alone

  shm_toc* const toc = context_->toc;
  const auto placed = [toc](uint64 key, Size bytes) {
    void* p = shm_toc_allocate(toc, bytes);
    shm_toc_insert(toc, key, p);
    return p;
  };
  shared_ = static_cast<SharedBuild*>(placed(kKeyShared, sizeof(SharedBuild)));
  *shared_ = {};
  shared_->heap = RelationGetRelid(heap_);
  shared_->index = RelationGetRelid(index_);
  shared_->concurrent = info_->ii_Concurrent;
  shared_->memory = std::size_t(maintenance_work_mem) * 1024 / static_cast<std::size_t>(wanted + 1);
  pg_atomic_init_u64(&shared_->rows, 0);
  ConditionVariableInit(&shared_->worker_ended);
  SpinLockInit(&shared_->mutex);
  SharedFileSetInit(&shared_->files, context_->seg);
  parts_ = static_cast<sparse::Part*>(placed(kKeyParts, part_bytes));
  scan_ = static_cast<ParallelTableScanDesc>(placed(kKeyScan, scan_bytes));
  table_parallelscan_initialize(heap_, scan_, snapshot_);
  std::memcpy(placed(kKeyQuery, query_bytes), query, query_bytes);

  LaunchParallelWorkers(context_);
  workers_ = context_->nworkers_launched;
  if (workers_ == 0) return stop();
  // A worker that never starts would be waited for without end.
  WaitForParallelWorkersToAttach(context_);
}

void BuildTeam::gather(sparse::Builder& builder, Rows& rows) {
  if (workers_ == 0) return;
  call([this] {
    for (;;) {
      SpinLockAcquire(&shared_->mutex);
      const int ended = shared_->ended;
      SpinLockRelease(&shared_->mutex);
      pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE,
                                   static_cast<int64>(pg_atomic_read_u64(&shared_->rows)));
      if (ended == workers_) break;
      ConditionVariableTimedSleep(&shared_->worker_ended, kWaitMilliseconds,
                                  WAIT_EVENT_PARALLEL_CREATE_INDEX_SCAN);
    }
    ConditionVariableCancelSleep();
    WaitForParallelWorkersToFinish(context_);
  });
  for (int w = 0; w < workers_; ++w)
    builder.join(SharedScratchFile(&shared_->files, w).open(), parts_[w]);
  rows.heap += shared_->heap_rows;
  rows.indexed += shared_->indexed;
  if (shared_->broken_hot_chain) info_->ii_BrokenHotChain = true;
}

void BuildTeam::stop() {
  if (context_ == nullptr) return;
  if (snapshot_ != SnapshotAny) UnregisterSnapshot(snapshot_);
  DestroyParallelContext(context_);
  ExitParallelMode();
  context_ = nullptr;
  shared_ = nullptr;
  scan_ = nullptr;
}

void BuildTeam::end() {
  call([this] { stop(); });
}

}  // namespace rv::pg

RV_EXPORT void rv_sparse_build_worker(dsm_segment* segment, shm_toc* toc);
void rv_sparse_build_worker(dsm_segment* segment, shm_toc* toc) {
  rv::pg::boundary([&] { rv::pg::work(segment, toc); });
}
