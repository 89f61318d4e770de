// Rows of a heap by id, page after page, through the places that the session knows: one pin and one
// lock for all wanted rows of a page instead of an index descent for each.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pg/graph/row_places.h"

extern "C" {
#include "access/htup_details.h"
#include "access/tableam.h"
#include "storage/bufmgr.h"
#include "utils/snapshot.h"
}

namespace rv::pg {

// The number of a table's blocks at a time since this transaction has locked it: the lock keeps the
// end from coming nearer. `known` keeps it, InvalidBlockNumber before. May ereport: inside call().
BlockNumber known_blocks(Relation table, BlockNumber* known);

// A page that exists, pinned: where the session saw it last or by the table of buffers. May
// ereport.
Buffer read_page(Relation heap, BlockNumber block, RowPlaces* places);

struct WantedRow {
  std::int64_t id;
  std::uint32_t input;  // of the caller's
};

// Trivially destructible; everything may ereport: only inside call(). Keeps a pin until close() or
// the end of the transaction.
class PageReader {
 public:
  static constexpr std::size_t kRun = 64;

  // The first column of the table is its id, bigint, never null.
  // `blocks`: as for known_blocks(); asked for when it is needed.
  PageReader(Relation heap, BlockNumber* blocks, Snapshot snapshot, RowPlaces* places);

  // Looks for the first rows of `wanted` whose places are on one page, up to kRun. Fills found[i];
  // t_data is null where the row is not at its place or the place is not known. Returns how many
  // were looked for, at least 1. What is found is valid until the next call.
  std::size_t read(const WantedRow* wanted, std::size_t count, HeapTupleData* found);

  // Was the page that read() looked at last visible to all by its own word?
  bool all_visible() const { return all_visible_; }

  // Calls visit(id, row) for every row on the page that read() looked at last, if that was visible
  // to all.
  template <class Visit>
  void each_row(Visit visit) {
    HeapTupleData rows[MaxHeapTuplesPerPage];
    const std::size_t n = rows_of_page(rows);
    for (std::size_t i = 0; i < n; ++i) visit(row_id(rows[i].t_data), &rows[i]);
  }
  BlockNumber block() const { return block_; }

  // What a change of this row, which read() just found, would meet.
  TM_Result state(HeapTuple row);

  // Notes the places of all rows on the page of a row that was found otherwise.
  void learn(BlockNumber block);
  void close();

 private:
  bool pin(BlockNumber block);
  void look(OffsetNumber offset, std::int64_t id, HeapTuple to);
  void set_row(HeapTuple row, ItemId item, OffsetNumber offset) const;
  static std::int64_t row_id(HeapTupleHeader row);
  std::size_t rows_of_page(HeapTuple rows);

  Relation heap_;
  Snapshot snapshot_;
  RowPlaces* places_;  // null: the table is no heap
  BlockNumber* blocks_;
  bool all_visible_ = false;
  BlockNumber learned_ = InvalidBlockNumber;
  Buffer buffer_ = InvalidBuffer;
  BlockNumber block_ = InvalidBlockNumber;
};

}  // namespace rv::pg
