#include "pg/graph/row_places.h"

#include "pg/graph/by_table.h"

namespace rv::pg {
namespace {

auto& all_places() { return ByTable<std::shared_ptr<RowPlaces>>::session(); }

}  // namespace

void RowPlaces::note(std::int64_t id, BlockNumber block, OffsetNumber offset) {
  if (id < 0) return;
  Chunk* c = chunk_of(id);
  if (c == nullptr) {
    if (chunks_.size() >= kMostChunks) {
      chunks_.clear();
      last_ = nullptr;
    }
    auto made = std::make_unique<Chunk>();  // all offsets invalid
    c = made.get();
    chunks_.emplace(id / kChunk, std::move(made));
  }
  const auto i = static_cast<std::size_t>(id & (kChunk - 1));
  c->block[i] = block;
  c->offset[i] = offset;
}

void RowPlaces::note_buffer(BlockNumber block, Buffer buffer) {
  if (block >= kMostBuffers) return;
  if (block >= buffers_.size()) buffers_.resize(block + block / 4 + 64, InvalidBuffer);
  buffers_[block] = buffer;
}

std::shared_ptr<RowPlaces> row_places(Oid table) {
  auto& places = all_places()[table];
  if (places == nullptr) places = std::make_shared<RowPlaces>();
  return places;
}

void forget_row_places(Oid table) noexcept { all_places().forget(table); }

}  // namespace rv::pg
