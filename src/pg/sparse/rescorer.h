// The approximate mode of vector scans: candidates found by the heaviest terms of the query are
// fetched from the table and compared exactly, a batch at a time.
#pragma once

#include <vector>

#include "core/sparse/search.h"
#include "pg/base/guard.h"

extern "C" {
#include "access/relscan.h"
#include "access/tableam.h"
#include "executor/executor.h"
#include "nodes/execnodes.h"
}

namespace rv::pg {

class Rescorer {
 public:
  // `query` is the argument of the ordering operator.
  Rescorer(IndexScanDesc scan, Datum query, std::size_t batch);
  // Releases what it holds of the table; after an error the transaction's abort does. Not the
  // destructor's work: that runs when the memory context goes, whose children have gone before.
  void close();
  Rescorer(const Rescorer&) = delete;
  Rescorer& operator=(const Rescorer&) = delete;

  bool next(sparse::Search& search, sparse::Hit& out);
  // Rows compared so far.
  std::uint64_t compared() const noexcept { return compared_; }

 private:
  void refill(sparse::Search& search);
  // The exact value of a row as sparse::Hit has it; false when no version of it is visible.
  bool score(const sparse::Row& row, bool cosine, double* value);

  IndexScanDesc scan_;
  Datum query_;
  std::size_t batch_;
  std::uint64_t compared_ = 0;
  bool ended_ = false;
  std::vector<sparse::Hit> hits_;
  std::size_t at_ = 0;
  IndexInfo* info_ = nullptr;
  EState* state_ = nullptr;
  TupleTableSlot* slot_ = nullptr;
  IndexFetchTableData* fetch_ = nullptr;
};

}  // namespace rv::pg
