// Sorts entries by list within maintenance_work_mem, on disk when there are too many.
#pragma once

#include "core/index/ivf/layout.h"
#include "pg/base/guard.h"

extern "C" {
#include "executor/tuptable.h"
#include "utils/tuplesort.h"
}

namespace rv::pg::ivf {

class ListSort {
 public:
  // `memory` in kilobytes.
  ListSort(std::size_t code_bytes, int memory);
  // Not on error: the transaction's abort cleans up.
  void close();

  // `count` entries; codes lie one after the other.
  void add(const std::uint32_t* lists, const index::ivf::RowId* rows, const std::byte* codes,
           std::size_t count);
  void sort();
  // The next entry; false at the end. The code is valid until the next call.
  bool next(std::uint32_t* list, index::ivf::RowId* row, const std::byte** code);

 private:
  std::size_t code_bytes_;
  TupleDesc description_;
  Tuplesortstate* sort_;
  TupleTableSlot* in_;
  TupleTableSlot* out_;
  bytea* buffer_;
};

}  // namespace rv::pg::ivf
