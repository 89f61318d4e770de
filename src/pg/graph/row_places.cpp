#include "pg/graph/row_places.h"

namespace rv::pg {
namespace {

// Never destroyed: exit() in a backend runs the destructors of statics.
std::unordered_map<Oid, std::shared_ptr<RowPlaces>>& all_places() {
  static auto* const places = new std::unordered_map<Oid, std::shared_ptr<RowPlaces>>;
  return *places;
}

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

std::shared_ptr<RowPlaces> row_places(Oid table) {
  auto& places = all_places()[table];
  if (places == nullptr) places = std::make_shared<RowPlaces>();
  return places;
}

void forget_row_places(Oid table) noexcept {
  if (OidIsValid(table)) {
    all_places().erase(table);
  } else {
    all_places().clear();
  }
}

}  // namespace rv::pg
