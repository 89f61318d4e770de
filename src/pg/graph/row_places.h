// Where the rows of a graph's tables lie, as far as this session saw them: id -> position in the
// heap. A place is a hint. Whoever uses it checks that a row with the wanted id that the snapshot
// sees is there, and asks the primary key otherwise, so a stale place costs time only.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "pg/base/guard.h"

extern "C" {
#include "storage/buf.h"
#include "storage/itemptr.h"
}

namespace rv::pg {

class RowPlaces {
 public:
  // False when it is not known.
  bool find(std::int64_t id, ItemPointerData* place) {
    const Chunk* c = chunk_of(id);
    if (c == nullptr) return false;
    const auto i = static_cast<std::size_t>(id & (kChunk - 1));
    if (c->offset[i] == InvalidOffsetNumber) return false;
    ItemPointerSet(place, c->block[i], c->offset[i]);
    return true;
  }
  void note(std::int64_t id, BlockNumber block, OffsetNumber offset);

  // Where in shared buffers a block of the table was last found: a hint for ReadRecentBuffer().
  Buffer buffer(BlockNumber block) const {
    return block < buffers_.size() ? buffers_[block] : InvalidBuffer;
  }
  void note_buffer(BlockNumber block, Buffer buffer);

 private:
  static constexpr std::int64_t kChunk = 256;           // ids; rows are numbered in sequence
  static constexpr std::size_t kMostChunks = 8192;      // 2 million rows, 12 MB
  static constexpr BlockNumber kMostBuffers = 1 << 20;  // 8 GB of rows, 4 MB
  struct Chunk {
    BlockNumber block[kChunk];
    OffsetNumber offset[kChunk];
  };
  Chunk* chunk_of(std::int64_t id) {
    const std::int64_t number = id / kChunk;
    if (last_ != nullptr && last_number_ == number) return last_;
    const auto it = chunks_.find(number);
    if (it == chunks_.end()) return nullptr;
    last_number_ = number;
    return last_ = it->second.get();
  }

  std::unordered_map<std::int64_t, std::unique_ptr<Chunk>> chunks_;
  std::vector<Buffer> buffers_;
  Chunk* last_ = nullptr;
  std::int64_t last_number_ = 0;
};

// Of a table; a query keeps it while the session may forget it.
std::shared_ptr<RowPlaces> row_places(Oid table);
// Called by PostgreSQL's invalidation: InvalidOid means all tables.
void forget_row_places(Oid table) noexcept;

}  // namespace rv::pg
