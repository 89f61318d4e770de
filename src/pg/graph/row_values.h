// Property values of rows that the session has read, kept while the rows' pages stay as they are: a
// value is then had without visiting its row.
//
// The visibility map tells, page by page (quiet_table.h has the argument for a whole table). A page
// whose bit is set holds rows that everybody sees and nothing else; whoever changes it clears the
// bit, and only VACUUM sets it again, which moves the LSN of the map's page. So a value that was
// read while the page's bit was set is the row's, for every snapshot, as long as the bit is set and
// the LSNs are those of then. Bits are to be looked at first and the LSNs afterwards.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/graph/arena.h"
#include "core/graph/value.h"
#include "pg/base/guard.h"

extern "C" {
#include "storage/block.h"
}

namespace rv::pg {

// Of one table, as of one state of its map. A query holds it as long as it uses values from it; the
// session may have moved on to another.
class RowValues {
 public:
  // `map`: quiet_table.h's map_lsn() of so many blocks of the table, beyond which nothing is kept.
  RowValues(BlockNumber blocks, std::uint64_t map) noexcept : blocks_(blocks), map_(map) {}
  BlockNumber blocks() const noexcept { return blocks_; }
  std::uint64_t map() const noexcept { return map_; }

  // Ids; rows are numbered in sequence. Few, as the neighbours of a node are anywhere: a new chunk
  // is filled with entries that are not known, and new memory costs a page fault every 4 kB.
  static constexpr std::int64_t kChunk = 128;
  struct Entry {
    graph::Value value;
    BlockNumber block = InvalidBlockNumber;  // this one: the value is not known
  };
  using Chunk = std::array<Entry, kChunk>;
  // The values of one property, by id.
  class Column {
   public:
    const Chunk* chunk(std::int64_t id) const noexcept {
      const auto n = static_cast<std::uint64_t>(id) / kChunk;
      return n < chunks_.size() ? chunks_[n].get() : nullptr;
    }

   private:
    friend class RowValues;
    enum Visits : std::uint8_t { kNever, kOnce, kOften };
    std::vector<std::unique_ptr<Chunk>> chunks_;
    std::vector<Visits> visits_;  // by page
    // Texts that came before: few different ones take room once, and are told equal by their place.
    std::unordered_set<std::string_view> texts_;
  };

  Column& column(graph::NameId key) { return columns_[key]; }
  // Keeps a value that was read from this page, if it is small; false: there is no more room.
  bool note(Column& column, std::int64_t id, BlockNumber block, const graph::Value& value);
  // A page is read for this property. True once, the second time: it is one of those that queries
  // come back to, and the values of all its rows are worth keeping.
  bool is_second_visit(Column& column, BlockNumber block);
  std::size_t bytes() const noexcept { return bytes_ + texts_.bytes(); }

 private:
  static constexpr std::uint64_t kMostChunks = std::uint64_t{1} << 20;  // of one column

  BlockNumber blocks_;
  std::uint64_t map_;
  std::unordered_map<graph::NameId, Column> columns_;
  graph::Arena texts_;
  std::size_t bytes_ = 0;
};

// Bytes that the values of all tables may take: a table's are forgotten when there is no more room.
inline constexpr std::size_t kRowValuesBytes = std::size_t{64} << 20;

// Those of a table, whatever has become of its map; null: there are none.
std::shared_ptr<RowValues> row_values(Oid table);
// None yet, for a new state of the map; those of an older one are forgotten.
std::shared_ptr<RowValues> new_row_values(Oid table, BlockNumber blocks, std::uint64_t map);
// Called by PostgreSQL's invalidation: InvalidOid means all tables.
void forget_row_values(Oid table) noexcept;

}  // namespace rv::pg
