// Entries of a btree over bigint and integer columns, read from its pages directly: the neighbours
// of many nodes cost one walk along the leaves instead of a descent and a call for each entry.
//
// What an index-only scan guarantees holds here too. (1) A leaf stays pinned until the visibility
// of its entries is decided, so VACUUM cannot give their rows' places to others. (2) Pages may
// split under a reader: a key beyond a page's high key is found by following right links. (3) A
// page remembered from an earlier descent may be stale, but it is not given to other uses while the
// snapshot of this query is registered: btree recycles a page only when no snapshot of its time is
// left. Serializable transactions, which leave marks on the pages they read, and other kinds of
// tables use index_getnext_tid() instead: see usable().
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>

#include "pg/base/guard.h"
#include "pg/storage/recent_buffers.h"

extern "C" {
#include "access/itup.h"
#include "access/tableam.h"
#include "storage/bufmgr.h"
}

namespace rv::pg {

// The first `parts` columns of the entries wanted.
struct IndexKey {
  std::int64_t value[3];
  int parts;
};

// Room for the entries of one page.
struct KeyReaderRoom;

// Everything but init() and remember() may ereport: only inside call(). close() gives back pins and
// relations, or the end of the transaction.
class KeyReader {
 public:
  KeyReader();
  ~KeyReader();
  KeyReader(const KeyReader&) = delete;
  KeyReader& operator=(const KeyReader&) = delete;

  static constexpr std::size_t kEntryBytes = 32;  // room of one entry's columns
  static constexpr int kMaxColumns = 4;
  static constexpr std::size_t kLongestKey = 400;  // indexes compress longer entries only

  // Over a single column of bytea, which may be an expression and NULL, of an index that may be
  // partial. Opens nothing yet.
  void init_bytes(Oid table, Oid index) noexcept;
  // `wide[i]`: column i is bigint, else integer. Opens nothing yet.
  void init(Oid table, Oid index, std::initializer_list<bool> wide, MemoryContext context) noexcept;
  Oid table() const noexcept { return table_; }
  // May this transaction read this index so? Opens table and index with AccessShareLock.
  bool usable();

  // Once it is usable: notes where blocks are found.
  void remember();

  // Goes to the first entry with this key. `snapshot` decides what is visible.
  void seek(const IndexKey& key, Snapshot snapshot);
  // The next visible entries with the key, those of one page: their columns with their alignment,
  // kEntryBytes apart. Returns how many, 0 at the end; valid until the next call.
  std::size_t next(const char** entries);

  // The same over bytea, with a key of at most kLongestKey bytes that must stay where it is. False:
  // an entry on the way is compressed and cannot be compared here; ask the access method.
  bool seek_bytes(std::string_view key, Snapshot snapshot);
  // The places of the next entries with the key, those of one page, whoever sees them: that is for
  // the caller to find out before the next call. Returns how many, 0 at the end.
  std::size_t next_rows(const ItemPointerData** rows);
  // The i-th of these is of a row that nobody can see any more. Once all have been looked at, the
  // entries of such rows are marked, so that no scan visits them again.
  void note_dead(std::size_t i);
  void mark_dead();

  // Until the next seek(): gives back the pin that VACUUM would wait for. May not fail.
  void rest() noexcept;
  void close();

 private:
  static constexpr int kInnerPins = 8;

  Buffer inner(BlockNumber block);
  Buffer read_page(BlockNumber block);
  bool plain() const;
  void find_root();
  Buffer descend();
  void keep_leaf(Buffer buffer);
  std::int64_t column(const char* data, int i) const;
  bool has_key(const char* data) const;
  int compare(IndexTuple entry, int columns) const;
  int compare_bytes(IndexTuple entry) const;
  bool has_bytes(IndexTuple entry) const;
  void go_to_key();
  bool next_page();
  bool beyond(Page page) const;
  bool on_leaf(Page page) const;
  OffsetNumber first_at_least(Page page) const;
  void take(Page page, OffsetNumber from);
  bool visible(std::size_t i);

  Oid table_ = InvalidOid, index_ = InvalidOid;
  MemoryContext context_ = nullptr;
  int columns_ = 0;
  bool wide_[kMaxColumns] = {};
  std::size_t offset_[kMaxColumns] = {};
  std::size_t bytes_ = 0;

  bool checked_ = false, usable_ = false, skip_dead_ = false;
  Relation heap_ = nullptr, rel_ = nullptr;
  BlockNumber root_ = InvalidBlockNumber;
  std::shared_ptr<RecentBuffers> recent_;
  Buffer inner_[kInnerPins] = {};
  Buffer leaf_ = InvalidBuffer;
  BlockNumber resting_ = InvalidBlockNumber;  // the leaf before rest()
  Buffer visibility_map_ = InvalidBuffer;
  IndexFetchTableData* fetch_ = nullptr;
  TupleTableSlot* slot_ = nullptr;

  IndexKey key_ = {};
  bool of_bytes_ = false;
  mutable bool odd_ = false;
  std::string_view bytes_key_;
  Snapshot snapshot_ = nullptr;
  BlockNumber following_ = InvalidBlockNumber;  // leaf to go on with
  bool pending_ = false;                        // entries_ hold what seek() found
  std::unique_ptr<KeyReaderRoom> room_;
  char* entries_ = nullptr;
  ItemPointerData* rows_ = nullptr;
  std::uint16_t* offsets_ = nullptr;  // of the entries on the page
  bool* dead_ = nullptr;
  bool some_dead_ = false;
  std::size_t count_ = 0;
};

}  // namespace rv::pg
