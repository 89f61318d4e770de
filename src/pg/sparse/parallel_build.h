// Index builds with parallel workers: every process reads its share of the table and inverts it
// (tokenising included, for BM25); the leader merges what they leave in shared temporary files.
#pragma once

#include "core/sparse/builder.h"
#include "pg/base/guard.h"

extern "C" {
#include "access/parallel.h"
#include "access/tableam.h"
#include "nodes/execnodes.h"
#include "port/atomics.h"
#include "utils/rel.h"
}

namespace rv::pg {

struct SharedBuild;

// The leader's side. After an error the transaction's abort ends the workers and the parallel mode.
class BuildTeam {
 public:
  // Starts as many workers as the table is worth and the server has; often none.
  BuildTeam(Relation heap, Relation index, IndexInfo* info);
  BuildTeam(const BuildTeam&) = delete;
  BuildTeam& operator=(const BuildTeam&) = delete;

  int workers() const noexcept { return workers_; }
  // Memory for the lists of one process.
  std::size_t memory() const noexcept;
  // Rows of all processes so far.
  pg_atomic_uint64* counter() noexcept;
  // The leader's share of the scan; null: the whole table.
  TableScanDesc scan();

  struct Rows {
    double heap = 0, indexed = 0;
  };
  // Waits for the workers and gives their parts to `builder`. What they read is added to `rows`.
  void gather(sparse::Builder& builder, Rows& rows);
  // When the index is written: the files go.
  void end();

 private:
  void launch(int wanted);
  void stop();

  Relation heap_, index_;
  IndexInfo* info_;
  int workers_ = 0;
  pg_atomic_uint64 own_counter_;
  ParallelContext* context_ = nullptr;
  SharedBuild* shared_ = nullptr;
  sparse::Part* parts_ = nullptr;
  ParallelTableScanDesc scan_ = nullptr;
  Snapshot snapshot_ = nullptr;
};

}  // namespace rv::pg
